//! Text mappings: the layout of a text with fields of its own, and the data element of each field.
//!
//! Fields are extracted; nothing is searched for removal: what no group captures isn't written (P1).

mod finder;
mod load;
mod pattern;
mod raw;
mod source;

use std::sync::OnceLock;

use regex_automata::meta::Regex;
use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::Hir;

pub(super) use load::{declare, load};
pub(super) use raw::RawText;

use finder::Finder;
use pattern::{GroupMatcher, compile};
use source::{LayoutError, LayoutSource};

use crate::catalog::ElementId;
use crate::span::Span;

/// Offsets of the groups of the last match; reused from match to match.
pub type Slots = Vec<Option<NonMaxUsize>>;

/// One way in which a text may be laid out.
///
/// Its patterns are compiled lazily, or all at once to find errors in them. One that can't be compiled matches nothing.
#[derive(Debug)]
pub struct Layout {
    source: LayoutSource,
    /// Finds the heading.
    heading: OnceLock<Option<Finder>>,
    patterns: OnceLock<Option<Patterns>>,
}

/// All patterns of a layout.
#[derive(Debug)]
struct Patterns {
    /// Finds all of them: skips, heading, fields. If two match at one position, the first wins.
    finder: Finder,
    /// The piece of each pattern.
    pieces: Vec<Piece>,
}

/// A part of a text.
#[derive(Debug)]
pub enum Piece {
    /// Text without fields, up to the match of this finder, or to the end.
    Skip(Option<Box<Finder>>),
    /// What identifies the layout. It always goes out, so that the output is recognized too.
    Heading(Row),
    /// A field, or a row of several.
    Field(Row),
}

impl Piece {
    fn row(&self) -> Option<&Row> {
        match self {
            Self::Skip(_) => None,
            Self::Heading(row) | Self::Field(row) => Some(row),
        }
    }
}

/// A match of a pattern: columns with fixed text around them.
#[derive(Debug)]
pub struct Row {
    /// Its columns, from left to right.
    pub columns: Vec<Column>,
    /// The fixed text after the last column, as it is output.
    pub after: String,
    pattern: Hir,
    /// Finds the columns of a match.
    groups: OnceLock<Option<Regex>>,
}

/// A value in a match.
#[derive(Debug)]
pub struct Column {
    /// The data element of its value.
    pub element: ElementId,
    /// The fixed text before it, as it is output.
    pub before: String,
    /// Its group in the pattern.
    index: usize,
    /// Minimum and maximum number of characters.
    pub min_chars: usize,
    /// How many characters it has at most.
    pub max_chars: usize,
    /// What it can hold.
    matcher: GroupMatcher,
}

impl Layout {
    fn new(source: LayoutSource) -> Self {
        Self { source, heading: OnceLock::new(), patterns: OnceLock::new() }
    }

    /// Compiles all patterns, which finds the errors in them.
    fn compile(&self) -> Result<(), LayoutError> {
        let heading = self.source.heading()?;
        let patterns = self.source.patterns()?;
        let mut rows = patterns.pieces.iter().filter_map(Piece::row);
        rows.try_for_each(Row::compile).map_err(|problem| self.source.unusable(&problem))?;
        self.heading.get_or_init(|| Some(heading));
        self.patterns.get_or_init(|| Some(patterns));
        Ok(())
    }

    /// Compiles what is otherwise compiled for the first text.
    pub(super) fn warm(&self) {
        if self.patterns.get().is_none() {
            // A layout that can't be compiled matches nothing, now as later.
            let _ = self.compile();
        }
    }

    /// Whether a text has the heading of this layout.
    pub fn recognizes(&self, text: &str) -> bool {
        let heading = self.heading.get_or_init(|| self.source.heading().ok());
        heading.as_ref().is_some_and(|heading| heading.find(text, 0).is_some())
    }

    /// The first match at or after `from`, and its piece.
    pub fn next(&self, text: &str, from: usize) -> Option<(Span, &Piece)> {
        let Patterns { finder, pieces } = self.patterns.get_or_init(|| self.source.patterns().ok()).as_ref()?;
        let (pattern, found) = finder.find(text, from)?;
        Some((found, pieces.get(pattern)?))
    }

    /// The elements of its fields.
    pub(super) fn elements(&self) -> impl Iterator<Item = ElementId> {
        self.source.elements()
    }
}

impl Row {
    fn new(pattern: Hir, columns: Vec<Column>, after: String) -> Self {
        Self { columns, after, pattern, groups: OnceLock::new() }
    }

    fn compile(&self) -> Result<(), String> {
        let groups = compile(&self.pattern)?;
        self.groups.get_or_init(|| Some(groups));
        self.columns.iter().try_for_each(|column| column.matcher.compile_now())
    }

    /// Stores the offsets of a match's columns in `slots`; none for a pattern that can't be compiled.
    pub fn locate(&self, text: &str, found: Span, slots: &mut Slots) {
        slots.clear();
        let groups = self.groups.get_or_init(|| compile(&self.pattern).ok());
        let Some(groups) = groups.as_ref().filter(|_| !self.columns.is_empty()) else { return };
        slots.resize(groups.group_info().slot_len(), None);
        groups.search_slots(&Input::new(text).range(found.start()..found.end()).anchored(Anchored::Yes), slots);
    }
}

impl Column {
    /// Its span in the match that was located last.
    pub fn span(&self, slots: &Slots) -> Option<Span> {
        let [start, end] = [2 * self.index, 2 * self.index + 1].map(|slot| slots.get(slot).copied().flatten());
        Some(Span::new(start?.get(), end?.get()))
    }

    /// Whether it can hold a value.
    pub fn holds(&self, value: &str) -> bool {
        self.matcher.holds(value)
    }
}

/// The end of a skipped text that started before `from`.
pub fn end_of_skip(to: Option<&Finder>, text: &str, from: usize) -> usize {
    to.and_then(|to| to.find(text, from)).map_or(text.len(), |(_, found)| found.start())
}
