//! Writing the log: opened and locked, its last line taken up, receipts appended a batch at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::chain::{Kind, Line, Link};
use super::counts::Counts;
use super::ending::Ending;
use super::records::{Checkpoint, Start, body_of, now};
use super::tail::{Place, Tail};
use super::{AuditError, Bodies, Key};
use crate::policy::PolicyIdentity;

/// The log that a run writes.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    file: File,
    key: Option<Key>,
    /// Its end.
    end: Place,
    /// Bytes of an unfinished line that it ended with: they stay, and the start that comes after them tells of them.
    torn_bytes: u64,
    /// The policy's digest.
    policy: String,
    /// The sequence number of the record with which the run began; 0 before that.
    run: u64,
    counts: Counts,
    /// Message records since the last checkpoint.
    since_checkpoint: u64,
    /// What was recorded, before a run was killed, of messages that it does again.
    tail: Option<Tail>,
    /// The record with which the run begins, or goes on, before it is written.
    prepared: Option<(Vec<u8>, Link)>,
    lines: Vec<u8>,
}

/// How far a run's records go: what its journal keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Position {
    run: u64,
    sequence: u64,
    hash: String,
    bytes: u64,
    counts: Counts,
    since_checkpoint: u64,
    /// Whether it is that of a record which was to be written next: the run may have been killed before that.
    #[serde(default)]
    is_prepared: bool,
}

/// Message records between two checkpoints.
const CHECKPOINT_INTERVAL: u64 = 10_000;
/// Bytes that a line has besides its body, about.
const FRAME_BYTES: usize = 200;

impl Log {
    /// Opens a log, or makes one that only its owner may read. A last line that a killed run left unfinished stays as it is.
    ///
    /// # Errors
    /// When it can't be opened, another run is writing it, it is no log, or its last line was changed or has another key.
    pub(crate) fn open(path: &Path, key: Option<Key>) -> Result<Self, AuditError> {
        let io = |error: io::Error| AuditError::io(path, &error);
        let usage = |what: &str| AuditError::Usage(format!("{}: {what}", path.display()));
        let no_log = || usage("its last line is none of an audit log: verify it, and begin another");
        let mut file = open_or_make(path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(usage("another run is writing this log")),
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        let length = file.metadata().map_err(io)?.len();
        let ending = Ending::find(&mut file, length).map_err(io)?.ok_or_else(no_log)?;
        let mut link = Link::NOTHING;
        if ending.line.is_some() {
            let line = ending.last().ok_or_else(no_log)?;
            if !line.is_intact(key.as_ref()) {
                return Err(usage("its last line was changed, or has another key: verify it, and begin another"));
            }
            link = line.link;
        }
        if !ending.is_torn_line(&link) {
            return Err(no_log());
        }
        let mut log = Self {
            path: path.to_owned(),
            file,
            key,
            end: Place { link, bytes: length },
            torn_bytes: length - ending.end,
            policy: String::new(),
            run: 0,
            counts: Counts::default(),
            since_checkpoint: 0,
            tail: None,
            prepared: None,
            lines: Vec::new(),
        };
        log.file.seek(SeekFrom::Start(length)).map_err(io)?;
        Ok(log)
    }

    /// Bytes of an unfinished line that the log ended with when it was opened.
    pub(crate) fn torn_bytes(&self) -> u64 {
        self.torn_bytes
    }

    /// Prepares the record that a run begins, or goes on: a journal can tell of it before it is written.
    pub(crate) fn prepare(&mut self, policy: &PolicyIdentity, resumed: bool, dry_run: bool) -> io::Result<()> {
        self.policy.clone_from(&policy.sha256);
        if self.run == 0 {
            self.run = self.end.link.sequence + 1;
        }
        let body = Start {
            time: now(),
            version: env!("CARGO_PKG_VERSION"),
            policy,
            keyed: self.key.is_some(),
            resumed,
            run: self.run,
            torn_bytes: self.torn_bytes,
            dry_run,
        };
        let mut line = Vec::new();
        let link = self.end.link.write_line(&mut line, self.key.as_ref(), Kind::Start, &body_of(&body)?)?;
        self.prepared = Some((line, link));
        Ok(())
    }

    /// Writes the record that was prepared.
    pub(crate) fn start(&mut self) -> io::Result<()> {
        match self.prepared.take() {
            Some((line, link)) => self.write(&line, link),
            None => Ok(()),
        }
    }

    /// Records messages. When it returns, the system has them.
    ///
    /// # Errors
    /// When they can't be written; or when a message of a resumed run has another record than it had before.
    pub(crate) fn append(&mut self, bodies: &Bodies) -> io::Result<()> {
        let mut lines = std::mem::take(&mut self.lines);
        lines.clear();
        lines.reserve(bodies.len() + bodies.count() * FRAME_BYTES);
        let (mut link, mut counts) = (self.end.link, self.counts);
        for (body, disposition) in bodies.iter() {
            if !self.is_recorded(body)? {
                link = link.write_line(&mut lines, self.key.as_ref(), Kind::Message, body)?;
            }
            counts.add(disposition);
        }
        self.write(&lines, link)?;
        self.since_checkpoint += counts.messages() - self.counts.messages();
        self.counts = counts;
        self.lines = lines;
        if self.since_checkpoint >= CHECKPOINT_INTERVAL && self.tail.is_none() {
            self.checkpoint(Kind::Checkpoint)?;
        }
        Ok(())
    }

    /// Makes sure that what was appended survives.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Records that the run ends, or is stopped, and syncs.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.checkpoint(Kind::End)?;
        self.sync()
    }

    /// Sequence number and hash of the last line: kept elsewhere, they show whether the log was cut.
    pub(crate) fn head(&self) -> (u64, String) {
        (self.end.link.sequence, self.end.link.hash_text())
    }

    /// How far the run's records go. As long as a resumed run does messages again, this is as far as it has come with them, not
    /// the end of the log: otherwise it could be killed once more and record them twice.
    pub(crate) fn position(&self) -> Position {
        let place = match (&self.prepared, &self.tail) {
            (Some((line, link)), _) => Place { link: *link, bytes: self.end.bytes + line.len() as u64 },
            (None, Some(tail)) => tail.place(),
            (None, None) => self.end,
        };
        Position {
            run: self.run,
            sequence: place.link.sequence,
            hash: place.link.hash_text(),
            bytes: place.bytes,
            counts: self.counts,
            since_checkpoint: self.since_checkpoint,
            is_prepared: self.prepared.is_some(),
        }
    }

    /// Goes back to where a journal was. What was recorded behind that belongs to messages of which nobody knows whether they
    /// went out: they are done again, and not recorded twice. Gives whether the run had begun: if not, it begins now.
    ///
    /// # Errors
    /// When the log isn't the one that the journal speaks of.
    pub(crate) fn rewind(&mut self, position: &Position) -> Result<bool, AuditError> {
        let other = || {
            let path = self.path.display();
            AuditError::Usage(format!("{path}: this isn't the log that the stopped run wrote, or it was cut"))
        };
        let io = |error: io::Error| AuditError::io(&self.path, &error);
        let line = self.line_at(position).map_err(io)?;
        let Some(link) = line else { return if position.is_prepared { Ok(false) } else { Err(other()) } };
        let place = Place { link, bytes: position.bytes };
        self.tail = Some(Tail::open(&self.path, place, position.run).map_err(io)?);
        self.run = position.run;
        self.counts = position.counts;
        self.since_checkpoint = position.since_checkpoint;
        Ok(true)
    }

    /// The line that ends at a place, if it is there and as it was.
    fn line_at(&self, position: &Position) -> io::Result<Option<Link>> {
        if position.bytes > self.end.bytes {
            return Ok(None);
        }
        let ending = Ending::find(&mut File::open(&self.path)?, position.bytes)?;
        let ending = ending.filter(|ending| ending.end == position.bytes);
        let line = ending.as_ref().and_then(Ending::last);
        let is_same = |line: &Line<'_>| {
            line.link.sequence == position.sequence
                && line.link.hash == position.hash.as_bytes()
                && line.is_intact(self.key.as_ref())
        };
        Ok(line.filter(is_same).map(|line| line.link))
    }

    /// Whether a message is recorded in the tail already.
    fn is_recorded(&mut self, body: &[u8]) -> io::Result<bool> {
        let Some(tail) = &mut self.tail else { return Ok(false) };
        match tail.take(self.key.as_ref(), &self.end.link, |recorded| recorded == body)? {
            Some(true) => Ok(true),
            Some(false) => {
                let what = "a message has another record than before the run was stopped";
                Err(io::Error::new(io::ErrorKind::InvalidData, what))
            }
            None => {
                self.tail = None;
                Ok(false)
            }
        }
    }

    /// Records how far the run is. What it counts is recorded, whether or not the run was resumed and has come to it again.
    fn checkpoint(&mut self, kind: Kind) -> io::Result<()> {
        let mut counts = self.counts;
        if let Some(tail) = &self.tail {
            counts.add_all(tail.rest(&self.path)?.count(self.key.as_ref(), &self.end.link)?);
        }
        self.since_checkpoint = 0;
        let policy = std::mem::take(&mut self.policy);
        let written = self.write_own(kind, &Checkpoint { time: now(), policy: &policy, counts });
        self.policy = policy;
        written
    }

    /// Writes a record of the run itself.
    fn write_own(&mut self, kind: Kind, record: &impl Serialize) -> io::Result<()> {
        let mut line = Vec::new();
        let link = self.end.link.write_line(&mut line, self.key.as_ref(), kind, &body_of(record)?)?;
        self.write(&line, link)
    }

    /// Writes whole lines, the last of them `link`; if that fails, the log is left as it was.
    fn write(&mut self, lines: &[u8], link: Link) -> io::Result<()> {
        if let Err(error) = self.file.write_all(lines) {
            // Whether or not this succeeds, the next run finds a log that it can go on with: at most an unfinished line.
            let _ = self.cut();
            return Err(error);
        }
        self.end = Place { link, bytes: self.end.bytes + lines.len() as u64 };
        Ok(())
    }

    /// Cuts off what stands behind the end.
    fn cut(&mut self) -> io::Result<()> {
        self.file.set_len(self.end.bytes)?;
        self.file.seek(SeekFrom::Start(self.end.bytes)).map(|_| ())
    }
}

/// Opens a file; one that isn't there is made for its owner's eyes only, and so that it survives.
fn open_or_make(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        opened => return opened,
    }
    options.create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        File::open(folder)?.sync_all()?;
    }
    Ok(file)
}
