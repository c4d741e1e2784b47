//! Instruments in the verbs on policies: what they specify is a claim of its own in the reports.

use std::fs;

use serde_json::{Value, json};

use dmv_redact_testing::root;

use crate::told_in;

const POLICY: &str = r#"[policy]
name = "specified"
version = "1"
claims = ["approved", "order", "warrant"]

[claims]
order = "an order of a court"
warrant = { title = "a warrant of a federal judge", issuers = ["federal-judge"] }

[agencies.immigration]
ori = ["VTICE0900"]

[[permit]]
id = "specified"
agencies = ["immigration"]
specified-by = ["order", "warrant"]
elements = ["person.name", "license.status"]
basis = "a statute"

[[review]]
id = "review"
agencies = ["immigration"]
unless = ["approved"]
vouches = ["approved", "order", "warrant"]
basis = "a statute"
"#;

const CASES: &str = r#"policy = "../../policy.toml"

[[may]]
title = "Nothing to show"
agencies = ["immigration"]
disposition = "held"

[[may]]
title = "An order that is not read yet"
agencies = ["immigration"]
claims = ["order"]
disposition = "held"

[[may]]
title = "The same, which specifies all"
agencies = ["immigration"]
specified = ["order"]
disposition = "held"
elements = ["person.name", "license.status"]

[[may]]
title = "Approved, and nothing is specified"
agencies = ["immigration"]
claims = ["approved", "order", "warrant"]
disposition = "withheld"

[[may]]
title = "Approved, and all is specified"
agencies = ["immigration"]
claims = ["approved"]
specified = ["warrant"]
elements = ["person.name", "license.status"]
"#;

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("policy.toml"), POLICY).unwrap();
    fs::create_dir_all(folder.path().join("cases/matrix")).unwrap();
    fs::write(folder.path().join("cases/matrix/matrix.toml"), CASES).unwrap();
    folder
}

#[test]
fn p1_rows_tell_what_is_specified_from_what_is_not() {
    let folder = folder();
    told_in(folder.path(), &["test", "cases", "--coverage", "--fail-under", "100"], 0);
    let wrong = CASES.replace("specified = [\"warrant\"]", "claims = [\"warrant\"]").replacen(
        "claims = [\"approved\"]\nclaims",
        "claims",
        1,
    );
    fs::write(folder.path().join("cases/matrix/matrix.toml"), wrong).unwrap();
    told_in(folder.path(), &["test", "cases"], 3);
    let unknown = CASES.replace("specified = [\"warrant\"]", "specified = [\"warrnt\"]");
    fs::write(folder.path().join("cases/matrix/matrix.toml"), unknown).unwrap();
    let told = told_in(folder.path(), &["test", "cases"], 2);
    assert!(told.contains("did you mean `warrant`?"), "{told}");
}

#[test]
fn p1_a_message_case_has_its_instruments() {
    let folder = folder();
    let case = |instrument: &str, disposition: &str, status: i32| {
        let text = format!(
            "title = 'a case'\npolicy = '../../policy.toml'\nclaims = ['approved']\ndate = '2026-12-01'\n\
             [[instruments]]\n{instrument}\n[expect]\ndisposition = '{disposition}'\n"
        );
        fs::create_dir_all(folder.path().join("cases/ice")).unwrap();
        fs::write(folder.path().join("cases/ice/case.toml"), text).unwrap();
        fs::copy(root().join("fixtures/dr-ice/message.xml"), folder.path().join("cases/ice/message.xml")).unwrap();
        told_in(folder.path(), &["test", "cases/ice"], status)
    };
    // Long over today: it is the date of the case that counts.
    let warrant = "claim = 'warrant'\nissuer = 'federal-judge'\nnumber = '42'\nuntil = '2026-12-01'";
    let released = "released = ['person.name.given', 'person.name.middle', 'person.name.surname']";
    case(&format!("{warrant}\nspecifies = ['person.name']"), &format!("redacted'\n{released} #'"), 0);
    case(warrant, "withheld'\nreason = 'nothing-permitted", 0);
    for (instrument, told) in [
        ("claim = 'warrant'\nissuer = 'clerk'", "the policy declares no such issuer for the claim: `warrant`"),
        ("claim = 'warrnt'", "the policy declares no claim `warrnt`"),
        (
            "claim = 'warrant'\nissuer = 'federal-judge'\nuntil = '2026-11-30'",
            "the instrument ended before the day of the request",
        ),
        ("claim = 'warrant'\nissuer = 'federal-judge'\nuntil = '11/30'", "YYYY-MM-DD"),
        ("issuer = 'federal-judge'", "claim"),
    ] {
        let text = case(instrument, "withheld", 2);
        assert!(text.contains(told), "{instrument}: {text}");
    }
}

/// A claim stands for what the instrument behind it specifies: only JSON, for programs, has names for both.
#[test]
fn the_matrix_says_what_opens_if_specified() {
    let folder = folder();
    let form = |form: &str| told_in(folder.path(), &["matrix", "--policy", "policy.toml", "--output", form], 0);
    let told = "full with approved and one of order or warrant, if specified";
    let only = "full with approved and one of order or warrant: only what the instrument behind it specifies; permit ";
    let [text, markdown, csv, html] = ["text", "md", "csv", "html"].map(form);
    assert!(text.contains("\nif specified: only what the instrument behind a claim specifies\n"), "{text}");
    assert!(text.contains("  name                        if specified (1)\n"), "{text}");
    assert!(
        markdown.contains("| if specified (1) |") && markdown.contains(&format!("  - {only}specified\n")),
        "{markdown}"
    );
    assert!(csv.contains(",if specified,"), "{csv}");
    assert!(html.contains(&format!("{only}<code>specified</code>")), "{html}");
    assert!(html.contains("value=\"order\" data-implies=\"order or warrant (specified)\""), "{html}");
    assert!(html.contains("value=\"approved\" data-implies=\"\""), "{html}");
    for shown in [&text, &markdown, &csv] {
        assert!(!shown.contains("(specified)"), "{shown}");
    }
    for shown in [&markdown, &csv, &html] {
        assert!(shown.contains(told), "{shown}");
    }
}

#[test]
fn reports_say_what_an_instrument_opens() {
    let folder = folder();
    let check = told_in(folder.path(), &["check", "policy.toml"], 0);
    assert!(!check.contains("claim-unused") && !check.contains("vouches-idle"), "{check}");
    let asked = ["explain", "--policy", "policy.toml", "--requester", "VTICE0900", "--claim", "approved"];
    let told = told_in(folder.path(), &asked, 0);
    assert!(told.contains("with `order or warrant (specified)`: released full"), "{told}");
    let instrument = "claim=warrant,issuer=federal-judge,number=42,specifies=person.name";
    let told = told_in(folder.path(), &[&asked[..], &["--instrument", instrument]].concat(), 0);
    assert!(
        told.contains("instrument behind warrant: issued by federal-judge, number 42, specifies person.name\n"),
        "{told}"
    );
    assert!(
        told.contains("released") && told.contains("person.name") && told.contains("permit `specified` (a statute)"),
        "{told}"
    );
    let json = told_in(folder.path(), &[&asked[..], &["--instrument", instrument, "--output", "json"]].concat(), 0);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["instruments"][0]["issuer"], "federal-judge");
    let held = told_in(folder.path(), &["explain", "--policy", "policy.toml", "--requester", "VTICE0900"], 0);
    assert!(held.contains("The reviewer may vouch for `approved`, `order`, `warrant`."), "{held}");
    let matrix = told_in(folder.path(), &["matrix", "--policy", "policy.toml", "--output", "json"], 0);
    let matrix: Value = serde_json::from_str(&matrix).unwrap();
    let names: Vec<&str> =
        matrix["claims"].as_array().unwrap().iter().filter_map(|claim| claim["name"].as_str()).collect();
    assert_eq!(names, ["approved", "order", "warrant", "order or warrant (specified)"]);
    assert_eq!(matrix["claims"][3]["behind"], json!(["order", "warrant"]));
    // A policy that gives all of it for the claim alone gives more.
    let open = POLICY.replace("specified-by = [\"order\", \"warrant\"]", "requires = [\"order\"]");
    fs::write(folder.path().join("open.toml"), open).unwrap();
    told_in(folder.path(), &["diff", "policy.toml", "open.toml"], 3);
    told_in(folder.path(), &["diff", "open.toml", "open.toml"], 0);
    // A claim that counts with less opens more.
    let [wider, bare] = [r#"["federal-judge", "clerk"]"#, ""].map(|issuers| match issuers {
        "" => POLICY.replace(", issuers = [\"federal-judge\"]", ""),
        issuers => POLICY.replace("[\"federal-judge\"]", issuers),
    });
    for (other, told) in [
        (wider, "an instrument of federal-judge -> an instrument of federal-judge, clerk"),
        (bare, "an instrument of federal-judge -> no instrument"),
    ] {
        fs::write(folder.path().join("other.toml"), other).unwrap();
        let text = told_in(folder.path(), &["diff", "policy.toml", "other.toml"], 3);
        assert!(text.contains(&format!("+ claim `warrant` counts with: {told}")), "{text}");
        told_in(folder.path(), &["diff", "other.toml", "policy.toml"], 0);
    }
}
