//! What a request omits: rules that still apply, or don't, and purposes that the policy doesn't list.

use std::collections::{BTreeMap, HashSet};

use super::Subject;
use super::table::{APPLIES_WHEN_ABSENT, FORBIDS_ALL_WHEN_ABSENT, PURPOSES_IDLE, PURPOSES_UNLISTED, SKIPS_WHEN_ABSENT};
use dmv_redact_model::catalog::ElementId;
use dmv_redact_model::policy::RuleId;
use dmv_redact_model::policy::{Attribute, ClaimSet, ClassId, Conditions, Effect, Period, Rule, Stated};

pub(super) fn lint(subject: &mut Subject<'_>) {
    purposes(subject);
    for (id, rule) in subject.rules_in_force() {
        left_out(subject, id, rule);
    }
    forbids_all(subject);
}

/// A policy that doesn't list its purposes: which ones are refused, and what to write. If every permit requires a
/// purpose, other purposes would get nothing anyway.
fn purposes(subject: &mut Subject<'_>) {
    let mut rules = subject.rules_in_force();
    let asks_for_none =
        rules.any(|(_, rule)| matches!(rule.effect, Effect::Permit(_)) && rule.asks(Attribute::Purpose).is_none());
    if subject.policy.lists(Attribute::Purpose) || !asks_for_none {
        return;
    }
    let codes: Vec<String> =
        subject.policy.declared(Attribute::Purpose).iter().map(|code| format!("\"{code}\"")).collect();
    let span = subject.spans.head.clone();
    if codes.is_empty() {
        let message =
            "the policy lists no purposes and no rule names one: what purpose a request states makes no difference";
        let help =
            "add `purposes = [...]` to `[policy]`, with the codes that requests state: any other is refused then";
        return subject.find(&PURPOSES_IDLE, &span, message.to_owned(), help);
    }
    let message = format!(
        "the policy lists no purposes: a request may state those that its rules name, {}; a message for any other is withheld",
        super::some(subject.policy.declared(Attribute::Purpose).iter().map(String::as_str))
    );
    let help =
        format!("add `purposes = [{}]` to `[policy]`, and to it what other codes requests state", codes.join(", "));
    subject.find(&PURPOSES_UNLISTED, &span, message, &help);
}

/// What a rule requires, in words; `None` if it requires nothing that a request can omit.
fn asked(subject: &Subject<'_>, rule: &Rule) -> Option<String> {
    let key = rule.messages.is_some() && subject.policy.key_may_be_absent();
    let attributes = rule.asked.iter().map(|(attribute, _)| attribute.name());
    let asked: Vec<&str> = attributes.chain(key.then_some("key")).collect();
    (!asked.is_empty()).then(|| asked.join(" or "))
}

/// A forbid or a review that requires something that a request may omit.
fn left_out(subject: &mut Subject<'_>, id: RuleId, rule: &Rule) {
    let (Some(spans), Some(asked)) = (subject.rule(id), asked(subject, rule)) else { return };
    if let Effect::Permit(_) = rule.effect {
        return;
    }
    let (kind, name) = (rule.effect.kind(), &rule.id);
    if !rule.applies_when_absent {
        let message = format!("{kind} `{name}` doesn't apply where there is no {asked}");
        let help =
            "that is what `when-absent = \"skip\"` says: is it sure that nobody evades the rule by leaving it out?";
        subject.find(&SKIPS_WHEN_ABSENT, &spans.id.span, message, help);
    } else if !subject.policy.lists(Attribute::Purpose) {
        let message = format!("{kind} `{name}` applies where there is no {asked}, too");
        subject.find(&APPLIES_WHEN_ABSENT, &spans.id.span, message, "write `when-absent = \"skip\"` if it must not");
    }
}

/// Forbids that remove everything that permits release if a request omits a purpose or a key, because the forbids
/// require one.
fn forbids_all(subject: &mut Subject<'_>) {
    let (policy, survey) = (subject.policy, subject.survey);
    let mut found: BTreeMap<RuleId, ClassId> = BTreeMap::new();
    let messages = survey.messages();
    let mut done: HashSet<(Vec<RuleId>, Vec<bool>)> = HashSet::new();
    for population in subject.populations {
        let Some(class) = population.classes.first() else { continue };
        let rules = survey.rules_for(&population.classes);
        for (attributes, message) in subject.stated.iter().flat_map(|one| messages.iter().map(move |two| (one, two))) {
            let (claims, period) = (ClaimSet::default(), Period::default());
            let asked = Conditions { attributes: *attributes, claims, message: *message, period };
            let omitted = Attribute::ALL.map(|attribute| attributes.get(attribute) == Stated::Absent);
            let omitted: Vec<bool> = omitted.into_iter().chain([message.is_none()]).collect();
            if !omitted.contains(&true) {
                continue;
            }
            let applied: Vec<RuleId> = rules
                .iter()
                .copied()
                .filter(|id| policy.rule(*id).is_some_and(|rule| rule.applies(&population.classes, &asked)))
                .collect();
            if done.insert((applied.clone(), omitted)) {
                for id in taking_all(subject, &applied, &asked) {
                    found.entry(id).or_insert(*class);
                }
            }
        }
    }
    for (id, class) in found {
        let (Some(spans), Some(rule)) = (subject.rule(id), policy.rule(id)) else { continue };
        let message = format!(
            "forbid `{}` leaves nothing to `{}` where there is no {}",
            rule.id,
            policy.class_name(class),
            asked(subject, rule).unwrap_or_default()
        );
        let help = "write `when-absent = \"skip\"` if their requests never say so, or name less in the forbid";
        subject.find(&FORBIDS_ALL_WHEN_ABSENT, &spans.id.span, message, help);
    }
}

/// Of the applied rules, the forbids without which something would be released, and which apply because something is
/// omitted.
fn taking_all(subject: &Subject<'_>, applied: &[RuleId], asked: &Conditions) -> Vec<RuleId> {
    let mut permitted: HashSet<ElementId> = HashSet::new();
    let mut always: HashSet<ElementId> = HashSet::new();
    let mut by_absence: Vec<(RuleId, &[ElementId])> = Vec::new();
    for (id, rule) in applied.iter().filter_map(|id| Some((*id, subject.policy.rule(*id)?))) {
        let is_omitted = |(attribute, _): &(Attribute, _)| asked.attributes.get(*attribute) == Stated::Absent;
        let is_absent = rule.asked.iter().any(is_omitted) || rule.messages.is_some() && asked.message.is_none();
        match &rule.effect {
            Effect::Permit(elements) => permitted.extend(elements.iter().map(|(element, _)| *element)),
            Effect::Forbid(elements) if is_absent => by_absence.push((id, elements)),
            Effect::Forbid(elements) => always.extend(elements),
            Effect::Review(_) | Effect::Duty(_) => {}
        }
    }
    permitted.retain(|element| !always.contains(element));
    let all_removed =
        permitted.iter().all(|element| by_absence.iter().any(|(_, own)| own.binary_search(element).is_ok()));
    if permitted.is_empty() || !all_removed {
        return Vec::new();
    }
    by_absence.retain(|(_, own)| own.iter().any(|element| permitted.contains(element)));
    by_absence.into_iter().map(|(id, _)| id).collect()
}
