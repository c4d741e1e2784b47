//! The matrix of a policy: for every agency class, statement of a request and message key that its rules distinguish, the outcome for
//! every data element. One table.
//!
//! A column is a population of requesters, with the statements and message keys for which they get the same; a cell
//! states the outcome for one element, by claims, and the deciding rules. Equal cells are stored once, by number.

mod build;
mod cell;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use dmv_redact::Date;
use serde::{Serialize, Serializer};

use super::words::{Choice, ChoiceCode, RulePlace, StatedChoice, Statement, plain};

pub use build::MatrixBuilder;
pub use cell::{CellCase, CellManner, ElementOutcome};

/// A whole policy at a glance.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Matrix {
    /// Whose matrix it is.
    pub policy: MatrixPolicy,
    /// The purposes that a request may state, and the message keys that rules name.
    pub(crate) purposes: Vec<String>,
    pub(crate) messages: Vec<String>,
    /// The claims that rules ask for, and those behind which an instrument specifies what they ask for.
    pub claims: Vec<MatrixClaim>,
    /// The head of each column, in the order of the cells of a row.
    pub columns: Vec<ColumnHead>,
    /// The data elements, in the order of the catalog.
    pub elements: Vec<MatrixRow>,
    /// Every distinct cell, by number.
    pub cells: Vec<MatrixCell>,
    /// Every rule, by number.
    pub rules: Vec<MatrixRule>,
}

/// A claim that a request makes, or that an instrument behind some of these specifies the data element.
#[derive(Debug, Serialize)]
pub struct MatrixClaim {
    /// Its name in the policy.
    pub name: String,
    /// What it means, as the policy says.
    pub title: Option<String>,
    /// The claims behind any one of which the instrument is: they imply it, nobody vouches for it. Empty: a claim of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub behind: Vec<String>,
}

impl MatrixClaim {
    /// Whether other claims imply it.
    pub fn is_derived(&self) -> bool {
        !self.behind.is_empty()
    }

    /// What is vouched for, in words.
    fn vouched(&self) -> String {
        match self.behind.as_slice() {
            [] => self.name.clone(),
            [one] => one.clone(),
            [some @ .., last] => format!("one of {} or {last}", some.join(", ")),
        }
    }
}

/// The policy of a matrix.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MatrixPolicy {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its title.
    pub title: Option<String>,
    /// The digest in receipts, in hexadecimal.
    pub sha256: String,
    /// The day that the matrix is as of, if the policy depends on dates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
    /// Whether the policy is in force on that day; omitted if it is.
    #[serde(skip_serializing_if = "Clone::clone")]
    pub in_force: bool,
}

impl MatrixPolicy {
    /// The day that the matrix is as of, in words; empty if the policy depends on no date.
    pub fn as_of(&self) -> String {
        let withheld = if self.in_force { "" } else { ", when it is not in force: everything is withheld" };
        self.date.map_or_else(String::new, |date| format!(", as of {date}{withheld}"))
    }
}

/// The requesters and conditions that a column is for.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ColumnHead {
    /// All the agency classes that these requesters are in.
    pub agencies: Vec<Agency>,
    /// The ORI of one of them.
    pub example: String,
    /// The statements of requests for which they get the same.
    #[serde(flatten)]
    pub stated: StatedChoice,
    /// The message keys for which they get the same.
    pub messages: Choice,
    /// The ids of the duties that may follow.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub duties: Vec<String>,
}

impl ColumnHead {
    /// What its requests state, and the keys of its messages, each with its name: those that make a difference.
    pub fn conditions(&self) -> impl Iterator<Item = (&'static str, &Choice)> {
        let all = self.stated.each().into_iter().chain([("key", &self.messages)]);
        all.filter(|(_, choice)| !choice.is_any())
    }

    /// What narrows it, in words, each on a line.
    pub fn lines(&self) -> Vec<String> {
        self.conditions().map(|(what, choice)| format!("{what} {}", choice.describe())).collect()
    }

    /// The names of its agency classes.
    pub fn names(&self) -> String {
        self.agencies.iter().map(|agency| agency.name.as_str()).collect::<Vec<_>>().join(" + ")
    }
}

/// Duties that may follow, and the columns that they are of.
#[derive(Debug)]
pub struct DutyGroup<'m> {
    /// The columns, in words: agency classes alone, where it is all that they have.
    pub whose: Vec<String>,
    /// The numbers of the columns.
    pub columns: Vec<usize>,
    /// The duties.
    pub duties: Vec<&'m MatrixRule>,
}

/// An agency class at the head of a column.
#[derive(Debug, Clone, Serialize)]
pub struct Agency {
    /// Its name in the policy.
    pub name: String,
    /// Its title in the policy.
    pub title: Option<String>,
}

/// A data element, and the number of its cell for each column.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MatrixRow {
    /// Its id.
    pub element: String,
    /// Its title in the catalog.
    pub title: String,
    /// How the DPPA ranks it (18 U.S.C. 2725(3) and (4)).
    pub dppa: dmv_redact::Sensitivity,
    /// Shared by all elements of a kind.
    #[serde(serialize_with = "as_slice")]
    pub cells: Rc<[usize]>,
}

fn as_slice<S: Serializer>(cells: &Rc<[usize]>, serializer: S) -> Result<S::Ok, S::Error> {
    cells.as_ref().serialize(serializer)
}

impl MatrixRow {
    /// The first part of its id, by which rows are grouped.
    pub fn group(&self) -> &str {
        self.element.split('.').next().unwrap_or_default()
    }
}

/// The outcome for an element.
#[derive(Debug, PartialEq, Eq, Hash, Serialize)]
pub struct MatrixCell {
    /// The short answer.
    pub manner: CellManner,
    /// In a word or two.
    pub summary: String,
    /// Whether all that goes out needs an instrument that specifies it; omitted if not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub specified: bool,
    /// In words.
    pub told: String,
    /// Every set of claims is in at least one case; where it is in several, they agree.
    pub cases: Vec<CellCase>,
}

/// A rule that decides some cell.
#[derive(Debug, Serialize)]
pub struct MatrixRule {
    /// Its id in the policy.
    pub id: String,
    /// `permit`, `forbid`, `review` or `duty`.
    pub kind: &'static str,
    /// Of a duty: what must be done, by when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duty: Option<String>,
    /// Claims all of which it requires.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<String>,
    /// Claims of which any one stops it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unless: Vec<String>,
    /// What it is for, as the policy says.
    pub title: Option<String>,
    /// The statute or agreement that it is based on.
    pub basis: Option<String>,
    #[serde(flatten)]
    pub(crate) place: RulePlace,
}

impl MatrixRule {
    /// What it is for, as the policy says; of a duty, what must be done and by when, too.
    pub fn told(&self) -> String {
        let parts = [self.duty.as_deref(), self.title.as_deref()];
        parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
    }
}

impl Matrix {
    /// The duties that may follow, those of the same columns together.
    pub fn duty_groups(&self) -> Vec<DutyGroup<'_>> {
        let mut groups: Vec<DutyGroup<'_>> = Vec::new();
        for rule in self.rules.iter().filter(|rule| rule.duty.is_some()) {
            let heads = self.columns.iter().enumerate();
            let columns: Vec<usize> =
                heads.filter(|(_, head)| head.duties.contains(&rule.id)).map(|(column, _)| column).collect();
            match groups.iter_mut().find(|group| group.columns == columns) {
                Some(group) => group.duties.push(rule),
                None if columns.is_empty() => {}
                None => groups.push(DutyGroup { whose: self.describe_columns(&columns), columns, duties: vec![rule] }),
            }
        }
        groups
    }

    /// Some columns, in words; of classes that have them all, only the names.
    fn describe_columns(&self, columns: &[usize]) -> Vec<String> {
        if columns.len() == self.columns.len() {
            return vec!["every agency class".to_owned()];
        }
        let mut whose = Vec::new();
        for head in columns.iter().filter_map(|column| self.columns.get(*column)) {
            let names = head.names();
            let mut same = self.columns.iter().enumerate().filter(|(_, other)| other.names() == names);
            let is_whole = same.all(|(column, _)| columns.contains(&column));
            let own = if is_whole { names } else { [vec![names], head.lines()].concat().join(", ") };
            if !whose.contains(&own) {
                whose.push(own);
            }
        }
        whose
    }

    /// The rows by group, in the order of the catalog.
    pub fn groups(&self) -> Vec<(&str, Vec<&MatrixRow>)> {
        let mut groups: Vec<(&str, Vec<&MatrixRow>)> = Vec::new();
        for row in &self.elements {
            match groups.iter_mut().find(|(name, _)| *name == row.group()) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((row.group(), vec![row])),
            }
        }
        groups
    }

    /// The cell of this number.
    pub fn cell(&self, number: usize) -> Option<&MatrixCell> {
        self.cells.get(number)
    }

    /// The rule of this number.
    pub fn rule(&self, number: usize) -> Option<&MatrixRule> {
        self.rules.get(number)
    }
}
