//! Vocabulary shared by the reports on policies.

use std::fmt::{self, Write};

use serde::Serialize;

use dmv_redact_model::escape::{characters, escape};
use dmv_redact_model::policy::{Attribute, Attributes, Policy, Rule, Stated};

/// Where a rule stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct RulePlace {
    /// The file of the included policy that it is of; `None`: the policy's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    line: usize,
}

impl RulePlace {
    pub(crate) fn of(rule: &Rule) -> Self {
        Self { file: rule.metadata.file.as_deref().map(plain), line: rule.metadata.position.line }
    }
}

impl fmt::Display for RulePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        self.file.iter().try_for_each(|file| write!(f, " of {file}"))
    }
}

/// Some of the values of an attribute that a request may state, or of the message keys that a message may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    pub(crate) named: Vec<String>,
    /// Whether those that no rule names are included.
    pub(crate) others: bool,
    /// Whether the absence of one is included.
    pub(crate) none: bool,
    /// The ones not chosen, in words.
    #[serde(skip)]
    unchosen: Vec<String>,
}

/// One of the options.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// What a request states of each attribute, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement([ChoiceCode; Attribute::ALL.len()]);

impl Statement {
    /// What attributes mean under a policy.
    pub(crate) fn of(policy: &Policy, attributes: &Attributes) -> Self {
        Self(Attribute::ALL.map(|attribute| match attributes.get(attribute) {
            Stated::Absent => ChoiceCode::None,
            stated => {
                policy.value(attribute, stated).map_or(ChoiceCode::Other, |value| ChoiceCode::Named(plain(value)))
            }
        }))
    }

    /// Every combination of these values of each attribute: those of the last vary first.
    pub(crate) fn combinations(values: &[Vec<ChoiceCode>; Attribute::ALL.len()]) -> Vec<Self> {
        let mut all = vec![Self([const { ChoiceCode::None }; Attribute::ALL.len()])];
        for (index, values) in values.iter().enumerate() {
            let put = |own: &Self, value: &ChoiceCode| {
                let mut own = own.clone();
                own.0.get_mut(index).into_iter().for_each(|slot| slot.clone_from(value));
                own
            };
            all = all.iter().flat_map(|own| values.iter().map(move |value| put(own, value))).collect();
        }
        all
    }

    /// Each attribute with its value.
    pub(crate) fn values(&self) -> impl Iterator<Item = (Attribute, &ChoiceCode)> {
        Attribute::ALL.into_iter().zip(&self.0)
    }

    /// The purpose, and what other attributes are stated, in words.
    pub(crate) fn describe(&self) -> String {
        let [purpose, others @ ..] = &self.0;
        let mut text = purpose.clone().word();
        for (attribute, value) in
            Attribute::ALL.iter().skip(1).zip(others).filter(|(_, value)| **value != ChoiceCode::None)
        {
            text += &format!(" {} {}", attribute.name(), value.clone().word());
        }
        text
    }
}

/// Statements of requests: every combination of what is chosen of each attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatedChoice {
    pub(crate) purposes: Choice,
    #[serde(skip_serializing_if = "Choice::is_any")]
    reasons: Choice,
    #[serde(skip_serializing_if = "Choice::is_any")]
    lines: Choice,
    #[serde(skip_serializing_if = "Choice::is_any")]
    users: Choice,
    #[serde(skip_serializing_if = "Choice::is_any")]
    states: Choice,
}

impl StatedChoice {
    /// Divides statements, of all that there are, into as few of these as is plain.
    pub(crate) fn divide(statements: &[&Statement], all: &[Statement]) -> Vec<Self> {
        let universes = Attribute::ALL.map(|attribute| {
            let mut values: Vec<&ChoiceCode> = Vec::new();
            for value in all.iter().filter_map(|statement| statement.0.get(attribute as usize)) {
                if !values.contains(&value) {
                    values.push(value);
                }
            }
            values
        });
        let rows = statements.iter().map(|statement| statement.0.iter().collect()).collect();
        let boxes = boxes(rows);
        let choice = |(chosen, universe): (&Vec<&ChoiceCode>, &Vec<&ChoiceCode>)| {
            Choice::of(chosen, universe, |value| (*value).clone())
        };
        let mut choices = Vec::new();
        for one in boxes {
            let each: Vec<Choice> = one.iter().zip(&universes).map(choice).collect();
            if let Ok([purposes, reasons, lines, users, states]) = <[Choice; Attribute::ALL.len()]>::try_from(each) {
                choices.push(Self { purposes, reasons, lines, users, states });
            }
        }
        choices
    }

    /// Each attribute by name, with what is chosen of it.
    pub fn each(&self) -> [(&'static str, &Choice); Attribute::ALL.len()] {
        let Self { purposes, reasons, lines, users, states } = self;
        let [purpose, reason, line, user, state] = Attribute::ALL.map(Attribute::name);
        [(purpose, purposes), (reason, reasons), (line, lines), (user, users), (state, states)]
    }
}

/// Divides distinct rows into products: for each column the values whose every combination is a row.
fn boxes<'c>(rows: Vec<Vec<&'c ChoiceCode>>) -> Vec<Vec<Vec<&'c ChoiceCode>>> {
    // Values of the first column with the same rests.
    let mut rests: Vec<(&ChoiceCode, Vec<Vec<&ChoiceCode>>)> = Vec::new();
    for row in rows {
        let Some((first, rest)) = row.split_first() else { return vec![Vec::new()] };
        match rests.iter_mut().find(|(own, _)| own == first) {
            Some((_, rows)) => rows.push(rest.to_vec()),
            None => rests.push((first, vec![rest.to_vec()])),
        }
    }
    let mut groups: Vec<(Vec<&'c ChoiceCode>, Vec<Vec<&'c ChoiceCode>>)> = Vec::new();
    for (value, rows) in rests {
        match groups.iter_mut().find(|(_, own)| *own == rows) {
            Some((values, _)) => values.push(value),
            None => groups.push((vec![value], rows)),
        }
    }
    let mut found = Vec::new();
    for (values, rows) in groups {
        for mut rest in boxes(rows) {
            rest.insert(0, values.clone());
            found.push(rest);
        }
    }
    found
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
