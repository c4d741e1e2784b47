//! Writing the log: opened and locked, its last line taken up, receipts appended a batch at a time.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::chain::{HASH_DIGITS, Key, Kind, Line, NO_HASH, write_line};
use super::{AuditError, Bodies};
use crate::Disposition;
use crate::policy::PolicyIdentity;

/// The log that a run writes.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    file: File,
    key: Option<Key>,
    sequence: u64,
    hash: [u8; HASH_DIGITS],
    bytes: u64,
    /// Bytes of an unfinished last line that were cut off.
    torn_bytes: u64,
    policy: Option<PolicyIdentity>,
    counts: Counts,
    /// Message records since the last checkpoint.
    since_checkpoint: u64,
    /// What was recorded, before a run was killed, of messages that it does again.
    tail: Option<Tail>,
    line: Vec<u8>,
}

/// Messages of a run, as far as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Counts {
    pub(super) messages: u64,
    pub(super) released: u64,
    pub(super) redacted: u64,
    pub(super) held: u64,
    pub(super) withheld: u64,
}

impl Counts {
    /// Adds those of another part.
    pub(super) fn add_all(&mut self, other: Self) {
        self.messages += other.messages;
        self.released += other.released;
        self.redacted += other.redacted;
        self.held += other.held;
        self.withheld += other.withheld;
    }

    /// Those that aren't among `part`.
    pub(super) fn less(self, part: Self) -> Self {
        Self {
            messages: self.messages - part.messages,
            released: self.released - part.released,
            redacted: self.redacted - part.redacted,
            held: self.held - part.held,
            withheld: self.withheld - part.withheld,
        }
    }

    fn add(&mut self, disposition: Disposition) {
        self.messages += 1;
        *match disposition {
            Disposition::Released => &mut self.released,
            Disposition::Redacted => &mut self.redacted,
            Disposition::Held => &mut self.held,
            Disposition::Withheld => &mut self.withheld,
        } += 1;
    }
}

/// How far a run's records go: what its journal keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    sequence: u64,
    hash: String,
    bytes: u64,
    counts: Counts,
    since_checkpoint: u64,
}

/// Records behind the journal's position, read one by one.
#[derive(Debug)]
struct Tail {
    lines: BufReader<File>,
    line: Vec<u8>,
    /// Behind the last of them that was read.
    sequence: u64,
    hash: [u8; HASH_DIGITS],
    bytes: u64,
}

/// Message records between two checkpoints.
const CHECKPOINT_INTERVAL: u64 = 10_000;
/// Bytes that are read at a time from the end to find the last line.
const BLOCK_BYTES: u64 = 1 << 16;

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct StartBody<'b> {
    time: String,
    version: &'b str,
    policy: &'b PolicyIdentity,
    is_keyed: bool,
    is_resumed: bool,
    torn_bytes: u64,
}

#[derive(Serialize)]
struct CheckpointBody<'b> {
    time: String,
    policy: &'b str,
    #[serde(flatten)]
    counts: Counts,
}

impl Log {
    /// Opens a log, or makes one that only its owner may read. A last line that a killed run left unfinished is cut off.
    ///
    /// # Errors
    /// When it can't be opened, another run is writing it, or its last line isn't one of such a log with this key.
    pub(crate) fn open(path: &Path, key: Option<Key>) -> Result<Self, AuditError> {
        let io = |error: io::Error| AuditError::io(path, &error);
        let usage = |what: &str| AuditError::Usage(format!("{}: {what}", path.display()));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(io)?;
        if file.try_lock().is_err() {
            return Err(usage("another run is writing this log"));
        }
        let length = file.metadata().map_err(io)?.len();
        let (last, end) = last_line(&mut file, length).map_err(io)?;
        let (mut sequence, mut hash) = (0, NO_HASH);
        if end > 0 {
            let line = Line::read(last.trim_ascii_end());
            let line =
                line.ok_or_else(|| usage("its last line is none of an audit log: verify it, and begin another"))?;
            if !line.is_intact(key.as_ref()) {
                return Err(usage("its last line was changed, or has another key: verify it, and begin another"));
            }
            sequence = line.sequence;
            hash.copy_from_slice(line.hash);
        }
        file.set_len(end).map_err(io)?;
        file.seek(SeekFrom::Start(end)).map_err(io)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            key,
            sequence,
            hash,
            bytes: end,
            torn_bytes: length - end,
            policy: None,
            counts: Counts::default(),
            since_checkpoint: 0,
            tail: None,
            line: Vec::new(),
        })
    }

    /// Records that a run begins, or goes on.
    pub(crate) fn start(&mut self, policy: &PolicyIdentity, is_resumed: bool) -> io::Result<()> {
        self.policy = Some(policy.clone());
        let body = StartBody {
            time: now(),
            version: env!("CARGO_PKG_VERSION"),
            policy,
            is_keyed: self.key.is_some(),
            is_resumed,
            torn_bytes: self.torn_bytes,
        };
        self.write_own(Kind::Start, &body)
    }

    /// Records messages. When it returns, the system has them.
    ///
    /// # Errors
    /// When they can't be written; or when a message of a resumed run has another record than it had before.
    pub(crate) fn append(&mut self, bodies: &Bodies) -> io::Result<()> {
        let mut lines = std::mem::take(&mut self.line);
        lines.clear();
        lines.reserve(bodies.len() * 2);
        for (body, disposition) in bodies.iter() {
            if !self.is_recorded(body)? {
                self.sequence += 1;
                self.hash = write_line(&mut lines, self.key.as_ref(), self.sequence, &self.hash, Kind::Message, body);
            }
            self.counts.add(disposition);
            self.since_checkpoint += 1;
        }
        self.file.write_all(&lines)?;
        self.bytes += lines.len() as u64;
        self.line = lines;
        if self.since_checkpoint >= CHECKPOINT_INTERVAL && self.tail.is_none() {
            self.checkpoint(Kind::Checkpoint)?;
        }
        Ok(())
    }

    /// Makes sure that what was appended survives.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Records that the run ends, and syncs.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.checkpoint(Kind::End)?;
        self.sync()
    }

    /// Sequence number and hash of the last line: kept elsewhere, they show whether the log was cut.
    pub(crate) fn head(&self) -> (u64, String) {
        (self.sequence, String::from_utf8_lossy(&self.hash).into_owned())
    }

    /// How far the records of the run go.
    pub(crate) fn position(&self) -> Position {
        let (sequence, hash, bytes) = match &self.tail {
            Some(tail) => (tail.sequence, &tail.hash, tail.bytes),
            None => (self.sequence, &self.hash, self.bytes),
        };
        Position {
            sequence,
            hash: String::from_utf8_lossy(hash).into_owned(),
            bytes,
            counts: self.counts,
            since_checkpoint: self.since_checkpoint,
        }
    }

    /// Goes back to where a journal was. What was recorded behind that belongs to messages of which nobody knows whether they
    /// went out: they are done again, and not recorded twice.
    ///
    /// # Errors
    /// When the log isn't the one that the journal speaks of.
    pub(crate) fn rewind(&mut self, position: &Position) -> Result<(), AuditError> {
        let other = || {
            let path = self.path.display();
            AuditError::Usage(format!("{path}: this isn't the log that the stopped run wrote, or it was cut"))
        };
        let io = |error: io::Error| AuditError::io(&self.path, &error);
        if position.bytes > self.bytes {
            return Err(other());
        }
        let mut file = File::open(&self.path).map_err(io)?;
        let mut hash = NO_HASH;
        if position.bytes > 0 {
            let (last, end) = last_line(&mut file, position.bytes).map_err(io)?;
            let line = Line::read(last.trim_ascii_end()).ok_or_else(other)?;
            let is_same = end == position.bytes
                && line.sequence == position.sequence
                && line.hash == position.hash.as_bytes()
                && line.is_intact(self.key.as_ref());
            if !is_same {
                return Err(other());
            }
            hash.copy_from_slice(line.hash);
        }
        file.seek(SeekFrom::Start(position.bytes)).map_err(io)?;
        self.counts = position.counts;
        self.since_checkpoint = position.since_checkpoint;
        let Position { sequence, bytes, .. } = *position;
        self.tail = Some(Tail { lines: BufReader::new(file), line: Vec::new(), sequence, hash, bytes });
        Ok(())
    }

    /// Whether a message is recorded in the tail already. Records of the runs themselves are passed over there.
    fn is_recorded(&mut self, body: &[u8]) -> io::Result<bool> {
        let Some(tail) = &mut self.tail else { return Ok(false) };
        loop {
            tail.line.clear();
            if tail.lines.read_until(b'\n', &mut tail.line)? == 0 {
                self.tail = None;
                return Ok(false);
            }
            let line = Line::read(tail.line.trim_ascii_end());
            let line = line.filter(|line| line.kind != Kind::Message || line.body == body).ok_or_else(|| {
                let what = "a message has another record than before the run was stopped";
                io::Error::new(io::ErrorKind::InvalidData, what)
            })?;
            tail.sequence = line.sequence;
            tail.hash.copy_from_slice(line.hash);
            tail.bytes += tail.line.len() as u64;
            if line.kind == Kind::Message {
                return Ok(true);
            }
        }
    }

    fn checkpoint(&mut self, kind: Kind) -> io::Result<()> {
        self.since_checkpoint = 0;
        let policy = self.policy.as_ref().map(|policy| policy.sha256.clone()).unwrap_or_default();
        self.write_own(kind, &CheckpointBody { time: now(), policy: &policy, counts: self.counts })
    }

    /// Writes a record of the run itself.
    fn write_own(&mut self, kind: Kind, body: &impl Serialize) -> io::Result<()> {
        let body = serde_json::to_vec(body)?;
        let body = body.get(1..body.len() - 1).unwrap_or_default();
        let mut line = Vec::new();
        self.sequence += 1;
        self.hash = write_line(&mut line, self.key.as_ref(), self.sequence, &self.hash, kind, body);
        self.file.write_all(&line)?;
        self.bytes += line.len() as u64;
        Ok(())
    }
}

/// The last line that ends, of the first `length` bytes of a file, and where it ends; what is behind it is torn.
fn last_line(file: &mut File, length: u64) -> io::Result<(Vec<u8>, u64)> {
    let mut tail: Vec<u8> = Vec::new();
    let mut start = length;
    loop {
        let end = memchr::memrchr(b'\n', &tail);
        let begin = end.and_then(|end| tail.get(..end)).and_then(|before| memchr::memrchr(b'\n', before));
        match (end, begin) {
            (Some(end), Some(begin)) => {
                return Ok((tail.get(begin + 1..=end).unwrap_or_default().to_owned(), start + end as u64 + 1));
            }
            (Some(end), None) if start == 0 => {
                return Ok((tail.get(..=end).unwrap_or_default().to_owned(), end as u64 + 1));
            }
            (None, _) if start == 0 => return Ok((Vec::new(), 0)),
            _ => {}
        }
        let from = start.saturating_sub(BLOCK_BYTES);
        let mut block = Vec::new();
        file.seek(SeekFrom::Start(from))?;
        (&mut *file).take(start - from).read_to_end(&mut block)?;
        block.append(&mut tail);
        tail = block;
        start = from;
    }
}

/// The time, as RFC 3339 has it, in seconds and UTC.
fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}
