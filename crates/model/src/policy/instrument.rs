//! Instruments: the legal papers behind claims, as whoever vouches for a claim has read them. Nothing here is verified: a
//! number is a text, a judge is a word.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::rule::ClaimSet;
use crate::catalog::{Catalog, ElementId};
use crate::config::nearest;
use crate::date::{DATE_FORM, Date};

/// The legal paper behind a claim: a warrant, an order, a subpoena. It is recorded with the disclosure, and **never
/// verified**: whoever vouches for the claim has read it.
///
/// ```
/// # use dmv_redact::{Instrument, Requester};
/// let warrant = Instrument::new("judicial-warrant")
///     .issuer("federal-judge")
///     .number("2:26-mj-00042")
///     .date("2026-11-30")?
///     .until("2026-12-14")?
///     .specifies("person.name")
///     .specifies("license");
/// let requester = Requester::new("VTICE0900")?.claim("approved").instrument(warrant);
/// # Ok::<(), dmv_redact::RequesterError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "InstrumentText")]
pub struct Instrument {
    claim: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Date>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    specifies: Vec<String>,
}

impl Instrument {
    /// The instrument behind this claim, which a request makes by stating it.
    #[must_use]
    pub fn new(claim: impl Into<String>) -> Self {
        let claim = claim.into();
        Self { claim, issuer: None, number: None, date: None, until: None, specifies: Vec::new() }
    }

    /// Adds the kind of who issued it, one that the policy declares for its claim (`federal-judge`). A message with another
    /// is withheld; `Filter::check_request` reports it beforehand.
    #[must_use]
    pub fn issuer(self, name: impl Into<String>) -> Self {
        Self { issuer: Some(name.into()), ..self }
    }

    /// Adds its number, one to 64 letters, digits and marks of ASCII with single spaces between them. It goes into the
    /// disclosure log as it is. A message with any other is withheld.
    #[must_use]
    pub fn number(self, text: impl Into<String>) -> Self {
        Self { number: Some(text.into()), ..self }
    }

    /// Adds the day on which it was issued, `YYYY-MM-DD`. A request of an earlier day is withheld.
    ///
    /// # Errors
    /// When `date` is no day of the calendar in this form.
    pub fn date(self, date: &str) -> Result<Self, super::RequesterError> {
        Ok(Self { date: Some(Date::parse(date).ok_or(super::RequesterError::date())?), ..self })
    }

    /// Adds the last day on which it counts, `YYYY-MM-DD`. A request of a later day is withheld.
    ///
    /// # Errors
    /// When `date` is no day of the calendar in this form.
    pub fn until(self, date: &str) -> Result<Self, super::RequesterError> {
        Ok(Self { until: Some(Date::parse(date).ok_or(super::RequesterError::date())?), ..self })
    }

    /// Adds what it specifies: a data element (`person.name`), all of a group (`person.address`), or `*`, every one. Rules with
    /// `specified-by` open these alone. A message with what the catalog doesn't have is withheld.
    #[must_use]
    pub fn specifies(mut self, element: impl Into<String>) -> Self {
        let element = element.into();
        // One more than there may be is refused, and no more are looked through (P8).
        if self.specifies.len() <= MAX_SPECIFIED && !self.specifies.contains(&element) {
            self.specifies.push(element);
        }
        self
    }

    /// The claim that it is behind.
    #[doc(hidden)]
    #[must_use]
    pub fn claim(&self) -> &str {
        &self.claim
    }

    /// The kind of who issued it.
    #[doc(hidden)]
    #[must_use]
    pub fn stated_issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// What it specifies.
    #[doc(hidden)]
    #[must_use]
    pub fn specified(&self) -> &[String] {
        &self.specifies
    }

    /// Whether the date of the request makes a difference.
    #[doc(hidden)]
    #[must_use]
    pub fn is_dated(&self) -> bool {
        self.date.is_some() || self.until.is_some()
    }

    /// The first data element that it specifies and `is_known` doesn't know, or that is one too many.
    pub(super) fn first_unknown(&self, is_known: impl Fn(&str) -> bool) -> Option<usize> {
        let unknown = self.specifies.iter().position(|element| !is_known(element));
        unknown.or((self.specifies.len() > MAX_SPECIFIED).then_some(MAX_SPECIFIED))
    }

    /// Whether its number, if it has one, is a text that can stand in a log.
    pub(super) fn has_plain_number(&self) -> bool {
        self.number.as_deref().is_none_or(is_number)
    }

    /// Checks its days against that of a request; without one, none will do.
    pub(super) fn check_day(&self, asked: Option<Date>) -> Result<(), InstrumentFault> {
        let is_later =
            |day: Option<Date>, asked: Option<Date>| day.is_some_and(|day| asked.is_none_or(|own| own < day));
        match () {
            () if is_later(self.date, asked) => Err(InstrumentFault::NotYet),
            () if self.until.is_some_and(|until| asked.is_none_or(|own| until < own)) => Err(InstrumentFault::Expired),
            () => Ok(()),
        }
    }
}

/// `judicial-warrant: issued by federal-judge, number 2:26-mj-00042, of 2026-11-30, until 2026-12-14, specifies license`.
impl fmt::Display for Instrument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { claim, issuer, number, date, until, specifies } = self;
        let parts = [
            issuer.as_ref().map(|issuer| format!("issued by {issuer}")),
            number.as_ref().map(|number| format!("number {number}")),
            date.map(|date| format!("of {date}")),
            until.map(|until| format!("until {until}")),
            Some(match specifies.as_slice() {
                [] => "specifies no data element".to_owned(),
                specifies => format!("specifies {}", specifies.join(", ")),
            }),
        ];
        write!(f, "{claim}: {}", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

/// Maximum number of texts that select what an instrument specifies: each of its disclosures has them on record (P8).
const MAX_SPECIFIED: usize = 256;

/// Characters of the longest number.
const MAX_NUMBER: usize = 64;

fn is_number(text: &str) -> bool {
    let is_mark = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    (1..=MAX_NUMBER).contains(&text.len())
        && text.bytes().all(is_mark)
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && !text.contains("  ")
}

/// What is wrong with an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstrumentFault {
    /// The request states another one for the same claim.
    Twice,
    /// The policy declares no such issuer, or not for this claim.
    Issuer,
    /// It names no issuer, and the claim counts only with one.
    NoIssuer,
    /// Its number is none.
    Number,
    /// It is of a later day than the request.
    NotYet,
    /// It ended before the day of the request.
    Expired,
    /// The catalog has no data element of this name, by its place.
    Element(usize),
}

impl InstrumentFault {
    /// The part of the instrument that is wrong, by its key.
    pub fn part(self) -> &'static str {
        match self {
            Self::Twice => "claim",
            Self::Issuer | Self::NoIssuer => "issuer",
            Self::Number => "number",
            Self::NotYet => "date",
            Self::Expired => "until",
            Self::Element(_) => "specifies",
        }
    }
}

/// An instrument as it is written in lines and cases: every part is text, and has its name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(!remote))]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct InstrumentText {
    /// The claim that it is behind.
    pub claim: String,
    /// The kind of who issued it, one that the policy declares for the claim.
    pub issuer: Option<String>,
    /// Its number.
    pub number: Option<String>,
    /// The day on which it was issued, YYYY-MM-DD.
    pub date: Option<String>,
    /// The last day on which it counts, YYYY-MM-DD.
    pub until: Option<String>,
    /// The data elements that it specifies: ids, prefixes of ids, groups, or `*`.
    #[serde(default)]
    pub specifies: Vec<String>,
}

/// A table alone: a list of values without names is no instrument.
impl<'de> Deserialize<'de> for InstrumentText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = InstrumentText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of the parts of an instrument")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<InstrumentText, A::Error> {
                // The derived one, which `remote` makes a function of its own.
                InstrumentText::deserialize(MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_map(TextVisitor)
    }
}

impl InstrumentText {
    /// The instrument.
    ///
    /// # Errors
    /// Which of its dates is none, and how one is written.
    pub fn read(self) -> Result<Instrument, String> {
        let day = |key: &str, text: Option<String>| {
            text.map(|text| Date::parse(&text).ok_or_else(|| format!("`{key}`: {DATE_FORM}"))).transpose()
        };
        let Self { claim, issuer, number, date, until, specifies } = self;
        let (date, until) = (day("date", date)?, day("until", until)?);
        let instrument = Instrument { claim, issuer, number, date, until, specifies: Vec::new() };
        Ok(specifies.into_iter().fold(instrument, Instrument::specifies))
    }
}

impl TryFrom<InstrumentText> for Instrument {
    type Error = String;

    fn try_from(text: InstrumentText) -> Result<Self, String> {
        text.read()
    }
}

impl std::str::FromStr for Instrument {
    type Err = String;

    /// Reads `claim=NAME,issuer=NAME,number=TEXT,date=YYYY-MM-DD,until=YYYY-MM-DD,specifies=ELEMENT`: only the claim must be
    /// there, and `specifies` may be there again.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut read = InstrumentText::default();
        let mut seen: Vec<&str> = Vec::new();
        for (place, part) in text.split(',').enumerate() {
            let Some((key, value)) = part.split_once('=').filter(|(_, value)| !value.is_empty()) else {
                return Err(format!("part {}, between commas, is not KEY=VALUE; {INSTRUMENT_FORM}", place + 1));
            };
            let value = value.to_owned();
            match key {
                _ if key != "specifies" && seen.contains(&key) => return Err(format!("`{key}` is there twice")),
                "claim" => read.claim = value,
                "issuer" => read.issuer = Some(value),
                "number" => read.number = Some(value),
                "date" => read.date = Some(value),
                "until" => read.until = Some(value),
                "specifies" => read.specifies.push(value),
                _ => {
                    let keys = ["claim", "issuer", "number", "date", "until", "specifies"];
                    return Err(match nearest(key, keys) {
                        Some(nearest) => format!("unknown key `{key}`; did you mean `{nearest}`?"),
                        None => format!("unknown key `{key}`; {INSTRUMENT_FORM}"),
                    });
                }
            }
            seen.push(key);
        }
        match seen.contains(&"claim") {
            true => read.read(),
            false => Err(format!("it names no claim; {INSTRUMENT_FORM}")),
        }
    }
}

/// How an instrument is written in one text.
const INSTRUMENT_FORM: &str = "write claim=NAME,issuer=NAME,number=TEXT,date=YYYY-MM-DD,until=YYYY-MM-DD,specifies=ELEMENT; only the claim must be there";

/// By data element, the claims behind which an instrument specifies it, each as what rules with `specified-by` ask for. Empty:
/// none specifies anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Specified(Box<[ClaimSet]>);

impl Specified {
    /// Of this many data elements, what these instruments specify.
    pub(super) fn of<'s>(count: usize, instruments: impl Iterator<Item = (ClaimSet, &'s [ElementId])>) -> Self {
        let mut by_element = vec![ClaimSet::default(); count];
        for (claim, elements) in instruments {
            for element in elements {
                by_element.get_mut(element.index()).into_iter().for_each(|own| *own = own.union(claim));
            }
        }
        match by_element.iter().all(|own| *own == ClaimSet::default()) {
            true => Self::default(),
            false => Self(by_element.into()),
        }
    }

    /// Whether nothing is specified.
    pub(super) fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }

    /// The claims by which an element is specified.
    #[must_use]
    pub fn get(&self, element: ElementId) -> ClaimSet {
        self.0.get(element.index()).copied().unwrap_or_default()
    }

    /// Each set of claims by which some element is specified, with those elements.
    pub(super) fn groups(&self) -> BTreeMap<u64, Vec<usize>> {
        let mut groups: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (element, claims) in self.0.iter().enumerate().filter(|(_, claims)| **claims != ClaimSet::default()) {
            groups.entry(claims.0).or_default().push(element);
        }
        groups
    }
}

/// In what an instrument specifies: every data element.
pub(super) const EVERYTHING: &str = "*";

/// The data elements of every text that selects some, so that a request needs no catalog.
pub(super) fn selections(catalog: &Catalog) -> BTreeMap<String, Box<[ElementId]>> {
    let everything = catalog.iter().map(|(id, _)| id).collect();
    let selectors = catalog.selectors().into_iter();
    let mut selections: BTreeMap<String, Box<[ElementId]>> = selectors
        .map(|selector| {
            let selected = catalog.select(&selector).into();
            (selector, selected)
        })
        .collect();
    selections.insert(EVERYTHING.to_owned(), everything);
    selections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p6_a_number_is_plain() {
        for right in ["1", "2:26-mj-00042 (D. Ariz.)", &"9".repeat(64)] {
            assert!(is_number(right), "{right}");
        }
        for wrong in ["", " 1", "1 ", "1  2", "1\n2", "1\t2", "\u{E9}", "\u{202E}1", &"9".repeat(65)] {
            assert!(!is_number(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn p2_one_text_says_what_an_instrument_is() {
        let text = "claim=warrant,issuer=judge,number=2:26-mj-42,date=2026-11-30,until=2026-12-14,specifies=license,\
                    specifies=person.name";
        let instrument: Instrument = text.parse().unwrap();
        let expected = Instrument::new("warrant").issuer("judge").number("2:26-mj-42").specifies("license");
        let expected = expected.specifies("person.name").date("2026-11-30").unwrap().until("2026-12-14").unwrap();
        assert_eq!(instrument, expected);
        for (wrong, why) in [
            ("", "part 1, between commas, is not KEY=VALUE"),
            ("claim", "part 1, between commas, is not KEY=VALUE"),
            ("claim=", "part 1, between commas, is not KEY=VALUE"),
            ("claim=a,number=1,2", "part 3, between commas, is not KEY=VALUE"),
            ("issuer=judge", "it names no claim"),
            ("claim=a,claim=b", "`claim` is there twice"),
            ("claim=a,isuer=b", "unknown key `isuer`; did you mean `issuer`?"),
            ("claim=a,date=12/01/2026", "`date`: write a day of the calendar"),
            ("claim=a,date=2026-12-01,until=soon", "`until`: write a day of the calendar"),
        ] {
            let error = wrong.parse::<Instrument>().unwrap_err();
            assert!(error.starts_with(why), "{wrong}: {error}");
        }
    }

    #[test]
    fn p2_an_instrument_counts_on_its_days_alone() {
        let on = |day| Date::parse(day);
        let instrument = Instrument::new("c").date("2026-12-01").unwrap().until("2026-12-14").unwrap();
        for (day, expected) in [
            (on("2026-11-30"), Err(InstrumentFault::NotYet)),
            (on("2026-12-01"), Ok(())),
            (on("2026-12-14"), Ok(())),
            (on("2026-12-15"), Err(InstrumentFault::Expired)),
            (None, Err(InstrumentFault::NotYet)),
        ] {
            assert_eq!(instrument.check_day(day), expected, "{day:?}");
        }
        let open = Instrument::new("c").until("2026-12-14").unwrap();
        assert_eq!(open.check_day(None), Err(InstrumentFault::Expired));
        assert_eq!(Instrument::new("c").check_day(None), Ok(()));
    }
}
