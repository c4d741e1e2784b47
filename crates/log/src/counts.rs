//! Messages of a run by disposition: written into checkpoints, and counted again by the verifier.

use serde::{Deserialize, Serialize};

use dmv_redact::Disposition;

/// Messages of a run so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct DispositionCounts {
    messages: u64,
    released: u64,
    redacted: u64,
    held: u64,
    withheld: u64,
}

impl DispositionCounts {
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

    /// Adds a message by the body of its record. One without a disposition still counts as a message.
    pub(super) fn add_record(&mut self, body: &[u8]) {
        match disposition(body) {
            Some(disposition) => self.add(disposition),
            None => self.messages += 1,
        }
    }

    /// Adds other counts. Saturating, because a forged record may count any number.
    pub(super) fn merge(&mut self, other: Self) {
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

/// The disposition of a record. Found without parsing the JSON: quotes inside strings are escaped, so the first match
/// is the member.
fn disposition(body: &[u8]) -> Option<Disposition> {
    const MEMBER: &[u8] = b"\"disposition\":\"";
    let at = memchr::memmem::find(body, MEMBER)?;
    let word = body.get(at + MEMBER.len()..)?;
    let word = word.get(..memchr::memchr(b'"', word)?)?;
    [Disposition::Released, Disposition::Redacted, Disposition::Held, Disposition::Withheld]
        .into_iter()
        .find(|disposition| disposition.name().as_bytes() == word)
}
