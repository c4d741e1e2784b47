//! Records of a batch of messages, serialized by the workers, chained later in the order of the source.

use std::borrow::Cow;

use dmv_redact::{Disposition, Instrument, Receipt, Requester};
use dmv_redact_model::escape;
use dmv_redact_model::policy::{Attribute, StatedBy};
use serde::Serialize;

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

/// The body of the record of a message.
#[derive(Serialize)]
struct MessageRecord<'b> {
    source: &'b str,
    item: Option<u64>,
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'b str,
    #[serde(skip_serializing_if = "Option::is_none")]
    stated: Option<StatedBy<'b>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    claims: &'b [String],
    /// What is behind them.
    #[serde(skip_serializing_if = "<[Instrument]>::is_empty")]
    instruments: &'b [Instrument],
    /// When it is recorded, which is right before the message goes out. Omitted in a run over archives: a resumed run
    /// writes the same records again.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    /// Omitted if false, as in the records of earlier versions.
    #[serde(rename = "dry-run", skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
    #[serde(flatten)]
    receipt: &'b Receipt,
}

/// Bodies of records, concatenated.
#[derive(Debug, Default)]
pub struct Bodies {
    bytes: Vec<u8>,
    /// The end of each, and its message's disposition.
    ends: Vec<(usize, Disposition)>,
}

impl Bodies {
    /// Adds the record of a message: its origin, then its receipt. Of a dry run nothing went out.
    pub fn push(&mut self, origin: RecordOrigin<'_>, dry_run: bool, receipt: &Receipt) {
        self.push_at(None, origin, dry_run, receipt);
    }

    fn push_at(&mut self, time: Option<String>, origin: RecordOrigin<'_>, dry_run: bool, receipt: &Receipt) {
        let RecordOrigin { source, item, id, request } = origin;
        // Where the envelope states anything of the request, the receipt has all that is stated.
        let says = |request: &&Requester| receipt.request().is_none() && request.statements().next().is_some();
        let stated = request.filter(says).map(StatedBy);
        let claims = request.map_or(&[][..], Requester::claims);
        let instruments = request.map_or(&[][..], Requester::instruments);
        self.push_record(&MessageRecord { source, item, id, stated, claims, instruments, time, dry_run, receipt });
    }

    /// The same for a message that goes out now.
    pub(super) fn push_now(&mut self, source: &str, requester: &Requester, dry_run: bool, receipt: &Receipt) {
        let request = Some(requester).filter(|requester| receipt.may_record(requester));
        self.push_at(Some(now()), RecordOrigin { source, item: None, id: "", request }, dry_run, receipt);
    }

    /// Adds the records of others.
    pub(super) fn append(&mut self, others: &Self) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&others.bytes);
        self.ends.extend(others.ends.iter().map(|(end, disposition)| (start + end, *disposition)));
    }

    fn push_record(&mut self, record: &MessageRecord<'_>) {
        let start = self.bytes.len();
        // Writing to a vector can't fail, and all keys of a receipt are strings.
        let _ = serde_json::to_writer(&mut self.bytes, record);
        // Only the names and the user need escaping: the rest are words of the policy, fixed words and numbers (P6).
        let is_unsafe = |name| matches!(escape::escape(name), Cow::Owned(_));
        let requests = [record.stated.map(|stated| stated.0), record.receipt.request()];
        let mut users = requests.into_iter().flatten().filter_map(|request| request.stated(Attribute::User));
        if is_unsafe(record.source) || is_unsafe(record.id) || users.any(is_unsafe) {
            let safe = escape::json(&String::from_utf8_lossy(self.bytes.get(start..).unwrap_or_default()));
            self.bytes.truncate(start);
            self.bytes.extend_from_slice(safe.as_bytes());
        }
        self.ends.push((self.bytes.len(), record.receipt.disposition()));
    }

    #[cfg(test)]
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
