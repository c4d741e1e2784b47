//! What became of the messages, and how long it took.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use crate::check::Judged;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Microseconds from when a message was due to its answer.
    latencies: Vec<u32>,
    dispositions: BTreeMap<String, u64>,
    undecided: BTreeMap<String, u64>,
    wrong: BTreeMap<String, u64>,
    /// Of connections.
    errors: BTreeMap<String, u64>,
    unanswered: u64,
    elapsed: Duration,
    may_break: bool,
}

impl Tally {
    pub(crate) fn new(may_break: bool) -> Self {
        Self { may_break, ..Self::default() }
    }

    pub(crate) fn answered(&mut self, judged: &Judged, latency: Duration) {
        self.latencies.push(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX));
        let (counts, what) = match judged {
            Judged::Right { disposition, .. } => (&mut self.dispositions, disposition.as_str()),
            Judged::Stopped => (&mut self.dispositions, "stopped"),
            Judged::Undecided(why) => (&mut self.undecided, why.as_str()),
            Judged::Wrong(why) => (&mut self.wrong, why.as_str()),
        };
        match counts.get_mut(what) {
            Some(count) => *count += 1,
            None => drop(counts.insert(what.to_owned(), 1)),
        }
    }

    pub(crate) fn unanswered(&mut self, messages: u64) {
        self.unanswered += messages;
    }

    pub(crate) fn error(&mut self, error: &std::io::Error) {
        *self.errors.entry(error.to_string()).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        let pairs = [
            (&mut self.dispositions, other.dispositions),
            (&mut self.undecided, other.undecided),
            (&mut self.wrong, other.wrong),
            (&mut self.errors, other.errors),
        ];
        for (own, others) in pairs {
            for (what, count) in others {
                *own.entry(what).or_default() += count;
            }
        }
        self.unanswered += other.unanswered;
    }

    pub(crate) fn end(&mut self, elapsed: Duration) {
        self.elapsed = elapsed;
        self.latencies.sort_unstable();
    }

    /// Whether every message was answered, and rightly.
    pub(crate) fn is_clean(&self) -> bool {
        let is_whole = self.unanswered == 0 && self.errors.is_empty() && self.undecided.is_empty();
        self.wrong.is_empty() && (is_whole || self.may_break) && !self.latencies.is_empty()
    }

    /// The latency that so many of a thousand messages don't exceed.
    fn quantile(&self, thousandths: usize) -> u32 {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get((self.latencies.len() * thousandths / 1000).min(last)).copied().unwrap_or_default()
    }

    fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }

    pub(crate) fn json(&self) -> String {
        json!({
            "answered": self.latencies.len(),
            "seconds": self.elapsed.as_secs_f64(),
            "messages-a-second": self.rate(),
            "microseconds": {
                "p50": self.quantile(500), "p99": self.quantile(990), "p99.9": self.quantile(999),
                "max": self.latencies.last().copied().unwrap_or_default(),
            },
            "dispositions": self.dispositions,
            "undecided": self.undecided,
            "wrong": self.wrong,
            "errors": self.errors,
            "unanswered": self.unanswered,
        })
        .to_string()
    }

    pub(crate) fn text(&self) -> String {
        let milliseconds = |thousandths| f64::from(self.quantile(thousandths)) / 1000.0;
        let mut text = format!(
            "{} answers, {:.0}/s; ms: p50 {:.2}, p99 {:.2}, p99.9 {:.2}, max {:.2}",
            self.latencies.len(),
            self.rate(),
            milliseconds(500),
            milliseconds(990),
            milliseconds(999),
            milliseconds(1000),
        );
        let all = [
            ("", &self.dispositions),
            ("UNDECIDED: ", &self.undecided),
            ("WRONG: ", &self.wrong),
            ("ERROR: ", &self.errors),
        ];
        for (kind, counts) in all {
            for (what, count) in counts {
                text += &format!("\n  {count} {kind}{what}");
            }
        }
        if self.unanswered > 0 {
            text += &format!("\n  {} UNANSWERED", self.unanswered);
        }
        text
    }
}
