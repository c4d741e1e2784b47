//! P4: what goes out is valid against the format's schema, whoever of any policy asks, with any purpose and claims that the
//! policy knows. JSON is judged here; XML is written down for `.ci/validate`, which has xmllint judge it. The requesters are
//! read off the policies by the plainest means, so that a new pack takes part without a line here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use dmv_redact::{Filter, Instrument, Requester};
use dmv_redact_testing::cases::cases;
use dmv_redact_testing::filters::built_in;
use dmv_redact_testing::oracle::world::WORLD;
use dmv_redact_testing::{files_below, fixture, policies, root, shipped_policies};
use jsonschema::Validator;
use rayon::prelude::*;
use serde_json::Value;
use toml::Table;

/// Stands for whoever asks, so that what two agencies get alike is judged once.
const ANYBODY: &str = "AZ0000000";

/// Outputs, each once, by format and by whether they are XML.
type Outputs = BTreeMap<(String, bool), BTreeSet<Vec<u8>>>;

static OUTPUTS: LazyLock<Outputs> = LazyLock::new(outputs);

/// A requester and how its ORI is written.
struct Asker {
    ori: String,
    requester: Requester,
}

/// What a requester gets of a message, with the format; `None` if nothing.
fn get(filter: &Filter, asker: &Asker, text: &str) -> Option<(String, Vec<u8>)> {
    let mut out = Vec::new();
    let message = text.replace(ANYBODY, &asker.ori);
    let receipt = filter.redact(message.as_bytes(), &asker.requester, &mut out);
    let format = receipt.format().filter(|_| receipt.disposition().releases())?;
    let out = String::from_utf8(out).unwrap().replace(&asker.ori, ANYBODY);
    Some((format.to_owned(), out.into_bytes()))
}

fn outputs() -> Outputs {
    let mut found = Outputs::new();
    let messages = messages();
    let fullest = fullest(&messages);
    for policy in shipped_policies() {
        let filter = Filter::builder().policy_path(&policy).build().unwrap();
        // Of those who get the same of the fullest messages, one is enough.
        let probed = |asker: Asker| (fullest.iter().map(|text| get(&filter, &asker, text)).collect::<Vec<_>>(), asker);
        let unlike: BTreeMap<_, Asker> = askers(&policy).into_par_iter().map(probed).collect();
        let gets = |asker: &Asker| -> Vec<_> {
            messages.iter().filter_map(|(xml, text)| Some((*xml, get(&filter, asker, text)?))).collect()
        };
        let gotten: Vec<Vec<_>> = unlike.values().collect::<Vec<_>>().into_par_iter().map(gets).collect();
        for (xml, (format, out)) in gotten.into_iter().flatten() {
            found.entry((format, xml)).or_default().insert(out);
        }
    }
    // Tokens are the longest of what treatments write, and no shipped policy has any.
    let tokens = WORLD.policies.iter().find(|ruled| ruled.name == "everything as tokens").unwrap();
    let police = Asker { ori: "AZ0070000".to_owned(), requester: Requester::from_envelope() };
    for (xml, text) in &messages {
        if let Some((format, out)) = get(&tokens.filter, &police, text) {
            found.entry((format, *xml)).or_default().insert(out);
        }
    }
    found
}

/// For each format and message key the message with the most in it, photos of tens of kilobytes aside.
fn fullest(messages: &BTreeSet<(bool, String)>) -> Vec<&String> {
    let plain = built_in();
    let mut fullest: BTreeMap<(Option<String>, Option<String>), &String> = BTreeMap::new();
    let weight = |text: &str| text.bytes().filter(|byte| matches!(byte, b'<' | b':')).count();
    for (_, text) in messages.iter().filter(|(_, text)| text.len() < 20_000) {
        let receipt = plain.redact(text.as_bytes(), &Requester::from_envelope(), &mut Vec::new());
        let key = (receipt.format().map(str::to_owned), receipt.message_type().map(str::to_owned));
        let best = fullest.entry(key).or_insert(text);
        if weight(text) > weight(best) {
            *best = text;
        }
    }
    fullest.into_values().collect()
}

/// The messages of the fixtures and of the policies' cases, each once, addressed to [`ANYBODY`].
fn messages() -> BTreeSet<(bool, String)> {
    let plain = built_in();
    let of_fixtures = cases().into_iter().map(|case| (case.xml, case.message));
    let shared = policies().join("cases/messages");
    let of_policies = files_below(&shared).into_iter().map(|path| {
        let is_xml = path.extension().is_some_and(|ending| ending == "xml");
        (is_xml, fs::read(shared.join(path)).unwrap())
    });
    let addressed = |(xml, message): (bool, Vec<u8>)| {
        let own = plain.redact(&message, &Requester::from_envelope(), &mut Vec::new()).requester()?;
        let text = String::from_utf8(message).ok()?;
        Some((xml, text.replace(own.as_str(), ANYBODY)))
    };
    of_fixtures.chain(of_policies).filter_map(addressed).collect()
}

/// One of each agency class, with every purpose that the policy names and without, and with no claim, each claim and all,
/// an instrument that specifies everything behind each.
fn askers(policy: &Path) -> Vec<Asker> {
    let table: Table = fs::read_to_string(policy).unwrap().parse().unwrap();
    let claims = strings(table["policy"].get("claims"));
    let rules = ["permit", "forbid", "review"].iter().filter_map(|kind| table.get(*kind)?.as_array()).flatten();
    let purposes: BTreeSet<String> = rules.flat_map(|rule| strings(rule.get("purposes"))).collect();
    let purposes: Vec<Option<&String>> = std::iter::once(None).chain(purposes.iter().map(Some)).collect();
    let mut vouched: BTreeSet<Vec<&str>> = claims.iter().map(|claim| vec![claim.as_str()]).collect();
    vouched.extend([vec![], claims.iter().map(String::as_str).collect()]);
    let classes = table["agencies"].as_table().unwrap().values();
    let oris: BTreeSet<String> = classes.map(|class| example(class, policy)).collect();
    let mut askers = Vec::new();
    for ori in &oris {
        for purpose in &purposes {
            for claims in &vouched {
                let requester = Requester::new(ori).unwrap();
                let requester = purpose.iter().fold(requester, |requester, code| requester.purpose(code.as_str()));
                let requester =
                    claims.iter().fold(requester, |requester, claim| requester.instrument(behind(claim, &table)));
                askers.push(Asker { ori: ori.clone(), requester });
            }
        }
    }
    askers
}

/// The instrument behind a claim, of somebody who may issue one, which specifies everything.
fn behind(claim: &str, policy: &Table) -> Instrument {
    let issuer = policy.get("claims").and_then(|claims| claims.get(claim)?.get("issuers")?.get(0)?.as_str());
    let instrument = Instrument::new(claim).specifies("*");
    issuer.into_iter().fold(instrument, |instrument, issuer| instrument.issuer(issuer))
}

/// An ORI of the class: one it lists, or one that its first pattern matches.
fn example(class: &toml::Value, policy: &Path) -> String {
    let file = class.get("ori-file").and_then(toml::Value::as_str);
    let listed = file.map(|file| fs::read_to_string(policy.with_file_name(file)).unwrap()).unwrap_or_default();
    let is_ori = |text: &&str| text.len() == 9 && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let patterns = strings(class.get("ori"));
    let exact = patterns.iter().map(String::as_str).chain(listed.split([',', '\n', '\r'])).map(str::trim).find(is_ori);
    if let Some(exact) = exact {
        return exact.to_owned();
    }
    let pattern = patterns.first().expect("a class has ORIs");
    let missing = 9 - pattern.chars().filter(|c| *c != '*').count();
    let filled =
        pattern.replacen('*', &"070000000"[..missing.min(9)], 1).replace('*', "").replace('?', "A").replace('#', "0");
    assert!(is_ori(&filled.as_str()), "{}: {pattern}", policy.display());
    filled
}

fn strings(value: Option<&toml::Value>) -> Vec<String> {
    match value {
        Some(toml::Value::Array(items)) => items.iter().map(|item| item.as_str().unwrap().to_owned()).collect(),
        Some(toml::Value::String(one)) => vec![one.clone()],
        _ => vec![],
    }
}

fn schema(format: &str) -> Validator {
    let text = fs::read(root().join("schemas").join(format).join("schema.json")).unwrap();
    jsonschema::validator_for(&serde_json::from_slice(&text).unwrap()).unwrap()
}

#[test]
fn p4_json_that_any_agency_class_gets_is_valid() {
    let mut report = String::new();
    let mut judged = 0;
    for ((format, _), outputs) in OUTPUTS.iter().filter(|((_, xml), _)| !xml) {
        let schema = schema(format);
        judged += outputs.len();
        for out in outputs {
            let value: Value = serde_json::from_slice(out).unwrap();
            if let Some(fault) = schema.iter_errors(&value).next() {
                let out = String::from_utf8_lossy(out);
                report.push_str(&format!("\n{format}, {}: {fault}\n{out}", fault.instance_path()));
            }
        }
    }
    assert!(report.is_empty(), "{report}");
    assert!(judged > 100, "{judged} outputs are too few to tell");
}

/// Writes each output of XML, and what xmllint must refuse, under `target/tmp/validity/<format>`.
#[test]
fn p4_xml_that_any_agency_class_gets_is_written_for_xmllint() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("validity");
    drop(fs::remove_dir_all(&folder));
    for ((format, _), outputs) in OUTPUTS.iter().filter(|((_, xml), _)| *xml) {
        let [valid, invalid] = ["valid", "invalid"].map(|name| folder.join(format).join(name));
        [&valid, &invalid].iter().for_each(|folder| fs::create_dir_all(folder).unwrap());
        for (number, out) in outputs.iter().enumerate() {
            fs::write(valid.join(format!("{number}.xml")), out).unwrap();
        }
        let largest = outputs.iter().max_by_key(|out| out.iter().filter(|byte| **byte == b'<').count()).unwrap();
        let text = str::from_utf8(largest).unwrap();
        let ends: Vec<usize> = text.match_indices("</").map(|(at, _)| at).collect();
        for (number, end) in ends.iter().enumerate() {
            // A foreign element at the end of every element there is.
            let (before, after) = text.split_at(*end);
            fs::write(invalid.join(format!("{number}.xml")), format!("{before}<stranger xmlns=\"\"/>{after}")).unwrap();
        }
        assert!(outputs.len() > 10 && ends.len() > 20, "{format}: too few outputs to tell");
    }
}

/// A schema that lets anything through would make the tests above pass.
#[test]
fn schemas_refuse_strange_members_and_values_of_another_kind() {
    for (format, name) in [
        ("mdl", "mdl-in-state-police"),
        ("niem-5.2", "niem52-json-dr-in-state-police"),
        ("niem-6.0", "niem-json-dr-in-state-police"),
    ] {
        let text = fixture(&format!("{name}/message.json"));
        let message: Value = serde_json::from_slice(&text).unwrap();
        let schema = schema(format);
        assert!(schema.is_valid(&message), "{format}");
        let mut pointers = Vec::new();
        places(&message, "", &mut pointers);
        for pointer in pointers.iter().filter(|pointer| !pointer.contains("@context")) {
            let mut changed = message.clone();
            let place = changed.pointer_mut(pointer).unwrap();
            match place {
                Value::Object(members) => drop(members.insert("stranger".to_owned(), Value::Bool(true))),
                Value::Array(items) => items.push(Value::Array(vec![])),
                _ => *place = serde_json::json!({"stranger": true}),
            }
            assert!(!schema.is_valid(&changed), "{format}: {pointer}");
        }
    }
}

fn places(value: &Value, pointer: &str, found: &mut Vec<String>) {
    found.push(pointer.to_owned());
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            let name = name.replace('~', "~0").replace('/', "~1");
            places(member, &format!("{pointer}/{name}"), found);
        }),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| places(item, &format!("{pointer}/{at}"), found));
        }
        _ => {}
    }
}
