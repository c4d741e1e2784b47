//! Error recovery: continues after an error in a table, so that the next one is found too.
//!
//! The TOML parser can continue after an error, serde can't. So what serde rejects is repaired in the parsed tables,
//! and these are deserialized again: an unknown key is renamed or removed, a wrong or missing value is replaced by a
//! placeholder. The result is only used to find errors.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Deserializer, Error};

use super::wording::{self, Wording};
use super::{Document, Errors, characters, free_text};

/// Maximum number of structure errors per file: each costs another deserialization (P8).
const MAX_ERRORS: usize = 100;

/// Reads the document with error recovery; adds errors of its structure.
pub(super) fn read<T: DeserializeOwned>(document: &Document<'_>, errors: &mut Errors) -> Option<T> {
    let mut deceptive = characters::check(document);
    deceptive.extend(free_text::check(document));
    if deceptive.is_empty()
        && let Ok(value) = toml::from_str(document.text)
    {
        return Some(value);
    }
    deceptive.into_iter().for_each(|error| errors.push(error));
    let (table, syntax) = DeTable::parse_recoverable(document.text);
    let mut can_continue = true;
    let last = syntax.len().saturating_sub(1);
    for (number, error) in syntax.into_iter().enumerate() {
        let reported = report(document, &error, false);
        // Invisible characters on the line were reported, and one error on a line causes others.
        if !errors.has_line_of(&reported) {
            errors.push(reported);
        }
        can_continue = is_local(document, &error, number == last);
        if !can_continue {
            break;
        }
    }
    let is_whole = errors.is_empty();
    can_continue.then(|| TableRepair { document, table, is_whole, placeholders: 0 }.read(errors)).flatten()
}

/// An error of the parser, reworded.
fn report(document: &Document<'_>, error: &Error, is_toml: bool) -> super::ConfigError {
    let span = error.span().unwrap_or(0..0);
    let at = document.text.get(span.clone()).unwrap_or_default();
    let Wording { message, help, unknown, known } = wording::of(error.message(), at, is_toml);
    let mut reported = document.error(&span, message);
    if let Some(name) = unknown {
        reported = reported.nearest(&name, known.iter().map(String::as_str));
    }
    reported.or_help(help.as_deref().unwrap_or_default())
}

/// Whether the parser recovers reliably from a syntax error. After other errors its results are guesswork.
fn is_local(document: &Document<'_>, error: &Error, is_last: bool) -> bool {
    let at = error.span().map_or(0, |span| span.start);
    let line = document.text.get(..at).and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
    // Keys after an invalid table header are assigned to another table.
    let is_head = line.trim_start().starts_with('[');
    // An unclosed list swallows what follows.
    let is_in_list = starts_with_any(error.message(), &["extra comma", "missing comma"]);
    let is_value =
        starts_with_any(error.message(), &["duplicate key", "string values must be quoted", "missing escaped value"]);
    is_value && !is_head || is_in_list && is_last
}

fn starts_with_any(message: &str, known: &[&str]) -> bool {
    known.iter().any(|known| message.starts_with(known))
}

const MISSING: &str = "missing field ";

/// Parsed tables that are repaired until they can be deserialized.
struct TableRepair<'d> {
    document: &'d Document<'d>,
    table: Spanned<DeTable<'d>>,
    /// Whether the syntax has no errors: otherwise these may be why a key is missing.
    is_whole: bool,
    /// Placeholders so far: each has its own position past the end of the text.
    placeholders: usize,
}

impl<'d> TableRepair<'d> {
    fn read<T: DeserializeOwned>(mut self, errors: &mut Errors) -> Option<T> {
        let mut result = deserialize(self.table.clone());
        for _ in 0..MAX_ERRORS {
            match result {
                Ok(value) => return Some(value),
                Err(error) => {
                    let error_here = report(self.document, &error, true);
                    // A missing or wrong key on a broken line is a follow-up error.
                    let is_consequence = error.message().starts_with(MISSING) || errors.has_line_of(&error_here);
                    if self.is_whole || !is_consequence {
                        errors.push(error_here);
                    }
                    result = self.repair_error(&error)?;
                }
            }
        }
        None
    }

    /// Repairs an error, and returns the new result of deserializing; `None` if no attempt helps.
    fn repair_error<T: DeserializeOwned>(&mut self, error: &Error) -> Option<Result<T, Error>> {
        let (message, span) = (error.message(), error.span()?);
        let names: Vec<String> = message.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        let attempts: Vec<RepairAttempt> = if message.starts_with("unknown field ") {
            let (name, known) = names.split_first()?;
            let meant = super::nearest(name, known.iter().map(String::as_str));
            meant
                .map(|meant| RepairAttempt::Rename(meant.to_owned()))
                .into_iter()
                .chain([RepairAttempt::Remove])
                .collect()
        } else if message.starts_with(MISSING) {
            let key = names.first()?;
            placeholders(&[]).map(|value| RepairAttempt::Insert(key.clone(), value)).collect()
        } else {
            let replace = placeholders(&names).map(RepairAttempt::Replace);
            std::iter::once(RepairAttempt::Wrap).chain(replace).chain([RepairAttempt::Remove]).collect()
        };
        for attempt in attempts {
            self.placeholders += 1;
            let at = self.document.text.len() + self.placeholders * 2;
            let mut table = self.table.clone();
            let own = table.span();
            if !(Edit { span: &span, attempt: &attempt, at: at..at + 1 }.table(table.get_mut(), &own)) {
                continue;
            }
            let result = deserialize(table.clone());
            let is_better = result.as_ref().err().is_none_or(|new: &Error| {
                let is_same_place = new.span().as_ref() == Some(&span);
                let is_different = !is_same_place || new.message() != message && new.message().starts_with(MISSING);
                // The placeholder must not be the new error.
                is_different && new.span().is_none_or(|new| new.start <= self.document.text.len())
            });
            if is_better {
                self.table = table;
                return Some(result);
            }
        }
        None
    }
}

fn deserialize<T: DeserializeOwned>(table: Spanned<DeTable<'_>>) -> Result<T, Error> {
    T::deserialize(Deserializer::from(table))
}

/// A way to repair one span.
enum RepairAttempt {
    /// Removes a key or a value.
    Remove,
    /// Renames a key to the probably intended name.
    Rename(String),
    /// Wraps a value in a list.
    Wrap,
    Replace(DeValue<'static>),
    /// Adds a key to the table.
    Insert(String, DeValue<'static>),
}

/// Values of various types; names that the error lists may be valid values.
fn placeholders(names: &[String]) -> impl Iterator<Item = DeValue<'static>> {
    let mut values: Vec<_> = names.iter().map(|name| DeValue::String(name.clone().into())).collect();
    values.extend([
        DeValue::String("".into()),
        DeValue::Array(DeArray::new()),
        DeValue::Table(DeTable::new()),
        DeValue::Boolean(false),
    ]);
    values.extend(DeValue::parse("0").map(Spanned::into_inner));
    values.into_iter()
}

/// Applies an attempt at one span.
struct Edit<'e> {
    span: &'e Range<usize>,
    attempt: &'e RepairAttempt,
    /// The span of what is added.
    at: Range<usize>,
}

impl Edit<'_> {
    /// Edits a table, or what is below it; returns whether the span was found.
    fn table(&self, table: &mut DeTable<'_>, own: &Range<usize>) -> bool {
        match self.attempt {
            RepairAttempt::Insert(key, value) if own == self.span && !table.contains_key(key.as_str()) => {
                let key = Spanned::new(self.at.clone(), key.clone().into());
                table.insert(key, Spanned::new(self.at.clone(), value.clone()));
                return true;
            }
            RepairAttempt::Rename(name) if !table.contains_key(name.as_str()) => {
                if let Some(key) = table.keys().find(|key| key.span() == *self.span).cloned()
                    && let Some(value) = table.remove(&key)
                {
                    table.insert(Spanned::new(key.span(), name.clone().into()), value);
                    return true;
                }
            }
            RepairAttempt::Remove => {
                let mut entries = table.iter();
                let found = entries.find(|(key, value)| key.span() == *self.span || value.span() == *self.span);
                if let Some(key) = found.map(|(key, _)| key.clone()) {
                    return table.remove(&key).is_some();
                }
            }
            _ => {}
        }
        table.iter_mut().any(|(_, value)| self.value(value))
    }

    fn value(&self, value: &mut Spanned<DeValue<'_>>) -> bool {
        let own = value.span();
        match self.attempt {
            RepairAttempt::Replace(new) if own == *self.span => {
                *value = Spanned::new(self.at.clone(), new.clone());
                return true;
            }
            RepairAttempt::Wrap if own == *self.span => {
                let inner = std::mem::replace(value, Spanned::new(own.clone(), DeValue::Boolean(false)));
                *value = Spanned::new(own, DeValue::Array([inner].into_iter().collect()));
                return true;
            }
            _ => {}
        }
        match value.get_mut() {
            DeValue::Table(table) => self.table(table, &own),
            DeValue::Array(items) => {
                let before = items.len();
                if matches!(self.attempt, RepairAttempt::Remove) {
                    let all = std::mem::replace(items, DeArray::new());
                    *items = all.into_iter().filter(|item| item.span() != *self.span).collect();
                }
                items.len() < before || items.iter_mut().any(|item| self.value(item))
            }
            _ => false,
        }
    }
}
