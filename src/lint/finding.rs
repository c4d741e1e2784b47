//! What a lint found: a stable code, how grave it is, where, and what to do about it.
//!
//! Apart from the lints because every output (text, JSON, SARIF, annotations) is made from these alone.

use serde::Serialize;

use crate::config::ConfigError;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// It can't be used so, or isn't what it says.
    Error,
    /// It can be used, and is probably not what was meant.
    Warning,
    /// Good to know; nothing has to be done.
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
pub(crate) struct Code {
    pub(crate) name: &'static str,
    pub(crate) severity: Severity,
    /// What it means, in one sentence.
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

/// One thing that was found.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) code: &'static Code,
    /// What, where, and what to do: said as an error is, however grave it is.
    pub(crate) said: ConfigError,
}

/// A table that can't be used at all.
pub(crate) const INVALID: Code =
    Code::error("invalid", "the policy, the catalog or a format can't be used; nothing else was looked at");

impl Finding {
    pub(crate) fn new(code: &'static Code, said: ConfigError) -> Self {
        Self { code, said }
    }

    /// How grave it is; strictly, a warning is an error.
    pub(crate) fn severity(&self, strict: bool) -> Severity {
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
