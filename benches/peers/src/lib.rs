//! What the benches share: the messages, the peers, and what is said about a run.
//!
//! A crate of its own, so that no peer is in the filter's dependency tree. A bench that can't run panics and says why:
//! nothing here reads anything but its own fixtures.

pub mod allow_list;
pub mod messages;
pub mod peers;
pub mod report;
pub mod timing;
pub mod traffic;

pub use dmv_redact_traffic::Random;
