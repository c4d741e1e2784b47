//! Attacks on the mobile licence as JSON: its names have dots and digits, and stand without prefixes.

use dmv_redact::{Filter, Reason, Requester};
use dmv_redact_testing::attacks::{SECRET, leaves_no_trace, redact_for, withheld};

const ISO: &str = "org.iso.18013.5.1";

/// A licence for an Arizona police department, with these members in both namespaces.
fn licence(iso: &str, aamva: &str) -> String {
    with_key("\"DR\"", iso, aamva)
}

fn with_key(key: &str, iso: &str, aamva: &str) -> String {
    format!(
        r#"{{"mdlResponse": {{"messageMetadata": {{"messageKey": {key}, "destinationORI": "AZ0070000"}}, "docType": "{ISO}.mDL", "nameSpaces": {{"{ISO}": {{"family_name": "EXAMPLE", "portrait": "{SECRET}"{iso}}}, "{ISO}.aamva": {{"organ_donor": "{SECRET}"{aamva}}}}}}}}}"#
    )
}

#[test]
fn p1_a_name_is_an_identifier_whole_and_in_its_own_namespace() {
    for name in [
        "age_over_1",
        "age_over_018",
        "age_over_xx",
        "age_over_18 ",
        "AGE_OVER_18",
        "age_over_\u{661}\u{668}",
        "biometric_template_other",
        "family_name.v2",
        "family_name/0",
        "org.iso.18013.5.1.family_name",
        "name_suffix",
        "DHS_compliance",
        "rdf:value",
        "@id",
        "@context",
    ] {
        leaves_no_trace(&licence(&format!(", \"{name}\": \"{SECRET}\""), ""), &licence("", ""));
    }
    for name in ["birth_date", "document_number", "aka_family_name", "dhs_compliance"] {
        leaves_no_trace(&licence("", &format!(", \"{name}\": \"{SECRET}\"")), &licence("", ""));
    }
    for space in ["org.iso.18013.5.1.AAMVA", "org.iso.18013.5", "org.iso.18013.5.1.", "org"] {
        let other = licence("", "").replace(&format!("\"{ISO}.aamva\""), &format!("\"{space}\""));
        leaves_no_trace(&other, &licence("", ""));
    }
}

#[test]
fn attack_01_an_identifier_stands_once() {
    for twin in [r#", "family_name": "OTHER""#, r#", "f\u0061mily_name": "OTHER""#, r#", "\u0070ortrait": 1"#] {
        assert_eq!(withheld(licence(twin, "")), Reason::DuplicateName, "{twin}");
    }
    assert_eq!(withheld(licence(r#", "age_over_21": true, "age_over_2\u0031": false"#, "")), Reason::DuplicateName);
}

#[test]
fn p1_every_age_that_may_be_asked_for_is_one_element() {
    let ages: String = (0..100).map(|age| format!(", \"age_over_{age:02}\": true")).collect();
    leaves_no_trace(&licence(&ages, ""), &licence("", ""));
    let policy = "[policy]\nname = \"p\"\nversion = \"1\"\n[agencies.a]\nori = [\"AZ*\"]\n[[permit]]\nid = \"age\"\n\
                  agencies = [\"a\"]\nelements = [\"person.age\"]\n";
    let filter = Filter::builder().policy_text("p", policy).build().unwrap();
    let (output, receipt) = redact_for(&filter, &Requester::from_envelope(), licence(&ages, "").as_bytes());
    let age = receipt.elements().find(|(id, _)| *id == "person.age.over").expect("ages").1;
    assert_eq!((age.released, output.matches("age_over_").count()), (100, 100));
    assert!(!output.contains("EXAMPLE"));
}

/// What a rule forbids for some message keys it would not forbid for a message without one.
#[test]
fn p2_a_licence_without_key_or_requester_is_withheld() {
    assert_eq!(withheld(licence("", "").replace("\"messageKey\": \"DR\", ", "")), Reason::MessageTypeMissing);
    for key in ["\"RR\"", "\"dr\"", "\" DR\"", "null", "[\"DR\", \"DRG\"]", "{\"DR\": 1}", "1"] {
        withheld(with_key(key, "", ""));
    }
    let nobody = licence("", "").replace(", \"destinationORI\": \"AZ0070000\"", "");
    assert_eq!(withheld(&nobody), Reason::RequesterMissing);
    let bare = licence("", "").replace("mdlResponse", "mdl");
    assert_eq!(withheld(bare), Reason::FormatUnknown);
    assert_eq!(withheld(licence("", "").replace("5.1.mDL", "5.1.mID")), Reason::EnvelopeShape);
}

#[test]
fn p7_what_is_no_portrait_is_no_portrait() {
    let photo = "_9j_4AAQSkZJRgABAQAAAQABAAD_2wBDABAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ";
    for place in ["given_name", "issuing_authority", "document_number", "eye_colour"] {
        leaves_no_trace(&licence(&format!(", \"{place}\": \"{photo}\""), ""), &licence("", ""));
    }
    leaves_no_trace(
        &licence(", \"driving_privileges\": [{\"image\": \"_9j_4AAQ\"}, [\"A\"], null]", ""),
        &licence("", ""),
    );
}
