//! The end of a run, for people and for programs: results and resources.

use std::fmt;
use std::path::Path;

use bytesize::ByteSize;
use serde::Serialize;

use dmv_redact::PolicyIdentity;
use dmv_redact_archive::RunReport;
use dmv_redact_archive::{Comparison, Summary};
use dmv_redact_model::escape::escape;

/// The summary of a run with its resources.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct RunOutcome<'r> {
    #[serde(flatten)]
    summary: &'r Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    compared: Option<&'r Comparison>,
    run: RunDetails,
    #[serde(skip)]
    is_dry: bool,
    #[serde(skip)]
    log: Option<String>,
    #[serde(skip)]
    withheld: Option<String>,
    #[serde(skip)]
    has_queue: bool,
}

/// The arguments of a run that its summary ends with.
pub(super) struct RunEnding<'e> {
    pub(super) policy: &'e PolicyIdentity,
    /// A file, a folder, a device; `None` for stdout.
    pub(super) outputs: Option<&'e Path>,
    pub(super) withheld: Option<&'e Path>,
    pub(super) log: Option<&'e Path>,
    /// Whether held messages are in a queue of reviews.
    pub(super) has_queue: bool,
    pub(super) is_dry: bool,
}

/// The details that differ in every run.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct RunDetails {
    is_complete: bool,
    policy: String,
    outputs: Option<String>,
    /// Sequence number and hash of the disclosure log's last line.
    #[serde(rename = "audit-head")]
    log_head: Option<String>,
    seconds: f64,
    messages_per_second: f64,
    bytes_per_second: f64,
    /// Peak memory in bytes, where the system reports it.
    peak_memory: Option<u64>,
}

impl<'r> RunOutcome<'r> {
    pub(super) fn new(report: &'r RunReport, ending: &RunEnding<'_>) -> Self {
        let seconds = report.time.as_secs_f64();
        let [messages_per_second, bytes_per_second] =
            [report.messages, report.bytes].map(|number| number as f64 / seconds.max(f64::MIN_POSITIVE));
        let PolicyIdentity { name, version, .. } = ending.policy;
        Self {
            summary: &report.summary,
            compared: report.comparison.as_ref(),
            run: RunDetails {
                is_complete: !report.is_stopped,
                policy: escape(&format!("{name} {version}")).into_owned(),
                outputs: ending.outputs.map(escaped_path),
                log_head: report.head.as_ref().map(|(sequence, hash)| format!("{sequence}:{hash}")),
                seconds,
                messages_per_second,
                bytes_per_second,
                peak_memory: peak_memory(),
            },
            is_dry: ending.is_dry,
            log: ending.log.map(escaped_path),
            withheld: ending.withheld.map(escaped_path),
            has_queue: ending.has_queue,
        }
    }

    /// What a person sees last: where everything is, what to do next, and the headline.
    fn write_end(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RunDetails { policy, outputs, log_head, .. } = &self.run;
        writeln!(f, "\npolicy: {policy}")?;
        if let Some(outputs) = outputs {
            writeln!(f, "outputs: {outputs}")?;
        } else if self.is_dry {
            writeln!(f, "outputs: none, for this is a dry run")?;
        }
        if let Some(withheld) = &self.withheld {
            writeln!(f, "originals of what was held or withheld: {withheld}")?;
        }
        if let Some((log, head)) = self.log.as_ref().zip(log_head.as_ref()) {
            writeln!(f, "disclosure log: {log}\nthe disclosure log ends with {head}")?;
        }
        for next in self.summary.next_steps(self.withheld.is_some(), self.has_queue) {
            writeln!(f, "next: {next}")?;
        }
        writeln!(f, "{}", self.summary.headline())
    }
}

fn escaped_path(path: &Path) -> String {
    escape(&path.to_string_lossy()).into_owned()
}

impl fmt::Display for RunOutcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.summary)?;
        if let Some(compared) = self.compared {
            write!(f, "{compared}")?;
        }
        let RunDetails { seconds, messages_per_second, bytes_per_second, peak_memory, .. } = &self.run;
        let rate = ByteSize(*bytes_per_second as u64);
        write!(f, "\n{seconds:.2} s: {messages_per_second:.0} messages/s, {rate}/s")?;
        if let Some(peak) = *peak_memory {
            write!(f, ", {} of memory at the most", ByteSize(peak))?;
        }
        writeln!(f)?;
        self.write_end(f)
    }
}

/// The peak memory of this process, in bytes (Linux: `VmHWM`).
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}
