//! Messages made from fixtures: their texts, with other numbers, dates, requesters and photos.

use std::fs;
use std::ops::Range;
use std::path::Path;

use dmv_redact_traffic::Random;

/// Which messages an archive holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// All of them, as a switch's log has them: dense ones, an eighth with photos, some laid out, some broken, several
    /// requesters.
    Mixed,
    JsonDense,
    JsonPhoto,
    XmlDense,
    XmlPhoto,
}

const JSON_DENSE: &str = "niem-json-list-compact/message.json";
const JSON_PHOTO: &str = "niem-json-dr-in-state-police/message.json";
const XML_DENSE: &str = "dr-several-states-compact/message.xml";
const XML_PHOTO: &str = "dr-in-state-police/message.xml";
/// The mixture: fixtures, and how many messages in a hundred are made from each.
const MIXED: [(&str, usize); 8] = [
    (JSON_DENSE, 37),
    (XML_DENSE, 37),
    (JSON_PHOTO, 5),
    (XML_PHOTO, 5),
    ("niem-json-list/message.json", 4),
    ("rr-in-state-police/message.xml", 4),
    ("kr-history/message.xml", 4),
    ("dr-several-states/message.xml", 4),
];
/// Who asks in a mixture: police of the state, of another, immigration, nobody that is known.
const REQUESTERS: [&str; 10] = [
    "AZ0070000",
    "AZ0070000",
    "AZ0070000",
    "AZ0130000",
    "AZ0070000",
    "NV0070000",
    "NV0070000",
    "VTICE0900",
    "AZ0070000",
    "ZZ0000000",
];
/// One message in so many is cut off.
const BROKEN: usize = 1000;
/// Characters of a photo at least, and how many more there may be.
const PHOTO: usize = 30_000;
const MORE_PHOTO: usize = 30_000;

/// The messages of an archive, by number.
pub struct Messages {
    templates: Vec<(Template, usize)>,
    seed: u64,
    is_mixed: bool,
}

struct Template {
    text: String,
    parts: Vec<Part>,
    is_xml: bool,
}

enum Part {
    Text(Range<usize>),
    Digits(usize),
    Requester,
    Photo(usize),
}

impl Messages {
    /// # Panics
    /// When a fixture can't be read: then this isn't the repository.
    pub fn new(kind: Kind, seed: u64) -> Self {
        let templates = match kind {
            Kind::Mixed => MIXED.iter().map(|(path, share)| (Template::new(path), *share)).collect(),
            Kind::JsonDense => vec![(Template::new(JSON_DENSE), 100)],
            Kind::JsonPhoto => vec![(Template::new(JSON_PHOTO), 100)],
            Kind::XmlDense => vec![(Template::new(XML_DENSE), 100)],
            Kind::XmlPhoto => vec![(Template::new(XML_PHOTO), 100)],
        };
        Self { templates, seed, is_mixed: kind == Kind::Mixed }
    }

    /// Writes message `number` into `into`, and tells whether it is XML.
    pub fn write(&self, number: u64, into: &mut Vec<u8>) -> bool {
        into.clear();
        let mut random = Random::of_message(self.seed, number);
        let mut share = random.below(100);
        let mut template = &self.templates[0].0;
        for (other, of_hundred) in &self.templates {
            template = other;
            match share.checked_sub(*of_hundred) {
                Some(rest) => share = rest,
                None => break,
            }
        }
        let requester = if self.is_mixed { REQUESTERS[random.below(REQUESTERS.len())] } else { REQUESTERS[0] };
        for part in &template.parts {
            match part {
                Part::Text(range) => into.extend_from_slice(&template.text.as_bytes()[range.clone()]),
                Part::Digits(count) => (0..*count).for_each(|_| into.push(b'0' + random.below(10) as u8)),
                Part::Requester => into.extend_from_slice(requester.as_bytes()),
                Part::Photo(length) => {
                    let length = if self.is_mixed { PHOTO + random.below(MORE_PHOTO) } else { *length };
                    write_base64(length / 8 * 8, &mut random, into);
                }
            }
        }
        if self.is_mixed && random.below(BROKEN) == 0 {
            into.truncate(into.len() * 2 / 3);
        }
        template.is_xml
    }
}

/// Characters that say nothing, so that no compression finds anything in them, as in a photo.
fn write_base64(length: usize, random: &mut Random, into: &mut Vec<u8>) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for _ in 0..length / 8 {
        let number = random.number();
        into.extend((0..8).map(|place| ALPHABET[(number >> (8 * place) & 63) as usize]));
    }
}

impl Template {
    fn new(path: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(path);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut places = Vec::new();
        // What is the same in every message, up to digits that are others: SSNs, licence numbers.
        for (what, kept, digits) in [("900-", 4, 2), ("D0", 1, 8), ("A900", 4, 6)] {
            for (at, _) in text.match_indices(what) {
                let span = at + kept..at + kept + digits;
                let is_number =
                    text.get(span.clone()).is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
                if is_number {
                    places.push((span, Part::Digits(digits)));
                }
            }
        }
        for (at, what) in text.match_indices("AZ0070000") {
            places.push((at..at + what.len(), Part::Requester));
        }
        if let Some(photo) = photo(&text) {
            // The first bytes of the image stay, and so what it is.
            let span = photo.start + 64..photo.end;
            places.retain(|(place, _)| place.end <= span.start || place.start >= span.end);
            places.push((span.clone(), Part::Photo(span.len())));
        }
        places.sort_by_key(|(span, _)| span.start);
        let mut parts = Vec::new();
        let mut end = 0;
        for (span, part) in places {
            parts.push(Part::Text(end..span.start));
            end = span.end;
            parts.push(part);
        }
        parts.push(Part::Text(end..text.len()));
        let is_xml = text.trim_start().starts_with('<');
        Self { text, parts, is_xml }
    }
}

/// The longest run of base64, if it can be a photo.
fn photo(text: &str) -> Option<Range<usize>> {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    let mut longest = 0..0;
    let mut start = 0;
    for (at, byte) in text.bytes().chain([b' ']).enumerate() {
        if !is_base64(byte) {
            if at - start > longest.len() {
                longest = start..at;
            }
            start = at + 1;
        }
    }
    (longest.len() > 1000).then_some(longest)
}
