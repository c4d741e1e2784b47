//! Walks a JSON document from its first byte to its last: one strict loop for everyone who reads messages. What becomes of
//! each part is up to the actions: the rewriter, the scan of the envelope, the check of the syntax alone, the report on a
//! message.

use fearless_simd::{Simd, dispatch};

use super::{Brackets, JsonReader, JsonString, ReadResult, Scalar, ValueKind, closing};
use crate::read::limits::Limits;
use crate::read::refusal::{Reason, Refusal};
use dmv_redact_model::span::Span;
use dmv_redact_model::wide;
use dmv_redact_model::window::Block;

/// A member of an object, an item of an array, or the whole document; its value is next.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// After the bracket or the comma before it.
    pub separator_end: usize,
    /// Where it begins: at the opening quote of its name, or at its value.
    pub start: usize,
    /// The name of a member.
    pub name: Option<JsonString>,
    /// Where its value begins.
    pub value_start: usize,
    /// The kind of its value.
    pub kind: ValueKind,
    /// The first byte of its value.
    pub first: u8,
}

/// What to do with a value, and what the actions need to know of it then.
#[derive(Debug, Clone, Copy)]
pub enum Step<P> {
    /// Read over it; it is checked all the same.
    Skip(P),
    /// Read it as a scalar.
    Value(P),
    /// Read what is in it: it is an object or an array.
    Enter(P),
}

/// What becomes of the parts of a document, in their order.
pub trait Actions {
    /// What is known of a part when its value comes; small, because it is passed on for every part.
    type Part: Copy;

    /// A part begins; `name` has the first bytes of its name. [`Step::Value`] is for scalars, [`Step::Enter`] for
    /// objects and arrays.
    ///
    /// # Errors
    /// When the message must not be released.
    fn part<S: Simd>(&mut self, simd: S, place: &Place, name: Block<S>) -> ReadResult<Step<Self::Part>>;

    /// Fast path for a scalar: the end of the value if the actions have read it themselves.
    #[inline(always)]
    fn accept<S: Simd>(&mut self, _simd: S, _place: &Place, _part: Self::Part) -> Option<usize> {
        None
    }

    /// A scalar was read; it ends at `end`.
    ///
    /// # Errors
    /// When the message must not be released.
    fn value(&mut self, place: &Place, part: Self::Part, scalar: Scalar, end: usize) -> ReadResult<()>;

    /// A value was skipped; it ends at `end`.
    ///
    /// # Errors
    /// When the message must not be released.
    fn skipped(&mut self, place: &Place, part: Self::Part, end: usize) -> ReadResult<()>;

    /// An object or array was opened; `indent` is the white space after its bracket.
    ///
    /// # Errors
    /// When the message must not be released.
    fn open(&mut self, place: &Place, part: Self::Part, indent: Span) -> ReadResult<()>;

    /// The innermost object or array was closed: its last part ends at `gap`, its closing bracket at `end`.
    ///
    /// # Errors
    /// When the message must not be released.
    fn close(&mut self, gap: usize, end: usize) -> ReadResult<()>;

    /// Whether the rest of the document doesn't matter.
    #[inline(always)]
    fn is_done(&self) -> bool {
        false
    }
}

/// Walks a document. Returns the end of its value.
///
/// # Errors
/// When it is not JSON or exceeds a limit, or when the actions refuse it.
#[inline]
pub fn walk<A: Actions>(bytes: &[u8], limits: &Limits, actions: &mut A) -> ReadResult<usize> {
    dispatch!(wide::level(), simd => walk_by(simd, bytes, limits, actions))
}

#[inline(always)]
fn walk_by<S: Simd, A: Actions>(simd: S, bytes: &[u8], limits: &Limits, actions: &mut A) -> ReadResult<usize> {
    let mut reader = JsonReader::new(bytes, limits);
    let mut open = Brackets::default();
    let (mut place, mut name) = reader.place(simd, 0, false)?;
    loop {
        match actions.part(simd, &place, name)? {
            Step::Value(part) => match actions.accept(simd, &place, part) {
                Some(end) => reader.position = end,
                None => {
                    let scalar = reader.scalar_by(simd)?;
                    actions.value(&place, part, scalar, reader.position)?;
                }
            },
            Step::Skip(part) => {
                match place.first {
                    b'"' => drop(reader.string_by(simd)?),
                    _ => reader.skip_value(open.depth)?,
                }
                actions.skipped(&place, part, reader.position)?;
            }
            Step::Enter(part) => {
                if open.depth >= limits.depth {
                    return Err(Refusal::at(Reason::Limit, place.value_start, "values are nested too deep"));
                }
                let is_object = place.kind == ValueKind::Object;
                reader.position += 1;
                let inside = reader.position;
                let next = reader.peek();
                actions.open(&place, part, Span::new(inside, reader.position))?;
                if next != Some(closing(is_object).0) {
                    open.push(is_object);
                    (place, name) = reader.place(simd, inside, is_object)?;
                    continue;
                }
                reader.position += 1;
                actions.close(inside, reader.position)?;
            }
        }
        // After a value.
        loop {
            let gap = reader.position;
            if actions.is_done() {
                return Ok(gap);
            }
            let Some(is_object) = open.top() else {
                reader.end()?;
                return Ok(gap);
            };
            let next = reader.peek();
            if next == Some(b',') {
                reader.position += 1;
                (place, name) = reader.place(simd, reader.position, is_object)?;
                break;
            }
            let (close, detail) = closing(is_object);
            if next != Some(close) {
                return Err(reader.refuse(detail));
            }
            reader.position += 1;
            open.pop();
            actions.close(gap, reader.position)?;
        }
    }
}

impl JsonReader<'_> {
    /// Reads up to the value of the next part.
    #[inline(always)]
    fn place<S: Simd>(&mut self, simd: S, separator_end: usize, is_member: bool) -> ReadResult<(Place, Block<S>)> {
        self.peek();
        let start = self.position;
        let (name, name_bytes) = if is_member {
            let (name, bytes) = self.name_by(simd)?;
            (Some(name), bytes)
        } else {
            (None, Block::none(simd))
        };
        let first = self.peek().unwrap_or_default();
        let value_start = self.position;
        let kind = match first {
            b'"' => ValueKind::Scalar,
            b'{' => ValueKind::Object,
            b'[' => ValueKind::Array,
            _ => self.kind()?,
        };
        Ok((Place { separator_end, start, name, value_start, kind, first }, name_bytes))
    }
}
