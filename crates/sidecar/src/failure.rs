//! Why nothing was decided.

/// Why nothing was decided. The text has no value of a message (P6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    pub(crate) text: String,
}

/// The kinds of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum FailureKind {
    /// The request isn't one.
    Invalid,
    /// It names what isn't there.
    NotFound,
    /// It came too slowly.
    Slow,
    /// The policy has changed since the message was held.
    Conflict,
    /// It is longer than a message may be.
    Large,
    /// Its content has a type or an encoding that isn't read.
    Type,
    /// The sidecar has a fault.
    Internal,
    /// The sidecar has too much to do, ends, or can't write its log.
    Busy,
}

impl FailureKind {
    pub(crate) const ALL: [Self; 8] = [
        Self::Invalid,
        Self::NotFound,
        Self::Slow,
        Self::Conflict,
        Self::Large,
        Self::Type,
        Self::Internal,
        Self::Busy,
    ];

    /// The HTTP status.
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::NotFound => 404,
            Self::Slow => 408,
            Self::Conflict => 409,
            Self::Large => 413,
            Self::Type => 415,
            Self::Internal => 500,
            Self::Busy => 503,
        }
    }

    /// Its name in the metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::NotFound => "not-found",
            Self::Slow => "slow",
            Self::Conflict => "conflict",
            Self::Large => "large",
            Self::Type => "type",
            Self::Internal => "internal",
            Self::Busy => "busy",
        }
    }
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Self::new(FailureKind::Invalid, text)
    }

    pub(crate) fn internal() -> Self {
        Self::new(FailureKind::Internal, "the sidecar failed: nothing was decided")
    }
}
