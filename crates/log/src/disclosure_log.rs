//! The log of a message switch: each disclosure is on disk before its message goes out. Many threads append at once, and one
//! sync does for all that wait.

use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError};
#[cfg(not(all(test, loom)))]
use std::sync::{Mutex, MutexGuard};

#[cfg(all(test, loom))]
use loom::sync::{Mutex, MutexGuard};

#[cfg(not(all(test, loom)))]
use super::Log;
use super::chain::MAX_LINE_BYTES;
#[cfg(all(test, loom))]
use super::models::Log;
use super::records::today;
#[cfg(feature = "sign")]
use super::signature::SigningKey;
use super::{Bodies, DeskStep, DoneDuty, Key, LogError, OperatorStep, Rotation};
use dmv_redact::internal::rewrite::FilterIdentity;
use dmv_redact::{Filter, Receipt, Requester};

/// A log that a process appends disclosures to, for as long as it runs, from all of its threads. One process writes a log at a
/// time.
///
/// ```
/// # use dmv_redact::{Filter, Requester};
/// # use dmv_redact_log::{LogOptions, Rotation};
/// # let folder = tempfile::tempdir()?;
/// let filter = Filter::builder().build()?;
/// let path = folder.path().join("disclosures.ndjson");
/// let log = LogOptions::default().rotate(Rotation::daily()).service("msw-2").open(&path, &filter)?;
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
    /// For control numbers.
    key: Option<Key>,
    queue: Mutex<Queue>,
    writer: Mutex<Writer>,
}

/// How a log is written.
///
/// ```
/// # use dmv_redact_log::{LogOptions, Rotation};
/// let options = LogOptions::default().rotate(Rotation::daily().or_after_bytes(1 << 30)).service("msw-2");
/// ```
#[derive(Debug, Clone, Default)]
pub struct LogOptions {
    key: Option<Key>,
    #[cfg(feature = "sign")]
    signing_key: Option<SigningKey>,
    rotation: Option<Rotation>,
    service: Option<String>,
    is_dry_run: bool,
}

/// What waits to be written.
#[derive(Debug)]
struct Queue {
    bodies: Bodies,
    /// How many records there were since the log was opened.
    count: u64,
}

/// Bytes of a record, besides what chains it.
const MAX_BODY_BYTES: usize = MAX_LINE_BYTES - 1024;

#[derive(Debug)]
struct Writer {
    log: Log,
    filter: Arc<FilterIdentity>,
    is_dry_run: bool,
    /// How many of the queue's records are on disk.
    written: u64,
    has_failed: bool,
    rotation: Rotation,
    /// The day on which the file was begun.
    day: String,
}

impl LogOptions {
    /// Keys the hashes: without the key nobody can recompute them.
    #[must_use]
    pub fn key(self, key: Key) -> Self {
        Self { key: Some(key), ..self }
    }

    /// Signs each checkpoint (every 10,000 messages, where the log goes on in a new file, and at its end): with the public key
    /// alone an auditor can tell that the holder of this key wrote the log up to there. Another process may go on with another
    /// key.
    #[cfg(feature = "sign")]
    #[must_use]
    pub fn sign(self, key: SigningKey) -> Self {
        Self { signing_key: Some(key), ..self }
    }

    /// The log goes on in a new file when that is due. Otherwise it is one file. Its folder must let a file have two names (hard
    /// links), and this process create files there.
    #[must_use]
    pub fn rotate(self, rotation: Rotation) -> Self {
        Self { rotation: Some(rotation), ..self }
    }

    /// Names the process or machine that writes; it is escaped.
    #[must_use]
    pub fn service(self, name: impl Into<String>) -> Self {
        Self { service: Some(name.into()), ..self }
    }

    /// For a switch that is tried, and forwards messages as they were: its records say that they are of a dry run, and no
    /// report takes them for disclosures.
    #[must_use]
    pub fn dry_run(self) -> Self {
        Self { is_dry_run: true, ..self }
    }

    /// Opens a log, or creates one that only its owner can read, and records that the process begins with this filter.
    /// An earlier process may have stopped without an end, and in the middle of a line: what it left stays.
    ///
    /// # Errors
    /// When it can't be opened or written, another process has it locked, it isn't a log, its last line was changed or has
    /// another key, or it can't go on in a new file and should.
    pub fn open(self, path: &Path, filter: &Filter) -> Result<DisclosureLog, LogError> {
        let Self { key, rotation, service, is_dry_run, .. } = self;
        let io = |error: io::Error| LogError::io(path, &error);
        let mut log = Log::open(path, key.clone())?;
        #[cfg(feature = "sign")]
        if let Some(key) = self.signing_key {
            log.sign_with(key);
        }
        if rotation.is_some() {
            let checked = log.check_rotation();
            checked.map_err(|error| LogError::Io(format!("the log can't go on in a new file: {error}")))?;
        }
        let (day, filter) = (log.first_day(), Arc::clone(filter.identity()));
        log.set_service(service);
        log.begin_open_ended(&filter, is_dry_run).map_err(io)?;
        let queue = Queue { bodies: Bodies::new(Arc::clone(&filter)), count: 0 };
        let rotation = rotation.unwrap_or_default();
        let writer = Writer { log, filter, is_dry_run, written: 0, has_failed: false, rotation, day };
        Ok(DisclosureLog { is_dry_run, key, queue: Mutex::new(queue), writer: Mutex::new(writer) })
    }
}

impl DisclosureLog {
    /// Opens a log of one file, without a key: as [`LogOptions::open`].
    ///
    /// # Errors
    /// As there.
    pub fn open(path: &Path, filter: &Filter) -> Result<Self, LogError> {
        LogOptions::default().open(path, filter)
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
        let records = records.into_iter();
        self.append_identified(records.map(|(source, requester, receipt)| (source, "", requester, receipt)))
    }

    /// The same for messages with an identifier in their source, as archives have one: after the source comes the identifier.
    ///
    /// # Errors
    /// As [`append_all`](Self::append_all).
    pub fn append_identified<'r>(
        &self,
        records: impl IntoIterator<Item = (&'r str, &'r str, &'r Requester, &'r Receipt)>,
    ) -> io::Result<()> {
        let records: Vec<_> = records.into_iter().collect();
        let mut bodies = self.bodies(&Arc::clone(lock(&self.queue).bodies.filter()), &records)?;
        let own = {
            let mut queue = lock(&self.queue);
            // Meanwhile another filter may have begun: its records are those of its own words.
            if !Arc::ptr_eq(bodies.filter(), queue.bodies.filter()) {
                bodies = self.bodies(queue.bodies.filter(), &records)?;
            }
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

    /// The records of messages, for a run of this filter.
    fn bodies(
        &self,
        filter: &Arc<FilterIdentity>,
        records: &[(&str, &str, &Requester, &Receipt)],
    ) -> io::Result<Bodies> {
        let mut bodies = Bodies::new(Arc::clone(filter));
        for &(source, id, requester, receipt) in records {
            if !receipt.is_of(requester) {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "the receipt is of another request"));
            }
            let before = bodies.len();
            bodies.push_now((source, id), requester, (self.is_dry_run, self.key.as_ref()), receipt);
            if bodies.len() - before > MAX_BODY_BYTES {
                let what = "the record is longer than a line of the log may be";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
            }
        }
        Ok(bodies)
    }

    /// Records that duties were done, with the current time, and syncs.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn done<'d>(&self, duties: impl IntoIterator<Item = DoneDuty<'d>>) -> io::Result<()> {
        self.write_synced(|log| log.done(duties))
    }

    /// Records steps at the review desk, with the current time, and syncs: they may be taken then (P12).
    ///
    /// # Errors
    /// As [`append`](Self::append); the steps must not be taken then.
    pub fn desk<'s>(&self, steps: impl IntoIterator<Item = &'s DeskStep<'s>>) -> io::Result<()> {
        self.write_synced(|log| log.desk(steps))
    }

    /// Records a step of whoever runs a service, with the current time, and syncs. A stop holds before, and ends after (P12).
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn operator(&self, step: &OperatorStep<'_>) -> io::Result<()> {
        self.write_synced(|log| log.operator(step))
    }

    fn write_synced(&self, write: impl FnOnce(&mut Log) -> io::Result<()>) -> io::Result<()> {
        let mut writer = lock(&self.writer);
        writer.guarded(|writer| {
            writer.rotate_if_due()?;
            write(&mut writer.log)?;
            writer.log.sync()
        })
    }

    /// As if the file were begun on another day.
    #[cfg(all(test, feature = "verify"))]
    pub(crate) fn begun_on(&self, day: &str) {
        day.clone_into(&mut lock(&self.writer).day);
    }

    /// Records that another filter decides from now on. What was decided by the one so far may still be appended.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn change_filter(&self, filter: &Filter) -> io::Result<()> {
        let mut writer = lock(&self.writer);
        let filter = filter.identity();
        let waiting = {
            let mut queue = lock(&self.queue);
            let next = Bodies::new(Arc::clone(filter));
            (std::mem::replace(&mut queue.bodies, next), queue.count)
        };
        writer.write_all(waiting)?;
        writer.filter = Arc::clone(filter);
        writer.guarded(|writer| writer.log.end().and_then(|()| writer.log.begin_open_ended(filter, writer.is_dry_run)))
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
        let waiting = {
            let mut queue = lock(queue);
            (queue.bodies.take(), queue.count)
        };
        self.write_all(waiting)
    }

    /// Writes and syncs some, the last of which is this one of all.
    fn write_all(&mut self, (bodies, count): (Bodies, u64)) -> io::Result<()> {
        if bodies.count() == 0 {
            return self.guarded(|_| Ok(()));
        }
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
            self.log.rotate(&self.filter, self.is_dry_run)?;
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
