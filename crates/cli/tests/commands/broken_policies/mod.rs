//! Policies that are wrong, each in one way, and what is said of them: where, what, and what to do. What is said is held
//! as snapshots, for people read it; `INSTA_UPDATE=always cargo test --test commands broken_policies` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use dmv_redact_testing::root;
use rayon::prelude::*;

use crate::run_in;

fn folder(name: &str) -> PathBuf {
    root().join("crates/cli/tests/commands/broken_policies").join(name)
}

/// The names of the policies in a folder, without `.toml`.
fn names(folder: &Path) -> Vec<String> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let policies = paths.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let mut names: Vec<String> = policies.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

/// Line and column of a message, `FILE:LINE:COLUMN: ...`.
fn position(message: &str) -> (usize, usize) {
    let mut parts = message.split(':');
    let mut number = || parts.next().and_then(|part| part.parse().ok()).unwrap_or_else(|| panic!("{message}"));
    (number(), number())
}

/// One message: it names file, line and column, shows the line, and says what to do.
fn judge(folder: &Path, name: &str, told: &str) {
    let first = told.lines().next().unwrap();
    let (file, rest) = first.split_once(".toml:").or(first.split_once(".csv:")).unwrap_or_else(|| panic!("{first}"));
    let file = [format!("{file}.toml"), format!("{file}.csv")].into_iter().find(|file| folder.join(file).is_file());
    let text = fs::read_to_string(folder.join(file.unwrap())).unwrap();
    let (line, column) = position(rest);
    let meant = text.lines().nth(line - 1).unwrap();
    assert!(column <= meant.chars().count() + 1, "{name}: {first}");
    assert!(told.contains(&format!(" {line} | {meant}\n")) && told.contains('^'), "{name}: {told}");
    assert!(told.contains("\n  help: "), "{name} doesn't say what to do: {told}");
    assert!(!told.contains("Raw") && !told.contains("struct") && !first.ends_with('.'), "{name}: {told}");
}

#[test]
fn every_policy_that_is_refused_is_told_where_why_and_what_to_do() {
    let folder = folder("refused");
    let names = names(&folder);
    assert!(names.len() >= 30, "{}", names.len());
    let run = |name: &String| run_in(&folder, &["redact", "--policy", &format!("{name}.toml")]);
    let outputs: Vec<Output> = names.par_iter().map(run).collect();
    for (name, output) in names.iter().zip(outputs) {
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{name}");
        let told = String::from_utf8(output.stderr).unwrap();
        let told = told.strip_prefix("dmv-redact: ").unwrap();
        judge(&folder, name, told);
        insta::assert_snapshot!(name.as_str(), told);
    }
}

#[test]
fn a_policy_that_is_not_there_is_told_in_one_line() {
    let output = run_in(&folder("refused"), &["redact", "--policy", "nowhere.toml"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(told, "dmv-redact: nowhere.toml: can't be read: no such file or directory (os error 2)\n");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn every_policy_that_is_probably_not_meant_so_is_told_by_check() {
    let folder = folder("warned");
    let names = names(&folder);
    let check = |name: &String| run_in(&folder, &["check", "--strict", "--policy", &format!("{name}.toml")]);
    let outputs: Vec<Output> = names.par_iter().map(check).collect();
    for (name, output) in names.iter().zip(outputs) {
        // An ORI that two classes list is in both on purpose, as far as one can tell: that is noted and no more.
        let is_note = name == "overlap-of-exact-oris";
        assert_eq!(output.status.code(), Some(if is_note { 0 } else { 2 }), "{name}");
        let told = String::from_utf8(output.stdout).unwrap();
        let (findings, counts) = told.trim_end().rsplit_once("\n\n").unwrap();
        assert!(counts.contains(if is_note { "1 note" } else { "0 warnings, 0 notes" }), "{name}: {told}");
        for finding in findings.split("\n\n").filter(|_| !is_note) {
            judge(&folder, name, finding);
        }
        insta::assert_snapshot!(name.as_str(), told);
    }
}
