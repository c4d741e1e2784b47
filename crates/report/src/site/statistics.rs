//! What the pages report of a log, counted: by month and recipient group, each message in one group, one outcome, one message key and
//! one set of instruments, so that each table adds up.

use std::collections::{BTreeMap, BTreeSet};

use crate::disclosures::{Count, CountedMessage, DutyStatus, ElementCounts, Fate, MessageRecord, Query, Review};
use dmv_redact_log::LinePosition;
use dmv_redact_model::date::Date;
use dmv_redact_model::escape::escape;

/// The head of the column of all that was refused or withheld, whoever or whatever did it.
const REFUSED_OR_WITHHELD: &str = "refused or withheld";

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Whole,
    InPart,
    HeldWithinDay,
    HeldWithinWeek,
    HeldLonger,
    Approved,
    Held,
    WithheldAfterHold,
    NothingPermitted,
    Withheld,
}

impl Outcome {
    pub(super) const ALL: [Self; 10] = [
        Self::Whole,
        Self::InPart,
        Self::HeldWithinDay,
        Self::HeldWithinWeek,
        Self::HeldLonger,
        Self::Approved,
        Self::Held,
        Self::WithheldAfterHold,
        Self::NothingPermitted,
        Self::Withheld,
    ];

    /// The head of its column.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Whole => "answered in full",
            Self::InPart => "answered with parts removed",
            Self::HeldWithinDay => "held and answered within a day",
            Self::HeldWithinWeek => "held and answered within a week",
            Self::HeldLonger => "held and answered later",
            Self::Approved => "answered after review",
            Self::Held => "still held",
            Self::WithheldAfterHold => "held and then refused",
            Self::NothingPermitted => "refused by the policy",
            Self::Withheld => "withheld for another reason",
        }
    }

    /// The same for all that went out after a review, however long that took.
    pub(super) fn without_time(self) -> &'static str {
        match self {
            Self::HeldWithinDay | Self::HeldWithinWeek | Self::HeldLonger => Self::Approved.name(),
            _ => self.name(),
        }
    }

    /// The same for all of which nothing went out, but what is still held.
    pub(super) fn without_reason(self) -> &'static str {
        match self {
            Self::WithheldAfterHold | Self::NothingPermitted | Self::Withheld => REFUSED_OR_WITHHELD,
            _ => self.without_time(),
        }
    }

    /// What each column means, by its head, the coarser ones included.
    pub(super) fn descriptions() -> impl Iterator<Item = (&'static str, &'static str)> {
        let own = Self::ALL.into_iter().map(|outcome| (outcome.name(), outcome.description()));
        let refused = "Nothing went out: a person or the policy refused it, or it was withheld for another reason; apart, the numbers \
                       would be small.";
        own.chain([(REFUSED_OR_WITHHELD, refused)])
    }

    fn description(self) -> &'static str {
        match self {
            Self::Whole => "The answer went out at once, and nothing had to be removed.",
            Self::InPart => "The answer went out at once, without what the policy doesn't permit.",
            Self::HeldWithinDay => {
                "It was held for a person to review it, and went out within 24 hours: it was approved, or another claim or policy let it \
                 out. What the policy doesn't permit is removed then, too."
            }
            Self::HeldWithinWeek => "The same, within seven days.",
            Self::HeldLonger => "The same, later than that.",
            Self::Approved => {
                "It was held or is recorded as approved, and went out; how long that took is not on record, or isn't shown here, for the \
                 numbers would be small. What the policy doesn't permit is removed then, too."
            }
            Self::Held => "It waits for a person's decision, and nothing has gone out.",
            Self::WithheldAfterHold => {
                "It was held for a person to review it, and refused in the end. Nothing went out."
            }
            Self::NothingPermitted => "Nothing went out, for the policy permits nothing of it to this agency.",
            Self::Withheld => {
                "Nothing went out: the message was unreadable, what the request says was not valid, or it was not known who asked."
            }
        }
    }

    /// Whether an answer went out.
    pub(super) fn went_out(self) -> bool {
        !matches!(self, Self::Held | Self::WithheldAfterHold | Self::NothingPermitted | Self::Withheld)
    }

    fn of(record: &MessageRecord<'_>, review: Option<Review>) -> Self {
        const DAY: u32 = 24 * 60;
        match (record.disposition(), review) {
            (Some("released" | "redacted"), Some(Review { minutes: Some(minutes) })) => match minutes {
                ..=DAY => Self::HeldWithinDay,
                minutes if minutes <= 7 * DAY => Self::HeldWithinWeek,
                _ => Self::HeldLonger,
            },
            (Some("released" | "redacted"), Some(_)) => Self::Approved,
            (Some("released" | "redacted"), None) if record.is_approved() => Self::Approved,
            (Some("released"), None) => Self::Whole,
            (Some("redacted"), None) => Self::InPart,
            (Some("held"), _) => Self::Held,
            (_, Some(_)) => Self::WithheldAfterHold,
            _ if record.refusal() == Some("denied") => Self::WithheldAfterHold,
            _ if record.refusal() == Some("nothing-permitted") => Self::NothingPermitted,
            _ => Self::Withheld,
        }
    }
}

/// What became of messages in the end, as the head of a row.
pub(super) fn fate_name(fate: Fate) -> &'static str {
    match fate {
        Fate::WentOut => "answered",
        Fate::Held => Outcome::Held.name(),
        Fate::Withheld => Outcome::Withheld.without_reason(),
    }
}

/// The recipient groups: agency classes, of which a requester counts in one.
#[derive(Debug)]
pub(super) struct Groups {
    /// Those listed separately first, then the other classes of the policy, then the two below.
    pub(super) names: Vec<String>,
    /// How many are listed separately.
    pub(super) apart: usize,
}

/// Classes that the policy no longer has.
pub(super) const EARLIER: &str = "other agency classes";
/// Requesters that no class claims, and messages of which nothing was decided.
pub(super) const NONE: &str = "no agency class";

impl Groups {
    /// Of a policy's classes, those listed separately first.
    pub(super) fn new(classes: &[String], apart: &[String]) -> Self {
        let mut names: Vec<String> = apart.iter().filter(|class| classes.contains(class)).cloned().collect();
        let apart = names.len();
        let others: Vec<String> = classes.iter().filter(|class| !names.contains(class)).cloned().collect();
        names.extend(others);
        names.extend([EARLIER, NONE].map(str::to_owned));
        Self { names, apart }
    }

    /// A requester of several classes counts in the one that is listed separately, or else in the first.
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
    /// By [`Fate`]: with an instrument behind the query, and without.
    pub(super) paper: [[u64; 2]; Fate::ALL.len()],
    pub(super) elements: BTreeMap<String, ElementCounts>,
    pub(super) duties: BTreeMap<String, DutyCounts>,
}

impl GroupCounts {
    fn add_duty(&mut self, id: &str, status: DutyStatus) {
        let id = escape(id);
        if self.duties.len() < MAX_NAMES || self.duties.contains_key(&*id) {
            let own = self.duties.entry(id.into_owned()).or_default();
            own.owed += 1;
            own.done += u64::from(status == DutyStatus::Done);
            own.overdue += u64::from(status == DutyStatus::Overdue);
        }
    }

    /// How many messages had the outcome of this name.
    pub(super) fn of_outcome(&self, name: &str) -> u64 {
        let place = Outcome::ALL.iter().position(|outcome| outcome.name() == name);
        place.and_then(|place| self.outcomes.get(place)).copied().unwrap_or_default()
    }

    /// How many had this message key.
    pub(super) fn of_key(&self, name: &str) -> u64 {
        self.keys.get(name).copied().unwrap_or_default()
    }

    /// How many had these instruments.
    pub(super) fn of_instrument(&self, name: &str) -> u64 {
        self.instruments.get(name).copied().unwrap_or_default()
    }
}

/// Messages from which a duty follows, and of those for which it was done, or is overdue.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct DutyCounts {
    pub(super) owed: u64,
    pub(super) done: u64,
    pub(super) overdue: u64,
}

impl DutyCounts {
    pub(super) fn sum(self, other: Self) -> Self {
        Self { owed: self.owed + other.owed, done: self.done + other.done, overdue: self.overdue + other.overdue }
    }
}

/// Counts by month, `YYYY-MM`, and by group.
pub(super) struct Statistics<'g> {
    groups: &'g Groups,
    /// The day by which a duty is overdue or not.
    made_on: Option<Date>,
    pub(super) months: BTreeMap<String, Vec<GroupCounts>>,
    /// The policies that decided, each with the first day on which it did.
    pub(super) policies: BTreeMap<String, Option<Date>>,
    /// Whether there were more months than pages are made of.
    pub(super) has_too_many: bool,
    /// Messages of which there are several records, by the one that counts.
    repeated: BTreeMap<LinePosition, Repeated>,
    /// The duties of their other records, by the one that counts and their ids: from the first of them.
    earlier: BTreeMap<(LinePosition, String), (LinePosition, DutyStatus)>,
}

/// Where a message counts that has several records.
struct Repeated {
    month: String,
    /// The group.
    place: usize,
    /// The duties of the record that counts.
    ids: BTreeSet<String>,
}

/// Months that pages are made of, at most; a month from before the log is another one.
pub(super) const MAX_MONTHS: usize = 120;
/// After a month: what is from before the log. Its messages are counted by themselves, for nothing but their number is known.
pub(super) const BEFORE: &str = " (before the log)";

/// The month of what has no date.
pub(super) const NO_MONTH: &str = "no date";
/// Stands for no message key.
const NO_KEY: &str = "none";
/// Stands for no instrument.
pub(super) const NO_INSTRUMENT: &str = "no instrument";
/// Stands for what there is no room for. No name of a policy has parentheses.
pub(super) const OTHERS: &str = "(all others)";
/// The head of the column of all instruments, where it isn't shown which.
pub(super) const SOME_INSTRUMENT: &str = "some instrument";
/// Different message keys, kinds of instruments, data elements or duties of a group in a month, at most: no policy has as many
/// (P8).
const MAX_NAMES: usize = 10_000;

impl<'g> Statistics<'g> {
    pub(super) fn new(groups: &'g Groups, made_on: Option<Date>) -> Self {
        Self {
            groups,
            made_on,
            months: BTreeMap::new(),
            policies: BTreeMap::new(),
            has_too_many: false,
            repeated: BTreeMap::new(),
            earlier: BTreeMap::new(),
        }
    }
}

impl Statistics<'_> {
    /// The counts of a month, by group; `None` if there are too many months.
    fn month(&mut self, name: String) -> Option<&mut Vec<GroupCounts>> {
        if self.months.len() >= MAX_MONTHS && !self.months.contains_key(&name) {
            self.has_too_many = true;
            return None;
        }
        let count = self.groups.names.len();
        Some(self.months.entry(name).or_insert_with(|| vec![GroupCounts::default(); count]))
    }
}

impl Statistics<'_> {
    fn add_earlier(&mut self, key: (LinePosition, String), own: (LinePosition, DutyStatus)) {
        let known = self.earlier.entry(key).or_insert(own);
        if own.0 < known.0 {
            *known = own;
        }
    }

    /// Counts the duties that a message owes because of an earlier record alone, where the message counts.
    pub(super) fn count_earlier_duties(&mut self) {
        for ((position, duty), (_, status)) in std::mem::take(&mut self.earlier) {
            let Some(Repeated { month, place, ids }) = self.repeated.get(&position) else { continue };
            let counts = self.months.get_mut(month).and_then(|groups| groups.get_mut(*place));
            if let Some(counts) = counts.filter(|_| !ids.contains(&duty)) {
                counts.add_duty(&duty, status);
            }
        }
    }
}

/// Keeps the first day of a policy.
fn note_policy(policies: &mut BTreeMap<String, Option<Date>>, policy: &str, date: Option<Date>) {
    match policies.get_mut(policy) {
        Some(own) => *own = own.iter().copied().chain(date).min(),
        None => drop(policies.insert(policy.to_owned(), date)),
    }
}

impl Count for Statistics<'_> {
    fn add(&mut self, message: &CountedMessage<'_>, _: &Query) {
        let CountedMessage { record, messages, elements, date, policy, review, counted, is_repeated, done, .. } =
            message;
        let mut month = date.map_or_else(|| NO_MONTH.to_owned(), Date::month);
        if record.imported.is_some() {
            month.push_str(BEFORE);
        }
        if let Some(policy) = policy.as_ref().filter(|_| self.policies.len() < MAX_NAMES) {
            note_policy(&mut self.policies, policy, *date);
        }
        let place = self.groups.of(record);
        let made_on = self.made_on;
        let Some(groups) = self.month(month.clone()) else { return };
        let Some(counts) = groups.get_mut(place) else { return };
        counts.messages = counts.messages.saturating_add(*messages);
        if record.imported.is_some() {
            return;
        }
        let outcome = Outcome::of(record, *review);
        let outcomes = Outcome::ALL.iter().position(|own| *own == outcome);
        if let Some(outcomes) = outcomes.and_then(|outcome| counts.outcomes.get_mut(outcome)) {
            *outcomes += 1;
        }
        add(&mut counts.keys, record.message_key().unwrap_or(NO_KEY), 1);
        let mut instruments: Vec<String> = record.instruments().collect();
        instruments.sort_unstable();
        instruments.dedup();
        let instruments = if instruments.is_empty() { NO_INSTRUMENT.to_owned() } else { instruments.join(" and ") };
        add(&mut counts.instruments, &instruments, 1);
        let fate = Fate::ALL.iter().position(|own| *own == record.fate());
        if let Some([with_paper, without]) = fate.and_then(|fate| counts.paper.get_mut(fate)) {
            *(if instruments == NO_INSTRUMENT { without } else { with_paper }) += 1;
        }
        for (element, own) in elements.iter().filter(|(element, _)| !element.starts_with("envelope")) {
            let element = escape(element).into_owned();
            if counts.elements.len() < MAX_NAMES || counts.elements.contains_key(&element) {
                counts.elements.entry(element).or_default().add(*own);
            }
        }
        for duty in record.duties() {
            let status = DutyStatus::of(&duty, done(duty.id).is_some(), counted.fate, made_on);
            counts.add_duty(duty.id, status);
        }
        if *is_repeated {
            let ids = record.duties().map(|duty| duty.id.to_owned()).collect();
            self.repeated.insert(counted.position, Repeated { month, place, ids });
        }
    }

    fn add_superseded(&mut self, message: &CountedMessage<'_>, _: &Query) {
        let CountedMessage { record, position, counted, done, .. } = message;
        for duty in record.duties().filter(|duty| !duty.lapses(counted.fate)) {
            let status = DutyStatus::of(&duty, done(duty.id).is_some(), counted.fate, self.made_on);
            self.add_earlier((counted.position, duty.id.to_owned()), (*position, status));
        }
    }

    fn merge(&mut self, other: Self) {
        self.has_too_many |= other.has_too_many;
        other.policies.iter().for_each(|(policy, date)| note_policy(&mut self.policies, policy, *date));
        self.repeated.extend(other.repeated);
        other.earlier.into_iter().for_each(|(key, own)| self.add_earlier(key, own));
        for (month, others) in other.months {
            let Some(groups) = self.month(month) else { return };
            for (own, other) in groups.iter_mut().zip(others) {
                own.messages = own.messages.saturating_add(other.messages);
                own.outcomes.iter_mut().zip(other.outcomes).for_each(|(own, other)| *own = own.saturating_add(other));
                for (own, others) in [(&mut own.keys, other.keys), (&mut own.instruments, other.instruments)] {
                    others.iter().for_each(|(name, count)| add(own, name, *count));
                }
                for (own, other) in own.paper.iter_mut().flatten().zip(other.paper.into_iter().flatten()) {
                    *own = own.saturating_add(other);
                }
                for (element, counts) in other.elements {
                    own.elements.entry(element).or_default().add(counts);
                }
                for (duty, counts) in other.duties {
                    let own = own.duties.entry(duty).or_default();
                    *own = own.sum(counts);
                }
            }
        }
    }
}

fn add(counts: &mut BTreeMap<String, u64>, name: &str, more: u64) {
    // Names are words of the policy, and of whoever forged the log.
    let name = escape(name);
    let name = if counts.len() < MAX_NAMES || counts.contains_key(&*name) { &*name } else { OTHERS };
    let count = counts.entry(name.to_owned()).or_default();
    *count = count.saturating_add(more);
}
