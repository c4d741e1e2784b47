//! Writes the log: opens and locks it, continues after its last line, appends receipts a batch at a time.

use std::collections::hash_map::RandomState;
use std::fs::{File, OpenOptions, TryLockError};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::chain::{Link, LogLine, MAX_LINE_BYTES, RecordKind, read_line};
use super::counts::DispositionCounts;
use super::desk::{DeskRecord, DeskStep};
use super::ending::LogEnd;
use super::operator::{OperatorRecord, OperatorStep};
use super::records::{
    CheckpointRecord, FirstRecord, Names, NamesOrPlace, RECORD_VERSION, StartRecord, body_of, now, today,
};
use super::rotation::{NextFile, finish_rotation, is_named};
use super::signature::SigningKey;
use super::tail::{LineBoundary, Tail};
use super::{Bodies, Key, LogError};
use dmv_redact::internal::rewrite::FilterIdentity;
use dmv_redact::{Date, Ori};
use dmv_redact_model::files::{private_file, sync_folder_of};

/// The log of a run.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
    /// The process that opened it, and has it locked.
    process: u32,
    key: Option<Key>,
    /// Signs checkpoints and ends.
    signing_key: Option<SigningKey>,
    end: LineBoundary,
    /// Bytes of an unfinished line at its end: they stay, and the start record after them declares them.
    torn_bytes: u64,
    /// Of the file; `None` if it has none, or is no line of a log.
    first: Option<FirstRecord>,
    /// Who writes, if it has a name.
    service: Option<String>,
    /// The policy's digest.
    policy: String,
    /// The sequence number of the run's first record; 0 before that.
    run: u64,
    counts: DispositionCounts,
    /// Message records since the last checkpoint.
    since_checkpoint: u64,
    /// Records of a killed run after its journal: the resumed run does those messages again.
    tail: Option<Tail>,
    /// Whether they may have other records now.
    may_differ: bool,
    /// The start record, before it is written.
    prepared: Option<(Vec<u8>, Link)>,
    lines: Vec<u8>,
}

impl Drop for Log {
    /// A child that was forked has the file open, too: without this the lock would last as long as the child. A child that drops it
    /// must not take it from its parent.
    fn drop(&mut self) {
        if self.process == std::process::id() {
            // If it can't, it is as before: the lock ends with the last process that has it.
            let _ = self.file.unlock();
        }
    }
}

/// How far a run's records go, for its journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LogPosition {
    run: u64,
    sequence: u64,
    hash: String,
    bytes: u64,
    counts: DispositionCounts,
    since_checkpoint: u64,
    /// Whether it is the position of a record still to be written: the run may have been killed before that.
    #[serde(default)]
    is_prepared: bool,
}

/// Messages of one day to one requester, as a switch's own log of before has them: what became of them isn't known.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ImportedMessages<'i> {
    /// The name of that log.
    pub source: &'i str,
    /// Their day.
    pub date: Date,
    /// Who asked.
    pub requester: Ori,
    /// The agency classes of the requester, by the policy of the start record.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agency_classes: Vec<&'i str>,
    /// Their message key, if that log has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_type: Option<&'i str>,
    /// How many.
    pub imported: u64,
}

/// That a duty which follows from a message was done.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct DoneDuty<'d> {
    /// The hash of the message's record, in this log or another: 64 hexadecimal digits.
    pub of: &'d str,
    /// The duty's id.
    pub duty: &'d str,
    /// The day on which it was done.
    pub on: Date,
    /// Who did it, or says so; it is escaped.
    pub by: &'d str,
    /// How it was done, in that person's words; it is escaped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'d str>,
}

/// The body of such a record.
#[derive(Serialize)]
struct DoneRecord<'d> {
    time: String,
    #[serde(flatten)]
    done: DoneDuty<'d>,
}

/// Message records between two checkpoints.
const CHECKPOINT_INTERVAL: u64 = 10_000;
/// Approximate bytes of a line besides its body.
const LINE_OVERHEAD_BYTES: usize = 200;

impl Log {
    /// Opens a log, or creates one that only its owner can read. The unfinished last line of a killed run is left as it
    /// is.
    ///
    /// # Errors
    /// When it can't be opened, another run has it locked, it isn't a log, or its last line was changed or has another
    /// key.
    pub fn open(path: &Path, key: Option<Key>) -> Result<Self, LogError> {
        let io = |error: io::Error| LogError::io(path, &error);
        let mut file = open_or_create(path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(unusable(path, ANOTHER_RUN)),
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        // While it was opened, another process may have gone on in a new file, and let go of this one.
        if !is_named(&file, path).map_err(io)? {
            return Err(unusable(path, ANOTHER_RUN));
        }
        let metadata = file.metadata().map_err(io)?;
        if !metadata.is_file() {
            return Err(unusable(path, "it isn't a regular file"));
        }
        let length = metadata.len();
        let ending = LogEnd::find(&mut file, length).map_err(io)?.ok_or_else(|| unusable(path, NOT_A_LOG))?;
        let mut link = Link::GENESIS;
        if ending.line.is_some() {
            let line = ending.last().ok_or_else(|| unusable(path, NOT_A_LOG))?;
            if !line.is_intact(key.as_ref()) {
                let what = "its last line was changed, or has another key: verify it, and begin another";
                return Err(unusable(path, what));
            }
            link = line.link;
        }
        if !ending.is_torn_line(&link) {
            return Err(unusable(path, NOT_A_LOG));
        }
        let mut log = Self {
            path: path.to_owned(),
            file,
            process: std::process::id(),
            key,
            signing_key: None,
            end: LineBoundary { link, bytes: length },
            torn_bytes: length - ending.end,
            first: None,
            service: None,
            policy: String::new(),
            run: 0,
            counts: DispositionCounts::default(),
            since_checkpoint: 0,
            tail: None,
            may_differ: false,
            prepared: None,
            lines: Vec::new(),
        };
        log.first = read_first(&log.file, log.key.as_ref()).map_err(io)?;
        log.file.seek(SeekFrom::Start(length)).map_err(io)?;
        finish_rotation(path, &log.file, link.sequence).map_err(io)?;
        Ok(log)
    }

    /// Bytes of the unfinished line that the log ended with when it was opened.
    pub fn torn_bytes(&self) -> u64 {
        self.torn_bytes
    }

    /// Names who writes, in the start records from now on.
    pub(super) fn set_service(&mut self, name: Option<String>) {
        self.service = name;
    }

    /// Signs every checkpoint and end from now on, and says so in the start records. To be called before a run begins.
    #[cfg(feature = "sign")]
    pub fn sign_with(&mut self, key: SigningKey) {
        self.signing_key = Some(key);
    }

    /// Prepares the start record, so that the journal can name it before it is written.
    pub fn prepare(&mut self, filter: &FilterIdentity, resumed: bool, dry_run: bool) -> io::Result<()> {
        self.prepare_start(filter, resumed, dry_run, false)
    }

    /// Begins a run that has no end of its own: the process may stop after any record.
    ///
    /// # Errors
    /// When its start can't be written.
    pub fn begin_open_ended(&mut self, filter: &FilterIdentity, dry_run: bool) -> io::Result<()> {
        (self.run, self.counts, self.since_checkpoint) = (0, DispositionCounts::default(), 0);
        self.prepare_start(filter, false, dry_run, true)?;
        // What was torn before is declared once.
        self.torn_bytes = 0;
        self.start()?;
        self.sync()
    }

    fn prepare_start(
        &mut self,
        filter: &FilterIdentity,
        resumed: bool,
        dry_run: bool,
        open_ended: bool,
    ) -> io::Result<()> {
        self.policy.clone_from(&filter.policy.sha256);
        if self.run == 0 {
            self.run = self.end.link.sequence + 1;
        }
        let names = Names::of(filter);
        let named = self.first.as_ref().filter(|first| first.names.as_ref() == Some(&names));
        let body = StartRecord {
            time: now(),
            version: env!("CARGO_PKG_VERSION"),
            record_version: RECORD_VERSION,
            nonce: format!("{:016x}", RandomState::new().build_hasher().finish()),
            service: self.service.as_deref(),
            policy: &filter.policy,
            keyed: self.key.is_some(),
            signed: self.signing_key.as_ref().map(SigningKey::public_digits),
            resumed,
            run: self.run,
            torn_bytes: self.torn_bytes,
            dry_run,
            open_ended,
            names: named.map_or(NamesOrPlace::Names(&names), |first| NamesOrPlace::Place { names_in: first.sequence }),
        };
        let mut line = Vec::new();
        let link = self.end.link.write_line(&mut line, self.key.as_ref(), RecordKind::Start, &body_of(&body)?)?;
        self.prepared = Some((line, link));
        Ok(())
    }

    /// Writes the prepared record.
    pub fn start(&mut self) -> io::Result<()> {
        let Some((line, link)) = self.prepared.take() else { return Ok(()) };
        let is_first = self.end.bytes == 0;
        self.write(&line, link)?;
        if is_first {
            self.first = line.strip_suffix(b"\n").and_then(LogLine::parse).map(|line| FirstRecord::of(&line));
        }
        Ok(())
    }

    /// Records messages. When it returns, the operating system has them; they aren't synced yet.
    ///
    /// # Errors
    /// When they can't be written, or a message of a resumed run has another record than before.
    pub fn append(&mut self, bodies: &Bodies) -> io::Result<()> {
        let mut lines = std::mem::take(&mut self.lines);
        lines.clear();
        lines.reserve(bodies.len() + bodies.count() * LINE_OVERHEAD_BYTES);
        let (mut link, mut counts) = (self.end.link, self.counts);
        for (body, disposition) in bodies.iter() {
            if !self.is_recorded(body, &mut counts)? {
                link = link.write_line(&mut lines, self.key.as_ref(), RecordKind::Message, body)?;
            }
            counts.add(disposition);
        }
        self.write(&lines, link)?;
        self.since_checkpoint += counts.messages() - self.counts.messages();
        self.counts = counts;
        self.lines = lines;
        if self.since_checkpoint >= CHECKPOINT_INTERVAL && self.tail.is_none() {
            self.checkpoint(RecordKind::Checkpoint)?;
        }
        Ok(())
    }

    /// Records messages from before the log, as another log counts them.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn import<'i>(&mut self, counts: impl IntoIterator<Item = ImportedMessages<'i>>) -> io::Result<()> {
        self.write_records(RecordKind::Import, counts)
    }

    /// Records that duties were done.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn done<'d>(&mut self, duties: impl IntoIterator<Item = DoneDuty<'d>>) -> io::Result<()> {
        let time = now();
        let records = duties.into_iter().map(|done| DoneRecord { time: time.clone(), done });
        self.write_records(RecordKind::Done, records)
    }

    /// Records steps at the review desk.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn desk<'s>(&mut self, steps: impl IntoIterator<Item = &'s DeskStep<'s>>) -> io::Result<()> {
        let time = now();
        let records = steps.into_iter().map(|step| DeskRecord { time: time.clone(), step });
        self.write_records(RecordKind::Desk, records)
    }

    /// Records a step of whoever runs a service.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn operator(&mut self, step: &OperatorStep<'_>) -> io::Result<()> {
        self.write_records(RecordKind::Operator, [OperatorRecord { time: now(), step }])
    }

    fn write_records(&mut self, kind: RecordKind, records: impl IntoIterator<Item = impl Serialize>) -> io::Result<()> {
        let (mut lines, mut link) = (Vec::new(), self.end.link);
        for record in records {
            link = link.write_line(&mut lines, self.key.as_ref(), kind, &body_of(&record)?)?;
            if lines.len() >= MAX_LINE_BYTES {
                self.write(&lines, link)?;
                lines.clear();
            }
        }
        self.write(&lines, link)
    }

    /// Bytes of the file.
    pub(super) fn bytes(&self) -> u64 {
        self.end.bytes
    }

    /// The day on which the file was begun, as its first line says; today if that says none.
    pub(super) fn first_day(&self) -> String {
        self.first.as_ref().and_then(|first| first.day.clone()).unwrap_or_else(today)
    }

    /// Whether the log can go on in a new file, where it is.
    pub(super) fn check_rotation(&self) -> io::Result<()> {
        NextFile::create(&self.path)?.1.give_up()
    }

    /// Ends the run, and begins another under this policy in a file of its own: the chain goes on there.
    pub(super) fn rotate(&mut self, filter: &FilterIdentity, dry_run: bool) -> io::Result<()> {
        self.end()?;
        let last = self.end.link.sequence;
        let (file, next) = NextFile::create(&self.path)?;
        file.lock()?;
        // Locked until the new one has its name: no other process must go on with it.
        let before = std::mem::replace(&mut self.file, file);
        (self.end.bytes, self.first) = (0, None);
        self.begin_open_ended(filter, dry_run)?;
        next.put_in_place(&before, last)
    }

    /// Syncs what was appended.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Writes the end record of a finished or stopped run, and syncs.
    pub fn end(&mut self) -> io::Result<()> {
        self.checkpoint(RecordKind::End)?;
        self.sync()
    }

    /// Sequence number and hash of the last line: kept elsewhere, they reveal truncation.
    pub fn head(&self) -> (u64, String) {
        (self.end.link.sequence, self.end.link.hash_text())
    }

    /// How far the run's records go. While a resumed run does messages again, this is its progress through them, not
    /// the end of the log: otherwise, if it were killed again, they would be recorded twice.
    pub fn position(&self) -> LogPosition {
        let boundary = match (&self.prepared, &self.tail) {
            (Some((line, link)), _) => LineBoundary { link: *link, bytes: self.end.bytes + line.len() as u64 },
            (None, Some(tail)) => tail.boundary(),
            (None, None) => self.end,
        };
        LogPosition {
            run: self.run,
            sequence: boundary.link.sequence,
            hash: boundary.link.hash_text(),
            bytes: boundary.bytes,
            counts: self.counts,
            since_checkpoint: self.since_checkpoint,
            is_prepared: self.prepared.is_some(),
        }
    }

    /// Rewinds to the position of a journal. Nobody knows whether the messages recorded after it went out: they are
    /// done again, and not recorded twice. Returns whether the run had begun: if not, it begins now.
    ///
    /// # Errors
    /// When the log isn't the one that the journal refers to.
    pub fn rewind(&mut self, position: &LogPosition) -> Result<bool, LogError> {
        let line = self.line_at(position).map_err(|error| LogError::io(&self.path, &error))?;
        let Some(link) = line else {
            if position.is_prepared {
                return Ok(false);
            }
            let path = self.path.display();
            let message = format!("{path}: this isn't the log that the stopped run wrote, or it was cut");
            return Err(LogError::Usage(message));
        };
        let boundary = LineBoundary { link, bytes: position.bytes };
        let tail = Tail::open(&self.path, boundary, position.run);
        self.tail = Some(tail.map_err(|error| LogError::io(&self.path, &error))?);
        self.run = position.run;
        self.counts = position.counts;
        self.since_checkpoint = position.since_checkpoint;
        Ok(true)
    }

    /// The line that ends at a position, if it is there and unchanged.
    fn line_at(&self, position: &LogPosition) -> io::Result<Option<Link>> {
        if position.bytes > self.end.bytes {
            return Ok(None);
        }
        let ending = LogEnd::find(&mut File::open(&self.path)?, position.bytes)?;
        let ending = ending.filter(|ending| ending.end == position.bytes);
        let line = ending.as_ref().and_then(LogEnd::last);
        let line = line.filter(|line| {
            line.link.sequence == position.sequence
                && line.link.hash == position.hash.as_bytes()
                && line.is_intact(self.key.as_ref())
        });
        Ok(line.map(|line| line.link))
    }

    /// A message of a resumed run may have another record than before, for people decide meanwhile: it and those after it are
    /// recorded anew then, and the later records count. Otherwise that is an error.
    pub fn let_records_differ(&mut self) {
        self.may_differ = true;
    }

    /// Whether the tail already has the record of a message. If the tail is given up, what it has is counted.
    fn is_recorded(&mut self, body: &[u8], counts: &mut DispositionCounts) -> io::Result<bool> {
        let Some(tail) = &mut self.tail else { return Ok(false) };
        let may_differ = self.may_differ;
        let compare = |recorded: &[u8]| {
            if recorded != body && may_differ {
                counts.add_record(recorded);
            }
            recorded == body
        };
        match tail.next_body(self.key.as_ref(), &self.end.link, compare)? {
            Some(true) => Ok(true),
            Some(false) if may_differ => {
                // From here on all are recorded anew; what the run had recorded stays, and counts.
                let rest = tail.remaining(&self.path)?.count(self.key.as_ref(), &self.end.link)?;
                counts.merge(rest);
                self.tail = None;
                Ok(false)
            }
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

    /// Writes a checkpoint. It counts what is in the log, including what a resumed run hasn't reached again.
    fn checkpoint(&mut self, kind: RecordKind) -> io::Result<()> {
        let mut counts = self.counts;
        if let Some(tail) = &self.tail {
            counts.merge(tail.remaining(&self.path)?.count(self.key.as_ref(), &self.end.link)?);
        }
        self.since_checkpoint = 0;
        let policy = std::mem::take(&mut self.policy);
        let written = self.write_run_record(kind, &CheckpointRecord { time: now(), policy: &policy, counts });
        self.policy = policy;
        written
    }

    /// Writes a record of the run itself, signed if there is a key for that.
    fn write_run_record(&mut self, kind: RecordKind, record: &impl Serialize) -> io::Result<()> {
        let mut line = Vec::new();
        let (key, signing_key) = (self.key.as_ref(), self.signing_key.as_ref());
        let link = self.end.link.write_signed_line(&mut line, key, signing_key, kind, &body_of(record)?)?;
        self.write(&line, link)
    }

    /// Writes whole lines, the last with link `link`; if that fails, the log is left as it was.
    fn write(&mut self, lines: &[u8], link: Link) -> io::Result<()> {
        if let Err(error) = self.file.write_all(lines) {
            // Best effort: if it fails, the next run finds at most an unfinished line, and can continue after it.
            let _ = self.truncate_to_end();
            return Err(error);
        }
        self.end = LineBoundary { link, bytes: self.end.bytes + lines.len() as u64 };
        Ok(())
    }

    /// Truncates the file to the last whole write.
    fn truncate_to_end(&mut self) -> io::Result<()> {
        self.file.set_len(self.end.bytes)?;
        self.file.seek(SeekFrom::Start(self.end.bytes)).map(|_| ())
    }
}

const ANOTHER_RUN: &str = "another run is writing this log";
const NOT_A_LOG: &str = "its last line is none of a disclosure log: verify it, and begin another";

/// The first line of a file, if it is as it was written; what later starts refer to may stand in the second, after the end
/// of a run that was left there when the lines before were moved away.
fn read_first(mut file: &File, key: Option<&Key>) -> io::Result<Option<FirstRecord>> {
    file.seek(SeekFrom::Start(0))?;
    let (mut lines, mut text) = (BufReader::new(file), Vec::new());
    let mut next = || {
        read_line(&mut lines, &mut text)?;
        let line = text.strip_suffix(b"\n").and_then(LogLine::parse_last).map(|(_, line)| line);
        Ok::<_, io::Error>(line.filter(|line| line.is_intact(key)).map(|line| FirstRecord::of(&line)))
    };
    let Some(first) = next()? else { return Ok(None) };
    let second = if first.names.is_none() { next()? } else { None };
    Ok(Some(match second.filter(|second| second.names.is_some()) {
        Some(second) => FirstRecord { day: first.day, ..second },
        None => first,
    }))
}

fn unusable(path: &Path, what: &str) -> LogError {
    LogError::Usage(format!("{}: {what}", path.display()))
}

/// Opens a file; creates it with mode 0600 if it doesn't exist, and syncs its folder so that the entry survives a
/// crash.
fn open_or_create(path: &Path) -> io::Result<File> {
    match OpenOptions::new().read(true).write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        opened => return opened,
    }
    let file = create(path, false)?;
    sync_folder_of(path)?;
    Ok(file)
}

/// Creates a file that only its owner can read; `is_new`: nothing may have its name.
pub(super) fn create(path: &Path, is_new: bool) -> io::Result<File> {
    private_file().read(true).create(true).create_new(is_new).open(path)
}
