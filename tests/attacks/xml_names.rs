//! Names of XML: attacks 16, 17 and 20.

use dmv_redact::Reason;
use dmv_redact_testing::attacks::{SECRET, cleaned, envelope, leaves_no_trace, nlets, nlets_with, withheld};

const BIRTH: &str = "<nc:PersonBirthDate><nc:Date>1985-07-04</nc:Date></nc:PersonBirthDate>";

#[test]
fn attack_16_the_same_name_in_another_namespace_is_another_name() {
    for uri in [
        "urn:other",
        "http://niem.gov/niem/niem-core/2.0/",
        "http://niem.gov/niem/niem-core/2.0 ",
        "HTTP://niem.gov/niem/niem-core/2.0",
        "http://niem.gov/niem/niem-core/3.0",
        "http://niem.gov/niem/niem-core/2.&#x30;0",
        "http://niem.gov/niem/%6Eiem-core/2.0",
    ] {
        let rebound = BIRTH.replacen("<nc:PersonBirthDate", &format!("<nc:PersonBirthDate xmlns:nc=\"{uri}\""), 1);
        leaves_no_trace(&nlets(&rebound), &nlets(""));
        let default = format!("<PersonBirthDate xmlns=\"{uri}\"><Date>1985-07-04</Date></PersonBirthDate>");
        leaves_no_trace(&nlets(&default), &nlets(""));
    }
    leaves_no_trace(&nlets("<PersonBirthDate><Date>1985-07-04</Date></PersonBirthDate>"), &nlets(""));
    leaves_no_trace(&nlets("<j:PersonBirthDate><nc:Date>1985-07-04</nc:Date></j:PersonBirthDate>"), &nlets(""));
}

#[test]
fn attack_16_a_prefix_means_what_it_is_bound_to_where_it_stands() {
    // Another prefix, a default, and a binding in mid document all mean the mapped namespace.
    for part in [
        "<q:PersonBirthDate xmlns:q=\"http://niem.gov/niem/niem-core/2.0\"><q:Date>1985-07-04</q:Date></q:PersonBirthDate>",
        "<PersonBirthDate xmlns=\"http://niem.gov/niem/niem-core/2.0\"><Date>1985-07-04</Date></PersonBirthDate>",
        "<j:PersonBirthDate xmlns:j=\"http://niem.gov/niem/niem-core/2.0\"><nc:Date>1985-07-04</nc:Date></j:PersonBirthDate>",
        "<nc:PersonBirthDate><Date xmlns=\"http://niem.gov/niem/niem-core/2.0\">1985-07-04</Date></nc:PersonBirthDate>",
    ] {
        assert!(cleaned(&nlets(part)).contains("1985-07-04"), "{part}");
    }
    // And a forbidden one is forbidden by whatever prefix it comes.
    for part in [
        format!(
            "<q:PersonTaxIdentification xmlns:q=\"http://niem.gov/niem/niem-core/2.0\"><q:IdentificationID>{SECRET}</q:IdentificationID></q:PersonTaxIdentification>"
        ),
        format!(
            "<PersonTaxIdentification xmlns=\"http://niem.gov/niem/niem-core/2.0\"><IdentificationID>{SECRET}</IdentificationID></PersonTaxIdentification>"
        ),
        format!(
            "<x:a xmlns:x=\"urn:{SECRET}\"><x:b xmlns:x=\"http://niem.gov/niem/niem-core/2.0\">{SECRET}</x:b></x:a>"
        ),
    ] {
        leaves_no_trace(&nlets(&part), &nlets(""));
    }
    // What a prefix was bound to inside of a removed part is forgotten behind it.
    let part = format!("<a xmlns:nc=\"urn:other\"><nc:b/></a>{BIRTH}");
    leaves_no_trace(&nlets(&part), &nlets(BIRTH));
}

#[test]
fn attack_16_declarations_that_say_nothing_clear_are_withheld() {
    for attribute in [
        "xmlns:x=\"\"",
        "xmlns:nc=\"\"",
        "xmlns:xml=\"urn:other\"",
        "xmlns:x=\"http://www.w3.org/XML/1998/namespace\"",
        "xmlns:xmlns=\"urn:other\"",
        "xmlns:x=\"http://www.w3.org/2000/xmlns/\"",
        "xmlns=\"http://www.w3.org/2000/xmlns/\"",
        "xmlns=\"http://www.w3.org/XML/1998/namespace\"",
        "xmlns:=\"urn:other\"",
        "xmlns:1=\"urn:other\"",
        "xmlns:a:b=\"urn:other\"",
    ] {
        for part in [format!("<nc:PersonName {attribute}/>"), format!("<x><y><z {attribute}/></y></x>")] {
            assert_eq!(withheld(nlets(&part)), Reason::NotWellFormedXml, "{part}");
        }
        withheld(nlets_with(&format!(" {attribute}"), &envelope("AZ0070000"), ""));
    }
    for part in ["<q:a/>", "<a q:b=\"\"/>", "<x xmlns:q=\"urn:q\"/><q:a/>", "<nc:PersonName q:b=\"\"/>", "<xmlns:a/>"] {
        assert_eq!(withheld(nlets(part)), Reason::NotWellFormedXml, "{part}");
    }
}

#[test]
fn attack_16_a_declaration_by_references_means_what_it_expands_to_or_is_withheld() {
    let by_reference = "http://niem.gov/niem/niem-core/2&#46;0";
    let own = format!(
        "<q:PersonTaxIdentification xmlns:q=\"{by_reference}\"><q:IdentificationID>{SECRET}</q:IdentificationID></q:PersonTaxIdentification>"
    );
    let other =
        format!("<nc:PersonBirthDate xmlns:nc=\"urn:&#x64;l\"><nc:Date>{SECRET}</nc:Date></nc:PersonBirthDate>");
    for part in [own, other] {
        let (output, receipt) = dmv_redact_testing::attacks::redact(nlets(&part).as_bytes());
        assert!(receipt.reason().is_some() || output == cleaned(&nlets("")), "{output}");
    }
    // Two attributes that are one, seen only when the references are expanded.
    withheld(nlets("<x xmlns:a=\"urn:dl\" xmlns:b=\"urn:&#x64;l\" a:c=\"1\" b:c=\"2\"/>"));
}

#[test]
fn attack_16_a_declaration_carries_no_data_out() {
    for attributes in [
        format!(" xmlns:{SECRET}=\"urn:x\""),
        format!(" xmlns:x=\"urn:{SECRET}\""),
        format!(" xmlns=\"{SECRET}\""),
        format!(" xmlns:q=\"urn:{SECRET}\" q:{SECRET}=\"{SECRET}\""),
    ] {
        leaves_no_trace(&nlets_with(&attributes, &envelope("AZ0070000"), BIRTH), &nlets(BIRTH));
        let inside = BIRTH.replacen("<nc:PersonBirthDate", &format!("<nc:PersonBirthDate{attributes}"), 1);
        leaves_no_trace(&nlets(&inside), &nlets(BIRTH));
    }
    // A prefix is the sender's to choose, but what the output uses of it is only what stays.
    let output = cleaned(&nlets("<q:PersonTaxIdentification xmlns:q=\"http://niem.gov/niem/niem-core/2.0\"/>"));
    assert!(!output.contains("xmlns:q"), "{output}");
}

#[test]
fn attack_17_an_attribute_twice_is_withheld() {
    for attributes in [
        "x=\"1\" x=\"1\"",
        "x=\"1\" x='2'",
        "xml:lang=\"a\" xml:lang=\"b\"",
        "nc:x=\"1\" nc:x=\"2\"",
        "xmlns:a=\"urn:a\" xmlns:a=\"urn:a\"",
        "xmlns=\"urn:a\" xmlns=\"urn:b\"",
        "xmlns:a=\"urn:a\" xmlns:b=\"urn:a\" a:x=\"1\" b:x=\"2\"",
        "xmlns:a=\"http://niem.gov/niem/niem-core/2.0\" a:x=\"1\" nc:x=\"2\"",
        "b:x=\"1\" a:x=\"2\" xmlns:a=\"urn:a\" xmlns:b=\"urn:a\"",
    ] {
        for part in [format!("<nc:PersonName {attributes}/>"), format!("<x><y {attributes}>{SECRET}</y></x>")] {
            assert_eq!(withheld(nlets(&part)), Reason::NotWellFormedXml, "{part}");
        }
        withheld(nlets_with(&format!(" {attributes}"), &envelope("AZ0070000"), ""));
    }
    leaves_no_trace(&nlets("<x xmlns:a=\"urn:a\" a:x=\"1\" x=\"2\"/>"), &nlets(""));
}

#[test]
fn attack_20_names_that_change_in_a_round_trip_are_withheld() {
    for name in [
        "x::Element",
        "a:b:c",
        ":a",
        "a:",
        ":",
        "::",
        "nc::Date",
        "nc:",
        "nc:1",
        "1a",
        "-a",
        ".a",
        "a b:c",
        "nc:\u{B7}a",
        "a\u{D7}b",
        "\u{2028}",
    ] {
        for part in [format!("<{name}/>"), format!("<{name}></{name}>"), format!("<x><{name}>{SECRET}</{name}></x>")] {
            withheld(nlets(&part));
        }
        withheld(nlets(&format!("<x {name}=\"1\"/>")));
    }
    for part in [
        "<a></a >x</a>",
        "</a>",
        "<a></b>",
        "<nc:a></q:a>",
        "<a/ >",
        "< a/>",
        "<a></ a>",
        "<>",
        "</>",
        "<a></a x=\"1\">",
    ] {
        assert_eq!(withheld(nlets(part)), Reason::NotWellFormedXml, "{part}");
    }
}
