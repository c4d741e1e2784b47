//! What another policy would have made of the same messages: per agency class and data element, and by disposition.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use dmv_redact::Receipt;

/// The differences between what an old policy and the run's policy let through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Comparison {
    /// Messages, by their disposition under the old policy and under the new one.
    dispositions: BTreeMap<String, u64>,
    /// By agency class, and by data element in it.
    classes: BTreeMap<String, BTreeMap<String, ReleasedCounts>>,
}

/// Counts of released values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct ReleasedCounts {
    /// In full or generalized, under the old policy.
    old: u64,
    /// Under the new one.
    new: u64,
    /// Generalized, under the old policy.
    old_generalised: u64,
    /// Under the new one.
    new_generalised: u64,
}

impl ReleasedCounts {
    fn add(&mut self, other: Self) {
        self.old += other.old;
        self.new += other.new;
        self.old_generalised += other.old_generalised;
        self.new_generalised += other.new_generalised;
    }
}

impl Comparison {
    /// Compares the two dispositions of one message.
    pub(crate) fn add(&mut self, old: &Receipt, new: &Receipt) {
        let key = format!("{} -> {}", old.disposition().name(), new.disposition().name());
        *self.dispositions.entry(key).or_default() += 1;
        let mut elements: BTreeMap<&str, ReleasedCounts> = BTreeMap::new();
        for (element, counts) in old.elements() {
            let released = elements.entry(element).or_default();
            released.old = u64::from(counts.released + counts.generalised);
            released.old_generalised = counts.generalised.into();
        }
        for (element, counts) in new.elements() {
            let released = elements.entry(element).or_default();
            released.new = u64::from(counts.released + counts.generalised);
            released.new_generalised = counts.generalised.into();
        }
        elements.retain(|_, counts| counts.old + counts.new > 0);
        // The two policies may assign the requester to different classes.
        let classes: BTreeSet<&str> = old.agency_classes().chain(new.agency_classes()).collect();
        for class in classes {
            let own = self.classes.entry(class.to_owned()).or_default();
            for (element, counts) in &elements {
                own.entry((*element).to_owned()).or_default().add(*counts);
            }
        }
    }

    /// Adds the differences of another part of the run.
    pub(crate) fn add_all(&mut self, other: Self) {
        for (key, count) in other.dispositions {
            *self.dispositions.entry(key).or_default() += count;
        }
        for (class, elements) in other.classes {
            let own = self.classes.entry(class).or_default();
            for (element, counts) in elements {
                own.entry(element).or_default().add(counts);
            }
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\ndisposition, old policy -> new policy")?;
        for (change, count) in &self.dispositions {
            writeln!(f, "  {change:<36}{count:>10}")?;
        }
        writeln!(f, "\n  {:<28}{:<32}{:>10}{:>10}", "agency class", "data element", "old", "new")?;
        let mut is_same = true;
        for (class, elements) in &self.classes {
            for (element, counts) in elements {
                let changed = counts.old != counts.new || counts.old_generalised != counts.new_generalised;
                if changed {
                    is_same = false;
                    let mut rows = vec![(element.as_str(), counts.old, counts.new)];
                    if counts.old_generalised != counts.new_generalised {
                        rows.push(("  of these generalised", counts.old_generalised, counts.new_generalised));
                    }
                    for (what, old, new) in rows {
                        writeln!(f, "  {class:<28}{what:<32}{old:>10}{new:>10}")?;
                    }
                }
            }
        }
        if is_same { writeln!(f, "  no difference") } else { Ok(()) }
    }
}
