//! Faults of one kind everywhere in a message: what must not go out does, or is written as no output may be.

use super::messages::{JSON, XML, fill};
use super::*;
use crate::read::Reason;
use crate::rewrite::{Planted, with_planted};

thread_local! {
    /// A filter that has seen a thousand messages of many layouts.
    static WARM: Filter = {
        let (filter, mut seed, mut out) = (filter(true), 5, Vec::new());
        for _ in 0..1000 / (XML.len() + JSON.len()) + 1 {
            for template in XML.iter().chain(&JSON) {
                let message = fill(template, &mut seed);
                let receipt = filter.redact(message.as_bytes(), &Requester::from_envelope(), &mut out);
                assert!(receipt.disposition().releases(), "{message}");
            }
        }
        filter
    };
}

/// Redacts with the fault planted, cold and warm: withheld with the second reading, a leak without it.
#[track_caller]
fn is_caught(fault: Planted, message: &str) {
    let requester = Requester::from_envelope();
    let mut out = Vec::new();
    let sound = filter(true).redact(message.as_bytes(), &requester, &mut out);
    let sound_output = (sound.disposition().releases(), out.clone());
    for filter in [filter(true), WARM.with(Clone::clone)] {
        let caught = with_planted(fault, || filter.redact(message.as_bytes(), &requester, &mut out));
        assert_eq!((caught.reason(), out.len()), (Some(Reason::SecondReading), 0), "{fault:?} {message}");
        let next = filter.redact(message.as_bytes(), &requester, &mut out);
        assert_eq!((next.disposition().releases(), out.clone()), sound_output, "{fault:?} {message}");
    }
    let missed = with_planted(fault, || filter(false).redact(message.as_bytes(), &requester, &mut out));
    assert!(missed.disposition().releases(), "{fault:?} {message}: {:?}", missed.detail());
    assert_ne!((true, out.clone()), sound_output, "{fault:?} {message}");
    if matches!(fault, Planted::Requester | Planted::TokenScope) {
        // The output is permitted to another requester: only a second decision of the policy finds the fault, or the message.
        return;
    }
    let verified = filter(false).verify(&out, &requester);
    assert!(verified.is_err() || fault == Planted::LostValue, "{fault:?}: {}", String::from_utf8_lossy(&out));
}

#[test]
fn p1_what_is_let_through_by_a_fault_is_caught() {
    for (fault, parts) in [
        (Planted::Grant, "<e:secret>X</e:secret>"),
        (Planted::Unmapped, "<e:unknown>X</e:unknown>"),
        (Planted::Unmapped, "<e:unknown/>"),
        (Planted::Namespace, "<o:name xmlns:o='urn:other'>X</o:name>"),
        (Planted::Attribute, "<e:number unit='X'>1</e:number>"),
        (Planted::LooseText, "X"),
        (Planted::Comment, "<!--X-->"),
        (Planted::Placeholder, "<e:status>X</e:status>"),
    ] {
        is_caught(fault, &xml(&format!("{NAME}{parts}")));
    }
    for (fault, parts) in [
        (Planted::Grant, r#""e:secret":"X""#),
        (Planted::Unmapped, r#""e:unknown":"X""#),
        (Planted::Unmapped, r#""unknown":{"e:name":"X"}"#),
    ] {
        is_caught(fault, &json(&format!("{NAME_MEMBER},{parts}")));
    }
}

#[test]
fn p4_a_token_that_another_requester_could_have_is_caught() {
    for message in [
        xml(&format!("{NAME}<e:customer>A12345</e:customer>")),
        xml("<e:name>JORDAN</e:name><e:customer>&#65;12345</e:customer>"),
        json(&format!(r#"{NAME_MEMBER},"e:customer":"A12345""#)),
        json(&format!(r#"{NAME_MEMBER},"e:customer":12345"#)),
    ] {
        is_caught(Planted::TokenScope, &message);
    }
}

#[test]
fn p1_what_a_fault_leaves_in_a_text_is_caught() {
    for (fault, rest) in [
        (Planted::Rest, "SSN 900-12-3456"),
        (Planted::Rest, "SECRET:X;"),
        (Planted::Rest, "RECORD;"),
        (Planted::Grant, "SECRET:X;"),
        (Planted::Treatment, "BORN:1985-07-04;"),
        (Planted::Photo, "NAME:ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMN;"),
    ] {
        is_caught(fault, &xml(&format!("<e:text>RECORD;NAME:JORDAN; {rest}</e:text>")));
        is_caught(fault, &json(&format!(r#""e:text":["RECORD;NAME:JORDAN; {rest}"]"#)));
    }
}

#[test]
fn p1_what_a_fault_makes_of_a_part_that_tells_what_it_is_is_caught() {
    for parts in [
        "<e:id><e:kind>secret</e:kind><e:number>1</e:number></e:id>",
        "<e:id><e:number>1</e:number><e:kind> other </e:kind></e:id>",
        "<e:field e:is='secret'>1</e:field>",
    ] {
        is_caught(Planted::Variant, &xml(&format!("{NAME}{parts}")));
    }
    for parts in [
        r#""e:id":{"e:kind":"secret","e:number":"1"}"#,
        r#""e:id":[{"e:number":"1","e:kind":"other"}]"#,
        r#""e:fields":{"e:value":"1","e:is":5}"#,
    ] {
        is_caught(Planted::Variant, &json(&format!("{NAME_MEMBER},{parts}")));
    }
}

#[test]
fn p4_what_tells_what_a_part_is_goes_with_it_or_its_loss_is_caught() {
    for parts in [
        "<e:id><e:kind>public</e:kind><e:number>1</e:number></e:id>",
        "<e:id><e:number>1</e:number><e:kind> public </e:kind></e:id>",
        "<e:field e:is='number'>1</e:field>",
    ] {
        is_caught(Planted::Discriminator, &xml(&format!("{NAME}{parts}")));
    }
    for parts in [
        r#""e:id":{"e:kind":"public","e:number":"1"}"#,
        r#""e:id":[{"e:number":"1","e:kind":"public"}]"#,
        r#""e:fields":{"e:is":"number","e:value":"1"}"#,
    ] {
        is_caught(Planted::Discriminator, &json(&format!("{NAME_MEMBER},{parts}")));
    }
}

#[test]
fn p1_a_name_that_a_pattern_refuses_is_caught() {
    for name in ["note_900123456", "note_last\u{e9}"] {
        is_caught(Planted::Pattern, &xml(&format!("{NAME}<e:{name}>X</e:{name}>")));
        is_caught(Planted::Pattern, &json(&format!(r#"{NAME_MEMBER},"e:{name}":"X""#)));
    }
    is_caught(Planted::Pattern, &json(&format!(r#"{NAME_MEMBER},"e:note_a b":"X""#)));
}

#[test]
fn p2_a_grant_of_another_requester_is_caught() {
    is_caught(Planted::Requester, &xml(NAME).replace("AZ0070000", "VTICE0900"));
    is_caught(Planted::Requester, &json(NAME_MEMBER).replace("AZ0070000", "VTICE0900"));
}

#[test]
fn p3_an_output_that_is_no_document_is_caught() {
    is_caught(Planted::EndTag, &xml(NAME));
    is_caught(Planted::LostDeclaration, &xml(NAME));
    is_caught(Planted::EndTag, &json(NAME_MEMBER));
    is_caught(Planted::Comma, &json(&format!(r#"{NAME_MEMBER},"e:number":"1""#)));
}

#[test]
fn p4_a_value_that_is_counted_but_lost_is_caught() {
    is_caught(Planted::LostValue, &xml(&format!("{NAME}<e:number>1</e:number>")));
    is_caught(Planted::LostValue, &json(&format!(r#"{NAME_MEMBER},"e:number":"1""#)));
}

#[test]
fn p4_less_precise_is_less_precise() {
    is_caught(Planted::Treatment, &xml("<e:birth>1985-07-04</e:birth>"));
    is_caught(Planted::Treatment, &json(r#""e:birth":"1985-07-04""#));
}

#[test]
fn p5_traces_are_caught() {
    is_caught(
        Planted::EmptyContainer,
        &xml(NAME).replace("</e:person>", "</e:person><e:secrets><e:secret>X</e:secret></e:secrets>"),
    );
    is_caught(Planted::UnusedDeclaration, &xml(&format!("{NAME}<e:number xmlns:x='urn:example'>1</e:number>")));
    is_caught(
        Planted::Reference,
        &xml(&format!("{NAME}<e:secret e:id='p'>X</e:secret>")).replace("<e:person>", "<e:person e:ref='p'>"),
    );
    is_caught(Planted::Shell, &xml(&format!("{NAME}<e:record><e:secret>X</e:secret></e:record>")));
    is_caught(Planted::Shell, &json(&format!(r#"{NAME_MEMBER},"e:record":" ""#)));
    is_caught(Planted::ForeignPrefix, &xml(NAME).replace("e:", "q:").replace("xmlns:e", "xmlns:q"));
    let referring = xml(NAME).replace("<e:person>", "<e:person e:id='p'>");
    is_caught(Planted::OriginalId, &referring.replace("</e:r>", "<e:person e:ref='p'/></e:r>"));
    let referring = json(NAME_MEMBER).replace(r#""e:person":{"#, r#""e:person":[{"@id":"p"},{"@id":"p","#);
    is_caught(Planted::OriginalId, &referring.replace("}}}", "}]}}"));
    is_caught(Planted::EmptyContainer, &json(&format!(r#"{NAME_MEMBER}}},"e:secrets":{{"e:secret":"X""#)));
    is_caught(Planted::Reference, &json(&format!(r#"{NAME_MEMBER},"@id":"p""#)));
}

/// Nothing that a sender may choose freely is in an output, regardless of the first reading: the second knows each form
/// of it (P5).
#[test]
fn p5_outputs_that_could_carry_something_are_refused() {
    let filter = filter(true);
    let requester = Requester::from_envelope();
    let sound = xml(&format!("{NAME}</e:person><e:person e:ref=\"id1\"/><e:person e:id=\"id1\">{NAME}"));
    assert_eq!(filter.verify(sound.as_bytes(), &requester).map(drop), Ok(()), "{sound}");
    for (from, to) in [
        ("<e:r xmlns:e=\"urn:example\"", "<e:r  xmlns:e=\"urn:example\""),
        ("<e:r xmlns:e=\"urn:example\"", "<e:r xmlns:e='urn:example'"),
        ("<e:r xmlns:e=\"urn:example\"", "<e:r xmlns:e=\"urn:exam&#x70;le\""),
        ("<e:r xmlns:e=\"urn:example\"", "<e:r xmlns:e=\"urn:example\" xmlns:q=\"urn:example\""),
        ("<e:r xmlns:e=\"urn:example\"", "<e:r xmlns:e=\"urn:example\" xmlns=\"urn:example\""),
        (
            "<e:name>JORDAN</e:name></e:person><e:person e:ref",
            "<q:name xmlns:q=\"urn:example\">JORDAN</q:name></e:person><e:person e:ref",
        ),
        (
            "<e:name>JORDAN</e:name></e:person><e:person e:ref",
            "<name xmlns=\"urn:example\">JORDAN</name></e:person><e:person e:ref",
        ),
        ("<e:name>", "<e:name xmlns:e=\"urn:example\">"),
        ("id1", "P1"),
        ("id1", "id2"),
        ("e:ref=\"id1\"", "e:ref=\"id2\""),
        ("e:id=\"id1\"", "e:id=\"id2\""),
        ("e:ref=\"id1\"", "e:id=\"id1\""),
        (" e:ref=\"id1\"/>", " e:ref=\"id1\"><e:name>JORDAN</e:name></e:person>"),
    ] {
        let other = sound.replace(from, to);
        assert!(other != sound && filter.verify(other.as_bytes(), &requester).is_err(), "{other}");
    }
    let sound = json(&format!(r##""@id":"#id1"}},{{"@id":"#id1",{NAME_MEMBER}"##));
    let sound = sound.replace(r#""e:person":"#, r#""e:person":["#).replace("}}}", "}]}}");
    assert_eq!(filter.verify(sound.as_bytes(), &requester).map(drop), Ok(()), "{sound}");
    for (from, to) in [
        (r#"{"e":"urn:example"}"#, r#"{"e":"urn:example","q":"urn:q"}"#),
        (r#"{"e":"urn:example"}"#, "{}"),
        ("#id1", "#P1"),
        ("#id1", "id1"),
        ("#id1", "_:id1"),
        (r##"[{"@id":"#id1"}"##, r##"[{"@id":"#id2"}"##),
        (r##"[{"@id":"#id1"},"##, "["),
    ] {
        let other = sound.replace(from, to);
        assert!(other != sound && filter.verify(other.as_bytes(), &requester).is_err(), "{other}");
    }
}

#[test]
fn p7_values_of_no_shape_are_caught() {
    let blob = "AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGhIjKlMnOpQr";
    for (fault, value) in [
        (Planted::Shape, "900-12-3456"),
        (Planted::Shape, "{\"a\":1}"),
        (Planted::Shape, "A\u{200B}B"),
        (Planted::Photo, blob),
    ] {
        is_caught(fault, &xml(&format!("{NAME}<e:name>{value}</e:name>")));
        is_caught(fault, &json(&format!(r#""e:number":"1","e:name":"{}""#, value.replace('"', "\\\""))));
    }
}

#[test]
fn an_output_is_verified_alone() {
    let filter = filter(true);
    let requester = Requester::from_envelope();
    for message in [xml(NAME), json(NAME_MEMBER)] {
        assert_eq!(filter.verify(message.as_bytes(), &requester), Ok(()));
    }
    let say = |message: String| filter.verify(message.as_bytes(), &requester).map_err(|finding| finding.to_string());
    for (message, end) in [
        (xml(&format!("{NAME}<e:secret>X</e:secret>")), "</e:secret"),
        (json(&format!(r#"{NAME_MEMBER},"e:secret":"X""#)), "\"}}}"),
    ] {
        let at = message.find(end).unwrap();
        let wanted = format!("a value that the grant doesn't hold at e:r/e:person/e:secret, byte {at}");
        assert_eq!(say(message), Err(wanted));
    }
    assert_eq!(say("<r/>".to_owned()), Err("it is of no known format".to_owned()));
    assert_eq!(say(xml(NAME).replace("AZ0070000", "?")), Err("no requester is named".to_owned()));
    let other = Requester::new("NV0070000").unwrap();
    let mismatch = filter.verify(xml(NAME).as_bytes(), &other).map_err(|finding| finding.to_string());
    assert_eq!(mismatch, Err("the envelope names another requester".to_owned()));
}

/// What the envelope states of the request decides, and the first reading doesn't read it.
#[test]
fn p2_an_attribute_that_the_first_reading_does_not_read_is_found() {
    let format = "name = 'own'\nsyntax = ['xml', 'json']\nroot = 'r'\nrequester = 'to'\n[attributes]\nreason = 'why'\n[paths]\n\
                  to = 'envelope.ori'\nwhy = 'envelope.reason'\nname = 'person.name'\n";
    let policy = "[policy]\nname = 'p'\nversion = '1'\nreasons = ['T']\n[agencies.any]\nori = ['*']\n[[permit]]\nid = 'a'\n\
                  agencies = ['any']\nelements = ['person.name']\n";
    let builder = || Filter::builder().format_bytes("format.toml", format).policy_text("policy.toml", policy);
    let filter = |twice| builder().second_reading(twice).build().unwrap();
    let message = b"<r><to>AZ0070000</to><why>T</why><name>DOE</name></r>";
    let mut out = Vec::new();
    let mut redact = |filter: Filter| filter.redact(message, &Requester::from_envelope(), &mut out);
    assert!(redact(filter(true)).disposition().releases());
    let caught = with_planted(Planted::Attributes, || redact(filter(true)));
    assert_eq!(caught.reason(), Some(crate::read::Reason::SecondReading));
    assert!(with_planted(Planted::Attributes, || redact(filter(false))).disposition().releases());
}
