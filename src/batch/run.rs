//! The run: messages redacted in parallel, each written or refused by itself.

use std::io;
use std::path::Path;

use rayon::prelude::*;

use super::sink::{remove_stale, write_whole};
use super::source::{Job, read_file};
use crate::report::Summary;
use crate::{Filter, Receipt, Requester};

/// What became of a run.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// The counts.
    pub(crate) summary: Summary,
    /// One line for each message that was held, withheld or failed, in the order of the jobs.
    pub(crate) notices: Vec<String>,
}

/// Redacts every job on the current rayon thread pool. One that fails never stops the others.
#[must_use]
pub(crate) fn run(filter: &Filter, requester: &Requester, jobs: &[Job]) -> Report {
    let outcomes = jobs.par_iter().map(|job| {
        let mut report = Report::default();
        match redact(filter, requester, job) {
            Ok(receipt) => {
                report.summary.add(&receipt);
                report.notices.extend(notice(&job.input.display().to_string(), &receipt));
            }
            Err(error) => {
                report.summary.add_failure();
                report.notices.push(format!("{}: failed: {error}", job.input.display()));
            }
        }
        report
    });
    outcomes.reduce(Report::default, |mut before, mut after| {
        before.notices.append(&mut after.notices);
        Report { summary: before.summary.merge(after.summary), notices: before.notices }
    })
}

fn redact(filter: &Filter, requester: &Requester, job: &Job) -> io::Result<Receipt> {
    let message = read_file(&job.input, filter.message_bytes())?;
    let mut output = Vec::new();
    let receipt = filter.redact(&message, requester, &mut output);
    if receipt.disposition().releases() {
        write(&job.output, &output)?
    } else {
        remove_stale(&job.output)?
    }
    Ok(receipt)
}

fn write(path: &Path, output: &[u8]) -> io::Result<()> {
    write_whole(path, output).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// The line about a message that was not released: reason code, place and fixed words; `None` when it was.
#[must_use]
pub(crate) fn notice(name: &str, receipt: &Receipt) -> Option<String> {
    let reason = receipt.reason()?;
    let place = receipt.offset().map(|offset| format!(" at byte {offset}")).unwrap_or_default();
    let detail = receipt.detail().unwrap_or_default();
    Some(format!("{name}: {}: {}{place}: {detail}", receipt.disposition().name(), reason.code()))
}
