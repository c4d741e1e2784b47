//! Compares the values of an output, one after another, with the message that it was made of, by the manifest.

use std::borrow::Cow;

use super::table::TableNode;
use super::text::Field;
use super::token::Tokens;
use super::value::{Checked, Permitted, Value, Written, ensure, in_text, is_blank, is_result_of, is_space};
use dmv_redact_model::catalog::{ElementId, Treatment};
use dmv_redact_model::manifest::{Manifest, ReleasedForm, ReleasedPart, ReleasedValue};
use dmv_redact_model::{format::NOTICE, span::Span};

const OTHER: &str = "a value that isn't the message's";
const OTHER_PART: &str = "a part that isn't the message's, or holds other values";
/// Stands for the name of an array in an array, which has none.
pub(super) const NESTED_ARRAY: &str = "[";
pub(super) const OTHER_LINK: &str = "a reference that doesn't lead where the message's does";

/// How far an output agrees with its manifest. A copy is a place to go back to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Comparison<'a> {
    message: &'a [u8],
    /// What the output must still have.
    entries: &'a [ReleasedValue],
    parts: &'a [ReleasedPart],
    links: &'a [Span],
    embedded: &'a [Manifest],
    pub(super) tokens: Option<Tokens<'a>>,
    /// How many values it had.
    count: usize,
    /// Where the last value ended in the message.
    passed: usize,
    /// That of the text whose fields are read.
    text: Span,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(message: &'a [u8], manifest: &'a Manifest, tokens: Option<Tokens<'a>>) -> Self {
        let (entries, parts, links) = (manifest.entries(), manifest.parts(), manifest.links());
        let embedded = manifest.embedded();
        Self { message, entries, parts, links, embedded, tokens, count: entries.len(), ..Self::default() }
    }

    /// How many values were compared.
    fn compared(&self) -> usize {
        self.count - self.entries.len()
    }

    /// Begins the next part, which has this name and begins after as many values. Returns how many there are before its
    /// end.
    pub(super) fn open(&mut self, name: &str, written: Written) -> Checked<usize> {
        let part = self.parts.split_first().filter(|_| self.is_next_part(name, written));
        let (part, rest) = part.ok_or(OTHER_PART)?;
        (self.parts, self.passed) = (rest, part.start);
        Ok(part.end)
    }

    /// Whether the output has all of it.
    pub(super) fn is_complete(self) -> bool {
        self.entries.is_empty() && self.parts.is_empty() && self.links.is_empty() && self.embedded.is_empty()
    }

    /// Whether the next part begins here and has this name.
    pub(super) fn is_next_part(&self, name: &str, written: Written) -> bool {
        let is_next = |part: &&ReleasedPart| part.first == self.compared() && part.start >= self.passed;
        self.parts.first().filter(is_next).is_some_and(|part| self.is_named(part.start, name, written))
    }

    /// Ends a part: as many values were compared.
    pub(super) fn close(&self, end: usize) -> Checked<()> {
        ensure(self.compared() == end, OTHER_PART)
    }

    /// Whether the element, member or item that begins at `start` has this name, the prefix of an element aside.
    fn is_named(&self, start: usize, name: &str, written: Written) -> bool {
        let Some((first, rest)) = self.message.get(start..).and_then(<[u8]>::split_first) else { return false };
        match (written, first) {
            (Written::Json, b'"') if rest.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"\"")) => {
                !name.is_empty()
            }
            // Its name may have escapes.
            (Written::Json, b'"') => {
                let rest = self.message.get(start..).unwrap_or_default();
                let mut names = serde_json::Deserializer::from_slice(rest).into_iter::<String>();
                names.next().is_some_and(|own| own.is_ok_and(|own| own == name))
            }
            (Written::Json, b'{') => name.is_empty(),
            (Written::Json, b'[') => name == NESTED_ARRAY,
            (_, b'<') if rest.strip_prefix(name.as_bytes()).is_some_and(is_end_of_name) => true,
            (_, b'<') => {
                let end = (0..rest.len()).find(|at| rest.get(*at..).is_some_and(is_end_of_name));
                let own = rest.get(..end.unwrap_or_default()).unwrap_or_default();
                own.rsplit(|byte| *byte == b':').next() == Some(local(name).as_bytes())
            }
            _ => false,
        }
    }

    /// Whether what stands right before a value, which begins at `start`, is its name.
    fn is_after_name(&self, start: usize, name: &str, written: Written) -> bool {
        let before = self.message.get(..start).unwrap_or_default();
        let spaces = |bytes: &[u8]| bytes.iter().rev().take_while(|byte| is_space(**byte)).count();
        let trimmed = |bytes: &'a [u8]| bytes.get(..bytes.len() - spaces(bytes)).unwrap_or_default();
        match written {
            Written::Content => {
                let before = before.strip_suffix(b">").unwrap_or_default();
                if before.strip_suffix(name.as_bytes()).is_some_and(|before| before.ends_with(b"<")) {
                    return true;
                }
                memchr::memrchr(b'<', before).is_some_and(|tag| self.is_named(tag, name, written))
            }
            Written::Attribute => {
                let equals = before.split_last().map(|(_, before)| trimmed(before)).unwrap_or_default();
                let rest = equals.strip_suffix(b"=").map(trimmed).unwrap_or_default();
                let rest = rest.strip_suffix(local(name).as_bytes());
                rest.and_then(<[u8]>::last).is_some_and(|last| is_space(*last) || *last == b':')
            }
            Written::Json if name.is_empty() => matches!(trimmed(before).last(), Some(b'[' | b',')),
            Written::Json => {
                let rest = trimmed(before).strip_suffix(b":").map(trimmed);
                let rest = rest.and_then(|rest| rest.strip_suffix(b"\"")?.strip_suffix(name.as_bytes()));
                rest.is_some_and(|rest| rest.ends_with(b"\""))
            }
        }
    }

    /// What the next link means in the message.
    pub(super) fn link(&mut self, written: Written) -> Checked<Cow<'a, str>> {
        let (span, rest) = self.links.split_first().ok_or(OTHER_LINK)?;
        self.links = rest;
        let raw = self.message.get(span.start()..span.end()).and_then(|raw| std::str::from_utf8(raw).ok());
        raw.and_then(|raw| written.decode(raw, &mut String::new())).ok_or(OTHER_LINK)
    }

    pub(super) fn value(&mut self, permitted: Permitted, value: &Value<'_>, node: &TableNode) -> Checked<()> {
        let (element, treatment) = permitted;
        let mut rest = value.raw.as_bytes();
        loop {
            let entry = self.next(element, Some(treatment))?;
            if entry.form == ReleasedForm::Notice {
                return ensure(node.is_notice && entry.span.is_empty() && value.text == NOTICE, OTHER);
            }
            // A piece after the first is behind something else.
            if let Some(name) = value.name.filter(|_| rest.len() == value.raw.len()) {
                ensure(self.is_after_name(entry.span.start(), name, value.written), OTHER_PART)?;
            }
            let bytes = self.bytes(entry.span, value.written)?;
            let is_nil = value.is_nil && value.written == Written::Content;
            let source = || std::str::from_utf8(bytes).unwrap_or_default();
            let is_same = match entry.form {
                ReleasedForm::Continued if value.written == Written::Content => {
                    rest = rest.strip_prefix(bytes).ok_or(OTHER)?;
                    continue;
                }
                // A nil that is a placeholder isn't a blank value of the message.
                ReleasedForm::Nil => is_nil && rest.is_empty() && bytes.is_empty(),
                ReleasedForm::Exact if is_nil => false,
                ReleasedForm::Exact => rest == bytes && (treatment == Treatment::Full || is_blank(value.text)),
                _ if rest.len() < value.raw.len() => false,
                ReleasedForm::Treated => {
                    // A number of JSON stays one, if its result can be written so.
                    let is_number =
                        value.text.bytes().all(|byte| byte.is_ascii_digit()) && !value.text.starts_with('0');
                    let is_string = bytes.starts_with(b"\"") || !is_number;
                    let has_kind = value.written != Written::Json || is_string == value.raw.starts_with('"');
                    let decoded = value.written.decode(source(), &mut String::new());
                    has_kind
                        && decoded.is_some_and(|source| match treatment {
                            Treatment::Token => {
                                self.tokens.is_some_and(|tokens| tokens.is_of(element, &source, value.text))
                            }
                            _ => is_result_of(treatment, value.text, &source),
                        })
                }
                ReleasedForm::TypeName if value.written == Written::Attribute && node.is_type => {
                    let source = source().trim_matches(' ');
                    local(source) == local(value.text) && (value.text.contains(':') || !source.contains(':'))
                }
                _ => false,
            };
            return ensure(is_same, OTHER);
        }
    }

    /// A notice that the message doesn't have.
    pub(super) fn legal_notice(&mut self, element: ElementId) -> Checked<()> {
        let entry = self.next(element, Some(Treatment::Full))?;
        ensure(entry.form == ReleasedForm::Notice && entry.span.is_empty(), OTHER)
    }

    /// An attribute that names an object or refers to one, and is mapped too.
    pub(super) fn mapped_link(&mut self, (element, treatment): Permitted) -> Checked<()> {
        let entry = self.next(element, Some(treatment))?;
        self.bytes(entry.span, Written::Attribute)?;
        ensure(entry.form == ReleasedForm::Link, OTHER)
    }

    /// Begins a text of fields, or one that is a message. Returns the text in the message.
    pub(super) fn text(
        &mut self,
        (element, treatment): (ElementId, Option<Treatment>),
        value: &Value<'_>,
        form: ReleasedForm,
    ) -> Checked<Cow<'a, str>> {
        let entry = self.next(element, treatment)?;
        let is_named = value.name.is_none_or(|name| self.is_after_name(entry.span.start(), name, value.written));
        ensure(is_named, OTHER_PART)?;
        self.text = entry.span;
        let source = std::str::from_utf8(self.bytes(entry.span, value.written)?).unwrap_or_default();
        value.written.decode(source, &mut String::new()).filter(|_| entry.form == form).ok_or(OTHER)
    }

    /// A text that is a message: what it is in the message, and its own manifest.
    pub(super) fn embedded(&mut self, element: ElementId, value: &Value<'_>) -> Checked<(Cow<'a, str>, &'a Manifest)> {
        let text = self.text((element, Some(Treatment::Full)), value, ReleasedForm::Embedded)?;
        let (manifest, rest) = self.embedded.split_first().ok_or(OTHER)?;
        self.embedded = rest;
        Ok((text, manifest))
    }

    /// Compares the next field of a text with those that the message has: one of them, after the last, must be its source.
    pub(super) fn field<'s>(
        &mut self,
        (element, treatment): Permitted,
        field: &Field<'_>,
        sources: &mut impl Iterator<Item = Field<'s>>,
    ) -> Checked<()> {
        let entry = self.next(element, Some(treatment))?;
        // In a text a mask stands for a token.
        let treatment = in_text(treatment);
        let is_source = |source| field.text == source || is_result_of(treatment, field.text, source);
        let has_source = sources.any(|source| field.is_like(&source) && is_source(source.text));
        ensure(has_source && entry.form == ReleasedForm::Field && entry.span == self.text, OTHER)
    }

    fn next(&mut self, element: ElementId, treatment: Option<Treatment>) -> Checked<&'a ReleasedValue> {
        let (entry, rest) = self.entries.split_first().ok_or("a value that the manifest doesn't have")?;
        self.entries = rest;
        let is_same = entry.element == element && treatment.is_none_or(|treatment| entry.treatment == treatment);
        ensure(is_same, "a value of another element or treatment than the manifest has").map(|()| entry)
    }

    /// The bytes of a span, which must follow those before, and be delimited as a value is.
    fn bytes(&mut self, span: Span, written: Written) -> Checked<&'a [u8]> {
        let bytes = self.message.get(span.start()..span.end()).filter(|_| span.start() >= self.passed);
        self.passed = span.end();
        let [before, after] = [span.start().wrapping_sub(1), span.end()].map(|at| self.message.get(at).copied());
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        let is_whole = match written {
            // An empty-element tag has no content.
            Written::Content => span.is_empty() || (before, after) == (b'>', b'<'),
            Written::Attribute => before == after && matches!(before, b'"' | b'\''),
            Written::Json => {
                (is_space(before) || b"[:,".contains(&before)) && (is_space(after) || b"]},".contains(&after))
            }
        };
        bytes.filter(|_| is_whole).ok_or("a span of the manifest that is out of order or range, or not a whole value")
    }
}

/// Whether the name of an element ends before these bytes.
fn is_end_of_name(rest: &[u8]) -> bool {
    rest.first().is_some_and(|byte| is_space(*byte) || matches!(byte, b'/' | b'>'))
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}
