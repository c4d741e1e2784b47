//! The message's structure with what stays and what goes: names of the mapping, never a value.

use std::fmt;

use super::message_report::MessageReport;
use super::parts::{Fate, Part, Parts, Written};

/// The view of a message.
pub(crate) struct View<'m>(pub(crate) &'m MessageReport);

impl fmt::Display for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write_head(f)?;
        writeln!(f)?;
        let parts = &self.0.parts;
        // What is below a part that was told in one line.
        let mut passed = 0;
        for (place, part) in parts.0.iter().enumerate() {
            if place < passed {
                continue;
            }
            let end = end_of(parts, place);
            let mut told = told(part);
            if part.fate == Fate::Container && !part.stays {
                let below = parts.0.get(place + 1..end).unwrap_or_default();
                match why_all(below) {
                    Some(why) => {
                        told = format!(" removed: {why}");
                        passed = end;
                    }
                    None => told = " removed: nothing in it goes out".to_owned(),
                }
            }
            writeln!(f, "{:indent$}{}{told}", "", name(part), indent = 2 * part.depth)?;
            if let Fate::Fields(fields) = &part.fate {
                for (element, outcome) in fields {
                    let what = outcome.why().map_or_else(|| stays(*outcome), |why| format!("removed: {why}"));
                    let id = self.0.elements.get(element.index()).map_or("", String::as_str);
                    writeln!(f, "{:indent$}field {id} {what}", "", indent = 2 * part.depth + 2)?;
                }
            }
        }
        Ok(())
    }
}

/// The place behind all that is in a part.
fn end_of(parts: &Parts, place: usize) -> usize {
    let depth = parts.0.get(place).map_or(0, |part| part.depth);
    let inside = parts.0.iter().skip(place + 1).take_while(|part| part.depth > depth);
    place + 1 + inside.count()
}

/// Why nothing of these parts goes out, if it is one reason.
fn why_all(parts: &[Part]) -> Option<&'static str> {
    let mut reasons = parts.iter().filter(|part| part.fate != Fate::Container).map(why);
    let first = reasons.next().unwrap_or(Some("there is nothing in it"))?;
    reasons.all(|reason| reason == Some(first)).then_some(first)
}

/// Why a part doesn't go out; `None` if several reasons would have to be told.
fn why(part: &Part) -> Option<&'static str> {
    match &part.fate {
        Fate::Value(_, outcome) => outcome.why(),
        Fate::Unmapped => Some("the mapping doesn't name it"),
        Fate::Link(_) => Some("what it refers to, or what refers to it, goes"),
        Fate::Container | Fate::Fields(_) | Fate::Kept => None,
    }
}

fn stays(outcome: super::parts::Outcome) -> String {
    match outcome {
        super::parts::Outcome::Generalised(treatment) => format!("stays as {}", treatment.name()),
        _ => "stays".to_owned(),
    }
}

/// What becomes of a part, behind its name.
fn told(part: &Part) -> String {
    match (&part.fate, why(part)) {
        (Fate::Container, _) => String::new(),
        (Fate::Value(_, outcome), None) => format!(" {}", stays(*outcome)),
        (Fate::Fields(_), _) if part.stays => " stays in part".to_owned(),
        (Fate::Fields(_), _) => " removed: none of its fields goes out".to_owned(),
        (Fate::Kept, _) => " stays".to_owned(),
        (_, _) if part.stays => " stays".to_owned(),
        // Its name says why.
        (Fate::Unmapped, _) if part.step.is_empty() => " removed".to_owned(),
        (_, why) => format!(" removed: {}", why.unwrap_or("not permitted")),
    }
}

/// The name of a part as its syntax writes it.
pub(super) fn name(part: &Part) -> String {
    match (part.written, part.step.as_str()) {
        (Written::Element, "") if part.fate == Fate::Unmapped => "(a part that the mapping doesn't name)".to_owned(),
        (Written::Element, "") => "(a part of the record)".to_owned(),
        (Written::Element, step) => format!("<{step}>"),
        (Written::Attribute, "") => "(an attribute that the mapping doesn't name)".to_owned(),
        (Written::Attribute, step) => step.to_owned(),
        (Written::Member, "") if part.fate == Fate::Unmapped => "(a member that the mapping doesn't name)".to_owned(),
        (Written::Member, "") => "(a member of the record)".to_owned(),
        (Written::Member, step) => format!("\"{step}\""),
        (Written::Item, _) => "(an item)".to_owned(),
    }
}
