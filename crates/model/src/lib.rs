//! The words of dmv-redact: the catalog of data elements, formats with their mappings, policies, requesters and grants.
//!
//! A crate of its own so that the two readings share these and nothing else. Callers use the crate `dmv-redact`, which
//! exports what they need; the rest may change with any version.

#[cfg(test)]
mod built_in;
pub mod catalog;
pub mod config;
pub mod date;
pub mod escape;
pub mod files;
pub mod format;
pub mod hex;
pub mod key;
pub mod manifest;
pub mod names;
pub mod policy;
pub mod span;
pub mod token;
pub mod unix_time;
pub mod wide;
#[cfg(feature = "fuzz")]
pub mod width;
pub mod window;
