//! What a request states beside its purpose: in policies, on the command line, in matrices and comparisons (P2, P9).

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::told_in;

const POLICY: &str = r#"
[policy]
name = "stated"
version = "1"
purposes = ["C", "E"]
reasons = ["T", "V"]
lines = ["TC"]
[agencies.police]
ori = ["AZ0070000"]
[[permit]]
id = "name"
agencies = ["police"]
elements = ["person.name"]
basis = "x"
[[permit]]
id = "photo"
agencies = ["police"]
reasons = ["V"]
users = ["*"]
elements = ["biometric.photo"]
basis = "x"
[[permit]]
id = "own-state"
agencies = ["police"]
states = ["AZ"]
elements = ["license.status"]
basis = "x"
[[forbid]]
id = "not-on-tc"
lines = ["TC"]
when-absent = "skip"
elements = ["person.name"]
basis = "x"
"#;

fn room(policy: &str) -> TempDir {
    let room = TempDir::new().unwrap();
    fs::write(room.path().join("p.toml"), policy).unwrap();
    room
}

#[test]
fn p2_a_rule_asks_for_what_a_request_states() {
    let room = room(POLICY);
    let explain = ["explain", "--policy", "p.toml", "--requester", "AZ0070000"];
    let explain = |more: &[&str]| told_in(room.path(), &[&explain[..], more].concat(), 0);
    let plain = explain(&[]);
    assert!(plain.contains("it is for reason V") && plain.contains("it is for user any that is stated"), "{plain}");
    let open = explain(&["--reason", "V", "--user", "Doe, j", "--state", "AZ", "--line", "TC"]);
    assert!(
        open.contains("requester AZ0070000, purpose none, line TC, reason V, state AZ, user DOE, J, claims none"),
        "{open}"
    );
    assert!(open.contains("permit `photo`") && !open.contains("it is for"), "{open}");
    for (option, value, wanted) in [
        ("--reason", "v", "--reason: the policy declares no reason `v`; did you mean `V`?"),
        ("--line", "AX", "--line: the policy declares no line `AX`; it declares `TC`"),
        ("--state", "Arizona", "--state: this is no state: `Arizona`; it has two capital letters, `AZ` for instance"),
        ("--user", "", "--user: this is no user: ``; it has one to 64 letters"),
    ] {
        let arguments = ["explain", "--policy", "p.toml", "--requester", "AZ0070000", option, value];
        let told = told_in(room.path(), &arguments, 2);
        assert!(told.contains(wanted), "{told}");
    }
}

#[test]
fn p2_wrong_values_in_a_policy_are_told_with_their_place() {
    for (from, to, wanted) in [
        ("reasons = [\"V\"]", "reasons = [\"X\"]", "p.toml:18:12: unknown reason `X`"),
        ("reasons = [\"V\"]", "reasons = [\"v\"]", "did you mean `V`?"),
        ("reasons = [\"V\"]", "reasons = [\"V\", \"*\"]", "p.toml:18:17: `*` stands for any value"),
        ("reasons = [\"V\"]", "reasons = []", "p.toml:18:11: an empty list matches nothing"),
        ("users = [\"*\"]", "users = [\"doe\"]", "p.toml:19:10: `doe` is no user"),
        ("states = [\"AZ\"]", "states = [\"Arizona\"]", "p.toml:25:11: `Arizona` is no state"),
        ("lines = [\"TC\"]\nwhen", "when", "`when-absent` has no effect"),
        ("lines = [\"TC\"]\n[ag", "[ag", "the policy doesn't list the lines that requests may state"),
        ("reasons = [\"T\", \"V\"]", "reasons = [\"T\", \"T\", \"V\"]", "reason `T` is declared twice"),
    ] {
        let policy = POLICY.replacen(from, to, 1);
        assert_ne!(policy, POLICY, "{from}");
        let told = told_in(room(&policy).path(), &["check", "p.toml"], 2);
        assert!(told.contains(wanted), "{wanted}\n{told}");
    }
}

#[test]
fn matrices_have_a_column_for_what_makes_a_difference() {
    let room = room(POLICY);
    let matrix: Value =
        serde_json::from_str(&told_in(room.path(), &["matrix", "--policy", "p.toml", "--output", "json"], 0)).unwrap();
    let columns = matrix["columns"].as_array().unwrap();
    // On TC or not, a reason V of a user or not, of Arizona or not.
    let told: Vec<String> =
        columns.iter().map(|column| column["reasons"].to_string() + &column["states"].to_string()).collect();
    assert!(columns.len() >= 8, "{told:?}");
    let csv = told_csv(&room);
    assert!(csv.starts_with("agencies,example,purposes,reasons,lines,users,states,keys,element"), "{csv}");
    let rows: Vec<&str> = csv.lines().filter(|row| row.contains(",biometric.photo,")).collect();
    for row in rows {
        let is_open = row.contains(",full,");
        let is_asked = row.starts_with("police,AZ0070000,any,V,") && row.contains(",any but none,");
        assert_eq!(is_open, is_asked, "{row}");
    }
}

fn told_csv(room: &TempDir) -> String {
    told_in(room.path(), &["matrix", "--policy", "p.toml", "--output", "csv"], 0)
}

#[test]
fn p9_a_comparison_tells_for_which_reasons_something_changes() {
    let room = room(POLICY);
    fs::write(room.path().join("q.toml"), POLICY.replace("reasons = [\"V\"]", "reasons = [\"V\", \"T\"]")).unwrap();
    let more = told_in(room.path(), &["diff", "p.toml", "q.toml"], 3);
    assert!(more.contains("removed -> full: reason T, user any but none"), "{more}");
    let less = told_in(room.path(), &["diff", "q.toml", "p.toml"], 0);
    assert!(less.contains("full -> removed: reason T, user any but none"), "{less}");
    // A reason that only one policy accepts.
    fs::write(room.path().join("q.toml"), POLICY.replace("reasons = [\"T\", \"V\"]", "reasons = [\"V\"]")).unwrap();
    let refused = told_in(room.path(), &["diff", "p.toml", "q.toml"], 0);
    assert!(refused.contains("full -> removed: reason T"), "{refused}");
    assert!(told_in(room.path(), &["diff", "p.toml", "p.toml"], 0).contains("nothing changes for anyone"));
}

#[test]
fn rows_of_matrices_and_cases_state_them() {
    let room = room(POLICY);
    let cases = room.path().join("cases");
    fs::create_dir(&cases).unwrap();
    let rows = r#"policy = "../p.toml"
[[may]]
title = "plain"
requester = "AZ0070000"
reasons = ["T", "none"]
lines = ["none"]
states = ["other", "none"]
elements = ["person.name"]
[[may]]
title = "violent crime, by somebody"
requester = "AZ0070000"
reasons = ["V"]
users = ["other"]
lines = ["none"]
states = ["AZ"]
elements = ["person.name", "biometric.photo", "license.status"]
[[may]]
title = "on the line TC, nothing about violent crime"
requester = "AZ0070000"
reasons = ["T", "none"]
lines = ["TC"]
states = ["none", "other"]
disposition = "withheld"
"#;
    fs::write(cases.join("matrix.toml"), rows).unwrap();
    assert!(told_in(room.path(), &["test", "cases"], 0).contains("3 passed"));
    let uncovered = told_in(room.path(), &["test", "cases", "--coverage"], 0);
    assert!(uncovered.contains("none reason V"), "{uncovered}");
    for (from, to, wanted) in [
        ("reasons = [\"V\"]", "reasons = [\"v\"]", "did you mean `V`?"),
        ("users = [\"other\"]", "users = [\"DOE\"]", "no rule of the policy names this user"),
        ("lines = [\"TC\"]", "lines = [\"other\"]", "the policy declares no line `other`"),
    ] {
        fs::write(cases.join("matrix.toml"), rows.replacen(from, to, 1)).unwrap();
        let told = told_in(room.path(), &["test", "cases"], 2);
        assert!(told.contains(wanted), "{wanted}\n{told}");
    }
}
