//! The JSON messages.

use serde_json::Value;

use super::record::persons;
use super::tree::Tree;
use super::{fixture, in_lines, photo as photo_text};
use crate::Random;

const DENSE: &str = "niem-json-list-compact/message.json";

pub(super) fn dense() -> String {
    fixture(DENSE)
}

/// The dense message with the members of all its objects in other orders.
pub(super) fn shuffled(count: usize) -> Vec<String> {
    let mut random = Random::new(64);
    let mut tree = Tree::parse(&dense());
    let mut shuffle = || {
        tree.shuffle(&mut random);
        tree.write()
    };
    (0..count).map(|_| shuffle()).collect()
}

/// One person with a photo, without white space.
pub(super) fn photo(characters: usize) -> String {
    let mut tree = Tree::parse(&fixture("niem-json-dr-in-state-police/message.json"));
    *tree.find("nc:Base64BinaryObject").unwrap() = Tree::Leaf(Value::String(photo_text(characters)));
    tree.write()
}

/// Its slashes escaped, as some writers do.
pub(super) fn photo_with_slashes(characters: usize) -> String {
    let text = photo_text(characters);
    photo(characters).replace(&text, &text.replace('/', "\\/"))
}

/// Its lines as MIME has them.
pub(super) fn photo_with_lines(characters: usize) -> String {
    let text = photo_text(characters);
    photo(characters).replace(&text, &in_lines(&text, "\\r\\n"))
}

/// A list of so many different persons.
pub fn json_list(count: usize) -> String {
    let mut tree = Tree::parse(&dense());
    let Some(Tree::Array(records)) = tree.find("nc:Person") else { panic!("{DENSE}: no list of persons") };
    let record = records[0].write();
    records.clear();
    tree.write().replace("\"nc:Person\":[]", &format!("\"nc:Person\":[{}]", persons(&record, count).join(",")))
}

/// One person of whom the name, the birth date and the SSN are told.
pub(super) fn short() -> String {
    let mut tree = Tree::parse(&json_list(1));
    let Some(Tree::Array(records)) = tree.find("nc:Person") else { panic!("{DENSE}: no list of persons") };
    let Some(Tree::Object(members)) = records.first_mut() else { panic!("{DENSE}: no person") };
    members.truncate(3);
    tree.write()
}
