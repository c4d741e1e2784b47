//! Encodings other than UTF-8 that legacy switches write XML in, transcoded before anything is read.
//!
//! Labels are those of the WHATWG Encoding Standard. A declaration counts only if the bytes confirm it; nothing is
//! guessed (P2). The reader, which sees the transcoded text, compares the declaration itself. The refusal names an
//! encoding that isn't supported.

use encoding_rs::{DecoderResult, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::refusal::{Reason, Refusal};

/// How the bytes of a message are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    #[default]
    Utf8,
    /// Declared to be ASCII: like UTF-8, but any byte beyond ASCII contradicts the declaration.
    Ascii,
    Utf16,
    Latin1,
    Windows1252,
    /// That of the text it is in, whatever is declared (RFC 7303, section 3: what is said from outside counts).
    Text,
}

/// The name of UTF-8, the encoding of every output.
pub(crate) const UTF_8_NAME: &str = "UTF-8";

/// Labels that the standard maps to windows-1252, although senders mean ASCII.
const ASCII_LABELS: [&str; 3] = ["us-ascii", "ascii", "ansi_x3.4-1968"];
/// Labels of windows-1252 itself; the other labels that the standard maps to it mean ISO-8859-1.
const WINDOWS_LABELS: [&str; 3] = ["windows-1252", "cp1252", "x-cp1252"];
/// Labels of UTF-16 that leave the byte order to the byte order mark.
const UTF_16_LABELS: [&str; 5] = ["utf-16", "ucs-2", "unicode", "iso-10646-ucs-2", "csunicode"];

fn is_one_of(label: &[u8], labels: &[&str]) -> bool {
    labels.iter().any(|own| label.eq_ignore_ascii_case(own.as_bytes()))
}

impl Encoding {
    /// The encoding of a label, if it is supported.
    fn from_label(label: &[u8]) -> Option<Self> {
        let found = encoding_rs::Encoding::for_label(label)?;
        match found {
            _ if found == UTF_8 => Some(Self::Utf8),
            _ if is_one_of(label, &UTF_16_LABELS) => Some(Self::Utf16),
            _ if found != WINDOWS_1252 => None,
            _ if is_one_of(label, &ASCII_LABELS) => Some(Self::Ascii),
            _ if is_one_of(label, &WINDOWS_LABELS) => Some(Self::Windows1252),
            _ => Some(Self::Latin1),
        }
    }

    /// Whether an XML declaration with this label is correct for a message in this encoding.
    pub fn is_declared_by(self, label: &[u8]) -> bool {
        let declared = Self::from_label(label);
        declared.is_some() && (declared == Some(self) || self == Self::Text)
    }

    /// Detects the encoding from the first bytes: a byte order mark of UTF-16, or a declaration.
    ///
    /// # Errors
    /// When they indicate an encoding that isn't supported.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, Refusal> {
        if let Some((_, detail)) = SIGNATURES.iter().find(|(signature, _)| bytes.starts_with(signature)) {
            return Err(Refusal::at(Reason::Encoding, 0, detail));
        }
        if bytes.starts_with(UTF_16LE_BOM) || bytes.starts_with(UTF_16BE_BOM) {
            return Ok(Self::Utf16);
        }
        let Some((at, label)) = declared(bytes) else { return Ok(Self::Utf8) };
        match Self::from_label(label) {
            // It can't be, without a byte order mark; the reader refuses it.
            Some(Self::Utf16) => Ok(Self::Utf8),
            Some(encoding) => Ok(encoding),
            None => match unsupported_detail(label) {
                Some(detail) => Err(Refusal::at(Reason::Encoding, at, detail)),
                // An unknown label; the reader refuses it because it isn't UTF-8.
                None => Ok(Self::Utf8),
            },
        }
    }

    /// Transcodes `bytes` into `text`, which is cleared first. UTF-8 and ASCII aren't copied, only checked against the
    /// declaration.
    pub(super) fn decode(self, bytes: &[u8], text: &mut String) -> Result<(), Refusal> {
        text.clear();
        let refuse = |at, detail| Err(Refusal::at(Reason::Encoding, at, detail));
        let rest = match self {
            Self::Utf8 | Self::Text => return Ok(()),
            Self::Ascii => {
                return match bytes.iter().position(|byte| !byte.is_ascii()) {
                    Some(at) => refuse(at, "a byte that the declared encoding, ASCII, doesn't have"),
                    None => Ok(()),
                };
            }
            Self::Utf16 => bytes.get(UTF_16LE_BOM.len()..).unwrap_or_default(),
            Self::Latin1 | Self::Windows1252 => {
                // Latin text is never valid UTF-8 by chance. Parsers differ: some trust the bytes, some the declaration
                // (P3).
                if !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok() {
                    return refuse(0, "another encoding is declared than that of the bytes, UTF-8");
                }
                // ISO-8859-1 has C1 controls here, windows-1252 quotes and dashes; parsers read either (P3).
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
            Self::Utf16 if bytes.starts_with(UTF_16LE_BOM) => UTF_16LE,
            Self::Utf16 => UTF_16BE,
            // Identical to ISO-8859-1 outside the C1 range.
            _ => WINDOWS_1252,
        };
        let mut decoder = encoding.new_decoder_without_bom_handling();
        let mut read = 0;
        loop {
            // Mostly ASCII: reserve for the common case, not for the worst, and grow in the loop.
            let left = rest.get(read..).unwrap_or_default();
            text.reserve(left.len() / ascii_bytes(self) + 64);
            let (result, count) = decoder.decode_to_string_without_replacement(left, text, true);
            read += count;
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => return refuse(read, "the message is not what its encoding allows"),
            }
        }
        // The byte order mark was stripped; a second one would be text before the root.
        if text.starts_with('\u{FEFF}') { refuse(2, "a second byte order mark") } else { Ok(()) }
    }

    /// Maps the byte `offset` of the transcoded `text` back to an offset in the message.
    pub fn source_offset(self, text: &str, offset: usize) -> usize {
        let before = text.get(..offset).unwrap_or(text);
        match self {
            Self::Utf8 | Self::Ascii | Self::Text => offset,
            Self::Utf16 => UTF_16LE_BOM.len() + 2 * before.encode_utf16().count(),
            Self::Latin1 | Self::Windows1252 => before.chars().count(),
        }
    }
}

const UTF_16LE_BOM: &[u8] = b"\xFF\xFE";
const UTF_16BE_BOM: &[u8] = b"\xFE\xFF";

/// Bytes that windows-1252 leaves unassigned.
const UNASSIGNED: [u8; 5] = [0x81, 0x8D, 0x8F, 0x90, 0x9D];

/// Bytes of an ASCII character.
fn ascii_bytes(encoding: Encoding) -> usize {
    if encoding == Encoding::Utf16 { 2 } else { 1 }
}

/// Bytes within which a declaration names its encoding.
const DECLARATION_BYTES: usize = 256;

/// The encoding label of an XML declaration and its offset, from a quick scan without a parser.
fn declared(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let head = bytes.get(..bytes.len().min(DECLARATION_BYTES))?;
    let declaration = head.get(..memchr::memmem::find(head.strip_prefix(b"<?xml")?, b"?>")? + b"<?xml".len())?;
    let name = memchr::memmem::find(declaration, b"encoding")?;
    let open = name + memchr::memchr2(b'"', b'\'', declaration.get(name..)?)?;
    let quote = declaration.get(open)?;
    let rest = declaration.get(open + 1..)?;
    Some((open + 1, rest.get(..memchr::memchr(*quote, rest)?)?))
}

/// The detail for an unsupported encoding.
macro_rules! unsupported {
    ($name:literal) => {
        concat!("the message is in ", $name, ", which isn't read")
    };
}

/// The first bytes of messages in encodings that are recognizable without a declaration.
const SIGNATURES: [(&[u8], &str); 9] = [
    (b"\xFF\xFE\0\0", unsupported!("UTF-32")),
    (b"\0\0\xFE\xFF", unsupported!("UTF-32")),
    (b"<\0\0\0", unsupported!("UTF-32")),
    (b"\0\0\0<", unsupported!("UTF-32")),
    (b"<\0", unsupported!("UTF-16 without a byte order mark")),
    (b"\0<", unsupported!("UTF-16 without a byte order mark")),
    // `<?xm`.
    (b"\x4C\x6F\xA7\x94", unsupported!("EBCDIC")),
    // A byte order mark, and `<`.
    (b"+/v", unsupported!("UTF-7")),
    (b"+ADw", unsupported!("UTF-7")),
];

macro_rules! unsupported_names {
    ($($name:literal),* $(,)?) => {
        [$(($name, unsupported!($name))),*]
    };
}

/// Encodings of the standard that aren't supported, by their standard names.
const UNSUPPORTED: [(&str, &str); 37] = unsupported_names![
    "IBM866",
    "ISO-8859-2",
    "ISO-8859-3",
    "ISO-8859-4",
    "ISO-8859-5",
    "ISO-8859-6",
    "ISO-8859-7",
    "ISO-8859-8",
    "ISO-8859-8-I",
    "ISO-8859-10",
    "ISO-8859-13",
    "ISO-8859-14",
    "ISO-8859-15",
    "ISO-8859-16",
    "KOI8-R",
    "KOI8-U",
    "macintosh",
    "windows-874",
    "windows-1250",
    "windows-1251",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "x-mac-cyrillic",
    "GBK",
    "gb18030",
    "Big5",
    "EUC-JP",
    "ISO-2022-JP",
    "Shift_JIS",
    "EUC-KR",
    "UTF-16LE",
    "UTF-16BE",
    "x-user-defined",
];

/// Encodings that the standard lacks or dropped, by label prefix.
const UNSUPPORTED_PREFIXES: [(&str, &str); 19] = [
    ("UTF-7", unsupported!("UTF-7")),
    ("UTF7", unsupported!("UTF-7")),
    ("unicode-1-1-utf-7", unsupported!("UTF-7")),
    ("UTF-32", unsupported!("UTF-32")),
    ("UTF32", unsupported!("UTF-32")),
    ("UCS-4", unsupported!("UTF-32")),
    ("ISO-10646-UCS-4", unsupported!("UTF-32")),
    ("EBCDIC", unsupported!("EBCDIC")),
    ("IBM", unsupported!("EBCDIC or a code page of IBM")),
    ("CP", unsupported!("EBCDIC or a code page of IBM")),
    ("CCSID", unsupported!("EBCDIC or a code page of IBM")),
    ("CESU-8", unsupported!("CESU-8")),
    ("SCSU", unsupported!("SCSU")),
    ("BOCU-1", unsupported!("BOCU-1")),
    ("ISO-2022-KR", unsupported!("ISO-2022-KR")),
    ("csiso2022kr", unsupported!("ISO-2022-KR")),
    ("ISO-2022-CN", unsupported!("ISO-2022-CN")),
    ("HZ-GB-2312", unsupported!("HZ-GB-2312")),
    ("replacement", unsupported!("no encoding")),
];

/// The detail for a label whose encoding isn't supported; `None` for an unknown label.
fn unsupported_detail(label: &[u8]) -> Option<&'static str> {
    let name = encoding_rs::Encoding::for_label(label).map(encoding_rs::Encoding::name);
    let standard = UNSUPPORTED.iter().find(|(own, _)| Some(*own) == name);
    let found = standard.or_else(|| {
        let mut prefixes = UNSUPPORTED_PREFIXES.iter();
        prefixes
            .find(|(own, _)| label.get(..own.len()).is_some_and(|prefix| prefix.eq_ignore_ascii_case(own.as_bytes())))
    });
    found.map(|(_, detail)| *detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Result<(Encoding, String), &'static str> {
        let encoding = Encoding::of(bytes).map_err(|refusal| refusal.detail())?;
        let mut text = String::from("of the message before");
        encoding.decode(bytes, &mut text).map_err(|refusal| refusal.detail())?;
        Ok((encoding, text))
    }

    fn declared(name: &str, content: &[u8]) -> Vec<u8> {
        [format!("<?xml version='1.0' encoding='{name}'?><a>").as_bytes(), content, b"</a>"].concat()
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
    fn attack_18_labels_are_those_of_the_standard() {
        for (names, encoding) in [
            ("UTF-8 utf8 Unicode-1-1-UTF-8 x-unicode20utf8", Encoding::Utf8),
            ("US-ASCII ascii ANSI_X3.4-1968", Encoding::Ascii),
            ("ISO-8859-1 latin1 Latin1 l1 iso8859-1 ISO_8859-1 cp819 IBM819 csISOLatin1", Encoding::Latin1),
            ("windows-1252 CP1252 x-cp1252", Encoding::Windows1252),
        ] {
            for name in names.split(' ') {
                assert_eq!(decode(&declared(name, b"A")).map(|(encoding, _)| encoding), Ok(encoding), "{name}");
                let is_read = decode(&declared(name, b"\xC9")).is_ok();
                // `Message::open` finds what isn't UTF-8.
                assert_eq!(is_read, encoding != Encoding::Ascii, "{name}");
            }
        }
    }

    #[test]
    fn what_is_not_read_is_named() {
        for (label, name) in [
            ("Shift_JIS", "Shift_JIS"),
            ("sjis", "Shift_JIS"),
            ("ISO-8859-15", "ISO-8859-15"),
            ("latin2", "ISO-8859-2"),
            ("cp1250", "windows-1250"),
            ("UTF-16LE", "UTF-16LE"),
            ("UTF-7", "UTF-7"),
            ("UTF-32BE", "UTF-32"),
            ("ebcdic-cp-us", "EBCDIC"),
            ("IBM037", "EBCDIC"),
            ("gb2312", "GBK"),
        ] {
            let message = format!("<?xml version='1.0' encoding='{label}'?><a/>");
            let detail = decode(message.as_bytes()).unwrap_err();
            assert!(detail.contains(&format!(" {name}")) && detail.ends_with("isn't read"), "{label}: {detail}");
        }
        let utf32: Vec<u8> = "<a/>".chars().flat_map(|character| u32::from(character).to_le_bytes()).collect();
        assert_eq!(decode(&utf32), Err("the message is in UTF-32, which isn't read"));
        assert_eq!(decode(b"\x4C\x6F\xA7\x94\x93"), Err("the message is in EBCDIC, which isn't read"));
    }

    #[test]
    fn offsets_are_those_of_the_message() {
        assert_eq!(Encoding::Latin1.source_offset("éé<", 4), 2);
        assert_eq!(Encoding::Utf16.source_offset("日𝒳<", 7), 8);
        assert_eq!(Encoding::Utf8.source_offset("é<", 2), 2);
    }
}
