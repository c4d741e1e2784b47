//! What messages can be counted by. Users aren't among it (P6).

use super::{CountedMessage, Query};
use dmv_redact_model::date::Date;

/// A column by which messages are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// The month of its date.
    Month,
    /// Its date.
    Day,
    /// Each agency class of the requester.
    Agency,
    /// The requester's ORI.
    Requester,
    /// Each data element that was seen in the message.
    Element,
    /// What became of it.
    Disposition,
    /// The purpose of the request.
    Purpose,
    /// The reason of the request.
    Reason,
    /// The message key.
    MessageKey,
    /// The line of the request.
    Line,
    /// Each claim of the request.
    Claim,
    /// The kind of each instrument: the claim it is behind, and who issued it.
    Instrument,
    /// Each rule that applied.
    Rule,
    /// The policy that decided: name, version and the beginning of its digest.
    Policy,
}

impl Dimension {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Month,
        Self::Day,
        Self::Agency,
        Self::Requester,
        Self::Element,
        Self::Disposition,
        Self::Purpose,
        Self::Reason,
        Self::MessageKey,
        Self::Line,
        Self::Claim,
        Self::Instrument,
        Self::Rule,
        Self::Policy,
    ];

    /// Its name, in arguments and as the head of its column.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Day => "day",
            Self::Agency => "agency",
            Self::Requester => "requester",
            Self::Element => "element",
            Self::Disposition => "disposition",
            Self::Purpose => "purpose",
            Self::Reason => "reason",
            Self::MessageKey => "message-key",
            Self::Line => "line",
            Self::Claim => "claim",
            Self::Instrument => "instrument",
            Self::Rule => "rule",
            Self::Policy => "policy",
        }
    }

    /// What a message has of it, each value once; `None` if it has nothing.
    pub(super) fn values(self, message: &CountedMessage<'_>, query: &Query) -> Vec<Option<String>> {
        let CountedMessage { record, elements, date, policy, .. } = message;
        let one = |value: Option<&str>| vec![value.map(str::to_owned)];
        match self {
            Self::Month => vec![date.map(Date::month)],
            Self::Day => vec![date.map(|date| date.to_string())],
            Self::Agency => each(record.classes().filter(|class| query.shows_class(class))),
            Self::Requester => one(Some(record.requester())),
            Self::Element => each(elements.keys().copied()),
            Self::Disposition => one(record.disposition()),
            Self::Purpose => one(record.purpose()),
            Self::Reason => one(record.reason()),
            Self::MessageKey => one(record.message_key()),
            Self::Line => one(record.line()),
            Self::Claim => each(record.claims()),
            Self::Instrument => each(record.instruments()),
            Self::Rule => each(record.rules()),
            Self::Policy => one(policy.as_deref()),
        }
    }
}

fn each(values: impl Iterator<Item = impl Into<String>>) -> Vec<Option<String>> {
    let mut values: Vec<Option<String>> = values.map(|value| Some(value.into())).collect();
    values.sort_unstable();
    values.dedup();
    if values.is_empty() { vec![None] } else { values }
}
