//! Parses what names a person, and what a person says of a step that goes on record.

use dmv_redact_model::policy::{NAME_FORM, STATEMENT_FORM, is_name, is_statement};

/// Parses a name.
///
/// # Errors
/// What a name is.
pub(super) fn person(text: &str) -> Result<String, String> {
    match is_name(text) {
        true => Ok(text.to_owned()),
        false => Err(format!("a name is {NAME_FORM}")),
    }
}

/// Parses a reason or a note.
///
/// # Errors
/// What one is.
pub(super) fn statement(text: &str) -> Result<String, String> {
    match is_statement(text) {
        true => Ok(text.to_owned()),
        false => Err(format!("write {STATEMENT_FORM}")),
    }
}
