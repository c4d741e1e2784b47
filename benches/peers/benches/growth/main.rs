//! How the cost grows: time a byte with the length of the message, time a message with the size of the policy, and
//! how long a policy takes to compile. Markdown tables; where a row isn't flat it says so.
//!
//! `cargo bench --bench growth` runs all.

mod policies;

use std::fmt::Write as _;
use std::time::Duration;

use dmv_redact::{Filter, Limits};
use dmv_redact_peers::messages::{json_of, json_photo_of, police, xml_of, xml_photo_of};
use dmv_redact_peers::report::leave;
use dmv_redact_peers::timing::seconds_per_call;

/// Powers of four, from 1 KiB to 64 MiB.
const SIZES: [(&str, usize); 9] = [
    ("1 KiB", 1 << 10),
    ("4 KiB", 1 << 12),
    ("16 KiB", 1 << 14),
    ("64 KiB", 1 << 16),
    ("256 KiB", 1 << 18),
    ("1 MiB", 1 << 20),
    ("4 MiB", 1 << 22),
    ("16 MiB", 1 << 24),
    ("64 MiB", 1 << 26),
];
/// Makes a message of about so many bytes.
type Make = fn(usize) -> String;
const KINDS: [(&str, Make); 4] = [
    ("JSON, dense", json_of),
    ("JSON, one photo", json_photo_of),
    ("XML, dense", xml_of),
    ("XML, one photo", xml_photo_of),
];
const COPIED: &str = "copied";
const PASSES: usize = 7;
const ROUND: Duration = Duration::from_millis(15);
/// A byte of a longer message may take so many times what it takes in any shorter one.
const FLAT: f64 = 2.0;
/// No message of a kind is shorter than what surrounds it.
const TOO_LONG: f64 = 1.3;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let asks = |part: &str| {
        let parts = ["messages", "policies"];
        arguments.iter().any(|own| own == part) || !arguments.iter().any(|own| parts.contains(&own.as_str()))
    };
    // Cargo says so when it means a bench; as a test target there is nothing to do.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    if asks("messages") {
        leave("growth-messages.md", &messages());
    }
    if asks("policies") {
        leave("growth-policies.md", &policies::table());
    }
}

fn messages() -> String {
    let mut limits = Limits::default();
    (limits.message_bytes, limits.members) = (1 << 30, 1 << 30);
    let build = |twice| Filter::builder().limits(limits.clone()).second_reading(twice).build().unwrap();
    let (once, twice) = (build(false), build(true));
    let requester = police();
    let sizes: Vec<&str> = SIZES.iter().map(|(name, _)| *name).collect();
    let mut text =
        "Nanoseconds of processor time a byte of message, the fastest of seven passes over all sizes. Beyond the caches a copy takes longer too. \
         Stencils and frames have room for 16 KiB beside the values, and longer messages are read in full: that is the step.\n\n"
            .to_owned();
    let _ = writeln!(
        text,
        "| message | | {} | flat |\n| --- | --- |{} --- |",
        sizes.join(" | "),
        " --- |".repeat(sizes.len())
    );
    let mut rows: Vec<Row> = Vec::new();
    for (kind, _) in KINDS {
        rows.extend([COPIED, "one reading", "two readings"].map(|way| Row::new(kind, way)));
    }
    let messages = all_messages();
    for (message, (kind, size)) in &messages {
        let receipt = once.redact(message, &requester, &mut Vec::new());
        assert!(receipt.disposition().releases(), "{}, {}: {:?}", KINDS[*kind].0, SIZES[*size].0, receipt.detail());
    }
    // All sizes before the next pass: what disturbs for a while then disturbs one pass of many sizes, not all of one.
    for _ in 0..PASSES {
        for (message, (kind, size)) in &messages {
            let mut out = Vec::new();
            let copied = seconds_per_call(ROUND, || {
                out.clear();
                out.extend_from_slice(std::hint::black_box(message));
                std::hint::black_box(&out);
            });
            let one = seconds_per_call(ROUND, || drop(once.redact(message, &requester, &mut out)));
            let two = seconds_per_call(ROUND, || drop(twice.redact(message, &requester, &mut out)));
            for (way, seconds) in [copied, one, two].into_iter().enumerate() {
                rows[kind * 3 + way].add(*size, seconds * 1e9 / message.len() as f64);
            }
        }
    }
    for row in rows {
        let _ = writeln!(text, "{}", row.line());
    }
    text
}

/// Every message, with the places of its kind and size.
fn all_messages() -> Vec<(Vec<u8>, (usize, usize))> {
    let mut messages = Vec::new();
    for (kind, (_, make)) in KINDS.iter().enumerate() {
        for (size, (_, bytes)) in SIZES.iter().enumerate() {
            let message = make(*bytes).into_bytes();
            // What surrounds a photo may be longer than the smallest sizes.
            if (message.len() as f64) < *bytes as f64 * TOO_LONG {
                messages.push((message, (kind, size)));
            }
        }
    }
    messages
}

/// What one way costs, size by size.
struct Row {
    title: String,
    /// Of the machine, not of the filter.
    is_copy: bool,
    cells: [Option<f64>; SIZES.len()],
}

impl Row {
    fn new(kind: &str, way: &str) -> Self {
        Self { title: format!("{kind} | {way}"), is_copy: way == COPIED, cells: [None; SIZES.len()] }
    }

    /// The fastest pass counts.
    fn add(&mut self, size: usize, nanoseconds: f64) {
        let least = self.cells[size].map_or(nanoseconds, |other| other.min(nanoseconds));
        self.cells[size] = Some(least);
    }

    fn line(&self) -> String {
        let cells = self.cells.iter().map(|cell| cell.map_or("–".to_owned(), |value| format!("{value:.3}")));
        format!("| {} | {} | {} |", self.title, cells.collect::<Vec<_>>().join(" | "), self.verdict())
    }

    fn verdict(&self) -> String {
        if self.is_copy {
            return "–".to_owned();
        }
        let mut least = f64::INFINITY;
        let mut growth: f64 = 1.0;
        for value in self.cells.iter().flatten() {
            growth = growth.max(value / least);
            least = least.min(*value);
        }
        if growth > FLAT { format!("**grows {growth:.1} x**") } else { "yes".to_owned() }
    }
}
