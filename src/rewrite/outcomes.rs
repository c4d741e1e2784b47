//! What became of each part of a message, for reports on it: told where it is decided, so that a report can't tell
//! otherwise. A switch has nothing told.

use super::value::Judgement;
use dmv_redact_model::catalog::ElementId;
use dmv_redact_model::manifest::{ReleasedForm, ReleasedValue};
use dmv_redact_model::span::Span;

/// What became of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The grant has its element, and its value was judged.
    Judged(ElementId, Judgement),
    /// The grant doesn't have its element, or nothing around it stays.
    Denied(ElementId),
    /// No path of the mapping names it.
    Unmapped,
}

/// What became of the parts of a message.
#[derive(Debug, Default)]
pub struct Outcomes {
    /// Each part that was counted, in the order of the message: a whole part, or a value. Fields of a text begin where it
    /// begins.
    pub parts: Vec<(Span, Outcome)>,
    /// The offsets of the values of names and references that are released; empty if nothing is.
    pub links: Vec<usize>,
    /// How many parts the mapping doesn't name, and references lead nowhere, as in a receipt.
    pub unmapped: u32,
    /// Whether the message was read to its end.
    pub is_whole: bool,
}

impl Outcomes {
    pub(super) fn clear(&mut self) {
        self.parts.clear();
        self.is_whole = false;
    }

    #[cold]
    pub(super) fn push(&mut self, span: Span, outcome: Outcome) {
        self.parts.push((span, outcome));
    }

    /// The last values go, because nothing around them stays.
    pub(super) fn take_back(&mut self, values: &[ReleasedValue]) {
        let mut parts = self.parts.iter_mut().rev();
        for value in values.iter().rev() {
            // A manifest lists the pieces of a value, and the text around a field.
            if matches!(value.form, ReleasedForm::Continued | ReleasedForm::Text) {
                continue;
            }
            let found = parts.find(|(span, outcome)| {
                let is_its = matches!(outcome, Outcome::Judged(element, Judgement::Release | Judgement::Generalise)
                    if *element == value.element);
                is_its && (span.start()..=span.end()).contains(&value.span.start())
            });
            if let Some((_, outcome)) = found {
                *outcome = Outcome::Denied(value.element);
            }
        }
    }
}
