//! A finding of a lint: a stable code, its severity, where, and what to do about it.
//!
//! Separate from the lints because every output (text, JSON, SARIF, annotations) is made from these only.

use serde::Serialize;

use dmv_redact_model::config::ConfigError;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It can't be used this way, or isn't what it claims to be.
    Error,
    /// It can be used, but is probably not what was meant.
    Warning,
    /// Good to know; no action is needed.
    Note,
}

impl Severity {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A kind of finding. Its name is stable: CI may filter by it.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// Its name in reports and in SARIF.
    pub name: &'static str,
    pub(crate) severity: Severity,
    /// Its meaning, in one sentence.
    pub(crate) meaning: &'static str,
}

impl Code {
    pub(crate) const fn error(name: &'static str, meaning: &'static str) -> Self {
        Self { name, severity: Severity::Error, meaning }
    }

    pub(crate) const fn warning(name: &'static str, meaning: &'static str) -> Self {
        Self { name, severity: Severity::Warning, meaning }
    }

    pub(crate) const fn note(name: &'static str, meaning: &'static str) -> Self {
        Self { name, severity: Severity::Note, meaning }
    }
}

/// One finding.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Which lint found it.
    pub code: &'static Code,
    /// What, where, and what to do: worded like an error, at every severity.
    pub error: ConfigError,
}

/// A table that can't be used at all.
pub(super) const INVALID: Code =
    Code::error("invalid", "the policy, the catalog or a format can't be used; nothing else was looked at");

impl Finding {
    pub(crate) fn new(code: &'static Code, error: ConfigError) -> Self {
        Self { code, error }
    }

    /// Its severity; in strict mode a warning is an error.
    pub fn severity(&self, strict: bool) -> Severity {
        match self.code.severity {
            Severity::Warning if strict => Severity::Error,
            severity => severity,
        }
    }
}

impl From<ConfigError> for Finding {
    fn from(error: ConfigError) -> Self {
        Self::new(&INVALID, error)
    }
}
