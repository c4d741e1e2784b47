//! Records of a batch of messages, serialized by the workers, chained later in the order of the source.

use dmv_redact::Disposition;

/// Bodies of records, concatenated.
#[derive(Debug, Default)]
pub struct Bodies {
    bytes: Vec<u8>,
    /// The end of each, and its message's disposition.
    ends: Vec<(usize, Disposition)>,
}

impl Bodies {
    /// Adds the body that `write` appends: a JSON object without line ends.
    pub fn push(&mut self, disposition: Disposition, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.ends.push((self.bytes.len(), disposition));
    }

    /// The members of each body, without its braces.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], Disposition)> {
        let mut start = 0;
        self.ends.iter().map(move |(end, disposition)| {
            let body = self.bytes.get(start..*end).unwrap_or_default();
            start = *end;
            let members = body.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}"));
            (members.unwrap_or_default(), *disposition)
        })
    }

    /// Total bytes.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }
}
