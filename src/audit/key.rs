//! The key of a log, apart from the chain: whoever lacks it can change a line, but not give it the hash that belongs to it.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use hmac::{Hmac, KeyInit};
use sha2::Sha256;

use super::AuditError;

/// A key for the hashes, ready to be used.
#[derive(Clone)]
pub(crate) struct Key(pub(super) Hmac<Sha256>);

/// Bytes of the shortest key that is taken.
const SHORTEST_KEY: usize = 16;
/// Bytes of the longest: a file that is longer was hardly meant.
const LONGEST_KEY: usize = 1 << 16;

impl Key {
    /// The key that is a file's content, without the line end behind it.
    ///
    /// # Errors
    /// When it can't be read, or is too short or too long to be a key.
    pub(crate) fn read(path: &Path) -> Result<Self, AuditError> {
        let io = |error| AuditError::io(path, &error);
        let usage = |what: String| AuditError::Usage(format!("{}: {what}", path.display()));
        let mut content = Vec::new();
        File::open(path).map_err(io)?.take(LONGEST_KEY as u64 + 1).read_to_end(&mut content).map_err(io)?;
        let key = content.strip_suffix(b"\n").unwrap_or(&content);
        let key = key.strip_suffix(b"\r").unwrap_or(key);
        if key.len() < SHORTEST_KEY {
            return Err(usage(format!("the key is too short: {SHORTEST_KEY} bytes at least are wanted")));
        }
        if content.len() > LONGEST_KEY {
            return Err(usage(format!("the key is too long: {LONGEST_KEY} bytes at most are wanted")));
        }
        Hmac::new_from_slice(key).map(Self).map_err(|_| usage("it can't be a key".to_owned()))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}
