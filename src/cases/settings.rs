//! What cases are run with, and why none could be.

use std::path::PathBuf;

use crate::ConfigError;

/// Where policies, formats and data elements come from, and which cases are wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// The policy of every case, whatever policy it names; without it the one that it names, or the built-in baseline.
    pub(crate) policy: Option<PathBuf>,
    /// Where the policy of a bare name is looked for; without it the nearest `policies` at or above the cases.
    pub(crate) policies: Option<PathBuf>,
    /// Folders of formats that are added to the built-in ones.
    pub(crate) formats: Vec<PathBuf>,
    /// Catalogs that are added to the built-in one.
    pub(crate) catalogs: Vec<PathBuf>,
    /// Only cases whose name holds this.
    pub(crate) filter: Option<String>,
}

/// Why no case was run.
#[derive(Debug)]
pub(crate) enum CasesError {
    /// What is wrong with cases, policies, formats or catalogs: all of it, so that one run tells all.
    Wrong(Vec<ConfigError>),
    /// There is no case where one was looked for; the text says where.
    Nothing(String),
    /// Something can't be looked at.
    Io(String),
}

impl From<ConfigError> for CasesError {
    fn from(error: ConfigError) -> Self {
        Self::Wrong(vec![error])
    }
}
