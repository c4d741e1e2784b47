//! Policies made up at random, for the promises about policies: a grant is the union of permits minus every forbid,
//! whatever the order of the rules (P9).

use std::collections::BTreeSet;
use std::sync::Arc;

use dmv_redact_testing::dice::Dice;
use dmv_redact_testing::oracle::check::{check, redact};
use dmv_redact_testing::oracle::choices;
use dmv_redact_testing::oracle::scenario::{JSON, Need, Scenario, XML};
use dmv_redact_testing::oracle::world::{Ruled, WORLD};
use dmv_redact_testing::properties::cases;
use proptest::prelude::*;

use crate::released::{released, surplus};

const HEAD: &str = r#"
[policy]
name = "random"
version = "1"
claims = ["warrant", "approved"]
purposes = ["C", "E", "F", "J"]

[agencies.alpha]
title = "One agency"
ori = ["AZ0070000"]

[agencies.beta]
title = "A state"
ori = ["AZ*"]
except = ["gamma"]

[agencies.gamma]
title = "Agencies named by a pattern"
ori = ["??ICE*"]
"#;

fn policy(rules: &[String]) -> Arc<Ruled> {
    let text = format!("{HEAD}\n{}", rules.join("\n"));
    Ruled::from_text(&text, &text, &WORLD.catalog)
}

/// A broad permit first, so that most grants hold something; then some of every kind but review.
fn rules(dice: &mut Dice) -> Vec<String> {
    let terms = WORLD.catalog.terms();
    let broad: BTreeSet<&String> = (0..6).map(|_| dice.one_of(&terms)).collect();
    let broad: Vec<&String> = broad.into_iter().collect();
    let mut rules = vec![format!(
        "[[permit]]\nid = \"broad\"\nagencies = [\"alpha\", \"beta\", \"gamma\"]\nelements = {broad:?}\n"
    )];
    for serial in 0..dice.pick(7) {
        let verb = if dice.chance(35) { "forbid" } else { "permit" };
        rules.push(rule(verb, &format!("rule-{serial}"), dice));
    }
    rules
}

fn rule(verb: &str, id: &str, dice: &mut Dice) -> String {
    let terms = WORLD.catalog.terms();
    let elements: BTreeSet<&String> = (0..=dice.pick(8)).map(|_| dice.one_of(&terms)).collect();
    let elements: Vec<&String> = elements.into_iter().collect();
    let classes: Vec<&str> = ["alpha", "beta", "gamma"].into_iter().filter(|_| dice.chance(60)).collect();
    let mut text = format!("[[{verb}]]\nid = \"{id}\"\nelements = {elements:?}\n");
    if verb == "permit" || !classes.is_empty() {
        let classes = if classes.is_empty() { vec!["alpha"] } else { classes };
        text.push_str(&format!("agencies = {classes:?}\n"));
    }
    let asks = [dice.chance(25), dice.chance(15), dice.chance(20), dice.chance(10), dice.chance(10), dice.chance(10)];
    if asks[0] {
        text.push_str("purposes = [\"C\"]\n");
    }
    if asks[1] {
        text.push_str("messages = [\"DR\", \"RR\"]\n");
    }
    for (asked, (key, values)) in asks.iter().skip(2).zip([
        ("reasons", ["T", "V"]),
        ("lines", ["TC", "AX"]),
        ("users", ["DOE, J", "ROE"]),
        ("states", ["AZ", "NV"]),
    ]) {
        let some = [&values[..1], &values[..], &["*"][..]];
        if *asked {
            text.push_str(&format!("{key} = {:?}\n", dice.one_of(&some)));
        }
    }
    if verb == "forbid" && asks.contains(&true) && dice.chance(40) {
        text.push_str("when-absent = \"skip\"\n");
    }
    if dice.chance(20) {
        text.push_str("requires = [\"warrant\"]\n");
    }
    if dice.chance(20) {
        text.push_str("unless = [\"approved\"]\n");
    }
    if verb == "permit" {
        let treated = elements.iter().filter_map(|id| Some(format!("{id:?} = \"{}\"", treatment(id, dice)?)));
        text.push_str(&format!("as = {{ {} }}\n", treated.collect::<Vec<_>>().join(", ")));
    }
    text
}

/// A treatment that the element takes, if the term is just one element.
fn treatment(id: &str, dice: &mut Dice) -> Option<&'static str> {
    let alone = WORLD.catalog.elements.keys().filter(|other| WORLD.catalog.covers(id, other)).count() == 1;
    let element = WORLD.catalog.elements.get(id).filter(|_| alone && dice.chance(50))?;
    let closest = element.kind.closest_treatment()?;
    Some(if dice.chance(30) { "mask" } else { closest })
}

/// A message for the first policy, and what both release of it; the first must agree with the oracle, too.
fn compare(choices: &[u16], change: impl Fn(&mut Dice, &mut Vec<String>)) -> Result<(), TestCaseError> {
    let (for_rules, for_message) = choices.split_at(choices.len().min(120));
    let mut dice = Dice::new(for_rules);
    let mut rules = rules(&mut dice);
    let need = Need { violations: true, ..if dice.chance(50) { XML } else { JSON } };
    let more = policy(&rules);
    change(&mut dice, &mut rules);
    let less = policy(&rules);
    let scenario = Scenario::under(more, &mut Dice::new(for_message), need).expect("any case will do");
    let message = scenario.message(need, 1);
    let most = scenario.check(need, &message).map_err(TestCaseError::fail)?;
    if most.open.is_some() && !most.releases() {
        // What the larger grant withholds for a reason of its own can't be compared.
        return Ok(());
    }
    let least = redact(&less.filter, &scenario.asker, &message);
    let [most, least] = [most, least].map(|o| released(&o.output, need.xml));
    if let Some(surplus) = surplus(&least, &most, scenario.format) {
        let report = format!("{surplus:?} is released by the smaller policy only:\n{}", less.name);
        return Err(TestCaseError::fail(scenario.told(&report)));
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(80))]

    /// P9: one more forbid never releases more.
    #[test]
    fn p9_a_forbid_never_adds(choices in choices()) {
        compare(&choices, |dice, rules| rules.push(rule("forbid", "added", dice)))?;
    }

    /// P9: one permit less never releases more.
    #[test]
    fn p9_a_permit_less_never_adds(choices in choices()) {
        compare(&choices, |dice, rules| {
            let permits: Vec<usize> = (0..rules.len()).filter(|n| rules[*n].starts_with("[[permit]]")).collect();
            rules.remove(*dice.one_of(&permits));
        })?;
    }

    /// P9: the order of the rules changes no byte.
    #[test]
    fn p9_the_order_of_rules_is_nothing(choices in choices()) {
        let (for_rules, for_message) = choices.split_at(choices.len().min(120));
        let mut dice = Dice::new(for_rules);
        let mut rules = rules(&mut dice);
        let need = if dice.chance(50) { XML } else { JSON };
        let scenario = Scenario::under(policy(&rules), &mut Dice::new(for_message), need).expect("any case will do");
        for n in (1..rules.len()).rev() {
            rules.swap(n, dice.pick(n + 1));
        }
        let message = scenario.message(need, 1);
        let first = redact(&scenario.ruled.filter, &scenario.asker, &message);
        let shuffled = policy(&rules);
        let second = redact(&shuffled.filter, &scenario.asker, &message);
        prop_assert!(first.output == second.output, "{}", scenario.told(&shuffled.name));
        let setting = WORLD.setting(&shuffled.policy);
        check(setting, &shuffled.filter, &scenario.asker, &message, need.xml).map_err(TestCaseError::fail)?;
    }
}
