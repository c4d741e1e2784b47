//! The bare structure of a message, without values: compares two outputs whose bytes differ.

use super::parts::MessageParts;
use super::{read, view};
use dmv_redact::Filter;

/// The structure of a message.
#[derive(Debug)]
pub struct Structure(MessageParts);

impl Structure {
    /// The structure of an output of the named format; `None` if it can't be read. What the mapping doesn't name isn't
    /// entered.
    pub(crate) fn of(filter: &Filter, format: &str, output: &[u8]) -> Option<Self> {
        let format = filter.inner().formats.by_name(format)?;
        read(filter, format, output, None).ok().map(Self)
    }

    /// One line per part, indented.
    pub(crate) fn lines(&self) -> String {
        let parts = self.0.0.iter();
        parts.map(|part| format!("{:indent$}{}\n", "", view::name(part), indent = 2 * part.depth)).collect()
    }

    /// The path of the part that begins last before an offset, in the mapping's own names.
    pub(crate) fn path_at(&self, offset: usize) -> String {
        let index = self.0.0.iter().rposition(|part| part.start <= offset);
        index.map(|index| self.0.path(index)).unwrap_or_default()
    }
}
