//! Canaries in messages that go through the command line: stdout, stderr, the folder of outputs, and what is left in the
//! folder of temporary files.

use std::fs;
use std::path::Path;
use std::process::Output;

use dmv_redact::Requester;
use dmv_redact_testing::canary::{CASES, STEM, planted};
use dmv_redact_testing::cases::{Case, filter};
use dmv_redact_testing::program::fed;
use dmv_redact_testing::search::found;
use dmv_redact_testing::settings::Setting;
use dmv_redact_testing::{files_below, policies};
use tempfile::TempDir;

use crate::command;

/// The case's requester as its envelope names it, without purpose and claims.
fn setting(case: &Case) -> Setting {
    let filter = filter(case.policy.as_deref());
    let receipt = filter.redact(&case.message, &Requester::from_envelope(), &mut Vec::new());
    let ori = receipt.requester().map_or_else(String::new, |ori| ori.to_string());
    Setting::new(case.name.clone(), filter, Requester::from_envelope(), ori, &CASES)
}

fn run(arguments: &[&str], policy: Option<&str>, temporary: &Path, stdin: &[u8]) -> Output {
    let mut command = command(arguments);
    command.env("TMPDIR", temporary).env("RUST_BACKTRACE", "full");
    if let Some(policy) = policy {
        command.arg("--policy").arg(policies().join(format!("{policy}.toml")));
    }
    fed(&mut command, stdin)
}

fn is_silent(told: &str, output: &Output) {
    for (what, text) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        let shown = String::from_utf8_lossy(text);
        assert!(found(text, STEM).is_none(), "{told}: a canary on {what}:\n{shown}");
        assert!(!shown.contains("panicked"), "{told}: {shown}");
    }
}

/// Searches every file below a folder, and its name. Gives how many there are.
fn searched(folder: &Path) -> usize {
    let files = files_below(folder);
    for file in &files {
        let text = fs::read(folder.join(file)).unwrap();
        assert!(found(&text, STEM).is_none(), "a canary in {}:\n{}", file.display(), String::from_utf8_lossy(&text));
    }
    files.len()
}

/// P1, P6: folders of messages with canaries, whole and broken, leave none behind.
#[test]
fn p1_p6_no_canary_is_left_by_a_run_over_folders() {
    for policy in [None, Some("example-state")] {
        let folder = TempDir::new().unwrap();
        let [input, out, temporary] = ["in", "out", "tmp"].map(|name| folder.path().join(name));
        fs::create_dir_all(&temporary).unwrap();
        for case in CASES.iter().filter(|case| case.policy.as_deref() == policy) {
            let setting = setting(case);
            for trick in [0, 1, 3, 7] {
                let text = planted(&setting, case.xml, &case.message, trick);
                // What isn't well-formed has to be searched for nothing but its own canary.
                let text = text.unwrap_or_else(|| format!("{STEM}{}", String::from_utf8_lossy(&case.message)));
                let place = input.join(&case.name);
                fs::create_dir_all(&place).unwrap();
                fs::write(place.join(format!("{trick}.whole")), &text).unwrap();
                fs::write(place.join(format!("{trick}.broken")), &text[..text.len() - 9]).unwrap();
            }
        }
        let [input, out_text] = [&input, &out].map(|path| path.to_str().unwrap());
        for summary in ["text", "json"] {
            let arguments = ["redact", input, "-o", out_text, "--summary", summary];
            let output = run(&arguments, policy, &temporary, b"");
            assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
            is_silent(summary, &output);
        }
        let count = searched(&out);
        assert!(count > 10, "only {count} messages were let through");
        assert_eq!(searched(&temporary), 0, "temporary files are left");
    }
}

/// P6: explaining a message tells nothing of it either, in whatever form.
#[test]
fn p6_no_canary_is_told_of_a_message_that_is_explained() {
    let temporary = TempDir::new().unwrap();
    for (number, case) in CASES.iter().enumerate() {
        let Some(text) = planted(&setting(case), case.xml, &case.message, number % 8) else { continue };
        for (text, form) in [(&text[..], ["--output", "json"]), (&text[..text.len() / 2], ["--output", "text"])] {
            let output =
                run(&["explain", "-", form[0], form[1]], case.policy.as_deref(), temporary.path(), text.as_bytes());
            is_silent(&case.name, &output);
        }
        let output = run(&["explain", "-", "--diff-view"], case.policy.as_deref(), temporary.path(), text.as_bytes());
        is_silent(&case.name, &output);
        assert_eq!(output.status.code(), Some(0), "{}", case.name);
    }
}

/// P1, P6: the same of one message on stdin.
#[test]
fn p1_p6_no_canary_is_told_of_a_message_on_stdin() {
    let temporary = TempDir::new().unwrap();
    for case in &CASES[..] {
        let Some(text) = planted(&setting(case), case.xml, &case.message, 0) else { continue };
        for text in [&text[..], &text[..text.len() / 2]] {
            let output = run(&["redact"], case.policy.as_deref(), temporary.path(), text.as_bytes());
            is_silent(&case.name, &output);
        }
    }
    assert_eq!(searched(temporary.path()), 0, "temporary files are left");
}
