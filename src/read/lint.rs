//! Runs the strict readers alone over a whole message, without format or policy. Conformance suites run against this,
//! and it shows an engineer whether a withheld message is itself ill-formed.

use std::fmt;

use fearless_simd::Simd;

use super::Message;
use super::json::{Actions, Place, Scalar, Step, walk};
use super::limits::Limits;
use super::refusal::{Reason, Refusal};
use super::xml::{Event, XmlReader, XmlState};
use dmv_redact_model::format::{Namespaces, Syntax};
use dmv_redact_model::span::Span;
use dmv_redact_model::window::Block;

/// Why a message can't be read: a fixed code, a fixed sentence, and where. Never a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxFault(Refusal);

impl SyntaxFault {
    /// The reason with which a filter with the same limits withholds the message, unless another comes first.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.0.reason()
    }

    /// The exact problem, as a fixed sentence.
    #[must_use]
    pub fn detail(&self) -> &'static str {
        self.0.detail()
    }

    /// Where, in bytes from the start of the message; `None` if it concerns the whole message.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        self.0.offset()
    }
}

impl fmt::Display for SyntaxFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.reason().code(), self.detail())?;
        match self.offset() {
            Some(offset) => write!(formatter, " at byte {offset}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for SyntaxFault {}

/// Reads `message` to its end as [`Filter::redact`](crate::Filter::redact) would, and reports syntax errors. Duplicate
/// names in a JSON object aren't checked here, because only those of mapped names matter.
///
/// ```
/// use dmv_redact::{Limits, lint_syntax};
///
/// let fault = lint_syntax(b"<a><b></a>", &Limits::default()).unwrap_err();
/// assert_eq!(fault.to_string(), "not-well-formed-xml: an end tag doesn't match its start tag at byte 6");
/// ```
///
/// # Errors
/// When the message is neither well-formed XML 1.0 with namespaces nor a JSON object or array, is not in the encoding
/// that it must have or declares, has a document type declaration, or exceeds a limit.
pub fn lint_syntax(message: &[u8], limits: &Limits) -> Result<(), SyntaxFault> {
    read(message, limits).map_err(SyntaxFault)
}

fn read(message: &[u8], limits: &Limits) -> Result<(), Refusal> {
    let mut transcoded = String::new();
    let message = Message::open(message, limits, &mut transcoded)?;
    let result = match message.syntax {
        Syntax::Xml => read_xml(message, limits),
        Syntax::Json => read_json(message, limits),
    };
    result.map_err(|refusal| refusal.at_source(|offset| message.encoding.source_offset(message.text, offset)))
}

fn read_xml(message: Message<'_>, limits: &Limits) -> Result<(), Refusal> {
    let known = Namespaces::default();
    let mut state = XmlState::default();
    let (mut reader, _) = XmlReader::open(message.text, message.encoding, limits, &known, &mut state)?;
    while !matches!(reader.next_event()?, Event::Done) {}
    Ok(())
}

fn read_json(message: Message<'_>, limits: &Limits) -> Result<(), Refusal> {
    let bytes = message.text.as_bytes();
    walk(bytes, limits, &mut SkipAll).map(|_| ())
}

/// Reads over everything.
struct SkipAll;

impl Actions for SkipAll {
    type Part = ();

    #[inline(always)]
    fn part<S: Simd>(&mut self, _: S, _: &Place, _: Block<S>) -> Result<Step<()>, Refusal> {
        Ok(Step::Skip(()))
    }

    fn value(&mut self, _: &Place, (): (), _: Scalar, _: usize) -> Result<(), Refusal> {
        Ok(())
    }

    fn skipped(&mut self, _: &Place, (): (), _: usize) -> Result<(), Refusal> {
        Ok(())
    }

    fn open(&mut self, _: &Place, (): (), _: Span) -> Result<(), Refusal> {
        Ok(())
    }

    fn close(&mut self, _: usize, _: usize) -> Result<(), Refusal> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(message: &[u8]) -> String {
        lint_syntax(message, &Limits::default()).unwrap_err().to_string()
    }

    #[test]
    fn p2_each_syntax_is_read_to_its_end() {
        for good in [&b"<a xmlns='urn:nobody'/>\n"[..], b"\xEF\xBB\xBF<a/>", b" {\"a\":[1,{}]} ", b"[]"] {
            assert_eq!(lint_syntax(good, &Limits::default()), Ok(()));
        }
        assert_eq!(fault(b"<a/><b/>"), "not-well-formed-xml: a second root element at byte 4");
        assert_eq!(fault(b"{}{}"), "not-well-formed-json: something follows the document at byte 2");
        assert_eq!(fault(b"<!DOCTYPE a><a/>"), "doctype: a document type declaration at byte 0");
        assert_eq!(fault(b"[\"\xC0\xAF\"]"), "encoding: the message is not UTF-8 at byte 2");
        assert_eq!(fault(b"\"a\""), "syntax-unknown: the message is neither XML nor JSON at byte 0");
        assert_eq!(fault(b" "), "empty: there is no message");
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xE9\xE9</b>";
        assert_eq!(fault(latin), "not-well-formed-xml: an end tag doesn't match its start tag at byte 48");
    }

    #[test]
    fn p8_the_limits_of_the_caller_hold() {
        let limits = Limits { depth: 2, message_bytes: 16, ..Limits::default() };
        assert_eq!(lint_syntax(b"[[]]", &limits), Ok(()));
        for over in [&b"[[[]]]"[..], b"<a><b><c/></b></a>", b"<a>01234567890123456</a>"] {
            assert_eq!(lint_syntax(over, &limits).unwrap_err().reason(), Reason::Limit);
        }
    }

    #[test]
    fn p6_a_fault_holds_nothing_of_the_message() {
        let fault = lint_syntax(b"<a ssn='900-12-3456'><ssn>900-12-3456", &Limits::default()).unwrap_err();
        assert!(!format!("{fault} {fault:?}").contains("900-12"));
    }
}
