//! What the policy's decision costs: found in the cache for one requester, for many, and made anew for every message.
//!
//! The filter caches a decision per agency classes, purpose, claims and message key. So that no decision was made
//! before, every message comes with claims that none came with before, and no rule asks for.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use dmv_redact::{Filter, Requester};
use dmv_redact_peers::messages::{classes, police};
use dmv_redact_peers::timing::processor_time;

use crate::clock::ProcessorTime;

/// With so many claims that no rule asks for there are two to that power decisions.
const CLAIMS: usize = 14;

pub(crate) fn decision(criterion: &mut Criterion<ProcessorTime>) {
    let class = classes().into_iter().find(|class| class.name == "json-dense").unwrap();
    let message = class.messages.first().unwrap();
    let requesters: Vec<Requester> = (0..1 << CLAIMS).map(requester).collect();
    let filter = filter();
    let mut out = Vec::new();
    let mut group = criterion.benchmark_group("decision");
    group.throughput(Throughput::Bytes(u64::try_from(message.len()).unwrap()));
    let last = requesters.last().unwrap();
    group.bench_function("cached-one-requester", |bencher| {
        bencher.iter(|| black_box(filter.redact(black_box(message), last, &mut out)));
    });
    for requester in &requesters {
        assert!(filter.redact(message, requester, &mut out).disposition().releases());
    }
    let mut turn = requesters.iter().cycle();
    group.bench_function("cached-many-requesters", |bencher| {
        bencher.iter(|| black_box(filter.redact(black_box(message), turn.next().unwrap(), &mut out)));
    });
    group.bench_function("computed", |bencher| {
        bencher.iter_custom(|iterations| {
            let mut left = usize::try_from(iterations).unwrap();
            let mut time = Duration::ZERO;
            while left > 0 {
                // One that has decided nothing yet.
                let filter = self::filter();
                let round = left.min(requesters.len());
                let start = processor_time();
                for requester in requesters.iter().take(round) {
                    let _ = black_box(filter.redact(black_box(message), requester, &mut out));
                }
                time += processor_time() - start;
                left -= round;
            }
            time
        });
    });
    group.finish();
}

fn requester(subset: usize) -> Requester {
    let claims = (0..CLAIMS).filter(|place| subset >> place & 1 == 1);
    claims.fold(police(), |requester, place| requester.claim(format!("claim-{place}")))
}

/// The built-in policy with more claims.
fn filter() -> Filter {
    let claims: Vec<String> = (0..CLAIMS).map(|place| format!("\"claim-{place}\", ")).collect();
    let text = include_str!("../../../../policies/baseline.toml");
    let text = text.replacen("claims = [", &format!("claims = [{}", claims.concat()), 1);
    Filter::builder().policy_text("claims.toml", text).second_reading(false).build().unwrap()
}
