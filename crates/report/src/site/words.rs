//! What the policy and the catalog call things, for people.

use dmv_redact_model::catalog::Catalog;
use dmv_redact_model::policy::{Effect, Policy, Rule};

use super::statistics::{EARLIER, NONE};

/// The words of a policy and of its catalog.
pub(super) struct Words<'p> {
    pub(super) policy: &'p Policy,
    pub(super) catalog: &'p Catalog,
}

impl<'p> Words<'p> {
    /// The title of the whole policy.
    pub(super) fn title(&self) -> &'p str {
        self.policy.title().unwrap_or(&self.policy.identity().name)
    }

    /// Who a group is.
    pub(super) fn group(&self, name: &'p str) -> &'p str {
        match name {
            EARLIER => "Classes that the policy of these pages doesn't have",
            NONE => "Agencies in none of the policy's classes, and messages that could not be read",
            _ => {
                let class = self.policy.classes().iter().find(|class| class.name == name);
                class.and_then(|class| class.metadata.title.as_deref()).unwrap_or(name)
            }
        }
    }

    pub(super) fn element(&self, id: &'p str) -> &'p str {
        self.catalog.find(id).and_then(|id| self.catalog.element(id)).map_or(id, |element| element.title())
    }

    /// The claims that count only with paper behind them, and what the policy says of each.
    pub(super) fn paper(&self) -> impl Iterator<Item = (&'p str, &'p str)> {
        let titles = self.policy.claim_titles().filter_map(|(name, title)| Some((name, title?)));
        titles.filter(|(name, _)| self.policy.claim_issuers().any(|(own, issuers)| own == *name && !issuers.is_empty()))
    }

    /// The rules that name a class, each with its sentence; those for all classes are listed once.
    pub(super) fn rules(&self, class: Option<&str>) -> Vec<&'p Rule> {
        let place = class.map(|class| self.policy.classes().iter().position(|own| own.name == class));
        let is_own = |rule: &&Rule| match (&place, &rule.classes) {
            (None, None) => true,
            (Some(Some(place)), Some(classes)) => classes.iter().any(|class| usize::from(*class) == *place),
            _ => false,
        };
        self.policy.rules().iter().filter(is_own).collect()
    }
}

/// What a rule does, as a sentence begins.
pub(super) fn effect(rule: &Rule) -> &'static str {
    match &rule.effect {
        Effect::Permit(_) => "May get",
        Effect::Forbid(_) => "Limit",
        Effect::Review(_) => "Review",
        Effect::Duty(_) => "Duty",
    }
}

/// What a message key is of, for people (Nlets wiki, sections 3 and 4); `None` if it isn't one of Nlets that is known here.
pub(super) fn message_key(key: &str) -> Option<&'static str> {
    Some(match key {
        "DR" => "driver license",
        "DRG" => "driver license, asked of a region",
        "DNR" => "driver licenses by name: a list",
        "KR" => "driver history",
        "RR" => "vehicle registration",
        "RRG" => "vehicle registration, asked of a region",
        "RNR" => "vehicle registrations by name: a list",
        "RPR" => "vehicle registrations by a partial plate",
        "IAR" => "answer of ICE's Law Enforcement Support Center",
        "UR" | "XR" => "record of Canada",
        "AM" | "AML" => "administrative message",
        "HS" => "homeland security message",
        _ => return None,
    })
}
