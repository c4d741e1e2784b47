//! What the verbs say of the packs: `check` finds nothing to warn of, the cases pass, and together they ask for every cell
//! there is.

use std::fs;

use super::{packs, policies};
use crate::catalog::Catalog;
use crate::judge::dmv_redact;
use crate::plain::narrowed;

#[test]
fn every_case_passes_and_every_cell_is_asked_for() {
    let mut command = dmv_redact("test");
    command.arg(policies().join("cases")).args(["--coverage", "--fail-under", "100"]);
    let output = command.stdout(std::process::Stdio::piped()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && said.contains("coverage of all policies"), "{said}");
}

#[test]
fn check_has_nothing_to_warn_of() {
    for pack in packs() {
        let mut command = dmv_redact("check");
        command.arg("--policy").arg(policies().join(format!("{}.toml", pack.name))).arg("--strict");
        let output = command.stdout(std::process::Stdio::piped()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

/// Rules that ask for a purpose or a key apply without one since `when-absent`: no request that was answered before gets
/// anything else for it.
#[test]
fn p2_an_ordinary_request_gets_what_it_got() {
    let catalog = Catalog::read(&fs::read_to_string(policies().join("../schemas/catalog.toml")).unwrap());
    let mut shipped = vec![policies().join("../starter/policy.toml")];
    let entries = fs::read_dir(policies()).unwrap().map(|entry| entry.unwrap().path());
    shipped.extend(entries.filter(|path| path.extension().is_some_and(|ending| ending == "toml")));
    assert!(shipped.len() >= 14, "{shipped:?}");
    for file in shipped {
        let policy: toml::Table = fs::read_to_string(&file).unwrap().parse().unwrap();
        assert!(policy["policy"].as_table().unwrap().contains_key("purposes"), "{}", file.display());
        let difference = narrowed(&policy, file.parent().unwrap(), &catalog);
        assert_eq!(difference, None, "{}", file.display());
    }
}
