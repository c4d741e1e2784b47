//! What a text may hold that is no text: values of other elements under labels of their own, or written so that only a
//! decoder sees them. A permitted text with any of it goes whole (attacks 26 and 27).

/// Field codes of legacy Nlets and NCIC text, as they stand before a `/`.
const FIELD_CODES: [&str; 44] = [
    "ADR", "AKA", "ARN", "ATR", "CIT", "CTY", "DLN", "DLU", "DOA", "DOB", "DOI", "DOL", "EMA", "EXP", "EYE", "FBI",
    "HAI", "HGT", "IMG", "IMN", "LIC", "LIS", "LIT", "LIY", "MNU", "NAM", "OLN", "OLS", "OLT", "OLY", "PHO", "PHT",
    "POB", "RAC", "REG", "RES", "SEX", "SID", "SOC", "SSN", "VIN", "VMA", "WGT", "ZIP",
];

/// Element ids of AAMVA barcode text that no word begins with (AAMVA DL/ID Card Design Standard, annex D).
const BARCODE_IDS: [&str; 9] = ["DAQ", "DCS", "DBB", "DCF", "DBD", "DCG", "DDE", "DDF", "DDG"];

/// Shorter words are too short to hold anything encoded.
const SHORTEST_BASE64: usize = 8;
const SHORTEST_HEX: usize = 16;

/// Whether a text holds fields or encoded parts.
pub(super) fn is_found_in(text: &str) -> bool {
    let words = text
        .split(|character: char| !(character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '=' | '_')));
    holds_field(text) || words.filter(|word| word.len() > 3).any(|word| is_barcode_field(word) || is_encoded(word))
}

/// `NAM/SMITH`: a code that stands as a word of its own, and something behind the slash.
fn holds_field(text: &str) -> bool {
    text.match_indices('/').any(|(at, _)| {
        let code = at.checked_sub(3).and_then(|from| text.get(from..at));
        let before = text.get(..at.saturating_sub(3)).and_then(|before| before.bytes().last());
        let after = text.as_bytes().get(at + 1);
        code.is_some_and(|code| FIELD_CODES.contains(&code))
            && !before.is_some_and(|byte| byte.is_ascii_alphanumeric())
            && after.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'-'))
    })
}

fn is_barcode_field(word: &str) -> bool {
    word.get(..3).is_some_and(|id| BARCODE_IDS.contains(&id))
}

/// Base64 that shows its padding, or a long run of hexadecimal digits.
fn is_encoded(word: &str) -> bool {
    let is_padded = word.ends_with('=') && word.len() >= SHORTEST_BASE64 && word.len().is_multiple_of(4);
    let is_hex = word.len() >= SHORTEST_HEX
        && word.len().is_multiple_of(2)
        && word.bytes().all(|byte| byte.is_ascii_hexdigit())
        && word.bytes().any(|byte| byte.is_ascii_digit());
    is_padded || is_hex
}

#[cfg(test)]
mod tests {
    use super::is_found_in;

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
    fn p4_texts_of_records_are_none() {
        for text in [
            "SPEEDING 75/55 IN WORK ZONE",
            "VALID W/GLASSES, N/T ENDORSEMENT",
            "AND/OR RES / COMMERCIAL",
            "SMITH DBA ACME TOWING, SOUTH DAKOTA, DAYTIME DRIVING ONLY",
            "FAILURE TO APPEAR 2024-05-01 CASE 1234567890",
            "TATTOO: ROSE, L ARM = LEFT",
        ] {
            assert!(!is_found_in(text), "{text}");
        }
    }
}
