//! Text mappings: how a text that holds fields of its own is laid out, and which data element each field is of.
//!
//! A text is extracted from, never searched for what must go: what no group captures isn't written (P1).

mod load;
mod pattern;

use regex_automata::Input;
use regex_automata::meta::Regex;
use regex_automata::util::primitives::NonMaxUsize;

pub(super) use load::{RawText, declare, load};

use crate::catalog::ElementId;
use crate::read::scan::Span;

/// Where the groups of the last match stand; reused from match to match.
pub(crate) type Slots = Vec<Option<NonMaxUsize>>;

/// One way in which a text may be laid out.
#[derive(Debug)]
pub(crate) struct Layout {
    /// Finds the heading.
    heading: Regex,
    /// All patterns in one: what is skipped, the heading, the fields.
    patterns: Regex,
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

/// A value in a match.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) element: ElementId,
    /// The slot where its start is noted; that of its end is the next.
    slot: usize,
    /// How many characters it has at least and at most.
    pub(crate) least: usize,
    pub(crate) most: usize,
    /// Matches what may stand in it, whole.
    whole: Regex,
}

impl Layout {
    /// Whether a text has the heading of this layout.
    pub(crate) fn recognises(&self, text: &str) -> bool {
        self.heading.is_match(text)
    }

    /// The first match at or after `from`, and what it is of. Its columns are noted in `slots`.
    pub(crate) fn next(&self, text: &str, from: usize, slots: &mut Slots) -> Option<(Span, &Piece)> {
        slots.clear();
        slots.resize(self.patterns.group_info().slot_len(), None);
        let pattern = self.patterns.search_slots(&Input::new(text).range(from..), slots)?;
        let whole = noted(2 * pattern.as_usize(), slots)?;
        Some((whole, self.pieces.get(pattern.as_usize())?))
    }

    /// The elements of its fields.
    pub(super) fn elements(&self) -> impl Iterator<Item = ElementId> {
        let fields = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Field(columns, _) => Some(columns),
            Piece::Skip(_) | Piece::Heading(_) => None,
        });
        fields.flatten().map(|column| column.element)
    }
}

impl Column {
    /// Where it stands in the match that was noted last.
    pub(crate) fn span(&self, slots: &Slots) -> Option<Span> {
        noted(self.slot, slots)
    }

    /// Whether a value may stand in it.
    pub(crate) fn holds(&self, value: &str) -> bool {
        self.whole.is_match(value)
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
