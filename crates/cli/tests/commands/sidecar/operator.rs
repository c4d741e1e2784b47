//! What whoever runs a sidecar does with it: signals, `control`, and what it tells them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use dmv_redact_testing::{fixture, sha256};

use super::{ASKED, Http, HttpAnswer, MESSAGE, PATIENCE, Sidecar, connect, policy, read_frame, write_frame};
use crate::told_in;

const ARGUMENTS: [&str; 6] = ["--policy", "policy.toml", "--http-socket", "http.sock", "--control", "control.sock"];

const NAMES: &str = r#""person.name", "license""#;
const NO_NAMES: &str = r#""license""#;

fn office() -> TempDir {
    let folder = TempDir::new().unwrap();
    write_policy(folder.path(), &policy("1", NAMES));
    folder
}

/// Puts a policy in the place of the one before, as a whole.
fn write_policy(folder: &Path, text: &str) {
    fs::write(folder.join("policy.new"), text).unwrap();
    fs::rename(folder.join("policy.new"), folder.join("policy.toml")).unwrap();
}

fn ask(folder: &Path) -> HttpAnswer {
    Http::connect(&folder.join("http.sock")).ask()
}

#[track_caller]
fn control(folder: &Path, order: &[&str], status: i32) -> String {
    told_in(folder, &[&["control", "--at", "control.sock"], order].concat(), status)
}

fn records(folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("log")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn p9_a_hangup_takes_another_policy_and_refuses_one_with_an_error() {
    let folder = office();
    let mut sidecar = Sidecar::start(folder.path(), &ARGUMENTS);
    // One connection for all of it, and each answer is a release. Whether it has the name says which policy decided.
    let mut http = Http::connect(&folder.path().join("http.sock"));
    let mut decided_by = Vec::new();
    let mut ask = || {
        let answer = http.ask();
        assert_eq!((answer.status, answer.decision().0), (200, Some("redacted")), "{answer:?}");
        decided_by.push(if answer.shows("JORDAN") { "1" } else { "2" });
        decided_by[decided_by.len() - 1]
    };
    assert_eq!(ask(), "1");
    write_policy(folder.path(), &policy("2", NO_NAMES));
    assert_eq!(ask(), "1");
    sidecar.signal("-HUP");
    let begun = Instant::now();
    while ask() == "1" {
        assert!(begun.elapsed() < PATIENCE);
        thread::sleep(Duration::from_millis(20));
    }
    let taken: Value = serde_json::from_str(&sidecar.wait_for("policy-taken")).unwrap();
    assert_eq!((&taken["policy"], &taken["version"]), (&"test".into(), &"2".into()));

    let wrong = policy("3", r#""person.name", "person.shoe-size""#);
    let line = 1 + wrong.lines().position(|line| line.contains("shoe-size")).unwrap();
    write_policy(folder.path(), &wrong);
    sidecar.signal("-HUP");
    let refused = sidecar.wait_for("policy-refused");
    assert!(refused.contains(&format!("policy.toml:{line}:")) && refused.contains("person.shoe-size"), "{refused}");
    assert_eq!(ask(), "2");

    // A connection that is open and asks for nothing doesn't delay the end.
    let ended = sidecar.end();
    told_in(folder.path(), &["log", "verify", "log", "--head", ended.log_head()], 0);
    assert!(!ended.stderr.contains("JORDAN"), "{}", ended.stderr);
    // The record says of each which policy that was: its own, or else that of the run.
    let (mut recorded, mut run) = (Vec::new(), String::new());
    for record in records(folder.path()) {
        let version = record["policy"]["version"].as_str();
        match record["record"].as_str() {
            Some("start") => version.unwrap().clone_into(&mut run),
            Some("message") => recorded.push(version.unwrap_or(&run).to_owned()),
            _ => {}
        }
    }
    assert_eq!(recorded, decided_by);
}

#[test]
fn p12_a_termination_ends_with_the_head_of_the_log_and_the_next_run_goes_on_there() {
    let folder = office();
    let sidecar = Sidecar::start(folder.path(), &ARGUMENTS);
    for _ in 0..5 {
        assert!(ask(folder.path()).shows("JORDAN"));
    }
    let ended = sidecar.end();
    let told = told_in(folder.path(), &["log", "verify", "log", "--head", ended.log_head()], 0);
    assert!(told.contains("5 messages"), "{told}");
    assert!(told.contains(&format!("it ends with {}\n", ended.log_head())), "{told}");
    assert!(!folder.path().join("http.sock").exists());
    // The next run goes on where this one ended.
    let sidecar = Sidecar::start(folder.path(), &ARGUMENTS);
    assert!(ask(folder.path()).shows("JORDAN"));
    let next = sidecar.end();
    let heads = ["--head", ended.log_head(), "--head", next.log_head()];
    let told = told_in(folder.path(), &[&["log", "verify", "log"], &heads[..]].concat(), 0);
    assert!(told.contains("6 messages"), "{told}");
}

#[test]
fn p12_a_termination_among_requests_answers_each_that_is_on_record_and_no_other() {
    const REQUESTS: usize = 3000;
    let folder = office();
    let sidecar = Sidecar::start(folder.path(), &["--policy", "policy.toml", "--frames", "frames.sock"]);
    let stream = connect(&folder.path().join("frames.sock"));
    let mut writer = stream.try_clone().unwrap();
    let mut answers = 0;
    thread::scope(|scope| {
        scope.spawn(move || {
            let (message, head) = (fixture(MESSAGE), json!({"request": {"requester": ASKED[0].1, "purpose": "C"}}));
            // It doesn't take all of them.
            (0..REQUESTS).try_for_each(|_| write_frame(&mut writer, &head, &message))
        });
        let mut reader = BufReader::new(stream);
        // The connection ends between two answers.
        while reader.fill_buf().is_ok_and(|bytes| !bytes.is_empty()) {
            let (head, output) = read_frame(&mut reader);
            assert_eq!((head.disposition.as_deref(), head.sha256), (Some("redacted"), Some(sha256(&output))));
            answers += 1;
            if answers == 10 {
                sidecar.signal("-TERM");
            }
        }
    });
    assert!((10..REQUESTS).contains(&answers), "{answers}");
    let ended = sidecar.ended();
    let told = told_in(folder.path(), &["log", "verify", "log", "--head", ended.log_head()], 0);
    assert!(told.contains(&format!(" {answers} messages")), "{answers}: {told}");
}

#[test]
fn p9_the_operator_reads_what_decides_and_lets_it_be_read_again() {
    let folder = office();
    let sidecar = Sidecar::start(folder.path(), &ARGUMENTS);
    let status = control(folder.path(), &["status"], 0);
    let lines: Vec<&str> = status.lines().collect();
    let [ready, policy_line, stops] = lines.as_slice() else { panic!("{status}") };
    assert!(ready.starts_with("ready since 20") && policy_line.starts_with("policy: test 1, sha256 "), "{status}");
    assert_eq!(*stops, "no stop holds");
    let json: Value = serde_json::from_str(&control(folder.path(), &["status", "--output", "json"], 0)).unwrap();
    assert_eq!((&json["is-ready"], &json["policy"]["version"]), (&true.into(), &"1".into()));

    assert_eq!(control(folder.path(), &["reload"], 0), "the policy is unchanged\n");
    write_policy(folder.path(), &policy("2", NO_NAMES));
    assert_eq!(control(folder.path(), &["reload"], 0), "the policy is taken\n");
    // As soon as it is told so.
    let answer = ask(folder.path());
    assert!(answer.status == 200 && !answer.shows("JORDAN"), "{answer:?}");
    assert!(control(folder.path(), &["status"], 0).contains("policy: test 2, sha256 "));
    write_policy(folder.path(), &policy("3", r#""person.shoe-size""#));
    let told = control(folder.path(), &["reload"], 1);
    assert!(told.contains("the policy so far decides on: ") && told.contains("policy.toml:16:13: "), "{told}");
    fs::remove_file(folder.path().join("policy.toml")).unwrap();
    assert!(control(folder.path(), &["reload"], 1).contains("policy.toml"));
    assert!(control(folder.path(), &["status"], 0).contains("policy: test 2, sha256 "));

    sidecar.end().log_head();
    let told = control(folder.path(), &["status"], 1);
    assert!(told.contains("control.sock: no sidecar can be asked there"), "{told}");
}

#[test]
fn p12_a_stop_holds_at_once_and_outlives_a_kill() {
    let folder = office();
    let mut sidecar = Sidecar::start(folder.path(), &ARGUMENTS);
    let by = ["--by", "ROE, J", "--reason", "a drill"];
    let stop = |scope: &[&str], status| control(folder.path(), &[&["stop"], scope, &by].concat(), status);
    let told = stop(&["--class", "polcie"], 1);
    assert!(told.contains("no class of this name: it has `federal`, `police`"), "{told}");
    assert!(stop(&["--agency", "az0070000"], 1).contains("this is no ORI"));
    assert!(stop(&[], 2).contains("--everything"));
    assert!(stop(&["--everything", "--class", "police"], 2).contains("cannot be used with"));
    assert!(control(folder.path(), &["stop", "--everything"], 2).contains("--by"));
    assert!(ask(folder.path()).shows("JORDAN"));

    assert_eq!(stop(&["--class", "police"], 0), "stopped\n");
    let is_stopped = || {
        let answer = ask(folder.path());
        assert_eq!(answer.decision(), (Some("withheld"), Some("stopped")), "{answer:?}");
        assert_eq!(answer.status, 403);
    };
    is_stopped();
    // Each stop by itself.
    assert_eq!(stop(&["--agency", "VTICE0900"], 0), "stopped\n");
    assert_eq!(control(folder.path(), &["resume", "--agency", "VTICE0900", "--by", "DOE, K"], 0), "resumed\n");
    let again = control(folder.path(), &["resume", "--agency", "VTICE0900", "--by", "DOE, K"], 1);
    assert!(again.contains("there is no such stop"), "{again}");
    is_stopped();

    sidecar.child.kill().unwrap();
    sidecar.child.wait().unwrap();
    drop(sidecar);
    let sidecar = Sidecar::start(folder.path(), &ARGUMENTS);
    assert!(sidecar.told.contains(r#""event":"stop-holds""#), "{}", sidecar.told);
    is_stopped();
    let status = control(folder.path(), &["status"], 0);
    assert!(
        status.contains("\nstopped: class police, since 20") && status.contains(", by ROE, J: a drill\n"),
        "{status}"
    );
    assert_eq!(control(folder.path(), &["resume", "--class", "police", "--by", "DOE, K"], 0), "resumed\n");
    assert!(control(folder.path(), &["status"], 0).ends_with("no stop holds\n"));
    assert!(ask(folder.path()).shows("JORDAN"));

    let ended = sidecar.end();
    told_in(folder.path(), &["log", "verify", "log", "--head", ended.log_head()], 0);
    let records = records(folder.path());
    let steps = records.iter().filter(|record| record["record"] == "operator");
    let steps: Vec<[&str; 3]> =
        steps.map(|step| ["step", "scope", "by"].map(|name| step[name].as_str().unwrap())).collect();
    let expected = [
        ["stopped", "class police", "ROE, J"],
        ["stopped", "agency VTICE0900", "ROE, J"],
        ["resumed", "agency VTICE0900", "DOE, K"],
        ["resumed", "class police", "DOE, K"],
    ];
    assert_eq!(steps, expected);
}
