//! Dates on the command line: every verb takes the policy as it is on one day.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::command;

const POLICY: &str = r#"[policy]
name = "dated"
version = "1"
purposes = ["C"]
from = "2026-01-01"
until = "2030-12-31"

[agencies.police]
ori = ["AZ###??00"]

[agencies.task-force]
ori-file = "roster.csv"

[[permit]]
id = "name"
agencies = ["police", "task-force"]
elements = ["person.name"]
basis = "a statute"
source = "https://example.gov/code"
checked = "2026-01-15"

[[permit]]
id = "photo"
agencies = ["task-force"]
purposes = ["C"]
elements = ["biometric.photo"]
basis = "an agreement"
from = "2026-06-01"
until = "2026-08-31"
"#;

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("dated.toml"), POLICY).unwrap();
    let roster = "ori,from,until,source\nAZ0070000,2026-03-01,2026-12-31,a letter\n";
    fs::write(folder.path().join("roster.csv"), roster).unwrap();
    folder
}

/// The exit status, and what is printed to stdout and stderr.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = command(arguments).current_dir(folder).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

fn explained(folder: &Path, date: &str) -> String {
    let arguments = ["explain", "--policy", "dated.toml", "--requester", "AZ0070000", "--purpose", "C", "--date", date];
    let (status, text) = run(folder, &arguments);
    assert_eq!(status, 0, "{text}");
    text
}

#[test]
fn explain_tells_what_is_in_force_on_the_date_and_what_is_not() {
    let folder = folder();
    let told = explained(folder.path(), "2026-07-01");
    for part in [
        "purpose C, claims none, on 2026-07-01",
        "the policy is in force from 2026-01-01 until 2030-12-31",
        "listed exactly in roster.csv, line 2, from 2026-03-01 until 2026-12-31; source: a letter",
        "source: https://example.gov/code, checked 2026-01-15",
        "in force from 2026-06-01 until 2026-08-31",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let told = explained(folder.path(), "2026-09-01");
    assert!(told.contains("it is in force from 2026-06-01 until 2026-08-31"), "{told}");
    let told = explained(folder.path(), "2027-01-01");
    assert!(told.contains("its pattern `AZ###??00` fits"), "{told}");
    assert!(told.contains("line 2, from 2026-03-01 until 2026-12-31: not on 2027-01-01"), "{told}");
    let told = explained(folder.path(), "2031-01-01");
    assert!(told.contains("The policy is not in force: every message is withheld (policy-not-in-force)."), "{told}");
    let arguments =
        ["explain", "--policy", "dated.toml", "--requester", "AZ0070000", "--output", "json", "--date", "2026-07-01"];
    let (_, json) = run(folder.path(), &arguments);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!([&json["date"], &json["from"], &json["until"]], ["2026-07-01", "2026-01-01", "2030-12-31"]);
    let rules = json["situations"][0]["rules"].as_array().unwrap();
    assert_eq!([&rules[0]["source"], &rules[0]["checked"]], ["https://example.gov/code", "2026-01-15"]);
    assert_eq!([&rules[1]["from"], &rules[1]["until"]], ["2026-06-01", "2026-08-31"]);
}

#[test]
fn matrix_and_diff_take_policies_as_they_are_on_a_day() {
    let folder = folder();
    let matrix =
        |date: &str| run(folder.path(), &["matrix", "--policy", "dated.toml", "--output", "json", "--date", date]).1;
    let has_photo = |date: &str| matrix(date).contains("\"photo\"") && matrix(date).contains("\"released\"");
    assert!(has_photo("2026-06-01"));
    for (date, columns) in [("2026-02-28", 1), ("2026-03-01", 2), ("2026-12-31", 2), ("2027-01-01", 1)] {
        let matrix: Value = serde_json::from_str(&matrix(date)).unwrap();
        let mut classes: Vec<String> =
            matrix["columns"].as_array().unwrap().iter().map(|column| column["agencies"].to_string()).collect();
        classes.dedup();
        assert_eq!((classes.len(), &matrix["policy"]["date"]), (columns, &Value::from(date)), "{classes:?}");
    }
    let longer = POLICY.replace("until = \"2026-08-31\"", "until = \"2026-09-30\"");
    fs::write(folder.path().join("longer.toml"), longer).unwrap();
    for (date, status) in
        [("2026-05-31", 0), ("2026-08-31", 0), ("2026-09-01", 3), ("2026-09-30", 3), ("2026-10-01", 0)]
    {
        let (found, told) = run(folder.path(), &["diff", "dated.toml", "longer.toml", "--date", date]);
        assert_eq!(found, status, "{date}: {told}");
    }
}

#[test]
fn cases_and_rows_state_their_date() {
    let folder = folder();
    let row = |title: &str, date: &str, elements: &str| {
        format!(
            "[[may]]\ntitle = '{title}'\nrequester = 'AZ0070000'\npurposes = ['C']\n{date}\nelements = [{elements}]\n"
        )
    };
    let both = "'person.name', 'biometric.photo'";
    let rows =
        row("last day", "date = '2026-08-31'", both) + &row("the day after", "date = '2026-09-01'", "'person.name'");
    let test = |rows: &str, more: &[&str]| {
        fs::write(folder.path().join("matrix.toml"), format!("policy = 'dated.toml'\n{rows}")).unwrap();
        run(folder.path(), &[&["test", "."], more].concat())
    };
    assert_eq!(test(&rows, &[]).0, 0, "{}", test(&rows, &[]).1);
    assert_eq!(test(&row("no date", "", both), &["--date", "2026-08-31"]).0, 0);
    assert_eq!(test(&row("no date", "", both), &["--date", "2026-09-01"]).0, 3);
    let (status, told) = test(&row("no date", "date = '2026-8-31'", both), &[]);
    assert!(status == 2 && told.contains("matrix.toml:6:8: `2026-8-31` is no date"), "{told}");
}

#[test]
fn check_is_of_today_or_of_the_date_that_is_given() {
    let folder = folder();
    let check = |date: &str| run(folder.path(), &["check", "dated.toml", "--output", "github", "--date", date]).1;
    let told = check("2026-08-01");
    assert!(told.contains("expires on 2026-08-31, in 30 days") && !told.contains("checked-long-ago"), "{told}");
    let told = check("2027-01-15");
    for part in
        ["[checked-long-ago]", "`photo` expired on 2026-08-31", "AZ0070000 of `task-force` expired on 2026-12-31"]
    {
        assert!(told.contains(part.trim_matches(['[', ']'])), "{part}: {told}");
    }
    let (status, told) = run(folder.path(), &["check", "dated.toml", "--date", "tomorrow"]);
    assert!(status == 2 && told.contains("YYYY-MM-DD"), "{told}");
}
