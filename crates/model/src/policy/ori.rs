//! ORIs, the nine-character identifiers of agencies, and patterns over them.
//!
//! A prefix alone is ambiguous: `VTICE0900` is a federal office whose ORI starts with VT. That is why exact ORIs and
//! patterns are separate.

use std::fmt;

use serde::{Serialize, Serializer};

/// The number of characters of an ORI.
pub const ORI_LENGTH: usize = 9;

/// The pattern of an ORI for the schemas of tables. [`Ori`] is authoritative.
#[cfg(feature = "schema")]
pub const ORI_PATTERN: &str = "^[A-Z][A-Z0-9]{8}$";

/// An Originating Agency Identifier: nine characters, A to Z and 0 to 9, the first a letter. Nine digits are some other
/// number.
///
/// The single definition of an ORI, for callers, tables, patterns and envelopes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ori([u8; ORI_LENGTH]);

impl Ori {
    /// Parses `text` exactly: no padding, no lower case, no other alphabet. `None` if it isn't an ORI.
    #[doc(hidden)]
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let bytes: [u8; ORI_LENGTH] = text.as_bytes().try_into().ok()?;
        let is_ori = bytes.iter().all(is_ori_byte) && bytes.first().is_some_and(u8::is_ascii_uppercase);
        is_ori.then_some(Self(bytes))
    }

    /// The same, or what is wrong with `text`.
    #[doc(hidden)]
    pub fn parse(text: &str) -> Result<Self, OriFault> {
        Self::new(text).ok_or_else(|| OriFault::of(text))
    }

    /// The nine characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Ori {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Ori {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ori({self})")
    }
}

impl Serialize for Ori {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Why a text isn't an ORI. It doesn't repeat the text (P6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OriFault {
    /// It has this many characters.
    Length(usize),
    /// The character at this position, counted from 1, is lower case.
    LowerCase(usize),
    /// The character at this position isn't allowed in an ORI.
    Character(usize),
    /// It starts with a digit.
    FirstDigit,
}

impl OriFault {
    fn of(text: &str) -> Self {
        if let Some(index) = text.chars().position(|c| !c.is_ascii_alphanumeric()) {
            Self::Character(index + 1)
        } else if text.len() != ORI_LENGTH {
            Self::Length(text.len())
        } else if let Some(index) = text.chars().position(|c| c.is_ascii_lowercase()) {
            Self::LowerCase(index + 1)
        } else {
            Self::FirstDigit
        }
    }
}

impl fmt::Display for OriFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(length) => write!(f, "it has {length} characters, and an ORI has {ORI_LENGTH}"),
            Self::LowerCase(place) => write!(f, "its character {place} is lower case, and an ORI is upper case"),
            Self::Character(place) => write!(f, "its character {place} is none of A to Z and 0 to 9"),
            Self::FirstDigit => f.write_str("it begins with a digit, and an ORI begins with a letter"),
        }
    }
}

fn is_ori_byte(byte: &u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

/// A pattern over ORIs: `?` is one character, `#` one digit, `*` any run of characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriPattern(Vec<u8>);

impl OriPattern {
    /// Parses a pattern; an error if no ORI could match it.
    pub fn new(text: &str) -> Result<Self, String> {
        if let Some(wrong) =
            text.chars().find(|c| !c.is_ascii_uppercase() && !c.is_ascii_digit() && !matches!(c, '?' | '#' | '*'))
        {
            return Err(format!("`{text}` can match no ORI: `{wrong}` is none of A to Z, 0 to 9, `?`, `#` and `*`"));
        }
        let fixed = text.bytes().filter(|byte| *byte != b'*').count();
        let stars = text.len() - fixed;
        if fixed > ORI_LENGTH || stars == 0 && fixed != ORI_LENGTH {
            return Err(format!(
                "`{text}` can match no ORI: an ORI has {ORI_LENGTH} characters, the pattern has {fixed}"
            ));
        }
        let starts_with_digit = text.trim_start_matches('*').starts_with(|c: char| c.is_ascii_digit() || c == '#');
        if starts_with_digit && (fixed == ORI_LENGTH || !text.starts_with('*')) {
            return Err(format!("`{text}` can match no ORI: {}", OriFault::FirstDigit));
        }
        Ok(Self(text.as_bytes().to_vec()))
    }

    /// Whether a text in a policy is a pattern rather than an ORI.
    pub fn is_pattern(text: &str) -> bool {
        text.contains(['?', '#', '*'])
    }

    /// The pattern as written.
    pub fn symbols(&self) -> &[u8] {
        &self.0
    }

    /// Whether an ORI is one of those it describes.
    pub fn matches(&self, ori: Ori) -> bool {
        matches(&self.0, &ori.0)
    }
}

/// Glob matching that backtracks to the last star only: on a mismatch it takes one character more.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(b'?') => {
                p += 1;
                t += 1;
            }
            Some(b'#') if text.get(t).is_some_and(u8::is_ascii_digit) => {
                p += 1;
                t += 1;
            }
            Some(byte) if text.get(t) == Some(byte) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((star_p, star_t)) => {
                    star = Some((star_p, star_t + 1));
                    p = star_p + 1;
                    t = star_t + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_30_an_ori_is_taken_exactly() {
        assert_eq!(Ori::new("VTICE0900").unwrap().as_str(), "VTICE0900");
        for bad in [
            "",
            "VTICE090",
            "VTICE09000",
            "vtice0900",
            " VTICE0900",
            "VTICE0900 ",
            "ＶＴＩ",
            "VTICE090\u{0}",
            "VTICE-900",
            "900123456",
            "1Z0070000",
        ] {
            assert_eq!(Ori::new(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_text_that_is_no_ori_is_said() {
        for (text, fault) in [
            ("", "it has 0 characters, and an ORI has 9"),
            ("AZ007000", "it has 8 characters, and an ORI has 9"),
            ("AZ 070000", "its character 3 is none of A to Z and 0 to 9"),
            ("ＡＺ0070000", "its character 1 is none of A to Z and 0 to 9"),
            ("AZ007000o", "its character 9 is lower case, and an ORI is upper case"),
            ("900123456", "it begins with a digit, and an ORI begins with a letter"),
            ("1Z0070000", "it begins with a digit, and an ORI begins with a letter"),
        ] {
            assert_eq!(Ori::parse(text).unwrap_err().to_string(), fault, "{text}");
        }
    }

    #[test]
    fn a_pattern_that_no_ori_can_match_is_refused() {
        for text in ["1*", "12345678?", "0????????", "*12345678A", "**1AAAAAAAA"] {
            assert!(OriPattern::new(text).is_err(), "{text}");
        }
        for text in ["*1*", "?1*", "*12345678", "?12345678", "A*"] {
            assert!(OriPattern::new(text).is_ok(), "{text}");
        }
    }

    /// What a caller may say, the envelope may hold, and the other way round.
    #[test]
    fn an_envelope_holds_what_is_an_ori() {
        let catalog = crate::catalog::Catalog::load(crate::built_in::CATALOG, &[]).unwrap();
        let shape = catalog.element(catalog.find("envelope.ori").unwrap()).unwrap().shape();
        for text in [
            "AZ0070000",
            "VTICE0900",
            "A00000000",
            "1Z0070000",
            "900123456",
            "az0070000",
            "AZ007000",
            "AZ00700000",
            "AZ-070000",
        ] {
            assert_eq!(shape.conforms(text), Ori::new(text).is_some(), "{text}");
        }
    }

    fn matches(pattern: &str, ori: &str) -> bool {
        OriPattern::new(pattern).unwrap().matches(Ori::new(ori).unwrap())
    }

    #[test]
    fn patterns_match_whole_oris() {
        assert!(matches("AZ*", "AZ0070000") && matches("??ICE*", "VTICE0900") && matches("*00", "AZ0070000"));
        assert!(matches("*", "AZ0070000") && matches("A*7*0", "AZ0070000") && matches("?????????", "AZ0070000"));
        assert!(matches("AZ###??00", "AZ0070000") && matches("*#", "AZ0070000") && matches("A#*A", "A0ICE010A"));
        assert!(!matches("AZ###??00", "AZICE0100") && !matches("*#", "AZ007000A") && OriPattern::new("#?*").is_err());
        assert!(!matches("AZ*", "NV0070000") && !matches("??ICE*", "VTIC00900") && !matches("*01", "AZ0070000"));
        assert!(
            OriPattern::new("AZ00700000*").is_err()
                && OriPattern::new("az*").is_err()
                && OriPattern::new("AZ??").is_err()
        );
    }
}
