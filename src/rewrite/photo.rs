//! Finds photos by content, not only by name (P7): images and opaque encoded blobs in a text.
//!
//! Decoding serves only detection: a value in which an image is found is removed whole.

/// First bytes of images and of the containers an image may hide in. Sources: JPEG (ISO/IEC 10918-1), JPEG 2000
/// (15444-1), WSQ (FBI IAFIS-IC-0110), PNG (W3C), GIF89a, TIFF 6.0, ANSI/NIST-ITL 1, PDF (ISO 32000), ZIP (APPNOTE),
/// gzip (RFC 1952). BMP's two letters are too short for detection; its length field is used instead.
const MAGIC: [&[u8]; 13] = [
    b"\xFF\xD8\xFF",
    b"\x00\x00\x00\x0CjP  \r\n",
    b"\xFF\x4F\xFF\x51",
    b"\xFF\xA0\xFF\xA4",
    b"\xFF\xA0\xFF\xA5",
    b"\xFF\xA0\xFF\xA8",
    b"\x89PNG\r\n\x1A\n",
    b"GIF8",
    b"II*\x00",
    b"MM\x00*",
    b"1.001:",
    b"%PDF-",
    b"PK\x03\x04",
];
const GZIP: &[u8] = b"\x1F\x8B\x08";

/// A shorter run holds no image.
const MIN_IMAGE_BYTES: usize = 16;
/// A run of this length without a break is no word, number or code of a record.
const MAX_WORD_BYTES: usize = 40;
/// A run of this length is checked for the mixture of characters that encodings have.
const SUSPECT_WORD: usize = 16;
/// The same across white space: longer, because of the words of a sentence.
const SUSPECT_RUN: usize = 64;

/// Whether a text contains an image, or encoded data that can't be judged.
pub(super) fn is_found_in(text: &str) -> bool {
    let bytes = text.as_bytes();
    // Most values are a few short words, shorter than any image.
    let is_short =
        bytes.len() < SUSPECT_RUN && bytes.split(|byte| !is_encoding(*byte)).all(|word| word.len() < MIN_IMAGE_BYTES);
    if is_short {
        return holds_data_uri(text);
    }
    let mut run = Run::default();
    let mut word = Run::default();
    for byte in bytes {
        if is_encoding(*byte) {
            word.add(*byte);
            run.add(*byte);
            continue;
        }
        if word.is_opaque_word() {
            return true;
        }
        word = Run::default();
        // Pieces of an encoding may be joined by anything small.
        if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b'.' | b':' | b';' | b'%' | b'"') {
            if run.is_opaque_run() {
                return true;
            }
            run = Run::default();
        }
    }
    word.is_opaque_word() || run.is_opaque_run() || holds_data_uri(text)
}

/// Whether the byte is of an alphabet that binary data is written in: base64, base64url, hexadecimal.
#[inline]
fn is_encoding(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_')
}

/// A `data:` URI (RFC 2397) that names a media type or an encoding; `DATA: SMITH, JOHN` isn't one.
fn holds_data_uri(text: &str) -> bool {
    let Some(colon) = memchr::memchr(b':', text.as_bytes()) else { return false };
    let from = colon.saturating_sub(4);
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    let at = rest.windows(5).position(|window| window.eq_ignore_ascii_case(b"data:")).map(|at| from + at);
    let uri = at.and_then(|at| text.get(at..)).and_then(|uri| uri.split_once(','));
    uri.is_some_and(|(head, _)| head.contains(['/', ';']))
}

/// Statistics of a run of encoding bytes.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    length: usize,
    letters_and_digits: usize,
    /// Changes from lower to upper case, and between letters and digits: rare in words, frequent in encodings.
    turns: usize,
    has_lower: bool,
    has_upper: bool,
    has_digit: bool,
    has_beyond_hex: bool,
    last: u8,
    /// Letters and digits in a row: now, and at most.
    stretch: usize,
    longest_stretch: usize,
    head: [u8; 24],
}

impl Run {
    fn add(&mut self, byte: u8) {
        if let Some(slot) = self.head.get_mut(self.length) {
            *slot = byte;
        }
        let turned = self.last.is_ascii_lowercase() && byte.is_ascii_uppercase()
            || self.last.is_ascii_alphabetic() && byte.is_ascii_digit()
            || self.last.is_ascii_digit() && byte.is_ascii_alphabetic();
        self.length += 1;
        self.letters_and_digits += usize::from(byte.is_ascii_alphanumeric());
        self.turns += usize::from(turned);
        self.has_lower |= byte.is_ascii_lowercase();
        self.has_upper |= byte.is_ascii_uppercase();
        self.has_digit |= byte.is_ascii_digit();
        self.has_beyond_hex |= !byte.is_ascii_hexdigit();
        self.last = byte;
        self.stretch = if byte.is_ascii_alphanumeric() { self.stretch + 1 } else { 0 };
        self.longest_stretch = self.longest_stretch.max(self.stretch);
    }

    /// A run without white space.
    fn is_opaque_word(&self) -> bool {
        if self.length < MIN_IMAGE_BYTES {
            return false;
        }
        self.begins_as_image()
            || self.length >= MAX_WORD_BYTES
                && self.letters_and_digits >= MAX_WORD_BYTES * 3 / 4
                && !self.is_joined_words()
            || self.length >= SUSPECT_WORD && self.is_mixed() && self.turns * 6 >= self.length
    }

    /// Words of one case joined by hyphens or slashes: `MENTAL-HEALTH-CRISIS/APPROACH-WITH-CAUTION`.
    fn is_joined_words(&self) -> bool {
        !self.has_digit && self.has_lower != self.has_upper && self.longest_stretch < SUSPECT_WORD
    }

    /// A run without its white space.
    fn is_opaque_run(&self) -> bool {
        if self.length < MIN_IMAGE_BYTES {
            return false;
        }
        let is_hex = !self.has_beyond_hex && self.has_digit && (self.has_lower || self.has_upper);
        self.begins_as_image()
            || self.length >= SUSPECT_RUN && (is_hex || self.is_mixed() && self.turns * 4 >= self.length)
    }

    fn is_mixed(&self) -> bool {
        self.has_lower && self.has_upper && self.has_digit
    }

    fn begins_as_image(&self) -> bool {
        let head = self.head.get(..self.length.min(self.head.len())).unwrap_or_default();
        is_magic(&decode_base64(head)) || is_magic(&decode_hex(head))
    }
}

fn is_magic(bytes: &[u8]) -> bool {
    let is_boxed = bytes.get(4..8) == Some(b"ftyp") && bytes.starts_with(&[0, 0]);
    let is_riff = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    is_boxed || is_riff || bytes.starts_with(GZIP) || MAGIC.iter().any(|magic| bytes.starts_with(magic))
}

/// The first bytes encoded by base64 or base64url text; zeros after the end of such text.
fn decode_base64(text: &[u8]) -> [u8; 18] {
    let mut bytes = [0; 18];
    let (mut word, mut bits, mut filled) = (0_u32, 0, 0);
    for byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => break,
        };
        word = (word << 6 | u32::from(value)) & 0xFFFF;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            if let (Some(slot), Ok(byte)) = (bytes.get_mut(filled), u8::try_from(word >> bits & 0xFF)) {
                *slot = byte;
            }
            filled += 1;
        }
    }
    bytes
}

/// The first bytes encoded by hexadecimal text; zeros after the end of such text.
fn decode_hex(text: &[u8]) -> [u8; 12] {
    let mut bytes = [0; 12];
    for (slot, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let digits = std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let Some(byte) = digits else { break };
        *slot = byte;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p7_images_are_found_however_they_are_written() {
        let base64 = "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDRENDg8QEBEQCgwSExIQEw8QEBD";
        let spaced: String = base64.chars().flat_map(|c| [c, ' ']).collect();
        let lines: String =
            base64.as_bytes().chunks(20).map(|line| format!("{}\n  ", String::from_utf8_lossy(line))).collect();
        for image in [
            base64,
            "PHOTO /9j/4AAQSkZJRgABAQ",
            "_9j_4AAQSkZJRgABAQEASABIAAD",
            "FFD8FFE000104A46494600010101",
            "ffd8ffe000104a46494600010101",
            "89504E470D0A1A0A0000000D49484452",
            "data:image/jpeg,x0123456789",
            "DATA:;base64,AAAA0123456",
            "iVBORw0KGgoAAAANSUhEUg",
            "H4sIAAAAAAAAA+3BMQEA",
            "UEsDBBQAAAAIAAAAIQ",
            "AAAAIGZ0eXBhdmlmAAAA",
            "UklGRiQAAABXRUJQVlA4",
            "L25vdCBhbiBpbWFnZSBidXQgb3BhcXVlIGFsbCB0aGUgc2FtZQ",
            &spaced,
            &lines,
            "FF:D8:FF:E0:00:10:4A:46:49:46:00:01:01:01:00:48:00:48:00:00:FF:DB",
            "%FF%D8%FF%E0%00%10%4A%46%49%46%00%01%01%01%00%48%00%48%00%00%FF%DB",
            "/9j/4AAQSkZJRg,ABAQEASABIAAD,/2wBDAAMCAgICA,gMCAgIDAwMDB,AYEBAQEBAgGBgUG",
        ] {
            assert!(is_found_in(image), "{image}");
        }
    }

    #[test]
    fn p7_words_numbers_and_sentences_are_no_images() {
        for text in [
            "1FTFW1ET5DFC10312",
            "SMITH-WELLINGTON-MONTGOMERY",
            "CLASS C OPERATOR LICENSE VALID UNTIL 2029-05-01 CORRECTIVE LENSES REQUIRED",
            "The McDonald vehicle was seen at 12 Main St Apt 4B, Springfield IL 62704 on 2024-05-01.",
            "----------------------------------------------------------------",
            "================================================",
            "217-555-0123 217-555-0124 217-555-0125 217-555-0126 217-555-0127 217-555-0128 217-555-0129",
            "II AND MM PRECINCTS",
            "MENTAL-HEALTH-CRISIS/APPROACH-WITH-CAUTION",
            "STOPPED AT 10:23:45, 11:24:46, 12:25:47, 13:26:48, 14:27:49; PLATES ABC1234, DEF5678, GHI9012.",
            "DATA: SMITH, JOHN",
        ] {
            assert!(!is_found_in(text), "{text}");
        }
    }
}
