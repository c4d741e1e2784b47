//! Data-minimization redaction of driver and vehicle responses: a message switch gives it one response and who asked for
//! it, and forwards what comes back.
//!
//! This page is for the engineer who links the library. The integration guide, `docs/switch.md` in the repository, has
//! threads, limits, what to log, and a checklist for going into service; `examples/` has a switch, a policy from memory,
//! and a policy that is replaced while messages are in flight.
//!
//! # One call a message
//!
//! ```
//! use dmv_redact::{Filter, Requester};
//!
//! // Once, shared by all threads. It reads and checks policy, rosters and formats.
//! let filter = Filter::builder().policy_path("policies/example-state.toml").build()?;
//! filter.warm(); // or the first messages take milliseconds instead of microseconds
//!
//! // Per message.
//! let requester = Requester::new("AZ0070000")?.purpose("C").correlation_id("7f3a-0042")?;
//! let message = std::fs::read("fixtures/dr-in-state-police/message.xml")?;
//! let mut out = Vec::new(); // reused from message to message
//! let receipt = filter.redact(&message, &requester, &mut out);
//!
//! // Here the switch appends the receipt to its log: see `dmv-redact-log`. Then:
//! if receipt.disposition().releases() {
//!     assert!(!out.is_empty()); // forward `out`
//! } else {
//!     assert!(out.is_empty()); // held or withheld: there is nothing to forward
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it guarantees
//!
//! - **Default deny.** Only what the format maps and the policy permits goes out. What no path names is removed.
//! - **Fail closed.** [`Filter::redact`] can't fail in a way that looks like a release: unless
//!   [`Disposition::releases`], the output buffer is empty. What is ill-formed, ambiguous, of no known format or for an
//!   unknown requester is withheld, with a [`Reason`].
//! - **One meaning.** Every conforming XML or JSON parser reads from the output what the filter decided on. Released
//!   values are the input's, byte for byte.
//! - **No values in records.** A [`Receipt`], an error and a `Debug` output hold names, counts and places, never a value
//!   about a person.
//! - **Bounded.** Time is linear in the length of the message; memory and depth are bounded by [`Limits`]. It never
//!   panics, has no unsafe code of its own, starts no threads, and does no I/O after [`FilterBuilder::build`].
//! - **Same in, same out.** The output depends on message, request (its date included) and policy alone.
//! - **Two readings.** Before an output is released, independent code reads it again and compares it with the policy.
//!
//! # What it leaves to you
//!
//! - **Who asks.** The caller is believed: the filter is no access control. Never take an ORI, a purpose or a claim from
//!   what the requester wrote.
//! - **The record.** The library keeps none. Append the receipt before you forward the output, and forward nothing if
//!   that fails.
//! - **The transport.** Signatures and digests over the original don't hold for the output.
//! - **Free text.** A text is released or removed as a whole unless the format lays it out; no search for names or
//!   addresses in it takes place. Permitted images aren't examined.
//! - **The law.** The policies that ship are models, not legal advice.
//!
//! # Features
//!
//! - `rayon` (off): [`Filter`] gets `redact_batch`, for a slice of messages on the caller's thread pool.
//!
//! What the other crates of the project use of this one is hidden from these pages, and may change with any version.

/// The examples in the documentation compile and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[doc = include_str!("../docs/switch.md")]
pub struct Documentation;

mod filter;
mod read;
mod rewrite;
#[doc(hidden)]
pub mod shipped;

pub use dmv_redact_model::catalog::{Catalog, Element, ElementId, Kind, Sensitivity, Shape, Treatment};
pub use dmv_redact_model::config::ConfigError;
pub use dmv_redact_model::date::Date;
pub use dmv_redact_model::policy::{
    Instrument, ORI_LENGTH, Ori, PolicyIdentity, RequestError, Requester, RequesterError,
};
pub use dmv_redact_verify::Finding;
pub use filter::{Filter, FilterBuilder};
#[cfg(feature = "rayon")]
pub use filter::{Redaction, Request};
pub use read::{Limits, Reason, SyntaxFault, lint_syntax};
pub use rewrite::{Disposition, ElementCounts, FOUND_IMAGE, OwedDuty, Receipt};

/// What the project's other crates use of this one. No promise is made of it.
#[doc(hidden)]
pub mod internal {
    /// The readers.
    pub mod read {
        pub use crate::read::{Message, Refusal, json, scan, xml};
    }
    /// The first reading.
    pub mod rewrite {
        pub use crate::rewrite::{
            FilterIdentity, Judgement, Outcome, Outcomes, Parts, VariantBuffers, of_element, of_object, outcomes,
        };
    }
    /// The filter.
    pub mod filter {
        pub use crate::filter::read_formats;
    }
}
