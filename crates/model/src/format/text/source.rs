//! The source of a layout: its patterns as written, and the data elements of their groups.
//!
//! It is kept because built-in layouts are compiled lazily.

use std::collections::BTreeMap;
use std::ops::Range;

use regex_syntax::hir::Hir;

use super::finder::Finder;
use super::pattern::{Group, Pattern, bounded};
use super::{Column, Patterns, Piece, Row};
use crate::catalog::ElementId;
use crate::config::{ConfigError, Document, Spanned, nearest};

/// A layout as written, with its data elements resolved.
#[derive(Debug)]
pub(super) struct LayoutSource {
    /// The span of its name.
    pub(super) name: Range<usize>,
    pub(super) skips: Vec<Skip>,
    pub(super) heading: GroupedPattern,
    pub(super) fields: Vec<GroupedPattern>,
}

/// A stretch without fields: the pattern that starts it, and the pattern that it ends before.
#[derive(Debug)]
pub(super) struct Skip {
    pub(super) from: Spanned<String>,
    pub(super) to: Option<Spanned<String>>,
}

/// A pattern, and the data element of each of its named groups.
#[derive(Debug)]
pub(super) struct GroupedPattern {
    pub(super) pattern: Spanned<String>,
    pub(super) groups: BTreeMap<Spanned<String>, ElementId>,
}

/// An error in a layout with its span; the document makes it a [`ConfigError`].
#[derive(Debug)]
pub(super) struct LayoutError {
    span: Range<usize>,
    message: String,
    help: Option<String>,
}

impl LayoutError {
    fn new(span: Range<usize>, message: String) -> Self {
        Self { span, message, help: None }
    }

    fn unusable(span: Range<usize>, problem: &str) -> Self {
        let help = "write `(?u:...)` around what may match other than ASCII";
        let help = problem.contains("invalid UTF-8").then(|| help.to_owned());
        Self { help, ..Self::new(span, format!("the pattern can't be used: {problem}")) }
    }

    pub(super) fn into_config_error(self, document: &Document<'_>) -> ConfigError {
        let error = document.error(&self.span, self.message);
        match self.help {
            Some(help) => error.help(help),
            None => error,
        }
    }
}

impl LayoutSource {
    /// Compiles the finder of the heading.
    pub(super) fn heading(&self) -> Result<Finder, LayoutError> {
        checked(&self.heading.pattern, |pattern| Finder::new(&[Pattern::heading(pattern)?.hir]))
    }

    /// Compiles the finder of all patterns.
    pub(super) fn patterns(&self) -> Result<Patterns, LayoutError> {
        let mut hirs: Vec<Hir> = Vec::new();
        let mut pieces = Vec::new();
        for skip in &self.skips {
            hirs.push(checked(&skip.from, bounded)?);
            let to = skip.to.as_ref().map(|to| checked(to, |pattern| Finder::new(&[bounded(pattern)?]).map(Box::new)));
            pieces.push(Piece::Skip(to.transpose()?));
        }
        let heading = checked(&self.heading.pattern, Pattern::heading)?;
        hirs.push(heading.hir.clone());
        pieces.push(Piece::Heading(row(heading, &self.heading)?));
        for field in &self.fields {
            let pattern = checked(&field.pattern, Pattern::field)?;
            hirs.push(pattern.hir.clone());
            pieces.push(Piece::Field(row(pattern, field)?));
        }
        let finder = Finder::new(&hirs).map_err(|problem| self.unusable_among(&hirs, &problem))?;
        Ok(Patterns { finder, pieces })
    }

    /// An error of the patterns together: at one of them, if that fails alone.
    fn unusable_among(&self, patterns: &[Hir], problem: &str) -> LayoutError {
        let skips = self.skips.iter().map(|skip| &skip.from);
        let fields = self.fields.iter().map(|field| &field.pattern);
        let mut all = skips.chain([&self.heading.pattern]).chain(fields).zip(patterns);
        match all.find(|(_, pattern)| Finder::new(std::slice::from_ref(*pattern)).is_err()) {
            Some((grouped, _)) => LayoutError::unusable(grouped.span(), problem),
            None => self.unusable(problem),
        }
    }

    /// The elements of its fields.
    pub(super) fn elements(&self) -> impl Iterator<Item = ElementId> {
        self.fields.iter().flat_map(|field| field.groups.values().copied())
    }

    /// An error of the whole layout.
    pub(super) fn unusable(&self, problem: &str) -> LayoutError {
        LayoutError::unusable(self.name.clone(), problem)
    }
}

fn checked<T>(pattern: &Spanned<String>, check: impl FnOnce(&str) -> Result<T, String>) -> Result<T, LayoutError> {
    check(pattern.get_ref()).map_err(|problem| LayoutError::unusable(pattern.span(), &problem))
}

/// The row of a pattern; checks that each group has an element, and each entry a group.
fn row(pattern: Pattern, grouped: &GroupedPattern) -> Result<Row, LayoutError> {
    let Pattern { hir, groups, after } = pattern;
    let mut entries = grouped.groups.keys();
    if let Some(entry) = entries.find(|entry| groups.iter().all(|group| group.name != *entry.get_ref())) {
        let name = entry.get_ref();
        let near = nearest(name, groups.iter().map(|group| group.name.as_str()));
        let help = near.map(|near| format!("did you mean `{near}`?"));
        return Err(LayoutError {
            help,
            ..LayoutError::new(entry.span(), format!("the pattern has no group `{name}`"))
        });
    }
    let mut columns = Vec::with_capacity(groups.len());
    for Group { name, before, index, min_chars, max_chars, matcher } in groups {
        let Some((_, element)) = grouped.groups.iter().find(|(entry, _)| *entry.get_ref() == name) else {
            return Err(LayoutError::new(grouped.pattern.span(), format!("the group `{name}` has no data element")));
        };
        columns.push(Column { element: *element, before, index, min_chars, max_chars, matcher });
    }
    Ok(Row::new(hir, columns, after))
}
