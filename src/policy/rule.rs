//! Rules in the form they are decided in: names resolved to places, claims to bits.

use super::agency::ClassId;
use crate::catalog::{ElementId, Treatment};
use crate::config::Position;

/// The place of a message key in the list of all formats' keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct MessageKeyId(pub(crate) u16);

impl MessageKeyId {
    /// Any key that no rule names: what a survey asks for besides those that rules name. No format declares so many keys
    /// that it could be one of them.
    #[cfg(feature = "cli")]
    pub(crate) const OTHER: Self = Self(u16::MAX);
}

/// A set of declared claims, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct ClaimSet(pub(crate) u64);

impl ClaimSet {
    /// How many claims a policy can declare.
    pub(crate) const LIMIT: usize = 64;

    pub(crate) fn insert(&mut self, place: usize) {
        self.0 |= 1 << (place % Self::LIMIT);
    }

    pub(crate) fn contains(self, place: usize) -> bool {
        self.0 >> (place % Self::LIMIT) & 1 == 1
    }

    fn holds_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    fn holds_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// What a rule does to the grant.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) enum Effect {
    /// These elements are let through, each so.
    Permit(Vec<(ElementId, Treatment)>),
    /// These elements are not, whatever else permits them.
    Forbid(Vec<ElementId>),
    /// A person must look first.
    Review,
}

/// What the policy tells people of a rule or a class, which decides nothing.
#[derive(Debug, Clone, Default)]
#[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "only the command line tells why"))]
pub(crate) struct RuleMetadata {
    pub(crate) title: Option<String>,
    /// The statute or the agreement that a rule stands on.
    pub(crate) basis: Option<String>,
    /// Where it stands in the policy's file.
    pub(crate) place: Position,
}

/// One permit, forbid or review rule. `None` in a condition is "any".
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) classes: Option<Vec<ClassId>>,
    pub(crate) purposes: Option<Vec<PurposeId>>,
    pub(crate) messages: Option<Vec<MessageKeyId>>,
    pub(crate) requires: ClaimSet,
    pub(crate) unless: ClaimSet,
    /// Whether it also applies where the request leaves out the purpose, or the message the key, that it asks for. A forbid
    /// or a review does, unless it says otherwise; a permit never does (P2).
    pub(crate) applies_when_absent: bool,
    pub(crate) effect: Effect,
    #[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "only the command line tells why"))]
    pub(crate) told: RuleMetadata,
}

/// The place of a purpose code among those the policy names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PurposeId(pub(crate) u16);

/// What rules are asked about a request. It is also what a decision is cached under, with the set of classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Conditions {
    pub(crate) purpose: Option<PurposeId>,
    pub(crate) claims: ClaimSet,
    pub(crate) message: Option<MessageKeyId>,
}

impl Rule {
    pub(crate) fn applies(&self, classes: &[ClassId], asked: &Conditions) -> bool {
        self.classes.as_ref().is_none_or(|own| own.iter().any(|class| classes.contains(class)))
            && self.is_for(asked.purpose, asked.message)
            && self.is_vouched(asked.claims)
    }

    /// Whether all claims that the rule requires are vouched for, and none that it excludes.
    pub(crate) fn is_vouched(&self, claims: ClaimSet) -> bool {
        claims.holds_all(self.requires) && !claims.holds_any(self.unless)
    }

    /// Whether the rule asks for no other purpose and no other message key. `None` is what the request leaves out.
    pub(crate) fn is_for(&self, purpose: Option<PurposeId>, message: Option<MessageKeyId>) -> bool {
        self.holds(self.purposes.as_deref(), purpose) && self.holds(self.messages.as_deref(), message)
    }

    fn holds<T: PartialEq>(&self, condition: Option<&[T]>, value: Option<T>) -> bool {
        match (condition, value) {
            (None, _) => true,
            (Some(_), None) => self.applies_when_absent,
            (Some(allowed), Some(value)) => allowed.contains(&value),
        }
    }
}
