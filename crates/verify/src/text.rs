//! The second reading of a text that has fields of its own, on the `regex` crate: it must consist of one heading and
//! fields that the grant permits, one per line.

use std::sync::{Arc, OnceLock};

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::value::Checked;
use dmv_redact_model::catalog::ElementId;
use dmv_redact_model::config::ConfigError;
use dmv_redact_model::format::{DeclaredPattern, DeclaredText};

/// A layout. Its patterns are compiled on first use, or all at once where they must be checked. One that can't be
/// compiled matches no text.
#[derive(Debug)]
pub(super) struct TextLayout {
    declared: Arc<DeclaredText>,
    heading: OnceLock<Option<Regex>>,
    fields: OnceLock<Option<FieldPatterns>>,
}

/// The patterns of the fields: all in one, to find which of them match, and each by itself, for its groups.
#[derive(Debug)]
struct FieldPatterns {
    all: RegexSet,
    each: Vec<OnceLock<Option<Regex>>>,
}

const NOT_THIS_LAYOUT: &str = "a text that isn't laid out as the mapping has it";
const BESIDE: &str = "a text beside the fields of a text mapping";

impl TextLayout {
    pub(super) fn new(declared: &Arc<DeclaredText>) -> Self {
        Self { declared: Arc::clone(declared), heading: OnceLock::new(), fields: OnceLock::new() }
    }

    /// Compiles all of it.
    ///
    /// # Errors
    /// When a pattern is too large for the `regex` crate, or ends in a comment.
    pub(super) fn compile_all(&self) -> Result<(), ConfigError> {
        match self.heading().is_some() && (0..self.declared.fields.len()).all(|index| self.field(index).is_some()) {
            true => Ok(()),
            false => {
                Err(ConfigError::of_file("format", "a pattern of a text mapping is too large, or ends in a comment"))
            }
        }
    }

    fn heading(&self) -> Option<&Regex> {
        self.heading.get_or_init(|| at_start(&self.declared.heading)).as_ref()
    }

    fn fields(&self) -> Option<&FieldPatterns> {
        self.fields.get_or_init(|| FieldPatterns::new(&self.declared.fields)).as_ref()
    }

    fn field(&self, index: usize) -> Option<&Regex> {
        let regex = self.fields()?.each.get(index)?;
        regex.get_or_init(|| self.declared.fields.get(index).and_then(at_start)).as_ref()
    }

    /// Whether some line begins with the heading.
    fn has_heading(&self, text: &str) -> bool {
        let line_ends = memchr::memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1);
        let mut lines = std::iter::once(0).chain(line_ends).filter_map(|start| text.get(start..));
        self.heading().is_some_and(|heading| lines.any(|line| heading.is_match(line)))
    }

    /// The pattern that a text begins with, and whether it is the heading. If several fields match, the first declared
    /// wins.
    fn first(&self, text: &str) -> Option<(&Regex, &DeclaredPattern, bool)> {
        if let Some(heading) = self.heading().filter(|heading| heading.is_match(text)) {
            return Some((heading, &self.declared.heading, true));
        }
        let index = self.fields()?.all.matches(text).iter().next()?;
        Some((self.field(index)?, self.declared.fields.get(index)?, false))
    }

    /// Reads a text that must have this layout, and has `check` check each value, from left to right.
    pub(super) fn read(&self, text: &str, check: &mut dyn FnMut(ElementId, &str) -> Checked<()>) -> Checked<()> {
        if !self.has_heading(text) {
            return Err(NOT_THIS_LAYOUT);
        }
        let (mut rest, mut headings, mut fields) = (text, 0, 0);
        while !rest.is_empty() {
            let (regex, pattern, is_heading) = self.first(rest).ok_or(BESIDE)?;
            let captures = regex.captures(rest).ok_or(BESIDE)?;
            let mut has_values = false;
            // From left to right: `groups` are in the order of the file.
            for (name, group) in regex.capture_names().zip(captures.iter()) {
                let value = group.map_or("", |group| group.as_str()).trim_ascii();
                let element = pattern.groups.iter().find(|(own, _)| Some(own.as_str()) == name);
                if let Some((_, element)) = element.filter(|_| !value.is_empty()) {
                    check(*element, value)?;
                    has_values = true;
                }
            }
            if is_heading {
                headings += 1;
            } else if has_values {
                fields += 1;
            } else {
                return Err("a field of a text in which nothing was released");
            }
            rest = next_line(rest, captures.get_match().end())?;
        }
        if headings == 1 && fields > 0 { Ok(()) } else { Err(NOT_THIS_LAYOUT) }
    }
}

impl FieldPatterns {
    fn new(declared: &[DeclaredPattern]) -> Option<Self> {
        let all = RegexSetBuilder::new(declared.iter().map(anchored)).unicode(false).crlf(true).build().ok()?;
        Some(Self { all, each: declared.iter().map(|_| OnceLock::new()).collect() })
    }
}

/// Compiles a pattern that must match where a text begins.
fn at_start(declared: &DeclaredPattern) -> Option<Regex> {
    RegexBuilder::new(&anchored(declared)).unicode(false).crlf(true).build().ok()
}

fn anchored(declared: &DeclaredPattern) -> String {
    format!(r"\A(?:{})", declared.pattern)
}

/// The next line after a match that ends at `end`, where the match doesn't include the line end. Only one line end may
/// follow.
fn next_line(text: &str, end: usize) -> Checked<&str> {
    let (line, rest) = text.split_at_checked(end).ok_or(NOT_THIS_LAYOUT)?;
    if rest.is_empty() || line.ends_with('\n') {
        return Ok(rest);
    }
    let next = rest.strip_prefix('\n').filter(|next| !next.is_empty());
    next.ok_or(BESIDE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dmv_redact_model::catalog::Catalog;
    use dmv_redact_model::format::Formats;

    #[test]
    fn every_layout_that_ships_with_the_filter_can_be_compiled() {
        let formats = Formats::load(
            dmv_redact::shipped::FORMATS,
            &[],
            &Arc::new(Catalog::load(dmv_redact::shipped::CATALOG, &[]).unwrap()),
        )
        .unwrap();
        let texts: Vec<_> = formats.iter().flat_map(|format| &format.declared.texts).collect();
        assert!(texts.len() > 4);
        for text in texts {
            TextLayout::new(text).compile_all().unwrap();
        }
    }
}
