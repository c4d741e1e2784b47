//! What two policies mean, told in the plainest way: every situation of every agency class is decided under both. It tells
//! mutants that mean the same from those that nobody noticed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use dmv_redact_testing::catalog::Catalog;
use dmv_redact_testing::policy::{Classes, Decision, NO_OTHERS, Paper, Policy, Request, Verb};
use toml::Table;

/// The first situation in which two policies differ.
pub(crate) fn difference(one: &Policy, two: &Policy) -> Option<String> {
    let stated = one.purposes().iter().chain(two.purposes()).map(String::as_str);
    difference_for(one, two, &stated.map(Some).chain([None, Some("ZZZ")]).collect())
}

/// The instruments behind claims: such as specify nothing, and, where rules ask for it, such as specify everything.
fn papers(one: &Policy, two: &Policy, claims: &BTreeSet<&str>) -> Vec<Vec<Paper>> {
    let rules = || one.rules.iter().chain(&two.rules);
    let asks = |claim: &str| rules().any(|rule| rule.specified_by.iter().flatten().any(|own| own == claim));
    let papers = |specifies: &[&str]| -> Vec<Paper> {
        let issuer =
            |claim: &str| one.issuers.get(claim).or(two.issuers.get(claim)).and_then(|all| all.first().cloned());
        let paper = |claim: &&str| Paper {
            claim: (*claim).to_owned(),
            issuer: issuer(claim),
            specifies: specifies.iter().map(|term| (*term).to_owned()).collect(),
            ..Paper::default()
        };
        claims.iter().map(paper).filter(|paper| paper.issuer.is_some() || asks(&paper.claim)).collect()
    };
    match claims.iter().any(|claim| asks(claim)) {
        true => vec![papers(&[]), papers(&["*"])],
        false => vec![papers(&[])],
    }
}

/// The same, for these purposes alone.
fn difference_for(one: &Policy, two: &Policy, purposes: &BTreeSet<Option<&str>>) -> Option<String> {
    let pairs: BTreeMap<(Classes, Classes), String> =
        meetings(one, two).into_iter().map(|ori| ((one.classes_of(&ori), two.classes_of(&ori)), ori)).collect();
    let mut messages = one.messages();
    messages.extend(two.messages());
    messages.insert("another".to_owned());
    for ((first, second), ori) in &pairs {
        let claims: Vec<String> = one.claims_of(first).union(&two.claims_of(second)).cloned().collect();
        for set in 0..1_u32 << claims.len() {
            let vouched = claims.iter().enumerate().filter(|(bit, _)| set & (1 << bit) != 0);
            let vouched: BTreeSet<&str> = vouched.map(|(_, claim)| claim.as_str()).collect();
            for papers in papers(one, two, &vouched) {
                for (purpose, message) in
                    purposes.iter().flat_map(|purpose| messages.iter().map(move |key| (purpose, key)))
                {
                    let (purpose, message, claims) = (*purpose, Some(message.as_str()), &vouched);
                    let request = Request { purpose, others: NO_OTHERS, message, claims, papers: &papers };
                    let decided = one.decide(first, &request);
                    let owed = |policy: &Policy, classes| match &decided {
                        Decision::Released(_) => policy.duties(classes, &request, "release"),
                        Decision::Held(_) => policy.duties(classes, &request, "hold"),
                        Decision::Withheld => policy.duties(classes, &request, "refusal"),
                    };
                    if decided != two.decide(second, &request) || owed(one, first) != owed(two, second) {
                        return Some(format!(
                            "{ori}, purpose {purpose:?}, key {message:?}, claims {vouched:?}, {papers:?}"
                        ));
                    }
                }
            }
        }
    }
    None
}

/// The first situation in which a request without a purpose, or with one that the policy lists, gets something else than it
/// did when a rule that asks for a purpose or a key never applied without one.
pub(crate) fn narrowed(policy: &Table, folder: &Path, catalog: &Catalog) -> Option<String> {
    let now = Policy::of(policy, folder, catalog);
    let mut before = Policy::of(policy, folder, catalog);
    // A duty gives and takes nothing.
    let others = before.rules.iter_mut().filter(|rule| rule.verb != Verb::Duty);
    others.for_each(|rule| rule.when_absent = false);
    let purposes = now.purposes().iter().map(|code| Some(code.as_str())).chain([None]).collect();
    difference_for(&before, &now, &purposes)
}

/// ORIs of which there is one for each way that patterns of both policies can meet.
fn meetings(one: &Policy, two: &Policy) -> BTreeSet<String> {
    let both = || one.classes.values().chain(two.classes.values());
    let mut oris: BTreeSet<String> = both().flat_map(|class| class.exact.iter().cloned()).collect();
    let patterns: BTreeSet<Vec<u8>> =
        both().flat_map(|class| &class.patterns).filter_map(|text| spread(text)).collect();
    for one in &patterns {
        for two in &patterns {
            if let Some(met) = meet(one, two) {
                oris.extend([b'0', b'Q'].map(|fill| filled(&met, fill)));
            }
        }
    }
    oris.insert("ZZ9999999".to_owned());
    oris
}

/// A pattern as nine places, its one `*` as many `?`.
fn spread(pattern: &str) -> Option<Vec<u8>> {
    assert!(pattern.matches('*').count() <= 1, "`{pattern}` has several `*`");
    let run = "?".repeat(10_usize.checked_sub(pattern.len())?);
    Some(pattern.replace('*', &run).into_bytes())
}

/// What matches both.
fn meet(one: &[u8], two: &[u8]) -> Option<Vec<u8>> {
    let met = one.iter().zip(two).map(|pair| match pair {
        (b'?', other) | (other, b'?') => Some(*other),
        (b'#', other) | (other, b'#') if *other == b'#' || other.is_ascii_digit() => Some(*other),
        (a, b) => (a == b).then_some(*a),
    });
    met.collect()
}

fn filled(pattern: &[u8], fill: u8) -> String {
    let character = |place: &u8| match *place {
        b'?' => fill,
        b'#' => b'0',
        fixed => fixed,
    };
    pattern.iter().map(|place| char::from(character(place))).collect()
}
