//! What the verbs say of the packs: `check` finds nothing to warn of, the cases pass, and together they ask for every cell
//! there is.

use std::fs;

use dmv_redact_testing::catalog::Catalog;
use dmv_redact_testing::{root, shipped_policies};

use super::difference::narrowed;
use super::packs;
use crate::told_by;

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
