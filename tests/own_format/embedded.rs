//! Messages in texts of others: escaped, in sections, in strings, in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use dmv_redact::{Disposition, Filter, Reason, Receipt, Requester};
use dmv_redact_testing::filters::{police, redact_text};

use super::with_formats;

const POLICY: &str = r#"
[policy]
name = "example"
version = "1"

[agencies.police]
ori = ["AZ*"]

[agencies.sheriff]
ori = ["NM*"]

[[permit]]
id = "some"
agencies = ["police"]
elements = ["person.name", "license.number"]

[[permit]]
id = "keys"
agencies = ["police"]
messages = ["RR"]
elements = ["registration.plate"]
"#;

/// A SOAP envelope with a message in its result.
const SOAP: &str = r#"
name = "soap"
syntax = "xml"
root = "s:Envelope"
requester = "s:Header/s:To"

[namespaces]
s = "urn:soap"

[paths]
"s:Header/s:To" = "envelope.ori"

[[embedded]]
paths = ["s:Body/s:Result"]
format = ["answer", "answer-json"]

[[embedded]]
paths = ["s:Body/s:Encoded"]
format = "answer"
encoding = "base64"
"#;

const ANSWER: &str = r#"
name = "answer"
syntax = "xml"
root = "a:Answer"
message-type = "a:Key"
messages = ["DR", "RR"]

[namespaces]
a = "urn:answer"

[paths]
"a:Key" = "envelope.message-key"
"a:Name" = "person.name"
"a:Ssn" = "person.ssn"
"a:Plate" = "registration.plate"
"#;

const ANSWER_JSON: &str = r#"
name = "answer-json"
syntax = "json"
root = "answer"
requester = "to"

[paths]
"to" = "envelope.ori"
"name" = "person.name"
"ssn" = "person.ssn"

[[embedded]]
paths = ["inner"]
format = "answer-json"
"#;

fn filter() -> Filter {
    let builder = Filter::builder().policy_bytes("policy.toml", POLICY);
    with_formats(builder, &[SOAP, ANSWER, ANSWER_JSON]).unwrap_or_else(|error| panic!("{error}"))
}

fn redact(message: &str) -> (String, Receipt) {
    let filter = filter();
    let (out, receipt) = redact_text(&filter, &police(), message);
    if receipt.disposition().releases() {
        assert_eq!(redact_text(&filter, &police(), &out).0, out, "P4: redacted again");
        filter.verify(out.as_bytes(), &police()).unwrap();
        filter.verify_against(out.as_bytes(), message.as_bytes(), &police()).unwrap();
    }
    (out, receipt)
}

fn reason(message: &str) -> Reason {
    let (out, receipt) = redact(message);
    receipt.reason().unwrap_or_else(|| panic!("{out}"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn soap(result: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"urn:soap\"><s:Header><s:To>AZ0070000</s:To></s:Header><s:Body>{result}</s:Body></s:Envelope>"
    )
}

fn answer(inside: &str) -> String {
    format!("<a:Answer xmlns:a=\"urn:answer\">{inside}</a:Answer>")
}

const KEY: &str = "<a:Key>DR</a:Key>";
const NAME: &str = "<a:Name>DOE &amp; SON</a:Name>";
const SSN: &str = "<a:Ssn>900123456</a:Ssn>";

/// The text of a message is that in an element.
fn within(name: &str, text: &str) -> String {
    soap(&format!("<s:{name}>{text}</s:{name}>"))
}

#[test]
fn p1_a_message_in_a_text_is_redacted_by_its_own_format() {
    let kept = within("Result", &escaped(&answer(&format!("{KEY}{NAME}"))));
    for whole in [
        escaped(&answer(&format!("{KEY}{NAME}{SSN}"))),
        format!("<![CDATA[{}]]>", answer(&format!("{KEY}{SSN}{NAME}"))),
        escaped(&answer(&format!("{KEY}{NAME}<a:Unknown>{SSN}</a:Unknown>"))),
    ] {
        let (out, receipt) = redact(&within("Result", &whole));
        assert_eq!((receipt.reason(), &out), (None, &kept));
        assert_eq!((receipt.disposition(), receipt.message_type()), (Disposition::Redacted, Some("DR")));
    }
    let (out, receipt) = redact(&kept);
    assert_eq!((out, receipt.disposition()), (kept, Disposition::Released));
    let counts: Vec<_> = receipt.elements().filter(|(_, counts)| counts.released > 0).map(|(id, _)| id).collect();
    assert_eq!(counts, ["envelope.message-key", "envelope.ori", "envelope.message", "person.name"]);
}

#[test]
fn p1_a_message_in_base64_is_redacted_and_encoded_again() {
    let whole = BASE64.encode(answer(&format!("{KEY}{NAME}{SSN}")));
    let kept = BASE64.encode(answer(&format!("{KEY}{NAME}")));
    let broken = format!("\n  {}\r\n{}\n", &whole[..40], &whole[40..]);
    for text in [&whole, &broken] {
        assert_eq!(redact(&within("Encoded", text)).0, within("Encoded", &kept));
    }
    let mut utf_16: Vec<u8> = vec![0xFF, 0xFE];
    utf_16.extend(answer(&format!("{KEY}{NAME}{SSN}")).encode_utf16().flat_map(u16::to_le_bytes));
    assert_eq!(redact(&within("Encoded", &BASE64.encode(utf_16))).0, within("Encoded", &kept));
    for other in ["no base64!", "AAA", &BASE64.encode(b"\xFF\xFEx"), &escaped(&answer(KEY)), &BASE64.encode("[]")] {
        let (out, receipt) = redact(&within("Encoded", other));
        assert!(!receipt.disposition().releases(), "{other}: {out}");
    }
}

#[test]
fn what_is_declared_of_the_encoding_of_a_text_does_not_count() {
    let declared = |label: &str| {
        let inner =
            format!("<?xml version=\"1.0\" encoding=\"{label}\"?>{}", answer(&format!("{KEY}<a:Name>ÉMILE</a:Name>")));
        within("Result", &escaped(&inner))
    };
    for label in ["UTF-16", "utf-8", "ISO-8859-1", "us-ascii", "windows-1252"] {
        let expected = if label == "utf-8" { declared("utf-8") } else { declared("UTF-8") };
        assert_eq!(redact(&declared(label)).0, expected, "{label}");
    }
    assert_eq!(reason(&declared("EBCDIC")), Reason::Encoding);
}

#[test]
fn attack_39_what_withholds_a_message_in_a_text_withholds_all() {
    for (text, expected) in [
        (escaped("<a:Answer xmlns:a=\"urn:answer\">"), Reason::NotWellFormedXml),
        (escaped("<!DOCTYPE a><a/>"), Reason::Doctype),
        (escaped("<other/>"), Reason::FormatUnknown),
        (escaped("<s:Envelope xmlns:s=\"urn:soap\"/>"), Reason::FormatUnknown),
        (escaped(&answer(NAME)), Reason::MessageTypeMissing),
        (escaped(&answer(&format!("<a:Key>XX</a:Key>{NAME}"))), Reason::MessageTypeUnknown),
        ("no message".to_owned(), Reason::SyntaxUnknown),
        (r#"{"answer":{"to":"NM0010000","name":"DOE"}}"#.to_owned(), Reason::RequesterMismatch),
        (r#"{"answer":{"name":"DOE","name":"ROE"}}"#.to_owned(), Reason::DuplicateName),
    ] {
        assert_eq!(reason(&within("Result", &text)), expected, "{text}");
    }
    // Of two, one that is withheld.
    let two = soap(&format!(
        "<s:Result>{}</s:Result><s:Result>{}</s:Result>",
        escaped(&answer(&format!("{KEY}{NAME}"))),
        escaped("<a")
    ));
    assert_eq!(reason(&two), Reason::NotWellFormedXml);
    // Two kinds of messages would have two grants.
    let kinds = soap(&format!(
        "<s:Result>{}</s:Result><s:Result>{}</s:Result>",
        escaped(&answer(&format!("{KEY}{NAME}"))),
        escaped(&answer(&format!("<a:Key>RR</a:Key><a:Plate>CWL1234</a:Plate>{NAME}")))
    ));
    assert!(matches!(reason(&kinds), Reason::RequesterSeveral | Reason::MessageTypeSeveral), "{:?}", reason(&kinds));
}

#[test]
fn p5_a_text_of_which_nothing_stays_leaves_no_trace() {
    let nothing = soap(&format!(
        "<s:Result>{}</s:Result><s:Result> </s:Result><s:Result/><s:Result>{}</s:Result>",
        r#"{"answer":{"ssn":"900123456"}}"#, r#"{"answer":{"name":"DOE"}}"#
    ));
    assert_eq!(redact(&nothing).0, within("Result", r#"{"answer":{"name":"DOE"}}"#));
}

#[test]
fn p1_what_is_no_text_is_no_message() {
    for inner in ["900123456", "null", "true", "[900123456]", r#"{"name":"ROE"}"#] {
        let (out, receipt) = redact(&format!(r#"{{"answer":{{"name":"DOE","inner":{inner}}}}}"#));
        assert_eq!((receipt.reason(), out.as_str()), (None, r#"{"answer":{"name":"DOE"}}"#), "{inner}");
    }
}

#[test]
fn p8_messages_are_in_one_another_up_to_a_depth() {
    let nested = |depth: usize| {
        let mut inner = r#"{"answer":{"name":"DOE","ssn":"900123456"}}"#.to_owned();
        for _ in 0..depth {
            let quoted = inner.replace('\\', "\\\\").replace('"', "\\\"");
            inner = format!(r#"{{"answer":{{"inner":"{quoted}"}}}}"#);
        }
        inner
    };
    for depth in 1..=4 {
        let (out, receipt) = redact(&nested(depth));
        let kept = nested(depth);
        assert_eq!(receipt.reason(), None);
        assert!(out.contains("DOE") && !out.contains("900123456") && out.len() < kept.len(), "{out}");
    }
    assert_eq!(reason(&nested(5)), Reason::Limit);
}

#[test]
fn a_message_without_a_requester_takes_that_of_the_one_in_its_text() {
    let format = SOAP.replace("requester = \"s:Header/s:To\"\n", "");
    let builder = Filter::builder().policy_bytes("policy.toml", POLICY);
    let filter = with_formats(builder, &[&format, ANSWER, ANSWER_JSON]).unwrap();
    let ask = Requester::from_envelope();
    let message = within("Result", r#"{"answer":{"ssn":"900123456","name":"DOE","to":"AZ0070000"}}"#);
    let (out, receipt) = redact_text(&filter, &ask, &message);
    assert_eq!(receipt.reason(), None);
    assert_eq!(out, message.replace(r#""ssn":"900123456","#, ""));
    assert_eq!(receipt.requester().map(|ori| ori.to_string()), Some("AZ0070000".to_owned()));
    let (_, receipt) = redact_text(&filter, &ask, message.replace(r#","to":"AZ0070000""#, ""));
    assert_eq!(receipt.reason(), Some(Reason::RequesterMissing));
}

#[test]
fn p2_messages_in_texts_name_formats_that_are_there() {
    let fault = |format: &str| {
        let builder = Filter::builder().policy_bytes("policy.toml", POLICY);
        with_formats(builder, &[format, ANSWER, ANSWER_JSON]).expect_err("a fault")
    };
    assert!(
        fault(&SOAP.replace("\"answer\", ", "\"anwser\", "))
            .contains("unknown format `anwser`; did you mean `answer`?")
    );
    let more = SOAP.replace("[paths]", "[paths]\n\"s:Body/s:Name\" = \"person.name\"");
    assert!(fault(&more).contains("has a message key, and the format around it has none"), "{}", fault(&more));
    let mapped = SOAP.replace("[paths]", "[paths]\n\"s:Body/s:Result\" = \"response.text\"");
    assert!(fault(&mapped).contains("is a message, and is mapped in [paths] as well"), "{}", fault(&mapped));
    assert!(fault(&SOAP.replace("s:Body/s:Encoded", "s:Body/s:Result")).contains("is named twice"));
    assert!(fault(&SOAP.replace("s:Body/s:Encoded", "s:Body/@encoded")).contains("is an attribute"));
}
