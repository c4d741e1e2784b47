//! Duties: what somebody must do because of a release, a hold or a refusal, and by when. They change no grant.

use std::fmt;

use serde::Deserialize;

use crate::date::{Date, Weekday};

/// What somebody must do, and when.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Duty {
    /// What.
    pub kind: DutyKind,
    /// The body that is reported to, or who else it concerns, in the policy's words.
    pub to: Option<String>,
    /// The outcomes that it follows from, in order.
    pub after: Vec<Occasion>,
    /// By when.
    pub due: Due,
}

/// What somebody must do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum DutyKind {
    /// Tell the person whose record it is.
    NotifySubject,
    /// Tell a body that oversees, named by `to`.
    Report,
    /// Get a certificate of the recipient.
    CollectCertificate,
    /// Keep the record of the disclosure for the time of `due`.
    KeepRecord,
    /// Look afterwards at whether it was right.
    ReviewAfterwards,
}

impl DutyKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::NotifySubject, Self::Report, Self::CollectCertificate, Self::KeepRecord, Self::ReviewAfterwards];

    /// Its name in policies, receipts and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotifySubject => "notify-subject",
            Self::Report => "report",
            Self::CollectCertificate => "collect-certificate",
            Self::KeepRecord => "keep-record",
            Self::ReviewAfterwards => "review-afterwards",
        }
    }
}

/// What became of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Occasion {
    /// It goes out.
    Release,
    /// A review holds it.
    Hold,
    /// The policy permits nothing of it, or it was denied after a review.
    Refusal,
}

impl Occasion {
    /// Every occasion.
    pub const ALL: [Self; 3] = [Self::Release, Self::Hold, Self::Refusal];

    /// Its name in policies.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Hold => "hold",
            Self::Refusal => "refusal",
        }
    }
}

/// By when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Due {
    /// Before the message goes out.
    Before,
    /// So long after the date of the request, at most; of a record: so long at least.
    Within(u16, DueUnit),
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DueUnit {
    /// Monday to Friday; holidays aren't known, so that a day is never too late for them.
    BusinessDay,
    /// Days.
    Day,
    /// Months.
    Month,
    /// Years.
    Year,
}

impl DueUnit {
    const ALL: [Self; 4] = [Self::BusinessDay, Self::Day, Self::Month, Self::Year];

    fn name(self) -> &'static str {
        match self {
            Self::BusinessDay => "business day",
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

/// The form of `due`, for errors.
pub(super) const DUE_FORM: &str =
    "write `before`, or a number and a unit: `3 business days`, `30 days`, `1 month`, `5 years`";

impl Due {
    /// Reads `before`, or `3 business days`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "before" {
            return Some(Self::Before);
        }
        let (number, unit) = text.split_once(' ')?;
        let number = Some(number).filter(|text| !text.starts_with(['0', '+'])).and_then(|text| text.parse().ok())?;
        let singular = if number == 1 { unit } else { unit.strip_suffix('s')? };
        let unit = DueUnit::ALL.into_iter().find(|unit| unit.name() == singular)?;
        Some(Self::Within(number, unit))
    }

    /// The last day, counted from the date of the request; `None` if it is due before the message goes out, or after the
    /// year 9999.
    #[must_use]
    pub fn last_day(self, asked: Date) -> Option<Date> {
        let Self::Within(number, unit) = self else { return None };
        match unit {
            DueUnit::BusinessDay => (0..number).try_fold(asked, |day, _| next_business_day(day)),
            DueUnit::Day => asked.plus_days(i64::from(number)),
            DueUnit::Month => asked.plus_months(u32::from(number)),
            DueUnit::Year => asked.plus_months(u32::from(number) * 12),
        }
    }
}

fn next_business_day(day: Date) -> Option<Date> {
    let next = day.plus_days(1)?;
    match next.weekday() {
        Weekday::Saturday => next.plus_days(2),
        Weekday::Sunday => next.plus_days(1),
        _ => Some(next),
    }
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Before => f.write_str("before"),
            Self::Within(1, unit) => write!(f, "1 {}", unit.name()),
            Self::Within(number, unit) => write!(f, "{number} {}s", unit.name()),
        }
    }
}

/// `report to the board within 1 month`.
impl fmt::Display for Duty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        if let Some(to) = &self.to {
            write!(f, " to {to}")?;
        }
        match (self.kind, self.due) {
            (_, Due::Before) => f.write_str(" before the release"),
            (DutyKind::KeepRecord, due) => write!(f, " for {due}"),
            (_, due) => write!(f, " within {due}"),
        }
    }
}

/// A duty that follows in one situation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GrantDuty {
    /// The id of its rule.
    pub id: String,
    /// What must be done.
    pub duty: Duty,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last_day(due: &str, asked: &str) -> Option<String> {
        Due::parse(due).unwrap().last_day(Date::parse(asked).unwrap()).map(|day| day.to_string())
    }

    #[test]
    fn a_deadline_counts_from_the_day_after_the_request() {
        for (due, asked, day) in [
            // 2026-12-01 is a Tuesday.
            ("3 business days", "2026-12-01", "2026-12-04"),
            ("4 business days", "2026-12-01", "2026-12-07"),
            ("1 business day", "2026-12-04", "2026-12-07"),
            ("1 business day", "2026-12-05", "2026-12-07"),
            ("5 business days", "2026-12-06", "2026-12-11"),
            ("3 days", "2026-12-30", "2027-01-02"),
            ("1 month", "2026-01-31", "2026-02-28"),
            ("13 months", "2026-12-31", "2028-01-31"),
            ("1 year", "2028-02-29", "2029-02-28"),
            ("5 years", "2026-12-01", "2031-12-01"),
        ] {
            assert_eq!(last_day(due, asked).as_deref(), Some(day), "{due} from {asked}");
            assert_eq!(Due::parse(due).unwrap().to_string(), due);
        }
        assert_eq!(last_day("before", "2026-12-01"), None);
        assert_eq!(last_day("65535 years", "2026-12-01"), None);
    }

    #[test]
    fn p2_what_is_no_deadline_is_refused() {
        for wrong in [
            "",
            "3",
            "3 hours",
            "0 days",
            "-1 days",
            "+3 days",
            "03 days",
            "3 day",
            "1 days",
            "3  days",
            "70000 days",
            "Before",
        ] {
            assert_eq!(Due::parse(wrong), None, "{wrong}");
        }
    }
}
