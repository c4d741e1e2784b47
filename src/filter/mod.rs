//! The filter: catalog, formats and policy, assembled once, immutable, shared by all threads. It runs the first reading
//! and, before anything goes out, the second.

#[cfg(feature = "rayon")]
mod batch;
mod builder;
mod check;
mod pool;
#[cfg(test)]
mod tests;

use std::sync::Arc;

#[cfg(feature = "rayon")]
pub use batch::{Redaction, Request};
pub use builder::FilterBuilder;
pub use builder::read_formats;

use check::CheckState;
use pool::Pool;

use crate::read::Limits;
use crate::read::Refusal;
use crate::rewrite::{self, Buffers, FilterIdentity, Parts, Receipt};
use dmv_redact_model::catalog::Catalog;
use dmv_redact_model::manifest::Manifest;
use dmv_redact_model::policy::Policy;
use dmv_redact_model::policy::{Grant, Ori, PolicyIdentity, RequestError, Requester, Verdict};
use dmv_redact_model::token::TokenKey;
use dmv_redact_verify::{Finding, Verifier, VerifierState};

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
    scratch: Arc<Pool<Box<(Buffers, CheckState)>>>,
}

impl Filter {
    /// Starts a filter with the built-in catalog, formats and baseline policy.
    pub fn builder() -> FilterBuilder {
        FilterBuilder::default()
    }

    /// Writes what the policy permits `requester` of `message` to `out`, which is cleared first.
    ///
    /// A failure can't be mistaken for a release (P2): unless the receipt's disposition
    /// [releases](crate::Disposition::releases), `out` is empty. It never panics; the time is linear in the length of
    /// the message, the memory bounded by it.
    pub fn redact(&self, message: &[u8], requester: &Requester, out: &mut Vec<u8>) -> Receipt {
        let fingerprint = requester.fingerprint();
        let requester = &*self.parts.policy.dated(requester);
        let mut scratch = self.scratch.take();
        let (buffers, state) = &mut *scratch;
        let check = |output: &[u8], manifest: &Manifest, receipt: &Receipt| match self.reads_twice {
            true => self.check(message, output, manifest, requester, receipt, state),
            false => Ok(()),
        };
        let mut receipt = rewrite::redact(&self.parts, message, requester, buffers, out, check);
        self.scratch.put_back(scratch);
        receipt.fingerprint = fingerprint;
        receipt
    }

    fn decide(&self, ori: Option<Ori>, requester: &Requester, message_key: Option<&str>) -> Option<Arc<Grant>> {
        let message = message_key.and_then(|key| self.parts.formats.message(key.as_bytes()));
        self.parts.policy.decide(ori?, requester, message)
    }

    /// Builds everything that is otherwise built when a message first needs it: the shapes of all data elements, the
    /// paths of all formats, for both readings. Call it once before the first message where a late answer does harm. With
    /// what ships it took 0.3 seconds and 20 MB when it was measured.
    pub fn warm(&self) {
        self.parts.catalog.warm();
        self.parts.formats.warm();
        self.verifier.warm();
    }

    /// Checks that the policy declares the purpose and claims of a request. Messages for any other request are
    /// withheld, so a caller checks each kind of request once, before the first message.
    ///
    /// # Errors
    /// What isn't declared, with a suggestion. It repeats nothing of the request.
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

    /// Runs the second reading alone on an output, as an auditor would: does it contain anything that the policy
    /// doesn't permit `requester`? Without an ORI from the caller the envelope's counts.
    ///
    /// # Errors
    /// The first finding: what, where in the mapping, and at which byte. Never a value (P6).
    pub fn verify(&self, output: &[u8], requester: &Requester) -> Result<(), Finding> {
        let requester = &*self.parts.policy.dated(requester);
        let verifier = &self.verifier;
        let format = match &self.parts.only_format {
            Some(name) => name,
            None => verifier.format_of(output)?,
        };
        let mut notes = VerifierState::default();
        let facts = verifier.read(output, format, None, None, &mut notes)?;
        let request = facts.request(requester);
        let requester = request.as_ref().unwrap_or(requester);
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
        if self.parts.policy.is_in_force(requester) != Some(true) {
            return Err(Finding::of_output("the policy is not in force on the date of the request"));
        }
        self.parts.policy.declares(requester).map_err(|undeclared| Finding::of_output(undeclared.detail()))?;
        let Some(grant) = self.decide(ori, requester, facts.message_key()) else {
            return Err(Finding::of_output("no agency class claims the requester"));
        };
        match grant.verdict() {
            Verdict::Rewrite => verifier.read(output, format, Some(&grant), None, &mut notes).map(|_| ()),
            Verdict::Review => Err(Finding::of_output("the policy holds it for review")),
            Verdict::Nothing => Err(Finding::of_output("the policy permits nothing of it")),
        }
    }

    /// The receipt of a message of `bytes` bytes that can't be passed to the filter: too long to load, or not
    /// extractable from its line.
    #[doc(hidden)]
    pub fn withhold(&self, bytes: usize, refusal: Refusal) -> Receipt {
        rewrite::withhold(&self.parts, bytes, refusal)
    }

    /// The limits on messages.
    #[doc(hidden)]
    pub fn limits(&self) -> &Limits {
        &self.parts.limits
    }

    /// Whether the policy has tokens and there is no key for them, so that no message can be redacted as it says.
    #[doc(hidden)]
    #[must_use]
    pub fn lacks_token_key(&self) -> bool {
        self.parts.token_key.is_none() && self.parts.policy.has_tokens()
    }

    /// What tells the key of tokens from others, and nothing of it; `None` without a key.
    #[doc(hidden)]
    pub fn token_key_digest(&self) -> Option<String> {
        self.parts.token_key.as_ref().map(TokenKey::digest)
    }

    /// The same filter without state from earlier messages (P10).
    #[doc(hidden)]
    pub fn without_history(&self) -> Self {
        Self { scratch: Arc::default(), ..self.clone() }
    }

    /// Catalog, formats, policy and limits.
    #[doc(hidden)]
    pub fn inner(&self) -> &Arc<Parts> {
        &self.parts
    }

    /// The names of all formats.
    #[doc(hidden)]
    pub fn format_names(&self) -> impl Iterator<Item = &str> {
        self.parts.formats.names()
    }

    /// The identity of the policy.
    #[must_use]
    pub fn policy(&self) -> &PolicyIdentity {
        self.parts.policy.identity()
    }

    /// What its receipts are decided by.
    #[doc(hidden)]
    pub fn identity(&self) -> &Arc<FilterIdentity> {
        &self.parts.identity
    }

    /// The policy, for reports on it without a requester.
    #[doc(hidden)]
    pub fn decider(&self) -> &Policy {
        &self.parts.policy
    }

    /// The message keys that formats declare, indexed by `MessageKeyId`.
    #[doc(hidden)]
    pub fn messages(&self) -> &[String] {
        self.parts.formats.messages()
    }

    /// The data elements.
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
