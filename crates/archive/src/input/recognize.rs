//! Recognizes a source by its content. Every guess is tested before anything is split: what the strict reader accepts
//! as one document is one message, whatever its lines look like; where the content is ambiguous, the name or the option
//! decides; and where that contradicts the content, nothing is read (P2).

use super::super::form::Layout;
use super::super::line::{is_json_string, trim_space, without_bom};
use super::containers::{begins_as_tar, begins_as_zip, unreadable};
use dmv_redact::internal::read::scan::{is_space, skip_space};
use dmv_redact::{Limits, Reason, SyntaxFault, lint_syntax};

/// Hints about a source besides its content.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hint {
    /// The layout that the caller states.
    pub(super) requested: Option<Layout>,
    /// The layout that its name indicates.
    pub(super) by_name: Option<Layout>,
}

/// The result of recognition.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Recognition {
    Is(Layout),
    /// More of it has to be read.
    NeedMore,
    /// It can't be read, or not in the requested form; the text says why.
    Unreadable(String),
}

impl Recognition {
    fn unreadable(what: &str) -> Self {
        Self::Unreadable(what.to_owned())
    }
}

/// The first bytes of a source, decompressed.
#[derive(Debug, Clone, Copy)]
pub(super) struct SourceHead<'h> {
    pub(super) bytes: &'h [u8],
    /// Whether that is all of it.
    pub(super) has_ended: bool,
    /// Whether more may be read.
    pub(super) may_grow: bool,
}

/// What the first lines of a source indicate.
#[derive(Debug, PartialEq, Eq)]
enum FirstLines {
    /// The first is a document, and what follows can't be part of it: the source isn't one document.
    Several,
    /// There is only one.
    Single,
    /// They could be lines of one document.
    Ambiguous,
    /// More has to be read.
    Incomplete,
}

/// Recognizes the layout of a source.
pub(super) fn layout_of(head: SourceHead<'_>, hint: Hint, limits: &Limits) -> Recognition {
    if let Some(what) = unreadable(head.bytes) {
        return Recognition::Unreadable(format!("it is {what}: that isn't read"));
    }
    let archive = match () {
        () if begins_as_zip(head.bytes) => Some(Layout::Zip),
        () if begins_as_tar(head.bytes) => Some(Layout::Tar),
        () => None,
    };
    match (archive, hint.requested, hint.by_name) {
        (Some(found), Some(requested), _) if found != requested => {
            let found = if found == Layout::Zip { "zip" } else { "tar" };
            Recognition::Unreadable(format!("it is a {found}, and --input-format says otherwise"))
        }
        (Some(found), ..) => Recognition::Is(found),
        (None, Some(requested), _) if requested != Layout::Lines => Recognition::Is(requested),
        // An archive without entries can't be recognized.
        (None, None, Some(by_name @ (Layout::Tar | Layout::Zip))) if !may_be_document(head.bytes) => {
            Recognition::Is(by_name)
        }
        _ => text_layout(head, hint, limits),
    }
}

/// Whether a source can begin a message, or lines of them.
fn may_be_document(head: &[u8]) -> bool {
    let text = without_bom(head);
    let first = text.get(skip_space(text, 0));
    text.len() < head.len() || is_utf16(head) || matches!(first, Some(b'{' | b'[' | b'"' | b'<'))
}

fn is_utf16(head: &[u8]) -> bool {
    head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF")
}

/// Distinguishes one message from lines of them.
fn text_layout(head: SourceHead<'_>, hint: Hint, limits: &Limits) -> Recognition {
    let limits = reading_limits(limits);
    let is_expected = hint.requested.or(hint.by_name) == Some(Layout::Lines);
    match first_lines(head, is_expected, &limits) {
        FirstLines::Several => Recognition::Is(Layout::Lines),
        FirstLines::Incomplete if head.may_grow => Recognition::NeedMore,
        // No message begins with a quote: the line is a string that holds one.
        FirstLines::Single if is_expected || trim_space(without_bom(head.bytes)).starts_with(b"\"") => {
            Recognition::Is(Layout::Lines)
        }
        FirstLines::Ambiguous | FirstLines::Incomplete if is_expected => as_expected(head, hint, &limits),
        FirstLines::Single | FirstLines::Ambiguous | FirstLines::Incomplete => Recognition::Is(Layout::Message),
    }
}

/// Takes a source for lines, as its name or the caller says, unless it is one document.
fn as_expected(head: SourceHead<'_>, hint: Hint, limits: &Limits) -> Recognition {
    if head.may_grow && !head.has_ended {
        return Recognition::NeedMore;
    }
    // A partial head is read up to a line end, so that its end isn't a fault.
    let end = match head.has_ended {
        true => head.bytes.len(),
        false => memchr::memrchr(b'\n', head.bytes).map_or(0, |at| at + 1),
    };
    let fault = match read_leniently(head.bytes.get(..end).unwrap_or_default(), limits) {
        Ok(()) if hint.requested.is_some() => {
            return Recognition::unreadable("it is one document on several lines, not a message a line");
        }
        Ok(()) => return Recognition::Is(Layout::Message),
        Err(fault) => fault,
    };
    match fault.reason() {
        _ if is_utf16(head.bytes) => Recognition::unreadable("it is in UTF-16: lines are read in UTF-8"),
        Reason::Doctype => {
            Recognition::unreadable("it is one document with a document type declaration, not a message a line")
        }
        Reason::Empty if head.has_ended => Recognition::Is(Layout::Lines),
        // The caller knows more than the content shows.
        _ if hint.requested.is_some() || is_conclusive(&fault, end) => Recognition::Is(Layout::Lines),
        _ => Recognition::unreadable(
            "it can't be told whether it is one document or a message a line, but for --input-format ndjson",
        ),
    }
}

/// Parses a document whatever its encoding: one in an undeclared encoding is still a document.
fn read_leniently(text: &[u8], limits: &Limits) -> Result<(), SyntaxFault> {
    match lint_syntax(text, limits) {
        Err(fault) if fault.reason() == Reason::Encoding && !is_utf16(text) => {
            lint_syntax(String::from_utf8_lossy(text).as_bytes(), limits)
        }
        result => result,
    }
}

/// Whether a fault proves that the first `length` bytes, which end with a line, don't begin one document, whatever
/// follows and however lenient a parser is. A truncated document, or one only forbidden here, proves nothing: it may
/// hold lines that look like messages.
fn is_conclusive(fault: &SyntaxFault, length: usize) -> bool {
    match fault.reason() {
        Reason::SyntaxUnknown => true,
        // A JSON document continues after a line end, but none of its strings, names and numbers does.
        Reason::NotWellFormedJson => fault.offset().is_some_and(|offset| offset < length),
        _ => has_document_ended(fault),
    }
}

/// Whether the fault is that something comes before or after a whole document.
fn has_document_ended(fault: &SyntaxFault) -> bool {
    matches!(
        fault.detail(),
        "something follows the document" | "a second root element" | "text outside the root element"
    )
}

fn first_lines(head: SourceHead<'_>, is_expected: bool, limits: &Limits) -> FirstLines {
    let text = without_bom(head.bytes);
    let (first, rest) = next_line(text);
    match first.first() {
        None if head.has_ended => return FirstLines::Ambiguous,
        None => return FirstLines::Incomplete,
        Some(b'{' | b'[' | b'"' | b'<') => {}
        Some(_) => return FirstLines::Ambiguous,
    }
    if rest.is_none() && !head.has_ended {
        return FirstLines::Incomplete;
    }
    let (second, rest) = next_line(rest.unwrap_or_default());
    // Six bytes are enough to recognize a declaration, a comment or a processing instruction.
    match second.len() {
        0 if head.has_ended => return FirstLines::Single,
        0..6 if !head.has_ended && rest.is_none() => return FirstLines::Incomplete,
        _ => {}
    }
    if !is_document(first, limits) {
        return FirstLines::Ambiguous;
    }
    let may_belong = first.starts_with(b"<") && (second.starts_with(b"<!--") || second.starts_with(b"<?"));
    if may_belong && !is_declaration(second) {
        return match lint_syntax(text, limits) {
            Err(fault) if has_document_ended(&fault) => FirstLines::Several,
            _ if head.has_ended => FirstLines::Ambiguous,
            _ => FirstLines::Incomplete,
        };
    }
    match () {
        () if is_expected => FirstLines::Several,
        () if rest.is_none() && !head.has_ended => FirstLines::Incomplete,
        () if is_document(second, limits) => FirstLines::Several,
        () => FirstLines::Ambiguous,
    }
}

/// The next line that isn't blank, trimmed, and what follows if the line has ended.
fn next_line(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    let text = text.get(skip_space(text, 0)..).unwrap_or_default();
    match memchr::memchr(b'\n', text).and_then(|at| text.split_at_checked(at)) {
        Some((line, rest)) => (trim_space(line), Some(rest)),
        None => (trim_space(text), None),
    }
}

/// Whether a line is a document by itself: a message, or a JSON string that may hold one.
fn is_document(line: &[u8], limits: &Limits) -> bool {
    lint_syntax(line, limits).is_ok() || is_json_string(line, limits)
}

/// Whether a line begins with an XML declaration, which is only allowed at the beginning of a document.
fn is_declaration(line: &[u8]) -> bool {
    line.strip_prefix(b"<?xml").is_some_and(|rest| rest.first().copied().is_some_and(is_space))
}

/// Limits for recognition: a message beyond the caller's is still a document.
fn reading_limits(limits: &Limits) -> Limits {
    let mut reading = limits.clone();
    reading.message_bytes = usize::MAX;
    reading.depth = 1 << 12;
    reading.name_bytes = usize::MAX;
    reading.members = usize::MAX;
    reading
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recognized(head: &[u8], has_ended: bool, hint: Hint) -> Recognition {
        layout_of(SourceHead { bytes: head, has_ended, may_grow: !has_ended }, hint, &Limits::default())
    }

    const BY_NAME: Hint = Hint { requested: None, by_name: Some(Layout::Lines) };
    const REQUESTED: Hint = Hint { requested: Some(Layout::Lines), by_name: None };

    #[test]
    fn p2_lines_are_told_from_a_document_by_what_can_not_be_in_one() {
        for lines in [
            "{\"a\":1}\n{\"a\":2}\n",
            "\"<a/>\"\n{\"a\":2}\n",
            "{\"a\":1}\r\n\r\n\"<a/>\"\n",
            "{\"a\":1}\n<a/>",
            "<?xml version='1.0'?><a b=''></a>\n[1]",
            "<?xml version='1.0'?><a/>\n<?xml version='1.0'?><b/>",
            "<a/>\n<!-- x --><b/>\n",
            "\u{FEFF}<a>x</a>\n<b/>",
        ] {
            for hint in [Hint::default(), BY_NAME, REQUESTED] {
                assert_eq!(recognized(lines.as_bytes(), true, hint), Recognition::Is(Layout::Lines), "{lines}");
            }
        }
        for message in [
            "{\"a\":{}\n,\"b\":1}",
            "[\n{\"a\":1}\n]",
            "<a>\n\"text\"</a>\n",
            "<?a\n{\"a\":1}\n{\"a\":1}\n?><a/>",
            "<a/>\n<?a\n{\"a\":1}\n?>",
            "<?xml version='1.0'?>\n<?xml-a?>\n<a/>",
        ] {
            for hint in [Hint::default(), BY_NAME] {
                assert_eq!(recognized(message.as_bytes(), true, hint), Recognition::Is(Layout::Message), "{message}");
            }
            assert!(matches!(recognized(message.as_bytes(), true, REQUESTED), Recognition::Unreadable(_)), "{message}");
        }
        // Where the content is ambiguous, the name decides.
        for open in
            [&b"{\"a\":1}\n"[..], b"{\"a\n{}\n", b"{\"a\":\"\xE9\"}\n{}\n", b"<a>\xE9</a>\n<b/>", b"\x0C{}\n{}\n", b""]
        {
            assert_eq!(recognized(open, true, Hint::default()), Recognition::Is(Layout::Message));
            assert_eq!(recognized(open, true, BY_NAME), Recognition::Is(Layout::Lines));
        }
    }

    #[test]
    fn p2_what_is_refused_or_cut_may_still_be_one_document() {
        for open in [
            "<!DOCTYPE a [\n<!ENTITY x '\n{}\n'>]>\n<a/>",
            "<?xml version='1.0'?>\n<!DOCTYPE a>\n<!--\n{}\n--><a/>",
            "<?xml version='1.1'?>\n<!--\n{}\n--><a/>",
            "<?xml version='1.0' encoding='UTF-7'?>\n<!--\n{}\n--><a/>",
            "<p:a>\n<!--\n{}\n--></p:a>",
            "<?a\n{}\n{}\n",
            "<a>\n{}\n",
            "[\n{}\n",
            "<a>\u{1}\n<!--\n{}\n--></a>",
        ] {
            assert_eq!(recognized(open.as_bytes(), true, Hint::default()), Recognition::Is(Layout::Message), "{open}");
            assert!(matches!(recognized(open.as_bytes(), true, BY_NAME), Recognition::Unreadable(_)), "{open}");
        }
        assert_eq!(recognized(b"[\n\"\xE9\",\n{}\n]", true, BY_NAME), Recognition::Is(Layout::Message));
    }

    #[test]
    fn p2_a_beginning_that_could_be_either_is_read_on() {
        for beginning in ["{\"a\":1}\n", "{\"a\":", "<a/>\n<", "<a/>\n<?a\n", "<a/>\n<!--\n<b/>\n", "", "\n\n"] {
            assert_eq!(recognized(beginning.as_bytes(), false, Hint::default()), Recognition::NeedMore, "{beginning}");
            assert_eq!(recognized(beginning.as_bytes(), false, BY_NAME), Recognition::NeedMore, "{beginning}");
        }
        // An incomplete second line is enough where lines are expected.
        assert_eq!(recognized(b"{}\n{\"aaaaaaa", false, Hint::default()), Recognition::NeedMore);
        assert_eq!(recognized(b"{}\n{\"aaaaaaa", false, BY_NAME), Recognition::Is(Layout::Lines));
    }
}
