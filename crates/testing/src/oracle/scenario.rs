//! One case of a property: a policy of the repository, somebody who asks, a format and a message made for the two.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Asker;
use super::check::{Outcome, check};
use super::dress_json::json;
use super::dress_xml::xml;
use super::format::Format;
use super::generate::{Attribute, Body, Node, Telling, Wanted, generate};
use super::minimal::minimal;
use super::predict::decide;
use super::values::canary;
use super::world::{Ruled, WORLD};
use crate::dice::Dice;
use crate::policy::{Decision, OTHERS, Others, Paper, Policy};

/// A case.
pub struct Scenario {
    /// The policy.
    pub ruled: Arc<Ruled>,
    /// The format.
    pub format: &'static Format,
    /// Who asks.
    pub asker: Asker,
    /// The message.
    pub tree: Node,
    /// Tokens that may stand neither in the output nor in the receipt.
    pub canaries: Vec<String>,
}

/// What a property needs of its cases.
#[derive(Clone, Copy)]
pub struct Need {
    /// It must be writable as XML.
    pub xml: bool,
    /// It must be writable as JSON.
    pub json: bool,
    /// Refused cases are of no use to the property.
    pub releasing: bool,
    /// Values may violate their shapes.
    pub violations: bool,
    /// Objects may refer to one another.
    pub references: bool,
}

/// Any case in XML.
pub const XML: Need = Need { xml: true, json: false, releasing: false, violations: true, references: true };
/// Any case in JSON.
pub const JSON: Need = Need { xml: false, json: true, releasing: false, violations: true, references: true };

impl Need {
    /// The same, of messages that go out.
    pub const fn releasing(self) -> Self {
        Need { releasing: true, ..self }
    }

    /// How what tells may be written: to what is written in both ways only what means the same in both.
    fn tellings(self, format: &Format) -> Vec<Telling> {
        let mut tellings = vec![Telling::Plain];
        if format.namespaces.contains_key("rdf") {
            tellings.push(Telling::Wrapped);
        }
        if !(self.xml && self.json) {
            tellings.extend([Telling::WithComment, Telling::WithPart, Telling::Nil]);
        }
        if !self.json || !self.xml && !self.releasing {
            tellings.push(Telling::Twice);
        }
        tellings
    }
}

impl Scenario {
    /// A case under a policy of the repository; `None` if the choices give none of the kind that is needed.
    pub fn new(choices: &[u16], need: Need) -> Option<Self> {
        let dice = &mut Dice::new(choices);
        let ruled = dice.one_of(&WORLD.policies).clone();
        Self::under(ruled, dice, need)
    }

    /// A case under a policy.
    pub fn under(ruled: Arc<Ruled>, dice: &mut Dice, need: Need) -> Option<Self> {
        let formats = WORLD.formats.iter().filter(|f| (f.xml || !need.xml) && (f.json || !need.json));
        let format = *dice.one_of(&formats.collect::<Vec<_>>());
        Self::of(ruled, format, dice, need)
    }

    /// A case under a policy, in a format.
    pub fn of(ruled: Arc<Ruled>, format: &'static Format, dice: &mut Dice, need: Need) -> Option<Self> {
        let message_type = format.message_type.as_ref().map(|_| dice.one_of(&format.messages).clone());
        let mut ask = || {
            let ori = some_ori(&ruled.policy, dice);
            let asker = some_asker(&ruled.policy, &ori, dice);
            let stated = some_stated(format, &ruled.policy, &asker, dice);
            let grant = asker.with_stated(&ruled.policy, &stated).and_then(|asker| {
                match decide(&ruled.policy, &ori, &asker, message_type.as_deref()) {
                    Decision::Released(grant) => Some(grant.by_element(&WORLD.catalog)),
                    Decision::Held(_) | Decision::Withheld => None,
                }
            });
            (ori, (asker, stated), grant)
        };
        let tries = if need.releasing { 8 } else { 1 };
        let (ori, (asker, stated), grant) =
            (0..tries).map(|_| ask()).find(|(_, _, grant)| !need.releasing || grant.is_some())?;
        let in_envelope = format.requester.is_some() && dice.chance(70);
        let mut wanted = Wanted {
            world: &WORLD,
            format,
            grant,
            message_type,
            requester: in_envelope.then(|| ori.clone()),
            stated,
            violations: need.violations,
            references: need.references,
            xml: need.xml,
            tellings: need.tellings(format),
        };
        let mut secrets = Vec::new();
        if !need.releasing {
            spoil(&mut wanted, &ruled.policy, dice, &mut secrets);
        }
        // Another agency in the envelope has another grant, so it may only contradict the one that is given.
        let same = wanted.requester.as_ref().is_some_and(|own| *own == ori || own.len() != ori.len());
        let asker = if same && dice.chance(40) { Asker { ori: None, ..asker } } else { asker };
        let (tree, mut canaries) = generate(&wanted, dice);
        canaries.append(&mut secrets);
        Some(Scenario { ruled, format, asker, tree, canaries })
    }

    /// The message as it is written; the salt decides about unknown parts.
    pub fn message(&self, need: Need, salt: u64) -> Vec<u8> {
        write(self.format, &self.tree, need, salt)
    }

    /// Holds what the filter makes of a message against the prediction.
    pub fn check(&self, need: Need, message: &[u8]) -> Result<Outcome, String> {
        let setting = WORLD.setting(&self.ruled.policy);
        let run = |message: &[u8]| check(setting, &self.ruled.filter, &self.asker, message, need.xml);
        run(message).map_err(|report| {
            // Some other difference is another case.
            let kind = |report: &str| report.chars().take_while(|c| !"/(".contains(*c)).collect::<String>();
            let fails = |smaller: &[u8]| run(smaller).err().is_some_and(|other| kind(&other) == kind(&report));
            let smallest = minimal(need.xml, message, fails);
            let smallest = run(&smallest).err().unwrap_or_default();
            self.told(&format!("{report}\n--- and of the smallest part of it\n{smallest}"))
        })
    }

    /// A report, with the policy and the format of the case.
    pub fn told(&self, report: &str) -> String {
        format!("policy {}, format {}:\n{report}", self.ruled.name, self.format.name)
    }
}

/// Writes a tree down; the salt decides about unknown parts.
pub fn write(format: &Format, tree: &Node, need: Need, salt: u64) -> Vec<u8> {
    if need.xml { xml(format, tree, salt) } else { json(format, tree, salt) }
}

/// Seldom an envelope for which nothing may go out; what stands in it then may not show in a receipt either.
fn spoil(wanted: &mut Wanted<'_>, policy: &Policy, dice: &mut Dice, secrets: &mut Vec<String>) {
    match dice.pick(40) {
        36 => wanted.message_type = None,
        37 => {
            wanted.message_type = wanted.message_type.as_ref().map(|_| "ZQKEY".to_owned());
            secrets.push("ZQKEY".to_owned());
        }
        38 if wanted.requester.is_some() => {
            wanted.requester = Some("zqask 1234".to_owned());
            secrets.push("zqask".to_owned());
        }
        39 => wanted.requester = wanted.requester.as_ref().map(|_| some_ori(policy, dice)),
        _ => {}
    }
}

/// An ORI of one of the policy's classes, seldom one of none.
pub(crate) fn some_ori(policy: &Policy, dice: &mut Dice) -> String {
    let mut known: Vec<&str> = Vec::new();
    for class in policy.classes.values() {
        known.extend(class.patterns.iter().map(String::as_str));
        known.extend(class.exact.iter().take(3).map(String::as_str));
    }
    if dice.chance(3) || known.is_empty() {
        return "QQ0000000".to_owned();
    }
    let pattern = *dice.one_of(&known);
    let fixed = pattern.chars().filter(|c| *c != '*').count();
    // An ORI begins with a letter.
    let filling = "QWPR000XYZ".chars().cycle();
    let mut filling = filling.skip(dice.pick(4));
    let mut ori = String::new();
    for c in pattern.chars() {
        match c {
            '*' => ori.extend(filling.by_ref().take(9 - fixed.min(9))),
            '?' => ori.extend(filling.next()),
            '#' => ori.push('7'),
            c => ori.push(c),
        }
    }
    ori
}

fn some_asker(policy: &Policy, ori: &str, dice: &mut Dice) -> Asker {
    let mut purposes: Vec<Option<String>> = vec![None, Some("Z".to_owned())];
    purposes.extend(policy.purposes().iter().cloned().map(Some));
    let purpose = dice.one_of(&purposes).clone();
    let claims = policy.claims.iter().filter(|_| dice.chance(50)).cloned().collect();
    let (others, papers) = (some_others(policy, dice), some_papers(policy, dice));
    Asker { ori: Some(ori.to_owned()), purpose, others, claims, papers, date: policy.date.clone() }
}

/// Instruments behind declared claims, some of them wrong: of other days, of another issuer, two behind one claim.
pub fn some_papers(policy: &Policy, dice: &mut Dice) -> Vec<Paper> {
    let terms = policy.terms();
    let mut papers = Vec::new();
    for claim in &policy.claims {
        let issuers = policy.issuers.get(claim);
        if !dice.chance(if issuers.is_some() { 70 } else { 10 }) {
            continue;
        }
        for _ in 0..if dice.chance(4) { 2 } else { 1 } {
            let issuer = issuers.and_then(|issuers| issuers.first()).filter(|_| !dice.chance(4)).cloned();
            let stranger = dice.chance(3).then(|| "a-stranger".to_owned());
            let day = |dice: &mut Dice, day: &str| dice.chance(20).then(|| day.to_owned());
            let days = match dice.chance(5) {
                true => [day(dice, "9998-01-01"), day(dice, "1999-12-31")],
                false => [day(dice, "1999-12-31"), day(dice, "9998-01-01")],
            };
            let mut specifies: Vec<String> = (0..dice.pick(4)).map(|_| dice.one_of(&terms).clone()).collect();
            if dice.chance(10) {
                specifies.push("*".to_owned());
            }
            if dice.chance(2) {
                specifies.push("no.such-element".to_owned());
            }
            papers.push(Paper { claim: claim.clone(), issuer: stranger.or(issuer), days, specifies });
        }
    }
    papers
}

/// What else a request states: what rules name, what they don't, and what is none.
fn some_others(policy: &Policy, dice: &mut Dice) -> Others {
    let mut others = Others::new();
    for (name, values) in OTHERS.into_iter().zip([["Q", "q"], ["QQ", "Q Q"], ["ADA", ""], ["ZZ", "Z"]]) {
        let named = policy.named_others(name);
        // A policy that asks for nothing of the kind is asked now and then all the same.
        if !dice.chance(if named.is_empty() { 3 } else { 70 }) {
            continue;
        }
        let values: Vec<String> = named.into_iter().chain(values.map(str::to_owned)).collect();
        others.insert(name.to_owned(), dice.one_of(&values).clone());
    }
    others
}

/// What an envelope states of what the policy tells apart: mostly what the caller states, now and then nothing, a blank, what is
/// none, or two values.
fn some_stated(format: &Format, policy: &Policy, asker: &Asker, dice: &mut Dice) -> BTreeMap<String, Vec<String>> {
    let mut stated = BTreeMap::new();
    for (name, path) in format.attributes.iter().filter(|(name, _)| policy.tells_apart(name)) {
        let (own, odd) = match name.as_str() {
            "purpose" => (asker.purpose.as_ref(), ["C", "Z", "z"]),
            "reason" => (asker.others.get(name), ["T", "V", "q"]),
            "line" => (asker.others.get(name), ["TC", "AX", "Q Q"]),
            "user" => (asker.others.get(name), ["ADA", " ada", "Ada  B"]),
            _ => (asker.others.get(name), ["AZ", "NV", "Z"]),
        };
        let mut known: Vec<String> = policy.named_others(name).into_iter().chain(odd.map(str::to_owned)).collect();
        known.push(String::new());
        let is_attribute = path.last().is_some_and(|step| step.name.starts_with('@'));
        let count = [0, 1, 1, 1, 1, 1, 1, 2][dice.pick(8)].min(if is_attribute { 1 } else { 2 });
        let values = (0..count).map(|_| match own.filter(|_| dice.chance(70)) {
            Some(own) => own.clone(),
            None => dice.one_of(&known).clone(),
        });
        let values: Vec<String> = values.collect();
        let is_ori = name == "state" && dice.chance(50);
        let spelled = |value: String| if is_ori && value.len() == 2 { format!("{value}0070000") } else { value };
        stated.insert(name.clone(), values.into_iter().map(spelled).collect());
    }
    stated
}

/// The same message with other forbidden parts: other values, some of them gone.
pub fn vary(node: &Node, dice: &mut Dice) -> Node {
    let mut node = node.clone();
    for Attribute { value, forbidden, .. } in &mut node.attributes {
        if *forbidden {
            *value = canary(dice.pick(60_000), dice);
        }
    }
    match &mut node.body {
        Body::Text { value, forbidden: true, .. } => *value = canary(dice.pick(60_000), dice),
        Body::Text { .. } => {}
        Body::Kids { kids, .. } => {
            // All of one name or none: half an array gone would show in JSON.
            let stays: Vec<&str> = kids.iter().filter(|k| !k.droppable).map(|k| k.name.as_str()).collect();
            let mut gone: Vec<String> = kids.iter().map(|k| k.name.clone()).collect();
            gone.retain(|name| !stays.contains(&name.as_str()) && dice.chance(50));
            *kids = kids.iter().filter(|k| !gone.contains(&k.name)).map(|k| vary(k, dice)).collect();
        }
    }
    node
}
