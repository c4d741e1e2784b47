//! What running cases has shown. Element ids, counts, places and offsets, never a value (P6).

use std::path::PathBuf;

use serde::Serialize;

use super::bless::Blessing;
use super::coverage::Coverage;

/// Something that is not as a case expects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Fault {
    /// What of the case: `disposition`, `reason`, `released`, `removed`, `output`, `verdict`, `element`, `treatment`.
    pub(crate) what: &'static str,
    pub(crate) expected: String,
    pub(crate) got: String,
    /// More of it, line by line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) details: Vec<String>,
}

impl Fault {
    pub(super) fn new(what: &'static str, expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self { what, expected: expected.into(), got: got.into(), details: Vec::new() }
    }

    pub(super) fn with_details(mut self, details: Vec<String>) -> Self {
        self.details = details;
        self
    }
}

/// What became of one case.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Outcome {
    /// No other case of the run has this name.
    pub(crate) name: String,
    pub(crate) title: String,
    /// The file that the case stands in, and the line where it begins if there are several in it.
    pub(crate) file: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<usize>,
    /// What isn't as it should be; a case without any passes.
    pub(crate) faults: Vec<Fault>,
}

/// A run of cases, in the order of their names.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Run {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) cases: Vec<Outcome>,
    /// What of the policies was exercised, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) coverage: Option<Coverage>,
    /// What is made to be expected, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) blessing: Option<Blessing>,
}

impl Run {
    pub(super) fn new(cases: Vec<Outcome>) -> Self {
        let failed = cases.iter().filter(|case| !case.faults.is_empty()).count();
        Self { passed: cases.len() - failed, failed, cases, coverage: None, blessing: None }
    }
}
