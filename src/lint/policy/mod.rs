//! A policy that loads, and may still not be what its author meant: classes that share ORIs, rules that come to nothing,
//! rules that take more or less than they seem to where a request leaves something out.
//!
//! What depends on ORIs, purposes and claims is computed over all of them, none sampled.

mod absent;
mod classes;
mod rules;
mod situations;
mod table;
#[cfg(test)]
mod tests;

use std::ops::Range;

use super::finding::{Code, Finding};
use crate::catalog::{Catalog, Element, ElementId};
use crate::config::{ConfigError, Document, Pointed};
use crate::policy::survey::{Claim, Population, Survey};
use crate::policy::{ClassId, Policy, Written, WrittenClass, WrittenRule};

pub(crate) use table::ALL;

/// A policy and all that its lints ask.
struct Subject<'a> {
    document: Pointed<'a>,
    catalog: &'a Catalog,
    policy: &'a Policy,
    written: &'a Written,
    populations: &'a [Population],
    claims: &'a [Claim],
    found: Vec<Finding>,
}

/// Everything that is found in a policy.
pub(crate) fn lint(document: &Document<'_>, policy: &Policy, catalog: &Catalog) -> Result<Vec<Finding>, ConfigError> {
    let written = Written::read(document)?;
    let survey = Survey::of(policy);
    let claims = survey.claims()?;
    let populations = survey.populations()?;
    let document = Pointed::of(document);
    let mut subject = Subject { document, catalog, policy, written: &written, populations, claims, found: Vec::new() };
    classes::lint(&mut subject);
    rules::lint(&mut subject);
    absent::lint(&mut subject, &survey);
    situations::lint(&mut subject, &survey);
    Ok(subject.found)
}

impl<'a> Subject<'a> {
    fn find(&mut self, code: &'static Code, span: &Range<usize>, message: String, help: &str) {
        let said = self.document.error(span, message);
        self.found.push(Finding::new(code, if help.is_empty() { said } else { said.help(help) }));
    }

    fn class(&self, id: ClassId) -> Option<&'a WrittenClass> {
        self.written.classes.get(usize::from(id))
    }

    fn rule(&self, id: usize) -> Option<&'a WrittenRule> {
        self.written.rules.get(id)
    }

    fn element(&self, id: ElementId) -> &'a str {
        self.catalog.element(id).map_or("", Element::id)
    }
}

/// The first few of many names, and how many more there are.
fn some<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    let shown = names.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(3) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
