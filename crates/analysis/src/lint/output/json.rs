//! Findings as JSON, one member per fact.

use serde::Serialize;

use super::super::finding::{Finding, Severity};

#[derive(Serialize)]
struct Report<'f> {
    findings: Vec<Line<'f>>,
}

#[derive(Serialize)]
struct Line<'f> {
    code: &'static str,
    severity: Severity,
    file: &'f str,
    /// Both are null if the finding is about the whole file.
    line: Option<usize>,
    column: Option<usize>,
    message: &'f str,
    help: Option<&'f str>,
}

/// All findings as one JSON document.
pub fn json(found: &[Finding], strict: bool) -> String {
    let report = Report { findings: found.iter().map(|finding| line(finding, strict)).collect() };
    serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
}

fn line(finding: &Finding, strict: bool) -> Line<'_> {
    let Finding { code, error } = finding;
    let (line, column) = error.position().unzip();
    let (message, help) = (error.message(), error.help_text());
    Line { code: code.name, severity: finding.severity(strict), file: error.file(), line, column, message, help }
}
