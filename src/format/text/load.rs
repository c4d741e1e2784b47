//! Reads the `[[text]]` tables of a format and compiles them.

use std::collections::BTreeMap;
use std::ops::Range;

use rayon::prelude::*;
use regex_automata::PatternID;
use regex_syntax::hir::Hir;
use serde::Deserialize;

use super::super::declared::{DeclaredPattern, DeclaredText};
use super::pattern::{Group, Pattern, bounded, compile};
use super::{Column, Layout, Piece};
use crate::catalog::{Catalog, ElementId};
use crate::config::{ConfigError, Document, Spanned};

/// A `[[text]]` table: a layout, and the paths whose texts may be laid out so.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(in crate::format) struct RawText {
    /// What errors call it by.
    pub(in crate::format) name: Spanned<String>,
    /// Paths below the root whose texts may be laid out so.
    pub(in crate::format) paths: Vec<Spanned<String>>,
    /// A pattern that tells this layout from others: what stands at its beginning. Its groups are of the envelope.
    recognise: Spanned<String>,
    /// The named groups of `recognise`, and the data element of each.
    #[serde(default)]
    groups: Groups,
    /// Stretches that hold no fields.
    #[serde(default)]
    skip: Vec<RawSkip>,
    /// Patterns of fields.
    field: Vec<RawField>,
}

/// A stretch of the text that holds no fields.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct RawSkip {
    /// A pattern of what it begins with.
    from: Spanned<String>,
    /// A pattern of what it ends before; left out: it goes on to the end of the text.
    to: Option<Spanned<String>>,
}

/// A field, or several that stand together.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct RawField {
    /// A regular expression: fixed text, white space, and named groups `(?<name>...)`.
    pattern: Spanned<String>,
    /// Its named groups, and the data element of each.
    groups: Groups,
}

/// Named groups and their data elements.
type Groups = BTreeMap<Spanned<String>, Spanned<String>>;

/// Compiles all layouts of a format.
pub(in crate::format) fn load(
    document: &Document<'_>,
    texts: &[RawText],
    catalog: &Catalog,
) -> Result<Vec<Layout>, ConfigError> {
    let compiler = Compiler { document, catalog };
    for (place, text) in texts.iter().enumerate() {
        let name = text.name.get_ref();
        if texts.iter().take(place).any(|other| other.name.get_ref() == name) {
            return Err(document.error(&text.name.span(), format!("text mapping `{name}` is declared twice")));
        }
    }
    // Compiled side by side, judged in their order: the first error is the same every time.
    let layouts: Vec<_> = texts.par_iter().map(|text| compiler.layout(text)).collect();
    layouts.into_iter().collect()
}

/// What the tables say, for the second reading. They have been compiled before.
pub(in crate::format) fn declare(texts: &[RawText], catalog: &Catalog) -> Vec<DeclaredText> {
    let pattern = |pattern: &Spanned<String>, groups: &Groups| DeclaredPattern {
        pattern: pattern.get_ref().clone(),
        groups: groups
            .iter()
            .filter_map(|(name, id)| Some((name.get_ref().clone(), catalog.find(id.get_ref())?)))
            .collect(),
    };
    let declared = |text: &RawText| DeclaredText {
        paths: text.paths.iter().map(|path| path.get_ref().clone()).collect(),
        heading: pattern(&text.recognise, &text.groups),
        fields: text.field.iter().map(|field| pattern(&field.pattern, &field.groups)).collect(),
    };
    texts.iter().map(declared).collect()
}

struct Compiler<'a> {
    document: &'a Document<'a>,
    catalog: &'a Catalog,
}

impl Compiler<'_> {
    fn layout(&self, text: &RawText) -> Result<Layout, ConfigError> {
        if text.field.is_empty() {
            return Err(self.document.error(&text.name.span(), "a text mapping needs a `[[text.field]]`"));
        }
        if text.paths.is_empty() {
            return Err(self.document.error(&text.name.span(), "a text mapping needs its `paths`"));
        }
        let mut hirs = Vec::new();
        let mut pieces = Vec::new();
        for skip in &text.skip {
            hirs.push(self.checked(&skip.from, bounded)?);
            let to = skip.to.as_ref().map(|to| self.checked(to, |pattern| compile(&[bounded(pattern)?])));
            pieces.push(Piece::Skip(to.transpose()?));
        }
        let heading = self.checked(&text.recognise, Pattern::heading)?;
        let recognises = self.compiled(std::slice::from_ref(&heading.hir), &text.recognise.span())?;
        let columns = self.columns(heading.groups, &text.groups, &text.recognise, true)?;
        hirs.push(heading.hir);
        pieces.push(Piece::Heading(columns));
        for field in &text.field {
            let pattern = self.checked(&field.pattern, Pattern::field)?;
            let columns = self.columns(pattern.groups, &field.groups, &field.pattern, false)?;
            hirs.push(pattern.hir);
            pieces.push(Piece::Field(columns, pattern.ending));
        }
        let patterns = self.compiled(&hirs, &text.name.span())?;
        for (number, piece) in pieces.iter_mut().enumerate() {
            let (Piece::Heading(columns) | Piece::Field(columns, _), Ok(pattern)) = (piece, PatternID::new(number))
            else {
                continue;
            };
            for column in columns {
                // Until here the group's number in its own pattern.
                column.slot = patterns.group_info().slot(pattern, column.slot).unwrap_or(usize::MAX - 1);
            }
        }
        Ok(Layout { heading: recognises, patterns, pieces })
    }

    fn checked<T>(
        &self,
        pattern: &Spanned<String>,
        check: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, ConfigError> {
        let unusable = |problem: String| self.unusable(&pattern.span(), &problem);
        check(pattern.get_ref()).map_err(unusable)
    }

    fn compiled(&self, hirs: &[Hir], span: &Range<usize>) -> Result<regex_automata::meta::Regex, ConfigError> {
        compile(hirs).map_err(|problem| self.unusable(span, &problem))
    }

    fn unusable(&self, span: &Range<usize>, problem: &str) -> ConfigError {
        let error = self.document.error(span, format!("the pattern can't be used: {problem}"));
        if problem.contains("invalid UTF-8") {
            return error.help("write `(?u:...)` around what may match other than ASCII");
        }
        error
    }

    /// The columns of a pattern: each group has its element, each entry its group.
    fn columns(
        &self,
        groups: Vec<Group>,
        entries: &Groups,
        pattern: &Spanned<String>,
        is_heading: bool,
    ) -> Result<Vec<Column>, ConfigError> {
        if let Some((entry, _)) =
            entries.iter().find(|(name, _)| groups.iter().all(|group| group.name != *name.get_ref()))
        {
            let error = self.document.error(&entry.span(), format!("the pattern has no group `{}`", entry.get_ref()));
            return Err(error.nearest(entry.get_ref(), groups.iter().map(|group| group.name.as_str())));
        }
        let column = |group: Group| {
            let entry = entries.iter().find(|(name, _)| *name.get_ref() == group.name);
            let Some((_, id)) = entry else {
                let message = format!("the group `{}` has no data element", group.name);
                return Err(self.document.error(&pattern.span(), message));
            };
            let element = self.element(id, is_heading)?;
            let Group { index, least, most, whole, .. } = group;
            Ok(Column { element, slot: index, least, most, whole })
        };
        groups.into_iter().map(column).collect()
    }

    fn element(&self, id: &Spanned<String>, is_heading: bool) -> Result<ElementId, ConfigError> {
        let name = id.get_ref();
        let Some(found) = self.catalog.find(name) else {
            let error = self.document.error(&id.span(), format!("unknown data element `{name}`"));
            return Err(error.nearest(name, self.catalog.iter().map(|(_, element)| element.id())));
        };
        // The heading always goes out, a field never without a permit.
        let is_envelope = self.catalog.element(found).is_some_and(|element| element.is_envelope());
        if is_envelope != is_heading {
            let message = match is_heading {
                true => "a heading's groups are of the envelope, for it goes out whatever the grant",
                false => "a field can't be of the envelope, which every grant holds",
            };
            return Err(self.document.error(&id.span(), message));
        }
        Ok(found)
    }
}
