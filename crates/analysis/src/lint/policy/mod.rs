//! A policy that loads, but may not be what its author meant: classes that share ORIs, rules without effect, rules that
//! remove more or less than they seem to if a request omits something.
//!
//! What depends on ORIs, purposes and claims is computed over all of them, without sampling.

mod absent;
mod advice;
mod beyond;
mod classes;
mod dates;
#[cfg(test)]
mod followed;
mod letters;
mod reviews;
mod rules;
mod situations;
mod table;
#[cfg(test)]
mod tests;
mod violations;

use std::ops::Range;

use super::finding::{Code, Finding};
use crate::survey::{Claim, Population, Survey};
use dmv_redact_model::catalog::{Catalog, Element, ElementId};
use dmv_redact_model::config::ConfigError;
use dmv_redact_model::format::Formats;
use dmv_redact_model::policy::{
    Attributes, ClassId, ClassSpans, LocatedFiles, Period, Policy, PolicyFiles, PolicySpans, Rule, RuleSpans,
};

pub(super) use beyond::lint as lint_beyond;
pub(super) use dates::lint as lint_dates;
pub(super) use table::ALL;

/// A policy and the data that its lints share.
struct Subject<'a> {
    document: LocatedFiles<'a>,
    files: &'a PolicyFiles,
    catalog: &'a Catalog,
    policy: &'a Policy,
    survey: &'a Survey<'a>,
    spans: &'a PolicySpans,
    populations: &'a [Population],
    /// Everything that a request may state.
    stated: Vec<Attributes>,
    claims: &'a [Claim],
    /// For each class its populations, by index.
    class_populations: Vec<Vec<usize>>,
    findings: Vec<Finding>,
}

/// Lints a policy for messages of these formats.
pub(super) fn lint(
    files: &PolicyFiles,
    policy: &Policy,
    catalog: &Catalog,
    formats: &Formats,
) -> Result<Vec<Finding>, ConfigError> {
    let spans = PolicySpans::read(files)?;
    let survey = Survey::of(policy);
    let claims = survey.claims()?;
    let populations = survey.populations()?;
    let mut class_populations = vec![Vec::new(); policy.classes().len()];
    for (index, population) in populations.iter().enumerate() {
        for class in &population.classes {
            class_populations.get_mut(usize::from(*class)).into_iter().for_each(|own| own.push(index));
        }
    }
    let mut subject = Subject {
        document: files.located(),
        files,
        catalog,
        policy,
        survey: &survey,
        spans: &spans,
        populations,
        stated: survey.stated()?,
        claims,
        class_populations,
        findings: Vec::new(),
    };
    classes::lint(&mut subject);
    rules::lint(&mut subject);
    violations::lint(&mut subject, formats);
    letters::lint(&mut subject);
    absent::lint(&mut subject);
    situations::lint(&mut subject)?;
    reviews::lint(&mut subject)?;
    Ok(subject.findings)
}

/// A finding of a file that isn't the policy's own says so: whoever reads it may write into that one only.
pub(super) fn of_included(finding: Finding, files: &PolicyFiles) -> Finding {
    let Finding { code, error } = finding;
    if !files.includes_file(error.file()) {
        return Finding { code, error };
    }
    let included = format!("{} includes this one: what can be added, add there", files.own().file);
    let help = error.help_text().map_or_else(|| included.clone(), |help| format!("{help} ({included})"));
    Finding { code, error: error.help(help) }
}

impl<'a> Subject<'a> {
    fn find(&mut self, code: &'static Code, span: &Range<usize>, message: String, help: &str) {
        let error = self.document.error(span, message);
        self.findings.push(Finding::new(code, if help.is_empty() { error } else { error.help(help) }));
    }

    /// The populations that a rule is for, by index; some may be repeated.
    fn populations_of(&self, rule: &Rule) -> impl Iterator<Item = usize> {
        let everybody = if rule.classes.is_some() { 0..0 } else { 0..self.populations.len() };
        let classes = rule.classes.iter().flatten();
        let populations = classes.filter_map(|class| self.class_populations.get(usize::from(*class))).flatten();
        populations.copied().chain(everybody)
    }

    /// The rules in force, each with its id. The others apply to nobody on this day: nothing is wrong with that.
    fn rules_in_force(&self) -> impl Iterator<Item = (usize, &'a Rule)> + use<'a> {
        self.policy.rules().iter().enumerate().filter(|(_, rule)| rule.is_in_force(Period::default()))
    }

    fn class(&self, id: ClassId) -> Option<&'a ClassSpans> {
        self.spans.classes.get(usize::from(id))
    }

    fn rule(&self, id: usize) -> Option<&'a RuleSpans> {
        self.spans.rules.get(id)
    }

    fn element(&self, id: ElementId) -> &'a str {
        self.catalog.element(id).map_or("", Element::id)
    }
}

/// Whether a rule is for this class by name.
fn names_class(rule: &Rule, class: ClassId) -> bool {
    rule.classes.as_ref().is_some_and(|classes| classes.contains(&class))
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
