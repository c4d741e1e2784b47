//! What the first reading told of a message, by place.

use dmv_redact::internal::rewrite::{Outcome, Outcomes};
use dmv_redact_model::span::Span;

/// What became of the parts of a message, in its order; each is given out once.
#[derive(Debug, Default)]
pub(super) struct Told {
    parts: Vec<(Span, Outcome)>,
    is_given: Vec<bool>,
}

impl Told {
    pub(super) fn new(outcomes: &Outcomes) -> Self {
        Self { parts: outcomes.parts.clone(), is_given: vec![false; outcomes.parts.len()] }
    }

    /// Takes the outcomes that begin from `from` to `to` and are wanted.
    fn take(&mut self, from: usize, to: usize, mut wanted: impl FnMut(Span, Outcome) -> bool) -> Vec<(Span, Outcome)> {
        let first = self.parts.partition_point(|(span, _)| span.start() < from);
        let parts = self.parts.iter().zip(&mut self.is_given).skip(first);
        let near = parts.take_while(|((span, _), _)| span.start() <= to);
        let left = near.filter(|(_, is_given)| !**is_given);
        let found = left.filter(|((span, outcome), _)| wanted(*span, *outcome));
        found
            .map(|(part, is_given)| {
                *is_given = true;
                *part
            })
            .collect()
    }

    /// What became of a part that begins at `start` as a whole: its outcome reaches beyond `head`. A part that the mapping
    /// doesn't name has no other outcome than that; others may be those of a value that begins in the same place.
    pub(super) fn whole(&mut self, start: usize, head: usize, is_named: bool) -> Option<Outcome> {
        let is_its = |outcome| is_named || outcome == Outcome::Unmapped;
        let found = self.take(start, start, |span, outcome| span.end() > head && is_its(outcome));
        let (span, outcome) = found.first().copied()?;
        // What is in it goes with it.
        self.unmapped(start + 1, span.end());
        Some(outcome)
    }

    /// Whether only the head of a part is denied, from `start` to `head`: what is in it has outcomes of its own.
    pub(super) fn denied_head(&mut self, start: usize, head: usize) -> Option<Outcome> {
        let found =
            self.take(start, start, |span, outcome| span.end() <= head && matches!(outcome, Outcome::Denied(_)));
        found.first().map(|(_, outcome)| *outcome)
    }

    /// What became of the values that are whole between `from` and `to`.
    pub(super) fn within(&mut self, from: usize, to: usize) -> Vec<Outcome> {
        let found = self.take(from, to, |span, _| span.end() <= to);
        found.into_iter().map(|(_, outcome)| outcome).collect()
    }

    /// How many parts that the mapping doesn't name begin from `from` on and before `to`.
    pub(super) fn unmapped(&mut self, from: usize, to: usize) -> usize {
        self.take(from, to, |span, outcome| outcome == Outcome::Unmapped && span.start() < to).len()
    }
}
