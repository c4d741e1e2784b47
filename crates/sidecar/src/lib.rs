//! The filter as a process beside a message switch that links nothing: over HTTP, over frames on a Unix socket, or on stdin and
//! stdout.
//!
//! [`Settings::prepare`] binds every socket and reads every file; [`Sidecar::run`] answers until it is told to stop. A message goes
//! out once it is on record (P12), decided by the policy of one moment (P10), and with the digest by which a client knows that
//! it came whole; everything else has no byte of a message (P2). Another policy takes its place whole, stops hold at once, and
//! what is in flight is bounded (P8).

mod answer;
mod budget;
mod control;
mod events;
mod failure;
mod frames;
mod http;
mod ledger;
mod listen;
mod metrics;
mod notify;
mod object;
mod policies;
mod rates;
mod reload;
mod request;
mod service;
mod shadow;
mod sidecar;
mod stops;
#[cfg(test)]
mod tests;
mod tls;
mod unread;

use std::time::Duration;

pub use control::{Order, ask};
pub use events::Events;
pub use policies::{Ground, Source};
pub use rates::RateLimits;
pub use service::Reviews;
pub use sidecar::{Listen, Prepared, Settings, Sidecar};
pub use stops::{Scope, Stop};
pub use tls::TlsFiles;

/// How long a body or a frame may take from its first byte to its last, and bytes of an answer to be taken.
const TRANSFER_TIME: Duration = if cfg!(test) { Duration::from_millis(500) } else { Duration::from_secs(15) };

/// Messages of a batch that are decided at once.
const BATCH_WINDOW: usize = 32;
