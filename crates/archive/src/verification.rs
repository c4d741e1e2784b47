//! Verifies outputs with the second reading, in every form that `redact` writes: with the reader of a run, and counts
//! instead of outputs.

use std::sync::atomic::AtomicBool;

use super::batch::{BatchRun, RunError, RunObserver};
use super::journal::RunPosition;
use super::line::{FAILED, FAILED_ELEMENT, trim_space, write_element_notice, write_notice};
use super::pipeline::{self, ByteBudget, ResultSink};
use super::reader::{ObservedLayouts, Reader, WriterStep};
use super::summary::VerificationCounts;
use super::work::{MessageOrigin, UnitWorker};
use dmv_redact::{Reason, Requester};

impl BatchRun {
    /// Reads the inputs as outputs of another run, and reports those that have findings or can't be read.
    pub fn verify(&self, observer: &dyn RunObserver) -> Result<VerificationCounts, RunError> {
        let workers = rayon::ThreadPoolBuilder::new().num_threads(self.jobs).build();
        let workers = workers.map_err(|error| RunError::Io(format!("no threads: {error}")))?;
        let share = self.memory / 2;
        // Never set: only ending the process stops a verification.
        static IS_STOPPED: AtomicBool = AtomicBool::new(false);
        let (budget, is_over, observed) = (ByteBudget::new(share), AtomicBool::new(false), ObservedLayouts::default());
        let reader = Reader {
            task: &self.task,
            inputs: &self.inputs,
            outputs: &self.outputs,
            as_form: self.as_form,
            staging: None,
            workers: &workers,
            is_stopped: &IS_STOPPED,
            window: share,
            spool: self.spool,
            observed: &observed,
        };
        let mut sink = FindingSink { observer, verified: VerificationCounts::default(), failure: None };
        let mut read = Ok(());
        pipeline::run(&workers, &budget, &is_over, &mut sink, |feed| read = reader.run(&RunPosition::default(), feed));
        if let Some(failure) = sink.failure {
            return Err(failure);
        }
        read?;
        Ok(sink.verified)
    }
}

/// Collects the findings of the workers, in the order of the sources.
struct FindingSink<'w> {
    observer: &'w dyn RunObserver,
    verified: VerificationCounts,
    failure: Option<RunError>,
}

impl ResultSink<WriterStep> for FindingSink<'_> {
    fn take(&mut self, step: WriterStep) -> bool {
        match step {
            WriterStep::Unit(done, _) => match *done {
                Ok(done) => {
                    for notice in &done.notices {
                        self.observer.on_failure(&notice.text);
                    }
                    self.verified.add(done.verified);
                }
                Err(error) => {
                    self.failure = Some(RunError::Io(error.to_string()));
                    return false;
                }
            },
            WriterStep::Reported { text, .. } => {
                self.verified.unread += 1;
                self.observer.on_failure(&text);
            }
            WriterStep::Advance(_) | WriterStep::Open { .. } | WriterStep::Close(_) => {}
        }
        true
    }

    fn flush(&mut self) -> bool {
        true
    }
}

impl UnitWorker<'_> {
    /// Verifies a message as an output, and reports findings.
    pub(super) fn verify(&mut self, origin: &MessageOrigin<'_>, output: &[u8], requester: &Requester) {
        self.result.verified.messages += 1;
        if let Err(finding) = self.task.filter.verify(output, requester) {
            self.finding(origin, finding.to_string());
        }
    }

    /// Reports a finding.
    pub(super) fn finding(&mut self, origin: &MessageOrigin<'_>, what: String) {
        self.result.verified.findings += 1;
        self.report(origin, what, true);
    }

    /// Counts a text if it is a notice for a message, and returns whether it is.
    pub(super) fn count_notice(&mut self, text: &[u8]) -> bool {
        let text = trim_space(text);
        let verified = &mut self.result.verified;
        let count = match () {
            () if ![&b"{\""[..], b"<withheld", b"<failed"].iter().any(|start| text.starts_with(start)) => return false,
            () if text == trim_space(FAILED) || text == FAILED_ELEMENT => &mut verified.failed,
            () if is_notice_of_withheld(text) => &mut verified.withheld,
            () => return false,
        };
        *count += 1;
        true
    }
}

/// Whether a text is the notice for a message that was withheld for some reason.
fn is_notice_of_withheld(text: &[u8]) -> bool {
    Reason::ALL.iter().map(Some).chain([None]).any(|reason| {
        let (mut notice, mut element) = (Vec::new(), Vec::new());
        write_notice(reason.copied(), &mut notice);
        write_element_notice(reason.copied(), &mut element);
        text == trim_space(&notice) || text == element
    })
}
