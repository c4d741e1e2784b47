//! Reports on a run of cases: text for people, JUnit for CI, JSON (by serde) for programs.

mod coverage;
mod junit;
mod text;

pub use junit::junit;
