//! Formats that share a root, have several, or none: recognized by the parts that a message has.

use dmv_redact::{Disposition, Filter, Reason};
use dmv_redact_testing::filters::{police, redact_text};

use super::{permitting, with_formats};

/// What police may have.
const PERMITTED: &[&str] = &["person.name", "license.number", "registration"];

const LICENSE: &str = r#"
name = "soap-license"
syntax = "xml"
root = ["soap:Envelope", "soap12:Envelope"]
recognise = ["soap:Body/a:LicenseResponse"]
requester = "soap:Header/wsa:To"

[namespaces]
soap = "http://schemas.xmlsoap.org/soap/envelope/"
soap12 = "http://www.w3.org/2003/05/soap-envelope"
wsa = "http://www.w3.org/2005/08/addressing"
a = "urn:a"

[paths]
"soap:Header/wsa:To" = "envelope.ori"
"soap:Body/a:LicenseResponse/a:Number" = "license.number"
"#;

fn registration() -> String {
    let other = LICENSE.replace("soap-license", "soap-registration").replace("LicenseResponse", "RegistrationResponse");
    other.replace("license.number", "registration.plate")
}

fn with(formats: &[&str]) -> Result<Filter, String> {
    with_formats(permitting(PERMITTED), formats)
}

fn soap(version: &str, body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"{version}\" xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:a=\"urn:a\" \
         xmlns:w=\"http://www.w3.org/2005/08/addressing\"><soap:Header><w:To>AZ0070000</w:To></soap:Header>\
         <soap:Body>{body}</soap:Body></s:Envelope>"
    )
}

const SOAP_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const SOAP_12: &str = "http://www.w3.org/2003/05/soap-envelope";
const OF_LICENSE: &str = "<a:LicenseResponse><a:Number>D08954796</a:Number></a:LicenseResponse>";
const OF_REGISTRATION: &str = "<a:RegistrationResponse><a:Number>CWL1234</a:Number></a:RegistrationResponse>";

#[test]
fn p2_message_types_behind_one_envelope_are_told_apart_by_their_parts() {
    let filter = with(&[LICENSE, &registration()]).unwrap();
    for (message, format) in [
        (soap(SOAP_11, OF_LICENSE), Some("soap-license")),
        (soap(SOAP_11, OF_REGISTRATION), Some("soap-registration")),
        (soap(SOAP_12, OF_REGISTRATION), Some("soap-registration")),
        (soap(SOAP_11, "<a:Other/>"), None),
        (soap(SOAP_11, "<a:Other><a:LicenseResponse/></a:Other>"), None),
        (soap(SOAP_11, "<LicenseResponse/><!--<a:LicenseResponse/>-->"), None),
    ] {
        let (out, receipt) = redact_text(&filter, &police(), &message);
        assert_eq!(receipt.format(), format, "{message}");
        match format {
            Some(_) => assert!(out.contains("Number>"), "{out}"),
            None => assert_eq!((out.as_str(), receipt.reason()), ("", Some(Reason::FormatUnknown)), "{message}"),
        }
    }
    // Whichever comes first.
    for body in [[OF_LICENSE, OF_REGISTRATION].concat(), [OF_REGISTRATION, OF_LICENSE].concat()] {
        let (out, receipt) = redact_text(&filter, &police(), soap(SOAP_11, &body));
        assert_eq!((out.as_str(), receipt.reason()), ("", Some(Reason::FormatAmbiguous)));
        assert_eq!(receipt.disposition(), Disposition::Withheld);
    }
}

#[test]
fn p2_a_value_tells_formats_apart() {
    let key = |name: &str, keys: &str, element: &str| {
        format!(
            "name = \"{name}\"\nsyntax = [\"xml\", \"json\"]\nroot = \"r\"\nrecognise = [{{ path = \"head/key\", is = {keys} }}, \
             \"head/@v\"]\n[paths]\n\"n\" = \"{element}\"\n"
        )
    };
    let filter = with(&[&key("one", "['DR', 'KR']", "license.number"), &key("two", "['RR']", "registration.plate")]);
    let filter = filter.unwrap();
    let format_of = |message: &str| redact_text(&filter, &police(), message).1.format().map(str::to_owned);
    for (key, format) in [("DR", Some("one")), (" KR ", Some("one")), ("R&#82;", Some("two")), ("XX", None), ("", None)]
    {
        for key in [key.to_owned(), format!("<![CDATA[{}]]>", key.replace("&#82;", "R")), format!("{key}<!-- -->")] {
            let message = format!("<r><n>X1</n><head v=''><key>{key}</key></head></r>");
            assert_eq!(format_of(&message).as_deref(), format, "{message}");
        }
        let key = key.replace("&#82;", "\\u0052");
        for key in [format!("\"{key}\""), format!("[1, \"{key}\"]")] {
            let message = format!(r#"{{"x":[[]],"r":{{"head":{{"key":{key},"v":1}},"n":"X1"}}}}"#);
            assert_eq!(format_of(&message).as_deref(), format, "{message}");
        }
    }
    assert_eq!(format_of("<r><n>X1</n><head><key>DR</key></head></r>"), None, "without its attribute");
    let both = r#"{"r":{"head":{"key":["DR","RR"],"v":1},"n":"X1"}}"#;
    assert_eq!(redact_text(&filter, &police(), both).1.reason(), Some(Reason::FormatAmbiguous));
}

#[test]
fn p2_json_without_a_root() {
    let flat = "name = \"flat\"\nsyntax = \"json\"\nrecognise = [\"licenceNumber\", \"lastName\"]\n[paths]\n\
                \"licenceNumber\" = \"license.number\"\n\"lastName\" = \"person.name.surname\"\n";
    let filter = with(&[flat]).unwrap();
    let (out, receipt) =
        redact_text(&filter, &police(), r#"{"licenceNumber":"D08954796","lastName":"EXAMPLE","ssn":"900-12-3456"}"#);
    assert_eq!(
        (out.as_str(), receipt.format()),
        (r#"{"licenceNumber":"D08954796","lastName":"EXAMPLE"}"#, Some("flat"))
    );
    // A list of them is one message, in which each is judged by itself.
    let list = concat!(
        r#"[{"licenceNumber":"D08954796","lastName":"*","ssn":"900-12-3456"}, {"licenceNumber":"~","lastName":7}, "#,
        r#"{"lastName":"EXAMPLE","licenceNumber":"~"}, [{"lastName":"X"}], "x"]"#
    );
    let (out, receipt) = redact_text(&filter, &police(), list);
    assert_eq!(
        (out.as_str(), receipt.format()),
        (r#"[{"licenceNumber":"D08954796"}, {"lastName":"EXAMPLE"}]"#, Some("flat"))
    );
    for (other, reason) in [
        (r#"{"licenceNumber":"D08954796"}"#, Reason::FormatUnknown),
        (r#"{"r":{"licenceNumber":"D08954796","lastName":"EXAMPLE"}}"#, Reason::FormatUnknown),
        (r#"{"licenceNumber":"D1","lastName":"E","exch:DriverVehicleResponse":{}}"#, Reason::FormatUnknown),
        (r#"{"licenceNumber":"D1","lastName":"E","licenceNumber":"D2"}"#, Reason::DuplicateName),
        (r#"{"licenceNumber":1,"lastName":null"#, Reason::NotWellFormedJson),
        ("[]", Reason::FormatUnknown),
    ] {
        let (out, receipt) = redact_text(&filter, &police(), other);
        let expected = if other.contains("exch:") { Reason::FormatAmbiguous } else { reason };
        assert_eq!((out.as_str(), receipt.reason()), ("", Some(expected)), "{other}");
    }
}

/// Two members that are the roots of two formats: which one would another reader take?
#[test]
fn p3_a_message_with_the_roots_of_two_formats_is_withheld() {
    let first = "name = \"one\"\nsyntax = \"json\"\nroot = \"a\"\n[paths]\n\"n\" = \"license.number\"\n";
    let second = "name = \"two\"\nsyntax = \"json\"\nroot = [\"b\", \"c\"]\n[paths]\n\"n\" = \"registration.plate\"\n";
    let filter = with(&[first, second]).unwrap();
    for message in [
        r#"{"a":{"n":"X1"},"b":{"n":"X1"}}"#,
        r#"{"c":{"n":"X1"},"\u0061":{"n":"X1"}}"#,
        // Of one format, too: which of them is the message?
        r#"{"b":{"n":"X1"},"c":{"n":"X1"}}"#,
        r#"{"c":[],"x":1,"b":{"n":"X1"}}"#,
    ] {
        assert_eq!(redact_text(&filter, &police(), message).1.reason(), Some(Reason::FormatAmbiguous), "{message}");
    }
    let (out, receipt) = redact_text(&filter, &police(), r#"{"x":1,"c":{"n":"X1","m":2}}"#);
    assert_eq!((out.as_str(), receipt.format()), (r#"{"c":{"n":"X1"}}"#, Some("two")));
}

/// A list of messages, and one that wraps its values: each item has the marks, and none is told by a name that stands twice.
#[test]
fn p2_every_item_of_a_list_must_be_of_the_format() {
    let of = |name: &str, root: &str, kind: &str, element: &str| {
        format!(
            "name = \"{name}\"\nsyntax = \"json\"\n{root}recognise = [{{ path = \"kind\", is = [\"{kind}\"] }}]\n[namespaces]\n\
             [paths]\n\"number\" = \"{element}\"\n"
        )
    };
    for root in ["", "root = \"r\"\n"] {
        let filter = with(&[&of("one", root, "LIC", "license.number"), &of("two", root, "SSA", "person.ssn")]).unwrap();
        let format_of = |items: &str| {
            let message = if root.is_empty() { items.to_owned() } else { format!("{{\"r\":{items}}}") };
            let receipt = redact_text(&filter, &police(), &message).1;
            (receipt.format().map(str::to_owned), receipt.reason())
        };
        let one = (Some("one".to_owned()), None);
        let none = (None, Some(Reason::FormatUnknown));
        let twice = (None, Some(Reason::DuplicateName));
        let item = |kind: &str| format!("{{\"kind\":{kind},\"number\":\"D1234567\"}}");
        let lists = |kinds: &[&str]| format!("[{}]", kinds.iter().map(|kind| item(kind)).collect::<Vec<_>>().join(","));
        assert_eq!(format_of(&item("\"LIC\"")), one);
        assert_eq!(format_of(&lists(&["\"LIC\"", "\" LIC \""])), one);
        assert_eq!(format_of(&lists(&["\"LIC\"", "\"SSA\""])), none);
        assert_eq!(format_of(&lists(&["\"SSA\"", "\"LIC\""])), none);
        assert_eq!(format_of(&lists(&["\"LIC\"", "null"])), none);
        assert_eq!(format_of("[]"), none);
        assert_eq!(format_of(&item("\"LIC\",\"kind\":\"SSA\"")), twice);
        assert_eq!(format_of(&item("\"LIC\",\"\\u006bind\":\"LIC\"")), twice);
        assert_eq!(format_of(&item("[[\"LIC\"]]")), none);
        assert_eq!(format_of(&item("\"\u{A0}LIC\"")), none);
    }
}

#[test]
fn p2_a_value_of_a_mark_is_one_value() {
    let of = |name: &str, mark: &str| {
        format!(
            "name = \"{name}\"\nsyntax = [\"xml\", \"json\"]\nroot = \"e:r\"\nrecognise = [{mark}]\n[namespaces]\ne = \"urn:e\"\n\
             rdf = \"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"\n[paths]\n\"e:n\" = \"license.number\"\n"
        )
    };
    let filter = with(&[&of("one", "{ path = \"e:k\", is = [\"DR\"] }"), &of("two", "\"e:to\"")]).unwrap();
    let reason = |message: &str| {
        let receipt = redact_text(&filter, &police(), message).1;
        (receipt.format().map(str::to_owned), receipt.reason())
    };
    let one = (Some("one".to_owned()), None);
    assert_eq!(reason(r#"{"e:r":{"e:k":"DR","e:n":"D1"}}"#), one);
    assert_eq!(reason(r#"{"e:r":{"e:k":{"rdf:value":"DR"},"e:n":"D1"}}"#), one);
    let both = (None, Some(Reason::FormatAmbiguous));
    assert_eq!(reason(r#"{"e:r":{"e:k":{"rdf:value":"DR"},"e:to":"X","e:n":"D1"}}"#), both);
    let xml = |key: &str| format!("<r xmlns=\"urn:e\">{key}<n>D1</n></r>");
    assert_eq!(reason(&xml("<k>D<!-- -->R</k>")), one);
    assert_eq!(reason(&xml("<k>D<x>Z</x>R</k>")), (None, Some(Reason::FormatUnknown)));
}

#[test]
fn errors_of_recognition_name_the_place() {
    for (from, to, told) in [
        ("[\"soap:Body/a:LicenseResponse\"]", "[]", "0.toml:5:13: no part is named by which a message is recognized"),
        (
            "a:LicenseResponse\"]",
            "a:LicenseResponse/**\"]",
            "0.toml:5:14: `soap:Body/a:LicenseResponse/**` is no part by which a message is recognized; leave `/**` out",
        ),
        ("a:LicenseResponse\"]", "b:LicenseResponse\"]", "0.toml:5:14: prefix `b` is not in [namespaces]"),
        (
            "[\"soap:Body/a:LicenseResponse\"]",
            "[{ path = \"a:x\", is = [] }]",
            "0.toml:5:14: `is` names no value that `a:x` may have",
        ),
    ] {
        let found = with(&[&LICENSE.replacen(from, to, 1)]).unwrap_err();
        assert!(found.starts_with(told), "{found}\n{told}");
    }
    // One that fits everything leaves nothing to the other.
    let greedy = LICENSE.replacen("recognise = [\"soap:Body/a:LicenseResponse\"]\n", "", 1);
    let found = with(&[&greedy, &registration()]).unwrap_err();
    assert!(
        found.contains("1.toml:4:8: format `soap-license` has this root too: a message could be of either"),
        "{found}"
    );
}
