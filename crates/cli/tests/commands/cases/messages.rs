//! Message cases: each kind of failure, each kind of wrong case.

use std::collections::BTreeSet;
use std::fs;

use dmv_redact_testing::{folders, root};

use super::{Folder, test};

#[test]
fn the_shipped_cases_pass() {
    let told =
        test(&[root().join("fixtures").to_str().unwrap(), "--policies", root().join("policies").to_str().unwrap()]);
    assert_eq!((told.status, told.stderr.as_str()), (Some(0), ""), "{}", told.stdout);
    let count = folders(&root().join("fixtures")).len();
    assert_eq!(told.stdout, format!("{count} cases: {count} passed, 0 failed\n"));
}

#[test]
fn each_kind_of_failure_is_told() {
    let folder = Folder::with(&["dr-ice-warrant", "dr-ice", "dr-in-state-police", "dr-firearms-ssn-tail"]);
    folder.change("cases/dr-ice-warrant/case.toml", "\"redacted\"", "\"released\"");
    folder.change("cases/dr-ice-warrant/case.toml", "  \"license.class\",\n", "");
    folder.change("cases/dr-ice-warrant/case.toml", "\"person.ssn\",", "\"person.ssn\", \"vehicle.make\",");
    folder.change("cases/dr-ice/case.toml", "review", "shape");
    folder.change("cases/dr-in-state-police/expected.xml", "JORDAN", "JO");
    let told = folder.test(&[]);
    assert_eq!((told.status, told.stderr.as_str()), (Some(3), ""));
    for wanted in [
        "failed: dr-ice\n",
        "    reason: expected shape, got review\n",
        "    disposition: expected released, got redacted\n",
        "      released and not expected: license.class (1 value)\n",
        "      expected and not removed: vehicle.make\n",
        "    output: expected 2811 bytes, got 2815 bytes\n",
        "4 cases: 1 passed, 3 failed\n",
    ] {
        assert!(told.stdout.contains(wanted), "{wanted} is not in\n{}", told.stdout);
    }
    // The order of the cases stays, whichever was done first.
    for jobs in ["1", "2", "7"] {
        assert_eq!(folder.test(&["--jobs", jobs]).stdout, told.stdout);
    }
}

#[test]
fn every_name_in_a_case_is_checked() {
    let folder = Folder::with(&["dr-ice-warrant"]);
    let case = "cases/dr-ice-warrant/case.toml";
    for (from, to, place, help) in [
        (
            "person.height",
            "person.heigt",
            ":19:3: unknown data element `person.heigt`",
            "did you mean `person.height`?",
        ),
        (
            "\"person.height\"",
            "\"person\"",
            ":19:3: unknown data element `person`",
            "a group is none: name each of its elements",
        ),
        ("\"person.height\"", "\"envelope.date\"", ":19:3: `envelope.date` is of the envelope", "not listed"),
        (
            "judicial-warrant",
            "judicial-warant",
            ":2:23: the policy declares no claim `judicial-warant`",
            "did you mean `judicial-warrant`?",
        ),
        ("\"redacted\"", "\"redactd\"", ":5:15: unknown disposition `redactd`", "did you mean `redacted`?"),
        ("\"redacted\"", "\"redacted\"\nreason = \"review\"", ":6:10: only a message that is held", "has a reason"),
        ("\"redacted\"", "\"held\"\nreason = \"reviw\"", ":6:10: unknown reason `reviw`", "did you mean `review`?"),
        ("claims", "claim", ":2:1: unknown key `claim`", "did you mean `claims`?"),
        (
            "claims",
            "policy = \"exampel-state\"\nclaims",
            ":2:10: there is no policy `exampel-state`",
            "did you mean `example-state`?",
        ),
        ("claims", "policy = \"../none.toml\"\nclaims", ":2:10: there is no policy ", "cases/none.toml"),
        ("claims", "format = \"nlets-nim\"\nclaims", ":2:10: unknown format `nlets-nim`", "did you mean `nlets-niem`?"),
        ("claims", "message = \"other.xml\"\nclaims", ":2:11: there is no message ", "other.xml"),
        ("claims", "requester = \"vtice0900\"\nclaims", ":2:13: the requester is no ORI", "is lower case"),
    ] {
        let before = fs::read_to_string(folder.path(case)).unwrap();
        folder.change(case, from, to);
        let told = folder.test(&[]);
        assert_eq!((told.status, told.stdout.as_str()), (Some(2), ""), "{to}");
        let (first, drawn) = told.stderr.split_once('\n').unwrap();
        assert!(first.contains(&format!("case.toml{place}")), "{place} is not in {first}");
        assert!(told.stderr.contains(help), "{help} is not in {first}\n{drawn}");
        fs::write(folder.path(case), before).unwrap();
    }
    folder.write("cases/dr-ice-warrant/message.json", "{}");
    assert!(folder.test(&[]).stderr.contains("two messages: message.xml and message.json"));
}

#[test]
fn a_folder_without_cases_proves_nothing() {
    let folder = Folder::with(&[]);
    let told = folder.test(&[]);
    assert_eq!(told.status, Some(2));
    assert!(told.stderr.contains("there is no case in it"), "{}", told.stderr);
    let folder = Folder::with(&["dr-ice"]);
    let told = folder.test(&["--filter", "ice-warrant"]);
    assert_eq!(told.status, Some(2));
    assert!(told.stderr.ends_with("no case has `ice-warrant` in its name\n"), "{}", told.stderr);
    assert_eq!(test(&["no-such-folder"]).status, Some(2));
}

#[test]
fn cases_can_share_a_message_and_name_their_policy_by_its_path() {
    let folder = Folder::with(&["dr-in-state-police"]);
    folder.write(
        "cases/same-message/case.toml",
        "title = \"x\"\npolicy = \"../../policies/baseline.toml\"\nmessage = \"../dr-in-state-police/message.xml\"\n\
         [expect]\ndisposition = \"redacted\"\n",
    );
    let told = folder.test(&[]);
    assert_eq!(told.status, Some(0), "{told:?}");
    assert_eq!(told.stdout, "2 cases: 2 passed, 0 failed\n");
}

#[test]
fn junit_has_every_case_once_with_its_faults() {
    let folder = Folder::with(&["dr-ice", "dr-ice-approved", "dr-ice-warrant"]);
    folder.change("cases/dr-ice/case.toml", "review", "shape");
    let report = folder.path("junit.xml");
    let told = folder.test(&["--junit", report.to_str().unwrap(), "--output", "json"]);
    assert_eq!(told.status, Some(3));
    let json: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!((json["passed"].as_u64(), json["failed"].as_u64()), (Some(2), Some(1)));
    assert_eq!(json["cases"][0]["faults"][0]["what"], "reason");
    let text = fs::read_to_string(report).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let tests: Vec<_> = document.descendants().filter(|node| node.has_tag_name("testcase")).collect();
    let names: BTreeSet<&str> = tests.iter().filter_map(|test| test.attribute("name")).collect();
    assert_eq!((tests.len(), names.len()), (3, 3));
    let failed: Vec<_> = document.descendants().filter(|node| node.has_tag_name("failure")).collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].text(), Some("reason: expected shape, got review"));
}

#[test]
fn outputs_are_compared_by_their_parts() {
    let folder = Folder::with(&["dr-in-state-police", "niem-json-dr-in-state-police"]);
    // Another text, the same parts.
    folder.change("cases/dr-in-state-police/expected.xml", "JORDAN", "JO");
    // A part less, and one more.
    folder.change(
        "cases/niem-json-dr-in-state-police/expected.json",
        "\"nc:PersonSurName\"",
        "\"nc:PersonNameSuffixText\"",
    );
    let told = folder.test(&[]);
    assert_eq!(told.status, Some(3), "{told:?}");
    for wanted in [
        "      of the same parts, but not of the same text: at n2:NLETS/n2:NLETSResponseData/n2:Person/nc:PersonName/nc:PersonGivenName\n",
        "-       \"nc:PersonNameSuffixText\"\n",
        "+       \"nc:PersonSurName\"\n",
    ] {
        assert!(told.stdout.contains(wanted), "{wanted} is not in\n{}", told.stdout);
    }
}

/// A policy that gives immigration enforcement the address must not pass because the cases name another.
#[test]
fn p2_a_policy_that_is_named_on_the_command_line_is_the_one_that_is_tested() {
    let folder = Folder::with(&["dr-ice", "dr-in-state-police"]);
    assert_eq!(folder.test(&[]).status, Some(0));
    let generous = "[policy]\nname = \"generous\"\nversion = \"1\"\n[agencies.all]\nori = [\"*\"]\n[[permit]]\nid = \"p\"\n\
                    agencies = [\"all\"]\nelements = [\"person.address\"]\n";
    folder.write("generous.toml", generous);
    let policy = folder.path("generous.toml");
    let policy = policy.to_str().unwrap();
    let told = folder.test(&["--policy", policy]);
    assert_eq!(told.status, Some(3), "{told:?}");
    assert!(told.stdout.contains("disposition: expected held, got redacted"), "{told:?}");
    // What could have no effect is refused.
    for (arguments, said) in [
        (vec!["--policy", policy, "--policies", "policies"], "cannot be used with"),
        (vec!["--fail-under", "0"], "0 is not in 1..=100"),
        (vec!["--jobs", "0"], "number would be zero"),
    ] {
        let told = folder.test(&arguments);
        assert!(told.status == Some(2) && told.stderr.contains(said), "{told:?}");
    }
    folder.write(
        "own/case.toml",
        "title = \"t\"\npolicy = \"../generous.toml\"\nmessage = \"../cases/dr-ice/message.xml\"\n\
        [expect]\ndisposition = \"redacted\"\n",
    );
    let own = folder.path("own");
    let told = super::test(&[own.to_str().unwrap(), "--policies", folder.path("policies").to_str().unwrap()]);
    assert!(told.status == Some(2) && told.stderr.contains("--policies: it has no effect"), "{told:?}");
}
