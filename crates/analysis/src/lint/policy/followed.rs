//! Follows all advice that can be followed literally, on random policies: nobody may gain anything by it, with any
//! ORI, purpose and claims.

use std::collections::BTreeMap;

use super::tests::{CATALOG, FORMATS, KEYS, alone};
use super::*;
use crate::survey::{Direction, compare};
use dmv_redact_model::policy::MessageKeys;

#[derive(Clone, Debug)]
struct Class {
    name: &'static str,
    ori: Vec<String>,
    except: Vec<String>,
}

#[derive(Clone, Debug)]
struct Rule {
    kind: &'static str,
    agencies: Vec<&'static str>,
    requires: Vec<String>,
    unless: Vec<String>,
    elements: Vec<&'static str>,
    year: bool,
}

/// A policy with one class or rule per line, so that a line identifies it.
#[derive(Clone, Debug, Default)]
struct RandomPolicy {
    classes: Vec<Class>,
    /// By their ids.
    rules: BTreeMap<String, Rule>,
}

impl RandomPolicy {
    fn text(&self) -> String {
        let mut text = String::new();
        for Class { name, ori, except } in &self.classes {
            text += &format!("agencies.{name} = {{ ori = {ori:?}, except = {except:?} }}\n");
        }
        for kind in ["permit", "forbid", "review"] {
            let own = self.rules.iter().filter(|(_, rule)| rule.kind == kind).map(|(id, rule)| {
                let Rule { agencies, requires, unless, elements, year, .. } = rule;
                let agencies = if agencies.is_empty() { String::new() } else { format!(", agencies = {agencies:?}") };
                let elements = if kind == "review" { String::new() } else { format!(", elements = {elements:?}") };
                let year = if *year { ", as = { \"person.birth-date\" = \"year\" }" } else { "" };
                format!("{{ id = {id:?}, basis = \"b\", requires = {requires:?}, unless = {unless:?}{agencies}{elements}{year} }}")
            });
            text += &format!("{kind} = [\n{}]\n", own.map(|rule| rule + ",\n").collect::<String>());
        }
        text + "policy = { name = \"p\", version = \"1\", claims = [\"a\", \"b\"], purposes = [] }\n"
    }

    fn load(&self) -> Policy {
        let text = self.text();
        let names = &KEYS.map(str::to_owned);
        let keys = MessageKeys { names, may_be_absent: true };
        Policy::load(&alone("p.toml", &text), &CATALOG, keys).unwrap()
    }

    fn findings(&self, policy: &Policy) -> Vec<Finding> {
        let text = self.text();
        lint(&alone("p.toml", &text), policy, &CATALOG, &FORMATS).unwrap()
    }

    /// The class whose line a finding is on.
    fn class(&mut self, finding: &Finding) -> Option<&mut Class> {
        let (line, _) = finding.error.position()?;
        self.classes.get_mut(line - 1)
    }

    /// Follows the advice of a finding; `false` if it can't be followed literally.
    fn follow(&mut self, finding: &Finding) -> bool {
        let (names, help) = (quoted(finding.error.message()), finding.error.help_text().unwrap_or_default());
        let advised = quoted(help);
        let [first, second] = [0, 1].map(|place| names.get(place).cloned().unwrap_or_default());
        match finding.code.name {
            "classes-overlap" if help.starts_with("write `except = ") => {
                let excepted = advised[0].split('"').nth(1).unwrap().to_owned();
                let class = self.class(finding).unwrap();
                assert_eq!(class.name, advised[1], "the advice is for another place: {help}");
                class.except.push(excepted);
            }
            "exact-escapes-pattern" if help.starts_with("list it in `") => {
                let words: Vec<&str> = finding.error.message().split(' ').collect();
                let ori = words[2].to_owned();
                let own = self.class(finding).unwrap();
                if help.contains(" instead") {
                    own.ori.retain(|listed| *listed != ori);
                    if own.ori.is_empty() {
                        return false;
                    }
                }
                self.classes.iter_mut().find(|class| class.name == advised[0]).unwrap().ori.push(ori);
            }
            "class-unused" if help.contains("or leave it out") => self.classes.retain(|class| class.name != first),
            "except-idle" => {
                let class = self.class(finding).unwrap();
                class.except.retain(|except| *except != first);
            }
            "pattern-superfluous" => {
                let class = self.class(finding).unwrap();
                let place = class.ori.iter().rposition(|ori| *ori == first).unwrap();
                class.ori.remove(place);
            }
            "permit-covered" | "permit-emptied" => drop(self.rules.remove(&first)),
            "rule-never-applies" if help.starts_with("leave") => drop(self.rules.remove(&first)),
            "rule-never-applies" if help == "take it out of `unless`" => {
                self.rules.get_mut(&first).unwrap().unless.retain(|claim| *claim != second);
            }
            "element-emptied" => {
                let rule = self.rules.get_mut(&first).unwrap();
                rule.elements.retain(|element| *element != second);
                rule.year &= second != "person.birth-date";
            }
            "review-never-lifted" => {
                let rule = self.rules.get_mut(&first).unwrap();
                (rule.kind, rule.elements) = ("forbid", vec!["person", "vehicle", "license", "biometric"]);
            }
            _ => return false,
        }
        true
    }
}

/// The words in backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// A deterministic pseudo-random sequence.
struct PseudoRandom(u64);

impl PseudoRandom {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % bound as u64) as usize
    }

    fn some<T: Clone>(&mut self, all: &[T], percent: usize) -> Vec<T> {
        all.iter().filter(|_| self.below(100) < percent).cloned().collect()
    }
}

const ORIS: [&str; 8] = ["AZ*", "AZ0*", "*00", "??ICE*", "AZ??????9", "AZICE0100", "AZ0070000", "NV0010000"];
const ELEMENTS: [&str; 4] = ["person.name", "person.birth-date", "vehicle", "biometric.photo"];

fn random_policy(random: &mut PseudoRandom) -> RandomPolicy {
    let mut names = ["border", "immigration", "police", "state"];
    names.rotate_left(random.below(4));
    let names = &names[..2 + random.below(3)];
    let mut random_policy = RandomPolicy::default();
    for name in names {
        let mut ori: Vec<String> = random.some(&ORIS, 25).into_iter().map(str::to_owned).collect();
        if ori.is_empty() {
            ori.push(ORIS[random.below(ORIS.len())].to_owned());
        }
        let others: Vec<&str> = names.iter().copied().filter(|other| other != name).collect();
        let except = random.some(&others, 15).into_iter().map(str::to_owned).collect();
        random_policy.classes.push(Class { name, ori, except });
    }
    random_policy.classes.sort_by_key(|class| class.name);
    for id in 0..3 + random.below(4) {
        let kind = ["permit", "permit", "permit", "forbid", "review"][random.below(5)];
        let mut agencies = random.some(names, 50);
        if kind == "permit" && agencies.is_empty() {
            agencies.push(names[random.below(names.len())]);
        }
        let mut elements = random.some(&ELEMENTS, 45);
        if elements.is_empty() {
            elements.push(ELEMENTS[0]);
        }
        let year = kind == "permit" && elements.contains(&ELEMENTS[1]) && random.below(2) == 0;
        let claims = ["a", "b"].map(str::to_owned);
        let (requires, unless) = (random.some(&claims, 20), random.some(&claims, 25));
        random_policy.rules.insert(format!("r{id}"), Rule { kind, agencies, requires, unless, elements, year });
    }
    random_policy
}

#[test]
fn attack_37_who_follows_an_advice_word_for_word_gives_nobody_anything() {
    let mut random = PseudoRandom(5);
    let mut followed: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..if cfg!(debug_assertions) { 300 } else { 5_000 } {
        let random_policy = random_policy(&mut random);
        let policy = random_policy.load();
        for finding in random_policy.findings(&policy) {
            let mut edited = random_policy.clone();
            if !edited.follow(&finding) {
                continue;
            }
            *followed.entry(finding.code.name).or_default() += 1;
            let found = compare(&policy, &edited.load()).unwrap();
            let gain = found.all.iter().find(|difference| difference.change.direction() != Direction::Loss);
            assert!(gain.is_none(), "{}\n{}\n{gain:?}\n{}", finding.error, random_policy.text(), edited.text());
        }
    }
    let all = [
        "classes-overlap",
        "exact-escapes-pattern",
        "class-unused",
        "except-idle",
        "pattern-superfluous",
        "permit-covered",
        "permit-emptied",
        "rule-never-applies",
        "element-emptied",
        "review-never-lifted",
    ];
    assert!(all.iter().all(|code| followed.get(code).is_some_and(|count| *count > 1)), "{followed:?}");
}

fn class(name: &'static str, ori: &str) -> Class {
    Class { name, ori: vec![ori.to_owned()], except: Vec::new() }
}

fn rule(kind: &'static str, agencies: &[&'static str], elements: &[&'static str], unless: &[&str]) -> Rule {
    Rule {
        kind,
        agencies: agencies.to_vec(),
        requires: Vec::new(),
        unless: unless.iter().map(|claim| (*claim).to_owned()).collect(),
        elements: elements.to_vec(),
        year: false,
    }
}

/// Police and immigration enforcement, in either order of their names: the restricted class stays restricted.
#[test]
fn attack_37_an_advice_keeps_an_office_in_the_more_restricted_class() {
    for [open, held] in [["police", "immigration"], ["border", "state"]] {
        let mut classes = vec![class(open, "AZ*"), class(held, "??ICE*")];
        classes.sort_by_key(|class| class.name);
        let line = 1 + classes.iter().position(|class| class.name == open).unwrap();
        let more = rule("permit", &[open], &["person.name", "biometric.photo"], &[]);
        let grants = rule("permit", &[held], &["person.name"], &[]);
        let less = [
            vec![],
            vec![grants.clone()],
            vec![grants.clone(), rule("review", &[held], &[], &["a"])],
            vec![grants, rule("forbid", &[held], &["biometric"], &["b"])],
        ];
        for rules in less {
            let rules = [vec![more.clone()], rules].concat();
            let rules = rules.into_iter().enumerate().map(|(id, rule)| (format!("r{id}"), rule)).collect();
            let random_policy = RandomPolicy { classes: classes.clone(), rules };
            let findings = random_policy.findings(&random_policy.load());
            let finding = findings.iter().find(|finding| finding.code.name == "classes-overlap").unwrap();
            let help = finding.error.help_text().unwrap();
            assert!(help.starts_with(&format!("write `except = [\"{held}\"]` in `{open}`, or ")), "{help}");
            assert_eq!(finding.error.position().unwrap().0, line);
        }
    }
}
