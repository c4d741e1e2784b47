//! A text that holds fields of its own: what may go out of it is extracted, in its order and layout, and all else is gone.
//!
//! Both rewriters come here with the meaning of a leaf's text. What is written is read once more and must give itself: a
//! text that would be read differently the next time doesn't go out at all (P3, P4).

mod space;

use super::planted::{Planted, is_planted};
use super::session::{Session, Value};
use super::value::Judgement;
use crate::catalog::{ElementId, trim};
use crate::format::{Column, Format, Layout, Node, Piece, Slots, Target, end_of_skip};
use crate::read::Refusal;
use crate::read::scan::Span;
use space::Between;

/// What is left of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extraction {
    /// All of it.
    Whole,
    /// What stands in `buffers.written`.
    Part,
    Nothing,
}

/// What texts need while they are read; reused from text to text.
#[derive(Debug, Default)]
pub(super) struct TextBuffers {
    first: Reading,
    again: Reading,
    source: String,
}

/// A text as one reading leaves it.
#[derive(Debug, Default)]
struct Reading {
    slots: Slots,
    written: String,
    /// What became of each value, in their order.
    values: Vec<Found>,
    /// Whether something was met that is of no field.
    has_rest: bool,
}

/// A value that a group captured.
#[derive(Debug, Clone, Copy)]
struct Found {
    element: ElementId,
    /// `None` when the grant doesn't hold it.
    judgement: Option<Judgement>,
    bytes: usize,
}

impl Found {
    fn passes(&self) -> bool {
        matches!(self.judgement, Some(Judgement::Release | Judgement::Generalise))
    }
}

impl Session<'_> {
    /// Extracts from the text of a leaf, which stands at `span`, what the grant holds, and counts it.
    pub(super) fn extract(&mut self, node: &Node, value: Value<'_>, span: Span) -> Result<Extraction, Refusal> {
        let mut buffers = std::mem::take(&mut self.buffers.text);
        let extraction = match value {
            Value::Plain(text) => self.extract_with(node, text, span, &mut buffers),
            Value::Decoded => {
                let source = std::mem::replace(&mut self.buffers.decoded, std::mem::take(&mut buffers.source));
                let extraction = self.extract_with(node, &source, span, &mut buffers);
                buffers.source = source;
                extraction
            }
        };
        if extraction == Ok(Extraction::Part) {
            std::mem::swap(&mut self.buffers.written, &mut buffers.first.written);
        }
        self.buffers.text = buffers;
        extraction
    }

    fn extract_with(
        &mut self,
        node: &Node,
        text: &str,
        span: Span,
        buffers: &mut TextBuffers,
    ) -> Result<Extraction, Refusal> {
        let TextBuffers { first, again, .. } = buffers;
        let extraction = match layout_of(self.format, node, text) {
            Some(layout) => {
                self.read_text(layout, text, span, first)?;
                self.settle(node, text, span, first, again)?
            }
            None => {
                first.values.clear();
                first.has_rest = !trim(text).is_empty();
                Extraction::Nothing
            }
        };
        for found in &first.values {
            // Of the whole message the photo is as long as its value.
            let at = Span::new(span.start(), span.start() + found.bytes);
            match found.judgement {
                Some(_) if found.passes() && extraction == Extraction::Nothing => self.deny(found.element, at),
                Some(judgement) => self.count(found.element, judgement, at),
                None => self.deny(found.element, at),
            }
        }
        if let (true, Target::Leaf(element)) = (first.has_rest, node.target) {
            self.deny(element, span);
        }
        Ok(extraction)
    }

    /// What a reading comes to: what it has written must be read again as just that.
    fn settle(
        &mut self,
        node: &Node,
        text: &str,
        span: Span,
        first: &Reading,
        again: &mut Reading,
    ) -> Result<Extraction, Refusal> {
        if first.written.is_empty() {
            return Ok(Extraction::Nothing);
        }
        if first.written == text || is_planted(Planted::Rest) {
            return Ok(Extraction::Whole);
        }
        let Some(layout) = layout_of(self.format, node, &first.written) else { return Ok(Extraction::Nothing) };
        self.read_text(layout, &first.written, span, again)?;
        let elements = |found: &Found| found.passes().then_some(found.element);
        let is_same = again.written == first.written
            && again.values.iter().map(elements).eq(first.values.iter().map(elements).filter(Option::is_some));
        Ok(if is_same { Extraction::Part } else { Extraction::Nothing })
    }

    /// Reads a text through and writes what the grant holds.
    fn read_text(&mut self, layout: &Layout, text: &str, span: Span, reading: &mut Reading) -> Result<(), Refusal> {
        reading.written.clear();
        reading.values.clear();
        reading.has_rest = false;
        let (mut has_heading, mut has_field) = (false, false);
        // What has been looked at, and what was written of it last.
        let (mut seen, mut last) = (0, None);
        // What a removed field would have ended with, had its line not ended there.
        let mut bare = None;
        while let Some((found, piece)) = layout.next(text, seen, &mut reading.slots) {
            reading.has_rest |= !is_blank(text, seen, found.start());
            seen = found.end();
            let (columns, ending, is_heading) = match piece {
                Piece::Skip(to) => {
                    seen = end_of_skip(to.as_ref(), text, seen);
                    reading.has_rest = true;
                    continue;
                }
                // Each page has it again; how many pages there were isn't told.
                Piece::Heading(_) if has_heading => continue,
                Piece::Heading(columns) => (columns, None, true),
                Piece::Field(columns, ending) => (columns, ending.as_deref(), false),
            };
            let at = reading.written.len();
            let between = Between { text, from: last, to: Some(found.start()) };
            between.write(&mut reading.written);
            let stays = self.read_match(text, found, columns, span, reading)? || is_heading;
            if stays {
                end_line(&mut reading.written, at, bare.take());
                last = Some(found.end());
                has_heading |= is_heading;
                has_field |= !is_heading;
            } else {
                reading.written.truncate(at);
                let is_next = last.is_some_and(|last| !has_break(text, last, found.start()));
                bare = ending.filter(|ending| is_next && !found.text(text).ends_with(ending)).or(bare);
            }
        }
        reading.has_rest |= !is_blank(text, seen, text.len());
        if has_field {
            let at = reading.written.len();
            Between { text, from: last, to: None }.write(&mut reading.written);
            end_line(&mut reading.written, at, bare);
        } else {
            // A heading alone is no more than a shell.
            reading.written.clear();
            reading.values.retain(|found| !found.passes());
        }
        Ok(())
    }

    /// Writes a match as far as its columns may go out. Gives whether any does.
    fn read_match(
        &mut self,
        text: &str,
        found: Span,
        columns: &[Column],
        span: Span,
        reading: &mut Reading,
    ) -> Result<bool, Refusal> {
        let mut at = found.start();
        let mut passes = false;
        for column in columns {
            let Some(place) = column.span(&reading.slots) else { continue };
            reading.written.push_str(Span::new(at, place.start()).text(text));
            at = place.end();
            let value = place.text(text);
            let before = reading.written.len();
            let judgement = match self.treatment(column.element) {
                _ if trim(value).is_empty() => None,
                Some(treatment) => {
                    let judgement = self.appraise(column.element, treatment, Value::Plain(trim(value)), span)?;
                    let judgement = self.fit(judgement, column, span)?;
                    match judgement {
                        Judgement::Release => reading.written.push_str(value),
                        Judgement::Generalise => reading.written.push_str(&self.buffers.written),
                        Judgement::ShapeViolation | Judgement::Photo => {}
                    }
                    reading.values.push(Found {
                        element: column.element,
                        judgement: Some(judgement),
                        bytes: place.len(),
                    });
                    Some(judgement)
                }
                None => {
                    reading.values.push(Found { element: column.element, judgement: None, bytes: place.len() });
                    None
                }
            };
            passes |= matches!(judgement, Some(Judgement::Release | Judgement::Generalise));
            // Blank like a column in which there was nothing; of a released one nothing is lacking.
            let width = reading.written.get(before..).map_or(0, |written| written.chars().count());
            if width < column.least {
                reading.written.extend(std::iter::repeat_n(' ', column.least - width));
            }
        }
        reading.written.push_str(Span::new(at, found.end()).text(text));
        Ok(passes)
    }

    /// Holds the less precise form of a value against the column it would stand in, padded to its width.
    fn fit(&mut self, judgement: Judgement, column: &Column, span: Span) -> Result<Judgement, Refusal> {
        if judgement != Judgement::Generalise {
            return Ok(judgement);
        }
        let written = &mut self.buffers.written;
        let width = written.chars().count();
        written.extend(std::iter::repeat_n(' ', column.least.saturating_sub(width)));
        if width <= column.most && column.holds(written) {
            return Ok(judgement);
        }
        self.withhold_violation(span)?;
        Ok(Judgement::ShapeViolation)
    }
}

/// The layout that a text has, if it is one and only one of those that it may have.
fn layout_of<'f>(format: &'f Format, node: &Node, text: &str) -> Option<&'f Layout> {
    let layouts = node.layouts.iter().filter_map(|layout| format.layouts.get(*layout));
    let mut recognised = layouts.filter(|layout| layout.recognises(text));
    recognised.next().filter(|_| recognised.next().is_none())
}

/// Where a removed field ended its line bare, the one before it, which is written up to `at`, ends it bare too: whether
/// something stood behind it must not show.
fn end_line(written: &mut String, at: usize, bare: Option<&str>) {
    let Some((before, after)) = written.split_at_checked(at) else { return };
    let ends_line = after.is_empty() || after.starts_with(['\r', '\n']);
    if let Some(end) = bare.filter(|_| ends_line).and_then(|ending| before.strip_suffix(ending)).map(str::len) {
        written.replace_range(end..at, "");
    }
}

fn has_break(text: &str, from: usize, to: usize) -> bool {
    Span::new(from, to).text(text).contains(['\r', '\n'])
}

fn is_blank(text: &str, from: usize, to: usize) -> bool {
    trim(Span::new(from, to).text(text)).is_empty()
}
