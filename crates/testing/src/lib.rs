//! What the tests, the fuzz targets and the soak share: the fixtures, changes to messages, judges of outputs, a plain model
//! of policies, and the oracle.
//!
//! | modules | what |
//! | --- | --- |
//! | `repository`, `program`, `filters`, `properties` | where the files are, runs of the program, filters of a test's own, how many cases |
//! | `cases`, `settings`, `forbidden` | the fixtures, who asks for them, and what nobody gets |
//! | `dice`, `places`, `edit`, `mutate`, `plant`, `shorten` | changes to messages |
//! | `attacks`, `canary` | messages to attack with, and tokens where nothing may go out |
//! | `judgement`, `readings_xml`, `readings_json`, `search` | what other parsers read, and what is found in an output |
//! | `catalog`, `policy` | a plain model of the catalog and of policies, which shares nothing with the filter |
//! | `oracle` | a second implementation of the promises, and the generator of its messages |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "test support: a failure here is a failed test"
)]

pub mod attacks;
pub mod canary;
pub mod cases;
pub mod catalog;
pub mod dice;
pub mod edit;
pub mod filters;
pub mod forbidden;
pub mod judgement;
pub mod mutate;
pub mod oracle;
pub mod places;
pub mod plant;
pub mod policy;
pub mod program;
pub mod properties;
pub mod readings_json;
pub mod readings_xml;
mod repository;
pub mod search;
pub mod settings;
pub mod shorten;

pub use repository::{
    files_below, fixture, fixture_path, folders, names_below, policies, root, sha256, shipped_policies, text,
};
