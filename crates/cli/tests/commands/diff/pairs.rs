//! Pairs of policies made up at random: two that have nothing to do with each other, one and the same after some edits, or
//! one that was only written anew.

use std::collections::{BTreeMap, BTreeSet};

use dmv_redact_testing::dice::Dice;
use dmv_redact_testing::policy::Verb;

pub(crate) const CLAIMS: [&str; 3] = ["warrant", "approved", "asked"];
const PURPOSES: [&str; 3] = ["C", "F", "J"];
pub(crate) const KEYS: [&str; 3] = ["DR", "KR", "RR"];
/// Elements and their own treatments.
const ELEMENTS: [(&str, &str); 4] = [
    ("person.birth-date", "year"),
    ("person.ssn", "last4"),
    ("person.name.surname", "mask"),
    ("license.number", "last4"),
];

/// A policy to be written down.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    classes: Vec<Class>,
    rules: Vec<Rule>,
    /// The purposes that it lists besides those that rules name, if it has a list.
    listed: Option<Vec<String>>,
    withholds: bool,
}

#[derive(Clone, Debug)]
struct Class {
    name: String,
    exact: Vec<String>,
    patterns: Vec<String>,
    except: Vec<String>,
}

#[derive(Clone, Debug)]
struct Rule {
    verb: Verb,
    id: String,
    /// Empty lists are any.
    agencies: Vec<String>,
    purposes: Vec<String>,
    keys: Vec<String>,
    requires: Vec<String>,
    unless: Vec<String>,
    /// Whether a forbid or a review doesn't apply where the request leaves out what it asks for.
    skips_absent: bool,
    /// Elements, and the treatments of a permit.
    elements: BTreeMap<String, String>,
}

impl Draft {
    /// The policy as it is written.
    pub(crate) fn toml(&self) -> String {
        let withholds = if self.withholds { "on-shape-violation = \"withhold\"\n" } else { "" };
        let mut text = format!("[policy]\nname = \"p\"\nversion = \"1\"\nclaims = {CLAIMS:?}\n{withholds}");
        if self.listed.is_some() {
            text += &format!("purposes = {:?}\n", self.purposes().into_iter().collect::<Vec<_>>());
        }
        for class in &self.classes {
            let oris: Vec<&String> = class.exact.iter().chain(&class.patterns).collect();
            text += &format!("[agencies.{}]\nori = {oris:?}\nexcept = {:?}\n", class.name, class.except);
        }
        for rule in &self.rules {
            let verb = rule.verb.key();
            text += &format!(
                "[[{verb}]]\nid = {:?}\nrequires = {:?}\nunless = {:?}\n",
                rule.id, rule.requires, rule.unless
            );
            for (name, list) in [("agencies", &rule.agencies), ("purposes", &rule.purposes), ("messages", &rule.keys)] {
                if !list.is_empty() {
                    text += &format!("{name} = {list:?}\n");
                }
            }
            if rule.skips() {
                text += "when-absent = \"skip\"\n";
            }
            if rule.verb != Verb::Review {
                text += &format!("elements = {:?}\n", rule.elements.keys().collect::<Vec<_>>());
            }
            if rule.verb == Verb::Permit {
                let treated = rule.elements.iter().map(|(element, treatment)| format!("{element:?} = {treatment:?}"));
                text += &format!("as = {{ {} }}\n", treated.collect::<Vec<_>>().join(", "));
            }
        }
        text
    }

    fn purposes(&self) -> BTreeSet<&String> {
        self.listed.iter().flatten().chain(self.rules.iter().flat_map(|rule| &rule.purposes)).collect()
    }
}

impl Rule {
    /// Whether `when-absent` is written: only where it has an effect.
    fn skips(&self) -> bool {
        self.skips_absent && self.verb != Verb::Permit && !(self.purposes.is_empty() && self.keys.is_empty())
    }
}

/// ORIs that stand for all: patterns name no character but `A` and `0`, and look at the first three places and the last. `B`
/// is any other letter and `1` any other digit there; what stands between makes no difference but to exact ORIs, which have
/// a `B` there.
pub(crate) fn universe() -> Vec<String> {
    let symbols = ["A", "B", "0", "1"];
    // An ORI begins with a letter.
    let mut all = Vec::new();
    for place in 0..4_usize.pow(4) {
        let pick = |n: u32| symbols[place / 4_usize.pow(n) % 4];
        for middle in ["BBBBB", "CCCCC"].into_iter().filter(|_| place % 4 < 2) {
            all.push(format!("{}{}{}{middle}{}", pick(0), pick(1), pick(2), pick(3)));
        }
    }
    all
}

pub(crate) fn pair(dice: &mut Dice) -> (Draft, Draft) {
    let old = policy(dice);
    let new = match dice.pick(10) {
        0..3 => policy(dice),
        3..5 => anew(&old, dice),
        _ => {
            let mut new = if dice.chance(30) { anew(&old, dice) } else { old.clone() };
            for _ in 0..=dice.pick(3) {
                edit(&mut new, dice);
            }
            new
        }
    };
    (old, new)
}

fn some(dice: &mut Dice, all: &[&str], percent: usize) -> Vec<String> {
    all.iter().filter(|_| dice.chance(percent)).map(|one| (*one).to_owned()).collect()
}

fn ori(dice: &mut Dice) -> String {
    let first = *dice.one_of(&["A", "B"]);
    let symbols = ["A", "B", "0", "1"];
    let mut pick = || *dice.one_of(&symbols);
    format!("{first}{}{}BBBBB{}", pick(), pick(), pick())
}

fn pattern(dice: &mut Dice) -> String {
    let begin: String = (0..dice.pick(4))
        .map(|at| *dice.one_of(if at == 0 { &["A", "A", "?"] } else { &["A", "0", "?", "#"] }))
        .collect();
    let end = *dice.one_of(&["", "", "0", "A"]);
    format!("{begin}*{end}")
}

fn class(dice: &mut Dice, name: &str, others: &[&str]) -> Class {
    let patterns: Vec<String> = (0..dice.pick(3)).map(|_| pattern(dice)).collect();
    let exact = dice.pick(3) + usize::from(patterns.is_empty());
    let exact = (0..exact).map(|_| ori(dice)).collect();
    Class { name: name.to_owned(), exact, patterns, except: some(dice, others, 20) }
}

fn rule(dice: &mut Dice, id: String, classes: &[&str]) -> Rule {
    let verb = *dice.one_of(&[Verb::Permit, Verb::Permit, Verb::Permit, Verb::Forbid, Verb::Review]);
    let mut agencies = some(dice, classes, 50);
    if verb == Verb::Permit && agencies.is_empty() {
        agencies.push((*dice.one_of(classes)).to_owned());
    }
    let mut elements = BTreeMap::new();
    for _ in 0..=dice.pick(2) {
        let (element, own) = *dice.one_of(&ELEMENTS);
        elements.insert(element.to_owned(), (*dice.one_of(&["full", own, "mask"])).to_owned());
    }
    Rule {
        verb,
        id,
        agencies,
        purposes: some(dice, &PURPOSES, 15),
        keys: some(dice, &KEYS, 15),
        requires: some(dice, &CLAIMS, 20),
        unless: some(dice, &CLAIMS, 15),
        skips_absent: dice.chance(40),
        elements,
    }
}

fn policy(dice: &mut Dice) -> Draft {
    let names = &["k", "l", "m", "n"][..1 + dice.pick(4)];
    let classes = names.iter().map(|name| class(dice, name, names)).collect();
    let rules = (0..2 + dice.pick(7)).map(|serial| rule(dice, format!("r{serial}"), names)).collect();
    let listed = dice.chance(50).then(|| some(dice, &PURPOSES, 80));
    Draft { classes, rules, listed, withholds: dice.chance(15) }
}

/// The same meaning in other words: classes and rules renamed, in another order, said twice, or in two halves.
fn anew(old: &Draft, dice: &mut Dice) -> Draft {
    let mut new = old.clone();
    if dice.chance(50) {
        let rename = |name: &mut String| *name = format!("{}-{name}", char::from(b'z' - name.as_bytes()[0] % 26));
        for class in &mut new.classes {
            rename(&mut class.name);
            class.except.iter_mut().for_each(rename);
        }
        new.rules.iter_mut().flat_map(|rule| &mut rule.agencies).for_each(rename);
    }
    if dice.chance(40) {
        new.classes.push(Class {
            name: "idle".to_owned(),
            exact: vec![],
            patterns: vec!["A*".to_owned()],
            except: vec![],
        });
        // An ORI that had no class has one now, and rules for everyone.
        let everyone: Vec<String> = old.classes.iter().map(|class| class.name.clone()).collect();
        if old.rules.iter().any(|rule| rule.agencies.is_empty()) || everyone.is_empty() {
            new.classes.pop();
        }
    }
    let mut rules = Vec::new();
    for rule in &new.rules {
        let mut halves = vec![rule.clone()];
        match dice.pick(4) {
            0 if rule.elements.len() > 1 => {
                let mut half = rule.clone();
                let last = half.elements.pop_last().unwrap();
                halves = vec![half, Rule { elements: BTreeMap::from([last]), ..rule.clone() }];
            }
            1 if rule.agencies.len() > 1 => {
                let (first, rest) = rule.agencies.split_at(1);
                let of = |agencies: &[String]| Rule { agencies: agencies.to_vec(), ..rule.clone() };
                halves = vec![of(first), of(rest)];
            }
            2 => halves.push(rule.clone()),
            _ => {}
        }
        rules.append(&mut halves);
    }
    for place in (1..rules.len()).rev() {
        rules.swap(place, dice.pick(place + 1));
    }
    for (serial, rule) in rules.iter_mut().enumerate() {
        rule.id = format!("s{serial}");
    }
    new.rules = rules;
    new
}

fn edit(policy: &mut Draft, dice: &mut Dice) {
    let names: Vec<String> = policy.classes.iter().map(|class| class.name.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let place = dice.pick(policy.rules.len());
    let own = dice.pick(policy.classes.len());
    match dice.pick(11) {
        0 if policy.rules.len() > 1 => {
            policy.rules.remove(place);
        }
        1 => policy.rules.push(rule(dice, format!("t{}", policy.rules.len()), &names)),
        2 => policy.rules[place].unless = some(dice, &CLAIMS, 30),
        3 => policy.rules[place].requires = some(dice, &CLAIMS, 30),
        4 => policy.rules[place].purposes = some(dice, &PURPOSES, 40),
        5 => policy.rules[place].keys = some(dice, &KEYS, 40),
        6 => {
            for treatment in policy.rules[place].elements.values_mut().take(1) {
                *treatment = if treatment == "mask" { "full" } else { "mask" }.to_owned();
            }
        }
        7 => policy.rules[place].skips_absent ^= true,
        8 => policy.listed = Some(some(dice, &PURPOSES, 80)),
        9 => policy.classes[own].patterns.push(pattern(dice)),
        _ => policy.classes[own].exact.push(ori(dice)),
    }
    for (serial, rule) in policy.rules.iter_mut().enumerate() {
        rule.id = format!("u{serial}");
    }
}
