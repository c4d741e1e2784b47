//! What ends a run before it has begun: wrong usage, wrong configuration, or an input or output that fails.

use super::drawn::{Finding, Manner, draw};
use super::{Exit, complain};
use crate::ConfigError;
use crate::audit::AuditError;
use crate::batch::{RunError, SourceError};
use crate::report::shown;

/// Why nothing was done.
pub(super) enum Problem {
    Config(ConfigError),
    Usage(String),
    Io(String),
}

impl From<ConfigError> for Problem {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<SourceError> for Problem {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Usage(message) => Self::Usage(shown(&message).into()),
            SourceError::Io(path, error) => Self::Io(shown(&format!("{}: {error}", path.display())).into()),
        }
    }
}

impl From<RunError> for Problem {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Usage(message) => Self::Usage(shown(&message).into()),
            RunError::Io(message) => Self::Io(shown(&message).into()),
        }
    }
}

impl From<AuditError> for Problem {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Usage(message) => Self::Usage(message),
            AuditError::Io(message) => Self::Io(message),
        }
    }
}

impl Problem {
    /// Says what is wrong, and how the run ends for it.
    pub(super) fn complain(self) -> Exit {
        let (message, exit) = match self {
            Self::Config(error) => (draw(&Finding::from(&error), Manner::of(&std::io::stderr())), Exit::Usage),
            Self::Usage(message) => (message, Exit::Usage),
            Self::Io(message) => (message, Exit::Failure),
        };
        complain(message);
        exit
    }
}
