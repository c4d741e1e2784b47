//! Compares the values of an output, one after another, with the message that it was made of, by the manifest. So a stale
//! buffer, a swapped record or a wrong offset is found, and not only what the grant doesn't permit.

use super::decode::Written;
use super::table::TableNode;
use super::treatment::{is_result_of, last_four};
use super::value::{Checked, Permitted, Value, is_blank};
use dmv_redact_model::catalog::{ElementId, Treatment};
use dmv_redact_model::format::NOTICE;
use dmv_redact_model::manifest::{ReleasedForm, ReleasedValue};
use dmv_redact_model::span::Span;

const OTHER: &str = "a value that isn't the message's";

/// How far an output agrees with its manifest. A copy is a place to go back to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comparison<'a> {
    message: &'a [u8],
    /// What the output must still have.
    entries: &'a [ReleasedValue],
    /// Where the last value ended in the message.
    passed: usize,
}

/// The fields of a text, as far as they were found in the message.
#[derive(Debug)]
pub(super) struct Fields<'v> {
    span: Span,
    rest: &'v str,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(message: &'a [u8], entries: &'a [ReleasedValue]) -> Self {
        Self { message, entries, passed: 0 }
    }

    /// Compares a value that is released.
    pub(super) fn value(
        &mut self,
        (element, treatment): Permitted,
        value: &Value<'_>,
        node: Option<&TableNode>,
        scratch: &mut String,
    ) -> Checked<()> {
        let mut rest = value.raw.as_bytes();
        loop {
            let entry = self.next(element, Some(treatment))?;
            if entry.form == ReleasedForm::Notice {
                let is_notice = node.is_some_and(|node| node.is_notice) && entry.span.is_empty();
                return if is_notice && value.text == NOTICE { Ok(()) } else { Err(OTHER) };
            }
            let source = self.bytes(entry.span)?;
            // A placeholder that is nil isn't a blank value of the message, nor the other way round.
            let is_nil = value.is_nil && value.written == Written::Content;
            let is_same = match entry.form {
                ReleasedForm::Continued if value.written == Written::Content => {
                    rest = rest.strip_prefix(source).ok_or(OTHER)?;
                    continue;
                }
                ReleasedForm::Nil => is_nil && rest.is_empty() && source.is_empty(),
                ReleasedForm::Exact => {
                    !is_nil && rest == source && (treatment == Treatment::Full || is_blank(value.text))
                }
                _ if rest.len() < value.raw.len() => false,
                ReleasedForm::Treated => decode(value.written, source, scratch)
                    .is_some_and(|source| is_result_of(treatment, value.text, source)),
                ReleasedForm::TypeName => {
                    let is_type = value.written == Written::Attribute && node.is_some_and(|node| node.is_type);
                    let source = std::str::from_utf8(source).map_err(|_| OTHER)?.trim_matches(' ');
                    is_type && local(source) == local(value.text) && (value.text.contains(':') || !source.contains(':'))
                }
                _ => false,
            };
            return if is_same { Ok(()) } else { Err(OTHER) };
        }
    }

    /// An attribute that names an object or refers to one, and is mapped too.
    pub(super) fn link(&mut self, (element, treatment): Permitted) -> Checked<()> {
        let entry = self.next(element, Some(treatment))?;
        self.bytes(entry.span)?;
        if entry.form == ReleasedForm::Link { Ok(()) } else { Err(OTHER) }
    }

    /// Begins the fields of a text, whose own element is `element`.
    pub(super) fn text<'s>(
        &mut self,
        element: ElementId,
        written: Written,
        scratch: &'s mut String,
    ) -> Checked<Fields<'s>>
    where
        'a: 's,
    {
        let entry = self.next(element, None)?;
        let source = self.bytes(entry.span)?;
        let text = decode(written, source, scratch).filter(|_| entry.form == ReleasedForm::Text).ok_or(OTHER)?;
        Ok(Fields { span: entry.span, rest: text })
    }

    /// Compares the next field of a text.
    pub(super) fn field(&mut self, permitted: Permitted, value: &str, fields: &mut Fields<'_>) -> Checked<()> {
        let (element, treatment) = permitted;
        let entry = self.next(element, Some(treatment))?;
        let rest = match treatment {
            Treatment::Full | Treatment::Year | Treatment::Zip5 => fields.after(value),
            Treatment::Last4 => last_four(value).and_then(|end| {
                let mut rest = fields.rest.chars();
                end.chars().all(|one| rest.any(|other| other == one)).then_some(rest.as_str())
            }),
            Treatment::Mask => Some(fields.rest),
        };
        fields.rest = rest.filter(|_| entry.form == ReleasedForm::Field && entry.span == fields.span).ok_or(OTHER)?;
        Ok(())
    }

    /// Whether the output has everything.
    pub(super) fn is_complete(&self) -> bool {
        self.entries.is_empty()
    }

    fn next(&mut self, element: ElementId, treatment: Option<Treatment>) -> Checked<&'a ReleasedValue> {
        let (entry, rest) = self.entries.split_first().ok_or("a value that the manifest doesn't have")?;
        self.entries = rest;
        match entry.element == element && treatment.is_none_or(|treatment| entry.treatment == treatment) {
            true => Ok(entry),
            false => Err("a value of another element or treatment than the manifest has"),
        }
    }

    /// The bytes of a span, which must follow those before.
    fn bytes(&mut self, span: Span) -> Checked<&'a [u8]> {
        let bytes = self.message.get(span.start()..span.end()).filter(|_| span.start() >= self.passed);
        self.passed = span.end();
        bytes.ok_or("a span of the manifest that is out of order or range")
    }
}

impl<'v> Fields<'v> {
    /// What follows a value in the text.
    fn after(&self, value: &str) -> Option<&'v str> {
        let start = memchr::memmem::find(self.rest.as_bytes(), value.as_bytes())?;
        self.rest.get(start + value.len()..)
    }
}

fn decode<'s>(written: Written, source: &'s [u8], scratch: &'s mut String) -> Option<&'s str> {
    written.decode(std::str::from_utf8(source).ok()?, scratch)
}

/// The name of a type without its prefix.
fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}
