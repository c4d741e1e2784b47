//! Judging one value: may it go out, and in which form. Both rewriters ask here and nowhere else.

use super::planted::{Planted, is_planted};
use super::{photo, treatment};
use crate::catalog::{Element, Kind, Treatment, trim};

/// What becomes of a permitted value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    /// It goes out as it is, byte for byte.
    Release,
    /// What the treatment wrote goes out in its place.
    Generalise,
    /// It violates its element's shape, or the treatment can't read it.
    ShapeViolation,
    /// It holds an image or an opaque blob (P7).
    Photo,
}

/// Judges the decoded `value` of an element that is permitted under `treatment`. `written` receives the less precise
/// form, where there is one.
pub(super) fn judge(element: &Element, treatment: Treatment, value: &str, written: &mut String) -> Judgement {
    if treatment == Treatment::Full && element.shape().plain_end(value.as_bytes(), 0) == Some(value.len()) {
        return Judgement::Release;
    }
    // An empty value tells nothing, and there is nothing of it to be less precise about.
    if trim(value).is_empty() && element.shape().conforms(value) || treatment::is_result(treatment, value) {
        return Judgement::Release;
    }
    if element.kind() != Kind::Image && photo::is_found_in(value) && !is_planted(Planted::Photo) {
        return Judgement::Photo;
    }
    if !element.shape().conforms(value) && !is_planted(Planted::Shape) {
        return Judgement::ShapeViolation;
    }
    if treatment == Treatment::Full || is_planted(Planted::Treatment) {
        return Judgement::Release;
    }
    written.clear();
    if treatment::apply(treatment, value, written) { Judgement::Generalise } else { Judgement::ShapeViolation }
}
