//! Reads the TOML tables that users write, and reports where they are wrong.
//!
//! A separate module because catalog, formats and policies share one kind of error: file, line, column, and the nearest
//! known spelling.

mod characters;
mod errors;
mod free_text;
mod position;
mod recovery;
mod spanned;
mod table;
mod text;
mod wording;

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::escape::escape;

pub use characters::find_deceptive;
pub use errors::{Errors, all};
pub use position::{Lines, Position};
pub use spanned::Spanned;
pub use table::Table;
pub use text::{decode, decode_lines};

/// A catalog, format or policy that can't be used: what is wrong, where, and a suggestion.
///
/// All errors of a file are found at once: this is the first, by position, and [`ConfigError::iter`] returns every one.
/// Names from files are escaped in its texts. It never contains anything of a message (P6): configuration is read
/// before any message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    file: String,
    location: Option<Box<SourceLocation>>,
    message: String,
    help: Option<String>,
    /// Further errors, which contain no others.
    further: Vec<ConfigError>,
}

/// A position in a file: line, column and bytes, and the text of the file, so that diagnostics can show its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SourceLocation {
    line: usize,
    column: usize,
    span: Range<usize>,
    text: Arc<str>,
}

impl ConfigError {
    /// An error about a whole file (unreadable, for example).
    #[doc(hidden)]
    pub fn of_file(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(file.into(), None, &message.into())
    }

    fn new(file: String, location: Option<Box<SourceLocation>>, message: &str) -> Self {
        Self { file, location, message: escape(message).into(), help: None, further: Vec::new() }
    }

    /// All errors as one.
    fn of_all(all: Vec<Self>) -> Option<Self> {
        let mut all = all.into_iter();
        let mut first = all.next()?;
        first.further.extend(all);
        Some(first)
    }

    /// Each error alone, this one first.
    pub(crate) fn into_each(mut self) -> impl Iterator<Item = Self> {
        let further = std::mem::take(&mut self.further);
        std::iter::once(self).chain(further)
    }

    /// Whether it is about a placeholder for a wrong or missing value, which is positioned past the end of the text.
    fn is_about_placeholder(&self) -> bool {
        self.location.as_ref().is_some_and(|location| location.span.start > location.text.len())
    }

    /// Whether both are about the same place of the same file.
    pub(crate) fn is_at_place_of(&self, other: &Self) -> bool {
        self.file == other.file && self.span() == other.span()
    }

    /// All errors, by file and position, this one first.
    pub fn iter(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.further)
    }

    /// Adds help for the user.
    #[doc(hidden)]
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(escape(&help.into()).into());
        self
    }

    /// Suggests the candidate nearest to `name`, if one is near enough.
    #[doc(hidden)]
    #[must_use]
    pub fn nearest<'a>(self, name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        match nearest(name, candidates) {
            Some(candidate) => self.help(format!("did you mean `{candidate}`?")),
            None => self,
        }
    }

    /// Adds help for the user, unless there is some already.
    #[must_use]
    pub(crate) fn or_help(self, help: &str) -> Self {
        if self.help.is_some() || help.is_empty() { self } else { self.help(help) }
    }

    /// The file as named by the caller.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Line and column, both counted from 1, the column in characters. `None` when the error is about the whole file.
    #[doc(hidden)]
    #[must_use]
    pub fn position(&self) -> Option<(usize, usize)> {
        self.location.as_ref().map(|location| (location.line, location.column))
    }

    /// The byte range of [`ConfigError::source_text`] that is wrong.
    #[must_use]
    pub fn span(&self) -> Option<Range<usize>> {
        self.location.as_ref().map(|location| location.span.clone())
    }

    /// The text of the file. `None` when the error is about the whole file.
    #[must_use]
    pub fn source_text(&self) -> Option<&str> {
        self.location.as_ref().map(|location| location.text.as_ref())
    }

    /// What is wrong: lower case, no final period.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Help for the user, such as the nearest known spelling.
    #[must_use]
    pub fn help_text(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

/// Every error on a line of its own.
impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, error) in self.iter().enumerate() {
            write!(f, "{}{}:", if number == 0 { "" } else { "\n" }, escape(&error.file))?;
            if let Some((line, column)) = error.position() {
                write!(f, "{line}:{column}:")?;
            }
            write!(f, " {}", error.message)?;
            if let Some(help) = &error.help {
                write!(f, "; {help}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// Who wrote a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Built in: tests prove that it has no errors, so its costly parts are compiled lazily.
    BuiltIn,
    /// A user: all its errors are reported when it is read (P2).
    Added,
}

/// A TOML text and its name in errors.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// Its name.
    pub file: &'a str,
    /// Its text, in UTF-8 with lines that end in a line feed.
    pub text: &'a str,
}

impl Document<'_> {
    /// Deserializes the text; an unknown key is an error that suggests the nearest known one.
    ///
    /// # Errors
    /// All errors of its structure.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        let mut errors = Errors::default();
        let value = self.read(&mut errors);
        errors.finish()?;
        value.ok_or_else(|| ConfigError::of_file(self.file, "can't be read as a table"))
    }

    /// Deserializes the text with error recovery: errors of its structure are added to `errors`, and placeholders let
    /// the caller find further ones. The value may only be used if there are no errors.
    pub fn read<T: DeserializeOwned>(&self, errors: &mut Errors) -> Option<T> {
        recovery::read(self, errors)
    }

    /// Line and column of a byte of this text, both counted from 1, the column in characters.
    pub fn position(&self, at: usize) -> (usize, usize) {
        let Position { line, column } = Lines::of(self.text).position(at);
        (line, column)
    }

    /// Checks that a name is a word: it appears in reports, logs and records, where it must not be mistaken for
    /// anything else (P6).
    pub(crate) fn word(&self, name: &Spanned<String>, what: &str) -> Result<(), ConfigError> {
        check_word(self, name, what)
    }

    /// An error at a byte range of this text.
    pub fn error(&self, span: &Range<usize>, message: impl Into<String>) -> ConfigError {
        LocatedDocument::of(self).error(span, message)
    }
}

/// What has a text: errors are about places in it.
pub(crate) trait ErrorAt {
    /// An error at a byte range.
    fn error_at(&self, span: &Range<usize>, message: String) -> ConfigError;
}

impl ErrorAt for Document<'_> {
    fn error_at(&self, span: &Range<usize>, message: String) -> ConfigError {
        self.error(span, message)
    }
}

/// As [`Document::word`], of any text.
pub(crate) fn check_word(of: &impl ErrorAt, name: &Spanned<String>, what: &str) -> Result<(), ConfigError> {
    let text = name.get_ref();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')) {
        return Ok(());
    }
    let error = of.error_at(&name.span(), format!("the name of the {what} `{text}` is no word"));
    Err(error.help("a name is a word: letters A to Z, digits, `-`, `_` and `.`"))
}

/// A document for many errors: its lines are indexed once, its text is shared.
#[derive(Debug)]
pub struct LocatedDocument<'d> {
    file: &'d str,
    lines: Lines<'d>,
    text: Arc<str>,
}

impl<'d> LocatedDocument<'d> {
    /// Indexes the lines of a document.
    pub fn of(document: &Document<'d>) -> Self {
        Self { file: document.file, lines: Lines::of(document.text), text: document.text.into() }
    }

    /// Its name.
    pub(crate) fn file(&self) -> &'d str {
        self.file
    }

    /// The position of a byte.
    pub(crate) fn position(&self, at: usize) -> Position {
        self.lines.position(at)
    }

    /// An error at a byte range of the document. Mentions a deceptive character in a name there.
    pub fn error(&self, span: &Range<usize>, message: impl Into<String>) -> ConfigError {
        let mut message = message.into();
        if let Some((at, what)) = self.text.get(span.clone()).and_then(deceptive_name) {
            let Position { column, .. } = self.lines.position(span.start + at);
            message.push_str(&format!(" (with {what} at column {column})"));
        }
        self.error_verbatim(span, &message)
    }

    fn error_verbatim(&self, span: &Range<usize>, message: &str) -> ConfigError {
        let Position { line, column } = self.lines.position(span.start);
        let location = SourceLocation { line, column, span: span.clone(), text: Arc::clone(&self.text) };
        ConfigError::new(self.file.to_owned(), Some(Box::new(location)), message)
    }
}

/// The first deceptive character in the text of a key or value. Only what could be a name is checked for ASCII, because
/// free texts have other letters and quotes.
fn deceptive_name(text: &str) -> Option<(usize, String)> {
    let is_name = text.len() <= MAX_NAME_BYTES && !text.contains([' ', '\n']);
    if is_name { find_deceptive(text, true) } else { None }
}

/// Maximum bytes of a text that counts as a name.
const MAX_NAME_BYTES: usize = 100;

/// A configuration file in memory, with its name in errors.
#[derive(Debug, Clone)]
pub struct File {
    /// Its name, a path as the caller wrote it.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl File {
    /// Reads a file.
    ///
    /// # Errors
    /// When it can't be read, or is no text.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        Ok(Self { name: path.display().to_string(), text: read_file(path)? })
    }

    /// Its name and text.
    pub fn document(&self) -> Document<'_> {
        Document { file: &self.name, text: &self.text }
    }

    /// A copy of a document.
    #[must_use]
    pub fn of(document: &Document<'_>) -> Self {
        Self { name: document.file.to_owned(), text: document.text.to_owned() }
    }
}

/// Reads a whole configuration file as text.
pub fn read_file(path: &Path) -> Result<String, ConfigError> {
    decode_lines(&path.display().to_string(), read_bytes(path)?)
}

/// Reads a whole configuration file as bytes.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, ConfigError> {
    std::fs::read(path).map_err(|error| {
        ConfigError::of_file(path.display().to_string(), format!("can't be read: {error}").to_lowercase())
    })
}

/// The candidate with the least edit distance from `name`, if that is at most a third of its length, or 1.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
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

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its form matters here")]
    struct Head {
        name: Spanned<String>,
        list: Option<Spanned<Vec<Spanned<String>>>>,
        number: Option<usize>,
        treatment: Option<crate::catalog::Treatment>,
        #[serde(default)]
        rule: Vec<Rule>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its form matters here")]
    struct Rule {
        id: Spanned<String>,
        number: usize,
    }

    fn errors(text: &str) -> Vec<String> {
        let document = Document { file: "t", text };
        let mut errors = Errors::default();
        let value = document.read::<Head>(&mut errors);
        let Err(error) = errors.finish() else { return Vec::new() };
        assert_eq!(error.to_string().lines().count(), error.iter().count());
        let parsed = document.parse::<Head>().unwrap_err();
        assert_eq!(parsed, error);
        let state = if value.is_some() { "read on" } else { "stopped" };
        error.to_string().lines().map(|line| line.replacen("t:", "", 1)).chain([state.to_owned()]).collect()
    }

    #[test]
    fn all_that_is_wrong_with_the_form_of_a_file_is_found_at_once() {
        let text =
            "list = 'x'\nnumber = 'y'\ntreatment = 'yaer'\nquux = 1\n[[rule]]\nid = 5\n[[rule]]\nid = 'b'\nnumbr = 1\n";
        assert_eq!(
            errors(text),
            [
                "1:1: `name` is missing; add `name = ...`",
                "1:8: a list in `[...]` is wanted, not a text; write `['x']`",
                "2:10: a whole number from 0 is wanted, not a text; write it without quotes",
                "3:13: unknown value `yaer`; did you mean `year`?",
                "4:1: unknown key `quux`; known here: `name`, `list`, `number`, `treatment`, `rule`",
                "5:1: `number` is missing; add `number = ...`",
                "6:6: a text in quotes is wanted, not a number; write `\"5\"`",
                "9:1: unknown key `numbr`; did you mean `number`?",
                "read on",
            ]
        );
    }

    #[test]
    fn errors_of_syntax_are_found_with_others_unless_they_hide_what_the_tables_are() {
        assert_eq!(
            errors("name = x\nnumber = y\nnumber = 5\nquux = 1\n"),
            [
                "1:8: a text must stand in quotes; write `\"...\"` around it",
                "2:10: a text must stand in quotes; write `\"...\"` around it",
                "3:1: `number` is written twice; keep one of the two; several rules are several `[[...]]` tables",
                "4:1: unknown key `quux`; known here: `name`, `list`, `number`, `treatment`, `rule`",
                "read on",
            ]
        );
        assert_eq!(
            errors("name = 'x'\n[[rule\nid = 1\nnumber = 1\n"),
            ["2:7: the head of a table is not closed; write `[name]` or `[[name]]`", "stopped"]
        );
    }

    #[test]
    fn what_can_not_be_seen_or_passes_for_another_is_named_by_code_point_and_place() {
        assert_eq!(
            errors(
                "\u{feff}name = 'a\u{200b}b'\n\u{a0}number\u{3000}= 1\nlist = [\u{201c}x\u{201d}] # caf\u{e9} \u{26a0}\u{fe0f}\nx\u{200d} = 1 # \u{202e}"
            ),
            [
                "1:11: U+200B (zero width space) in a text; take it away, or put the text in `\"...\"` and write it as `\\uXXXX`",
                "2:1: U+00A0 (no-break space) between keys and values; write a plain space, quote or hyphen, or take it away",
                "2:8: U+3000 (space of another width) between keys and values; write a plain space, quote or hyphen, or take it away",
                "3:9: U+201C (curly double quote) between keys and values; write a plain space, quote or hyphen, or take it away",
                "3:11: U+201D (curly double quote) between keys and values; write a plain space, quote or hyphen, or take it away",
                "4:2: U+200D (zero width joiner) between keys and values; write a plain space, quote or hyphen, or take it away",
                "4:10: U+202E (bidi control) in a comment; take it away: it makes the comment read otherwise than it is written",
                "stopped",
            ]
        );
        let document = Document { file: "t", text: "x = 'in-st\u{430}te'" };
        let error = document.error(&(4..15), "unknown class `in-st\u{430}te`").nearest("in-st\u{430}te", ["in-state"]);
        let message = "t:1:5: unknown class `in-st\u{430}te` (with U+0430 (not an ASCII character) at column 11)";
        assert_eq!(error.to_string(), format!("{message}; did you mean `in-state`?"));
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
