//! The faults that the second reading can't catch, case by case: manifest and output agree on another value of the same
//! message, of the same name, between the values before and after, and neither path nor shape tells. It would take a second
//! parser of the message to find them. Beside each stands one that order, shape, name or element does tell.

use super::sound::{Outcome, Sound};
use super::*;
use crate::rewrite::Fault;
use dmv_redact_model::span::Span;

/// A value of a message, and another part of it that goes out in its place. A treated one, or one with fields, is written
/// so.
struct Case {
    message: String,
    value: &'static str,
    other: &'static str,
    written: Option<&'static str>,
}

fn case(message: String, value: &'static str, other: &'static str) -> Case {
    Case { message, value, other, written: None }
}

fn written(message: String, value: &'static str, other: &'static str, as_this: &'static str) -> Case {
    Case { message, value, other, written: Some(as_this) }
}

impl Case {
    /// Plants the fault in output and manifest, in a fresh filter and in one that has seen the message a hundred times.
    fn outcomes(&self) -> [Outcome; 2] {
        let filter = filter(true);
        let sound = Sound::of(&filter, "case", self.message.as_bytes(), &Requester::from_envelope());
        let sound = sound.unwrap_or_else(|| panic!("{}", self.message));
        let span = |text: &str| {
            let at = self.message.find(text).unwrap_or_else(|| panic!("{text} in {}", self.message));
            Span::new(at, at + text.len())
        };
        let (at, other) = (span(self.value), span(self.other));
        assert!(sound.entries().iter().any(|value| value.span == at), "{} {}", self.message, self.value);
        let output = match self.written {
            Some(written) => Fault::Written(at, written.to_owned()),
            None => Fault::Copied(at, other),
        };
        let faults = [output, Fault::Listed(at, other)];
        let warm = filter.without_history();
        for _ in 0..100 {
            let _ = warm.redact(self.message.as_bytes(), &sound.requester, &mut Vec::new());
        }
        [filter.without_history(), warm].map(|filter| sound.with(&filter, &faults))
    }
}

#[test]
fn p4_another_value_of_the_same_name_between_its_neighbors_is_the_one_kind_that_cannot_be_caught() {
    let cases = [
        // The same name once more, where nothing may be released: behind the value or before it.
        case(xml("<e:name>JORDAN</e:name><o:x xmlns:o='urn:o'><e:name>HIDDEN</e:name></o:x>"), "JORDAN", "HIDDEN"),
        case(xml("<o:x xmlns:o='urn:o'><e:name>HIDDEN</e:name></o:x><e:name>JORDAN</e:name>"), "JORDAN", "HIDDEN"),
        case(xml("<e:name>JORDAN</e:name><o:name xmlns:o='urn:o'>HIDDEN</o:name>"), "JORDAN", "HIDDEN"),
        case(json(r#""e:name":"JORDAN","x":{"e:name":"HIDDEN"}"#), r#""JORDAN""#, r#""HIDDEN""#),
        case(json(r#""x":{"e:number":7654321},"e:number":1234567"#), "1234567", "7654321"),
        // A piece of a value behind the first has no name before it.
        case(xml("<e:name>JOR<!-- -->DAN</e:name><e:secret>HIDDEN</e:secret>"), "DAN", "HIDDEN"),
        // Values that are treated, and texts with fields.
        written(
            xml("<e:birth>1985-07-04</e:birth><o:birth xmlns:o='urn:o'>1999-01-01</o:birth>"),
            "1985-07-04",
            "1999-01-01",
            "1999",
        ),
        written(
            xml("<e:text>RECORD;NAME:JORDAN;</e:text><o:text xmlns:o='urn:o'>RECORD;NAME:HIDDEN;</o:text>"),
            "RECORD;NAME:JORDAN;",
            "RECORD;NAME:HIDDEN;",
            "RECORD;\nNAME:HIDDEN;",
        ),
    ];
    for case in &cases {
        assert_eq!(case.outcomes(), [Outcome::OtherValue; 2], "{} {}", case.message, case.other);
    }
    assert_eq!(cases.len(), 8);
}

#[test]
fn p4_another_value_that_order_shape_name_or_element_tells_is_caught() {
    let cases = [
        // A denied value of the same shape, behind or before; one that no path names: its name tells.
        case(xml("<e:name>JORDAN</e:name><e:secret>HIDDEN</e:secret>"), "JORDAN", "HIDDEN"),
        case(xml("<e:secret>HIDDEN</e:secret><e:name>JORDAN</e:name>"), "JORDAN", "HIDDEN"),
        case(xml("<e:name>JORDAN</e:name><e:unknown>HIDDEN</e:unknown>"), "JORDAN", "HIDDEN"),
        case(json(r#""e:name":"JORDAN","e:secret":"HIDDEN""#), r#""JORDAN""#, r#""HIDDEN""#),
        case(json(r#""e:secret":"HIDDEN","e:name":"JORDAN""#), r#""JORDAN""#, r#""HIDDEN""#),
        case(json(r#""e:number":1234567,"e:unknown":7654321"#), "1234567", "7654321"),
        // The slow path.
        case(xml("<e:name>J\u{d6}RDAN</e:name><e:secret>H\u{cf}DDEN</e:secret>"), "J\u{d6}RDAN", "H\u{cf}DDEN"),
        case(xml("<e:name><![CDATA[JORDAN]]></e:name><e:secret>HIDDEN</e:secret>"), "<![CDATA[JORDAN]]>", "HIDDEN"),
        case(
            xml("<e:record><e:first>JORDAN</e:first><o:x xmlns:o='urn:o'>HIDDEN</o:x></e:record>"),
            "JORDAN",
            "HIDDEN",
        ),
        case(json(r#""e:name":["JORDAN"],"e:secret":"HIDDEN""#), r#""JORDAN""#, r#""HIDDEN""#),
        case(json(r#""e:name":"J\u004fRDAN","e:secret":"H\u0049DDEN""#), r#""J\u004fRDAN""#, r#""H\u0049DDEN""#),
        case(json(r#""e:record":{"e:first":"JORDAN","unknown":"HIDDEN"}"#), r#""JORDAN""#, r#""HIDDEN""#),
        case(xml(NAME).replace("<e:person>", "<e:person e:grade='A1' e:unknown='B2'>"), "A1", "B2"),
        // Values that are treated, and texts with fields.
        written(
            xml("<e:birth>1985-07-04</e:birth><e:secret>1999-01-01</e:secret>"),
            "1985-07-04",
            "1999-01-01",
            "1999",
        ),
        written(json(r#""e:account":"A1234567","e:secret":"B7654321""#), r#""A1234567""#, r#""B7654321""#, "****4321"),
        written(
            xml("<e:text>RECORD;NAME:JORDAN;</e:text><e:secret>RECORD;NAME:HIDDEN;</e:secret>"),
            "RECORD;NAME:JORDAN;",
            "RECORD;NAME:HIDDEN;",
            "RECORD;\nNAME:HIDDEN;",
        ),
        // Of another shape than its element's.
        case(xml("<e:name>JORDAN</e:name><e:secret>900-12-3456</e:secret>"), "JORDAN", "900-12-3456"),
        case(json(r#""e:name":"JORDAN","e:secret":"900-12-3456""#), r#""JORDAN""#, r#""900-12-3456""#),
        case(xml("<e:number>A1</e:number><e:secret>\u{c9}T\u{c9}</e:secret>"), "A1", "\u{c9}T\u{c9}"),
        // One that went out before, or goes out after.
        case(xml("<e:name>JORDAN</e:name><e:name>QUINN</e:name>"), "JORDAN", "QUINN"),
        case(xml("<e:name>JORDAN</e:name><e:name>QUINN</e:name>"), "QUINN", "JORDAN"),
        case(json(r#""e:name":["JORDAN","QUINN"]"#), r#""JORDAN""#, r#""QUINN""#),
        // One beyond its neighbors.
        case(xml("<e:secret>HIDDEN</e:secret><e:number>A1</e:number><e:name>JORDAN</e:name>"), "JORDAN", "HIDDEN"),
        case(json(r#""e:name":"JORDAN","e:number":"A1","e:secret":"HIDDEN""#), r#""JORDAN""#, r#""HIDDEN""#),
        // A name, where it is a value; of an attribute, or a comment, where it is the text of an element.
        case(json(r#""e:name":"JORDAN","HIDDEN":1"#), r#""JORDAN""#, r#""HIDDEN""#),
        case(xml("<e:name>JORDAN</e:name><e:unknown e:a='HIDDEN'/>"), "JORDAN", "HIDDEN"),
        case(xml("<e:name>JORDAN</e:name><!-- HIDDEN -->"), "JORDAN", "HIDDEN"),
        // More or less than a value.
        case(xml(NAME), "JORDAN", "JORDA"),
        case(xml(NAME), "JORDAN", "ORDAN"),
        case(json(r#""e:number":1234567"#), "1234567", "123456"),
        case(xml("<e:name>JORDAN</e:name><e:secret>HIDDEN</e:secret>"), "JORDAN", "JORDAN</e:name><e:secret>HIDDEN"),
        case(json(r#""e:name":"JORDAN","e:secret":"HIDDEN""#), r#""JORDAN""#, r#""JORDAN"#),
        // Another result than that of the value.
        written(
            xml("<e:birth>1985-07-04</e:birth><e:secret>1999-01-01</e:secret>"),
            "1985-07-04",
            "1999-01-01",
            "1985",
        ),
        written(
            xml("<e:birth>1985-07-04</e:birth><e:secret>1999-01-01</e:secret>"),
            "1985-07-04",
            "1985-07-04",
            "1999",
        ),
    ];
    for case in &cases {
        assert_eq!(case.outcomes(), [Outcome::Caught; 2], "{} {}", case.message, case.other);
    }
}
