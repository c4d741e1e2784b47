//! Frames: all of an output but its values. A switch writes most of its messages alike, and then what is left of them is
//! alike too: what stands between the values is compared with an output that was read in full, and only the values are
//! judged anew.
//!
//! A frame changes what the second reading costs, never what it finds (P10). It is made of an output that was read to its
//! end without a finding, under the same grant. It fits only what is the same to the byte outside of the values, and a
//! value only where nothing in it could end it sooner or later, or mean something else than it says. Each value is judged
//! as ever, by the same rules, unless it passes a sieve, which is made of them; where one turns out otherwise, all is read
//! in full.

use std::ops::Range;
use std::sync::Arc;

use fearless_simd::{Simd, dispatch};

use super::numbers;
use super::reading::{Count, Judged, Reading, Record, Rules, Stands, ValueOutcome};
use super::sieve::{LANES, Look, Ranges, lanes};
use super::value::AllowedSieve;
use dmv_redact_model::catalog::{ElementId, Treatment};
use dmv_redact_model::format::Syntax;
use dmv_redact_model::policy::Grant;
use dmv_redact_model::wide;

/// Frames that are kept.
const MOST: usize = 16;
/// Bytes of the longest frame, its values aside.
const LONGEST: usize = 1 << 14;
/// Outputs in a row that no frame fitted, behind which one is made only now and then.
const PATIENCE: u32 = 4 * MOST as u32;

/// A value of an output, and what stands before it.
#[derive(Debug)]
struct Step {
    before: Range<usize>,
    is_integer: bool,
    /// What alone the value is judged by, if so: it is counted already, as one that stands for no other.
    alone: Option<(ElementId, Treatment)>,
    /// Values that are surely allowed so.
    sieve: AllowedSieve,
    /// Whether more than that is told by one judged alone: something of the envelope, or whether it stands for another.
    tells_more: bool,
    at: Option<usize>,
    record: Record,
    found: ValueOutcome,
}

/// Outputs that a frame has fitted when sieves are made for its values, one with each that it fits from then on: where
/// messages of many kinds come, a frame that will soon be thrown away isn't worth it, and none is to wait for all of them.
const PROVEN: usize = 64;

/// Where a value stands in an output that is being compared.
#[derive(Debug, Clone, Copy)]
struct Value {
    start: usize,
    end: usize,
    /// Nothing more need be known to tell that it is allowed.
    is_allowed: bool,
}

/// What an output must be like, all in all.
#[derive(Debug)]
pub(super) struct Kind<'g> {
    /// The place of its format.
    pub(super) format: usize,
    pub(super) syntax: Syntax,
    pub(super) grant: &'g Arc<Grant>,
}

#[derive(Debug)]
struct Frame {
    format: usize,
    syntax: Syntax,
    grant: Arc<Grant>,
    /// What stands before each value and behind the last, one after another.
    text: String,
    steps: Vec<Step>,
    /// How many outputs it has fitted.
    fits: usize,
    /// The ranges of all sieves.
    ranges: Vec<Ranges>,
    last: Range<usize>,
    /// What was counted before its steps are judged: values that stand in attributes or are written with escapes, and those
    /// of steps that are judged alone.
    counts: Vec<(ElementId, Count)>,
    message_key: Option<String>,
    requester: Option<String>,
}

/// What outputs were like, from message to message; the one that fitted last first.
#[derive(Debug, Default)]
pub(super) struct Frames {
    kept: Vec<Frame>,
    /// Outputs since a frame fitted one.
    misses: u32,
    /// The values of an output that is being compared.
    values: Vec<Value>,
    scratch: Reading,
    fitted: usize,
}

impl Frames {
    /// How many outputs a frame has fitted.
    pub(super) fn fitted(&self) -> usize {
        self.fitted
    }

    /// Whether a frame fits an output. What it holds stands in `reading` then; otherwise nothing is known of it.
    pub(super) fn fit(&mut self, output: &[u8], kind: &Kind<'_>, rules: &Rules<'_>, reading: &mut Reading) -> bool {
        let Self { kept, values, .. } = self;
        let place = kept.iter().position(|frame| frame.is_of(kind) && frame.lay(output, values).is_some());
        let frame = place.and_then(|place| kept.get_mut(..=place)).and_then(|upto| {
            upto.rotate_right(1);
            upto.first_mut()
        });
        let is_fit = frame.is_some_and(|frame| {
            let is_fit = frame.judge(output, values, rules, reading);
            if is_fit {
                frame.make_sieve(output, values, rules);
            }
            is_fit
        });
        self.misses = if is_fit { 0 } else { self.misses.saturating_add(1) };
        self.fitted = self.fitted.saturating_add(usize::from(is_fit));
        is_fit
    }

    /// Makes a frame of an output that was read in full.
    pub(super) fn make(&mut self, text: &str, kind: &Kind<'_>, rules: &Rules<'_>, reading: &Reading) {
        // Where outputs are never alike, making frames of them is in vain.
        let are_alike = self.misses <= PATIENCE || self.misses.is_power_of_two();
        let values: usize = reading.judged().iter().map(|judged| judged.stands.bytes()).sum();
        if !are_alike || text.len().saturating_sub(values) > LONGEST {
            return;
        }
        let frame = Frame::new(text, kind, rules, reading);
        let Some(frame) = frame.and_then(|frame| self.completed(frame, text.as_bytes(), rules, reading)) else {
            return;
        };
        self.kept.truncate(MOST - 1);
        self.kept.insert(0, frame);
    }

    /// A frame that fits the output it was made of, with what was counted there beside its steps.
    fn completed(&mut self, mut frame: Frame, output: &[u8], rules: &Rules<'_>, reading: &Reading) -> Option<Frame> {
        let Self { values, scratch, .. } = self;
        frame.lay(output, values)?;
        let mut judged = reading.judged().iter().map(|judged| &judged.stands);
        let is_same = values.iter().all(|value| match judged.next() {
            Some(Stands::Text(range)) => *range == (value.start..value.end),
            Some(Stands::Integer) => true,
            None => false,
        });
        if !is_same || judged.next().is_some() || !frame.judge(output, values, rules, scratch) {
            return None;
        }
        frame.counts = reading.beside(scratch)?;
        let beside = |all: Option<&str>, steps: Option<&str>| all.filter(|_| steps.is_none()).map(str::to_owned);
        frame.message_key = beside(reading.message_key(), scratch.message_key());
        frame.requester = beside(reading.requester(), scratch.requester());
        Some(frame)
    }
}

impl Frame {
    /// `None` where an output is none that others will be like.
    fn new(text: &str, kind: &Kind<'_>, rules: &Rules<'_>, reading: &Reading) -> Option<Self> {
        let Kind { format, syntax, grant } = kind;
        if !reading.has_facts_once() || reading.judged().is_empty() {
            return None;
        }
        let mut frame = Self {
            format: *format,
            syntax: *syntax,
            grant: Arc::clone(grant),
            text: String::new(),
            steps: Vec::with_capacity(reading.judged().len()),
            fits: 0,
            ranges: Vec::new(),
            last: 0..0,
            counts: Vec::new(),
            message_key: None,
            requester: None,
        };
        let mut integers = numbers::number_ranges(text);
        let mut behind = 0;
        for Judged { stands, at, record, found } in reading.judged() {
            let (value, is_integer) = match stands {
                Stands::Text(range) => (range.clone(), false),
                Stands::Integer => (integers.next()?, true),
            };
            let before = frame.keep(text.get(behind..value.start)?);
            let place = at.and_then(|at| rules.table.get(at));
            let alone = rules.alone(place, *record).filter(|_| *found == ValueOutcome::Released);
            let tells_more =
                alone.is_some() && place.is_some_and(|place| place.fact.is_some() || place.placeholder.is_some());
            let (at, record, found, sieve) = (*at, *record, *found, AllowedSieve::default());
            frame.steps.push(Step { before, is_integer, alone, sieve, tells_more, at, record, found });
            behind = value.end;
        }
        frame.last = frame.keep(text.get(behind..)?);
        Some(frame)
    }

    /// Makes the next sieve, of a value of an output that fits: of others it is told at one look whether they are like it.
    fn make_sieve(&mut self, output: &[u8], values: &[Value], rules: &Rules<'_>) {
        self.fits = self.fits.saturating_add(1);
        let Some(next) = self.fits.checked_sub(PROVEN) else { return };
        let (Some(step), Some(value)) = (self.steps.get_mut(next), values.get(next)) else { return };
        if let (Some(alone), Some(value)) = (step.alone, output.get(value.start..value.end)) {
            step.sieve = rules.values.sieve(alone, value, &mut self.ranges);
        }
    }

    /// Adds a stretch of the output to the text.
    fn keep(&mut self, stretch: &str) -> Range<usize> {
        let start = self.text.len();
        self.text.push_str(stretch);
        start..self.text.len()
    }

    fn is_of(&self, kind: &Kind<'_>) -> bool {
        self.format == kind.format && self.syntax == kind.syntax && Arc::ptr_eq(&self.grant, kind.grant)
    }

    /// Compares an output from its beginning to its end. `None` where it doesn't fit; where it does, `values` tells where
    /// the values are, and whether they are surely allowed.
    fn lay(&self, output: &[u8], values: &mut Vec<Value>) -> Option<()> {
        dispatch!(wide::level(), simd => self.lay_by(simd, output, values))
    }

    #[inline(always)]
    fn lay_by<S: Simd>(&self, simd: S, output: &[u8], values: &mut Vec<Value>) -> Option<()> {
        values.clear();
        let own = self.text.as_bytes();
        let mut at = 0;
        // A loop, where a closure may be compiled apart, for a processor that can do less.
        for step in &self.steps {
            if !stands_at(simd, output, at, own, step.before.clone()) {
                return None;
            }
            at += step.before.len();
            let rest = output.get(at..)?;
            let look = Look::at(simd, rest);
            let length = match (step.is_integer, self.syntax) {
                (true, _) => integer(rest)?,
                (false, Syntax::Xml) => text_of_xml(look, rest)?,
                (false, Syntax::Json) => text_of_json(look, rest)?,
            };
            let is_allowed = step.sieve.passes(look, length, &self.ranges);
            values.push(Value { start: at, end: at + length, is_allowed });
            at += length;
        }
        (output.get(at..)? == own.get(self.last.clone())?).then_some(())
    }

    /// Judges the values. Gives whether each of them is what it was in the output that the frame was made of.
    fn judge(&self, output: &[u8], values: &[Value], rules: &Rules<'_>, reading: &mut Reading) -> bool {
        reading.begin_with(rules.values.len(), &self.counts, self.message_key.as_deref(), self.requester.as_deref());
        self.steps.iter().zip(values).all(|(step, value)| {
            let bytes = || output.get(value.start..value.end).unwrap_or_default();
            (value.is_allowed || step.judge(bytes(), rules, reading))
                && (!step.tells_more || step.tell(bytes(), rules, reading))
        })
    }
}

impl Step {
    /// Judges a value as in a full reading. One that is no UTF-8 is none.
    #[inline(never)]
    fn judge(&self, value: &[u8], rules: &Rules<'_>, reading: &mut Reading) -> bool {
        let Ok(value) = std::str::from_utf8(value) else { return false };
        match self.alone {
            Some((element, treatment)) => rules.values.allows(element, treatment, value),
            None => {
                let place = self.at.and_then(|at| rules.table.get(at));
                rules.judge(place, self.record, value, false, reading) == Ok(self.found)
            }
        }
    }

    /// Takes note of what a value tells beside itself. Gives whether it is counted rightly.
    #[inline(never)]
    fn tell(&self, value: &[u8], rules: &Rules<'_>, reading: &mut Reading) -> bool {
        let place = self.at.and_then(|at| rules.table.get(at));
        let (Some(place), Ok(value)) = (place, std::str::from_utf8(value)) else { return false };
        if let Some(fact) = place.fact {
            reading.note(fact, value);
        }
        !place.is_placeholder(value, false)
    }
}

/// Whether a part of `own` stands at a place of an output.
#[inline(always)]
fn stands_at<S: Simd>(simd: S, output: &[u8], place: usize, own: &[u8], part: Range<usize>) -> bool {
    let (mut place, mut from) = (place, part.start);
    while from < part.end {
        let (Some(one), Some(other)) = (output.get(place..), own.get(from..)) else { return false };
        // What is looked at behind the part doesn't matter.
        if !Look::at(simd, one).same_as(Look::at(simd, other)) & lanes(part.end - from) != 0 {
            return false;
        }
        place += LANES;
        from += LANES;
    }
    true
}

/// The bytes of a text up to the next tag. `None` where a reference stands before it, or a line end that may mean another.
#[inline(always)]
fn text_of_xml<S: Simd>(look: Look<S>, rest: &[u8]) -> Option<usize> {
    let end = match look.equal(b'<') | look.equal(b'&') | look.equal(b'\r') {
        0 => memchr::memchr3(b'<', b'&', b'\r', rest)?,
        ends => ends.trailing_zeros() as usize,
    };
    (rest.get(end) == Some(&b'<')).then_some(end)
}

/// The bytes of a text up to the quote. `None` where an escape stands before it, or what must be escaped.
#[inline(always)]
fn text_of_json<S: Simd>(look: Look<S>, rest: &[u8]) -> Option<usize> {
    // Behind the end of the output there are zeros, which must be escaped.
    let end = match look.equal(b'"') | look.equal(b'\\') | look.among(0, b' ' - 1) {
        0 => {
            let end = memchr::memchr2(b'"', b'\\', rest)?;
            let is_plain = rest.get(..end)?.iter().fold(true, |is_plain, byte| is_plain & (*byte >= b' '));
            is_plain.then_some(end)?
        }
        ends => ends.trailing_zeros() as usize,
    };
    (rest.get(end) == Some(&b'"')).then_some(end)
}

/// The bytes of an integer that serde_json takes for one, and would write so.
fn integer(rest: &[u8]) -> Option<usize> {
    let end = rest.iter().position(|byte| !numbers::continues_number(*byte))?;
    let digits = rest.get(..end)?;
    let digits = digits.strip_prefix(b"-").filter(|digits| *digits != b"0").unwrap_or(digits);
    let is_integer = digits.iter().all(u8::is_ascii_digit);
    let is_plain = (1..=18).contains(&digits.len()) && (digits == b"0" || digits.first() != Some(&b'0'));
    (is_integer && is_plain).then_some(end)
}
