//! What a source is, by its content. Every guess has its premise tested before anything is cut: what the strict reader takes
//! as one document is one message, whatever its lines look like; where the content leaves it open, the name or the option
//! decides; and where that contradicts the content, nothing is read (P2).

use super::super::form::Layout;
use super::super::line::{is_json_string, trim_space, without_mark};
use super::containers::{begins_as_tar, begins_as_zip, unreadable};
use crate::read::scan::{is_space, skip_space};
use crate::read::{Limits, Reason, SyntaxFault, lint_syntax};

/// What is known of a source beside its content.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hint {
    /// What the caller says that it is.
    pub(super) asked: Option<Layout>,
    /// What its name says.
    pub(super) named: Option<Layout>,
}

/// What the first bytes of a source tell.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Is(Layout),
    /// More of it has to be seen.
    Undecided,
    /// It can't be read, or not as what it is said to be; the text says why.
    Unreadable(String),
}

/// The first bytes of a source, as it is once decompressed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head<'h> {
    pub(super) bytes: &'h [u8],
    /// Whether that is all of it.
    pub(super) has_ended: bool,
    /// Whether more may be asked for.
    pub(super) may_grow: bool,
}

/// What the lines at a source's beginning tell.
#[derive(Debug, PartialEq, Eq)]
enum Lines {
    /// The first is a document, and what follows is none of its parts: the source isn't one document.
    Several,
    /// There is only one.
    Alone,
    /// They can't be told from the lines of one document.
    Unclear,
    /// More has to be seen.
    Unfinished,
}

/// Tells how messages lie in a source.
pub(super) fn layout_of(head: Head<'_>, hint: Hint, limits: &Limits) -> Verdict {
    if let Some(what) = unreadable(head.bytes) {
        return Verdict::Unreadable(format!("it is {what}: that isn't read"));
    }
    let archive = match () {
        () if begins_as_zip(head.bytes) => Some(Layout::Zip),
        () if begins_as_tar(head.bytes) => Some(Layout::Tar),
        () => None,
    };
    match (archive, hint.asked, hint.named) {
        (Some(found), Some(asked), _) if found != asked => {
            let found = if found == Layout::Zip { "zip" } else { "tar" };
            Verdict::Unreadable(format!("it is a {found}, and --input-format says otherwise"))
        }
        (Some(found), ..) => Verdict::Is(found),
        (None, Some(asked), _) if asked != Layout::Lines => Verdict::Is(asked),
        // An archive without a single entry shows nothing.
        (None, None, Some(named @ (Layout::Tar | Layout::Zip))) if !may_be_document(head.bytes) => Verdict::Is(named),
        _ => text_layout(head, hint, limits),
    }
}

/// Whether a source begins as messages and lines of them do.
fn may_be_document(head: &[u8]) -> bool {
    let text = without_mark(head);
    let first = text.get(skip_space(text, 0));
    text.len() < head.len() || is_utf16(head) || matches!(first, Some(b'{' | b'[' | b'"' | b'<'))
}

fn is_utf16(head: &[u8]) -> bool {
    head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF")
}

/// Tells one message from lines of them.
fn text_layout(head: Head<'_>, hint: Hint, limits: &Limits) -> Verdict {
    let limits = reading_limits(limits);
    let is_expected = hint.asked.or(hint.named) == Some(Layout::Lines);
    let otherwise = || if is_expected { as_expected(head, hint, &limits) } else { Verdict::Is(Layout::Message) };
    match first_lines(head, is_expected, &limits) {
        Lines::Several => Verdict::Is(Layout::Lines),
        Lines::Unfinished if head.may_grow => Verdict::Undecided,
        // No message begins with a quote: it is one in a string.
        Lines::Alone if is_expected || trim_space(without_mark(head.bytes)).starts_with(b"\"") => {
            Verdict::Is(Layout::Lines)
        }
        Lines::Alone | Lines::Unclear | Lines::Unfinished => otherwise(),
    }
}

/// Takes a source for lines that is said to be that, unless it is one document.
fn as_expected(head: Head<'_>, hint: Hint, limits: &Limits) -> Verdict {
    if head.may_grow && !head.has_ended {
        return Verdict::Undecided;
    }
    let unreadable = |what: &str| Verdict::Unreadable(what.to_owned());
    // What was cut is read up to the end of a line, so that the cut is no fault.
    let end = match head.has_ended {
        true => head.bytes.len(),
        false => memchr::memrchr(b'\n', head.bytes).map_or(0, |at| at + 1),
    };
    let fault = match read_leniently(head.bytes.get(..end).unwrap_or_default(), limits) {
        Ok(()) if hint.asked.is_some() => {
            return unreadable("it is one document on several lines, not a message a line");
        }
        Ok(()) => return Verdict::Is(Layout::Message),
        Err(fault) => fault,
    };
    match fault.reason() {
        _ if is_utf16(head.bytes) => unreadable("it is in UTF-16: lines are read in UTF-8"),
        Reason::Doctype => unreadable("it is one document with a document type declaration, not a message a line"),
        Reason::Empty if head.has_ended => Verdict::Is(Layout::Lines),
        // Who says so knows more than the content tells.
        _ if hint.asked.is_some() || is_conclusive(&fault, end) => Verdict::Is(Layout::Lines),
        _ => {
            unreadable("it can't be told whether it is one document or a message a line, but for --input-format ndjson")
        }
    }
}

/// Reads a document whatever its bytes are: one in an encoding that isn't declared is still one.
fn read_leniently(text: &[u8], limits: &Limits) -> Result<(), SyntaxFault> {
    match lint_syntax(text, limits) {
        Err(fault) if fault.reason() == Reason::Encoding && !is_utf16(text) => {
            lint_syntax(String::from_utf8_lossy(text).as_bytes(), limits)
        }
        result => result,
    }
}

/// Whether a fault tells that the first `length` bytes, which end with a line, don't begin one document, whatever follows
/// and however little a reader asks. What is cut, or only forbidden here, tells nothing: it may hold lines that look like messages.
fn is_conclusive(fault: &SyntaxFault, length: usize) -> bool {
    match fault.reason() {
        Reason::SyntaxUnknown => true,
        // A JSON document goes on after a line's end, but none of its strings, names and numbers does.
        Reason::NotWellFormedJson => fault.offset().is_some_and(|offset| offset < length),
        _ => has_document_ended(fault),
    }
}

/// Whether the fault is that a whole document is followed by something, or preceded.
fn has_document_ended(fault: &SyntaxFault) -> bool {
    matches!(
        fault.detail(),
        "something follows the document" | "a second root element" | "text outside the root element"
    )
}

fn first_lines(head: Head<'_>, is_expected: bool, limits: &Limits) -> Lines {
    let text = without_mark(head.bytes);
    let (first, rest) = next_line(text);
    match first.first() {
        None if head.has_ended => return Lines::Unclear,
        None => return Lines::Unfinished,
        Some(b'{' | b'[' | b'"' | b'<') => {}
        Some(_) => return Lines::Unclear,
    }
    if rest.is_none() && !head.has_ended {
        return Lines::Unfinished;
    }
    let (second, rest) = next_line(rest.unwrap_or_default());
    // A declaration, a comment and a processing instruction begin so; the longest needs six bytes to be told.
    match second.len() {
        0 if head.has_ended => return Lines::Alone,
        0..6 if !head.has_ended && rest.is_none() => return Lines::Unfinished,
        _ => {}
    }
    if !is_document(first, limits) {
        return Lines::Unclear;
    }
    let may_belong = first.starts_with(b"<") && (second.starts_with(b"<!--") || second.starts_with(b"<?"));
    if may_belong && !is_declaration(second) {
        return match lint_syntax(text, limits) {
            Err(fault) if has_document_ended(&fault) => Lines::Several,
            _ if head.has_ended => Lines::Unclear,
            _ => Lines::Unfinished,
        };
    }
    match () {
        () if is_expected => Lines::Several,
        () if rest.is_none() && !head.has_ended => Lines::Unfinished,
        () if is_document(second, limits) => Lines::Several,
        () => Lines::Unclear,
    }
}

/// The next line that isn't blank, without white space around it, and what follows if it has ended.
fn next_line(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    let text = text.get(skip_space(text, 0)..).unwrap_or_default();
    match memchr::memchr(b'\n', text).and_then(|at| text.split_at_checked(at)) {
        Some((line, rest)) => (trim_space(line), Some(rest)),
        None => (trim_space(text), None),
    }
}

/// Whether a line is a document by itself: a message, or a JSON string that may be one.
fn is_document(line: &[u8], limits: &Limits) -> bool {
    lint_syntax(line, limits).is_ok() || is_json_string(line, limits)
}

/// Whether a line begins with an XML declaration, which stands only at the very beginning of a document.
fn is_declaration(line: &[u8]) -> bool {
    line.strip_prefix(b"<?xml").is_some_and(|rest| rest.first().copied().is_some_and(is_space))
}

/// Limits within which lines are told from a document: a message beyond the caller's is still a document.
fn reading_limits(limits: &Limits) -> Limits {
    Limits { message_bytes: usize::MAX, depth: 1 << 12, name_bytes: usize::MAX, members: usize::MAX, ..limits.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(head: &[u8], has_ended: bool, hint: Hint) -> Verdict {
        layout_of(Head { bytes: head, has_ended, may_grow: !has_ended }, hint, &Limits::default())
    }

    const NAMED: Hint = Hint { asked: None, named: Some(Layout::Lines) };
    const ASKED: Hint = Hint { asked: Some(Layout::Lines), named: None };

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
            for hint in [Hint::default(), NAMED, ASKED] {
                assert_eq!(told(lines.as_bytes(), true, hint), Verdict::Is(Layout::Lines), "{lines}");
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
            for hint in [Hint::default(), NAMED] {
                assert_eq!(told(message.as_bytes(), true, hint), Verdict::Is(Layout::Message), "{message}");
            }
            assert!(matches!(told(message.as_bytes(), true, ASKED), Verdict::Unreadable(_)), "{message}");
        }
        // Where the content leaves it open, the name decides.
        for open in
            [&b"{\"a\":1}\n"[..], b"{\"a\n{}\n", b"{\"a\":\"\xE9\"}\n{}\n", b"<a>\xE9</a>\n<b/>", b"\x0C{}\n{}\n", b""]
        {
            assert_eq!(told(open, true, Hint::default()), Verdict::Is(Layout::Message));
            assert_eq!(told(open, true, NAMED), Verdict::Is(Layout::Lines));
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
            assert_eq!(told(open.as_bytes(), true, Hint::default()), Verdict::Is(Layout::Message), "{open}");
            assert!(matches!(told(open.as_bytes(), true, NAMED), Verdict::Unreadable(_)), "{open}");
        }
        assert_eq!(told(b"[\n\"\xE9\",\n{}\n]", true, NAMED), Verdict::Is(Layout::Message));
    }

    #[test]
    fn p2_a_beginning_that_could_be_either_is_read_on() {
        for beginning in ["{\"a\":1}\n", "{\"a\":", "<a/>\n<", "<a/>\n<?a\n", "<a/>\n<!--\n<b/>\n", "", "\n\n"] {
            assert_eq!(told(beginning.as_bytes(), false, Hint::default()), Verdict::Undecided, "{beginning}");
            assert_eq!(told(beginning.as_bytes(), false, NAMED), Verdict::Undecided, "{beginning}");
        }
        // A second line that is none yet tells enough where lines are expected.
        assert_eq!(told(b"{}\n{\"aaaaaaa", false, Hint::default()), Verdict::Undecided);
        assert_eq!(told(b"{}\n{\"aaaaaaa", false, NAMED), Verdict::Is(Layout::Lines));
    }
}
