//! The classes of messages: each is a fixture or made from one, of about the size that such a message has in practice.
//!
//! Most classes are one message. Where something must not be learned from the last one (the order of members, the
//! prefixes) a class is a pool of different ones, gone through in turn.

mod json;
mod record;
mod tree;
mod xml;

use std::path::Path;

use dmv_redact::Requester;

pub use json::json_list;
pub use xml::xml_list;

/// How many messages a pool holds.
const POOL: usize = 64;
/// The length of the photo, in characters of base64.
const PHOTO: usize = 40_000;
/// How long a line of base64 is where it has lines.
const PHOTO_LINE: usize = 76;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    Json,
    Xml,
}

/// Messages of one kind and who asks for them.
#[derive(Debug)]
pub struct Class {
    pub name: &'static str,
    pub syntax: Syntax,
    pub messages: Vec<Vec<u8>>,
    pub requester: Requester,
    /// Whether an allow-list of paths does the job; of a text that holds fields it can't.
    pub is_allow_list: bool,
}

impl Class {
    fn new(name: &'static str, messages: Vec<String>) -> Self {
        let syntax = if name.starts_with("json") { Syntax::Json } else { Syntax::Xml };
        let messages = messages.into_iter().map(String::into_bytes).collect();
        Self { name, syntax, messages, requester: police(), is_allow_list: true }
    }

    /// The same messages, asked for by someone who may have the photo.
    fn permitted(mut self) -> Self {
        self.requester = self.requester.claim("highly-restricted-request");
        self
    }

    pub fn mean_length(&self) -> usize {
        self.messages.iter().map(Vec::len).sum::<usize>() / self.messages.len()
    }
}

/// A police department of the built-in policy, for a criminal justice purpose.
pub fn police() -> Requester {
    Requester::new("AZ0070000").unwrap().purpose("C")
}

/// Every class, the four main ones first of their syntax.
pub fn classes() -> Vec<Class> {
    vec![
        Class::new("json-dense", vec![json::dense()]),
        Class::new("json-photo", vec![json::photo(PHOTO)]),
        Class::new("json-photo-permitted", vec![json::photo(PHOTO)]).permitted(),
        Class::new("json-photo-slashes", vec![json::photo_with_slashes(PHOTO)]),
        Class::new("json-photo-lines", vec![json::photo_with_lines(PHOTO)]),
        Class::new("json-pretty", vec![fixture("niem-json-list/message.json")]),
        Class::new("json-shuffled", json::shuffled(POOL)),
        Class::new("json-list-100", vec![json_list(100)]),
        Class::new("json-4-mb", vec![json_of(4_000_000)]),
        Class::new("xml-dense", vec![xml::dense()]),
        Class::new("xml-photo", vec![xml::photo(PHOTO)]),
        Class::new("xml-photo-permitted", vec![xml::photo(PHOTO)]).permitted(),
        Class::new("xml-photo-lines", vec![xml::photo_with_lines(PHOTO)]),
        Class::new("xml-pretty", vec![fixture("dr-several-states/message.xml")]),
        Class::new("xml-foreign-prefixes", vec![xml::other_prefixes(1).remove(0)]),
        Class::new("xml-changing-prefixes", xml::other_prefixes(POOL)),
        Class::new("xml-free-text", vec![fixture("dr-free-text/message.xml")]),
        Class {
            is_allow_list: false,
            ..Class::new("xml-text-fields", vec![fixture("text-labels-baseline/message.xml")])
        },
        Class::new("xml-list-100", vec![xml_list(100)]),
        Class::new("xml-4-mb", vec![xml_of(4_000_000)]),
    ]
}

/// A list of as many records as come near a length.
pub fn json_of(bytes: usize) -> String {
    of_length(bytes, json_list, json::short)
}

/// A list of as many records as come near a length.
pub fn xml_of(bytes: usize) -> String {
    of_length(bytes, xml_list, xml::short)
}

/// A message with one photo that makes it about so long.
pub fn json_photo_of(bytes: usize) -> String {
    json::photo(bytes.saturating_sub(json::photo(4).len()).max(4))
}

/// A message with one photo that makes it about so long.
pub fn xml_photo_of(bytes: usize) -> String {
    xml::photo(bytes.saturating_sub(xml::photo(4).len()).max(4))
}

fn of_length(bytes: usize, list: fn(usize) -> String, short: fn() -> String) -> String {
    let (one, eleven) = (list(1).len(), list(11).len());
    if bytes < one {
        return short();
    }
    let record = (eleven - one) / 10;
    list(1 + (bytes - one) / record)
}

fn fixture(path: &str) -> String {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    std::fs::read_to_string(fixtures.join(path)).unwrap()
}

/// So many characters of base64 that begin as the photo of a fixture does and go on with its content.
fn photo(characters: usize) -> String {
    let message = fixture("niem-json-dr-in-state-police/message.json");
    let own = tree::Tree::parse(&message).string("nc:Base64BinaryObject");
    let body = own.trim_end_matches('=');
    let body = &body[..body.len() / 4 * 4];
    body.chars().cycle().take(characters / 4 * 4).collect()
}

fn in_lines(photo: &str, line_end: &str) -> String {
    let lines: Vec<&str> = photo.as_bytes().chunks(PHOTO_LINE).map(|line| std::str::from_utf8(line).unwrap()).collect();
    lines.join(line_end)
}
