//! The filter: catalog, formats and policy put together once, immutable, shared by all threads. It runs the first reading
//! and, before anything goes out, the second.

mod builder;
mod pool;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rayon::prelude::*;

pub use builder::FilterBuilder;
#[cfg(feature = "cli")]
pub(crate) use builder::read_formats;

use pool::Pool;

use crate::catalog::{Catalog, ElementId};
#[cfg(feature = "cli")]
use crate::policy::Policy;
use crate::policy::{Grant, Ori, PolicyIdentity, RequestError, Requester, Verdict};
#[cfg(feature = "cli")]
use crate::read::Limits;
use crate::read::{Reason, Refusal};
use crate::rewrite::{self, Buffers, Parts, Receipt};
use crate::verify::{Finding, Notes, Verifier};

/// The filter. Build it once; it is `Send` and `Sync`, and cloning shares it.
///
/// ```
/// use dmv_redact::{Filter, Requester};
///
/// let filter = Filter::builder().build()?; // the built-in baseline policy
/// let requester = Requester::new("AZ0070000")?.purpose("C");
/// let mut out = Vec::new();
/// let receipt = filter.redact(b"no message at all", &requester, &mut out);
/// assert!(!receipt.disposition().releases() && out.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Filter {
    parts: Arc<Parts>,
    verifier: Arc<Verifier>,
    reads_twice: bool,
    idle: Arc<Pool<Box<(Buffers, Notes)>>>,
}

/// One message of a batch and who asked for it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The message, XML or JSON.
    pub message: &'a [u8],
    /// Who will receive it.
    pub requester: &'a Requester,
}

/// What became of one message of a batch.
#[derive(Debug, Clone)]
pub struct Redaction {
    /// What may be sent on; empty unless the receipt's disposition releases.
    pub output: Vec<u8>,
    /// The record of it.
    pub receipt: Receipt,
}

impl Filter {
    /// Begins a filter with the built-in catalog, formats and baseline policy.
    pub fn builder() -> FilterBuilder {
        FilterBuilder::default()
    }

    /// Lets through of `message` what the policy permits `requester`, into `out`, which is cleared first.
    ///
    /// It can't fail in a way that could be taken for a release: unless the receipt's disposition
    /// [releases](crate::Disposition::releases), `out` is empty. It never panics; the time is linear in the length of the message, the memory
    /// bounded by it.
    pub fn redact(&self, message: &[u8], requester: &Requester, out: &mut Vec<u8>) -> Receipt {
        let mut idle = self.idle.take();
        let (buffers, notes) = &mut *idle;
        let check = |output: &[u8], receipt: &Receipt| match self.reads_twice {
            true => self.read_again(output, requester, receipt, notes),
            false => Ok(()),
        };
        let receipt = rewrite::redact(&self.parts, message, requester, buffers, out, check);
        self.idle.give(idle);
        receipt
    }

    /// The second reading of what the first would release.
    fn read_again(
        &self,
        output: &[u8],
        requester: &Requester,
        receipt: &Receipt,
        notes: &mut Notes,
    ) -> Result<(), Refusal> {
        let refuse = |detail| Err(Refusal::whole(Reason::SecondReading, detail));
        let (Some(format), Some(grant)) = (receipt.format(), receipt.grant()) else {
            return refuse("nothing was decided on");
        };
        let reading = match self.verifier.read(output, format, Some(grant), notes) {
            Ok(reading) => reading,
            Err(finding) => return refuse(finding.what()),
        };
        let is_other = |read: Option<&str>, known: Option<&str>| read.is_some() && read != known;
        if is_other(reading.message_key(), receipt.message_type()) {
            return refuse("another message key than was decided on");
        }
        let ori = receipt.requester();
        if is_other(reading.requester(), ori.as_ref().map(Ori::as_str)) {
            return refuse("another requester than was decided on");
        }
        // The policy is asked again; one decision is one grant.
        let decided = self.decide(ori, requester, receipt.message_type());
        if !decided.is_some_and(|decided| Arc::ptr_eq(&decided, grant)) {
            return refuse("another grant than the policy gives");
        }
        let mut met = 0;
        let is_as_decided = receipt.passed().all(|(element, passed)| {
            let count = reading.of(element);
            met += usize::from(count.values > 0);
            count.values - count.ambiguous_placeholders <= passed && passed <= count.values
        });
        // Where more was met than what passed, it may only be what stands for a value.
        let is_met_in_vain = |element: &ElementId| {
            let count = reading.of(*element);
            count.values > count.ambiguous_placeholders && receipt.passed().all(|(passed, _)| passed != *element)
        };
        if !is_as_decided || met < reading.met().len() && reading.met().iter().any(is_met_in_vain) {
            return refuse("other values than were decided on");
        }
        Ok(())
    }

    fn decide(&self, ori: Option<Ori>, requester: &Requester, message_key: Option<&str>) -> Option<Arc<Grant>> {
        let message = message_key.and_then(|key| self.parts.formats.message(key.as_bytes()));
        self.parts.policy.decide(ori?, requester, message)
    }

    /// Whether the policy declares what a request says: its purpose and its claims. Messages for any other request are
    /// withheld, so a caller asks this once for each kind of request, before the first message.
    ///
    /// # Errors
    /// What isn't declared, and what was probably meant. It repeats nothing of the request.
    ///
    /// ```
    /// # use dmv_redact::{Filter, Requester};
    /// let filter = Filter::builder().build()?;
    /// let misspelt = Requester::new("AZ0070000")?.purpose("c");
    /// assert_eq!(filter.check_request(&misspelt).unwrap_err().nearest(), Some("C"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check_request(&self, requester: &Requester) -> Result<(), RequestError> {
        self.parts.policy.check_request(requester)
    }

    /// Reads an output with the second reading alone, as an auditor would: does anything remain in it that the policy
    /// doesn't permit `requester`? Without an ORI of the caller's the envelope says who it is for.
    ///
    /// # Errors
    /// The first thing that was found: what, where in the mapping, and at which byte. Never a value.
    pub fn verify(&self, output: &[u8], requester: &Requester) -> Result<(), Finding> {
        let verifier = &self.verifier;
        let format = match &self.parts.only_format {
            Some(name) => name,
            None => verifier.format_of(output)?,
        };
        let mut notes = Notes::default();
        let facts = verifier.read(output, format, None, &mut notes)?;
        let ori = match (requester.ori(), facts.requester()) {
            (Some(ori), Some(own)) if ori.as_str() != own => {
                return Err(Finding::of_output("the envelope names another requester"));
            }
            (Some(ori), _) => Some(ori),
            (None, own) => own.and_then(Ori::new),
        };
        if ori.is_none() {
            return Err(Finding::of_output("no requester is named"));
        }
        self.parts.policy.declares(requester).map_err(|undeclared| Finding::of_output(undeclared.detail()))?;
        let Some(grant) = self.decide(ori, requester, facts.message_key()) else {
            return Err(Finding::of_output("no agency class claims the requester"));
        };
        match grant.verdict() {
            Verdict::Rewrite => verifier.read(output, format, Some(&grant), &mut notes).map(|_| ()),
            Verdict::Review => Err(Finding::of_output("the policy holds it for review")),
            Verdict::Nothing => Err(Finding::of_output("the policy permits nothing of it")),
        }
    }

    /// Redacts messages in parallel on the current rayon thread pool, in pieces of about the same number of bytes. The
    /// results are in the order of the requests; what becomes of one message never touches another.
    #[must_use]
    pub fn redact_batch(&self, requests: &[Request<'_>]) -> Vec<Redaction> {
        // Each result is put in its place, so that none has to be moved when all are there.
        let mut results: Vec<Option<Redaction>> = Vec::new();
        results.resize_with(requests.len(), || None);
        let mut rest = results.as_mut_slice();
        let work = pieces(requests, rayon::current_num_threads()).into_iter().map(|piece| {
            let (places, behind) = std::mem::take(&mut rest).split_at_mut(piece.len());
            rest = behind;
            (piece, places)
        });
        work.collect::<Vec<_>>().into_par_iter().with_max_len(1).for_each(|(piece, places)| {
            // An output is mostly much shorter than its message: it gets memory of its own when its length is known.
            let mut out = Vec::new();
            for (request, place) in piece.iter().zip(places) {
                let receipt = self.redact(request.message, request.requester, &mut out);
                *place = Some(Redaction { output: out.clone(), receipt });
            }
        });
        results.into_iter().flatten().collect()
    }

    /// The receipt of a message of `bytes` bytes that can't be handed to the filter: too long to be loaded, or not to be
    /// made out in the line that should hold it.
    #[cfg(feature = "cli")]
    pub(crate) fn withhold(&self, bytes: usize, refusal: Refusal) -> Receipt {
        rewrite::withhold(&self.parts, bytes, refusal)
    }

    /// The bounds that messages are held to.
    #[cfg(feature = "cli")]
    pub(crate) fn limits(&self) -> &Limits {
        &self.parts.limits
    }

    /// The same filter without anything kept from earlier messages.
    #[cfg(feature = "fuzz")]
    pub(crate) fn without_history(&self) -> Self {
        Self { idle: Arc::default(), ..self.clone() }
    }

    /// What the filter knows.
    #[cfg(feature = "cli")]
    pub(crate) fn inner(&self) -> &Arc<Parts> {
        &self.parts
    }

    /// The names of the formats that the filter knows.
    #[cfg(feature = "cli")]
    pub(crate) fn format_names(&self) -> impl Iterator<Item = &str> {
        self.parts.formats.names()
    }

    /// Which policy decides.
    #[must_use]
    pub fn policy(&self) -> &PolicyIdentity {
        self.parts.policy.identity()
    }

    /// The policy itself, for what is told of it without a requester.
    #[cfg(feature = "cli")]
    pub(crate) fn decider(&self) -> &Policy {
        &self.parts.policy
    }

    /// The message keys that formats declare; a key's place is its `MessageKeyId`.
    #[cfg(feature = "cli")]
    pub(crate) fn messages(&self) -> &[String] {
        self.parts.formats.messages()
    }

    /// The data elements that the filter knows.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.parts.catalog
    }

    /// The largest message, in bytes, that the filter reads.
    #[must_use]
    pub fn message_bytes(&self) -> usize {
        self.parts.limits.message_bytes
    }
}

/// Pieces for each thread: enough that none has to wait long for the last.
const PIECES: usize = 8;
/// Bytes of the smallest piece: less is not worth handing over.
const PIECE_BYTES: usize = 1 << 14;

/// Cuts requests into pieces of about the same number of bytes, and never a message.
fn pieces<'r, 'a>(requests: &'r [Request<'a>], threads: usize) -> Vec<&'r [Request<'a>]> {
    let total: usize = requests.iter().map(|request| request.message.len()).sum();
    let wanted = (total / (threads * PIECES)).max(PIECE_BYTES);
    let mut bytes = 0;
    let split = requests.split_inclusive(|request| {
        bytes += request.message.len();
        let is_full = bytes >= wanted;
        if is_full {
            bytes = 0;
        }
        is_full
    });
    split.collect()
}
