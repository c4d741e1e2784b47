//! What becomes of every part of a layout in its draft: a data element, a question, or nothing, because it is in a record.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::elements::group;
use super::guess::{Guess, Guesser, listed};
use super::path_words::{Facts, is_whose};
use crate::hints::{self, Hint, Hints, is_encoded, of_element, of_words};
use crate::name_words::words;
use crate::parts::{Part, PartId, PartTree};
use crate::roles::Who;
use crate::schema::{Name, ValueType};

/// What a line of a draft says of a part.
#[derive(Debug)]
pub(super) struct DraftLine {
    pub(super) part: PartId,
    /// Whether all of the part is meant, with what is in it.
    pub(super) is_record: bool,
    pub(super) guess: Guess,
}

/// The lines of a draft, in the order of the layout.
#[derive(Debug)]
pub(super) struct DraftMapping {
    pub(super) lines: Vec<DraftLine>,
}

impl DraftMapping {
    pub(super) fn of(tree: &PartTree, guesser: &Guesser<'_>) -> Self {
        let mut drafted = Drafting { tree, guesser, lines: Vec::new() };
        drafted.below(PartTree::ROOT);
        let mut lines = drafted.lines;
        resolve(tree, guesser, &mut lines);
        lines.iter_mut().for_each(|line| ask_whose(tree, line));
        let lines = told_apart(tree, guesser, PartTree::ROOT, lines);
        Self { lines }
    }
}

struct Drafting<'d> {
    tree: &'d PartTree,
    guesser: &'d Guesser<'d>,
    lines: Vec<DraftLine>,
}

impl Drafting<'_> {
    /// Adds the lines of what is in a part.
    fn below(&mut self, above: PartId) {
        let mut in_record = BTreeSet::new();
        for id in self.tree.below(above) {
            let Some(part) = self.tree.part(id) else { continue };
            if part.parent.is_some_and(|parent| in_record.contains(&parent)) {
                in_record.insert(id);
                // An attribute of a record goes out only if it is mapped itself, and when a photo was taken is no photo.
                if !part.name.is_attribute {
                    self.photo_date(id, part);
                    continue;
                }
            }
            if self.part(id, part) {
                in_record.insert(id);
            }
            for kind in &part.kinds {
                let Some(part) = self.tree.part(*kind) else { continue };
                if !self.part(*kind, part) {
                    self.below(*kind);
                }
            }
        }
    }

    /// Adds the line of a part, if it needs one. Returns whether the part is a record.
    fn part(&mut self, id: PartId, part: &Part) -> bool {
        let has_parts = self.elements(part).next().is_some();
        if part.is_pattern {
            self.ask(
                id,
                "the names of the members here look like values, dates or numbers say: what is wanted of them?",
            );
            return false;
        }
        if has_parts {
            if self.is_image(id, part) {
                let mut guess = self.guess(id, part, true);
                if let (Guess::Element { id: element, .. }, Some(name)) = (&guess, self.other_than_image(id)) {
                    guess =
                        Guess::Ask(format!("`{element}`? but `{name}` is in it: map that apart, or its parts alone"));
                }
                self.lines.push(DraftLine { part: id, is_record: true, guess });
                return true;
            }
            if part.values.iter().any(|value| !value.trim().is_empty()) {
                self.ask(id, "it has a text beside its parts: no path can lead to that text");
            } else if part.is_cut {
                self.ask(id, "its schema has more parts than are listed here: which are wanted?");
            } else if part.is_open {
                self.ask(id, "its schema lets anything else be in it: which of that is wanted?");
            }
            return false;
        }
        match part {
            Part { is_cut: true, .. } => self.ask(id, "its schema goes on below: which parts are wanted?"),
            Part { has_value: false, is_open: true, .. } => {
                self.ask(id, "its schema lets anything be in it: what is?");
            }
            // An element without a value and parts: a mark that something is so, or a reference.
            Part { has_value: false, .. } => {}
            _ => {
                let guess = self.guess(id, part, false);
                self.lines.push(DraftLine { part: id, is_record: false, guess });
            }
        }
        false
    }

    /// Adds the line of the date in an image's record.
    fn photo_date(&mut self, id: PartId, part: &Part) {
        let Some(element) = self.guesser.element("biometric.photo-date") else { return };
        let steps = self.tree.steps(id);
        let is_date = steps.iter().rev().take(2).any(|step| words(&step.name.local).iter().any(|word| word == "date"));
        let conforms = part.values.iter().all(|value| element.shape().conforms(value));
        if is_date && conforms && part.has_value && self.elements(part).next().is_none() {
            let guess = Guess::Element { id: element.id().to_owned(), reason: "a date in an image".to_owned() };
            self.lines.push(DraftLine { part: id, is_record: false, guess });
        }
    }

    fn ask(&mut self, part: PartId, question: &str) {
        self.lines.push(DraftLine { part, is_record: false, guess: Guess::Ask(question.to_owned()) });
    }

    fn guess(&self, id: PartId, part: &Part, is_record: bool) -> Guess {
        let steps = self.tree.steps(id);
        let mut hints = Hints::new();
        // What is said of a part holds for what is in it.
        for (hint, place) in steps.iter().rev().flat_map(|step| &step.notes.hints) {
            hints.entry(*hint).or_insert_with(|| place.clone());
        }
        for kind in steps.iter().filter_map(|step| step.kind.as_ref()) {
            hints::add(&mut hints, hints::of_value(&kind.value), String::new);
        }
        let said = steps.len().checked_sub(2).and_then(|before| steps.get(before)).filter(|above| above.kind.is_some());
        // What a label beside a value says, the value is.
        let documentation = match said {
            Some(above) if is_holder(part) && part.notes.documentation.is_empty() => &above.notes.documentation,
            _ => &part.notes.documentation,
        };
        self.guesser.guess(&Facts {
            root: self.tree.root().map_or("", |root| &root.local),
            steps: names(&steps),
            values: &part.values,
            documentation,
            hints,
            value_type: part.value_type,
            is_record,
        })
    }

    /// The parts of a part that are no attributes.
    fn elements<'p>(&'p self, part: &'p Part) -> impl Iterator<Item = (PartId, &'p Part)> {
        let children = part.children.iter().filter_map(|id| Some((*id, self.tree.part(*id)?)));
        children.filter(|(_, part)| !part.name.is_attribute)
    }

    /// Whether a part is an image with what is told of it: named so, with encoded bytes in it.
    fn is_image(&self, id: PartId, part: &Part) -> bool {
        let is_named = of_words(&words(&part.name.local)).contains(&Hint::Image);
        let below = self.tree.below(id).into_iter().filter_map(|id| self.tree.part(id));
        let mut below = below.filter(|part| !part.name.is_attribute);
        is_named
            && below.any(|part| {
                let own = words(&part.name.local);
                part.value_type == ValueType::Binary
                    || part.values.iter().any(|value| is_encoded(value))
                    || own.iter().any(|word| ["binary", "base", "hex"].contains(&word.as_str()))
            })
    }

    /// The name of a part below an image that isn't told of an image.
    fn other_than_image(&self, id: PartId) -> Option<String> {
        let below = self.tree.below(id).into_iter().filter_map(|id| self.tree.part(id));
        let other = below.filter(|part| !part.name.is_attribute).find(|part| {
            let own = words(&part.name.local);
            part.is_cut || !own.iter().all(|word| IMAGE_NOTES.contains(&word.as_str()))
        });
        other.map(|part| part.name.local.clone())
    }
}

/// The names of the steps to a part, with the kinds that values say. Of a value of a kind, the kind is its name.
fn names<'p>(steps: &[&'p Part]) -> Vec<&'p str> {
    let mut names: Vec<&str> = Vec::new();
    let mut is_of_kind = false;
    for step in steps {
        if !(is_of_kind && is_holder(step)) {
            names.push(&step.name.local);
        }
        is_of_kind = step.kind.is_some();
        // What nobody knows says nothing of what is in it either.
        let kind = step.kind.iter().filter(|kind| kind.who != Some(Who::Unknown));
        names.extend(kind.map(|kind| kind.value.as_str()));
    }
    names
}

/// Asks whose a fact is that was taken for the subject's, where a value beside it says that it is somebody else's, or may.
fn ask_whose(tree: &PartTree, line: &mut DraftLine) {
    let Guess::Element { id, .. } = &line.guess else { return };
    if !matches!(group(id), "person" | "owner" | "license" | "biometric" | "immigration") {
        return;
    }
    let mut at = Some(line.part);
    let mut above = std::iter::from_fn(|| {
        let id = at?;
        at = tree.part(id)?.parent;
        Some(id)
    });
    let whose = above.find_map(|id| whose(tree, id));
    let of_subject = format!("named like `{id}`, but");
    line.guess = Guess::Ask(match whose {
        None | Some(Whose::Kind(Who::Subject | Who::Owner, _)) => return,
        Some(Whose::Kind(Who::Other, value)) => {
            format!("{of_subject} somebody else's (`{value}`): which data element, or none?")
        }
        Some(Whose::Kind(Who::Unknown, value)) => format!("`{id}`, if `{value}` is whom the record is about?"),
        Some(Whose::Beside(name)) => {
            format!("{of_subject} `{name}` beside it may say that it is somebody else's: whose?")
        }
    });
}

/// What says whose the facts in a part are.
enum Whose {
    /// The value of a kind.
    Kind(Who, String),
    /// A part in it, of this name, whose values aren't known.
    Beside(String),
}

fn whose(tree: &PartTree, id: PartId) -> Option<Whose> {
    let part = tree.part(id)?;
    if let Some(kind) = &part.kind {
        return kind.who.map(|who| Whose::Kind(who, kind.value.clone()));
    }
    let is_one_of_several = part.kinds.is_empty() && part.is_repeated && tree.is_person(id);
    let said = tree.says_who(id).filter(|_| is_one_of_several);
    said.map(|said| Whose::Beside(said.name.local.clone()))
}

/// Whether the name of a part says only that it has a value.
fn is_holder(part: &Part) -> bool {
    words(&part.name.local)
        .iter()
        .all(|word| ["element", "data", "content", "answer", "result"].contains(&word.as_str()))
}

/// Keeps the lines of a part, or those of its kinds: where a kind is another element, or a question where the part itself is
/// guessed, the part alone tells nothing. No path may stand with and without kinds.
fn told_apart(tree: &PartTree, guesser: &Guesser<'_>, above: PartId, lines: Vec<DraftLine>) -> Vec<DraftLine> {
    let mut lines = lines;
    // The innermost first: what is in a kind is settled before the kind is.
    let mut parts: Vec<PartId> = tree.below(above).into_iter().filter(|id| is_told_apart(tree, *id)).collect();
    let kinds: Vec<PartId> = parts.iter().flat_map(|id| tree.part(*id)).flat_map(|part| part.kinds.clone()).collect();
    for kind in kinds {
        lines = told_apart(tree, guesser, kind, lines);
    }
    parts.reverse();
    for part in parts {
        lines = one_or_all(tree, guesser, part, lines);
    }
    lines
}

fn is_told_apart(tree: &PartTree, id: PartId) -> bool {
    tree.part(id).is_some_and(|part| !part.kinds.is_empty())
}

fn is_of_people(part: &Part) -> bool {
    part.kind.as_ref().is_some_and(|kind| kind.who.is_some())
}

/// The lines of one part or of its kinds, by the names below them.
fn one_or_all(tree: &PartTree, guesser: &Guesser<'_>, id: PartId, lines: Vec<DraftLine>) -> Vec<DraftLine> {
    let Some(part) = tree.part(id) else { return lines };
    let by = part.kinds.iter().find_map(|kind| tree.part(*kind)?.kind.as_ref()).map(|kind| kind.by.clone());
    let is_by = |line: &DraftLine| {
        let own = tree.part(line.part);
        own.is_some_and(|own| {
            Some(&own.name) == by.as_ref()
                && own.parent.is_some_and(|parent| parent == id || part.kinds.contains(&parent))
        })
    };
    let mut bare: BTreeMap<Vec<&Name>, Guess> = BTreeMap::new();
    let mut of_kinds: BTreeMap<Vec<&Name>, Vec<Guess>> = BTreeMap::new();
    let mut is_fact = part.kinds.iter().any(|kind| is_restricted_fact(tree, *kind, &lines, guesser));
    for line in &lines {
        match place(tree, id, line.part) {
            Some((None, _)) if is_by(line) => is_fact |= matches!(line.guess, Guess::Element { .. }),
            Some((None, names)) => _ = bare.insert(names, line.guess.clone()),
            Some((Some(_), names)) if !is_by(line) => of_kinds.entry(names).or_default().push(line.guess.clone()),
            _ => {}
        }
    }
    let is_element = |guess: &Guess| matches!(guess, Guess::Element { .. });
    let id_of = |guess: &Guess| match guess {
        Guess::Element { id, .. } => Some(id.clone()),
        _ => None,
    };
    let says_whose =
        part.kinds.iter().filter_map(|kind| tree.part(*kind)?.kind.as_ref()).any(|kind| is_whose(&kind.value));
    let is_same = |names: &Vec<&Name>| {
        let own = bare.get(names).and_then(id_of);
        of_kinds.get(names).is_some_and(|guesses| guesses.iter().all(|guess| id_of(guess) == own))
    };
    // A name with a guess of its own needs no kind to tell it, unless a kind says whose it is, or that it is something else.
    let tells = of_kinds.iter().any(|(names, guesses)| {
        let own = bare.get(names).and_then(id_of);
        let is_other = |guess: &Guess| id_of(guess).is_some_and(|id| Some(id) != own);
        !is_same(names) && (own.is_none() || says_whose || guesses.iter().any(is_other))
    });
    let are_people = part.kinds.iter().any(|kind| tree.part(*kind).is_some_and(is_of_people));
    let is_told = are_people || tells && !is_fact;
    let is_whose_own = says_whose || are_people;
    let is_own = |names: &Vec<&Name>| !is_whose_own && is_same(names) && bare.get(names).is_some_and(is_element);
    let mut kept = Vec::new();
    for line in lines {
        let keeps = match place(tree, id, line.part) {
            None => true,
            Some((kind, _)) if is_by(&line) => kind.is_none() && !is_told,
            Some((kind, _)) if !is_told => kind.is_none(),
            Some((kind, names)) => {
                let guesses = of_kinds.get(&names).map(Vec::as_slice).unwrap_or_default();
                let are_kinds = guesses.iter().chain(bare.get(&names).filter(|_| !guesses.is_empty())).any(is_element);
                let are_kinds = are_kinds && !is_own(&names);
                are_kinds == kind.is_some()
            }
        };
        if keeps {
            let is_bare = matches!(place(tree, id, line.part), Some((None, names)) if !is_own(&names));
            let guess = match line.guess {
                Guess::Element { id, .. } if is_told && is_bare => Guess::Ask(format!(
                    "named like `{id}`, but a value beside it may say otherwise: which data element, or none?"
                )),
                guess => guess,
            };
            kept.push(DraftLine { guess, ..line });
        }
    }
    kept
}

/// Whether the value that tells a kind may be a restricted fact itself, which would go out to everybody: nothing in the part is
/// taken for a fact of that sort. The name of a field says only what the field holds.
fn is_restricted_fact(tree: &PartTree, id: PartId, lines: &[DraftLine], guesser: &Guesser<'_>) -> bool {
    let Some(kind) = tree.part(id).and_then(|part| part.kind.as_ref()).filter(|kind| !kind.is_name_of_field()) else {
        return false;
    };
    let hinted = hints::of_value(&kind.value);
    let hinted: Vec<Hint> =
        hinted.into_iter().filter(|hint| matches!(hint, Hint::Immigration | Hint::Medical)).collect();
    let is_of_sort = |line: &DraftLine| match &line.guess {
        Guess::Element { id: element, .. } => {
            tree.steps(line.part).iter().any(|step| tree.part(id).is_some_and(|own| std::ptr::eq(*step, own)))
                && guesser.element(element).is_some_and(|element| {
                    let own = of_element(element);
                    hinted.iter().any(|hint| own.contains(hint))
                })
        }
        _ => false,
    };
    !hinted.is_empty() && !lines.iter().any(is_of_sort)
}

/// Where a part is below another: in which of its kinds, if in one, and the names on the way.
fn place(tree: &PartTree, above: PartId, id: PartId) -> Option<(Option<PartId>, Vec<&Name>)> {
    let kinds = &tree.part(above)?.kinds;
    let mut names = Vec::new();
    let mut at = id;
    while at != above && !kinds.contains(&at) {
        let part = tree.part(at)?;
        names.push(&part.name);
        at = part.parent?;
    }
    names.reverse();
    Some(((at != above).then_some(at), names))
}

/// Words of what is told of an image beside it.
const IMAGE_NOTES: &[&str] = &[
    "image",
    "photo",
    "binary",
    "base",
    "hex",
    "object",
    "data",
    "content",
    "format",
    "size",
    "capture",
    "captured",
    "capturer",
    "taken",
    "on",
    "date",
    "time",
    "description",
    "type",
    "height",
    "width",
    "number",
    "mime",
    "encoding",
    "quality",
    "view",
    "pose",
    "media",
    "digital",
    "digitized",
    "signature",
    "fingerprint",
    "position",
    "available",
    "compression",
    "algorithm",
    "resolution",
    "kb",
    "byte",
    "length",
];

/// Settles what only the parts beside one can tell: an issue date beside a license number is the license's.
fn resolve(tree: &PartTree, guesser: &Guesser<'_>, lines: &mut [DraftLine]) {
    // By what holds them: the groups of the elements that are known, each with the name of a part.
    let mut known: HashMap<Option<PartId>, Vec<(String, String)>> = HashMap::new();
    for line in lines.iter() {
        if let (Guess::Element { id, .. }, Some(part)) = (&line.guess, tree.part(line.part)) {
            known.entry(around(tree, part)).or_default().push((group(id).to_owned(), shown(tree, part)));
        }
    }
    for line in lines.iter_mut() {
        let Guess::OneOf(ids) = &line.guess else { continue };
        let parent = tree.part(line.part).and_then(|part| around(tree, part));
        let beside = known.get(&parent).map(Vec::as_slice).unwrap_or_default();
        line.guess = told_by(beside, ids, guesser).unwrap_or_else(|| Guess::Ask(format!("{}, or none?", listed(ids))));
    }
}

/// What holds a part and those beside it: of a value of a kind, what holds all kinds.
fn around(tree: &PartTree, part: &Part) -> Option<PartId> {
    let parent = tree.part(part.parent?)?;
    if parent.kind.is_none() || !is_holder(part) {
        return part.parent;
    }
    let beside = tree.part(parent.parent?)?.children.iter().copied();
    beside.into_iter().find(|id| tree.part(*id).is_some_and(|part| part.name == parent.name))
}

/// What a part is called in the reason of another one's guess.
fn shown(tree: &PartTree, part: &Part) -> String {
    let kind = part.kind.as_ref().or_else(|| tree.part(part.parent?)?.kind.as_ref().filter(|_| is_holder(part)));
    kind.map_or_else(|| part.name.local.clone(), |kind| kind.value.clone())
}

/// The one of several elements whose group the parts beside it have, where no other is of another sensitivity.
fn told_by(beside: &[(String, String)], ids: &[String], guesser: &Guesser<'_>) -> Option<Guess> {
    let mut fitting = ids.iter().filter_map(|id| {
        let (_, name) = beside.iter().find(|(own, _)| own == group(id))?;
        Some((id, name))
    });
    let (Some((id, name)), None) = (fitting.next(), fitting.next()) else { return None };
    // Where a person and a vehicle are told of together, the address may be the owner's.
    let is_of_vehicle = beside.iter().any(|(own, _)| matches!(own.as_str(), "vehicle" | "registration"));
    let may_be_owners = group(id) == "person" && is_of_vehicle && ids.iter().any(|id| group(id) == "owner");
    let are_alike = ids.iter().all(|other| guesser.is_alike(id, other));
    (are_alike && !may_be_owners).then(|| Guess::Element { id: id.clone(), reason: format!("beside `{name}`") })
}
