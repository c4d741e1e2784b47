//! Findings as SARIF 2.1.0 (OASIS standard), for code scanning.

use serde_json::{Value, json};

use super::super::codes;
use super::super::finding::{Code, Finding};

/// All findings as one run.
pub fn sarif(found: &[Finding], strict: bool) -> String {
    let codes = codes();
    let rules: Vec<Value> = codes.iter().map(|code| rule(code)).collect();
    let results: Vec<Value> = found.iter().map(|finding| result(finding, &codes, strict)).collect();
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "dmv-redact",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            // Columns count characters, as everywhere in this program.
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_string_pretty(&log).unwrap_or_default() + "\n"
}

fn rule(code: &Code) -> Value {
    json!({
        "id": code.name,
        "shortDescription": { "text": sentence(code.meaning) },
        "defaultConfiguration": { "level": code.severity.name() },
    })
}

fn result(finding: &Finding, codes: &[&Code], strict: bool) -> Value {
    let error = &finding.error;
    let text = match error.help_text() {
        Some(help) => format!("{} {}", sentence(error.message()), sentence(help)),
        None => sentence(error.message()),
    };
    let mut place = json!({ "artifactLocation": { "uri": uri(error.file()) } });
    if let (Some((line, column)), Some(place)) = (error.position(), place.as_object_mut()) {
        place.insert("region".to_owned(), json!({ "startLine": line, "startColumn": column }));
    }
    json!({
        "ruleId": finding.code.name,
        "ruleIndex": codes.iter().position(|code| code.name == finding.code.name),
        "level": finding.severity(strict).name(),
        "message": { "text": text },
        "locations": [{ "physicalLocation": place }],
    })
}

/// A message as a sentence, which SARIF requires.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    let end = if text.ends_with(['?', '.', '!']) { "" } else { "." };
    format!("{first}{}{end}", characters.as_str())
}

/// A path as a URI reference: relative ones stay relative, and what a URI can't contain is escaped.
fn uri(path: &str) -> String {
    let mut uri = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            b'\\' => uri.push('/'),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
