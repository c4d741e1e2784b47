//! Reading the TOML tables a user writes, and saying where one is wrong.
//!
//! It stands alone because catalog, formats and policies share one way of failing: file, line, column, and the
//! nearest right spelling.

mod position;
mod spanned;
mod wording;

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;

pub(crate) use position::{Lines, Position};
pub(crate) use spanned::Spanned;

/// A catalog, format or policy that can't be used: what is wrong, where, and what may have been meant.
///
/// It never holds anything of a message: configuration is read before any message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    file: String,
    place: Option<Located>,
    message: String,
    help: Option<String>,
}

/// Where in a file: bytes, and the text they are of, so that whoever shows the error can show its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Located {
    line: usize,
    column: usize,
    span: Range<usize>,
    text: Arc<str>,
}

impl ConfigError {
    /// An error about a whole file (it can't be read, say).
    pub(crate) fn of_file(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: file.into(), place: None, message: message.into(), help: None }
    }

    /// Adds what the user can do about it.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds the candidate nearest to `name`, if one is near enough to have been meant.
    #[must_use]
    pub(crate) fn nearest<'a>(self, name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        match nearest(name, candidates) {
            Some(candidate) => self.help(format!("did you mean `{candidate}`?")),
            None => self,
        }
    }

    /// Adds what the user can do about it, unless that is known already.
    #[must_use]
    pub(crate) fn or_help(self, help: &str) -> Self {
        if self.help.is_some() || help.is_empty() { self } else { self.help(help) }
    }

    /// The file as it was named by the caller.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Line and column, both counted from 1, the column in characters. `None` when the error is about the whole file.
    #[must_use]
    pub fn position(&self) -> Option<(usize, usize)> {
        self.place.as_ref().map(|place| (place.line, place.column))
    }

    /// The bytes of [`ConfigError::source_text`] that are wrong.
    #[must_use]
    pub fn span(&self) -> Option<Range<usize>> {
        self.place.as_ref().map(|place| place.span.clone())
    }

    /// The text of the file. `None` when the error is about the whole file.
    #[must_use]
    pub fn source_text(&self) -> Option<&str> {
        self.place.as_ref().map(|place| place.text.as_ref())
    }

    /// What is wrong: lower case, no final period.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What can be done about it, the nearest right spelling for instance.
    #[must_use]
    pub fn help_text(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file)?;
        if let Some((line, column)) = self.position() {
            write!(f, "{line}:{column}:")?;
        }
        write!(f, " {}", self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}

/// Who wrote a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It ships with the filter: that there is nothing wrong in it is proven by tests, so its costly parts can wait until a
    /// message needs them.
    BuiltIn,
    /// A user did: all that may be wrong in it is told when it is read.
    Added,
}

/// One TOML text and the name errors call it by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Document<'a> {
    pub(crate) file: &'a str,
    pub(crate) text: &'a str,
}

impl Document<'_> {
    /// Deserializes the text; an unknown key is an error that names the nearest known one.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        toml::from_str(self.text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            let wording = wording::of(
                error.message(),
                self.text.get(span.clone()).unwrap_or_default(),
                toml::de::DeTable::parse(self.text).is_ok(),
            );
            let mut said = self.error(&span, wording.message);
            if let Some(name) = wording.unknown {
                said = said.nearest(&name, wording.known.iter().map(String::as_str));
            }
            said.or_help(wording.help.as_deref().unwrap_or_default())
        })
    }

    /// Line and column of a byte of this text, both counted from 1, the column in characters.
    pub(crate) fn position(&self, at: usize) -> (usize, usize) {
        let Position { line, column } = Lines::of(self.text).position(at);
        (line, column)
    }

    /// An error at a byte range of this text.
    pub(crate) fn error(&self, span: &Range<usize>, message: impl Into<String>) -> ConfigError {
        Pointed::of(self).error(span, message)
    }
}

/// A document in which many places are pointed to: its lines are counted once, its text is shared.
#[derive(Debug)]
pub(crate) struct Pointed<'d> {
    file: &'d str,
    lines: Lines<'d>,
    text: Arc<str>,
}

impl<'d> Pointed<'d> {
    pub(crate) fn of(document: &Document<'d>) -> Self {
        Self { file: document.file, lines: Lines::of(document.text), text: document.text.into() }
    }

    /// An error at a byte range of the document.
    pub(crate) fn error(&self, span: &Range<usize>, message: impl Into<String>) -> ConfigError {
        let Position { line, column } = self.lines.position(span.start);
        let place = Located { line, column, span: span.clone(), text: Arc::clone(&self.text) };
        ConfigError { file: self.file.to_owned(), place: Some(place), message: message.into(), help: None }
    }
}

/// A configuration file that has been read, by the name that errors call it by.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        Ok(Self { name: path.display().to_string(), text: read_file(path)? })
    }

    pub(crate) fn document(&self) -> Document<'_> {
        Document { file: &self.name, text: &self.text }
    }
}

/// Reads a configuration file whole, as UTF-8.
pub(crate) fn read_file(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|error| {
        ConfigError::of_file(path.display().to_string(), format!("can't be read: {error}").to_lowercase())
    })
}

/// The candidate that differs least from `name`, if it differs by at most a third of its length (and at least one edit is allowed).
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Table {
        #[expect(dead_code, reason = "only its name matters here")]
        agencies: String,
    }

    #[test]
    fn an_unknown_key_names_line_column_and_nearest_spelling() {
        let document = Document { file: "p.toml", text: "\n  agancies = 'x'\n" };
        let error = document.parse::<Table>().unwrap_err();
        assert_eq!(error.to_string(), "p.toml:2:3: unknown key `agancies`; did you mean `agencies`?");
    }

    #[test]
    fn nothing_is_suggested_when_nothing_is_near() {
        assert_eq!(nearest("quux", ["person.name", "license"]), None);
        assert_eq!(nearest("person.snn", ["person.name", "person.ssn"]), Some("person.ssn"));
    }
}
