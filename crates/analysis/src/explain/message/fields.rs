//! Texts with fields of their own: the outcome of each field, and of the text around them.

use super::parts::{MessageWalk, PartOutcome};
use dmv_redact::internal::rewrite::{Judgement, judge};
use dmv_redact_model::catalog::{ElementId, trim};
use dmv_redact_model::format::{Column, Layout, Node, Piece, Slots, Target, end_of_skip};

impl MessageWalk<'_> {
    /// The outcomes of the fields of a text; the rest of the text belongs to the node's own element.
    pub(super) fn fields(&self, node: &Node, text: &str) -> Vec<(ElementId, PartOutcome)> {
        let own = node.layouts.iter().filter_map(|layout| self.format.layouts.get(*layout));
        let mut recognised = own.filter(|layout| layout.recognizes(text));
        let layout = recognised.next().filter(|_| recognised.next().is_none());
        let (mut fields, has_rest) = match layout {
            Some(layout) => self.read(layout, text),
            None => (Vec::new(), !trim(text).is_empty()),
        };
        if let (true, Target::Leaf(element)) = (has_rest, node.target) {
            fields.push((element, PartOutcome::Denied));
        }
        fields
    }

    fn read(&self, layout: &Layout, text: &str) -> (Vec<(ElementId, PartOutcome)>, bool) {
        let (mut fields, mut has_rest, mut has_heading, mut has_field) = (Vec::new(), false, false, false);
        let (mut slots, mut seen) = (Slots::new(), 0);
        while let Some((found, piece)) = layout.next(text, seen) {
            has_rest |= !is_blank(text.get(seen..found.start()));
            seen = found.end();
            let (row, is_heading) = match piece {
                Piece::Skip(to) => {
                    seen = end_of_skip(to.as_deref(), text, seen);
                    has_rest = true;
                    continue;
                }
                Piece::Heading(_) if has_heading => continue,
                Piece::Heading(row) => (row, true),
                Piece::Field(row) => (row, false),
            };
            row.locate(text, found, &mut slots);
            let before = fields.len();
            fields.extend(row.columns.iter().filter_map(|column| {
                let value = trim(column.span(&slots)?.text(text));
                (!value.is_empty()).then(|| (column.element, self.field(column, value)))
            }));
            let is_kept = fields.iter().skip(before).any(|(_, outcome)| outcome.passes());
            has_heading |= is_heading;
            has_field |= is_kept && !is_heading;
        }
        has_rest |= !is_blank(text.get(seen..));
        if !has_field {
            // A heading without fields is an empty shell (P5).
            fields.retain(|(_, outcome)| !outcome.passes());
        }
        (fields, has_rest)
    }

    fn field(&self, column: &Column, value: &str) -> PartOutcome {
        let described = self.inner.catalog.element(column.element);
        let (Some(described), Some(treatment)) = (described, self.treatment(column.element)) else {
            return PartOutcome::Denied;
        };
        let mut written = String::new();
        match judge(described, treatment, value, &mut written) {
            Judgement::Release => PartOutcome::Released,
            Judgement::Generalise => {
                // A generalized value must fit into its columns.
                let width = written.chars().count();
                written.extend(std::iter::repeat_n(' ', column.min_chars.saturating_sub(width)));
                match width <= column.max_chars && column.holds(&written) {
                    true => PartOutcome::Generalised(treatment),
                    false => PartOutcome::Violates,
                }
            }
            Judgement::ShapeViolation => PartOutcome::Violates,
            Judgement::Photo => PartOutcome::Image,
        }
    }
}

fn is_blank(text: Option<&str>) -> bool {
    trim(text.unwrap_or_default()).is_empty()
}
