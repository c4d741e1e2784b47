//! Messages of many layouts: the fixtures, and templates of our own for what the fixtures have seldom. Each template is
//! filled with other values again and again.

use std::path::Path;

use super::*;

/// In a template, `^` is a letter, `_` a digit and `~` a letter beyond ASCII.
pub(super) const XML: [&str; 10] = [
    // All of it is accepted by the fast path, or denied.
    "<e:r xmlns:e=\"urn:example\"><e:for>AZ0070000</e:for><e:person><e:name>^^^^^^</e:name><e:secret>^^^^^</e:secret>\
     <e:number>A______</e:number><e:name>^^^^^^ ^^</e:name></e:person>\n <e:person><e:name>^^^^</e:name>\
     <e:secret>^^^^^</e:secret><e:number>B_____</e:number><e:name>^^^^^^ ^^</e:name></e:person></e:r>",
    // The same with prefixes that aren't the format's own.
    "<q:r xmlns:q=\"urn:example\"><q:for>AZ0070000</q:for><q:person><q:name>^^^^^^</q:name><q:secret>^^^^^</q:secret>\
     <q:number>A______</q:number><q:name>^^^^^^ ^^</q:name></q:person></q:r>",
    // Values that the fast path leaves to others: beyond ASCII, references, sections, comments, long ones.
    "<e:r xmlns:e=\"urn:example\"><e:for>AZ0070000</e:for><e:person><e:name>^^~^^^</e:name>\
     <e:name>^&apos;^^^^^</e:name><e:secret>^^~^</e:secret><e:name><![CDATA[^^^^^]]></e:name>\
     <e:name>^^^<!-- ^ -->^^^<!-- ^ --> ^^</e:name><e:name>^^^^^^^^ ^^^^^^^^^^ ^^^^^^^^^ ^^^^^^^^^ ^^^^^^^^^ ^^^^^^^ ^^^^^</e:name>\
     <e:number ><![CDATA[A_____]]></e:number><e:number >B______</e:number></e:person></e:r>",
    // Attributes.
    "<e:r xmlns:e=\"urn:example\"><e:for>AZ0070000</e:for><e:person e:grade=\"A____\" e:unknown='1'><e:name>^^^^</e:name></e:person>\
     <e:person e:grade='B&#49;___'><e:name>^^^^</e:name></e:person></e:r>",
    // Records.
    "<e:r xmlns:e=\"urn:example\"><e:for>AZ0070000</e:for><e:person><e:record><e:first>^^^^^</e:first><e:second>A____</e:second>\
     <e:third><e:fourth>^^^~</e:fourth></e:third></e:record><e:record>^^^^^</e:record></e:person></e:r>",
    // Values that are treated.
    "<e:r xmlns:e=\"urn:example\"><e:for>AZ0070000</e:for><e:person><e:birth>19__-07-04</e:birth><e:account>A_______</e:account>\
     <e:postal>8____-____</e:postal><e:name>^^^^</e:name><e:birth>19__-1_-2_</e:birth><e:account>B_______</e:account></e:person>\
     <e:person><e:birth>07/04/19__</e:birth><e:account>C______</e:account><e:postal>7____</e:postal></e:person></e:r>",
    // Values that become tokens.
    "<e:r xmlns:e=\"urn:example\"><e:for>AZ0070000</e:for><e:person e:of=\"A_____\"><e:customer>B______</e:customer><e:name>^^^^</e:name>\
     <e:customer>&#67;_____</e:customer><e:text>RECORD;NAME:^^^^; OF:D____;</e:text></e:person>\
     <e:person e:of='&#69;____'><e:customer> <![CDATA[F___]]>__ </e:customer></e:person></e:r>",
    // Texts with fields of their own.
    "<e:r xmlns:e=\"urn:example\"><e:for>AZ0070000</e:for><e:person><e:text>RECORD;NAME:^^^^^^; SECRET:^^^^; BORN:19__-07-04; NAME:^^^^;</e:text>\
     <e:text>RECORD; NAME:^^^^^;</e:text><e:name>^^^^^</e:name></e:person></e:r>",
    // References.
    "<e:r xmlns:e=\"urn:example\"><e:for>AZ0070000</e:for><e:person e:id=\"^\"><e:name>^^^^^^</e:name><e:number>A_____</e:number></e:person>\
     <e:person><e:secret>^^^</e:secret><e:name>^^^^^</e:name><e:number>B_____</e:number></e:person></e:r>",
    // The requester behind the body.
    "<e:r xmlns:e=\"urn:example\"><e:person><e:name>^^^^^^</e:name><e:status>^^</e:status><e:number>A_____</e:number></e:person>\
     <e:for>AZ0070000</e:for></e:r>",
];

pub(super) const JSON: [&str; 8] = [
    r#"{"@context":{"e":"urn:example"},"e:r":{"e:for":"AZ0070000","e:person":[{"e:name":"^^^^^^","e:secret":"^^^^^",
      "e:number":"A______","e:account":"A_______"},{"e:name":"^^^^^","e:secret":"^^^^^","e:number":"B______","e:account":"B______"}]}}"#,
    // Numbers.
    r#"{"@context":{"e":"urn:example"},"e:r":{"e:for":"AZ0070000","e:person":[{"e:number":1______,"e:name":"^^^"},{"e:number":2______}]}}"#,
    // Arrays, values beyond ASCII, escapes, long ones.
    r#"{"@context":{"e":"urn:example"},"e:r":{"e:for":"AZ0070000","e:person":{"e:name":["^^~^^","^\u0041^^^^","^^^^",
      "^^^^^^^^ ^^^^^^^^^^ ^^^^^^^^^ ^^^^^^^^^ ^^^^^^^^^ ^^^^^^^ ^^^^^"],"e:secret":["^^~^"],"e:number":["A_____","B______",3_____]}}}"#,
    // Names with escapes.
    r#"{"@context":{"e":"urn:example"},"e:r":{"e:for":"AZ0070000","e:person":{"e:n\u0061me":"^^^^^","e:numb\u0065r":"A_____"}}}"#,
    // Records.
    r#"{"@context":{"e":"urn:example"},"e:r":{"e:for":"AZ0070000","e:person":{"e:record":{"e:first":"^^^^","e:second":"A____",
      "e:third":{"e:fourth":["^^~^",1____]}}}}}"#,
    // Values that are treated.
    r#"{"@context":{"e":"urn:example"},"e:r":{"e:for":"AZ0070000","e:person":[{"e:birth":"19__-07-04","e:account":"A_______",
      "e:postal":"8____-____"},{"e:birth":"19__-1_-2_","e:account":"B\u0041______","e:postal":7____}]}}"#,
    // Values that become tokens.
    r#"{"@context":{"e":"urn:example"},"e:r":{"e:for":"AZ0070000","e:person":[{"e:customer":["A______","B\u0041_____",7_____],
      "e:name":"^^^^"},{"e:customer":" D______ ","e:text":"RECORD;NAME:^^^^; OF:E____;"}]}}"#,
    // Texts with fields of their own, and the requester behind the body.
    r#"{"e:r":{"e:person":{"e:text":["RECORD;NAME:^^^^^^; SECRET:^^^^; BORN:19__-07-04; NAME:^^^^;","RECORD; NAME:^^^^^;"],
      "e:name":"^^^^^"},"e:for":"AZ0070000"},"@context":{"e":"urn:example"}}"#,
];

/// Fills a template. Now and then there are two letters for one, so that other values have other places too.
pub(super) fn fill(template: &str, seed: &mut u64) -> String {
    let mut filled = String::new();
    for place in template.chars() {
        let letter = char::from(b'A' + (roll(seed) % 26) as u8);
        match place {
            '^' if roll(seed).is_multiple_of(4) => filled.extend([letter, letter]),
            '^' => filled.push(letter),
            '_' => filled.push(char::from(b'0' + (roll(seed) % 10) as u8)),
            '~' => filled.push(['\u{c9}', '\u{d6}', '\u{dc}', '\u{d1}'][roll(seed) % 4]),
            other => filled.push(other),
        }
    }
    filled
}

/// A message, who asks for it, and under which policy of `policies/`.
pub(super) struct Fixture {
    pub(super) name: String,
    pub(super) message: Vec<u8>,
    pub(super) policy: Option<String>,
    pub(super) requester: Requester,
}

/// All fixtures, in the order of their names.
pub(super) fn fixtures() -> Vec<Fixture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut folders: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders.iter().filter_map(|folder| fixture(folder)).collect()
}

fn fixture(folder: &Path) -> Option<Fixture> {
    let case: toml::Value = toml::from_str(&fs::read_to_string(folder.join("case.toml")).ok()?).unwrap();
    let message = ["message.xml", "message.json"].iter().find_map(|name| fs::read(folder.join(name)).ok())?;
    let text = |key: &str| case.get(key).and_then(|value| value.as_str()).map(str::to_owned);
    let requester = text("requester").map_or_else(Requester::from_envelope, |ori| Requester::new(&ori).unwrap());
    let requester = text("purpose").into_iter().fold(requester, |requester, purpose| requester.purpose(purpose));
    let claims = case.get("claims").and_then(|claims| claims.as_array()).cloned().unwrap_or_default();
    let requester = claims.iter().fold(requester, |requester, claim| requester.claim(claim.as_str().unwrap()));
    let name = folder.file_name()?.to_string_lossy().into_owned();
    Some(Fixture { name, message, policy: text("policy"), requester })
}

/// The filter of a fixture.
pub(super) fn filter_of(policy: Option<&str>) -> Filter {
    let builder = Filter::builder();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let builder = match policy {
        Some(name) => builder.policy_path(folder.join(format!("{name}.toml"))),
        None => builder,
    };
    builder.build().unwrap()
}
