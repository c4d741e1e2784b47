//! The outcome for every data element in one situation, the deciding rules, and the claims that would change it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::ExplainedRule;
use super::claims::{ClaimChange, changes};
use super::duties::{ExplainedDuty, duties};
use super::rules::rules;
use crate::Elements;
use crate::survey::Survey;
use dmv_redact::Filter;
use dmv_redact_model::catalog::{ElementId, Treatment};
use dmv_redact_model::config::ConfigError;
use dmv_redact_model::date::Date;
use dmv_redact_model::policy::Ruling;
use dmv_redact_model::policy::{ClaimSet, ClassId, Conditions, MessageKeyId, Policy, Specified, Verdict};

/// One situation, or several with the same answer.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Situation {
    /// The message keys: names, "(every other)", "(none)".
    pub(super) keys: Vec<String>,
    /// The outcome for a message, regardless of its content.
    pub(super) verdict: &'static str,
    /// Of a message that is held: what its reviewer may vouch for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) vouches: Vec<String>,
    pub(super) rules: Vec<ExplainedRule>,
    /// What must be done because of the outcome.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) duties: Vec<ExplainedDuty>,
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
pub struct DecidingRule {
    /// Its id in the policy.
    pub id: String,
    /// `permit`, `forbid`, `review` or `duty`.
    pub kind: &'static str,
    /// The law or agreement that it is based on.
    pub basis: Option<String>,
}

impl Situation {
    pub(super) fn of(
        filter: &Filter,
        survey: &Survey<'_>,
        classes: &[ClassId],
        (asked, specified): (&Conditions, &Specified),
        date: Option<Date>,
    ) -> Result<Self, ConfigError> {
        let policy = filter.decider();
        let key = key_name(filter, asked.message);
        if classes.is_empty() {
            let (rules, elements, changes) = (Vec::new(), Vec::new(), Vec::new());
            let (vouches, duties) = (Vec::new(), Vec::new());
            return Ok(Self { keys: vec![key], verdict: "withheld", vouches, rules, duties, elements, changes });
        }
        let grant = policy.grant_specified(classes, asked, specified);
        let verdict = match grant.verdict() {
            Verdict::Rewrite => "rewritten",
            Verdict::Review => "held",
            Verdict::Nothing => "withheld",
        };
        let vouched = if verdict == "held" { policy.vouched(classes, asked) } else { ClaimSet::default() };
        let vouched = policy.claim_names(vouched).into_iter().filter(|name| policy.declares_claim(name));
        Ok(Self {
            keys: vec![key],
            verdict,
            vouches: vouched.map(str::to_owned).collect(),
            rules: rules(filter, &grant, classes, asked),
            duties: duties(policy, &grant, date),
            elements: answers(filter, classes, (asked, specified)),
            changes: changes(filter, survey, classes, (asked, specified))?,
        })
    }

    /// Whether another situation has the same answer, message keys aside.
    pub(super) fn has_same_answer(&self, other: &Self) -> bool {
        self.verdict == other.verdict
            && self.vouches == other.vouches
            && self.duties == other.duties
            && self.elements == other.elements
            && self.changes == other.changes
            && self.applied_rules() == other.applied_rules()
    }

    fn applied_rules(&self) -> Vec<&str> {
        self.rules.iter().filter(|rule| rule.why_not.is_empty()).map(|rule| rule.id.as_str()).collect()
    }
}

fn key_name(filter: &Filter, message: Option<MessageKeyId>) -> String {
    match message {
        None => "(none)".to_owned(),
        Some(key) => filter.messages().get(usize::from(key.0)).cloned().unwrap_or_else(|| "(every other)".to_owned()),
    }
}

/// The outcomes for the elements, grouped by outcome and deciding rules: released ones first.
fn answers(filter: &Filter, classes: &[ClassId], (asked, specified): (&Conditions, &Specified)) -> Vec<ElementAnswer> {
    let policy = filter.decider();
    let mut groups: Vec<(Option<Treatment>, Vec<DecidingRule>, BTreeSet<ElementId>)> = Vec::new();
    for (id, _) in filter.catalog().iter().filter(|(_, element)| !element.is_envelope()) {
        let ruling = policy.ruling(classes, &asked.with(specified.get(id)), id);
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
    let mut answers = Vec::new();
    for (treatment, by, elements) in groups {
        answers.push(ElementAnswer {
            elements: Elements::of(filter.catalog(), &elements),
            outcome: match treatment {
                Some(Treatment::Full) => "released",
                Some(_) => "generalised",
                None => "removed",
            },
            treatment: treatment.map(Treatment::name),
            by,
        });
    }
    answers
}

/// The deciding rules: every forbid, or the most open permits.
pub(super) fn deciding(policy: &Policy, ruling: &Ruling) -> Vec<DecidingRule> {
    let ids: Vec<usize> = match ruling.forbids.as_slice() {
        [] => ruling.deciding().collect(),
        // A forbid of what nothing permits changes nothing, but it is the reason that would remain.
        forbids => forbids.to_vec(),
    };
    let rules = ids.into_iter().filter_map(|id| policy.rule(id));
    rules
        .map(|rule| DecidingRule { id: rule.id.clone(), kind: rule.effect.kind(), basis: rule.metadata.basis.clone() })
        .collect()
}
