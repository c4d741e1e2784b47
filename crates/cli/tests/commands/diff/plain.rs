//! A policy as plain data, and its decision in the plainest words, as docs/policy.md tells how a message is decided.
//! It shares nothing with the program.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) classes: Vec<Class>,
    pub(crate) rules: Vec<Rule>,
    /// The purposes that it lists besides those that rules name, if it has a list.
    pub(crate) listed: Option<Vec<String>>,
    pub(crate) withholds: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Class {
    pub(crate) name: String,
    pub(crate) exact: Vec<String>,
    pub(crate) patterns: Vec<String>,
    pub(crate) except: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Permit,
    Forbid,
    Review,
}

#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) verb: Verb,
    pub(crate) id: String,
    /// Empty lists are any.
    pub(crate) agencies: Vec<String>,
    pub(crate) purposes: Vec<String>,
    pub(crate) keys: Vec<String>,
    pub(crate) requires: Vec<String>,
    pub(crate) unless: Vec<String>,
    /// Whether a forbid or a review doesn't apply where the request leaves out what it asks for.
    pub(crate) skips_absent: bool,
    /// Elements, and the treatments of a permit.
    pub(crate) elements: BTreeMap<String, String>,
}

/// What goes out: the verdict, and the treatment of every element that is permitted, at once or after a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) verdict: &'static str,
    pub(crate) permitted: BTreeMap<String, String>,
}

/// What says that an element goes out only once a person has approved the message.
pub(crate) const AFTER_REVIEW: &str = " after review";

impl Policy {
    pub(crate) fn toml(&self, claims: &[&str]) -> String {
        let withholds = if self.withholds { "on-shape-violation = \"withhold\"\n" } else { "" };
        let mut text = format!("[policy]\nname = \"p\"\nversion = \"1\"\nclaims = {claims:?}\n{withholds}");
        if self.listed.is_some() {
            text += &format!("purposes = {:?}\n", self.purposes().into_iter().collect::<Vec<_>>());
        }
        for class in &self.classes {
            let oris: Vec<&String> = class.exact.iter().chain(&class.patterns).collect();
            text += &format!("[agencies.{}]\nori = {oris:?}\nexcept = {:?}\n", class.name, class.except);
        }
        for rule in &self.rules {
            let verb = format!("{:?}", rule.verb).to_lowercase();
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

    /// The purposes that requests may state; if there are none and no list of them, any will do.
    pub(crate) fn purposes(&self) -> BTreeSet<&String> {
        self.listed.iter().flatten().chain(self.rules.iter().flat_map(|rule| &rule.purposes)).collect()
    }

    fn refuses(&self, purpose: &str) -> bool {
        let own = self.purposes();
        (self.listed.is_some() || !own.is_empty()) && !own.iter().any(|one| *one == purpose)
    }

    pub(crate) fn classes_of(&self, ori: &str) -> BTreeSet<String> {
        let named = |test: &dyn Fn(&Class) -> bool| -> BTreeSet<String> {
            self.classes.iter().filter(|class| test(class)).map(|class| class.name.clone()).collect()
        };
        let exact = named(&|class| class.exact.iter().any(|own| own == ori));
        if !exact.is_empty() {
            return exact;
        }
        let like = |class: &Class| class.patterns.iter().any(|pattern| matches(pattern.as_bytes(), ori.as_bytes()));
        let like_named = |name: &String| self.classes.iter().any(|class| class.name == *name && like(class));
        named(&|class| like(class) && !class.except.iter().any(like_named))
    }

    pub(crate) fn decide(
        &self,
        classes: &BTreeSet<String>,
        purpose: Option<&str>,
        key: Option<&str>,
        claims: &BTreeSet<&str>,
    ) -> Decision {
        let nothing = Decision { verdict: "withheld", permitted: BTreeMap::new() };
        if classes.is_empty() || purpose.is_some_and(|purpose| self.refuses(purpose)) {
            return nothing;
        }
        let is_for_purpose = |rule: &Rule| match purpose {
            _ if rule.purposes.is_empty() => true,
            None => rule.verb != Verb::Permit && !rule.skips_absent,
            Some(purpose) => rule.purposes.iter().any(|one| one == purpose),
        };
        // A key that isn't named is another one: every format of the program has keys.
        let is_for_key = |rule: &Rule| rule.keys.is_empty() || rule.keys.iter().any(|one| Some(one.as_str()) == key);
        let applies = |rule: &&Rule| {
            (rule.agencies.is_empty() || rule.agencies.iter().any(|class| classes.contains(class)))
                && is_for_purpose(rule)
                && is_for_key(rule)
                && rule.requires.iter().all(|claim| claims.contains(claim.as_str()))
                && !rule.unless.iter().any(|claim| claims.contains(claim.as_str()))
        };
        let applying: Vec<&Rule> = self.rules.iter().filter(applies).collect();
        let of = |verb: Verb| applying.iter().filter(move |rule| rule.verb == verb);
        let mut permitted: BTreeMap<String, String> = BTreeMap::new();
        for (element, treatment) in of(Verb::Permit).flat_map(|rule| &rule.elements) {
            let best = permitted.entry(element.clone()).or_insert_with(|| treatment.clone());
            if openness(treatment) > openness(best) {
                best.clone_from(treatment);
            }
        }
        permitted.retain(|element, _| !of(Verb::Forbid).any(|rule| rule.elements.contains_key(element)));
        if permitted.is_empty() {
            nothing
        } else if of(Verb::Review).next().is_some() {
            permitted.values_mut().for_each(|treatment| *treatment += AFTER_REVIEW);
            Decision { verdict: "held", permitted }
        } else {
            Decision { verdict: "rewritten", permitted }
        }
    }
}

impl Rule {
    /// Whether `when-absent` is written: only where it has an effect.
    fn skips(&self) -> bool {
        self.skips_absent && self.verb != Verb::Permit && !(self.purposes.is_empty() && self.keys.is_empty())
    }
}

/// The most open is the greatest.
pub(crate) fn openness(word: &str) -> usize {
    let order = ["removed", "mask", "own", "full"];
    let word = if ["year", "last4", "zip5"].contains(&word) { "own" } else { word };
    order.iter().position(|one| *one == word).unwrap()
}

fn matches(pattern: &[u8], ori: &[u8]) -> bool {
    match pattern {
        [] => ori.is_empty(),
        [b'*', rest @ ..] => (0..=ori.len()).any(|skipped| matches(rest, &ori[skipped..])),
        [b'#', rest @ ..] => ori.first().is_some_and(u8::is_ascii_digit) && matches(rest, &ori[1..]),
        [symbol, rest @ ..] => {
            ori.first().is_some_and(|own| *symbol == b'?' || symbol == own) && matches(rest, &ori[1..])
        }
    }
}
