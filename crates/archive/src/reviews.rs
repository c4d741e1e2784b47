//! The queue of reviews, as a run needs it: where held messages wait, and what was approved of them.

use std::fmt;

use dmv_redact::{Receipt, Requester};

/// A message that the policy holds.
#[derive(Debug, Clone, Copy)]
pub struct HeldMessage<'m> {
    /// Its source, as its record names it.
    pub source: &'m str,
    /// Its identifier.
    pub id: &'m str,
    /// The message.
    pub original: &'m [u8],
    /// Its request.
    pub requester: &'m Requester,
    /// What the filter said.
    pub receipt: &'m Receipt,
    /// The last decision when the run began: what was decided later is as if it weren't, so that a resumed run does as it
    /// began (P10).
    pub last_decision: i64,
}

/// What the queue says of a held message.
#[derive(Debug)]
pub enum Reviewed {
    /// It waits for a decision now.
    Waits,
    /// A person denied it, or the clock: it is withheld for this reason.
    Denied(&'static str),
    /// It stays held; the text says why.
    Held(&'static str),
    /// It was approved, and is this run's to deliver: the review, and the request with what was granted.
    Approved(String, Box<Requester>),
}

/// The queue of reviews. The workers of a run share it.
pub trait ReviewQueue: fmt::Debug + Send + Sync {
    /// The number of the last decision.
    ///
    /// # Errors
    /// Why it can't be read.
    fn last_decision(&self) -> Result<i64, String>;

    /// Puts a held message into the queue unless it is there, and says how it stands.
    ///
    /// # Errors
    /// Why it can't; the message stays held then.
    fn review(&self, message: &HeldMessage<'_>) -> Result<Reviewed, String>;

    /// Whether these reviews are still this run's to deliver: a person may have given them back while it was stopped.
    ///
    /// # Errors
    /// Why that can't be read.
    fn are_claimed(&self, reviews: &mut dyn Iterator<Item = &str>) -> Result<bool, String>;

    /// The outputs with the messages of these reviews are in their places.
    ///
    /// # Errors
    /// Why that can't be kept.
    fn delivered(&self, reviews: &mut dyn Iterator<Item = &str>) -> Result<(), String>;
}
