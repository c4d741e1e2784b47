//! How a run ended, for people and for programs: what became of the messages, and what it took.

use std::fmt;

use bytesize::ByteSize;
use serde::Serialize;

use crate::batch::Report;
use crate::report::{Comparison, Summary};

/// The summary of a run with what it took.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Outcome<'r> {
    #[serde(flatten)]
    summary: &'r Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    compared: Option<&'r Comparison>,
    run: Course,
}

/// What is another every time.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Course {
    is_complete: bool,
    /// Sequence number and hash of the audit log's last line.
    audit_head: Option<String>,
    seconds: f64,
    messages_per_second: f64,
    bytes_per_second: f64,
    /// Bytes of memory at the most, where the system tells.
    peak_memory: Option<u64>,
}

impl<'r> Outcome<'r> {
    pub(super) fn new(report: &'r Report) -> Self {
        let seconds = report.time.as_secs_f64();
        let per_second = |number: u64| number as f64 / seconds.max(f64::MIN_POSITIVE);
        Self {
            summary: &report.summary,
            compared: report.comparison.as_ref(),
            run: Course {
                audit_head: report.head.as_ref().map(|(sequence, hash)| format!("{sequence}:{hash}")),
                is_complete: !report.is_stopped,
                seconds,
                messages_per_second: per_second(report.messages),
                bytes_per_second: per_second(report.bytes),
                peak_memory: peak_memory(),
            },
        }
    }
}

impl fmt::Display for Outcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.summary)?;
        if let Some(compared) = self.compared {
            write!(f, "{compared}")?;
        }
        let Course { audit_head, seconds, messages_per_second, bytes_per_second, peak_memory, .. } = &self.run;
        let rate = ByteSize(*bytes_per_second as u64);
        write!(f, "\n{seconds:.2} s: {messages_per_second:.0} messages/s, {rate}/s")?;
        if let Some(peak) = *peak_memory {
            write!(f, ", {} of memory at the most", ByteSize(peak))?;
        }
        writeln!(f)?;
        match audit_head {
            Some(head) => writeln!(f, "the audit log ends with {head}"),
            None => Ok(()),
        }
    }
}

/// The most memory that this process has had, in bytes (Linux: `VmHWM`).
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}
