//! The key of tokens. What a token is made of is no concern of it: each reading computes tokens by itself.

use std::fmt;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::hex::hex;
use crate::key::{self, KeyError};

/// A key for tokens, which is as secret as what it replaces: whoever has it can test guesses.
#[derive(Clone)]
pub struct TokenKey(Hmac<Sha256>);

impl TokenKey {
    /// Minimum key length in bytes.
    const MIN_KEY_BYTES: usize = 32;

    /// Reads the key: the file's content without its final line end.
    ///
    /// # Errors
    /// When it can't be read, or its length is out of range.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        Self::of(&key::read(path, Self::MIN_KEY_BYTES)?)
    }

    /// The key of these bytes, which are as the content of a file.
    ///
    /// # Errors
    /// When the length is out of range.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        Self::of(key::of_content(bytes, Self::MIN_KEY_BYTES)?)
    }

    fn of(key: &[u8]) -> Result<Self, KeyError> {
        Hmac::new_from_slice(key).map(Self).map_err(|_| KeyError::Content("it can't be a key".to_owned()))
    }

    /// HMAC-SHA-256 with this key, of nothing so far.
    #[must_use]
    pub fn hmac(&self) -> Hmac<Sha256> {
        self.0.clone()
    }

    /// What tells this key from others, and nothing of it.
    #[must_use]
    pub fn digest(&self) -> String {
        let digest = self.hmac().chain_update(b"dmv-redact: the digest of a key of tokens").finalize().into_bytes();
        hex(&digest).chars().take(32).collect()
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p2_a_key_is_long_enough_and_as_it_was_written() {
        let key = b"0123456789abcdef0123456789abcdef";
        for end in ["", "\n", "\r\n"] {
            let read = TokenKey::from_bytes(&[key, end.as_bytes()].concat()).unwrap();
            assert_eq!(read.digest(), TokenKey::from_bytes(key).unwrap().digest(), "{end:?}");
        }
        for (bytes, what) in [
            (&key[..31], "the key is too short: 32 bytes at least are wanted"),
            (&[key, b" \n".as_slice()].concat(), "the key begins or ends with white space"),
            (&[b'x'; (1 << 16) + 1], "the key is too long"),
        ] {
            let message = TokenKey::from_bytes(bytes).unwrap_err().to_string();
            assert!(message.starts_with(what), "{message}");
        }
    }

    #[test]
    fn p6_a_key_is_never_shown() {
        let key = TokenKey::from_bytes(b"0123456789abcdef0123456789abcdef").unwrap();
        assert_eq!(format!("{key:?}"), "TokenKey");
        assert_ne!(key.digest(), TokenKey::from_bytes(b"0123456789abcdef0123456789abcdeF").unwrap().digest());
    }
}
