//! What a request says, held to what the policy declares: its purpose and its claims. What the policy doesn't declare is
//! refused, never ignored (P2): a misspelt purpose would evade the forbid that was made for it, a misspelt claim would go
//! unnoticed.

use std::fmt;

use super::requester::Requester;
use super::rule::{ClaimSet, Conditions, MessageKeyId, PurposeId};
use super::{Policy, Purposes};
use crate::config::nearest;

/// A request that says what the policy doesn't declare. It repeats nothing of the request, which may come from a message
/// (P6); what it lists are names of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestError {
    what: Undeclared,
    nearest: Option<String>,
    declared: Vec<String>,
}

/// What of a request isn't declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undeclared {
    Purpose,
    /// Two different purposes.
    Purposes,
    /// The claim at this place of the request.
    Claim(usize),
}

impl Undeclared {
    /// What a name is that isn't declared.
    #[cfg(feature = "cli")]
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Self::Purpose => "the policy declares no purpose",
            Self::Purposes => "the request already states another purpose than",
            Self::Claim(_) => "the policy declares no claim",
        }
    }

    /// What is wrong, in fixed words.
    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::Purpose => "the policy declares no such purpose",
            Self::Purposes => "the request states two purposes",
            Self::Claim(_) => "the policy declares no such claim",
        }
    }
}

impl RequestError {
    /// The name that the policy declares and that was probably meant.
    #[must_use]
    pub fn nearest(&self) -> Option<&str> {
        self.nearest.as_deref()
    }

    /// What the policy declares: its purposes, or its claims.
    #[must_use]
    pub fn declared(&self) -> &[String] {
        &self.declared
    }

    #[cfg(feature = "cli")]
    pub(crate) fn what(&self) -> Undeclared {
        self.what
    }

    /// What can be done about it.
    pub(crate) fn help(&self) -> String {
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
pub(crate) fn is_purpose_code(code: &str) -> bool {
    (1..=3).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// The declared purpose that was probably meant. Codes are too short for a distance to tell much: another case and white
/// space around it are the slips that a code allows for.
pub(super) fn nearest_purpose<'k>(code: &str, known: impl IntoIterator<Item = &'k str> + Clone) -> Option<&'k str> {
    let folded = code.trim().to_uppercase();
    let same = known.clone().into_iter().find(|own| **own == folded);
    same.or_else(|| nearest(&folded, known.into_iter().filter(|own| own.len() > 1)))
}

impl Policy {
    /// What the rules are asked of a request.
    pub(super) fn conditions(
        &self,
        requester: &Requester,
        message: Option<MessageKeyId>,
    ) -> Result<Conditions, Undeclared> {
        Ok(Conditions { purpose: self.purpose(requester)?, claims: self.claims(requester)?, message })
    }

    /// Whether the policy declares what a request says; it allocates nothing.
    pub(crate) fn declares(&self, requester: &Requester) -> Result<(), Undeclared> {
        self.conditions(requester, None).map(|_| ())
    }

    /// The same, with what was probably meant.
    pub(crate) fn check_request(&self, requester: &Requester) -> Result<(), RequestError> {
        let Err(what) = self.declares(requester) else { return Ok(()) };
        let declared = match what {
            Undeclared::Purpose | Undeclared::Purposes => &self.purposes.codes,
            Undeclared::Claim(_) => &self.claims,
        };
        let known = declared.iter().map(String::as_str);
        let nearest = match what {
            Undeclared::Purpose => requester.purpose_code().and_then(|code| nearest_purpose(code, known)),
            Undeclared::Purposes => None,
            Undeclared::Claim(place) => requester.claims().get(place).and_then(|claim| nearest(claim, known)),
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
        for (place, claim) in requester.claims().iter().enumerate() {
            let declared = self.claims.iter().position(|own| own == claim);
            set.insert(declared.ok_or(Undeclared::Claim(place))?);
        }
        Ok(set)
    }
}

impl Purposes {
    /// What rules are asked for a code; `None` where the policy refuses it.
    pub(super) fn find(&self, code: &str) -> Option<Option<PurposeId>> {
        if self.are_idle() {
            return is_purpose_code(code).then_some(None);
        }
        let place = self.codes.iter().position(|own| own == code)?;
        u16::try_from(place).ok().map(|place| Some(PurposeId(place)))
    }
}
