//! Parses the date of a request, or of a report.

use dmv_redact::Date;
use dmv_redact_model::date::DATE_FORM;

/// Parses `YYYY-MM-DD`.
///
/// # Errors
/// How a date is written.
pub(super) fn date(text: &str) -> Result<Date, String> {
    Date::parse(text).ok_or_else(|| DATE_FORM.to_owned())
}
