//! A worker processes a unit: it redacts each message, serializes its record, and adds its output.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::approvals::{Approval, Approvals};
use super::document::BatchWrapper;
use super::files::{Staging, create_private_folder, is_fatal, write_atomically};
use super::form::BatchSyntax;
use super::input::{inflate, nested};
use super::line::{LineMembers, LineRequest, trim_space, without_bom};
use super::output::{OutputBuilder, UnitOutput};
use super::unit::{BatchItems, EntryData, LineBlock, MessageEntry, Unit, UnitContent};
use crate::summary::VerificationCounts;
use crate::{Comparison, HeldMessage, ReviewQueue, Reviewed, Summary, Tally};
use dmv_redact::internal::read::Refusal;
use dmv_redact::{Disposition, Filter, Reason, Receipt, Requester};
use dmv_redact_log::{Bodies, RecordOrigin};
use dmv_redact_model::files::text_of;

/// What a run does with every message.
#[derive(Debug)]
pub struct Task {
    /// The filter.
    pub filter: Filter,
    /// Who gets every message that says nothing else.
    pub requester: Requester,
    /// Which member of a line is the message.
    pub members: LineMembers,
    /// Where the messages of batches are.
    pub batch: Option<BatchWrapper>,
    /// The messages that a person approved.
    pub approvals: Option<Approvals>,
    /// The queue in which held messages wait for a person.
    pub reviews: Option<Box<dyn ReviewQueue>>,
    /// The last decision in that queue when the run began.
    pub last_decision: i64,
    /// The filter of another policy, to compare with.
    pub other: Option<Filter>,
    /// Whether a refused message leaves no notice.
    pub drop_withheld: bool,
    /// The folder for the originals of refused messages.
    pub withheld: Option<PathBuf>,
    /// Whether to make records.
    pub is_logged: bool,
    /// Whether no message goes out; the records say so.
    pub is_dry_run: bool,
    /// Whether the messages are outputs, which only the second reading checks.
    pub is_verification: bool,
}

/// The result of a unit.
#[derive(Debug)]
pub(super) struct UnitResult {
    pub(super) bodies: Bodies,
    pub(super) summary: Summary,
    pub(super) comparison: Comparison,
    pub(super) notices: Vec<MessageNotice>,
    pub(super) product: UnitOutput,
    /// What verification found.
    pub(super) verified: VerificationCounts,
    /// The numbers of the approvals that it met.
    pub(super) approved: Vec<u32>,
    /// The reviews of the approved messages that are in the output.
    pub(super) reviews: Vec<String>,
}

impl UnitResult {
    fn new(bodies: Bodies) -> Self {
        Self {
            bodies,
            summary: Summary::default(),
            comparison: Comparison::default(),
            notices: Vec::new(),
            product: UnitOutput::default(),
            verified: VerificationCounts::default(),
            approved: Vec::new(),
            reviews: Vec::new(),
        }
    }
}

/// A notice about one message.
#[derive(Debug)]
pub(super) struct MessageNotice {
    /// One line of text.
    pub(super) text: String,
    /// Whether it could not be read or written.
    pub(super) is_failure: bool,
}

impl Task {
    /// Processes a unit.
    pub(super) fn process(&self, unit: Unit, staging: Option<Staging<'_>>) -> io::Result<UnitResult> {
        let mut worker = UnitWorker {
            task: self,
            source: &unit.source,
            id: &unit.id,
            prefix: &unit.prefix,
            builder: OutputBuilder::new(unit.target, staging),
            has_names: self.is_logged || self.approvals.is_some() || self.reviews.is_some() || unit.target.has_names(),
            syntax: None,
            result: UnitResult::new(Bodies::new(Arc::clone(self.filter.identity()))),
            tally: Tally::default(),
            out: Vec::new(),
            requester: None,
        };
        match unit.content {
            UnitContent::Lines(lines) => worker.lines(lines)?,
            UnitContent::Items(items) => {
                worker.syntax = Some(items.syntax);
                worker.items(&items)?;
            }
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
    id: &'w Path,
    prefix: &'w Path,
    builder: OutputBuilder<'w>,
    /// Whether released messages in lines and batches need names.
    has_names: bool,
    /// How the batch is written that the unit is of.
    syntax: Option<BatchSyntax>,
    pub(super) result: UnitResult,
    tally: Tally,
    out: Vec<u8>,
    /// The requester of the previous line, by what that line says, because adjacent lines of a log often say the same.
    requester: Option<(LineRequest, Requester)>,
}

/// The name of a message that has none: its number in the source, and how it is written.
fn name_of(number: Number, message: &[u8]) -> String {
    let ending = if trim_space(message).starts_with(b"<") { "xml" } else { "json" };
    format!("{:09}.{ending}", number.number())
}

/// The number of a message in its source.
#[derive(Debug, Clone, Copy)]
enum Number {
    /// Of an entry of an archive, from 1.
    Entry(u64),
    /// Of a message of a batch, from 1.
    Item(u64),
    /// Of a line, from 1. Its offset would tell the reader of an output how long the originals are (P5).
    Line(u64),
}

impl Number {
    fn number(self) -> u64 {
        let (Self::Entry(number) | Self::Item(number) | Self::Line(number)) = self;
        number
    }
}

/// The request of a message that was approved at the review desk.
struct ReviewedRequest {
    review: String,
    request: Requester,
}

/// The origin of a message, for its record.
pub(super) struct MessageOrigin<'o> {
    name: Option<&'o str>,
    number: Option<Number>,
    /// Its relative path in the outputs.
    place: Cow<'o, Path>,
    /// Its identifier: the path of its source below what is read, and its own name in there.
    id: Cow<'o, Path>,
}

impl MessageOrigin<'_> {
    /// The source of the message as its record names it, in a unit of this source.
    fn source<'s>(&'s self, of_unit: &'s str) -> &'s str {
        self.name.filter(|_| self.number.is_none()).unwrap_or(of_unit)
    }
}

impl UnitWorker<'_> {
    fn lines(&mut self, lines: LineBlock) -> io::Result<()> {
        match lines {
            LineBlock::Whole { bytes, first } => {
                for (line, number) in bytes.split_inclusive(|byte| *byte == b'\n').zip(first..) {
                    let line = trim_space(without_bom(line));
                    if !line.is_empty() {
                        self.item(line, Number::Line(number), false)?;
                    }
                }
                Ok(())
            }
            LineBlock::TooLong { number } => self.item(&[], Number::Line(number), true),
        }
    }

    fn items(&mut self, items: &BatchItems) -> io::Result<()> {
        for (number, item) in items.iter() {
            self.item(item, Number::Item(number), false)?;
        }
        Ok(())
    }

    /// The origin of a message in a line or a batch.
    fn origin(&self, message: &[u8], number: Number) -> MessageOrigin<'static> {
        let name = name_of(number, message);
        let (place, id) = (self.prefix.join(&name).into(), self.id.join(name).into());
        MessageOrigin { name: None, number: Some(number), place, id }
    }

    /// Processes a line, or a message of a batch.
    fn item(&mut self, item: &[u8], number: Number, is_too_long: bool) -> io::Result<()> {
        let task = self.task;
        // How much of it was read varies, so it must not have an effect (P10).
        let item = if is_too_long { &[] } else { item };
        let read = match is_too_long {
            true => Err(too_long("the line is too long")),
            false => task.members.read(item, task.filter.limits()),
        };
        if task.is_verification && self.count_notice(item) {
            return Ok(());
        }
        let original = Some(item).filter(|_| !is_too_long);
        let read = match read {
            Ok(read) => read,
            Err(refusal) => {
                let receipt = task.filter.withhold(item.len(), refusal);
                return self.refuse(&self.origin(item, number), &receipt, original, &task.requester);
            }
        };
        let requester = match &self.requester {
            Some((known, requester)) if *known == read.request => Some(requester.clone()),
            _ => match task.members.requester(&read, &task.requester) {
                Ok(requester) => requester,
                Err(refusal) => {
                    let receipt = task.filter.withhold(item.len(), refusal);
                    return self.refuse(&self.origin(&read.message, number), &receipt, original, &task.requester);
                }
            },
        };
        let own = requester.as_ref().unwrap_or(&task.requester);
        if task.is_verification {
            self.verify(&self.origin(&read.message, number), &read.message, own);
            return Ok(());
        }
        let origin = self.has_names.then(|| self.origin(&read.message, number));
        let approved = origin.as_ref().and_then(|origin| self.approved(origin, item, own));
        let own = approved.as_ref().unwrap_or(own);
        let (receipt, reviewed) = self.decide(origin.as_ref(), &read.message, own);
        let own = reviewed.as_ref().map_or(own, |reviewed| &reviewed.request);
        if !receipt.disposition().releases() {
            let origin = origin.unwrap_or_else(|| self.origin(&read.message, number));
            self.refuse(&origin, &receipt, original, own)?;
        } else {
            let place = origin.as_ref().map_or(Path::new(""), |origin| &origin.place);
            match number {
                Number::Item(_) if self.syntax == Some(BatchSyntax::Json) => {
                    let mut written = Vec::new();
                    task.members.write(&read, &self.out, &mut written);
                    self.builder.release_item(place, &written, &self.out)?;
                }
                Number::Line(_) if let Some(bytes) = self.builder.lines() => {
                    task.members.write(&read, &self.out, bytes);
                }
                _ => self.builder.release(place, &self.out)?,
            }
            self.record(origin.as_ref(), &receipt, own);
            self.result.reviews.extend(reviewed.map(|reviewed| reviewed.review));
        }
        self.requester = requester.map(|requester| (read.request, requester));
        Ok(())
    }

    /// The request of a message that a person approved; `None` if none did.
    fn approved(&mut self, origin: &MessageOrigin<'_>, original: &[u8], requester: &Requester) -> Option<Requester> {
        let approvals = self.task.approvals.as_ref()?;
        match approvals.of(&origin.id, original) {
            Approval::None => None,
            Approval::Given(number) => {
                self.result.approved.push(number);
                self.tally.add_approved();
                Some(approvals.request(requester))
            }
            Approval::OtherContent(number) => {
                self.result.approved.push(number);
                self.tally.add_fault();
                let text =
                    format!("not approved: its content isn't the one that was approved; id {}", origin.id.display());
                self.report(origin, text, true);
                None
            }
        }
    }

    fn entry(&mut self, entry: MessageEntry) -> io::Result<()> {
        let number = entry.number.map(Number::Entry);
        let (place, id) = (entry.place.as_path().into(), entry.id.as_path().into());
        let origin = MessageOrigin { name: entry.origin.as_deref(), number, place, id };
        let task = self.task;
        let message = match entry.data {
            EntryData::Whole(message) => message,
            EntryData::Deflated { bytes, size, crc } => match inflate(&bytes, size, crc) {
                Ok(message) => message,
                Err(what) => return self.fail(&origin, what.to_owned()),
            },
            EntryData::TooLong => {
                let receipt = task.filter.withhold(0, too_long("the message is too long"));
                return self.refuse(&origin, &receipt, None, &task.requester);
            }
            EntryData::Refused(document, refusal) => {
                let receipt = task.filter.withhold(document.as_ref().map_or(0, Vec::len), refusal);
                return self.refuse(&origin, &receipt, document.as_deref(), &task.requester);
            }
            EntryData::Unreadable(what) => return self.fail(&origin, what),
        };
        if let Some(what) = nested(&message).filter(|_| entry.number.is_some()) {
            return self.fail(&origin, what);
        }
        if task.is_verification {
            if !self.count_notice(&message) {
                self.verify(&origin, &message, &task.requester);
            }
            return Ok(());
        }
        let approved = self.approved(&origin, &message, &task.requester);
        let requester = approved.as_ref().unwrap_or(&task.requester);
        let (receipt, reviewed) = self.decide(Some(&origin), &message, requester);
        let requester = reviewed.as_ref().map_or(requester, |reviewed| &reviewed.request);
        if !receipt.disposition().releases() {
            return self.refuse(&origin, &receipt, Some(&message), requester);
        }
        match self.builder.release(&origin.place, &self.out) {
            Ok(()) => {
                self.record(Some(&origin), &receipt, requester);
                self.result.reviews.extend(reviewed.map(|reviewed| reviewed.review));
                Ok(())
            }
            // Where every message has its own file, the failure of one doesn't affect the others.
            Err(error) if matches!(self.builder, OutputBuilder::Files(..)) && !is_fatal(&error) => {
                self.fail(&origin, error.to_string())
            }
            Err(error) => Err(error),
        }
    }

    /// Redacts a message. If the policy holds it, the queue of reviews has it then, unless it was approved there: then it is
    /// redacted for the request that was; or denied there: then it is withheld.
    fn decide(
        &mut self,
        origin: Option<&MessageOrigin<'_>>,
        message: &[u8],
        requester: &Requester,
    ) -> (Receipt, Option<ReviewedRequest>) {
        let task = self.task;
        let receipt = task.filter.redact(message, requester, &mut self.out);
        let reviewed = match (&task.reviews, origin) {
            (Some(queue), Some(origin)) if receipt.disposition() == Disposition::Held => {
                self.review(queue.as_ref(), origin, message, (requester, &receipt))
            }
            _ => Reviewed::Waits,
        };
        if let Reviewed::Approved(review, request) = reviewed {
            let receipt = task.filter.redact(message, &request, &mut self.out);
            self.compare(message, &request, &receipt);
            return (receipt, Some(ReviewedRequest { review, request: *request }));
        }
        // The policies are compared, not what people denied.
        self.compare(message, requester, &receipt);
        match reviewed {
            Reviewed::Denied(why) => (receipt.denied(why), None),
            _ => (receipt, None),
        }
    }

    /// Puts a held message into the queue, and says how it stands there. What can't be put there stays held.
    fn review(
        &mut self,
        queue: &dyn ReviewQueue,
        origin: &MessageOrigin<'_>,
        original: &[u8],
        (requester, receipt): (&Requester, &Receipt),
    ) -> Reviewed {
        let (source, id, last_decision) = (origin.source(self.source), text_of(&origin.id), self.task.last_decision);
        let held = HeldMessage { source, id: &id, original, requester, receipt, last_decision };
        let reviewed = queue.review(&held).unwrap_or_else(|error| {
            self.tally.add_fault();
            self.report(origin, format!("not in the queue of reviews: {error}; id {}", origin.id.display()), true);
            Reviewed::Waits
        });
        match &reviewed {
            Reviewed::Approved(..) => self.tally.add_approved(),
            Reviewed::Held(why) => {
                self.report(origin, format!("not approved: {why}; id {}", origin.id.display()), false);
            }
            Reviewed::Waits | Reviewed::Denied(_) => {}
        }
        reviewed
    }

    fn compare(&mut self, message: &[u8], requester: &Requester, receipt: &Receipt) {
        if let Some(other) = &self.task.other {
            let mut out = Vec::new();
            self.result.comparison.add(&other.redact(message, requester, &mut out), receipt);
        }
    }

    /// Reports a message that doesn't go out, saves its original if asked to, and puts a notice in its place (P11).
    fn refuse(
        &mut self,
        origin: &MessageOrigin<'_>,
        receipt: &Receipt,
        original: Option<&[u8]>,
        requester: &Requester,
    ) -> io::Result<()> {
        if self.task.is_verification {
            self.result.verified.messages += 1;
            self.finding(origin, refusal_text(receipt));
            return Ok(());
        }
        self.record(Some(origin), receipt, requester);
        self.report(origin, format!("{}; id {}", refusal_text(receipt), origin.id.display()), false);
        if let Some(folder) = &self.task.withheld {
            let kept = match original {
                Some(original) => save_original(&folder.join(&origin.id), original),
                None => Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is too long to be kept apart")),
            };
            if let Err(error) = kept {
                self.tally.add_fault();
                self.report(origin, format!("not kept apart: {error}"), true);
            }
        }
        let is_dropped = self.task.drop_withheld;
        self.builder.refuse(&origin.place, receipt.reason(), is_dropped)
    }

    /// Reports a message that can't be read or written.
    fn fail(&mut self, origin: &MessageOrigin<'_>, what: String) -> io::Result<()> {
        self.tally.add_failure();
        self.result.verified.unread += 1;
        self.report(origin, format!("failed: {what}"), true);
        self.builder.record_failure(&origin.place)
    }

    pub(super) fn report(&mut self, origin: &MessageOrigin<'_>, text: String, is_failure: bool) {
        let source = self.source;
        let name = match (origin.name, origin.number) {
            (Some(name), Some(number)) => format!("{source}: entry {} ({name})", number.number()),
            (Some(name), None) => name.to_owned(),
            (None, Some(Number::Item(number))) => format!("{source}: message {number}"),
            (None, Some(Number::Line(number))) => format!("{source}:{number}"),
            (None, Some(Number::Entry(_)) | None) => source.to_owned(),
        };
        let text = format!("{name}: {text}");
        self.result.notices.push(MessageNotice { text, is_failure });
    }

    /// Counts a message, and makes its record. Without a log it may be `None` where it came from.
    fn record(&mut self, origin: Option<&MessageOrigin<'_>>, receipt: &Receipt, requester: &Requester) {
        self.tally.add(receipt);
        if let Some(origin) = origin.filter(|_| self.task.is_logged) {
            let (item, id) = (origin.number.map(Number::number), text_of(&origin.id));
            let source = origin.source(self.source);
            let request = Some(requester).filter(|requester| receipt.may_record(requester));
            let origin = RecordOrigin { source, item, id: &id, request };
            self.result.bodies.push(origin, self.task.is_dry_run, receipt);
        }
    }
}

/// Saves an original for review.
fn save_original(path: &Path, original: &[u8]) -> io::Result<()> {
    create_private_folder(path.parent().unwrap_or(path))?;
    write_atomically(path, original)
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
