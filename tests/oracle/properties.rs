//! The properties under the policies of the repository: sound, complete, idempotent, the same in XML and JSON, and no
//! canary anywhere. Each test names the promise that it holds (docs/architecture.md); `PROPTEST_CASES` raises the number of
//! cases.

use std::collections::{BTreeMap, BTreeSet};

use dmv_redact_testing::catalog::{is_envelope, is_in_every_grant};
use dmv_redact_testing::dice::Dice;
use dmv_redact_testing::oracle::check::{Outcome, parting, redact};
use dmv_redact_testing::oracle::choices;
use dmv_redact_testing::oracle::generate::{Body, Node};
use dmv_redact_testing::oracle::scenario::{JSON, Need, Scenario, XML};
use dmv_redact_testing::oracle::world::{EVERYTHING, WORLD, builder};
use dmv_redact_testing::properties::cases;
use proptest::prelude::*;

use crate::released::released;

/// Unknown parts are mixed into two of three messages.
fn salt(choices: &[u16]) -> u64 {
    choices.len() as u64 % 3
}

fn case(choices: &[u16], need: Need) -> Result<(Scenario, Vec<u8>), TestCaseError> {
    let scenario = Scenario::new(choices, need).ok_or_else(|| TestCaseError::reject("no such case"))?;
    let message = scenario.message(need, salt(choices));
    Ok((scenario, message))
}

fn agrees(choices: &[u16], need: Need) -> Result<(), TestCaseError> {
    let (scenario, message) = case(choices, need)?;
    scenario.check(need, &message).map(drop).map_err(TestCaseError::fail)
}

fn idempotent(choices: &[u16], need: Need) -> Result<(), TestCaseError> {
    let (scenario, message) = case(choices, need)?;
    let first = redact(&scenario.ruled.filter, &scenario.asker, &message);
    // A token isn't known again: anybody can write what looks like one.
    if first.releases() && !scenario.ruled.has_tokens() {
        let second = redact(&scenario.ruled.filter, &scenario.asker, &first.output);
        let part = parting(&first.output, &second.output);
        let message = String::from_utf8_lossy(&message);
        let told = scenario.told(&format!("{part}\nsecond: {:?}\n{message}", second.receipt.reason()));
        prop_assert!(first.output == second.output, "{told}");
    }
    Ok(())
}

fn canaries_stay(choices: &[u16], need: Need) -> Result<(), TestCaseError> {
    let (scenario, message) = case(choices, need)?;
    let outcome = redact(&scenario.ruled.filter, &scenario.asker, &message);
    let receipt = serde_json::to_string(&outcome.receipt).expect("a receipt is written as JSON");
    let output = String::from_utf8_lossy(&outcome.output).into_owned();
    let decoded: Vec<String> = released(&outcome.output, need.xml).into_iter().map(|(_, value)| value).collect();
    for canary in scenario.canaries.iter().map(String::as_str).chain(["junkZQ"]) {
        let leaks =
            [&output, &receipt].iter().any(|t| t.contains(canary)) || decoded.iter().any(|v| v.contains(canary));
        let told = scenario.told(&String::from_utf8_lossy(&message));
        prop_assert!(!leaks, "{canary} stands in\n{output}\nor {receipt}\n{told}");
    }
    Ok(())
}

fn counts(outcome: &Outcome) -> BTreeMap<String, (u32, u32)> {
    let counts = outcome.receipt.elements().map(|(id, c)| (id.to_owned(), (c.released, c.generalised)));
    counts.filter(|(_, c)| *c != (0, 0)).collect()
}

/// JSON has no place for a leaf's attributes unless the leaf is wrapped.
fn without_leaf_attributes(node: &mut Node) {
    match &mut node.body {
        Body::Text { .. } => node.attributes.clear(),
        Body::Kids { kids, .. } => kids.iter_mut().for_each(without_leaf_attributes),
    }
}

proptest! {
    #![proptest_config(cases(1000))]

    /// P1, P4, P5: an XML output is exactly what the oracle releases: all that is permitted, nothing else, in order.
    #[test]
    fn p1_p4_p5_sound_and_complete_xml(choices in choices()) {
        agrees(&choices, XML)?;
    }

    /// P1, P4, P5: a JSON output is exactly what the oracle releases: all that is permitted, nothing else, in order.
    #[test]
    fn p1_p4_p5_sound_and_complete_json(choices in choices()) {
        agrees(&choices, JSON)?;
    }
}

proptest! {
    #![proptest_config(cases(300))]

    /// P4: redacting an XML output once more changes nothing.
    #[test]
    fn p4_idempotent_xml(choices in choices()) {
        idempotent(&choices, XML.releasing())?;
    }

    /// P4: redacting a JSON output once more changes nothing.
    #[test]
    fn p4_idempotent_json(choices in choices()) {
        idempotent(&choices, JSON.releasing())?;
    }

    /// P1, P6: no forbidden token of an XML message stands in the output or in the receipt, released or refused.
    #[test]
    fn p1_p6_no_canary_of_xml_survives(choices in choices()) {
        canaries_stay(&choices, XML)?;
    }

    /// P1, P6: no forbidden token of a JSON message stands in the output or in the receipt, released or refused.
    #[test]
    fn p1_p6_no_canary_of_json_survives(choices in choices()) {
        canaries_stay(&choices, JSON)?;
    }

    /// P1: the same case written as XML and as JSON releases the same data elements, as often.
    #[test]
    fn p1_twins_release_the_same_elements(choices in choices()) {
        let both = Need { xml: true, json: true, releasing: true, violations: false, references: false };
        let mut scenario = Scenario::new(&choices, both).ok_or_else(|| TestCaseError::reject("no such case"))?;
        if !scenario.format.namespaces.contains_key("rdf") {
            without_leaf_attributes(&mut scenario.tree);
        }
        let messages = [both, Need { xml: false, ..both }].map(|need| scenario.message(need, salt(&choices)));
        let [xml, json] = messages.each_ref().map(|m| counts(&redact(&scenario.ruled.filter, &scenario.asker, m)));
        let [first, second] = messages.each_ref().map(|m| String::from_utf8_lossy(m));
        prop_assert!(xml == json, "{}", scenario.told(&format!("{first}\n{second}\n{xml:?}\n{json:?}")));
    }
}

/// The properties are worth what the generator reaches: where everything is permitted, all of every mapping is released.
#[test]
fn generated_messages_reach_what_is_mapped() {
    let ruled = WORLD.policies.iter().find(|r| r.name == EVERYTHING).expect("the policy is there");
    for (format, need) in WORLD.formats.iter().flat_map(|f| [(f, XML), (f, JSON)]) {
        if (need.xml && !format.xml) || (need.json && !format.json) {
            continue;
        }
        let (mut reached, mut open) = (BTreeSet::new(), BTreeSet::new());
        for seed in 1..=80 {
            // Dice of seeds that are near each other give the same choices, shifted.
            let scenario = Scenario::of(ruled.clone(), format, &mut Dice::salted(seed * 811, 0), need.releasing());
            let scenario = scenario.expect("everything is permitted");
            let outcome = scenario.check(need, &scenario.message(need, 0)).unwrap_or_else(|report| panic!("{report}"));
            reached.extend(outcome.receipt.elements().filter(|(_, c)| c.released > 0).map(|(id, _)| id.to_owned()));
            open.extend(outcome.open.map(|why| (why, seed)));
        }
        let mapped =
            format.mapped.iter().filter(|m| (need.xml || m.attribute.is_none()) && !m.laid_out).map(|m| &m.element);
        // What a message tells of the law never goes out.
        let mapped = mapped.filter(|id| is_in_every_grant(id) || !is_envelope(id));
        let missed: BTreeSet<&String> = mapped.filter(|id| !reached.contains(*id)).collect();
        assert!(missed.is_empty(), "{}, XML: {}: never released: {missed:?}", format.name, need.xml);
        assert!(open.len() < 20, "{}, XML: {}: the oracle often has no answer: {open:?}", format.name, need.xml);
    }
}

/// P2: without a policy the strict baseline decides, the same that stands in `policies/`.
#[test]
fn p2_the_built_in_policy_is_the_baseline() {
    let baseline = WORLD.policies.iter().find(|r| r.name == "baseline").expect("policies/baseline.toml");
    let built_in = builder().build().expect("the built-in policy loads");
    for (format, seed) in WORLD.formats.iter().flat_map(|f| (1..60).map(move |seed| (f, seed * 331))) {
        let need = if format.json { JSON } else { XML };
        if let Some(scenario) = Scenario::of(baseline.clone(), format, &mut Dice::salted(seed, 0), need) {
            let message = scenario.message(need, 1);
            let [one, two] = [&baseline.filter, &built_in].map(|filter| redact(filter, &scenario.asker, &message));
            assert!(one.output == two.output, "{}", parting(&one.output, &two.output));
        }
    }
}
