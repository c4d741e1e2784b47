//! A second, plainest possible implementation of the promises, and generated messages for it and the filter.
//!
//! It reads the catalog, the mappings and the policies by itself and shares no code with the filter: what both get wrong,
//! both must have misread in docs/. The properties that hold the two against each other are in `tests/oracle`.

pub mod check;
mod dress_json;
mod dress_xml;
pub mod format;
pub mod generate;
pub mod json;
mod minimal;
pub mod predict;
mod predict_json;
mod predict_xml;
pub mod scenario;
mod shape;
pub mod step;
pub mod token;
pub mod values;
pub mod world;
pub mod xml;

use std::collections::BTreeMap;
use std::fmt::{self, Debug, Formatter};
use std::ops::Deref;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::policy::{Others, Paper, Policy};
use format::trimmed;

/// What is read of a part that should state an attribute and is no value: no message can hold it.
const NO_VALUE: &str = "\0";

/// Who asks, and for what.
#[derive(Clone, Debug, Default)]
pub struct Asker {
    /// `None`: read from the message's envelope.
    pub ori: Option<String>,
    /// The purpose that is stated, if any.
    pub purpose: Option<String>,
    /// What else is stated, by `reason`, `line`, `user`, `state`.
    pub others: Others,
    /// The claims that are vouched for.
    pub claims: Vec<String>,
    /// The instruments behind claims, which they vouch for, too.
    pub papers: Vec<Paper>,
    /// The date of the request, if it states one.
    pub date: Option<String>,
}

impl Asker {
    /// All claims, those of instruments among them.
    pub fn all_claims(&self) -> Vec<String> {
        self.claims.iter().chain(self.papers.iter().map(|paper| &paper.claim)).cloned().collect()
    }

    /// The same, with what the envelope of a message states; `None` if that is something else than was stated before.
    pub fn with_stated(&self, policy: &Policy, stated: &BTreeMap<String, Vec<String>>) -> Option<Self> {
        let mut asker = self.clone();
        for (name, values) in stated.iter().filter(|(name, _)| policy.tells_apart(name)) {
            if values.iter().any(|value| value == NO_VALUE) {
                return None;
            }
            for value in values.iter().filter(|value| !trimmed(value).is_empty()) {
                let value = match name.as_str() {
                    "state" if is_ori(value) => value[..2].to_owned(),
                    "user" => folded(value),
                    _ => value.clone(),
                };
                let before = match name.as_str() {
                    "purpose" => asker.purpose.replace(value.clone()),
                    name => asker.others.insert(name.to_owned(), value.clone()),
                };
                let before = before.map(|before| if name == "user" { folded(&before) } else { before });
                if before.is_some_and(|before| before != value) {
                    return None;
                }
            }
        }
        Some(asker)
    }
}

/// Nine characters, the first a letter.
fn is_ori(value: &str) -> bool {
    let is_of_ori = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    value.len() == 9 && value.chars().all(is_of_ori) && !value.starts_with(|c: char| c.is_ascii_digit())
}

/// A user as it is compared: in capitals, with one space between words.
fn folded(user: &str) -> String {
    user.to_lowercase().to_uppercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a case is made from; see `dice`. A report shows the message, not these numbers.
#[derive(Clone)]
pub struct Choices(Vec<u16>);

impl Debug for Choices {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} choices", self.0.len())
    }
}

impl Deref for Choices {
    type Target = [u16];

    fn deref(&self) -> &[u16] {
        &self.0
    }
}

/// Choices for cases of all sizes.
pub fn choices() -> impl Strategy<Value = Choices> {
    vec(any::<u16>(), 0..1500).prop_map(Choices)
}
