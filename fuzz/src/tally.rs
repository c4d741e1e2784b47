//! What a soak counts, and how it is told.

use std::collections::BTreeMap;
use std::fmt;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
    /// How many of each disposition, and of each reason.
    pub(crate) verdicts: BTreeMap<&'static str, u64>,
    /// Canaries that a mutation had moved to where they may go out.
    pub(crate) moved: u64,
    /// Outputs that other parsers were shown.
    pub(crate) judged: u64,
    pub(crate) faults: u64,
    /// The first few faults, told whole.
    pub(crate) told: Vec<String>,
}

/// Faults that are told; the rest are counted.
const TOLD: usize = 5;

impl Tally {
    pub(crate) fn verdict(&mut self, verdict: &'static str) {
        *self.verdicts.entry(verdict).or_default() += 1;
    }

    pub(crate) fn fault(&mut self, told: impl FnOnce() -> String) {
        self.faults += 1;
        if self.told.len() < TOLD {
            self.told.push(told());
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.bytes += other.bytes;
        self.moved += other.moved;
        self.judged += other.judged;
        self.faults += other.faults;
        self.told.extend(other.told);
        for (verdict, count) in other.verdicts {
            *self.verdicts.entry(verdict).or_default() += count;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.told {
            writeln!(f, "FAULT: {fault}\n")?;
        }
        writeln!(f, "{} messages, {} MB", self.messages, self.bytes / 1_000_000)?;
        for (verdict, count) in &self.verdicts {
            writeln!(f, "  {count:>10}  {verdict}")?;
        }
        writeln!(f, "  {:>10}  outputs judged by other parsers", self.judged)?;
        writeln!(f, "  {:>10}  canaries that a mutation had moved to a permitted place", self.moved)?;
        write!(f, "  {:>10}  faults (panics, leaks, bytes where nothing may go out)", self.faults)
    }
}
