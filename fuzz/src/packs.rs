//! Every policy that ships, one filter each, with several who ask it: what history could carry over, from message to message
//! and from one requester to another, goes through the same filter here.

use std::fs;
use std::sync::LazyLock;

use dmv_redact::{Filter, Requester};
use toml::{Table, Value};

use crate::templates::sources;
use dmv_redact_testing::cases::{Case, cases, filter};
use dmv_redact_testing::dice::Dice;
use dmv_redact_testing::mutate::{Source, mutated};
use dmv_redact_testing::root;
use dmv_redact_testing::settings::Setting;

pub(crate) struct Pack {
    name: String,
    pub(crate) filter: Filter,
    askers: Vec<Asker>,
    claims: Vec<String>,
}

/// A requester, and the fixtures addressed to it: XML, then JSON.
pub(crate) struct Asker {
    pub(crate) setting: Setting,
    sources: [Vec<Source>; 2],
}

pub(crate) static PACKS: LazyLock<Vec<Pack>> = LazyLock::new(|| {
    let cases = cases();
    let entries = fs::read_dir(root().join("policies")).expect("the policies");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut names: Vec<String> = paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    names.iter().map(|name| pack(name, &cases)).collect()
});

fn pack(name: &str, cases: &[Case]) -> Pack {
    let text = fs::read_to_string(root().join(format!("policies/{name}.toml"))).expect("a policy");
    let policy: Table = text.parse().expect("a policy is TOML");
    let of_policy = |key: &str| policy.get("policy").and_then(|head| head.get(key));
    let state = of_policy("jurisdiction").and_then(Value::as_str).unwrap_or("AZ").to_owned();
    let claims: Vec<String> = of_policy("claims")
        .and_then(Value::as_array)
        .map_or(vec![], |claims| claims.iter().filter_map(|claim| claim.as_str().map(str::to_owned)).collect());
    let shared = filter(Some(name));
    let asker = |ori: String, purpose: Option<&str>, claims: &[String]| {
        let requester = Requester::new(&ori).expect("an ORI");
        let requester = purpose.into_iter().fold(requester, |requester, purpose| requester.purpose(purpose));
        let requester = claims.iter().fold(requester, |requester, claim| requester.claim(claim));
        let setting =
            Setting::new(format!("{name} {ori} {purpose:?} {claims:?}"), shared.clone(), requester, ori, cases);
        Asker { sources: sources(&setting, cases), setting }
    };
    let askers = vec![
        asker(format!("{state}0070000"), Some("C"), &[]),
        asker(format!("{state}0070000"), None, &[]),
        asker(format!("{state}0070000"), Some("C"), &claims),
        asker("NV0020000".to_owned(), Some("C"), &[]),
        asker(format!("{state}OLN0000"), None, &[]),
        asker("VTICE0900".to_owned(), None, &[]),
        asker("VTICE0900".to_owned(), Some("C"), &claims),
        asker("ZZ1234567".to_owned(), None, &[]),
    ];
    Pack { name: name.to_owned(), filter: shared, askers, claims }
}

impl Pack {
    /// The same filter, built anew.
    pub(crate) fn rebuilt(&self) -> Filter {
        filter(Some(&self.name))
    }

    /// The agency that a message of traffic is for, with some purpose, and with the policy's claims or without.
    pub(crate) fn requester(&self, dice: &mut Dice, ori: &str) -> Requester {
        let requester = Requester::new(ori).expect("an ORI");
        let requester = if dice.chance(70) { requester.purpose("C") } else { requester };
        let claims = self.claims.iter().filter(|_| dice.chance(20));
        claims.fold(requester, |requester, claim| requester.claim(claim))
    }

    /// Somebody who asks, and two messages of one syntax to mutate.
    pub(crate) fn draw(&self, dice: &mut Dice) -> (&Asker, &Source, &Source) {
        let asker = dice.one_of(&self.askers);
        let sources = &asker.sources[usize::from(dice.chance(40))];
        (asker, dice.one_of(sources), dice.one_of(sources))
    }

    /// A few messages as one switch may see them in a row: some as they are, some with other digits, some damaged.
    pub(crate) fn sequence(&self, dice: &mut Dice) -> Vec<(&Asker, Vec<u8>)> {
        let mut messages = Vec::new();
        for _ in 0..=dice.pick(3) {
            let (asker, source, other) = self.draw(dice);
            for _ in 0..=dice.pick(3) {
                let message = match dice.pick(4) {
                    0 => source.text.clone().into_bytes(),
                    1 => mutated(dice, source, other),
                    _ => with_other_values(dice, &source.text),
                };
                messages.push((asker, message));
            }
        }
        messages
    }
}

/// The same layout with other values: some digits and capital letters change, as they do from person to person.
fn with_other_values(dice: &mut Dice, text: &str) -> Vec<u8> {
    let share = 1 + dice.pick(20);
    let mut bytes = text.as_bytes().to_vec();
    let mut rolls = Dice::seeded(dice.pick(usize::MAX) as u64);
    for byte in bytes.iter_mut().filter(|byte| byte.is_ascii_digit()) {
        if rolls.chance(share) {
            *byte = b'0' + rolls.pick(10) as u8;
        }
    }
    bytes
}
