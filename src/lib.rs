#![doc = include_str!("../README.md")]

/// The examples in the documentation compile and run.
#[cfg(doctest)]
#[doc = include_str!("../docs/switch.md")]
pub struct Documentation;

mod filter;
mod read;
mod rewrite;
#[doc(hidden)]
pub mod shipped;

pub use dmv_redact_model::catalog::{Catalog, Element, ElementId, Kind, Sensitivity, Shape, Treatment};
pub use dmv_redact_model::config::ConfigError;
pub use dmv_redact_model::policy::{ORI_LENGTH, Ori, PolicyIdentity, RequestError, Requester, RequesterError};
pub use dmv_redact_verify::Finding;
pub use filter::{Filter, FilterBuilder};
#[cfg(feature = "rayon")]
pub use filter::{Redaction, Request};
pub use read::{Limits, Reason, SyntaxFault, lint_syntax};
pub use rewrite::{Disposition, ElementCounts, FOUND_IMAGE, Receipt};

/// What the project's other crates use of this one. No promise is made of it.
#[doc(hidden)]
pub mod internal {
    /// The readers.
    pub mod read {
        pub use crate::read::{Limits, Message, Reason, Refusal, SyntaxFault, json, lint_syntax, scan, xml};
    }
    /// The first reading.
    pub mod rewrite {
        pub use crate::rewrite::{FOUND_IMAGE, Judgement, Parts, is_record_name, judge, kept_links};
    }
    /// The filter.
    pub mod filter {
        pub use crate::filter::{FilterBuilder, read_formats};
    }
}
