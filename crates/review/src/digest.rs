//! The identifier of a review, and the digest of a content: bytes that are shown in hexadecimal.

use std::fmt;
use std::str::FromStr;

use dmv_redact_model::hex::hex;
use sha2::{Digest, Sha256};

use super::ReviewError;

/// Identifies a review: 16 random bytes, shown as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReviewId([u8; 16]);

/// The SHA-256 of a content, shown as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentDigest([u8; 32]);

impl ReviewId {
    /// A new one.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn random() -> Result<Self, ReviewError> {
        random().map(Self)
    }
}

impl ContentDigest {
    /// The digest of a content.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        Self(Sha256::digest(content).into())
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl FromStr for ReviewId {
    type Err = ReviewError;

    fn from_str(text: &str) -> Result<Self, ReviewError> {
        of_hex(text)
            .map(Self)
            .ok_or_else(|| ReviewError::Usage("a review's identifier has 32 hexadecimal digits".into()))
    }
}

impl FromStr for ContentDigest {
    type Err = ReviewError;

    fn from_str(text: &str) -> Result<Self, ReviewError> {
        of_hex(text).map(Self).ok_or_else(|| ReviewError::Usage("a digest has 64 hexadecimal digits".into()))
    }
}

impl fmt::Display for ReviewId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex(&self.0))
    }
}

impl fmt::Display for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex(&self.0))
    }
}

impl fmt::Debug for ReviewId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReviewId({self})")
    }
}

impl fmt::Debug for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentDigest({self})")
    }
}

/// Random bytes of the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], ReviewError> {
    let mut bytes = [0; N];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) => Err(ReviewError::Io(format!("random bytes: {error}"))),
    }
}

/// Exactly `N` bytes in lower-case hexadecimal digits: each value has one text.
pub(crate) fn of_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return None,
            };
            *byte = (*byte << 4) | value;
        }
    }
    Some(bytes)
}
