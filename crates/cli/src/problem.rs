//! Errors that end a run before it begins: wrong usage, wrong configuration, or an input or output that fails.

use super::diagnostic::{DrawStyle, DrawnFinding, draw};
use super::{Exit, print_error};
use dmv_redact::ConfigError;
use dmv_redact_archive::{RunError, SourceError};
use dmv_redact_log::LogError;
use dmv_redact_model::escape::escape;

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
            SourceError::Usage(message) => Self::Usage(message),
            SourceError::Io(path, error) => Self::Io(format!("{}: {error}", path.display())),
        }
    }
}

impl From<RunError> for Problem {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Usage(message) => Self::Usage(message),
            RunError::Io(message) => Self::Io(message),
        }
    }
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Usage(message) => Self::Usage(message),
            other => Self::Io(other.to_string()),
        }
    }
}

impl Problem {
    /// The error as a text.
    #[cfg(unix)]
    pub(super) fn text(self) -> String {
        match self {
            Self::Config(errors) => errors.to_string(),
            Self::Usage(message) | Self::Io(message) => message,
        }
    }

    /// Prints the error, and returns the exit status.
    pub(super) fn print_error(self) -> Exit {
        let (message, exit) = match &self {
            Self::Config(errors) => {
                let style = DrawStyle::of(&std::io::stderr());
                errors.iter().for_each(|error| print_error(draw(&DrawnFinding::from(error), style)));
                return Exit::Usage;
            }
            Self::Usage(message) => (message, Exit::Usage),
            Self::Io(message) => (message, Exit::Failure),
        };
        print_error(escape(message));
        exit
    }
}
