//! What the verbs say of the packs: `check` finds nothing to warn of, the cases pass, and together they ask for every cell
//! there is.

use std::fs;

use dmv_redact_testing::catalog::Catalog;
use dmv_redact_testing::{policies, root, shipped_policies};
use tempfile::TempDir;

use super::difference::narrowed;
use super::packs;
use crate::{run_in, text, told_by};

#[test]
fn every_case_passes_and_every_cell_is_asked_for() {
    let told = told_by("test", &["policies/cases", "--coverage", "--fail-under", "100"]);
    assert!(told.status == Some(0) && told.stdout.contains("coverage of all policies"), "{}", told.stdout);
}

#[test]
fn check_has_nothing_to_warn_of() {
    for pack in packs() {
        let told = told_by("check", &["--strict", "--policy", &format!("policies/{}.toml", pack.name)]);
        assert_eq!(told.status, Some(0), "{}", told.stdout);
    }
}

/// Where a policy is named, a pack's name will do, unless there is a file of that name.
#[test]
fn p2_a_pack_is_named_without_its_file() {
    let folder = TempDir::new().unwrap();
    let run = |arguments: &[&str]| {
        let output = run_in(folder.path(), arguments);
        (output.status.code(), text(&output.stdout).to_owned(), text(&output.stderr).to_owned())
    };
    let printed = run(&["init", "--pack", "illinois", "--print"]);
    assert_eq!(printed, (Some(0), fs::read_to_string(policies().join("illinois.toml")).unwrap(), String::new()));
    let file = policies().join("illinois.toml").display().to_string();
    for verb in [&["matrix", "--output", "json"][..], &["explain", "--requester", "ILICE0000", "--output", "json"]] {
        let [named, by_path] = ["illinois", &file].map(|policy| run(&[verb, &["--policy", policy]].concat()));
        assert_eq!((named.0, named.1.replace("policies/", "")), (Some(0), by_path.1.replace(&file, "illinois.toml")));
    }
    assert_eq!(run(&["diff", "illinois", &file]).1.lines().last(), Some("nothing changes for anyone"));
    assert_eq!(run(&["diff", "dppa", "illinois"]).0, Some(0));
    assert_eq!(run(&["check", "--strict", "illinois"]).0, Some(0));
    assert_eq!(run(&["check", "--strict", "--policy", "illinois"]).0, Some(0));
    let unknown = "ilinois: there is no such file, and no built-in policy is called `ilinois`";
    for arguments in [&["matrix", "--policy", "ilinois"][..], &["diff", "dppa", "ilinois"], &["check", "ilinois"]] {
        let (status, out, err) = run(arguments);
        let told = out + &err;
        assert!(status == Some(2) && told.contains(unknown) && told.contains("did you mean `illinois`?"), "{told}");
    }
    // What has a slash or the ending is a file.
    for name in ["./illinois", "illinois.toml"] {
        let (status, _, err) = run(&["matrix", "--policy", name]);
        assert!(status == Some(2) && err.contains("can't be read"), "{err}");
    }
    fs::write(folder.path().join("illinois"), "[policy]\nname = \"mine\"\nversion = \"1\"\n").unwrap();
    assert!(run(&["diff", "dppa", "illinois"]).1.contains("to mine 1"));
    assert_eq!(run(&["init", "--print"]).0, Some(2));
}

/// The pack of federal law is a ceiling: what a state's pack lets out beyond it would be no disclosure that the Act allows.
#[test]
fn no_pack_gives_more_than_federal_law() {
    for pack in packs() {
        let told = told_by("diff", &["policies/dppa.toml", &format!("policies/{}.toml", pack.name)]);
        assert_eq!(told.status, Some(0), "{}: {}", pack.name, told.stdout);
    }
}

/// Rules that ask for a purpose or a key apply without one since `when-absent`: no request that was answered before gets
/// anything else for it.
#[test]
fn p2_an_ordinary_request_gets_what_it_got() {
    let catalog = Catalog::shipped();
    let mut shipped = shipped_policies();
    shipped.push(root().join("crates/cli/starter/policy.toml"));
    assert!(shipped.len() >= 14, "{shipped:?}");
    for file in shipped {
        let policy: toml::Table = fs::read_to_string(&file).unwrap().parse().unwrap();
        assert!(policy["policy"].as_table().unwrap().contains_key("purposes"), "{}", file.display());
        let difference = narrowed(&policy, file.parent().unwrap(), &catalog);
        assert_eq!(difference, None, "{}", file.display());
    }
}
