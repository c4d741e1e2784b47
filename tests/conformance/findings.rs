//! Everything that a run finds wrong, told at once; and what it counted, held against what is known.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(crate) struct Findings {
    faults: Vec<String>,
    counts: BTreeMap<String, usize>,
}

impl Findings {
    pub(crate) fn fault(&mut self, name: &str, what: impl std::fmt::Display) {
        self.faults.push(format!("{name}: {what}"));
    }

    pub(crate) fn count(&mut self, what: impl Into<String>) {
        *self.counts.entry(what.into()).or_default() += 1;
    }

    /// Fails unless there were no faults and the counts are exactly these.
    pub(crate) fn conclude(mut self, known: &[(&str, usize)]) {
        let known: BTreeMap<String, usize> = known.iter().map(|(what, count)| ((*what).to_owned(), *count)).collect();
        for what in self.counts.keys().chain(known.keys()).collect::<BTreeSet<_>>() {
            let [counted, known] = [&self.counts, &known].map(|counts| counts.get(what).copied().unwrap_or(0));
            if counted != known {
                self.faults.push(format!("{what}: {counted}, expected {known}"));
            }
        }
        assert!(self.faults.is_empty(), "{} faults\n{}\n", self.faults.len(), self.faults.join("\n"));
    }
}

/// What becomes of a file by itself: it is read to its end, or refused for whatever reason. An exception may name the one.
pub(crate) const TAKEN: &str = "taken";
pub(crate) const REFUSED: &str = "refused";

/// Whether a reading that ended with the reason `code`, or well, is as expected.
pub(crate) fn is_expected(expected: &str, code: Option<&str>) -> bool {
    match expected {
        TAKEN => code.is_none(),
        REFUSED => code.is_some(),
        reason => code == Some(reason),
    }
}

/// Cases by name to which something else happens than to the others, and why.
#[derive(Clone, Copy)]
pub(crate) struct Listed {
    pub(crate) why: &'static str,
    pub(crate) names: &'static [&'static str],
}

/// A case that is an exception, what is to become of it, and whether it was met.
struct Exception {
    name: &'static str,
    outcome: &'static str,
    why: &'static str,
    met: bool,
}

/// The exceptions of a run.
#[derive(Default)]
pub(crate) struct Exceptions(Vec<Exception>);

impl Exceptions {
    /// Adds lists of cases that all end alike.
    pub(crate) fn with(mut self, lists: &[Listed], outcome: &'static str) -> Self {
        for Listed { why, names } in lists {
            self.0.extend(names.iter().map(|name| Exception { name, outcome, why, met: false }));
        }
        self
    }

    /// What is to become of a case: what its exception says, or else `usual`.
    pub(crate) fn expected<'a>(&mut self, name: &str, usual: &'a str) -> &'a str {
        match self.0.iter_mut().find(|exception| exception.name == name) {
            Some(exception) => {
                exception.met = true;
                exception.outcome
            }
            None => usual,
        }
    }

    /// A list may name nothing that isn't there.
    pub(crate) fn conclude(self, findings: &mut Findings) {
        for Exception { name, outcome, why, .. } in self.0.iter().filter(|exception| !exception.met) {
            findings.fault(name, format!("listed as {outcome} ({why}), but there is no such case"));
        }
    }
}
