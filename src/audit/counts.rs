//! How many messages a run has recorded, by disposition: written into checkpoints, and counted again by the verifier.

use serde::{Deserialize, Serialize};

use crate::Disposition;

/// Messages of a run, as far as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Counts {
    messages: u64,
    released: u64,
    redacted: u64,
    held: u64,
    withheld: u64,
}

impl Counts {
    pub(super) fn messages(&self) -> u64 {
        self.messages
    }

    pub(super) fn add(&mut self, disposition: Disposition) {
        self.messages += 1;
        *match disposition {
            Disposition::Released => &mut self.released,
            Disposition::Redacted => &mut self.redacted,
            Disposition::Held => &mut self.held,
            Disposition::Withheld => &mut self.withheld,
        } += 1;
    }

    /// Adds the message of a record, known by its body. One without a disposition is a message still.
    pub(super) fn add_record(&mut self, body: &[u8]) {
        match disposition(body) {
            Some(disposition) => self.add(disposition),
            None => self.messages += 1,
        }
    }

    /// Adds those of another part. What a forged record counts may be any number.
    pub(super) fn add_all(&mut self, other: Self) {
        for (own, others) in [
            (&mut self.messages, other.messages),
            (&mut self.released, other.released),
            (&mut self.redacted, other.redacted),
            (&mut self.held, other.held),
            (&mut self.withheld, other.withheld),
        ] {
            *own = own.saturating_add(others);
        }
    }
}

/// The disposition that a record names. Found without reading the JSON: within a text every quote is escaped, so the first
/// place that looks like the member is the member.
fn disposition(body: &[u8]) -> Option<Disposition> {
    const MEMBER: &[u8] = b"\"disposition\":\"";
    let at = memchr::memmem::find(body, MEMBER)?;
    let word = body.get(at + MEMBER.len()..)?;
    let word = word.get(..memchr::memchr(b'"', word)?)?;
    [Disposition::Released, Disposition::Redacted, Disposition::Held, Disposition::Withheld]
        .into_iter()
        .find(|disposition| disposition.name().as_bytes() == word)
}
