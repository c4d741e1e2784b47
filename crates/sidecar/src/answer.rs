//! What the sidecar answers. Only a release has bytes of an output.

use std::sync::{Arc, Weak};

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use dmv_redact::{Disposition, Reason, Receipt};
use dmv_redact_model::hex::hex;

use crate::budget::Share;
use crate::failure::Failure;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) correlation_id: Option<String>,
    /// If the request asks for it.
    pub(crate) receipt: Option<Box<RawValue>>,
    pub(crate) outcome: Outcome,
}

/// What became of a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The message goes out. This is on record.
    Released {
        disposition: Disposition,
        output: Bytes,
        sha256: String,
        /// There as long as the output isn't written.
        unwritten: Weak<()>,
    },
    /// It doesn't. This is on record, unless it only still waits for a person.
    Refused { disposition: Disposition, reason: Option<Reason>, review: Option<String> },
    /// Nothing was decided.
    Failed(Failure),
}

impl Answer {
    pub(crate) fn failed(correlation_id: Option<String>, failure: Failure) -> Self {
        Self { correlation_id, receipt: None, outcome: Outcome::Failed(failure) }
    }

    /// The answer to what is on record. Unless the receipt says that it releases, the output is dropped.
    pub(crate) fn decided(receipt: &Receipt, output: Vec<u8>, share: Share) -> Self {
        let disposition = receipt.disposition();
        let outcome = match disposition.releases() && !output.is_empty() {
            true => {
                let sha256 = hex(&Sha256::digest(&output));
                let held = Arc::new(());
                let unwritten = Arc::downgrade(&held);
                let output = Bytes::from_owner(Shared { output, _share: share, _unwritten: held });
                Outcome::Released { disposition, output, sha256, unwritten }
            }
            false => Outcome::Refused { disposition, reason: receipt.reason(), review: None },
        };
        Self { correlation_id: receipt.correlation_id().map(str::to_owned), receipt: None, outcome }
    }

    /// The answer's members, and its output.
    pub(crate) fn into_head(self) -> (AnswerHead, Bytes) {
        let Self { correlation_id, receipt, outcome } = self;
        let head = AnswerHead { correlation_id, receipt, ..AnswerHead::default() };
        match outcome {
            Outcome::Released { disposition, output, sha256, .. } => {
                (AnswerHead { disposition: Some(disposition), sha256: Some(sha256), ..head }, output)
            }
            Outcome::Refused { disposition, reason, review } => {
                (AnswerHead { disposition: Some(disposition), reason, review, ..head }, Bytes::new())
            }
            Outcome::Failed(failure) => (AnswerHead { error: Some(failure.text), ..head }, Bytes::new()),
        }
    }
}

/// An output holds the share of its message until it is written.
struct Shared {
    output: Vec<u8>,
    _share: Share,
    _unwritten: Arc<()>,
}

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.output
    }
}

/// The answer as JSON, without the output.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct AnswerHead {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) disposition: Option<Disposition>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) correlation_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) review: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) receipt: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}
