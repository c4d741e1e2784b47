//! The form of a line and how it is chained: what stands in front of its body and behind it, and the hash over both. Writer
//! and verifier meet here and nowhere else.

use std::io::{self, BufRead, Read, Write};

use hmac::Mac;
use sha2::{Digest, Sha256};

use super::Key;

/// Hexadecimal digits of a hash.
pub(super) const HASH_DIGITS: usize = 64;
/// What a line begins with.
pub(super) const OPENING: &[u8] = b"{\"sequence\":";
/// What stands before a line's hash.
const BEFORE_HASH: &[u8] = b",\"hash\":\"";
/// What stands behind it.
const BEHIND_HASH: &[u8] = b"\"}";
/// Bytes of the longest line there can be, its end included: what is longer is never written, and read only so far.
pub(super) const LONGEST_LINE: usize = 1 << 20;

/// The largest sequence number there can be: as far as every reader of JSON has whole numbers.
const LARGEST_SEQUENCE: u64 = 1 << 53;

/// A hash as a line has it.
pub(super) type Hash = [u8; HASH_DIGITS];

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Message,
    Start,
    Checkpoint,
    End,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Start => "start",
            Self::Checkpoint => "checkpoint",
            Self::End => "end",
        }
    }

    fn named(name: &[u8]) -> Option<Self> {
        let kinds = [Self::Message, Self::Start, Self::Checkpoint, Self::End];
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
    /// What the first line is chained to.
    pub(super) const NOTHING: Self = Self { sequence: 0, hash: [b'0'; HASH_DIGITS] };

    /// Its hash, as text.
    pub(super) fn hash_text(&self) -> String {
        String::from_utf8_lossy(&self.hash).into_owned()
    }

    /// What the next line begins with, up to its kind.
    pub(super) fn opening(&self) -> Vec<u8> {
        let mut opening = Vec::new();
        self.open(&mut opening);
        opening
    }

    fn open(&self, into: &mut Vec<u8>) {
        // A vector takes everything.
        let _ = write!(into, "{{\"sequence\":{},\"previous\":\"", self.sequence.saturating_add(1));
        into.extend_from_slice(&self.hash);
        into.extend_from_slice(b"\",\"record\":\"");
    }

    /// Appends the line behind this one, and gives what comes next is chained to. `body` is the members of a JSON object,
    /// without braces and line ends.
    ///
    /// # Errors
    /// When the line would be longer than there can be one; nothing is appended then.
    pub(super) fn write_line(
        &self,
        into: &mut Vec<u8>,
        key: Option<&Key>,
        kind: Kind,
        body: &[u8],
    ) -> io::Result<Self> {
        let start = into.len();
        self.open(into);
        into.extend_from_slice(kind.name().as_bytes());
        into.extend_from_slice(b"\",");
        into.extend_from_slice(body);
        let hash = hash(key, into.get(start..).unwrap_or_default());
        into.extend_from_slice(BEFORE_HASH);
        into.extend_from_slice(&hash);
        into.extend_from_slice(BEHIND_HASH);
        into.push(b'\n');
        if into.len() - start > LONGEST_LINE {
            into.truncate(start);
            let what = "a record is longer than a line of the log may be";
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        Ok(Self { sequence: self.sequence.saturating_add(1), hash })
    }
}

/// The hash of a line: of all that stands before [`BEFORE_HASH`].
fn hash(key: Option<&Key>, content: &[u8]) -> Hash {
    let hash: [u8; 32] = match key {
        None => Sha256::digest(content).into(),
        Some(Key(keyed)) => keyed.clone().chain_update(content).finalize().into_bytes().into(),
    };
    let digit = |nibble: u8| nibble + if nibble < 10 { b'0' } else { b'a' - 10 };
    let mut digits = Link::NOTHING.hash;
    for (pair, byte) in digits.as_chunks_mut().0.iter_mut().zip(hash) {
        *pair = [digit(byte >> 4), digit(byte & 15)];
    }
    digits
}

/// A line taken apart. Its own hash isn't checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'l> {
    /// What the next line is chained to.
    pub(super) link: Link,
    pub(super) previous: Hash,
    pub(super) kind: Kind,
    /// The members of its own, without braces.
    pub(super) body: &'l [u8],
    /// What the hash is over.
    content: &'l [u8],
}

impl<'l> Line<'l> {
    /// Takes a line apart, without its line end; `None` if it isn't written as lines are.
    pub(super) fn read(line: &'l [u8]) -> Option<Self> {
        let content = line.len().checked_sub(BEFORE_HASH.len() + HASH_DIGITS + BEHIND_HASH.len())?;
        let (content, end) = line.split_at_checked(content)?;
        let hash = end.strip_prefix(BEFORE_HASH)?.strip_suffix(BEHIND_HASH)?;
        let rest = content.strip_prefix(OPENING)?;
        let comma = memchr::memchr(b',', rest)?;
        let sequence: u64 = std::str::from_utf8(rest.get(..comma)?).ok()?.parse().ok()?;
        if sequence > LARGEST_SEQUENCE {
            return None;
        }
        let rest = rest.get(comma..)?.strip_prefix(b",\"previous\":\"")?;
        let (previous, rest) = rest.split_at_checked(HASH_DIGITS)?;
        let rest = rest.strip_prefix(b"\",\"record\":\"")?;
        let quote = memchr::memchr(b'"', rest)?;
        let kind = Kind::named(rest.get(..quote)?)?;
        let body = rest.get(quote..)?.strip_prefix(b"\",")?;
        let link = Link { sequence, hash: hash.try_into().ok()? };
        Some(Self { link, previous: previous.try_into().ok()?, kind, body, content })
    }

    /// The line that a text ends with, and where it begins: a run that was killed may have left the beginning of another line
    /// before it.
    pub(super) fn find(text: &'l [u8]) -> Option<(usize, Self)> {
        // In a line no quote is as it is but those of its own members: the last opening is that of the last line.
        let at = memchr::memmem::rfind(text, OPENING)?;
        Some((at, Self::read(text.get(at..)?)?))
    }

    /// Whether its hash is that of its content.
    pub(super) fn is_intact(&self, key: Option<&Key>) -> bool {
        hash(key, self.content) == self.link.hash
    }

    /// Whether it stands where it was written: behind the line of `before`.
    pub(super) fn follows(&self, before: &Link) -> bool {
        before.sequence.checked_add(1) == Some(self.link.sequence) && self.previous == before.hash
    }

    /// Its members as an object, for a reader of JSON.
    pub(super) fn object(&self, into: &mut Vec<u8>) {
        into.clear();
        into.push(b'{');
        into.extend_from_slice(self.body);
        into.push(b'}');
    }
}

/// Reads the next line with its end, of one that is too long only so much that this shows; nothing at the end of the file.
pub(super) fn read_line(lines: &mut impl BufRead, into: &mut Vec<u8>) -> io::Result<usize> {
    into.clear();
    lines.take(LONGEST_LINE as u64 + 1).read_until(b'\n', into)
}
