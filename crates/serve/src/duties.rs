//! The list of duties, read from the disclosure logs off the asynchronous threads, and kept for a minute.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, MutexGuard};
use tokio::task::spawn_blocking;

use dmv_redact_log::{Key, Verifier};
use dmv_redact_model::date::Date;
use dmv_redact_report::{DutyEntry, DutyQuery, DutyStatus, duties};

use crate::failure::Failure;

/// How old a list may be.
const MAX_AGE: Duration = Duration::from_secs(60);

/// The logs that duties follow from.
#[derive(Clone, Debug, Default)]
pub struct DutyLogs {
    /// All their files, those of the desk's own log among them: there it is recorded that a duty was done.
    pub paths: Vec<PathBuf>,
    /// The keys of their hashes.
    pub keys: Vec<Key>,
}

/// The list, as it was read last.
pub(crate) struct Duties {
    logs: DutyLogs,
    cached: Mutex<Option<CachedList>>,
}

struct CachedList {
    at: Instant,
    list: Arc<OwedDuties>,
}

/// Duties that are still to be done: overdue ones first, then by last day.
pub(crate) struct OwedDuties {
    pub(crate) duties: Vec<DutyEntry>,
    /// How many faults the logs have.
    pub(crate) faults: u64,
}

/// The list, locked: nobody else ticks anything off meanwhile.
pub(crate) struct LockedDuties<'d> {
    logs: &'d DutyLogs,
    cached: MutexGuard<'d, Option<CachedList>>,
}

impl Duties {
    pub(crate) fn new(logs: DutyLogs) -> Self {
        Self { logs, cached: Mutex::new(None) }
    }

    /// Waits for the list.
    pub(crate) async fn lock(&self) -> LockedDuties<'_> {
        LockedDuties { logs: &self.logs, cached: self.cached.lock().await }
    }
}

impl LockedDuties<'_> {
    /// The list, at most a minute old; or, with `is_fresh`, read now.
    pub(crate) async fn read(&mut self, today: Option<Date>, is_fresh: bool) -> Result<Arc<OwedDuties>, Failure> {
        if let Some(cached) = self.cached.as_ref().filter(|cached| !is_fresh && cached.at.elapsed() < MAX_AGE) {
            return Ok(Arc::clone(&cached.list));
        }
        let logs = self.logs.clone();
        let read = spawn_blocking(move || read(&logs, today)).await;
        let list = read.map_err(|_| Failure::Internal("reading the duties panicked".to_owned()))??;
        let list = Arc::new(list);
        *self.cached = Some(CachedList { at: Instant::now(), list: Arc::clone(&list) });
        Ok(list)
    }

    /// Has the logs read again for whoever asks next.
    pub(crate) fn invalidate(&mut self) {
        *self.cached = None;
    }
}

fn read(logs: &DutyLogs, today: Option<Date>) -> Result<OwedDuties, Failure> {
    let verifier = Verifier::default().keys(&logs.keys);
    let query = DutyQuery { statuses: vec![DutyStatus::Open, DutyStatus::Overdue], ..DutyQuery::default() };
    let read = duties(&logs.paths, verifier, &query, today);
    let (verification, list) = read.map_err(|error| Failure::Unavailable(format!("duties: {error}")))?;
    let mut duties = list.duties;
    duties.sort_by_key(|duty| (duty.status == DutyStatus::Open, duty.due.as_deref().and_then(Date::parse)));
    Ok(OwedDuties { duties, faults: verification.fault_count })
}
