//! Verifies a log: its chunks are checked in parallel, in bounded memory (P8), and joined here: the chain from chunk to
//! chunk, the counts of each run, and the line that is known from elsewhere.

mod chunk;
mod fault;
mod source;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::PathBuf;

use rayon::prelude::*;

use crate::chain::{Hash, LogLine, RecordKind};
use crate::counts::DispositionCounts;
use crate::records::StartFields;
use crate::signature::PublicKey;
use crate::{Key, LogError};
use chunk::{Chunk, LineInfo, Predecessor, RunContent, RunRecord, SignatureState};
use fault::FaultKind;
pub use fault::LogFault;
use source::{ChunkReader, LogFile};

/// The result of verifying a log.
#[derive(Debug, Default)]
pub struct Verification {
    /// The first faults.
    pub faults: Vec<LogFault>,
    /// Number of faults, the ones that aren't kept included.
    pub fault_count: u64,
    /// Lines of the log.
    pub lines: u64,
    /// Records of messages among them.
    pub messages: u64,
    /// Runs that wrote them.
    pub runs: u64,
    /// Sequence number and hash of the last line.
    pub head: Option<(u64, String)>,
    /// Checkpoints and ends whose signature is of a given key.
    pub signatures: u64,
    /// The sequence number of the last of them: if there is no fault, the holder of that key vouches for every line up to it.
    pub signed_up_to: Option<u64>,
    /// The first unfinished lines that a start record declares.
    pub notes: Vec<TornLine>,
    /// The files in the order of the chain.
    pub files: Vec<PathBuf>,
}

/// An unfinished line (torn write) of a killed run, declared by the start record after it: not a fault.
#[derive(Debug, Clone, Copy)]
pub struct TornLine {
    /// The file, by its place in the chain.
    pub file: usize,
    /// The line of that start record, from 0, and its sequence number.
    line: u64,
    sequence: u64,
    torn_bytes: u64,
    /// Whether the bytes are still there: earlier versions cut them off.
    is_kept: bool,
}

impl fmt::Display for TornLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, sequence, torn_bytes, is_kept, .. } = self;
        let kept = if *is_kept { "are" } else { "were cut off" };
        write!(f, "line {} (sequence {sequence}): {torn_bytes} bytes of an unfinished line {kept} before it", line + 1)
    }
}

/// The last line as a run reported it at its end, to detect truncation.
#[derive(Debug, Clone)]
pub struct LogHead {
    /// The sequence number of its last line.
    pub sequence: u64,
    /// The hash of its last line.
    pub hash: Hash,
}

/// A value computed from the records of a log while it is verified. Chunks are read in parallel and in no order: what depends on
/// order goes by [`LogLine::sequence`].
pub trait Aggregate: Send {
    /// Adds a message whose line is intact, or messages that were imported.
    fn add_message(&mut self, line: &LogLine<'_>);
    /// Adds the start of a run, or of its resumption, likewise.
    fn add_start(&mut self, _: &LogLine<'_>) {}
    /// Adds a checkpoint or the end of a run, likewise.
    fn add_progress(&mut self, _: &LogLine<'_>) {}
    /// Adds the result of other chunks.
    fn merge(&mut self, other: Self);
}

impl Aggregate for () {
    fn add_message(&mut self, _: &LogLine<'_>) {}
    fn merge(&mut self, (): Self) {}
}

/// Faults that are kept and reported; the rest are only counted.
pub(super) const MAX_KEPT_FAULTS: usize = 20;
/// Runs whose messages are counted at the same time. Only a run resumed after as many others isn't checked.
const MAX_TRACKED_RUNS: usize = 1 << 16;

/// Verifies the log in these files, in whatever order they are named.
///
/// # Errors
/// When one can't be read, or is keyed and no key is given.
pub fn verify(paths: &[PathBuf], key: Option<&Key>, head: Option<&LogHead>) -> Result<Verification, LogError> {
    verify_and_aggregate(paths, key, head, || ()).map(|(verification, ())| verification)
}

/// Verifies the log, and the signatures of its checkpoints and ends, each of which must be of one of these keys. What one run signs
/// all later ones must sign; what came before may be unsigned. What was written after [`Verification::signed_up_to`] isn't signed
/// yet.
///
/// # Errors
/// As [`verify`], and when there is no public key.
#[cfg(feature = "sign")]
pub fn verify_signed(
    paths: &[PathBuf],
    key: Option<&Key>,
    public_keys: &[PublicKey],
    head: Option<&LogHead>,
) -> Result<Verification, LogError> {
    if public_keys.is_empty() {
        return Err(LogError::Usage("it takes a public key to verify signatures".to_owned()));
    }
    verify_with(paths, &Checks { key, head, public_keys }, || ()).map(|(verification, ())| verification)
}

/// What lines are checked against.
#[derive(Debug)]
struct Checks<'c> {
    key: Option<&'c Key>,
    head: Option<&'c LogHead>,
    /// Of signatures; they aren't checked if there is none.
    public_keys: &'c [PublicKey],
}

/// Verifies a log and aggregates its records, beginning with `empty`.
///
/// # Errors
/// As [`verify`].
pub fn verify_and_aggregate<T: Aggregate>(
    paths: &[PathBuf],
    key: Option<&Key>,
    head: Option<&LogHead>,
    empty: impl Fn() -> T,
) -> Result<(Verification, T), LogError> {
    verify_with(paths, &Checks { key, head, public_keys: &[] }, empty)
}

fn verify_with<T: Aggregate>(
    paths: &[PathBuf],
    checks: &Checks<'_>,
    empty: impl Fn() -> T,
) -> Result<(Verification, T), LogError> {
    let sources = LogFile::in_order(paths)?;
    if let (None, Some(keyed)) = (checks.key, sources.iter().find(|source| source.is_keyed)) {
        let message =
            format!("{}: its hashes were made with a key: it takes that to verify them", keyed.path.display());
        return Err(LogError::Usage(message));
    }
    let mut chain = ChainVerifier::default();
    let mut bytes = 0;
    let slot = || ChunkSlot { buffer: Vec::new(), start: None, aggregate: empty() };
    let mut slots: Vec<ChunkSlot<T>> = std::iter::repeat_with(slot).take(rayon::current_num_threads() * 2).collect();
    for (file, source) in sources.iter().enumerate() {
        bytes =
            chain.add_file((file, source), &mut slots, checks).map_err(|error| LogError::io(&source.path, &error))?;
    }
    let mut aggregate = empty();
    for slot in slots {
        aggregate.merge(slot.aggregate);
    }
    let mut verification = chain.end(bytes, checks);
    verification.files = sources.into_iter().map(|source| source.path).collect();
    Ok((verification, aggregate))
}

/// A chunk that is checked in parallel with others, and the messages of all that were in its place.
struct ChunkSlot<T> {
    buffer: Vec<u8>,
    /// Its offset in the file; `None` after the end.
    start: Option<u64>,
    aggregate: T,
}

impl<T: Aggregate> ChunkSlot<T> {
    fn check(&mut self, checks: &Checks<'_>) -> Chunk {
        match self.start {
            Some(start) => chunk::check(&self.buffer, start, checks, &mut self.aggregate),
            None => Chunk::default(),
        }
    }
}

/// Joins the checked chunks, in order.
#[derive(Debug)]
struct ChainVerifier {
    result: Verification,
    predecessor: Predecessor,
    /// The last line, and its file.
    last: Option<(usize, LineInfo)>,
    /// The newest runs, by the sequence number of their first record.
    runs: BTreeMap<u64, RunState>,
    /// Runs up to this one may have been evicted.
    evicted: u64,
    /// The current run.
    run: Option<u64>,
    /// Whether its end record hasn't been seen.
    run_is_open: bool,
    /// Whether the process of the current run may stop after any record.
    may_stop: bool,
    /// Whether the start of the current run says that it is signed.
    run_is_signed: bool,
    /// Whether that of any run so far does, or anything has a signature.
    is_signed: bool,
    has_head: bool,
    /// The current file, and how many of its lines have been read.
    file: usize,
    lines: u64,
    /// Whether the first line of a file that isn't the first is still to come.
    is_between_files: bool,
}

/// The state of a run.
#[derive(Debug, Clone, Copy)]
struct RunState {
    /// Its messages so far; `None` if unknown.
    counts: Option<DispositionCounts>,
    /// Its last line, if another run started before it ended: a fault unless a later run resumes it.
    abandoned: Option<LogFault>,
}

impl Default for ChainVerifier {
    fn default() -> Self {
        Self {
            result: Verification::default(),
            predecessor: Predecessor::GENESIS,
            last: None,
            runs: BTreeMap::new(),
            evicted: 0,
            run: None,
            run_is_open: false,
            may_stop: false,
            run_is_signed: false,
            is_signed: false,
            has_head: false,
            file: 0,
            lines: 0,
            is_between_files: false,
        }
    }
}

impl ChainVerifier {
    /// Reads and checks the next file, as many chunks at a time as there are slots. Returns the bytes of the file.
    fn add_file<T: Aggregate>(
        &mut self,
        (file, source): (usize, &LogFile),
        slots: &mut [ChunkSlot<T>],
        checks: &Checks<'_>,
    ) -> io::Result<u64> {
        let mut chunks = ChunkReader::open(&source.path)?;
        self.begin(file, source, &mut chunks)?;
        loop {
            for slot in slots.iter_mut() {
                slot.start = chunks.next(&mut slot.buffer)?;
            }
            let checked: Vec<Chunk> = slots.par_iter_mut().map(|slot| slot.check(checks)).collect();
            checked.into_iter().for_each(|chunk| self.add(chunk));
            if slots.last().is_none_or(|slot| slot.start.is_none()) {
                break;
            }
        }
        self.end_file();
        Ok(chunks.bytes())
    }

    /// Begins the next file; lines that an earlier file already had are skipped.
    fn begin(&mut self, file: usize, source: &LogFile, chunks: &mut ChunkReader) -> io::Result<()> {
        (self.file, self.lines, self.is_between_files) = (file, 0, self.last.is_some());
        if self.is_between_files && source.first.is_some_and(|first| first <= self.predecessor.link.sequence) {
            let skipped = chunks.skip_through(self.predecessor.link.sequence)?;
            self.fault(0, 0, FaultKind::Overlap(skipped));
            self.lines = skipped;
            self.result.lines += skipped;
        }
        Ok(())
    }

    /// Adds the next chunk.
    fn add(&mut self, chunk: Chunk) {
        let lines = self.lines;
        let mut faults = chunk.faults;
        self.result.fault_count += chunk.fault_count;
        if let Some((info, broken)) = &chunk.first {
            let predecessor = Predecessor { broken: self.predecessor.broken + broken, ..self.predecessor };
            if let Some(kind) = predecessor.mismatch(info) {
                let kind = match kind {
                    FaultKind::Missing(count) if self.is_between_files => FaultKind::Gap(count),
                    kind => kind,
                };
                self.result.fault_count += 1;
                let LineInfo { line, byte, .. } = *info;
                faults.push(LogFault { file: 0, line, byte, sequence: Some(info.link.sequence), kind });
            }
            self.is_between_files = false;
        }
        for record in &chunk.run_records {
            for kind in [self.run_record(record), self.signature(record)].into_iter().flatten() {
                self.result.fault_count += 1;
                let RunRecord { line, byte, sequence, .. } = *record;
                faults.push(LogFault { file: 0, line, byte, sequence: Some(sequence), kind });
            }
        }
        self.count(chunk.messages);
        match chunk.last {
            None => self.predecessor.broken += chunk.broken,
            // A chunk out of order is reported at its first line.
            Some(last) if last.link.sequence <= self.predecessor.link.sequence => {}
            Some(last) => {
                self.predecessor = Predecessor { link: last.link, kind: last.kind, broken: chunk.broken };
                self.last = Some((self.file, LineInfo { line: lines + last.line, ..last }));
            }
        }
        self.has_head |= chunk.has_head;
        self.lines += chunk.lines;
        self.result.lines += chunk.lines;
        faults.sort_by_key(|fault| fault.line);
        for fault in faults {
            self.keep(LogFault { file: self.file, line: lines + fault.line, ..fault });
        }
    }

    /// Adds a record of a run, and returns what is wrong with it.
    fn run_record(&mut self, record: &RunRecord) -> Option<FaultKind> {
        self.count(record.messages);
        match &record.content {
            RunContent::Start(started) => self.start_run(record, started),
            RunContent::Counted(recorded) => {
                self.run_is_open &= record.kind != RecordKind::End;
                let run = self.run.and_then(|run| self.runs.get_mut(&run))?;
                // Its count becomes the new baseline, or one fault would be reported at every checkpoint.
                let counted = run.counts.replace(*recorded)?;
                (counted != *recorded).then_some(FaultKind::Miscounted)
            }
            RunContent::Malformed => {
                self.run_is_open &= record.kind != RecordKind::End;
                Some(FaultKind::Incomplete)
            }
        }
    }

    /// Adds the signature of a record of a run, and returns what is wrong with it. A wrong one is reported already.
    fn signature(&mut self, record: &RunRecord) -> Option<FaultKind> {
        if let RunContent::Start(started) = &record.content {
            self.run_is_signed = started.signed.is_some();
        }
        self.is_signed |=
            self.run_is_signed || matches!(record.signature, SignatureState::Verified | SignatureState::Wrong);
        match (record.signature, record.kind) {
            (SignatureState::Verified, _) => {
                self.result.signatures += 1;
                self.result.signed_up_to = self.result.signed_up_to.max(Some(record.sequence));
                None
            }
            (SignatureState::Missing, RecordKind::Start) => {
                (self.is_signed && !self.run_is_signed).then_some(FaultKind::SigningStopped)
            }
            (SignatureState::Missing, _) => self.run_is_signed.then_some(FaultKind::Unsigned),
            (SignatureState::Unchecked | SignatureState::Wrong, _) => None,
        }
    }

    /// Adds the start of a run, or of its resumption.
    fn start_run(&mut self, record: &RunRecord, started: &StartFields) -> Option<FaultKind> {
        if started.torn_bytes > 0 && self.result.notes.len() < MAX_KEPT_FAULTS {
            let RunRecord { line, sequence, torn, .. } = *record;
            let (line, torn_bytes, is_kept) = (self.lines + line, started.torn_bytes, torn > 0);
            self.result.notes.push(TornLine { file: self.file, line, sequence, torn_bytes, is_kept });
        }
        self.note_missing_end(record);
        let id = started.run;
        (self.run, self.run_is_open, self.may_stop) = (Some(id), true, started.open_ended);
        if id == record.sequence {
            self.result.runs += 1;
            self.track(id, Some(DispositionCounts::default()));
        } else if let Some(run) = self.runs.get_mut(&id) {
            run.abandoned = None;
        } else {
            self.track(id, None);
            return (id > self.evicted).then_some(FaultKind::UnknownRun);
        }
        None
    }

    /// Records that the run before a start has no end, if so. Missing or broken lines between them are faults already,
    /// and one of them may have been the end.
    fn note_missing_end(&mut self, record: &RunRecord) {
        let (predecessor, broken) = match record.predecessor {
            (Some(info), broken) => (Some((self.file, LineInfo { line: self.lines + info.line, ..info })), broken),
            (None, broken) => (self.last, self.predecessor.broken + broken),
        };
        if let (true, 0, Some((file, info))) = (self.run_is_open && !self.may_stop, broken, predecessor)
            && info.link.sequence + 1 == record.sequence
            && let Some(run) = self.run.and_then(|run| self.runs.get_mut(&run))
        {
            let LineInfo { line, byte, link, .. } = info;
            run.abandoned =
                Some(LogFault { file, line, byte, sequence: Some(link.sequence), kind: FaultKind::Abandoned });
        }
    }

    fn track(&mut self, run: u64, counts: Option<DispositionCounts>) {
        self.runs.insert(run, RunState { counts, abandoned: None });
        if self.runs.len() > MAX_TRACKED_RUNS
            && let Some((oldest, RunState { abandoned, .. })) = self.runs.pop_first()
        {
            self.evicted = self.evicted.max(oldest);
            self.report_abandoned(abandoned);
        }
    }

    /// Reports a run that was left without an end.
    fn report_abandoned(&mut self, fault: Option<LogFault>) {
        if let Some(fault) = fault {
            self.result.fault_count += 1;
            self.keep(fault);
        }
    }

    /// Counts messages of the current run.
    fn count(&mut self, messages: DispositionCounts) {
        self.result.messages += messages.messages();
        if let Some(RunState { counts: Some(counts), .. }) = self.run.and_then(|run| self.runs.get_mut(&run)) {
            counts.merge(messages);
        }
    }

    /// Reports a fault of the current file that belongs to no line.
    fn fault(&mut self, line: u64, byte: u64, kind: FaultKind) {
        self.result.fault_count += 1;
        self.keep(LogFault { file: self.file, line, byte, sequence: None, kind });
    }

    /// Keeps the first faults in the order of the log: a fault found at the end may be about a line far before.
    fn keep(&mut self, fault: LogFault) {
        let faults = &mut self.result.faults;
        let at = faults.partition_point(|other| (other.file, other.line) <= (fault.file, fault.line));
        faults.insert(at, fault);
        faults.truncate(MAX_KEPT_FAULTS);
    }

    /// Ends a file.
    fn end_file(&mut self) {
        if self.lines == 0 {
            self.fault(0, 0, FaultKind::NoRecord);
        }
    }

    /// Ends the log, whose last file has `bytes` bytes.
    fn end(mut self, bytes: u64, checks: &Checks<'_>) -> Verification {
        for run in std::mem::take(&mut self.runs).into_values() {
            self.report_abandoned(run.abandoned);
        }
        if let Some((file, LineInfo { line, byte, link, kind, .. })) = self.last
            && kind != RecordKind::End
            && !self.may_stop
            && self.predecessor.broken == 0
        {
            self.result.fault_count += 1;
            self.keep(LogFault { file, line, byte, sequence: Some(link.sequence), kind: FaultKind::NoEnd });
        }
        if !checks.public_keys.is_empty() && !self.is_signed && self.last.is_some() {
            self.fault(self.lines, bytes, FaultKind::NeverSigned);
        }
        if checks.head.is_some() && !self.has_head {
            self.fault(self.lines, bytes, FaultKind::HeadMissing);
        }
        self.result.head = self.last.map(|(_, last)| (last.link.sequence, last.link.hash_text()));
        self.result
    }
}
