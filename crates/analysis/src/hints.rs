//! What in a path, its values or its schema hints at a fact that is highly restricted, or tells of immigration, a victim or
//! a minor.
//!
//! Below schemas and layouts, which note what they find while they read: a value that isn't kept hints all the same.
//! A part with such a hint is mapped to an element of the same kind or left to a person: mapped to a harmless element, it
//! would go out to everybody who may have that.

use std::collections::{BTreeMap, BTreeSet};

use crate::name_words::words;
use dmv_redact::{Element, Sensitivity};

/// A kind of fact that must not be taken for a harmless one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Hint {
    Ssn,
    Image,
    Medical,
    Immigration,
    Protected,
}

impl Hint {
    /// What it may be, for a question.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Ssn => "a Social Security number",
            Self::Image => "an image or a biometric",
            Self::Medical => "medical, or a disability",
            Self::Immigration => "of immigration or citizenship",
            Self::Protected => "of a victim, a witness or a minor, or under seal",
        }
    }

    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Ssn => &["ssn", "social"],
            Self::Image => &[
                "image",
                "photo",
                "signature",
                "fingerprint",
                "biometric",
                "iris",
                "retina",
                "facial",
                "palm",
                "dna",
                "template",
                "binary",
                "jpeg",
                "jpg",
            ],
            Self::Medical => &[
                "medical",
                "medication",
                "medicine",
                "disability",
                "disabling",
                "health",
                "organ",
                "donor",
                "diabetic",
                "diabete",
                "diabetes",
                "insulin",
                "epilepsy",
                "seizure",
                "blood",
                "alcohol",
                "injury",
                "disease",
                "hiv",
                "psychiatric",
                "dementia",
                "overdose",
                "illness",
                "diagnosis",
                "allergy",
                "mental",
                "pregnant",
                "pregnancy",
                "wheelchair",
                "prosthetic",
                "impairment",
                "physician",
                "doctor",
                "hospital",
                "treatment",
                "drug",
                "toxicology",
            ],
            Self::Immigration => &[
                "alien",
                "immigration",
                "immigrant",
                "citizen",
                "citizenship",
                "noncitizen",
                "nonimmigrant",
                "nationality",
                "national",
                "naturalization",
                "naturalized",
                "passport",
                "visa",
                "foreign",
                "foreigner",
                "birthplace",
                "tax",
                "itin",
                "tin",
                "sevis",
                "uscis",
                "dhs",
                "deport",
                "deportee",
                "deported",
                "deportation",
                "removal",
                "undocumented",
                "lawful",
                "unlawful",
                "illegal",
                "presence",
                "asylum",
                "asylee",
                "refugee",
                "daca",
                "domiciled",
                "limited",
                "realid",
                "enhanced",
                "consular",
                "matricula",
                "detainer",
                "ice",
                "nativity",
            ],
            Self::Protected => &[
                "victim",
                "juvenile",
                "minor",
                "child",
                "children",
                "youth",
                "infant",
                "protected",
                "protection",
                "confidential",
                "confidentiality",
                "sealed",
                "seal",
                "expunged",
                "witness",
                "abuse",
                "stalking",
                "informant",
            ],
        }
    }

    const ALL: [Self; 5] = [Self::Ssn, Self::Image, Self::Medical, Self::Immigration, Self::Protected];
}

/// What some words hint at.
pub(crate) fn of_words<'w>(given: impl IntoIterator<Item = &'w String>) -> BTreeSet<Hint> {
    let given: Vec<&String> = given.into_iter().collect();
    let hinted = |hint: &Hint| given.iter().any(|word| hint.words().contains(&word.as_str()));
    Hint::ALL.into_iter().filter(hinted).collect()
}

/// What a value hints at: an encoded image, a Social Security number, an alien number, or the words in it.
pub(crate) fn of_value(value: &str) -> BTreeSet<Hint> {
    let value = value.trim();
    if is_encoded(value) {
        return BTreeSet::from([Hint::Image]);
    }
    let mut hints = of_words(&words(value));
    if is_separated_ssn(value) {
        hints.insert(Hint::Ssn);
    }
    let is_visa = |word: &str| VISAS.contains(&word.replace('-', "").to_ascii_uppercase().as_str());
    if is_alien_number(value) || value.split_whitespace().any(is_visa) {
        hints.insert(Hint::Immigration);
    }
    hints
}

/// What a description hints at. Words that prose uses for other things don't count.
pub(crate) fn of_prose(text: &str) -> BTreeSet<Hint> {
    of_words(words(text).iter().filter(|word| !PROSE.contains(&word.as_str())))
}

/// Hints, each with where it was found, for a question.
pub(crate) type Hints = BTreeMap<Hint, String>;

/// Adds hints that were found in one place. The first place stays.
pub(crate) fn add(hints: &mut Hints, found: BTreeSet<Hint>, place: impl Fn() -> String) {
    for hint in found {
        hints.entry(hint).or_insert_with(&place);
    }
}

/// What an element is, in the same words.
pub(crate) fn of_element(element: &Element) -> BTreeSet<Hint> {
    let own: Vec<String> = words(element.id()).into_iter().chain(words(element.title())).collect();
    of_words(&own)
}

/// Whether an element is one that only few may have.
pub(crate) fn is_restricted(element: &Element) -> bool {
    element.sensitivity() == Sensitivity::HighlyRestricted
        || element.groups().any(|group| group == IMMIGRATION)
        || element.id().starts_with("biometric.")
}

/// The group of elements from which immigration status can be inferred.
const IMMIGRATION: &str = "immigration";

/// Classes of visas and forms of immigration that a value may name, without hyphens.
const VISAS: [&str; 14] =
    ["B1B2", "DACA", "F1", "H1B", "H2A", "H2B", "H4", "I551", "I766", "I797", "I94", "J1", "LPR", "TPS"];

/// Words that hint at something in a name or a value, and in prose rather say something else.
const PROSE: [&str; 17] = [
    "binary",
    "child",
    "drug",
    "enhanced",
    "foreign",
    "ice",
    "image",
    "limited",
    "minor",
    "national",
    "presence",
    "protected",
    "protection",
    "removal",
    "tax",
    "template",
    "treatment",
];

/// How encoded images, and archives of them, begin.
const ENCODED: [&str; 14] = [
    "/9j/",
    "AAAADGpQ",
    "/0//U",
    "/6D/",
    "iVBORw0KGgo",
    "R0lGOD",
    "SUkqA",
    "TU0AK",
    "UklGR",
    "MS4wMDE6",
    "JVBERi0",
    "UEsDB",
    "H4sI",
    "data:image",
];
/// A word of this length is an encoding.
const LONG_WORD: usize = 160;

/// Whether a value is an encoded image, or another encoding.
pub(crate) fn is_encoded(value: &str) -> bool {
    let value = value.trim();
    ENCODED.iter().any(|start| value.starts_with(start)) || value.split_whitespace().any(|word| word.len() >= LONG_WORD)
}

/// `ddd-dd-dddd`, or with spaces.
fn is_separated_ssn(value: &str) -> bool {
    let separated = |separator: char| {
        let parts: Vec<&str> = value.split(separator).collect();
        let are_digits = parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        are_digits && parts.iter().map(|part| part.len()).eq([3, 2, 4])
    };
    separated('-') || separated(' ')
}

/// `A` and eight or nine digits; licence numbers of some states have a letter and seven.
fn is_alien_number(value: &str) -> bool {
    let digits = value.strip_prefix(['A', 'a']).map(|rest| rest.trim_start_matches('-'));
    digits.is_some_and(|digits| matches!(digits.len(), 8 | 9) && digits.bytes().all(|byte| byte.is_ascii_digit()))
}
