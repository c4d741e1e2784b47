//! Runs cases in parallel, and compares the results with what they expect.

use std::collections::BTreeSet;
use std::path::Path;

use rayon::prelude::*;

use super::difference::compare_outputs;
use super::found::{Case, Cases};
use super::message_case::MessageCase;
use super::outcome::{CaseFault, CaseOutcome, CaseRun};
use super::row_run::run_row;
use dmv_redact::{Catalog, Filter, Reason, Receipt};
use dmv_redact_model::catalog::ElementId;

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

/// The result of a message case: its output, if any, and the filter's receipt.
pub(super) struct Redacted {
    pub(super) output: Vec<u8>,
    pub(super) receipt: Receipt,
    /// The expected output; `None` if there is no such file.
    pub(super) expected: Option<Vec<u8>>,
}

/// Redacts the message of a case.
pub(super) fn redact(case: &MessageCase, filter: &Filter) -> Result<Redacted, String> {
    let message = std::fs::read(&case.message).map_err(|error| in_file(&case.message, &error))?;
    let expected = match std::fs::read(&case.expected) {
        Ok(expected) => Some(expected),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(in_file(&case.expected, &error)),
    };
    let mut output = Vec::new();
    let receipt = filter.redact(&message, &case.requester, &mut output);
    Ok(Redacted { output, receipt, expected })
}

fn in_file(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
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
    faults.extend(expected.as_ref().and_then(|expected| compare_outputs(filter, receipt, expected, output)));
    let MessageCase { name, title, file, .. } = case;
    Ok(CaseOutcome { name: name.clone(), title: title.clone(), file: file.clone(), line: None, faults })
}

/// A disposition with its reason.
fn describe_disposition(receipt: &Receipt) -> String {
    let name = receipt.disposition().name();
    match (receipt.reason(), receipt.detail()) {
        (Some(reason), Some(detail)) => format!("{name} ({}: {detail})", reason.code()),
        _ => name.to_owned(),
    }
}

/// The elements of which a message released something, and of which something was removed; except for the envelope.
pub(super) fn seen_elements(receipt: &Receipt, catalog: &Catalog) -> [BTreeSet<ElementId>; 2] {
    let (mut released, mut removed) = (BTreeSet::new(), BTreeSet::new());
    for (id, counts) in receipt.counts() {
        if catalog.element(*id).is_none_or(|element| element.is_envelope()) {
            continue;
        }
        if counts.released + counts.generalised > 0 {
            released.insert(*id);
        }
        if counts.removed > 0 {
            removed.insert(*id);
        }
    }
    [released, removed]
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
