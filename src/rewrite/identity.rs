//! What decided about a message: kept once for many records, so that each stays short.

use dmv_redact_model::catalog::{Catalog, Element};
use dmv_redact_model::format::Formats;
use dmv_redact_model::policy::PolicyIdentity;

/// Policy, formats and data elements of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterIdentity {
    /// The policy.
    pub policy: PolicyIdentity,
    /// The name of each format, and SHA-256 of its file as lower-case hexadecimal.
    pub formats: Vec<(String, String)>,
    /// The ids of the data elements, by their index in the catalog.
    pub elements: Vec<String>,
}

impl FilterIdentity {
    /// The identity of a filter of these parts.
    #[must_use]
    pub fn new(policy: &PolicyIdentity, formats: &Formats, catalog: &Catalog) -> Self {
        Self {
            policy: policy.clone(),
            formats: formats.iter().map(|format| (format.name.clone(), format.sha256.clone())).collect(),
            elements: catalog.iter().map(|(_, element)| Element::id(element).to_owned()).collect(),
        }
    }
}
