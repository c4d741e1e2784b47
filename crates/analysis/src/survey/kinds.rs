//! Kinds of data elements: equivalence classes of elements that every rule treats alike, so that all have the same
//! outcome.
//!
//! A catalog has far more elements than a policy distinguishes. Analyses over all requesters work on kinds, and expand
//! them to elements only in reports.

use std::collections::HashMap;

use dmv_redact_model::catalog::{ElementId, Treatment};
use dmv_redact_model::policy::Policy;
use dmv_redact_model::policy::{Effect, Rule};

/// The index of a kind.
pub type KindId = usize;

/// The kinds that the rules of some policies distinguish, in the order of their first elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kinds {
    of_element: Vec<KindId>,
    members: Vec<Vec<ElementId>>,
}

/// One use of an element: policy, rule, and treatment; `None` for a forbid.
type ElementUse = (usize, usize, Option<Treatment>);

impl Kinds {
    pub(super) fn of(policies: &[&Policy]) -> Self {
        let count = policies.iter().map(|policy| policy.element_count()).max().unwrap_or(0);
        let mut named: Vec<Vec<ElementUse>> = vec![Vec::new(); count];
        for (policy, own) in policies.iter().enumerate() {
            for (id, rule) in own.rules().iter().enumerate() {
                for (element, treatment) in elements_of(rule) {
                    if let Some(named) = named.get_mut(element.index()) {
                        named.push((policy, id, treatment));
                    }
                }
            }
        }
        let mut known: HashMap<Vec<ElementUse>, KindId> = HashMap::new();
        let mut kinds = Self { of_element: Vec::new(), members: Vec::new() };
        for (element, named) in (0..).map_while(ElementId::at).zip(named) {
            let kind = *known.entry(named).or_insert(kinds.members.len());
            kinds.of_element.push(kind);
            match kinds.members.get_mut(kind) {
                Some(members) => members.push(element),
                None => kinds.members.push(vec![element]),
            }
        }
        kinds
    }

    pub(crate) fn count(&self) -> usize {
        self.members.len()
    }

    pub(crate) fn kind(&self, element: ElementId) -> Option<KindId> {
        self.of_element.get(element.index()).copied()
    }

    /// The elements of a kind, in order.
    pub(crate) fn members(&self, kind: KindId) -> &[ElementId] {
        self.members.get(kind).map_or(&[], Vec::as_slice)
    }

    /// The first element of the same kind.
    pub(crate) fn first(&self, element: ElementId) -> ElementId {
        self.kind(element).and_then(|kind| self.members(kind).first()).copied().unwrap_or(element)
    }

    /// The kinds that a rule names, with their treatments; `None` for a forbid. A review names none.
    pub(crate) fn named(&self, rule: &Rule) -> Vec<(KindId, Option<Treatment>)> {
        let firsts = elements_of(rule).filter(|(element, _)| self.first(*element) == *element);
        firsts.filter_map(|(element, treatment)| Some((self.kind(element)?, treatment))).collect()
    }
}

/// The elements that a rule names, with their treatments; `None` for a forbid.
fn elements_of(rule: &Rule) -> impl Iterator<Item = (ElementId, Option<Treatment>)> {
    let (permitted, forbidden): (&[(ElementId, Treatment)], &[ElementId]) = match &rule.effect {
        Effect::Permit(elements) => (elements, &[]),
        Effect::Forbid(elements) => (&[], elements),
        Effect::Review(_) | Effect::Duty(_) => (&[], &[]),
    };
    let permitted = permitted.iter().map(|(element, treatment)| (*element, Some(*treatment)));
    permitted.chain(forbidden.iter().map(|element| (*element, None)))
}
