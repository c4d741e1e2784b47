//! Findings as workflow commands of GitHub Actions: each shows at its line in a pull request.
//!
//! Source of the format and its escapes: GitHub's documentation, "Workflow commands for GitHub Actions", and the
//! toolkit's `@actions/core` command module.

use super::super::finding::{Finding, Severity};

/// One line per finding.
pub fn annotations(found: &[Finding], strict: bool) -> String {
    found.iter().map(|finding| annotation(finding, strict)).collect()
}

fn annotation(finding: &Finding, strict: bool) -> String {
    let command = match finding.severity(strict) {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let error = &finding.error;
    let place = match error.position() {
        Some((line, column)) => format!(",line={line},col={column}"),
        None => String::new(),
    };
    let help = error.help_text().map(|help| format!("\n{help}")).unwrap_or_default();
    let (file, title) = (property(error.file()), property(finding.code.name));
    format!("::{command} file={file}{place},title={title}::{}\n", data(&format!("{}{help}", error.message())))
}

/// A message, in which a line break would end the command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property, which a colon or a comma would end too.
fn property(text: &str) -> String {
    data(&dmv_redact_model::escape::escape(text)).replace(':', "%3A").replace(',', "%2C")
}
