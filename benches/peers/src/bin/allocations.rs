//! Counts the allocations that a message of traffic costs when the filter is warm: `cargo run --release --bin allocations`.
//!
//! A program of its own, for what counts them is in the way of each: where times are measured it would slow those down that
//! allocate.

use std::fmt::Write as _;

use allocation_counter::measure;
use dmv_redact::Filter;
use dmv_redact_peers::report::leave;
use dmv_redact_peers::traffic::Series;
use dmv_redact_traffic::Class;

/// Messages before those that are counted, and these.
const WARMING: usize = 5_000;
const COUNTED: usize = 5_000;

fn main() {
    let mut text = "| class | allocations a message, one reading | two readings |\n| --- | --- | --- |\n".to_owned();
    for class in Class::PURE {
        let series = Series::new(class, WARMING + COUNTED);
        let counts = [false, true].map(|second_reading| {
            let filter = Filter::builder().second_reading(second_reading).build().unwrap();
            let mut out = Vec::new();
            let mut redact = |messages: std::ops::Range<usize>| {
                for (message, requester) in &series.messages[messages] {
                    let _ = filter.redact(&message.bytes, requester, &mut out);
                }
            };
            redact(0..WARMING);
            measure(|| redact(WARMING..WARMING + COUNTED)).count_total as f64 / COUNTED as f64
        });
        let _ = writeln!(text, "| {} | {:.3} | {:.3} |", class.name(), counts[0], counts[1]);
    }
    leave("traffic-allocations.md", &text);
}
