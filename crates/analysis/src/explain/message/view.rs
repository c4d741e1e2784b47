//! The message's structure with what stays and what goes: names of the mapping, never a value (P6).

use std::fmt;

use super::message_report::MessageReport;
use super::parts::{Fate, MessagePart, MessageParts, PartSyntax};

/// The view of a message.
pub struct StructureView<'m>(pub &'m MessageReport);

impl fmt::Display for StructureView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write_head(f)?;
        writeln!(f)?;
        let parts = &self.0.parts;
        // Skips what is below a part that one line has reported.
        let mut skip_to = 0;
        for (index, part) in parts.0.iter().enumerate() {
            if index < skip_to {
                continue;
            }
            let end = end_of(parts, index);
            let mut told = describe(part);
            if part.fate == Fate::Container && !part.is_kept {
                let below = parts.0.get(index + 1..end).unwrap_or_default();
                match why_all(below) {
                    Some(why) => {
                        told = format!(" removed: {why}");
                        skip_to = end;
                    }
                    None => told = " removed: nothing in it goes out".to_owned(),
                }
            }
            writeln!(f, "{:indent$}{}{told}", "", name(part), indent = 2 * part.depth)?;
            if let Fate::Fields(fields) = &part.fate {
                for (element, outcome) in fields {
                    let what = outcome.why().map_or_else(|| describe_kept(*outcome), |why| format!("removed: {why}"));
                    let id = self.0.elements.get(element.index()).map_or("", String::as_str);
                    writeln!(f, "{:indent$}field {id} {what}", "", indent = 2 * part.depth + 2)?;
                }
            }
        }
        Ok(())
    }
}

/// The index after the last part inside a part.
fn end_of(parts: &MessageParts, index: usize) -> usize {
    let depth = parts.0.get(index).map_or(0, |part| part.depth);
    let inside = parts.0.iter().skip(index + 1).take_while(|part| part.depth > depth);
    index + 1 + inside.count()
}

/// Why nothing of these parts is released, if there is a single reason.
fn why_all(parts: &[MessagePart]) -> Option<&'static str> {
    let mut reasons = parts.iter().filter(|part| part.fate != Fate::Container).map(why);
    let first = reasons.next().unwrap_or(Some("there is nothing in it"))?;
    reasons.all(|reason| reason == Some(first)).then_some(first)
}

/// Why a part isn't released; `None` if there would be several reasons.
fn why(part: &MessagePart) -> Option<&'static str> {
    match &part.fate {
        Fate::Value(_, outcome) => outcome.why(),
        Fate::Unmapped => Some("the mapping doesn't name it"),
        Fate::Link(_) => Some("nothing that stays refers to it, or it refers to nothing that stays"),
        Fate::Container | Fate::Fields(_) | Fate::Kept => None,
    }
}

fn describe_kept(outcome: super::parts::PartOutcome) -> String {
    match outcome {
        super::parts::PartOutcome::Generalised(treatment) => format!("stays as {}", treatment.name()),
        _ => "stays".to_owned(),
    }
}

/// The outcome of a part, printed after its name.
fn describe(part: &MessagePart) -> String {
    match (&part.fate, why(part)) {
        (Fate::Container, _) => String::new(),
        (Fate::Value(_, outcome), None) => format!(" {}", describe_kept(*outcome)),
        (Fate::Fields(_), _) if part.is_kept => " stays in part".to_owned(),
        (Fate::Fields(_), _) => " removed: none of its fields goes out".to_owned(),
        (Fate::Kept, _) => " stays".to_owned(),
        (_, _) if part.is_kept => " stays".to_owned(),
        // Its name states the reason.
        (Fate::Unmapped, _) if part.step.is_empty() => " removed".to_owned(),
        (_, why) => format!(" removed: {}", why.unwrap_or("not permitted")),
    }
}

/// The name of a part as its syntax writes it.
pub(super) fn name(part: &MessagePart) -> String {
    match (part.syntax, part.step.as_str()) {
        (PartSyntax::Element, "") if part.fate == Fate::Unmapped => "(a part that the mapping doesn't name)".to_owned(),
        (PartSyntax::Element, "") => "(a part of the record)".to_owned(),
        (PartSyntax::Element, step) => format!("<{step}>"),
        (PartSyntax::Attribute, "") => "(an attribute that the mapping doesn't name)".to_owned(),
        (PartSyntax::Attribute, step) => step.to_owned(),
        (PartSyntax::Member, "") if part.fate == Fate::Unmapped => {
            "(a member that the mapping doesn't name)".to_owned()
        }
        (PartSyntax::Member, "") => "(a member of the record)".to_owned(),
        (PartSyntax::Member, step) => format!("\"{step}\""),
        (PartSyntax::Item, _) => "(an item)".to_owned(),
    }
}
