//! A text with fields of its own: what may be released is extracted, and everything else is removed.
//!
//! Both rewriters call this with the meaning of a leaf's text. What stays has one canonical form: each field in the
//! mapping's own spelling, one per line, in the order of the source. The sender's layout may reveal what was beside a
//! field, so none of it is released: line ends, spacing, sections, references (P5). The result is read once more and
//! must yield itself: a text that would be read differently the next time isn't released at all (P3, P4).

use super::planted::{Planted, at, is_planted};
use super::session::{Session, Value};
use super::value::Judgement;
use crate::read::Refusal;
use dmv_redact_model::catalog::{ElementId, Treatment, trim};
use dmv_redact_model::format::{Column, Format, Layout, Node, Piece, Row, Slots, Target, end_of_skip};
use dmv_redact_model::manifest::ReleasedForm;
use dmv_redact_model::span::Span;

/// Buffers for reading texts, reused from text to text.
#[derive(Debug, Default)]
pub(super) struct TextBuffers {
    first: Reading,
    again: Reading,
    source: String,
}

/// The result of reading a text.
#[derive(Debug, Default)]
struct Reading {
    slots: Slots,
    written: String,
    /// The outcome of each value, in order.
    values: Vec<Found>,
    /// Whether there was something outside of the fields.
    has_rest: bool,
}

/// A value of a field.
#[derive(Debug, Clone, Copy)]
struct Found {
    element: ElementId,
    /// `None` if the grant doesn't have its element.
    judgement: Option<Judgement>,
    /// Its length; a text has no more bytes than a message may.
    bytes: u32,
}

impl Found {
    fn passes(&self) -> bool {
        self.judgement.is_some_and(passes)
    }
}

fn passes(judgement: Judgement) -> bool {
    matches!(judgement, Judgement::Release | Judgement::Generalise)
}

impl Session<'_> {
    /// Extracts what the grant permits from the text of a leaf at `span`, and counts it. Returns whether something of
    /// it stays, which is then in `buffers.written`.
    pub(super) fn extract(&mut self, node: &Node, value: Value<'_>, span: Span) -> Result<bool, Refusal> {
        let mut buffers = std::mem::take(&mut self.buffers.text);
        let stays = match value {
            Value::Plain(text) => self.extract_with(node, text, span, &mut buffers),
            Value::Decoded => {
                let source = std::mem::replace(&mut self.buffers.decoded, std::mem::take(&mut buffers.source));
                let stays = self.extract_with(node, &source, span, &mut buffers);
                buffers.source = source;
                stays
            }
        };
        if stays == Ok(true) {
            std::mem::swap(&mut self.buffers.written, &mut buffers.first.written);
            at::change_written(span, &mut self.buffers.written);
        }
        self.buffers.text = buffers;
        stays
    }

    fn extract_with(
        &mut self,
        node: &Node,
        text: &str,
        span: Span,
        buffers: &mut TextBuffers,
    ) -> Result<bool, Refusal> {
        let TextBuffers { first, again, .. } = buffers;
        let stays = match layout_of(self.format, node, text) {
            Some(layout) => {
                self.read_text(layout, text, span, first)?;
                self.is_read_again(node, span, first, again)?
            }
            None => {
                first.values.clear();
                first.has_rest = !trim(text).is_empty();
                false
            }
        };
        if is_planted(Planted::Rest) && stays {
            first.written.replace_range(.., text);
        }
        for found in &first.values {
            // A photo counts with the length of its value.
            let at = Span::new(span.start(), span.start() + usize::try_from(found.bytes).unwrap_or_default());
            match found.judgement.filter(|judgement| stays || !passes(*judgement)) {
                Some(judgement) => self.count(found.element, judgement, at),
                None => self.deny(found.element, at),
            }
            if found.passes() && stays {
                let treatment = self.treatment(found.element).unwrap_or(Treatment::Full);
                self.list(found.element, treatment, span, ReleasedForm::Field);
            }
        }
        if let (true, Target::Leaf(element)) = (first.has_rest, node.target) {
            self.deny(element, span);
        }
        Ok(stays)
    }

    /// Whether something was written, and reading it again yields the same.
    fn is_read_again(
        &mut self,
        node: &Node,
        span: Span,
        first: &Reading,
        again: &mut Reading,
    ) -> Result<bool, Refusal> {
        let layout = layout_of(self.format, node, &first.written).filter(|_| !first.written.is_empty());
        let Some(layout) = layout else { return Ok(false) };
        self.read_text(layout, &first.written, span, again)?;
        let mut written = first.values.iter().filter(|found| found.passes()).map(|found| found.element);
        let is_same = again.values.iter().all(|found| found.passes() && written.next() == Some(found.element));
        Ok(again.written == first.written && is_same && written.next().is_none())
    }

    /// Reads a text to its end and writes what the grant permits.
    fn read_text(&mut self, layout: &Layout, text: &str, span: Span, reading: &mut Reading) -> Result<(), Refusal> {
        reading.written.clear();
        reading.values.clear();
        reading.has_rest = false;
        let (mut heading, mut has_field) = (None, false);
        let mut seen = 0;
        while let Some((found, piece)) = layout.next(text, seen) {
            reading.has_rest |= !is_blank(text, seen, found.start());
            seen = found.end();
            let (row, is_heading) = match piece {
                Piece::Skip(to) => {
                    seen = end_of_skip(to.as_deref(), text, seen);
                    reading.has_rest = true;
                    continue;
                }
                // Each page repeats the heading; the number of pages isn't revealed. A different heading is lost.
                Piece::Heading(_) if heading.is_some() => {
                    reading.has_rest |= heading != Some(found.text(text));
                    continue;
                }
                Piece::Heading(row) => (row, true),
                Piece::Field(row) => (row, false),
            };
            let start = reading.written.len();
            if !reading.written.is_empty() && !reading.written.ends_with('\n') {
                reading.written.push('\n');
            }
            row.locate(text, found, &mut reading.slots);
            if self.read_row(text, row, span, reading)? || is_heading {
                if is_heading {
                    heading = Some(found.text(text));
                }
                has_field |= !is_heading;
            } else {
                reading.written.truncate(start);
            }
        }
        reading.has_rest |= !is_blank(text, seen, text.len());
        if !has_field {
            // A heading alone is an empty shell.
            reading.written.clear();
        }
        Ok(())
    }

    /// Writes the columns of the row that was located last that may be released. Returns whether there is any.
    fn read_row(&mut self, text: &str, row: &Row, span: Span, reading: &mut Reading) -> Result<bool, Refusal> {
        let mut stays = false;
        for column in &row.columns {
            reading.written.push_str(&column.before);
            let Some(place) = column.span(&reading.slots) else { continue };
            let before = reading.written.len();
            stays |= self.read_column(place.text(text), column, span, reading)?;
            // Blank, like an empty column.
            let width = reading.written.get(before..).map_or(0, |written| written.chars().count());
            if width < column.min_chars {
                reading.written.extend(std::iter::repeat_n(' ', column.min_chars - width));
            }
        }
        reading.written.push_str(&row.after);
        Ok(stays)
    }

    /// Writes a value, or its less precise form, if it may be released. Returns whether it is.
    fn read_column(
        &mut self,
        value: &str,
        column: &Column,
        span: Span,
        reading: &mut Reading,
    ) -> Result<bool, Refusal> {
        if trim(value).is_empty() {
            return Ok(false);
        }
        let bytes = u32::try_from(value.len()).unwrap_or(u32::MAX);
        let Some(treatment) = self.treatment(column.element) else {
            reading.values.push(Found { element: column.element, judgement: None, bytes });
            return Ok(false);
        };
        // Patterns have a place for a mask, and none for a token.
        let treatment = if treatment == Treatment::Token { Treatment::Mask } else { treatment };
        let judgement = self.appraise(column.element, treatment, Value::Plain(trim(value)), span)?;
        let judgement = self.fit(judgement, column, span)?;
        match judgement {
            Judgement::Release => reading.written.push_str(value),
            Judgement::Generalise => reading.written.push_str(&self.buffers.written),
            Judgement::ShapeViolation | Judgement::Photo => {}
        }
        reading.values.push(Found { element: column.element, judgement: Some(judgement), bytes });
        Ok(passes(judgement))
    }

    /// Checks that the less precise form of a value, padded to the width of its column, is valid there.
    fn fit(&mut self, judgement: Judgement, column: &Column, span: Span) -> Result<Judgement, Refusal> {
        if judgement != Judgement::Generalise {
            return Ok(judgement);
        }
        let written = &mut self.buffers.written;
        let width = written.chars().count();
        written.extend(std::iter::repeat_n(' ', column.min_chars.saturating_sub(width)));
        if width <= column.max_chars && column.holds(written) {
            return Ok(judgement);
        }
        self.refuse_violation(span)?;
        Ok(Judgement::ShapeViolation)
    }
}

/// The layout of a text, if exactly one of those that it may have matches.
fn layout_of<'f>(format: &'f Format, node: &Node, text: &str) -> Option<&'f Layout> {
    let layouts = node.layouts.iter().filter_map(|layout| format.layouts.get(*layout));
    let mut recognised = layouts.filter(|layout| layout.recognizes(text));
    recognised.next().filter(|_| recognised.next().is_none())
}

fn is_blank(text: &str, from: usize, to: usize) -> bool {
    trim(Span::new(from, to).text(text)).is_empty()
}
