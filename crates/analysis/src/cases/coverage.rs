//! Which cells of a policy (agency class, what a request states, data element) its cases have exercised. Counts are whole
//! numbers, so that a bound is exact.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;

use serde::Serialize;

use super::CasesError;
use super::found::{Case, Cases};
use super::message_case::MessageCase;
use super::policies::FilterKey;
use super::redacted::{Redacted, redact};
use crate::Elements;
use crate::words::Statement;
use dmv_redact::Filter;
use dmv_redact_model::catalog::ElementId;
use dmv_redact_model::config::ConfigError;
use dmv_redact_model::policy::{Attributes, ClassId};

/// Cells, and how many of them were exercised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Cells {
    pub(crate) exercised: usize,
    pub(crate) all: usize,
}

impl Cells {
    /// Whether at least this percentage was exercised.
    fn reaches(self, percent: u8) -> bool {
        self.exercised * 100 >= usize::from(percent) * self.all
    }

    /// The percentage exercised, rounded down.
    pub(super) fn percent(self) -> usize {
        (self.exercised * 100).checked_div(self.all).unwrap_or(100)
    }

    fn add(&mut self, other: Self) {
        self.exercised += other.exercised;
        self.all += other.all;
    }
}

/// The coverage of all policies that cases ran with.
#[derive(Debug, Clone, Serialize)]
pub struct Coverage {
    pub(crate) cells: Cells,
    pub(crate) policies: Vec<PolicyCoverage>,
}

/// The coverage of one policy.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PolicyCoverage {
    /// Its file; `None` for the built-in baseline.
    pub(crate) file: Option<PathBuf>,
    pub(crate) name: String,
    pub(crate) cells: Cells,
    pub(crate) classes: Vec<ClassCoverage>,
}

/// The coverage of one agency class.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ClassCoverage {
    pub(crate) name: String,
    pub(crate) cells: Cells,
    /// By purpose and other attributes, the elements that no case has covered.
    pub(crate) uncovered: BTreeMap<String, Elements>,
}

impl Coverage {
    /// Whether at least this percentage of all policies' cells was exercised.
    pub fn reaches(&self, percent: u8) -> bool {
        self.cells.reaches(percent)
    }
}

/// The exercised cells of one policy.
#[derive(Default)]
struct Exercised(HashSet<(ClassId, Attributes, ElementId)>);

impl Exercised {
    fn add(&mut self, classes: &[ClassId], stated: &[Attributes], elements: &[ElementId]) {
        for class in classes {
            for attributes in stated {
                self.0.extend(elements.iter().map(|element| (*class, *attributes, *element)));
            }
        }
    }
}

/// What the cases have exercised of the policies that they ran with.
///
/// # Errors
/// When a message or an expected output can't be read, or a policy has too many cells (P8).
pub fn coverage(cases: &Cases) -> Result<Coverage, CasesError> {
    // A policy counts once, also if it is used with several formats.
    let mut policies: BTreeMap<Option<PathBuf>, (&Filter, Exercised)> = BTreeMap::new();
    for (test, filter) in &cases.tests {
        let FilterKey { policy, .. } = match test {
            Case::Message(case) => &case.filter_key,
            Case::Row(row) => &row.filter_key,
        };
        if let Some(error) = too_many_cells(filter) {
            return Err(error.into());
        }
        let (_, exercised) = policies.entry(policy.clone()).or_insert_with(|| (filter, Exercised::default()));
        match test {
            Case::Message(case) => add_message(exercised, case, filter).map_err(CasesError::Io)?,
            Case::Row(row) => exercised.add(&row.requester.classes, &row.stated, &body(filter)),
        }
    }
    let policies: Vec<PolicyCoverage> =
        policies.into_iter().map(|(file, (filter, exercised))| of_policy(file, filter, &exercised)).collect();
    let mut cells = Cells::default();
    policies.iter().for_each(|policy| cells.add(policy.cells));
    Ok(Coverage { cells, policies })
}

/// How many cells of one policy are examined (P8).
const MAX_CELLS: usize = 4_000_000;

fn too_many_cells(filter: &Filter) -> Option<ConfigError> {
    let policy = filter.decider();
    let [classes, stated, elements] = [policy.classes().len(), policy.stated_count(), filter.catalog().len()];
    let count = classes.saturating_mul(stated).saturating_mul(elements);
    let message = format!(
        "{classes} agency classes, {stated} things that requests may state and {elements} data elements are more than {MAX_CELLS} cells to cover"
    );
    (count > MAX_CELLS)
        .then(|| ConfigError::of_file(policy.file(), message).help("leave `--coverage` and `--fail-under` out"))
}

/// Every element of the catalog except those of the envelope.
fn body(filter: &Filter) -> Vec<ElementId> {
    filter.catalog().iter().filter(|(_, element)| !element.is_envelope()).map(|(id, _)| id).collect()
}

/// A message case covers the elements that it lists and, if its whole output is compared, those in its message.
fn add_message(exercised: &mut Exercised, case: &MessageCase, filter: &Filter) -> Result<(), String> {
    let Redacted { receipt, expected, .. } = redact(case, filter)?;
    let Some(ori) = receipt.requester() else { return Ok(()) };
    let policy = filter.decider();
    let classes = policy.classes_of(ori);
    let Some(asked) = policy.asked(&case.requester, None) else { return Ok(()) };
    let lists = [&case.expectation.released, &case.expectation.removed];
    let mut elements: BTreeSet<ElementId> = lists.into_iter().flatten().flatten().copied().collect();
    if expected.is_some() || lists.iter().all(|list| list.is_some()) {
        elements.extend(receipt.counts().iter().map(|(id, _)| *id));
    }
    let elements: Vec<ElementId> = body(filter).into_iter().filter(|id| elements.contains(id)).collect();
    exercised.add(&classes, &[asked.attributes], &elements);
    Ok(())
}

fn of_policy(file: Option<PathBuf>, filter: &Filter, exercised: &Exercised) -> PolicyCoverage {
    let policy = filter.decider();
    let stated = policy.stated();
    let classes: Vec<ClassCoverage> =
        (0..).zip(policy.classes()).map(|(id, class)| of_class(id, &class.name, &stated, filter, exercised)).collect();
    let mut cells = Cells::default();
    classes.iter().for_each(|class| cells.add(class.cells));
    PolicyCoverage { file, name: filter.policy().name.clone(), cells, classes }
}

fn of_class(id: ClassId, name: &str, stated: &[Attributes], filter: &Filter, exercised: &Exercised) -> ClassCoverage {
    let mut class = ClassCoverage { name: name.to_owned(), cells: Cells::default(), uncovered: BTreeMap::new() };
    for attributes in stated {
        let statement = Statement::of(filter.decider(), attributes).describe();
        let mut uncovered = BTreeSet::new();
        for element in body(filter) {
            class.cells.all += 1;
            if exercised.0.contains(&(id, *attributes, element)) {
                class.cells.exercised += 1;
            } else {
                uncovered.insert(element);
            }
        }
        if !uncovered.is_empty() {
            class.uncovered.insert(statement, Elements::of(filter.catalog(), &uncovered));
        }
    }
    class
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(exercised: usize, all: usize) -> Cells {
        Cells { exercised, all }
    }

    #[test]
    fn a_bound_is_exact() {
        assert!(cells(1, 3).reaches(33) && !cells(1, 3).reaches(34));
        assert!(cells(999, 1000).reaches(99) && !cells(999, 1000).reaches(100) && cells(1000, 1000).reaches(100));
        assert!(cells(0, 7).reaches(0) && !cells(0, 7).reaches(1));
        assert_eq!([cells(999, 1000).percent(), cells(2, 3).percent(), cells(0, 0).percent()], [99, 66, 100]);
    }
}
