//! Records of a batch of messages, serialized by the workers, chained later in the order of the source.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use dmv_redact::internal::rewrite::FilterIdentity;
use dmv_redact::{
    Date, Disposition, ElementCounts, ElementId, Instrument, Ori, OwedDuty, PolicyIdentity, Reason, Receipt, Requester,
};
use dmv_redact_model::escape;
use dmv_redact_model::policy::{Attribute, StatedBy};

use super::Key;
use super::records::now;

/// Where a message came from, and what its request said.
#[derive(Debug, Clone, Copy)]
pub struct RecordOrigin<'o> {
    /// The source.
    pub source: &'o str,
    /// Its place there.
    pub item: Option<u64>,
    /// Its identifier.
    pub id: &'o str,
    /// Its request; `None` if the policy doesn't declare what it says: then it could be anything (P6).
    pub request: Option<&'o Requester>,
}

/// The body of the record of a message. What is nothing, none or false is omitted.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct MessageRecord<'b> {
    /// When it is recorded, which is right before the message goes out. None in a run over archives: a resumed run writes the
    /// same records again.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    source: &'b str,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'b str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<&'b str>,
    /// A keyed hash of the control number.
    #[serde(skip_serializing_if = "Option::is_none")]
    control: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    dry_run: bool,
    disposition: Disposition,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'b str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'b str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    format_replaces: &'b [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    message_type: Option<&'b str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requester: Option<Ori>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stated: Option<StatedBy<'b>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    agency_classes: Vec<&'b str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    claims: &'b [String],
    /// What is behind them.
    #[serde(skip_serializing_if = "<[Instrument]>::is_empty")]
    instruments: &'b [Instrument],
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_by: Option<&'b str>,
    /// The review in which it was approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    review: Option<&'b str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rules: Vec<&'b str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    duties: Vec<OwedDuty<'b>>,
    /// If it isn't the one of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'b PolicyIdentity>,
    /// The date by which it was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<Date>,
    #[serde(skip_serializing_if = "ElementList::is_empty")]
    released: ElementList<'b>,
    #[serde(skip_serializing_if = "ElementList::is_empty")]
    generalised: ElementList<'b>,
    #[serde(skip_serializing_if = "ElementList::is_empty")]
    removed: ElementList<'b>,
    /// Of the removed ones, those that the policy permits.
    #[serde(skip_serializing_if = "ElementList::is_empty")]
    misshapen: ElementList<'b>,
    #[serde(skip_serializing_if = "is_default")]
    unmapped: u32,
    /// Images that were found in other values.
    #[serde(skip_serializing_if = "is_default")]
    found_images: u32,
    bytes_in: usize,
    #[serde(skip_serializing_if = "is_default")]
    bytes_out: usize,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The data elements of a message of which at least one value became something: by their numbers, as `0-3,7`, or else by their
/// ids, as a list.
struct ElementList<'b> {
    counts: &'b [(ElementId, ElementCounts)],
    count: fn(&ElementCounts) -> u32,
    /// For the ids.
    of_other: Option<&'b FilterIdentity>,
}

impl<'b> ElementList<'b> {
    /// The elements' indices, ascending.
    fn indices(&self) -> impl Iterator<Item = usize> + use<'b> {
        let count = self.count;
        self.counts.iter().filter(move |(_, counts)| count(counts) > 0).map(|(element, _)| element.index())
    }

    fn is_empty(&self) -> bool {
        self.indices().next().is_none()
    }
}

impl Serialize for ElementList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.of_other {
            Some(other) => serializer.collect_seq(self.indices().filter_map(|index| other.elements.get(index))),
            None => serializer.serialize_str(&ranges(self.indices())),
        }
    }
}

/// Ascending numbers, those in a row as first and last.
fn ranges(numbers: impl Iterator<Item = usize>) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let texts = ranges.into_iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    texts.collect::<Vec<_>>().join(",")
}

/// Bodies of records, concatenated.
#[derive(Debug)]
pub struct Bodies {
    /// The filter of the run: what it decided is told by numbers, what another did by names.
    filter: Arc<FilterIdentity>,
    bytes: Vec<u8>,
    /// The end of each, and its message's disposition.
    ends: Vec<(usize, Disposition)>,
}

impl Bodies {
    /// None yet, for a log whose run was begun with this filter.
    pub fn new(filter: Arc<FilterIdentity>) -> Self {
        Self { filter, bytes: Vec::new(), ends: Vec::new() }
    }

    /// Those so far; none are left.
    pub fn take(&mut self) -> Self {
        std::mem::replace(self, Self::new(Arc::clone(&self.filter)))
    }

    /// The filter of the run.
    pub(super) fn filter(&self) -> &Arc<FilterIdentity> {
        &self.filter
    }

    /// Adds the record of a message: its origin, then its receipt. Of a dry run nothing went out.
    pub fn push(&mut self, origin: RecordOrigin<'_>, dry_run: bool, receipt: &Receipt) {
        self.push_at((None, None), origin, dry_run, receipt);
    }

    fn push_at(
        &mut self,
        (time, control): (Option<String>, Option<String>),
        origin: RecordOrigin<'_>,
        dry_run: bool,
        receipt: &Receipt,
    ) {
        let RecordOrigin { source, item, id, request } = origin;
        let decided_by = receipt.identity();
        let is_own = Arc::ptr_eq(decided_by, &self.filter) || **decided_by == *self.filter;
        let list =
            |count| ElementList { counts: receipt.counts(), count, of_other: (!is_own).then_some(&**decided_by) };
        let record = MessageRecord {
            source,
            item,
            id: Some(id).filter(|id| !id.is_empty()),
            correlation_id: receipt.correlation_id(),
            control,
            dry_run,
            disposition: receipt.disposition(),
            reason: receipt.reason(),
            detail: receipt.detail(),
            offset: receipt.offset(),
            format: receipt.format(),
            format_replaces: receipt.replaced_formats(),
            message_type: receipt.message_type(),
            requester: receipt.requester(),
            // Where the envelope states anything of the request, the receipt has all that is stated.
            stated: receipt.request().or(request).filter(|request| request.statements().next().is_some()).map(StatedBy),
            agency_classes: receipt.requester_classes(),
            claims: request.map_or(&[], Requester::claims),
            instruments: request.map_or(&[], Requester::instruments),
            approved_by: request.and_then(Requester::approver),
            review: request.and_then(Requester::review),
            rules: receipt.rules().collect(),
            duties: receipt.duties().collect(),
            policy: (!is_own).then_some(receipt.policy()),
            date: receipt.date().filter(|date| !time.as_ref().is_some_and(|time| time.starts_with(&date.to_string()))),
            released: list(|counts| counts.released),
            generalised: list(|counts| counts.generalised),
            removed: list(|counts| counts.removed),
            misshapen: list(|counts| counts.shape),
            unmapped: receipt.unmapped(),
            found_images: receipt.found_images(),
            bytes_in: receipt.bytes_in(),
            bytes_out: receipt.bytes_out(),
            time,
        };
        self.push_record(&record);
    }

    /// The same for a message that goes out now. With a key it has the control number of the request.
    pub(super) fn push_now(
        &mut self,
        (source, id): (&str, &str),
        requester: &Requester,
        (dry_run, key): (bool, Option<&Key>),
        receipt: &Receipt,
    ) {
        let request = Some(requester).filter(|requester| receipt.may_record(requester));
        let control = key.zip(requester.given_control_number()).map(|(key, number)| key.control(number));
        self.push_at((Some(now()), control), RecordOrigin { source, item: None, id, request }, dry_run, receipt);
    }

    /// Adds the records of others.
    pub(super) fn append(&mut self, others: &Self) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&others.bytes);
        self.ends.extend(others.ends.iter().map(|(end, disposition)| (start + end, *disposition)));
    }

    fn push_record(&mut self, record: &MessageRecord<'_>) {
        let start = self.bytes.len();
        // Writing to a vector can't fail, and all keys of a record are strings.
        let _ = serde_json::to_writer(&mut self.bytes, record);
        // Only these need escaping: the rest are words of the policy, fixed words and numbers (P6).
        let user = record.stated.as_ref().and_then(|stated| stated.0.stated(Attribute::User));
        let mut names = [Some(record.source), record.id, user, record.approved_by].into_iter().flatten();
        if names.any(|name| matches!(escape::escape(name), Cow::Owned(_))) {
            let safe = escape::json(&String::from_utf8_lossy(self.bytes.get(start..).unwrap_or_default()));
            self.bytes.truncate(start);
            self.bytes.extend_from_slice(safe.as_bytes());
        }
        self.ends.push((self.bytes.len(), record.disposition));
    }

    #[cfg(all(test, feature = "verify"))]
    pub(crate) fn push_body(&mut self, disposition: Disposition, body: &[u8]) {
        self.bytes.extend_from_slice(body);
        self.ends.push((self.bytes.len(), disposition));
    }

    /// The members of each body, without its braces.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], Disposition)> {
        let mut start = 0;
        self.ends.iter().map(move |(end, disposition)| {
            let body = self.bytes.get(start..*end).unwrap_or_default();
            start = *end;
            let members = body.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}"));
            (members.unwrap_or_default(), *disposition)
        })
    }

    /// Total bytes.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }
}
