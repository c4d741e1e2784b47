//! The traffic of fifty states under criterion: the filter with one reading and with two, and its peers, over and over the
//! same messages of each class.
//!
//! `cargo bench --bench traffic` runs all, a part of a name behind `--` some. `report --only traffic` is quicker, on more
//! messages; this is for comparing two states of the filter with each other.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use dmv_redact::{Filter, Requester};
use dmv_redact_peers::traffic::Series;
use dmv_redact_traffic::{Class, Message};

/// Messages of a class: more than any template remembers, and a pass is short enough for some dozens of samples.
const MESSAGES: usize = 3_000;

fn traffic(criterion: &mut Criterion) {
    let filters = [false, true].map(|twice| Filter::builder().second_reading(twice).build().unwrap());
    for class in Class::PURE {
        let series = Series::new(class, MESSAGES);
        let mut group = criterion.benchmark_group(format!("traffic-{}", class.name()));
        group.throughput(Throughput::Bytes(u64::try_from(series.bytes()).unwrap()));
        for (name, filter) in ["dmv-redact", "dmv-redact-two-readings"].into_iter().zip(&filters) {
            measure(&mut group, &series, name, |message, requester, out| {
                let _ = black_box(filter.redact(&message.bytes, requester, out));
            });
        }
        let (list, peers) = series.peers(&filters[1]);
        for mut peer in peers {
            measure(&mut group, &series, peer.name(), |message, _, out| peer.redact(&message.bytes, &list, out));
        }
        group.finish();
    }
}

/// A pass over all messages.
fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    series: &Series,
    name: &str,
    mut work: impl FnMut(&Message, &Requester, &mut Vec<u8>),
) {
    let mut out = Vec::new();
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            for (message, requester) in &series.messages {
                work(black_box(message), requester, &mut out);
                black_box(&out);
            }
        });
    });
}

fn settings() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(20)
        .nresamples(2000)
}

criterion_group!(name = benches; config = settings(); targets = traffic);
criterion_main!(benches);
