//! The matrix of a policy: for every agency class, purpose and message key that its rules distinguish, the outcome for
//! every data element. One table, one module for each output form.
//!
//! A column is a population of requesters, with the purposes and message keys for which they get the same; a cell
//! states the outcome for one element, by claims, and the deciding rules. Equal cells are stored once, by number.

mod build;
mod cell;
mod csv;
mod html;
mod markdown;
mod text;

use std::rc::Rc;

use serde::{Serialize, Serializer};

use super::words::{Choice, ChoiceCode, plain};

pub(crate) use build::MatrixBuilder;
use cell::{CellCase, CellManner};

/// A whole policy at a glance.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Matrix {
    policy: MatrixPolicy,
    /// The purposes that a request may state, and the message keys that rules name.
    purposes: Vec<String>,
    messages: Vec<String>,
    columns: Vec<ColumnHead>,
    elements: Vec<MatrixRow>,
    cells: Vec<MatrixCell>,
    rules: Vec<MatrixRule>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct MatrixPolicy {
    name: String,
    version: String,
    title: Option<String>,
    sha256: String,
}

/// For whom a column is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct ColumnHead {
    /// All the agency classes that these requesters are in.
    agencies: Vec<Agency>,
    /// The ORI of one of them.
    example: String,
    purposes: Choice,
    messages: Choice,
}

#[derive(Debug, Clone, Serialize)]
struct Agency {
    name: String,
    title: Option<String>,
}

/// A data element, and the number of its cell for each column.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct MatrixRow {
    element: String,
    title: String,
    dppa: crate::Sensitivity,
    /// Shared by all elements of a kind.
    #[serde(serialize_with = "as_slice")]
    cells: Rc<[usize]>,
}

fn as_slice<S: Serializer>(cells: &Rc<[usize]>, serializer: S) -> Result<S::Ok, S::Error> {
    cells.as_ref().serialize(serializer)
}

impl MatrixRow {
    /// The first part of its id, by which rows are grouped.
    fn group(&self) -> &str {
        self.element.split('.').next().unwrap_or_default()
    }
}

/// The outcome for an element.
#[derive(Debug, PartialEq, Eq, Hash, Serialize)]
struct MatrixCell {
    manner: CellManner,
    /// In one word, and whether claims make a difference.
    summary: String,
    /// In words.
    told: String,
    /// Every set of claims is in at least one case; where it is in several, they agree.
    cases: Vec<CellCase>,
}

/// A rule that decides some cell.
#[derive(Debug, Serialize)]
struct MatrixRule {
    id: String,
    kind: &'static str,
    title: Option<String>,
    basis: Option<String>,
    line: usize,
}

impl Matrix {
    /// The rows by group, in the order of the catalog.
    fn groups(&self) -> Vec<(&str, Vec<&MatrixRow>)> {
        let mut groups: Vec<(&str, Vec<&MatrixRow>)> = Vec::new();
        for row in &self.elements {
            match groups.iter_mut().find(|(name, _)| *name == row.group()) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((row.group(), vec![row])),
            }
        }
        groups
    }

    fn cell(&self, number: usize) -> Option<&MatrixCell> {
        self.cells.get(number)
    }

    fn rule(&self, number: usize) -> Option<&MatrixRule> {
        self.rules.get(number)
    }
}
