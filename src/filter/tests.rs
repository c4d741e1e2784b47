//! Fault injection for the second reading: it catches each fault that is planted in the first reading, and without it
//! the fault goes out.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::read::Reason;
use crate::rewrite::{Planted, with_planted};

const CATALOG: &str = r#"
[[element]]
id = "subject.name"
kind = "text"
[[element]]
id = "subject.birth-date"
kind = "date"
[[element]]
id = "subject.number"
kind = "identifier"
[[element]]
id = "subject.status"
kind = "code"
[[element]]
id = "subject.secret"
kind = "text"
[[element]]
id = "subject.record"
kind = "record"
"#;

const FORMAT: &str = r#"
name = "example"
syntax = ["xml", "json"]
root = "e:r"
requester = "e:for"
[namespaces]
e = "urn:example"
[paths]
"e:for" = "envelope.ori"
"e:person/e:name" = "subject.name"
"e:person/e:birth" = "subject.birth-date"
"e:person/e:number" = "subject.number"
"e:person/e:status" = "subject.status"
"e:person/e:secret" = "subject.secret"
"e:person/e:text" = "subject.secret"
"e:person/e:record/**" = "subject.record"
"e:secrets/e:secret" = "subject.secret"
[[required]]
path = "e:person/e:status"
when-denied = "NONE"
[references]
id = "e:id"
ref = "e:ref"
json = "@id"
[[text]]
name = "labels"
paths = ["e:person/e:text"]
recognise = 'RECORD;'
field = [
  { pattern = 'NAME:(?<name>[A-Z]{1,40});', groups = { name = "subject.name" } },
  { pattern = 'BORN:(?<born>[0-9-]{4,10});', groups = { born = "subject.birth-date" } },
  { pattern = 'SECRET:(?<secret>[A-Z]{1,40});', groups = { secret = "subject.secret" } },
]
"#;

const POLICY: &str = r#"
[policy]
name = "example"
version = "1"
[agencies.police]
ori = ["AZ*"]
[agencies.other]
ori = ["*"]
except = ["police"]
[[permit]]
id = "police"
agencies = ["police"]
elements = ["subject.name", "subject.birth-date", "subject.number", "subject.record"]
as = { "subject.birth-date" = "year" }
basis = "a test"
[[permit]]
id = "other"
agencies = ["other"]
elements = ["subject.number"]
basis = "a test"
"#;

fn filter(second_reading: bool) -> Filter {
    filter_by(POLICY, second_reading)
}

fn filter_by(policy: &str, second_reading: bool) -> Filter {
    let folder = TempDir::new().unwrap();
    fs::create_dir_all(folder.path().join("formats/example")).unwrap();
    fs::write(folder.path().join("formats/example/format.toml"), FORMAT).unwrap();
    fs::write(folder.path().join("catalog.toml"), CATALOG).unwrap();
    let builder = Filter::builder().policy_text("policy.toml", policy).second_reading(second_reading);
    builder.catalog_path(folder.path().join("catalog.toml")).formats_dir(folder.path().join("formats")).build().unwrap()
}

/// A message with `parts` in its person.
fn xml(parts: &str) -> String {
    format!("<e:r xmlns:e=\"urn:example\"><e:for>AZ0070000</e:for><e:person>{parts}</e:person></e:r>")
}

fn json(parts: &str) -> String {
    format!(r#"{{"@context":{{"e":"urn:example"}},"e:r":{{"e:for":"AZ0070000","e:person":{{{parts}}}}}}}"#)
}

/// Redacts with the fault planted: withheld with the second reading, a leak without it.
#[track_caller]
fn is_caught(fault: Planted, message: &str) {
    let requester = Requester::from_envelope();
    let mut out = Vec::new();
    let sound = filter(true).redact(message.as_bytes(), &requester, &mut out);
    let sound_output = (sound.disposition().releases(), out.clone());
    let caught = with_planted(fault, || filter(true).redact(message.as_bytes(), &requester, &mut out));
    assert_eq!((caught.reason(), out.len()), (Some(Reason::SecondReading), 0), "{fault:?} {message}");
    let missed = with_planted(fault, || filter(false).redact(message.as_bytes(), &requester, &mut out));
    assert!(missed.disposition().releases(), "{fault:?} {message}: {:?}", missed.detail());
    assert_ne!((true, out.clone()), sound_output, "{fault:?} {message}");
    if matches!(fault, Planted::Requester) {
        // The output is permitted to another requester: only a second decision of the policy finds the fault.
        return;
    }
    let verified = filter(false).verify(&out, &requester);
    assert!(verified.is_err() || fault == Planted::LostValue, "{fault:?}: {}", String::from_utf8_lossy(&out));
}

const NAME: &str = "<e:name>JORDAN</e:name>";
const NAME_MEMBER: &str = r#""e:name":"JORDAN""#;

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
fn p10_what_the_message_before_said_is_no_ground_to_release() {
    let filter = filter(false);
    let requester = Requester::from_envelope();
    let redact = |message: &str, buffers: &mut rewrite::Buffers| {
        let mut out = Vec::new();
        let receipt =
            rewrite::redact(&filter.parts, message.as_bytes(), &requester, buffers, &mut out, |_, _, _| Ok(()));
        (String::from_utf8(out).unwrap(), serde_json::to_string(&receipt).unwrap())
    };
    let mut messages = Vec::new();
    // The requester is before the body, after it, twice, missing, or invalid.
    for (before, behind) in
        [("AZ0070000", ""), ("", "AZ0070000"), ("", "NV0070000"), ("", ""), ("", "?"), ("AZ0070000", "NV0070000")]
    {
        for (name, value) in [("name", "JORDAN"), ("number", "A1"), ("birth", "1985-07-04"), ("birth", "none")] {
            let tag = |ori: &str| if ori.is_empty() { String::new() } else { format!("<e:for>{ori}</e:for>") };
            let person = format!("<e:person><e:{name}>{value}</e:{name}></e:person>");
            messages.push(format!("<e:r xmlns:e='urn:example'>{}{person}{}</e:r>", tag(before), tag(behind)));
            if before.is_empty() || behind.is_empty() {
                let member = |ori: &str| if ori.is_empty() { None } else { Some(format!(r#""e:for":"{ori}""#)) };
                let person = format!(r#""e:person":{{"e:{name}":"{value}"}}"#);
                let members: Vec<_> = [member(before), Some(person), member(behind)].into_iter().flatten().collect();
                messages.push(format!(r#"{{"e:r":{{{}}},"@context":{{"e":"urn:example"}}}}"#, members.join(",")));
            }
        }
    }
    let mut released = 0;
    for first in &messages {
        for second in &messages {
            let mut warm = rewrite::Buffers::default();
            redact(first, &mut warm);
            let alone = redact(second, &mut rewrite::Buffers::default());
            released += usize::from(alone.0.contains("JORDAN"));
            assert_eq!(redact(second, &mut warm), alone, "{first}\n{second}");
        }
    }
    // Those of the police only.
    assert_eq!(released, 4 * messages.len());
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

/// A pseudorandom number that only depends on the one before.
fn roll(seed: &mut u64) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) as usize
}

/// A message that differs from another a little: in a byte of a value, mostly.
fn vary(message: &[u8], seed: &mut u64) -> Vec<u8> {
    let mut varied = message.to_vec();
    for _ in 0..=roll(seed) % 3 {
        let at = roll(seed) % varied.len();
        // To the next letter or digit in a row of them: values and names.
        let at = (at..varied.len()).find(|at| varied[*at].is_ascii_alphanumeric()).unwrap_or(at);
        let others = b"0A7zD -\"\\<&]>/\n\t\xC3\xA9\x7F=;,";
        let other = others[roll(seed) % others.len()];
        match roll(seed) % 8 {
            0 => drop(varied.remove(at)),
            1 => varied.insert(at, other),
            2 => varied[at] = other,
            3 => drop(varied.splice(at..=at, "\u{e9}".bytes())),
            4 => drop(varied.splice(at..=at, "LONGER BY SOME WORDS ".bytes())),
            _ if varied[at].is_ascii_digit() => varied[at] = b'0' + (roll(seed) % 10) as u8,
            _ => varied[at] = b'A' + (roll(seed) % 26) as u8,
        }
    }
    varied
}

#[test]
fn p10_a_message_after_many_others_is_rewritten_as_if_it_was_the_first() {
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let filter = Filter::builder().second_reading(false).build().unwrap();
    let requesters = ["AZ0070000", "VTICE0900", "NVDMV0000"].map(|ori| Requester::new(ori).unwrap().purpose("C"));
    let requesters: Vec<_> = requesters.into_iter().chain([Requester::from_envelope()]).collect();
    let redact = |message: &[u8], requester: &Requester, buffers: &mut rewrite::Buffers| {
        let mut out = Vec::new();
        let receipt = rewrite::redact(&filter.parts, message, requester, buffers, &mut out, |_, _, _| Ok(()));
        (out, serde_json::to_string(&receipt).unwrap())
    };
    let mut folders: Vec<_> = fs::read_dir(fixtures).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let mut warm = rewrite::Buffers::default();
    let (mut seed, mut released) = (1, 0);
    for path in folders.iter().flat_map(|folder| ["message.xml", "message.json"].map(|name| folder.join(name))) {
        let Ok(message) = fs::read(path) else { continue };
        for round in 0..40 {
            let varied = if round == 0 { message.clone() } else { vary(&message, &mut seed) };
            let requester = &requesters[roll(&mut seed) % requesters.len()];
            let alone = redact(&varied, requester, &mut rewrite::Buffers::default());
            released += usize::from(!alone.0.is_empty());
            assert!(redact(&varied, requester, &mut warm) == alone, "{}", String::from_utf8_lossy(&varied));
        }
    }
    assert!(released > 200, "{released}");
}
