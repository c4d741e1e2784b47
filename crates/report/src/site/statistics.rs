//! What the pages tell of a log, counted: by month and recipient group, each message in one group, one outcome, one message key and
//! one set of instruments, so that each table adds up.

use std::collections::BTreeMap;

use crate::disclosures::{Count, CountedMessage, ElementCounts, MessageRecord, Query, Review};

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Whole,
    InPart,
    ApprovedWithinDay,
    ApprovedWithinWeek,
    ApprovedLater,
    ApprovedUntimed,
    Held,
    WithheldAfterHold,
    NothingPermitted,
    Withheld,
    Imported,
}

impl Outcome {
    pub(super) const ALL: [Self; 11] = [
        Self::Whole,
        Self::InPart,
        Self::ApprovedWithinDay,
        Self::ApprovedWithinWeek,
        Self::ApprovedLater,
        Self::ApprovedUntimed,
        Self::Held,
        Self::WithheldAfterHold,
        Self::NothingPermitted,
        Self::Withheld,
        Self::Imported,
    ];

    /// The head of its column.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Whole => "answered whole",
            Self::InPart => "answered in part",
            Self::ApprovedWithinDay => "approved within a day",
            Self::ApprovedWithinWeek => "approved within a week",
            Self::ApprovedLater => "approved later",
            Self::ApprovedUntimed => "approved, time unknown",
            Self::Held => "held for review",
            Self::WithheldAfterHold => "denied after review",
            Self::NothingPermitted => "refused by the policy",
            Self::Withheld => "withheld for another reason",
            Self::Imported => "before this log",
        }
    }

    /// What it means.
    pub(super) fn told(self) -> &'static str {
        match self {
            Self::Whole => "The answer went out at once, and nothing had to be removed.",
            Self::InPart => "The answer went out at once, without what the policy doesn't permit.",
            Self::ApprovedWithinDay => "It was held, and went out within 24 hours, after a person had approved it.",
            Self::ApprovedWithinWeek => "The same, within seven days.",
            Self::ApprovedLater => "The same, later than that.",
            Self::ApprovedUntimed => "A person approved it; when it was held or released is not on record.",
            Self::Held => "It waits for a person's decision, and nothing has gone out.",
            Self::WithheldAfterHold => "It was held, and withheld in the end.",
            Self::Imported => "The switch's own log of before counts it, and doesn't say what became of it.",
            Self::NothingPermitted => "Nothing went out, for the policy permits nothing of it to this agency.",
            Self::Withheld => {
                "Nothing went out: the message was unreadable, or it was not known who asked, or something else was wrong."
            }
        }
    }

    /// Whether an answer went out.
    pub(super) fn went_out(self) -> bool {
        !matches!(self, Self::Held | Self::WithheldAfterHold | Self::NothingPermitted | Self::Withheld | Self::Imported)
    }

    fn of(record: &MessageRecord<'_>, review: Option<Review>) -> Self {
        const DAY: u32 = 24 * 60;
        if record.imported.is_some() {
            return Self::Imported;
        }
        match (record.disposition(), review) {
            (Some("released" | "redacted"), Some(Review { minutes: Some(minutes) })) => match minutes {
                ..=DAY => Self::ApprovedWithinDay,
                minutes if minutes <= 7 * DAY => Self::ApprovedWithinWeek,
                _ => Self::ApprovedLater,
            },
            (Some("released" | "redacted"), Some(_)) => Self::ApprovedUntimed,
            (Some("released" | "redacted"), None) if record.is_approved() => Self::ApprovedUntimed,
            (Some("released"), None) => Self::Whole,
            (Some("redacted"), None) => Self::InPart,
            (Some("held"), _) => Self::Held,
            (_, Some(_)) => Self::WithheldAfterHold,
            _ if record.refusal() == Some("nothing-permitted") => Self::NothingPermitted,
            _ => Self::Withheld,
        }
    }
}

/// The recipient groups: agency classes, of which a requester counts in one.
#[derive(Debug)]
pub(super) struct Groups {
    /// Those told apart first, then the other classes of the policy, then the two below.
    pub(super) names: Vec<String>,
    pub(super) apart: usize,
}

/// Classes that the policy no longer has.
pub(super) const EARLIER: &str = "other agency classes";
/// Requesters that no class claims, and messages of which nothing was decided.
pub(super) const NONE: &str = "no agency class";

impl Groups {
    /// Of a policy's classes, those told apart first.
    pub(super) fn new(classes: &[String], apart: &[String]) -> Self {
        let mut names: Vec<String> = apart.iter().filter(|class| classes.contains(class)).cloned().collect();
        let apart = names.len();
        let others: Vec<String> = classes.iter().filter(|class| !names.contains(class)).cloned().collect();
        names.extend(others);
        names.extend([EARLIER, NONE].map(str::to_owned));
        Self { names, apart }
    }

    /// A requester of several classes counts in the one that is told apart, or else in the first.
    fn of(&self, record: &MessageRecord<'_>) -> usize {
        let place = |class: &str| self.names.iter().position(|name| name == class);
        let places: Vec<usize> =
            record.classes().map(|class| place(class).unwrap_or(self.names.len().saturating_sub(2))).collect();
        let apart = places.iter().find(|place| **place < self.apart).copied();
        apart.or(places.first().copied()).unwrap_or(self.names.len().saturating_sub(1))
    }
}

/// Counts of one group in one month.
#[derive(Debug, Default, Clone)]
pub(super) struct GroupCounts {
    pub(super) messages: u64,
    pub(super) outcomes: [u64; Outcome::ALL.len()],
    pub(super) keys: BTreeMap<String, u64>,
    pub(super) instruments: BTreeMap<String, u64>,
    pub(super) elements: BTreeMap<String, ElementCounts>,
    pub(super) duties: BTreeMap<String, u64>,
}

/// Counts by month, `YYYY-MM`, and by group.
pub(super) struct Statistics<'g> {
    groups: &'g Groups,
    pub(super) months: BTreeMap<String, Vec<GroupCounts>>,
}

/// The month of what has no date.
pub(super) const NO_MONTH: &str = "no date";
/// Stands for no message key, and for no instrument.
const NO_KEY: &str = "none";
const NO_INSTRUMENT: &str = "no instrument";
const UNKNOWN_INSTRUMENT: &str = "unknown";
/// Different message keys, kinds of instruments, data elements or duties of a group in a month, at most: no policy has as many
/// (P8).
const MOST_NAMES: usize = 10_000;

impl<'g> Statistics<'g> {
    pub(super) fn new(groups: &'g Groups) -> Self {
        Self { groups, months: BTreeMap::new() }
    }
}

impl Count for Statistics<'_> {
    fn add(&mut self, message: &CountedMessage<'_>, _: &Query) {
        let CountedMessage { record, messages, elements, date, review, .. } = message;
        let month = date.map_or_else(|| NO_MONTH.to_owned(), |date| date.to_string().chars().take(7).collect());
        let count = self.groups.names.len();
        let groups = self.months.entry(month).or_insert_with(|| vec![GroupCounts::default(); count]);
        let Some(counts) = groups.get_mut(self.groups.of(record)) else { return };
        counts.messages = counts.messages.saturating_add(*messages);
        let outcome = Outcome::of(record, *review);
        let place = Outcome::ALL.iter().position(|own| *own == outcome);
        if let Some(outcomes) = place.and_then(|place| counts.outcomes.get_mut(place)) {
            *outcomes = outcomes.saturating_add(*messages);
        }
        add(&mut counts.keys, record.message_key().unwrap_or(NO_KEY), *messages);
        let mut instruments: Vec<String> = record.instruments().collect();
        instruments.sort_unstable();
        instruments.dedup();
        let instruments = match (record.imported, instruments.as_slice()) {
            (Some(_), _) => UNKNOWN_INSTRUMENT.to_owned(),
            (None, []) => NO_INSTRUMENT.to_owned(),
            (None, instruments) => instruments.join(" and "),
        };
        add(&mut counts.instruments, &instruments, *messages);
        for (element, own) in elements.iter().filter(|(element, _)| !element.starts_with("envelope")) {
            if counts.elements.len() < MOST_NAMES || counts.elements.contains_key(*element) {
                counts.elements.entry((*element).to_owned()).or_default().add(*own);
            }
        }
        record.duties().for_each(|duty| add(&mut counts.duties, duty, 1));
    }

    fn merge(&mut self, other: Self) {
        for (month, others) in other.months {
            let groups = self.months.entry(month).or_insert_with(|| vec![GroupCounts::default(); others.len()]);
            for (own, other) in groups.iter_mut().zip(others) {
                own.messages = own.messages.saturating_add(other.messages);
                own.outcomes.iter_mut().zip(other.outcomes).for_each(|(own, other)| *own = own.saturating_add(other));
                for (own, others) in [
                    (&mut own.keys, other.keys),
                    (&mut own.instruments, other.instruments),
                    (&mut own.duties, other.duties),
                ] {
                    others.iter().for_each(|(name, count)| add(own, name, *count));
                }
                for (element, counts) in other.elements {
                    own.elements.entry(element).or_default().add(counts);
                }
            }
        }
    }
}

fn add(counts: &mut BTreeMap<String, u64>, name: &str, more: u64) {
    let name = if counts.len() < MOST_NAMES || counts.contains_key(name) { name } else { "others" };
    let count = counts.entry(name.to_owned()).or_default();
    *count = count.saturating_add(more);
}
