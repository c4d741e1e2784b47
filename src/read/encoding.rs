//! Encodings other than UTF-8 that legacy switches write XML in, transcoded before anything is read.
//!
//! Only what the bytes bear out is believed: a declaration that may be untrue is no ground to guess on (P2). The
//! declaration itself is compared by the reader, which sees the transcoded text.

use encoding_rs::{DecoderResult, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::refusal::{Reason, Refusal};

/// How the bytes of a message are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Encoding {
    #[default]
    Utf8,
    Utf16,
    Latin1,
    Windows1252,
}

impl Encoding {
    /// The name it is declared by in XML (IANA's; compared without regard to case).
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16 => "UTF-16",
            Self::Latin1 => "ISO-8859-1",
            Self::Windows1252 => "windows-1252",
        }
    }

    /// What the first bytes tell: a byte order mark of UTF-16, or a declaration of a single-byte encoding.
    pub(super) fn of(bytes: &[u8]) -> Self {
        if bytes.starts_with(LITTLE_MARK) || bytes.starts_with(BIG_MARK) {
            return Self::Utf16;
        }
        let declared = declared(bytes).unwrap_or_default();
        [Self::Latin1, Self::Windows1252]
            .into_iter()
            .find(|encoding| declared.eq_ignore_ascii_case(encoding.name().as_bytes()))
            .unwrap_or_default()
    }

    /// Transcodes `bytes` into `text`, which is cleared first.
    pub(super) fn decode(self, bytes: &[u8], text: &mut String) -> Result<(), Refusal> {
        text.clear();
        let refuse = |at, detail| Err(Refusal::at(Reason::Encoding, at, detail));
        let rest = match self {
            Self::Utf8 => return Ok(()),
            Self::Utf16 => bytes.get(LITTLE_MARK.len()..).unwrap_or_default(),
            Self::Latin1 | Self::Windows1252 => {
                // Nobody writes Latin text so by chance: some parsers would go by the bytes, some by the declaration.
                if !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok() {
                    return refuse(0, "another encoding is declared than that of the bytes, UTF-8");
                }
                // C1 controls are what the one encoding has there, quotes and dashes the other; parsers take it for either.
                if let (Self::Latin1, Some(at)) = (self, bytes.iter().position(|byte| (0x80..0xA0).contains(byte))) {
                    return refuse(at, "a byte that the declared encoding doesn't use for text");
                }
                if let (Self::Windows1252, Some(at)) = (self, bytes.iter().position(|byte| UNASSIGNED.contains(byte))) {
                    return refuse(at, "a byte that the declared encoding doesn't have");
                }
                bytes
            }
        };
        let encoding = match self {
            Self::Utf16 if bytes.starts_with(LITTLE_MARK) => UTF_16LE,
            Self::Utf16 => UTF_16BE,
            // The same beyond the C1 range.
            _ => WINDOWS_1252,
        };
        let mut decoder = encoding.new_decoder_without_bom_handling();
        let mut read = 0;
        loop {
            // Mostly ASCII: room is made by the piece, not for the worst.
            let left = rest.get(read..).unwrap_or_default();
            text.reserve(left.len() / encoding_width(self) + 64);
            let (result, count) = decoder.decode_to_string_without_replacement(left, text, true);
            read += count;
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => return refuse(read, "the message is not what its encoding allows"),
            }
        }
        // The mark has been taken off; another one would be text before the root.
        if text.starts_with('\u{FEFF}') { refuse(2, "a second byte order mark") } else { Ok(()) }
    }

    /// Where in the message that `text` was transcoded from its byte `offset` comes from.
    pub(crate) fn source_offset(self, text: &str, offset: usize) -> usize {
        let before = text.get(..offset).unwrap_or(text);
        match self {
            Self::Utf8 => offset,
            Self::Utf16 => LITTLE_MARK.len() + 2 * before.encode_utf16().count(),
            Self::Latin1 | Self::Windows1252 => before.chars().count(),
        }
    }
}

const LITTLE_MARK: &[u8] = b"\xFF\xFE";
const BIG_MARK: &[u8] = b"\xFE\xFF";

/// What windows-1252 leaves unassigned.
const UNASSIGNED: [u8; 5] = [0x81, 0x8D, 0x8F, 0x90, 0x9D];

/// Bytes of an ASCII character.
fn encoding_width(encoding: Encoding) -> usize {
    if encoding == Encoding::Utf16 { 2 } else { 1 }
}

/// Bytes within which a declaration names its encoding.
const DECLARATION_BYTES: usize = 256;

/// The encoding that an XML declaration names, as far as a glance tells.
fn declared(bytes: &[u8]) -> Option<&[u8]> {
    let head = bytes.get(..bytes.len().min(DECLARATION_BYTES))?;
    let rest = head.strip_prefix(b"<?xml")?;
    let declaration = rest.get(..memchr::memmem::find(rest, b"?>")?)?;
    let value = declaration.get(memchr::memmem::find(declaration, b"encoding")?..)?;
    value.split(|byte| matches!(byte, b'"' | b'\'')).nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Result<(Encoding, String), &'static str> {
        let encoding = Encoding::of(bytes);
        let mut text = String::from("of the message before");
        encoding.decode(bytes, &mut text).map_err(|refusal| refusal.detail())?;
        Ok((encoding, text))
    }

    fn utf16(text: &str, little: bool) -> Vec<u8> {
        let units = text.encode_utf16();
        units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    }

    #[test]
    fn attack_18_true_declarations_are_transcoded() {
        let latin = b"<?xml version='1.0' encoding=\"iso-8859-1\"?><a>JOS\xC9 \xA7</a>";
        let text = "<?xml version='1.0' encoding=\"iso-8859-1\"?><a>JOSÉ §</a>";
        assert_eq!(decode(latin), Ok((Encoding::Latin1, text.to_owned())));
        let windows = b"<?xml version='1.0' encoding='Windows-1252'?><a>\x80 \x93x\x94</a>";
        let text = "<?xml version='1.0' encoding='Windows-1252'?><a>€ “x”</a>";
        assert_eq!(decode(windows), Ok((Encoding::Windows1252, text.to_owned())));
        for little in [true, false] {
            let text = "\u{FEFF}<?xml version='1.0' encoding='UTF-16'?><a>日本 𝒳</a>";
            assert_eq!(
                decode(&utf16(text, little)),
                Ok((Encoding::Utf16, text.trim_start_matches('\u{FEFF}').to_owned()))
            );
        }
    }

    #[test]
    fn attack_18_what_the_bytes_dont_bear_out_is_refused() {
        let declared = |name: &str, bytes: &[u8]| {
            let mut message = format!("<?xml version='1.0' encoding='{name}'?><a>").into_bytes();
            message.extend_from_slice(bytes);
            message.extend_from_slice(b"</a>");
            message
        };
        for bad in [
            declared("ISO-8859-1", "JOSÉ".as_bytes()),
            declared("ISO-8859-1", b"\x85"),
            declared("windows-1252", b"\x81"),
            declared("windows-1252", "JOSÉ".as_bytes()),
            utf16("\u{FEFF}\u{FEFF}<a/>", true),
            [utf16("\u{FEFF}<a>", true), vec![0, 0xD8], utf16("</a>", true)].concat(),
            [utf16("\u{FEFF}<a/>", true), vec![b'\n']].concat(),
        ] {
            assert!(decode(&bad).is_err(), "{}", String::from_utf8_lossy(&bad));
        }
    }

    #[test]
    fn offsets_are_those_of_the_message() {
        assert_eq!(Encoding::Latin1.source_offset("éé<", 4), 2);
        assert_eq!(Encoding::Utf16.source_offset("日𝒳<", 7), 8);
        assert_eq!(Encoding::Utf8.source_offset("é<", 2), 2);
    }
}
