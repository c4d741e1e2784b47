//! Sources that hold many messages, or one that can't be read at once: read onwards and cut into units.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::form::Layout;
use super::input::{
    Archive, LineCutter, Member, Opened, Source, Stamp, Stretches, TarReader, ZipReader, own_name, read_at_most,
};
use super::journal::Inside;
use super::pipeline::Feed;
use super::reader::{After, Reading, Step};
use super::unit::{Content, Data, Entry, Target, UNIT_BYTES, UNIT_ENTRIES, Unit};

/// A source that is read onwards.
pub(super) struct Container {
    /// What it is called.
    pub(super) name: Arc<str>,
    /// Its place below a folder in which originals are kept apart.
    pub(super) place: Arc<Path>,
    /// What stands before the names of its entries.
    pub(super) prefix: Arc<Path>,
    pub(super) target: Target,
    /// Where to go on.
    pub(super) from: Inside,
}

/// Units of one container on their way.
struct Cutting<'c, 'a, 'r, 'f, 's> {
    reading: &'c Reading<'a, 'r>,
    container: &'c Container,
    feed: &'f mut Feed<'s, 'r, Step>,
    entries: Vec<Entry>,
    bytes: usize,
}

/// What a journal says of a container that broke off and was told of.
const BROKEN_OFF: u64 = u64::MAX;

/// Reads a container to its end, or until the run is over. What breaks it off is told as a message that failed.
pub(super) fn read<'r>(
    reading: &Reading<'_, 'r>,
    opened: Opened,
    container: &Container,
    path: Option<&Path>,
    feed: &mut Feed<'_, 'r, Step>,
) {
    if container.from.cut == BROKEN_OFF {
        return;
    }
    let mut cutting = Cutting { reading, container, feed, entries: Vec::new(), bytes: 0 };
    let result = match opened.form.layout {
        Layout::Message => cutting.message(opened.source),
        Layout::Lines => cutting.lines(opened.source),
        Layout::Tar => cutting.tar(opened.source),
        Layout::Zip => cutting.zip(opened.source),
    };
    if let Err(error) = result {
        // Stdin that was left for a stop didn't break off.
        if !reading.is_over(cutting.feed) {
            cutting.fault(error.to_string());
        }
    } else if !reading.is_over(cutting.feed) && has_changed(container, path) {
        cutting.fault("it changed while it was read".to_owned());
    }
}

fn has_changed(container: &Container, path: Option<&Path>) -> bool {
    let now = path.and_then(|path| File::open(path).and_then(|file| Stamp::of(&file)).ok());
    path.is_some() && container.from.stamp.is_some() && now != container.from.stamp
}

impl<'r> Cutting<'_, '_, 'r, '_, '_> {
    fn message(&mut self, source: Source) -> io::Result<()> {
        let limit = self.reading.message_bytes();
        let message = match source {
            Source::Whole(message) => Some(message).filter(|message| message.len() <= limit),
            Source::File(file) => {
                let length = file.metadata()?.len();
                read_at_most(file, length, limit)?
            }
            Source::Stream(stream) => read_at_most(stream, 0, limit)?,
        };
        let data = message.map_or(Data::TooLong, Data::Whole);
        let place = match self.container.prefix.as_os_str().is_empty() {
            true => self.container.place.to_path_buf(),
            false => self.container.prefix.to_path_buf(),
        };
        self.entries.push(Entry { origin: None, number: None, place, data });
        self.flush(1);
        Ok(())
    }

    fn lines(&mut self, source: Source) -> io::Result<()> {
        let from = self.container.from.cut;
        match source {
            Source::File(file) => {
                let length = self.container.from.stamp.map_or(file.metadata()?.len(), |stamp| stamp.length);
                let mut stretches = Stretches::new(file, from, length);
                while let Some((lines, cut)) = stretches.cut()? {
                    if !self.hand_over(Content::Lines(lines), cut) {
                        break;
                    }
                }
                Ok(())
            }
            Source::Whole(bytes) => self.cut_lines(io::Cursor::new(bytes), from),
            Source::Stream(stream) => self.cut_lines(stream, from),
        }
    }

    fn cut_lines(&mut self, source: impl Read, from: u64) -> io::Result<()> {
        let mut cutter = LineCutter::new(source, from, self.reading.longest_line())?;
        while let Some((lines, cut)) = cutter.cut()? {
            if !self.hand_over(Content::Lines(lines), cut) {
                break;
            }
        }
        Ok(())
    }

    fn tar(&mut self, source: Source) -> io::Result<()> {
        let source: Box<dyn Read> = match source {
            Source::Whole(bytes) => Box::new(io::Cursor::new(bytes)),
            Source::File(file) => Box::new(io::BufReader::with_capacity(UNIT_BYTES, file)),
            Source::Stream(stream) => stream,
        };
        self.archive(TarReader::new(source, self.reading.message_bytes()))
    }

    fn zip(&mut self, source: Source) -> io::Result<()> {
        // The directory is at a zip's end: what can't be read from there is kept on disk meanwhile.
        let file = match source {
            Source::File(file) => file,
            Source::Whole(bytes) => self.spool(io::Cursor::new(bytes))?,
            Source::Stream(stream) => self.spool(stream)?,
        };
        self.archive(ZipReader::new(file, self.reading.message_bytes())?)
    }

    /// Keeps everything that a stream gives in a file without a name, which goes when it is closed, however the run ends.
    fn spool(&self, stream: impl Read) -> io::Result<File> {
        let limit = self.reading.spool_bytes();
        let mut file = match self.reading.staging() {
            Some(folder) => tempfile::tempfile_in(folder)?,
            None => tempfile::tempfile()?,
        };
        if io::copy(&mut stream.take(limit.saturating_add(1)), &mut file)? > limit {
            let what = format!(
                "it is a zip that has to be kept on disk to be read, and takes more than {limit} bytes (--spool)"
            );
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, what));
        }
        file.rewind()?;
        Ok(file)
    }

    fn archive(&mut self, mut archive: impl Archive) -> io::Result<()> {
        let from = self.container.from.cut;
        let mut last = from;
        let result = loop {
            match archive.next(&|number| number > from) {
                Ok(Some((number, _))) if number <= from => {}
                Ok(Some((number, Member::File { place, data }))) => {
                    last = number;
                    if !self.push(number, place, data) {
                        return Ok(());
                    }
                }
                Ok(Some((_, Member::Folder))) => {}
                Ok(Some((number, Member::Irregular(what)))) => self.irregular(number, what),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.flush(last);
        result
    }

    /// Takes an entry of an archive. `false` if the run is over.
    fn push(&mut self, number: u64, name: PathBuf, data: Data) -> bool {
        self.bytes += data.length();
        let origin = Some(name.display().to_string());
        let place = self.container.prefix.join(name);
        self.entries.push(Entry { origin, number: Some(number), place, data });
        if self.bytes >= UNIT_BYTES || self.entries.len() >= UNIT_ENTRIES {
            return self.flush(number);
        }
        true
    }

    /// Hands over the entries up to number `last`.
    fn flush(&mut self, last: u64) -> bool {
        self.bytes = 0;
        if self.entries.is_empty() {
            return true;
        }
        let content = Content::Entries(std::mem::take(&mut self.entries));
        self.hand_over(content, last)
    }

    /// Tells of what is no regular file.
    fn irregular(&mut self, number: u64, what: &'static str) {
        self.flush(number - 1);
        let text = format!("{}: entry {number}: passed over: {what}", self.container.name);
        let after = self.after(number);
        self.feed.result(Step::Told { text, is_failure: false, after });
    }

    /// Tells that the container broke off.
    fn fault(&mut self, what: String) {
        let place = self.container.prefix.join(own_name(0));
        self.entries.push(Entry { origin: None, number: None, place, data: Data::Fault(what) });
        self.flush(BROKEN_OFF);
    }

    fn hand_over(&mut self, content: Content, cut: u64) -> bool {
        let Container { name, place, prefix, target, .. } = self.container;
        let (source, place, prefix) = (Arc::clone(name), Arc::clone(place), Arc::clone(prefix));
        let unit = Unit { source, place, prefix, target: *target, content };
        let after = self.after(cut);
        self.reading.hand_over(unit, after, self.feed)
    }

    fn after(&self, cut: u64) -> After {
        let inside = Some(Inside { cut, ..self.container.from });
        After { inside, ..self.reading.after.clone() }
    }
}
