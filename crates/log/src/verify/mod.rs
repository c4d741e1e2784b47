//! Verifies logs: the chunks of each are checked in parallel, in bounded memory (P8), and joined here: the chain from chunk to
//! chunk, the counts of each run, and the lines that are known from elsewhere.

mod chunk;
mod fault;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::ops::Range;
use std::path::PathBuf;

use rayon::prelude::*;

use crate::chain::{Hash, Link, LogLine, RecordKind};
use crate::counts::DispositionCounts;
use crate::records::StartFields;
use crate::signature::PublicKey;
use crate::{Key, LogError};
use chunk::{Chunk, LineInfo, Predecessor, RunContent, RunRecord, SignatureState};
use fault::FaultKind;
pub use fault::LogFault;
use source::{ChunkReader, LogFile};

/// The result of verifying logs.
#[derive(Debug, Default)]
pub struct Verification {
    /// The first faults.
    pub faults: Vec<LogFault>,
    /// Number of faults, the ones that aren't kept included.
    pub fault_count: u64,
    /// Lines of the logs.
    pub lines: u64,
    /// Records of messages among them.
    pub messages: u64,
    /// Runs that wrote them.
    pub runs: u64,
    /// The first unfinished lines that a start record declares.
    pub notes: Vec<TornLine>,
    /// The files, those of each log together, in the order of its chain.
    pub files: Vec<PathBuf>,
    /// The logs.
    pub logs: Vec<VerifiedLog>,
}

/// One of the logs that were verified together.
#[derive(Debug, Default)]
pub struct VerifiedLog {
    /// Its files, by their places in [`Verification::files`].
    pub files: Range<usize>,
    /// Sequence number and hash of its last line.
    pub head: Option<(u64, String)>,
    /// Whether one of its starts says that its run is signed, or anything has a signature that was checked.
    pub is_signed: bool,
    /// Checkpoints and ends whose signature is of a given key.
    pub signatures: u64,
    /// The sequence number of the last of them: if there is no fault, the holder of that key vouches for every line up to it.
    pub signed_up_to: Option<u64>,
}

/// An unfinished line (torn write) of a killed run, declared by the start record after it: not a fault.
#[derive(Debug, Clone, Copy)]
pub struct TornLine {
    /// The file, by its place in [`Verification::files`].
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
/// order goes by [`LogLine::position`].
pub trait Aggregate: Send {
    /// Adds a message whose line is intact, or messages that were imported.
    fn add_message(&mut self, line: &LogLine<'_>);
    /// Adds that a duty was done, likewise.
    fn add_done(&mut self, _: &LogLine<'_>) {}
    /// Adds a step at the review desk, or of an operator, likewise.
    fn add_step(&mut self, _: &LogLine<'_>) {}
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

/// Logs at most that are verified together.
const MAX_LOGS: usize = 1 << 10;

/// What logs are verified with.
///
/// ```
/// # use dmv_redact::Filter;
/// # use dmv_redact_log::{DisclosureLog, Verifier};
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("disclosures.ndjson");
/// # DisclosureLog::open(&path, &Filter::builder().build()?)?.end()?;
/// let verified = Verifier::default().verify(&[path])?;
/// assert_eq!((verified.fault_count, verified.lines), (0, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Verifier<'v> {
    keys: &'v [Key],
    heads: &'v [LogHead],
    /// Of signatures; `None`: they aren't checked.
    public_keys: Option<&'v [PublicKey]>,
}

/// What the lines of one log are checked against.
#[derive(Debug)]
struct Checks<'c> {
    /// The log, by its place among all.
    log: u16,
    key: Option<&'c Key>,
    heads: &'c [LogHead],
    /// The first lines of all files, in order.
    first_lines: &'c [Link],
    public_keys: &'c [PublicKey],
}

impl<'v> Verifier<'v> {
    /// The keys of the hashes: those of each log are made with one of them. Without any, they are made without a key.
    #[must_use]
    pub fn keys(self, keys: &'v [Key]) -> Self {
        Self { keys, ..self }
    }

    /// Lines that must be there, each in one of the logs.
    #[must_use]
    pub fn heads(self, heads: &'v [LogHead]) -> Self {
        Self { heads, ..self }
    }

    /// Verifies the signatures of checkpoints and ends, too, each of which must be of one of these keys. What one run signs all
    /// later ones must sign; what came before may be unsigned. What was written after [`VerifiedLog::signed_up_to`] isn't signed
    /// yet.
    #[cfg(feature = "sign")]
    #[must_use]
    pub fn public_keys(self, public_keys: &'v [PublicKey]) -> Self {
        Self { public_keys: Some(public_keys), ..self }
    }

    /// Verifies the logs in these files, in whatever order they are named. Files are of one log if the first line of
    /// one was written right after the last line of another, or is in that. Where no more than one file has the first
    /// line of a log, what has later sequence numbers is of that, too, and lines between are missing.
    ///
    /// # Errors
    /// When a file can't be read, or is keyed and there is no key, there are public keys, but none among them, or these are
    /// more than 1,024 logs.
    pub fn verify(self, paths: &[PathBuf]) -> Result<Verification, LogError> {
        self.aggregate(paths, || ()).map(|(verification, ())| verification)
    }

    /// The same, and aggregates the records of all logs, beginning with `empty`.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn aggregate<T: Aggregate>(
        self,
        paths: &[PathBuf],
        empty: impl Fn() -> T,
    ) -> Result<(Verification, T), LogError> {
        let Self { keys, heads, public_keys } = self;
        if public_keys.is_some_and(<[PublicKey]>::is_empty) {
            return Err(LogError::Usage("it takes a public key to verify signatures".to_owned()));
        }
        let mut files = LogFile::in_order(paths)?;
        let beginnings: BTreeSet<Hash> = files.iter().filter_map(LogFile::beginning).collect();
        let mut first_lines: Vec<Link> = files.iter().filter_map(|file| file.first.map(|(link, _)| link)).collect();
        first_lines.sort_by_key(|link| link.sequence);
        let slot = || ChunkSlot { buffer: Vec::new(), start: None, aggregate: empty() };
        let mut slots: Vec<ChunkSlot<T>> =
            std::iter::repeat_with(slot).take(rayon::current_num_threads() * 2).collect();
        let mut chain = ChainVerifier::default();
        while let Some(first) = (!files.is_empty()).then(|| files.remove(0)) {
            let number = chain.result.logs.len();
            let log = u16::try_from(number).ok().filter(|_| number < MAX_LOGS);
            let log = log.ok_or_else(|| LogError::Usage(format!("these are more than {MAX_LOGS} logs")))?;
            let (key, first_lines, public_keys) =
                (first.key(keys)?, first_lines.as_slice(), public_keys.unwrap_or_default());
            let checks = Checks { log, key, heads, first_lines, public_keys };
            chain.begin_log();
            let mut next = Some(first);
            while let Some(file) = next {
                let read = chain.add_file(&file, &mut slots, &checks);
                read.map_err(|error| LogError::io(&file.path, &error))?;
                chain.result.files.push(file.path);
                let follows = |other: &LogFile| chain.is_followed_by(other);
                let comes_later = |other: &LogFile| beginnings.len() < 2 && chain.is_before(other);
                let place = files.iter().position(follows).or_else(|| files.iter().position(comes_later));
                next = place.map(|at| files.remove(at));
            }
            chain.end_log(&checks);
        }
        chain.report_missing_heads(heads.len());
        let mut aggregate = empty();
        for slot in slots {
            aggregate.merge(slot.aggregate);
        }
        Ok((chain.result, aggregate))
    }
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

/// Joins the checked chunks of one log after the other, in order.
#[derive(Debug, Default)]
struct ChainVerifier {
    result: Verification,
    /// The lines that are known from elsewhere, by number, as far as there is a line with that sequence number: `None`
    /// once one has that hash, or else a fault of the first that has another.
    heads: BTreeMap<usize, Option<LogFault>>,
    log: LogState,
}

/// The state of one log.
#[derive(Debug)]
struct LogState {
    /// The place of its first file among all.
    first_file: usize,
    /// The lines that files begin with, as far as they are in it.
    first_lines: Vec<Link>,
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
    signatures: u64,
    signed_up_to: Option<u64>,
    /// The current file, by its place among all, how many of its lines have been read, and its bytes once it was.
    file: usize,
    lines: u64,
    bytes: u64,
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

impl Default for LogState {
    fn default() -> Self {
        Self {
            first_file: 0,
            first_lines: Vec::new(),
            predecessor: Predecessor::GENESIS,
            last: None,
            runs: BTreeMap::new(),
            evicted: 0,
            run: None,
            run_is_open: false,
            may_stop: false,
            run_is_signed: false,
            is_signed: false,
            signatures: 0,
            signed_up_to: None,
            file: 0,
            lines: 0,
            bytes: 0,
            is_between_files: false,
        }
    }
}

impl ChainVerifier {
    /// Begins the next log.
    fn begin_log(&mut self) {
        self.log = LogState { first_file: self.result.files.len(), ..LogState::default() };
    }

    /// Whether a file goes on with the log, or repeats some of it.
    fn is_followed_by(&self, file: &LogFile) -> bool {
        let LogState { predecessor: Predecessor { link, broken, .. }, first_lines, .. } = &self.log;
        let Some((first, previous)) = file.first else { return false };
        let is_after_broken = *broken > 0 && first.sequence == link.sequence + broken + 1;
        previous == link.hash || is_after_broken || first_lines.contains(&first)
    }

    /// Whether all lines of a file have later sequence numbers, or it has none.
    fn is_before(&self, file: &LogFile) -> bool {
        file.sequence().is_none_or(|first| first > self.log.predecessor.link.sequence)
    }

    /// Reads and checks the next file of the log, as many chunks at a time as there are slots.
    fn add_file<T: Aggregate>(
        &mut self,
        file: &LogFile,
        slots: &mut [ChunkSlot<T>],
        checks: &Checks<'_>,
    ) -> io::Result<()> {
        let mut chunks = ChunkReader::open(&file.path)?;
        self.begin_file(file, &mut chunks)?;
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
        if self.log.lines == 0 {
            self.fault(0, 0, FaultKind::NoRecord);
        }
        self.log.bytes = chunks.bytes();
        Ok(())
    }

    /// Begins the next file; lines that an earlier file already had are skipped.
    fn begin_file(&mut self, file: &LogFile, chunks: &mut ChunkReader) -> io::Result<()> {
        let log = &mut self.log;
        (log.file, log.lines, log.is_between_files) = (self.result.files.len(), 0, log.last.is_some());
        let last = log.predecessor.link.sequence;
        if log.is_between_files && file.sequence().is_some_and(|first| first <= last) {
            let skipped = chunks.skip_through(last)?;
            self.fault(0, 0, FaultKind::Overlap(skipped));
            self.log.lines = skipped;
            self.result.lines += skipped;
        }
        Ok(())
    }

    /// Adds the next chunk.
    fn add(&mut self, chunk: Chunk) {
        let lines = self.log.lines;
        let mut faults = chunk.faults;
        self.result.fault_count += chunk.fault_count;
        if let Some((info, broken)) = &chunk.first {
            let predecessor = Predecessor { broken: self.log.predecessor.broken + broken, ..self.log.predecessor };
            if let Some(kind) = predecessor.mismatch(info) {
                let kind = match kind {
                    FaultKind::Missing(count) if self.log.is_between_files => FaultKind::Gap(count),
                    kind => kind,
                };
                self.result.fault_count += 1;
                let LineInfo { line, byte, .. } = *info;
                faults.push(LogFault { file: 0, line, byte, sequence: Some(info.link.sequence), kind });
            }
            self.log.is_between_files = false;
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
            None => self.log.predecessor.broken += chunk.broken,
            // A chunk out of order is reported at its first line.
            Some(last) if last.link.sequence <= self.log.predecessor.link.sequence => {}
            Some(last) => {
                self.log.predecessor = Predecessor { link: last.link, kind: last.kind, broken: chunk.broken };
                self.log.last = Some((self.log.file, LineInfo { line: lines + last.line, ..last }));
            }
        }
        self.log.first_lines.extend(chunk.first_lines);
        for (number, mismatch) in chunk.heads {
            let place = |fault: LogFault| LogFault { file: self.log.file, line: lines + fault.line, ..fault };
            let known = self.heads.entry(number).or_insert(mismatch.map(place));
            *known = known.filter(|_| mismatch.is_some());
        }
        self.log.lines += chunk.lines;
        self.result.lines += chunk.lines;
        faults.sort_by_key(|fault| fault.line);
        for fault in faults {
            self.keep(LogFault { file: self.log.file, line: lines + fault.line, ..fault });
        }
    }

    /// Adds a record of a run, and returns what is wrong with it.
    fn run_record(&mut self, record: &RunRecord) -> Option<FaultKind> {
        self.count(record.messages);
        match &record.content {
            RunContent::Start(started) => self.start_run(record, started),
            RunContent::Counted(recorded) => {
                self.log.run_is_open &= record.kind != RecordKind::End;
                let run = self.log.run.and_then(|run| self.log.runs.get_mut(&run))?;
                // Its count becomes the new baseline, or one fault would be reported at every checkpoint.
                let counted = run.counts.replace(*recorded)?;
                (counted != *recorded).then_some(FaultKind::Miscounted)
            }
            RunContent::Malformed => {
                self.log.run_is_open &= record.kind != RecordKind::End;
                Some(FaultKind::Incomplete)
            }
        }
    }

    /// Adds the signature of a record of a run, and returns what is wrong with it. A wrong one is reported already.
    fn signature(&mut self, record: &RunRecord) -> Option<FaultKind> {
        if let RunContent::Start(started) = &record.content {
            self.log.run_is_signed = started.signed.is_some();
        }
        self.log.is_signed |=
            self.log.run_is_signed || matches!(record.signature, SignatureState::Verified | SignatureState::Wrong);
        match (record.signature, record.kind) {
            (SignatureState::Verified, _) => {
                self.log.signatures += 1;
                self.log.signed_up_to = self.log.signed_up_to.max(Some(record.sequence));
                None
            }
            (SignatureState::Missing, RecordKind::Start) => {
                (self.log.is_signed && !self.log.run_is_signed).then_some(FaultKind::SigningStopped)
            }
            (SignatureState::Missing, _) => self.log.run_is_signed.then_some(FaultKind::Unsigned),
            (SignatureState::Unchecked | SignatureState::Wrong, _) => None,
        }
    }

    /// Adds the start of a run, or of its resumption.
    fn start_run(&mut self, record: &RunRecord, started: &StartFields) -> Option<FaultKind> {
        if started.torn_bytes > 0 && self.result.notes.len() < MAX_KEPT_FAULTS {
            let RunRecord { line, sequence, torn, .. } = *record;
            let (line, torn_bytes, is_kept) = (self.log.lines + line, started.torn_bytes, torn > 0);
            self.result.notes.push(TornLine { file: self.log.file, line, sequence, torn_bytes, is_kept });
        }
        self.note_missing_end(record);
        let id = started.run;
        (self.log.run, self.log.run_is_open, self.log.may_stop) = (Some(id), true, started.open_ended);
        if id == record.sequence {
            self.result.runs += 1;
            self.track(id, Some(DispositionCounts::default()));
        } else if let Some(run) = self.log.runs.get_mut(&id) {
            run.abandoned = None;
        } else {
            self.track(id, None);
            return (id > self.log.evicted).then_some(FaultKind::UnknownRun);
        }
        None
    }

    /// Records that the run before a start has no end, if so. Missing or broken lines between them are faults already,
    /// and one of them may have been the end.
    fn note_missing_end(&mut self, record: &RunRecord) {
        let (predecessor, broken) = match record.predecessor {
            (Some(info), broken) => {
                (Some((self.log.file, LineInfo { line: self.log.lines + info.line, ..info })), broken)
            }
            (None, broken) => (self.log.last, self.log.predecessor.broken + broken),
        };
        if let (true, 0, Some((file, info))) = (self.log.run_is_open && !self.log.may_stop, broken, predecessor)
            && info.link.sequence + 1 == record.sequence
            && let Some(run) = self.log.run.and_then(|run| self.log.runs.get_mut(&run))
        {
            let LineInfo { line, byte, link, .. } = info;
            run.abandoned =
                Some(LogFault { file, line, byte, sequence: Some(link.sequence), kind: FaultKind::Abandoned });
        }
    }

    fn track(&mut self, run: u64, counts: Option<DispositionCounts>) {
        self.log.runs.insert(run, RunState { counts, abandoned: None });
        if self.log.runs.len() > MAX_TRACKED_RUNS
            && let Some((oldest, RunState { abandoned, .. })) = self.log.runs.pop_first()
        {
            self.log.evicted = self.log.evicted.max(oldest);
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
        if let Some(RunState { counts: Some(counts), .. }) = self.log.run.and_then(|run| self.log.runs.get_mut(&run)) {
            counts.merge(messages);
        }
    }

    /// Reports a fault of the current file that belongs to no line.
    fn fault(&mut self, line: u64, byte: u64, kind: FaultKind) {
        self.result.fault_count += 1;
        self.keep(LogFault { file: self.log.file, line, byte, sequence: None, kind });
    }

    /// Keeps the first faults in the order of the log: a fault found at the end may be about a line far before.
    fn keep(&mut self, fault: LogFault) {
        let faults = &mut self.result.faults;
        let at = faults.partition_point(|other| (other.file, other.line) <= (fault.file, fault.line));
        faults.insert(at, fault);
        faults.truncate(MAX_KEPT_FAULTS);
    }

    /// Ends the log.
    fn end_log(&mut self, checks: &Checks<'_>) {
        for run in std::mem::take(&mut self.log.runs).into_values() {
            self.report_abandoned(run.abandoned);
        }
        if let Some((file, LineInfo { line, byte, link, kind, .. })) = self.log.last
            && kind != RecordKind::End
            && !self.log.may_stop
            && self.log.predecessor.broken == 0
        {
            self.result.fault_count += 1;
            self.keep(LogFault { file, line, byte, sequence: Some(link.sequence), kind: FaultKind::NoEnd });
        }
        if !checks.public_keys.is_empty() && !self.log.is_signed && self.log.last.is_some() {
            self.fault(self.log.lines, self.log.bytes, FaultKind::NeverSigned);
        }
        let LogState { first_file, last, is_signed, signatures, signed_up_to, .. } = &self.log;
        self.result.logs.push(VerifiedLog {
            files: *first_file..self.result.files.len(),
            head: last.map(|(_, last)| (last.link.sequence, last.link.hash_text())),
            is_signed: *is_signed,
            signatures: *signatures,
            signed_up_to: *signed_up_to,
        });
    }

    /// Reports each line that is known from elsewhere and in none of the logs.
    fn report_missing_heads(&mut self, count: usize) {
        for number in 0..count {
            let end = LogFault {
                file: self.log.file,
                line: self.log.lines,
                byte: self.log.bytes,
                sequence: None,
                kind: FaultKind::HeadMissing { has_several: self.result.logs.len() > 1 },
            };
            match self.heads.get(&number).copied() {
                Some(None) => continue,
                Some(Some(mismatch)) => self.keep(mismatch),
                None => self.keep(end),
            }
            self.result.fault_count += 1;
        }
    }
}
