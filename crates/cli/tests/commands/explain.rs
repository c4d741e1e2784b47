//! `dmv-redact explain` as a privacy officer meets it: how a requester came to its classes, which rule decides and why
//! another doesn't apply, what more claims would change; and of every shipped message, path by path, what redact did.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use dmv_redact::{Filter, Requester};
use dmv_redact_testing::{folders, policies, root, text};
use serde_json::Value;
use tempfile::TempDir;

use crate::told_by;

fn explain(arguments: &[&str]) -> (Option<i32>, String, String) {
    let told = told_by("explain", arguments);
    (told.status, told.stdout, told.stderr)
}

/// What is explained of a requester; the run must have gone well.
fn told(arguments: &[&str]) -> String {
    let (status, stdout, stderr) = explain(arguments);
    assert_eq!((status, stderr.as_str()), (Some(0), ""), "{arguments:?}");
    stdout
}

#[track_caller]
fn has(text: &str, wanted: &[&str]) {
    for wanted in wanted {
        assert!(text.contains(wanted), "{wanted}\nis not in\n{text}");
    }
}

/// The line of the example's policy where a rule has its id.
fn line(rule: &str) -> usize {
    let policy = text("policies/example-state.toml");
    policy.lines().position(|line| line == format!("id = \"{rule}\"")).unwrap() + 1
}

const EXAMPLE: [&str; 2] = ["--policy", "policies/example-state.toml"];

#[test]
fn how_a_requester_came_to_its_classes() {
    // Listed in a table: patterns aren't asked, though one fits.
    let folder = tempfile::tempdir().unwrap();
    let wide = folder.path().join("wide.toml");
    let example = text("policies/example-state.toml");
    let own = "[\"AZ*\"]\nexcept = [\"immigration\", \"motor-vehicle\"]";
    fs::write(&wide, example.replace("[\"AZ#######\"]", own)).unwrap();
    let table = "example-state-immigration.csv";
    fs::copy(policies().join(table), folder.path().join(table)).unwrap();
    let wide = ["--policy", wide.to_str().unwrap()];
    has(
        &told(&[&["--requester", "AZICE0100"], &wide[..]].concat()),
        &[
            &format!(
                "    listed exactly in {}, line 5; note: invented field office\n",
                folder.path().join(table).display()
            ),
            "  in-state (Police of this state)\n    its pattern `AZ*` fits, but the ORI is listed exactly: patterns were not asked\n",
        ],
    );
    // Listed in the policy.
    has(&told(&["--requester", "VTICE0900"]), &["    listed exactly, under the class (policies/baseline.toml:"]);
    // By pattern, and left by another class's.
    has(
        &told(&[&["--requester", "AZOLN0000"], &wide[..]].concat()),
        &[
            "  motor-vehicle (Licence bureaus of all states)\n    its pattern `??OLN0000` fits\n",
            "    its pattern `AZ*` fits, but it excepts `motor-vehicle`, whose pattern fits too\n",
        ],
    );
    has(
        &told(&[&["--requester", "ZZ1234567"], &EXAMPLE[..]].concat()),
        &["No agency class claims this requester: every message is withheld (requester-unknown).\n"],
    );
}

#[test]
fn which_rule_decides_and_why_another_does_not_apply() {
    let text = told(&[&["--requester", "AZICE0100", "--claim", "approved"], &EXAMPLE[..]].concat());
    has(
        &text,
        &[
            "A message is rewritten",
            "Released in full\n  permit `immigration` (18 U.S.C. 2721(b)(1))\n    license.status\n",
            "  forbid `no-photo` (cf. 625 ILCS 5/6-110.3)\n    biometric\n",
            &format!("  permit `immigration-by-warrant`, line {}", line("immigration-by-warrant")),
            "    it requires `judicial-warrant`, which nobody vouched for\n",
            "    it applies unless `approved` is vouched for, and it is\n",
            "  with `judicial-warrant`: released full\n    person.name, person.birth-date, person.address, biometric.photo, license.number\n",
        ],
    );
    has(
        &told(&[&["--requester", "AZ0079900", "--purpose", "E"], &EXAMPLE[..]].concat()),
        &["  year: permit `employment` (18 U.S.C. 2721(b)(1))\n    person.birth-date\n"],
    );
    has(
        &told(&[&["--requester", "AZ0070000", "--purpose", "E"], &EXAMPLE[..]].concat()),
        &[": Enough to tell two namesakes apart\n    it is for purpose F\n"],
    );
    // Where message keys make a difference, they are told apart.
    has(
        &told(&[&["--requester", "ON1234500"], &EXAMPLE[..]].concat()),
        &["== Message keys DR, KR, RR ==", "== Message keys DNR, RNR ==", "    it is for message key DNR, RNR\n"],
    );
}

#[test]
fn attack_31_what_the_policy_does_not_declare_is_wrong_usage() {
    for (option, value, complaint) in [
        ("--claim", "approvd", "--claim: the policy declares no claim `approvd`; did you mean `approved`?"),
        ("--purpose", "e", "--purpose: the policy declares no purpose `e`; did you mean `E`?"),
        (
            "--purpose",
            "EMPLOYMENT",
            "--purpose: the policy declares no purpose `EMPLOYMENT`; it declares `C`, `D`, `E`, `F`, `J`, `S`",
        ),
    ] {
        let (status, stdout, stderr) = explain(&["--requester", "VTICE0900", option, value]);
        assert_eq!((status, stdout.as_str(), stderr), (Some(2), "", format!("dmv-redact: {complaint}\n")));
    }
}

#[test]
fn nobody_to_explain_is_wrong_usage() {
    let (status, stdout, stderr) = explain(&[]);
    assert_eq!((status, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains("nobody to explain"), "{stderr}");
    assert_eq!(explain(&["no-such-message.xml"]).0, Some(1));
    assert_eq!(explain(&["--requester", "vtice0900"]).0, Some(2));
}

/// A shipped case: the arguments of the command line, the filter and the requester.
fn case(folder: &Path) -> (Vec<String>, Filter, Requester) {
    let case: toml::Table = toml::from_str(&fs::read_to_string(folder.join("case.toml")).unwrap()).unwrap();
    let text = |name: &str| case.get(name).and_then(|value| value.as_str());
    let message = ["message.xml", "message.json"].map(|name| folder.join(name)).into_iter().find(|path| path.is_file());
    let mut arguments = vec![message.unwrap().to_str().unwrap().to_owned()];
    let mut add = |option: &str, value: &str| arguments.extend([option.to_owned(), value.to_owned()]);
    let mut builder = Filter::builder();
    if let Some(policy) = text("policy") {
        let path = policies().join(format!("{policy}.toml"));
        add("--policy", path.to_str().unwrap());
        builder = builder.policy_path(path);
    }
    if let Some(format) = text("format") {
        add("--format", format);
        builder = builder.format(format);
    }
    let mut requester = Requester::from_envelope();
    if let Some(ori) = text("requester") {
        add("--requester", ori);
        requester = Requester::new(ori).unwrap();
    }
    if let Some(purpose) = text("purpose") {
        add("--purpose", purpose);
        requester = requester.purpose(purpose);
    }
    for claim in case.get("claims").and_then(|claims| claims.as_array()).into_iter().flatten() {
        add("--claim", claim.as_str().unwrap());
        requester = requester.claim(claim.as_str().unwrap());
    }
    (arguments, builder.build().unwrap(), requester)
}

#[test]
fn p6_of_every_shipped_message_it_says_what_redact_did() {
    let mut explained = 0;
    for folder in folders(&root().join("fixtures")) {
        let (arguments, filter, requester) = case(&folder);
        let message = fs::read(&arguments[0]).unwrap();
        let receipt = filter.redact(&message, &requester, &mut Vec::new());
        let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        arguments.extend(["--output", "json"]);
        let json: Value = serde_json::from_str(&told(&arguments)).unwrap();
        let told = &json["message"];
        assert_eq!(told["disposition"], receipt.disposition().name(), "{}", folder.display());
        assert_eq!(told["reason"].as_str(), receipt.reason().map(|reason| reason.code()), "{}", folder.display());
        if !receipt.disposition().releases() {
            continue;
        }
        explained += 1;
        assert!(told.get("caution").is_none(), "{}: {}", folder.display(), told["caution"]);
        let mut counts: BTreeMap<&str, [u64; 3]> = BTreeMap::new();
        for path in told["paths"].as_array().unwrap() {
            let place =
                ["released", "generalised", "removed"].iter().position(|word| path["outcome"] == *word).unwrap();
            counts.entry(path["element"].as_str().unwrap()).or_default()[place] += path["count"].as_u64().unwrap();
        }
        let wanted: BTreeMap<&str, [u64; 3]> = receipt
            .elements()
            .map(|(id, c)| (id, [c.released, c.generalised, c.removed].map(u64::from)))
            .filter(|(_, counts)| *counts != [0; 3])
            .collect();
        assert_eq!(counts, wanted, "{}", folder.display());
    }
    assert!(explained > 40, "{explained} messages were explained");
}

#[test]
fn the_view_shows_what_stays_and_what_goes_and_no_value() {
    let xml = told(&["fixtures/dr-in-state-police/message.xml", "--diff-view"]);
    has(
        &xml,
        &[
            "    <n2:Person>\n      <nc:PersonName>\n        <nc:PersonGivenName> stays\n",
            "      <nc:PersonSSNIdentification> removed: not permitted\n",
        ],
    );
    let json = told(&["fixtures/niem-json-references-removed/message.json", "--diff-view"]);
    has(&json, &["    \"nc:PersonSSNIdentification\" removed: not permitted\n"]);
    let shape = told(&["fixtures/dr-ssn-in-name/message.xml", "--diff-view"]);
    has(&shape, &["<nc:PersonMiddleName> removed: permitted, but its value violates the element's shape\n"]);
    let held = told(&["fixtures/dr-ice/message.xml", "--diff-view"]);
    has(&held, &["This message is held: review", "Nothing of it goes out"]);
    for value in ["JORDAN", "EXAMPLE", "900-12-3456", "MESQUITE", "1985-07-04", "D08954796"] {
        for text in [&xml, &json, &shape, &held] {
            assert!(!text.contains(value), "P6: {value} in\n{text}");
        }
    }
}

#[test]
fn what_can_not_be_read_is_explained_too() {
    has(
        &told(&["fixtures/dr-truncated/message.xml"]),
        &["This message is withheld: not-well-formed-xml, an element is not closed, at byte 3384.\n"],
    );
    has(
        &told(&["fixtures/dr-unknown-agency/message.xml"]),
        &["No agency class claims this requester", "This message is withheld: requester-unknown"],
    );
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("empty.xml");
    fs::write(&path, "").unwrap();
    has(
        &told(&[path.to_str().unwrap()]),
        &["No requester is known.\n", "This message is withheld: empty, there is no message.\n"],
    );
}

/// A policy that withholds for a shape ends a message at its first violation; what becomes of the rest is told all the same.
#[test]
fn a_message_that_is_withheld_for_a_shape_is_explained_to_its_end() {
    let folder = TempDir::new().unwrap();
    let policy = folder.path().join("withholds.toml");
    let own = text("policies/baseline.toml");
    fs::write(&policy, own.replacen("[policy]\n", "[policy]\non-shape-violation = \"withhold\"\n", 1)).unwrap();
    let policy = policy.to_str().unwrap();
    let who = ["--requester", "AZ0070000", "--purpose", "C", "--diff-view"];
    let message = "fixtures/dr-ssn-in-name/message.xml";
    let explained = |more: &[&str]| told(&[&[message], &who[..], more].concat());
    let (withheld, redacted) = (explained(&["--policy", policy]), explained(&[]));
    has(&withheld, &["This message is withheld: shape,", "below is what the policy alone says of its parts.\n"]);
    let parts = |text: &str| text.split_once("\n\n").unwrap().1.to_owned();
    assert_eq!(parts(&withheld), parts(&redacted));
}

/// Programs take what they read as it is: every name is the id of one element, and each element has one answer.
#[test]
fn names_for_programs_are_ids_of_elements() {
    let catalog = Filter::builder().build().unwrap().catalog().clone();
    let body: Vec<&str> = catalog.iter().filter(|(_, one)| !one.is_envelope()).map(|(_, one)| one.id()).collect();
    for asked in [
        &["--requester", "VTICE0900"][..],
        &["--requester", "VTICE0900", "--claim", "approved"],
        &["--requester", "AZ0070000"],
    ] {
        let told: Value = serde_json::from_str(&told(&[asked, &["--output", "json"]].concat())).unwrap();
        for situation in told["situations"].as_array().unwrap() {
            let lists = |what: &str| situation[what].as_array().unwrap().clone();
            let names = |one: &Value| -> Vec<String> {
                one["elements"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
            };
            let mut answered: Vec<String> = lists("elements").iter().flat_map(names).collect();
            answered.sort();
            let mut all = body.clone();
            all.sort_unstable();
            assert_eq!(answered, all);
            assert!(lists("changes").iter().flat_map(names).all(|name| catalog.find(&name).is_some()));
        }
    }
}

#[test]
fn an_option_that_has_no_effect_is_refused() {
    let of_nobody = ["--requester", "AZ0070000"];
    for (more, said) in [
        (&["--format", "nlets-niem"][..], "--format has no effect without a message"),
        (&["--limit", "depth=9"], "--limit has no effect without a message"),
        (&["--limit", "depth=9", "--limit", "depth=8", "fixtures/dr-ice/message.xml"], "--limit: `depth` is set twice"),
        (&["--diff-view"], "required arguments were not provided"),
    ] {
        let (status, _, stderr) = explain(&[&of_nobody, more].concat());
        assert!(status == Some(2) && stderr.contains(said), "{more:?}: {stderr}");
    }
}

#[test]
fn what_is_wrong_with_an_ori_is_said_without_repeating_it() {
    for (ori, said) in [
        ("900123456", "--requester: the requester is no ORI: it begins with a digit, and an ORI begins with a letter"),
        ("AZ007000", "--requester: the requester is no ORI: it has 8 characters, and an ORI has 9"),
        ("az0070000", "--requester: the requester is no ORI: its character 1 is lower case, and an ORI is upper case"),
    ] {
        let (status, _, stderr) = explain(&["--requester", ori]);
        assert_eq!((status, stderr), (Some(2), format!("dmv-redact: {said}\n")));
    }
}
