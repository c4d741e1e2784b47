//! The goals, and how far they are reached.

use super::figures::{Figures, MEMCPY, ONE, TWO, cell};
use super::left;

/// The fastest peer, whichever that is.
const BEST: &str = "";

/// Class, whom to compare with, how many times as fast.
const GOALS: [(&str, &str, f64); 8] = [
    ("json-photo", MEMCPY, 0.5),
    ("json-photo", "sonic-rs-dom", 4.0),
    ("json-dense", "serde_json", 10.0),
    ("json-dense", BEST, 2.2),
    ("xml-photo", MEMCPY, 0.35),
    ("xml-photo", "quick-xml", 4.0),
    ("xml-dense", "quick-xml", 8.0),
    ("json-shuffled", "serde_json", 4.0),
];

/// Class, whom the filter with two readings is compared with, how many times as fast.
const GOALS_OF_TWO: [(&str, &str, f64); 4] = [
    ("json-photo", ONE, 1.0 / 1.5),
    ("xml-photo", ONE, 1.0 / 1.5),
    ("json-dense", "serde_json", 1.0),
    ("xml-dense", "quick-xml", 1.0),
];

const TWO_THREADS: f64 = 1.9;

pub(super) fn table(figures: &Figures) -> String {
    let mut rows = vec![
        "| class | goal | measured | reached | with two readings |".to_owned(),
        "| --- | --- | --- | --- | --- |".to_owned(),
    ];
    for (class, other, goal) in GOALS {
        let other_or_best = if other == BEST { figures.best(class).unwrap_or_default() } else { other };
        let named = if other == BEST { format!("the fastest peer ({other_or_best})") } else { other.to_owned() };
        let measured = figures.ratio(class, ONE, other_or_best);
        let beside = figures.ratio(class, TWO, other_or_best);
        rows.push(row(class, &format!("{goal} x {named}"), goal, measured, &cell(beside)));
    }
    let batch = left("batch.tsv").unwrap_or_default();
    for line in batch.lines() {
        let [name, ratio, machine, by_processor] = line.split('\t').collect::<Vec<_>>()[..] else { continue };
        let goal =
            format!("{TWO_THREADS} x one thread (arithmetic alone gains {machine}; by processor time {by_processor})");
        rows.push(row(&format!("batch, {name}"), &goal, TWO_THREADS, ratio.parse().ok(), "–"));
    }
    for (class, other, goal) in GOALS_OF_TWO {
        let measured = figures.ratio(class, TWO, other);
        let text = match other {
            ONE => "second reading on: at most 1.5 x the time".to_owned(),
            peer => format!("second reading on: as fast as {peer} or faster"),
        };
        // The time is the inverse of the speed.
        let shown = if other == ONE { measured.map(f64::recip) } else { measured };
        let reached = measured.map_or("–", |measured| if measured >= goal { "yes" } else { "no" });
        rows.push(format!("| {class} | {text} | | {reached} | {} |", cell(shown)));
    }
    rows.join("\n")
}

fn row(class: &str, text: &str, goal: f64, measured: Option<f64>, beside: &str) -> String {
    let reached = measured.map_or("–", |measured| if measured >= goal { "yes" } else { "no" });
    format!("| {class} | {text} | {} | {reached} | {beside} |", cell(measured))
}
