//! Dates: rules, entries of rosters and policies that are in force on some days only, as a switch asks for them.

use dmv_redact::{Disposition, Filter, FilterBuilder, Reason, Receipt, Requester};
use dmv_redact_testing::fixture;

const POLICY: &str = r#"
[policy]
name = "dated"
version = "1"
purposes = ["C"]
HEAD

[agencies.police]
ori = ["AZ###??00"]

[agencies.task-force]
ori-file = "roster.csv"

[[permit]]
id = "name"
agencies = ["police", "task-force"]
elements = ["person.name"]

[[permit]]
id = "license"
agencies = ["police"]
elements = ["license"]
from = "2026-01-01"
until = "2026-06-30"

[[forbid]]
id = "name-of-task-force"
agencies = ["task-force"]
elements = ["person.name"]
from = "2026-03-01"
source = "the state's code"
checked = "2026-01-01"
"#;

const ROSTER: &str =
    "ori,from,until,source,note\nAZ0070000,2026-02-01,2026-03-31,a letter,\nAZ0070000,2026-05-01,,,again\n";

fn builder(head: &str, roster: &str) -> FilterBuilder {
    Filter::builder().policy_text("p.toml", POLICY.replace("HEAD", head)).roster_bytes("roster.csv", roster)
}

fn on(filter: &Filter, date: &str) -> (Vec<u8>, Receipt) {
    let requester = Requester::from_envelope().date(date).unwrap();
    let mut out = Vec::new();
    let receipt = filter.redact(&fixture("dr-in-state-police/message.xml"), &requester, &mut out);
    assert_eq!(receipt.disposition().releases(), !out.is_empty());
    let verified = filter.verify(&out, &requester).is_ok();
    assert_eq!(verified, receipt.disposition().releases(), "{date}");
    (out, receipt)
}

fn decided(filter: &Filter, date: &str) -> (Vec<String>, Vec<String>) {
    let (_, receipt) = on(filter, date);
    let texts = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
    (texts(receipt.agency_classes().collect()), texts(receipt.rules().collect()))
}

#[test]
fn p10_what_is_in_force_on_the_date_of_the_request_decides() {
    let filter = builder("", ROSTER).build().unwrap();
    for (date, class, rules) in [
        ("2025-12-31", "police", &["name"][..]),
        ("2026-01-01", "police", &["name", "license"]),
        ("2026-01-31", "police", &["name", "license"]),
        ("2026-02-01", "task-force", &["name"]),
        ("2026-02-28", "task-force", &["name"]),
        ("2026-03-01", "task-force", &["name", "name-of-task-force"]),
        ("2026-03-31", "task-force", &["name", "name-of-task-force"]),
        ("2026-04-01", "police", &["name", "license"]),
        ("2026-04-30", "police", &["name", "license"]),
        ("2026-05-01", "task-force", &["name", "name-of-task-force"]),
        ("2099-01-01", "task-force", &["name", "name-of-task-force"]),
    ] {
        // In any order, with any date asked before: nothing is remembered of it.
        for _ in 0..2 {
            let (classes, applied) = decided(&filter, date);
            assert_eq!(
                (classes.as_slice(), applied.as_slice()),
                (&[class.to_owned()][..], &rules.iter().map(|rule| (*rule).to_owned()).collect::<Vec<_>>()[..]),
                "{date}"
            );
            let (out, receipt) = on(&filter, date);
            assert_eq!(receipt.date().unwrap().to_string(), date);
            let fresh = builder("", ROSTER).build().unwrap();
            assert_eq!(on(&fresh, date).0, out);
        }
    }
}

#[test]
fn p10_without_dates_in_the_policy_the_date_is_nothing() {
    let filter = Filter::builder().build().unwrap();
    let (out, receipt) = on(&filter, "1999-01-01");
    assert_eq!((receipt.date(), &out), (None, &on(&filter, "2199-01-01").0));
    assert!(!serde_json::to_string(&receipt).unwrap().contains("\"date\""));
}

#[test]
fn p10_a_request_without_a_date_is_of_today() {
    let filter = builder("", ROSTER).build().unwrap();
    let before = dmv_redact::Date::today();
    let receipt =
        filter.redact(&fixture("dr-in-state-police/message.xml"), &Requester::from_envelope(), &mut Vec::new());
    let date = receipt.date();
    assert!(before <= date && date <= dmv_redact::Date::today());
    let written: serde_json::Value = serde_json::to_value(&receipt).unwrap();
    assert_eq!(written["date"], date.unwrap().to_string());
}

#[test]
fn p2_outside_the_policy_s_own_dates_nothing_goes_out() {
    let filter = builder("from = '2026-01-01'\nuntil = '2026-12-31'", ROSTER).build().unwrap();
    for date in ["2025-12-31", "2027-01-01"] {
        let (_, receipt) = on(&filter, date);
        assert_eq!((receipt.disposition(), receipt.reason()), (Disposition::Withheld, Some(Reason::PolicyNotInForce)));
    }
    for date in ["2026-01-01", "2026-12-31"] {
        assert_ne!(on(&filter, date).1.reason(), Some(Reason::PolicyNotInForce));
    }
}

#[test]
fn p2_what_is_no_date_is_an_error_with_its_place() {
    let error = |head: &str, roster: &str| builder(head, roster).build().unwrap_err().to_string();
    assert!(error("from = '2026-02-30'", ROSTER).starts_with("p.toml:6:8: `2026-02-30` is no date; write a day"));
    assert!(error("until = '2026/03/01'", ROSTER).contains("6:9: `2026/03/01` is no date; did you mean `2026-03-01`?"));
    assert!(
        error("from = '2026-02-01'\nuntil = '2026-01-31'", ROSTER)
            .contains("7:9: it ends on 2026-01-31, before it begins")
    );
    assert!(error("from = 2026-02-01", ROSTER).starts_with("p.toml:6:8: "), "{}", error("from = 2026-02-01", ROSTER));
    for (roster, expected) in [
        ("ori,from\nAZ0070000,1/2/2026\n", "roster.csv:2:11: `1/2/2026` is no date"),
        ("ori;Until\nAZ0070000;soon\n", "roster.csv:2:11: `soon` is no date"),
        (
            "ori,from,until\nAZ0070000,2026-02-01,2026-01-31\n",
            "roster.csv:2:22: it ends on 2026-01-31, before it begins",
        ),
        (
            "ori,until\nAZ0070000,2026-02-01\nAZ0070000,\n",
            "roster.csv:3:1: AZ0070000 is listed twice for the same days",
        ),
        ("ori,from\nAZ0070000,\nAZ0070000,2026-02-01\n", "roster.csv:3:1: AZ0070000 is listed twice for the same days"),
        ("ori,until,UNTIL\nAZ0070000,,\n", "roster.csv:1:11: two columns are called `until`"),
    ] {
        let told = error("", roster);
        assert!(told.starts_with(expected), "{roster:?}: {told}");
    }
    assert!(Requester::from_envelope().date("2026-1-1").unwrap_err().to_string().contains("YYYY-MM-DD"));
}

#[test]
fn p9_the_order_of_dated_rules_and_entries_is_nothing() {
    let head = POLICY.find("[[permit]]").unwrap();
    let mut rules: Vec<&str> = POLICY[head..].split("\n\n").collect();
    rules.reverse();
    let turned = format!("{}\n{}", POLICY[..head].replace("HEAD", ""), rules.join("\n\n"));
    let turned_roster = "until,ori,from\n,AZ0070000,2026-05-01\n2026-03-31,AZ0070000,2026-02-01\n";
    let turned =
        Filter::builder().policy_text("p.toml", turned).roster_bytes("roster.csv", turned_roster).build().unwrap();
    let filter = builder("", ROSTER).build().unwrap();
    for date in ["2025-12-31", "2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01", "2026-07-01"] {
        assert_eq!(on(&filter, date).0, on(&turned, date).0, "{date}");
    }
}
