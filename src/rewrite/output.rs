//! The output while it is being written: parts can be taken back.

use std::io::Write as _;

use super::planted::at::{Bytes, Substitute, substitute};
use dmv_redact_model::span::Span;

/// The output of one pass. Parts that are adjacent in the message and in the output are copied together: most parts
/// that stay are adjacent.
#[derive(Debug)]
pub(super) struct Output<'m, 'o> {
    message: &'m [u8],
    bytes: &'o mut Vec<u8>,
    run: Run,
}

/// The range of the message to copy next. A loop that writes much keeps it in a local meanwhile.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Run {
    start: usize,
    end: usize,
}

impl<'m, 'o> Output<'m, 'o> {
    pub(super) fn new(message: &'m [u8], bytes: &'o mut Vec<u8>) -> Self {
        Self { message, bytes, run: Run::default() }
    }

    /// How many bytes have been written.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len_with(self.run)
    }

    /// Writes a range of the message.
    #[inline]
    pub(super) fn copy(&mut self, span: Span) {
        let mut run = self.run;
        self.copy_with(&mut run, span.start(), span.end());
        self.run = run;
    }

    /// Hands over the pending run. It must be given back before anything else is written or queried.
    #[inline(always)]
    pub(super) fn run(&self) -> Run {
        self.run
    }

    #[inline(always)]
    pub(super) fn give_back(&mut self, run: Run) {
        self.run = run;
    }

    #[inline(always)]
    pub(super) fn len_with(&self, run: Run) -> usize {
        self.bytes.len() + (run.end - run.start)
    }

    #[inline(always)]
    pub(super) fn copy_with(&mut self, run: &mut Run, start: usize, end: usize) {
        if let Some(other) = substitute(start, end) {
            return self.copy_other(run, start, end, other);
        }
        self.copy_range(run, start, end);
    }

    #[inline(always)]
    fn copy_range(&mut self, run: &mut Run, start: usize, end: usize) {
        if start == run.end {
            run.end = end.max(start);
        } else if end > start {
            self.write(*run);
            *run = Run { start, end };
        }
    }

    /// Copies a range in which a fault has been planted.
    #[inline(never)]
    fn copy_other(&mut self, run: &mut Run, start: usize, end: usize, Substitute { part, by }: Substitute) {
        self.copy_range(run, start, part.start());
        match by {
            Bytes::Message(place) => self.copy_range(run, place.start(), place.end()),
            Bytes::Other(bytes) => {
                self.write(*run);
                *run = Run::default();
                self.bytes.extend_from_slice(&bytes);
            }
        }
        self.copy_with(run, part.end(), end);
    }

    /// Writes something that the message doesn't have there.
    #[inline(always)]
    pub(super) fn push_with(&mut self, run: &mut Run, text: &str) {
        self.write(*run);
        *run = Run::default();
        self.bytes.extend_from_slice(text.as_bytes());
    }

    #[inline(never)]
    fn write(&mut self, run: Run) {
        self.bytes.extend_from_slice(self.message.get(run.start..run.end).unwrap_or_default());
    }

    /// Everything that has been written, for appending.
    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        self.write(self.run);
        self.run = Run::default();
        self.bytes
    }

    /// Takes back what was written from `at` on.
    #[inline]
    pub(super) fn truncate(&mut self, at: usize) {
        let mut run = self.run;
        self.truncate_with(&mut run, at);
        self.run = run;
    }

    #[inline(always)]
    pub(super) fn truncate_with(&mut self, run: &mut Run, at: usize) {
        match at.checked_sub(self.bytes.len()) {
            Some(kept) => run.end = run.end.min(run.start + kept),
            None => {
                *run = Run::default();
                self.bytes.truncate(at);
            }
        }
    }
}

/// Replaces a part of what was written, moving what follows once.
pub(super) fn replace(out: &mut Vec<u8>, part: Span, with: &[u8]) {
    let (start, end, length) = (part.start(), part.end(), out.len());
    let new_end = start + with.len();
    if end > length || out.get(start..end) == Some(with) {
        return;
    }
    if new_end > end {
        out.resize(length + (new_end - end), 0);
    }
    out.copy_within(end..length, new_end);
    out.truncate(length - (end - start) + with.len());
    if let Some(place) = out.get_mut(start..new_end) {
        place.copy_from_slice(with);
    }
}

/// Appends `text` as XML character data, or as an attribute value in quotes of either kind.
pub(super) fn push_xml_text(text: &str, out: &mut Vec<u8>) {
    for byte in text.bytes() {
        match byte {
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            b'\'' => out.extend_from_slice(b"&apos;"),
            b'\t' => out.extend_from_slice(b"&#9;"),
            b'\n' => out.extend_from_slice(b"&#10;"),
            b'\r' => out.extend_from_slice(b"&#13;"),
            _ => out.push(byte),
        }
    }
}

/// Appends `text` as the content of an element: only what could be read as markup is escaped.
pub(super) fn push_xml_content(text: &str, out: &mut Vec<u8>) {
    for byte in text.bytes() {
        match byte {
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            // A parser would normalize it to a line feed.
            b'\r' => out.extend_from_slice(b"&#13;"),
            _ => out.push(byte),
        }
    }
}

/// Appends `text` as a JSON string, quotes included.
pub(super) fn push_json_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..0x20 => drop(write!(out, "\\u{byte:04x}")),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// In a record a name says only what it names; a name that could say more isn't released.
pub(super) fn is_record_name(local: &[u8]) -> bool {
    let digits = local.iter().filter(|byte| byte.is_ascii_digit()).count();
    (1..=64).contains(&local.len())
        && digits <= 6
        && local.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}
