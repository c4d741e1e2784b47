//! Rules as reported to people: which applied, which of those for the requester's classes did not, and why.

use serde::Serialize;

use crate::words::{RulePlace, plain};
use dmv_redact::Filter;
use dmv_redact_model::date::Date;
use dmv_redact_model::policy::{Asked, Attribute, ClassId, Conditions, Grant, Policy, Rule, Stated, Validity};

/// A rule, and if it didn't apply, why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ExplainedRule {
    pub(super) id: String,
    pub(super) kind: &'static str,
    pub(super) title: Option<String>,
    pub(super) basis: Option<String>,
    /// Where the law was read, and on which day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) checked: Option<Date>,
    /// The first and the last day on which the rule is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<Date>,
    /// What the answers to which it applies tell their reader of the law.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) legal_notice: Option<String>,
    #[serde(flatten)]
    pub(super) place: RulePlace,
    /// Empty if it applied.
    pub(super) why_not: Vec<String>,
}

impl ExplainedRule {
    fn of(rule: &Rule, why_not: Vec<String>) -> Self {
        Self {
            id: rule.id.clone(),
            kind: rule.effect.kind(),
            title: rule.metadata.title.clone(),
            basis: rule.metadata.basis.clone(),
            source: rule.metadata.source.clone(),
            checked: rule.metadata.checked,
            from: rule.validity.from,
            until: rule.validity.until,
            legal_notice: rule.legal_notice.as_deref().map(str::to_owned),
            place: RulePlace::of(rule),
            why_not,
        }
    }
}

/// The days on which something is in force, in words; `None` if on all.
pub(super) fn dates(validity: Validity) -> Option<String> {
    match (validity.from, validity.until) {
        (None, None) => None,
        (Some(from), None) => Some(format!("from {from}")),
        (None, Some(until)) => Some(format!("until {until}")),
        (Some(from), Some(until)) => Some(format!("from {from} until {until}")),
    }
}

/// Every rule that is for one of these classes, duties aside, in the order of the policy.
pub(super) fn rules(filter: &Filter, grant: &Grant, classes: &[ClassId], asked: &Conditions) -> Vec<ExplainedRule> {
    let policy = filter.decider();
    let mut explained = Vec::new();
    for rule in policy.rules().iter().filter(|rule| !rule.effect.is_duty()) {
        if rule.classes.as_ref().is_none_or(|own| own.iter().any(|class| classes.contains(class))) {
            let why_not =
                if grant.rules().contains(&rule.id) { Vec::new() } else { why_not(filter, policy, rule, asked) };
            explained.push(ExplainedRule::of(rule, why_not));
        }
    }
    explained
}

fn quoted_list(claims: &[&str]) -> String {
    claims.iter().map(|claim| format!("`{claim}`")).collect::<Vec<_>>().join(", ")
}

/// The values of an attribute that a rule asks for, in words.
fn values(policy: &Policy, attribute: Attribute, asked: &Asked) -> String {
    match asked {
        Asked::Any => "any that is stated".to_owned(),
        Asked::OneOf(values) => {
            let values = values.iter().filter_map(|index| policy.value(attribute, Stated::Known(*index)));
            values.map(plain).collect::<Vec<_>>().join(", ")
        }
    }
}

/// Every condition of a rule that isn't satisfied.
fn why_not(filter: &Filter, policy: &Policy, rule: &Rule, asked: &Conditions) -> Vec<String> {
    let mut reasons = Vec::new();
    if !rule.is_in_force(asked.period) {
        let dates = dates(rule.validity).unwrap_or_else(|| "while the policy is".to_owned());
        reasons.push(format!("it is in force {dates}"));
    }
    for (attribute, expected) in &rule.asked {
        if !expected.holds(asked.attributes.get(*attribute)) {
            reasons.push(format!("it is for {} {}", attribute.name(), values(policy, *attribute, expected)));
        }
    }
    if let Some(keys) = rule.messages.as_ref().filter(|own| !asked.message.is_some_and(|asked| own.contains(&asked))) {
        let expected: Vec<&str> =
            keys.iter().filter_map(|key| filter.messages().get(usize::from(key.0))).map(String::as_str).collect();
        reasons.push(format!("it is for message key {}", expected.join(", ")));
    }
    let vouched = policy.claim_names(asked.claims);
    let lacking: Vec<&str> =
        policy.claim_names(rule.requires).into_iter().filter(|claim| !vouched.contains(claim)).collect();
    if !lacking.is_empty() {
        reasons.push(format!("it requires {}, which nobody vouched for", quoted_list(&lacking)));
    }
    let beyond: Vec<&str> =
        policy.claim_names(rule.unless).into_iter().filter(|claim| vouched.contains(claim)).collect();
    if !beyond.is_empty() {
        reasons.push(format!("it applies unless {} is vouched for, and it is", quoted_list(&beyond)));
    }
    reasons
}
