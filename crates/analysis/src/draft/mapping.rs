//! What becomes of every part of a layout in its draft: a data element, a question, or nothing, because it is in a record.

use std::collections::{BTreeSet, HashMap};

use super::elements::group;
use super::guess::{Guess, Guesser, listed};
use super::path_words::Facts;
use crate::hints::{Hint, Hints, is_encoded, of_words};
use crate::name_words::words;
use crate::parts::{Part, PartId, PartTree};
use crate::schema::ValueType;

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
        let mut in_record = BTreeSet::new();
        for id in tree.below(PartTree::ROOT) {
            let Some(part) = tree.part(id) else { continue };
            if part.parent.is_some_and(|parent| in_record.contains(&parent)) {
                in_record.insert(id);
                // An attribute of a record goes out only if it is mapped itself, and when a photo was taken is no photo.
                if !part.name.is_attribute {
                    drafted.photo_date(id, part);
                    continue;
                }
            }
            if drafted.part(id, part) {
                in_record.insert(id);
            }
        }
        let mut lines = drafted.lines;
        resolve(tree, guesser, &mut lines);
        Self { lines }
    }
}

struct Drafting<'d> {
    tree: &'d PartTree,
    guesser: &'d Guesser<'d>,
    lines: Vec<DraftLine>,
}

impl Drafting<'_> {
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
        let is_date = |guess: &Guess| matches!(guess, Guess::Element { id, .. } if id == "biometric.photo-date");
        if self.elements(part).next().is_none() {
            let guess = Some(self.guess(id, part, false)).filter(is_date);
            self.lines.extend(guess.map(|guess| DraftLine { part: id, is_record: false, guess }));
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
        self.guesser.guess(&Facts {
            root: self.tree.root().map_or("", |root| &root.local),
            steps: steps.into_iter().map(|step| step.name.local.as_str()).collect(),
            values: &part.values,
            documentation: &part.notes.documentation,
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
            known.entry(part.parent).or_default().push((group(id).to_owned(), part.name.local.clone()));
        }
    }
    for line in lines.iter_mut() {
        let Guess::OneOf(ids) = &line.guess else { continue };
        let parent = tree.part(line.part).and_then(|part| part.parent);
        let beside = known.get(&parent).map(Vec::as_slice).unwrap_or_default();
        line.guess = told_by(beside, ids, guesser).unwrap_or_else(|| Guess::Ask(format!("{}, or none?", listed(ids))));
    }
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
