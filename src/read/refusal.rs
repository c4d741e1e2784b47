//! Why a message is withheld: a fixed code, a fixed sentence, and where. Never a value (P6).

use serde::{Serialize, Serializer};

/// The reason a message was held or withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// The message is empty, or only white space.
    Empty,
    /// It starts neither as XML nor as JSON.
    SyntaxUnknown,
    /// It is not well-formed XML 1.0 with namespaces.
    NotWellFormedXml,
    /// It is not JSON (RFC 8259).
    NotWellFormedJson,
    /// It is not UTF-8, or declares to be something else.
    Encoding,
    /// It has a document type declaration.
    Doctype,
    /// A mapped name occurs twice in one JSON object.
    DuplicateName,
    /// It has no known format.
    FormatUnknown,
    /// It has the root and the parts of several formats.
    FormatAmbiguous,
    /// It exceeds one of the [`Limits`](crate::Limits).
    Limit,
    /// Neither the caller nor the envelope names a requester.
    RequesterMissing,
    /// The requester in the envelope is not a valid ORI.
    RequesterInvalid,
    /// The requester is in no agency class of the policy.
    RequesterUnknown,
    /// The envelope names another requester than the caller does.
    RequesterMismatch,
    /// The envelope names several requesters.
    RequesterSeveral,
    /// The date of the request is none, or can't be told.
    DateInvalid,
    /// The policy is not in force on the date of the request.
    PolicyNotInForce,
    /// The policy doesn't declare the purpose that the request states.
    PurposeUnknown,
    /// The request states two different purposes.
    PurposeSeveral,
    /// The policy doesn't declare the reason or line that the request states, or its user or state is none.
    AttributeUnknown,
    /// The request states two different reasons, lines, users or states.
    AttributeSeveral,
    /// The policy doesn't declare a claim that the request makes.
    ClaimUnknown,
    /// The instrument behind a claim is missing where the claim needs one, is one of two, or says what isn't declared.
    InstrumentInvalid,
    /// The instrument behind a claim is of a later day than the request, or ended before it.
    InstrumentNotInForce,
    /// The format has a message key and the message has none.
    MessageTypeMissing,
    /// The format has no such message key.
    MessageTypeUnknown,
    /// The message has several message keys.
    MessageTypeSeveral,
    /// A `@context` contradicts the format or is more than plain prefix bindings, or a name of the format is spelled by
    /// JSON-LD's other ways.
    Context,
    /// A value of the envelope violates its shape.
    EnvelopeShape,
    /// A value violates its shape and the policy withholds the message for that.
    Shape,
    /// A value violates its shape and the policy requires a review.
    ShapeReview,
    /// References can't be made consistent with what is released.
    References,
    /// The policy permits this requester nothing in it.
    NothingPermitted,
    /// A review rule applies: a person must review it first.
    Review,
    /// A person reviewed it and denied it, or nobody decided in time.
    Denied,
    /// An operator of the sidecar stopped what goes out.
    Stopped,
    /// The agency asks more often than the sidecar's operator lets it.
    RateExceeded,
    /// The second reading found something in the output that the first hadn't decided to release.
    SecondReading,
}

impl Reason {
    /// All reasons.
    #[doc(hidden)]
    pub const ALL: &[Self] = &[
        Self::Empty,
        Self::SyntaxUnknown,
        Self::NotWellFormedXml,
        Self::NotWellFormedJson,
        Self::Encoding,
        Self::Doctype,
        Self::DuplicateName,
        Self::FormatUnknown,
        Self::FormatAmbiguous,
        Self::Limit,
        Self::RequesterMissing,
        Self::RequesterInvalid,
        Self::RequesterUnknown,
        Self::RequesterMismatch,
        Self::RequesterSeveral,
        Self::DateInvalid,
        Self::PolicyNotInForce,
        Self::PurposeUnknown,
        Self::PurposeSeveral,
        Self::AttributeUnknown,
        Self::AttributeSeveral,
        Self::ClaimUnknown,
        Self::InstrumentInvalid,
        Self::InstrumentNotInForce,
        Self::MessageTypeMissing,
        Self::MessageTypeUnknown,
        Self::MessageTypeSeveral,
        Self::Context,
        Self::EnvelopeShape,
        Self::Shape,
        Self::ShapeReview,
        Self::References,
        Self::NothingPermitted,
        Self::Review,
        Self::Denied,
        Self::Stopped,
        Self::RateExceeded,
        Self::SecondReading,
    ];

    /// The code in receipts and logs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::SyntaxUnknown => "syntax-unknown",
            Self::NotWellFormedXml => "not-well-formed-xml",
            Self::NotWellFormedJson => "not-well-formed-json",
            Self::Encoding => "encoding",
            Self::Doctype => "doctype",
            Self::DuplicateName => "duplicate-name",
            Self::FormatUnknown => "format-unknown",
            Self::FormatAmbiguous => "format-ambiguous",
            Self::Limit => "limit",
            Self::RequesterMissing => "requester-missing",
            Self::RequesterInvalid => "requester-invalid",
            Self::RequesterUnknown => "requester-unknown",
            Self::RequesterMismatch => "requester-mismatch",
            Self::RequesterSeveral => "requester-several",
            Self::DateInvalid => "date-invalid",
            Self::PolicyNotInForce => "policy-not-in-force",
            Self::PurposeUnknown => "purpose-unknown",
            Self::PurposeSeveral => "purpose-several",
            Self::AttributeUnknown => "attribute-unknown",
            Self::AttributeSeveral => "attribute-several",
            Self::ClaimUnknown => "claim-unknown",
            Self::InstrumentInvalid => "instrument-invalid",
            Self::InstrumentNotInForce => "instrument-not-in-force",
            Self::MessageTypeMissing => "message-type-missing",
            Self::MessageTypeUnknown => "message-type-unknown",
            Self::MessageTypeSeveral => "message-type-several",
            Self::Context => "context",
            Self::EnvelopeShape => "envelope-shape",
            Self::Shape => "shape",
            Self::ShapeReview => "shape-review",
            Self::References => "references",
            Self::NothingPermitted => "nothing-permitted",
            Self::Review => "review",
            Self::Denied => "denied",
            Self::Stopped => "stopped",
            Self::RateExceeded => "rate-exceeded",
            Self::SecondReading => "second-reading",
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// A refusal: nothing of the message goes out (P2). Boxed, because it is the rare half of every result on the message
/// path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(Box<RefusalDetails>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RefusalDetails {
    reason: Reason,
    detail: &'static str,
    offset: Option<usize>,
}

impl Refusal {
    /// For a reason at this byte.
    #[cold]
    pub fn at(reason: Reason, offset: usize, detail: &'static str) -> Self {
        Self(Box::new(RefusalDetails { reason, detail, offset: Some(offset) }))
    }

    /// For a reason that concerns the whole message.
    #[cold]
    pub fn whole(reason: Reason, detail: &'static str) -> Self {
        Self(Box::new(RefusalDetails { reason, detail, offset: None }))
    }

    /// Maps the offset in the transcoded text back to one in the message.
    #[cold]
    pub fn at_source(mut self, source: impl Fn(usize) -> usize) -> Self {
        self.0.offset = self.0.offset.map(source);
        self
    }

    /// The reason.
    pub fn reason(&self) -> Reason {
        self.0.reason
    }

    /// The exact problem, as a fixed sentence.
    pub fn detail(&self) -> &'static str {
        self.0.detail
    }

    /// Where in the message, in bytes from its start; `None` if it concerns the whole message.
    pub fn offset(&self) -> Option<usize> {
        self.0.offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_documented() {
        let documentation = include_str!("../../docs/operations.md");
        for reason in Reason::ALL {
            assert!(documentation.contains(&format!("\n| `{}` | ", reason.code())), "{}", reason.code());
        }
    }
}
