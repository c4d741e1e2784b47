//! Counts of a switch's own log from before the first day.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{run_in, text, told_in};

/// The columns of the day and of the requester, as most tables here name them.
const COLUMNS: [&str; 2] = ["When", "From ORI"];

/// The arguments that import `past.csv` into `log`, and more.
fn import<'a>(policy: &'a str, [date, requester]: [&'a str; 2], more: &[&'a str]) -> Vec<&'a str> {
    let table =
        ["log", "import", "past.csv", "-o", "log", "--policy", policy, "--date", date, "--requester", requester];
    [&table, more].concat()
}

fn folder(table: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("past.csv"), table).unwrap();
    folder
}

fn report(folder: &TempDir, by: &str) -> Value {
    serde_json::from_str(&told_in(folder.path(), &["log", "report", "log", "--by", by, "--output", "json"], 0)).unwrap()
}

#[test]
fn what_was_before_the_log_is_counted_and_what_became_of_it_is_not_made_up() {
    let table = "\u{feff}When,From ORI,MKE,Name\r\n\
                 2025-10-31 23:59:59,MA0010000,DQ,CANARY\r\n2025-10-31,MA0010000,DQ,\"CANARY, J\"\r\n\
                 2025-11-02,VTICE0900,RQ,CANARY\r\n2025-11-01,VTICE0900,RQ,CANARY\r\n2025-11-01T00:00:00Z,ZZ0000000,,CANARY\r\n";
    let folder = folder(table);
    let told = told_in(folder.path(), &import("massachusetts", COLUMNS, &["--message-key", "MKE"]), 0);
    assert!(told.starts_with("log: 5 messages in 4 lines\nit ends with 6:"), "{told}");
    told_in(folder.path(), &["log", "verify", "log"], 0);
    assert!(!fs::read_to_string(folder.path().join("log")).unwrap().contains("CANARY"));
    let found = report(&folder, "month,agency,message-key");
    let row = |month: &str, agency: Value, key: Value, messages: u64| {
        json!({"month": month, "agency": agency, "message-key": key, "messages": messages, "released": 0, "redacted": 0,
            "held": 0, "withheld": 0})
    };
    let expected = [
        row("2025-10", json!("in-state"), json!("DQ"), 2),
        row("2025-11", Value::Null, Value::Null, 1),
        row("2025-11", json!("immigration"), json!("RQ"), 2),
    ];
    assert_eq!(found["rows"], json!(expected));
    assert_eq!((&found["messages"], &found["imported"], &found["dispositions"]), (&json!(5), &json!(5), &json!({})));
    // A run goes on in the same chain.
    let message = dmv_redact_testing::root().join("fixtures/dr-in-state-police/message.xml");
    told_in(folder.path(), &["redact", message.to_str().unwrap(), "-o", "out", "--log", "log"], 0);
    let found = report(&folder, "disposition");
    assert_eq!((&found["messages"], &found["imported"]), (&json!(6), &json!(5)));
    let site = ["log", "site", "log", "-o", "site", "--policy", "massachusetts", "--suppress-below", "0"];
    told_in(folder.path(), &site, 0);
    let outcomes = fs::read_to_string(folder.path().join("site/outcomes.csv")).unwrap();
    assert!(!outcomes.contains("2025"), "{outcomes}");
    let messages = fs::read_to_string(folder.path().join("site/messages.csv")).unwrap();
    assert!(messages.contains("2025-10 (before the log),in-state,2\r\n"), "{messages}");
}

/// P6: what can't be read is told by its line and its column, never by its content; the rest is taken over.
#[test]
fn p6_lines_that_cannot_be_read_are_told_without_their_values() {
    let table = "day|ori|n\n20251031|MA0010000|7\n20251331|MA0010000|1\n20251031|CANARY|1\n20251031|MA0010000|CANARY\n20251031\n\
                 20251031|MA0010000|0\n";
    let folder = folder(table);
    let form = ["--count", "n", "--separator", "|", "--date-form", "compact"];
    let output = run_in(folder.path(), &import("massachusetts", ["day", "ori"], &form));
    assert_eq!(output.status.code(), Some(3));
    let told = text(&output.stderr);
    let expected = "dmv-redact: past.csv:3: the day is none, or is written otherwise\n\
                    dmv-redact: past.csv:4: the requester is no ORI\ndmv-redact: past.csv:5: the count is none\n\
                    dmv-redact: past.csv:6: it has another number of columns than the first line\ndmv-redact: past.csv:7: the count is none\n\
                    dmv-redact: past.csv: 5 lines could not be read, and are not counted\n";
    assert_eq!(told, expected);
    assert_eq!(report(&folder, "day")["rows"][0]["messages"], json!(7));
    let folder = self::folder("When,From ORI\n10/31/2025,MA0010000\n1/2/2026 08:00,MA0010000\n");
    told_in(folder.path(), &import("massachusetts", COLUMNS, &["--date-form", "us"]), 0);
    assert_eq!(report(&folder, "day")["rows"][1]["day"], json!("2026-01-02"));
    let output = run_in(folder.path(), &import("massachusetts", COLUMNS, &["--message-key", "FromORI"]));
    let told = "dmv-redact: past.csv: the table has no column `FromORI`\n";
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(2), told));
}

/// A quote that is missing swallows lines: they are told, not lost in silence.
#[test]
fn p11_a_missing_quote_is_told() {
    let folder =
        folder("When,From ORI,x\n2025-10-31,MA0010000,\"5 inch\n2025-10-31,MA0010000,y\n2025-10-31,MA0010000,\"z\n");
    let output = run_in(folder.path(), &import("massachusetts", COLUMNS, &[]));
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("a column goes on in the next line"), "{}", text(&output.stderr));
}

/// P1: a requester counts in the class that it was in on that day.
#[test]
fn p1_classes_are_those_of_the_day() {
    let folder = folder("When,From ORI\n2025-06-01,AZ0070000\n2026-06-01,AZ0070000\n");
    let policy = "[policy]\nname = 'p'\nversion = '1'\n[agencies.ice]\nori-file = 'r.csv'\n[agencies.police]\nori = ['AZ0####00']\n\
                  [[permit]]\nid = 'a'\nagencies = ['ice', 'police']\nelements = ['person.name']\n";
    fs::write(folder.path().join("p.toml"), policy).unwrap();
    fs::write(folder.path().join("r.csv"), "ori,from\nAZ0070000,2026-01-01\n").unwrap();
    told_in(folder.path(), &import("p.toml", COLUMNS, &[]), 0);
    let found = report(&folder, "month,agency");
    let rows: Vec<&Value> = found["rows"].as_array().unwrap().iter().map(|row| &row["agency"]).collect();
    assert_eq!(rows, [&json!("police"), &json!("ice")]);
}
