//! Decodes a user's file to text. Byte order marks, UTF-16 and the line endings of editors and spreadsheets are
//! accepted. Anything else is an error with its position, never part of the text (P2).

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

use super::{ConfigError, Document};

const SAVE_AS: &str = "save it as UTF-8; a spreadsheet calls that `CSV UTF-8`";

/// The text of a file, without a byte order mark; its line endings are kept.
pub fn decode(name: &str, bytes: Vec<u8>) -> Result<String, ConfigError> {
    let text = match bytes.as_slice() {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => {
            return Err(ConfigError::of_file(name, "the file is UTF-32").help(SAVE_AS));
        }
        [0xFF, 0xFE, rest @ ..] => utf16(name, UTF_16LE, rest)?,
        [0xFE, 0xFF, rest @ ..] => utf16(name, UTF_16BE, rest)?,
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(name, rest)?,
        rest => utf8(name, rest)?,
    };
    match text.find('\0') {
        None => Ok(text),
        Some(at) => {
            let error = Document { file: name, text: &text }.error(&(at..at), "a NUL character is no text");
            Err(error.help(format!("if the file is UTF-16 without a byte order mark, {SAVE_AS}")))
        }
    }
}

/// The same for a TOML table, with lines ended by LF or CRLF. Lone carriage returns end lines only if all line endings
/// are such; mixed with others they could hide a line from a reader of the file, in a comment for instance.
pub fn decode_lines(name: &str, bytes: Vec<u8>) -> Result<String, ConfigError> {
    let text = decode(name, bytes)?;
    let mut returns =
        text.match_indices('\r').filter(|(at, _)| text.as_bytes().get(at + 1).is_none_or(|next| *next != b'\n'));
    match returns.next() {
        None => Ok(text),
        Some(_) if !text.contains('\n') => Ok(text.replace('\r', "\n")),
        Some((at, _)) => {
            let message = "a carriage return alone, in a file whose lines end otherwise";
            let error = Document { file: name, text: &text }.error(&(at..at + 1), message);
            Err(error.help("save the file with one kind of line end"))
        }
    }
}

fn utf8(name: &str, bytes: &[u8]) -> Result<String, ConfigError> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(text.to_owned()),
        Err(error) => error,
    };
    let at = error.valid_up_to();
    // Valid up to there, so the offset is the same in both.
    let text = String::from_utf8_lossy(bytes);
    let document = Document { file: name, text: &text };
    Err(document.error(&(at..at), "the file isn't UTF-8").help(SAVE_AS))
}

fn utf16(name: &str, encoding: &'static Encoding, bytes: &[u8]) -> Result<String, ConfigError> {
    match encoding.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Ok(text.into_owned()),
        None => Err(ConfigError::of_file(name, "the file is UTF-16, and not all of it can be read").help(SAVE_AS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        "\u{FEFF}a = 'é'\n".encode_utf16().flat_map(bytes).collect()
    }

    #[track_caller]
    fn assert_refused(bytes: &[u8], message: &str) {
        let error = decode_lines("f", bytes.to_vec()).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }

    #[test]
    fn p2_what_editors_put_around_a_text_is_read_as_it_is_meant() {
        for bytes in [
            "a = 'é'\n".into(),
            "\u{FEFF}a = 'é'\n".into(),
            "a = 'é'\r".into(),
            utf16(u16::to_le_bytes),
            utf16(u16::to_be_bytes),
        ] {
            assert_eq!(decode_lines("f", bytes).unwrap(), "a = 'é'\n");
        }
        assert_eq!(decode_lines("f", b"a\r\nb\n".to_vec()).unwrap(), "a\r\nb\n");
    }

    #[test]
    fn p2_what_is_no_text_is_refused_with_its_place() {
        assert_refused(b"a\nb\xE9c", "f:2:2: the file isn't UTF-8; save it as UTF-8");
        assert_refused(b"a\0b\0", "f:1:2: a NUL character is no text; if the file is UTF-16");
        assert_refused(b"\xFF\xFEa\0b", "f: the file is UTF-16, and not all of it can be read");
        assert_refused(b"\xFF\xFE\x00\xD8", "f: the file is UTF-16, and not all of it can be read");
        assert_refused(b"\xFF\xFE\0\0a\0\0\0", "f: the file is UTF-32");
        assert_refused(b"# a\rb = 1\nc = 2\n", "f:1:4: a carriage return alone, in a file whose lines end otherwise");
    }
}
