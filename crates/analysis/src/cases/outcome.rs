//! The results of running cases. Element ids, counts, paths and offsets, never a value (P6).

use std::path::PathBuf;

use serde::Serialize;

/// A mismatch with what a case expects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct CaseFault {
    /// What differs: `disposition`, `reason`, `released`, `removed`, `output`, `verdict`, `element`, `treatment`.
    pub(crate) what: &'static str,
    pub(crate) expected: String,
    pub(crate) got: String,
    /// Details, line by line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) details: Vec<String>,
}

impl CaseFault {
    pub(super) fn new(what: &'static str, expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self { what, expected: expected.into(), got: got.into(), details: Vec::new() }
    }

    pub(super) fn with_details(mut self, details: Vec<String>) -> Self {
        self.details = details;
        self
    }
}

/// The result of one case.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CaseOutcome {
    /// Unique in the run.
    pub(crate) name: String,
    pub(crate) title: String,
    /// The file of the case, and the line where it begins if the file has several.
    pub(crate) file: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<usize>,
    /// The mismatches; a case without any passes.
    pub(crate) faults: Vec<CaseFault>,
}
