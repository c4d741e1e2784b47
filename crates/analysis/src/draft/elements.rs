//! The data elements of the catalog, each with the words that a name must have, and may have, to mean it.

use std::collections::BTreeSet;

use super::known_paths::GENERIC;
use super::path_words::{HEADERS, VEHICLE};
use crate::hints::is_restricted;
use crate::name_words::words;
use crate::roles::OTHERS;
use dmv_redact::{Catalog, Element, Kind};

/// What people call the person that a response is about.
pub(super) const PERSON: &[&str] = &[
    "person",
    "driver",
    "subject",
    "inmate",
    "arrestee",
    "suspect",
    "defendant",
    "applicant",
    "licensee",
    "individual",
    "offender",
    "customer",
    "operator",
];
/// What says that a place is where somebody lives.
const ADDRESS: &[&str] = &["address", "residence", "residential", "home", "mailing", "domicile", "resident"];
/// Words for names that somebody has besides the own one.
pub(super) const ALIASES: &[&str] = &["alias", "alternate", "former", "maiden", "previous", "nickname"];
/// What surrounds an image.
const IMAGE: &[&str] = &["image", "digital", "digitized", "base", "object", "binary", "face", "finger", "iris"];
/// Words that may be in any name.
const NOISE: &[&str] = &["data", "detail", "info", "information", "item", "entry", "list", "structured"];

/// Other words for an element, beside those of its id.
const OTHER_KEYS: &[(&str, &str)] = &[
    ("biometric.photo", "image"),
    ("biometric.photo-date", "image"),
    ("person.medical", "disability"),
    ("person.organ-donor", "donor"),
    ("person.physical-feature", "scar"),
    ("person.physical-feature", "mark"),
    ("person.physical-feature", "tattoo"),
    ("person.state-identification-number", "criminal"),
];

/// Elements whose own words mean other things as well: a state identifies people by cards, too.
const VAGUE: &[&str] = &["person.state-identification-number"];

/// One way to name an element.
#[derive(Debug)]
pub(super) struct NamedElement<'c> {
    pub(super) element: &'c Element,
    /// The words that a name must have.
    pub(super) key: BTreeSet<String>,
    /// The words that tell what the part belongs to: a licence, a vehicle, a person.
    pub(super) context: BTreeSet<String>,
    /// Every word that a name may have.
    explained: BTreeSet<String>,
    /// Whether the key alone doesn't tell: a status may be one of anything.
    pub(super) needs_context: bool,
}

impl<'c> NamedElement<'c> {
    /// All ways to name the elements of a catalog, but those of the envelope and of the request.
    pub(super) fn all(catalog: &'c Catalog) -> Vec<Self> {
        let elements = catalog.iter().map(|(_, element)| element).filter(|element| is_body(element));
        let mut all = Vec::new();
        for element in elements {
            if !VAGUE.contains(&element.id()) {
                all.push(Self::new(element));
            }
            for (_, key) in OTHER_KEYS.iter().filter(|(id, _)| *id == element.id()) {
                all.push(Self::of(element, vec![(*key).to_owned()]));
            }
        }
        all
    }

    /// An element by the last step of its id.
    pub(super) fn new(element: &'c Element) -> Self {
        Self::of(element, words(element.last_step()))
    }

    fn of(element: &'c Element, key: Vec<String>) -> Self {
        let mut required: BTreeSet<String> = key.iter().cloned().collect();
        // What every date and every number is called tells nothing, unless it is all there is.
        for word in ["date", "number"] {
            if required.len() > 1 && (word != "date" || element.kind() == Kind::Date) {
                required.remove(word);
            }
        }
        let id = element.id();
        let group: Vec<String> = id.rsplit_once('.').map(|(group, _)| words(group)).unwrap_or_default();
        // The nearest: a class in words belongs to a class, and not to whatever a licence has.
        let nearest = id.rsplit('.').nth(1).map(words).unwrap_or_default();
        let mut context: BTreeSet<String> = nearest.into_iter().collect();
        let mut explained: BTreeSet<String> = [key, group, words(element.title())].concat().into_iter().collect();
        let mut extend = |more: &[&str], context: &mut BTreeSet<String>, is_context: bool| {
            explained.extend(more.iter().map(|word| (*word).to_owned()));
            if is_context {
                context.extend(more.iter().map(|word| (*word).to_owned()));
            }
        };
        match id.split('.').next() {
            Some("person") if id.starts_with("person.address") => {
                extend(PERSON, &mut context, true);
                extend(ADDRESS, &mut context, true);
                extend(&["location"], &mut context, false);
            }
            Some("person") => extend(PERSON, &mut context, true),
            Some("vehicle") => extend(&["conveyance"], &mut context, false),
            Some("owner") => {
                extend(&["owner", "registered", "holder", "registration", "location", "vehicle"], &mut context, false);
                extend(&["organization", "business", "entity"], &mut context, false);
                extend(ADDRESS, &mut context, false);
                context = BTreeSet::from(["owner".to_owned()]);
            }
            Some("license") => extend(&["driver", "operator", "number"], &mut context, false),
            Some("registration") => {
                extend(&["registration", "plate", "conveyance"], &mut context, true);
                extend(&["name", "number", "vehicle"], &mut context, false);
            }
            Some("biometric") => {
                extend(PERSON, &mut context, false);
                extend(IMAGE, &mut context, false);
            }
            Some("immigration") => extend(PERSON, &mut context, false),
            _ => {}
        }
        if id.starts_with("person.name") {
            extend(ALIASES, &mut context, false);
        }
        if id == "person.physical-feature" {
            extend(&["type", "location", "description"], &mut context, false);
        }
        if id == "person.telephone" {
            extend(&["home", "work", "cell", "mobile", "day", "evening"], &mut context, false);
        }
        if matches!(id, "person.height" | "person.weight") {
            extend(&["unit", "length", "weight"], &mut context, false);
        }
        // What is told of such a fact is no less restricted than the fact.
        if is_restricted(element) {
            extend(&["status", "description", "country"], &mut context, false);
        }
        extend(NOISE, &mut context, false);
        if element.kind() == Kind::Date {
            extend(&["date"], &mut context, false);
        }
        if matches!(element.kind(), Kind::Identifier) {
            extend(&["number"], &mut context, false);
        }
        let needs_context =
            element.kind() != Kind::Image && required.iter().all(|word| GENERIC.contains(&word.as_str()));
        Self { element, key: required, context, explained, needs_context }
    }

    /// Whether a name of this element may have a word.
    pub(super) fn explains(&self, word: &str) -> bool {
        self.explained.contains(word)
    }
}

/// Every word that the names of parts may be made of, as far as the catalog and the guesser know any.
pub(super) fn vocabulary(catalog: &Catalog) -> BTreeSet<String> {
    let elements = catalog.iter().flat_map(|(_, element)| [words(element.id()), words(element.title())]);
    let lists = [PERSON, ADDRESS, ALIASES, IMAGE, NOISE, GENERIC, OTHERS, VEHICLE, HEADERS];
    elements.flatten().chain(lists.concat().into_iter().map(str::to_owned)).collect()
}

/// The first step of an element's id.
pub(super) fn group(id: &str) -> &str {
    id.split('.').next().unwrap_or(id)
}

/// Whether an element is of a response's body. What the request said, and free text, nobody can tell from a name.
fn is_body(element: &Element) -> bool {
    !element.is_envelope() && element.kind() != Kind::Record && !matches!(group(element.id()), "request" | "response")
}
