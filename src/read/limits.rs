//! Bounds on what a message may be, checked before memory or time is spent on it (P8).

/// How large a message may be in each direction. What exceeds a limit is withheld with the reason `limit`.
///
/// ```
/// # use dmv_redact::{Filter, Limits};
/// let filter = Filter::builder().limits(Limits { message_bytes: 1 << 20, ..Limits::default() }).build()?;
/// # Ok::<(), dmv_redact::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one message. Default 16 MiB; 1 GiB is the most that can be set.
    pub message_bytes: usize,
    /// Elements, objects and arrays in one another. Default 128.
    pub depth: usize,
    /// Bytes of one name, its prefix included. Default 1,024.
    pub name_bytes: usize,
    /// Attributes of one element, namespace declarations included. Default 256.
    pub attributes: usize,
    /// Namespace declarations in scope at one place. Default 256.
    pub namespaces: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { message_bytes: 16 << 20, depth: 128, name_bytes: 1024, attributes: 256, namespaces: 256 }
    }
}
