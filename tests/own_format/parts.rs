//! What layouts have besides values at paths: attributes of any part, contexts by URL, arrays in arrays.

use dmv_redact::Reason;
use dmv_redact_testing::filters::{police, redact_text};

use super::{permitting, with_formats};

/// What police may have.
const PERMITTED: &[&str] = &["person.name", "license"];

fn out(format: &str, message: &str) -> Result<String, Reason> {
    let builder = permitting(PERMITTED);
    let filter = with_formats(builder, &[format]).unwrap_or_else(|error| panic!("{error}"));
    let (out, receipt) = redact_text(&filter, &police(), message);
    match receipt.disposition().releases() {
        true => Ok(out),
        false => Err(receipt.reason().unwrap()),
    }
}

fn fault(format: &str) -> String {
    with_formats(permitting(PERMITTED), &[format]).expect_err("a fault")
}

const ANYWHERE: &str = r#"
name = "own"
syntax = ["xml", "json"]
root = "r"

[paths]
"a/b" = "person.name"
"a/secret" = "person.ssn"
"record/**" = "person.name"
"**/@code" = "license.class"
"#;

#[test]
fn p1_an_attribute_of_any_part_goes_out_where_the_part_may() {
    let xml = r#"<r><a code="C"><b code="D">DOE</b><b code="too long for a class of license, and no code">ROE</b></a>
<record code="A"><x code="B">POE</x></record></r>"#;
    let kept = xml.replace(r#" code="too long for a class of license, and no code""#, "");
    assert_eq!(out(ANYWHERE, xml), Ok(kept));
    let denied = r#"<r><a><secret code="C">900123456</secret><unknown code="C"/><b other="C">DOE</b></a></r>"#;
    assert_eq!(out(ANYWHERE, denied), Ok("<r><a><b>DOE</b></a></r>".to_owned()));
    let json = r#"{"r":{"code":"C","a":{"b":"DOE","code":"D","other":"C"},"unknown":{"code":"C"}}}"#;
    assert_eq!(out(ANYWHERE, json), Ok(r#"{"r":{"code":"C","a":{"b":"DOE","code":"D"}}}"#.to_owned()));
    assert_eq!(out(ANYWHERE, r#"{"r":{"a":{"b":"DOE","code":"C","code":"D"}}}"#), Err(Reason::DuplicateName));
    let at = |path: &str| fault(&ANYWHERE.replace("**/@code", path));
    assert!(at("**/@a/b").contains("is no attribute that every part could have"), "{}", at("**/@a/b"));
    assert!(at("**/code").contains("`/**` ends a path"), "{}", at("**/code"));
}

const BY_URL: &str = r#"
name = "own"
syntax = "json"
root = "credentialSubject"
context = ["https://www.w3.org/ns/credentials/v2", "https://example.org/v1"]

[paths]
"name" = "person.name"
"#;

#[test]
fn p3_a_context_by_url_is_one_that_the_format_declares() {
    for url in ["https://www.w3.org/ns/credentials/v2", "https:\\/\\/example.org/v1"] {
        let message = format!(r#"{{"@context":"{url}","credentialSubject":{{"name":"DOE"}}}}"#);
        assert_eq!(out(BY_URL, &message), Ok(message));
    }
    let with =
        |context: &str| out(BY_URL, &format!(r#"{{"credentialSubject":{{"name":"DOE"}},"@context":{context}}}"#));
    for other in [
        r#""https://example.org/v2""#,
        r#"["https://example.org/v1"]"#,
        r#"["https://example.org/v1",{"name":"urn:x"}]"#,
        r#"{"name":"urn:secret"}"#,
        "null",
        "1",
    ] {
        let made = with(other);
        let is_safe = made == Err(Reason::Context)
            || made.as_deref() == Ok(r#"{"credentialSubject":{"name":"DOE"},"@context":{}}"#);
        assert!(is_safe, "{other}: {made:?}");
    }
    let twice = r#"{"@context":"https://example.org/v1","@context":"https://example.org/v1","credentialSubject":{"name":"DOE"}}"#;
    assert_eq!(out(BY_URL, twice), Err(Reason::DuplicateName));
    let inside = r#"{"credentialSubject":{"@context":"https://example.org/v1","name":"DOE"}}"#;
    assert_eq!(out(BY_URL, inside), Ok(r#"{"credentialSubject":{"name":"DOE"}}"#.to_owned()));
    let xml = BY_URL.replace("\"json\"", "\"xml\"");
    assert!(fault(&xml).contains("`context` is of JSON-LD"), "{}", fault(&xml));
}

const NESTED: &str = r#"
name = "own"
syntax = "json"
root = "r"
nested-arrays = ["grid", "rows"]

[paths]
"grid" = "license.class"
"flat" = "license.class"
"rows/name" = "person.name"
"rows/ssn" = "person.ssn"
"#;

#[test]
fn p1_an_array_is_an_item_of_an_array_only_where_that_is_declared() {
    let message = r#"{"r":{"grid":[["C","D"],[["A"]],"B"],"flat":[["C"],"D"],"rows":[[{"name":"DOE","ssn":"900123456"}],[{"ssn":"900123456"}],[]]}}"#;
    let kept = r#"{"r":{"grid":[["C","D"],[["A"]],"B"],"flat":["D"],"rows":[[{"name":"DOE"}]]}}"#;
    assert_eq!(out(NESTED, message), Ok(kept.to_owned()));
    assert!(fault(&NESTED.replace("\"rows\"]", "\"row\"]")).contains("`row` is not mapped in [paths]"));
}

#[test]
fn p4_a_namespace_that_ends_in_a_mark_gets_no_other() {
    let format = r#"
name = "own"
syntax = "json"
root = "x:r"

[namespaces]
x = "urn:x"
rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

[paths]
"x:name" = "person.name"
"#;
    let rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
    // In the format's order, as laid out; and in another, written anew.
    for context in [
        format!(r##"{{"x":"urn:x#", "rdf":"{rdf}"}}"##),
        format!(r##"{{"rdf":"{rdf}", "x":"urn:x#"}}"##),
        format!(r##"{{"x":"urn:x", "rdf":"{rdf}"}}"##),
    ] {
        let message = format!(r##"{{"@context":{context},"x:r":{{"x:name":{{"rdf:value":"DOE"}}}}}}"##);
        let out = out(format, &message).unwrap();
        assert!(!out.contains("##") && out.contains(&format!("\"rdf\":\"{rdf}\"")), "{out}");
    }
    let doubled = format!(r##"{{"@context":{{"x":"urn:x#","rdf":"{rdf}#"}},"x:r":{{"x:name":"DOE"}}}}"##);
    assert_eq!(out(format, &doubled), Err(Reason::Context));
}

/// A namespace that begins as another does is no fault; a name of the one that is spelled with the other's prefix is.
#[test]
fn p3_namespaces_that_begin_alike_are_told_apart_in_json_ld() {
    let format = r#"
name = "nested"
syntax = "json"
root = "a:r"

[namespaces]
a = "urn:a:b"
e = "urn:a:b:ext"
s = "http://a.example/"
t = "http://a.example/t/"

[paths]
"e:name" = "person.name"
"#;
    let out = |extra: &str| {
        let context =
            r##"{"a": "urn:a:b", "e": "urn:a:b:ext", "s": "http://a.example/", "t": "http://a.example/t/#"}"##;
        out(format, &format!(r#"{{"@context": {context}, "a:r": {{"e:name": "DOE"{extra}}}}}"#))
    };
    for honest in ["", r#", "a:name": "X""#, r#", "a:ext": "X""#, r#", "s:sex": "X""#, r#", "e:other": "X""#] {
        assert!(out(honest).is_ok_and(|out| out.contains("DOE") && !out.contains('X')), "{honest}");
    }
    for spelled in ["a::extname", "a::ext#name", "s:t/sex", "s:t/#sex", "urn:a:bfor", "urn:a:b:extname", "t:#sex"] {
        assert_eq!(out(&format!(r#", "{spelled}": "X""#)), Err(Reason::Context), "{spelled}");
    }
}
