//! Fault injection for the second reading: it catches each fault that is planted in the first reading, and without it
//! the fault goes out. What the tests beside this file share: a format and a policy of their own.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod everywhere;
mod history;
mod leaks;
mod messages;
mod mutations;
mod places;
mod sound;
mod uncaught;

use std::fs;

use tempfile::TempDir;

use super::*;

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
[[element]]
id = "subject.account"
kind = "identifier"
[[element]]
id = "subject.postal-code"
kind = "postal-code"
[[element]]
id = "subject.customer"
kind = "identifier"
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
"e:person/@e:grade" = "subject.number"
"e:person/e:account" = "subject.account"
"e:person/e:postal" = "subject.postal-code"
"e:person/e:customer" = "subject.customer"
"e:person/@e:of" = "subject.customer"
"e:person/e:text" = "subject.secret"
"e:person/e:record/**" = "subject.record"
"e:secrets/e:secret" = "subject.secret"
"e:person/e:id[e:kind='public']/e:number" = "subject.number"
"e:person/e:id[e:kind='secret']/e:number" = "subject.secret"
"e:person/e:field[@e:is='number']" = "subject.number"
"e:person/e:field[@e:is='secret']" = "subject.secret"
"e:person/e:fields[e:is='number']/e:value" = "subject.number"
"e:person/e:note_*" = "subject.name"
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
  { pattern = 'OF:(?<customer>[A-Z0-9]{1,40}|\*{4});', groups = { customer = "subject.customer" } },
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
elements = ["subject.name", "subject.birth-date", "subject.number", "subject.record", "subject.account", "subject.postal-code",
  "subject.customer"]
as = { "subject.birth-date" = "year", "subject.account" = "last4", "subject.postal-code" = "zip5", "subject.customer" = "token" }
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
    let builder = builder.token_key_bytes("0123456789abcdef0123456789abcdef");
    builder.catalog_path(folder.path().join("catalog.toml")).formats_dir(folder.path().join("formats")).build().unwrap()
}

/// A message with `parts` in its person.
fn xml(parts: &str) -> String {
    format!("<e:r xmlns:e=\"urn:example\"><e:for>AZ0070000</e:for><e:person>{parts}</e:person></e:r>")
}

fn json(parts: &str) -> String {
    format!(r#"{{"@context":{{"e":"urn:example"}},"e:r":{{"e:for":"AZ0070000","e:person":{{{parts}}}}}}}"#)
}

const NAME: &str = "<e:name>JORDAN</e:name>";
const NAME_MEMBER: &str = r#""e:name":"JORDAN""#;

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
