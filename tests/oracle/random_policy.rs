//! Policies made up at random, for the promises about policies: a grant is the union of permits minus every forbid,
//! whatever the order of the rules (P9).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dmv_redact::{Date, Filter, Ori, Reason, Requester};
use dmv_redact_model::policy::{Grant, Occasion, Verdict};
use dmv_redact_testing::dice::Dice;
use dmv_redact_testing::oracle::check::{check, instrument, redact};
use dmv_redact_testing::oracle::choices;
use dmv_redact_testing::oracle::scenario::{JSON, Need, Scenario, XML, some_papers};
use dmv_redact_testing::oracle::token::TOKEN_KEY;
use dmv_redact_testing::oracle::world::{Ruled, WORLD};
use dmv_redact_testing::policy::{Decision, OTHERS, Others, Policy, Request, Treatment};
use dmv_redact_testing::properties::cases;
use proptest::prelude::*;

use crate::released::{released, surplus};

const HEAD: &str = r#"
[policy]
name = "random"
version = "1"
claims = ["warrant", "approved"]
purposes = ["C", "E", "F", "J"]
reasons = ["T", "V"]
lines = ["AX", "TC"]

[claims]
warrant = { issuers = ["judge", "jury"] }

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

/// The days on which something may begin or end, and on which requests are made: some follow one another.
const DAYS: [&str; 6] = ["2025-12-31", "2026-01-01", "2026-01-02", "2026-06-30", "2026-07-01", "2027-02-28"];

/// The date that all requests of a test are of: in the midst, so that dated rules are in force, or not yet, or no longer.
const DATE: &str = DAYS[2];

fn policy(rules: &[String]) -> Arc<Ruled> {
    let text = format!("{HEAD}\n{}", rules.join("\n"));
    Ruled::from_text(&text, &text, &WORLD.catalog).on(DATE, &WORLD.catalog)
}

/// A first and a last day, or one of them, or none.
fn validity(dice: &mut Dice) -> [Option<&'static str>; 2] {
    let [one, other] = [dice.pick(DAYS.len()), dice.pick(DAYS.len())];
    let days = [DAYS[one.min(other)], DAYS[one.max(other)]];
    [0, 1].map(|end| dice.chance(70).then_some(days[end]))
}

/// The same as keys of a table, mostly none.
fn dates(dice: &mut Dice) -> String {
    if !dice.chance(30) {
        return String::new();
    }
    let [from, until] = validity(dice);
    let key = |name: &str, day: Option<&str>| day.map_or_else(String::new, |day| format!("{name} = \"{day}\"\n"));
    key("from", from) + &key("until", until)
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
    for serial in 0..dice.pick(3) {
        rules.push(duty(&format!("duty-{serial}"), dice));
    }
    rules
}

/// A duty changes nothing of what goes out.
fn duty(id: &str, dice: &mut Dice) -> String {
    let task = dice.one_of(&["notify-subject", "collect-certificate"]);
    let due = dice.one_of(&["before", "3 business days", "1 month"]);
    let mut text = format!("[[duty]]\nid = \"{id}\"\ndo = \"{task}\"\ndue = \"{due}\"\n");
    let after: Vec<&str> = ["release", "hold", "refusal"].into_iter().filter(|_| dice.chance(50)).collect();
    if !after.is_empty() {
        text.push_str(&format!("after = {after:?}\n"));
    }
    if dice.chance(50) {
        text.push_str("agencies = [\"beta\", \"gamma\"]\n");
    }
    if dice.chance(30) {
        text.push_str("purposes = [\"C\"]\n");
    }
    if dice.chance(30) {
        text.push_str("unless = [\"approved\"]\n");
    }
    text + &dates(dice)
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
    if dice.chance(25) {
        let some = [&["warrant"][..], &["approved"][..], &["warrant", "approved"][..]];
        text.push_str(&format!("specified-by = {:?}\n", dice.one_of(&some)));
    }
    text.push_str(&dates(dice));
    if dice.chance(15) {
        let law = dice.one_of(&["LIMITED BY LAW: SEC. 1.", "LIMITED BY LAW: 2, 3."]);
        text.push_str(&format!("legal-notice = \"{law}\"\n"));
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
    Some(if dice.chance(50) { *dice.one_of(&["mask", "token"]) } else { closest })
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
    let refused = [Reason::PurposeUnknown, Reason::AttributeUnknown, Reason::AttributeSeveral];
    if most.receipt.reason().is_some_and(|reason| refused.contains(&reason)) {
        // The message states what no request can. Where no rule asks for it, that makes no difference.
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

/// Every decision of a policy with a roster, on every day, is that of the plain model, whatever was asked before.
fn decides_as_the_model(choices: &[u16]) -> Result<(), TestCaseError> {
    let mut dice = Dice::new(choices);
    let rules = rules(&mut dice);
    let head = HEAD.replacen("version", &format!("{}version", dates(&mut dice)), 1);
    let head = head.replacen("ori = [\"AZ0070000\"]", "ori = [\"AZ0070000\"]\nori-file = \"roster.csv\"", 1);
    let text = format!("{head}\n{}", rules.join("\n"));
    let oris = ["AZ0070000", "AZ0080000", "AZICE0100", "VTICE0900", "NV0010000"];
    let mut roster = "ori,from,until\n".to_owned();
    for ori in oris {
        let [from, until] = validity(&mut dice).map(Option::unwrap_or_default);
        roster.push_str(&format!("{ori},{from},{until}\n"));
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("policy.toml"), &text).unwrap();
    std::fs::write(folder.path().join("roster.csv"), &roster).unwrap();
    let filter =
        Filter::builder().token_key_bytes(TOKEN_KEY).policy_path(folder.path().join("policy.toml")).build().unwrap();
    let table = text.parse().unwrap();
    let claims: BTreeSet<&str> = ["warrant", "approved"].into_iter().filter(|_| dice.chance(50)).collect();
    for _ in 0..30 {
        let (date, ori, purpose) =
            (*dice.one_of(&DAYS), *dice.one_of(&oris), *dice.one_of(&[None, Some("C"), Some("E")]));
        let mut requester = Requester::new(ori).unwrap().date(date).unwrap();
        requester = purpose.into_iter().fold(requester, |requester, purpose| requester.purpose(purpose));
        requester = claims.iter().fold(requester, |requester, claim: &&str| requester.claim(*claim));
        let model = Policy::on(date, &table, folder.path(), &WORLD.catalog);
        let papers = some_papers(&model, &mut dice);
        requester = papers.iter().fold(requester, |requester, paper| requester.instrument(instrument(paper)));
        let claims = claims.iter().copied().chain(papers.iter().map(|paper| paper.claim.as_str())).collect();
        let mut others = Others::new();
        for (name, values) in OTHERS.into_iter().zip([["T", "V"], ["TC", "AX"], ["DOE, J", "POE"], ["AZ", "UT"]]) {
            if dice.chance(50) {
                others.insert(name.to_owned(), (*dice.one_of(&values)).to_owned());
            }
        }
        for (name, value) in &others {
            requester = match name.as_str() {
                "reason" => requester.reason(value),
                "line" => requester.line(value),
                "user" => requester.user(value),
                _ => requester.record_state(value),
            };
        }
        let request = Request { purpose, others: &others, message: None, claims: &claims, papers: &papers };
        let classes = model.classes_of(ori);
        let expected = model.decide(&classes, &request);
        let told = format!("{ori} on {date} for {purpose:?}\n{text}\n{roster}");
        let of_day = filter.decider().as_of(Date::parse(date).unwrap());
        let decided = filter.decider().decide(Ori::new(ori).unwrap(), &requester, None);
        let as_of = of_day.decide(Ori::new(ori).unwrap(), &requester, None);
        prop_assert_eq!(&decided, &as_of, "{}", told);
        let elements = |grant: &Grant| -> BTreeMap<String, Treatment> {
            let released = filter.catalog().iter().filter(|(_, element)| !element.is_envelope());
            let released = released.filter_map(|(id, element)| Some((element.id().to_owned(), grant.treatment(id)?)));
            released.map(|(id, treatment)| (id, plain(treatment))).collect()
        };
        if let Some(grant) = &decided {
            let law = model.legal_notice(&classes, &request);
            prop_assert_eq!(grant.legal_notice(), law.as_deref(), "{}", told);
            for outcome in Occasion::ALL {
                let duties: BTreeSet<String> = grant.duties(outcome).map(|own| own.id.clone()).collect();
                let owed = model.duties(&classes, &request, outcome.name());
                prop_assert_eq!(owed.into_values().flatten().collect::<BTreeSet<_>>(), duties, "{}", told);
            }
        }
        match (expected, decided) {
            (Decision::Withheld, None) => {}
            (Decision::Withheld, Some(grant)) => prop_assert_eq!(grant.verdict(), Verdict::Nothing, "{}", told),
            (Decision::Held(expected), Some(grant)) => {
                prop_assert_eq!(grant.verdict(), Verdict::Review, "{}", told);
                prop_assert_eq!(expected.by_element(&WORLD.catalog), elements(&grant), "{}", told);
            }
            (Decision::Released(expected), Some(grant)) => {
                prop_assert_eq!(grant.verdict(), Verdict::Rewrite, "{}", told);
                prop_assert_eq!(expected.by_element(&WORLD.catalog), elements(&grant), "{}", told);
            }
            (_, None) => prop_assert!(false, "withheld: {told}"),
        }
    }
    Ok(())
}

/// A policy whose rules are divided between it and one that it includes grants what it grants in one file.
fn divided(choices: &[u16]) -> Result<(), TestCaseError> {
    let mut dice = Dice::new(choices);
    let (included, own): (Vec<String>, Vec<String>) = rules(&mut dice).into_iter().partition(|_| dice.chance(50));
    let whole = format!("{HEAD}\n{}\n{}", included.join("\n"), own.join("\n"));
    let part = format!("{HEAD}\n{}", included.join("\n"));
    let rest = format!("[policy]\nname = 'rest'\nversion = '1'\ninclude = 'part.toml'\n{}", own.join("\n"));
    let keyed = || Filter::builder().token_key_bytes(TOKEN_KEY);
    let builder = || keyed().policy_text("rest.toml", rest.as_str());
    let divided = builder().include_bytes("part.toml", part.as_str()).build().unwrap();
    let whole = keyed().policy_text("whole.toml", whole.as_str()).build().unwrap();
    for _ in 0..30 {
        let ori = *dice.one_of(&["AZ0070000", "AZ0080000", "AZICE0100", "VTICE0900", "NV0010000"]);
        let date = *dice.one_of(&DAYS);
        let mut requester = Requester::new(ori).unwrap().date(date).unwrap();
        for (says, code) in [("purpose", "C"), ("purpose", "X"), ("reason", "T"), ("line", "AX"), ("claim", "warrant")]
        {
            requester = match (dice.chance(30), says) {
                (false, _) => requester,
                (_, "purpose") => requester.purpose(code),
                (_, "reason") => requester.reason(code),
                (_, "line") => requester.line(code),
                _ => requester.claim(code),
            };
        }
        let grants = [&divided, &whole].map(|filter| {
            let grant = filter.decider().decide(Ori::new(ori).unwrap(), &requester, None)?;
            let treatments: Vec<_> = filter.catalog().iter().map(|(id, _)| grant.treatment(id)).collect();
            let duties =
                Occasion::ALL.map(|outcome| grant.duties(outcome).map(|own| own.id.clone()).collect::<BTreeSet<_>>());
            Some((
                grant.verdict(),
                treatments,
                duties,
                grant.classes().to_vec(),
                grant.legal_notice().map(str::to_owned),
            ))
        });
        prop_assert_eq!(&grants[0], &grants[1], "{:?}\n{}\n{}", requester, part, rest);
    }
    Ok(())
}

/// A treatment as the model names it.
fn plain(treatment: dmv_redact::Treatment) -> Treatment {
    match treatment {
        dmv_redact::Treatment::Full => Treatment::Full,
        dmv_redact::Treatment::Mask => Treatment::Mask,
        dmv_redact::Treatment::Token => Treatment::Token,
        _ => Treatment::Own,
    }
}

proptest! {
    #![proptest_config(cases(80))]

    /// P10: what is in force on the date of the request decides, and nothing else of the dates.
    #[test]
    fn p10_the_date_of_the_request_decides(choices in choices()) {
        decides_as_the_model(&choices)?;
    }

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

    /// P9: whichever file a rule stands in, the whole is the same.
    #[test]
    fn p9_a_policy_in_two_files_decides_as_one(choices in choices()) {
        divided(&choices)?;
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
