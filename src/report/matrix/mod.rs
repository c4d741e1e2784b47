//! The matrix of a policy: for every agency class, purpose and message key that its rules tell apart, what becomes of every
//! data element. One table for people who read, one form for each way of reading it.
//!
//! A column is a population of requesters, with the purposes and message keys for which they get the same; a cell says what
//! becomes of one element, by claims, and which rules decide it. Cells that say the same are one, by number.

mod build;
mod cell;
mod csv;
mod html;
mod markdown;
mod text;

use std::rc::Rc;

use serde::{Serialize, Serializer};

use super::words::{Choice, Code, plain};

pub(crate) use build::MatrixBuilder;
use cell::{CellCase, Manner};

/// A whole policy at a glance.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Matrix {
    policy: PolicyTold,
    /// The purposes that a request may state, and the message keys that rules name.
    purposes: Vec<String>,
    messages: Vec<String>,
    columns: Vec<Head>,
    elements: Vec<Row>,
    cells: Vec<Cell>,
    rules: Vec<RuleTold>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct PolicyTold {
    name: String,
    version: String,
    title: Option<String>,
    sha256: String,
}

/// Whom a column is of.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Head {
    /// The agency classes that these requesters are in, all of them.
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
struct Row {
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

impl Row {
    /// The first part of its id, by which rows are put together.
    fn group(&self) -> &str {
        self.element.split('.').next().unwrap_or_default()
    }
}

/// What becomes of an element.
#[derive(Debug, PartialEq, Eq, Hash, Serialize)]
struct Cell {
    manner: Manner,
    /// In one word, and whether claims make a difference.
    summary: String,
    /// In words.
    told: String,
    /// Every set of claims is in one case at least; where it is in several they agree.
    cases: Vec<CellCase>,
}

/// A rule that decides some cell.
#[derive(Debug, Serialize)]
struct RuleTold {
    id: String,
    kind: &'static str,
    title: Option<String>,
    basis: Option<String>,
    line: usize,
}

impl Matrix {
    /// The rows by their groups, in the order of the catalog.
    fn groups(&self) -> Vec<(&str, Vec<&Row>)> {
        let mut groups: Vec<(&str, Vec<&Row>)> = Vec::new();
        for row in &self.elements {
            match groups.iter_mut().find(|(name, _)| *name == row.group()) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((row.group(), vec![row])),
            }
        }
        groups
    }

    fn cell(&self, number: usize) -> Option<&Cell> {
        self.cells.get(number)
    }

    fn rule(&self, number: usize) -> Option<&RuleTold> {
        self.rules.get(number)
    }
}
