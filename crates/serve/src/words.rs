//! Times and texts as pages show them. Whatever comes from outside goes through [`shown`] before maud escapes it for HTML.

use std::borrow::Cow;

use dmv_redact_model::date::SECONDS_PER_DAY;
use dmv_redact_model::escape::escape;
use dmv_redact_model::unix_time::minute;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = SECONDS_PER_DAY;

/// A text from outside on one line, with control, invisible and bidi characters written out.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    escape(text)
}

/// A Unix time, to the minute, in UTC.
pub(crate) fn moment(seconds: i64) -> String {
    minute(seconds).map_or_else(|| "at an unknown time".to_owned(), |minute| format!("{minute} UTC"))
}

/// The same for the attribute `datetime`.
pub(crate) fn machine_time(seconds: i64) -> String {
    minute(seconds).map_or_else(String::new, |minute| minute.replace(' ', "T") + "Z")
}

/// How long it is until a time.
pub(crate) fn time_left(now: i64, until: i64) -> String {
    match until.saturating_sub(now) {
        ..=0 => "over".to_owned(),
        left @ 1..HOUR => format!("{} min left", (left + MINUTE - 1) / MINUTE),
        left @ HOUR..DAY => format!("{} h {} min left", left / HOUR, left % HOUR / MINUTE),
        left => match left / DAY {
            1 => format!("1 day {} h left", left % DAY / HOUR),
            days => format!("{days} days left"),
        },
    }
}

/// A number of bytes, for people.
pub(crate) fn bytes(count: u64) -> String {
    match count {
        1 => "1 byte".to_owned(),
        0..10_000 => format!("{count} bytes"),
        10_000..10_000_000 => format!("{} KB", count / 1000),
        _ => format!("{} MB", count / 1_000_000),
    }
}

/// A count with its noun, `1 duty` or `2 duties`.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_utc_and_in_what_is_left() {
        assert_eq!(moment(1_900_000_000), "2030-03-17 17:46 UTC");
        assert_eq!(moment(-1), "1969-12-31 23:59 UTC");
        assert_eq!(moment(i64::MAX), "at an unknown time");
        assert_eq!(machine_time(1_900_000_000), "2030-03-17T17:46Z");
        for (left, text) in [
            (0, "over"),
            (-5, "over"),
            (1, "1 min left"),
            (3599, "60 min left"),
            (3600, "1 h 0 min left"),
            (100_000, "1 day 3 h left"),
            (259_200, "3 days left"),
        ] {
            assert_eq!(time_left(1000, 1000 + left), text);
        }
    }
}
