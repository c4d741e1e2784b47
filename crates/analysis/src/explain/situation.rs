//! The outcome for every data element in one situation, the deciding rules, and the claims that would change it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::ExplainedRule;
use super::claims::{ClaimChange, changes};
use super::rules::{kind, rules};
use crate::Elements;
use crate::survey::Survey;
use dmv_redact::Filter;
use dmv_redact_model::catalog::{ElementId, Treatment};
use dmv_redact_model::config::ConfigError;
use dmv_redact_model::policy::Ruling;
use dmv_redact_model::policy::{ClassId, Conditions, MessageKeyId, Policy, Verdict};

/// One situation, or several with the same answer.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Situation {
    /// The message keys: names, "(every other)", "(none)".
    pub(super) keys: Vec<String>,
    /// The outcome for a message, whatever is in it.
    pub(super) verdict: &'static str,
    pub(super) rules: Vec<ExplainedRule>,
    pub(super) elements: Vec<ElementAnswer>,
    pub(super) changes: Vec<ClaimChange>,
}

/// Data elements with the same outcome for the same reason.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ElementAnswer {
    pub(super) elements: Elements,
    /// `released`, `generalised` or `removed`.
    pub(super) outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) treatment: Option<&'static str>,
    /// The deciding rules; none if no applicable permit names the elements.
    pub(super) by: Vec<DecidingRule>,
}

/// A rule that decides over elements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct DecidingRule {
    pub(super) id: String,
    pub(super) kind: &'static str,
    pub(super) basis: Option<String>,
}

impl Situation {
    pub(super) fn of(
        filter: &Filter,
        survey: &Survey<'_>,
        classes: &[ClassId],
        asked: &Conditions,
    ) -> Result<Self, ConfigError> {
        let policy = filter.decider();
        let name = |key: MessageKeyId| filter.messages().get(usize::from(key.0)).cloned();
        let key = asked.message.map_or(Some("(none)".to_owned()), name).unwrap_or_else(|| "(every other)".to_owned());
        if classes.is_empty() {
            let (rules, elements, changes) = (Vec::new(), Vec::new(), Vec::new());
            return Ok(Self { keys: vec![key], verdict: "withheld", rules, elements, changes });
        }
        let verdict = match policy.grant(classes, asked).verdict() {
            Verdict::Rewrite => "rewritten",
            Verdict::Review => "held",
            Verdict::Nothing => "withheld",
        };
        Ok(Self {
            keys: vec![key],
            verdict,
            rules: rules(filter, classes, asked),
            elements: answers(filter, classes, asked),
            changes: changes(filter, survey, classes, asked)?,
        })
    }

    /// Whether another situation has the same answer, message keys aside.
    pub(super) fn has_same_answer(&self, other: &Self) -> bool {
        let applied = |situation: &Self| -> Vec<String> {
            let applied = situation.rules.iter().filter(|rule| rule.why_not.is_empty());
            applied.map(|rule| rule.id.clone()).collect()
        };
        self.verdict == other.verdict
            && self.elements == other.elements
            && self.changes == other.changes
            && applied(self) == applied(other)
    }
}

/// The outcomes for the elements, grouped by outcome and deciding rules: released ones first.
fn answers(filter: &Filter, classes: &[ClassId], asked: &Conditions) -> Vec<ElementAnswer> {
    let policy = filter.decider();
    let applied = policy.applied(classes, asked);
    let mut groups: Vec<(Option<Treatment>, Vec<DecidingRule>, BTreeSet<ElementId>)> = Vec::new();
    for (id, _) in filter.catalog().iter().filter(|(_, element)| !element.is_envelope()) {
        let ruling = policy.ruling_of(&applied, id);
        let (treatment, by) = (ruling.treatment(), deciding(policy, &ruling));
        match groups.iter_mut().find(|(known, rules, _)| *known == treatment && *rules == by) {
            Some((_, _, elements)) => drop(elements.insert(id)),
            None => groups.push((treatment, by, BTreeSet::from([id]))),
        }
    }
    groups.sort_by_key(|(treatment, by, _)| match treatment {
        Some(treatment) => (0, *treatment as usize),
        None => (1, usize::from(by.is_empty())),
    });
    let answer =
        |(treatment, by, elements): (Option<Treatment>, Vec<DecidingRule>, BTreeSet<ElementId>)| ElementAnswer {
            elements: Elements::of(filter.catalog(), &elements),
            outcome: match treatment {
                Some(Treatment::Full) => "released",
                Some(_) => "generalised",
                None => "removed",
            },
            treatment: treatment.map(Treatment::name),
            by,
        };
    groups.into_iter().map(answer).collect()
}

/// The deciding rules: every forbid, or the most open permits.
pub(super) fn deciding(policy: &Policy, ruling: &Ruling) -> Vec<DecidingRule> {
    let deciding = |id: usize| {
        let rule = policy.rule(id)?;
        Some(DecidingRule { id: rule.id.clone(), kind: kind(rule), basis: rule.metadata.basis.clone() })
    };
    match ruling.forbids.as_slice() {
        [] => ruling.deciding().filter_map(deciding).collect(),
        // A forbid of what nothing permits changes nothing, but it is the reason that would remain.
        forbids => forbids.iter().copied().filter_map(deciding).collect(),
    }
}
