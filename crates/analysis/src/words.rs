//! Vocabulary shared by the reports on policies.

use std::fmt::Write;

use serde::Serialize;

use dmv_redact_model::escape::{characters, escape};

/// Some of the purposes that a request may state, or of the message keys that a message may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    pub(crate) named: Vec<String>,
    /// Whether keys that no rule names are included.
    pub(crate) others: bool,
    /// Whether the absence of one is included.
    pub(crate) none: bool,
    /// The ones not chosen, in words.
    #[serde(skip)]
    unchosen: Vec<String>,
}

/// One of the options.
pub(crate) enum ChoiceCode {
    Named(String),
    Other,
    None,
}

impl Choice {
    /// These of all options.
    pub(crate) fn of<T: PartialEq>(chosen: &[T], all: &[T], code: impl Fn(&T) -> ChoiceCode) -> Self {
        let mut choice = Self { named: Vec::new(), others: false, none: false, unchosen: Vec::new() };
        for one in chosen {
            match code(one) {
                ChoiceCode::Named(name) => choice.named.push(name),
                ChoiceCode::Other => choice.others = true,
                ChoiceCode::None => choice.none = true,
            }
        }
        let unchosen = all.iter().filter(|one| !chosen.contains(one));
        choice.unchosen = unchosen.map(|one| code(one).word()).collect();
        choice
    }

    /// Whether every option is chosen.
    pub fn is_any(&self) -> bool {
        self.unchosen.is_empty()
    }

    /// In words: what is chosen, or what isn't, where that is shorter or the only way to say it.
    pub fn describe(&self) -> String {
        let is_unchosen_shorter = self.none && self.unchosen.len() < self.named.len();
        match self.is_any() {
            true => "any".to_owned(),
            false if self.others || is_unchosen_shorter => format!("any but {}", self.unchosen.join(", ")),
            false => {
                let none = self.none.then(|| ChoiceCode::None.word());
                self.named.iter().cloned().chain(none).collect::<Vec<_>>().join(", ")
            }
        }
    }
}

impl ChoiceCode {
    fn word(self) -> String {
        match self {
            Self::Named(name) => name,
            Self::Other => "every other".to_owned(),
            Self::None => "none".to_owned(),
        }
    }
}

/// The name of an enum value in tables and JSON: a kind, a sensitivity.
pub fn word(value: impl Serialize) -> String {
    let value = serde_json::to_value(value).ok();
    value.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

/// Text from a policy, escaped for output.
pub(crate) fn plain(text: &str) -> String {
    escape(text).into_owned()
}

/// A text as a string of TOML, on one line: TOML reads the text, and no terminal is steered (P6).
pub(crate) fn toml_string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for (character, is_safe) in characters(text) {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if is_safe => quoted.push(character),
            _ => {
                // Writing to a string can't fail.
                let _ = write!(quoted, "\\U{:08X}", u32::from(character));
            }
        }
    }
    quoted.push('"');
    quoted
}
