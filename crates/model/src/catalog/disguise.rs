//! Detects disguised values in a text: labeled values of other elements, or encoded ones that only a decoder sees. A
//! permitted text with any of them is removed as a whole (P7, attacks 26 and 27).

/// Field codes of legacy Nlets and NCIC text that aren't words: one before a `/` is a field.
const FIELD_CODES: [&str; 10] = ["ADR", "AKA", "DLN", "DOB", "IMN", "NAM", "OLN", "POB", "SOC", "SSN"];

/// Field codes that are words or abbreviations as well (`SEX/VIOLENT OFFENDER`, `FBI/ATF`): a field if a number
/// follows, or if several occur in one text.
const AMBIGUOUS_CODES: [&str; 34] = [
    "ARN", "ATR", "CIT", "CTY", "DLU", "DOA", "DOI", "DOL", "EMA", "EXP", "EYE", "FBI", "HAI", "HGT", "IMG", "LIC",
    "LIS", "LIT", "LIY", "MNU", "OLS", "OLT", "OLY", "PHO", "PHT", "RAC", "REG", "RES", "SEX", "SID", "VIN", "VMA",
    "WGT", "ZIP",
];

/// Element ids of AAMVA barcode text that hardly any word starts with (AAMVA DL/ID Card Design Standard, annex D).
const BARCODE_IDS: [&str; 9] = ["DAQ", "DCS", "DBB", "DCF", "DBD", "DCG", "DDE", "DDF", "DDG"];

/// The start of the header of barcode text, issuer number prefix included.
const BARCODE_HEADER: &str = "ANSI 636";

/// Words shorter than these are too short for an encoded value.
const MIN_BASE64: usize = 8;
const MIN_HEX: usize = 16;

/// Whether a value contains labeled fields. In a text, a single word with an element id of barcode text as its prefix
/// counts as one; a code or an identifier may start the same way (`DCF`: an ORI of the District of Columbia; any plate
/// or license number).
pub(super) fn holds_fields(text: &str, is_text: bool) -> bool {
    let mut ambiguous = 0;
    let mut barcodes = 0;
    for (at, _) in text.match_indices('/') {
        let code = at.checked_sub(3).and_then(|from| text.get(from..at)).unwrap_or_default();
        let before = text.get(..at.saturating_sub(3)).and_then(|before| before.bytes().last());
        let value = text.get(at + 1..).unwrap_or_default();
        let is_field = value.starts_with(|first: char| first.is_ascii_alphanumeric() || matches!(first, '*' | '-'));
        if before.is_some_and(|byte| byte.is_ascii_alphanumeric()) || !is_field {
            continue;
        }
        if FIELD_CODES.contains(&code) {
            return true;
        }
        if AMBIGUOUS_CODES.contains(&code) {
            let is_number = value.split(|c: char| !c.is_ascii_alphanumeric()).next().is_some_and(has_digit);
            ambiguous += if is_number { 2 } else { 1 };
        }
    }
    for word in words(text).filter(|word| word.len() > 3) {
        if word.get(..3).is_some_and(|id| BARCODE_IDS.contains(&id)) {
            barcodes += if is_text && has_digit(word) { 2 } else { 1 };
        }
    }
    ambiguous > 1 || barcodes > 1 || text.contains(BARCODE_HEADER)
}

/// Whether a value contains the header of barcode text: the part of [`holds_fields`] that applies to plain values.
pub(super) fn holds_header(value: &[u8]) -> bool {
    value.windows(BARCODE_HEADER.len()).any(|window| window == BARCODE_HEADER.as_bytes())
}

/// Whether a value contains an element id of barcode text anywhere, whether it begins a field or not.
pub(super) fn begins_barcode(value: &[u8]) -> bool {
    value.windows(3).any(|window| window.first() == Some(&b'D') && BARCODE_IDS.iter().any(|id| window == id.as_bytes()))
}

/// Whether a text contains padded base64 or hexadecimal.
pub(super) fn holds_code(text: &str) -> bool {
    words(text).any(|word| {
        let is_padded = word.ends_with('=') && word.len() >= MIN_BASE64 && word.len().is_multiple_of(4);
        is_padded || word.len() >= MIN_HEX && word.len().is_multiple_of(2) && is_hex(word)
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !(character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '=' | '_')))
}

fn has_digit(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether a word is hexadecimal: digits and letters, or digits only if they decode to ASCII text. Other digits are a
/// number.
fn is_hex(word: &str) -> bool {
    let is_mixed = has_digit(word) && word.bytes().any(|byte| byte.is_ascii_alphabetic());
    word.bytes().all(|byte| byte.is_ascii_hexdigit()) && has_digit(word) && (is_mixed || is_hex_of_text(word))
}

/// Whether each two digits decode to a printable ASCII character.
fn is_hex_of_text(word: &str) -> bool {
    word.as_bytes().chunks(2).all(|pair| {
        let byte = std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
        byte.is_some_and(|byte| (0x20..0x7F).contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::{holds_code, holds_fields};

    fn is_found_in(text: &str) -> bool {
        holds_fields(text, true) || holds_code(text)
    }

    #[test]
    fn attack_27_fields_of_another_layout_are_found() {
        for text in [
            "NAM/SMITH,JOHN.ADR/12 MAIN ST.OLN/D1234567.ARN/A12345678",
            "SEE SOC/900123456",
            "(DOB/19850704)",
            "DAQD12345678 DCSPUBLIC DAG12 MAIN ST",
            "ANSI 636026 DLDAQ12345678 DCSEXAMPLE",
            "OTAwLTEyLTM0NTY=",
            "REF 39303031323334353637",
        ] {
            assert!(is_found_in(text), "{text}");
        }
    }

    #[test]
    fn p4_a_code_may_begin_as_a_barcode_field_does() {
        for code in ["DCFBI0000", "DAQ1234", "DBB1234567"] {
            assert!(holds_fields(code, true) && !holds_fields(code, false), "{code}");
        }
        assert!(holds_fields("DAQD12345678 DCSPUBLIC", false) && holds_fields("ANSI 636026", false));
    }

    #[test]
    fn p4_texts_of_records_are_none() {
        for text in [
            "SPEEDING 75/55 IN WORK ZONE",
            "VALID W/GLASSES, N/T ENDORSEMENT",
            "AND/OR RES / COMMERCIAL",
            "SMITH DBA ACME TOWING, SOUTH DAKOTA, DAYTIME DRIVING ONLY",
            "FAILURE TO APPEAR 2024-05-01 CASE 1234567890",
            "TATTOO: ROSE, L ARM = LEFT",
            "ARMED AND DANGEROUS. SEX/VIOLENT OFFENDER",
            "FAIL TO DISPLAY LIC/REG",
            "NO PROOF VIN/PLATE MATCH",
            "FBI/ATF WARRANT",
            "CHILD ENDANGERMENT REFERRED TO DCFS",
            "CASE 1234567890123456",
        ] {
            assert!(!is_found_in(text), "{text}");
        }
    }
}
