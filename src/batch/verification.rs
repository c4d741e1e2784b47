//! The second reading over outputs, in every form that `redact` writes: the same reading end as a run has, and counts instead
//! of outputs.

use std::sync::atomic::AtomicBool;

use super::journal::Position;
use super::line::{FAILED, trim_space, write_notice};
use super::pipeline::{self, ByteBudget, ResultSink};
use super::reader::{Reader, Seen, Step};
use super::run::{Run, RunError, Watch};
use super::work::{Origin, Work};
use crate::Requester;
use crate::read::Reason;

/// What a verification has found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Verified {
    /// Outputs that were read.
    pub(crate) messages: u64,
    /// Those that hold what must not be in them.
    pub(crate) findings: u64,
    /// Notices that stand for messages which were held or withheld, and for those that could not be read.
    pub(crate) withheld: u64,
    pub(crate) failed: u64,
    /// What could not be read now, or was passed over.
    pub(crate) unread: u64,
}

impl Verified {
    fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.findings += other.findings;
        self.withheld += other.withheld;
        self.failed += other.failed;
        self.unread += other.unread;
    }
}

impl Run {
    /// Reads the inputs as outputs of another run: those that hold what must not be in them, and what can't be read, are told.
    pub(crate) fn verify(&self, watch: &dyn Watch) -> Result<Verified, RunError> {
        let workers = rayon::ThreadPoolBuilder::new().num_threads(self.jobs).build();
        let workers = workers.map_err(|error| RunError::Io(format!("no threads: {error}")))?;
        let share = self.memory / 2;
        // Nobody stops it but by ending the process.
        static IS_STOPPED: AtomicBool = AtomicBool::new(false);
        let (room, is_over, seen) = (ByteBudget::new(share), AtomicBool::new(false), Seen::default());
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
            seen: &seen,
        };
        let mut taken = Taken { watch, lines: 0, verified: Verified::default(), failure: None };
        let mut read = Ok(());
        pipeline::run(&workers, &room, &is_over, &mut taken, |feed| read = reader.run(&Position::default(), feed));
        if let Some(failure) = taken.failure {
            return Err(failure);
        }
        read?;
        Ok(taken.verified)
    }
}

/// Takes what the workers have found, in the order of the sources.
struct Taken<'w> {
    watch: &'w dyn Watch,
    /// Lines of the source before the next unit.
    lines: u64,
    verified: Verified,
    failure: Option<RunError>,
}

impl ResultSink<Step> for Taken<'_> {
    fn take(&mut self, step: Step) -> bool {
        let after = match step {
            Step::Done(done, after) => match *done {
                Ok(done) => {
                    for notice in &done.notices {
                        self.watch.tell_failure(&notice.line(self.lines));
                    }
                    self.verified.add(done.verified);
                    self.lines += done.lines;
                    Some(after)
                }
                Err(error) => {
                    self.failure = Some(RunError::Io(error.to_string()));
                    return false;
                }
            },
            Step::Told { text, after, .. } => {
                self.verified.unread += 1;
                self.watch.tell_failure(&text);
                Some(after)
            }
            Step::Passed(after) => Some(after),
            Step::Open { .. } | Step::Close(_) => None,
        };
        if after.is_none_or(|after| after.inside.is_none()) {
            self.lines = 0;
        }
        true
    }

    fn flush(&mut self) -> bool {
        true
    }
}

impl Work<'_> {
    /// Reads a message as an output: what must not be in it is told.
    pub(super) fn verify(&mut self, origin: &Origin<'_>, output: &[u8], requester: &Requester) {
        self.done.verified.messages += 1;
        if let Err(finding) = self.task.filter.verify(output, requester) {
            self.finding(origin, finding.to_string());
        }
    }

    /// Takes note of something that is no output that may be there.
    pub(super) fn finding(&mut self, origin: &Origin<'_>, what: String) {
        self.done.verified.findings += 1;
        self.tell(origin, what, true);
    }

    /// Counts the notice that stands for a message, if it is one.
    pub(super) fn count_notice(&mut self, text: &[u8]) -> bool {
        let text = trim_space(text);
        let is_withheld = |reason: Option<Reason>| {
            let mut notice = Vec::new();
            write_notice(reason, &mut notice);
            text == trim_space(&notice)
        };
        let verified = &mut self.done.verified;
        let count = match () {
            () if !text.starts_with(b"{\"") => return false,
            () if text == trim_space(FAILED) => &mut verified.failed,
            () if Reason::ALL.into_iter().map(Some).chain([None]).any(is_withheld) => &mut verified.withheld,
            () => return false,
        };
        *count += 1;
        true
    }
}
