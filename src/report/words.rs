//! Words that reports about policies share.

use serde::Serialize;

use crate::escape::escape;

/// Some of the purposes that a request may state, or of the message keys that a message may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Choice {
    pub(super) named: Vec<String>,
    /// Whether every key that no rule names is meant too.
    pub(super) others: bool,
    /// Whether it is meant too that there is none.
    pub(super) none: bool,
    /// Of all that there are, those that aren't meant, in words.
    #[serde(skip)]
    rest: Vec<String>,
}

/// One of the things that can be chosen.
pub(super) enum Code {
    Named(String),
    Other,
    None,
}

impl Choice {
    /// These of all that there are.
    pub(super) fn of<T: PartialEq>(chosen: &[T], all: &[T], code: impl Fn(&T) -> Code) -> Self {
        let mut choice = Self { named: Vec::new(), others: false, none: false, rest: Vec::new() };
        for one in chosen {
            match code(one) {
                Code::Named(name) => choice.named.push(name),
                Code::Other => choice.others = true,
                Code::None => choice.none = true,
            }
        }
        let rest = all.iter().filter(|one| !chosen.contains(one));
        choice.rest = rest.map(|one| code(one).word()).collect();
        choice
    }

    /// Whether it is any that there is.
    pub(super) fn is_any(&self) -> bool {
        self.rest.is_empty()
    }

    /// In words: what is meant, or what isn't, where that is shorter or the only way to say it.
    pub(super) fn told(&self) -> String {
        let is_rest_shorter = self.none && self.rest.len() < self.named.len();
        match self.is_any() {
            true => "any".to_owned(),
            false if self.others || is_rest_shorter => format!("any but {}", self.rest.join(", ")),
            false => {
                let none = self.none.then(|| Code::None.word());
                self.named.iter().cloned().chain(none).collect::<Vec<_>>().join(", ")
            }
        }
    }
}

impl Code {
    fn word(self) -> String {
        match self {
            Self::Named(name) => name,
            Self::Other => "every other".to_owned(),
            Self::None => "none".to_owned(),
        }
    }
}

/// The word by which tables and JSON call one of a fixed choice: a kind, a sensitivity.
pub(super) fn word(value: impl Serialize) -> String {
    let value = serde_json::to_value(value).ok();
    value.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

/// A text on one line that no spreadsheet takes for a formula.
pub(super) fn harmless(text: &str) -> String {
    let text = escape(text);
    match text.chars().next() {
        Some('=' | '+' | '-' | '@') => format!("'{text}"),
        _ => text.into_owned(),
    }
}

/// What was written in a policy, as it may be shown.
pub(super) fn plain(text: &str) -> String {
    escape(text).into_owned()
}
