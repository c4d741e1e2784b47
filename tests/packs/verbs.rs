//! What the verbs say of the packs: `check` finds nothing to warn of, the cases pass, and together they ask for every cell
//! there is.

use super::{packs, policies};
use crate::judge::dmv_redact;

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
