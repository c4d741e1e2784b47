//! The key of a log, kept apart from the chain: without it a line can be changed, but its hash can't be recomputed.

use std::fmt;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::LogError;
use dmv_redact_model::hex::hex;
use dmv_redact_model::key::{self, KeyError};

/// An HMAC key, initialized.
#[derive(Clone)]
pub struct Key(pub(super) Hmac<Sha256>);

/// Minimum key length in bytes.
const MIN_KEY_BYTES: usize = 16;

impl Key {
    /// Reads the key: the file's content without its final line end.
    ///
    /// # Errors
    /// When it can't be read, or its length is out of range.
    pub fn read(path: &Path) -> Result<Self, LogError> {
        let bytes = key::read(path, MIN_KEY_BYTES).map_err(|error| match error {
            KeyError::Io(error) => LogError::io(path, &error),
            KeyError::Content(what) => LogError::Usage(format!("{}: {what}", path.display())),
        })?;
        let hmac = Hmac::new_from_slice(&bytes);
        hmac.map(Self).map_err(|_| LogError::Usage(format!("{}: it can't be a key", path.display())))
    }

    /// What stands for a control number in the log: 32 hexadecimal digits. No line of a log begins as what is hashed does.
    pub(super) fn control(&self, number: &str) -> String {
        let hash = self.0.clone().chain_update("control number\n").chain_update(number).finalize().into_bytes();
        hex(&hash).chars().take(32).collect()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, bytes).unwrap();
        match Key::read(&path) {
            Ok(_) => Ok(()),
            Err(LogError::Usage(message) | LogError::Io(message)) => Err(message),
        }
    }

    #[test]
    fn p2_a_key_that_an_editor_has_changed_is_refused() {
        let key = b"0123456789abcdef0123456789abcdef";
        for end in ["", "\n", "\r\n"] {
            assert_eq!(read(&[key, end.as_bytes()].concat()), Ok(()), "{end:?}");
        }
        assert_eq!(read(&[0xFF, 0xFE, 0x20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 0x20]), Ok(()));
        let utf16 = "\u{FEFF}0123456789abcdef".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        for (bytes, what) in [
            ([b"\xEF\xBB\xBF", key.as_slice()].concat(), "the key begins with a byte order mark"),
            ([b" ", key.as_slice()].concat(), "the key begins or ends with white space"),
            ([key.as_slice(), b" \n"].concat(), "the key begins or ends with white space"),
            ([key.as_slice(), b"\n\n"].concat(), "the key begins or ends with white space"),
            (utf16, "the key is UTF-16"),
            (vec![b' '; 20], "the key begins or ends with white space"),
            (vec![], "the key is too short"),
        ] {
            let message = read(&bytes).unwrap_err();
            assert!(message.contains(what), "{message}");
        }
    }
}
