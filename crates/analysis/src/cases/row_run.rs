//! Compares the policy's grants with a row of a matrix, in every situation that the row names.

use std::collections::BTreeSet;

use super::matrix::MatrixRowTest;
use super::outcome::{CaseFault, CaseOutcome};
use crate::selectors;
use crate::words::Statement;
use dmv_redact::{Disposition, Filter};
use dmv_redact_model::catalog::{ElementId, Treatment};
use dmv_redact_model::policy::Ruling;
use dmv_redact_model::policy::{Conditions, Effect, Period, Policy, Verdict};

/// A mismatch with the row, of the whole message or of one element.
#[derive(PartialEq, Eq)]
struct Mismatch {
    fault: CaseFault,
    element: Option<ElementId>,
}

/// Runs a row.
pub(super) fn run_row(row: &MatrixRowTest, filter: &Filter) -> CaseOutcome {
    let mut found: Vec<(Mismatch, Vec<String>)> = Vec::new();
    for attributes in &row.stated {
        for message in &row.messages {
            let (claims, period) = (row.claims, Period::default());
            let asked = Conditions { attributes: *attributes, claims, message: *message, period };
            let situation = situation(row, filter, &asked);
            for mismatch in mismatches(row, filter, &asked) {
                match found.iter_mut().find(|(existing, _)| *existing == mismatch) {
                    Some((_, situations)) => situations.push(situation.clone()),
                    None => found.push((mismatch, vec![situation.clone()])),
                }
            }
        }
    }
    let MatrixRowTest { name, title, file, line, .. } = row;
    let faults = gather(found, row.stated.len() * row.messages.len(), filter);
    CaseOutcome { name: name.clone(), title: title.clone(), file: file.clone(), line: Some(*line), faults }
}

/// Merges the faults of elements that mismatch the same way in the same situations.
fn gather(found: Vec<(Mismatch, Vec<String>)>, all: usize, filter: &Filter) -> Vec<CaseFault> {
    let mut gathered: Vec<(CaseFault, Vec<String>, BTreeSet<ElementId>)> = Vec::new();
    for (Mismatch { fault, element }, situations) in found {
        let existing = gathered.iter_mut().find(|(existing, when, _)| *existing == fault && *when == situations);
        match existing {
            Some((_, _, elements)) => elements.extend(element),
            None => gathered.push((fault, situations, element.into_iter().collect())),
        }
    }
    let mut faults = Vec::new();
    for (mut fault, situations, elements) in gathered {
        if !elements.is_empty() {
            fault.details.insert(0, selectors(filter.catalog(), &elements).join(", "));
        }
        fault.details.push(match situations.len() {
            number if number == all && all > 1 => format!("in all {all} situations of the row"),
            _ => format!("for {}", situations.join("; ")),
        });
        faults.push(fault);
    }
    faults
}

/// A requester, what it states and a message key, in words.
fn situation(row: &MatrixRowTest, filter: &Filter, asked: &Conditions) -> String {
    let policy = filter.decider();
    let stated = Statement::of(policy, &asked.attributes).describe();
    let key = match asked.message {
        Some(key) => filter.messages().get(usize::from(key.0)).map_or("another", String::as_str),
        None => "none",
    };
    format!("{}, purpose {stated}, message key {key}", row.requester.ori)
}

/// All mismatches with the row in one situation.
fn mismatches(row: &MatrixRowTest, filter: &Filter, asked: &Conditions) -> Vec<Mismatch> {
    let policy = filter.decider();
    let classes = &row.requester.classes;
    let grant = policy.grant(classes, asked);
    let mut mismatches = Vec::new();
    if grant.verdict() != row.verdict {
        let reviews = policy.applied(classes, asked).into_iter().filter_map(|id| policy.rule(id));
        let reviews = reviews.filter(|rule| matches!(rule.effect, Effect::Review(_)));
        let why = match grant.verdict() {
            Verdict::Review => reviews.map(|rule| format!("review `{}` applies", rule.id)).collect(),
            Verdict::Nothing if classes.is_empty() => vec!["no agency class claims the requester".to_owned()],
            Verdict::Nothing => vec!["the policy permits nothing".to_owned()],
            Verdict::Rewrite => vec!["no review applies".to_owned()],
        };
        let fault =
            CaseFault::new("verdict", disposition_of(row.verdict), disposition_of(grant.verdict())).with_details(why);
        mismatches.push(Mismatch { fault, element: None });
    }
    let duties: BTreeSet<String> = grant.duties(grant.verdict().occasion()).map(|own| own.duty.to_string()).collect();
    for duty in row.duties.symmetric_difference(&duties) {
        let (expected, got) = if row.duties.contains(duty) { (duty.as_str(), "none") } else { ("none", duty.as_str()) };
        let fault = CaseFault::new("duty", expected, got);
        mismatches.push(Mismatch { fault, element: None });
    }
    for (id, _) in filter.catalog().iter() {
        let (expected, got) = (row.granted.get(id.index()).copied().flatten(), grant.treatment(id));
        if expected != got {
            let what = if expected.is_some() && got.is_some() { "treatment" } else { "element" };
            let why = vec![why(policy, &policy.ruling(classes, asked, id))];
            let fault = CaseFault::new(what, outcome_name(expected), outcome_name(got)).with_details(why);
            mismatches.push(Mismatch { fault, element: Some(id) });
        }
    }
    mismatches
}

fn outcome_name(treatment: Option<Treatment>) -> &'static str {
    treatment.map_or("removed", Treatment::name)
}

/// The rule that decides over an element, with its position.
fn why(policy: &Policy, ruling: &Ruling) -> String {
    let forbids: Vec<String> = ruling.forbids.iter().filter_map(|id| located_rule(policy, "forbid", *id)).collect();
    let permits: Vec<String> = ruling.deciding().filter_map(|id| located_rule(policy, "permit", id)).collect();
    match (forbids.as_slice(), permits.as_slice()) {
        ([], []) => "no permit that applies names it".to_owned(),
        ([], permits) => format!("by {}", permits.join(", ")),
        (forbids, _) => format!("by {}", forbids.join(", ")),
    }
}

/// A rule with its position.
fn located_rule(policy: &Policy, kind: &str, id: usize) -> Option<String> {
    let rule = policy.rule(id)?;
    Some(format!("{kind} `{}` ({}:{})", rule.id, policy.file_of(&rule.metadata), rule.metadata.position.line))
}

/// The disposition that results from a verdict.
fn disposition_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Rewrite => "rewritten",
        Verdict::Review => Disposition::Held.name(),
        Verdict::Nothing => Disposition::Withheld.name(),
    }
}
