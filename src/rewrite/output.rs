//! The output while it is being written: parts can be taken back, and namespace declarations that nothing came to use
//! are cut out at the end.

use crate::read::scan::Span;

/// The output of one pass. What follows one another in the message and in the output is copied in one go: most parts
/// that stay are neighbours.
#[derive(Debug)]
pub(super) struct Output<'m, 'o> {
    message: &'m [u8],
    bytes: &'o mut Vec<u8>,
    /// The stretch of the message that is to be copied next.
    run_start: usize,
    run_end: usize,
}

impl<'m, 'o> Output<'m, 'o> {
    pub(super) fn new(message: &'m [u8], bytes: &'o mut Vec<u8>) -> Self {
        Self { message, bytes, run_start: 0, run_end: 0 }
    }

    /// How many bytes have been written.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.bytes.len() + (self.run_end - self.run_start)
    }

    /// Writes a stretch of the message.
    #[inline]
    pub(super) fn copy(&mut self, span: Span) {
        if span.start() == self.run_end {
            self.run_end = span.end().max(span.start());
        } else if span.len() > 0 {
            self.begin_run(span);
        }
    }

    /// Writes the run, and begins another with a stretch that doesn't follow it in the message.
    #[inline]
    fn begin_run(&mut self, span: Span) {
        self.bytes.extend_from_slice(self.message.get(self.run_start..self.run_end).unwrap_or_default());
        (self.run_start, self.run_end) = (span.start(), span.end());
    }

    /// Everything that has been written, to be added to.
    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        self.begin_run(Span::default());
        self.bytes
    }

    /// Takes back what was written from `at` on.
    #[inline]
    pub(super) fn truncate(&mut self, at: usize) {
        match at.checked_sub(self.bytes.len()) {
            Some(kept) => self.run_end = self.run_end.min(self.run_start + kept),
            None => {
                (self.run_start, self.run_end) = (0, 0);
                self.bytes.truncate(at);
            }
        }
    }
}

/// A namespace declaration that was written.
#[derive(Debug, Clone, Copy)]
struct Declaration {
    /// In the output, with the white space before it.
    span: Span,
    used: bool,
}

/// What is remembered of the declarations in the output; reused from message to message.
#[derive(Debug, Default)]
pub(super) struct Declarations {
    /// In the order of the output.
    written: Vec<Declaration>,
    /// For each binding in scope, the place of its declaration in `written`.
    of_binding: Vec<Option<usize>>,
    /// Where in the output each declaration was used first, and its place in `written`.
    uses: Vec<(usize, usize)>,
}

impl Declarations {
    pub(super) fn reset(&mut self) {
        self.written.clear();
        self.of_binding.clear();
        self.uses.clear();
    }

    /// Begins a start tag outside of which `bindings` are in scope.
    pub(super) fn enter(&mut self, bindings: usize) {
        self.of_binding.resize(bindings, None);
    }

    /// Notes the next binding of a start tag, and where its declaration was written, if it was.
    pub(super) fn declare(&mut self, written: Option<Span>) {
        let place = written.map(|span| {
            self.written.push(Declaration { span, used: false });
            self.written.len() - 1
        });
        self.of_binding.push(place);
    }

    /// Notes that a name that was written at `at` uses a binding.
    pub(super) fn mark_used(&mut self, binding: Option<usize>, at: usize) {
        let Some(Some(place)) = binding.and_then(|binding| self.of_binding.get(binding)).copied() else { return };
        if let Some(declaration) = self.written.get_mut(place)
            && !declaration.used
        {
            declaration.used = true;
            self.uses.push((at, place));
        }
    }

    /// Forgets what was written from `at` on.
    pub(super) fn take_back(&mut self, at: usize) {
        while let Some((used_at, place)) = self.uses.last().copied()
            && used_at >= at
        {
            self.uses.pop();
            if let Some(declaration) = self.written.get_mut(place) {
                declaration.used = false;
            }
        }
        while self.written.last().is_some_and(|declaration| declaration.span.start() >= at) {
            self.written.pop();
        }
    }

    /// Cuts the unused declarations out, in one move over the output.
    pub(super) fn cut_unused(&self, out: &mut Vec<u8>) {
        let mut unused =
            self.written.iter().filter(|declaration| !declaration.used).map(|declaration| declaration.span);
        let Some(first) = unused.next() else { return };
        let (mut to, mut from) = (first.start(), first.end());
        for span in unused.chain([Span::new(out.len(), out.len())]) {
            out.copy_within(from..span.start(), to);
            to += span.start() - from;
            from = span.end();
        }
        out.truncate(to);
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
            b'\t' | b'\n' | b'\r' => out.extend_from_slice(format!("&#{byte};").as_bytes()),
            _ => out.push(byte),
        }
    }
}

/// Appends `text` as the content of an element, its lines as such.
pub(super) fn push_xml_lines(text: &str, out: &mut Vec<u8>) {
    for piece in text.split_inclusive(['\n', '\t']) {
        let line = piece.strip_suffix(['\n', '\t']).unwrap_or(piece);
        push_xml_text(line, out);
        out.extend_from_slice(piece.as_bytes().get(line.len()..).unwrap_or_default());
    }
}

/// Appends `text` as a JSON string, quotes included.
pub(super) fn push_json_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// Inside a record a name tells what it names; one that could tell more is not let through.
pub(crate) fn is_record_name(local: &[u8]) -> bool {
    let digits = local.iter().filter(|byte| byte.is_ascii_digit()).count();
    local.len() <= 64
        && digits <= 6
        && local.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}
