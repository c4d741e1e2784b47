//! The words of a path: what its own name says, what it is in, whom it is about, and how well that says an element.
//!
//! Apart from the guesser, which weighs elements against one another; here one path is read.

use super::elements::{ALIASES, NamedElement, PERSON};
use super::known_paths::GENERIC;
use crate::hints::{self, Hint, Hints, of_words};
use crate::name_words::{container_words, words};
use crate::roles::{COMMON, OTHERS};
use crate::schema::ValueType;
use dmv_redact::{Element, Kind};

/// What is known of a part.
#[derive(Debug)]
pub(super) struct Facts<'f> {
    /// The local name of the root.
    pub(super) root: &'f str,
    /// The local names from below the root to the part.
    pub(super) steps: Vec<&'f str>,
    pub(super) values: &'f [String],
    /// What the schema says of the part, and what its values and those descriptions hint at, and those around it.
    pub(super) documentation: &'f [String],
    pub(super) hints: Hints,
    pub(super) value_type: ValueType,
    /// Whether all of it is meant, with what is in it.
    pub(super) is_record: bool,
}

/// Whom a part is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// The person whom the response is about, or nobody in particular.
    Subject,
    /// The owner of a vehicle.
    Owner,
    /// Somebody else, in this word.
    Other(String),
}

/// Words that make an owner another one than a vehicle's.
const NO_OWNERS: &[&str] = &["property", "prior", "previous", "former"];

/// What words mean in a part that tells what they are of: the words of the part, its own, and what it says.
const MEANINGS: &[(&[&str], &str, &str)] = &[
    (&["license"], "state", "jurisdiction"),
    (&["license"], "address state", "jurisdiction"),
    (&["plate", "vehicle", "registration"], "state", "plate state"),
    (&["plate", "vehicle", "registration"], "address state", "plate state"),
    (&["plate"], "expiration", "plate year"),
    // Of an mdoc, and of what was made after it.
    (&["privilege"], "vehicle type", "license class"),
    (&["privilege"], "type", "license class"),
    (&["conviction", "withdrawal", "accident"], "state", "jurisdiction"),
];

fn is_address(word: &str) -> bool {
    matches!(word, "address" | "residence" | "mailing")
}

/// What words mean in a part of these.
fn meaning_in(parent: &[String], own: &[String]) -> Option<&'static str> {
    let own = own.join(" ");
    let is_in = |words: &[&str]| parent.iter().any(|word| words.contains(&word.as_str()));
    MEANINGS.iter().find(|(parts, words, _)| *words == own && is_in(parts)).map(|(_, _, meaning)| *meaning)
}

/// Words of descriptions that tell nothing.
const FILLERS: &[&str] = &["an", "contain", "datum", "element", "for", "that", "this", "used", "which", "with"];

/// Words of what surrounds the body of a message.
pub(super) const HEADERS: &[&str] = &["header", "metadata", "envelope", "routing", "message", "transaction"];

/// Words for what somebody operates that is no vehicle.
const MACHINES: &[&str] = &[
    "camera",
    "console",
    "device",
    "kiosk",
    "login",
    "printer",
    "reader",
    "scanner",
    "session",
    "terminal",
    "workstation",
];

/// Words for vehicles.
pub(super) const VEHICLE: &[&str] = &["vehicle", "conveyance", "item", "trailer"];

/// Words that tell nothing of an element when they alone are the same.
const WEAK: &[&str] = &["number", "date", "type", "status", "name", "description", "person", "record", "version"];

/// The words of a path.
#[derive(Debug)]
pub(super) struct PathWords {
    /// Of the part's own name.
    pub(super) own: Vec<String>,
    /// Of what it is in, the nearest first, without the root.
    pub(super) above: Vec<Vec<String>>,
    root: Vec<String>,
}

impl PathWords {
    pub(super) fn of(facts: &Facts<'_>) -> Self {
        let mut steps = facts.steps.iter().rev();
        let mut own = steps.next().map(|step| words(step)).unwrap_or_default();
        // The name of a standard's name space, `org.iso.18013.5.1`, has no words.
        let above: Vec<Vec<String>> =
            steps.map(|step| if step.contains('.') { Vec::new() } else { container_words(step) }).collect();
        // NIEM writes a date as a date, a year, or with a time.
        let is_of_date = above.first().is_some_and(|parent| parent.iter().any(|word| word == "date"));
        if is_of_date && own.iter().all(|word| ["date", "time", "year", "month"].contains(&word.as_str())) {
            own = vec!["date".to_owned()];
        }
        if let Some(meaning) = above.first().and_then(|parent| meaning_in(parent, &own)) {
            own = meaning.split(' ').map(str::to_owned).collect();
        }
        // `MKE` is a message key in a list of fields, and a make where others tell of a vehicle.
        let is_in_header = above.iter().flatten().any(|word| HEADERS.contains(&word.as_str()));
        let is_make = facts.steps.last().is_some_and(|step| step.eq_ignore_ascii_case("mke"));
        if is_make && above.iter().any(|words| !words.is_empty()) && !is_in_header {
            own = vec!["make".to_owned()];
        }
        let is_counted = facts.steps.last().is_some_and(|step| step.ends_with(['1', '2', '3']));
        if own == ["line"]
            && is_counted
            && above.first().is_some_and(|parent| parent.iter().any(|word| is_address(word)))
        {
            own = vec!["street".to_owned()];
        }
        // Where only an owner is named, it is by name; a license alone is its number.
        match own.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            _ if facts.is_record => {}
            [.., "owner"] | ["vehicle", "holder"] => own.push("name".to_owned()),
            ["license"] | ["driver", "license"] => own.push("number".to_owned()),
            _ => {}
        }
        Self { own, above, root: words(facts.root) }
    }

    fn steps(&self) -> impl Iterator<Item = &Vec<String>> {
        std::iter::once(&self.own).chain(&self.above)
    }

    pub(super) fn shown(&self) -> String {
        let above = self.above.first().filter(|_| self.is_generic());
        let mut shown: Vec<&str> = Vec::new();
        for word in above.into_iter().chain([&self.own]).flatten() {
            if !shown.contains(&word.as_str()) {
                shown.push(word);
            }
        }
        shown.join(" ")
    }

    /// Whether the own name tells nothing without what it is in.
    pub(super) fn is_generic(&self) -> bool {
        self.own.iter().all(|word| GENERIC.contains(&word.as_str()))
    }

    /// What path, values and schema hint at. A response to a query for images holds more than images.
    pub(super) fn hints(&self, facts: &Facts<'_>) -> Hints {
        let mut hints = facts.hints.clone();
        let root = of_words(&self.root).into_iter().filter(|hint| *hint != Hint::Image);
        let names = of_words(self.steps().flatten()).into_iter().chain(root).collect();
        // The question shows the names.
        hints::add(&mut hints, names, String::new);
        hints
    }

    /// The words of a description in the place of the own name.
    pub(super) fn described(&self, text: &str) -> Self {
        let phrase = text.split(['.', ';', ':', '(', '\n']).next().unwrap_or_default();
        let mut own = words(phrase);
        own.retain(|word| !FILLERS.contains(&word.as_str()));
        Self { own, above: self.above.clone(), root: self.root.clone() }
    }

    /// Somebody else whom a description names.
    pub(super) fn other_in(documentation: &[String]) -> Option<String> {
        let mut named = documentation.iter().flat_map(|text| words(text));
        named.find(|word| OTHERS.contains(&word.as_str()) && !COMMON.contains(&word.as_str()))
    }

    /// Whom it is about, as the nearest name says that says anything of it.
    pub(super) fn role(&self) -> Role {
        for words in self.steps() {
            if is_owner(words) {
                // The owner of a mailbox, and who owned a thing before.
                let mut around = self.steps().flatten();
                let other = around.find(|word| NO_OWNERS.contains(&word.as_str()));
                return other.map_or(Role::Owner, |other| Role::Other(other.clone()));
            }
            if let Some(operator) = words.iter().find(|word| *word == "operator" && self.is_of_machine()) {
                return Role::Other(operator.clone());
            }
            let is_owners = |word: &String| self.has_owner() && matches!(word.as_str(), "organization" | "business");
            if let Some(other) = words.iter().find(|word| OTHERS.contains(&word.as_str()) && !is_owners(word)) {
                return Role::Other(other.clone());
            }
        }
        Role::Subject
    }

    /// Whether it is in a part of somebody whom the message is neither from, to nor about.
    pub(super) fn is_of_others(&self) -> bool {
        let is_other = |word: &&String| OTHERS.contains(&word.as_str()) && !COMMON.contains(&word.as_str());
        self.above.iter().flatten().find(is_other).is_some()
    }

    /// Whether it is in a device, or about a session: its operator drives nothing.
    fn is_of_machine(&self) -> bool {
        let around = self.steps().chain([&self.root]).flatten();
        around.into_iter().any(|word| [MACHINES, HEADERS].concat().contains(&word.as_str()))
    }

    fn has_owner(&self) -> bool {
        self.steps().any(|words| is_owner(words))
    }

    /// Whether it is a part of the place where somebody was born.
    pub(super) fn is_part_of_birthplace(&self) -> bool {
        let is_place = |word: &String| ["city", "state", "country", "county", "location"].contains(&word.as_str());
        self.own.iter().all(is_place)
            && self.above.first().is_some_and(|parent| parent.iter().any(|word| word == "birthplace"))
    }

    pub(super) fn is_of_birthplace(&self) -> bool {
        self.steps().flatten().any(|word| word == "birthplace")
    }

    /// Whether it is about a vehicle rather than about anybody.
    pub(super) fn is_of_vehicle(&self) -> bool {
        // An item alone is one of any list.
        let telling = self.steps().filter(|words| !matches!(words.as_slice(), [only] if only == "item"));
        let mut words = telling.flatten().map(String::as_str);
        let nearest = words.find(|word| VEHICLE.contains(word) || PERSON.contains(word) || *word == "owner");
        nearest.is_some_and(|word| VEHICLE.contains(&word))
    }

    pub(super) fn is_alias(&self) -> bool {
        self.steps().flatten().any(|word| ALIASES.contains(&word.as_str()))
    }

    /// Whether what it is in is a header.
    pub(super) fn is_right_in_header(&self) -> bool {
        self.above.first().is_some_and(|parent| parent.iter().any(|word| HEADERS.contains(&word.as_str())))
    }

    pub(super) fn has_header(&self) -> bool {
        let around = self.above.iter().flatten();
        around.chain(&self.own).any(|word| HEADERS.contains(&word.as_str()))
    }

    /// Whether the last steps of a path, as many as are the same, say something of an element.
    pub(super) fn shares(&self, element: &Element, same: usize) -> bool {
        let own: Vec<String> = words(element.id()).into_iter().chain(words(element.title())).collect();
        let given: Vec<String> = self.steps().take(same.max(1)).flatten().cloned().collect();
        let mut shared = given.iter().filter(|word| own.contains(word) && !WEAK.contains(&word.as_str())).peekable();
        let is_said = shared.peek().is_some();
        // An issue date may be one of anything: either more is the same, or the path says whose it is.
        let is_telling = shared.any(|word| !GENERIC.contains(&word.as_str()));
        let is_whose = || same > 2 || self.context(&NamedElement::new(element)).is_some();
        is_said && (is_telling || is_whose()) || !of_words(&given).is_disjoint(&of_words(&own))
    }

    /// How well the name says an element, if it does, and whether it says what the part belongs to.
    pub(super) fn score(&self, named: &NamedElement<'_>) -> Option<(usize, bool)> {
        let empty = Vec::new();
        let parent = self.above.first().unwrap_or(&empty);
        let has = |words: &[String], word: &String| words.contains(word);
        let is_explained = |words: &[String]| words.iter().all(|word| named.explains(word));
        if self.own.is_empty() && parent.is_empty() || !is_explained(&self.own) {
            return None;
        }
        // A name that tells nothing means what its parent does, all of it.
        let is_neutral = parent.iter().all(|word| NEUTRAL.contains(&word.as_str()));
        if self.is_generic()
            && !is_explained(parent)
            && !is_neutral
            && !named.context.iter().any(|word| has(&self.own, word))
        {
            return None;
        }
        let in_own = named.key.iter().filter(|word| has(&self.own, word)).count();
        let in_parent = named.key.iter().filter(|word| !has(&self.own, word) && has(parent, word)).count();
        let is_said = in_own + in_parent == named.key.len() && (in_own > 0 || self.is_generic());
        // What has words of its own, whoever reads them, must be named where it is.
        let is_near = |near: &usize| *near > 1 || named.element.kind() != Kind::Text;
        let context = self.context(named).filter(is_near);
        // A name that says no date rather means something else.
        let says_date = [&self.own, parent].into_iter().flatten().any(|word| word == "date");
        let undated = if named.element.kind() == Kind::Date && !says_date { 2 } else { 0 };
        let score = (2 * in_own + in_parent + context.unwrap_or(0)).saturating_sub(undated);
        is_said.then_some((score, context.is_some()))
    }

    /// How near the name says what the part belongs to. What is in between must tell nothing else.
    fn context(&self, named: &NamedElement<'_>) -> Option<usize> {
        let has = |words: &[String]| words.iter().any(|word| named.context.contains(word));
        if has(&self.own) {
            return Some(3);
        }
        for (distance, words) in self.above.iter().enumerate() {
            if has(words) {
                return Some(if distance == 0 { 2 } else { 1 });
            }
            let is_neutral = |word: &String| NEUTRAL.contains(&word.as_str()) || named.explains(word);
            if !words.iter().all(is_neutral) {
                return None;
            }
        }
        has(&self.root).then_some(1)
    }
}

/// Whether a value says whose facts those beside it are.
pub(super) fn is_whose(value: &str) -> bool {
    let own = words(value);
    is_owner(&own)
        || of_words(&own).contains(&Hint::Protected)
        || own.iter().any(|word| OTHERS.contains(&word.as_str()) && !COMMON.contains(&word.as_str()))
}

/// Whether a name is that of a vehicle's owner.
fn is_owner(words: &[String]) -> bool {
    let has = |word: &str| words.iter().any(|own| own == word);
    has("owner") || has("holder") && (has("registration") || has("vehicle"))
}

/// Names of containers that tell nothing of what is in them.
const NEUTRAL: &[&str] = &[
    "response",
    "record",
    "data",
    "detail",
    "information",
    "info",
    "list",
    "item",
    "result",
    "answer",
    "message",
    "body",
    "payload",
    "entry",
    "report",
    "unit",
    "set",
    "group",
    "structured",
    "augmentation",
];
