//! Holding what the policy grants against a row of a matrix, in every situation that the row names.

use std::collections::BTreeSet;

use super::matrix::{NO_PURPOSE, Row};
use super::outcome::{Fault, Outcome};
use crate::catalog::{ElementId, Treatment};
use crate::policy::survey::Ruling;
use crate::policy::{Conditions, Effect, MessageKeyId, Policy, Verdict};
use crate::report::selectors;
use crate::{Disposition, Filter};

/// What isn't as the row wants it, of the whole message or of one element.
#[derive(PartialEq, Eq)]
struct Mismatch {
    fault: Fault,
    element: Option<ElementId>,
}

/// Runs a row.
pub(super) fn run_row(row: &Row, filter: &Filter) -> Outcome {
    let mut shown: Vec<(Mismatch, Vec<String>)> = Vec::new();
    for purpose in &row.purposes {
        for message in &row.messages {
            let asked = Conditions { purpose: *purpose, claims: row.claims, message: *message };
            let situation = situation(row, filter, &asked);
            for mismatch in mismatches(row, filter, &asked) {
                match shown.iter_mut().find(|(known, _)| *known == mismatch) {
                    Some((_, situations)) => situations.push(situation.clone()),
                    None => shown.push((mismatch, vec![situation.clone()])),
                }
            }
        }
    }
    let Row { name, title, file, line, .. } = row;
    let faults = gather(shown, row.purposes.len() * row.messages.len(), filter);
    Outcome { name: name.clone(), title: title.clone(), file: file.clone(), line: Some(*line), faults }
}

/// One fault of all elements with which the same is the matter, in the same situations.
fn gather(shown: Vec<(Mismatch, Vec<String>)>, all: usize, filter: &Filter) -> Vec<Fault> {
    let mut gathered: Vec<(Fault, Vec<String>, BTreeSet<ElementId>)> = Vec::new();
    for (Mismatch { fault, element }, situations) in shown {
        let known = gathered.iter_mut().find(|(known, when, _)| *known == fault && *when == situations);
        match known {
            Some((_, _, elements)) => elements.extend(element),
            None => gathered.push((fault, situations, element.into_iter().collect())),
        }
    }
    let tell = |(mut fault, situations, elements): (Fault, Vec<String>, BTreeSet<ElementId>)| {
        if !elements.is_empty() {
            fault.details.insert(0, selectors(filter.catalog(), &elements).join(", "));
        }
        fault.details.push(match situations.len() {
            number if number == all && all > 1 => format!("in all {all} situations of the row"),
            _ => format!("for {}", situations.join("; ")),
        });
        fault
    };
    gathered.into_iter().map(tell).collect()
}

/// A purpose and a message key, as people say them.
fn situation(row: &Row, filter: &Filter, asked: &Conditions) -> String {
    let policy = filter.decider();
    let purpose = asked.purpose.map_or(NO_PURPOSE, |purpose| policy.purpose_code(purpose));
    let name = |key: MessageKeyId| filter.messages().get(usize::from(key.0)).map_or("another", String::as_str);
    let key = asked.message.map_or("none", name);
    format!("{}, purpose {purpose}, message key {key}", row.asker.ori)
}

/// All that is not as the row wants it in one situation.
fn mismatches(row: &Row, filter: &Filter, asked: &Conditions) -> Vec<Mismatch> {
    let policy = filter.decider();
    let classes = &row.asker.classes;
    let grant = policy.grant(classes, asked);
    let mut mismatches = Vec::new();
    if grant.verdict() != row.verdict {
        let reviews = policy.applied(classes, asked).into_iter().filter_map(|id| policy.rule(id));
        let reviews = reviews.filter(|rule| matches!(rule.effect, Effect::Review));
        let why = match grant.verdict() {
            Verdict::Review => reviews.map(|rule| format!("review `{}` applies", rule.id)).collect(),
            Verdict::Nothing if classes.is_empty() => vec!["no agency class claims the requester".to_owned()],
            Verdict::Nothing => vec!["the policy permits nothing".to_owned()],
            Verdict::Rewrite => vec!["no review applies".to_owned()],
        };
        let fault = Fault::new("verdict", word(row.verdict), word(grant.verdict())).with_details(why);
        mismatches.push(Mismatch { fault, element: None });
    }
    for (id, _) in filter.catalog().iter() {
        let (expected, got) = (row.granted.get(id.index()).copied().flatten(), grant.treatment(id));
        if expected != got {
            let what = if expected.is_some() && got.is_some() { "treatment" } else { "element" };
            let told = |treatment: Option<Treatment>| treatment.map_or("removed", Treatment::name);
            let why = vec![why(policy, &policy.ruling(classes, asked, id))];
            let fault = Fault::new(what, told(expected), told(got)).with_details(why);
            mismatches.push(Mismatch { fault, element: Some(id) });
        }
    }
    mismatches
}

/// The rule that decides over an element, with its place.
fn why(policy: &Policy, ruling: &Ruling) -> String {
    let told = |kind: &str, id: usize| {
        let rule = policy.rule(id)?;
        Some(format!("{kind} `{}` ({}:{})", rule.id, policy.file(), rule.metadata.position.line))
    };
    let forbids: Vec<String> = ruling.forbids.iter().filter_map(|id| told("forbid", *id)).collect();
    let permits: Vec<String> = ruling.deciding().filter_map(|id| told("permit", id)).collect();
    match (forbids.as_slice(), permits.as_slice()) {
        ([], []) => "no permit that applies names it".to_owned(),
        ([], permits) => format!("by {}", permits.join(", ")),
        (forbids, _) => format!("by {}", forbids.join(", ")),
    }
}

/// The disposition that a verdict leads to.
fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Rewrite => "rewritten",
        Verdict::Review => Disposition::Held.name(),
        Verdict::Nothing => Disposition::Withheld.name(),
    }
}
