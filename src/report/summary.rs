//! The summary of a run over many messages: how many went which way, why, and what was let through.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::{Disposition, ElementCounts, Receipt};

/// Counts over many receipts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Summary {
    messages: u64,
    released: u64,
    redacted: u64,
    held: u64,
    withheld: u64,
    failed: u64,
    bytes_in: u64,
    bytes_out: u64,
    reasons: BTreeMap<&'static str, u64>,
    formats: BTreeMap<String, u64>,
    agency_classes: BTreeMap<String, u64>,
    elements: BTreeMap<String, ElementTotals>,
    unmapped: u64,
    photos: u64,
    photo_bytes: u64,
}

/// What became of the values of one data element over a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
struct ElementTotals {
    released: u64,
    generalised: u64,
    removed: u64,
    shape: u64,
}

impl ElementTotals {
    fn add(&mut self, other: Self) {
        self.released += other.released;
        self.generalised += other.generalised;
        self.removed += other.removed;
        self.shape += other.shape;
    }
}

impl From<ElementCounts> for ElementTotals {
    fn from(counts: ElementCounts) -> Self {
        Self {
            released: counts.released.into(),
            generalised: counts.generalised.into(),
            removed: counts.removed.into(),
            shape: counts.shape.into(),
        }
    }
}

impl Summary {
    /// Counts one message.
    pub(crate) fn add(&mut self, receipt: &Receipt) {
        self.messages += 1;
        *match receipt.disposition() {
            Disposition::Released => &mut self.released,
            Disposition::Redacted => &mut self.redacted,
            Disposition::Held => &mut self.held,
            Disposition::Withheld => &mut self.withheld,
        } += 1;
        self.bytes_in += u64::try_from(receipt.bytes_in()).unwrap_or(u64::MAX);
        self.bytes_out += u64::try_from(receipt.bytes_out()).unwrap_or(u64::MAX);
        if let Some(reason) = receipt.reason() {
            *self.reasons.entry(reason.code()).or_default() += 1;
        }
        *self.formats.entry(receipt.format().unwrap_or("none").to_owned()).or_default() += 1;
        for class in receipt.agency_classes() {
            *self.agency_classes.entry(class.to_owned()).or_default() += 1;
        }
        for (element, counts) in receipt.elements() {
            self.elements.entry(element.to_owned()).or_default().add(counts.into());
        }
        self.unmapped += u64::from(receipt.unmapped());
        self.photos += u64::from(receipt.photos());
        self.photo_bytes += receipt.photo_bytes();
    }

    /// Counts a message that could not be read or whose output could not be written.
    pub(crate) fn add_failure(&mut self) {
        self.messages += 1;
        self.failed += 1;
    }

    /// Adds the counts of another part of the run.
    #[must_use]
    pub(crate) fn merge(mut self, other: Self) -> Self {
        let add_all = |own: &mut BTreeMap<String, u64>, other: BTreeMap<String, u64>| {
            for (key, count) in other {
                *own.entry(key).or_default() += count;
            }
        };
        self.messages += other.messages;
        self.released += other.released;
        self.redacted += other.redacted;
        self.held += other.held;
        self.withheld += other.withheld;
        self.failed += other.failed;
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
        self.unmapped += other.unmapped;
        self.photos += other.photos;
        self.photo_bytes += other.photo_bytes;
        for (reason, count) in other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
        add_all(&mut self.formats, other.formats);
        add_all(&mut self.agency_classes, other.agency_classes);
        for (element, counts) in other.elements {
            self.elements.entry(element).or_default().add(counts);
        }
        self
    }

    /// Whether something could not be read or written.
    #[must_use]
    pub(crate) fn has_failures(&self) -> bool {
        self.failed > 0
    }

    /// Whether a message was held or withheld.
    #[must_use]
    pub(crate) fn has_refusals(&self) -> bool {
        self.held + self.withheld > 0
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { messages, released, redacted, held, withheld, failed, .. } = self;
        writeln!(
            f,
            "{messages} messages: {released} released, {redacted} redacted, {held} held, {withheld} withheld, {failed} failed"
        )?;
        writeln!(f, "{} bytes in, {} bytes out", self.bytes_in, self.bytes_out)?;
        writeln!(
            f,
            "{} photos removed ({} bytes), {} unmapped parts removed",
            self.photos, self.photo_bytes, self.unmapped
        )?;
        let mut table = |title: &str, counts: &mut dyn Iterator<Item = (&str, u64)>| {
            let mut counts = counts.peekable();
            if counts.peek().is_some() {
                writeln!(f, "\n{title}")?;
            }
            counts.try_for_each(|(key, count)| writeln!(f, "  {key:<36}{count:>10}"))
        };
        table("not released, by reason", &mut self.reasons.iter().map(|(key, count)| (*key, *count)))?;
        table("messages by format", &mut self.formats.iter().map(|(key, count)| (key.as_str(), *count)))?;
        table("messages by agency class", &mut self.agency_classes.iter().map(|(key, count)| (key.as_str(), *count)))?;
        if !self.elements.is_empty() {
            writeln!(
                f,
                "\n  {:<36}{:>10}{:>12}{:>10}{:>10}",
                "data element", "released", "generalised", "removed", "(shape)"
            )?;
        }
        for (element, counts) in &self.elements {
            let ElementTotals { released, generalised, removed, shape } = counts;
            writeln!(f, "  {element:<36}{released:>10}{generalised:>12}{removed:>10}{shape:>10}")?;
        }
        Ok(())
    }
}
