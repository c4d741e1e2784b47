//! What keeps the desk in order, each on record first: deadlines, retention, interrupted deliveries.

use dmv_redact_log::{DeskAction, DeskStep};
use dmv_redact_review::{ReviewError, ReviewId, ReviewSummary, State};

use crate::decide::{check_name, check_reason};
use crate::desk::{Step, failure, rfc3339};
use crate::{Desk, DeskError};

/// Reviews that expire at once.
const MAX_DUE: u32 = 1000;

impl Desk {
    /// Denies by the clock what nobody decided before its deadline, or delivered before its approval expired, at `now`, in
    /// Unix seconds. Gives how many reviews it was.
    ///
    /// # Errors
    /// [`DeskError::Log`], [`DeskError::Review`]. What expired before stays so.
    pub async fn expire(&self, now: i64) -> Result<usize, DeskError> {
        let mut count = 0;
        loop {
            let due = self.reviews.due(now, MAX_DUE).await?;
            if due.is_empty() {
                return Ok(count);
            }
            for review in &due {
                count += usize::from(self.expire_one(review, now).await?);
            }
        }
    }

    /// Denies one by the clock, if its time is over. Whether it was this call that did.
    pub(crate) async fn expire_one(&self, review: &ReviewSummary, now: i64) -> Result<bool, DeskError> {
        if !review.is_due(now) {
            return Ok(false);
        }
        let take = async {
            match self.reviews.expire_review(review.id, now).await? {
                true => Ok(()),
                // Another desk was first, or a person.
                false => Err(ReviewError::Refused { id: review.id, why: "somebody else was first" }),
            }
        };
        match self.step(review, Step::new(DeskAction::Expired, None), take).await {
            Ok(()) => Ok(true),
            Err(DeskError::Review(ReviewError::Refused { .. })) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Deletes the contents of the reviews that ended before a time, at `now`, both in Unix seconds. Gives how many it was.
    ///
    /// # Errors
    /// [`DeskError::Log`]; [`DeskError::Review`] as [`purge`](dmv_redact_review::ReviewStore::purge).
    pub async fn purge(&self, before: i64, by: Option<&str>, now: i64) -> Result<u64, DeskError> {
        let step = DeskStep { until: Some(rfc3339(before)), ..DeskStep::new(DeskAction::Purged, by) };
        self.record(&step)?;
        let purged = self.reviews.purge(before, now).await;
        if let Err(error) = &purged {
            let reason = failure(error);
            self.record(&DeskStep { reason: Some(&reason), ..DeskStep::new(DeskAction::Failed, by) })?;
        }
        Ok(purged?)
    }

    /// Ends an interrupted delivery by what a person has found out: `has_gone_out`, so that it is delivered; or it hasn't,
    /// so that it is approved again.
    ///
    /// # Errors
    /// [`DeskError::Usage`] when name or reason is none; [`DeskError::Review`] when its delivery isn't under way;
    /// [`DeskError::Log`].
    pub async fn settle(
        &self,
        id: ReviewId,
        has_gone_out: bool,
        (reason, by): (&str, &str),
        now: i64,
    ) -> Result<(), DeskError> {
        check_name(by)?;
        check_reason(reason)?;
        let review = self.reviews.get(id).await?.ok_or(ReviewError::NotFound(id))?.summary;
        let Some(delivery) = review.delivery.as_ref().filter(|_| review.state == State::Delivering) else {
            return Err(ReviewError::Conflict { id, state: review.state }.into());
        };
        let action = if has_gone_out { DeskAction::Confirmed } else { DeskAction::Abandoned };
        let step = Step { reason: Some(reason), ..Step::new(action, Some(by)) };
        match has_gone_out {
            true => self.step(&review, step, self.reviews.delivered(id, &delivery.node, now)).await,
            false => self.step(&review, step, self.reviews.abandon_delivery(id, &delivery.node)).await,
        }
    }
}
