//! What others hold a strict parser to, this filter is held to: the JSON Parsing Test Suite and the W3C XML Conformance
//! Test Suite, each file by itself and placed inside a message (P2, P3).
//!
//! The suites are not in the repository: `.ci/conformance` brings them and runs this with `--ignored`. Every count is
//! asserted and every exception is listed with its reason, so that nothing changes unseen: an unlisted fault fails the
//! run, and so does a listed exception that has come to pass.

mod findings;
mod json;
mod json_leaf;
mod json_suite;
mod placed;
mod xml;
mod xml_exceptions;
mod xml_suite;

use std::path::PathBuf;

/// A folder of the suites, by the name of its package.
fn suite(package: &str) -> PathBuf {
    let suites = std::env::var_os("CONFORMANCE_SUITES").expect("CONFORMANCE_SUITES names the folder of the suites");
    let folder = PathBuf::from(suites).join(package).join("package");
    assert!(folder.is_dir(), "the suites hold no {package}: run .ci/conformance");
    folder
}
