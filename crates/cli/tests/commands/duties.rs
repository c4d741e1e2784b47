//! Duties: what somebody must do because of what became of a message, told wherever people look (P12).

use std::fs;

use dmv_redact_testing::root;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::told_in;

const POLICY: &str = r#"
[policy]
name = "owed"
version = "1"
claims = ["approved", "court-order", "impedes"]
[agencies.police]
ori = ["AZ0070000"]
[agencies.immigration]
ori = ["VTICE0900"]
[[permit]]
id = "police"
agencies = ["police"]
elements = ["person.name"]
basis = "x"
[[permit]]
id = "order"
agencies = ["immigration"]
requires = ["court-order"]
elements = ["license.status"]
basis = "x"
[[review]]
id = "review"
agencies = ["immigration"]
unless = ["approved"]
vouches = ["approved", "court-order"]
basis = "x"
[[duty]]
id = "before"
title = "The person is told"
agencies = ["immigration"]
do = "notify-subject"
due = "before"
unless = ["impedes"]
basis = "law one"
[[duty]]
id = "report"
agencies = ["immigration"]
do = "report"
to = "the board"
due = "3 business days"
after = ["release", "refusal"]
basis = "law two"
[[duty]]
id = "keep"
do = "keep-record"
due = "1 year"
basis = "law three"
"#;

fn room() -> TempDir {
    let room = TempDir::new().unwrap();
    fs::write(room.path().join("p.toml"), POLICY).unwrap();
    for name in ["dr-in-state-police", "dr-ice"] {
        fs::copy(root().join(format!("fixtures/{name}/message.xml")), room.path().join(format!("{name}.xml"))).unwrap();
    }
    room
}

/// The duties in the record of a message.
fn owed(room: &TempDir, message: &str, more: &[&str], status: i32) -> (String, Value) {
    let arguments = ["redact", message, "--policy", "p.toml", "--date", "2026-12-01", "-o", "-", "--log", "log"];
    told_in(room.path(), &[&arguments[..], more].concat(), status);
    let log = fs::read_to_string(room.path().join("log")).unwrap();
    fs::remove_file(room.path().join("log")).unwrap();
    let record = log.lines().find(|line| line.contains("\"record\":\"message\"")).unwrap();
    let record: Value = serde_json::from_str(record).unwrap();
    (record["disposition"].as_str().unwrap().to_owned(), record["duties"].clone())
}

#[test]
fn p12_what_is_owed_is_on_record_with_its_last_day() {
    let room = room();
    let keep = json!({"id": "keep", "do": "keep-record", "due": "2027-12-01"});
    let report = json!({"id": "report", "do": "report", "to": "the board", "due": "2026-12-04"});
    let before = json!({"id": "before", "do": "notify-subject", "due": "before"});
    let is = |message: &str, claims: &[&str], status, disposition: &str, wanted: Value| {
        let claims: Vec<&str> = claims.iter().flat_map(|claim| ["--claim", claim]).collect();
        assert_eq!(owed(&room, message, &claims, status), (disposition.to_owned(), wanted), "{claims:?}");
    };
    is("dr-in-state-police.xml", &[], 0, "redacted", json!([keep]));
    is("dr-ice.xml", &[], 3, "held", json!([before]));
    is("dr-ice.xml", &["impedes"], 3, "held", Value::Null);
    is("dr-ice.xml", &["approved"], 3, "withheld", json!([report]));
    is("dr-ice.xml", &["approved", "court-order"], 0, "redacted", json!([report, keep]));
    // What is withheld for its form is no refusal by the policy.
    fs::write(room.path().join("broken.xml"), "<a>").unwrap();
    is("broken.xml", &[], 3, "withheld", Value::Null);
}

#[test]
fn reports_tell_what_is_owed() {
    let room = room();
    let explain = ["explain", "--policy", "p.toml", "--requester", "VTICE0900", "--date", "2026-12-01"];
    let held = told_in(room.path(), &explain, 0);
    for wanted in [
        "Duties that follow\n  `before`, after a hold: notify-subject before the release\n    law one",
        "  `report`, after a release: report to the board within 3 business days, 2026-12-04\n    law two",
        "  `keep`, after a release: keep-record for 1 year, 2027-12-01",
    ] {
        assert!(held.contains(wanted), "{wanted}\n{held}");
    }
    let matrix = told_in(room.path(), &["matrix", "--policy", "p.toml"], 0);
    for wanted in [
        "Duties that may follow for immigration:\n  - before: notify-subject before the release: The person is told\n",
        "  - report: report to the board within 3 business days\n",
        "Duties that may follow for every agency class:\n  - keep: keep-record for 1 year\n",
    ] {
        assert!(matrix.contains(wanted), "{wanted}\n{matrix}");
    }
    for form in ["html", "md", "json"] {
        let page = told_in(room.path(), &["matrix", "--policy", "p.toml", "--output", form], 0);
        assert!(page.contains("notify-subject before the release"), "{form}: {page}");
    }
    fs::write(room.path().join("q.toml"), POLICY.replace("3 business days", "5 business days")).unwrap();
    let diff = told_in(room.path(), &["diff", "p.toml", "q.toml"], 0);
    for wanted in [
        "duties of immigration (for example VTICE0900)",
        "  - report to the board within 3 business days: duty `report` (line 36)",
        "  + report to the board within 5 business days: duty `report` (line 36)",
    ] {
        assert!(diff.contains(wanted), "{wanted}\n{diff}");
    }
    assert!(!diff.contains("duties of police"), "{diff}");
}

#[test]
fn cases_ask_for_what_is_owed() {
    let room = room();
    let (cases, held) = (room.path().join("cases"), room.path().join("cases/held"));
    fs::create_dir_all(&held).unwrap();
    let case = "title = 'held'\npolicy = '../../p.toml'\nmessage = '../../dr-ice.xml'\ndate = '2026-12-01'\n\
        claims = ['approved']\n[expect]\ndisposition = 'withheld'\nreason = 'nothing-permitted'\n\
        duties = ['report to the board within 3 business days, 2026-12-04']\n";
    let rows = "policy = '../p.toml'\n[[may]]\ntitle = 'held'\nagencies = ['immigration']\ndisposition = 'held'\n\
        duties = ['notify-subject before the release']\n[[may]]\ntitle = 'police'\nagencies = ['police']\n\
        elements = ['person.name']\nduties = ['keep-record for 1 year']\n";
    fs::write(held.join("case.toml"), case).unwrap();
    fs::write(cases.join("matrix.toml"), rows).unwrap();
    assert!(told_in(room.path(), &["test", "cases"], 0).contains("3 passed"));
    fs::write(held.join("case.toml"), case.replace("12-04", "12-05")).unwrap();
    fs::write(cases.join("matrix.toml"), rows.replace("duties = ['keep-record for 1 year']\n", "")).unwrap();
    let failed = told_in(room.path(), &["test", "cases"], 3);
    for wanted in [
        "follows and was not expected: report to the board within 3 business days, 2026-12-04",
        "duty: expected none, got keep-record for 1 year",
    ] {
        assert!(failed.contains(wanted), "{wanted}\n{failed}");
    }
}

#[test]
fn p2_what_a_duty_must_not_say_is_refused_with_its_place() {
    for (from, to, wanted) in [
        ("due = \"before\"", "due = \"soon\"", "p.toml:32:7: `soon` is no deadline"),
        ("do = \"notify-subject\"\n", "", "duty `before` has no `do`"),
        ("due = \"before\"\n", "", "duty `before` has no `due`"),
        ("to = \"the board\"\n", "", "duty `report` has no `to`"),
        ("to = \"the board\"", "to = \" \"", "`to` names nobody"),
        ("do = \"report\"", "do = \"tell\"", "unknown value `tell`"),
        ("due = \"1 year\"", "due = \"before\"", "`keep-record` is of what went out"),
        ("after = [\"release\", \"refusal\"]", "after = []", "an empty list matches nothing"),
        (
            "[agencies.police]",
            "[claims]\napproved = \"a\\u202Eb\"\n[agencies.police]",
            "is not one line of visible text",
        ),
        ("[agencies.police]", "[claims]\naproved = \"x\"\n[agencies.police]", "unknown claim `aproved`"),
        ("id = \"keep\"", "id = \"keep\"\nelements = [\"person\"]", "it takes no `elements`"),
        ("id = \"police\"", "id = \"police\"\ndue = \"1 day\"", "only a duty takes `due`"),
    ] {
        let room = room();
        fs::write(room.path().join("p.toml"), POLICY.replacen(from, to, 1)).unwrap();
        let told = told_in(room.path(), &["check", "p.toml"], 2);
        assert!(told.contains(wanted), "{wanted}\n{told}");
    }
}
