//! What is kept of a run: originals apart, summaries, dry runs, comparisons; and nothing of it a value.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{Room, complaint, example_state, messages, pack, read, summary, text};

#[test]
fn originals_of_what_is_withheld_are_kept_apart_for_the_owner() {
    let room = Room::new();
    let messages = messages(8);
    room.write("in/all.tar", &pack("tar", &messages));
    room.write("in/all.ndjson", &pack("ndjson", &messages));
    for (name, message) in &messages {
        room.write(&format!("in/{name}"), message);
    }
    let output = room.redact(&["in", "-o", "out", "--withheld", "kept"]);
    assert_eq!(output.status.code(), Some(3), "{}", complaint(&output));
    let names = room.names("kept");
    let refused: Vec<&super::Message> = [2, 3, 6].iter().map(|at| &messages[*at]).collect();
    assert_eq!(names.len(), 9, "{names:?}");
    for (name, message) in &refused {
        assert!(&read(&room.path(&format!("kept/{name}"))) == message, "{name}");
        assert!(&read(&room.path(&format!("kept/all.tar/{name}"))) == message, "{name}");
    }
    assert_eq!(names.iter().filter(|name| name.starts_with("all.ndjson/")).count(), 3);
    let mode = |path: &str| fs::metadata(room.path(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("kept"), mode("kept/all.tar"), mode(&format!("kept/{}", refused[0].0))), (0o700, 0o700, 0o600));
}

#[test]
fn a_dry_run_writes_nothing_and_counts_the_same() {
    let room = Room::new();
    room.write("in.zip", &pack("zip", &messages(40)));
    let dry = room.redact(&["in.zip", "--dry-run", "--summary", "json", "--log", "log"]);
    assert_eq!(dry.status.code(), Some(3), "{}", complaint(&dry));
    assert_eq!(room.names("."), ["in.zip", "log"]);
    let wet = room.redact(&["in.zip", "-o", "out.zip", "--summary", "json"]);
    let (mut dry, mut wet) = (summary(&dry), summary(&wet));
    assert!(dry.as_object_mut().unwrap().remove("run").is_some());
    wet.as_object_mut().unwrap().remove("run");
    assert_eq!(dry, wet);
}

#[test]
fn another_policy_is_compared_per_class_and_element() {
    let room = Room::new();
    room.write("in.ndjson", &pack("ndjson", &messages(8)));
    let old = &example_state();
    let output = room.redact(&["in.ndjson", "--dry-run", "--compare", old, "--purpose", "C", "--summary", "json"]);
    let found = summary(&output);
    let classes = found["compared"]["classes"].as_object().unwrap();
    assert!(!classes.is_empty());
    // Each side is what a run with that policy alone lets through.
    let alone =
        summary(&room.redact(&["in.ndjson", "--dry-run", "--policy", old, "--purpose", "C", "--summary", "json"]));
    let dispositions = found["compared"]["dispositions"].as_object().unwrap();
    let old_redacted: u64 = dispositions
        .iter()
        .filter(|(key, _)| key.starts_with("redacted ->"))
        .map(|(_, count)| count.as_u64().unwrap())
        .sum();
    assert_eq!(alone["redacted"].as_u64(), Some(old_redacted));
    let same = room.redact(&["in.ndjson", "--dry-run", "--policy", old, "--compare", old]);
    assert!(text(&same.stdout).contains("no difference"), "{}", text(&same.stdout));
}

#[test]
fn p6_a_run_over_archives_tells_no_values() {
    let room = Room::new();
    room.write("in.tar.gz", &pack("tar.gz", &messages(40)));
    let output = room.redact(&["in.tar.gz", "-o", "out.tar.gz", "--log", "log", "--progress", "plain"]);
    let report = room.run(&["log", "report", "log"], b"");
    assert_eq!(report.status.code(), Some(0), "{}", complaint(&report));
    assert!(text(&report.stdout).contains("agency class law-enforcement"), "{}", text(&report.stdout));
    let log = read(&room.path("log"));
    for said in [&output.stdout, &output.stderr, &report.stdout, &report.stderr, &log] {
        for value in ["EXAMPLE", "JORDAN", "900-12", "D08954796", "1985-07-04"] {
            assert!(!text(said).contains(value), "{value}");
        }
    }
}

#[test]
fn what_needs_more_memory_than_there_is_is_told_before() {
    let room = Room::new();
    let output = room.redact(&["--memory", "16MiB"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(complaint(&output).contains("128.0 MiB is wanted"), "{}", complaint(&output));
}
