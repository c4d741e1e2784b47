//! Points in time in Unix seconds, and how they are written, in UTC: of a queue, a record, a page.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::date::{Date, SECONDS_PER_DAY};

/// The computer's clock, in Unix seconds. Before 1970 it is 1970.
#[must_use]
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// A time to the minute, `YYYY-MM-DD hh:mm`; `None` beyond the years 0001 to 9999.
#[must_use]
pub fn minute(seconds: i64) -> Option<String> {
    let minutes = seconds.rem_euclid(SECONDS_PER_DAY) / 60;
    Some(format!("{} {:02}:{:02}", Date::of_unix_time(seconds)?, minutes / 60, minutes % 60))
}

/// A time as in records, `YYYY-MM-DDThh:mm:ssZ`; `None` beyond the years 0001 to 9999.
#[must_use]
pub fn rfc3339(seconds: i64) -> Option<String> {
    Some(format!("{}:{:02}Z", minute(seconds)?.replace(' ', "T"), seconds.rem_euclid(60)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc() {
        for (seconds, text) in [
            (1_900_000_000, "2030-03-17T17:46:40Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (-62_135_596_800, "0001-01-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(rfc3339(seconds).as_deref(), Some(text));
            assert_eq!(minute(seconds).map(|minute| minute.replace(' ', "T")).as_deref(), text.get(..16));
        }
        for seconds in [-62_135_596_801, 253_402_300_800, i64::MIN, i64::MAX] {
            assert_eq!((rfc3339(seconds), minute(seconds)), (None, None));
        }
    }
}
