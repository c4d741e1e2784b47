//! What `explain` says of generated messages: it must be what the receipt has counted, and tell no value (P6).

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use dmv_redact::Receipt;
use proptest::prelude::*;
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::check::redact;
use crate::policy::Asker;
use crate::properties::{cases, choices};
use crate::scenario::{JSON, Need, Scenario, XML};
use crate::world::Ruled;

/// What explain prints of a message.
fn explain(ruled: &Ruled, asker: &Asker, message: &[u8], form: &[&str]) -> String {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies").join(format!("{}.toml", ruled.name));
    let written = NamedTempFile::new().unwrap();
    let policy = if own.is_file() {
        own
    } else {
        fs::write(written.path(), &ruled.text).unwrap();
        written.path().to_owned()
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_dmv-redact"));
    command.args(["explain", "-", "--policy"]).arg(policy).args(form);
    for (option, value) in [("--requester", &asker.ori), ("--purpose", &asker.purpose)] {
        if let Some(value) = value {
            command.args([option, value]);
        }
    }
    for claim in &asker.claims {
        command.args(["--claim", claim]);
    }
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(message).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{form:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Values by element: released, generalised, removed.
type Counts = BTreeMap<String, [u64; 3]>;

fn counted(receipt: &Receipt) -> Counts {
    let counts = |c: dmv_redact::ElementCounts| [c.released, c.generalised, c.removed].map(u64::from);
    receipt.elements().map(|(id, c)| (id.to_owned(), counts(c))).filter(|(_, c)| *c != [0; 3]).collect()
}

fn told(explained: &Value) -> Counts {
    let mut counts = Counts::new();
    for path in explained["message"]["paths"].as_array().unwrap() {
        let place = ["released", "generalised", "removed"].iter().position(|word| path["outcome"] == *word).unwrap();
        counts.entry(path["element"].as_str().unwrap().to_owned()).or_default()[place] +=
            path["count"].as_u64().unwrap();
    }
    counts
}

fn agrees(choices: &[u16], need: Need) -> Result<(), TestCaseError> {
    let scenario = Scenario::new(choices, need).ok_or_else(|| TestCaseError::reject("no such case"))?;
    let message = scenario.message(need, choices.len() as u64 % 3);
    let outcome = redact(&scenario.ruled.filter, &scenario.asker, &message);
    if !outcome.releases() {
        return Err(TestCaseError::reject("refused"));
    }
    let text = explain(&scenario.ruled, &scenario.asker, &message, &["--output", "json"]);
    let explained: Value = serde_json::from_str(&text).unwrap();
    let case = || scenario.told(&format!("{text}\n{}", String::from_utf8_lossy(&message)));
    prop_assert_eq!(told(&explained), counted(&outcome.receipt), "{}", case());
    prop_assert!(explained["message"].get("caution").is_none(), "{}", case());
    let view = explain(&scenario.ruled, &scenario.asker, &message, &["--diff-view"]);
    for canary in scenario.canaries.iter().map(String::as_str).chain(["junkZQ"]) {
        prop_assert!(!text.contains(canary) && !view.contains(canary), "P6: {canary} in\n{view}\n{}", case());
    }
    Ok(())
}

proptest! {
    // Each case is two runs of the program.
    #![proptest_config(cases(40))]

    /// P6: explain counts what redact counts, and tells no value.
    #[test]
    fn p6_explain_says_of_xml_what_redact_did(choices in choices()) {
        agrees(&choices, XML.releasing())?;
    }

    /// P6: explain counts what redact counts, and tells no value.
    #[test]
    fn p6_explain_says_of_json_what_redact_did(choices in choices()) {
        agrees(&choices, JSON.releasing())?;
    }
}
