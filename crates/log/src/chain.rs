//! The layout of a line and how it is chained: what comes before its body and after it, and the hash over both. The
//! only code that writer and verifier share.

use std::io::{self, BufRead, Read, Write};

use hmac::Mac;
use sha2::{Digest, Sha256};

use super::Key;
use super::signature::SigningKey;

/// Hexadecimal digits of a hash.
pub(super) const HASH_DIGITS: usize = 64;
/// Prefix of every line.
pub(super) const OPENING: &[u8] = b"{\"sequence\":";
/// Bytes before a line's hash.
const BEFORE_HASH: &[u8] = b",\"hash\":\"";
/// Bytes after it.
const AFTER_HASH: &[u8] = b"\"}";
/// Bytes before the signature of a record that has one, and its hexadecimal digits. It is the last member before the hash.
const BEFORE_SIGNATURE: &[u8] = b",\"signature\":\"";
#[cfg(feature = "verify")]
const SIGNATURE_DIGITS: usize = 128;
/// Maximum line length in bytes, its end included: a longer line is never written, and reading stops there (P8).
pub(super) const MAX_LINE_BYTES: usize = 1 << 20;

/// The largest sequence number: every JSON reader represents integers exactly up to here.
const MAX_SEQUENCE: u64 = 1 << 53;

/// A hash in hexadecimal, as it is in a line.
pub(super) type Hash = [u8; HASH_DIGITS];

/// The kind of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RecordKind {
    Message,
    /// Messages from before the log, as another log counts them.
    Import,
    /// A duty that follows from a message was done.
    Done,
    /// A step at the review desk.
    Desk,
    /// A step of whoever runs a service.
    Operator,
    Start,
    Checkpoint,
    End,
}

impl RecordKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Import => "import",
            Self::Done => "done",
            Self::Desk => "desk",
            Self::Operator => "operator",
            Self::Start => "start",
            Self::Checkpoint => "checkpoint",
            Self::End => "end",
        }
    }

    fn from_name(name: &[u8]) -> Option<Self> {
        let kinds = [
            Self::Message,
            Self::Import,
            Self::Done,
            Self::Desk,
            Self::Operator,
            Self::Start,
            Self::Checkpoint,
            Self::End,
        ];
        kinds.into_iter().find(|kind| kind.name().as_bytes() == name)
    }
}

/// What the next line is chained to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) sequence: u64,
    pub(super) hash: Hash,
}

impl Link {
    /// The predecessor of the first line.
    pub(super) const GENESIS: Self = Self { sequence: 0, hash: [b'0'; HASH_DIGITS] };

    pub(super) fn hash_text(&self) -> String {
        String::from_utf8_lossy(&self.hash).into_owned()
    }

    /// Prefix of the next line, up to its kind.
    pub(super) fn opening(&self) -> Vec<u8> {
        let mut opening = Vec::new();
        self.write_opening(&mut opening);
        opening
    }

    fn write_opening(&self, into: &mut Vec<u8>) {
        // Writing to a vector can't fail.
        let _ = write!(into, "{{\"sequence\":{},\"previous\":\"", self.sequence.saturating_add(1));
        into.extend_from_slice(&self.hash);
        into.extend_from_slice(b"\",\"record\":\"");
    }

    /// Appends the next line, and returns its link. `body` is the members of a JSON object, without braces and line
    /// ends.
    ///
    /// # Errors
    /// When the line would be longer than [`MAX_LINE_BYTES`]; nothing is appended then.
    pub(super) fn write_line(
        &self,
        into: &mut Vec<u8>,
        key: Option<&Key>,
        kind: RecordKind,
        body: &[u8],
    ) -> io::Result<Self> {
        self.write_signed_line(into, key, None, kind, body)
    }

    /// The same, signed if there is a key for that. The signature is of all before it; the hash is of that and the signature.
    ///
    /// # Errors
    /// As [`write_line`](Self::write_line).
    pub(super) fn write_signed_line(
        &self,
        into: &mut Vec<u8>,
        key: Option<&Key>,
        signing_key: Option<&SigningKey>,
        kind: RecordKind,
        body: &[u8],
    ) -> io::Result<Self> {
        let start = into.len();
        self.write_opening(into);
        into.extend_from_slice(kind.name().as_bytes());
        into.extend_from_slice(b"\",");
        into.extend_from_slice(body);
        if let Some(signing_key) = signing_key {
            let signature = signing_key.sign(into.get(start..).unwrap_or_default());
            into.extend_from_slice(BEFORE_SIGNATURE);
            into.extend_from_slice(signature.as_bytes());
            into.push(b'"');
        }
        let hash = hash(key, into.get(start..).unwrap_or_default());
        into.extend_from_slice(BEFORE_HASH);
        into.extend_from_slice(&hash);
        into.extend_from_slice(AFTER_HASH);
        into.push(b'\n');
        if into.len() - start > MAX_LINE_BYTES {
            into.truncate(start);
            let what = "a record is longer than a line of the log may be";
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        Ok(Self { sequence: self.sequence.saturating_add(1), hash })
    }
}

/// The hash of a line: over everything before [`BEFORE_HASH`].
fn hash(key: Option<&Key>, content: &[u8]) -> Hash {
    let hash: [u8; 32] = match key {
        None => Sha256::digest(content).into(),
        Some(Key(keyed)) => keyed.clone().chain_update(content).finalize().into_bytes().into(),
    };
    let mut digits = Link::GENESIS.hash;
    for (pair, byte) in digits.as_chunks_mut().0.iter_mut().zip(hash) {
        *pair = [hex_digit(byte >> 4), hex_digit(byte & 15)];
    }
    digits
}

#[inline]
fn hex_digit(nibble: u8) -> u8 {
    nibble + if nibble < 10 { b'0' } else { b'a' - 10 }
}

/// A parsed line. Its own hash isn't checked.
#[derive(Debug, Clone, Copy)]
pub struct LogLine<'l> {
    /// What the next line is chained to.
    pub(super) link: Link,
    pub(super) previous: Hash,
    pub(super) kind: RecordKind,
    /// Its own members, without braces.
    pub(super) body: &'l [u8],
    /// The bytes that the hash covers.
    pub(super) content: &'l [u8],
    /// Which of the logs that are read together it is in.
    pub(super) log: u16,
}

/// Where a line is: in which of the logs that are read together, by its number, and where in that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinePosition {
    /// The log, by its place in [`Verification::logs`](super::Verification::logs).
    pub log: u16,
    /// The line's sequence number.
    pub sequence: u64,
}

impl<'l> LogLine<'l> {
    /// Parses a line without its line end; `None` if it doesn't have the layout of a line.
    pub(super) fn parse(line: &'l [u8]) -> Option<Self> {
        let content = line.len().checked_sub(BEFORE_HASH.len() + HASH_DIGITS + AFTER_HASH.len())?;
        let (content, end) = line.split_at_checked(content)?;
        let hash = end.strip_prefix(BEFORE_HASH)?.strip_suffix(AFTER_HASH)?;
        let rest = content.strip_prefix(OPENING)?;
        let comma = memchr::memchr(b',', rest)?;
        let sequence: u64 = std::str::from_utf8(rest.get(..comma)?).ok()?.parse().ok()?;
        if sequence > MAX_SEQUENCE {
            return None;
        }
        let rest = rest.get(comma..)?.strip_prefix(b",\"previous\":\"")?;
        let (previous, rest) = rest.split_at_checked(HASH_DIGITS)?;
        let rest = rest.strip_prefix(b"\",\"record\":\"")?;
        let quote = memchr::memchr(b'"', rest)?;
        let kind = RecordKind::from_name(rest.get(..quote)?)?;
        let body = rest.get(quote..)?.strip_prefix(b"\",")?;
        let link = Link { sequence, hash: hash.try_into().ok()? };
        Some(Self { link, previous: previous.try_into().ok()?, kind, body, content, log: 0 })
    }

    /// Parses the last line in a text, and returns where it begins: a killed run may have left a torn write before it.
    pub(super) fn parse_last(text: &'l [u8]) -> Option<(usize, Self)> {
        // Quotes inside strings are escaped, so an unescaped opening is that of a line; the last one is the last
        // line's.
        let at = memchr::memmem::rfind(text, OPENING)?;
        Some((at, Self::parse(text.get(at..)?)?))
    }

    /// Whether its hash matches its content.
    pub(super) fn is_intact(&self, key: Option<&Key>) -> bool {
        hash(key, self.content) == self.link.hash
    }

    /// The bytes that its signature is of, and the digits of that; `None` if it has none.
    #[cfg(feature = "verify")]
    pub(super) fn signature(&self) -> Option<(&'l [u8], &'l [u8])> {
        let signed = self.content.len().checked_sub(BEFORE_SIGNATURE.len() + SIGNATURE_DIGITS + 1)?;
        let (signed, end) = self.content.split_at_checked(signed)?;
        Some((signed, end.strip_prefix(BEFORE_SIGNATURE)?.strip_suffix(b"\"")?))
    }

    /// Whether it is where it was written: right after the line `before`.
    pub(super) fn follows(&self, before: &Link) -> bool {
        before.sequence.checked_add(1) == Some(self.link.sequence) && self.previous == before.hash
    }

    /// Where it is.
    pub fn position(&self) -> LinePosition {
        LinePosition { log: self.log, sequence: self.link.sequence }
    }

    /// Its hash: 64 hexadecimal digits, by which it can be referred to from anywhere.
    pub fn hash(&self) -> [u8; HASH_DIGITS] {
        self.link.hash
    }

    /// Writes its members as an object, for a JSON parser.
    pub fn write_object(&self, into: &mut Vec<u8>) {
        into.clear();
        into.push(b'{');
        into.extend_from_slice(self.body);
        into.push(b'}');
    }
}

/// Reads the next line with its end, and of a line that is too long only enough to detect that; returns 0 at the end of
/// the file.
pub(super) fn read_line(lines: &mut impl BufRead, into: &mut Vec<u8>) -> io::Result<usize> {
    into.clear();
    lines.take(MAX_LINE_BYTES as u64 + 1).read_until(b'\n', into)
}
