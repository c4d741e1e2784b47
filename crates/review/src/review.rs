//! What a review is: what comes in, what is listed, and what a reviewer sees.

use std::fmt;

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{ContentDigest, ReviewError, ReviewId};

/// A message to hold.
#[derive(Clone, Copy)]
pub struct NewReview<'a> {
    /// The name of where the message came from.
    pub source: &'a str,
    /// Identifies the message in its source.
    pub id: &'a str,
    /// The message as it came. Encrypted at rest.
    pub original: &'a [u8],
    /// Who would receive it: the ORI.
    pub requester: &'a str,
    /// The message key, if it has one.
    pub message_key: Option<&'a str>,
    /// The request, a JSON text: the same message with another request is another review. Encrypted at rest.
    pub request: &'a str,
    /// What else the reviewer needs, a JSON text. Encrypted at rest.
    pub details: &'a str,
    /// When it is denied if nobody has decided, in Unix seconds.
    pub deadline: i64,
    /// Whether two people must approve it.
    pub two_people: bool,
}

/// What became of a message that was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It waits now.
    New(ReviewId),
    /// It is known: it waits, or was decided, or has gone out.
    Known(ReviewId),
}

impl Added {
    /// The review of the message.
    #[must_use]
    pub fn id(self) -> ReviewId {
        let (Self::New(id) | Self::Known(id)) = self;
        id
    }
}

/// How far a review is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Nobody has decided.
    Open,
    /// One of two people has approved.
    HalfApproved,
    /// It may go out, until the approval expires.
    Approved,
    /// A node is sending it, or has begun to and was interrupted.
    Delivering,
    /// It has gone out. Final.
    Delivered,
    /// A person denied it. Final.
    Denied,
    /// The clock denied it: nobody decided before the deadline, or nobody sent it before the approval expired. Final.
    Expired,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Open,
        Self::HalfApproved,
        Self::Approved,
        Self::Delivering,
        Self::Delivered,
        Self::Denied,
        Self::Expired,
    ];

    /// Its name, as it is stored and shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::HalfApproved => "half-approved",
            Self::Approved => "approved",
            Self::Delivering => "delivering",
            Self::Delivered => "delivered",
            Self::Denied => "denied",
            Self::Expired => "expired",
        }
    }

    /// The state of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether nothing can become of it any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Delivered | Self::Denied | Self::Expired)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A review in a list: nothing that is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewSummary {
    /// Identifies the review.
    pub id: ReviewId,
    /// Where the message came from.
    pub source: String,
    /// Identifies the message in its source.
    pub message: String,
    /// Who would receive it: the ORI.
    pub requester: String,
    /// The message key, if it has one.
    pub message_key: Option<String>,
    /// The length of the original in bytes.
    pub bytes: u64,
    /// Whether two people must approve it.
    pub two_people: bool,
    /// When it was added, in Unix seconds.
    pub added: i64,
    /// When it is denied if nobody has decided, in Unix seconds.
    pub deadline: i64,
    /// How far it is.
    pub state: State,
    /// When the approval expires, in Unix seconds. Of an approved one, delivering or delivered ones included.
    pub expires: Option<i64>,
    /// When it became final, in Unix seconds.
    pub closed: Option<i64>,
    /// Who delivers it, or has.
    pub delivery: Option<Delivery>,
    /// When its contents were purged, in Unix seconds.
    pub purged: Option<i64>,
}

/// A delivery that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The node that claimed it.
    pub node: String,
    /// When, in Unix seconds.
    pub since: i64,
}

/// A review as its reviewer sees it, without the original.
#[derive(Clone, PartialEq, Eq)]
pub struct Review {
    /// What a list has of it.
    pub summary: ReviewSummary,
    /// The digest of the original, which a decision is bound to. None when purged.
    pub digest: Option<ContentDigest>,
    /// What was given as the request, a JSON text. None when purged.
    pub request: Option<String>,
    /// What was given as details, a JSON text. None when purged.
    pub details: Option<String>,
    /// What was decided, in order.
    pub decisions: Vec<Decided>,
}

impl fmt::Debug for Review {
    /// Without request and details (P6).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Review").field("summary", &self.summary).finish_non_exhaustive()
    }
}

/// A decision that was made.
#[derive(Clone, PartialEq, Eq)]
pub struct Decided {
    /// Approved or denied.
    pub verdict: Verdict,
    /// Who decided.
    pub by: String,
    /// When, in Unix seconds.
    pub at: i64,
    /// The grants of an approval, a JSON text, or the reason of a denial. None when purged.
    pub content: Option<String>,
    /// When an approval expires, in Unix seconds.
    pub expires: Option<i64>,
    /// Its number among all decisions of the queue, in the order in which they were made. 0 before the queue counted them.
    pub sequence: i64,
}

impl fmt::Debug for Decided {
    /// Without the content (P6).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decided").field("verdict", &self.verdict).field("at", &self.at).finish_non_exhaustive()
    }
}

impl Decided {
    /// What is encrypted of it: all of it, so that nobody without a key changes who decided, or what.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        let Self { verdict, by, at, content, expires, .. } = self;
        let json = serde_json::json!({
            "verdict": verdict.name(), "by": by, "at": at, "content": content, "expires": expires
        });
        json.to_string().into_bytes()
    }

    /// Takes the content out of what was encrypted. None when that is of another decision.
    pub(crate) fn with_content(mut self, json: &[u8]) -> Option<Self> {
        let value = serde_json::from_slice::<serde_json::Value>(json).ok()?;
        self.content = Some(value.get("content")?.as_str()?.to_owned());
        (self.to_json() == json).then_some(self)
    }
}

/// What a decision said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may go out.
    Approved,
    /// It may not.
    Denied,
}

impl Verdict {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Denied => "denied",
        }
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        [Self::Approved, Self::Denied].into_iter().find(|verdict| verdict.name() == name)
    }
}

/// The columns of a summary, in the order that [`ReviewSummary::of_row`] reads them.
pub(crate) const SUMMARY_COLUMNS: &str = "id, source, message, requester, message_key, bytes, two_people, added, deadline, \
                                          state, expires, closed, node, since, purged";

impl ReviewSummary {
    /// Whether the clock denies it at `now`, in Unix seconds: nobody decided before its deadline, or nobody sent it before
    /// its approval expired. Not of one that has [expired](State::Expired) already.
    #[must_use]
    pub fn is_due(&self, now: i64) -> bool {
        match self.state {
            State::Open | State::HalfApproved => self.deadline <= now,
            State::Approved => self.expires.is_none_or(|expires| expires <= now),
            _ => false,
        }
    }

    pub(crate) fn of_row(row: &AnyRow) -> Result<Self, ReviewError> {
        let id = row.try_get::<String, _>(0)?;
        let state = state_of(&id, &row.try_get::<String, _>(9)?)?;
        let node = row.try_get::<Option<String>, _>(12)?;
        let since = row.try_get::<Option<i64>, _>(13)?;
        Ok(Self {
            id: id_of(&id)?,
            source: row.try_get(1)?,
            message: row.try_get(2)?,
            requester: row.try_get(3)?,
            message_key: row.try_get(4)?,
            bytes: row.try_get::<i64, _>(5)?.try_into().unwrap_or(0),
            two_people: row.try_get::<i64, _>(6)? != 0,
            added: row.try_get(7)?,
            deadline: row.try_get(8)?,
            state,
            expires: row.try_get(10)?,
            closed: row.try_get(11)?,
            delivery: node.zip(since).map(|(node, since)| Delivery { node, since }),
            purged: row.try_get(14)?,
        })
    }
}

/// The identifier that a row has.
pub(crate) fn id_of(id: &str) -> Result<ReviewId, ReviewError> {
    id.parse().map_err(|_| ReviewError::Corrupt("a review's identifier is none".to_owned()))
}

/// The state that a row has.
pub(crate) fn state_of(id: &str, name: &str) -> Result<State, ReviewError> {
    State::of_name(name).ok_or_else(|| ReviewError::corrupt(id, "its state is none"))
}
