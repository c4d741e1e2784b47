//! Rules in the form they are decided in: names resolved to places, claims to bits.

use super::agency::ClassId;
use crate::catalog::{ElementId, Treatment};

/// The place of a message key in the list of all formats' keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct MessageKeyId(pub(crate) u16);

/// A set of declared claims, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct ClaimSet(pub(super) u64);

impl ClaimSet {
    /// How many claims a policy can declare.
    pub(super) const LIMIT: usize = 64;

    pub(super) fn insert(&mut self, place: usize) {
        self.0 |= 1 << (place % Self::LIMIT);
    }

    fn holds_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    fn holds_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// What a rule does to the grant.
#[derive(Debug)]
pub(super) enum Effect {
    /// These elements are let through, each so.
    Permit(Vec<(ElementId, Treatment)>),
    /// These elements are not, whatever else permits them.
    Forbid(Vec<ElementId>),
    /// A person must look first.
    Review,
}

/// One permit, forbid or review rule. `None` in a condition is "any".
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) classes: Option<Vec<ClassId>>,
    pub(super) purposes: Option<Vec<PurposeId>>,
    pub(super) messages: Option<Vec<MessageKeyId>>,
    pub(super) requires: ClaimSet,
    pub(super) unless: ClaimSet,
    pub(super) effect: Effect,
}

/// The place of a purpose code among those the policy names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PurposeId(pub(super) u16);

/// What rules are asked about a request. It is also what a decision is cached under, with the set of classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Conditions {
    pub(super) purpose: Option<PurposeId>,
    pub(super) claims: ClaimSet,
    pub(super) message: Option<MessageKeyId>,
}

impl Rule {
    pub(super) fn applies(&self, classes: &[ClassId], asked: &Conditions) -> bool {
        self.classes.as_ref().is_none_or(|own| own.iter().any(|class| classes.contains(class)))
            && holds(self.purposes.as_deref(), asked.purpose)
            && holds(self.messages.as_deref(), asked.message)
            && asked.claims.holds_all(self.requires)
            && !asked.claims.holds_any(self.unless)
    }
}

/// An absent value never matches a condition that names some.
fn holds<T: PartialEq>(condition: Option<&[T]>, value: Option<T>) -> bool {
    match (condition, value) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(allowed), Some(value)) => allowed.contains(&value),
    }
}
