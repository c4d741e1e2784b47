//! Bytes of input per second for every class of messages: the filter with one reading and with two, a copy of the input
//! and a UTF-8 check as limits, and the peers that give an equal result. Beside it what a decision of the policy costs
//! that isn't in the cache.
//!
//! `cargo bench --bench throughput` runs all, a part of a name behind `--` some. Quote ratios of one run.

mod clock;
mod decision;

use std::hint::black_box;
use std::time::Duration;

use clock::ProcessorTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use dmv_redact::Filter;
use dmv_redact_peers::allow_list::AllowList;
use dmv_redact_peers::messages::{Class, Syntax, classes};
use dmv_redact_peers::peers;

fn throughput(criterion: &mut Criterion<ProcessorTime>) {
    let filter = Filter::builder().second_reading(false).build().unwrap();
    let reads_twice = Filter::builder().build().unwrap();
    for class in classes() {
        let mut group = criterion.benchmark_group(class.name);
        group.throughput(Throughput::Bytes(u64::try_from(class.mean_length()).unwrap()));
        measure(&mut group, &class, "memcpy", |message, out| {
            out.clear();
            out.extend_from_slice(message);
        });
        measure(&mut group, &class, "simdutf8", |message, _| {
            black_box(simdutf8::basic::from_utf8(message).is_ok());
        });
        measure(&mut group, &class, "dmv-redact", |message, out| {
            let _ = black_box(filter.redact(message, &class.requester, out));
        });
        measure(&mut group, &class, "dmv-redact-two-readings", |message, out| {
            let _ = black_box(reads_twice.redact(message, &class.requester, out));
        });
        if class.is_allow_list {
            measure_peers(&mut group, &class, &outputs(&class, &reads_twice));
        }
        group.finish();
    }
}

/// What the filter makes of each message; all of it released, or the class measures nothing.
fn outputs(class: &Class, filter: &Filter) -> Vec<Vec<u8>> {
    let redact = |message: &Vec<u8>| {
        let mut out = Vec::new();
        let receipt = filter.redact(message, &class.requester, &mut out);
        assert!(receipt.disposition().releases(), "{}: {:?}", class.name, receipt.detail());
        out
    };
    class.messages.iter().map(redact).collect()
}

fn measure_peers(group: &mut BenchmarkGroup<'_, ProcessorTime>, class: &Class, outputs: &[Vec<u8>]) {
    let list = match class.syntax {
        Syntax::Json => AllowList::of_json(outputs),
        Syntax::Xml => AllowList::of_xml(outputs),
    };
    for mut peer in peers::of(class.syntax, &outputs[0]) {
        let mut out = Vec::new();
        let is_equal = class.messages.iter().zip(outputs).all(|(message, output)| {
            peer.redact(message, &list, &mut out);
            peers::is_alike(class.syntax, &out, output)
        });
        if is_equal {
            measure(group, class, peer.name(), |message, out| peer.redact(message, &list, out));
        } else {
            // The others can do whatever a list of paths can; that they do is what makes this a comparison.
            assert_eq!(peer.name(), "lol_html", "{}: another result", class.name);
            println!("{}/{}: another result, not measured", class.name, peer.name());
        }
    }
}

fn measure(
    group: &mut BenchmarkGroup<'_, ProcessorTime>,
    class: &Class,
    name: &str,
    mut work: impl FnMut(&[u8], &mut Vec<u8>),
) {
    let mut out = Vec::new();
    let mut messages = class.messages.iter().cycle();
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            if let Some(message) = messages.next() {
                work(black_box(message), &mut out);
                black_box(&out);
            }
        });
    });
}

fn settings() -> Criterion<ProcessorTime> {
    Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1200))
        .sample_size(30)
        .nresamples(2000)
        .with_measurement(ProcessorTime)
}

criterion_group!(name = benches; config = settings(); targets = throughput, decision::decision);
criterion_main!(benches);
