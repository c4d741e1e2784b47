//! Output for programs: every format is what its reader expects, and no part of a message breaks out of it (P6).

use serde_json::Value;

use super::super::finding::{Code, Finding, Severity};
use super::{annotations, json, sarif};
use crate::lint::codes;
use dmv_redact_model::config::{ConfigError, Document};

const WARNS: Code = Code::warning("warns", "something that is warned of");
const NOTES: Code = Code::note("notes", "something that is noted");

fn findings() -> Vec<Finding> {
    let document = Document { file: "a b/p,1:2.toml", text: "x = 1\n\u{FC} = 'y'\n" };
    vec![
        Finding::new(&WARNS, document.error(&(9..12), "100 % of `x`\nis wrong").help("say `y`")),
        Finding::new(&NOTES, ConfigError::of_file("/etc/q.toml", "is long")),
    ]
}

#[test]
fn json_has_a_member_for_each_fact() {
    let report: Value = serde_json::from_str(&json(&findings(), false)).unwrap();
    let expected = serde_json::json!({ "findings": [
        { "code": "warns", "severity": "warning", "file": "a b/p,1:2.toml", "line": 2, "column": 3,
          "message": "100 % of `x`\\u{a}is wrong", "help": "say `y`" },
        { "code": "notes", "severity": "note", "file": "/etc/q.toml", "line": null, "column": null,
          "message": "is long", "help": null },
    ] });
    assert_eq!(report, expected);
    let strict: Value = serde_json::from_str(&json(&findings(), true)).unwrap();
    assert_eq!(strict["findings"][0]["severity"], "error");
    assert_eq!(strict["findings"][1]["severity"], "note");
}

#[test]
fn annotations_are_one_line_each_whatever_a_message_holds() {
    let expected = "::warning file=a b/p%2C1%3A2.toml,line=2,col=3,title=warns::100 %25 of `x`\\u{a}is wrong%0Asay `y`\n\
                    ::notice file=/etc/q.toml,title=notes::is long\n";
    assert_eq!(annotations(&findings(), false), expected);
    assert!(annotations(&findings(), true).starts_with("::error file="));
}

#[test]
fn sarif_has_what_the_standard_requires() {
    let log: Value = serde_json::from_str(&sarif(&findings(), false)).unwrap();
    // Section 3.13: version and runs; 3.14: tool, results; 3.18, 3.19: driver and its name; 3.49: the id of each rule.
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "dmv-redact");
    let rules = driver["rules"].as_array().unwrap();
    assert_eq!(rules.len(), codes().len());
    for rule in rules {
        assert!(rule["shortDescription"]["text"].as_str().unwrap().ends_with('.'));
        assert!(["error", "warning", "note"].contains(&rule["defaultConfiguration"]["level"].as_str().unwrap()));
    }
    // Section 3.27: message, level, and places whose lines and columns count from 1.
    let result = &run["results"][0];
    assert_eq!(result["message"]["text"], "100 % of `x`\\u{a}is wrong. Say `y`.");
    assert_eq!((&result["ruleId"], &result["level"]), (&"warns".into(), &"warning".into()));
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b/p%2C1%3A2.toml");
    assert_eq!((&place["region"]["startLine"], &place["region"]["startColumn"]), (&2.into(), &3.into()));
    let whole = &run["results"][1]["locations"][0]["physicalLocation"];
    assert_eq!(whole["artifactLocation"]["uri"], "file:///etc/q.toml");
    assert!(whole.get("region").is_none());
}

#[test]
fn sarif_points_from_a_result_to_its_rule() {
    let code = codes().into_iter().find(|code| code.name == "classes-overlap").unwrap();
    let found = [Finding::new(code, ConfigError::of_file("p.toml", "x"))];
    let log: Value = serde_json::from_str(&sarif(&found, false)).unwrap();
    let run = &log["runs"][0];
    let index = usize::try_from(run["results"][0]["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(run["tool"]["driver"]["rules"][index]["id"], "classes-overlap");
}

#[test]
fn every_code_is_named_once_and_the_documentation_has_it() {
    let documentation = include_str!("../../../../../docs/policy.md");
    let codes = codes();
    for (place, code) in codes.iter().enumerate() {
        assert!(codes.iter().skip(place + 1).all(|other| other.name != code.name), "{}", code.name);
        assert!(documentation.contains(&format!("| `{}` | {} |", code.name, code.severity.name())), "{}", code.name);
        assert!(code.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
        assert!(code.severity != Severity::Error || !code.meaning.is_empty());
    }
}
