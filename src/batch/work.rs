//! What a worker does with a unit: each message redacted, its record made, its output added to the piece that goes out.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use super::input::{inflate, nested, read_stretch};
use super::line::{Members, trim_space, without_mark};
use super::output::{Piece, Product, Staging, create_private_folder, is_of_the_run, write_atomically};
use super::unit::{Content, Data, Entry, Lines, Unit};
use super::verification::Verified;
use crate::audit::Bodies;
use crate::escape;
use crate::read::{Reason, Refusal};
use crate::report::{Comparison, Summary, Tally};
use crate::{Filter, Receipt, Requester};

/// What is done with every message of a run.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) filter: Filter,
    pub(crate) requester: Requester,
    /// What of a line is the message.
    pub(crate) members: Members,
    /// The filter of another policy, to compare with.
    pub(crate) other: Option<Filter>,
    /// Whether a refused message leaves no notice.
    pub(crate) drop_withheld: bool,
    /// Where the originals of refused messages are kept apart.
    pub(crate) withheld: Option<PathBuf>,
    /// Whether records for the audit log are wanted.
    pub(crate) is_audited: bool,
    /// Whether no message goes out: records say so.
    pub(crate) is_dry_run: bool,
    /// Whether the messages are outputs, which the second reading alone looks at.
    pub(crate) is_verification: bool,
}

/// A unit that has been worked on.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) bodies: Bodies,
    pub(super) summary: Summary,
    pub(super) comparison: Comparison,
    pub(super) notices: Vec<Notice>,
    pub(super) product: Product,
    /// What was found in outputs.
    pub(super) verified: Verified,
    /// Lines of the source that the unit held.
    pub(super) lines: u64,
}

/// Something to be told of one message.
#[derive(Debug)]
pub(super) struct Notice {
    /// What the message is called: its own name, or its source's.
    name: String,
    /// Its line, from 0, in the unit.
    line: Option<u64>,
    text: String,
    /// Whether it could not be read or written.
    pub(super) is_failure: bool,
}

impl Notice {
    /// The notice in one line; `lines` of the source came before the unit.
    pub(super) fn line(&self, lines: u64) -> String {
        match self.line {
            Some(line) => format!("{}:{}: {}", self.name, lines + line + 1, self.text),
            None => format!("{}: {}", self.name, self.text),
        }
    }
}

impl Task {
    /// Works on a unit.
    pub(super) fn work(&self, unit: Unit, staging: Option<Staging<'_>>) -> io::Result<Done> {
        let mut work = Work {
            task: self,
            source: &unit.source,
            place: &unit.place,
            prefix: &unit.prefix,
            piece: Piece::new(unit.target, staging),
            has_places: self.withheld.is_some() || unit.target.has_names(),
            done: Done::default(),
            tally: Tally::default(),
            out: Vec::new(),
            requester: None,
        };
        match unit.content {
            Content::Lines(lines) => work.lines(lines)?,
            Content::Entries(entries) => {
                for entry in entries {
                    work.entry(entry)?;
                }
            }
        }
        let mut done = work.done;
        done.summary = work.tally.finish(self.filter.catalog());
        done.product = work.piece.finish()?;
        Ok(done)
    }
}

/// A unit in the making.
pub(super) struct Work<'w> {
    pub(super) task: &'w Task,
    source: &'w str,
    place: &'w Path,
    prefix: &'w Path,
    piece: Piece<'w>,
    /// Whether it matters what lines' messages are called.
    has_places: bool,
    pub(super) done: Done,
    tally: Tally,
    out: Vec<u8>,
    /// The requester of the line before: lines of one log are often asked by the same.
    requester: Option<(LineRequester, Requester)>,
}

/// What a message is called, where messages have names, that is the line at byte `offset` or lies in it.
fn name_of_line(message: &[u8], offset: u64) -> String {
    let ending = if trim_space(message).starts_with(b"<") { "xml" } else { "json" };
    format!("{offset:012}.{ending}")
}

/// What a line says of who asks.
type LineRequester = (Option<String>, Option<String>);

/// Where a message comes from, for its record.
pub(super) struct Origin<'o> {
    name: Option<&'o str>,
    /// Number of the entry, or byte at which the line begins.
    item: Option<u64>,
    line: Option<u64>,
    place: &'o Path,
}

impl Work<'_> {
    fn lines(&mut self, lines: Lines) -> io::Result<()> {
        let limit = self.task.members.longest_line(self.task.filter.limits());
        match lines {
            Lines::Read { bytes, offset } => self.each_line(&bytes, offset, false),
            Lines::TooLong { offset } => {
                self.done.lines += 1;
                self.line(&[], offset, 0, true)
            }
            Lines::Stretch { file, start, end, length } => {
                let mut bytes = Vec::new();
                match read_stretch(&file, (start, end, length), limit, &mut bytes) {
                    Ok(stretch) => self.each_line(&bytes, stretch.offset, stretch.is_last_too_long),
                    Err(error) => {
                        let origin = Origin { name: None, item: Some(start), line: None, place: Path::new("") };
                        self.failed(&origin, format!("from byte {start}: {error}"))
                    }
                }
            }
        }
    }

    fn each_line(&mut self, bytes: &[u8], offset: u64, is_last_too_long: bool) -> io::Result<()> {
        let mut start = 0;
        let ends = memchr::memchr_iter(b'\n', bytes).map(|at| at + 1);
        let last = Some(bytes.len()).filter(|length| *length > 0 && !bytes.ends_with(b"\n"));
        for end in ends.chain(last) {
            let line = trim_space(without_mark(bytes.get(start..end).unwrap_or_default()));
            let number = self.done.lines;
            self.done.lines += 1;
            let is_too_long = is_last_too_long && end == bytes.len();
            if !line.is_empty() {
                self.line(line, offset + start as u64, number, is_too_long)?;
            }
            start = end;
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8], offset: u64, number: u64, is_too_long: bool) -> io::Result<()> {
        let task = self.task;
        // How much of it is here depends on how it was read.
        let line = if is_too_long { &[] } else { line };
        let read = match is_too_long {
            true => Err(too_long("the line is too long")),
            false => task.members.read(line, task.filter.limits()),
        };
        let place = match self.has_places {
            true => self.prefix.join(name_of_line(read.as_ref().map_or(line, |read| &read.message), offset)),
            false => PathBuf::new(),
        };
        let origin = Origin { name: None, item: Some(offset), line: Some(number), place: &place };
        if task.is_verification && self.count_notice(line) {
            return Ok(());
        }
        let read = match read {
            Ok(read) => read,
            Err(refusal) => {
                let receipt = task.filter.withhold(line.len(), refusal);
                return self.refused(&origin, &receipt, Some(line).filter(|_| !is_too_long));
            }
        };
        let says = (read.requester.clone(), read.purpose.clone());
        let requester = match &self.requester {
            Some((known, requester)) if *known == says => Some(requester.clone()),
            _ => match task.members.requester(&read, &task.requester) {
                Ok(requester) => requester,
                Err(refusal) => {
                    let receipt = task.filter.withhold(line.len(), refusal);
                    return self.refused(&origin, &receipt, Some(line));
                }
            },
        };
        if task.is_verification {
            self.verify(&origin, &read.message, requester.as_ref().unwrap_or(&task.requester));
            return Ok(());
        }
        let receipt = self.redact(&read.message, requester.as_ref().unwrap_or(&task.requester));
        if receipt.disposition().releases() {
            match self.piece.lines() {
                Some(bytes) => task.members.write(line, &read, &self.out, bytes),
                None => self.piece.release(&place, &self.out)?,
            }
            self.record(&origin, &receipt);
        } else {
            self.refused(&origin, &receipt, Some(line))?;
        }
        self.requester = requester.map(|requester| (says, requester));
        Ok(())
    }

    fn entry(&mut self, entry: Entry) -> io::Result<()> {
        let origin = Origin { name: entry.origin.as_deref(), item: entry.number, line: None, place: &entry.place };
        let message = match entry.data {
            Data::Whole(message) => message,
            Data::Deflated { bytes, size, crc } => match inflate(&bytes, size, crc) {
                Ok(message) => message,
                Err(what) => return self.failed(&origin, what.to_owned()),
            },
            Data::TooLong => {
                let receipt = self.task.filter.withhold(0, too_long("the message is too long"));
                return self.refused(&origin, &receipt, None);
            }
            Data::Fault(what) => return self.failed(&origin, what),
        };
        if let Some(what) = nested(&message).filter(|_| entry.number.is_some()) {
            return self.failed(&origin, what);
        }
        if self.task.is_verification {
            if !self.count_notice(&message) {
                self.verify(&origin, &message, &self.task.requester);
            }
            return Ok(());
        }
        let receipt = self.redact(&message, &self.task.requester);
        if !receipt.disposition().releases() {
            return self.refused(&origin, &receipt, Some(&message));
        }
        match self.piece.release(origin.place, &self.out) {
            Ok(()) => {
                self.record(&origin, &receipt);
                Ok(())
            }
            // Where every message has its own file, what goes wrong with one is no matter of the others.
            Err(error) if matches!(self.piece, Piece::Files(..)) && !is_of_the_run(&error) => {
                self.failed(&origin, error.to_string())
            }
            Err(error) => Err(error),
        }
    }

    fn redact(&mut self, message: &[u8], requester: &Requester) -> Receipt {
        let receipt = self.task.filter.redact(message, requester, &mut self.out);
        if let Some(other) = &self.task.other {
            let mut out = Vec::new();
            self.done.comparison.add(&other.redact(message, requester, &mut out), &receipt);
        }
        receipt
    }

    /// A message that doesn't go out: told, kept apart if that is wanted, with a notice in its place.
    fn refused(&mut self, origin: &Origin<'_>, receipt: &Receipt, original: Option<&[u8]>) -> io::Result<()> {
        if self.task.is_verification {
            self.done.verified.messages += 1;
            self.finding(origin, refusal_text(receipt));
            return Ok(());
        }
        self.record(origin, receipt);
        self.tell(origin, refusal_text(receipt), false);
        if let Some(folder) = &self.task.withheld {
            let kept = match original {
                Some(original) => self.keep_apart(folder, origin, original),
                None => Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is too long to be kept apart")),
            };
            if let Err(error) = kept {
                self.tally.add_fault();
                self.tell(origin, format!("not kept apart: {error}"), true);
            }
        }
        let is_dropped = self.task.drop_withheld;
        self.piece.refuse(origin.place, receipt.reason(), is_dropped)
    }

    fn keep_apart(&self, folder: &Path, origin: &Origin<'_>, original: &[u8]) -> io::Result<()> {
        let below = if origin.place.starts_with(self.place) { PathBuf::new() } else { self.place.to_owned() };
        let path = folder.join(below).join(origin.place);
        create_private_folder(path.parent().unwrap_or(folder))?;
        write_atomically(&path, original)
    }

    /// A message that can't be read or written.
    fn failed(&mut self, origin: &Origin<'_>, what: String) -> io::Result<()> {
        self.tally.add_failure();
        self.done.verified.unread += 1;
        self.tell(origin, format!("failed: {what}"), true);
        self.piece.miss(origin.place)
    }

    pub(super) fn tell(&mut self, origin: &Origin<'_>, text: String, is_failure: bool) {
        let name = match (origin.name, origin.item) {
            (Some(name), Some(number)) => format!("{}: entry {number} ({name})", self.source),
            (Some(name), None) => name.to_owned(),
            (None, _) => self.source.to_owned(),
        };
        self.done.notices.push(Notice { name, line: origin.line, text, is_failure });
    }

    fn record(&mut self, origin: &Origin<'_>, receipt: &Receipt) {
        self.tally.add(receipt);
        if self.task.is_audited {
            let source = origin.name.filter(|_| origin.item.is_none()).unwrap_or(self.source);
            self.done.bodies.push(receipt.disposition(), |into| {
                write_body(source, origin.item, self.task.is_dry_run, receipt, into)
            });
        }
    }
}

/// The record of a message in the audit log: where it comes from, then its receipt.
fn write_body(source: &str, item: Option<u64>, dry_run: bool, receipt: &Receipt, into: &mut Vec<u8>) {
    #[derive(serde::Serialize)]
    struct Body<'b> {
        source: &'b str,
        item: Option<u64>,
        /// Left out where it isn't one, as in every record of earlier versions.
        #[serde(rename = "dry-run", skip_serializing_if = "std::ops::Not::not")]
        dry_run: bool,
        #[serde(flatten)]
        receipt: &'b Receipt,
    }
    let start = into.len();
    // A vector takes everything, and a receipt has no keys but names: this can't fail.
    let _ = serde_json::to_writer(&mut *into, &Body { source, item, dry_run, receipt });
    // All else in it are words and numbers.
    if let Cow::Owned(_) = escape::escape(source) {
        let safe = escape::json(&String::from_utf8_lossy(into.get(start..).unwrap_or_default()));
        into.truncate(start);
        into.extend_from_slice(safe.as_bytes());
    }
}

/// Reason code, place and fixed words about a message that was not released.
fn refusal_text(receipt: &Receipt) -> String {
    let reason = receipt.reason().map_or("unknown", Reason::code);
    let place = receipt.offset().map(|offset| format!(" at byte {offset}")).unwrap_or_default();
    format!("{}: {reason}{place}: {}", receipt.disposition().name(), receipt.detail().unwrap_or_default())
}

fn too_long(what: &'static str) -> Refusal {
    Refusal::whole(Reason::Limit, what)
}
