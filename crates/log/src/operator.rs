//! The record of a step of whoever runs a service. A stop holds before its record is written, and ends after (P12).

use serde::Serialize;

/// What an operator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OperatorAction {
    /// Nothing goes out any more to those whom the stop names.
    Stopped,
    /// A stop ends.
    Resumed,
}

/// A step of an operator. Texts are escaped; none may be of a message (P6).
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct OperatorStep<'s> {
    /// What is done.
    pub step: OperatorAction,
    /// Whom it concerns: `everything`, `class NAME`, `agency ORI` or `line CODE`.
    pub scope: &'s str,
    /// Who does it: the name that they gave.
    pub by: &'s str,
    /// Why: their words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'s str>,
}

/// The body of such a record.
#[derive(Serialize)]
pub(super) struct OperatorRecord<'s> {
    pub(super) time: String,
    #[serde(flatten)]
    pub(super) step: &'s OperatorStep<'s>,
}
