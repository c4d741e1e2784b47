//! The key of a log, kept apart from the chain: without it a line can be changed, but its hash can't be recomputed.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use hmac::{Hmac, KeyInit};
use sha2::Sha256;

use super::AuditError;

/// An HMAC key, initialized.
#[derive(Clone)]
pub struct Key(pub(super) Hmac<Sha256>);

/// Minimum key length in bytes.
const SHORTEST_KEY: usize = 16;
/// Maximum key length in bytes: a longer file is probably not a key.
const LONGEST_KEY: usize = 1 << 16;

impl Key {
    /// Reads the key: the file's content without its final line end.
    ///
    /// # Errors
    /// When it can't be read, or its length is out of range.
    pub fn read(path: &Path) -> Result<Self, AuditError> {
        let content = read_content(path).map_err(|error| AuditError::io(path, &error))?;
        Self::from_content(&content).map_err(|what| AuditError::Usage(format!("{}: {what}", path.display())))
    }

    fn from_content(content: &[u8]) -> Result<Self, String> {
        let key = content.strip_suffix(b"\n").unwrap_or(content);
        let key = key.strip_suffix(b"\r").unwrap_or(key);
        if let Some(what) = editor_artifact(key) {
            return Err(format!("the key {what}: an editor put that there, and without it the key would be another"));
        }
        if key.len() < SHORTEST_KEY {
            return Err(format!("the key is too short: {SHORTEST_KEY} bytes at least are wanted"));
        }
        if content.len() > LONGEST_KEY {
            return Err(format!("the key is too long: {LONGEST_KEY} bytes at most are wanted"));
        }
        Hmac::new_from_slice(key).map(Self).map_err(|_| "it can't be a key".to_owned())
    }
}

/// The content of a file, up to more than a key may have.
fn read_content(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?.take(LONGEST_KEY as u64 + 1).read_to_end(&mut content)?;
    Ok(content)
}

/// What an editor adds to a text key and may remove later, which silently changes the key. Binary keys are taken as
/// they are.
fn editor_artifact(key: &[u8]) -> Option<&'static str> {
    match key {
        [0xEF, 0xBB, 0xBF, ..] => return Some("begins with a byte order mark"),
        [0xFF, 0xFE, rest @ ..] if every_other_is_zero(rest, 1) => return Some("is UTF-16"),
        [0xFE, 0xFF, rest @ ..] if every_other_is_zero(rest, 0) => return Some("is UTF-16"),
        _ => {}
    }
    let text = std::str::from_utf8(key).ok()?;
    let is_text = !text.chars().any(|character| character.is_control() && !character.is_whitespace());
    (is_text && text.trim() != text).then_some("begins or ends with white space")
}

fn every_other_is_zero(bytes: &[u8], from: usize) -> bool {
    bytes.iter().skip(from).step_by(2).all(|byte| *byte == 0)
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
            Err(AuditError::Usage(message) | AuditError::Io(message)) => Err(message),
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
