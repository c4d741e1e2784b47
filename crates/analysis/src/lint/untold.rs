//! Parts of samples that predicates are meant to tell apart, and of which none holds: everything in them that only a path
//! with a predicate leads to is removed.
//!
//! Paths and counts; never the value that was asked for (P6).

use std::collections::BTreeMap;
use std::fmt;

use super::schema::NameResolver;
use super::unmapped::start;
use crate::parts::{Item, PartTree};
use crate::schema::Name;
use crate::words::plain;
use dmv_redact_model::format::{FormatSpans, Predicate, Step};

/// A part of which predicates ask something, and the answer is none of theirs.
#[derive(Debug)]
pub(super) struct UntoldPart {
    /// The part, and what is asked of it.
    path: String,
    asked: String,
    count: usize,
}

/// A step of a path of the format.
struct AskingStep {
    name: Name,
    predicates: Vec<Predicate>,
}

/// The parts of samples of which something is asked and no predicate holds.
pub(super) fn untold(format: &FormatSpans, tree: &PartTree) -> Vec<UntoldPart> {
    let names = NameResolver::new(format, tree.syntax);
    let paths: Vec<Vec<AskingStep>> = format
        .paths
        .iter()
        .filter(|(path, _)| path.path.contains('['))
        .map(|(path, _)| path.path.split('/').filter_map(|step| asking(step, &names)).collect())
        .collect();
    let paths: Vec<&[AskingStep]> = paths.iter().map(Vec::as_slice).collect();
    let mut search = Search { names, found: BTreeMap::new() };
    let member = start(format, tree).filter(|id| *id != PartTree::ROOT).and_then(|id| tree.part(id));
    for item in tree.items() {
        match member {
            None => search.below(item, &paths, ""),
            Some(member) => {
                let own = item.items.iter().filter(|own| own.name == member.name);
                own.for_each(|own| search.below(own, &paths, ""));
            }
        }
    }
    let found = search.found.into_iter();
    found.map(|((path, asked), count)| UntoldPart { path, asked, count }).collect()
}

fn asking(step: &str, names: &NameResolver<'_>) -> Option<AskingStep> {
    let predicates = Step::read(step).ok()?.predicates;
    Some(AskingStep { name: names.name(step), predicates })
}

struct Search<'s> {
    names: NameResolver<'s>,
    /// By path and by what is asked: how often.
    found: BTreeMap<(String, String), usize>,
}

impl Search<'_> {
    /// Searches what is in a part, with what is left of the paths that lead through it.
    fn below(&mut self, item: &Item, paths: &[&[AskingStep]], path: &str) {
        for own in &item.items {
            let here = paths.iter().filter_map(|path| path.split_first()).filter(|(step, _)| step.name == own.name);
            let (asking, plain): (Vec<_>, Vec<_>) = here.partition(|(step, _)| !step.predicates.is_empty());
            if asking.is_empty() && plain.is_empty() {
                continue;
            }
            let spelled = self.names.spell(&own.name);
            let path = if path.is_empty() { spelled } else { format!("{path}/{spelled}") };
            let asked: Vec<String> =
                asking.iter().flat_map(|(step, _)| &step.predicates).map(|own| own.part.clone()).collect();
            let is_asked = !asking.is_empty();
            let told = asking
                .into_iter()
                .filter(|(step, _)| step.predicates.iter().all(|predicate| self.holds(own, predicate)));
            let rest: Vec<&[AskingStep]> = told.map(|(_, rest)| rest).collect();
            if let Some(asked) = asked.into_iter().next().filter(|_| is_asked && rest.is_empty()) {
                *self.found.entry((path.clone(), asked)).or_default() += 1;
            }
            let rest: Vec<&[AskingStep]> = rest.into_iter().chain(plain.into_iter().map(|(_, rest)| rest)).collect();
            self.below(own, &rest, &path);
        }
    }

    fn holds(&self, item: &Item, predicate: &Predicate) -> bool {
        let name = self.names.name(&predicate.part);
        let mut own =
            item.items.iter().filter(|own| own.name == name).map(|own| own.value.as_deref().unwrap_or_default());
        let (Some(value), None) = (own.next(), own.next()) else { return false };
        let is_value = |wanted: &String| match value.strip_prefix('{') {
            Some(_) if name.is_machinery() => {
                let wanted = self.names.name(wanted);
                value == format!("{{{}}}{}", wanted.namespace, wanted.local)
            }
            _ => value.trim() == wanted,
        };
        predicate.values.iter().any(is_value)
    }
}

impl fmt::Display for UntoldPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let times = if self.count == 1 { "once".to_owned() } else { format!("{} times", self.count) };
        let (path, asked) = (plain(&self.path), plain(&self.asked));
        writeln!(
            f,
            "`{path}`: no predicate holds for its `{asked}`, {times}: only paths without predicates apply there"
        )
    }
}
