//! The log of a message switch: each disclosure is on disk before its message goes out. Many threads append at once, and one
//! sync does for all that wait.

use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::chain::MAX_LINE_BYTES;
use super::records::today;
use super::{Bodies, Key, Log, LogError, Rotation};
use dmv_redact::{Receipt, Requester};
use dmv_redact_model::policy::PolicyIdentity;

/// A log that a process appends disclosures to, for as long as it runs, from all of its threads. One process writes a log at a
/// time.
///
/// ```
/// # use dmv_redact::{Filter, Requester};
/// # use dmv_redact_log::{DisclosureLog, Rotation};
/// # let folder = tempfile::tempdir()?;
/// let filter = Filter::builder().build()?;
/// let path = folder.path().join("disclosures.ndjson");
/// let log = DisclosureLog::open(&path, None, filter.policy())?.rotate(Rotation::daily())?;
/// let requester = Requester::new("AZ0070000")?.purpose("C").correlation_id("7f3a-0042")?;
/// let mut out = Vec::new();
/// let receipt = filter.redact(b"no message", &requester, &mut out);
/// log.append("line 1", &requester, &receipt)?; // only now may `out` be forwarded
/// let (lines, hash) = log.end()?;
/// # assert_eq!((lines, hash.len()), (3, 64));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct DisclosureLog {
    is_dry_run: bool,
    queue: Mutex<Queue>,
    writer: Mutex<Writer>,
}

/// What waits to be written.
#[derive(Debug, Default)]
struct Queue {
    bodies: Bodies,
    /// How many records there were since the log was opened.
    count: u64,
}

/// Bytes of a record, besides what chains it.
const LONGEST_BODY: usize = MAX_LINE_BYTES - 1024;

#[derive(Debug)]
struct Writer {
    log: Log,
    policy: PolicyIdentity,
    is_dry_run: bool,
    /// How many of the queue's records are on disk.
    written: u64,
    has_failed: bool,
    rotation: Rotation,
    /// The day on which the file was begun.
    day: String,
}

impl DisclosureLog {
    /// Opens a log, or creates one that only its owner can read, and records that the process begins under this policy.
    /// An earlier process may have stopped without an end, and in the middle of a line: what it left stays.
    ///
    /// # Errors
    /// When it can't be opened or written, another process has it locked, it isn't a log, or its last line was changed or has
    /// another key.
    pub fn open(path: &Path, key: Option<Key>, policy: &PolicyIdentity) -> Result<Self, LogError> {
        Self::begin(path, key, policy, false)
    }

    /// The same while the switch is tried and forwards messages as they were: its records say that they are of a dry run, and
    /// no report takes them for disclosures.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_dry_run(path: &Path, key: Option<Key>, policy: &PolicyIdentity) -> Result<Self, LogError> {
        Self::begin(path, key, policy, true)
    }

    fn begin(path: &Path, key: Option<Key>, policy: &PolicyIdentity, is_dry_run: bool) -> Result<Self, LogError> {
        let io = |error: io::Error| LogError::io(path, &error);
        let mut log = Log::open(path, key)?;
        let day = log.first_day().map_err(io)?.unwrap_or_else(today);
        log.begin_open_ended(policy, is_dry_run).map_err(io)?;
        let (policy, rotation) = (policy.clone(), Rotation::default());
        let writer = Writer { log, policy, is_dry_run, written: 0, has_failed: false, rotation, day };
        Ok(Self { is_dry_run, queue: Mutex::default(), writer: Mutex::new(writer) })
    }

    /// The same log, which goes on in a new file when that is due. Without it, it is one file. Its folder must let a file have
    /// two names (hard links), and this process create files there.
    ///
    /// # Errors
    /// When it doesn't, or something that is no log is in the way.
    pub fn rotate(self, rotation: Rotation) -> Result<Self, LogError> {
        {
            let mut writer = lock(&self.writer);
            let checked = writer.log.check_rotation();
            checked.map_err(|error| LogError::Io(format!("the log can't go on in a new file: {error}")))?;
            writer.rotation = rotation;
        }
        Ok(self)
    }

    /// Records one message with the current time, and syncs: when it returns, its output may go out (P12). `source` is the
    /// switch's word for where the message came from; it is escaped. `requester` is the request that the receipt is of: what it
    /// states, its claims and the instruments behind them are recorded, unless the policy doesn't declare them, for then they
    /// could be anything (P6).
    ///
    /// # Errors
    /// When the receipt is of another request, the record is longer than a line may be (1 MiB), or it can't be written or synced.
    /// The output must not go out then. In the last case neither may any later one of this log, which refuses further records:
    /// nobody knows what of it is on disk. Drop it, and open it again.
    pub fn append(&self, source: &str, requester: &Requester, receipt: &Receipt) -> io::Result<()> {
        self.append_all([(source, requester, receipt)])
    }

    /// The same for many messages at once.
    ///
    /// # Errors
    /// As [`append`](Self::append); of none of these messages may the output go out.
    pub fn append_all<'r>(
        &self,
        records: impl IntoIterator<Item = (&'r str, &'r Requester, &'r Receipt)>,
    ) -> io::Result<()> {
        let mut bodies = Bodies::default();
        for (source, requester, receipt) in records {
            let of_other = requester.shared_correlation_id().as_deref() != receipt.correlation_id()
                || requester.ori().is_some_and(|ori| receipt.requester() != Some(ori));
            if of_other {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "the receipt is of another request"));
            }
            let before = bodies.len();
            bodies.push_now(source, requester, self.is_dry_run, receipt);
            if bodies.len() - before > LONGEST_BODY {
                let what = "the record is longer than a line of the log may be";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
            }
        }
        let own = {
            let mut queue = lock(&self.queue);
            queue.count += bodies.count() as u64;
            queue.bodies.append(&bodies);
            queue.count
        };
        let mut writer = lock(&self.writer);
        // While this thread waited, another may have written for both.
        match writer.written >= own {
            true => Ok(()),
            false => writer.write(&self.queue),
        }
    }

    /// As if the file were begun on another day.
    #[cfg(test)]
    pub(crate) fn begun_on(&self, day: &str) {
        day.clone_into(&mut lock(&self.writer).day);
    }

    /// Records that another policy decides from now on.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn change_policy(&self, policy: &PolicyIdentity) -> io::Result<()> {
        let mut writer = lock(&self.writer);
        writer.write(&self.queue)?;
        writer.policy = policy.clone();
        writer.guarded(|writer| writer.log.end().and_then(|()| writer.log.begin_open_ended(policy, writer.is_dry_run)))
    }

    /// Records that the process ends. Returns sequence number and hash of the last line: kept elsewhere, they reveal
    /// truncation.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn end(self) -> io::Result<(u64, String)> {
        let mut writer = lock(&self.writer);
        writer.write(&self.queue)?;
        writer.guarded(|writer| writer.log.end())?;
        Ok(writer.log.head())
    }
}

impl Writer {
    /// Writes and syncs all that waits.
    fn write(&mut self, queue: &Mutex<Queue>) -> io::Result<()> {
        let (bodies, count) = {
            let mut queue = lock(queue);
            (std::mem::take(&mut queue.bodies), queue.count)
        };
        self.guarded(|writer| {
            writer.rotate_if_due()?;
            writer.log.append(&bodies)?;
            writer.log.sync()
        })?;
        self.written = count;
        Ok(())
    }

    fn rotate_if_due(&mut self) -> io::Result<()> {
        let today = today();
        if self.rotation.is_due(self.log.bytes(), self.day != today) {
            self.log.rotate(&self.policy, self.is_dry_run)?;
            self.day = today;
        }
        Ok(())
    }

    /// Writes, unless an earlier write failed. After a failed sync the system may report success for what it has lost, and
    /// after a failed write a fragment may stand at the end: nothing may follow either.
    fn guarded(&mut self, write: impl FnOnce(&mut Self) -> io::Result<()>) -> io::Result<()> {
        if self.has_failed {
            return Err(io::Error::other("an earlier record could not be written: open the log again"));
        }
        let written = write(self);
        self.has_failed = written.is_err();
        written
    }
}

/// Nothing that a thread does while it holds a lock can panic, so a poisoned one guards what it should.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
