//! The members of a message's record that are reported. The user of a request and the numbers of instruments are on record, and
//! not in a report (P6).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::{ElementCounts, Fate, NO_REQUESTER};
use dmv_redact_model::date::Date;
use dmv_redact_model::policy::Due;

/// A record, borrowed from its line.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct MessageRecord<'b> {
    #[serde(borrow)]
    disposition: Option<Name<'b>>,
    pub(crate) dry_run: bool,
    #[serde(borrow)]
    requester: Option<Name<'b>>,
    #[serde(borrow)]
    agency_classes: Vec<Name<'b>>,
    /// In records of version 1: counts of values.
    #[serde(borrow)]
    elements: ElementEntries<'b>,
    #[serde(borrow)]
    released: ElementList<'b>,
    #[serde(borrow)]
    generalised: ElementList<'b>,
    #[serde(borrow)]
    removed: ElementList<'b>,
    #[serde(borrow)]
    time: Option<Name<'b>>,
    #[serde(borrow)]
    date: Option<Name<'b>>,
    #[serde(borrow)]
    stated: Stated<'b>,
    #[serde(borrow)]
    message_type: Option<Name<'b>>,
    #[serde(borrow)]
    claims: Vec<Name<'b>>,
    #[serde(borrow)]
    instruments: Vec<InstrumentMembers<'b>>,
    #[serde(borrow)]
    rules: Vec<Name<'b>>,
    #[serde(borrow)]
    policy: Option<PolicyMembers<'b>>,
    /// How many messages from before the log it counts, if that is what it does.
    pub(crate) imported: Option<u64>,
    #[serde(borrow)]
    reason: Option<Name<'b>>,
    #[serde(borrow)]
    approved_by: Option<Name<'b>>,
    #[serde(borrow)]
    duties: Vec<DutyMembers<'b>>,
    #[serde(borrow)]
    source: Option<Name<'b>>,
    item: Option<u64>,
    #[serde(borrow)]
    id: Option<Name<'b>>,
    #[serde(borrow)]
    correlation_id: Option<Name<'b>>,
}

#[derive(Deserialize)]
struct DutyMembers<'b> {
    #[serde(borrow)]
    id: Name<'b>,
    #[serde(borrow, rename = "do")]
    task: Option<Name<'b>>,
    #[serde(borrow)]
    to: Option<Name<'b>>,
    #[serde(borrow)]
    due: Option<Name<'b>>,
}

/// A duty of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecordDuty<'r> {
    pub(crate) id: &'r str,
    /// What must be done.
    pub(crate) task: Option<&'r str>,
    pub(crate) to: Option<&'r str>,
    /// By when: a day, or in words.
    pub(crate) due: Option<&'r str>,
}

impl RecordDuty<'_> {
    /// Whether it is due before its message goes out.
    pub(crate) fn is_due_before(&self) -> bool {
        self.due.and_then(Due::parse) == Some(Due::Before)
    }

    /// Whether it is no longer owed, though an earlier record of the message says so: nothing goes out that it would have to
    /// precede.
    pub(crate) fn lapses(&self, fate: Fate) -> bool {
        self.is_due_before() && fate == Fate::Withheld
    }
}

/// What the request said of itself.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Stated<'b> {
    #[serde(borrow)]
    purpose: Option<Name<'b>>,
    #[serde(borrow)]
    reason: Option<Name<'b>>,
    #[serde(borrow)]
    line: Option<Name<'b>>,
}

#[derive(Deserialize)]
struct InstrumentMembers<'b> {
    #[serde(borrow)]
    claim: Name<'b>,
    #[serde(borrow)]
    issuer: Option<Name<'b>>,
}

/// Which policy decided.
#[derive(Deserialize)]
pub(super) struct PolicyMembers<'b> {
    #[serde(borrow)]
    name: Name<'b>,
    #[serde(borrow)]
    version: Name<'b>,
    #[serde(borrow)]
    sha256: Name<'b>,
}

/// A text, borrowed unless it has an escape.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Name<'b>(#[serde(borrow)] pub(super) Cow<'b, str>);

/// The members of an object in their order, because a map per message would be slow.
#[derive(Default)]
struct ElementEntries<'b>(Vec<(Cow<'b, str>, ValueCounts)>);

/// Counts of values of a data element, in a record of version 1.
#[derive(Default, Clone, Copy, Deserialize)]
#[serde(default)]
struct ValueCounts {
    released: u64,
    generalised: u64,
    removed: u64,
}

/// Data elements: by numbers, as `0-3,7`, or by name.
#[derive(Deserialize)]
#[serde(untagged)]
enum ElementList<'b> {
    #[serde(borrow)]
    Numbers(Cow<'b, str>),
    Names(Vec<String>),
}

impl Default for ElementList<'_> {
    fn default() -> Self {
        Self::Names(Vec::new())
    }
}

impl ElementList<'_> {
    /// The names of its elements; `None` if a number isn't explained, or isn't larger than the one before.
    fn names<'n>(&'n self, explained: &'n [String]) -> Option<Vec<&'n str>> {
        let ranges = match self {
            Self::Names(names) => return Some(names.iter().map(String::as_str).collect()),
            Self::Numbers(ranges) => ranges,
        };
        let (mut names, mut next) = (Vec::new(), 0);
        for range in ranges.split(',') {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
            if first < next {
                return None;
            }
            names.extend(explained.get(first..=last)?.iter().map(String::as_str));
            next = last + 1;
        }
        Some(names)
    }
}

/// Digits of a policy's digest that are shown.
const DIGEST_DIGITS: usize = 12;

impl<'b> MessageRecord<'b> {
    /// Reads the object of a line. No receipt writes a record that can't be read: it only counts as a message.
    pub(crate) fn read(object: &'b [u8]) -> Self {
        serde_json::from_slice(object).unwrap_or_default()
    }

    pub(crate) fn disposition(&self) -> Option<&str> {
        text(&self.disposition)
    }

    pub(crate) fn fate(&self) -> Fate {
        Fate::of(self.disposition())
    }

    pub(crate) fn requester(&self) -> &str {
        text(&self.requester).unwrap_or(NO_REQUESTER)
    }

    pub(crate) fn classes(&self) -> impl Iterator<Item = &str> {
        texts(&self.agency_classes)
    }

    pub(crate) fn rules(&self) -> impl Iterator<Item = &str> {
        texts(&self.rules)
    }

    /// The claims of the request, those of its instruments among them.
    pub(crate) fn claims(&self) -> impl Iterator<Item = &str> {
        texts(&self.claims).chain(self.instruments.iter().map(|instrument| &*instrument.claim.0))
    }

    /// The kinds of instruments: the claim that each is behind, and the kind of who issued it.
    pub(crate) fn instruments(&self) -> impl Iterator<Item = String> {
        self.instruments.iter().map(|InstrumentMembers { claim, issuer }| match issuer {
            Some(issuer) => format!("{} by {}", claim.0, issuer.0),
            None => claim.0.to_string(),
        })
    }

    /// The data elements of which at least one value was released, made less precise, or removed, by name; `explained` are those
    /// that numbers stand for. `None`: it can't be told which.
    pub(crate) fn elements<'n>(&'n self, explained: &'n [String]) -> Option<BTreeMap<&'n str, ElementCounts>> {
        let mut elements: BTreeMap<&str, ElementCounts> = BTreeMap::new();
        for (name, values) in &self.elements.0 {
            let ValueCounts { released, generalised, removed } = *values;
            let [released, generalised, removed] = [released, generalised, removed].map(|count| u64::from(count > 0));
            elements.entry(name).or_default().add(ElementCounts { released, generalised, removed });
        }
        for name in self.released.names(explained)? {
            elements.entry(name).or_default().released = 1;
        }
        for name in self.generalised.names(explained)? {
            elements.entry(name).or_default().generalised = 1;
        }
        for name in self.removed.names(explained)? {
            elements.entry(name).or_default().removed = 1;
        }
        Some(elements)
    }

    pub(crate) fn message_key(&self) -> Option<&str> {
        text(&self.message_type)
    }

    pub(crate) fn purpose(&self) -> Option<&str> {
        text(&self.stated.purpose)
    }

    pub(crate) fn reason(&self) -> Option<&str> {
        text(&self.stated.reason)
    }

    pub(crate) fn line(&self) -> Option<&str> {
        text(&self.stated.line)
    }

    /// Why it was held or withheld.
    pub(crate) fn refusal(&self) -> Option<&str> {
        text(&self.reason)
    }

    /// Whether a person who approved it is on record.
    pub(crate) fn is_approved(&self) -> bool {
        self.approved_by.is_some()
    }

    /// The duties that follow.
    pub(crate) fn duties(&self) -> impl Iterator<Item = RecordDuty<'_>> {
        self.duties.iter().map(|DutyMembers { id, task, to, due }| RecordDuty {
            id: &id.0,
            task: text(task),
            to: text(to),
            due: text(due),
        })
    }

    /// Where the message is found: the switch's id of its request, or else its source, with its identifier or its place there.
    pub(crate) fn place(&self) -> String {
        let source = text(&self.source).unwrap_or_default();
        match (text(&self.correlation_id), text(&self.id), self.item) {
            (Some(id), ..) => id.to_owned(),
            (None, Some(id), _) if source.ends_with(id) => source.to_owned(),
            (None, Some(id), _) => format!("{source} {id}"),
            (None, None, Some(item)) => format!("{source} {item}"),
            (None, None, None) => source.to_owned(),
        }
    }

    pub(crate) fn policy(&self) -> Option<String> {
        self.policy.as_ref().map(ToString::to_string)
    }

    /// The day on which it was recorded, or else the date of its request.
    pub(crate) fn date(&self) -> Option<Date> {
        text(&self.time).and_then(day_of).or_else(|| Date::parse(text(&self.date)?))
    }
}

impl fmt::Display for PolicyMembers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, version, sha256 } = self;
        let digits: String = sha256.0.chars().take(DIGEST_DIGITS).collect();
        write!(f, "{} {} ({digits})", name.0, version.0)
    }
}

/// The day of a time in RFC 3339. Records have it in UTC.
pub(super) fn day_of(time: &str) -> Option<Date> {
    time.get(..10).and_then(Date::parse)
}

/// A time in RFC 3339, to the second, in seconds since 1970. Records have it in UTC.
pub(super) fn second_of(time: &str) -> Option<u32> {
    let (day, clock) = (day_of(time)?, time.get(11..19)?);
    let days = Date::parse("1970-01-01")?.days_until(day);
    let mut parts = clock.split(':').map(|part| part.parse::<i64>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    u32::try_from(((days * 24 + hours) * 60 + minutes) * 60 + seconds).ok()
}

fn text<'n>(name: &'n Option<Name<'_>>) -> Option<&'n str> {
    name.as_ref().map(|name| &*name.0)
}

fn texts<'n>(names: &'n [Name<'_>]) -> impl Iterator<Item = &'n str> {
    names.iter().map(|name| &*name.0)
}

impl<'de: 'b, 'b> Deserialize<'de> for ElementEntries<'b> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<'b>(PhantomData<&'b ()>);

        impl<'de: 'b, 'b> Visitor<'de> for Members<'b> {
            type Value = ElementEntries<'b>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("data elements with their counts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ElementEntries<'b>, A::Error> {
                let mut elements = Vec::new();
                while let Some((name, values)) = map.next_entry::<Name<'de>, ValueCounts>()? {
                    elements.push((name.0, values));
                }
                Ok(ElementEntries(elements))
            }
        }

        deserializer.deserialize_map(Members(PhantomData))
    }
}
