//! Compares the values of an output, one after another, with the message that it was made of, by the manifest.

use std::borrow::Cow;

use super::table::TableNode;
use super::value::{Checked, Permitted, Value, Written, ensure, is_blank, is_result_of, is_space};
use dmv_redact_model::catalog::{ElementId, Treatment};
use dmv_redact_model::manifest::{ReleasedForm, ReleasedValue};
use dmv_redact_model::{format::NOTICE, span::Span};

const OTHER: &str = "a value that isn't the message's";

/// How far an output agrees with its manifest. A copy is a place to go back to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Comparison<'a> {
    pub(super) message: &'a [u8],
    /// What the output must still have.
    pub(super) entries: &'a [ReleasedValue],
    /// Where the last value ended in the message.
    pub(super) passed: usize,
    /// That of the text whose fields are read.
    pub(super) text: Span,
}

impl<'a> Comparison<'a> {
    pub(super) fn value(&mut self, permitted: Permitted, value: &Value<'_>, node: &TableNode) -> Checked<()> {
        let (element, treatment) = permitted;
        let mut rest = value.raw.as_bytes();
        loop {
            let entry = self.next(element, Some(treatment))?;
            if entry.form == ReleasedForm::Notice {
                return ensure(node.is_notice && entry.span.is_empty() && value.text == NOTICE, OTHER);
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
                    has_kind && decoded.is_some_and(|source| is_result_of(treatment, value.text, &source))
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

    /// An attribute that names an object or refers to one, and is mapped too.
    pub(super) fn link(&mut self, (element, treatment): Permitted) -> Checked<()> {
        let entry = self.next(element, Some(treatment))?;
        self.bytes(entry.span, Written::Attribute)?;
        ensure(entry.form == ReleasedForm::Link, OTHER)
    }

    /// Begins the fields of a text. Returns the text in the message.
    pub(super) fn text(&mut self, element: ElementId, written: Written) -> Checked<Cow<'a, str>> {
        let entry = self.next(element, None)?;
        self.text = entry.span;
        let source = std::str::from_utf8(self.bytes(entry.span, written)?).unwrap_or_default();
        written.decode(source, &mut String::new()).filter(|_| entry.form == ReleasedForm::Text).ok_or(OTHER)
    }

    /// Compares the next field of a text with those that the message has: one of them, after the last, must be its source.
    pub(super) fn field<'s>(
        &mut self,
        (element, treatment): Permitted,
        field: &str,
        sources: &mut impl Iterator<Item = (Option<ElementId>, &'s str)>,
    ) -> Checked<()> {
        let entry = self.next(element, Some(treatment))?;
        let is_source = |source| field == source || is_result_of(treatment, field, source);
        let has_source = sources.any(|(own, source)| own == Some(element) && is_source(source));
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

/// The name of a type without its prefix.
fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}
