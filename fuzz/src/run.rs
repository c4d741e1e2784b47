//! A whole run over one source, without the command line.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use dmv_redact::{Filter, Requester};
use dmv_redact_archive::{
    BatchRun, Inputs, LineMembers, Outputs, RunError, RunObserver, StartMode, Summary, Task, roots,
};

/// What became of a run, as `--summary json` has it, and every line that it reported.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The counts.
    pub(crate) summary: serde_json::Value,
    /// Notices and failures, one line each.
    pub(crate) lines: Vec<String>,
}

#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl Lines {
    fn add(&self, line: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
    }
}

impl RunObserver for Lines {
    fn on_notice(&self, line: &str) {
        self.add(line);
    }

    fn on_failure(&self, line: &str) {
        self.add(line);
    }

    fn on_progress(&self, _: &Summary) {}
}

/// Redacts the file `source`, whatever form it has, into the folder `out`, a file for each message.
///
/// # Errors
/// What the command line would end with: wrong usage, or an I/O failure.
pub(crate) fn redact_source(filter: &Filter, requester: &Requester, source: &Path, out: &Path) -> Result<Ran, String> {
    static NEVER: AtomicBool = AtomicBool::new(false);
    let mut run = BatchRun {
        task: Task {
            filter: filter.clone(),
            requester: requester.clone(),
            members: LineMembers::default(),
            batch: None,
            approvals: None,
            reviews: None,
            last_decision: 0,
            other: None,
            drop_withheld: false,
            withheld: None,
            is_logged: false,
            is_verification: false,
            is_dry_run: false,
        },
        inputs: Inputs::Roots(roots(&[source.to_owned()]).map_err(|error| format!("{error:?}"))?),
        outputs: Outputs::Files(out.to_owned()),
        as_form: None,
        jobs: 1,
        memory: MEMORY,
        spool: SPOOL,
        begin: StartMode::New,
        terms: Vec::new(),
        prune: false,
    };
    let watch = Lines::default();
    let report = run.run(None, &watch, &NEVER).map_err(|error| match error {
        RunError::Usage(message) | RunError::Io(message) => message,
    })?;
    let summary = serde_json::to_value(&report.summary).map_err(|error| error.to_string())?;
    Ok(Ran { summary, lines: watch.0.into_inner().unwrap_or_else(PoisonError::into_inner) })
}

/// Bytes of memory and of disk of such a run: a fuzzer's inputs are small.
const MEMORY: usize = 256 << 20;
const SPOOL: u64 = 1 << 20;
