//! Text mappings: how a text that holds fields of its own is laid out, and which data element each field is of.
//!
//! A text is extracted from, never searched for what must go: what no group captures isn't written (P1).

mod finder;
mod load;
mod pattern;
mod source;

use std::sync::OnceLock;

use regex_automata::meta::Regex;
use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::Hir;

pub(super) use load::{RawText, declare, load};

use finder::Finder;
use pattern::{Whole, compile};
use source::{Fault, Source};

use crate::catalog::ElementId;
use crate::span::Span;

/// Where the groups of the last match are; reused from match to match.
pub(crate) type Slots = Vec<Option<NonMaxUsize>>;

/// One way in which a text may be laid out.
///
/// Its patterns are compiled when a text first asks for them, or all at once where they must be proven. One that can't be
/// compiled recognises nothing.
#[derive(Debug)]
pub(crate) struct Layout {
    source: Source,
    /// Finds the heading.
    heading: OnceLock<Option<Finder>>,
    patterns: OnceLock<Option<Patterns>>,
}

/// All patterns of a layout.
#[derive(Debug)]
struct Patterns {
    /// Finds all of them: what is skipped, the heading, the fields. Where two match at one place, the first wins.
    finder: Finder,
    /// What each pattern is of.
    pieces: Vec<Piece>,
}

/// A part of a text.
#[derive(Debug)]
pub(crate) enum Piece {
    /// Text in which nothing is looked for, up to what this finds, or to the end.
    Skip(Option<Box<Finder>>),
    /// What the layout is recognised by. It goes out whatever else does, so that the output is recognised too.
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

/// What a pattern matches: columns, and fixed text around them.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) columns: Vec<Column>,
    /// The fixed text after the last column, as it is written.
    pub(crate) after: String,
    pattern: Hir,
    /// Finds the columns of a match.
    groups: OnceLock<Option<Regex>>,
}

/// A value in a match.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) element: ElementId,
    /// The fixed text before it, as it is written.
    pub(crate) before: String,
    /// Its group in the pattern.
    index: usize,
    /// How many characters it has at least and at most.
    pub(crate) least: usize,
    pub(crate) most: usize,
    /// What may stand in it.
    whole: Whole,
}

impl Layout {
    fn new(source: Source) -> Self {
        Self { source, heading: OnceLock::new(), patterns: OnceLock::new() }
    }

    /// Compiles all of it.
    fn prove(&self) -> Result<(), Fault> {
        let heading = self.source.heading()?;
        let patterns = self.source.patterns()?;
        let mut rows = patterns.pieces.iter().filter_map(Piece::row);
        rows.try_for_each(Row::prove).map_err(|problem| self.source.unusable(&problem))?;
        self.heading.get_or_init(|| Some(heading));
        self.patterns.get_or_init(|| Some(patterns));
        Ok(())
    }

    /// Whether a text has the heading of this layout.
    pub(crate) fn recognises(&self, text: &str) -> bool {
        let heading = self.heading.get_or_init(|| self.source.heading().ok());
        heading.as_ref().is_some_and(|heading| heading.find(text, 0).is_some())
    }

    /// The first match at or after `from`, and what it is of.
    pub(crate) fn next(&self, text: &str, from: usize) -> Option<(Span, &Piece)> {
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

    fn prove(&self) -> Result<(), String> {
        let groups = compile(&self.pattern)?;
        self.groups.get_or_init(|| Some(groups));
        self.columns.iter().try_for_each(|column| column.whole.prove())
    }

    /// Notes in `slots` where the columns of a match are. Those of one that can't be compiled are nowhere.
    pub(crate) fn locate(&self, text: &str, found: Span, slots: &mut Slots) {
        slots.clear();
        let groups = self.groups.get_or_init(|| compile(&self.pattern).ok());
        let Some(groups) = groups.as_ref().filter(|_| !self.columns.is_empty()) else { return };
        slots.resize(groups.group_info().slot_len(), None);
        groups.search_slots(&Input::new(text).range(found.start()..found.end()).anchored(Anchored::Yes), slots);
    }
}

impl Column {
    /// Where it is in the match that was located last.
    pub(crate) fn span(&self, slots: &Slots) -> Option<Span> {
        let place = |slot: usize| slots.get(slot).copied().flatten().map(NonMaxUsize::get);
        Some(Span::new(place(2 * self.index)?, place(2 * self.index + 1)?))
    }

    /// Whether a value may stand in it.
    pub(crate) fn holds(&self, value: &str) -> bool {
        self.whole.holds(value)
    }
}

/// Where a skipped text that has begun before `from` ends.
pub(crate) fn end_of_skip(to: Option<&Finder>, text: &str, from: usize) -> usize {
    to.and_then(|to| to.find(text, from)).map_or(text.len(), |(_, found)| found.start())
}
