//! A worker processes a unit: it redacts each message, serializes its record, and adds its output.

use std::io;
use std::path::{Path, PathBuf};

use super::files::{Staging, create_private_folder, is_fatal, write_atomically};
use super::input::{inflate, nested, read_range};
use super::line::{LineMembers, trim_space, without_bom};
use super::output::{OutputBuilder, UnitOutput};
use super::unit::{EntryData, LineBlock, MessageEntry, Unit, UnitContent};
use crate::summary::VerificationCounts;
use crate::{Comparison, Summary, Tally};
use dmv_redact::internal::read::Refusal;
use dmv_redact::{Filter, Reason, Receipt, Requester};
use dmv_redact_log::Bodies;

/// What a run does with every message.
#[derive(Debug)]
pub struct Task {
    /// The filter.
    pub filter: Filter,
    /// Who gets every message that says nothing else.
    pub requester: Requester,
    /// Which member of a line is the message.
    pub members: LineMembers,
    /// The filter of another policy, to compare with.
    pub other: Option<Filter>,
    /// Whether a refused message leaves no notice.
    pub drop_withheld: bool,
    /// The folder for the originals of refused messages.
    pub withheld: Option<PathBuf>,
    /// Whether to make audit records.
    pub is_audited: bool,
    /// Whether no message goes out; the records say so.
    pub is_dry_run: bool,
    /// Whether the messages are outputs, which only the second reading checks.
    pub is_verification: bool,
}

/// The result of a unit.
#[derive(Debug, Default)]
pub(super) struct UnitResult {
    pub(super) bodies: Bodies,
    pub(super) summary: Summary,
    pub(super) comparison: Comparison,
    pub(super) notices: Vec<MessageNotice>,
    pub(super) product: UnitOutput,
    /// What verification found.
    pub(super) verified: VerificationCounts,
    /// Number of source lines in the unit.
    pub(super) lines: u64,
}

/// A notice about one message.
#[derive(Debug)]
pub(super) struct MessageNotice {
    /// The message's own name, or its source's.
    name: String,
    /// Its line in the unit, from 0.
    line: Option<u64>,
    text: String,
    /// Whether it could not be read or written.
    pub(super) is_failure: bool,
}

impl MessageNotice {
    /// Formats the notice in one line; `lines` lines of the source came before the unit.
    pub(super) fn line(&self, lines: u64) -> String {
        match self.line {
            Some(line) => format!("{}:{}: {}", self.name, lines + line + 1, self.text),
            None => format!("{}: {}", self.name, self.text),
        }
    }
}

impl Task {
    /// Processes a unit.
    pub(super) fn process(&self, unit: Unit, staging: Option<Staging<'_>>) -> io::Result<UnitResult> {
        let mut worker = UnitWorker {
            task: self,
            source: &unit.source,
            place: &unit.place,
            prefix: &unit.prefix,
            builder: OutputBuilder::new(unit.target, staging),
            has_places: self.withheld.is_some() || unit.target.has_names(),
            result: UnitResult::default(),
            tally: Tally::default(),
            out: Vec::new(),
            requester: None,
        };
        match unit.content {
            UnitContent::Lines(lines) => worker.lines(lines)?,
            UnitContent::Entries(entries) => {
                for entry in entries {
                    worker.entry(entry)?;
                }
            }
        }
        let mut result = worker.result;
        result.summary = worker.tally.finish(self.filter.catalog());
        result.product = worker.builder.finish()?;
        Ok(result)
    }
}

/// Processes one unit.
pub(super) struct UnitWorker<'w> {
    pub(super) task: &'w Task,
    source: &'w str,
    place: &'w Path,
    prefix: &'w Path,
    builder: OutputBuilder<'w>,
    /// Whether messages in lines need names.
    has_places: bool,
    pub(super) result: UnitResult,
    tally: Tally,
    out: Vec<u8>,
    /// The requester of the previous line, because adjacent lines of a log often have the same one.
    requester: Option<(LineRequester, Requester)>,
}

/// The name of the message in the line at offset `offset`.
fn name_of_line(message: &[u8], offset: u64) -> String {
    let ending = if trim_space(message).starts_with(b"<") { "xml" } else { "json" };
    format!("{offset:012}.{ending}")
}

/// What a line says about the requester.
type LineRequester = (Option<String>, Option<String>);

/// The origin of a message, for its record.
pub(super) struct MessageOrigin<'o> {
    name: Option<&'o str>,
    /// Number of the entry, or offset of the line.
    item: Option<u64>,
    line: Option<u64>,
    place: &'o Path,
}

impl UnitWorker<'_> {
    fn lines(&mut self, lines: LineBlock) -> io::Result<()> {
        let limit = self.task.members.max_line_bytes(self.task.filter.limits());
        match lines {
            LineBlock::Buffered { bytes, offset } => self.each_line(&bytes, offset, false),
            LineBlock::TooLong { offset } => {
                self.result.lines += 1;
                self.line(&[], offset, 0, true)
            }
            LineBlock::Range { file, start, end, length } => {
                let mut bytes = Vec::new();
                match read_range(&file, (start, end, length), limit, &mut bytes) {
                    Ok(range) => self.each_line(&bytes, range.offset, range.is_last_too_long),
                    Err(error) => {
                        let origin = MessageOrigin { name: None, item: Some(start), line: None, place: Path::new("") };
                        self.fail(&origin, format!("from byte {start}: {error}"))
                    }
                }
            }
        }
    }

    fn each_line(&mut self, bytes: &[u8], offset: u64, is_last_too_long: bool) -> io::Result<()> {
        let mut start = 0;
        let ends = memchr::memchr_iter(b'\n', bytes).map(|at| at + 1);
        let last = Some(bytes.len()).filter(|length| *length > 0 && !bytes.ends_with(b"\n"));
        for end in ends.chain(last) {
            let line = trim_space(without_bom(bytes.get(start..end).unwrap_or_default()));
            let number = self.result.lines;
            self.result.lines += 1;
            let is_too_long = is_last_too_long && end == bytes.len();
            if !line.is_empty() {
                self.line(line, offset + start as u64, number, is_too_long)?;
            }
            start = end;
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8], offset: u64, number: u64, is_too_long: bool) -> io::Result<()> {
        let task = self.task;
        // How much of it was read varies, so it must not have an effect (P10).
        let line = if is_too_long { &[] } else { line };
        let read = match is_too_long {
            true => Err(too_long("the line is too long")),
            false => task.members.read(line, task.filter.limits()),
        };
        let place = match self.has_places {
            true => self.prefix.join(name_of_line(read.as_ref().map_or(line, |read| &read.message), offset)),
            false => PathBuf::new(),
        };
        let origin = MessageOrigin { name: None, item: Some(offset), line: Some(number), place: &place };
        if task.is_verification && self.count_notice(line) {
            return Ok(());
        }
        let read = match read {
            Ok(read) => read,
            Err(refusal) => {
                let receipt = task.filter.withhold(line.len(), refusal);
                return self.refuse(&origin, &receipt, Some(line).filter(|_| !is_too_long));
            }
        };
        let claimed = (read.requester.clone(), read.purpose.clone());
        let requester = match &self.requester {
            Some((known, requester)) if *known == claimed => Some(requester.clone()),
            _ => match task.members.requester(&read, &task.requester) {
                Ok(requester) => requester,
                Err(refusal) => {
                    let receipt = task.filter.withhold(line.len(), refusal);
                    return self.refuse(&origin, &receipt, Some(line));
                }
            },
        };
        if task.is_verification {
            self.verify(&origin, &read.message, requester.as_ref().unwrap_or(&task.requester));
            return Ok(());
        }
        let receipt = self.redact(&read.message, requester.as_ref().unwrap_or(&task.requester));
        if receipt.disposition().releases() {
            match self.builder.lines() {
                Some(bytes) => task.members.write(&read, &self.out, bytes),
                None => self.builder.release(&place, &self.out)?,
            }
            self.record(&origin, &receipt);
        } else {
            self.refuse(&origin, &receipt, Some(line))?;
        }
        self.requester = requester.map(|requester| (claimed, requester));
        Ok(())
    }

    fn entry(&mut self, entry: MessageEntry) -> io::Result<()> {
        let origin =
            MessageOrigin { name: entry.origin.as_deref(), item: entry.number, line: None, place: &entry.place };
        let message = match entry.data {
            EntryData::Whole(message) => message,
            EntryData::Deflated { bytes, size, crc } => match inflate(&bytes, size, crc) {
                Ok(message) => message,
                Err(what) => return self.fail(&origin, what.to_owned()),
            },
            EntryData::TooLong => {
                let receipt = self.task.filter.withhold(0, too_long("the message is too long"));
                return self.refuse(&origin, &receipt, None);
            }
            EntryData::Unreadable(what) => return self.fail(&origin, what),
        };
        if let Some(what) = nested(&message).filter(|_| entry.number.is_some()) {
            return self.fail(&origin, what);
        }
        if self.task.is_verification {
            if !self.count_notice(&message) {
                self.verify(&origin, &message, &self.task.requester);
            }
            return Ok(());
        }
        let receipt = self.redact(&message, &self.task.requester);
        if !receipt.disposition().releases() {
            return self.refuse(&origin, &receipt, Some(&message));
        }
        match self.builder.release(origin.place, &self.out) {
            Ok(()) => {
                self.record(&origin, &receipt);
                Ok(())
            }
            // Where every message has its own file, the failure of one doesn't affect the others.
            Err(error) if matches!(self.builder, OutputBuilder::Files(..)) && !is_fatal(&error) => {
                self.fail(&origin, error.to_string())
            }
            Err(error) => Err(error),
        }
    }

    fn redact(&mut self, message: &[u8], requester: &Requester) -> Receipt {
        let receipt = self.task.filter.redact(message, requester, &mut self.out);
        if let Some(other) = &self.task.other {
            let mut out = Vec::new();
            self.result.comparison.add(&other.redact(message, requester, &mut out), &receipt);
        }
        receipt
    }

    /// Reports a message that doesn't go out, saves its original if asked to, and puts a notice in its place (P11).
    fn refuse(&mut self, origin: &MessageOrigin<'_>, receipt: &Receipt, original: Option<&[u8]>) -> io::Result<()> {
        if self.task.is_verification {
            self.result.verified.messages += 1;
            self.finding(origin, refusal_text(receipt));
            return Ok(());
        }
        self.record(origin, receipt);
        self.report(origin, refusal_text(receipt), false);
        if let Some(folder) = &self.task.withheld {
            let kept = match original {
                Some(original) => self.save_original(folder, origin, original),
                None => Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is too long to be kept apart")),
            };
            if let Err(error) = kept {
                self.tally.add_fault();
                self.report(origin, format!("not kept apart: {error}"), true);
            }
        }
        let is_dropped = self.task.drop_withheld;
        self.builder.refuse(origin.place, receipt.reason(), is_dropped)
    }

    fn save_original(&self, folder: &Path, origin: &MessageOrigin<'_>, original: &[u8]) -> io::Result<()> {
        let below = if origin.place.starts_with(self.place) { PathBuf::new() } else { self.place.to_owned() };
        let path = folder.join(below).join(origin.place);
        create_private_folder(path.parent().unwrap_or(folder))?;
        write_atomically(&path, original)
    }

    /// Reports a message that can't be read or written.
    fn fail(&mut self, origin: &MessageOrigin<'_>, what: String) -> io::Result<()> {
        self.tally.add_failure();
        self.result.verified.unread += 1;
        self.report(origin, format!("failed: {what}"), true);
        self.builder.record_failure(origin.place)
    }

    pub(super) fn report(&mut self, origin: &MessageOrigin<'_>, text: String, is_failure: bool) {
        let name = match (origin.name, origin.item) {
            (Some(name), Some(number)) => format!("{}: entry {number} ({name})", self.source),
            (Some(name), None) => name.to_owned(),
            (None, _) => self.source.to_owned(),
        };
        self.result.notices.push(MessageNotice { name, line: origin.line, text, is_failure });
    }

    fn record(&mut self, origin: &MessageOrigin<'_>, receipt: &Receipt) {
        self.tally.add(receipt);
        if self.task.is_audited {
            let source = origin.name.filter(|_| origin.item.is_none()).unwrap_or(self.source);
            self.result.bodies.push(source, origin.item, self.task.is_dry_run, receipt);
        }
    }
}

/// Reason code, offset and a fixed text about a message that was not released; never a value (P6).
fn refusal_text(receipt: &Receipt) -> String {
    let reason = receipt.reason().map_or("unknown", Reason::code);
    let place = receipt.offset().map(|offset| format!(" at byte {offset}")).unwrap_or_default();
    format!("{}: {reason}{place}: {}", receipt.disposition().name(), receipt.detail().unwrap_or_default())
}

fn too_long(what: &'static str) -> Refusal {
    Refusal::whole(Reason::Limit, what)
}
