//! What a person sees who runs `redact` for the first time: what it waits for, how to end that, and how a run ended.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{LIST, Room, complaint, fixture, messages, pack, text};

#[test]
fn no_input_on_a_terminal_says_so() {
    let room = Room::new();
    // `script` runs a command on a terminal of its own; that its input ends ends the terminal's.
    let command = format!("{} redact", env!("CARGO_BIN_EXE_dmv-redact"));
    let mut script = Command::new("script");
    let output = script.args(["-qefc", &command, "/dev/null"]).stdin(Stdio::null()).output().unwrap();
    let shown = text(&output.stdout);
    assert!(shown.contains("reads a message from the terminal") && shown.contains("Ctrl-D"), "{shown}");
    // Not where nobody would see it.
    assert_eq!(complaint(&room.run(&["redact"], &fixture(LIST.0))), "");
}

#[test]
fn a_stop_ends_a_wait_on_stdin_at_once() {
    let room = Room::new();
    for sent in [&b""[..], b"{\"a\":", &pack("ndjson", &messages(4))] {
        for signal in ["INT", "TERM"] {
            let mut child = room.command(&["redact"]).stdin(Stdio::piped()).spawn().unwrap();
            let mut stdin = child.stdin.take().unwrap();
            stdin.write_all(sent).unwrap();
            // Until it listens to signals.
            std::thread::sleep(Duration::from_millis(1000));
            let begun = Instant::now();
            Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
            let output = child.wait_with_output().unwrap();
            assert!(begun.elapsed() < Duration::from_secs(5), "{signal}: {:?}", begun.elapsed());
            drop(stdin);
            // A line that was cut is no message.
            assert_eq!(output.status.code(), Some(1), "{signal}: {}", complaint(&output));
            assert!(complaint(&output).contains("stopped before the end"), "{}", complaint(&output));
            assert!(!complaint(&output).contains("failed"), "{}", complaint(&output));
        }
    }
}

#[test]
fn the_summary_ends_with_where_things_are_what_to_do_and_the_headline() {
    let room = Room::new();
    room.write("in.ndjson", &pack("ndjson", &messages(8)));
    let arguments = ["in.ndjson", "-o", "out.ndjson", "--log", "log", "--withheld", "kept"];
    let output = room.redact(&arguments);
    let end = text(&output.stdout).split("\n\n").last().unwrap();
    let lines: Vec<&str> = end.lines().collect();
    assert!(lines[0].starts_with("policy: baseline "), "{end}");
    assert_eq!(
        lines[1..4],
        ["outputs: out.ndjson", "originals of what was held or withheld: kept", "disclosure log: log"]
    );
    assert!(lines[4].starts_with("the disclosure log ends with ") && lines[5].starts_with("next: "), "{end}");
    assert_eq!(lines.last(), Some(&"8 messages: 0 released, 5 redacted, 1 held, 2 withheld, 0 failed"));
    let dry = room.redact(&["in.ndjson", "--dry-run"]);
    assert!(text(&dry.stdout).contains("\noutputs: none, for this is a dry run\n"), "{}", text(&dry.stdout));
    assert!(!fs::exists(room.path("-")).unwrap());
}
