//! Parses what names a person, and what a person says of a step that goes on record.

use dmv_redact_model::policy::{is_name, is_statement};

/// Parses a name.
///
/// # Errors
/// What a name is.
pub(super) fn person(text: &str) -> Result<String, String> {
    match is_name(text) {
        true => Ok(text.to_owned()),
        false => {
            Err("a name is 1 to 128 characters, a letter or digit among them, without control characters".to_owned())
        }
    }
}

/// Parses a reason or a note.
///
/// # Errors
/// What one is.
pub(super) fn statement(text: &str) -> Result<String, String> {
    match is_statement(text) {
        true => Ok(text.to_owned()),
        false => Err("write 1 to 500 characters, a letter or digit among them, without control characters".to_owned()),
    }
}
