//! The log of a message switch: one receipt at a time, each on disk before its message goes out.

use std::io;
use std::path::Path;

use super::{AuditError, Bodies, Key, Log};
use dmv_redact::Receipt;
use dmv_redact_model::policy::PolicyIdentity;

/// A log that a process appends receipts to, for as long as it runs. One process writes a log at a time.
///
/// ```
/// # use dmv_redact::{Filter, Requester};
/// # use dmv_redact_log::ReceiptLog;
/// # let folder = tempfile::tempdir()?;
/// let filter = Filter::builder().build()?;
/// let mut log = ReceiptLog::open(&folder.path().join("disclosures.ndjson"), None, filter.policy())?;
/// let requester = Requester::new("AZ0070000")?.correlation_id("7f3a-0042")?;
/// let mut out = Vec::new();
/// let receipt = filter.redact(b"no message", &requester, &mut out);
/// log.append("line 1", &receipt)?; // only now may `out` be forwarded
/// let (lines, hash) = log.end()?;
/// # assert_eq!((lines, hash.len()), (3, 64));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ReceiptLog {
    log: Log,
    has_failed: bool,
}

impl ReceiptLog {
    /// Opens a log, or creates one that only its owner can read, and records that the process begins under this policy.
    /// An earlier process may have stopped without an end, and in the middle of a line: what it left stays.
    ///
    /// # Errors
    /// When it can't be opened or written, another process has it locked, it isn't a log, or its last line was changed or has
    /// another key.
    pub fn open(path: &Path, key: Option<Key>, policy: &PolicyIdentity) -> Result<Self, AuditError> {
        let mut log = Log::open(path, key)?;
        log.begin_open_ended(policy).map_err(|error| AuditError::io(path, &error))?;
        Ok(Self { log, has_failed: false })
    }

    /// Records one message with the current time, and syncs: when it returns, its output may go out (P12). `source` is the
    /// switch's word for where the message came from; it is escaped. What else a disclosure has to say, purpose and claims
    /// among it, the switch keeps under the receipt's correlation id.
    ///
    /// # Errors
    /// When it can't be written or synced. The output must not go out then; neither may any later one of this log, which
    /// refuses further records: nobody knows what of it is on disk. Open it again.
    pub fn append(&mut self, source: &str, receipt: &Receipt) -> io::Result<()> {
        self.append_all([(source, receipt)])
    }

    /// The same for many messages, with one sync for all of them.
    ///
    /// # Errors
    /// As [`append`](Self::append); of none of these messages may the output go out.
    pub fn append_all<'r>(&mut self, records: impl IntoIterator<Item = (&'r str, &'r Receipt)>) -> io::Result<()> {
        let mut bodies = Bodies::default();
        for (source, receipt) in records {
            bodies.push_now(source, receipt);
        }
        self.guarded(|log| log.append(&bodies).and_then(|()| log.sync()))
    }

    /// Records that another policy decides from now on.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn change_policy(&mut self, policy: &PolicyIdentity) -> io::Result<()> {
        self.guarded(|log| log.end().and_then(|()| log.begin_open_ended(policy)))
    }

    /// Records that the process ends. Returns sequence number and hash of the last line: kept elsewhere, they reveal
    /// truncation.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn end(mut self) -> io::Result<(u64, String)> {
        self.guarded(Log::end)?;
        Ok(self.log.head())
    }

    /// Writes, unless an earlier write failed. After a failed sync the system may report success for what it has lost, and
    /// after a failed write a fragment may stand at the end: nothing may follow either.
    fn guarded(&mut self, write: impl FnOnce(&mut Log) -> io::Result<()>) -> io::Result<()> {
        if self.has_failed {
            return Err(io::Error::other("an earlier record could not be written: open the log again"));
        }
        let written = write(&mut self.log);
        self.has_failed = written.is_err();
        written
    }
}
