//! What one cell says: the cases of a decision over claims, in as few and as plain words as they allow.

use serde::Serialize;

use crate::Treatment;

/// What a cell comes down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Manner {
    Full,
    Generalised,
    /// Only when something is vouched for.
    Claim,
    Held,
    Never,
}

/// What becomes of an element in one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Becomes {
    Released,
    Held,
    Removed,
}

/// Some claims, what becomes of the element when they are vouched for and those of `without` are not, and the rules that
/// decide it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct CellCase {
    pub(crate) with: Vec<String>,
    pub(crate) without: Vec<String>,
    pub(crate) becomes: Becomes,
    pub(crate) treatment: Option<Treatment>,
    /// The places of the rules among those of the matrix; empty where no rule permits the element.
    pub(crate) rules: Vec<usize>,
}

impl CellCase {
    /// What becomes of the element, in a word or two.
    pub(crate) fn told(&self) -> String {
        match (self.becomes, self.treatment) {
            (Becomes::Released, Some(treatment)) => treatment.name().to_owned(),
            (Becomes::Held, Some(Treatment::Full)) | (Becomes::Held, None) => "held".to_owned(),
            (Becomes::Held, Some(treatment)) => format!("held ({})", treatment.name()),
            _ => "removed".to_owned(),
        }
    }

    /// The claims, in words; empty when it is about any.
    pub(crate) fn condition(&self) -> String {
        let mut told = String::new();
        if !self.with.is_empty() {
            told += &format!("with {}", self.with.join(" and "));
        }
        if !self.without.is_empty() {
            let space = if told.is_empty() { "" } else { " " };
            told += &format!("{space}without {}", self.without.join(" or "));
        }
        told
    }
}

/// What cases come down to, and how that is said in one word and in a line.
pub(super) fn summary(cases: &[CellCase]) -> (Manner, String, String) {
    // Without any claim.
    let first = cases.iter().find(|case| case.with.is_empty());
    let manner = match first.map(|case| (case.becomes, case.treatment)) {
        Some((Becomes::Released, Some(Treatment::Full))) => Manner::Full,
        Some((Becomes::Released, _)) => Manner::Generalised,
        Some((Becomes::Held, _)) => Manner::Held,
        _ if cases.iter().any(|case| case.becomes != Becomes::Removed) => Manner::Claim,
        _ => Manner::Never,
    };
    let word = match (manner, first) {
        (Manner::Generalised | Manner::Held, Some(case)) => case.told(),
        (Manner::Full, _) => "full".to_owned(),
        (Manner::Claim, _) => "claim".to_owned(),
        _ => "never".to_owned(),
    };
    // What is removed unless something else is said needs no words.
    let is_said = |case: &&CellCase| case.becomes != Becomes::Removed || !matches!(manner, Manner::Claim);
    let say = |case: &CellCase| match case.with.is_empty() {
        true if cases.iter().filter(|case| case.with.is_empty()).count() == 1 => case.told(),
        _ => format!("{} {}", case.told(), case.condition()),
    };
    let told: Vec<String> = match manner {
        Manner::Never => vec!["never".to_owned()],
        _ => cases.iter().filter(is_said).map(say).collect(),
    };
    (manner, word, told.join("; "))
}
