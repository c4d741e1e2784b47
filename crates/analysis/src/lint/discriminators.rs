//! Predicates that ask what may be a restricted fact: what is asked goes out with the part, and no rule takes it away.

use super::finding::{Code, Finding};
use crate::hints::{Hint, is_restricted, of_element, of_value, of_words};
use crate::name_words::words;
use dmv_redact_model::catalog::Catalog;
use dmv_redact_model::config::{ConfigError, Document};
use dmv_redact_model::format::{FormatSpans, Predicate, Step};

pub(super) const DISCRIMINATOR_RESTRICTED: Code = Code::warning(
    "discriminator-restricted",
    "a predicate asks what may be a restricted fact, and what it asks goes out to everybody who gets anything of the part",
);

/// All codes of these findings.
pub(super) const ALL: [&Code; 1] = [&DISCRIMINATOR_RESTRICTED];

/// Tells of every predicate of a format that asks such a fact for an element that isn't of that sort: whoever may have the
/// element gets the fact.
pub(super) fn lint(
    document: &Document<'_>,
    others: &[Document<'_>],
    catalog: &Catalog,
) -> Result<Vec<Finding>, ConfigError> {
    let spans = FormatSpans::read(document, others)?;
    let mut found: Vec<Finding> = Vec::new();
    let mut told: Vec<Predicate> = Vec::new();
    for (path, element) in spans.paths.iter().filter(|(path, _)| path.path.contains('[')) {
        let element = catalog.find(element).and_then(|id| catalog.element(id)).filter(|element| is_restricted(element));
        let own = element.map(of_element).unwrap_or_default();
        let steps = path.path.split('/').filter_map(|step| Step::read(step).ok());
        for predicate in steps.flat_map(|step| step.predicates) {
            let hint = hints(&predicate).into_iter().find(|hint| !own.contains(hint));
            let Some(hint) = hint.filter(|_| !told.contains(&predicate)) else { continue };
            let message = format!(
                "what this predicate asks, `{}`, may be {}: it goes out with the part to everybody, whatever a policy forbids",
                predicate.part,
                hint.describe()
            );
            let help = "ask another part; or map nothing of the part but elements of that sort";
            found.push(Finding::new(&DISCRIMINATOR_RESTRICTED, document.error(&path.span, message).help(help)));
            told.push(predicate);
        }
    }
    Ok(found)
}

/// What a predicate's part or values hint at. Whose facts they are is no fact of the catalog.
fn hints(predicate: &Predicate) -> Vec<Hint> {
    let name = predicate.part.rsplit([':', '@']).next().unwrap_or_default();
    let named = of_words(&words(name)).into_iter();
    named
        .chain(predicate.values.iter().flat_map(|value| of_value(value)))
        .filter(|hint| *hint != Hint::Protected)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dmv_redact::shipped::{CATALOG, FORMATS};

    #[test]
    fn p1_a_predicate_on_a_restricted_fact_is_told_where_it_goes_out_beside_another() {
        let catalog = Catalog::load(CATALOG, &[]).unwrap();
        for (path, element, is_told) in [
            ("records[LGL_PRES_CD='TPS']/LIC_NBR", "license.number", true),
            ("records[sts='TPS'|'USC']/LIC_NBR", "license.number", true),
            ("records[@citizenship='Y']/LIC_NBR", "license.number", true),
            ("ids[type='SSN']/state", "license.jurisdiction", true),
            ("ids[type='SSN']/number", "person.ssn", false),
            ("fields[name='citizenship']/value", "immigration.foreign-national", false),
            ("fields[name='immigration status']/value", "immigration.status", false),
            ("ids[type='OLN']/number", "license.number", false),
            ("people[@role='victim']/name", "person.name", false),
        ] {
            let text = format!("name = 'own'\nsyntax = 'json'\n[paths]\n\"{path}\" = '{element}'\n");
            let found = lint(&Document { file: "format.toml", text: &text }, &[], &catalog).unwrap();
            assert_eq!(found.len(), usize::from(is_told), "{path}: {found:?}");
        }
        for format in FORMATS {
            let found = lint(format, FORMATS, &catalog).unwrap();
            assert!(found.is_empty(), "{found:?}");
        }
    }
}
