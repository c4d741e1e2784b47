//! What a message case expects: the `[expect]` of its file, with every name resolved.

use std::collections::BTreeSet;

use serde::Deserialize;

use dmv_redact::{Catalog, Disposition, Reason};
use dmv_redact_model::catalog::ElementId;
use dmv_redact_model::config::{ConfigError, Document, Errors, Spanned, all};

/// The expected result of a message.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawExpectation {
    /// `released`, `redacted`, `held` or `withheld`.
    disposition: Spanned<String>,
    /// The code of the reason it is held or withheld.
    reason: Option<Spanned<String>>,
    /// All data elements that are released, except the envelope's; left out: not checked.
    released: Option<Vec<Spanned<String>>>,
    /// All data elements that are removed; left out: not checked.
    removed: Option<Vec<Spanned<String>>>,
    /// All duties that follow, as reports tell them: `notify-subject within 3 business days`; where the case has a `date`, with
    /// the last day: `notify-subject within 3 business days, 2026-12-04`. Left out: not checked.
    duties: Option<Vec<String>>,
}

/// The expected result for a message. A list is complete, except for the envelope; an omitted one asserts nothing.
#[derive(Debug)]
pub(super) struct Expectation {
    pub(super) disposition: Disposition,
    pub(super) reason: Option<Reason>,
    pub(super) released: Option<BTreeSet<ElementId>>,
    pub(super) removed: Option<BTreeSet<ElementId>>,
    pub(super) duties: Option<BTreeSet<String>>,
}

impl Expectation {
    pub(super) fn load(document: &Document<'_>, raw: RawExpectation, catalog: &Catalog) -> Result<Self, ConfigError> {
        let named = Disposition::ALL.into_iter().find(|disposition| disposition.name() == raw.disposition.get_ref());
        let mut errors = Errors::default();
        let disposition = errors.take(named.ok_or_else(|| {
            let error = unknown(document, &raw.disposition, "disposition", &Disposition::ALL.map(Disposition::name));
            if error.help_text().is_some() { error } else { error.help("released, redacted, held or withheld") }
        }));
        let reason = raw.reason.as_ref().and_then(|code| {
            let known = Reason::ALL.iter().copied().find(|reason| reason.code() == code.get_ref());
            errors.take(known.ok_or_else(|| {
                let codes: Vec<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
                unknown(document, code, "reason", &codes)
            }))
        });
        if let (Some(true), Some(code)) = (disposition.map(Disposition::releases), &raw.reason) {
            let message = "only a message that is held or withheld has a reason";
            errors.push(document.error(&code.span(), message));
        }
        let [released, removed] = [raw.released, raw.removed].map(|ids| {
            let elements = ids.map(|ids| all(ids.iter().map(|id| element(document, id, catalog))));
            elements.and_then(|elements| errors.take(elements)).map(|elements| elements.into_iter().collect())
        });
        errors.finish()?;
        let Some(disposition) = disposition else {
            // Missing only if there was an error.
            return Err(document.error(&raw.disposition.span(), "unknown disposition"));
        };
        let duties = raw.duties.map(|duties| duties.into_iter().collect());
        Ok(Self { disposition, reason, released, removed, duties })
    }
}

fn unknown(document: &Document<'_>, word: &Spanned<String>, what: &str, known: &[&str]) -> ConfigError {
    let error = document.error(&word.span(), format!("unknown {what} `{}`", word.get_ref()));
    error.nearest(word.get_ref(), known.iter().copied())
}

/// Resolves the id of a data element; groups and prefixes aren't allowed in a list of what was released.
fn element(document: &Document<'_>, id: &Spanned<String>, catalog: &Catalog) -> Result<ElementId, ConfigError> {
    let name = id.get_ref();
    let Some(element) = catalog.find(name) else {
        let error = document.error(&id.span(), format!("unknown data element `{name}`"));
        return Err(match catalog.select(name).is_empty() {
            true => error.nearest(name, catalog.iter().map(|(_, element)| element.id())),
            false => error.help("a group is none: name each of its elements"),
        });
    };
    if catalog.element(element).is_some_and(|element| element.is_envelope()) {
        let message = format!("`{name}` is of the envelope, which every grant holds: it is not listed");
        return Err(document.error(&id.span(), message));
    }
    Ok(element)
}
