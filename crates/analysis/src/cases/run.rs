//! Runs cases in parallel, and compares the results with what they expect.

use std::collections::BTreeSet;

use rayon::prelude::*;
use serde::Serialize;

use super::bless::{Blessing, blessing};
use super::coverage::Coverage;
use super::difference::compare_outputs;
use super::found::{Case, Cases};
use super::message_case::MessageCase;
use super::outcome::{CaseFault, CaseOutcome};
use super::redacted::{Redacted, redact, seen_elements};
use super::row_run::run_row;
use dmv_redact::{Catalog, Filter, OwedDuty, Reason, Receipt};
use dmv_redact_model::catalog::ElementId;

/// A run of cases, in the order of their names.
#[derive(Debug, Clone, Serialize)]
pub struct CaseRun {
    pub(crate) passed: usize,
    /// How many of them failed.
    pub failed: usize,
    pub(crate) cases: Vec<CaseOutcome>,
    /// The coverage of the policies, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Coverage>,
    /// The blessing, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blessing: Option<Blessing>,
}

impl CaseRun {
    pub(super) fn new(cases: Vec<CaseOutcome>) -> Self {
        let failed = cases.iter().filter(|case| !case.faults.is_empty()).count();
        Self { passed: cases.len() - failed, failed, cases, coverage: None, blessing: None }
    }

    /// What blessing the cases that failed would change.
    ///
    /// # Errors
    /// When a file of a case can't be read; the text says which.
    pub fn blessing(&self, cases: &Cases) -> Result<Blessing, String> {
        blessing(cases, &self.cases)
    }
}

/// Runs every case. The results are in the order of the cases, whichever finished first.
///
/// # Errors
/// When a message or an expected output can't be read; the text says which.
pub fn run(cases: &Cases) -> Result<CaseRun, String> {
    let outcomes: Result<Vec<_>, _> = cases.tests.par_iter().map(|(test, filter)| run_case(test, filter)).collect();
    outcomes.map(CaseRun::new)
}

fn run_case(test: &Case, filter: &Filter) -> Result<CaseOutcome, String> {
    match test {
        Case::Message(case) => run_message(case, filter),
        Case::Row(row) => Ok(run_row(row, filter)),
    }
}

fn run_message(case: &MessageCase, filter: &Filter) -> Result<CaseOutcome, String> {
    let redacted = redact(case, filter)?;
    let mut faults = Vec::new();
    let Redacted { output, receipt, expected } = &redacted;
    let expectation = &case.expectation;
    if receipt.disposition() != expectation.disposition {
        faults.push(CaseFault::new("disposition", expectation.disposition.name(), describe_disposition(receipt)));
    } else if receipt.reason() != expectation.reason {
        let [expected, got] = [expectation.reason, receipt.reason()].map(|reason| reason.map_or("none", Reason::code));
        faults.push(CaseFault::new("reason", expected, got));
    }
    if receipt.disposition().releases() {
        let [released, removed] = seen_elements(receipt, filter.catalog());
        let catalog = filter.catalog();
        faults.extend(compare("released", expectation.released.as_ref(), &released, receipt, catalog));
        faults.extend(compare("removed", expectation.removed.as_ref(), &removed, receipt, catalog));
    }
    if let Some(expected) = &expectation.duties {
        faults.extend(compare_duties(expected, case, receipt));
    }
    faults.extend(expected.as_ref().and_then(|expected| compare_outputs(filter, receipt, expected, output)));
    let MessageCase { name, title, file, .. } = case;
    Ok(CaseOutcome { name: name.clone(), title: title.clone(), file: file.clone(), line: None, faults })
}

/// Compares the duties that follow; with their last days, if the case states the date of the request.
fn compare_duties(expected: &BTreeSet<String>, case: &MessageCase, receipt: &Receipt) -> Option<CaseFault> {
    let is_dated = case.filter_key.date.is_some();
    let told = |duty: OwedDuty<'_>| match duty.last_day().filter(|_| is_dated) {
        Some(day) => format!("{duty}, {day}"),
        None => duty.to_string(),
    };
    let got: BTreeSet<String> = receipt.duties().map(told).collect();
    let lacking = expected.difference(&got).map(|duty| format!("expected and doesn't follow: {duty}"));
    let beyond = got.difference(expected).map(|duty| format!("follows and was not expected: {duty}"));
    let details: Vec<String> = lacking.chain(beyond).collect();
    let [expected, got] = [expected, &got].map(|duties| format!("{} duties", duties.len()));
    (!details.is_empty()).then(|| CaseFault::new("duties", expected, got).with_details(details))
}

/// A disposition with its reason.
fn describe_disposition(receipt: &Receipt) -> String {
    let name = receipt.disposition().name();
    match (receipt.reason(), receipt.detail()) {
        (Some(reason), Some(detail)) => format!("{name} ({}: {detail})", reason.code()),
        _ => name.to_owned(),
    }
}

/// Compares a list with the elements seen.
fn compare(
    what: &'static str,
    expected: Option<&BTreeSet<ElementId>>,
    got: &BTreeSet<ElementId>,
    receipt: &Receipt,
    catalog: &Catalog,
) -> Option<CaseFault> {
    let expected = expected.filter(|expected| *expected != got)?;
    let lacking = expected.difference(got).map(|element| format!("expected and not {what}: {}", id(catalog, *element)));
    let beyond = got.difference(expected).map(|element| {
        let counts = receipt.elements().find(|(name, _)| *name == id(catalog, *element)).map(|(_, counts)| counts);
        let counts = counts.unwrap_or_default();
        let number = if what == "removed" { counts.removed } else { counts.released + counts.generalised };
        let values = if number == 1 { "value" } else { "values" };
        format!("{what} and not expected: {} ({number} {values})", id(catalog, *element))
    });
    let details = lacking.chain(beyond).collect();
    let [expected, got] = [expected, got].map(|elements| {
        let number = elements.len();
        format!("{number} elements")
    });
    Some(CaseFault::new(what, expected, got).with_details(details))
}

fn id(catalog: &Catalog, element: ElementId) -> &str {
    catalog.element(element).map_or("", |element| element.id())
}
