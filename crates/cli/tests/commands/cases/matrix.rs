//! Matrix tests: a row asserts a whole grant, so one that is too wide, too narrow or otherwise treated is told, with the rule
//! that decides; and coverage, in whole cells.

use std::fs;

use super::Folder;

/// Under the example state's policy: what its out-of-state rule gives, and to whom nothing goes out.
const ROWS: &str = r#"policy = "example-state"

[[may]]
title = "Neighbours, without a purpose"
agencies = ["out-of-state"]
purposes = ["none", "C"]
messages = ["DR"]
elements = ["vehicle", "person.name", "person.birth-date", "history", "owner.name", "registration.plate", "license.number",
  "registration.plate-state", "registration.status", "license.class", "license.commercial-class", "license.card-number",
  "license.jurisdiction", "license.status", "license.commercial-status", "license.type", "license.issue-date",
  "license.expiration-date", "license.restriction", "license.endorsement", "license.medical-certification",
  "license.privileges"]
as = { "owner.name" = "mask" }

[[may]]
title = "A federal agency, where life is in danger"
agencies = ["federal"]
purposes = ["none"]
messages = ["DR"]
claims = ["emergency"]
duties = ["review-afterwards within 3 business days"]
elements = ["person.name", "person.birth-date", "person.address", "person.sex", "person.height", "person.weight",
  "person.eye-color", "person.hair-color", "license.number", "license.class", "license.status", "vehicle",
  "registration.plate", "registration.plate-state", "biometric.photo"]

[[may]]
title = "ICE, with a judge's warrant and approved"
agencies = ["immigration"]
purposes = ["none"]
messages = ["DR"]
claims = ["judicial-warrant", "approved"]
duties = ["keep-record for 1 year"]
elements = ["person.name", "person.birth-date", "person.address", "license.number", "license.status", "biometric.photo"]

[[may]]
title = "Immigration is held"
requester = "AZICE0100"
messages = ["DR"]
purposes = ["none"]
disposition = "held"
elements = ["license.status"]

[[may]]
title = "Nobody gets nothing"
agencies = []
disposition = "withheld"
"#;

fn folder() -> Folder {
    let folder = Folder::with(&[]);
    folder.write("cases/example/matrix.toml", ROWS);
    folder
}

#[test]
fn rows_that_say_what_the_policy_grants_pass() {
    let told = folder().test(&[]);
    assert_eq!((told.status, told.stdout.as_str()), (Some(0), "5 cases: 5 passed, 0 failed\n"), "{told:?}");
}

#[test]
fn a_row_that_is_not_what_the_policy_grants_says_which_element_and_which_rule() {
    for (from, to, wanted) in [
        // Too narrow a row: more goes out than it says.
        ("\"history\", ", "", "element: expected removed, got full\n      history\n      by permit `neighbours` ("),
        // Too wide a row: less goes out than it says.
        (
            "\"owner.name\",",
            "\"owner.name\", \"person.ssn\", \"license.limited-term\",",
            "element: expected full, got removed\n      person.ssn\n      no permit that applies names it\n      in all 2 ",
        ),
        (
            "\"owner.name\",",
            "\"owner.name\", \"license.limited-term\",",
            "element: expected full, got removed\n      license.limited-term\n      by forbid `no-immigration-status` (",
        ),
        (
            "= \"mask\" }",
            "= \"full\" }",
            "treatment: expected full, got mask\n      owner.name\n      by permit `neighbours` (",
        ),
        (
            "disposition = \"held\"\n",
            "",
            "verdict: expected rewritten, got held\n      review `case-by-case` applies\n",
        ),
        (
            "agencies = []",
            "requester = \"BC1234500\"\nmessages = [\"DR\"]",
            "verdict: expected withheld, got rewritten\n",
        ),
        (
            "AZICE0100",
            "ZZ1234567",
            "verdict: expected held, got withheld\n      no agency class claims the requester\n",
        ),
    ] {
        let folder = folder();
        folder.change("cases/example/matrix.toml", from, to);
        let told = folder.test(&[]);
        assert_eq!((told.status, told.stderr.as_str()), (Some(3), ""), "{told:?}");
        assert!(told.stdout.contains(wanted), "{wanted} is not in\n{}", told.stdout);
        assert!(told.stdout.contains("matrix.toml:"), "{}", told.stdout);
    }
}

#[test]
fn every_name_in_a_row_is_checked() {
    for (from, to, wanted) in [
        ("\"person.birth-date\"", "\"person.birth-dat\"", "unknown data element `person.birth-dat`"),
        ("\"owner.name\" = \"mask\"", "\"owner.name\" = \"year\"", "`owner.name` doesn't take the treatment `year`"),
        ("\"owner.name\" = \"mask\"", "\"person.ssn\" = \"mask\"", "`as` names `person.ssn`, which this row doesn't"),
        ("\"out-of-state\"", "\"out-of-stat\"", "unknown agency class `out-of-stat`"),
        ("[\"out-of-state\"]", "[\"out-of-state\", \"canadian\"]", "no ORI is in exactly these agency classes"),
        ("\"none\", \"C\"", "\"none\", \"X\"", "the policy declares no purpose `X`"),
        ("[\"DR\"]", "[\"DRR\"]", "unknown message key `DRR`"),
        ("[\"DR\"]", "[]", "an empty list asks for nothing"),
        ("\"held\"", "\"hold\"", "a row is not `hold`"),
        ("\"AZICE0100\"", "\"AZICE010\"", "`AZICE010` is no ORI"),
        (
            "requester = ",
            "agencies = [\"canadian\"]\nrequester = ",
            "a row names a `requester` or `agencies`, not both",
        ),
        ("agencies = []", "", "this row names nobody"),
        ("\"withheld\"", "\"withheld\"\nelements = [\"license\"]", "of a message that is withheld nothing goes out"),
        ("Immigration is held", "Nobody gets nothing", "is the title of another row too"),
        ("title = \"Imm", "claims = [\"approvd\"]\ntitle = \"Imm", "unknown claim `approvd`"),
    ] {
        let folder = folder();
        folder.change("cases/example/matrix.toml", from, to);
        let told = folder.test(&[]);
        assert_eq!((told.status, told.stdout.as_str()), (Some(2), ""), "{to}: {told:?}");
        let first = told.stderr.lines().next().unwrap();
        assert!(first.contains("matrix.toml:") && first.contains(wanted), "{wanted} is not in {first}");
    }
}

const POLICY: &str = r#"
[policy]
name = "two"
version = "1"
[agencies.one]
ori = ["AZ*"]
[agencies.two]
ori = ["NV*"]
[[permit]]
id = "p"
agencies = ["one", "two"]
purposes = ["C"]
elements = ["license"]
"#;

#[test]
fn coverage_counts_cells_exactly_and_names_those_that_nothing_asked_for() {
    let folder = Folder::with(&[]);
    folder.write("policies/two.toml", POLICY);
    let row = |class: &str, purposes: &str, rest: &str| {
        format!("[[may]]\ntitle = '{class} {purposes}'\nagencies = [\"{class}\"]\npurposes = [{purposes}]\n{rest}\n")
    };
    let one = row("one", "\"C\"", "elements = [\"license\"]");
    folder.write("cases/matrix.toml", &format!("policy = \"two\"\n{one}"));
    let told = folder.test(&["--coverage", "--output", "json"]);
    assert_eq!(told.status, Some(0), "{told:?}");
    let coverage = |stdout: &str| serde_json::from_str::<serde_json::Value>(stdout).unwrap()["coverage"].clone();
    let cells = coverage(&told.stdout)["cells"].clone();
    let (exercised, all) = (cells["exercised"].as_u64().unwrap(), cells["all"].as_u64().unwrap());
    // Two classes, one purpose and none; one class asked for one of them.
    assert_eq!(all, exercised * 4);
    assert_eq!(folder.test(&["--fail-under", "25"]).status, Some(0));
    let under = folder.test(&["--fail-under", "26"]);
    assert_eq!(
        (under.status, under.stderr.as_str()),
        (Some(3), "dmv-redact: fewer than 26 % of the cells were asked for\n")
    );
    assert!(under.stdout.contains("    not for purposes C, none: "), "{}", under.stdout);
    assert!(
        under.stdout.contains(&format!("in all                       {exercised} of {all} cells (25 %)")),
        "{}",
        under.stdout
    );

    let none = "disposition = \"withheld\"";
    let rest =
        [row("one", "\"none\"", none), row("two", "\"C\"", "elements = [\"license\"]"), row("two", "\"none\"", none)];
    folder.write("cases/matrix.toml", &format!("policy = \"two\"\n{one}{}", rest.concat()));
    let told = folder.test(&["--fail-under", "100"]);
    assert_eq!(told.status, Some(0), "{told:?}");
    assert!(!told.stdout.contains("not for"), "{}", told.stdout);
}

#[test]
fn a_message_case_covers_what_it_asserts_and_nothing_else() {
    let folder = Folder::with(&["dr-out-of-state"]);
    let told = folder.test(&["--coverage", "--output", "json"]);
    let run: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    let case = fs::read_to_string(folder.path("cases/dr-out-of-state/case.toml")).unwrap();
    let expected: toml::Table = toml::from_str(&case).unwrap();
    let list =
        |name: &str| expected["expect"][name].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned());
    let elements: std::collections::BTreeSet<String> = list("released").chain(list("removed")).collect();
    assert_eq!(run["coverage"]["cells"]["exercised"].as_u64(), Some(elements.len() as u64));
}

#[test]
fn all_that_is_wrong_with_cases_and_rows_is_reported_at_once() {
    let folder = folder();
    folder.change("cases/example/matrix.toml", "\"person.birth-date\"", "\"person.birth-dat\", \"person.snn\"");
    folder.change("cases/example/matrix.toml", "\"out-of-state\"", "\"out-of-stat\"");
    folder.change("cases/example/matrix.toml", "\"none\", \"C\"", "\"none\", \"X\"");
    folder.change("cases/example/matrix.toml", "\"held\"", "\"hold\"");
    folder.write(
        "cases/one/case.toml",
        "title = 'x'\npolicy = 'nowhere'\nformat = 'nlets-nim'\nrequester = 'az'\npurpse = 'C'\n[expect]\n\
         disposition = 'redactd'\nreason = 'reviw'\nreleased = ['person.snn', 'person']\nremoved = ['licence.number']\n",
    );
    let told = folder.test(&[]);
    assert_eq!((told.status, told.stdout.as_str()), (Some(2), ""), "{told:?}");
    for wanted in [
        "matrix.toml:",
        "`person.birth-dat`",
        "`person.snn`",
        "`out-of-stat`",
        "purpose `X`",
        "a row is not `hold`",
        "there is no policy `nowhere`",
        "unknown format `nlets-nim`",
        "is no ORI",
        "unknown key `purpse`",
        "there is no message",
        "unknown disposition `redactd`",
        "unknown reason `reviw`",
        "case.toml:9:13: unknown data element `person.snn`",
        "case.toml:9:27: unknown data element `person`",
        "unknown data element `licence.number`",
    ] {
        assert!(told.stderr.contains(wanted), "{wanted} is not in {}", told.stderr);
    }
}
