#![doc = include_str!("../README.md")]

/// The examples in the documentation compile and run.
#[cfg(doctest)]
#[doc = include_str!("../docs/switch.md")]
pub struct Documentation;

mod catalog;
mod config;
mod escape;
mod filter;
mod format;
mod names;
mod policy;
mod read;
mod rewrite;
mod span;
mod verify;
mod wide;
mod window;

pub use catalog::{Catalog, Element, ElementId, Kind, Sensitivity, Shape, Treatment};
pub use config::ConfigError;
pub use filter::{Filter, FilterBuilder, Redaction, Request};
pub use policy::{ORI_LENGTH, Ori, PolicyIdentity, RequestError, Requester, RequesterError};
pub use read::{Limits, Reason, SyntaxFault, lint_syntax};
pub use rewrite::{Disposition, ElementCounts, FOUND_IMAGE, Receipt};
pub use verify::Finding;

#[cfg(feature = "cli")]
mod audit;
#[cfg(feature = "cli")]
mod batch;
#[cfg(feature = "cli")]
mod cases;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz;
#[cfg(feature = "cli")]
mod lint;
#[cfg(feature = "cli")]
mod report;
