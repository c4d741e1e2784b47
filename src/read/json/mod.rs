//! A strict reader of JSON over byte spans (RFC 8259): one document, legal strings and numbers, bounded depth.
//!
//! It builds no tree and never recurses. The bytes are valid UTF-8 already; everything else is checked here, in skipped
//! values too.

mod walk;

use fearless_simd::{Simd, dispatch};

pub use walk::{Actions, Place, Step, walk};

use super::limits::Limits;
use super::refusal::{Reason, Refusal};
use super::scan::skip_space;
use dmv_redact_model::span::Span;
use dmv_redact_model::wide;
use dmv_redact_model::window::{BLOCK, Block};

type ReadResult<T> = Result<T, Refusal>;

/// Bytes of a string that are scanned block by block; what follows is scanned in wider steps.
const LONG_STRING: usize = 128;

/// What kind of value comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ValueKind {
    /// `{`.
    Object,
    /// `[`.
    Array,
    /// A string, number, `true`, `false` or `null`.
    #[default]
    Scalar,
}

/// A string: the span between its quotes, and whether it contains an escape.
#[derive(Debug, Clone, Copy)]
pub struct JsonString {
    /// What is between the quotes.
    pub inner: Span,
    /// Whether it has an escape.
    pub escaped: bool,
}

/// A value that is neither an object nor an array.
#[derive(Debug, Clone, Copy)]
pub enum Scalar {
    /// A string.
    String(JsonString),
    /// A number or literal, as written.
    Lexeme(Span),
}

/// The reader: a position in the message, and the brackets open there.
#[derive(Debug)]
pub struct JsonReader<'m> {
    bytes: &'m [u8],
    position: usize,
    /// How many members have been read.
    members: usize,
    limits: &'m Limits,
}

impl<'m> JsonReader<'m> {
    /// Starts at the first byte of a message.
    pub fn new(bytes: &'m [u8], limits: &'m Limits) -> Self {
        Self { bytes, position: 0, members: 0, limits }
    }

    /// Starts at a value inside a message.
    pub fn at(bytes: &'m [u8], limits: &'m Limits, position: usize) -> Self {
        Self { position, ..Self::new(bytes, limits) }
    }

    /// The next byte to read.
    #[inline]
    pub fn position(&self) -> usize {
        self.position
    }

    /// Skips white space and returns the next byte without consuming it.
    #[inline]
    pub fn peek(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.position).copied();
        if byte.is_some_and(|byte| byte > b' ') {
            return byte;
        }
        self.position = skip_space(self.bytes, self.position);
        self.bytes.get(self.position).copied()
    }

    /// Consumes `expected` if it comes next.
    #[inline]
    pub fn take(&mut self, expected: u8) -> bool {
        let found = self.peek() == Some(expected);
        self.position += usize::from(found);
        found
    }

    /// Consumes `expected` after white space, or refuses.
    #[inline]
    pub fn expect(&mut self, expected: u8, detail: &'static str) -> ReadResult<()> {
        if self.take(expected) { Ok(()) } else { Err(self.refuse(detail)) }
    }

    /// Refuses unless only white space is left.
    pub fn end(&mut self) -> ReadResult<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.refuse("something follows the document")),
        }
    }

    /// The kind of the next value; refuses what begins no value.
    #[inline]
    pub fn kind(&mut self) -> ReadResult<ValueKind> {
        match self.peek() {
            Some(b'{') => Ok(ValueKind::Object),
            Some(b'[') => Ok(ValueKind::Array),
            Some(b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => Ok(ValueKind::Scalar),
            Some(_) => Err(self.refuse("no value begins so")),
            None => Err(self.refuse("the document ends where a value is wanted")),
        }
    }

    /// Reads the name of a member and the colon after it.
    pub fn name(&mut self) -> ReadResult<JsonString> {
        dispatch!(wide::level(), simd => self.name_by(simd).map(|(name, _)| name))
    }

    /// The same, with the first bytes of the name.
    #[inline(always)]
    fn name_by<S: Simd>(&mut self, simd: S) -> ReadResult<(JsonString, Block<S>)> {
        let start = self.position + 1;
        let bytes = Block::at(simd, self.bytes, start);
        let length = bytes.ends_string().trailing_zeros() as usize;
        let end = start + length;
        let is_plain = self.bytes.get(self.position) == Some(&b'"')
            && self.bytes.get(end) == Some(&b'"')
            && self.bytes.get(end + 1) == Some(&b':')
            && length <= self.limits.name_bytes
            && self.members < self.limits.members;
        if !is_plain {
            return Ok((self.name_slowly()?, bytes));
        }
        self.members += 1;
        self.position = end + 2;
        Ok((JsonString { inner: Span::new(start, end), escaped: false }, bytes))
    }

    #[inline(never)]
    fn name_slowly(&mut self) -> ReadResult<JsonString> {
        if self.peek() != Some(b'"') {
            return Err(self.refuse("a member name is wanted"));
        }
        let name = self.string()?;
        if name.inner.len() > self.limits.name_bytes {
            return Err(Refusal::at(Reason::Limit, name.inner.start(), "a name is too long"));
        }
        self.members += 1;
        if self.members > self.limits.members {
            return Err(Refusal::at(Reason::Limit, name.inner.start(), "there are too many members"));
        }
        self.expect(b':', "a colon is wanted")?;
        Ok(name)
    }

    /// Consumes the opening bracket that comes next.
    #[inline]
    pub fn skip_bracket(&mut self) {
        self.position += 1;
    }

    /// Reads a string, number or literal.
    pub fn scalar(&mut self) -> ReadResult<Scalar> {
        dispatch!(wide::level(), simd => self.scalar_by(simd))
    }

    #[inline(always)]
    fn scalar_by<S: Simd>(&mut self, simd: S) -> ReadResult<Scalar> {
        match self.peek() {
            Some(b'"') => match self.string_by(simd) {
                Ok(string) => Ok(Scalar::String(string)),
                Err(refusal) => Err(refusal),
            },
            _ => self.lexeme_by_kind(),
        }
    }

    /// Reads a number or literal.
    #[inline(never)]
    fn lexeme_by_kind(&mut self) -> ReadResult<Scalar> {
        match self.peek() {
            Some(b'-' | b'0'..=b'9') => self.number().map(Scalar::Lexeme),
            Some(b't') => self.literal(b"true").map(Scalar::Lexeme),
            Some(b'f') => self.literal(b"false").map(Scalar::Lexeme),
            Some(b'n') => self.literal(b"null").map(Scalar::Lexeme),
            _ => Err(self.refuse("a value is wanted")),
        }
    }

    /// Skips the next value and checks all of it. `depth` is the number of brackets open around it.
    pub fn skip_value(&mut self, depth: usize) -> ReadResult<()> {
        dispatch!(wide::level(), simd => self.skip_value_by(simd, depth))
    }

    #[inline(always)]
    fn skip_value_by<S: Simd>(&mut self, simd: S, depth: usize) -> ReadResult<()> {
        // One bit for each bracket opened here, the innermost lowest: 1 is an object. The depth limit bounds them to a
        // few words (P8).
        let mut open = Brackets::default();
        loop {
            match self.kind()? {
                ValueKind::Scalar => {
                    self.scalar_by(simd)?;
                }
                kind => {
                    if depth + open.depth >= self.limits.depth {
                        return Err(Refusal::at(Reason::Limit, self.position, "values are nested too deep"));
                    }
                    self.position += 1;
                    let is_object = kind == ValueKind::Object;
                    if !self.take(if is_object { b'}' } else { b']' }) {
                        open.push(is_object);
                        if is_object {
                            self.peek();
                            self.name_by(simd)?;
                        }
                        continue;
                    }
                }
            }
            // After a value: close its container if it was the last one, or continue with the next.
            loop {
                let Some(is_object) = open.top() else { return Ok(()) };
                if self.take(b',') {
                    if is_object {
                        self.peek();
                        self.name_by(simd)?;
                    }
                    break;
                }
                let (close, detail) = closing(is_object);
                self.expect(close, detail)?;
                open.pop();
            }
        }
    }

    fn string(&mut self) -> ReadResult<JsonString> {
        dispatch!(wide::level(), simd => self.string_by(simd))
    }

    /// Reads a string at its opening quote.
    #[inline(always)]
    fn string_by<S: Simd>(&mut self, simd: S) -> ReadResult<JsonString> {
        let start = self.position + 1;
        let mut at = start;
        // Where the bytes without an escape began: only a long run is worth wider steps.
        let mut run = start;
        let mut escaped = false;
        loop {
            // Past the end of the document a block has zeros, which end a string, too.
            let mut ends = Block::at(simd, self.bytes, at).ends_string();
            let mut next = at + BLOCK;
            while ends != 0 {
                let end = at + ends.trailing_zeros() as usize;
                match self.bytes.get(end) {
                    Some(b'"') => {
                        self.position = end + 1;
                        return Ok(JsonString { inner: Span::new(start, end), escaped });
                    }
                    Some(b'\\') => {
                        escaped = true;
                        run = match self.bytes.get(end + 1) {
                            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => end + 2,
                            _ => self.unicode_escape(end)?,
                        };
                        // What ends in the escape is none of the string's ends.
                        let passed = u32::try_from(run - at).unwrap_or(u32::MAX);
                        ends &= u64::MAX.checked_shl(passed).unwrap_or_default();
                        next = next.max(run);
                    }
                    Some(_) => {
                        return Err(Refusal::at(Reason::NotWellFormedJson, end, "a control character in a string"));
                    }
                    None => return Err(Refusal::at(Reason::NotWellFormedJson, end, "a string is not closed")),
                }
            }
            at = next;
            if at - run >= LONG_STRING {
                at += wide::plain_in_string(self.bytes.get(at..).unwrap_or_default());
            }
        }
    }

    /// Skips the escape at `at`, of four hexadecimal digits; a surrogate pair counts as one.
    #[inline(never)]
    fn unicode_escape(&self, at: usize) -> ReadResult<usize> {
        let detail = match self.bytes.get(at + 1) {
            Some(b'u') => match hex4(self.bytes, at + 2) {
                Some(0xD800..=0xDBFF) if self.is_low_surrogate(at + 6) => return Ok(at + 12),
                Some(0xD800..=0xDFFF) => "a lone surrogate",
                Some(_) => return Ok(at + 6),
                None => "an escape without four hexadecimal digits",
            },
            _ => "an unknown escape",
        };
        Err(Refusal::at(Reason::NotWellFormedJson, at, detail))
    }

    /// Whether the escape at `at` is the second of a surrogate pair.
    #[inline]
    fn is_low_surrogate(&self, at: usize) -> bool {
        self.bytes.get(at..at + 2).is_some_and(|next| next == b"\\u")
            && matches!(hex4(self.bytes, at + 2), Some(0xDC00..=0xDFFF))
    }

    fn number(&mut self) -> ReadResult<Span> {
        let start = self.position;
        let mut at = start + usize::from(self.bytes.get(start) == Some(&b'-'));
        // No digit may follow a leading zero: `lexeme` refuses it.
        at = if self.bytes.get(at) == Some(&b'0') { at + 1 } else { self.digits(at)? };
        if self.bytes.get(at) == Some(&b'.') {
            at = self.digits(at + 1)?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(at) {
            let has_sign = matches!(self.bytes.get(at + 1), Some(b'+' | b'-'));
            at = self.digits(at + 1 + usize::from(has_sign))?;
        }
        self.lexeme(start, at)
    }

    /// The end of the digits at `from`, of which there must be one.
    #[inline]
    fn digits(&self, from: usize) -> ReadResult<usize> {
        let rest = self.bytes.get(from..).unwrap_or_default();
        match rest.iter().take_while(|byte| byte.is_ascii_digit()).count() {
            0 => Err(Refusal::at(Reason::NotWellFormedJson, from, "a number is not written as JSON writes it")),
            count => Ok(from + count),
        }
    }

    fn literal(&mut self, word: &[u8]) -> ReadResult<Span> {
        let start = self.position;
        let end = start + word.len();
        if self.bytes.get(start..end) == Some(word) {
            self.lexeme(start, end)
        } else {
            Err(self.refuse("no value begins so"))
        }
    }

    /// A number or literal must end at a delimiter: `01` and `truex` aren't values.
    fn lexeme(&mut self, start: usize, end: usize) -> ReadResult<Span> {
        self.position = end;
        match self.bytes.get(end) {
            None | Some(b' ' | b'\t' | b'\r' | b'\n' | b',' | b']' | b'}') => Ok(Span::new(start, end)),
            Some(_) => Err(self.refuse("a value is followed by something else")),
        }
    }

    fn refuse(&self, detail: &'static str) -> Refusal {
        Refusal::at(Reason::NotWellFormedJson, self.position, detail)
    }
}

/// The closing bracket of an object or an array, and the detail if it is missing.
pub fn closing(is_object: bool) -> (u8, &'static str) {
    if is_object {
        (b'}', "a comma or the end of an object is wanted")
    } else {
        (b']', "a comma or the end of an array is wanted")
    }
}

/// Open brackets as bits: an object is 1, an array 0. The first 64 need no allocation; full words spill to the heap.
#[derive(Debug, Default)]
struct Brackets {
    depth: usize,
    word: u64,
    spilled: Vec<u64>,
}

impl Brackets {
    fn push(&mut self, is_object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.spilled.push(self.word);
        }
        self.word = self.word << 1 | u64::from(is_object);
        self.depth += 1;
    }

    fn top(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.word & 1 == 1)
    }

    fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.word >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.word = self.spilled.pop().unwrap_or_default();
        }
    }
}

/// The four hexadecimal digits at `at`.
fn hex4(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.iter().try_fold(0, |value, byte| Some(value << 4 | char::from(*byte).to_digit(16)?))
}

/// The meaning of a string: as it is spelled, or in `decoded` if it has escapes.
#[inline]
pub fn meaning<'t>(string: JsonString, text: &'t str, decoded: &'t mut String) -> &'t str {
    let spelled = string.inner.text(text);
    if !string.escaped {
        return spelled;
    }
    decoded.clear();
    decode(spelled, decoded);
    decoded
}

/// Appends the decoded text of a string. The reader has accepted the string, so its escapes are valid.
pub fn decode(inner: &str, into: &mut String) {
    let mut rest = inner;
    while let Some((before, escape)) = rest.split_once('\\') {
        into.push_str(before);
        let bytes = escape.as_bytes();
        let (character, length) = match bytes.first() {
            Some(b'b') => ('\u{8}', 1),
            Some(b'f') => ('\u{C}', 1),
            Some(b'n') => ('\n', 1),
            Some(b'r') => ('\r', 1),
            Some(b't') => ('\t', 1),
            Some(b'u') => match (hex4(bytes, 1), hex4(bytes, 7)) {
                (Some(high @ 0xD800..=0xDBFF), Some(low)) => {
                    let code = 0x1_0000 + ((high - 0xD800) << 10) + (low & 0x3FF);
                    (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 11)
                }
                (code, _) => (code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER), 5),
            },
            Some(byte) => (char::from(*byte), 1),
            None => return,
        };
        into.push(character);
        rest = escape.get(length..).unwrap_or_default();
    }
    into.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ReadResult<()> {
        let limits = Limits::default();
        let mut reader = JsonReader::new(text.as_bytes(), &limits);
        reader.skip_value(0)?;
        reader.end()
    }

    #[test]
    fn p2_what_is_not_json_is_refused() {
        for good in [
            "{}",
            "[]",
            " [1, -0, 0.5e+10, \"a\\u00e9\\ud83d\\ude00\", true, {\"a\":{\"b\":[null,false]}}] ",
            "\"x\"",
            "0",
            "[[[],{}],[{\"a\":[]}]]",
        ] {
            assert_eq!(read(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            " ",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "[1 2]",
            "{\"a\" 1}",
            "{a:1}",
            "'a'",
            "[01]",
            "[+1]",
            "[.5]",
            "[1.]",
            "[1e]",
            "[NaN]",
            "[truex]",
            "[\"\\x\"]",
            "[\"\\ud800\"]",
            "[\"\\udc00\\ud800\"]",
            "[\"\t\"]",
            "[\"a]",
            "1 2",
            "[1]]",
            "{\"a\":1}{}",
            "[1}",
            "{\"a\":1]",
            "[//c\n1]",
            "[\u{FEFF}1]",
            "[\u{A0}1]",
            "[\"\\u12\"]",
            "[-]",
            "{\"a\"}",
            "{,}",
            "[,1]",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    fn nested(depth: usize) -> String {
        let open: String = (0..depth).map(|at| if at % 3 == 0 { "{\"a\":" } else { "[" }).collect();
        let close: String = (0..depth).rev().map(|at| if at % 3 == 0 { "}" } else { "]" }).collect();
        format!("{open}1{close}")
    }

    #[test]
    fn p8_depth_is_bounded_and_brackets_are_kept_beyond_a_word() {
        assert_eq!(read(&nested(128)), Ok(()));
        assert_eq!(read(&nested(129)).unwrap_err().reason(), Reason::Limit);
        assert_eq!(read(&"[".repeat(1_000_000)).unwrap_err().reason(), Reason::Limit);
        let wrong = nested(128).replacen("1]", "1}", 1);
        assert_eq!(read(&wrong).unwrap_err().reason(), Reason::NotWellFormedJson);
    }

    #[test]
    fn decoding_reads_every_escape() {
        let mut text = String::new();
        decode(r#"a\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00z"#, &mut text);
        assert_eq!(text, "a\"\\/\u{8}\u{C}\n\r\tA\u{e9}\u{1F600}z");
    }
}
