//! Each form of a released value, and messages in other encodings.

use dmv_redact_model::format::NOTICE;
use dmv_redact_model::manifest::ReleasedForm::{Continued, Exact, Link, Nil, Notice, Text, Treated, TypeName};
use dmv_redact_model::span::Span;

use super::change;
use super::world::{Case, entry};

const DECLARED: &str = r#"xmlns:e="urn:example""#;

fn xml(message: &str, output: &str) -> Case {
    Case::new(&format!("<e:r {DECLARED}>{message}</e:r>"), &format!("<e:r {DECLARED}>{output}</e:r>"))
}

fn json(message: &str, output: &str) -> Case {
    Case::new(&format!(r#"{{"e:r":{{{message}}}}}"#), &format!(r#"{{"e:r":{{{output}}}}}"#))
}

fn named(name: &str) -> String {
    format!("<e:person><e:name>{name}</e:name></e:person>")
}

#[test]
fn p4_pieces_of_a_value_are_its_bytes_one_after_another() {
    let case = xml(&named("JO<!-- -->RD<e:x>MORGAN</e:x><![CDATA[AN]]>"), &named("JORD<![CDATA[AN]]>"))
        .with("person.name.given", Continued, "JO")
        .with("person.name.given", Continued, "RD")
        .with("person.name.given", Exact, "<![CDATA[AN]]>");
    case.is_accepted();
    case.is_refused_with(|case| change(case, "JORD", "RDJO"));
    case.is_refused_with(|case| case.remove(1));
    case.is_refused_with(|case| case.remove(case.entries.len() - 1));
    case.is_refused_with(|case| case.entries[2].form = Continued);
    case.is_refused_with(|case| case.entries[0].form = Exact);
    case.is_refused_with(|case| case.entries[2].form = Treated);
    // JSON has no pieces.
    let person = |name: &str| format!(r#""e:person":{{"e:name":{name}}}"#);
    json(&person(r#""JORDAN""#), &person(r#""JORDAN""#))
        .with("person.name.given", Continued, "\"JOR")
        .with("person.name.given", Exact, "DAN\"")
        .is_refused_with(|_| ());
}

#[test]
fn p4_a_treatment_is_of_what_a_value_means() {
    let born = |born: &str| format!("<e:person><e:born>{born}</e:born></e:person>");
    for raw in [
        " 1985-07-04\r\n",
        "<![CDATA[1985-07-04]]>",
        "1985&#45;07-04",
        "07&#x2F;04/19<!-- 99 -->85",
        "19<e:x>77</e:x>85",
        "1985",
    ] {
        let case = xml(&born(raw), &born("1985")).with("person.birth-date", Treated, raw);
        case.is_accepted();
        case.is_refused_with(|case| change(case, "1985", "1977"));
        case.is_refused_with(|case| change(case, "1985", "<![CDATA[1986]]>"));
    }
    let born = |born: &str| format!(r#""e:person":{{"e:born":{born}}}"#);
    for (raw, output) in [(r#""\u0031985-07-04""#, r#""1985""#), ("19850704", "1985"), (r#""1985""#, r#""1985""#)] {
        let case = json(&born(raw), &born(output)).with("person.birth-date", Treated, raw);
        case.is_accepted();
        case.is_refused_with(|case| change(case, "1985", "1986"));
    }
    let parts = |zip: &str| format!("<e:person><e:zip>{zip}</e:zip></e:person>");
    xml(&parts("62704-1234"), &parts("62704")).with("person.address.postal-code", Treated, "62704-1234").is_accepted();
}

#[test]
fn p4_a_blank_value_is_as_it_came() {
    let middle = |middle: &str| format!("<e:person><e:name>A</e:name>{middle}</e:person>");
    for raw in ["<e:middle></e:middle>", "<e:middle/>", "<e:middle> \n</e:middle>"] {
        let text = raw.replace("<e:middle>", "").replace("</e:middle>", "").replace("<e:middle/>", "");
        let case = xml(&middle(raw), &middle(raw)).with("person.name.given", Exact, "A");
        let mut case = case.with("person.name.middle", Exact, &text);
        let start = String::from_utf8(case.message.clone()).unwrap().find(raw).unwrap() + "<e:middle>".len();
        case.entries[1].span = Span::new(start, start + text.len());
        case.is_accepted();
        case.is_refused_with(|case| case.entries[1].form = Continued);
    }
    let nil = r#"<e:r xmlns:e="urn:example" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:person><e:middle xsi:nil="true"></e:middle></e:person></e:r>"#;
    let mut case = Case::new(nil, nil).with("person.name.middle", Nil, "");
    let end = nil.find("</e:middle>").unwrap();
    case.is_refused_with(|case| case.entries.clear());
    case.entries[0].span = Span::new(end, end);
    case.is_accepted();
    case.is_refused_with(|case| case.entries.clear());
    let blank = |born: &str| format!(r#""e:person":{{"e:name":"A","e:middle":{born},"e:born":" "}}"#);
    json(&blank("null"), &blank("null"))
        .with("person.name.given", Exact, "\"A\"")
        .with("person.name.middle", Exact, "null")
        .with("person.birth-date", Exact, "\" \"")
        .is_accepted();
}

#[test]
fn p4_a_treated_number_stays_a_number_and_a_string_a_string() {
    let born = |born: &str| format!(r#""e:person":{{"e:born":{born}}}"#);
    for (message, output, other) in [("19850704", "1985", "\"1985\""), ("\"19850704\"", "\"1985\"", "1985")] {
        let case = json(&born(message), &born(output)).with("person.birth-date", Treated, message);
        case.is_accepted();
        case.is_refused_with(|case| change(case, output, other));
    }
}

#[test]
fn p4_values_in_records_and_attributes_are_compared() {
    let case = Case::new(
        &format!(r#"<e:r {DECLARED} e:version="4.00"><e:vehicle><e:color>RED &amp; BLUE</e:color></e:vehicle></e:r>"#),
        &format!(r#"<e:r {DECLARED} e:version="4.00"><e:vehicle><e:color>RED &amp; BLUE</e:color></e:vehicle></e:r>"#),
    )
    .with("envelope.version", Exact, "4.00")
    .with("response.caveat", Exact, "RED &amp; BLUE");
    case.is_accepted();
    case.is_refused_with(|case| change(case, "4.00", "4.01"));
    case.is_refused_with(|case| change(case, "&amp;", "&#38;"));
    case.is_refused_with(|case| change(case, "RED", "TAN"));
    // A name that is known for what is between the record and another element.
    let deep = "<e:vehicle><e:x><e:deep>B2</e:deep></e:x></e:vehicle>";
    xml(deep, deep).with("response.caveat", Exact, "B2").is_accepted();
    let record = r#""e:vehicle":{"e:color":["RED",12345678901234567890,-0,true],"e:seats":"4\u0041"}"#;
    let case = json(record, record)
        .with("response.caveat", Exact, "\"RED\"")
        .with("response.caveat", Exact, "12345678901234567890")
        .with("response.caveat", Exact, "-0")
        .with("response.caveat", Exact, "true")
        .with("response.caveat", Exact, r#""4\u0041""#);
    case.is_accepted();
    case.is_refused_with(|case| change(case, "12345678901234567890", "12345678901234567891"));
    case.is_refused_with(|case| change(case, "-0", "0"));
    case.is_refused_with(|case| change(case, "true", "false"));
    case.is_refused_with(|case| change(case, r"4\u0041", "4A"));
}

#[test]
fn p4_links_and_names_of_types_say_what_they_said() {
    let declared =
        r#"xmlns:e="urn:example" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:s="urn:structures""#;
    let message = |id: &str, kind: &str| {
        let person = format!(r#"<e:person s:id="{id}" xsi:type="{kind}"><e:name>JORDAN</e:name></e:person>"#);
        let other = format!(r#"<e:person s:metadata="{id}"><e:name>ROBIN</e:name></e:person>"#);
        format!("<e:r {declared}>{person}{other}</e:r>")
    };
    let case = Case::new(&message("P17", "o:AType"), &message("id1", "e:AType"))
        .link("P17")
        .link("P17")
        .with("response.caveat", TypeName, "o:AType")
        .with("person.name.given", Exact, "JORDAN")
        .with("license.number", Link, "P17")
        .with("person.name.given", Exact, "ROBIN");
    case.is_accepted();
    case.is_refused_with(|case| case.entries[2].form = Exact);
    case.is_refused_with(|case| case.entries[0].form = Exact);
    case.is_refused_with(|case| case.entries[0].form = Link);
    case.is_refused_with(|case| case.entries[1].form = TypeName);
    case.is_refused_with(|case| case.entries[1].form = Link);
    case.is_refused_with(|case| change(case, "e:AType", "e:BType"));
    case.is_refused_with(|case| change(case, "e:AType", "AType"));
}

#[test]
fn p4_a_reference_leads_where_it_led() {
    let declared = r#"xmlns:e="urn:example" xmlns:s="urn:structures""#;
    let message = |ids: [&str; 4]| {
        let [one, other, first, second] = ids;
        let person = |id: &str, name: &str| format!(r#"<e:person s:id="{id}"><e:name>{name}</e:name></e:person>"#);
        let reference = |id: &str| format!(r#"<e:person s:ref="{id}"/>"#);
        let people = person(one, "JORDAN") + &person(other, "ROBIN") + &reference(first) + &reference(second);
        format!("<e:r {declared}>{people}</e:r>")
    };
    let case = Case::new(&message(["P1", " P2 ", "P2", "P1"]), &message(["id1", "id2", "id2", "id1"]));
    let case = ["P1", " P2 ", "P2", "P1"].into_iter().fold(case, Case::link);
    let case = case.with("person.name.given", Exact, "JORDAN").with("person.name.given", Exact, "ROBIN");
    case.is_accepted();
    case.is_refused_with(|case| case.output = message(["id1", "id2", "id1", "id2"]));
    case.is_refused_with(|case| change(case, r#"<e:person s:ref="id1"/>"#, ""));
    case.is_refused_with(|case| {
        change(case, r#"<e:person s:ref="id1"/>"#, r#"<e:person s:ref="id1"/><e:person s:ref="id1"/>"#)
    });
    case.is_refused_with(|case| case.links.swap(2, 3));
    case.is_refused_with(|case| _ = case.links.pop());
    case.is_refused_with(|case| case.links.clear());
}

#[test]
fn p5_a_notice_is_the_one_that_is_fixed() {
    let notice = format!("<e:notice>{NOTICE}</e:notice>");
    let mut case = xml(&named("JORDAN"), &(named("JORDAN") + &notice)).with("person.name.given", Exact, "JORDAN");
    case.entries.push(entry("envelope.notice", Notice, Span::default()));
    case.is_accepted();
    case.is_refused_with(|case| change(case, "NOT TAKE", "TAKE"));
    case.is_refused_with(|case| case.entries[1].form = Exact);
    case.is_refused_with(|case| case.entries[1].span = Span::new(0, 4));
    // Nothing else is released as one.
    case.is_refused_with(|case| case.entries[0].form = Notice);
    let mut case = json(r#""e:status":"LIC""#, &format!(r#""e:status":"LIC","e:notice":"{NOTICE}""#)).with(
        "license.status",
        Exact,
        "\"LIC\"",
    );
    case.entries.push(entry("envelope.notice", Notice, Span::default()));
    case.is_accepted();
}

#[test]
fn p4_fields_of_a_text_are_in_the_text_of_the_message() {
    let text = "STATE OF EXAMPLE\r\nSEX: F\nNAME: JORDAN\nBORN: 1985-07-04\nEYES: BRO\nSSN: 900-12-3456\nNOTE: A &amp; B\nNAME: ROBIN\n";
    let output = "STATE OF EXAMPLE\nSEX: ****\nNAME: JORDAN\nBORN: 1985\nSSN: ****3456\nNAME: ROBIN";
    let element = |text: &str| format!("<e:text>{text}</e:text>");
    let case = xml(&element(text), &element(output))
        .with("response.text", Text, text)
        .field("person.sex")
        .field("person.name.given")
        .field("person.birth-date")
        .field("person.ssn")
        .field("person.name.given");
    let as_json = |text: &str| format!(r#""e:text":{:?}"#, text.replace("&amp;", "&"));
    let raw = format!("{:?}", text.replace("&amp;", "&"));
    let mut in_json = json(&as_json(text), &as_json(output)).with("response.text", Text, &raw);
    for field in &case.entries[1..] {
        in_json.entries.push(dmv_redact_model::manifest::ReleasedValue { span: in_json.entries[0].span, ..*field });
    }
    for case in [case, in_json] {
        case.is_accepted();
        case.is_refused_with(|case| change(case, "JORDAN", "MORGAN"));
        case.is_refused_with(|case| change(case, "JORDAN", "JORDA"));
        case.is_refused_with(|case| change(case, "1985", "1986"));
        case.is_refused_with(|case| change(case, "****3456", "****3457"));
        case.is_refused_with(|case| change(case, "SEX: ****", "SEX: F"));
        // Two in each other's place, one lost, one too many, another text.
        case.is_refused_with(|case| {
            case.output = case.output.replace("JORDAN", "?").replace("ROBIN", "JORDAN").replace('?', "ROBIN");
        });
        case.is_refused_with(|case| case.remove(2));
        case.is_refused_with(|case| case.remove(case.entries.len() - 1));
        case.is_refused_with(|case| case.entries.push(case.entries[5]));
        case.is_refused_with(|case| case.entries.swap(1, 2));
        case.is_refused_with(|case| case.entries[3].span = Span::new(0, 4));
        case.is_refused_with(|case| case.entries[0].form = Exact);
        case.is_refused_with(|case| case.entries[1].form = Exact);
    }
}

#[test]
fn p4_messages_in_legacy_encodings_are_compared_as_text() {
    let text =
        |label: &str| format!("<?xml version=\"1.0\" encoding=\"{label}\"?>\n<e:r {DECLARED}>{}</e:r>", named("JOSÉ"));
    let utf_16 = |little: bool| {
        let bytes = text("UTF-16")
            .encode_utf16()
            .flat_map(move |unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
            .collect::<Vec<_>>();
        [if little { [0xFF, 0xFE] } else { [0xFE, 0xFF] }.to_vec(), bytes].concat()
    };
    let latin = |label: &str| text(label).chars().map(|character| u8::try_from(character).unwrap()).collect::<Vec<_>>();
    for (label, bytes) in [
        ("UTF-8", text("UTF-8").into_bytes()),
        ("UTF-16", utf_16(true)),
        ("UTF-16", utf_16(false)),
        ("ISO-8859-1", latin("ISO-8859-1")),
        ("windows-1252", latin("windows-1252")),
    ] {
        let case = Case::new(&text(label), &text("UTF-8")).with("person.name.given", Exact, "JOSÉ").message(bytes);
        case.is_accepted();
        case.is_refused_with(|case| change(case, "JOSÉ", "JOSE"));
        case.is_refused_with(|case| case.message.truncate(case.message.len() / 2 + 2));
    }
}
