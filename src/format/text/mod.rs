//! Text mappings: how a text that holds fields of its own is laid out, and which data element each field is of.
//!
//! A text is extracted from, never searched for what must go: what no group captures isn't written (P1).

mod load;
mod pattern;
mod source;

use std::sync::OnceLock;

use regex_automata::Input;
use regex_automata::meta::Regex;
use regex_automata::util::primitives::NonMaxUsize;

pub(super) use load::{RawText, declare, load};

use pattern::Whole;
use source::{Fault, Source};

use crate::catalog::ElementId;
use crate::read::scan::Span;

/// Where the groups of the last match stand; reused from match to match.
pub(crate) type Slots = Vec<Option<NonMaxUsize>>;

/// One way in which a text may be laid out.
///
/// Its patterns are compiled when a text first asks for them, or all at once where they must be proven. One that can't be
/// compiled recognises nothing.
#[derive(Debug)]
pub(crate) struct Layout {
    source: Source,
    /// Finds the heading.
    heading: OnceLock<Option<Regex>>,
    patterns: OnceLock<Option<Patterns>>,
}

/// All patterns of a layout.
#[derive(Debug)]
struct Patterns {
    /// In one: what is skipped, the heading, the fields.
    regex: Regex,
    /// What each pattern is of.
    pieces: Vec<Piece>,
}

/// A part of a text.
#[derive(Debug)]
pub(crate) enum Piece {
    /// Text in which nothing is looked for, up to what this finds, or to the end.
    Skip(Option<Regex>),
    /// What the layout is recognised by. It goes out before all else that does, so that the output is recognised too.
    Heading(Vec<Column>),
    /// A field, or a row of several; and what it ends with where its line doesn't.
    Field(Vec<Column>, Option<String>),
}

impl Piece {
    fn columns(&self) -> &[Column] {
        match self {
            Self::Skip(_) => &[],
            Self::Heading(columns) | Self::Field(columns, _) => columns,
        }
    }
}

/// A value in a match.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) element: ElementId,
    /// The slot where its start is noted; that of its end is the next.
    slot: usize,
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
        let mut columns = patterns.pieces.iter().flat_map(Piece::columns);
        columns.try_for_each(|column| column.whole.prove()).map_err(|problem| self.source.unusable(&problem))?;
        self.heading.get_or_init(|| Some(heading));
        self.patterns.get_or_init(|| Some(patterns));
        Ok(())
    }

    /// Whether a text has the heading of this layout.
    pub(crate) fn recognises(&self, text: &str) -> bool {
        let heading = self.heading.get_or_init(|| self.source.heading().ok());
        heading.as_ref().is_some_and(|heading| heading.is_match(text))
    }

    /// The first match at or after `from`, and what it is of. Its columns are noted in `slots`.
    pub(crate) fn next(&self, text: &str, from: usize, slots: &mut Slots) -> Option<(Span, &Piece)> {
        let Patterns { regex, pieces } = self.patterns.get_or_init(|| self.source.patterns().ok()).as_ref()?;
        slots.clear();
        slots.resize(regex.group_info().slot_len(), None);
        let pattern = regex.search_slots(&Input::new(text).range(from..), slots)?;
        let whole = noted(2 * pattern.as_usize(), slots)?;
        Some((whole, pieces.get(pattern.as_usize())?))
    }

    /// The elements of its fields.
    pub(super) fn elements(&self) -> impl Iterator<Item = ElementId> {
        self.source.elements()
    }
}

impl Column {
    /// Where it stands in the match that was noted last.
    pub(crate) fn span(&self, slots: &Slots) -> Option<Span> {
        noted(self.slot, slots)
    }

    /// Whether a value may stand in it.
    pub(crate) fn holds(&self, value: &str) -> bool {
        self.whole.holds(value)
    }
}

fn noted(slot: usize, slots: &Slots) -> Option<Span> {
    let place = |slot: usize| slots.get(slot).copied().flatten().map(NonMaxUsize::get);
    Some(Span::new(place(slot)?, place(slot + 1)?))
}

/// Where a skipped text that has begun before `from` ends.
pub(crate) fn end_of_skip(to: Option<&Regex>, text: &str, from: usize) -> usize {
    to.and_then(|to| to.find(Input::new(text).range(from..))).map_or(text.len(), |found| found.start())
}
