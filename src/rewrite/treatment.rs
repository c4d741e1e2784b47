//! Writes a value less precisely: the year of a date, five digits of a postal code, the last four characters of an
//! identifier.
//!
//! Each treatment maps its own result to itself, so redacting twice changes nothing. Tokens are another matter: they need a
//! key, and have a module of their own.

use dmv_redact_model::catalog::{Treatment, trim};

/// Replaces a masked value. Constant, so that not even a length is revealed.
const MASK: &str = "****";

/// Whether `value` is a result of `treatment`, which must not be judged as a value again.
pub(super) fn is_result(treatment: Treatment, value: &str) -> bool {
    match treatment {
        Treatment::Mask => value == MASK,
        Treatment::Last4 => value
            .strip_prefix(MASK)
            .is_some_and(|rest| rest.len() == 4 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())),
        // A year and a five-digit postal code are values of their kind. Anybody can write what looks like a token.
        Treatment::Token | Treatment::Full | Treatment::Year | Treatment::Zip5 => false,
    }
}

/// Writes the result of `treatment` for `value` into `into`, which is empty; `false` if the treatment can't read the
/// value. The value conforms to its element's shape.
pub(super) fn apply(treatment: Treatment, value: &str, into: &mut String) -> bool {
    let value = trim(value);
    match treatment {
        Treatment::Full => into.push_str(value),
        Treatment::Mask => into.push_str(MASK),
        Treatment::Year => match year(value) {
            Some(year) => into.push_str(year),
            None => return false,
        },
        Treatment::Zip5 => match zip5(value) {
            Some(zip5) => into.push_str(zip5),
            None => return false,
        },
        Treatment::Last4 => return last4(value, into),
        Treatment::Token => return false,
    }
    true
}

/// The year of a date: `YYYY`, `YYYY-MM`, `YYYY-MM-DD` with or without a time, `YYYYMMDD`, `MMDDYYYY`, `MM/DD/YYYY`, `MM-DD-YYYY`.
fn year(value: &str) -> Option<&str> {
    let bytes = value.as_bytes();
    // In `MMDDYYYY` the first two digits would be a month as well: a plausible year takes precedence.
    let place = match bytes {
        [_, _, _, _] => 0,
        [_, _, _, _, b'-', _, _] if is_month(value, 5) => 0,
        [_, _, _, _, b'-', _, _, b'-', _, _, ..] if is_month(value, 5) && is_day(value, 8) => 0,
        [_, _, _, _, _, _, _, _] if is_year(value, 0) && is_month(value, 4) && is_day(value, 6) => 0,
        [_, _, _, _, _, _, _, _] if is_month(value, 0) && is_day(value, 2) => 4,
        [_, _, b'/', _, _, b'/', _, _, _, _] | [_, _, b'-', _, _, b'-', _, _, _, _]
            if is_month(value, 0) && is_day(value, 3) =>
        {
            6
        }
        _ => return None,
    };
    value.get(place..place + 4).filter(|_| is_year(value, place))
}

fn is_month(value: &str, at: usize) -> bool {
    digits(value, at, 2).is_some_and(|month| ("01"..="12").contains(&month))
}

fn is_day(value: &str, at: usize) -> bool {
    digits(value, at, 2).is_some_and(|day| ("01"..="31").contains(&day))
}

fn is_year(value: &str, at: usize) -> bool {
    digits(value, at, 4).is_some_and(|year| ("1800"..="2199").contains(&year))
}

fn digits(value: &str, at: usize, count: usize) -> Option<&str> {
    value.get(at..at + count).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The first five digits of `ddddd`, `ddddddddd`, `ddddd-dddd` or `ddddd dddd`.
fn zip5(value: &str) -> Option<&str> {
    let rest = value.get(5..)?;
    let plus4 = rest.strip_prefix(['-', ' ']).unwrap_or(rest);
    let is_whole = rest.is_empty() || plus4.len() == 4 && plus4.bytes().all(|byte| byte.is_ascii_digit());
    value.get(..5).filter(|zip5| is_whole && zip5.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The mask and the last four letters or digits; an identifier of fewer than five would be revealed whole.
fn last4(value: &str, into: &mut String) -> bool {
    let counted = value.chars().filter(char::is_ascii_alphanumeric);
    let count = counted.clone().count();
    if count < 5 {
        return false;
    }
    into.push_str(MASK);
    into.extend(counted.skip(count - 4));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn treated(treatment: Treatment, value: &str) -> Option<String> {
        let mut into = String::new();
        apply(treatment, value, &mut into).then_some(into)
    }

    #[test]
    fn a_year_is_read_from_every_form_a_date_has() {
        for date in [
            "1985",
            "1985-07",
            "1985-07-04",
            "1985-07-04T10:00:00Z",
            "19850704",
            "07041985",
            "07/04/1985",
            "07-04-1985",
            " 1985-07-04\n",
        ] {
            assert_eq!(treated(Treatment::Year, date).as_deref(), Some("1985"), "{date}");
        }
        for none in [
            "85",
            "1985-13-01",
            "1985-00",
            "99999999",
            "0704198",
            "1985/07/04",
            "32/01/1985",
            "07/04-1985",
            "0985",
            "1985-07-32",
        ] {
            assert_eq!(treated(Treatment::Year, none), None, "{none}");
        }
    }

    #[test]
    fn postal_codes_and_identifiers_are_cut() {
        assert_eq!(treated(Treatment::Zip5, "62704-1234").as_deref(), Some("62704"));
        assert_eq!(treated(Treatment::Zip5, "627041234").as_deref(), Some("62704"));
        assert_eq!(treated(Treatment::Zip5, "K1A 0B1"), None);
        assert_eq!(treated(Treatment::Last4, "900-12-3456").as_deref(), Some("****3456"));
        assert_eq!(treated(Treatment::Last4, "A-1-2-3"), None);
        assert_eq!(treated(Treatment::Mask, "anything").as_deref(), Some("****"));
    }

    #[test]
    fn p4_a_treatment_knows_its_own_result() {
        assert!(is_result(Treatment::Last4, "****3456") && is_result(Treatment::Mask, "****"));
        assert!(!is_result(Treatment::Last4, "****345") && !is_result(Treatment::Last4, "123453456"));
        assert_eq!(treated(Treatment::Year, "1985").as_deref(), Some("1985"));
        assert_eq!(treated(Treatment::Zip5, "62704").as_deref(), Some("62704"));
    }
}
