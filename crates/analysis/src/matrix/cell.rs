//! The content of one cell: the cases of a decision over claims, in as few and as plain words as possible.

use serde::Serialize;

use dmv_redact::Treatment;

/// The short answer of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CellManner {
    /// Released as it is.
    Full,
    /// Released less precise: a year, a part, a mask.
    Generalised,
    /// Only if something is vouched for.
    Claim,
    /// A person must review the message.
    Held,
    /// Never released.
    Never,
}

/// The outcome for an element in one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ElementOutcome {
    /// It goes out.
    Released,
    /// It would go out after a review.
    Held,
    /// It doesn't go out.
    Removed,
}

/// Some claims, the outcome for the element if they are vouched for and those of `without` are not, and the deciding
/// rules.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CellCase {
    pub(crate) with: Vec<String>,
    pub(crate) without: Vec<String>,
    pub(crate) becomes: ElementOutcome,
    pub(crate) treatment: Option<Treatment>,
    /// The indexes of the rules among the matrix's; empty if no rule permits the element.
    pub rules: Vec<usize>,
}

impl CellCase {
    /// The outcome for the element, in a word or two.
    pub fn describe(&self) -> String {
        match (self.becomes, self.treatment) {
            (ElementOutcome::Released, Some(treatment)) => treatment.name().to_owned(),
            (ElementOutcome::Held, Some(Treatment::Full)) | (ElementOutcome::Held, None) => "held".to_owned(),
            (ElementOutcome::Held, Some(treatment)) => format!("held ({})", treatment.name()),
            _ => "removed".to_owned(),
        }
    }

    /// The short answer of it alone.
    pub fn manner(&self) -> CellManner {
        match (self.becomes, self.treatment) {
            (ElementOutcome::Released, Some(Treatment::Full)) => CellManner::Full,
            (ElementOutcome::Released, _) => CellManner::Generalised,
            (ElementOutcome::Held, _) => CellManner::Held,
            (ElementOutcome::Removed, _) => CellManner::Never,
        }
    }

    /// The claims that must be vouched for.
    pub fn with(&self) -> &[String] {
        &self.with
    }

    /// The claims none of which may be.
    pub fn without(&self) -> &[String] {
        &self.without
    }

    /// The claims, in words; empty if any will do.
    pub fn condition(&self) -> String {
        let mut text = String::new();
        if !self.with.is_empty() {
            text += &format!("with {}", self.with.join(" and "));
        }
        if !self.without.is_empty() {
            let space = if text.is_empty() { "" } else { " " };
            text += &format!("{space}without {}", self.without.join(" or "));
        }
        text
    }
}

/// The short answer of some cases, as a word and as a line.
pub(super) fn summary(cases: &[CellCase]) -> (CellManner, String, String) {
    // Without any claim.
    let first = cases.iter().find(|case| case.with.is_empty());
    let manner = match first.map(CellCase::manner) {
        Some(manner) if manner != CellManner::Never => manner,
        _ if cases.iter().any(|case| case.becomes != ElementOutcome::Removed) => CellManner::Claim,
        _ => CellManner::Never,
    };
    let word = match (manner, first) {
        (CellManner::Generalised | CellManner::Held, Some(case)) => case.describe(),
        (CellManner::Full, _) => "full".to_owned(),
        (CellManner::Claim, _) => "claim".to_owned(),
        _ => "never".to_owned(),
    };
    let line = match manner {
        CellManner::Never => "never".to_owned(),
        _ => describe_cases(cases, manner),
    };
    (manner, word, line)
}

fn describe_cases(cases: &[CellCase], manner: CellManner) -> String {
    let is_only_default = cases.iter().filter(|case| case.with.is_empty()).count() == 1;
    let mut lines = Vec::new();
    for case in cases {
        // Removal by default needs no words.
        if case.becomes == ElementOutcome::Removed && manner == CellManner::Claim {
            continue;
        }
        lines.push(match case.with.is_empty() {
            true if is_only_default => case.describe(),
            _ => format!("{} {}", case.describe(), case.condition()),
        });
    }
    lines.join("; ")
}
