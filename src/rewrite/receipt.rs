//! The receipt: the outcome of one message. Never a value of it, nor a digest of one (P6).

use std::fmt;
use std::sync::Arc;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::identity::FilterIdentity;
use super::parts::Parts;
use super::tally::ElementCounts;
use crate::read::{Reason, Refusal};
use dmv_redact_model::catalog::{ElementId, Kind};
use dmv_redact_model::date::Date;
use dmv_redact_model::format::FormatId;
use dmv_redact_model::policy::{
    Due, Grant, GrantDuty, MessageKeyId, Occasion, Ori, PolicyIdentity, Requester, StatedBy,
};

/// The outcome of a message. Exhaustive on purpose: a fifth kind must break the caller's build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Disposition {
    /// Nothing had to be removed: every count of what was removed or made less precise is 0. The output says all that
    /// the message says. Its bytes may differ: comments, white space, prefixes, ids and the encoding are the output's
    /// own.
    Released,
    /// The output contains what the policy permits and nothing else, and lacks something that the message contains.
    Redacted,
    /// A person must review the message first; there is no output.
    Held,
    /// Nothing may be released; there is no output.
    Withheld,
}

impl Disposition {
    /// All dispositions.
    pub const ALL: [Self; 4] = [Self::Released, Self::Redacted, Self::Held, Self::Withheld];

    /// Whether there is an output that may be forwarded.
    #[must_use]
    pub fn releases(self) -> bool {
        matches!(self, Self::Released | Self::Redacted)
    }

    /// Its name in receipts and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Redacted => "redacted",
            Self::Held => "held",
            Self::Withheld => "withheld",
        }
    }
}

/// The record of one message. Serializable; the field names in JSON are those of the methods, with hyphens.
#[derive(Debug, Clone)]
#[must_use = "the receipt says whether there is an output"]
pub struct Receipt {
    pub(super) disposition: Disposition,
    pub(super) refusal: Option<Refusal>,
    pub(super) format: Option<FormatId>,
    pub(super) message_type: Option<MessageKeyId>,
    pub(super) requester: Option<Ori>,
    /// The request, where the envelope states anything of it.
    pub(super) request: Option<Arc<Requester>>,
    /// Whether the grant of the record is what was decided; otherwise nothing was.
    pub(super) is_decided: bool,
    pub(super) record: Arc<Record>,
    pub(super) unmapped: u32,
    pub(super) found_images: u32,
    pub(super) image_bytes: u64,
    pub(super) bytes_in: usize,
    pub(super) bytes_out: usize,
    pub(super) correlation_id: Option<Arc<str>>,
    /// Of the request, as the caller gave it.
    pub(crate) fingerprint: u64,
    pub(super) date: Option<Date>,
}

/// The part of a receipt that is shared with its copies, and reused by a later one when all are dropped.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) parts: Arc<Parts>,
    pub(super) grant: Option<Arc<Grant>>,
    /// The counts of the elements that were seen, in the order of the catalog.
    pub(super) elements: Vec<(ElementId, ElementCounts)>,
}

impl Record {
    /// A record without counts: the previous one if no copy is left, or a new one.
    pub(super) fn begin(before: Option<Arc<Self>>, parts: &Arc<Parts>) -> Arc<Self> {
        if let Some(mut before) = before
            && let Some(record) = Arc::get_mut(&mut before)
            && Arc::ptr_eq(&record.parts, parts)
        {
            record.elements.clear();
            return before;
        }
        Arc::new(Self { parts: Arc::clone(parts), grant: None, elements: Vec::new() })
    }
}

impl Receipt {
    /// The receipt of a message of `bytes` bytes before a decision: withheld.
    #[inline]
    pub(super) fn begin(record: Arc<Record>, bytes: usize, requester: &Requester) -> Self {
        Self {
            disposition: Disposition::Withheld,
            refusal: None,
            format: None,
            message_type: None,
            requester: requester.ori(),
            request: None,
            is_decided: false,
            record,
            unmapped: 0,
            found_images: 0,
            image_bytes: 0,
            bytes_in: bytes,
            bytes_out: 0,
            correlation_id: requester.shared_correlation_id(),
            fingerprint: 0,
            date: None,
        }
    }

    /// Records the grant.
    pub(super) fn decided(&mut self, grant: &Arc<Grant>) {
        self.is_decided = true;
        if let Some(record) = Arc::get_mut(&mut self.record)
            && record.grant.as_ref().is_none_or(|before| !Arc::ptr_eq(before, grant))
        {
            record.grant = Some(Arc::clone(grant));
        }
    }

    /// The receipt of a held message that a person reviewed and denied, or that nobody decided in time: withheld, for the
    /// reason [`Reason::Denied`]. `why` is a fixed sentence, without a value of the message (P6). Of a message that isn't held
    /// the receipt stays as it is.
    pub fn denied(mut self, why: &'static str) -> Self {
        if self.disposition == Disposition::Held {
            self.disposition = Disposition::Withheld;
            self.refusal = Some(Refusal::whole(Reason::Denied, why));
        }
        self
    }

    /// The receipt of a message that the policy releases or holds and that doesn't go out because whoever runs the service said so:
    /// withheld, for [`Reason::Stopped`] or [`Reason::RateExceeded`]. `why` is a fixed sentence (P6). One that is withheld already
    /// stays as it is.
    #[doc(hidden)]
    pub fn stopped(mut self, reason: Reason, why: &'static str) -> Self {
        if self.disposition != Disposition::Withheld {
            self.disposition = Disposition::Withheld;
            self.refusal = Some(Refusal::whole(reason, why));
            self.bytes_out = 0;
            self.count_nothing();
        }
        self
    }

    /// Discards the counts, because nothing of the message is released.
    pub(super) fn count_nothing(&mut self) {
        match Arc::get_mut(&mut self.record) {
            Some(record) => record.elements.clear(),
            None => {
                let Record { parts, grant, .. } = &*self.record;
                let (parts, grant) = (Arc::clone(parts), grant.clone());
                self.record = Arc::new(Record { parts, grant, elements: Vec::new() });
            }
        }
        (self.unmapped, self.found_images, self.image_bytes) = (0, 0, 0);
    }

    /// The outcome of the message.
    #[must_use]
    pub fn disposition(&self) -> Disposition {
        self.disposition
    }

    /// Why it was held or withheld; `None` when it was not.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.refusal.as_ref().map(Refusal::reason)
    }

    /// The exact problem, as a fixed sentence.
    #[must_use]
    pub fn detail(&self) -> Option<&'static str> {
        self.refusal.as_ref().map(Refusal::detail)
    }

    /// Where the problem is, in bytes from the start of the message; `None` if it concerns the whole message.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        self.refusal.as_ref().and_then(Refusal::offset)
    }

    /// The format of the message, if it was recognized.
    #[must_use]
    pub fn format(&self) -> Option<&str> {
        self.record.parts.formats.get(self.format?).map(|format| format.name.as_str())
    }

    /// The names of the formats in whose place the format of the message stands, as its file says. Mostly none.
    #[must_use]
    pub fn replaced_formats(&self) -> &[String] {
        let format = self.format.and_then(|format| self.record.parts.formats.get(format));
        format.map_or(&[], |format| format.replaces.as_slice())
    }

    /// The message key, if it is one of the format's.
    #[must_use]
    pub fn message_type(&self) -> Option<&str> {
        self.record.parts.formats.messages().get(usize::from(self.message_type?.0)).map(String::as_str)
    }

    /// The requester, if one is known.
    #[must_use]
    pub fn requester(&self) -> Option<Ori> {
        self.requester
    }

    /// The request that was decided on, where the message's envelope states anything of it: what the caller said, and what the
    /// envelope adds. `None` where the caller said all.
    #[doc(hidden)]
    #[must_use]
    pub fn request(&self) -> Option<&Requester> {
        self.request.as_deref()
    }

    /// Whether it is the receipt of this request.
    #[doc(hidden)]
    #[must_use]
    pub fn is_of(&self, requester: &Requester) -> bool {
        self.fingerprint == requester.fingerprint()
    }

    /// Whether what a request says may be on record: it is in words of the policy that decided (P6).
    #[doc(hidden)]
    #[must_use]
    pub fn may_record(&self, requester: &Requester) -> bool {
        self.record.parts.policy.may_record(requester)
    }

    /// The switch's own id of the request, if it gave one with
    /// [`Requester::correlation_id`](crate::Requester::correlation_id).
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.correlation_id.as_deref()
    }

    /// The date of the request, by which it was decided; `None` if the policy depends on no date. With the policy and the
    /// request it makes the decision reproducible.
    #[must_use]
    pub fn date(&self) -> Option<Date> {
        self.date
    }

    /// Names of the agency classes that the requester is in.
    pub fn agency_classes(&self) -> impl Iterator<Item = &str> {
        self.grant().into_iter().flat_map(|grant| grant.classes()).map(String::as_str)
    }

    /// The same for the disclosure log: also where nothing was decided, for whoever is refused asked all the same.
    #[doc(hidden)]
    #[must_use]
    pub fn requester_classes(&self) -> Vec<&str> {
        let policy = &self.record.parts.policy;
        let known = || {
            let date = self.date.or_else(Date::today);
            Some(match (self.requester?, date) {
                (ori, Some(date)) => policy.classes_on(ori, date),
                (ori, None) => policy.classes_of(ori),
            })
        };
        match self.grant() {
            Some(_) => self.agency_classes().collect(),
            None => known().unwrap_or_default().into_iter().map(|class| policy.class_name(class)).collect(),
        }
    }

    /// Ids of the rules that applied.
    pub fn rules(&self) -> impl Iterator<Item = &str> {
        self.grant().into_iter().flat_map(|grant| grant.rules()).map(String::as_str)
    }

    /// What somebody must do because of the outcome, by when (P12). A message that is held or withheld for another reason than
    /// the policy's rules has none.
    pub fn duties(&self) -> impl Iterator<Item = OwedDuty<'_>> {
        let occasion = match (self.disposition, self.reason()) {
            (Disposition::Released | Disposition::Redacted, _) => Some(Occasion::Release),
            (_, Some(Reason::Review)) => Some(Occasion::Hold),
            (_, Some(Reason::NothingPermitted | Reason::Denied)) => Some(Occasion::Refusal),
            _ => None,
        };
        let owed = occasion.zip(self.grant()).map(|(occasion, grant)| grant.duties(occasion));
        owed.into_iter().flatten().map(|duty| OwedDuty { duty, asked: self.date })
    }

    /// Which policy decided.
    #[must_use]
    pub fn policy(&self) -> &PolicyIdentity {
        self.record.parts.policy.identity()
    }

    /// What decided.
    #[doc(hidden)]
    #[must_use]
    pub fn identity(&self) -> &Arc<FilterIdentity> {
        &self.record.parts.identity
    }

    /// The counts of each data element that was seen, in the order of the catalog. Of a message that was held or
    /// withheld nothing was released, so there are none.
    pub fn elements(&self) -> impl Iterator<Item = (&str, ElementCounts)> {
        let catalog = &self.record.parts.catalog;
        let elements = self.record.elements.iter();
        elements.filter_map(|(id, counts)| Some((catalog.element(*id)?.id(), *counts)))
    }

    /// The same, by the catalog's own numbers.
    #[doc(hidden)]
    pub fn counts(&self) -> &[(ElementId, ElementCounts)] {
        &self.record.elements
    }

    /// The grant that was decided.
    #[doc(hidden)]
    #[must_use]
    pub fn grant(&self) -> Option<&Arc<Grant>> {
        self.record.grant.as_ref().filter(|_| self.is_decided)
    }

    /// The number of released values of each element that was seen, in any form.
    #[allow(dead_code, reason = "to be compared with the manifest")]
    pub(crate) fn passed(&self) -> impl Iterator<Item = (ElementId, u32)> {
        self.record.elements.iter().map(|(element, counts)| (*element, counts.released + counts.generalised))
    }

    /// Whether no content was removed or made less precise.
    pub(super) fn lacks_nothing(&self) -> bool {
        let mut counts = self.record.elements.iter().map(|(_, counts)| counts);
        self.unmapped == 0 && counts.all(|counts| counts.removed == 0 && counts.generalised == 0)
    }

    /// Elements, attributes, members and texts that no path of the mapping names, and references to what isn't
    /// released. Comments and processing instructions aren't part of a record, and don't count.
    #[must_use]
    pub fn unmapped(&self) -> u32 {
        self.unmapped
    }

    /// The values that the policy permits and that were removed nevertheless, by data element: they violate its shape,
    /// contain an image, or can't be generalized. The requester lacks them although nothing was denied.
    pub fn shape_violations(&self) -> impl Iterator<Item = (&str, u32)> {
        self.elements().filter(|(_, counts)| counts.shape > 0).map(|(id, counts)| (id, counts.shape))
    }

    /// How many images were removed, by what they are: the last step of their element's id (`photo`, `signature`), or
    /// [`FOUND_IMAGE`] for one that was found in another value by its content.
    pub fn images(&self) -> impl Iterator<Item = (&str, u32)> {
        let catalog = &self.record.parts.catalog;
        let known = self.record.elements.iter().filter_map(|(id, counts)| {
            let element = catalog.element(*id).filter(|element| element.kind() == Kind::Image)?;
            Some((element.last_step(), counts.removed))
        });
        known.chain([(FOUND_IMAGE, self.found_images)]).filter(|(_, count)| *count > 0)
    }

    /// How many images were found in other values by their content.
    #[must_use]
    pub fn found_images(&self) -> u32 {
        self.found_images
    }

    /// Bytes of the removed images in the message.
    #[must_use]
    pub fn image_bytes(&self) -> u64 {
        self.image_bytes
    }

    /// Bytes of the message.
    #[must_use]
    pub fn bytes_in(&self) -> usize {
        self.bytes_in
    }

    /// Bytes of the output; 0 if there is none.
    #[must_use]
    pub fn bytes_out(&self) -> usize {
        self.bytes_out
    }
}

/// A duty that follows from what became of a message. Its `Display` says what it is: `notify-subject within 3 business days`.
#[derive(Debug, Clone, Copy)]
pub struct OwedDuty<'r> {
    duty: &'r GrantDuty,
    /// The date of the request.
    asked: Option<Date>,
}

impl<'r> OwedDuty<'r> {
    /// The id of the policy's duty.
    #[must_use]
    pub fn id(&self) -> &'r str {
        &self.duty.id
    }

    /// What must be done: `notify-subject`, `report`, `collect-certificate`, `keep-record` or `review-afterwards`.
    #[must_use]
    pub fn task(&self) -> &'static str {
        self.duty.duty.kind.name()
    }

    /// The body that is reported to, or who else it concerns, in the policy's words.
    #[must_use]
    pub fn to(&self) -> Option<&'r str> {
        self.duty.duty.to.as_deref()
    }

    /// Whether it is due before the message goes out.
    #[must_use]
    pub fn is_before(&self) -> bool {
        self.duty.duty.due == Due::Before
    }

    /// The last day on which it may be done, counted from the date of the request; for a record, the day until which it is
    /// kept. `None` if it is due before the message goes out. Business days are Monday to Friday: holidays aren't known.
    #[must_use]
    pub fn last_day(&self) -> Option<Date> {
        self.duty.duty.due.last_day(self.asked?)
    }
}

impl fmt::Display for OwedDuty<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.duty.duty.fmt(f)
    }
}

impl Serialize for OwedDuty<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", self.id())?;
        map.serialize_entry("do", self.task())?;
        if let Some(to) = self.to() {
            map.serialize_entry("to", to)?;
        }
        match self.last_day() {
            Some(day) => map.serialize_entry("due", &day)?,
            None => map.serialize_entry("due", &self.duty.duty.due.to_string())?,
        }
        map.end()
    }
}

impl Serialize for Receipt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("disposition", &self.disposition)?;
        map.serialize_entry("reason", &self.reason())?;
        map.serialize_entry("detail", &self.detail())?;
        map.serialize_entry("offset", &self.offset())?;
        map.serialize_entry("format", &self.format())?;
        let replaced = self.replaced_formats();
        if !replaced.is_empty() {
            map.serialize_entry("format-replaces", replaced)?;
        }
        map.serialize_entry("message-type", &self.message_type())?;
        map.serialize_entry("requester", &self.requester)?;
        // Omitted if the envelope states nothing of the request.
        if let Some(request) = self.request() {
            map.serialize_entry("stated", &StatedBy(request))?;
        }
        map.serialize_entry("agency-classes", &self.agency_classes().collect::<Vec<_>>())?;
        map.serialize_entry("rules", &self.rules().collect::<Vec<_>>())?;
        // Omitted if there are none.
        let duties: Vec<OwedDuty<'_>> = self.duties().collect();
        if !duties.is_empty() {
            map.serialize_entry("duties", &duties)?;
        }
        map.serialize_entry("policy", self.policy())?;
        // Omitted if the policy depends on no date.
        if let Some(date) = self.date {
            map.serialize_entry("date", &date)?;
        }
        map.serialize_entry("elements", &Elements(self))?;
        map.serialize_entry("unmapped", &self.unmapped)?;
        map.serialize_entry("shape-violations", &ByName(|| self.shape_violations()))?;
        map.serialize_entry("images", &ByName(|| self.images()))?;
        map.serialize_entry("image-bytes", &self.image_bytes)?;
        map.serialize_entry("bytes-in", &self.bytes_in)?;
        map.serialize_entry("bytes-out", &self.bytes_out)?;
        // Omitted if there is none: most receipts of a batch have none.
        if let Some(id) = self.correlation_id() {
            map.serialize_entry("correlation-id", id)?;
        }
        map.end()
    }
}

/// The name for an image that was found by its content in a value of another kind.
pub const FOUND_IMAGE: &str = "image-in-text";

/// Counts as a map from names.
struct ByName<F>(F);

impl<'a, I: Iterator<Item = (&'a str, u32)>, F: Fn() -> I> Serialize for ByName<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map((self.0)())
    }
}

/// The counts as a map from element id.
struct Elements<'a>(&'a Receipt);

impl Serialize for Elements<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.elements())
    }
}
