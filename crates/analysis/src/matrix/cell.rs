//! The content of one cell: the cases of a decision over claims, in as few and as plain words as possible.

use serde::Serialize;

use dmv_redact::Treatment;

use super::MatrixClaim;

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
    /// The claims, in words.
    #[serde(skip)]
    pub condition: String,
    /// Whether it is only for what an instrument specifies.
    #[serde(skip)]
    pub is_specified: bool,
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
}

/// Claims that must be vouched for, and claims none of which may be, in words; empty if any will do. What an instrument
/// specifies is told by the claims that it is behind: nobody vouches for it apart.
pub(super) fn condition(with: &[&MatrixClaim], without: &[&MatrixClaim]) -> String {
    let names = |claims: &[&MatrixClaim]| claims.iter().map(|claim| claim.vouched()).collect::<Vec<_>>();
    let (specified, refused): (Vec<_>, Vec<_>) = without.iter().partition(|claim| claim.is_derived());
    let mut parts = Vec::new();
    if !with.is_empty() {
        parts.push(format!("with {}", names(with).join(" and ")));
    }
    if !refused.is_empty() {
        parts.push(format!("without {}", names(&refused).join(" or ")));
    }
    if !specified.is_empty() {
        parts.push(format!("unless the instrument behind {} specifies it", names(&specified).join(" or ")));
    }
    parts.join(" ")
}

/// Whether all that goes out needs an instrument that specifies it.
pub(super) fn is_specified(cases: &[CellCase]) -> bool {
    let mut released = cases.iter().filter(|case| case.becomes == ElementOutcome::Released).peekable();
    released.peek().is_some() && released.all(|case| case.is_specified)
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
    let is_specified = is_specified(cases);
    let word = match (manner, first) {
        (CellManner::Held, Some(case)) if is_specified => format!("{}, if specified", case.describe()),
        (CellManner::Generalised | CellManner::Held, Some(case)) => case.describe(),
        (CellManner::Full, _) => "full".to_owned(),
        (CellManner::Claim, _) if is_specified => "if specified".to_owned(),
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
            _ if case.is_specified => format!("{} {}, if specified", case.describe(), case.condition),
            _ => format!("{} {}", case.describe(), case.condition),
        });
    }
    lines.join("; ")
}
