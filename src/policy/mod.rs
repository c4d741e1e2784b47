//! The policy: agency classes and the permit, forbid and review rules, decided into a [`Grant`] once per distinct
//! request and cached.

mod agency;
mod load;
mod ori;
mod request;
mod requester;
mod roster;
mod rule;
#[cfg(feature = "cli")]
mod spans;
#[cfg(feature = "cli")]
pub(crate) mod survey;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use foldhash::fast::RandomState;
use serde::Serialize;

pub(crate) use agency::ClassId;
pub(crate) use load::MessageKeys;
#[cfg(test)]
pub(crate) use load::RawPolicy;
#[cfg(test)]
pub(crate) use ori::ORI_PATTERN;
pub use ori::{ORI_LENGTH, Ori};
pub use request::RequestError;
pub(crate) use request::Undeclared;
pub use requester::{Requester, RequesterError};
pub(crate) use rule::{ClaimSet, Conditions, Effect, MessageKeyId, Rule};
#[cfg(feature = "cli")]
pub(crate) use spans::{ClassSpans, PolicySpans, RuleSpans, SpannedName};
#[cfg(feature = "cli")]
pub(crate) use {agency::AgencyClass, ori::OriPattern, roster::Roster, rule::PurposeId};

use crate::catalog::{Catalog, ElementId, Treatment};
use agency::{Agencies, ClassSetId};

/// Which policy decided: what a receipt carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyIdentity {
    /// The policy's own name.
    pub name: String,
    /// The policy's own version.
    pub version: String,
    /// SHA-256 of the policy's text, then of its ORI files in the order of their classes' names, as lower-case hexadecimal.
    pub sha256: String,
}

/// What the policy says before the message is rewritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Verdict {
    /// Something beyond the envelope is permitted.
    Rewrite,
    /// A person must review it first.
    Review,
    /// Nothing beyond the envelope is permitted.
    Nothing,
}

/// What one requester may have of one message type, each element with its treatment.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Grant {
    treatments: Box<[Option<Treatment>]>,
    classes: Box<[String]>,
    rules: Box<[String]>,
    verdict: Verdict,
    on_shape_violation: OnShapeViolation,
    /// Whether somebody has looked at the message and lets it go.
    is_approved: bool,
}

impl Grant {
    /// How the element is released, `None` when it is not. The envelope always is.
    #[inline]
    pub(crate) fn treatment(&self, element: ElementId) -> Option<Treatment> {
        self.treatments.get(element.index()).copied().flatten()
    }

    pub(crate) fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// What becomes of a value that it holds and that violates its shape, and of the message. Where a notice is wanted and
    /// the message has no place for one, somebody has to look at it.
    pub(crate) fn on_shape_violation(&self, has_place_for_notice: bool) -> OnShapeViolation {
        match self.on_shape_violation {
            OnShapeViolation::Notice if has_place_for_notice => OnShapeViolation::Notice,
            OnShapeViolation::Notice | OnShapeViolation::Hold if self.is_approved => OnShapeViolation::Remove,
            OnShapeViolation::Notice => OnShapeViolation::Hold,
            other => other,
        }
    }

    /// Names of the agency classes the requester is in.
    pub(crate) fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Ids of the rules that applied.
    pub(crate) fn rules(&self) -> &[String] {
        &self.rules
    }
}

/// The claim that a person has looked at the message and lets it go.
pub(crate) const APPROVED: &str = "approved";

/// What becomes of a permitted value that violates its element's shape, the most open first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum OnShapeViolation {
    /// It is removed, and the record says so.
    Remove,
    /// It is removed, and a fixed text in the message says so.
    Notice,
    /// Its message is held until somebody has approved it.
    Hold,
    /// Its message is withheld.
    Withhold,
}

impl OnShapeViolation {
    /// The word for it in policies and reports.
    #[cfg(feature = "cli")]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Remove => "remove",
            Self::Notice => "notice",
            Self::Hold => "hold",
            Self::Withhold => "withhold",
        }
    }
}

/// A policy ready to decide.
#[derive(Debug)]
pub(crate) struct Policy {
    #[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "only the command line tells why"))]
    head: Head,
    identity: Arc<PolicyIdentity>,
    on_shape_violation: OnShapeViolation,
    agencies: Agencies,
    claims: Vec<String>,
    purposes: Purposes,
    /// Whether some format gives its messages no key.
    #[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "only the command line surveys a policy"))]
    key_may_be_absent: bool,
    rules: Vec<Rule>,
    /// What a grant holds before any rule: the envelope.
    envelope: Box<[Option<Treatment>]>,
    decided: RwLock<Decided>,
}

/// What has been decided so far.
#[derive(Debug, Default)]
struct Decided {
    by_question: HashMap<(ClassSetId, Conditions), Arc<Grant>, RandomState>,
    /// Each grant once, whatever was asked: what was made ready under one serves whoever has the same.
    grants: HashSet<Arc<Grant>>,
}

/// The purpose codes that a request may state.
#[derive(Debug)]
struct Purposes {
    codes: Vec<String>,
    /// Whether the policy lists them; if not, they are those that its rules name.
    are_listed: bool,
}

impl Purposes {
    /// Whether a purpose makes no difference: none is listed and no rule names one.
    fn are_idle(&self) -> bool {
        self.codes.is_empty() && !self.are_listed
    }
}

/// What a policy says of itself, which decides nothing.
#[derive(Debug)]
#[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "only the command line tells why"))]
struct Head {
    /// The file as it was named by the caller.
    file: String,
    title: Option<String>,
}

impl Policy {
    pub(crate) fn identity(&self) -> &Arc<PolicyIdentity> {
        &self.identity
    }

    /// The claims that it declares.
    #[cfg(feature = "cli")]
    pub(crate) fn declared_claims(&self) -> &[String] {
        &self.claims
    }

    /// What becomes of a permitted value that violates its shape, and of its message, while nobody has approved it.
    #[cfg(feature = "cli")]
    pub(crate) fn on_shape_violation(&self) -> OnShapeViolation {
        self.on_shape_violation
    }

    /// Whether these claims say that somebody has looked at the message and lets it go.
    fn is_approved(&self, claims: ClaimSet) -> bool {
        self.claims.iter().position(|own| own == APPROVED).is_some_and(|at| claims.contains(at))
    }

    /// The grant of a requester for a message key; `None` when no agency class claims the ORI, or when the request says
    /// what the policy doesn't declare. A decision made before is found without allocating.
    pub(crate) fn decide(&self, ori: Ori, requester: &Requester, message: Option<MessageKeyId>) -> Option<Arc<Grant>> {
        let classes = self.agencies.classes_of(ori)?;
        let asked = self.conditions(requester, message).ok()?;
        let key = (classes, asked);
        if let Some(grant) = self.decided.read().unwrap_or_else(PoisonError::into_inner).by_question.get(&key) {
            return Some(Arc::clone(grant));
        }
        let grant = self.compute(&self.agencies.members(classes), &asked);
        // One decision is one grant, also when two threads come to it at once.
        let Decided { by_question, grants } = &mut *self.decided.write().unwrap_or_else(PoisonError::into_inner);
        let grant = match grants.get(&grant) {
            Some(known) => Arc::clone(known),
            None => {
                let grant = Arc::new(grant);
                grants.insert(Arc::clone(&grant));
                grant
            }
        };
        Some(Arc::clone(by_question.entry(key).or_insert(grant)))
    }

    /// The union of the permits that apply minus every forbid that applies: no order enters (P9).
    fn compute(&self, classes: &[ClassId], asked: &Conditions) -> Grant {
        let applied: Vec<&Rule> = self.rules.iter().filter(|rule| rule.applies(classes, asked)).collect();
        let mut treatments = self.envelope.clone();
        let mut review = false;
        for rule in &applied {
            match &rule.effect {
                Effect::Permit(elements) => {
                    for (element, treatment) in elements {
                        if let Some(slot) = treatments.get_mut(element.index()) {
                            *slot = Some(slot.map_or(*treatment, |other| other.min(*treatment)));
                        }
                    }
                }
                Effect::Forbid(_) => {}
                Effect::Review => review = true,
            }
        }
        for rule in &applied {
            if let Effect::Forbid(elements) = &rule.effect {
                for element in elements {
                    if let Some(slot) = treatments.get_mut(element.index()) {
                        *slot = None;
                    }
                }
            }
        }
        let verdict = if treatments == self.envelope {
            Verdict::Nothing
        } else if review {
            Verdict::Review
        } else {
            Verdict::Rewrite
        };
        Grant {
            treatments,
            classes: classes.iter().map(|class| self.agencies.name(*class).to_owned()).collect(),
            rules: applied.iter().map(|rule| rule.id.clone()).collect(),
            verdict,
            on_shape_violation: self.on_shape_violation,
            is_approved: self.is_approved(asked.claims),
        }
    }
}

/// The grant table that holds the envelope and nothing else.
fn envelope_alone(catalog: &Catalog) -> Box<[Option<Treatment>]> {
    catalog.iter().map(|(_, element)| element.is_envelope().then_some(Treatment::Full)).collect()
}
