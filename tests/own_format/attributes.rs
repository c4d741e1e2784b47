//! What an envelope states of the request: read, added to what the caller states, or withheld. Never ignored (P2).

use dmv_redact::{Disposition, Filter, Reason, Requester};
use dmv_redact_testing::filters::redact_text;

use super::{filter, with_formats};

const FORMAT: &str = r#"
name = "example"
syntax = ["xml", "json"]
root = "e:r"
requester = "e:head/e:to"
nillable = ["e:head/e:line"]

[attributes]
purpose = "e:head/@e:purpose"
reason = "e:head/e:reason"
line = "e:head/e:line"
user = "e:head/e:user"
state = "e:head/e:from"

[namespaces]
e = "urn:example"

[paths]
"e:name" = "person.name"
"e:sex" = "person.sex"
"e:head/@e:purpose" = "envelope.purpose"
"e:head/e:reason" = "envelope.reason"
"e:head/e:line" = "envelope.line"
"e:head/e:user" = "envelope.user"
"e:head/e:from" = "envelope.ori"
"e:head/e:to" = "envelope.ori"
"#;

/// Everybody gets the sex; the name, who asks for everything right.
const POLICY: &str = r#"
[policy]
name = "example"
version = "1"
purposes = ["C", "E"]
reasons = ["T", "N"]
lines = ["TC", "AX"]

[agencies.police]
ori = ["AZ*"]

[[permit]]
id = "sex"
agencies = ["police"]
elements = ["person.sex"]

[[permit]]
id = "name"
agencies = ["police"]
purposes = ["C"]
reasons = ["T"]
lines = ["TC"]
users = ["DOE, J"]
states = ["NV"]
elements = ["person.name"]

[[forbid]]
id = "no-name"
agencies = ["police"]
reasons = ["N"]
elements = ["person.name"]
when-absent = "skip"
"#;

/// A message with an attribute and the content of a header, in XML and JSON.
fn messages(purpose: &str, parts: &[(&str, &str)]) -> [String; 2] {
    let xml: String = parts.iter().map(|(name, value)| format!("<e:{name}>{value}</e:{name}>")).collect();
    let json: String = parts.iter().map(|(name, value)| format!(",\"e:{name}\":\"{value}\"")).collect();
    [
        format!(
            "<e:r xmlns:e=\"urn:example\"><e:name>DOE</e:name><e:sex>F</e:sex><e:head e:purpose=\"{purpose}\">{xml}\
             <e:to>AZ0070000</e:to></e:head></e:r>"
        ),
        format!(
            "{{\"e:r\":{{\"e:name\":\"DOE\",\"e:sex\":\"F\",\"e:head\":{{\"e:purpose\":\"{purpose}\"{json},\
             \"e:to\":\"AZ0070000\"}}}}}}"
        ),
    ]
}

const RIGHT: [(&str, &str); 4] = [("reason", "T"), ("line", "TC"), ("user", " Doe,  j"), ("from", "NV0070000")];

fn with(name: &str, value: &'static str) -> Vec<(&'static str, &'static str)> {
    RIGHT.iter().map(|(own, right)| (*own, if *own == name { value } else { *right })).collect()
}

fn own() -> Filter {
    filter(FORMAT, POLICY).unwrap()
}

/// Whether the name goes out, or why nothing does. What goes out is what a reading of the output alone takes for right.
fn becomes(filter: &Filter, message: &str, requester: &Requester) -> Result<bool, Reason> {
    let (out, receipt) = redact_text(filter, requester, message);
    match receipt.reason() {
        Some(reason) => Err(reason),
        None => {
            assert!(matches!(receipt.disposition(), Disposition::Released | Disposition::Redacted));
            filter.verify(out.as_bytes(), requester).unwrap_or_else(|finding| panic!("{finding}: {out}"));
            filter.verify_against(out.as_bytes(), message.as_bytes(), requester).unwrap();
            Ok(out.contains("DOE"))
        }
    }
}

#[test]
fn p2_a_format_says_where_its_messages_carry_attributes() {
    let filter = own();
    let nothing = Requester::from_envelope();
    for message in messages("C", &RIGHT) {
        assert_eq!(becomes(&filter, &message, &nothing), Ok(true), "{message}");
        // The caller may say the same.
        let same = nothing.clone().purpose("C").reason("T").user("doe, J").record_state("NV");
        assert_eq!(becomes(&filter, &message, &same), Ok(true), "{message}");
        for (other, reason) in [
            (nothing.clone().purpose("E"), Reason::PurposeSeveral),
            (nothing.clone().reason("N"), Reason::AttributeSeveral),
            (nothing.clone().line("AX"), Reason::AttributeSeveral),
            (nothing.clone().user("ROE"), Reason::AttributeSeveral),
            (nothing.clone().record_state("AZ"), Reason::AttributeSeveral),
        ] {
            assert_eq!(becomes(&filter, &message, &other), Err(reason), "{message}");
        }
    }
    for message in messages("E", &RIGHT) {
        assert_eq!(becomes(&filter, &message, &nothing), Ok(false), "{message}");
    }
    for message in messages("F", &RIGHT) {
        assert_eq!(becomes(&filter, &message, &nothing), Err(Reason::PurposeUnknown), "{message}");
    }
    for (name, value, expected) in [
        ("reason", "N", Ok(false)),
        ("reason", "", Ok(false)),
        ("reason", "X", Err(Reason::AttributeUnknown)),
        ("line", " ", Ok(false)),
        ("line", "ZZ", Err(Reason::AttributeUnknown)),
        ("user", "ROE", Ok(false)),
        ("from", "NV", Ok(true)),
        ("from", "AZ0070000", Ok(false)),
    ] {
        for message in messages("C", &with(name, value)) {
            assert_eq!(becomes(&filter, &message, &nothing), expected, "{message}");
        }
    }
}

#[test]
fn p2_what_is_stated_twice_or_is_no_value_is_never_ignored() {
    let filter = own();
    let nothing = Requester::from_envelope();
    let [xml, json] = messages("C", &RIGHT);
    for (from, to, expected) in [
        ("<e:reason>T</e:reason>", "<e:reason>T</e:reason><e:reason>T</e:reason>", Ok(true)),
        ("<e:reason>T</e:reason>", "<e:reason>T</e:reason><e:reason>N</e:reason>", Err(())),
        ("<e:reason>T</e:reason>", "<e:reason>N</e:reason><e:reason>T</e:reason>", Err(())),
        ("<e:reason>T</e:reason>", "<e:reason>T</e:reason><e:reason/>", Ok(true)),
        ("<e:reason>T</e:reason>", "<e:reason><![CDATA[T]]></e:reason>", Ok(true)),
        ("<e:reason>T</e:reason>", "<e:reason>&#84;</e:reason>", Ok(true)),
        ("<e:reason>T</e:reason>", "<x:reason xmlns:x='urn:example'>N</x:reason>", Ok(false)),
        ("<e:reason>T</e:reason>", "<x:reason xmlns:x='urn:other'>N</x:reason>", Ok(false)),
        ("</e:r>", "<e:head><e:reason>N</e:reason></e:head></e:r>", Err(())),
        ("</e:r>", "<e:head><e:reason>N</e:reason></e:head>", Err(())),
        ("e:purpose=\"C\"", "xmlns:p='urn:example' p:purpose='C'", Ok(true)),
        (
            "<e:line>TC</e:line>",
            "<e:line xmlns:x='http://www.w3.org/2001/XMLSchema-instance' x:nil='true'/>",
            Ok(false),
        ),
    ] {
        let message = xml.replacen(from, to, 1);
        assert_ne!(message, xml, "{from}");
        assert_eq!(becomes(&filter, &message, &nothing).map_err(drop), expected, "{message}");
    }
    for (from, to, expected) in [
        ("\"T\"", "[\"T\"]", Ok(true)),
        ("\"T\"", "[\"T\",\"T\"]", Ok(true)),
        ("\"T\"", "[\"T\",\"N\"]", Err(())),
        ("\"T\"", "[[\"T\"]]", Err(())),
        ("\"T\"", "[\"T\",[\"N\"]]", Err(())),
        ("\"T\"", "{}", Err(())),
        ("\"T\"", "{\"value\":\"T\"}", Err(())),
        ("\"T\"", "null", Err(())),
        ("\"T\"", "true", Err(())),
        ("\"T\"", "\"\\u0054\"", Ok(true)),
        ("\"e:reason\"", "\"e:re\\u0061son\"", Ok(true)),
        ("\"e:reason\"", "\"e:reason\":\"N\",\"e:reason\"", Err(())),
        ("\"TC\"", "null", Ok(false)),
        ("\"C\"", "[\"C\",\"E\"]", Err(())),
    ] {
        let message = json.replacen(from, to, 1);
        assert_ne!(message, json, "{from}");
        assert_eq!(becomes(&filter, &message, &nothing).map_err(drop), expected, "{message}");
    }
}

#[test]
fn p12_what_the_envelope_states_is_on_record() {
    for message in messages("C", &RIGHT) {
        let (_, receipt) = redact_text(&own(), &Requester::from_envelope(), &message);
        let stated = serde_json::to_value(&receipt).unwrap()["stated"].clone();
        let expected = r#"{"purpose":"C","reason":"T","line":"TC","user":"DOE, J","state":"NV"}"#;
        assert_eq!(stated, serde_json::from_str::<serde_json::Value>(expected).unwrap());
    }
    // What the policy doesn't declare could be anything (P6).
    for message in messages("C", &with("reason", "X9")) {
        let (_, receipt) = redact_text(&own(), &Requester::from_envelope(), &message);
        assert!(!serde_json::to_string(&receipt).unwrap().contains("X9"));
    }
}

#[test]
fn a_policy_that_asks_for_none_reads_none() {
    let policy = "[policy]\nname = 'p'\nversion = '1'\n[agencies.police]\nori = ['AZ*']\n[[permit]]\nid = 'all'\n\
                  agencies = ['police']\nelements = ['person']\n";
    let filter = filter(FORMAT, policy).unwrap();
    for message in messages("Z", &with("reason", "X")) {
        let (_, receipt) = redact_text(&filter, &Requester::from_envelope().reason("T"), &message);
        assert_eq!(receipt.disposition(), Disposition::Released);
        assert!(!serde_json::to_string(&receipt).unwrap().contains("stated"));
    }
}

#[test]
fn p2_an_attribute_is_a_value_of_the_envelope_at_one_place_of_its_own() {
    for (to, fault) in [
        ("e:head/e:to", "is the path of `requester`: the destination is no state of record"),
        ("e:head/e:reason", "has a role already"),
        ("e:name", "what decides about a message is of the envelope"),
        ("e:head", "is no value: other paths go on below it"),
        ("e:head/e:form", "is not mapped in [paths]; did you mean `e:head/e:from`?"),
    ] {
        let text = FORMAT.replacen("state = \"e:head/e:from\"", &format!("state = \"{to}\""), 1);
        let error = filter(&text, POLICY).unwrap_err().to_string();
        assert!(error.contains(fault), "{error}");
    }
}

/// A message in a text is of the same request as the one around it.
#[test]
fn p2_a_message_in_a_text_states_nothing_else() {
    let around = |more: &str| {
        format!(
            "name = 'soap'\nsyntax = 'xml'\nroot = 's:Envelope'\nrequester = 's:To'\n[attributes]\nreason = 's:Reason'\n\
             [namespaces]\ns = 'urn:soap'\n[paths]\n's:To' = 'envelope.ori'\n's:Reason' = 'envelope.reason'\n{more}\
             [[embedded]]\npaths = ['s:Body']\nformat = 'inner'\n"
        )
    };
    let inner = "name = 'inner'\nsyntax = 'json'\nroot = 'in'\n[attributes]\nreason = 'reason'\n[paths]\n\
                 'reason' = 'envelope.reason'\n'name' = 'person.name'\n'sex' = 'person.sex'\n";
    let policy = "[policy]\nname = 'p'\nversion = '1'\nreasons = ['T', 'N']\n[agencies.police]\nori = ['AZ*']\n[[permit]]\n\
                  id = 'sex'\nagencies = ['police']\nelements = ['person.sex']\n[[permit]]\nid = 'name'\n\
                  agencies = ['police']\nreasons = ['T']\nelements = ['person.name']\n";
    let body = |reason: &str| {
        let reason = if reason.is_empty() { String::new() } else { format!(",\"reason\":\"{reason}\"") };
        format!("<s:Body>{{\"in\":{{\"sex\":\"F\",\"name\":\"DOE\"{reason}}}}}</s:Body>")
    };
    let message = |outer: &str, bodies: &[&str]| {
        let outer = if outer.is_empty() { String::new() } else { format!("<s:Reason>{outer}</s:Reason>") };
        let bodies: String = bodies.iter().map(|reason| body(reason)).collect();
        format!("<s:Envelope xmlns:s='urn:soap'><s:To>AZ0070000</s:To>{outer}{bodies}</s:Envelope>")
    };
    let nothing = Requester::from_envelope();
    let only = with_formats(Filter::builder().policy_text("policy.toml", policy), &[&around(""), inner]).unwrap();
    for (outer, bodies, expected) in [
        ("T", &[""][..], Ok(true)),
        ("T", &["T"], Ok(true)),
        ("N", &[""], Ok(false)),
        ("", &["T"], Ok(true)),
        ("", &["T", "T"], Ok(true)),
        ("", &[""], Ok(false)),
        ("T", &["N"], Err(Reason::AttributeSeveral)),
        ("", &["T", "N"], Err(Reason::AttributeSeveral)),
        ("", &["X"], Err(Reason::AttributeUnknown)),
        // The first was decided on without what the second states.
        ("", &["", "T"], Err(Reason::AttributeSeveral)),
    ] {
        assert_eq!(becomes(&only, &message(outer, bodies), &nothing), expected, "{outer} {bodies:?}");
    }
    // What a text states of which nothing goes out is stated of all.
    let forbid = "[[forbid]]\nid = 'n'\nreasons = ['N']\nelements = ['person']\nwhen-absent = 'skip'\n";
    let builder = Filter::builder().policy_text("policy.toml", format!("{policy}{forbid}"));
    let forbids = with_formats(builder, &[&around(""), inner]).unwrap();
    for (bodies, expected) in [
        (&["N"][..], Reason::NothingPermitted),
        (&["N", ""], Reason::NothingPermitted),
        (&["", "N"], Reason::AttributeSeveral),
        (&["N", "T"], Reason::AttributeSeveral),
        (&["T", "N"], Reason::AttributeSeveral),
    ] {
        assert_eq!(becomes(&forbids, &message("", bodies), &nothing), Err(expected), "{bodies:?}");
    }
    let more = with_formats(
        Filter::builder().policy_text("policy.toml", policy),
        &[&around("'s:Eyes' = 'person.eye-color'\n"), inner],
    )
    .unwrap();
    for (outer, inner, expected) in [
        ("T", "T", Ok(true)),
        ("T", "", Ok(true)),
        ("", "T", Err(Reason::AttributeSeveral)),
        ("T", "N", Err(Reason::AttributeSeveral)),
    ] {
        assert_eq!(becomes(&more, &message(outer, &[inner]), &nothing), expected, "{outer} {inner}");
    }
}
