//! What went wrong: a code, by which Java chooses the exception, and a text, which never repeats a value of a message (P6).

use std::io::ErrorKind;

use dmv_redact::ConfigError;
use dmv_redact_log::LogError;

use crate::packing::{Malformed, Writer};

/// The first byte of a reply. `Native.java` has the same numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// It did what it should.
    Ok = 0,
    /// A value isn't what the function takes.
    Invalid = 1,
    /// A policy, roster, format or catalog is wrong, or can't be read.
    Config = 2,
    /// The disclosure log can't be read or written.
    Io = 3,
    /// The object was closed, or the log ended.
    Closed = 4,
    /// The caller's buffer is too small. Nothing was written to it.
    TooSmall = 5,
    /// The library failed by a fault of its own, or the JVM did.
    Internal = 6,
    /// There is no memory.
    Memory = 7,
}

impl Code {
    /// Begins a reply.
    pub fn writer(self) -> Writer {
        Writer::new(self as u8)
    }
}

/// What went wrong in a call.
#[derive(Debug)]
pub struct Fault {
    code: Code,
    message: String,
    /// Of a configuration: everything that is wrong in the file.
    problems: Vec<Problem>,
    /// Bytes that would be needed.
    needed: usize,
}

#[derive(Debug)]
struct Problem {
    /// All of it, as a line.
    text: String,
    message: String,
    help: Option<String>,
    file: Option<String>,
    /// Line and column.
    position: Option<(usize, usize)>,
}

impl Fault {
    pub fn of(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), problems: Vec::new(), needed: 0 }
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::of(Code::Invalid, message)
    }

    pub fn too_small(needed: usize, capacity: usize) -> Self {
        let message = format!("the output has {needed} bytes, and the buffer {capacity}");
        Self { needed, ..Self::of(Code::TooSmall, message) }
    }

    pub fn memory() -> Self {
        Self::of(Code::Memory, "there is no memory for the message")
    }

    /// An error of the file system.
    pub fn io(error: &std::io::Error) -> Self {
        let code = if error.kind() == ErrorKind::InvalidInput { Code::Invalid } else { Code::Io };
        Self::of(code, error.to_string())
    }

    /// As a reply.
    pub fn pack(&self) -> Vec<u8> {
        let mut out = self.code.writer();
        out.text(Some(&self.message));
        out.long(self.needed);
        out.count(self.problems.len());
        for Problem { text, message, help, file, position } in &self.problems {
            out.text(Some(text));
            out.text(Some(message));
            out.text(help.as_deref());
            out.text(file.as_deref());
            let (line, column) = position.unwrap_or_default();
            out.count(line);
            out.count(column);
        }
        out.finish()
    }
}

impl From<Malformed> for Fault {
    fn from(_: Malformed) -> Self {
        Self::of(Code::Internal, "what Java passed isn't packed as it should be")
    }
}

impl From<ConfigError> for Fault {
    fn from(error: ConfigError) -> Self {
        // Each error is a line of it.
        let text = error.to_string();
        let problem = |(error, text): (&ConfigError, &str)| Problem {
            text: text.to_owned(),
            message: error.message().to_owned(),
            help: error.help_text().map(str::to_owned),
            file: Some(error.file().to_owned()).filter(|file| !file.is_empty()),
            position: error.position(),
        };
        let problems: Vec<Problem> = error.iter().zip(text.lines()).map(problem).collect();
        Self { problems, ..Self::of(Code::Config, text) }
    }
}

impl From<LogError> for Fault {
    fn from(error: LogError) -> Self {
        // What can't be a log is no fault of the program, so it is a checked exception too.
        Self::of(Code::Io, error.to_string())
    }
}

/// JNI failed. The text of its error says nothing of a message, but it is for whoever works on this library: Java has its kind.
impl From<jni::errors::Error> for Fault {
    fn from(error: jni::errors::Error) -> Self {
        use jni::errors::{Error, JniError};
        match error {
            Error::JniCall(JniError::NoMemory) => Self::memory(),
            Error::NullPtr(what) => Self::of(Code::Internal, format!("the JVM gave none: {what}")),
            _ => Self::of(Code::Internal, "a call of the JVM failed"),
        }
    }
}
