//! Names and contexts of JSON: attacks 1, 2, 9 and 10.

use dmv_redact::Reason;
use dmv_redact_testing::attacks::{METADATA, SECRET, cleaned, leaves_no_trace, niem, niem_with, withheld};

#[test]
fn attack_01_a_mapped_name_twice_is_withheld_however_it_is_written() {
    for twin in [
        r#""nc:PersonName": {}"#,
        r#""nc:PersonName": {"nc:PersonSurName": "OTHER"}"#,
        r#""nc:PersonN\u0061me": {}"#,
        r#""\u006E\u0063:PersonName": null"#,
        r#""nc:PersonSSNIdentification": "900123456""#,
        r#""nc:PersonSSNIdentificatio\u006e": []"#,
    ] {
        assert_eq!(withheld(niem(&format!(", {twin}"))), Reason::DuplicateName, "{twin}");
    }
    for message in [
        niem_with(r#""exch:DriverVehicleResponse": {}, "#, ""),
        niem_with(r#""exch:Driver\u0056ehicleResponse": {}, "#, ""),
        niem_with(r#""@context": {}, "@context": {}, "#, ""),
        niem_with(r#""@context": {}, "\u0040context": {}, "#, ""),
        niem_with(
            r#""@context": {"nc": "https://docs.oasis-open.org/niemopen/ns/model/niem-core/6.0/", "nc": "https://docs.oasis-open.org/niemopen/ns/model/niem-core/6.0/"}, "#,
            "",
        ),
        niem(r#", "nc:PersonBirthDate": {"nc:Date": "1985-07-04", "nc:D\u0061te": "1985-07-05"}"#),
        niem("").replace(
            "\"exch:MessageKeyCode\": \"DR\"",
            "\"exch:MessageKeyCode\": \"DR\", \"exch:MessageKeyCode\": \"RR\"",
        ),
    ] {
        assert_eq!(withheld(&message), Reason::DuplicateName, "{message}");
    }
}

#[test]
fn attack_01_an_unknown_name_twice_is_removed_twice() {
    leaves_no_trace(&niem(&format!(r#", "x": "{SECRET}", "x": "{SECRET}""#)), &niem(""));
}

#[test]
fn attack_02_escaped_names_are_looked_up_decoded_and_written_plainly() {
    let output = cleaned(&niem(r#", "nc:\u0050ersonBirthDate": {"nc:\u0044ate": "1985-07-04"}"#));
    assert!(output.contains(r#""nc:PersonBirthDate": {"nc:Date": "1985-07-04"}"#), "{output}");
    assert!(!output.contains('\\'), "{output}");
    // The same for what is forbidden.
    let escaped = format!(r#", "nc:PersonTax\u0049dentification": {{"nc:IdentificationID": "{SECRET}"}}"#);
    leaves_no_trace(&niem(&escaped), &niem(""));
}

#[test]
fn attack_02_names_that_only_look_alike_are_other_names() {
    for name in [
        "nc:personbirthdate",
        "NC:PersonBirthDate",
        "nc:PersonBirthDate\\u0000",
        "\\u0000nc:PersonBirthDate",
        "nc:PersonBirthDate ",
        " nc:PersonBirthDate",
        "n\u{441}:PersonBirthDate",
        "nc:Person\u{200B}BirthDate",
        "nc:PersonBirthDate\u{FEFF}",
        "nc\u{FF1A}PersonBirthDate",
        "PersonBirthDate",
        "nc::PersonBirthDate",
    ] {
        leaves_no_trace(&niem(&format!(r#", "{name}": {{"nc:Date": "1985-07-04"}}"#)), &niem(""));
    }
}

#[test]
fn attack_09_a_name_is_never_a_path() {
    for name in [
        "__proto__",
        "constructor",
        "prototype",
        "nc:PersonName.nc:PersonGivenName",
        "nc:PersonName/nc:PersonGivenName",
        "/nc:PersonName",
        "..",
        "nc:PersonName/**",
        "@nc:PersonName",
        "$ref",
        "$serde_json::private::RawValue",
        "$serde_json::private::Number",
        "",
    ] {
        for value in
            [format!("\"{SECRET}\""), format!(r#"{{"nc:PersonGivenName": "{SECRET}"}}"#), format!("[\"{SECRET}\"]")]
        {
            leaves_no_trace(&niem(&format!(", \"{name}\": {value}")), &niem(""));
        }
    }
    // An inner name that is a path of the mapping does not lead there from elsewhere.
    leaves_no_trace(&niem(r#", "nc:Person": {"nc:PersonName": {"nc:PersonGivenName": "JORDAN"}}"#), &niem(""));
}

#[test]
fn attack_10_a_context_that_contradicts_the_format_is_withheld() {
    let core = "https://docs.oasis-open.org/niemopen/ns/model/niem-core/6.0/";
    for context in [
        r#"{"nc": "urn:other"}"#.to_owned(),
        format!(r#"{{"j": "{core}"}}"#),
        format!(r#"{{"x": "{core}"}}"#),
        format!(r#"{{"x": "{core}#"}}"#),
        format!(r#"{{"n\u0063": "{core}other/"}}"#),
        format!(r#"{{"nc": {{"@id": "{core}"}}}}"#),
        r#"{"nc": null}"#.to_owned(),
        r#"{"@vocab": "urn:other"}"#.to_owned(),
        r#"{"@base": "urn:other"}"#.to_owned(),
        r#"{"@import": "https://example.org/context"}"#.to_owned(),
        r#"{"nc:PersonName": "nc:PersonSSNIdentification"}"#.to_owned(),
        // A name of the format under another: whole, as its beginning, by a prefix of the format or an alias of one.
        format!(r#"{{"x": "{core}PersonBirthDate"}}"#),
        format!(r#"{{"x": "{core}#PersonBirthDate"}}"#),
        format!(r#"{{"x": "{core}Person"}}"#),
        format!(r#"{{"\u0078": "{}"}}"#, format!("{core}PersonBirthDate").replace('/', "\\/").replace('P', "\\u0050")),
        r#"{"x": "urn:dmv-redact:exchange:driver-vehicle-response:1.0MessageKeyCode"}"#.to_owned(),
        r#"{"x": "exch:MessageKeyCode"}"#.to_owned(),
        r#"{"x": "\u0065xch\u003aMessageKeyCode"}"#.to_owned(),
        r#"{"x": "exch"}"#.to_owned(),
        // The beginning of a namespace of the format, as a prefix.
        r#"{"p": "https://docs.oasis-open.org/niemopen/ns/model/"}"#.to_owned(),
        r#"{"p": "https:\/\/docs.oasis-open.org\/niemopen\/ns\/mod\u0065l"}"#.to_owned(),
        r#"{"p": "https:"}"#.to_owned(),
        r#"{"p": "urn:dmv-redact:exchange:"}"#.to_owned(),
        r#"{"p": "urn"}"#.to_owned(),
        r#"{"p": ""}"#.to_owned(),
        // The scheme of a namespace of the format.
        r#"{"urn": "urn:other:"}"#.to_owned(),
        // Keywords under other names.
        r#"{"x": "@nest"}"#.to_owned(),
        r#"{"x": "@id"}"#.to_owned(),
        r#""https://example.org/context""#.to_owned(),
        "[]".to_owned(),
        "[{}]".to_owned(),
        "null".to_owned(),
    ] {
        let at_top = niem_with(&format!("\"@context\": {context}, "), "");
        let nested = niem(&format!(", \"@context\": {context}"));
        let behind = at_top.replacen(&format!("\"@context\": {context}, "), "", 1);
        let behind = format!("{}, \"@context\": {context}}}", &behind[..behind.len() - 1]);
        for message in [at_top, nested, behind] {
            assert_eq!(withheld(&message), Reason::Context, "{message}");
        }
    }
}

#[test]
fn attack_10_a_name_of_the_format_in_another_spelling_is_withheld() {
    for name in [
        "https://docs.oasis-open.org/niemopen/ns/model/niem-core/6.0/PersonBirthDate",
        "https://docs.oasis-open.org/niemopen/ns/model/niem-core/6.0/#PersonBirthDate",
        "https:\\/\\/docs.oasis-open.org/niemopen/ns/model/niem-core/6.0/Person\\u0042irthDate",
        "urn:dmv-redact:exchange:driver-vehicle-response:1.0MessageMetadata",
        "nc:#PersonBirthDate",
        "@nest",
        "@list",
        "@set",
        "@value",
    ] {
        for value in [r#""1985-07-04""#, r#"{"nc:Date": "1985-07-04"}"#, "[]"] {
            let member = format!(r#""{name}": {value}"#);
            for message in [niem(&format!(", {member}")), niem_with(&format!("{member}, "), "")] {
                assert_eq!(withheld(&message), Reason::Context, "{message}");
            }
        }
    }
}

#[test]
fn attack_10_contexts_and_names_of_other_vocabularies_are_no_fault() {
    let core = "https://docs.oasis-open.org/niemopen/ns/model/niem-core/6.0/";
    for binding in [
        format!(r#""nc": "{core}#""#),
        r#""x": "urn:example""#.to_owned(),
        r#""x": "https://docs.oasis-open.org/niemopen/ns/model/domains/screening/6.0/""#.to_owned(),
        format!(r#""x": "{core}codes/""#),
        format!(r#""x": "{core}codes#""#),
        r#""x": "urn:dmv-redact:exchange:driver-vehicle-response:1.0:extension""#.to_owned(),
        r#""x": "urn:dmv-redact:exchange:driver-history:""#.to_owned(),
    ] {
        let message = niem_with(&format!(r#""@context": {{{binding}}}, "#), r#", "x:Colour": "RED""#);
        cleaned(&message);
        leaves_no_trace(&niem(&format!(r#", "@context": {{{binding}}}, "x:Colour": "RED""#)), &niem(""));
    }
    for name in [
        "https://schema.org/name",
        "https://docs.oasis-open.org/niemopen/ns/model/niem-core/6.0/codes/Colour",
        "urn:example:Colour",
        "nc:Unknown",
    ] {
        leaves_no_trace(&niem(&format!(r#", "{name}": "RED""#)), &niem(""));
    }
}

#[test]
fn attack_10_what_json_ld_knows_and_the_format_does_not_map_is_removed() {
    for member in ["@type", "@graph", "@reverse", "@included", "@index", "@language"] {
        for value in [format!("\"{SECRET}\""), format!(r#"{{"nc:PersonName": {{"nc:PersonSurName": "{SECRET}"}}}}"#)] {
            leaves_no_trace(&niem(&format!(", \"{member}\": {value}")), &niem(""));
            leaves_no_trace(&niem_with(&format!("\"{member}\": {value},"), ""), &niem(""));
        }
    }
    // A harmless binding that nothing uses goes as well: it could carry data.
    let context = format!(
        r#""@context": {{"{SECRET}": "urn:{SECRET}", "im": "https://docs.oasis-open.org/niemopen/ns/model/domains/immigration/6.0/"}}, "#
    );
    let output = cleaned(&niem_with(&context, ""));
    assert!(!output.contains("immigration"), "{output}");
}

#[test]
fn attack_10_ids_of_what_is_removed_go_with_it() {
    let extra = format!(
        r#", "nc:PersonTaxIdentification": {{"@id": "{SECRET}", "nc:IdentificationID": "1"}}, "@id": "{SECRET}2""#
    );
    leaves_no_trace(&niem(&extra), &niem(""));
    let other = format!(
        r#"{{"exch:DriverVehicleResponse": {{{METADATA}, "nc:Person": [{{"@id": "{SECRET}"}}, {{"nc:PersonName": {{"nc:PersonSurName": "EXAMPLE"}}}}]}}}}"#
    );
    assert!(!cleaned(&other).contains("@id"));
}
