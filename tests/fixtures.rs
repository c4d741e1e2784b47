//! Runs every folder under `fixtures/`: a message, a case and what must go out. The folders are also the examples that
//! users read, so they are checked whole: every byte of the output, and the complete lists of what was let through
//! and removed. One run tells all that is wrong, not just the first.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use dmv_redact::{Filter, Receipt, Requester};
use dmv_redact_testing::{filters, folders, policies, root};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    title: String,
    policy: Option<String>,
    format: Option<String>,
    /// A message that cases share, from the case's folder on.
    message: Option<String>,
    requester: Option<String>,
    purpose: Option<String>,
    #[serde(default)]
    claims: Vec<String>,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    disposition: String,
    reason: Option<String>,
    #[serde(default)]
    released: BTreeSet<String>,
    #[serde(default)]
    removed: BTreeSet<String>,
}

struct Fixture {
    name: String,
    case: Case,
    json: bool,
    message: Vec<u8>,
    expected: Option<Vec<u8>>,
}

fn fixtures() -> Vec<Fixture> {
    folders(&root().join("fixtures")).iter().map(|folder| fixture(folder)).collect()
}

fn fixture(folder: &Path) -> Fixture {
    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(folder.join("case.toml")).unwrap_or_else(|why| panic!("{name}/case.toml: {why}"));
    let case: Case = toml::from_str(&text).unwrap_or_else(|why| panic!("{name}/case.toml: {why}"));
    let own = if folder.join("message.json").is_file() { "message.json" } else { "message.xml" };
    let path = folder.join(case.message.as_deref().unwrap_or(own));
    let json = path.extension().is_some_and(|ending| ending == "json");
    let ending = if json { "json" } else { "xml" };
    let message = fs::read(path).unwrap_or_else(|why| panic!("{name}: {why}"));
    let expected = fs::read(folder.join(format!("expected.{ending}"))).ok();
    Fixture { name, case, json, message, expected }
}

/// Checks every fixture and fails with all the faults that were found.
fn check_all(check: impl Fn(&Fixture) -> Vec<String>) {
    let mut report = String::new();
    for fixture in fixtures() {
        for fault in check(&fixture) {
            report.push_str(&format!("\n{} ({}): {fault}", fixture.name, fixture.case.title));
        }
    }
    assert!(report.is_empty(), "{report}\n");
}

fn redact(case: &Case, message: &[u8]) -> (Vec<u8>, Receipt) {
    let mut builder = Filter::builder();
    if let Some(policy) = &case.policy {
        builder = builder.policy_path(policies().join(format!("{policy}.toml")));
    }
    if let Some(format) = &case.format {
        builder = builder.format(format);
    }
    let filter = builder.build().unwrap_or_else(|why| panic!("{}: {why}", case.title));
    let mut requester = match &case.requester {
        Some(ori) => Requester::new(ori).unwrap_or_else(|why| panic!("{ori}: {why}")),
        None => Requester::from_envelope(),
    };
    if let Some(purpose) = &case.purpose {
        requester = requester.purpose(purpose.as_str());
    }
    let requester = case.claims.iter().fold(requester, |requester, claim| requester.claim(claim.as_str()));
    filters::redact(&filter, &requester, message)
}

#[test]
fn every_fixture_gives_what_it_expects() {
    check_all(|fixture| {
        let expect = &fixture.case.expect;
        let (output, receipt) = redact(&fixture.case, &fixture.message);
        let mut faults = Vec::new();
        let mut compare = |what: &str, got: String, expected: String| {
            if got != expected {
                faults.push(format!("{what} is {got}, expected {expected}"));
            }
        };
        let releases = receipt.disposition().releases();
        compare("disposition", format!("{:?}", receipt.disposition()).to_lowercase(), expect.disposition.clone());
        if expect.reason.is_some() || !releases {
            let reason = receipt.reason().map(|reason| reason.code().to_owned());
            compare("reason", format!("{reason:?}"), format!("{:?}", expect.reason));
        }
        if releases {
            let [released, removed] = elements(&receipt);
            compare("released", format!("{released:?}"), format!("{:?}", expect.released));
            compare("removed", format!("{removed:?}"), format!("{:?}", expect.removed));
        } else if !output.is_empty() {
            faults.push(format!("refused, but {} bytes went out", output.len()));
        }
        match &fixture.expected {
            Some(expected) if *expected != output => faults.push(difference(expected, &output)),
            None if releases => faults.push("releases, but there is no expected output".to_owned()),
            _ => {}
        }
        faults
    });
}

/// The elements released and removed; the envelope goes without saying.
fn elements(receipt: &Receipt) -> [BTreeSet<String>; 2] {
    let [mut released, mut removed] = [BTreeSet::new(), BTreeSet::new()];
    for (id, counts) in receipt.elements().filter(|(id, _)| *id != "envelope" && !id.starts_with("envelope.")) {
        if counts.released + counts.generalised > 0 {
            released.insert(id.to_owned());
        }
        if counts.removed > 0 {
            removed.insert(id.to_owned());
        }
    }
    [released, removed]
}

/// The first lines that differ, with what stands before them.
fn difference(expected: &[u8], output: &[u8]) -> String {
    let [expected, output] = [expected, output].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let [expected, output] = [&expected, &output].map(|text| text.split_inclusive('\n').collect::<Vec<_>>());
    let same = expected.iter().zip(&output).take_while(|(a, b)| a == b).count();
    let mut told = format!("output differs from line {}:\n", same + 1);
    expected.iter().take(same).skip(same.saturating_sub(3)).for_each(|line| told.push_str(&format!("    {line:?}\n")));
    expected.iter().skip(same).take(6).for_each(|line| told.push_str(&format!("  - {line:?}\n")));
    output.iter().skip(same).take(6).for_each(|line| told.push_str(&format!("  + {line:?}\n")));
    told
}

/// P4: what goes out is valid against the format's schema where the message was.
#[test]
fn what_goes_out_is_valid() {
    check_all(|fixture| {
        let Some(expected) = fixture.expected.as_ref().filter(|_| fixture.json) else { return vec![] };
        let (_, receipt) = redact(&fixture.case, &fixture.message);
        let format = receipt.format().unwrap_or("unknown");
        let Ok(schema) = fs::read(root().join("schemas").join(format).join("schema.json")) else { return vec![] };
        let schema: Value = serde_json::from_slice(&schema).expect("schema.json is JSON");
        let validator = jsonschema::validator_for(&schema).expect("schema.json is a JSON schema");
        let invalid = |what: &str, bytes: &[u8]| -> Vec<String> {
            let value: Value = match serde_json::from_slice(bytes) {
                Ok(value) => value,
                Err(why) => return vec![format!("{what} is no JSON: {why}")],
            };
            validator.iter_errors(&value).map(|why| format!("{what}, {}: {why}", why.instance_path())).collect()
        };
        // A message with unknown parts can't be valid; its output must be.
        // References to what is removed count with them, and are valid.
        let has_unknown = receipt.unmapped() > 0 && !fixture.name.ends_with("references-removed");
        let message = if has_unknown { vec![] } else { invalid("message", &fixture.message) };
        [message, invalid("expected", expected)].concat()
    });
}

/// P7: a photo goes out only where `biometric.photo` is released.
#[test]
fn no_photo_goes_out_unpermitted() {
    check_all(|fixture| {
        let Some(expected) = &fixture.expected else { return vec![] };
        if fixture.case.expect.released.contains("biometric.photo") {
            return vec![];
        }
        let out = texts(fixture.json, expected).concat();
        let photos = texts(fixture.json, &fixture.message).into_iter().filter_map(|text| photo(&text));
        photos.filter(|photo| out.contains(photo)).map(|photo| format!("the photo {photo}... goes out")).collect()
    });
}

/// All decoded texts of a message, without white space.
fn texts(json: bool, bytes: &[u8]) -> Vec<String> {
    fn strings(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) => found.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
            Value::Object(members) => members.values().for_each(|member| strings(member, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    if json {
        strings(&serde_json::from_slice(bytes).expect("a message that releases is JSON"), &mut found);
    } else {
        let text = str::from_utf8(bytes).expect("a message that releases is UTF-8");
        let document = roxmltree::Document::parse(text).expect("a message that releases is XML");
        found.extend(
            document.descendants().filter_map(|node| node.text().filter(|_| node.is_text()).map(str::to_owned)),
        );
        found.extend(document.descendants().flat_map(|n| n.attributes()).map(|a| a.value().to_owned()));
    }
    found.iter().map(|text| text.split_whitespace().collect()).collect()
}

/// The beginning of a picture in a text, as base64 has it.
fn photo(text: &str) -> Option<String> {
    let signs = ["/9j/", "_9j_", "iVBORw0KGgo", "AAAADGpQICANCoc", "/0//U", "/6D/"];
    let at = signs.iter().find_map(|sign| text.find(sign))?;
    text.get(at..at + 40).map(str::to_owned)
}

/// An empty or half-copied folder would make the tests above pass.
#[test]
fn fixtures_are_there() {
    let count = fixtures().len();
    assert!(count >= 24, "{count} fixtures");
}
