//! What two policies mean, told in the plainest way: every situation of every agency class is decided under both. It shares
//! nothing with the crate, and tells mutants that mean the same from those that nobody noticed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use toml::{Table, Value};

use super::texts;
use crate::catalog::{Catalog, is_envelope};
use crate::mutants::KINDS;

/// The names of some agency classes.
pub(crate) type Classes = BTreeSet<String>;

struct Class {
    exact: BTreeSet<String>,
    patterns: Vec<String>,
    except: Vec<String>,
}

struct Rule {
    kind: &'static str,
    agencies: Option<BTreeSet<String>>,
    purposes: Option<BTreeSet<String>>,
    messages: Option<BTreeSet<String>>,
    requires: BTreeSet<String>,
    unless: BTreeSet<String>,
    /// Whether it applies where the request leaves out what it asks for.
    when_absent: bool,
    /// A bit an element: in full, generalised, masked. A forbid uses the first alone.
    elements: [u128; 3],
}

pub(crate) struct Plain {
    /// The purposes that requests may state; `None` where any will do.
    purposes: Option<BTreeSet<String>>,
    classes: BTreeMap<String, Class>,
    rules: Vec<Rule>,
}

impl Plain {
    /// `folder` is where the policy's tables of ORIs stand.
    pub(crate) fn of(policy: &Table, folder: &Path, catalog: &Catalog) -> Self {
        let classes = policy["agencies"].as_table().unwrap();
        let classes = classes.iter().map(|(name, table)| (name.clone(), class(table.as_table().unwrap(), folder)));
        let rules = KINDS.into_iter().flat_map(|kind| {
            let rules = policy.get(kind).and_then(Value::as_array).into_iter().flatten();
            rules.map(move |table| rule(kind, table.as_table().unwrap(), catalog))
        });
        let rules: Vec<Rule> = rules.collect();
        let head = policy["policy"].as_table().unwrap();
        let listed = head.contains_key("purposes");
        let listed_ones = texts(head, "purposes").into_iter().map(str::to_owned);
        let purposes: BTreeSet<String> =
            listed_ones.chain(rules.iter().filter_map(|rule| rule.purposes.clone()).flatten()).collect();
        let purposes = (listed || !purposes.is_empty()).then_some(purposes);
        Self { purposes, classes: classes.collect(), rules }
    }

    pub(crate) fn classes_of(&self, ori: &str) -> Classes {
        let exact: Classes = self.names(|class| class.exact.contains(ori));
        if !exact.is_empty() {
            return exact;
        }
        let like = |class: &Class| class.patterns.iter().any(|pattern| matches(pattern.as_bytes(), ori.as_bytes()));
        self.names(|class| like(class) && !class.except.iter().any(|other| like(&self.classes[other])))
    }

    fn names(&self, is_wanted: impl Fn(&Class) -> bool) -> Classes {
        self.classes.iter().filter(|(_, class)| is_wanted(class)).map(|(name, _)| name.clone()).collect()
    }

    /// Held or not, and what goes out: in full, generalised, masked. `None`: nothing.
    fn decide(&self, asked: &Asked<'_>) -> Option<(bool, [u128; 3])> {
        let is_declared = |code| self.purposes.as_ref().is_none_or(|own| own.contains(code));
        if !asked.purpose.is_none_or(is_declared) {
            return None;
        }
        let applying = || self.rules.iter().filter(|rule| rule.applies(asked));
        let of = |kind: &'static str, way: usize| {
            applying().filter(|rule| rule.kind == kind).fold(0, |bits, rule| bits | rule.elements[way])
        };
        let let_through = !of("forbid", 0);
        let full = of("permit", 0) & let_through;
        let generalised = of("permit", 1) & let_through & !full;
        let masked = of("permit", 2) & let_through & !full & !generalised;
        let is_held = applying().any(|rule| rule.kind == "review");
        (full | generalised | masked != 0).then_some((is_held, [full, generalised, masked]))
    }

    /// The claims that rules for these classes ask for.
    fn claims(&self, classes: &Classes) -> BTreeSet<String> {
        let rules = self.rules.iter().filter(|rule| rule.agencies.as_ref().is_none_or(|own| !own.is_disjoint(classes)));
        rules.flat_map(|rule| rule.requires.union(&rule.unless).cloned()).collect()
    }

    fn said(&self, list: impl Fn(&Rule) -> &Option<BTreeSet<String>>) -> BTreeSet<String> {
        self.rules.iter().filter_map(|rule| list(rule).clone()).flatten().collect()
    }

    /// ORIs of which there is one for each way that patterns of both policies can meet.
    fn meetings(&self, other: &Self) -> BTreeSet<String> {
        let both = || self.classes.values().chain(other.classes.values());
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
}

struct Asked<'a> {
    classes: &'a Classes,
    purpose: Option<&'a str>,
    message: &'a str,
    claims: &'a BTreeSet<&'a String>,
}

impl Rule {
    fn applies(&self, asked: &Asked<'_>) -> bool {
        let holds = |list: &Option<BTreeSet<String>>, value: Option<&str>| {
            let holds_value = |list: &BTreeSet<String>| value.map_or(self.when_absent, |value| list.contains(value));
            list.as_ref().is_none_or(holds_value)
        };
        self.agencies.as_ref().is_none_or(|own| !own.is_disjoint(asked.classes))
            && holds(&self.purposes, asked.purpose)
            && holds(&self.messages, Some(asked.message))
            && self.requires.iter().all(|claim| asked.claims.contains(claim))
            && !self.unless.iter().any(|claim| asked.claims.contains(claim))
    }
}

/// The first situation in which two policies differ.
pub(crate) fn difference(one: &Plain, two: &Plain) -> Option<String> {
    let stated = one.purposes.iter().chain(&two.purposes).flatten().map(String::as_str);
    difference_for(one, two, &stated.map(Some).chain([None, Some("ZZZ")]).collect())
}

/// The same, for these purposes alone.
fn difference_for(one: &Plain, two: &Plain, purposes: &BTreeSet<Option<&str>>) -> Option<String> {
    let oris = one.meetings(two);
    let pairs: BTreeMap<(Classes, Classes), String> =
        oris.into_iter().map(|ori| ((one.classes_of(&ori), two.classes_of(&ori)), ori)).collect();
    let mut messages = one.said(|rule| &rule.messages);
    messages.extend(two.said(|rule| &rule.messages));
    messages.insert("another".to_owned());
    for ((first, second), ori) in &pairs {
        let claims: Vec<String> = one.claims(first).union(&two.claims(second)).cloned().collect();
        for set in 0..1_u32 << claims.len() {
            let vouched: BTreeSet<&String> =
                claims.iter().enumerate().filter(|(bit, _)| set & (1 << bit) != 0).map(|(_, claim)| claim).collect();
            for purpose in purposes {
                for message in &messages {
                    let asked = |classes| Asked { classes, purpose: *purpose, message, claims: &vouched };
                    if one.decide(&asked(first)) != two.decide(&asked(second)) {
                        return Some(format!("{ori}, purpose {purpose:?}, key {message}, claims {vouched:?}"));
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
    let now = Plain::of(policy, folder, catalog);
    let mut before = Plain::of(policy, folder, catalog);
    before.purposes = None;
    before.rules.iter_mut().for_each(|rule| rule.when_absent = false);
    let purposes = now.purposes.iter().flatten().map(|code| Some(code.as_str())).chain([None]).collect();
    difference_for(&before, &now, &purposes)
}

fn class(table: &Table, folder: &Path) -> Class {
    let (patterns, exact): (Vec<&str>, Vec<&str>) =
        texts(table, "ori").into_iter().partition(|ori| ori.contains(['?', '#', '*']));
    let mut exact: BTreeSet<String> = exact.into_iter().map(str::to_owned).collect();
    if let Some(file) = table.get("ori-file").and_then(Value::as_str) {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let first = text.lines().map(|line| line.split(',').next().unwrap_or_default().to_owned());
        exact.extend(first.filter(|ori| ori != "ori" && !ori.is_empty() && !ori.starts_with('#')));
    }
    let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
    Class { exact, patterns: owned(patterns), except: owned(texts(table, "except")) }
}

fn rule(kind: &'static str, table: &Table, catalog: &Catalog) -> Rule {
    let list = |key| table.contains_key(key).then(|| texts(table, key).into_iter().map(str::to_owned).collect());
    let terms = texts(table, "elements");
    let treatments = table.get("as").and_then(Value::as_table).cloned().unwrap_or_default();
    let mut elements = [0; 3];
    let all = catalog.elements.keys().filter(|id| !is_envelope(id)).enumerate();
    for (bit, id) in all.filter(|(_, id)| terms.iter().any(|term| catalog.covers(term, id))) {
        let keys = treatments.iter().filter(|(term, _)| catalog.covers(term, id));
        let specific = |term: &str| if term.starts_with("group:") { 0 } else { term.len() };
        let way = match keys.max_by_key(|(term, _)| specific(term)).and_then(|(_, treatment)| treatment.as_str()) {
            None | Some("full") => 0,
            Some("mask") => 2,
            Some(_) => 1,
        };
        elements[way] |= 1_u128 << bit;
    }
    let set = |key| list(key).unwrap_or_default();
    let (requires, unless) = (set("requires"), set("unless"));
    let when_absent = kind != "permit" && table.get("when-absent").and_then(Value::as_str) != Some("skip");
    Rule {
        when_absent,
        kind,
        agencies: list("agencies"),
        purposes: list("purposes"),
        messages: list("messages"),
        requires,
        unless,
        elements,
    }
}

/// `?` is one character, `#` one digit, `*` any run of characters.
fn matches(pattern: &[u8], ori: &[u8]) -> bool {
    match pattern {
        [] => ori.is_empty(),
        [b'*', rest @ ..] => (0..=ori.len()).any(|taken| matches(rest, &ori[taken..])),
        [b'#', rest @ ..] => ori.first().is_some_and(u8::is_ascii_digit) && matches(rest, &ori[1..]),
        [first, rest @ ..] => ori.first().is_some_and(|c| *first == b'?' || first == c) && matches(rest, &ori[1..]),
    }
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
