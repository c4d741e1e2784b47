//! Which claims would change the answer: for every data element, the fewest additional claims, computed by the survey:
//! complete, with no trial and error.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::Elements;
use crate::survey::{Outcome, Survey};
use dmv_redact::Filter;
use dmv_redact_model::catalog::ElementId;
use dmv_redact_model::config::ConfigError;
use dmv_redact_model::policy::{ClaimSet, ClassId, Conditions, Specified};

/// What would differ if more claims were vouched for.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ClaimChange {
    /// The additional claims that would be needed.
    pub(super) claims: Vec<String>,
    /// The outcome for these elements: `released`, `held`, `removed`, with the treatment if it isn't full.
    pub(super) outcome: String,
    pub(super) elements: Elements,
}

/// What more claims would change, fewest claims first.
pub(super) fn changes(
    filter: &Filter,
    survey: &Survey<'_>,
    classes: &[ClassId],
    (asked, specified): (&Conditions, &Specified),
) -> Result<Vec<ClaimChange>, ConfigError> {
    let policy = filter.decider();
    let column = survey.column(classes, asked.attributes, asked.message)?;
    let mut found: Vec<(ClaimSet, Outcome, BTreeSet<ElementId>)> = Vec::new();
    let kinds = survey.kinds();
    let catalog = filter.catalog();
    for (kind, cell) in column.cells().iter().enumerate() {
        let members = kinds.members(kind).iter().copied();
        let members = members.filter(|id| catalog.element(*id).is_some_and(|element| !element.is_envelope()));
        let mut by_claims: BTreeMap<u64, BTreeSet<ElementId>> = BTreeMap::new();
        for member in members {
            by_claims.entry(asked.with(specified.get(member)).claims.0).or_default().insert(member);
        }
        let cases = survey.cases(*cell)?;
        for (vouched, members) in by_claims {
            let now = cases.iter().find(|case| vouched & case.with.0 == case.with.0 && vouched & case.without.0 == 0);
            let now = now.map(|case| case.value);
            // The outcomes reachable from here by vouching for more.
            let mut alternatives: Vec<(ClaimSet, Outcome)> = cases
                .iter()
                .filter(|case| vouched & case.without.0 == 0 && Some(case.value) != now)
                .map(|case| (ClaimSet(case.with.0 & !vouched), case.value))
                .collect();
            alternatives.sort_by_key(|(more, _)| (more.0.count_ones(), more.0));
            let mut kept: Vec<(ClaimSet, Outcome)> = Vec::new();
            for (more, outcome) in alternatives {
                // Fewer claims suffice.
                if !kept.iter().any(|(fewer, same)| *same == outcome && more.0 & fewer.0 == fewer.0) {
                    kept.push((more, outcome));
                }
            }
            for (more, outcome) in kept {
                match found.iter_mut().find(|(claims, same, _)| *claims == more && *same == outcome) {
                    Some((_, _, elements)) => elements.extend(&members),
                    None => found.push((more, outcome, members.clone())),
                }
            }
        }
    }
    found.sort_by_key(|(claims, _, _)| (claims.0.count_ones(), claims.0));
    let mut changes = Vec::new();
    for (claims, outcome, elements) in found {
        changes.push(ClaimChange {
            claims: policy.claim_names(claims).into_iter().map(str::to_owned).collect(),
            outcome: describe(outcome),
            elements: Elements::of(catalog, &elements),
        });
    }
    Ok(changes)
}

fn describe(outcome: Outcome) -> String {
    match outcome {
        Outcome::Released(treatment) => format!("released {}", treatment.name()),
        Outcome::Held(treatment) => format!("held for review, then {}", treatment.name()),
        Outcome::Removed => "removed".to_owned(),
    }
}
