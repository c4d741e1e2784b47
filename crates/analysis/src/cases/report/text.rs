//! A run of cases for people: what failed, with the expected and the actual result; then the counts.

use std::fmt;

use super::super::outcome::{CaseFault, CaseOutcome};
use super::super::run::CaseRun;
use dmv_redact_model::escape::escape;

impl fmt::Display for CaseFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, expected, got, details } = self;
        write!(f, "{what}: expected {expected}, got {got}")?;
        details.iter().try_for_each(|detail| write!(f, "\n  {}", escape(detail)))
    }
}

impl CaseOutcome {
    /// The position of the case.
    pub(super) fn location(&self) -> String {
        match self.line {
            Some(line) => format!("{}:{line}", escape(&self.file.to_string_lossy())),
            None => escape(&self.file.to_string_lossy()).into_owned(),
        }
    }
}

impl fmt::Display for CaseRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for case in self.cases.iter().filter(|case| !case.faults.is_empty()) {
            writeln!(f, "failed: {}", escape(&case.name))?;
            // The name of a row contains its title.
            if !case.name.ends_with(&case.title) {
                writeln!(f, "  {}", escape(&case.title))?;
            }
            writeln!(f, "  {}", case.location())?;
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
