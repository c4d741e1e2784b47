//! Checks what a request states, and its claims, against the policy's declarations. What isn't declared is refused, never
//! ignored (P2): a misspelled purpose would evade the forbid for it, a misspelled claim would go unnoticed.

use std::fmt;

use super::Policy;
use super::attribute::{Attribute, Attributes, Said};
use super::instrument::{EVERYTHING, Instrument, InstrumentFault, Specified};
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
    /// The claim at this index of the request counts only with an instrument behind it.
    NoInstrument(usize),
    /// The instrument at this index of the request.
    Instrument(usize, InstrumentFault),
}

impl Undeclared {
    /// The start of an error about an undeclared name.
    pub fn heading(self) -> String {
        match self {
            Self::Value(attribute) if attribute.is_open() => format!("this is no {}:", attribute.name()),
            Self::Value(attribute) => format!("the policy declares no {}", attribute.name()),
            Self::Values(attribute) => format!("the request already states another {} than", attribute.name()),
            Self::Claim(_) => "the policy declares no claim".to_owned(),
            Self::NoInstrument(_) | Self::Instrument(..) => format!("{}:", self.detail()),
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
            Self::NoInstrument(_) => "the claim counts only with an instrument behind it",
            Self::Instrument(_, fault) => match fault {
                InstrumentFault::Twice => "the request states two instruments behind one claim",
                InstrumentFault::Issuer => "the policy declares no such issuer for the claim",
                InstrumentFault::NoIssuer => "the claim counts only with an instrument that names its issuer",
                InstrumentFault::Number => "the number of the instrument is none",
                InstrumentFault::NotYet => "the instrument is of a later day than the request",
                InstrumentFault::Expired => "the instrument ended before the day of the request",
                InstrumentFault::Element(_) => "the instrument specifies what is no data element",
            },
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
            (Undeclared::Instrument(_, InstrumentFault::Twice), ..) => "state one".to_owned(),
            (Undeclared::Instrument(_, InstrumentFault::Number), ..) => {
                "it has one to 64 letters, digits and marks of ASCII, single spaces between them".to_owned()
            }
            (Undeclared::Instrument(_, InstrumentFault::NotYet | InstrumentFault::Expired), ..) => {
                "it counts from its `date` to its `until`, both included".to_owned()
            }
            (Undeclared::Instrument(_, InstrumentFault::Element(_)), ..) => {
                "`dmv-redact elements` lists all; `*` is every one".to_owned()
            }
            (Undeclared::NoInstrument(_) | Undeclared::Instrument(..), None, names @ [_, ..]) => {
                format!("it is issued by {}", names.join(", "))
            }
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
        let conditions = self.conditions_of_any_day(requester, message, period)?;
        for (index, instrument) in requester.instruments().iter().enumerate().filter(|(_, own)| own.is_dated()) {
            let checked = instrument.check_day(self.date_of(requester));
            checked.map_err(|fault| Undeclared::Instrument(index, fault))?;
        }
        Ok(conditions)
    }

    /// The same, whether the instruments count on the date of the request or not.
    fn conditions_of_any_day(
        &self,
        requester: &Requester,
        message: Option<MessageKeyId>,
        period: Period,
    ) -> Result<Conditions, Undeclared> {
        let (attributes, claims) = (self.attributes(requester)?, self.claims(requester)?);
        for (index, instrument) in requester.instruments().iter().enumerate() {
            let checked = self.check_instrument(requester, (index, instrument));
            checked.map_err(|fault| Undeclared::Instrument(index, fault))?;
        }
        Ok(Conditions { attributes, claims, message, period })
    }

    /// Whether all that a request says is in words of the policy, so that it can be recorded (P6). The date makes no
    /// difference: an instrument that is no longer good is on record, too.
    pub fn may_record(&self, requester: &Requester) -> bool {
        self.conditions_of_any_day(requester, None, Period::default()).is_ok()
    }

    /// Checks an instrument of a request, whose claims are declared.
    fn check_instrument(
        &self,
        requester: &Requester,
        (index, instrument): (usize, &Instrument),
    ) -> Result<(), InstrumentFault> {
        let mut before = requester.instruments().iter().take(index);
        if before.any(|other| other.claim() == instrument.claim()) {
            return Err(InstrumentFault::Twice);
        }
        match (self.issuers(instrument.claim()), instrument.stated_issuer()) {
            ([], None) => {}
            (own, Some(issuer)) if own.iter().any(|own| own == issuer) => {}
            (_, Some(_)) => return Err(InstrumentFault::Issuer),
            (_, None) => return Err(InstrumentFault::NoIssuer),
        }
        if !instrument.has_plain_number() {
            return Err(InstrumentFault::Number);
        }
        let unknown = instrument.first_unknown(|element| self.selections.contains_key(element));
        unknown.map_or(Ok(()), |element| Err(InstrumentFault::Element(element)))
    }

    /// Who may issue the instrument behind a claim; empty if it needs none.
    fn issuers(&self, claim: &str) -> &[String] {
        self.claims.place(claim).map_or(&[], |place| self.claims.issuers(place))
    }

    /// What the instruments of a request specify, which the policy accepts.
    pub fn specified(&self, requester: &Requester) -> Specified {
        let instruments = requester.instruments().iter().flat_map(|instrument| {
            let behind = self.claims.place(instrument.claim()).map(ClaimSet::of).unwrap_or_default();
            let claim = self.claims.specified_by(behind);
            let elements = instrument.specified().iter().filter_map(|element| self.selections.get(element));
            elements.map(move |elements| (claim, &**elements))
        });
        match requester.instruments() {
            [] => Specified::default(),
            _ => Specified::of(self.element_count(), instruments),
        }
    }

    /// Checks what a request states, and its claims, against the policy's declarations, without allocating.
    pub fn declares(&self, requester: &Requester) -> Result<(), Undeclared> {
        self.conditions(requester, None, Period::default()).map(|_| ())
    }

    /// The same, with a suggestion.
    pub fn check_request(&self, requester: &Requester) -> Result<(), RequestError> {
        let Err(what) = self.declares(requester) else { return Ok(()) };
        let instrument = |index: usize| requester.instruments().get(index);
        let declared = match what {
            Undeclared::Value(attribute) | Undeclared::Values(attribute) => self.values(attribute).names.clone(),
            Undeclared::Claim(_) => self.claims.declared().to_vec(),
            Undeclared::NoInstrument(index) => {
                requester.claims().get(index).map_or(Vec::new(), |claim| self.issuers(claim).to_vec())
            }
            Undeclared::Instrument(index, InstrumentFault::Issuer | InstrumentFault::NoIssuer) => {
                instrument(index).map_or(Vec::new(), |own| self.issuers(own.claim()).to_vec())
            }
            Undeclared::Instrument(..) => Vec::new(),
        };
        let nearest = match what {
            Undeclared::Value(attribute) => {
                requester.stated(attribute).and_then(|value| self.values(attribute).nearest(value))
            }
            Undeclared::Claim(index) => {
                let known = declared.iter().map(String::as_str);
                requester.claims().get(index).and_then(|claim| nearest(claim, known))
            }
            Undeclared::Instrument(index, InstrumentFault::Issuer) => {
                let known = declared.iter().map(String::as_str);
                instrument(index).and_then(Instrument::stated_issuer).and_then(|issuer| nearest(issuer, known))
            }
            Undeclared::Instrument(index, InstrumentFault::Element(place)) => {
                // Everything is no misspelling of anything.
                let known = self.selections.keys().map(String::as_str).filter(|name| *name != EVERYTHING);
                let element = instrument(index).and_then(|own| own.specified().get(place));
                element.and_then(|element| nearest(element, known))
            }
            Undeclared::Values(_) | Undeclared::NoInstrument(_) | Undeclared::Instrument(..) => None,
        };
        Err(RequestError { what, nearest: nearest.map(str::to_owned), declared })
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
            let place = self.claims.place(claim).ok_or(Undeclared::Claim(index))?;
            if !self.claims.issuers(place).is_empty() && !requester.instruments().iter().any(|own| own.claim() == claim)
            {
                return Err(Undeclared::NoInstrument(index));
            }
            set.insert(place);
        }
        Ok(set)
    }
}
