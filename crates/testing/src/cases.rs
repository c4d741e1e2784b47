//! The fixtures as the hostile tests use them: a message, its syntax, and who asks for it under which policy. Read here
//! by the plainest means, for the fuzz targets and the soak run on them too.

use std::fs;
use std::path::Path;

use dmv_redact::{Filter, Requester};
use serde::Deserialize;

use crate::{folders, policies, root};

/// A fixture: a message, and who asks for it.
pub struct Case {
    /// The name of its folder.
    pub name: String,
    /// Whether it is XML.
    pub xml: bool,
    /// The message.
    pub message: Vec<u8>,
    /// The name of the policy; `None` is the built-in one.
    pub policy: Option<String>,
    /// Who asks.
    pub requester: Requester,
}

/// What these tests need of a case; the fixtures' own test reads it whole.
#[derive(Deserialize)]
struct Described {
    policy: Option<String>,
    requester: Option<String>,
    purpose: Option<String>,
    #[serde(default)]
    claims: Vec<String>,
}

/// The filter with a policy of `policies/`; `None` is the built-in one.
pub fn filter(policy: Option<&str>) -> Filter {
    let builder = Filter::builder();
    let builder = match policy {
        Some(name) => builder.policy_path(policies().join(format!("{name}.toml"))),
        None => builder,
    };
    builder.build().unwrap_or_else(|why| panic!("{policy:?}: {why}"))
}

/// Every fixture whose message is known to the built-in formats, in the order of their names.
pub fn cases() -> Vec<Case> {
    folders(&root().join("fixtures")).iter().filter_map(|folder| case(folder)).collect()
}

fn case(folder: &Path) -> Option<Case> {
    let described = fs::read_to_string(folder.join("case.toml")).ok()?;
    let described: Described = toml::from_str(&described).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    let xml = folder.join("message.xml").is_file();
    let message = fs::read(folder.join(if xml { "message.xml" } else { "message.json" })).ok()?;
    let requester = match &described.requester {
        Some(ori) => Requester::new(ori).expect("an ORI"),
        None => Requester::from_envelope(),
    };
    let requester = described.purpose.iter().fold(requester, |requester, purpose| requester.purpose(purpose));
    let requester = described.claims.iter().fold(requester, |requester, claim| requester.claim(claim));
    let name = folder.file_name()?.to_string_lossy().into_owned();
    Some(Case { name, xml, message, policy: described.policy, requester })
}
