//! The days on which rules, entries of rosters and the policy itself are in force, and the periods between them.
//!
//! Within a period every decision is the same, so that grants are cached by period, not by day.

use std::ops::Range;

use crate::config::{ConfigError, Document, ErrorAt, Errors, Spanned};
use crate::date::{DATE_FORM, Date};

/// The first and the last day on which something is in force. `None` is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Validity {
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub until: Option<Date>,
}

/// A text that should be a date, and where it is.
pub(super) type DateText<'t> = (&'t str, Range<usize>);

impl Validity {
    /// Whether a day is one of them.
    #[must_use]
    pub fn contains(self, date: Date) -> bool {
        self.from.is_none_or(|from| from <= date) && self.until.is_none_or(|until| date <= until)
    }

    /// Whether every day is one of them.
    #[must_use]
    pub fn is_always(self) -> bool {
        self == Self::default()
    }

    /// Whether some day is one of both.
    pub(super) fn overlaps(self, other: Self) -> bool {
        let is_before = |one: Self, two: Self| one.until.zip(two.from).is_some_and(|(until, from)| until < from);
        !is_before(self, other) && !is_before(other, self)
    }

    /// Reads both days. What is no date, or leaves no day, is an error: it would be in force never, or always (P2).
    pub(super) fn read(
        document: &impl ErrorAt,
        from: Option<DateText<'_>>,
        until: Option<DateText<'_>>,
    ) -> Result<Self, ConfigError> {
        let mut errors = Errors::default();
        let mut day = |text: &Option<DateText<'_>>| errors.take(read_date(document, text.as_ref()?));
        let validity = Self { from: day(&from), until: day(&until) };
        errors.finish()?;
        match (validity.from, validity.until, until) {
            (Some(from), Some(last), Some((_, span))) if last < from => {
                let error = document.error_at(&span, format!("it ends on {last}, before it begins on {from}"));
                Err(error.help("correct `from` or `until`; both days count"))
            }
            _ => Ok(validity),
        }
    }
}

/// A date of a table, with its place.
pub(super) fn spanned_date(text: &Spanned<String>) -> DateText<'_> {
    (text.get_ref(), text.span())
}

/// Parses a date of a table.
///
/// # Errors
/// When it is none, with its place.
pub fn table_date(document: &Document<'_>, text: &Spanned<String>) -> Result<Date, ConfigError> {
    read_date(document, &spanned_date(text))
}

/// Parses a date.
pub(super) fn read_date(document: &impl ErrorAt, (text, span): &DateText<'_>) -> Result<Date, ConfigError> {
    Date::parse(text).ok_or_else(|| {
        let error = document.error_at(span, format!("`{text}` is no date"));
        match Date::parse(&text.trim().replace(['/', '.'], "-")) {
            Some(meant) => error.help(format!("did you mean `{meant}`?")),
            None => error.help(DATE_FORM),
        }
    })
}

/// A period of a policy: how many of the days on which something changes have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Period(u32);

/// The periods in which something is in force: the first, and the first in which it no longer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InForce {
    first: Period,
    end: Period,
}

impl InForce {
    /// In every period.
    pub(super) const ALWAYS: Self = Self { first: Period(0), end: Period(u32::MAX) };
    /// In none.
    pub(super) const NEVER: Self = Self { first: Period(0), end: Period(0) };

    /// The period in which it begins, and that in which it has ended.
    pub(super) fn ends(self) -> [Period; 2] {
        [self.first, self.end]
    }

    /// Whether it is in force.
    pub(super) fn contains(self, period: Period) -> bool {
        self.first <= period && period < self.end
    }
}

/// The days on which something changes, in order. A policy without dates has none.
#[derive(Debug, Default)]
pub(super) struct Periods(Vec<Date>);

impl Periods {
    /// The periods that these make.
    pub(super) fn of(validities: impl IntoIterator<Item = Validity>) -> Self {
        let mut days: Vec<Date> =
            validities.into_iter().flat_map(|own| [own.from, own.until.and_then(day_after)]).flatten().collect();
        days.sort_unstable();
        days.dedup();
        Self(days)
    }

    /// The days between them.
    pub(super) fn days(&self) -> &[Date] {
        &self.0
    }

    /// Whether there is only one.
    pub(super) fn is_one(&self) -> bool {
        self.0.is_empty()
    }

    /// The period of a day.
    pub(super) fn at(&self, date: Date) -> Period {
        Period(self.0.partition_point(|day| *day <= date) as u32)
    }

    /// The periods in which something is in force.
    pub(super) fn in_force(&self, validity: Validity) -> InForce {
        let first = validity.from.map_or(InForce::ALWAYS.first, |from| self.at(from));
        let end = validity.until.and_then(day_after).map_or(InForce::ALWAYS.end, |end| self.at(end));
        InForce { first, end }
    }
}

/// The day after; nothing ends after the last day of the calendar.
fn day_after(date: Date) -> Option<Date> {
    date.plus_days(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Option<Date> {
        if text.is_empty() { None } else { Some(Date::parse(text).unwrap()) }
    }

    #[test]
    fn p10_within_a_period_the_same_is_in_force() {
        let days = ["", "2026-01-01", "2026-01-02", "2026-06-30", "2026-07-01", "9999-12-31"];
        let mut validities = Vec::new();
        for (index, from) in days.iter().enumerate() {
            validities.extend(days[index..].iter().map(|until| Validity { from: date(from), until: date(until) }));
            validities.push(Validity { from: date(from), until: None });
        }
        for count in 0..validities.len() {
            let periods = Periods::of(validities[..count].iter().copied());
            for text in [
                "0001-01-01",
                "2025-12-31",
                "2026-01-01",
                "2026-01-02",
                "2026-01-03",
                "2026-06-30",
                "2026-07-01",
                "2026-07-02",
                "9999-12-31",
            ] {
                let day = date(text).unwrap();
                for validity in &validities[..count] {
                    let in_force = periods.in_force(*validity).contains(periods.at(day));
                    assert_eq!(in_force, validity.contains(day), "{validity:?} {text}");
                }
            }
        }
    }

    #[test]
    fn days_in_common_are_found() {
        let of = |from, until| Validity { from: date(from), until: date(until) };
        let first = of("2026-01-01", "2026-01-31");
        for (other, overlaps) in [
            (of("", ""), true),
            (of("2026-01-31", ""), true),
            (of("2026-02-01", ""), false),
            (of("", "2026-01-01"), true),
            (of("", "2025-12-31"), false),
            (of("2026-01-10", "2026-01-10"), true),
        ] {
            assert_eq!([first.overlaps(other), other.overlaps(first)], [overlaps; 2], "{other:?}");
        }
    }
}
