//! The manifest of an output: for each released value, and each part that values are in, where it is in the message. The
//! first reading writes it, the second reading compares the output with it.

use crate::catalog::{ElementId, Treatment};
use crate::span::Span;

/// One value that was released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleasedValue {
    /// Its bytes in the text of the message, as written: what is between the tags of an XML element (sections with their
    /// delimiters) or the quotes of an attribute; a JSON value with its quotes. Spans ascend and don't overlap.
    pub span: Span,
    /// Its data element.
    pub element: ElementId,
    /// How its element is permitted.
    pub treatment: Treatment,
    /// What the output has for it.
    pub form: ReleasedForm,
}

/// What the output has for a released value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleasedForm {
    /// The same bytes. Under another treatment than `full` only a blank value is exact.
    Exact,
    /// Nothing, as in the message: an XML element that says nil. The span is empty.
    Nil,
    /// The same bytes, followed by those of the next entry: what was between them was removed.
    Continued,
    /// The result of its treatment, of all that is between the tags; also of a value that is such a result already.
    Treated,
    /// The same name of a type in XML; its prefix may be another for the same namespace.
    TypeName,
    /// A number in place of an id or reference.
    Link,
    /// Those fields of a text that are released, each with an entry of its own after this one and with this span.
    Text,
    /// A field of the text before, in the form of its treatment.
    Field,
    /// What of the message in a text is released, which has a manifest of its own.
    Embedded,
    /// The notice that a value was removed, which the message doesn't have; the span is empty.
    Notice,
}

/// An element, object or array that is released with values or references in it. An element or member with one value and
/// nothing else has none, if its name is right before the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleasedPart {
    /// Where it begins in the message: at the `<` of its start tag, the opening quote of its name, or its bracket.
    pub start: usize,
    /// How many values are listed before it.
    pub first: usize,
    /// How many values are listed before its end.
    pub end: usize,
}

/// All released values, in the order of the output, which is that of the message. Reused from message to message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    entries: Vec<ReleasedValue>,
    parts: Vec<ReleasedPart>,
    links: Vec<Span>,
    embedded: Vec<Manifest>,
}

impl Manifest {
    /// The entries.
    #[must_use]
    pub fn entries(&self) -> &[ReleasedValue] {
        &self.entries
    }

    /// The parts that values are in, in the order in which they begin.
    #[must_use]
    pub fn parts(&self) -> &[ReleasedPart] {
        &self.parts
    }

    /// Where the released names of objects and references to them are: what is between the quotes of an attribute, a JSON
    /// string with its quotes.
    #[must_use]
    pub fn links(&self) -> &[Span] {
        &self.links
    }

    /// The manifests of the messages in texts, one for each entry of that form.
    #[must_use]
    pub fn embedded(&self) -> &[Manifest] {
        &self.embedded
    }

    /// Adds what is released of the message in a text.
    pub fn push_embedded(&mut self, value: ReleasedValue, manifest: Self) {
        self.entries.push(value);
        self.embedded.push(manifest);
    }

    /// Begins a part. Returns its number.
    #[inline(always)]
    pub fn open(&mut self, start: usize) -> usize {
        let first = self.entries.len();
        self.parts.push(ReleasedPart { start, first, end: first });
        self.parts.len() - 1
    }

    /// Ends a part.
    #[inline(always)]
    pub fn close(&mut self, part: usize) {
        if let Some(part) = self.parts.get_mut(part) {
            part.end = self.entries.len();
        }
    }

    /// Removes a part and all after it.
    #[inline(always)]
    pub fn remove_from(&mut self, part: usize) {
        self.parts.truncate(part);
    }

    /// Adds a part as it is.
    pub fn push_part(&mut self, part: ReleasedPart) {
        self.parts.push(part);
    }

    /// Adds the name of an object, or a reference.
    pub fn push_link(&mut self, span: Span) {
        self.links.push(span);
    }

    /// Adds a value.
    #[inline(always)]
    pub fn push(&mut self, value: ReleasedValue) {
        self.entries.push(value);
    }

    /// The number of entries.
    #[must_use]
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing was released.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Removes the entries after the first `length`: they were taken back.
    pub fn truncate(&mut self, length: usize) {
        self.entries.truncate(length);
        if !self.embedded.is_empty() {
            let is_embedded = |value: &&ReleasedValue| value.form == ReleasedForm::Embedded;
            self.embedded.truncate(self.entries.iter().filter(is_embedded).count());
        }
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.parts.clear();
        self.links.clear();
        self.embedded.clear();
    }
}
