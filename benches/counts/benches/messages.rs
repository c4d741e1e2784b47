//! Instructions that one warm message takes, counted by callgrind: four classes of one message each, and two of traffic whose
//! messages all differ, each with one reading and with two. A crate of its own, so that nothing of what counts comes near the filter; `.ci/counts` runs it and holds it to the baseline.
//!
//! What happens once in a process (tables built, the processor asked what it can, room taken) is not counted: the filter has
//! read the message many times before. Some messages are counted together, for what comes round every few of them.

#![allow(clippy::unwrap_used, reason = "a bench that can't run must say so")]
#![allow(missing_docs, reason = "gungraun's macros make public items")]

use std::hint::black_box;

use dmv_redact::{Filter, Requester};
use dmv_redact_traffic::{Class, Traffic};
use gungraun::{Callgrind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main};

/// Messages before those that are counted.
const WARMING: usize = 400;

/// Messages that are counted together; `.ci/counts` divides by it.
const COUNTED: usize = 20;

/// Messages of traffic that are counted together; `.ci/counts` divides by it. None of them was read before: traffic doesn't
/// repeat itself.
const TRAFFIC: usize = 200;

/// Other messages of the same states before those.
const WARMING_TRAFFIC: usize = 1_000;

/// A filter that has read its message before, and room for what it writes.
struct Warm {
    filter: Filter,
    message: Vec<u8>,
    out: Vec<u8>,
    requester: Requester,
}

impl Warm {
    fn redact(&mut self) {
        self.out.clear();
        let receipt = self.filter.redact(black_box(&self.message), &self.requester, &mut self.out);
        assert!(black_box(receipt).disposition().releases());
        black_box(&self.out);
    }
}

fn warm(fixture: &str, second_reading: bool) -> Warm {
    let path = format!("{}/../../fixtures/{fixture}", env!("CARGO_MANIFEST_DIR"));
    let mut warm = Warm {
        filter: Filter::builder().second_reading(second_reading).build().unwrap(),
        message: std::fs::read(path).unwrap(),
        out: Vec::new(),
        requester: Requester::new("AZ0070000").unwrap().purpose("C"),
    };
    for _ in 0..WARMING {
        warm.redact();
    }
    assert!(!warm.out.is_empty(), "{fixture}: nothing is let through");
    warm
}

// The filter is given back, so that its end is not counted. `.ci/counts` takes names and fixtures from what this prints.
#[library_benchmark(setup = warm)]
#[bench::json_dense("niem-json-list-compact/message.json", false)]
#[bench::json_dense_two_readings("niem-json-list-compact/message.json", true)]
#[bench::json_photo("niem-json-dr-in-state-police/message.json", false)]
#[bench::json_photo_two_readings("niem-json-dr-in-state-police/message.json", true)]
#[bench::xml_dense("dr-several-states-compact/message.xml", false)]
#[bench::xml_dense_two_readings("dr-several-states-compact/message.xml", true)]
#[bench::xml_photo("dr-in-state-police/message.xml", false)]
#[bench::xml_photo_two_readings("dr-in-state-police/message.xml", true)]
fn redact(mut warm: Warm) -> Warm {
    for _ in 0..COUNTED {
        warm.redact();
    }
    warm
}

/// A filter that has read such traffic before.
struct WarmTraffic {
    filter: Filter,
    messages: Vec<(Vec<u8>, Requester)>,
    out: Vec<u8>,
}

impl WarmTraffic {
    fn redact(&mut self, messages: std::ops::Range<usize>) {
        for (message, requester) in &self.messages[messages] {
            self.out.clear();
            let _ = black_box(self.filter.redact(black_box(message), requester, &mut self.out));
            black_box(&self.out);
        }
    }
}

/// `mean_length` is said for `.ci/counts`, which divides by it.
fn warm_traffic(class: &str, mean_length: usize, second_reading: bool) -> WarmTraffic {
    let traffic = Traffic::new(1, Class::named(class).unwrap());
    let messages = traffic.take(WARMING_TRAFFIC + TRAFFIC).map(|message| {
        let requester = Requester::new(&message.ori).unwrap();
        (message.bytes, message.purpose.into_iter().fold(requester, Requester::purpose))
    });
    let messages: Vec<_> = messages.collect();
    let bytes: usize = messages[WARMING_TRAFFIC..].iter().map(|(message, _)| message.len()).sum();
    assert_eq!(bytes / TRAFFIC, mean_length, "the mean length of the messages of {class}");
    let mut warm = WarmTraffic {
        filter: Filter::builder().second_reading(second_reading).build().unwrap(),
        messages,
        out: Vec::new(),
    };
    warm.redact(0..WARMING_TRAFFIC);
    warm
}

#[library_benchmark(setup = warm_traffic)]
#[bench::traffic_json("json", 1629, false)]
#[bench::traffic_json_two_readings("json", 1629, true)]
#[bench::traffic_xml("xml", 2684, false)]
#[bench::traffic_xml_two_readings("xml", 2684, true)]
fn traffic(mut warm: WarmTraffic) -> WarmTraffic {
    warm.redact(WARMING_TRAFFIC..WARMING_TRAFFIC + TRAFFIC);
    warm
}

library_benchmark_group!(name = messages, benchmarks = [redact, traffic]);

// Caches are not simulated: it takes three times as long, and no instruction more or less comes of it.
main!(
    config = LibraryBenchmarkConfig::default().tool(Callgrind::with_args(["--cache-sim=no"])),
    library_benchmark_groups = messages
);
