//! Mutants of a policy: each is the policy with one single change to a rule or an agency class, as a slip of whoever edits it
//! would make. No chance is in it: the same policy has the same mutants.

use dmv_redact::Date;
use dmv_redact_testing::catalog::{Catalog, is_envelope};
use toml::{Table, Value};

use super::texts;

pub(crate) const KINDS: [&str; 4] = ["permit", "forbid", "review", "duty"];

/// A pattern or an ORI that a slip might add to any class: ICE's own ORI, another federal office, whole states, all offices.
const CLAIMED: [&str; 6] = ["VTICE0900", "VADEADX00", "??ICE*", "VT0????00", "??OLN*", "*00"];

/// A key that some rule might be narrowed to or widened by.
const KEYS: [&str; 3] = ["DR", "RR", "KR"];

/// One changed policy, and what was changed.
pub(crate) struct Mutant {
    pub(crate) change: String,
    pub(crate) policy: Table,
}

/// Every mutant of a policy that is a policy still.
pub(crate) fn mutants(policy: &Table, catalog: &Catalog) -> Vec<Mutant> {
    let mut mutants = Mutants { policy, catalog, found: Vec::new(), turn: 0 };
    for kind in KINDS {
        for place in 0..rules(policy, kind).len() {
            mutants.of_rule(kind, place);
        }
    }
    for class in names(policy) {
        mutants.of_class(&class);
    }
    for code in texts(policy["policy"].as_table().unwrap(), "purposes") {
        mutants.add(format!("purposes - {code}"), |policy| {
            let list = policy["policy"]["purposes"].as_array_mut().unwrap();
            list.retain(|own| own.as_str() != Some(code));
        });
    }
    let head = policy["policy"].as_table().unwrap();
    mutants.dates("policy", head, |policy| policy["policy"].as_table_mut().unwrap());
    mutants.found.retain(|mutant| is_whole(&mutant.policy));
    mutants.found
}

struct Mutants<'p> {
    policy: &'p Table,
    catalog: &'p Catalog,
    found: Vec<Mutant>,
    /// Which of many elements is next: each rule takes others, so that all have their turn.
    turn: usize,
}

impl Mutants<'_> {
    fn add(&mut self, change: String, edit: impl FnOnce(&mut Table)) {
        let mut policy = self.policy.clone();
        edit(&mut policy);
        self.found.push(Mutant { change, policy });
    }

    fn of_rule(&mut self, kind: &'static str, place: usize) {
        let rule = rules(self.policy, kind)[place].as_table().unwrap().clone();
        let id = rule["id"].as_str().unwrap().to_owned();
        self.add(format!("{id}: removed"), |policy| {
            policy[kind].as_array_mut().unwrap().remove(place);
        });
        let at = At { kind, place, id };
        self.lists(&at, &rule, "agencies", &names(self.policy));
        let purposes = texts(self.policy["policy"].as_table().unwrap(), "purposes");
        let purposes: Vec<String> = purposes.into_iter().map(str::to_owned).collect();
        self.lists(&at, &rule, "purposes", &purposes);
        let asks = ["purposes", "messages"].iter().any(|key| rule.contains_key(*key));
        if kind != "permit" && asks {
            self.add(format!("{}: when-absent", at.id), |policy| {
                let rule = policy[kind].as_array_mut().unwrap()[place].as_table_mut().unwrap();
                if rule.remove("when-absent").is_none() {
                    rule.insert("when-absent".to_owned(), Value::String("skip".to_owned()));
                }
            });
        }
        let mut keys = self.said("messages");
        keys.extend(KEYS.map(str::to_owned));
        keys.dedup();
        self.lists(&at, &rule, "messages", &keys);
        let claims = texts(self.policy["policy"].as_table().unwrap(), "claims");
        for condition in ["requires", "unless"] {
            for claim in &claims {
                let (has, id) = (texts(&rule, condition).contains(claim), &at.id);
                let sign = if has { '-' } else { '+' };
                self.add(format!("{id}: {condition} {sign} {claim}"), |policy| at.toggle(policy, condition, claim));
            }
        }
        self.dates(&at.id, &rule, |policy| at.rule(policy));
        if matches!(kind, "permit" | "forbid") {
            self.lists(&at, &rule, "specified-by", &self.said("specified-by"));
            self.elements(&at, &rule);
        }
        if kind == "duty" {
            self.duty(&at, &rule);
        }
        if kind == "permit" {
            self.treatments(&at, &rule);
        }
    }

    /// Another task or deadline, or another outcome that it follows from.
    fn duty(&mut self, at: &At, rule: &Table) {
        for (key, others) in [
            ("do", &["notify-subject", "collect-certificate"][..]),
            ("due", &["before", "3 business days", "4 business days", "3 days", "1 month"]),
            ("to", &["somebody else"]),
        ] {
            for other in others.iter().filter(|other| rule.get(key).and_then(Value::as_str) != Some(*other)) {
                self.add(format!("{}: {key} {other}", at.id), |policy| {
                    at.rule(policy).insert(key.to_owned(), (*other).into());
                });
            }
        }
        self.lists(at, rule, "after", &["release", "hold", "refusal"].map(str::to_owned));
    }

    /// A first or last day that is a day early, or late, or gone.
    fn dates(&mut self, id: &str, dated: &Table, of: impl Fn(&mut Table) -> &mut Table) {
        for key in ["from", "until"] {
            let Some(date) = dated.get(key).and_then(Value::as_str).and_then(Date::parse) else { continue };
            self.add(format!("{id}: no {key}"), |policy| {
                of(policy).remove(key);
            });
            for moved in [-1, 1].into_iter().filter_map(|days| date.plus_days(days)) {
                self.add(format!("{id}: {key} {moved}"), |policy| {
                    of(policy).insert(key.to_owned(), moved.to_string().into());
                });
            }
        }
    }

    /// One name more, one less, none at all, or only one where there was no list.
    fn lists(&mut self, at: &At, rule: &Table, key: &'static str, all: &[String]) {
        let own = texts(rule, key);
        for name in all {
            let has = own.contains(&name.as_str());
            let sign = if own.is_empty() {
                "only"
            } else if has {
                "-"
            } else {
                "+"
            };
            self.add(format!("{}: {key} {sign} {name}", at.id), |policy| at.toggle(policy, key, name));
        }
        // A permit must name its classes.
        let must_name = key == "agencies" && at.kind == "permit";
        if !own.is_empty() && !must_name {
            self.add(format!("{}: any {key}", at.id), |policy| {
                at.rule(policy).remove(key);
            });
        }
    }

    /// Elements that the rule names, one less each; some that it doesn't; groups that lose one of theirs.
    fn elements(&mut self, at: &At, rule: &Table) {
        let own = texts(rule, "elements");
        for element in &own {
            self.add(format!("{}: elements - {element}", at.id), |policy| at.toggle(policy, "elements", element));
        }
        let all: Vec<&String> = self.catalog.elements.keys().filter(|id| !is_envelope(id)).collect();
        let covered = |id: &str| own.iter().any(|term| self.catalog.covers(term, id));
        let others: Vec<&String> = all.iter().copied().filter(|id| !covered(id)).collect();
        for step in 0..6.min(others.len()) {
            let element = others[(self.turn + step * 17) % others.len()];
            self.add(format!("{}: elements + {element}", at.id), |policy| at.toggle(policy, "elements", element));
        }
        for term in &own {
            let covered: Vec<&String> = all.iter().copied().filter(|id| self.catalog.covers(term, id)).collect();
            let lone = |id: &&String| !covered.iter().any(|other| *other != *id && is_kin(other, id));
            let candidates: Vec<&String> = covered.iter().copied().filter(|id| covered.len() > 1 && lone(id)).collect();
            let Some(gone) = candidates.get(self.turn % candidates.len().max(1)) else { continue };
            self.add(format!("{}: {term} without {gone}", at.id), |policy| {
                let list = at.rule(policy)["elements"].as_array_mut().unwrap();
                list.retain(|other| other.as_str() != Some(term));
                list.extend(covered.iter().filter(|id| id != &gone).map(|id| Value::from(id.as_str())));
            });
        }
        self.turn += 5;
    }

    fn treatments(&mut self, at: &At, rule: &Table) {
        let treated: Vec<String> =
            rule.get("as").and_then(Value::as_table).into_iter().flat_map(Table::keys).cloned().collect();
        for key in &treated {
            self.add(format!("{}: {key} in full", at.id), |policy| {
                at.rule(policy)["as"].as_table_mut().unwrap().remove(key);
            });
        }
        let elements: Vec<&str> = texts(rule, "elements").into_iter().filter(|term| self.takes_mask(term)).collect();
        for element in elements {
            self.add(format!("{}: {element} masked", at.id), |policy| {
                let treatments = at.rule(policy).entry("as").or_insert_with(|| Table::new().into());
                treatments.as_table_mut().unwrap().insert(element.to_owned(), "mask".into());
            });
        }
    }

    fn takes_mask(&self, term: &str) -> bool {
        let elements = &self.catalog.elements;
        elements
            .keys()
            .filter(|id| self.catalog.covers(term, id))
            .all(|id| elements[id].kind.closest_treatment().is_some())
    }

    fn of_class(&mut self, class: &str) {
        let declared = self.policy["agencies"][class].as_table().unwrap().clone();
        let oris = texts(&declared, "ori");
        for ori in &oris {
            self.add(format!("{class}: ori - {ori}"), |policy| toggle(&mut policy["agencies"][class], "ori", ori));
            let wider = format!("{}*", ori.trim_end_matches(['?', '#', '*', '0']));
            self.add(format!("{class}: {ori} to {wider}"), |policy| {
                toggle(&mut policy["agencies"][class], "ori", ori);
                toggle(&mut policy["agencies"][class], "ori", &wider);
            });
        }
        for ori in CLAIMED.into_iter().filter(|ori| !oris.contains(ori)) {
            self.add(format!("{class}: ori + {ori}"), |policy| toggle(&mut policy["agencies"][class], "ori", ori));
        }
        if declared.contains_key("ori-file") {
            self.add(format!("{class}: no table"), |policy| {
                policy["agencies"][class].as_table_mut().unwrap().remove("ori-file");
            });
        }
        for other in names(self.policy).iter().filter(|other| *other != class) {
            let sign = if texts(&declared, "except").contains(&other.as_str()) { '-' } else { '+' };
            let change = format!("{class}: except {sign} {other}");
            self.add(change, |policy| toggle(&mut policy["agencies"][class], "except", other));
        }
    }

    /// Every name that rules say under a key.
    fn said(&self, key: &str) -> Vec<String> {
        let rules = KINDS.into_iter().flat_map(|kind| rules(self.policy, kind));
        let mut said: Vec<String> =
            rules.flat_map(|rule| texts(rule.as_table().unwrap(), key)).map(str::to_owned).collect();
        said.sort_unstable();
        said.dedup();
        said
    }
}

/// The place of a rule.
struct At {
    kind: &'static str,
    place: usize,
    id: String,
}

impl At {
    fn rule<'t>(&self, policy: &'t mut Table) -> &'t mut Table {
        policy[self.kind].as_array_mut().unwrap()[self.place].as_table_mut().unwrap()
    }

    fn toggle(&self, policy: &mut Table, key: &str, name: &str) {
        toggle_in(self.rule(policy), key, name);
    }
}

fn toggle(table: &mut Value, key: &str, name: &str) {
    toggle_in(table.as_table_mut().unwrap(), key, name);
}

/// Takes a name off a list, or puts it there.
fn toggle_in(table: &mut Table, key: &str, name: &str) {
    let list = table.entry(key).or_insert_with(|| Value::Array(Vec::new())).as_array_mut().unwrap();
    let before = list.len();
    list.retain(|other| other.as_str() != Some(name));
    if list.len() == before {
        list.push(name.into());
    }
}

fn rules<'t>(policy: &'t Table, kind: &str) -> &'t [Value] {
    policy.get(kind).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn names(policy: &Table) -> Vec<String> {
    policy["agencies"].as_table().unwrap().keys().cloned().collect()
}

/// Whether one id is above the other: a selector of the upper covers both.
fn is_kin(a: &str, b: &str) -> bool {
    let above = |upper: &str, lower: &str| lower.strip_prefix(upper).is_some_and(|rest| rest.starts_with('.'));
    above(a, b) || above(b, a)
}

/// Whether a rule or a policy has a day on which it is in force.
fn is_span(dated: &Table) -> bool {
    let day = |key| dated.get(key).and_then(Value::as_str);
    day("from").zip(day("until")).is_none_or(|(from, until)| from <= until)
}

/// The days on which two policies may differ: where anything begins, and the day after anything ends; today, if nothing does.
pub(crate) fn days(policies: [&Table; 2]) -> Vec<String> {
    let of_rules = |policy| KINDS.into_iter().flat_map(move |kind| rules(policy, kind));
    let dated = policies.into_iter().flat_map(|policy: &Table| of_rules(policy).chain([&policy["policy"]]));
    let date = |dated: &Value, key: &str| dated.get(key).and_then(Value::as_str).and_then(Date::parse);
    let days = dated.flat_map(|rule| [date(rule, "from"), date(rule, "until").and_then(|day| day.plus_days(1))]);
    let mut days: Vec<Date> = days.flatten().chain(Date::today()).collect();
    days.sort_unstable();
    days.dedup();
    days.into_iter().map(|day| day.to_string()).collect()
}

/// Whether nothing is left empty that may not be.
fn is_whole(policy: &Table) -> bool {
    let is_named = |table: &Table, key: &str| table.get(key).is_none_or(|list| !list.as_array().unwrap().is_empty());
    let mut rules = KINDS.into_iter().flat_map(|kind| rules(policy, kind)).map(|rule| rule.as_table().unwrap());
    let mut classes = policy["agencies"].as_table().unwrap().values().map(|class| class.as_table().unwrap());
    let head = policy["policy"].as_table().unwrap();
    is_span(head)
        && rules.all(|rule| {
            is_span(rule)
                && ["agencies", "purposes", "messages", "elements", "after", "specified-by"]
                    .iter()
                    .all(|key| is_named(rule, key))
        })
        && classes.all(|class| !texts(class, "ori").is_empty() || class.contains_key("ori-file"))
}

#[test]
fn a_date_is_moved_by_a_day_to_either_side_and_looked_at_on_each() {
    let policy: Table = "[policy]\nuntil = '2026-12-31'\n[agencies.a]\nori = ['AZ*']\n\
        [[permit]]\nid = 'p'\nagencies = ['a']\nelements = ['person.name']\nfrom = '2026-03-01'\nuntil = '2026-03-01'\n"
        .parse()
        .unwrap();
    let found = mutants(&policy, &Catalog::shipped());
    let dated = found.iter().filter(|mutant| mutant.change.contains("from") || mutant.change.contains("until"));
    let changes: Vec<&str> = dated.map(|mutant| mutant.change.as_str()).collect();
    // A rule that ends before it begins is no mutant.
    let expected = [
        "p: no from",
        "p: from 2026-02-28",
        "p: no until",
        "p: until 2026-03-02",
        "policy: no until",
        "policy: until 2026-12-30",
        "policy: until 2027-01-01",
    ];
    assert_eq!(changes, expected);
    let later = &found.iter().find(|mutant| mutant.change == "p: until 2026-03-02").unwrap().policy;
    let days = days([&policy, later]);
    for day in ["2026-03-01", "2026-03-02", "2026-03-03", "2027-01-01"] {
        assert!(days.contains(&day.to_owned()), "{day}: {days:?}");
    }
}
