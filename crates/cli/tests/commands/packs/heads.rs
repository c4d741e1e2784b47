//! What a reader must find in every pack: that it is a model, as of when, what is verified; for every rule its statute; and
//! the cases of those who matter most.

use std::fs;
use std::path::Path;

use dmv_redact_testing::folders;
use toml::{Table, Value};

use super::{Pack, packs};

#[test]
fn every_pack_says_what_it_is() {
    for Pack { name, text, table, .. } in packs() {
        let head: String = text.lines().take_while(|line| line.starts_with('#')).collect();
        for said in ["not legal advice", "as of 2026-12-01", "# Verified: ", "# Not verified: "] {
            assert!(head.contains(said), "{name}: its head doesn't say `{said}`");
        }
        assert_eq!(table["policy"]["name"].as_str(), Some(name.as_str()));
        assert_eq!(table["policy"]["version"].as_str(), Some("2026-12-01"), "{name}");
    }
}

#[test]
fn every_rule_has_a_title_and_a_statute() {
    for Pack { name, table, .. } in packs() {
        let rules: Vec<&Table> = ["permit", "forbid", "review"]
            .into_iter()
            .flat_map(|kind| table.get(kind).and_then(Value::as_array).into_iter().flatten())
            .map(|rule| rule.as_table().unwrap())
            .collect();
        assert!(rules.len() >= 8, "{name}: {} rules", rules.len());
        for rule in rules {
            let text = |key: &str| rule.get(key).and_then(Value::as_str).unwrap_or_default();
            assert!(!text("title").is_empty(), "{name}: {} has no title", text("id"));
            assert!(text("basis").contains(|c: char| c.is_ascii_digit()), "{name}: {} has no basis", text("id"));
        }
    }
}

/// Each pack has a case of ICE, of the other immigration agencies (Homeland Security Investigations, Customs and Border
/// Protection, the Border Patrol, Citizenship and Immigration Services), of another federal agency, of police of another state
/// and of this one (license, registration and history), of a license bureau, of somebody unknown, and of a review: held and,
/// once approved, let through.
#[test]
fn every_pack_has_the_cases_that_matter() {
    for Pack { name, table, cases, .. } in packs() {
        let state = table["policy"]["jurisdiction"].as_str().unwrap().to_owned();
        // Federal law has no state of its own: Arizona stands for one.
        let own = if state == "US" { "AZ0" } else { &format!("{state}0") };
        let cases: Vec<Case> = folders(&cases).iter().map(|folder| case(folder)).collect();
        let asks = |ori: &str| cases.iter().any(|case| case.requester.starts_with(ori));
        let immigration = ["VTICE0900", "ZZHSI0100", "ZZCBP0000", "ZZUSBP000", "ZZUSCIS00"];
        for ori in immigration.into_iter().chain(["VADEADX00", "NV0020000", "NVOLN0000", "ZZFBI0100", own]) {
            assert!(asks(ori), "{name}: no case of {ori}");
        }
        for key in ["DR", "RR", "KR"] {
            let is_own = |case: &Case| case.requester.starts_with(own) && case.key == key;
            assert!(cases.iter().any(is_own), "{name}: no case of a {key} to police of this state");
        }
        let approved = |case: &Case| case.claims.iter().any(|claim| claim == "approved");
        assert!(cases.iter().any(|case| case.disposition == "held" && !approved(case)), "{name}: none is held");
        assert!(cases.iter().any(|case| case.disposition == "redacted" && approved(case)), "{name}: none is approved");
    }
}

struct Case {
    key: String,
    requester: String,
    claims: Vec<String>,
    disposition: String,
}

fn case(folder: &Path) -> Case {
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let table: Table = read(&folder.join("case.toml")).parse().unwrap();
    let message = table.get("message").and_then(Value::as_str).unwrap_or("message.xml");
    let message = read(&folder.join(message));
    let header = |part: &str, length: usize| -> String {
        let (_, after) = message.split_once(&format!("<nh2:{part}>")).unwrap();
        after.chars().take(length).collect()
    };
    Case {
        key: header("MessageKeyCodeText", 2),
        requester: header("DestinationORIID", 9),
        claims: super::texts(&table, "claims").into_iter().map(str::to_owned).collect(),
        disposition: table["expect"]["disposition"].as_str().unwrap().to_owned(),
    }
}
