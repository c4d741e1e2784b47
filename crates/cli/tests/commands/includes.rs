//! Policies on policies, as every verb shows them.

use std::fs;
use std::path::Path;

use dmv_redact_testing::{policies, root};
use tempfile::TempDir;

use crate::{run_in, text};

const HEAD: &str = "[policy]\nname = \"mine\"\nversion = \"1\"\ninclude = \"massachusetts\"\n";
const FORBID: &str = "[[forbid]]\nid = \"mine\"\nbasis = \"b\"\nelements = [\"person.ssn\", \"vehicle\"]\n";

/// Writes files; then the status and the outputs of a command among them.
fn told(folder: &Path, files: &[(&str, &str)], arguments: &[&str]) -> (i32, String) {
    for (name, text) in files {
        fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
        fs::write(folder.join(name), text).unwrap();
    }
    let output = run_in(folder, arguments);
    (output.status.code().unwrap(), format!("{}{}", text(&output.stdout), text(&output.stderr)))
}

/// What `check` finds beyond included policies, each on a line.
fn beyond(files: &[(&str, &str)]) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    let (status, found) = told(folder.path(), files, &["check", "--output", "github", "policy.toml"]);
    assert_eq!(status, 0, "{found}");
    found.lines().filter(|line| line.contains("permits-beyond-included")).map(str::to_owned).collect()
}

#[test]
fn p9_a_forbid_more_takes_away_and_gives_nobody_anything() {
    let policy = format!("{HEAD}{FORBID}");
    assert_eq!(beyond(&[("policy.toml", &policy)]), [""; 0]);
    let folder = TempDir::new().unwrap();
    let pack = policies().join("massachusetts.toml");
    let diff = ["diff", pack.to_str().unwrap(), "policy.toml"];
    let (status, changes) = told(folder.path(), &[("policy.toml", &policy)], &diff);
    assert!(
        status == 0 && changes.contains("by forbid `mine` (line 6)") && changes.contains("+ 0 gained"),
        "{changes}"
    );
}

#[test]
fn check_tells_what_goes_beyond_the_pack_and_by_what() {
    let permit = "[[permit]]\nid = \"more\"\nagencies = [\"out-of-state\"]\nbasis = \"b\"\n\
                  elements = [\"biometric.photo\"]\n";
    let found = beyond(&[("policy.toml", &format!("{HEAD}{permit}"))]);
    assert_eq!(found.len(), 1, "{found:#?}");
    for part in [
        "file=policy.toml,line=6",
        "`out-of-state` (",
        "what `massachusetts` doesn't permit, by permit `more`: biometric.photo",
    ] {
        assert!(found[0].contains(part), "{part}: {found:?}");
    }
    // Who comes into a class of the pack, at the roster of the policy's own.
    let class = format!("{HEAD}[agencies.in-state]\nori-file = \"federal.csv\"\n");
    let found = beyond(&[("policy.toml", &class), ("federal.csv", "ori\nMAMSP0000\n")]);
    assert_eq!(found.len(), 1, "{found:#?}");
    for part in ["file=policy.toml,line=6", "(MAMSP0000 for instance)", "in `in-state` now: "] {
        assert!(found[0].contains(part), "{part}: {found:?}");
    }
    // A purpose more that requests may state.
    let purposes = HEAD.to_owned() + "purposes = [\"Z\"]\n";
    let found = beyond(&[("policy.toml", &purposes)]);
    assert!(!found.is_empty() && found.iter().all(|one| one.contains("requests may state more")), "{found:#?}");
    // An agreement between: compared with both.
    let between = HEAD.replace("massachusetts", "./shared/a.toml");
    let found = beyond(&[("policy.toml", &between), ("shared/a.toml", &format!("{HEAD}{permit}"))]);
    assert!(found.len() == 1 && found[0].contains("a.toml,line=6"), "{found:#?}");
}

/// A hold for a shape that nobody could lift, until the including policy declared the claim that lifts it.
#[test]
fn check_and_diff_tell_that_a_hold_can_be_lifted() {
    let base = "[policy]\nname = \"base\"\nversion = \"1\"\non-shape-violation = \"hold\"\n[agencies.police]\nori = [\"AZ#####00\"]\n\
                [[permit]]\nid = \"p\"\nagencies = [\"police\"]\nbasis = \"b\"\nelements = [\"person.name\"]\n";
    let policy =
        |more: &str| format!("[policy]\nname = \"mine\"\nversion = \"1\"\ninclude = \"./base.toml\"\n{more}\n");
    let beyond = |more: &str| beyond(&[("policy.toml", &policy(more)), ("base.toml", base)]);
    assert_eq!(beyond(""), [""; 0]);
    assert_eq!(beyond("claims = [\"approved\"]\non-shape-violation = \"withhold\""), [""; 0]);
    let found = beyond("claims = [\"approved\"]");
    assert!(found.len() == 1 && found[0].contains("file=policy.toml,line=5"), "{found:#?}");
    assert!(found[0].contains("goes out with the claim `approved`"), "{found:#?}");
    let folder = TempDir::new().unwrap();
    let policy = policy("claims = [\"approved\"]");
    let files = [("policy.toml", policy.as_str()), ("base.toml", base)];
    let (status, changes) = told(folder.path(), &files, &["diff", "base.toml", "policy.toml"]);
    assert!(changes.contains("on-shape-violation: hold -> hold until `approved`"), "{changes}");
    assert_eq!(status, 3, "{changes}");
    let (status, changes) = told(folder.path(), &[], &["diff", "policy.toml", "base.toml"]);
    assert!(status == 0 && changes.contains("hold until `approved` -> hold"), "{changes}");
}

#[cfg(unix)]
#[test]
fn p8_only_regular_files_are_read_for_a_policy() {
    let folder = TempDir::new().unwrap();
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe")).status();
    assert!(made.is_ok_and(|status| status.success()));
    fs::create_dir(folder.path().join("folder")).unwrap();
    for name in ["./pipe", "./folder"] {
        let include = HEAD.replace("massachusetts", name);
        let roster = format!("{HEAD}[agencies.border]\nori-file = \"{name}\"\n");
        for (policy, place) in [(include, "4:11"), (roster, "6:12")] {
            let (status, shown) = told(folder.path(), &[("policy.toml", &policy)], &["check", "policy.toml"]);
            assert_eq!(status, 2, "{shown}");
            let said = shown.contains(&format!("policy.toml:{place}")) && shown.contains("it is no regular file");
            assert!(said, "{shown}");
        }
    }
}

#[test]
fn reports_show_rules_with_the_file_that_they_are_in() {
    let folder = TempDir::new().unwrap();
    let policy = format!("{HEAD}[agencies.border]\nori-file = \"border.csv\"\n{FORBID}");
    let files = [("policy.toml", policy.as_str()), ("border.csv", "ori,source\nXXCBP0001,a letter\n")];
    let explain = ["explain", "--policy", "policy.toml", "--requester", "XXCBP0001"];
    let (status, shown) = told(folder.path(), &files, &explain);
    assert_eq!(status, 0, "{shown}");
    let line = |id: &str| {
        let pack = fs::read_to_string(policies().join("massachusetts.toml")).unwrap();
        1 + pack.lines().position(|line| line == format!("id = \"{id}\"")).unwrap()
    };
    assert!(shown.contains("listed exactly in border.csv, line 2; source: a letter"), "{shown}");
    assert!(
        shown.contains(&format!(
            "forbid `no-instrument`, line {} of policies/massachusetts.toml",
            line("no-instrument")
        )),
        "{shown}"
    );
    assert!(shown.contains("forbid `mine`, line 8\n"), "{shown}");
    let (_, json) = told(folder.path(), &[], &["matrix", "--policy", "policy.toml", "--output", "json"]);
    assert!(
        json.contains("\"file\":\"policies/massachusetts.toml\"")
            || json.contains("\"file\": \"policies/massachusetts.toml\"")
    );
}

#[test]
fn p2_errors_of_two_files_are_drawn_each_in_its_own() {
    let folder = TempDir::new().unwrap();
    let other = "[policy]\nname = \"o\"\nversion = \"1\"\n[agencies.a]\nori = [\"AZ\"]\n";
    let policy =
        HEAD.replace("\"massachusetts\"", "[\"massachusetts\", \"o.toml\"]") + &FORBID.replace("vehicle", "vehicel");
    let files = [("policy.toml", policy.as_str()), ("o.toml", other)];
    for verb in [&["check", "policy.toml"][..], &["redact", "--policy", "policy.toml"]] {
        let (status, shown) = told(folder.path(), &files, verb);
        assert_eq!(status, 2, "{shown}");
        assert!(shown.contains("policy.toml:8:27: ") && shown.contains("o.toml:5:8: "), "{shown}");
    }
}

#[test]
fn the_cases_of_a_pack_run_with_the_policy_that_includes_it() {
    let folder = TempDir::new().unwrap();
    let cases = root().join("policies/cases/massachusetts");
    let test = ["test", "--policy", "policy.toml", cases.to_str().unwrap()];
    let (status, shown) = told(folder.path(), &[("policy.toml", HEAD)], &test);
    assert!(status == 0 && shown.contains(" 0 failed"), "{shown}");
    let policy = format!("{HEAD}{FORBID}");
    let (status, shown) = told(folder.path(), &[("policy.toml", &policy)], &test);
    assert!(status == 3 && shown.contains("by forbid `mine` (policy.toml:6)"), "{shown}");
}
