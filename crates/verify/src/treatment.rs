//! What a treatment makes of a value, by rules of the second reading's own: what the result looks like, and that it is of
//! the value.

use dmv_redact_model::catalog::Treatment;

const MASK: &str = "****";

/// Whether a value looks like a result of a treatment.
pub(super) fn is_result(treatment: Treatment, value: &str) -> bool {
    match treatment {
        Treatment::Full => true,
        Treatment::Year => is_digits(value, 4) && ("1800"..="2199").contains(&value),
        Treatment::Zip5 => is_digits(value, 5),
        Treatment::Last4 => last_four(value).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_alphanumeric())),
        Treatment::Mask => value == MASK,
    }
}

/// Whether a result is that of `source`. A result is its own.
pub(super) fn is_result_of(treatment: Treatment, result: &str, source: &str) -> bool {
    let trimmed = source.trim_matches([' ', '\t', '\r', '\n']);
    is_result(treatment, result)
        && match treatment {
            Treatment::Full => false,
            _ if result == source => true,
            Treatment::Year => trimmed.starts_with(result) || trimmed.ends_with(result),
            Treatment::Zip5 => trimmed.starts_with(result),
            Treatment::Last4 => {
                let mut source = source.bytes().rev().filter(u8::is_ascii_alphanumeric);
                let end = last_four(result).unwrap_or_default();
                end.bytes().rev().all(|byte| source.next() == Some(byte)) && source.next().is_some()
            }
            Treatment::Mask => true,
        }
}

/// What follows the mask.
pub(super) fn last_four(value: &str) -> Option<&str> {
    value.strip_prefix(MASK).filter(|rest| rest.len() == 4)
}

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p4_a_result_is_of_its_value_and_of_no_other() {
        for (treatment, result, source, is_of) in [
            (Treatment::Year, "1985", " 1985-07-04\n", true),
            (Treatment::Year, "1985", "07/04/1985", true),
            (Treatment::Year, "1985", "1986-07-04", false),
            (Treatment::Year, "0704", "07041985", false),
            (Treatment::Year, "1985", "1985", true),
            (Treatment::Zip5, "62704", "62704-1234", true),
            (Treatment::Zip5, "62704", "K1A 62704", false),
            (Treatment::Last4, "****3456", "900-12-34-56", true),
            (Treatment::Last4, "****3456", "3456", false),
            (Treatment::Last4, "****3456", "****3456", true),
            (Treatment::Last4, "****3456", "900-12-3457", false),
            (Treatment::Last4, "900123456", "900123456", false),
            (Treatment::Mask, "****", "anything", true),
            (Treatment::Mask, "anything", "anything", false),
            (Treatment::Full, "A", "A", false),
        ] {
            assert_eq!(is_result_of(treatment, result, source), is_of, "{treatment:?} {result} {source}");
        }
    }
}
