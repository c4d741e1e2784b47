//! A case in a place where nothing may come of it: inside a message that is well-formed and goes out.

use dmv_redact::{Filter, Receipt, Requester};
use dmv_redact_testing::filters::{built_in, redact};
use dmv_redact_testing::text;

/// A message that goes out, and what of it does.
pub(crate) struct Host {
    filter: Filter,
    requester: Requester,
    message: String,
    output: Vec<u8>,
}

impl Host {
    /// The message of a fixture, to the requester that its envelope names.
    pub(crate) fn new(fixture: &str) -> Self {
        let message = text(format!("fixtures/{fixture}"));
        let filter = built_in();
        let requester = Requester::from_envelope().purpose("C");
        let mut host = Self { filter, requester, message, output: Vec::new() };
        let (receipt, output) = host.redact(host.message.as_bytes());
        assert!(receipt.disposition().releases(), "{fixture} is no host: it doesn't go out");
        host.output = output;
        host
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn what_became(&self, receipt: &Receipt, output: &[u8]) -> &'static str {
        match (receipt.disposition().releases(), output) {
            (false, []) => WITHHELD,
            (true, output) if output == self.output => NOTHING,
            _ => TRACE,
        }
    }

    /// What goes out of the message as it is.
    pub(crate) fn output(&self) -> &[u8] {
        &self.output
    }

    pub(crate) fn redact(&self, message: &[u8]) -> (Receipt, Vec<u8>) {
        let (output, receipt) = redact(&self.filter, &self.requester, message);
        (receipt, output)
    }

    /// The message with `bytes` behind the place where `mark` ends.
    pub(crate) fn with(&self, mark: &str, bytes: &[u8]) -> Vec<u8> {
        let at = place_of(&self.message, mark) + mark.len();
        let (before, after) = self.message.as_bytes().split_at(at);
        [before, bytes, after].concat()
    }
}

/// What becomes of a message with something put into it: nothing goes out; or what goes out of the host as it is; or
/// anything else.
pub(crate) const WITHHELD: &str = "withheld";
pub(crate) const NOTHING: &str = "no trace";
pub(crate) const TRACE: &str = "a trace";

/// Where the one occurrence of `mark` is.
fn place_of(text: &str, mark: &str) -> usize {
    let mut places = text.match_indices(mark).map(|(at, _)| at);
    match (places.next(), places.next()) {
        (Some(at), None) => at,
        _ => panic!("{mark} doesn't stand in the message once"),
    }
}

/// `text` with the one occurrence of `mark` replaced.
pub(crate) fn replaced(text: &[u8], mark: &str, bytes: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(text).unwrap();
    let at = place_of(text, mark);
    [&text.as_bytes()[..at], bytes, &text.as_bytes()[at + mark.len()..]].concat()
}

/// The name of what became of a message, with the reason if it went nowhere.
pub(crate) fn outcome(receipt: &Receipt) -> String {
    match receipt.reason() {
        Some(reason) => format!("{}: {}", receipt.disposition().name(), reason.code()),
        None => receipt.disposition().name().to_owned(),
    }
}
