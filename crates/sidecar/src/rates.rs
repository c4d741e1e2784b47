//! How often each agency asks. Nobody noticed one that asked 2.67 million times; here the operator is told.

use std::collections::HashMap;

use dmv_redact::Ori;

/// Agencies that are counted at once. More than there are ORIs in use: those that don't ask give way.
const MAX_AGENCIES: usize = 50_000;

const HOUR: i64 = 3600;

/// Messages an hour that an agency may ask for.
#[derive(Debug, Clone, Copy, Default)]
pub struct RateLimits {
    /// From here on the operator is told, once an hour.
    pub alarm: Option<u32>,
    /// From here on messages are withheld.
    pub most: Option<u32>,
}

/// The messages of this hour and the last, by agency.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    limits: RateLimits,
    agencies: HashMap<Ori, Counts>,
}

#[derive(Debug, Clone, Copy)]
struct Counts {
    hour: i64,
    now: u32,
    before: u32,
    is_told: bool,
}

/// What follows from a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rated {
    /// Messages in the last 60 minutes, if the operator is to be told of them.
    pub(crate) alarm: Option<u32>,
    /// Whether it is too many.
    pub(crate) is_over: bool,
}

impl Rates {
    pub(crate) fn new(limits: RateLimits) -> Self {
        Self { limits, agencies: HashMap::new() }
    }

    /// Counts a message of an agency at `now`, in Unix seconds. Of the hour before as much counts as lies in the last 60 minutes,
    /// as if its messages had come evenly.
    pub(crate) fn count(&mut self, agency: Ori, now: i64) -> Rated {
        let nothing = Rated { alarm: None, is_over: false };
        let RateLimits { alarm, most } = self.limits;
        if alarm.is_none() && most.is_none() {
            return nothing;
        }
        let (hour, second) = (now.div_euclid(HOUR), now.rem_euclid(HOUR));
        if self.agencies.len() >= MAX_AGENCIES && !self.agencies.contains_key(&agency) {
            self.agencies.retain(|_, counts| counts.hour >= hour - 1);
            if self.agencies.len() >= MAX_AGENCIES {
                return nothing;
            }
        }
        let counts = self.agencies.entry(agency).or_insert(Counts { hour, now: 0, before: 0, is_told: false });
        if counts.hour != hour {
            let before = if counts.hour == hour - 1 { counts.now } else { 0 };
            *counts = Counts { hour, now: 0, before, is_told: false };
        }
        counts.now = counts.now.saturating_add(1);
        let of_before = i64::from(counts.before) * (HOUR - second) / HOUR;
        let rate = counts.now.saturating_add(u32::try_from(of_before).unwrap_or(u32::MAX));
        let is_alarm = alarm.is_some_and(|alarm| rate >= alarm) && !counts.is_told;
        counts.is_told |= is_alarm;
        Rated { alarm: is_alarm.then_some(rate), is_over: most.is_some_and(|most| rate > most) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ori() -> Ori {
        Ori::new("AZ0070000").unwrap()
    }

    #[test]
    fn p8_an_agency_that_asks_too_often_is_told_of_once_an_hour() {
        let mut rates = Rates::new(RateLimits { alarm: Some(3), most: Some(4) });
        let counts: Vec<Rated> = (0..6).map(|second| rates.count(ori(), second)).collect();
        assert_eq!(counts.iter().map(|rated| rated.alarm).collect::<Vec<_>>(), [None, None, Some(3), None, None, None]);
        assert_eq!(
            counts.iter().map(|rated| rated.is_over).collect::<Vec<_>>(),
            [false, false, false, false, true, true]
        );
        assert_eq!(rates.count(ori(), HOUR).alarm, Some(7));
        assert!(rates.count(ori(), HOUR).is_over && !rates.count(ori(), 2 * HOUR - 1).is_over);
        assert_eq!(rates.count(ori(), 5 * HOUR), Rated { alarm: None, is_over: false });
    }

    #[test]
    fn p8_other_agencies_and_no_limits_count_nothing() {
        let mut rates = Rates::new(RateLimits::default());
        assert!((0..1000).all(|_| rates.count(ori(), 0) == Rated { alarm: None, is_over: false }));
        assert!(rates.agencies.is_empty());
    }
}
