//! How a run goes, on stderr: a bar on a terminal, plain lines every few seconds if they are asked for, nothing in a pipe;
//! and notices in between.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::batch::RunObserver;
use crate::escape::escape;
use crate::report::Summary;

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// A bar if stderr is a terminal, else nothing.
    Auto,
    /// A line every few seconds.
    Plain,
    Never,
}

/// Notices about refused messages that are printed; the summary counts all.
const MOST_NOTICES: u64 = 100;
/// How often a plain line is printed.
const PLAIN_INTERVAL: Duration = Duration::from_secs(5);

/// Tells people how a run goes.
pub(super) struct Progress {
    bar: ProgressBar,
    plain: Option<Mutex<Instant>>,
    begun: Instant,
    /// Bytes that there are to read, if they are known; 0 until then.
    total: AtomicU64,
    notices: AtomicU64,
    hidden: AtomicU64,
}

impl Progress {
    pub(super) fn new(manner: Manner) -> Self {
        let shows_bar = manner == Manner::Auto && std::io::stderr().is_terminal();
        let bar = match shows_bar {
            true => ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(4)),
            false => ProgressBar::hidden(),
        };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed_precise} {wide_bar} {msg}") {
            bar.set_style(style);
        }
        let plain = (manner == Manner::Plain).then(|| Mutex::new(Instant::now()));
        let zero = AtomicU64::default;
        Self { bar, plain, begun: Instant::now(), total: zero(), notices: zero(), hidden: zero() }
    }

    /// Says how many bytes there are to read.
    pub(super) fn set_total(&self, bytes: u64) {
        self.total.store(bytes, Ordering::Relaxed);
        self.bar.set_length(bytes);
    }

    /// Whether anybody would see how many bytes there are to read.
    pub(super) fn wants_total(&self) -> bool {
        self.plain.is_some() || !self.bar.is_hidden()
    }

    /// Takes the bar away, and says how many notices were not printed.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
        let hidden = self.hidden.load(Ordering::Relaxed);
        if hidden > 0 {
            self.print(&format!(
                "{hidden} more lines about what was held, withheld or left from before; the summary counts all"
            ));
        }
    }

    fn print(&self, line: &str) {
        // A stderr that is closed is no reason to stop.
        self.bar.suspend(|| drop(writeln!(std::io::stderr().lock(), "dmv-redact: {}", escape(line))));
    }

    fn told(&self, summary: &Summary) -> String {
        let seconds = self.begun.elapsed().as_secs_f64().max(0.001);
        let (messages, bytes) = (summary.messages(), summary.bytes_in());
        let per_second = |number: u64| (number as f64 / seconds) as u64;
        let left = match self.total.load(Ordering::Relaxed) {
            total if total > bytes && bytes > 0 => {
                let left = (total - bytes) as f64 / (bytes as f64 / seconds);
                format!(", {} s left", left.ceil())
            }
            _ => String::new(),
        };
        format!(
            "{} messages, {}, {}/s, {}/s, {} held or withheld{left}",
            HumanCount(messages),
            HumanBytes(bytes),
            HumanCount(per_second(messages)),
            HumanBytes(per_second(bytes)),
            HumanCount(summary.refused()),
        )
    }
}

impl RunObserver for Progress {
    fn on_notice(&self, line: &str) {
        if self.notices.fetch_add(1, Ordering::Relaxed) < MOST_NOTICES {
            self.print(line);
        } else {
            self.hidden.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn on_failure(&self, line: &str) {
        self.print(line);
    }

    fn on_progress(&self, summary: &Summary) {
        if !self.bar.is_hidden() {
            self.bar.set_position(summary.bytes_in());
            self.bar.set_message(self.told(summary));
        }
        if let Some(last) = &self.plain {
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.elapsed() >= PLAIN_INTERVAL {
                *last = Instant::now();
                self.print(&self.told(summary));
            }
        }
    }
}
