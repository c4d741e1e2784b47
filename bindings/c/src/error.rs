//! What went wrong: a code, and for people a text, which never repeats a value of a message (P6).

use dmv_redact::ConfigError;

/// What a function returns. Only `DMVR_CODE_OK` means that it did what it should.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DmvrCode {
    /// It did.
    Ok = 0,
    /// A pointer is null that must not be.
    Null = 1,
    /// A handle is of another kind, or was freed.
    WrongHandle = 2,
    /// Another thread uses a handle that is for one thread at a time.
    InUse = 3,
    /// A text isn't UTF-8.
    NotUtf8 = 4,
    /// A value isn't what the function takes: an ORI, a date, a number of a part, an index, a request that isn't the receipt's.
    Invalid = 5,
    /// A policy, roster, format or catalog is wrong, or can't be read. `dmvr_last_error` has file, line and column.
    Config = 6,
    /// The caller's buffer is too small. Nothing was written to it.
    TooSmall = 7,
    /// The disclosure log can't be read or written.
    Io = 8,
    /// There is nothing: no receipt, because no message was redacted or the last call failed; a log that was ended; no error.
    Nothing = 9,
    /// The library failed by a fault of its own. The handles of the call can still be used; a redaction has no output.
    Panic = 10,
}

/// What went wrong in a call.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) code: DmvrCode,
    /// For people, as it is printed.
    pub(crate) message: String,
    pub(crate) file: Option<String>,
    /// Line and column.
    pub(crate) position: Option<(usize, usize)>,
}

impl Fault {
    pub(crate) fn of(code: DmvrCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), file: None, position: None }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::of(DmvrCode::Invalid, message)
    }
}

impl From<ConfigError> for Fault {
    fn from(error: ConfigError) -> Self {
        Self {
            code: DmvrCode::Config,
            // All of a file's errors, each with its own place and help; the position is that of the first.
            message: error.to_string(),
            file: Some(error.file().to_owned()).filter(|file| !file.is_empty()),
            position: error.position(),
        }
    }
}
