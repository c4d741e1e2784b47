//! Guesses what data element a path leads to, and says why; or asks.
//!
//! First what other formats map the same name to, then the words of the name beside those of the catalog, and where the name
//! says nothing those of its description. Values and types only speak against a guess. A part that may be highly restricted is never taken for a harmless
//! one: where hints, roles or two elements compete, a person is asked.

use super::elements::{NamedElement, group};
use super::known_paths::{Known, KnownPaths, is_telling};
use super::path_words::{Facts, PathWords, Role};
use crate::hints::{Hint, Hints, is_encoded, is_restricted, of_element};
use crate::name_words::has_remainder;
use crate::schema::ValueType;
use dmv_redact::{Catalog, Element, Kind};
use dmv_redact_model::catalog::ENVELOPE;

/// What a part is taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Guess {
    /// A data element, and why.
    Element { id: String, reason: String },
    /// One of these, which the parts beside it may tell.
    OneOf(Vec<String>),
    /// A question.
    Ask(String),
}

/// Fewer characters than any encoded image has.
const MIN_IMAGE_BYTES: usize = 16;

/// What descriptions name of whatever was there when it happened, the county or the weather.
const ACCIDENT: &str = "history.accident";

/// The end of a question.
const WHICH: &str = "which data element, or none?";

/// What guesses.
#[derive(Debug)]
pub(super) struct Guesser<'c> {
    catalog: &'c Catalog,
    known: KnownPaths,
    named: Vec<NamedElement<'c>>,
}

impl<'c> Guesser<'c> {
    pub(super) fn new(catalog: &'c Catalog, known: KnownPaths) -> Self {
        Self { catalog, known, named: NamedElement::all(catalog) }
    }

    /// What a part is taken for.
    pub(super) fn guess(&self, facts: &Facts<'_>) -> Guess {
        let name = PathWords::of(facts);
        let hints = name.hints(facts);
        let role = match (name.role(), PathWords::other_in(facts.documentation)) {
            (Role::Subject, Some(other)) => Role::Other(other),
            (role, _) => role,
        };
        let mut guess = self.by_known_path(facts, &name, &role);
        let is_known = matches!(guess, Some(Guess::Element { .. }));
        if !is_known {
            let several = guess;
            guess = match self.by_words(facts, &name, &role) {
                // What formats disagree on may still be one of theirs.
                Some(Guess::Element { id, reason }) if several.as_ref().is_none_or(|several| several.has(&id)) => {
                    Some(Guess::Element { id, reason })
                }
                Some(Guess::Element { .. }) | None => several,
                other => several.or(other),
            };
        }
        let is_telling = matches!(guess, Some(Guess::Ask(_)) | None) || is_known;
        if !is_telling && facts.steps.iter().rev().take(3).any(|step| has_remainder(step)) {
            guess = Some(Guess::Ask(match guess {
                Some(Guess::Element { id, .. }) => format!("named like `{id}`, but for a letter or digits: {WHICH}"),
                _ => format!("a letter or digits of its name may say what it is: {WHICH}"),
            }));
        }
        guess = self.by_documentation(facts, &name, &role, guess).map(|guess| self.refined(guess, facts));
        if let Some(Guess::Element { id, .. }) = &guess
            && id == "envelope.ori"
            && name.is_of_others()
        {
            guess = Some(Guess::Ask(format!("named like `{id}`, but of another: {WHICH}")));
        }
        if let Some(Guess::Element { id, .. }) = &guess
            && group(id) == "person"
            && role == Role::Owner
        {
            guess = Some(Guess::Ask(format!("named like `{id}`, but of an owner: {WHICH}")));
        }
        if let Some(Guess::Element { id, .. }) = &guess
            && group(id) == "person"
            && name.is_of_vehicle()
        {
            guess = Some(Guess::Ask(format!("named like `{id}`, but of a vehicle: which data element, or none?")));
        }
        self.guarded(guess, &hints, &role)
    }

    /// The part of a guessed element that a name says by how it ends: a code, or a line of an address.
    fn refined(&self, guess: Guess, facts: &Facts<'_>) -> Guess {
        let (Guess::Element { id, reason }, Some(step)) = (&guess, facts.steps.last()) else { return guess };
        let name = step.to_ascii_lowercase();
        let part = match () {
            () if facts.is_record => return guess,
            () if name.ends_with("code") || name.ends_with("_cd") => "code",
            () if id.ends_with(".address") && name.ends_with(['1', '2', '3']) => "street",
            () => return guess,
        };
        let refined = format!("{id}.{part}");
        match self.element(&refined) {
            Some(_) => Guess::Element { id: refined, reason: reason.clone() },
            None => guess,
        }
    }

    /// Lets a guess pass, or asks instead.
    fn guarded(&self, guess: Option<Guess>, hints: &Hints, role: &Role) -> Guess {
        let suspicion = hints.first_key_value().map(|(hint, place)| match place.as_str() {
            "" => format!("it may be {}", hint.describe()),
            place => format!("it may be {} ({place})", hint.describe()),
        });
        match guess {
            Some(Guess::Element { id, reason }) => {
                let Some(element) = self.element(&id) else { return Guess::Ask(NO_IDEA.to_owned()) };
                let is_of_kind = hints.is_empty()
                    || is_restricted(element)
                        && of_element(element).iter().any(|hint| hints.contains_key(hint))
                        && !hints.contains_key(&Hint::Protected);
                let is_elsewhere = matches!(role, Role::Other(_))
                    && matches!(group(&id), "person" | "owner" | "license" | "vehicle" | "registration");
                match (is_of_kind, is_elsewhere, role) {
                    (true, false, _) => Guess::Element { id, reason },
                    (true, true, Role::Other(word)) => Guess::Ask(format!(
                        "named like `{id}`, but of another (`{word}`): which data element, or none?"
                    )),
                    _ => Guess::Ask(format!("{}; or is it `{id}`?", suspicion.unwrap_or_default())),
                }
            }
            Some(Guess::OneOf(ids)) if suspicion.is_some() || matches!(role, Role::Other(_)) => {
                let suspicion = suspicion.map(|suspicion| format!("{suspicion}; ")).unwrap_or_default();
                Guess::Ask(format!("{suspicion}{}, or none?", listed(&ids)))
            }
            Some(other) => match (suspicion, other) {
                (Some(suspicion), Guess::Ask(question)) => Guess::Ask(format!("{suspicion}; {question}")),
                (_, other) => other,
            },
            None => {
                Guess::Ask(suspicion.map_or_else(
                    || NO_IDEA.to_owned(),
                    |suspicion| format!("{suspicion}: which data element, or none?"),
                ))
            }
        }
    }

    pub(super) fn element(&self, id: &str) -> Option<&'c Element> {
        self.catalog.find(id).and_then(|id| self.catalog.element(id))
    }

    /// What formats map the same name to.
    fn by_known_path(&self, facts: &Facts<'_>, name: &PathWords, role: &Role) -> Option<Guess> {
        let is_named = facts.steps.last().is_some_and(|step| is_telling(step));
        let (same, known) = self.known.find(&facts.steps, facts.is_record, is_named);
        let mut found: Vec<(String, &Known<'_>)> = Vec::new();
        for one in &known {
            let Some(id) = self.in_role(one.element, role, name) else { continue };
            let Some(element) = self.element(&id) else { continue };
            // What a standard's name space has is what the standard says.
            let is_qualified = same > 1 && facts.steps.iter().rev().nth(1).is_some_and(|parent| parent.contains('.'));
            let is_plausible =
                (is_qualified || name.shares(element, same)) && self.contradiction(facts, element).is_none();
            let is_header = !element.is_envelope() || same > 1 || name.has_header();
            if is_plausible && is_header && !found.iter().any(|(own, _)| *own == id) {
                found.push((id, one));
            }
        }
        match found.as_slice() {
            [] => None,
            [(id, known)] => {
                let reason = format!("`{}` maps `{}` to it", known.format, known.shown);
                Some(Guess::Element { id: id.clone(), reason })
            }
            several => Some(Guess::OneOf(several.iter().map(|(id, _)| id.clone()).collect())),
        }
    }

    /// The element that stands for another where it is the owner's; `None` where it is an owner's and no owner is there.
    fn in_role(&self, id: &str, role: &Role, name: &PathWords) -> Option<String> {
        let is_name = id == "person.name" || id.starts_with("person.name.");
        let translated = match role {
            _ if is_name && name.is_alias() => "person.name.alias".to_owned(),
            _ if id.starts_with("person.address") && name.is_of_birthplace() => "person.birth-place".to_owned(),
            Role::Owner if is_name => "owner.name".to_owned(),
            Role::Owner => {
                id.strip_prefix("person.address").map_or(id.to_owned(), |rest| format!("owner.address{rest}"))
            }
            Role::Subject | Role::Other(_) if group(id) == "owner" => return None,
            Role::Subject | Role::Other(_) => id.to_owned(),
        };
        Some(if self.element(&translated).is_some() { translated } else { id.to_owned() })
    }

    /// The element whose words the name has.
    fn by_words(&self, facts: &Facts<'_>, name: &PathWords, role: &Role) -> Option<Guess> {
        if let Some(guess) = self.of_the_envelope(facts, name) {
            return Some(guess);
        }
        if name.is_part_of_birthplace() && self.element("person.birth-place").is_some() {
            let (id, reason) = ("person.birth-place".to_owned(), "it is part of a birthplace".to_owned());
            return Some(Guess::Element { id, reason });
        }
        let mut against = None;
        let mut matches: Vec<Match> = Vec::new();
        for named in &self.named {
            let is_image = named.element.kind() == Kind::Image;
            let Some((score, has_context)) = name.score(named).filter(|_| is_image || !facts.is_record) else {
                continue;
            };
            let Some(id) = self.in_role(named.element.id(), role, name) else { continue };
            let Some(element) = self.element(&id) else { continue };
            match self.contradiction(facts, element) {
                Some(why) => against = Some(format!("named like `{id}`, but {why}")),
                None => matches.push(Match { id, score, is_weak: named.needs_context && !has_context }),
            }
        }
        matches.sort_by(|one, other| (one.is_weak, other.score, &one.id).cmp(&(other.is_weak, one.score, &other.id)));
        matches.dedup_by(|one, other| one.id == other.id);
        let Some(best) = matches.first() else { return against.map(Guess::Ask) };
        if best.is_weak {
            return Some(Guess::OneOf(matches.into_iter().map(|one| one.id).collect()));
        }
        let strong = matches.iter().filter(|one| !one.is_weak);
        let rivals: Vec<String> = strong
            .filter(|one| one.score == best.score || one.score + 1 == best.score && !self.is_alike(&one.id, &best.id))
            .map(|one| one.id.clone())
            .collect();
        match rivals.as_slice() {
            [id] => Some(Guess::Element { id: id.clone(), reason: format!("its words are `{}`", name.shown()) }),
            _ => Some(Guess::Ask(format!("{}, or none?", listed(&rivals)))),
        }
    }

    /// The element whose words a description has, where the name says none, or one of several that are no more restricted than
    /// one another. Never what routing needs, which everybody may have.
    fn by_documentation(
        &self,
        facts: &Facts<'_>,
        name: &PathWords,
        role: &Role,
        guess: Option<Guess>,
    ) -> Option<Guess> {
        if matches!(guess, Some(Guess::Element { .. } | Guess::Ask(_))) {
            return guess;
        }
        let described =
            facts.documentation.iter().find_map(|text| match self.by_words(facts, &name.described(text), role) {
                Some(Guess::Element { id, .. }) if group(&id) != ENVELOPE && id != ACCIDENT => Some(id),
                _ => None,
            });
        let Some(id) = described else { return guess };
        let is_one = match &guess {
            Some(Guess::OneOf(ids)) => ids.contains(&id) && ids.iter().all(|other| self.is_alike(&id, other)),
            _ => !facts.steps.last().is_some_and(|step| has_remainder(step)),
        };
        Some(match is_one {
            true => Guess::Element { id, reason: "its documentation says so".to_owned() },
            false => Guess::Ask(format!("its documentation reads like `{id}`: {WHICH}")),
        })
    }

    /// What routing needs, where the name says so whole. Everybody gets it, so whatever speaks against it counts.
    fn of_the_envelope(&self, facts: &Facts<'_>, name: &PathWords) -> Option<Guess> {
        // An identification that tells nothing itself is what it is in.
        let is_of_parent = name.own.iter().all(|word| ["number", "date", "time"].contains(&word.as_str()));
        let is_of_parent = is_of_parent && !name.is_right_in_header();
        let own = name.above.first().filter(|_| is_of_parent && name.is_generic()).unwrap_or(&name.own);
        let has = |word: &str| own.iter().any(|own| own == word);
        let all = |words: &[&str]| own.iter().all(|own| words.contains(&own.as_str()));
        let is_header = name.has_header() || facts.steps.len() <= if is_of_parent { 2 } else { 1 };
        let is_time = has("time") && !has("date");
        // A date in a header that says nothing else is the header's.
        let is_headed = !own.is_empty() && name.is_right_in_header();
        let id = match () {
            () if has("message") && has("key") => "envelope.message-key",
            () if has("ori") && all(ORI_WORDS) && !name.is_of_others() => "envelope.ori",
            () if has("control") && all(&["control", "message"]) && is_header => "envelope.control-field",
            () if all(&["date"]) && is_headed => "envelope.date",
            () if all(&["time"]) && is_headed => "envelope.time",
            () if all(&["purpose"]) && name.has_header() => "request.purpose",
            () if all(&["reason"]) && name.has_header() => "request.reason",
            () if all(&["attention"]) && name.has_header() => "request.attention",
            () if has("version") && all(VERSION_WORDS) && is_header => "envelope.version",
            () if all(SENT_WORDS) && own.len() > 1 && is_header && ["date", "time", "at"].into_iter().any(has) => {
                if is_time {
                    "envelope.time"
                } else {
                    "envelope.date"
                }
            }
            () => return None,
        };
        let element = self.element(id)?;
        let is_odd = facts.values.iter().any(|value| !element.shape().conforms(value));
        match self.contradiction(facts, element) {
            // Whatever has another value there would be withheld.
            None if is_odd => None,
            None => Some(Guess::Element { id: id.to_owned(), reason: format!("its words are `{}`", name.shown()) }),
            Some(why) => Some(Guess::Ask(format!("named like `{id}`, but {why}"))),
        }
    }

    /// Whether it makes no difference who is allowed to have one or the other.
    pub(super) fn is_alike(&self, one: &str, other: &str) -> bool {
        let [one, other] = [one, other].map(|id| self.element(id));
        one.zip(other)
            .is_some_and(|(one, other)| one.sensitivity() == other.sensitivity() && one.groups().eq(other.groups()))
    }

    /// What speaks against an element: the type that the schema says, or the values that samples have.
    fn contradiction(&self, facts: &Facts<'_>, element: &Element) -> Option<&'static str> {
        let shape = element.shape();
        if facts.is_record {
            return (element.kind() != Kind::Image).then_some("it holds others");
        }
        let examples: &[&str] = match facts.value_type {
            ValueType::Unknown | ValueType::Text => &[],
            ValueType::Date => &["2021-07-04", "2021-07-04T10:00:00Z"],
            ValueType::Year => &["2021"],
            ValueType::Boolean => &["true"],
            ValueType::Number => &["1", "12", "123", "1234", "1.5"],
            ValueType::Binary if element.kind() == Kind::Image => &[],
            ValueType::Binary => return Some("its schema has encoded bytes there"),
        };
        let is_image = element.kind() == Kind::Image;
        if !examples.is_empty() && (is_image || !examples.iter().any(|example| shape.conforms(example))) {
            return Some("its schema has another type of value there");
        }
        let conforms = |value: &String| shape.conforms(value) && (is_image || !is_encoded(value));
        // Numbers, dates and file names beside an image are none.
        let is_short = |value: &String| value.len() < MIN_IMAGE_BYTES && !is_encoded(value);
        if is_image && !facts.values.is_empty() && facts.values.iter().all(is_short) {
            return Some("no sample has a value that looks like it");
        }
        if !facts.values.is_empty() && !facts.values.iter().any(conforms) {
            return Some("no sample has a value that looks like it");
        }
        None
    }
}

impl Guess {
    fn has(&self, id: &str) -> bool {
        matches!(self, Self::OneOf(ids) if ids.iter().any(|own| own == id))
    }
}

/// An element whose words a name has.
#[derive(Debug)]
struct Match {
    id: String,
    score: usize,
    /// Whether only the parts beside it could tell.
    is_weak: bool,
}

const NO_IDEA: &str = "which data element, or none?";

/// What a name with an ORI may say besides.
const ORI_WORDS: &[&str] = &[
    "ori",
    "number",
    "destination",
    "originating",
    "origin",
    "sending",
    "sender",
    "requesting",
    "requester",
    "agency",
    "organization",
    "message",
    "from",
    "to",
    "court",
    "reader",
    "source",
];

/// What the name of a layout's version says.
const VERSION_WORDS: &[&str] = &["version", "schema", "message", "layout", "format"];

/// What the name of the moment says when a message was sent.
const SENT_WORDS: &[&str] = &[
    "date",
    "time",
    "at",
    "responded",
    "read",
    "sent",
    "send",
    "submit",
    "submitted",
    "submission",
    "transmit",
    "transmitted",
    "transmission",
    "message",
    "run",
    "generated",
    "notification",
    "receive",
    "received",
    "response",
];

/// Ids, for a question.
pub(super) fn listed(ids: &[String]) -> String {
    let some: Vec<String> = ids.iter().take(4).map(|id| format!("`{id}`")).collect();
    some.join(" or ")
}
