//! Rules in resolved form: names as indices, claims as bits.

use std::sync::Arc;

use super::attribute::{Asked, Attribute, Attributes, Stated};
use super::duty::Duty;
use super::period::{InForce, Period, Validity};
use crate::catalog::{ElementId, Treatment};
use crate::config::Position;
use crate::date::Date;

/// The index of an agency class in its policy.
pub type ClassId = u16;

/// The index of a message key in the list of all formats' keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageKeyId(pub u16);

impl MessageKeyId {
    /// Any key that no rule names: a survey uses it besides those that rules name. No format declares enough keys to
    /// reach it.
    pub const OTHER: Self = Self(u16::MAX);
}

/// A set of declared claims, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ClaimSet(pub u64);

impl ClaimSet {
    /// How many claims a policy can declare.
    pub(crate) const LIMIT: usize = 64;

    pub(crate) fn insert(&mut self, index: usize) {
        self.0 |= 1 << (index % Self::LIMIT);
    }

    pub(crate) fn contains(self, index: usize) -> bool {
        self.0 >> (index % Self::LIMIT) & 1 == 1
    }

    /// The set of one claim.
    pub(crate) fn of(index: usize) -> Self {
        let mut set = Self::default();
        set.insert(index);
        set
    }

    /// The claims of both sets.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn holds_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether some claim is in both.
    pub(crate) fn holds_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// The effect of a rule on the grant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Effect {
    /// These elements are released, each with its treatment.
    Permit(Vec<(ElementId, Treatment)>),
    /// These elements are removed, even if permitted.
    Forbid(Vec<ElementId>),
    /// A person must review the message first, who may vouch for these claims.
    Review(ClaimSet),
    /// Something must be done. It changes no grant.
    Duty(Duty),
}

impl Effect {
    /// The key of such rules in a policy.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Permit(_) => "permit",
            Self::Forbid(_) => "forbid",
            Self::Review(_) => "review",
            Self::Duty(_) => "duty",
        }
    }

    /// Whether it permits or forbids the data element of this index.
    pub(super) fn names(&self, element: usize) -> bool {
        match self {
            Self::Permit(elements) => elements.iter().any(|(own, _)| own.index() == element),
            Self::Forbid(elements) => elements.iter().any(|own| own.index() == element),
            Self::Review(_) | Self::Duty(_) => false,
        }
    }

    /// Whether it changes no grant.
    pub fn is_duty(&self) -> bool {
        matches!(self, Self::Duty(_))
    }
}

/// Metadata of a rule or a class for people, with no effect on decisions.
#[derive(Debug, Clone, Default)]
pub struct RuleMetadata {
    /// What it is for, or who they are.
    pub title: Option<String>,
    /// The statute or agreement that a rule is based on.
    pub basis: Option<String>,
    /// Where the law was read.
    pub source: Option<String>,
    /// The day on which it was.
    pub checked: Option<Date>,
    /// Its position in the policy's file, or in the included one that it is in.
    pub position: Position,
    /// The included policy's file that it is in; `None`: the policy's own.
    pub file: Option<Arc<str>>,
}

/// One permit, forbid, review or duty. `None` in a condition is "any".
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its id in the policy.
    pub id: String,
    /// The agency classes it is for.
    pub classes: Option<Vec<ClassId>>,
    /// The attributes of a request that it asks for, with the values that will do.
    pub asked: Vec<(Attribute, Asked)>,
    /// The message keys it is for.
    pub messages: Option<Vec<MessageKeyId>>,
    /// Claims all of which must be vouched for, that of `specified-by` of a permit among them.
    pub requires: ClaimSet,
    /// Claims none of which may be vouched for, that of `specified-by` of a forbid among them.
    pub unless: ClaimSet,
    /// Whether it also applies if the request omits an attribute, or the message the key, that the rule is conditional on. A
    /// forbid or a review does by default; a permit never does (P2).
    pub applies_when_absent: bool,
    /// The days on which it is in force.
    pub validity: Validity,
    /// The same, as periods of the policy.
    pub in_force: InForce,
    /// What it does to the grant.
    pub effect: Effect,
    /// Whether it is a review that two people must approve.
    pub two_people: bool,
    /// What every answer to which it applies tells its reader.
    pub legal_notice: Option<Arc<str>>,
    /// What the policy says of it for people.
    pub metadata: RuleMetadata,
}

/// What of a request rules depend on. With the set of classes it is the key of the grant cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Conditions {
    /// What the request says of itself.
    pub attributes: Attributes,
    /// The claims that are vouched for.
    pub claims: ClaimSet,
    /// The message key; `None` if the message has none.
    pub message: Option<MessageKeyId>,
    /// The period of the policy that the request's date is in.
    pub period: Period,
}

impl Conditions {
    /// The same, with these claims vouched for as well.
    #[must_use]
    pub fn with(self, claims: ClaimSet) -> Self {
        Self { claims: self.claims.union(claims), ..self }
    }
}

impl Rule {
    /// Whether it applies to a requester of these classes under these conditions.
    pub fn applies(&self, classes: &[ClassId], conditions: &Conditions) -> bool {
        self.is_in_force(conditions.period)
            && self.classes.as_ref().is_none_or(|own| own.iter().any(|class| classes.contains(class)))
            && self.is_for(&conditions.attributes, conditions.message)
            && self.is_vouched(conditions.claims)
    }

    /// Whether it is in force in a period of the policy.
    pub fn is_in_force(&self, period: Period) -> bool {
        self.in_force.contains(period)
    }

    /// Whether all claims that the rule requires are vouched for, and none of those it excludes.
    pub fn is_vouched(&self, claims: ClaimSet) -> bool {
        claims.holds_all(self.requires) && !claims.holds_any(self.unless)
    }

    /// Whether the attributes and the message key that the rule asks for match. `None` is a message without a key.
    pub fn is_for(&self, attributes: &Attributes, message: Option<MessageKeyId>) -> bool {
        let is_key = match (&self.messages, message) {
            (None, _) => true,
            (Some(_), None) => self.applies_when_absent,
            (Some(own), Some(key)) => own.contains(&key),
        };
        is_key
            && self.asked.iter().all(|(attribute, asked)| match attributes.get(*attribute) {
                Stated::Absent => self.applies_when_absent,
                stated => asked.holds(stated),
            })
    }

    /// The values of an attribute that it asks for; `None` if any will do, or none.
    pub fn asks(&self, attribute: Attribute) -> Option<&Asked> {
        self.asked.iter().find(|(own, _)| *own == attribute).map(|(_, asked)| asked)
    }
}
