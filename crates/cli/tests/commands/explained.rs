//! What `explain` says of generated messages: it must be what the receipt has counted, and tell no value (P6).

use std::collections::BTreeMap;
use std::fs;

use dmv_redact::Receipt;
use dmv_redact_testing::oracle::check::redact;
use dmv_redact_testing::oracle::scenario::{JSON, Need, Scenario, XML};
use dmv_redact_testing::oracle::token::TOKEN_KEY;
use dmv_redact_testing::oracle::world::{OWN, Ruled};
use dmv_redact_testing::oracle::{Asker, choices};
use dmv_redact_testing::policies;
use dmv_redact_testing::policy::Paper;
use dmv_redact_testing::program::fed;
use dmv_redact_testing::properties::cases;
use proptest::prelude::*;
use serde_json::Value;
use tempfile::{NamedTempFile, TempDir};

use crate::command;

/// What explain prints of a message.
fn explain(ruled: &Ruled, asker: &Asker, message: &[u8], form: &[&str]) -> String {
    let own = policies().join(format!("{}.toml", ruled.name));
    let written = NamedTempFile::new().unwrap();
    let policy = if own.is_file() {
        own
    } else {
        fs::write(written.path(), &ruled.text).unwrap();
        written.path().to_owned()
    };
    let formats = TempDir::new().unwrap();
    for (name, text) in OWN {
        let folder = formats.path().join(name);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("format.toml"), text).unwrap();
    }
    let mut command = command(&["explain", "-", "--policy"]);
    command.arg(policy).arg("--formats").arg(formats.path()).args(form);
    let key = NamedTempFile::new().unwrap();
    if ruled.filter.decider().has_tokens() {
        fs::write(key.path(), TOKEN_KEY).unwrap();
        command.arg("--token-key").arg(key.path());
    }
    for (option, value) in [("--requester", &asker.ori), ("--purpose", &asker.purpose)] {
        if let Some(value) = value {
            command.args([option, value]);
        }
    }
    for claim in &asker.claims {
        command.args(["--claim", claim]);
    }
    for Paper { claim, issuer, days: [from, until], specifies } in &asker.papers {
        let said = [("issuer", issuer), ("date", from), ("until", until)];
        let said = said.into_iter().filter_map(|(key, value)| Some(format!(",{key}={}", value.as_ref()?)));
        let specified = specifies.iter().map(|element| format!(",specifies={element}"));
        command.args(["--instrument", &format!("claim={claim}{}", said.chain(specified).collect::<String>())]);
    }
    let output = fed(&mut command, message);
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
    let unmapped = explained["message"]["unmapped"].as_u64().unwrap();
    prop_assert_eq!(unmapped, u64::from(outcome.receipt.unmapped()), "{}", case());
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
