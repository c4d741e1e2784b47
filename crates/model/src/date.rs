//! A day of the calendar: `YYYY-MM-DD`, as policies, rosters and requests write it.
//!
//! A module of its own, and not a date crate, because nothing more is needed: rules have a first and a last day, and a
//! duty has a day by which it is due.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A day of the Gregorian calendar, in the years 0001 to 9999. Days are ordered by time.
///
/// ```
/// # use dmv_redact_model::date::{Date, Weekday};
/// let date = Date::parse("2026-12-31").unwrap();
/// assert_eq!(date.plus_days(1), Date::parse("2027-01-01"));
/// assert_eq!(date.weekday(), Weekday::Thursday);
/// assert_eq!(Date::parse("2026-02-29"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Weekday {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

/// How dates are written, for errors and help.
pub const DATE_FORM: &str = "write a day of the calendar as YYYY-MM-DD, `2026-12-31` for instance";

/// The day on which the count of days begins: 1970-01-01, counted from 0000-03-01, where a leap day ends a year.
const EPOCH: i64 = 719_468;
const DAYS_PER_400_YEARS: i64 = 146_097;
/// Seconds of a day.
pub const SECONDS_PER_DAY: i64 = 86_400;

impl Date {
    /// Parses `YYYY-MM-DD`, nothing else: no white space, no sign, no other digits. `None` if it is no day of the calendar.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return None };
        let number = |digits: &[u8]| {
            digits.iter().try_fold(0_u16, |number, digit| match digit {
                b'0'..=b'9' => Some(number * 10 + u16::from(digit - b'0')),
                _ => None,
            })
        };
        let (year, month, day) = (number(&[y1, y2, y3, y4])?, number(&[m1, m2])?, number(&[d1, d2])?);
        let date = Self { year, month: u8::try_from(month).ok()?, day: u8::try_from(day).ok()? };
        (year > 0 && date.day >= 1 && date.day <= days_in(year, date.month)?).then_some(date)
    }

    /// Today, in UTC, by the clock of the computer; `None` if the clock is before 1970 or after 9999.
    #[must_use]
    pub fn today() -> Option<Self> {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
        Self::of_unix_time(i64::try_from(seconds).ok()?)
    }

    /// The day of a time in Unix seconds, in UTC; `None` beyond the years 0001 to 9999.
    #[must_use]
    pub fn of_unix_time(seconds: i64) -> Option<Self> {
        Self::from_days(seconds.div_euclid(SECONDS_PER_DAY))
    }

    /// The day so many days later, or earlier; `None` beyond the years 0001 to 9999.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Option<Self> {
        Self::from_days(self.days().checked_add(days)?)
    }

    /// How many days another day is later; negative if it is earlier.
    #[must_use]
    pub fn days_until(self, other: Self) -> i64 {
        other.days() - self.days()
    }

    /// The same day a year later; of a leap day, 1 March.
    #[must_use]
    pub fn plus_one_year(self) -> Option<Self> {
        let later = Self { year: self.year + 1, ..self };
        match days_in(later.year, later.month)? < later.day {
            true => Some(Self { month: later.month + 1, day: 1, ..later }),
            false => (later.year <= 9999).then_some(later),
        }
    }

    /// The same day so many months later, or the last of that month if it has no such day; `None` beyond the year 9999.
    #[must_use]
    pub fn plus_months(self, months: u32) -> Option<Self> {
        let total =
            u32::from(self.year).checked_mul(12)?.checked_add(u32::from(self.month) - 1)?.checked_add(months)?;
        let year = u16::try_from(total / 12).ok().filter(|year| *year <= 9999)?;
        let month = u8::try_from(total % 12 + 1).ok()?;
        Some(Self { year, month, day: self.day.min(days_in(year, month)?) })
    }

    /// Its month, `YYYY-MM`.
    #[must_use]
    pub fn month(self) -> String {
        format!("{:04}-{:02}", self.year, self.month)
    }

    /// Its day of the week.
    #[must_use]
    pub fn weekday(self) -> Weekday {
        // 1970-01-01 was a Thursday.
        match (self.days() + 3).rem_euclid(7) {
            0 => Weekday::Monday,
            1 => Weekday::Tuesday,
            2 => Weekday::Wednesday,
            3 => Weekday::Thursday,
            4 => Weekday::Friday,
            5 => Weekday::Saturday,
            _ => Weekday::Sunday,
        }
    }

    /// Days since 1970-01-01. The year is taken to begin in March, so that a leap day is its last.
    fn days(self) -> i64 {
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = i64::from(self.year) - i64::from(month <= 2);
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * DAYS_PER_400_YEARS + day_of_era - EPOCH
    }

    /// The inverse of `days`.
    fn from_days(days: i64) -> Option<Self> {
        let days = days.checked_add(EPOCH)?;
        let (era, day_of_era) = (days.div_euclid(DAYS_PER_400_YEARS), days.rem_euclid(DAYS_PER_400_YEARS));
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / (DAYS_PER_400_YEARS - 1)) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = era.checked_mul(400)?.checked_add(year_of_era)? + i64::from(month <= 2);
        let year = u16::try_from(year).ok().filter(|year| (1..=9999).contains(year))?;
        Some(Self { year, month: u8::try_from(month).ok()?, day: u8::try_from(day).ok()? })
    }
}

/// The days of a month; `None` if there is no such month.
fn days_in(year: u16, month: u8) -> Option<u8> {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if is_leap { 29 } else { 28 }),
        _ => None,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(DATE_FORM))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_of_the_calendar_are_dates() {
        for text in ["0001-01-01", "1970-01-01", "2000-02-29", "2024-02-29", "2026-12-31", "9999-12-31"] {
            assert_eq!(Date::parse(text).map(|date| date.to_string()).as_deref(), Some(text));
        }
        for text in [
            "",
            "2026",
            "2026-1-1",
            "2026-01-1",
            "26-01-01",
            "2026/01/01",
            "01/02/2026",
            "20260101",
            " 2026-01-01",
            "2026-01-01 ",
            "2026-01-01T00:00:00Z",
            "+026-01-01",
            "2026-01--1",
            "0000-01-01",
            "2026-00-01",
            "2026-13-01",
            "2026-01-00",
            "2026-01-32",
            "2026-04-31",
            "2026-02-29",
            "1900-02-29",
            "2100-02-29",
            "2026-0१-01",
            "today",
        ] {
            assert_eq!(Date::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut date = Date::parse("0001-01-01").unwrap();
        let mut count: i64 = 0;
        while let Some(next) = date.plus_days(1) {
            assert!(next > date && next.plus_days(-1) == Some(date) && date.days_until(next) == 1);
            assert_eq!(Date::parse(&next.to_string()), Some(next));
            assert_eq!((date.weekday() as u8 + 1) % 7, next.weekday() as u8);
            (date, count) = (next, count + 1);
        }
        assert_eq!((date.to_string().as_str(), count), ("9999-12-31", 3_652_058));
        assert_eq!(Date::parse("0001-01-01").unwrap().plus_days(count), Some(date));
        assert_eq!([date.plus_days(i64::MAX), date.plus_days(i64::MIN), date.plus_one_year()], [None; 3]);
        assert_eq!(Date::parse("0001-01-01").unwrap().plus_days(-1), None);
    }

    #[test]
    fn a_month_is_what_its_days_begin_with() {
        for (day, month) in [("0001-02-03", "0001-02"), ("2026-01-31", "2026-01"), ("9999-12-31", "9999-12")] {
            assert_eq!(Date::parse(day).unwrap().month(), month);
        }
    }

    #[test]
    fn weekdays_and_years_are_those_of_the_calendar() {
        let date = |text| Date::parse(text).unwrap();
        assert_eq!(date("1970-01-01").weekday(), Weekday::Thursday);
        assert_eq!(date("2000-02-29").weekday(), Weekday::Tuesday);
        assert_eq!(date("2026-12-25").weekday(), Weekday::Friday);
        assert_eq!(date("2024-02-29").plus_one_year(), Some(date("2025-03-01")));
        assert_eq!(date("2025-12-01").plus_one_year(), Some(date("2026-12-01")));
        assert!(Date::today().unwrap() > date("2026-01-01"));
    }
}
