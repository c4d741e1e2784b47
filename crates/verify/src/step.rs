//! The steps of paths, read by regular expressions: a name, which may have one `*`, and predicates.

use std::sync::LazyLock;

use regex::bytes::Regex as BytesRegex;
use regex::{Captures, Regex};

/// What one child or attribute must say: its name, and the values of which it has one.
pub(super) type Predicate = (Asked, Vec<String>);

/// A child, or an attribute, by its name.
pub(super) type Asked = (bool, String);

/// A step of a path.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) is_attribute: bool,
    /// Whether it is written as an attribute, which JSON doesn't have.
    pub(super) is_marked: bool,
    pub(super) name: String,
    /// Its name, if that is a pattern.
    pub(super) pattern: Option<Pattern>,
    /// In a fixed order.
    pub(super) predicates: Vec<Predicate>,
}

static STEP: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\A(@?)([^\[]*)").ok());
static PREDICATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let value = r#"(?:'[^']*'|"[^"]*")"#;
    Regex::new(&format!(r"\[(@?)([^=]*)=({value}(?:\|{value})*)\]")).ok()
});
static VALUE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"'([^']*)'|"([^"]*)""#).ok());
static CODE: LazyLock<Option<BytesRegex>> = LazyLock::new(|| BytesRegex::new("%([0-9A-Fa-f]{2})").ok());

impl Step {
    /// Reads a step of a path that the format's own reader has accepted.
    pub(super) fn new(text: &str, has_attributes: bool) -> Option<Self> {
        if !text.contains(['[', '*', '%']) {
            let name = text.strip_prefix('@').unwrap_or(text);
            let is_marked = name.len() < text.len();
            return Some(Self { is_marked, ..Self::of((has_attributes && is_marked, name.to_owned())) });
        }
        let whole = STEP.as_ref()?.captures(text)?;
        let is_marked = |mark: &Captures<'_>| mark.get(1).is_some_and(|mark| !mark.is_empty());
        let is_attribute = |mark: &Captures<'_>| has_attributes && is_marked(mark);
        let name = decoded(whole.get(2)?.as_str())?;
        let mut predicates = Vec::new();
        for predicate in PREDICATE.as_ref()?.captures_iter(text) {
            let values = VALUE.as_ref()?.captures_iter(predicate.get(3)?.as_str());
            let values = values.map(|value| decoded(value.get(1).or(value.get(2))?.as_str()));
            let mut values = values.collect::<Option<Vec<_>>>()?;
            values.sort();
            predicates.push(((is_attribute(&predicate), decoded(predicate.get(2)?.as_str())?), values));
        }
        predicates.sort();
        let pattern = whole.get(2)?.as_str().contains('*').then(|| Pattern::new(&name, has_attributes)).flatten();
        Some(Self { is_attribute: is_attribute(&whole), is_marked: is_marked(&whole), name, pattern, predicates })
    }

    /// The step of what a predicate asks.
    pub(super) fn of((is_attribute, name): Asked) -> Self {
        Self { is_attribute, is_marked: is_attribute, name, pattern: None, predicates: Vec::new() }
    }
}

/// What is written by code, `%2F`, in the characters that are meant.
fn decoded(text: &str) -> Option<String> {
    let code = |found: &regex::bytes::Captures<'_>| {
        let digits = found.get(1).and_then(|digits| std::str::from_utf8(digits.as_bytes()).ok());
        digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).map_or_else(Vec::new, |byte| vec![byte])
    };
    String::from_utf8(CODE.as_ref()?.replace_all(text.as_bytes(), code).into_owned()).ok()
}

/// Names that begin and end alike. What is between says little: it is short, plain, and has fewer digits than a number of
/// a person.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    regex: Regex,
    /// Bytes before and after the `*`.
    ends: usize,
    is_xml: bool,
}

impl Pattern {
    fn new(name: &str, is_xml: bool) -> Option<Self> {
        let (before, after) = name.split_once('*')?;
        let inside = r"(?:[A-Za-z._-]*[0-9]){0,8}[A-Za-z._-]*";
        let text = format!(r"\A{}{inside}{}\z", regex::escape(before), regex::escape(after));
        Some(Self { regex: Regex::new(&text).ok()?, ends: before.len() + after.len(), is_xml })
    }

    /// Whether a name is one of these.
    pub(super) fn allows(&self, name: &str) -> bool {
        // In JSON the prefix is a part of the name.
        let own = if self.is_xml { name.split(':').next_back() } else { Some(name) };
        own.is_some_and(|own| own.len() <= 64) && name.len() > self.ends && self.regex.is_match(name)
    }
}
