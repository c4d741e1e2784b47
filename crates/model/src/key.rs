//! Reads the file of a key: of a log, or of tokens.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Maximum key length in bytes: a longer file is probably not a key.
const MAX_KEY_BYTES: usize = 1 << 16;

/// Why a key can't be used. It never has any of the key in it.
#[derive(Debug)]
pub enum KeyError {
    /// Its file can't be read.
    Io(io::Error),
    /// It is none: too short, too long, or changed by an editor.
    Content(String),
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "can't be read: {}", error.to_string().to_lowercase()),
            Self::Content(what) => f.write_str(what),
        }
    }
}

/// Reads a key of at least `shortest` bytes: the file's content without its final line end.
///
/// # Errors
/// When the file can't be read, or its content is no key.
pub fn read(path: &Path, shortest: usize) -> Result<Vec<u8>, KeyError> {
    let mut content = Vec::new();
    let file = File::open(path).map_err(KeyError::Io)?;
    file.take(MAX_KEY_BYTES as u64 + 1).read_to_end(&mut content).map_err(KeyError::Io)?;
    of_content(&content, shortest).map(<[u8]>::to_vec)
}

/// The key in the content of a file.
///
/// # Errors
/// When it is none.
pub fn of_content(content: &[u8], shortest: usize) -> Result<&[u8], KeyError> {
    let key = content.strip_suffix(b"\n").unwrap_or(content);
    let key = key.strip_suffix(b"\r").unwrap_or(key);
    let refuse = |what| Err(KeyError::Content(what));
    if let Some(what) = editor_artifact(key) {
        return refuse(format!("the key {what}: an editor put that there, and without it the key would be another"));
    }
    if key.len() < shortest {
        return refuse(format!("the key is too short: {shortest} bytes at least are wanted"));
    }
    if content.len() > MAX_KEY_BYTES {
        return refuse(format!("the key is too long: {MAX_KEY_BYTES} bytes at most are wanted"));
    }
    Ok(key)
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
