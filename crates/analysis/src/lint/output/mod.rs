//! Findings for programs: JSON, SARIF for code scanning, annotations for a workflow. The command line draws the text
//! for people.

mod annotations;
mod json;
mod sarif;
#[cfg(test)]
mod tests;

pub use annotations::annotations;
pub use json::json;
pub use sarif::sarif;
