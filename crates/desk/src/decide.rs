//! Approve, deny, take back, open again. Whoever decides has seen the content of this digest; what is granted is checked
//! against the policy first, so that an approval by which nothing would go out is refused while the person can still mend it.

use dmv_redact::{Filter, Requester};
use dmv_redact_log::DeskAction;
use dmv_redact_model::date::SECONDS_PER_DAY;
use dmv_redact_model::policy::{NAME_FORM, STATEMENT_FORM, is_name, is_same_person, is_statement};
use dmv_redact_review::{ContentDigest, Decision, DecisionKind, Review, ReviewError, ReviewId, State};

use crate::desk::{Step, day_of};
use crate::held::Details;
use crate::{Desk, DeskError, Grants};

/// How many days an approval may last.
pub const MAX_APPROVAL_DAYS: u32 = 30;

impl Desk {
    /// Approves a review at `now` by this person, with these grants, until `expires`; both in Unix seconds, at most
    /// [`MAX_APPROVAL_DAYS`] apart. `digest` is that
    /// of the content that the person has seen, and `seen` the state: who may give a first approval needn't be who may give the
    /// second. Gives the new state: approved, or half-approved where another person must
    /// approve the same.
    ///
    /// # Errors
    /// [`DeskError::Usage`] where the policy doesn't let a reviewer vouch for what is granted, or nothing would go out with
    /// it; [`DeskError::Review`] as [`decide`](dmv_redact_review::ReviewStore::decide); [`DeskError::Log`].
    pub async fn approve(
        &self,
        id: ReviewId,
        digest: &ContentDigest,
        grants: &Grants,
        (by, seen): (&str, State),
        (expires, now): (i64, i64),
    ) -> Result<State, DeskError> {
        check_name(by)?;
        let review = self.waiting(id, digest, now).await?;
        if review.summary.state != seen {
            return Err(ReviewError::Conflict { id, state: review.summary.state }.into());
        }
        let content = grants.to_json()?;
        if let Some(first) = review.decisions.first() {
            // Told before it is on record; the queue checks it again.
            if first.content.as_deref() != Some(content.as_str()) {
                return Err(ReviewError::Refused { id, why: "the first approval has other grants" }.into());
            }
            if is_same_person(&first.by, by) {
                return Err(ReviewError::Refused { id, why: "the same person has approved it before" }.into());
            }
        }
        if expires <= now {
            return Err(DeskError::Usage("the approval would have expired already".to_owned()));
        }
        if expires.saturating_sub(now) > i64::from(MAX_APPROVAL_DAYS) * SECONDS_PER_DAY {
            return Err(DeskError::Usage(format!("an approval lasts {MAX_APPROVAL_DAYS} days at most")));
        }
        let original = self.reviews.original(id).await?;
        let two_people = self.check_grants(&review, &original, grants, now)?;
        let Grants { claims, instruments } = grants;
        let step = Step { claims, instruments, until: Some(expires), ..Step::new(DeskAction::Approved, Some(by)) };
        let kind = DecisionKind::Approve { grants: &content, expires };
        let decision = Decision { kind, by, at: now, seen: Some(seen), two_people };
        self.step(&review.summary, step, self.reviews.decide(id, digest, &decision, now)).await
    }

    /// Denies a review at `now`, in Unix seconds, by this person, for a reason of 1 to 500 characters, which goes on record.
    ///
    /// # Errors
    /// [`DeskError::Usage`] when name or reason is none; [`DeskError::Review`] as
    /// [`decide`](dmv_redact_review::ReviewStore::decide); [`DeskError::Log`].
    pub async fn deny(
        &self,
        id: ReviewId,
        digest: &ContentDigest,
        reason: &str,
        by: &str,
        now: i64,
    ) -> Result<State, DeskError> {
        check_name(by)?;
        check_reason(reason)?;
        let review = self.waiting(id, digest, now).await?;
        let step = Step { reason: Some(reason), ..Step::new(DeskAction::Denied, Some(by)) };
        let decision = Decision { kind: DecisionKind::Deny { reason }, by, at: now, seen: None, two_people: false };
        self.step(&review.summary, step, self.reviews.decide(id, digest, &decision, now)).await
    }

    /// Takes back an approval at `now`, in Unix seconds, by this person, for a reason of 1 to 500 characters, which goes on
    /// record: the message is denied. Once a delivery has begun it is too late.
    ///
    /// # Errors
    /// As [`deny`](Self::deny).
    pub async fn revoke(&self, id: ReviewId, reason: &str, by: &str, now: i64) -> Result<State, DeskError> {
        check_name(by)?;
        check_reason(reason)?;
        let review = self.reviews.get(id).await?.ok_or(ReviewError::NotFound(id))?;
        let (State::Approved, Some(digest)) = (review.summary.state, review.digest) else {
            return Err(ReviewError::Conflict { id, state: review.summary.state }.into());
        };
        let step = Step { reason: Some(reason), ..Step::new(DeskAction::Revoked, Some(by)) };
        let kind = DecisionKind::Deny { reason };
        let decision = Decision { kind, by, at: now, seen: Some(State::Approved), two_people: false };
        self.step(&review.summary, step, self.reviews.decide(id, &digest, &decision, now)).await
    }

    /// Opens what the clock has denied for a decision again, at `now`, until `deadline`, both in Unix seconds, by this
    /// person, for a reason of 1 to 500 characters, which goes on record. It is a new review of the same message and
    /// request; the old one's contents are purged. Gives the new one. What a person denied stays denied.
    ///
    /// # Errors
    /// [`DeskError::Usage`] when name or reason is none; [`DeskError::Review`] as
    /// [`reopen`](dmv_redact_review::ReviewStore::reopen); [`DeskError::Log`].
    pub async fn reopen(
        &self,
        id: ReviewId,
        (reason, by): (&str, &str),
        (deadline, now): (i64, i64),
    ) -> Result<ReviewId, DeskError> {
        check_name(by)?;
        check_reason(reason)?;
        let summary =
            async || Ok::<_, ReviewError>(self.reviews.get(id).await?.ok_or(ReviewError::NotFound(id))?.summary);
        let mut review = summary().await?;
        if self.expire_one(&review, now).await? {
            review = summary().await?;
        }
        match (review.state, review.purged) {
            (State::Expired, None) => {}
            (State::Expired, Some(_)) => return Err(ReviewError::Purged(id).into()),
            (state, _) => return Err(ReviewError::Conflict { id, state }.into()),
        }
        let step = Step { reason: Some(reason), until: Some(deadline), ..Step::new(DeskAction::Reopened, Some(by)) };
        let again = ReviewId::random()?;
        let text = again.to_string();
        let step = Step { reopened_as: Some(&text), ..step };
        self.step(&review, step, self.reviews.reopen(id, again, (deadline, now))).await?;
        Ok(again)
    }

    /// The message as it came, for a person who gives a reason for seeing it: that is on record first.
    ///
    /// # Errors
    /// [`DeskError::Usage`] when name or reason is none; [`DeskError::Review`] when there is no such message any more;
    /// [`DeskError::Log`].
    pub async fn show_original(&self, id: ReviewId, reason: &str, by: &str) -> Result<Vec<u8>, DeskError> {
        check_name(by)?;
        check_reason(reason)?;
        let review = self.reviews.get(id).await?.ok_or(ReviewError::NotFound(id))?;
        if review.summary.purged.is_some() {
            return Err(ReviewError::Purged(id).into());
        }
        let step = Step { reason: Some(reason), ..Step::new(DeskAction::Shown, Some(by)) };
        self.step(&review.summary, step, self.reviews.original(id)).await
    }

    /// A review that waits for a decision on this content. What is wrong is told before anything is on record.
    async fn waiting(&self, id: ReviewId, digest: &ContentDigest, now: i64) -> Result<Review, DeskError> {
        let review = self.reviews.get(id).await?.ok_or(ReviewError::NotFound(id))?;
        let state = review.summary.state;
        if !matches!(state, State::Open | State::HalfApproved) {
            return Err(ReviewError::Conflict { id, state }.into());
        }
        if now >= review.summary.deadline {
            return Err(ReviewError::Refused { id, why: "its deadline is over" }.into());
        }
        if review.digest != Some(*digest) {
            return Err(ReviewError::Refused { id, why: "its content isn't the one that was reviewed" }.into());
        }
        Ok(review)
    }

    /// Refuses what the policy doesn't let a reviewer grant, or by which nothing would go out. Gives whether two people must
    /// approve it.
    fn check_grants(&self, review: &Review, original: &[u8], grants: &Grants, now: i64) -> Result<bool, DeskError> {
        let request = Details::of(review)?.request;
        let request = request.read().map_err(DeskError::Usage)?.on(day_of(now)?);
        let filter = self.filter();
        let held = filter.redact(original, &request, &mut Vec::new());
        let vouched = filter.decider().reviewed_claims(held.rules());
        if let Some(claim) = grants.all_claims().into_iter().find(|claim| !vouched.contains(claim)) {
            let known = vouched.join(", ");
            let message = format!("the policy doesn't let a reviewer vouch for `{claim}`; for these it does: {known}");
            return Err(DeskError::Usage(message));
        }
        let trial = grants.add_to(request);
        if let Err(error) = filter.check_request(&trial) {
            return Err(DeskError::Usage(format!("{}; {}", error.what().detail(), error.help())));
        }
        let receipt = filter.redact(original, &trial, &mut Vec::new());
        match receipt.disposition().releases() {
            true => Ok(filter.decider().wants_two_people(held.rules())),
            false => {
                let why = receipt.detail().unwrap_or("the policy doesn't say why");
                let disposition = receipt.disposition().name();
                let known = vouched.join(", ");
                Err(DeskError::Usage(format!(
                    "with this the message is {disposition}: {why}; a reviewer may vouch for {known}, each paper with what it specifies"
                )))
            }
        }
    }
}

/// The claims that a reviewer may vouch for: those that the review rules name which apply to the request.
pub(crate) fn vouched<'f>(filter: &'f Filter, original: &[u8], request: &Requester) -> Vec<&'f str> {
    let receipt = filter.redact(original, request, &mut Vec::new());
    filter.decider().reviewed_claims(receipt.rules())
}

pub(crate) fn check_name(by: &str) -> Result<(), DeskError> {
    match is_name(by) {
        true => Ok(()),
        false => Err(DeskError::Usage(format!("the name of the person is not {NAME_FORM}"))),
    }
}

pub(crate) fn check_reason(reason: &str) -> Result<(), DeskError> {
    match is_statement(reason) {
        true => Ok(()),
        false => Err(DeskError::Usage(format!("the reason is not {STATEMENT_FORM}"))),
    }
}
