//! The survey compared with a plain evaluation of the rules, for every ORI of a representative alphabet, and every set
//! of claims.

use std::collections::BTreeSet;

use super::*;
use dmv_redact_model::catalog::{Catalog, ElementId};
use dmv_redact_model::config::Document;
use dmv_redact_model::policy::{Conditions, MessageKeys, OriPattern, Period, PolicyFiles, PolicySources, Verdict};

const CATALOG: &str = "[[element]]\nid = \"a.one\"\n[[element]]\nid = \"a.two\"\nkind = \"date\"\n";

fn policy(text: &str) -> Policy {
    let text = format!(
        "[policy]\nname = \"p\"\nversion = \"1\"\nreasons = [\"T\", \"V\"]\nclaims = [\"c0\", \"c1\", \"c2\", \"c3\"]\n{text}"
    );
    let catalog = Catalog::load(dmv_redact::shipped::CATALOG, &[Document { file: "c", text: CATALOG }]).unwrap();
    let keys = MessageKeys { names: &["DR".into(), "RR".into()], may_be_absent: true };
    let files = PolicyFiles::read(&Document { file: "p.toml", text: &text }, PolicySources::default());
    Policy::load(&files, &catalog, keys).unwrap()
}

/// A deterministic pseudorandom sequence.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % bound as u64) as usize
    }

    fn text(&mut self, symbols: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(symbols[self.below(symbols.len())])).collect()
    }
}

fn agencies(numbers: &mut Numbers) -> String {
    let mut text = String::new();
    for class in 0..5 {
        let mut oris = Vec::new();
        while oris.is_empty() {
            for _ in 0..=numbers.below(3) {
                let length = 1 + numbers.below(6);
                let pattern = format!("{}*", numbers.text(b"A0??#*", length));
                oris.extend(OriPattern::new(&pattern).is_ok().then_some(pattern));
                let exact = numbers.text(b"AB01", 9);
                oris.extend((Ori::new(&exact).is_some() && numbers.below(2) == 0).then_some(exact));
            }
        }
        let except =
            if numbers.below(2) == 0 { format!("except = [\"k{}\"]\n", numbers.below(5)) } else { String::new() };
        text += &format!("[agencies.k{class}]\nori = {oris:?}\n{except}");
    }
    text
}

/// Patterns name no character but `A` and `0`: `B` is any other letter, `1` any other digit.
#[test]
fn populations_are_those_of_all_oris() {
    let mut numbers = Numbers(7);
    for _ in 0..4 {
        let policy = policy(&agencies(&mut numbers));
        let mut expected = BTreeSet::new();
        for number in 0..4_usize.pow(9) {
            let text: String = (0..9).map(|place| char::from(b"AB01"[number >> (2 * place) & 3])).collect();
            expected.extend(Ori::new(&text).map(|ori| policy.classes_of(ori)));
        }
        let survey = Survey::of(&policy);
        let found: BTreeSet<Vec<ClassId>> =
            survey.populations().unwrap().iter().map(|one| one.classes.clone()).collect();
        assert_eq!(found, expected);
        for population in survey.populations().unwrap() {
            assert_eq!(policy.classes_of(population.example), population.classes);
        }
    }
}

#[test]
fn a_pattern_whose_oris_are_all_listed_makes_no_population() {
    let listed = |characters: &str| {
        let oris: Vec<String> = characters.chars().map(|last| format!("AZ007000{last}")).collect();
        format!("[agencies.exact]\nori = {oris:?}\n[agencies.like]\nori = [\"AZ007000?\"]\n")
    };
    let names = |text: &str| {
        let policy = policy(text);
        let survey = Survey::of(&policy);
        let reported = |one: &Population| (one.classes.clone(), one.example.to_string());
        survey.populations().unwrap().iter().map(reported).collect::<Vec<_>>()
    };
    let all = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let none = (vec![], "AZ0070010".to_owned());
    assert_eq!(names(&listed(all)), [none.clone(), (vec![0], "AZ0070000".to_owned())]);
    let but_one = all.replace('Q', "");
    assert_eq!(names(&listed(&but_one))[2], (vec![1], "AZ007000Q".to_owned()));
    assert_eq!(names("[agencies.k]\nori = [\"?12345678\"]\n").len(), 2);
}

#[test]
fn p8_patterns_that_overlap_in_every_way_are_refused() {
    let mut text = String::new();
    for place in 0..9 {
        for character in "ABCDEFGHIJ".chars() {
            let mut pattern = ["?"; 9];
            let own = character.to_string();
            pattern[place] = &own;
            text += &format!("[agencies.k{place}{character}]\nori = [\"{}\"]\n", pattern.concat());
        }
    }
    let error = Survey::of(&policy(&text)).populations().unwrap_err().to_string();
    let expected = "p.toml: the patterns of `k0A` (`A????????`), `k0B` (`B????????`), `k0C` (`C????????`) and ";
    assert!(error.starts_with(expected), "{error}");
}

fn rules(numbers: &mut Numbers) -> String {
    let mut text = "[agencies.k]\nori = [\"A*\"]\n[agencies.l]\nori = [\"*0\"]\n".to_owned();
    for id in 0..8 {
        let kind = ["permit", "permit", "permit", "forbid", "review"][numbers.below(5)];
        let specified_by = [&[][..], &[], &[], &["c0"], &["c2", "c1"]][numbers.below(5)];
        let specified_by: Vec<String> = specified_by.iter().map(|claim| (*claim).to_owned()).collect();
        let mut some = |all: &[&str], percent: usize| -> Vec<String> {
            all.iter().filter(|_| numbers.below(100) < percent).map(|one| (*one).to_owned()).collect()
        };
        let (classes, purposes, messages) = (some(&["k", "l"], 60), some(&["C", "F"], 30), some(&["DR", "RR"], 30));
        let (reasons, states) = (some(&["T", "V"], 20), some(&["AZ"], 20));
        let reasons = if reasons.len() > 1 { vec!["*".to_owned()] } else { reasons };
        let (requires, unless) = (some(&["c0", "c1", "c2", "c3"], 20), some(&["c0", "c1", "c2", "c3"], 20));
        let vouches = some(&["c0", "c1", "c2", "c3"], 30);
        let (mut elements, year) = (some(&["a.one", "a.two"], 60), !some(&["year"], 50).is_empty());
        text += &format!("[[{kind}]]\nid = \"r{id}\"\nrequires = {requires:?}\nunless = {unless:?}\n");
        let mut list = |name: &str, list: &[String]| {
            if !list.is_empty() {
                text += &format!("{name} = {list:?}\n");
            }
        };
        let one = ["k".to_owned()];
        list("agencies", if kind == "permit" && classes.is_empty() { &one } else { &classes });
        list("purposes", &purposes);
        list("messages", &messages);
        list("reasons", &reasons);
        list("states", &states);
        if kind == "review" {
            list("vouches", &vouches);
        } else {
            elements.push("a.two".to_owned());
            list("elements", &elements);
            list("specified-by", &specified_by);
        }
        if matches!(kind, "forbid" | "review")
            && purposes.len() + messages.len() + reasons.len() + states.len() > 0
            && numbers.below(2) == 0
        {
            text += "when-absent = \"skip\"\n";
        }
        if kind == "permit" && year {
            text += "as = { \"a.two\" = \"year\" }\n";
        }
    }
    text
}

/// The verdict on the whole message, by claims.
fn verdicts(survey: &Survey<'_>, column: &Column) -> Vec<Case<Verdict>> {
    let mut columns = survey.columns.lock().unwrap();
    let verdict = columns.verdict(column).unwrap();
    survey.cases_of(&columns, columns.possible_paths(&columns.verdicts, verdict)).unwrap()
}

#[test]
fn columns_say_what_the_policy_decides() {
    let mut numbers = Numbers(11);
    let mut seen = BTreeSet::new();
    for _ in 0..40 {
        let policy = policy(&rules(&mut numbers));
        let survey = Survey::of(&policy);
        let elements: Vec<ElementId> = (0..policy.element_count()).filter_map(ElementId::at).collect();
        let catalog = Catalog::load(dmv_redact::shipped::CATALOG, &[Document { file: "c", text: CATALOG }]).unwrap();
        for population in survey.populations().unwrap() {
            let stated = survey.stated().unwrap().into_iter();
            for (attributes, message) in stated.flat_map(|one| survey.messages().into_iter().map(move |two| (one, two)))
            {
                let column = survey.column(&population.classes, attributes, message).unwrap();
                // A claim of `specified-by` goes with one that it is of.
                let is_made = |claims: &ClaimSet| {
                    let mut specified = policy.specified_claims();
                    specified.all(|(claim, behind)| claims.0 & claim.0 == 0 || claims.0 & behind.0 != 0)
                };
                let count = policy.claim_titles().count();
                for claims in (0..1 << count).map(ClaimSet).filter(is_made) {
                    let asked = Conditions { attributes, claims, message, period: Period::default() };
                    let grant = policy.grant(&population.classes, &asked);
                    let fits =
                        |with: ClaimSet, without: ClaimSet| claims.0 & with.0 == with.0 && claims.0 & without.0 == 0;
                    let verdicts = verdicts(&survey, &column);
                    let verdict: Vec<Verdict> =
                        verdicts.iter().filter(|one| fits(one.with, one.without)).map(|one| one.value).collect();
                    let expected = if population.classes.is_empty() { Verdict::Nothing } else { grant.verdict() };
                    assert_eq!(verdict, [expected]);
                    for element in &elements {
                        if catalog.element(*element).unwrap().is_envelope() {
                            continue;
                        }
                        let cases = survey.cases(column.cell(*element).unwrap()).unwrap();
                        let mut fitting = cases.iter().filter(|one| fits(one.with, one.without));
                        let outcome = fitting.next().unwrap().value;
                        assert!(fitting.next().is_none());
                        let treatment = if population.classes.is_empty() { None } else { grant.treatment(*element) };
                        let expected = match (treatment, expected) {
                            (None, _) => Outcome::Removed,
                            (Some(treatment), Verdict::Review) => Outcome::Held(treatment),
                            (Some(treatment), _) => Outcome::Released(treatment),
                        };
                        assert_eq!(outcome, expected);
                        seen.insert(outcome);
                        let applies = |id: &RuleId| policy.rule(*id).unwrap().is_vouched(claims);
                        let applied: Vec<RuleId> = column.rules.iter().copied().filter(applies).collect();
                        let ruling = policy.ruling_of(&applied, *element);
                        assert_eq!(ruling.treatment(), treatment);
                        if !population.classes.is_empty() {
                            assert_eq!(ruling, policy.ruling(&population.classes, &asked, *element));
                        }
                    }
                }
            }
        }
    }
    assert_eq!(seen.len(), 5, "{seen:?}");
}

/// A rule that names one of two elements, or treats them differently, makes two kinds of them; a review doesn't.
#[test]
fn elements_are_of_one_kind_where_every_rule_treats_them_alike() {
    let catalog = Catalog::load(dmv_redact::shipped::CATALOG, &[Document { file: "c", text: CATALOG }]).unwrap();
    let are_one = |rules: &str| {
        let policy = policy(&format!("[agencies.az]\nori = [\"AZ*\"]\n{rules}"));
        let kinds = Survey::of(&policy).kinds();
        let kind = |id: &str| kinds.kind(catalog.iter().find(|(_, element)| element.id() == id).unwrap().0).unwrap();
        kind("a.one") == kind("a.two")
    };
    let rule = |kind: &str, rest: &str| format!("[[{kind}]]\nid = \"{kind}\"\nagencies = [\"az\"]\n{rest}");
    let both = "elements = [\"a.one\", \"a.two\"]\n";
    assert!(are_one(&rule("review", "")));
    assert!(are_one(&rule("permit", both)));
    assert!(!are_one(&(rule("permit", both) + &rule("forbid", "elements = [\"a.two\"]\n"))));
    assert!(!are_one(&rule("permit", &format!("{both}as = {{ \"a.two\" = \"year\" }}\n"))));
}
