//! Reading a table on after an error, so that the next one is found too.
//!
//! The parser of TOML can go on after an error, serde can't. So what serde refuses is mended in the parsed tables, and these
//! are read again: an unknown key is taken out, a value of a wrong type gets a placeholder, as does a key that is missing.
//! What comes of it is used for finding errors alone.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Deserializer, Error};

use super::wording::{self, Wording};
use super::{Document, Errors, characters, free_text};

/// Errors of one file's form that are searched for: each costs reading the file again.
const MAX_ERRORS: usize = 100;

/// Reads the document, as far as that can be; notes what is wrong with its form.
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
    let mut can_go_on = true;
    let last = syntax.len().saturating_sub(1);
    for (number, error) in syntax.into_iter().enumerate() {
        let reported = report(document, &error, false);
        // What can't be seen there has been named, and one error of a line brings others about.
        if !errors.has_line_of(&reported) {
            errors.push(reported);
        }
        can_go_on = is_local(document, &error, number == last);
        if !can_go_on {
            break;
        }
    }
    let is_whole = errors.is_empty();
    can_go_on.then(|| Repair { document, table, is_whole, placeholders: 0 }.read(errors)).flatten()
}

/// An error of the parser in our words.
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

/// Whether the parser read on after an error of syntax as it was meant. After others what it says is guesswork.
fn is_local(document: &Document<'_>, error: &Error, is_last: bool) -> bool {
    let at = error.span().map_or(0, |span| span.start);
    let line = document.text.get(..at).and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
    let starts_with = |known: &[&str]| known.iter().any(|known| error.message().starts_with(known));
    // The keys under a head that isn't taken are taken for those of another table.
    let is_head = line.trim_start().starts_with('[');
    // A list that isn't closed swallows what comes after it.
    let is_in_list = starts_with(&["extra comma", "missing comma"]);
    let is_value = starts_with(&["duplicate key", "string values must be quoted", "missing escaped value"]);
    is_value && !is_head || is_in_list && is_last
}

const MISSING: &str = "missing field ";

/// Parsed tables that are mended until they can be read.
struct Repair<'d> {
    document: &'d Document<'d>,
    table: Spanned<DeTable<'d>>,
    /// Whether nothing is wrong with the syntax: else a key may be missing because of that.
    is_whole: bool,
    /// Placeholders so far: each has a place of its own, past the end of the text.
    placeholders: usize,
}

impl<'d> Repair<'d> {
    fn read<T: DeserializeOwned>(mut self, errors: &mut Errors) -> Option<T> {
        let mut result = deserialize(self.table.clone());
        for _ in 0..MAX_ERRORS {
            match result {
                Ok(value) => return Some(value),
                Err(error) => {
                    let error_here = report(self.document, &error, true);
                    // What a broken line lacks, or has instead, was meant otherwise.
                    let is_consequence = error.message().starts_with(MISSING) || errors.has_line_of(&error_here);
                    if self.is_whole || !is_consequence {
                        errors.push(error_here);
                    }
                    result = self.mend(&error)?;
                }
            }
        }
        None
    }

    /// Mends what is wrong, and gives what reading the tables comes to now; `None` when nothing helps.
    fn mend<T: DeserializeOwned>(&mut self, error: &Error) -> Option<Result<T, Error>> {
        let (message, span) = (error.message(), error.span()?);
        let names: Vec<String> = message.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        let attempts: Vec<Attempt> = if message.starts_with("unknown field ") {
            let (name, known) = names.split_first()?;
            let meant = super::nearest(name, known.iter().map(String::as_str));
            meant.map(|meant| Attempt::Rename(meant.to_owned())).into_iter().chain([Attempt::Remove]).collect()
        } else if message.starts_with(MISSING) {
            let key = names.first()?;
            placeholders(&[]).map(|value| Attempt::Insert(key.clone(), value)).collect()
        } else {
            let replace = placeholders(&names).map(Attempt::Replace);
            std::iter::once(Attempt::Wrap).chain(replace).chain([Attempt::Remove]).collect()
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
                let is_another = !is_same_place || new.message() != message && new.message().starts_with(MISSING);
                // The placeholder isn't wrong again.
                is_another && new.span().is_none_or(|new| new.start <= self.document.text.len())
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

/// A way to mend what is at a place.
enum Attempt {
    /// Takes a key or a value out.
    Remove,
    /// Gives a key the name that was meant.
    Rename(String),
    /// Puts a value into a list of its own.
    Wrap,
    Replace(DeValue<'static>),
    /// Adds a key to the table.
    Insert(String, DeValue<'static>),
}

/// Values that may be of the right type; names that the error lists may be right themselves.
fn placeholders(names: &[String]) -> impl Iterator<Item = DeValue<'static>> {
    let text = |text: &str| DeValue::String(text.to_owned().into());
    let others = [text(""), DeValue::Array(DeArray::new()), DeValue::Table(DeTable::new()), DeValue::Boolean(false)];
    let number = DeValue::parse("0").map(Spanned::into_inner);
    names.iter().map(|name| text(name)).collect::<Vec<_>>().into_iter().chain(others).chain(number)
}

/// Makes an attempt at one place.
struct Edit<'e> {
    span: &'e Range<usize>,
    attempt: &'e Attempt,
    /// The place of what is added.
    at: Range<usize>,
}

impl Edit<'_> {
    /// Edits a table, or what is below it; says whether anything was there.
    fn table(&self, table: &mut DeTable<'_>, own: &Range<usize>) -> bool {
        match self.attempt {
            Attempt::Insert(key, value) if own == self.span && !table.contains_key(key.as_str()) => {
                let key = Spanned::new(self.at.clone(), key.clone().into());
                table.insert(key, Spanned::new(self.at.clone(), value.clone()));
                return true;
            }
            Attempt::Rename(name) if !table.contains_key(name.as_str()) => {
                if let Some(key) = table.keys().find(|key| key.span() == *self.span).cloned()
                    && let Some(value) = table.remove(&key)
                {
                    table.insert(Spanned::new(key.span(), name.clone().into()), value);
                    return true;
                }
            }
            Attempt::Remove => {
                let is_meant =
                    |(key, value): &(&Spanned<_>, &Spanned<_>)| key.span() == *self.span || value.span() == *self.span;
                if let Some(key) = table.iter().find(is_meant).map(|(key, _)| key.clone()) {
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
            Attempt::Replace(new) if own == *self.span => {
                *value = Spanned::new(self.at.clone(), new.clone());
                return true;
            }
            Attempt::Wrap if own == *self.span => {
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
                if matches!(self.attempt, Attempt::Remove) {
                    let all = std::mem::replace(items, DeArray::new());
                    *items = all.into_iter().filter(|item| item.span() != *self.span).collect();
                }
                items.len() < before || items.iter_mut().any(|item| self.value(item))
            }
            _ => false,
        }
    }
}
