//! Judges one value: whether it may be released, and in which form. Both rewriters judge values only here.

use super::planted::{Planted, is_planted};
use super::token::Tokens;
use super::{photo, treatment};
use dmv_redact_model::catalog::{Element, Kind, Treatment, trim};

/// The outcome of a permitted value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// It is released as it is, byte for byte.
    Release,
    /// It is replaced by the result of its treatment.
    Generalise,
    /// It violates its element's shape, or the treatment can't read it.
    ShapeViolation,
    /// It holds an image or an opaque blob (P7).
    Photo,
}

/// Judges the decoded `value` of an element that is permitted under `treatment`. `written` receives the less precise
/// form, if there is one. Without `tokens` no value can become one.
pub(super) fn judge(
    element: &Element,
    treatment: Treatment,
    value: &str,
    tokens: Option<Tokens<'_>>,
    written: &mut String,
) -> Judgement {
    if treatment == Treatment::Full && element.shape().is_plain(value) {
        return Judgement::Release;
    }
    // An empty value reveals nothing, and has no less precise form.
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
    let is_applied = match (treatment, tokens) {
        (Treatment::Token, None) => false,
        (Treatment::Token, Some(tokens)) => {
            tokens.write(element.id(), trim(value), written);
            true
        }
        _ => treatment::apply(treatment, value, written),
    };
    if is_applied { Judgement::Generalise } else { Judgement::ShapeViolation }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use dmv_redact_model::catalog::Catalog;

    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::load(crate::shipped::CATALOG, &[]).unwrap());

    fn is_plain(element: &Element, value: &str) -> bool {
        element.shape().is_plain(value)
    }

    /// The fast acceptance of a value must agree with the full check.
    fn agrees(value: &str) -> Result<(), TestCaseError> {
        for (_, element) in CATALOG.iter().filter(|(_, element)| is_plain(element, value)) {
            prop_assert!(element.shape().conforms(value), "{}: {value}", element.id());
            prop_assert!(!photo::is_found_in(value), "{}: {value}", element.id());
        }
        Ok(())
    }

    #[test]
    fn p7_short_values_that_a_glance_settles_are_right() {
        let alphabet = " ADIQSZamz0369-.,'/:=&#;*\"\\<]\t\u{e9}";
        let pieces: Vec<String> = alphabet.chars().map(String::from).chain([String::new()]).collect();
        for first in &pieces {
            for second in &pieces {
                for third in &pieces {
                    agrees(&[first.as_str(), second, third].concat()).unwrap();
                }
            }
        }
    }

    #[test]
    fn what_most_messages_hold_is_settled_at_a_glance() {
        for (id, value) in [
            ("person.name.given", "JORDAN"),
            ("person.birth-date", "1985-07-04"),
            ("person.address.street", "1742 MESQUITE WASH LN"),
            ("person.address.postal-code", "85701-4321"),
            ("license.status", "LIC"),
            ("license.restriction", "CORRECTIVE LENSES"),
            ("envelope.time", "14:03:22"),
        ] {
            let element = CATALOG.find(id).and_then(|id| CATALOG.element(id)).unwrap();
            assert!(is_plain(element, value), "{id}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        #[test]
        fn p7_values_that_a_glance_settles_are_right(
            pieces in prop::collection::vec(
                prop_oneof![
                    "[A-Z]{1,12}",
                    "[A-Za-z0-9]{1,20}",
                    "[0-9]{1,9}",
                    "[ ,.;:/=&#'-]{1,2}",
                    "[0-9]{2,4}-[0-9]{2}-[0-9]{2,4}",
                    "\\PC{0,3}",
                    prop::sample::select(vec![
                        "ANSI 636", "DAQ", "DCS1", "SOC/", "NAM/", "data:image/png;,", "/9j/4AAQ", "iVBORw0KGgo", "&lt;", "==",
                        "900-12-3456", "true", "N", "3 6 9 ", "H4sI", "FFD8FFE0",
                    ])
                    .prop_map(str::to_owned),
                ],
                0..7,
            )
        ) {
            agrees(&pieces.concat())?;
        }
    }
}
