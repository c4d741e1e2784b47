//! Checks a request's purpose and claims against the policy's declarations. Undeclared ones are refused, never ignored
//! (P2): a misspelled purpose would evade the forbid for it, a misspelled claim would go unnoticed.

use std::fmt;

use super::period::Period;
use super::requester::Requester;
use super::rule::{ClaimSet, Conditions, MessageKeyId, PurposeId};
use super::{Policy, Purposes};
use crate::config::nearest;

/// A request with a purpose or claim that the policy doesn't declare. It repeats nothing of the request, which may come
/// from a message (P6); it only lists names of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestError {
    what: Undeclared,
    nearest: Option<String>,
    declared: Vec<String>,
}

/// The undeclared part of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undeclared {
    /// The purpose.
    Purpose,
    /// Two different purposes.
    Purposes,
    /// The claim at this index of the request.
    Claim(usize),
}

impl Undeclared {
    /// The start of an error about an undeclared name.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Purpose => "the policy declares no purpose",
            Self::Purposes => "the request already states another purpose than",
            Self::Claim(_) => "the policy declares no claim",
        }
    }

    /// The problem, as a fixed sentence.
    pub fn detail(self) -> &'static str {
        match self {
            Self::Purpose => "the policy declares no such purpose",
            Self::Purposes => "the request states two purposes",
            Self::Claim(_) => "the policy declares no such claim",
        }
    }
}

impl RequestError {
    /// The declared name that was probably meant.
    #[must_use]
    pub fn nearest(&self) -> Option<&str> {
        self.nearest.as_deref()
    }

    /// The purposes or claims that the policy declares.
    #[must_use]
    pub fn declared(&self) -> &[String] {
        &self.declared
    }

    /// What isn't declared.
    #[doc(hidden)]
    pub fn what(&self) -> Undeclared {
        self.what
    }

    /// Help for the user.
    #[doc(hidden)]
    pub fn help(&self) -> String {
        let names: Vec<String> = self.declared.iter().map(|name| format!("`{name}`")).collect();
        match (self.what, &self.nearest, names.as_slice()) {
            (Undeclared::Purposes, ..) => "a request has one purpose".to_owned(),
            (_, Some(name), _) => format!("did you mean `{name}`?"),
            (_, None, []) => "it declares none".to_owned(),
            (_, None, names) => format!("it declares {}", names.join(", ")),
        }
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.what.detail(), self.help())
    }
}

impl std::error::Error for RequestError {}

/// Whether a text can be a purpose code. Nlets has single letters: C, F, E, D, J, S.
pub(super) fn is_purpose_code(code: &str) -> bool {
    (1..=3).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// The declared purpose that was probably meant. Codes are too short for an edit distance: only case and surrounding
/// white space are ignored.
pub(super) fn nearest_purpose<'k>(code: &str, known: impl IntoIterator<Item = &'k str> + Clone) -> Option<&'k str> {
    let folded = code.trim().to_uppercase();
    let same = known.clone().into_iter().find(|own| **own == folded);
    same.or_else(|| nearest(&folded, known.into_iter().filter(|own| own.len() > 1)))
}

impl Policy {
    /// The conditions of a request.
    pub(super) fn conditions(
        &self,
        requester: &Requester,
        message: Option<MessageKeyId>,
        period: Period,
    ) -> Result<Conditions, Undeclared> {
        Ok(Conditions { purpose: self.purpose(requester)?, claims: self.claims(requester)?, message, period })
    }

    /// Checks a request's purpose and claims against the policy's declarations, without allocating.
    pub fn declares(&self, requester: &Requester) -> Result<(), Undeclared> {
        self.conditions(requester, None, Period::default()).map(|_| ())
    }

    /// The same, with a suggestion.
    pub fn check_request(&self, requester: &Requester) -> Result<(), RequestError> {
        let Err(what) = self.declares(requester) else { return Ok(()) };
        let declared = match what {
            Undeclared::Purpose | Undeclared::Purposes => &self.purposes.codes,
            Undeclared::Claim(_) => &self.claims,
        };
        let known = declared.iter().map(String::as_str);
        let nearest = match what {
            Undeclared::Purpose => requester.purpose_code().and_then(|code| nearest_purpose(code, known)),
            Undeclared::Purposes => None,
            Undeclared::Claim(index) => requester.claims().get(index).and_then(|claim| nearest(claim, known)),
        };
        Err(RequestError { what, nearest: nearest.map(str::to_owned), declared: declared.clone() })
    }

    fn purpose(&self, requester: &Requester) -> Result<Option<PurposeId>, Undeclared> {
        if requester.states_several_purposes() {
            return Err(Undeclared::Purposes);
        }
        requester.purpose_code().map_or(Ok(None), |code| self.purposes.find(code).ok_or(Undeclared::Purpose))
    }

    fn claims(&self, requester: &Requester) -> Result<ClaimSet, Undeclared> {
        let mut set = ClaimSet::default();
        for (index, claim) in requester.claims().iter().enumerate() {
            let declared = self.claims.iter().position(|own| own == claim);
            set.insert(declared.ok_or(Undeclared::Claim(index))?);
        }
        Ok(set)
    }
}

impl Purposes {
    /// The purpose that rules see for a code; `None` if the policy refuses it.
    pub(super) fn find(&self, code: &str) -> Option<Option<PurposeId>> {
        if self.are_irrelevant() {
            return is_purpose_code(code).then_some(None);
        }
        let index = self.codes.iter().position(|own| own == code)?;
        u16::try_from(index).ok().map(|index| Some(PurposeId(index)))
    }
}
