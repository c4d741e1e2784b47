//! Checks what a request states, and its claims, against the policy's declarations. What isn't declared is refused, never
//! ignored (P2): a misspelled purpose would evade the forbid for it, a misspelled claim would go unnoticed.

use std::fmt;

use super::Policy;
use super::attribute::{Attribute, Attributes, Said};
use super::period::Period;
use super::requester::Requester;
use super::rule::{ClaimSet, Conditions, MessageKeyId};
use crate::config::nearest;

/// A request with something that the policy doesn't declare. It repeats nothing of the request, which may come
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
    /// The value of an attribute.
    Value(Attribute),
    /// Two different values of an attribute.
    Values(Attribute),
    /// The claim at this index of the request.
    Claim(usize),
}

impl Undeclared {
    /// The start of an error about an undeclared name.
    pub fn heading(self) -> String {
        match self {
            Self::Value(attribute) if attribute.is_open() => format!("this is no {}:", attribute.name()),
            Self::Value(attribute) => format!("the policy declares no {}", attribute.name()),
            Self::Values(attribute) => format!("the request already states another {} than", attribute.name()),
            Self::Claim(_) => "the policy declares no claim".to_owned(),
        }
    }

    /// The problem, as a fixed sentence.
    pub fn detail(self) -> &'static str {
        match self {
            Self::Value(Attribute::Purpose) => "the policy declares no such purpose",
            Self::Value(Attribute::Reason) => "the policy declares no such reason",
            Self::Value(Attribute::Line) => "the policy declares no such line",
            Self::Value(Attribute::User) => "the user is none",
            Self::Value(Attribute::State) => "the state is none",
            Self::Values(Attribute::Purpose) => "the request states two purposes",
            Self::Values(Attribute::Reason) => "the request states two reasons",
            Self::Values(Attribute::Line) => "the request states two lines",
            Self::Values(Attribute::User) => "the request states two users",
            Self::Values(Attribute::State) => "the request states two states",
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

    /// The values or claims that the policy declares.
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
            (Undeclared::Values(attribute), ..) => format!("a request has one {}", attribute.name()),
            (Undeclared::Value(attribute), ..) if attribute.is_open() => format!("it has {}", attribute.form()),
            (_, Some(name), _) => format!("did you mean `{name}`?"),
            (Undeclared::Value(attribute @ (Attribute::Reason | Attribute::Line)), None, []) => {
                format!("write {}", attribute.form())
            }
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

impl Policy {
    /// The conditions of a request.
    pub(super) fn conditions(
        &self,
        requester: &Requester,
        message: Option<MessageKeyId>,
        period: Period,
    ) -> Result<Conditions, Undeclared> {
        Ok(Conditions { attributes: self.attributes(requester)?, claims: self.claims(requester)?, message, period })
    }

    /// Checks what a request states, and its claims, against the policy's declarations, without allocating.
    pub fn declares(&self, requester: &Requester) -> Result<(), Undeclared> {
        self.conditions(requester, None, Period::default()).map(|_| ())
    }

    /// The same, with a suggestion.
    pub fn check_request(&self, requester: &Requester) -> Result<(), RequestError> {
        let Err(what) = self.declares(requester) else { return Ok(()) };
        let declared = match what {
            Undeclared::Value(attribute) | Undeclared::Values(attribute) => &self.values(attribute).names,
            Undeclared::Claim(_) => &self.claims,
        };
        let nearest = match what {
            Undeclared::Value(attribute) => {
                requester.stated(attribute).and_then(|value| self.values(attribute).nearest(value))
            }
            Undeclared::Values(_) => None,
            Undeclared::Claim(index) => {
                let known = declared.iter().map(String::as_str);
                requester.claims().get(index).and_then(|claim| nearest(claim, known))
            }
        };
        Err(RequestError { what, nearest: nearest.map(str::to_owned), declared: declared.clone() })
    }

    fn attributes(&self, requester: &Requester) -> Result<Attributes, Undeclared> {
        let mut attributes = Attributes::default();
        for attribute in Attribute::ALL {
            let stated = match requester.said(attribute) {
                Said::Nothing => continue,
                Said::One(value) => self.values(attribute).find(attribute, value),
                Said::Several => return Err(Undeclared::Values(attribute)),
            };
            attributes = attributes.with(attribute, stated.ok_or(Undeclared::Value(attribute))?);
        }
        Ok(attributes)
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
