//! The second reading of a text that holds fields of its own, on the `regex` crate, one pattern at a time: from end to end
//! there must be nothing in it but a heading, fields that the grant holds, and white space between them.

use regex::{Captures, Regex, RegexBuilder};

use crate::catalog::ElementId;
use crate::config::ConfigError;
use crate::format::{DeclaredPattern, DeclaredText};

/// A pattern and its groups.
#[derive(Debug)]
struct Pattern {
    regex: Regex,
    groups: Vec<(String, ElementId)>,
}

/// A layout: the heading's pattern first, then those of the fields.
#[derive(Debug)]
pub(super) struct TextLayout {
    patterns: Vec<Pattern>,
}

/// Where a pattern matches next.
enum Next<'t> {
    Unknown,
    At(Captures<'t>),
    Nowhere,
}

impl TextLayout {
    /// # Errors
    /// When a pattern is too large for the `regex` crate.
    pub(super) fn new(declared: &DeclaredText) -> Result<Self, ConfigError> {
        let compile = |declared: &DeclaredPattern| -> Result<Pattern, ConfigError> {
            let regex = RegexBuilder::new(&declared.pattern).unicode(false).crlf(true).build();
            let regex =
                regex.map_err(|_| ConfigError::of_file("format", "a pattern of a text mapping is too large"))?;
            Ok(Pattern { regex, groups: declared.groups.clone() })
        };
        let patterns = std::iter::once(&declared.heading).chain(&declared.fields).map(compile);
        Ok(Self { patterns: patterns.collect::<Result<_, _>>()? })
    }

    /// Reads a text that must be laid out so. `allows` judges a value; the elements of all are given.
    pub(super) fn read(
        &self,
        text: &str,
        allows: &dyn Fn(ElementId, &str) -> Result<(), &'static str>,
    ) -> Result<Vec<ElementId>, &'static str> {
        let mut nexts: Vec<Next<'_>> = self.patterns.iter().map(|_| Next::Unknown).collect();
        let mut elements = Vec::new();
        let (mut at, mut headings, mut fields) = (0, 0, 0);
        while let Some((first, start, end)) = self.first_match(text, at, &mut nexts) {
            is_blank(text, at, start)?;
            at = end;
            if first == 0 {
                headings += 1;
            } else {
                fields += 1;
            }
            let (Some(pattern), Some(Next::At(captures))) = (self.patterns.get(first), nexts.get(first)) else { break };
            let mut has_value = false;
            for (name, element) in &pattern.groups {
                let value = captures.name(name).map_or("", |group| group.as_str()).trim_ascii();
                if !value.is_empty() {
                    allows(*element, value)?;
                    elements.push(*element);
                    has_value = true;
                }
            }
            if first > 0 && !has_value {
                return Err("a field of a text in which nothing was released");
            }
        }
        is_blank(text, at, text.len())?;
        if headings == 1 && fields > 0 { Ok(elements) } else { Err("a text that isn't laid out as the mapping has it") }
    }

    /// The pattern that matches first at or after `at`, and where.
    fn first_match<'t>(&self, text: &'t str, at: usize, nexts: &mut [Next<'t>]) -> Option<(usize, usize, usize)> {
        let mut first: Option<(usize, usize, usize)> = None;
        for (place, (pattern, next)) in self.patterns.iter().zip(nexts).enumerate() {
            let is_behind = match next {
                Next::Unknown => true,
                Next::At(captures) => captures.get_match().start() < at,
                Next::Nowhere => false,
            };
            if is_behind {
                *next = pattern.regex.captures_at(text, at).map_or(Next::Nowhere, Next::At);
            }
            if let Next::At(captures) = next {
                let found = captures.get_match();
                if first.is_none_or(|(_, start, _)| found.start() < start) {
                    first = Some((place, found.start(), found.end()));
                }
            }
        }
        first
    }
}

fn is_blank(text: &str, from: usize, to: usize) -> Result<(), &'static str> {
    let between = text.get(from..to).unwrap_or_default();
    let is_blank = between.chars().all(|character| matches!(character, ' ' | '\t' | '\r' | '\n'));
    if is_blank { Ok(()) } else { Err("a text beside the fields of a text mapping") }
}
