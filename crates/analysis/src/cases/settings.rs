//! The settings of a run of cases, and why no case could be run.

use std::path::PathBuf;

use dmv_redact::{ConfigError, Date, RequestError};
use dmv_redact_model::config::{Document, Spanned};

/// Where policies, formats and data elements come from, and which cases are selected.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Overrides the policy of every case; by default a case uses the one that it names, or the built-in baseline.
    pub policy: Option<PathBuf>,
    /// Where policies named without a path are; by default the nearest `policies` folder at or above the cases.
    pub policies: Option<PathBuf>,
    /// Folders of formats that are added to the built-in ones.
    pub formats: Vec<PathBuf>,
    /// Catalogs that are added to the built-in one.
    pub catalogs: Vec<PathBuf>,
    /// The key of tokens.
    pub token_key: Option<PathBuf>,
    /// The date of requests that state none; by default today's.
    pub date: Option<Date>,
    /// Only cases whose name contains this.
    pub filter: Option<String>,
}

/// Why no case was run.
#[derive(Debug)]
pub enum CasesError {
    /// All errors in cases, policies, formats or catalogs, so that one run reports all.
    Wrong(Vec<ConfigError>),
    /// There is no case where one was looked for; the text says where.
    Nothing(String),
    /// Something can't be read.
    Io(String),
}

impl From<ConfigError> for CasesError {
    fn from(error: ConfigError) -> Self {
        Self::Wrong(vec![error])
    }
}

/// The error for a name in a request that the policy doesn't declare.
pub(super) fn undeclared(document: &Document<'_>, name: &Spanned<String>, error: &RequestError) -> ConfigError {
    document.error(&name.span(), format!("{} `{}`", error.what().heading(), name.get_ref())).help(error.help())
}
