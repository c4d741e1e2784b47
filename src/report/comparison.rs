//! What another policy would have made of the same messages: per agency class and data element, and by disposition.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Receipt;

/// The differences between what an old policy and the one of the run let through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Comparison {
    /// Messages, by their disposition under the old policy and under the new one.
    dispositions: BTreeMap<String, u64>,
    /// By agency class, and by data element in it.
    classes: BTreeMap<String, BTreeMap<String, Passed>>,
}

/// Values that go out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Passed {
    /// In full or generalised, under the old policy.
    old: u64,
    /// Under the new one.
    new: u64,
    /// Generalised, under the old policy.
    old_generalised: u64,
    /// Under the new one.
    new_generalised: u64,
}

impl Passed {
    fn add(&mut self, other: Self) {
        self.old += other.old;
        self.new += other.new;
        self.old_generalised += other.old_generalised;
        self.new_generalised += other.new_generalised;
    }
}

impl Comparison {
    /// Compares what became of one message.
    pub(crate) fn add(&mut self, old: &Receipt, new: &Receipt) {
        let key = format!("{} -> {}", old.disposition().name(), new.disposition().name());
        *self.dispositions.entry(key).or_default() += 1;
        let mut elements: BTreeMap<&str, Passed> = BTreeMap::new();
        for (element, counts) in old.elements() {
            let passed = elements.entry(element).or_default();
            passed.old = u64::from(counts.released + counts.generalised);
            passed.old_generalised = counts.generalised.into();
        }
        for (element, counts) in new.elements() {
            let passed = elements.entry(element).or_default();
            passed.new = u64::from(counts.released + counts.generalised);
            passed.new_generalised = counts.generalised.into();
        }
        elements.retain(|_, passed| passed.old + passed.new > 0);
        // The two may sort their requesters into other classes.
        let classes: BTreeSet<&str> = old.agency_classes().chain(new.agency_classes()).collect();
        for class in classes {
            let own = self.classes.entry(class.to_owned()).or_default();
            for (element, passed) in &elements {
                own.entry((*element).to_owned()).or_default().add(*passed);
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
            for (element, passed) in elements {
                own.entry(element).or_default().add(passed);
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
            for (element, passed) in elements {
                let changed = passed.old != passed.new || passed.old_generalised != passed.new_generalised;
                if changed {
                    is_same = false;
                    let mut write =
                        |what: &str, old: u64, new: u64| writeln!(f, "  {class:<28}{what:<32}{old:>10}{new:>10}");
                    write(element, passed.old, passed.new)?;
                    if passed.old_generalised != passed.new_generalised {
                        write("  of these generalised", passed.old_generalised, passed.new_generalised)?;
                    }
                }
            }
        }
        if is_same { writeln!(f, "  no difference") } else { Ok(()) }
    }
}
