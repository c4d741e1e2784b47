//! A warm message costs no allocation, whatever its class: a switch that answers for hours must not wait for memory, nor for
//! another thread that does (P8).
//!
//! Counted over 10,000 messages of each class, once some have been seen. A test binary of its own: the count is of the
//! whole process's allocator.

#![allow(clippy::unwrap_used, reason = "a test that can't read its fixtures must fail")]

use allocation_counter::measure;
use dmv_redact::{Filter, Requester};

const WARM: usize = 10;
const MESSAGES: usize = 10_000;

/// The classes, each by a fixture: dense and laid out, with a photo, with foreign prefixes, with references, with the
/// envelope last, with fields in a text.
const CLASSES: [&str; 13] = [
    "niem-json-list-compact/message.json",
    "niem-json-list/message.json",
    "niem-json-dr-in-state-police/message.json",
    "dr-several-states-compact/message.xml",
    "dr-several-states/message.xml",
    "dr-in-state-police/message.xml",
    "dr-foreign-prefixes/message.xml",
    "niem-json-envelope-last/message.json",
    "niem-json-references/message.json",
    HAS_ESCAPES,
    "niem-references/message.xml",
    "niem-json-wrapped-and-unknown/message.json",
    HAS_FIELDS,
];

/// Of fields in a text the second reading takes what the `regex` crate gives, which has memory of its own.
const HAS_FIELDS: &str = "text-labels/message.xml";
/// For strings with escapes serde_json has a buffer of its own in each document.
const HAS_ESCAPES: &str = "niem-json-escapes/message.json";

fn allocations(second_reading: bool) -> Vec<(&'static str, u64)> {
    let filter = Filter::builder().second_reading(second_reading).build().unwrap();
    let requester = Requester::new("AZ0070000").unwrap().purpose("C");
    let counted = CLASSES.map(|class| {
        let message = std::fs::read(format!("{}/fixtures/{class}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let mut out = Vec::new();
        let mut redact = || assert!(filter.redact(&message, &requester, &mut out).disposition().releases(), "{class}");
        (0..WARM).for_each(|_| redact());
        (class, measure(|| (0..MESSAGES).for_each(|_| redact())).count_total)
    });
    let is_free = |class| !(second_reading && [HAS_FIELDS, HAS_ESCAPES].contains(&class));
    counted.into_iter().filter(|(class, count)| *count > 0 && is_free(*class)).collect()
}

#[test]
fn p8_a_warm_message_allocates_nothing() {
    assert_eq!(allocations(false), []);
}

#[test]
fn p8_with_the_second_reading_neither() {
    assert_eq!(allocations(true), []);
}
