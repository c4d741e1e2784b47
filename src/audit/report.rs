//! What a log tells: who got what, how often.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::AuditError;
use super::chain::{Key, Kind, Line, NO_HASH};

/// Who got what, over all runs of a log.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Report {
    messages: u64,
    /// Lines that are not as they were written, or not in their place: what they say isn't counted.
    pub(crate) broken_lines: u64,
    requesters: BTreeMap<String, Received>,
    agency_classes: BTreeMap<String, Received>,
}

/// What one requester, or one agency class, got.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Received {
    messages: u64,
    dispositions: BTreeMap<String, u64>,
    elements: BTreeMap<String, Values>,
}

/// Values of a data element.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
struct Values {
    #[serde(default)]
    released: u64,
    #[serde(default)]
    generalised: u64,
    #[serde(default)]
    removed: u64,
}

/// What of a message's record is reported.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Body {
    disposition: String,
    requester: Option<String>,
    #[serde(default)]
    agency_classes: Vec<String>,
    #[serde(default)]
    elements: BTreeMap<String, Values>,
}

impl Received {
    fn add(&mut self, body: &Body) {
        self.messages += 1;
        *self.dispositions.entry(body.disposition.clone()).or_default() += 1;
        for (element, values) in &body.elements {
            let own = self.elements.entry(element.clone()).or_default();
            own.released += values.released;
            own.generalised += values.generalised;
            own.removed += values.removed;
        }
    }
}

/// Reads a log and adds up what it says. Lines are verified while they are read.
///
/// # Errors
/// When it can't be read.
pub(crate) fn report(path: &Path, key: Option<&Key>) -> Result<Report, AuditError> {
    let io = |error: std::io::Error| AuditError::io(path, &error);
    let mut lines = BufReader::with_capacity(1 << 20, File::open(path).map_err(io)?);
    let mut report = Report::default();
    let mut text = Vec::new();
    let mut object = Vec::new();
    let mut last = (0, NO_HASH.to_vec());
    loop {
        text.clear();
        if lines.read_until(b'\n', &mut text).map_err(io)? == 0 {
            return Ok(report);
        }
        let line = text.strip_suffix(b"\n").and_then(Line::read);
        let Some(line) = line.filter(|line| line.is_intact(key)) else {
            report.broken_lines += 1;
            continue;
        };
        let follows = line.sequence == last.0 + 1 && line.previous == last.1;
        last = (line.sequence, line.hash.to_vec());
        if !follows {
            report.broken_lines += 1;
            continue;
        }
        if line.kind != Kind::Message {
            continue;
        }
        object.clear();
        object.push(b'{');
        object.extend_from_slice(line.body);
        object.push(b'}');
        let Ok(body) = serde_json::from_slice::<Body>(&object) else {
            report.broken_lines += 1;
            continue;
        };
        report.messages += 1;
        let requester = body.requester.as_deref().unwrap_or("unknown");
        report.requesters.entry(requester.to_owned()).or_default().add(&body);
        for class in &body.agency_classes {
            report.agency_classes.entry(class.clone()).or_default().add(&body);
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} messages", self.messages)?;
        for (title, parts) in [("agency class", &self.agency_classes), ("requester", &self.requesters)] {
            for (name, received) in parts {
                let dispositions: Vec<String> =
                    received.dispositions.iter().map(|(name, count)| format!("{count} {name}")).collect();
                writeln!(f, "\n{title} {name}: {} messages: {}", received.messages, dispositions.join(", "))?;
                let passed = received.elements.iter().filter(|(_, values)| values.released + values.generalised > 0);
                for (element, values) in passed {
                    let Values { released, generalised, .. } = values;
                    write!(f, "  {element:<36}{released:>12} released")?;
                    match generalised {
                        0 => writeln!(f)?,
                        _ => writeln!(f, "{generalised:>12} generalised")?,
                    }
                }
            }
        }
        Ok(())
    }
}
