//! The desk: the queue, the disclosure log and the policy, together.

use std::fmt;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use dmv_redact::{Filter, Instrument};
use dmv_redact_log::{DeskAction, DeskStep, DisclosureLog, DoneDuty, ReviewReference};
use dmv_redact_model::date::Date;
use dmv_redact_model::unix_time;
use dmv_redact_review::{ReviewError, ReviewStore, ReviewSummary};

use crate::DeskError;

/// What people do with held messages. It may be shared by threads and tasks; several desks may share one queue, each with
/// a log of its own.
pub struct Desk {
    pub(crate) reviews: ReviewStore,
    pub(crate) log: Arc<DisclosureLog>,
    filter: RwLock<Filter>,
}

impl Desk {
    /// A desk. `filter` is the policy by which approved messages go out; `log` was opened with it, and others of the same
    /// process may write it, too.
    #[must_use]
    pub fn new(reviews: ReviewStore, log: impl Into<Arc<DisclosureLog>>, filter: Filter) -> Self {
        Self { reviews, log: log.into(), filter: RwLock::new(filter) }
    }

    /// The queue.
    #[must_use]
    pub fn reviews(&self) -> &ReviewStore {
        &self.reviews
    }

    /// The filter of this moment.
    #[must_use]
    pub fn filter(&self) -> Filter {
        self.filter.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Another filter decides from now on. That is on record already.
    pub fn set_filter(&self, filter: Filter) {
        *self.filter.write().unwrap_or_else(PoisonError::into_inner) = filter;
    }

    /// Puts a step that isn't of a review on record: somebody signs in, an account is changed.
    ///
    /// # Errors
    /// [`DeskError::Log`]; the step must not be taken then.
    pub fn record(&self, step: &DeskStep<'_>) -> Result<(), DeskError> {
        self.log.desk([step]).map_err(DeskError::Log)
    }

    /// Puts on record that a duty was done on a day: the hash of its message's record, the duty's id, who did it, and how.
    ///
    /// # Errors
    /// [`DeskError::Log`].
    pub fn duty_done(&self, duty: DoneDuty<'_>) -> Result<(), DeskError> {
        self.log.done([duty]).map_err(DeskError::Log)
    }

    /// Ends the log. Gives the sequence number and the hash of its last line.
    ///
    /// # Errors
    /// [`DeskError::Log`], also when others still write the log.
    pub async fn end(self) -> Result<(u64, String), DeskError> {
        self.reviews.close().await;
        let still_used = |_| DeskError::Log(io::Error::other("others still write it"));
        Arc::try_unwrap(self.log).map_err(still_used)?.end().map_err(DeskError::Log)
    }

    /// Puts a step of a review on record, then takes it. If it can't be taken, that is on record, too.
    pub(crate) async fn step<T>(
        &self,
        review: &ReviewSummary,
        step: Step<'_>,
        take: impl Future<Output = Result<T, ReviewError>>,
    ) -> Result<T, DeskError> {
        let id = review.id.to_string();
        let reference =
            ReviewReference { review: &id, source: &review.source, id: &review.message, requester: &review.requester };
        let of_review = |action| DeskStep { review: Some(reference), ..DeskStep::new(action, step.by) };
        let Step { action, reason, claims, instruments, until, reopened_as, .. } = step;
        let until = until.map(rfc3339);
        self.record(&DeskStep { reason, claims, instruments, until, reopened_as, ..of_review(action) })?;
        let taken = take.await;
        if let Err(error) = &taken {
            let reason = failure(error);
            self.record(&DeskStep { reason: Some(&reason), ..of_review(DeskAction::Failed) })?;
        }
        Ok(taken?)
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("reviews", &self.reviews).finish_non_exhaustive()
    }
}

/// Why a step failed, for the record.
pub(crate) fn failure(error: &ReviewError) -> String {
    match error {
        // A commit may have been made.
        ReviewError::Io(_) => format!("it isn't known whether it was taken: {error}"),
        _ => error.to_string(),
    }
}

/// A step of a review.
#[derive(Clone, Copy)]
pub(crate) struct Step<'s> {
    pub(crate) action: DeskAction,
    /// `None`: the clock.
    pub(crate) by: Option<&'s str>,
    pub(crate) reason: Option<&'s str>,
    pub(crate) claims: &'s [String],
    pub(crate) instruments: &'s [Instrument],
    /// In Unix seconds.
    pub(crate) until: Option<i64>,
    /// The new review of one that is opened again.
    pub(crate) reopened_as: Option<&'s str>,
}

impl<'s> Step<'s> {
    pub(crate) fn new(action: DeskAction, by: Option<&'s str>) -> Self {
        Self { action, by, reason: None, claims: &[], instruments: &[], until: None, reopened_as: None }
    }
}

/// A time as in records.
pub(crate) fn rfc3339(seconds: i64) -> String {
    unix_time::rfc3339(seconds).unwrap_or_else(|| "never".to_owned())
}

/// The day of a time, in UTC.
pub(crate) fn day_of(seconds: i64) -> Result<Date, DeskError> {
    Date::of_unix_time(seconds).ok_or_else(|| DeskError::Usage("the clock tells no day".to_owned()))
}
