//! What the fuzz targets steer that no caller may: the vector instructions in use, what a filter keeps of earlier messages, and
//! a whole run over one source without the command line. Compiled with the feature `fuzz` alone.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use fearless_simd::Level;

use crate::batch::{BatchRun, Inputs, LineMembers, Outputs, RunError, RunObserver, StartMode, Task, roots};
use crate::report::Summary;
use crate::wide::OWN_LEVEL;
use crate::{Filter, Requester};

/// Vector instructions that the filter has code for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// 128 bits: every x86-64 processor has them.
    Sse2,
    /// 256 bits.
    Avx2,
    /// 512 bits.
    Avx512,
}

/// Runs `run` with these vector instructions on this thread. `None`, and nothing is run, where the processor lacks them.
pub fn with_width<R>(width: Width, run: impl FnOnce() -> R) -> Option<R> {
    let level = own_level(width)?;
    let before = OWN_LEVEL.replace(Some(level));
    let result = run();
    OWN_LEVEL.set(before);
    Some(result)
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn own_level(width: Width) -> Option<Level> {
    let widest = Level::new();
    match width {
        Width::Sse2 => widest.as_sse2().map(Level::Sse2),
        Width::Avx2 => widest.as_avx2().map(Level::Avx2),
        Width::Avx512 => widest.as_avx512().map(Level::Avx512),
    }
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
fn own_level(_: Width) -> Option<Level> {
    None
}

/// The same filter without anything kept from earlier messages.
#[must_use]
pub fn without_history(filter: &Filter) -> Filter {
    filter.without_history()
}

/// What became of a run, as `--summary json` has it, and every line that it reported.
#[derive(Debug)]
pub struct Ran {
    /// The counts.
    pub summary: serde_json::Value,
    /// Notices and failures, one line each.
    pub lines: Vec<String>,
}

#[derive(Default)]
struct Lines(std::sync::Mutex<Vec<String>>);

impl Lines {
    fn add(&self, line: &str) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(line.to_owned());
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
pub fn redact_source(filter: &Filter, requester: &Requester, source: &Path, out: &Path) -> Result<Ran, String> {
    static NEVER: AtomicBool = AtomicBool::new(false);
    let run = BatchRun {
        task: Task {
            filter: filter.clone(),
            requester: requester.clone(),
            members: LineMembers::default(),
            other: None,
            drop_withheld: false,
            withheld: None,
            is_audited: false,
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
    Ok(Ran { summary, lines: watch.0.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) })
}

/// Bytes of memory and of disk of such a run: a fuzzer's inputs are small.
const MEMORY: usize = 256 << 20;
const SPOOL: u64 = 1 << 20;
