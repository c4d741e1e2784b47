//! The second reading of a text that holds fields of its own, on the `regex` crate, one pattern at a time: from end to end
//! there must be nothing in it but a heading, fields that the grant holds, and white space between them.

use std::sync::{Arc, OnceLock};

use regex::{Captures, Regex, RegexBuilder};

use crate::catalog::ElementId;
use crate::config::ConfigError;
use crate::format::{DeclaredPattern, DeclaredText};

/// A layout. Its patterns are compiled when a text first asks for them, or all at once where they must be proven. One that
/// can't be compiled is the layout of no text.
#[derive(Debug)]
pub(super) struct TextLayout {
    declared: Arc<DeclaredText>,
    heading: OnceLock<Option<Regex>>,
    fields: OnceLock<Option<Vec<Regex>>>,
}

/// A pattern of a layout, compiled.
struct Pattern<'a> {
    regex: &'a Regex,
    declared: &'a DeclaredPattern,
}

/// Where a pattern matches next.
enum Next<'t> {
    Unknown,
    At(Captures<'t>),
    Nowhere,
}

impl TextLayout {
    pub(super) fn new(declared: &Arc<DeclaredText>) -> Self {
        Self { declared: Arc::clone(declared), heading: OnceLock::new(), fields: OnceLock::new() }
    }

    /// Compiles all of it.
    ///
    /// # Errors
    /// When a pattern is too large for the `regex` crate.
    pub(super) fn prove(&self) -> Result<(), ConfigError> {
        match self.heading().is_some() && self.fields().is_some() {
            true => Ok(()),
            false => Err(ConfigError::of_file("format", "a pattern of a text mapping is too large")),
        }
    }

    fn heading(&self) -> Option<&Regex> {
        self.heading.get_or_init(|| compile(&self.declared.heading)).as_ref()
    }

    fn fields(&self) -> Option<&[Regex]> {
        self.fields.get_or_init(|| self.declared.fields.iter().map(compile).collect()).as_deref()
    }

    /// The heading's pattern, then those of the fields, for a text that has the heading.
    fn patterns<'a>(&'a self, text: &str) -> Option<Vec<Pattern<'a>>> {
        let heading = self.heading().filter(|heading| heading.is_match(text))?;
        let heading = Pattern { regex: heading, declared: &self.declared.heading };
        let fields = self.fields()?.iter().zip(&self.declared.fields);
        let fields = fields.map(|(regex, declared)| Pattern { regex, declared });
        Some(std::iter::once(heading).chain(fields).collect())
    }

    /// Reads a text that must be laid out so. `allows` judges a value; the elements of all are given.
    pub(super) fn read(
        &self,
        text: &str,
        allows: &dyn Fn(ElementId, &str) -> Result<(), &'static str>,
    ) -> Result<Vec<ElementId>, &'static str> {
        const OTHERWISE: &str = "a text that isn't laid out as the mapping has it";
        let patterns = self.patterns(text).ok_or(OTHERWISE)?;
        let mut nexts: Vec<Next<'_>> = patterns.iter().map(|_| Next::Unknown).collect();
        let mut elements = Vec::new();
        let (mut at, mut headings, mut fields) = (0, 0, 0);
        while let Some((first, start, end)) = first_match(&patterns, text, at, &mut nexts) {
            is_blank(text, at, start)?;
            at = end;
            if first == 0 {
                headings += 1;
            } else {
                fields += 1;
            }
            let (Some(pattern), Some(Next::At(captures))) = (patterns.get(first), nexts.get(first)) else { break };
            let mut has_value = false;
            for (name, element) in &pattern.declared.groups {
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
        if headings == 1 && fields > 0 { Ok(elements) } else { Err(OTHERWISE) }
    }
}

fn compile(declared: &DeclaredPattern) -> Option<Regex> {
    RegexBuilder::new(&declared.pattern).unicode(false).crlf(true).build().ok()
}

/// The pattern that matches first at or after `at`, and where.
fn first_match<'t>(
    patterns: &[Pattern<'_>],
    text: &'t str,
    at: usize,
    nexts: &mut [Next<'t>],
) -> Option<(usize, usize, usize)> {
    let mut first: Option<(usize, usize, usize)> = None;
    for (place, (pattern, next)) in patterns.iter().zip(nexts).enumerate() {
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

fn is_blank(text: &str, from: usize, to: usize) -> Result<(), &'static str> {
    let between = text.get(from..to).unwrap_or_default();
    let is_blank = between.chars().all(|character| matches!(character, ' ' | '\t' | '\r' | '\n'));
    if is_blank { Ok(()) } else { Err("a text beside the fields of a text mapping") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::format::Formats;

    #[test]
    fn every_layout_that_ships_with_the_filter_can_be_compiled() {
        let formats = Formats::load(&[], &Arc::new(Catalog::load(&[]).unwrap())).unwrap();
        let texts: Vec<_> = formats.iter().flat_map(|format| &format.declared.texts).collect();
        assert!(texts.len() > 4);
        for text in texts {
            TextLayout::new(text).prove().unwrap();
        }
    }
}
