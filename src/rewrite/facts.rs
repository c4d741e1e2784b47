//! What a message says of itself: its key and its requester, each once or not at all.

use dmv_redact_model::format::{Format, Formats, NOTICE, Role};
use dmv_redact_model::policy::{MessageKeyId, Ori};

/// One thing that the envelope may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Fact<T> {
    #[default]
    Absent,
    Known(T),
    /// An invalid one, at this offset.
    Invalid(usize),
    /// Two different ones; the second is at this offset.
    Several(usize),
}

impl<T: Copy + PartialEq> Fact<T> {
    /// Adds one more statement.
    fn note(&mut self, value: Option<T>, offset: usize) {
        *self = match (*self, value) {
            (Self::Absent, Some(value)) => Self::Known(value),
            (Self::Absent, None) => Self::Invalid(offset),
            (Self::Known(known), Some(value)) if known == value => Self::Known(known),
            (Self::Known(_), _) => Self::Several(offset),
            (wrong, _) => wrong,
        };
    }

    /// Adds one more statement, which is a value.
    pub(super) fn note_known(&mut self, value: T, offset: usize) {
        self.note(Some(value), offset);
    }

    /// Records that something is there that isn't a value.
    pub(super) fn note_missing(&mut self, offset: usize) {
        if *self == Self::Absent {
            *self = Self::Invalid(offset);
        }
    }

    pub(super) fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            _ => None,
        }
    }
}

/// What has been read of the envelope so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Facts {
    pub(super) message: Fact<MessageKeyId>,
    pub(super) requester: Fact<Ori>,
    /// The notice that a value was removed upstream.
    pub(super) notice: Fact<()>,
}

impl Facts {
    /// Notes a value with a role. It isn't trimmed: `" DR"` is no key.
    pub(super) fn note(&mut self, role: Role, value: &str, offset: usize, formats: &Formats, format: &Format) {
        match role {
            Role::MessageKey => {
                let key = formats.message(value.as_bytes()).filter(|key| format.has_message(*key));
                self.message.note(key, offset);
            }
            Role::Requester => self.requester.note(Ori::new(value), offset),
            Role::Notice => self.notice.note((value == NOTICE).then_some(()), offset),
        }
    }
}
