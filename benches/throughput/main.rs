//! Throughput in bytes of input: JSON and XML, dense, pretty-printed, and with a photo of 40 KB that goes; beside it a copy of the input
//! (the limit), the filter with and without its second reading, and the same job done on serde_json's `Value` and quick-xml's `NsReader`.
//!
//! `cargo bench` runs all; quote ratios of one run.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a bench that can't run must say so")]
#![allow(missing_docs, reason = "criterion's macros make public items")]

mod peers;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dmv_redact::{Filter, Requester};

/// A message class and the fixture it is taken from.
const CLASSES: [(&str, &str); 6] = [
    ("json-dense", "niem-json-list-compact/message.json"),
    ("json-pretty", "niem-json-list/message.json"),
    ("json-photo", "niem-json-dr-in-state-police/message.json"),
    ("xml-dense", "dr-several-states-compact/message.xml"),
    ("xml-pretty", "dr-several-states/message.xml"),
    ("xml-photo", "dr-in-state-police/message.xml"),
];

fn throughput(criterion: &mut Criterion) {
    let filter = Filter::builder().second_reading(false).build().unwrap();
    let reads_twice = Filter::builder().build().unwrap();
    let requester = Requester::new("AZ0070000").unwrap().purpose("C");
    for (class, fixture) in CLASSES {
        let path = format!("{}/fixtures/{fixture}", env!("CARGO_MANIFEST_DIR"));
        let message = std::fs::read(path).unwrap();
        let mut redacted = Vec::new();
        let receipt = filter.redact(&message, &requester, &mut redacted);
        assert!(receipt.disposition().releases(), "{class}: {:?}", receipt.detail());

        let mut group = criterion.benchmark_group(class);
        group.throughput(Throughput::Bytes(u64::try_from(message.len()).unwrap()));
        let mut out = Vec::new();
        group.bench_function("memcpy", |bencher| {
            bencher.iter(|| {
                out.clear();
                out.extend_from_slice(black_box(&message));
                black_box(&out);
            });
        });
        group.bench_function("dmv-redact", |bencher| {
            bencher.iter(|| black_box(filter.redact(black_box(&message), &requester, &mut out)));
        });
        group.bench_function("dmv-redact-two-readings", |bencher| {
            bencher.iter(|| black_box(reads_twice.redact(black_box(&message), &requester, &mut out)));
        });
        if class.starts_with("json") {
            let list = peers::json_allow_list(&redacted);
            assert_eq!(
                peers::parsed(&peers::serde_json(&message, &list)),
                peers::parsed(&redacted),
                "{class}: same job"
            );
            group.bench_function("serde_json-value", |bencher| {
                bencher.iter(|| black_box(peers::serde_json(black_box(&message), &list)));
            });
        } else {
            let list = peers::xml_allow_list(&redacted);
            assert_eq!(peers::texts(&peers::quick_xml(&message, &list)), peers::texts(&redacted), "{class}: same job");
            group.bench_function("quick-xml-nsreader", |bencher| {
                bencher.iter(|| black_box(peers::quick_xml(black_box(&message), &list)));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, throughput);
criterion_main!(benches);
