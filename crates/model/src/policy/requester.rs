//! The recipient of a message, as vouched for by the caller.

use std::fmt;

use super::ori::{Ori, OriFault};

/// The requester of a message: ORI, purpose code, claims.
///
/// ```
/// # use dmv_redact::Requester;
/// let requester = Requester::new("AZ0070000")?.purpose("C").claim("approved");
/// assert_eq!(requester.ori().unwrap().as_str(), "AZ0070000");
/// # Ok::<(), dmv_redact::RequesterError>(())
/// ```
#[derive(Debug, PartialEq, Eq, Default)]
pub struct Requester {
    ori: Option<Ori>,
    purpose: Purpose,
    claims: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Purpose {
    #[default]
    Absent,
    One(String),
    /// Two different purposes were stated: the request is refused.
    Several,
}

impl Clone for Requester {
    fn clone(&self) -> Self {
        Self { ori: self.ori, purpose: self.purpose.clone(), claims: self.claims.clone() }
    }

    /// Reuses allocations, because the requester changes from message to message.
    fn clone_from(&mut self, source: &Self) {
        self.ori = source.ori;
        match (&mut self.purpose, &source.purpose) {
            (Purpose::One(code), Purpose::One(other)) => code.clone_from(other),
            (purpose, other) => *purpose = other.clone(),
        }
        self.claims.clone_from(&source.claims);
    }
}

impl Requester {
    /// A requester with this ORI. A message whose own envelope names another is withheld.
    ///
    /// # Errors
    /// When `ori` is not exactly nine characters of A to Z and 0 to 9, the first a letter.
    pub fn new(ori: &str) -> Result<Self, RequesterError> {
        let ori = Ori::parse(ori).map_err(|fault| RequesterError { fault })?;
        Ok(Self { ori: Some(ori), ..Self::default() })
    }

    /// A requester whose ORI is read from each message's own envelope, at the format's path.
    #[must_use]
    pub fn from_envelope() -> Self {
        Self::default()
    }

    /// Adds the purpose code of the request (`C` criminal justice, `F` firearms...), exactly as the policy declares it.
    /// A message for a purpose that the policy doesn't declare, or for two different ones, is withheld;
    /// [`Filter::check_request`](dmv_redact::Filter::check_request) reports it beforehand.
    #[must_use]
    pub fn purpose(mut self, code: impl Into<String>) -> Self {
        let code = code.into();
        self.purpose = match self.purpose {
            Purpose::Absent => Purpose::One(code),
            Purpose::One(first) if first == code => Purpose::One(code),
            Purpose::One(_) | Purpose::Several => Purpose::Several,
        };
        self
    }

    /// Adds a claim that the caller vouches for. A message with one that the policy doesn't declare is withheld;
    /// [`Filter::check_request`](dmv_redact::Filter::check_request) reports it beforehand.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>) -> Self {
        self.claims.push(name.into());
        self
    }

    /// The ORI, unless it is to be read from the envelope.
    #[must_use]
    pub fn ori(&self) -> Option<Ori> {
        self.ori
    }

    /// Adds the ORI `text`; `None` if it is invalid.
    pub fn with_ori(mut self, text: &str) -> Option<Self> {
        self.ori = Some(Ori::new(text)?);
        Some(self)
    }

    /// The purpose code; `None` if none was stated, or two.
    pub fn purpose_code(&self) -> Option<&str> {
        match &self.purpose {
            Purpose::One(code) => Some(code),
            Purpose::Absent | Purpose::Several => None,
        }
    }

    pub(crate) fn states_several_purposes(&self) -> bool {
        self.purpose == Purpose::Several
    }

    /// The claims that the caller vouches for, in the order they were added.
    pub fn claims(&self) -> &[String] {
        &self.claims
    }
}

/// An invalid ORI. It doesn't repeat the text (P6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequesterError {
    fault: OriFault,
}

impl fmt::Display for RequesterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the requester is no ORI: {}", self.fault)
    }
}

impl std::error::Error for RequesterError {}
