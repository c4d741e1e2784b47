//! The XML messages.

use super::record::persons;
use super::{fixture, in_lines, photo as photo_text};
use crate::Random;

/// The prefixes of the fixtures.
const PREFIXES: [&str; 5] = ["n2", "nh2", "n2c", "nc", "j"];
/// Namespaces of nothing in the message, as exchanges that import much declare them.
const UNUSED: [&str; 3] =
    ["http://www.w3.org/2001/XMLSchema-instance", "http://niem.gov/niem/structures/2.0", "urn:example:not-used"];

/// Three persons without white space.
pub(super) fn dense() -> String {
    xml_list(3)
}

/// A list of so many different persons.
pub fn xml_list(count: usize) -> String {
    let message = fixture("dr-several-states-compact/message.xml");
    let (open, close) = ("<n2:Person>", "</n2:Person>");
    let begin = message.find(open).unwrap();
    let first_end = message.find(close).unwrap() + close.len();
    let last_end = message.rfind(close).unwrap() + close.len();
    let records = persons(&message[begin..first_end], count);
    format!("{}{}{}", &message[..begin], records.concat(), &message[last_end..])
}

/// One person of whom the name, the birth date and the SSN are told.
pub(super) fn short() -> String {
    let message = xml_list(1);
    let begin = message.find("<nc:PersonSexCode>").unwrap();
    let end = message.find("</n2:Person>").unwrap();
    format!("{}{}", &message[..begin], &message[end..])
}

/// One person with a photo, without white space.
pub(super) fn photo(characters: usize) -> String {
    with_photo(&photo_text(characters))
}

/// Its lines as MIME has them.
pub(super) fn photo_with_lines(characters: usize) -> String {
    with_photo(&in_lines(&photo_text(characters), "\n"))
}

fn with_photo(photo: &str) -> String {
    let message = fixture("dr-compact/message.xml");
    let open = "<nc:BinaryBase64Object>";
    let begin = message.find(open).unwrap() + open.len();
    let end = begin + message[begin..].find('<').unwrap();
    format!("{}{photo}{}", &message[..begin], &message[end..])
}

/// The dense message with other prefixes in each, declared in another order among others that nothing uses.
pub(super) fn other_prefixes(count: usize) -> Vec<String> {
    let mut random = Random::new(9);
    let message = dense();
    (0..count).map(|_| with_other_prefixes(&message, &mut random)).collect()
}

fn with_other_prefixes(message: &str, random: &mut Random) -> String {
    let mut names = Vec::new();
    while names.len() < PREFIXES.len() + UNUSED.len() {
        let name = format!("{}{}", random.pick(&["a", "ns", "ex", "dmv", "q", "info"]), random.below(100));
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut text = message.to_owned();
    for (old, new) in PREFIXES.iter().zip(&names) {
        for (before, after) in [("<", ":"), ("</", ":"), (" ", ":"), ("xmlns:", "=")] {
            text = text.replace(&format!("{before}{old}{after}"), &format!("{before}{new}{after}"));
        }
    }
    let begin = text.find("xmlns:").unwrap();
    let end = text.rfind("xmlns:").unwrap();
    let end = end + text[end..].find(' ').unwrap();
    let mut declared: Vec<String> = text[begin..end].split(' ').map(str::to_owned).collect();
    let unused = UNUSED.iter().zip(&names[PREFIXES.len()..]);
    declared.extend(unused.take(random.below(UNUSED.len() + 1)).map(|(uri, name)| format!("xmlns:{name}=\"{uri}\"")));
    random.shuffle(&mut declared);
    format!("{}{}{}", &text[..begin], declared.join(" "), &text[end..])
}
