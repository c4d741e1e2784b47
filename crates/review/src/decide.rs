//! Decisions: bound to the content that the reviewer saw, made by one person or by two, and by one of those who decide at
//! once.

use std::fmt;

use sqlx::{AnyConnection, Row};

use super::{ContentDigest, Decided, ReviewError, ReviewId, ReviewStore, State, Verdict};
use crate::database::end;
use crate::keys::Place;
use crate::review::state_of;
use crate::store::{check_json, check_name, decision_name, insert_secret, taken_back_name, wrong_state};
use dmv_redact_model::policy::is_same_person;

/// What a person decides.
#[derive(Clone)]
pub struct Decision<'a> {
    /// Approved or denied.
    pub kind: DecisionKind<'a>,
    /// Who decides. Names that differ in case only are one person's.
    pub by: &'a str,
    /// When the person decided, in Unix seconds. It is recorded.
    pub at: i64,
    /// The state that the person saw: in another one the decision isn't theirs to make, as where the second of two approvals is
    /// for some people only. `None`: either state in which a review waits. Who denies what they saw as [`State::Approved`]
    /// takes the approval back.
    pub seen: Option<State>,
    /// Whether two people must approve it by the policy of today, also if it was added for one.
    pub two_people: bool,
}

/// Approved or denied.
#[derive(Clone)]
pub enum DecisionKind<'a> {
    /// It may go out.
    Approve {
        /// What is granted on what paper, a JSON text: claims and instruments. Encrypted at rest.
        grants: &'a str,
        /// When the approval expires, in Unix seconds. Of two, the earlier counts.
        expires: i64,
    },
    /// It may not.
    Deny {
        /// Why. Encrypted at rest.
        reason: &'a str,
    },
}

impl fmt::Debug for Decision<'_> {
    /// Without grants and reason (P6).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decision").field("at", &self.at).finish_non_exhaustive()
    }
}

/// A review that waits for a decision, as read in the transaction that decides it.
struct Waiting {
    state: State,
    version: i64,
    two_people: bool,
    deadline: i64,
}

/// What a decision makes of a review.
struct Outcome {
    state: State,
    number: i64,
    expires: Option<i64>,
}

impl ReviewStore {
    /// Decides a review at `now`, in Unix seconds, and gives its new state: [`State::Approved`], [`State::Denied`], or
    /// [`State::HalfApproved`] for the first of two people. `digest` is that of the content that the reviewer saw. It is on
    /// disk when this returns.
    ///
    /// The second of two people must give the same grants, letter by letter, and another name. One denial denies, also what
    /// is approved, until a delivery begins.
    ///
    /// # Errors
    /// [`ReviewError::Conflict`] when the review is decided, has expired, or another decided it at the same time;
    /// [`ReviewError::Refused`] when its deadline is over (at `now`, or when the person decided), its content is another,
    /// or the second approval isn't one of another person with the same grants; [`ReviewError::Usage`] when the decision
    /// itself is invalid; [`ReviewError::NotFound`]; [`ReviewError::Corrupt`].
    pub async fn decide(
        &self,
        id: ReviewId,
        digest: &ContentDigest,
        decision: &Decision<'_>,
        now: i64,
    ) -> Result<State, ReviewError> {
        decision.check(now)?;
        let mut transaction = self.database.begin().await?;
        let result = self.decide_in(&mut transaction, id, digest, decision, now).await;
        end(transaction, result).await
    }

    async fn decide_in(
        &self,
        connection: &mut AnyConnection,
        id: ReviewId,
        digest: &ContentDigest,
        decision: &Decision<'_>,
        now: i64,
    ) -> Result<State, ReviewError> {
        let row = id.to_string();
        let refused = |why| Err(ReviewError::Refused { id, why });
        let query = sqlx::query("SELECT state, version, two_people, deadline FROM reviews WHERE id = $1").bind(&row);
        let Some(found) = query.fetch_optional(&mut *connection).await? else { return Err(ReviewError::NotFound(id)) };
        let waiting = Waiting {
            state: state_of(&row, &found.try_get::<String, _>(0)?)?,
            version: found.try_get(1)?,
            two_people: decision.two_people || found.try_get::<i64, _>(2)? != 0,
            deadline: found.try_get(3)?,
        };
        let is_other = decision.seen.is_some_and(|seen| seen != waiting.state);
        let is_taken_back = decision.takes_back();
        if is_other || !(is_taken_back || matches!(waiting.state, State::Open | State::HalfApproved)) {
            return Err(ReviewError::Conflict { id, state: waiting.state });
        }
        if !is_taken_back && now.max(decision.at) >= waiting.deadline {
            return refused("its deadline is over");
        }
        if self.checked_digest(connection, &row).await? != *digest {
            return refused("its content isn't the one that was reviewed");
        }
        let earlier = self.decisions(connection, &row, false).await?;
        let mut outcome = decision.outcome(&waiting, earlier.len());
        if let (State::HalfApproved, DecisionKind::Approve { grants, expires }) = (waiting.state, &decision.kind) {
            let [first] = earlier.as_slice() else {
                return Err(ReviewError::corrupt(&row, "its first approval is missing"));
            };
            if first.verdict != Verdict::Approved {
                return Err(ReviewError::corrupt(&row, "its first approval is none"));
            }
            if is_same_person(&first.by, decision.by) {
                return refused("the same person has approved it before");
            }
            if first.content.as_deref() != Some(*grants) {
                return refused("the first approval has other grants");
            }
            outcome.expires = Some(first.expires.unwrap_or(*expires).min(*expires));
            if outcome.expires.is_some_and(|expires| expires <= now) {
                return refused("the first approval has expired");
            }
        }

        let update = sqlx::query(
            "UPDATE reviews SET state = $1, version = version + 1, expires = $2, closed = $3, two_people = $4, deadline = $5 \
             WHERE id = $6 AND version = $7",
        );
        let closed = outcome.state.is_final().then_some(now);
        // The second person is in time only as long as the first approval lasts.
        let deadline = match (outcome.state, &decision.kind) {
            (State::HalfApproved, DecisionKind::Approve { expires, .. }) => waiting.deadline.min(*expires),
            _ => waiting.deadline,
        };
        let update = update.bind(outcome.state.name()).bind(outcome.expires).bind(closed);
        let update = update.bind(i64::from(waiting.two_people)).bind(deadline).bind(&row).bind(waiting.version);
        if update.execute(&mut *connection).await?.rows_affected() != 1 {
            return Err(wrong_state(connection, id).await);
        }
        let (verdict, content, expires) = match decision.kind {
            DecisionKind::Approve { grants, expires } => (Verdict::Approved, grants, Some(expires)),
            DecisionKind::Deny { reason } => (Verdict::Denied, reason, None),
        };
        // Last, for whoever decides at the same time waits from here on.
        let count = sqlx::query("UPDATE review_meta SET number = number + 1 WHERE name = 'decisions' RETURNING number");
        let sequence = count.fetch_one(&mut *connection).await?.try_get::<i64, _>(0)?;
        let insert = sqlx::query(
            "INSERT INTO review_decisions (review, number, verdict, decided_by, decided_at, expires, sequence) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        );
        let insert = insert.bind(&row).bind(outcome.number).bind(verdict.name()).bind(decision.by).bind(decision.at);
        insert.bind(expires).bind(sequence).execute(&mut *connection).await?;
        if verdict == Verdict::Denied {
            self.seal_taken_back(connection, &row, outcome.number).await?;
        }
        let name = decision_name(outcome.number);
        let decided = Decided {
            verdict,
            by: decision.by.to_owned(),
            at: decision.at,
            content: Some(content.to_owned()),
            expires,
            sequence,
        };
        let sealed = self.keys.encrypt(Place { review: &row, name: &name }, &decided.to_json())?;
        insert_secret(connection, &row, &name, &sealed).await?;
        Ok(outcome.state)
    }
}

impl ReviewStore {
    /// Encrypts the approvals before a decision anew, under names by which they count no more.
    async fn seal_taken_back(
        &self,
        connection: &mut AnyConnection,
        review: &str,
        before: i64,
    ) -> Result<(), ReviewError> {
        for number in 1..before {
            let name = decision_name(number);
            let taken_back = taken_back_name(&name);
            let content = self.secret(connection, Place { review, name: &name }).await?;
            let sealed = self.keys.encrypt(Place { review, name: &taken_back }, &content)?;
            let delete = sqlx::query("DELETE FROM review_secrets WHERE review = $1 AND name = $2");
            delete.bind(review).bind(&name).execute(&mut *connection).await?;
            insert_secret(connection, review, &taken_back, &sealed).await?;
        }
        Ok(())
    }
}

impl Decision<'_> {
    fn check(&self, now: i64) -> Result<(), ReviewError> {
        check_name("name of the reviewer", self.by)?;
        match self.kind {
            DecisionKind::Approve { grants, expires } => {
                check_json("grants", grants)?;
                if expires <= now {
                    return Err(ReviewError::Usage("the approval has expired".to_owned()));
                }
            }
            DecisionKind::Deny { reason } => {
                if reason.trim().is_empty() {
                    return Err(ReviewError::Usage("a denial needs a reason".to_owned()));
                }
            }
        }
        Ok(())
    }

    /// Whether it takes back an approval, which needn't be in time.
    fn takes_back(&self) -> bool {
        self.seen == Some(State::Approved) && matches!(self.kind, DecisionKind::Deny { .. })
    }

    fn outcome(&self, waiting: &Waiting, earlier: usize) -> Outcome {
        let number = i64::try_from(earlier).unwrap_or(i64::MAX).saturating_add(1);
        let (state, expires) = match self.kind {
            DecisionKind::Deny { .. } => (State::Denied, None),
            DecisionKind::Approve { .. } if waiting.two_people && waiting.state == State::Open => {
                (State::HalfApproved, None)
            }
            DecisionKind::Approve { expires, .. } => (State::Approved, Some(expires)),
        };
        Outcome { state, number, expires }
    }
}
