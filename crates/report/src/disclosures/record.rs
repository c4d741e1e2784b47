//! The members of a message's record that are reported. The user of a request and the numbers of instruments are on record, and
//! not in a report (P6).

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::{NO_REQUESTER, ValueCounts};
use dmv_redact_model::date::Date;

/// A record, borrowed from its line.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct MessageRecord<'b> {
    #[serde(borrow)]
    disposition: Option<Name<'b>>,
    pub(super) dry_run: bool,
    #[serde(borrow)]
    requester: Option<Name<'b>>,
    #[serde(borrow)]
    agency_classes: Vec<Name<'b>>,
    #[serde(borrow)]
    elements: ElementEntries<'b>,
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

/// Digits of a policy's digest that are shown.
const DIGEST_DIGITS: usize = 12;

impl<'b> MessageRecord<'b> {
    /// Reads the object of a line. No receipt writes a record that can't be read: it only counts as a message.
    pub(super) fn read(object: &'b [u8]) -> Self {
        serde_json::from_slice(object).unwrap_or_default()
    }

    pub(super) fn disposition(&self) -> Option<&str> {
        text(&self.disposition)
    }

    pub(super) fn requester(&self) -> &str {
        text(&self.requester).unwrap_or(NO_REQUESTER)
    }

    pub(super) fn classes(&self) -> impl Iterator<Item = &str> {
        texts(&self.agency_classes)
    }

    pub(super) fn rules(&self) -> impl Iterator<Item = &str> {
        texts(&self.rules)
    }

    /// The claims of the request, those of its instruments among them.
    pub(super) fn claims(&self) -> impl Iterator<Item = &str> {
        texts(&self.claims).chain(self.instruments.iter().map(|instrument| &*instrument.claim.0))
    }

    /// The kinds of instruments: the claim that each is behind, and the kind of who issued it.
    pub(super) fn instruments(&self) -> impl Iterator<Item = String> {
        self.instruments.iter().map(|InstrumentMembers { claim, issuer }| match issuer {
            Some(issuer) => format!("{} by {}", claim.0, issuer.0),
            None => claim.0.to_string(),
        })
    }

    pub(super) fn elements(&self) -> impl Iterator<Item = (&str, ValueCounts)> {
        self.elements.0.iter().map(|(element, values)| (&**element, *values))
    }

    pub(super) fn message_key(&self) -> Option<&str> {
        text(&self.message_type)
    }

    pub(super) fn purpose(&self) -> Option<&str> {
        text(&self.stated.purpose)
    }

    pub(super) fn reason(&self) -> Option<&str> {
        text(&self.stated.reason)
    }

    pub(super) fn line(&self) -> Option<&str> {
        text(&self.stated.line)
    }

    pub(super) fn policy(&self) -> Option<String> {
        self.policy.as_ref().map(ToString::to_string)
    }

    /// The day on which it was recorded, or else the date of its request.
    pub(super) fn date(&self) -> Option<Date> {
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
