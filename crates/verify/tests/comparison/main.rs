//! The second reading compares an output with its message: outputs written by hand that are accepted, and every fault in
//! them that is found.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that can't write its case must fail"
)]

mod forms;
mod world;

use dmv_redact_model::catalog::Treatment;
use dmv_redact_model::manifest::ReleasedForm::{Exact, Treated};
use dmv_redact_model::span::Span;
use world::{Case, entry};

const DECLARED: &str = r#"xmlns:e="urn:example""#;

fn xml() -> Case {
    let person = |name, born, ssn| {
        format!(
            "<e:person><e:name>{name}</e:name><e:born>{born}</e:born><e:ssn>{ssn}</e:ssn><e:sex>F</e:sex></e:person>"
        )
    };
    let message = person("JORDAN", "1985-07-04", "900-12-3456") + &person("ROBIN", "11/02/1991", "900654321");
    let kept = |name, born, ssn| {
        format!(
            "<e:person><e:name>{name}</e:name><e:born>{born}</e:born><e:ssn>{ssn}</e:ssn><e:sex>****</e:sex></e:person>"
        )
    };
    let output = kept("JORDAN", "1985", "****3456") + &kept("ROBIN", "1991", "****4321");
    let status = "<e:status>NONE</e:status>";
    Case::new(
        &format!("<e:r {DECLARED}><e:other>MORGAN</e:other>{message}{status}</e:r>"),
        &format!("<e:r {DECLARED}>{output}{status}</e:r>"),
    )
    .with("person.name.given", Exact, "JORDAN")
    .with("person.birth-date", Treated, "1985-07-04")
    .with("person.ssn", Treated, "900-12-3456")
    .with("person.sex", Treated, "F")
    .with("person.name.given", Exact, "ROBIN")
    .with("person.birth-date", Treated, "11/02/1991")
    .with("person.ssn", Treated, "900654321")
    .with("person.sex", Treated, "F")
    .with("license.status", Exact, "NONE")
}

fn json() -> Case {
    let message = r#"{"e:r": {"e:other": "MORGAN", "e:person": [
        {"e:name": "JORDAN", "e:born": "1985-07-04", "e:ssn": "900-12-3456", "e:sex": "F", "e:height": 1.50},
        {"e:name": "ROBIN", "e:born": "11/02/1991", "e:ssn": "900654321", "e:sex": "F", "e:height": 170}
    ], "e:status": "NONE"}}"#;
    let output = r#"{"e:r": {"e:person": [
        {"e:name": "JORDAN", "e:born": "1985", "e:ssn": "****3456", "e:sex": "****", "e:height": 1.50},
        {"e:name": "ROBIN", "e:born": "1991", "e:ssn": "****4321", "e:sex": "****", "e:height": 170}
    ], "e:status": "NONE"}}"#;
    Case::new(message, output)
        .with("person.name.given", Exact, r#""JORDAN""#)
        .with("person.birth-date", Treated, r#""1985-07-04""#)
        .with("person.ssn", Treated, r#""900-12-3456""#)
        .with("person.sex", Treated, r#""F""#)
        .with("person.height", Exact, "1.50")
        .with("person.name.given", Exact, r#""ROBIN""#)
        .with("person.birth-date", Treated, r#""11/02/1991""#)
        .with("person.ssn", Treated, r#""900654321""#)
        .with("person.sex", Treated, r#""F""#)
        .with("person.height", Exact, "170")
        .with("license.status", Exact, r#""NONE""#)
}

fn change(case: &mut Case, from: &str, to: &str) {
    assert!(case.output.contains(from), "{from}");
    case.output = case.output.replacen(from, to, 1);
}

fn moved(span: Span, by: usize) -> Span {
    Span::new(span.start() + by, span.end() + by)
}

/// Does the same to a case in each syntax.
#[track_caller]
fn each_is_refused_with(change: impl Fn(&mut Case)) {
    xml().is_refused_with(&change);
    json().is_refused_with(&change);
}

#[test]
fn p4_what_was_made_of_the_message_is_accepted() {
    xml().is_accepted();
    json().is_accepted();
}

#[test]
fn p10_bytes_of_another_message_are_found() {
    each_is_refused_with(|case| change(case, "JORDAN", "MORGAN"));
    each_is_refused_with(|case| change(case, "1985", "1986"));
    each_is_refused_with(|case| change(case, "****3456", "****3457"));
    json().is_refused_with(|case| change(case, "1.50", "1.60"));
    json().is_refused_with(|case| change(case, "1.50", "1.5"));
    json().is_refused_with(|case| change(case, "\"JORDAN\"", "\"\\u004AORDAN\""));
    xml().is_refused_with(|case| change(case, "JORDAN", "<![CDATA[JORDAN]]>"));
    xml().is_refused_with(|case| change(case, "JORDAN", "&#74;ORDAN"));
    // Another message of the same layout.
    each_is_refused_with(|case| {
        let text = String::from_utf8(case.message.clone()).unwrap();
        case.message = text.replace("JORDAN", "MORGAN").into();
    });
    each_is_refused_with(|case| case.message.clear());
}

#[test]
fn p4_a_record_or_value_in_the_place_of_another_is_found() {
    each_is_refused_with(|case| {
        for (one, other) in [("JORDAN", "ROBIN"), ("1985", "1991"), ("****3456", "****4321")] {
            case.output = case.output.replace(one, "?").replace(other, one).replace('?', other);
        }
    });
    each_is_refused_with(|case| {
        case.output = case.output.replace("JORDAN", "?").replace("ROBIN", "JORDAN").replace('?', "ROBIN");
    });
    // The first reading confused them, and its manifest says so.
    each_is_refused_with(|case| {
        case.output = case.output.replace("JORDAN", "?").replace("ROBIN", "JORDAN").replace('?', "ROBIN");
        let second = case.entries.len() / 2;
        let (one, other) = (case.entries[0].span, case.entries[second].span);
        (case.entries[0].span, case.entries[second].span) = (other, one);
    });
}

/// The values are right, in order, each where its element may be: in another part than in the message.
#[test]
fn p4_a_value_in_another_part_or_under_another_name_is_found() {
    let border = "</e:person><e:person>";
    let status = "<e:sex>****</e:sex>";
    // The first person's last value becomes the second's first; all become one person's; one becomes two.
    xml().is_refused_with(|case| change(case, &format!("{status}{border}"), &format!("{border}{status}")));
    xml().is_refused_with(|case| change(case, border, ""));
    xml().is_refused_with(|case| change(case, status, &format!("{border}{status}")));
    let border = "},\n        {";
    json().is_refused_with(|case| {
        change(case, &format!(", \"e:height\": 1.50{border}"), &format!("{border}\"e:height\": 1.50, "))
    });
    json().is_refused_with(|case| {
        change(case, "{\"e:name\": \"ROBIN\"", "{\"e:name\": \"JORDAN\"}, {\"e:name\": \"ROBIN\"")
    });
    // One person isn't a list of one.
    let person = |person: &str| format!(r#"{{"e:r":{{"e:person":{person}}}}}"#);
    let one = r#"{"e:name":"JORDAN"}"#;
    let case = Case::new(&person(one), &person(one)).with("person.name.given", Exact, "\"JORDAN\"");
    case.is_accepted();
    case.is_refused_with(|case| case.output = person(&format!("[{one}]")));
    // Two names of one element, whose values changed places: each is as the element's shape has it.
    let people = |first: &str, other: &str| {
        format!("<e:r {DECLARED}><e:person><e:{first}>A</e:{first}><e:{other}>B</e:{other}></e:person></e:r>")
    };
    let case = Case::new(&people("name", "alias"), &people("name", "alias"));
    let case = case.with("person.name.given", Exact, "A").with("person.name.given", Exact, "B");
    case.is_accepted();
    case.is_refused_with(|case| case.output = people("alias", "name"));
    case.is_refused_with(|case| case.output = people("name", "name"));
}

#[test]
fn p4_a_wrong_offset_is_found() {
    for entry in 0..xml().entries.len() {
        xml().is_refused_with(|case| case.entries[entry].span = moved(case.entries[entry].span, 1_000));
    }
    each_is_refused_with(|case| case.entries[0].span = moved(case.entries[0].span, 1));
    each_is_refused_with(|case| {
        case.entries[0].span = Span::new(case.entries[0].span.start(), case.entries[0].span.end() - 1);
    });
}

#[test]
fn p11_an_entry_without_its_value_and_a_value_without_its_entry_are_found() {
    for entry in 0..xml().entries.len() - 1 {
        xml().is_refused_with(|case| case.remove(entry));
    }
    for entry in 0..json().entries.len() - 1 {
        json().is_refused_with(|case| case.remove(entry));
    }
    each_is_refused_with(|case| case.entries.clear());
    each_is_refused_with(|case| case.entries.insert(0, entry("license.status", Exact, Span::new(0, 1))));
    each_is_refused_with(|case| case.entries.push(*case.entries.last().unwrap()));
    xml().is_refused_with(|case| change(case, "<e:name>ROBIN</e:name>", ""));
    json().is_refused_with(|case| change(case, "\"e:name\": \"ROBIN\", ", ""));
}

#[test]
fn p1_another_element_or_treatment_is_found() {
    each_is_refused_with(|case| case.entries[0].element = entry("person.name.middle", Exact, Span::default()).element);
    each_is_refused_with(|case| case.entries[0].treatment = Treatment::Mask);
    each_is_refused_with(|case| case.entries[1].treatment = Treatment::Full);
    // In full where the grant has less.
    each_is_refused_with(|case| {
        change(case, "1985", "1985-07-04");
        (case.entries[1].treatment, case.entries[1].form) = (Treatment::Full, Exact);
    });
    each_is_refused_with(|case| {
        change(case, "1985", "1985-07-04");
        case.entries[1].form = Exact;
    });
    // The result of a treatment, said to be a value as it came.
    each_is_refused_with(|case| {
        case.message = String::from_utf8(case.message.clone()).unwrap().replace("1985-07-04", "1985      ").into();
        case.entries[1].form = Exact;
    });
    each_is_refused_with(|case| case.entries[0].form = Treated);
}

#[test]
fn p2_spans_out_of_order_or_range_are_found() {
    each_is_refused_with(|case| case.entries[1].span = case.entries[0].span);
    // The year of the second person is that of the first: each is in the other's place, and both are right.
    each_is_refused_with(|case| {
        case.message = String::from_utf8(case.message.clone()).unwrap().replace("11/02/1991", "11/02/1985").into();
        change(case, "1991", "1985");
        case.entries[1].span = case.entries[case.entries.len() / 2 + 1].span;
    });
    // They overlap.
    each_is_refused_with(|case| {
        let Case { entries, .. } = case;
        entries[1].span = Span::new(entries[0].span.start(), entries[1].span.end());
    });
    for span in [Span::new(1 << 20, (1 << 20) + 6), Span::new(5, 4), Span::new(0, u32::MAX as usize)] {
        each_is_refused_with(|case| case.entries[0].span = span);
        each_is_refused_with(|case| case.entries.last_mut().unwrap().span = span);
    }
}

#[test]
fn p5_a_placeholder_has_no_entry_and_the_same_value_of_the_message_may_have_one() {
    xml().is_accepted();
    let mut denied = xml();
    denied.entries.pop();
    denied.is_accepted();
    denied.is_refused_with(|case| change(case, "NONE", "LIC"));
    let mut denied = json();
    denied.entries.pop();
    denied.is_accepted();
}
