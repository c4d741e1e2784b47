//! The oracle's own reading of a policy and its decision, as docs/policy.md tells how a message is decided.
//! A grant is a plain map from element to treatment, computed anew for every message.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use toml::{Table, Value};

use crate::catalog::{Catalog, is_envelope, string, strings, tables};
use crate::shape::Treatment;

pub(crate) type Grant = BTreeMap<String, Treatment>;

/// Who asks, and for what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asker {
    /// `None`: read from the message's envelope.
    pub(crate) ori: Option<String>,
    pub(crate) purpose: Option<String>,
    pub(crate) claims: Vec<String>,
}

#[derive(Debug)]
pub(crate) enum Decision {
    Withheld,
    Held,
    Grant(Grant),
}

pub(crate) struct Class {
    pub(crate) exact: BTreeSet<String>,
    pub(crate) patterns: Vec<String>,
    pub(crate) except: Vec<String>,
}

#[derive(PartialEq)]
enum Verb {
    Permit,
    Forbid,
    Review,
}

struct Rule {
    verb: Verb,
    agencies: Option<Vec<String>>,
    purposes: Option<Vec<String>>,
    messages: Option<Vec<String>>,
    requires: Vec<String>,
    unless: Vec<String>,
    elements: Vec<String>,
    treatments: Vec<(String, Treatment)>,
    /// What holds where the request leaves out what the rule asks for.
    when_absent: bool,
}

/// What becomes of a message in which a permitted value violates its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnViolation {
    GoesOut,
    /// It says so.
    Tells,
    Refuses,
}

pub(crate) struct Policy {
    /// The purposes that it lists, if it does.
    listed: Option<Vec<String>>,
    pub(crate) claims: Vec<String>,
    on_shape_violation: String,
    pub(crate) classes: BTreeMap<String, Class>,
    rules: Vec<Rule>,
}

impl Policy {
    /// `folder` is where the policy's CSV files stand.
    pub(crate) fn read(text: &str, folder: &Path) -> Self {
        let table: Table = text.parse().expect("a policy is TOML");
        let head = table["policy"].as_table().expect("[policy]");
        let agencies = table.get("agencies").and_then(Value::as_table).cloned().unwrap_or_default();
        let rules = |key, verb: fn() -> Verb| tables(&table, key).map(move |t| rule(t, verb())).collect::<Vec<_>>();
        let mut all = rules("permit", || Verb::Permit);
        all.extend(rules("forbid", || Verb::Forbid));
        all.extend(rules("review", || Verb::Review));
        Policy {
            listed: strings(head, "purposes"),
            claims: strings(head, "claims").unwrap_or_default(),
            on_shape_violation: string(head, "on-shape-violation").unwrap_or_default(),
            classes: agencies.iter().map(|(id, t)| (id.clone(), class(t.as_table().unwrap(), folder))).collect(),
            rules: all,
        }
    }

    /// What becomes of a message in which a permitted value violates its shape.
    pub(crate) fn on_violation(&self, asker: &Asker, has_place_for_notice: bool) -> OnViolation {
        let is_approved = [&self.claims, &asker.claims].iter().all(|claims| claims.iter().any(|own| own == "approved"));
        match self.on_shape_violation.as_str() {
            "notice" if has_place_for_notice => OnViolation::Tells,
            "withhold" => OnViolation::Refuses,
            "notice" | "hold" if !is_approved => OnViolation::Refuses,
            _ => OnViolation::GoesOut,
        }
    }

    /// The purposes that a request may state: those that it lists, or else those that rules name.
    pub(crate) fn purposes(&self) -> BTreeSet<String> {
        let named = self.rules.iter().flat_map(|r| r.purposes.iter().flatten());
        self.listed.iter().flatten().chain(named).cloned().collect()
    }

    /// Whether what a request says of itself is declared. Where no purpose is declared, any code will do.
    fn declares(&self, asker: &Asker) -> bool {
        let purposes = self.purposes();
        let is_declared = |code: &String| match self.listed.is_none() && purposes.is_empty() {
            true => code.len() <= 3 && !code.is_empty() && code.chars().all(|c| c.is_ascii_uppercase()),
            false => purposes.contains(code),
        };
        asker.purpose.as_ref().is_none_or(is_declared) && asker.claims.iter().all(|claim| self.claims.contains(claim))
    }

    fn classes_of(&self, ori: &str) -> BTreeSet<&str> {
        let by = |test: &dyn Fn(&Class) -> bool| {
            self.classes.iter().filter(|(_, c)| test(c)).map(|(id, _)| id.as_str()).collect::<BTreeSet<_>>()
        };
        let exact = by(&|class| class.exact.contains(ori));
        if !exact.is_empty() {
            return exact;
        }
        let like = |class: &Class| class.patterns.iter().any(|p| matches(p.as_bytes(), ori.as_bytes()));
        by(&|class| like(class) && !class.except.iter().any(|other| like(&self.classes[other])))
    }

    pub(crate) fn decide(&self, catalog: &Catalog, ori: &str, asker: &Asker, message: Option<&str>) -> Decision {
        let classes = self.classes_of(ori);
        if classes.is_empty() || !self.declares(asker) {
            return Decision::Withheld;
        }
        let applying: Vec<&Rule> = self.rules.iter().filter(|r| applies(r, &classes, asker, message)).collect();
        let mut grant = Grant::new();
        for id in catalog.elements.keys() {
            let rules = |verb| applying.iter().filter(move |r| r.verb == verb && r.covers(catalog, id));
            let most_open = rules(Verb::Permit).map(|r| r.treatment(catalog, id)).min();
            if is_envelope(id) {
                grant.insert(id.clone(), Treatment::Full);
            } else if let Some(treatment) = most_open
                && rules(Verb::Forbid).next().is_none()
            {
                grant.insert(id.clone(), treatment);
            }
        }
        if grant.keys().all(|id| is_envelope(id)) {
            Decision::Withheld
        } else if applying.iter().any(|r| r.verb == Verb::Review) {
            Decision::Held
        } else {
            Decision::Grant(grant)
        }
    }
}

fn applies(rule: &Rule, classes: &BTreeSet<&str>, asker: &Asker, message: Option<&str>) -> bool {
    let holds = |list: &Option<Vec<String>>, value: Option<&str>| match list {
        None => true,
        Some(list) => value.map_or(rule.when_absent, |value| list.iter().any(|v| v == value)),
    };
    rule.agencies.as_ref().is_none_or(|list| list.iter().any(|c| classes.contains(c.as_str())))
        && holds(&rule.purposes, asker.purpose.as_deref())
        && holds(&rule.messages, message)
        && rule.requires.iter().all(|c| asker.claims.contains(c))
        && !rule.unless.iter().any(|c| asker.claims.contains(c))
}

impl Rule {
    fn covers(&self, catalog: &Catalog, id: &str) -> bool {
        self.elements.iter().any(|term| catalog.covers(term, id))
    }

    /// The most specific key decides; a group is less specific than any name.
    fn treatment(&self, catalog: &Catalog, id: &str) -> Treatment {
        let keys = self.treatments.iter().filter(|(term, _)| catalog.covers(term, id));
        let specific = |term: &str| if term.starts_with("group:") { 0 } else { term.len() };
        keys.max_by_key(|(term, _)| specific(term)).map_or(Treatment::Full, |(_, treatment)| *treatment)
    }
}

fn rule(table: &Table, verb: Verb) -> Rule {
    let list = |key| strings(table, key);
    let treatments = table.get("as").and_then(Value::as_table).cloned().unwrap_or_default();
    Rule {
        when_absent: verb != Verb::Permit && string(table, "when-absent").as_deref() != Some("skip"),
        verb,
        agencies: list("agencies"),
        purposes: list("purposes"),
        messages: list("messages"),
        requires: list("requires").unwrap_or_default(),
        unless: list("unless").unwrap_or_default(),
        elements: list("elements").unwrap_or_default(),
        treatments: treatments.iter().map(|(term, t)| (term.clone(), treatment(t.as_str().unwrap()))).collect(),
    }
}

fn treatment(name: &str) -> Treatment {
    match name {
        "full" => Treatment::Full,
        "mask" => Treatment::Mask,
        "year" | "zip5" | "last4" => Treatment::Own,
        other => panic!("unknown treatment {other}"),
    }
}

fn class(table: &Table, folder: &Path) -> Class {
    let (patterns, listed) =
        strings(table, "ori").unwrap_or_default().into_iter().partition(|o: &String| o.contains(['?', '#', '*']));
    let listed: Vec<String> = listed;
    let mut exact: BTreeSet<String> = listed.into_iter().collect();
    for file in strings(table, "ori-file").unwrap_or_default() {
        let text = std::fs::read_to_string(folder.join(file)).expect("the class's CSV");
        let first = text.lines().map(|line| line.split(',').next().unwrap_or("").trim().trim_matches('"'));
        exact.extend(first.filter(|o| !o.is_empty() && !o.starts_with('#') && *o != "ori").map(str::to_owned));
    }
    Class { exact, patterns, except: strings(table, "except").unwrap_or_default() }
}

/// `?` is one character, `#` one digit, `*` any run of characters.
fn matches(pattern: &[u8], ori: &[u8]) -> bool {
    match pattern {
        [] => ori.is_empty(),
        [b'*', rest @ ..] => (0..=ori.len()).any(|n| matches(rest, &ori[n..])),
        [b'#', rest @ ..] => ori.first().is_some_and(u8::is_ascii_digit) && matches(rest, &ori[1..]),
        [c, rest @ ..] => ori.first().is_some_and(|o| *c == b'?' || c == o) && matches(rest, &ori[1..]),
    }
}
