//! The summary of a run over many messages: how many had which disposition, why, and what was let through.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use dmv_redact::FOUND_IMAGE;
use dmv_redact::{Catalog, Disposition, ElementCounts, Kind, Receipt};

/// Counts over many receipts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Summary {
    messages: u64,
    released: u64,
    redacted: u64,
    held: u64,
    withheld: u64,
    failed: u64,
    /// Messages whose request got the claims of approved ones.
    #[serde(default)]
    approved: u64,
    /// Links, devices and the like, which contain no message.
    passed_over: u64,
    /// Files in OUT from earlier runs, and those of them that were removed.
    left_over: u64,
    pruned: u64,
    bytes_in: u64,
    bytes_out: u64,
    reasons: BTreeMap<String, u64>,
    formats: BTreeMap<String, u64>,
    agency_classes: BTreeMap<String, u64>,
    elements: BTreeMap<String, ElementTotals>,
    unmapped: u64,
    /// Images that were removed, by type.
    images: BTreeMap<String, u64>,
    image_bytes: u64,
}

/// The outcomes of one data element's values over a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// Builds a summary: counts data elements by number, and names them at the end.
#[derive(Debug, Default)]
pub struct Tally {
    summary: Summary,
    elements: Vec<ElementTotals>,
}

impl Tally {
    /// Counts one message.
    pub(crate) fn add(&mut self, receipt: &Receipt) {
        self.summary.add(receipt);
        for (element, counts) in receipt.counts() {
            let index = element.index();
            if self.elements.len() <= index {
                self.elements.resize(index + 1, ElementTotals::default());
            }
            if let Some(totals) = self.elements.get_mut(index) {
                totals.add((*counts).into());
            }
        }
    }

    /// Counts a message that could not be read or whose output could not be written.
    pub(crate) fn add_failure(&mut self) {
        self.summary.add_failure();
    }

    /// Counts another failure of a message that is already counted.
    pub(crate) fn add_fault(&mut self) {
        self.summary.add_fault();
    }

    /// Counts a message that a person approved.
    pub(crate) fn add_approved(&mut self) {
        self.summary.add_approved();
    }

    /// The summary, with the catalog's names.
    pub(crate) fn finish(mut self, catalog: &Catalog) -> Summary {
        for ((_, element), totals) in catalog.iter().zip(self.elements) {
            if element.kind() == Kind::Image && totals.removed > 0 {
                count(&mut self.summary.images, element.last_step(), totals.removed);
            }
            if totals != ElementTotals::default() {
                self.summary.elements.insert(element.id().to_owned(), totals);
            }
        }
        self.summary
    }
}

impl Summary {
    /// Counts one message, except its data elements.
    fn add(&mut self, receipt: &Receipt) {
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
            count(&mut self.reasons, reason.code(), 1);
        }
        count(&mut self.formats, receipt.format().unwrap_or("none"), 1);
        for class in receipt.agency_classes() {
            count(&mut self.agency_classes, class, 1);
        }
        self.unmapped += u64::from(receipt.unmapped());
        self.image_bytes += receipt.image_bytes();
        if receipt.found_images() > 0 {
            count(&mut self.images, FOUND_IMAGE, receipt.found_images().into());
        }
    }

    /// Counts a message that could not be read or whose output could not be written.
    pub(crate) fn add_failure(&mut self) {
        self.messages += 1;
        self.failed += 1;
    }

    /// Counts another failure of a message that is already counted.
    pub(crate) fn add_fault(&mut self) {
        self.failed += 1;
    }

    /// Counts a message that a person approved.
    pub(crate) fn add_approved(&mut self) {
        self.approved += 1;
    }

    /// Counts something without a message that was passed over.
    pub(crate) fn add_passed_over(&mut self) {
        self.passed_over += 1;
    }

    /// Counts something in OUT that the run did not put there.
    pub(crate) fn add_left_over(&mut self) {
        self.left_over += 1;
    }

    /// Counts a removed one of these.
    pub(crate) fn add_pruned(&mut self) {
        self.pruned += 1;
    }

    /// Adds the counts of another part of the run.
    pub(crate) fn add_all(&mut self, other: Self) {
        self.messages += other.messages;
        self.released += other.released;
        self.redacted += other.redacted;
        self.held += other.held;
        self.withheld += other.withheld;
        self.failed += other.failed;
        self.approved += other.approved;
        self.passed_over += other.passed_over;
        self.left_over += other.left_over;
        self.pruned += other.pruned;
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
        self.unmapped += other.unmapped;
        self.image_bytes += other.image_bytes;
        for (own, other) in [
            (&mut self.reasons, other.reasons),
            (&mut self.formats, other.formats),
            (&mut self.agency_classes, other.agency_classes),
            (&mut self.images, other.images),
        ] {
            for (key, number) in other {
                count(own, &key, number);
            }
        }
        for (element, counts) in other.elements {
            self.elements.entry(element).or_default().add(counts);
        }
    }

    /// The dispositions of the messages, in one line; and what was passed over.
    pub fn headline(&self) -> String {
        let Self { messages, released, redacted, held, withheld, failed, .. } = self;
        let mut line = format!(
            "{messages} messages: {released} released, {redacted} redacted, {held} held, {withheld} withheld, {failed} failed"
        );
        for (count, what) in [
            (self.approved, "approved"),
            (self.passed_over, "passed over"),
            (self.left_over, "left from before"),
            (self.pruned, "removed that were left from before"),
        ] {
            if count > 0 {
                line.push_str(&format!("; {count} {what}"));
            }
        }
        line
    }

    /// What to do about problems.
    pub fn next_steps(&self, keeps_withheld: bool, has_queue: bool) -> Vec<&'static str> {
        let steps = [
            (self.failed > 0, "what failed is named above, of a resumed run where it was begun: mend it and run again"),
            (self.held > 0 && has_queue, "`dmv-redact review list` shows what waits for a person"),
            (
                self.refused() > 0 && !keeps_withheld && !has_queue,
                "--withheld DIR keeps what is held or withheld, for review",
            ),
            (
                self.held > 0 && keeps_withheld && !has_queue,
                "--approved LIST lets through what a person has approved of these",
            ),
            (self.refused() > 0, "`dmv-redact explain MESSAGE` says why one was held or withheld"),
            (self.left_over > 0, "--prune removes what earlier runs left in the outputs"),
        ];
        steps.into_iter().filter_map(|(applies, step)| applies.then_some(step)).collect()
    }

    /// Messages so far.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// The bytes of these messages.
    pub fn bytes_in(&self) -> u64 {
        self.bytes_in
    }

    /// Messages that were held or withheld.
    pub fn refused(&self) -> u64 {
        self.held + self.withheld
    }

    /// What was removed although the policy permits it, because it violates its element's shape; `None` if nothing was.
    /// Otherwise a reader of the output would take the value for absent.
    pub fn shape_violations(&self) -> Option<String> {
        let violations = self.elements.iter().filter(|(_, totals)| totals.shape > 0);
        let (mut all, mut named) = (0, Vec::new());
        for (element, totals) in violations {
            all += totals.shape;
            named.push(format!("{element} {}", totals.shape));
        }
        let values = match all {
            0 => return None,
            1 => "1 value that the policy permits was removed, for it violates the shape of its element".to_owned(),
            _ => format!(
                "{all} values that the policy permits were removed, for they violate the shapes of their elements"
            ),
        };
        Some(format!("{values}: {}", named.join(", ")))
    }

    fn images_removed(&self) -> String {
        let all: u64 = self.images.values().sum();
        let mut kinds = Vec::new();
        for (name, count) in &self.images {
            let plural = if *count == 1 { "" } else { "s" };
            kinds.push(match name.as_str() {
                FOUND_IMAGE => format!("{count} in other values"),
                name => format!("{count} {}{plural}", name.replace('-', " ")),
            });
        }
        let separator = if kinds.is_empty() { "" } else { ": " };
        format!("{all} images removed ({} bytes){separator}{}", self.image_bytes, kinds.join(", "))
    }

    /// Whether something could not be read or written, was passed over, or is left in OUT from before.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        self.failed + self.passed_over + self.left_over > 0
    }

    /// Whether a message was held or withheld.
    #[must_use]
    pub fn has_refusals(&self) -> bool {
        self.refused() > 0
    }
}

/// The counts of a verification.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VerificationCounts {
    /// Outputs that were read.
    pub messages: u64,
    /// Those with a finding.
    pub findings: u64,
    /// Notices for messages that were held or withheld.
    pub withheld: u64,
    /// Notices for messages that could not be read.
    pub failed: u64,
    /// Inputs that could not be read now, or were skipped.
    pub unread: u64,
}

impl VerificationCounts {
    pub(crate) fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.findings += other.findings;
        self.withheld += other.withheld;
        self.failed += other.failed;
        self.unread += other.unread;
    }
}

/// Adds to a count; copies its name only the first time.
fn count(counts: &mut BTreeMap<String, u64>, name: &str, number: u64) {
    match counts.get_mut(name) {
        Some(existing) => *existing += number,
        None => drop(counts.insert(name.to_owned(), number)),
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} bytes in, {} bytes out", self.bytes_in, self.bytes_out)?;
        writeln!(f, "{}", self.images_removed())?;
        writeln!(f, "{} unmapped parts removed", self.unmapped)?;
        if let Some(violations) = self.shape_violations() {
            writeln!(f, "{violations}")?;
        }
        for (title, counts) in [
            ("not released, by reason", &self.reasons),
            ("messages by format", &self.formats),
            ("messages by agency class", &self.agency_classes),
        ] {
            if !counts.is_empty() {
                writeln!(f, "\n{title}")?;
            }
            for (key, count) in counts {
                writeln!(f, "  {key:<36}{count:>10}")?;
            }
        }
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
