//! A run of cases as people read it: what failed, with what was expected and what came; then how many there were.

use std::fmt;

use super::super::outcome::{Fault, Outcome, Run};
use crate::escape::escape;

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, expected, got, details } = self;
        write!(f, "{what}: expected {expected}, got {got}")?;
        details.iter().try_for_each(|detail| write!(f, "\n  {}", escape(detail)))
    }
}

impl Outcome {
    /// Where the case stands.
    pub(super) fn place(&self) -> String {
        match self.line {
            Some(line) => format!("{}:{line}", escape(&self.file.to_string_lossy())),
            None => escape(&self.file.to_string_lossy()).into_owned(),
        }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for case in self.cases.iter().filter(|case| !case.faults.is_empty()) {
            writeln!(f, "failed: {}", escape(&case.name))?;
            // The title of a row is in its name.
            if !case.name.ends_with(&case.title) {
                writeln!(f, "  {}", escape(&case.title))?;
            }
            writeln!(f, "  {}", case.place())?;
            for fault in &case.faults {
                writeln!(f, "    {}", fault.to_string().replace('\n', "\n    "))?;
            }
            writeln!(f)?;
        }
        let cases = if self.cases.len() == 1 { "case" } else { "cases" };
        writeln!(f, "{} {cases}: {} passed, {} failed", self.cases.len(), self.passed, self.failed)?;
        self.blessing.iter().try_for_each(|blessing| write!(f, "\n{blessing}"))?;
        self.coverage.iter().try_for_each(|coverage| write!(f, "{coverage}"))
    }
}
