//! The record of a step at the review desk. Whoever takes the step writes it before (P12): a step that then can't be
//! taken has another record, which says so.

use dmv_redact::Instrument;
use serde::Serialize;

/// What a person does at the review desk, or the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DeskAction {
    /// A person sees the message as it came.
    Shown,
    /// A person approves a review: the only one, or one of two.
    Approved,
    /// A person denies it.
    Denied,
    /// A person takes an approval back: it is denied.
    Revoked,
    /// The clock denies it: nobody decided before its deadline, or nobody delivered it before the approval expired.
    Expired,
    /// A person opens what the clock denied for a decision again: a new review has it then.
    Reopened,
    /// The step that was recorded before wasn't taken.
    Failed,
    /// A delivery that was interrupted has gone out, says a person.
    Confirmed,
    /// A delivery that was interrupted hasn't gone out, says a person: it may begin again.
    Abandoned,
    /// The contents of reviews that ended before a time are deleted.
    Purged,
    /// A person signs in.
    SignedIn,
    /// A sign-in is refused.
    SignInRefused,
    /// A person signs out.
    SignedOut,
    /// An account is added.
    AccountAdded,
    /// An account is changed: its role, its password, or whether it is disabled.
    AccountChanged,
}

/// The review that a step is of.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ReviewReference<'s> {
    /// Its identifier: 32 hexadecimal digits.
    pub review: &'s str,
    /// Where the message came from.
    pub source: &'s str,
    /// Identifies the message there.
    pub id: &'s str,
    /// Who would receive it: the ORI.
    pub requester: &'s str,
}

/// A step at the review desk. Texts are escaped; none may be of a message (P6).
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct DeskStep<'s> {
    /// What is done.
    pub step: DeskAction,
    /// Who does it: the name of an account, or the name that whoever runs the command gave. `None`: the clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<&'s str>,
    /// The review, if it is of one.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewReference<'s>>,
    /// Why: the person's words, or what went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'s str>,
    /// Of an approval: the claims that the person vouches for.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub claims: &'s [String],
    /// Of an approval: the papers behind them.
    #[serde(skip_serializing_if = "<[Instrument]>::is_empty")]
    pub instruments: &'s [Instrument],
    /// Of an approval: when it expires; of what is opened again: its deadline; of a purge: before when the reviews ended.
    /// RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The new review of one that is opened again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reopened_as: Option<&'s str>,
    /// The account that is signed in to, added or changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<&'s str>,
    /// What becomes of it: `role reviewer` for instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<&'s str>,
}

impl<'s> DeskStep<'s> {
    /// A step of this person, or of the clock, and nothing more of it.
    #[must_use]
    pub fn new(step: DeskAction, by: Option<&'s str>) -> Self {
        Self {
            step,
            by,
            review: None,
            reason: None,
            claims: &[],
            instruments: &[],
            until: None,
            reopened_as: None,
            account: None,
            change: None,
        }
    }
}

/// The body of such a record.
#[derive(Serialize)]
pub(super) struct DeskRecord<'s> {
    pub(super) time: String,
    #[serde(flatten)]
    pub(super) step: &'s DeskStep<'s>,
}
