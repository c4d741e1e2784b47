//! Hostile messages of 1, 10 and 100 MB, and what each costs: time a byte and memory a byte of message, as a markdown
//! table (P8). A row is marked where the time a byte grows with the message or the memory exceeds three times its size.
//!
//! `cargo bench --bench hostile` runs all. Arguments behind `--` that are numbers are sizes in MB, others parts of names;
//! `--one-reading` leaves the second reading out. What the default limits refuse is measured again with limits raised.
//! Memory is what is allocated beyond the message, the output included; while a buffer grows both copies count. The
//! figures are of one run: it is the growth that tells, not the digits.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench that can't run must say so")]
#![allow(missing_docs, reason = "nobody links a bench")]

mod build;
mod json;
mod texts;
mod xml;

use std::time::Instant;

use build::Case;
use dmv_redact::{Filter, Limits, Requester};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const MEGABYTE: usize = 1_000_000;
/// A size is left out that would take longer than this, should time go on growing as it did.
const LONGEST_SECONDS: f64 = 60.0;
/// The time a byte may take at the largest size, in times of what it takes at the smallest; caches account for some.
const GROWTH: f64 = 3.0;
const MEMORY_FACTOR: f64 = 3.0;

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut has = |flag: &str| {
        let count = arguments.len();
        arguments.retain(|argument| argument != flag);
        arguments.len() < count
    };
    let reads_twice = !has("--one-reading");
    // Cargo says so when it means a bench; as a test target there is nothing to do.
    if !has("--bench") {
        return;
    }
    let is_size = |argument: &String| argument.parse::<usize>().is_ok();
    let (sizes, parts): (Vec<String>, Vec<String>) = arguments.into_iter().partition(is_size);
    let mut sizes: Vec<usize> = sizes.iter().map(|size| size.parse().unwrap()).collect();
    if sizes.is_empty() {
        sizes = vec![1, 10, 100];
    }
    println!("| input | limits | verdict | MB | ns a byte | memory | |\n| --- | --- | --- | --- | --- | --- | --- |");
    let is_asked = |case: &Case| parts.is_empty() || parts.iter().any(|part| case.name.contains(part.as_str()));
    for case in [xml::cases(), json::cases(), texts::cases()].concat().into_iter().filter(is_asked) {
        // The default would refuse it beyond 16 MiB unread.
        let mut default = Limits::default();
        default.message_bytes = 1 << 30;
        let row = measure(&case, &default, reads_twice, &sizes);
        row.print(&case.name, "default", sizes.len());
        if row.verdicts.iter().any(|verdict| verdict.ends_with(": limit")) {
            measure(&case, &raised(), reads_twice, &sizes).print(&case.name, "raised", sizes.len());
        }
    }
}

fn raised() -> Limits {
    let much = 1 << 30;
    let mut limits = Limits::default();
    for limit in [
        &mut limits.message_bytes,
        &mut limits.depth,
        &mut limits.name_bytes,
        &mut limits.attributes,
        &mut limits.namespaces,
        &mut limits.members,
    ] {
        *limit = much;
    }
    limits
}

fn measure(case: &Case, limits: &Limits, reads_twice: bool, sizes: &[usize]) -> Row {
    let mut row = Row::default();
    for size in sizes {
        if row.foretold_seconds(*size) > LONGEST_SECONDS {
            break;
        }
        let message = (case.build)(size * MEGABYTE);
        // Of its own, for a filter keeps what it needed for the last message.
        let filter = Filter::builder().limits(limits.clone()).second_reading(reads_twice).build().unwrap();
        let requester = Requester::from_envelope().purpose("C").claim("highly-restricted-request");
        let mut out = Vec::new();
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let start = Instant::now();
        let receipt = filter.redact(&message, &requester, &mut out);
        let seconds = start.elapsed().as_secs_f64();
        let memory = MEMORY.peak_usage() - before;
        let reason = receipt.reason().map(|reason| format!(": {}", reason.code())).unwrap_or_default();
        row.add(*size, format!("{}{reason}", receipt.disposition().name()), seconds, memory, message.len());
    }
    row
}

/// What a case cost, size by size.
#[derive(Default)]
struct Row {
    verdicts: Vec<String>,
    sizes: Vec<usize>,
    nanoseconds: Vec<f64>,
    factors: Vec<f64>,
}

impl Row {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    fn add(&mut self, size: usize, verdict: String, seconds: f64, memory: usize, length: usize) {
        if self.verdicts.last() != Some(&verdict) {
            self.verdicts.push(verdict);
        }
        self.sizes.push(size);
        self.nanoseconds.push(seconds * 1e9 / length as f64);
        self.factors.push(memory as f64 / length as f64);
    }

    /// How long a message of `size` may take, from what the smaller ones took: with one of them known, with the square.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn foretold_seconds(&self, size: usize) -> f64 {
        let (Some(first), Some(last)) = (self.nanoseconds.first(), self.nanoseconds.last()) else { return 0.0 };
        let growth = match self.sizes.as_slice() {
            [known] => size as f64 / *known as f64,
            _ => (last / first).max(1.0),
        };
        last * growth * (size * MEGABYTE) as f64 / 1e9
    }

    fn print(&self, name: &str, limits: &str, wanted: usize) {
        let mut marks = Vec::new();
        if let (Some(first), Some(last)) = (self.nanoseconds.first(), self.nanoseconds.last()) {
            // What is refused at once takes no time a byte, and noise is no growth.
            if *last > first * GROWTH && *last > 0.5 {
                marks.push("superlinear");
            }
        }
        if self.sizes.len() < wanted {
            marks.push("too slow to go on");
        }
        if self.factors.iter().any(|factor| *factor > MEMORY_FACTOR) {
            marks.push("memory");
        }
        let join = |values: &[f64]| values.iter().map(|value| format!("{value:.2}")).collect::<Vec<_>>().join(", ");
        let sizes = self.sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
        println!(
            "| {name} | {limits} | {} | {sizes} | {} | {} | {} |",
            self.verdicts.join(", "),
            join(&self.nanoseconds),
            join(&self.factors),
            marks.join(", ")
        );
    }
}
