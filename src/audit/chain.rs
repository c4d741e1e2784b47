//! How a line is chained: what stands in front of its body and behind it, and the hash over both.

use std::fs;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::AuditError;

/// A key for the hashes: without it nobody can write a log that agrees with itself.
#[derive(Clone)]
pub(crate) struct Key(Hmac<Sha256>);

/// Bytes of the shortest key that is taken.
const SHORTEST_KEY: usize = 16;

impl Key {
    /// The key that is a file's content, without line ends behind it.
    pub(crate) fn read(path: &Path) -> Result<Self, AuditError> {
        let content = fs::read(path).map_err(|error| AuditError::io(path, &error))?;
        let key = content.trim_ascii_end();
        if key.len() < SHORTEST_KEY {
            let message = format!("{}: the key is too short: {SHORTEST_KEY} bytes at least are wanted", path.display());
            return Err(AuditError::Usage(message));
        }
        let wrong = |_| AuditError::Usage(format!("{}: it can't be a key", path.display()));
        Hmac::new_from_slice(key).map(Self).map_err(wrong)
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

/// Hexadecimal digits of a hash.
pub(super) const HASH_DIGITS: usize = 64;
/// What a line is chained to that has none before it.
pub(super) const NO_HASH: [u8; HASH_DIGITS] = [b'0'; HASH_DIGITS];
/// What stands before a line's hash.
pub(super) const BEFORE_HASH: &[u8] = b",\"hash\":\"";
/// What stands behind it.
pub(super) const BEHIND_HASH: &[u8] = b"\"}";

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

    pub(super) fn named(name: &[u8]) -> Option<Self> {
        [Self::Message, Self::Start, Self::Checkpoint, Self::End]
            .into_iter()
            .find(|kind| kind.name().as_bytes() == name)
    }
}

/// The hash of a line: of all that stands before [`BEFORE_HASH`].
pub(super) fn hash(key: Option<&Key>, content: &[u8]) -> [u8; HASH_DIGITS] {
    let hash: [u8; 32] = match key {
        None => Sha256::digest(content).into(),
        Some(Key(keyed)) => keyed.clone().chain_update(content).finalize().into_bytes().into(),
    };
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut digits = NO_HASH;
    for (pair, byte) in digits.chunks_exact_mut(2).zip(hash) {
        for (digit, nibble) in pair.iter_mut().zip([byte >> 4, byte & 15]) {
            *digit = DIGITS.get(usize::from(nibble)).copied().unwrap_or_default();
        }
    }
    digits
}

/// Appends a whole line, and gives its hash. `body` is the members of a JSON object, without braces.
pub(super) fn write_line(
    into: &mut Vec<u8>,
    key: Option<&Key>,
    sequence: u64,
    previous: &[u8],
    kind: Kind,
    body: &[u8],
) -> [u8; HASH_DIGITS] {
    let start = into.len();
    into.extend_from_slice(b"{\"sequence\":");
    into.extend_from_slice(sequence.to_string().as_bytes());
    into.extend_from_slice(b",\"previous\":\"");
    into.extend_from_slice(previous);
    into.extend_from_slice(b"\",\"record\":\"");
    into.extend_from_slice(kind.name().as_bytes());
    into.extend_from_slice(b"\",");
    into.extend_from_slice(body);
    let hash = hash(key, into.get(start..).unwrap_or_default());
    into.extend_from_slice(BEFORE_HASH);
    into.extend_from_slice(&hash);
    into.extend_from_slice(BEHIND_HASH);
    into.push(b'\n');
    hash
}

/// A line taken apart. Its own hash isn't checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'l> {
    pub(super) sequence: u64,
    pub(super) previous: &'l [u8],
    pub(super) kind: Kind,
    /// The members of its own, without braces.
    pub(super) body: &'l [u8],
    pub(super) hash: &'l [u8],
    /// What the hash is over.
    content: &'l [u8],
}

impl<'l> Line<'l> {
    /// Takes a line apart, without its line end; `None` if it isn't written as lines are.
    pub(super) fn read(line: &'l [u8]) -> Option<Self> {
        let content = line.len().checked_sub(BEFORE_HASH.len() + HASH_DIGITS + BEHIND_HASH.len())?;
        let (content, end) = line.split_at_checked(content)?;
        let hash = end.strip_prefix(BEFORE_HASH)?.strip_suffix(BEHIND_HASH)?;
        let rest = content.strip_prefix(b"{\"sequence\":")?;
        let comma = memchr::memchr(b',', rest)?;
        let sequence = std::str::from_utf8(rest.get(..comma)?).ok()?.parse().ok()?;
        let rest = rest.get(comma..)?.strip_prefix(b",\"previous\":\"")?;
        let (previous, rest) = rest.split_at_checked(HASH_DIGITS)?;
        let rest = rest.strip_prefix(b"\",\"record\":\"")?;
        let quote = memchr::memchr(b'"', rest)?;
        let kind = Kind::named(rest.get(..quote)?)?;
        let body = rest.get(quote..)?.strip_prefix(b"\",")?;
        Some(Self { sequence, previous, kind, body, hash, content })
    }

    /// Whether its hash is that of its content.
    pub(super) fn is_intact(&self, key: Option<&Key>) -> bool {
        hash(key, self.content) == self.hash
    }
}
