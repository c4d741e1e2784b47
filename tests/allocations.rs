//! A warm message costs no allocation, whatever is in it: a switch that answers for hours must not wait for memory, nor
//! for another thread that does (P8).
//!
//! Counted over 500 messages of every fixture that goes out to a state's police, and of each in JSON with escapes in
//! every name and string, once some have been seen. A test binary of its own: the count is of the whole process's
//! allocator.

#![allow(clippy::unwrap_used, reason = "a test that can't read its fixtures must fail")]

use std::path::Path;

use allocation_counter::measure;
use dmv_redact::{Filter, Requester};

const WARM: usize = 10;
const MESSAGES: usize = 500;

struct Sample {
    name: String,
    message: Vec<u8>,
}

impl Sample {
    /// Whether the second reading may allocate: of fields in a text it takes what the `regex` crate gives, which has
    /// memory of its own, and for strings with escapes serde_json has a buffer of its own in each document.
    fn is_library_memory(&self) -> bool {
        ["text-", "-escaped", "niem-json-text", "dr-free-text", "json-escapes"]
            .iter()
            .any(|part| self.name.contains(part))
    }
}

fn samples() -> Vec<Sample> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut samples = Vec::new();
    for folder in fixtures.read_dir().unwrap() {
        let folder = folder.unwrap();
        let name = folder.file_name().into_string().unwrap();
        if let Ok(message) = std::fs::read(folder.path().join("message.xml")) {
            samples.push(Sample { name, message });
        } else if let Ok(message) = std::fs::read(folder.path().join("message.json")) {
            samples.push(Sample { name: format!("{name}-escaped"), message: escaped(&message) });
            samples.push(Sample { name, message });
        }
    }
    samples
}

/// A JSON message with every `e` and `/` of its strings escaped.
fn escaped(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(2 * message.len());
    let mut is_in_string = false;
    let mut is_after_backslash = false;
    for byte in message {
        match byte {
            _ if is_after_backslash => out.push(*byte),
            b'e' if is_in_string => out.extend_from_slice(b"\\u0065"),
            b'/' if is_in_string => out.extend_from_slice(b"\\/"),
            _ => out.push(*byte),
        }
        is_in_string ^= *byte == b'"' && !is_after_backslash;
        is_after_backslash = *byte == b'\\' && !is_after_backslash;
    }
    out
}

/// The messages that went out, and those of them that cost allocations.
fn allocations(second_reading: bool) -> (usize, Vec<(String, u64)>) {
    let filter = Filter::builder().second_reading(second_reading).build().unwrap();
    let requester = Requester::new("AZ0070000").unwrap().purpose("C");
    let mut released = 0;
    let mut costly = Vec::new();
    for sample in samples() {
        let mut out = Vec::new();
        let mut redact = || filter.redact(&sample.message, &requester, &mut out).disposition().releases();
        if !(0..WARM).all(|_| redact()) {
            continue;
        }
        released += 1;
        let count = measure(|| (0..MESSAGES).for_each(|_| assert!(redact()))).count_total;
        if count > 0 && !(second_reading && sample.is_library_memory()) {
            costly.push((sample.name, count));
        }
    }
    (released, costly)
}

#[test]
fn p8_a_warm_message_allocates_nothing() {
    let (released, costly) = allocations(false);
    assert!(released > 60, "{released} messages went out");
    assert_eq!(costly, []);
}

#[test]
fn p8_with_the_second_reading_neither() {
    let (released, costly) = allocations(true);
    assert!(released > 60, "{released} messages went out");
    assert_eq!(costly, []);
}
