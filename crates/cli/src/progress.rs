//! Progress of a run, on stderr: a bar on a terminal, plain lines every few seconds if requested, nothing in a pipe;
//! and notices in between.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use dmv_redact_archive::RunObserver;
use dmv_redact_archive::Summary;
use dmv_redact_model::escape::escape;

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProgressMode {
    /// A bar if stderr is a terminal, else nothing.
    Auto,
    /// A line every few seconds.
    Plain,
    Never,
}

/// The number of printed notices about refused messages; the summary counts all.
const MAX_NOTICES: u64 = 100;
/// How often a plain line is printed.
const PLAIN_INTERVAL: Duration = Duration::from_secs(5);

/// Shows people how a run is going.
pub(super) struct Progress {
    bar: ProgressBar,
    plain: Option<Mutex<Instant>>,
    started: Instant,
    /// Bytes to read, once they are known; until then 0.
    total: AtomicU64,
    notices: AtomicU64,
    suppressed: AtomicU64,
}

impl Progress {
    pub(super) fn new(mode: ProgressMode) -> Self {
        let shows_bar = mode == ProgressMode::Auto && std::io::stderr().is_terminal();
        let bar = match shows_bar {
            true => ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(4)),
            false => ProgressBar::hidden(),
        };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed_precise} {wide_bar} {msg}") {
            bar.set_style(style);
        }
        let plain = (mode == ProgressMode::Plain).then(|| Mutex::new(Instant::now()));
        let zero = AtomicU64::default;
        Self { bar, plain, started: Instant::now(), total: zero(), notices: zero(), suppressed: zero() }
    }

    /// Sets the number of bytes to read.
    pub(super) fn set_total(&self, bytes: u64) {
        self.total.store(bytes, Ordering::Relaxed);
        self.bar.set_length(bytes);
    }

    /// Whether the number of bytes to read would be shown.
    pub(super) fn wants_total(&self) -> bool {
        self.plain.is_some() || !self.bar.is_hidden()
    }

    /// Removes the bar, and prints how many notices were suppressed.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
        let hidden = self.suppressed.load(Ordering::Relaxed);
        if hidden > 0 {
            self.print(&format!(
                "{hidden} more lines about what was held, withheld or left from before; the summary counts all"
            ));
        }
    }

    fn print(&self, line: &str) {
        // A closed stderr is no reason to stop.
        self.bar.suspend(|| drop(writeln!(std::io::stderr().lock(), "dmv-redact: {}", escape(line))));
    }

    fn status_line(&self, summary: &Summary) -> String {
        let seconds = self.started.elapsed().as_secs_f64().max(0.001);
        let (messages, bytes) = (summary.messages(), summary.bytes_in());
        let [messages_per_second, bytes_per_second] = [messages, bytes].map(|number| (number as f64 / seconds) as u64);
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
            HumanCount(messages_per_second),
            HumanBytes(bytes_per_second),
            HumanCount(summary.refused()),
        )
    }
}

impl RunObserver for Progress {
    fn on_notice(&self, line: &str) {
        if self.notices.fetch_add(1, Ordering::Relaxed) < MAX_NOTICES {
            self.print(line);
        } else {
            self.suppressed.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn on_failure(&self, line: &str) {
        self.print(line);
    }

    fn on_progress(&self, summary: &Summary) {
        if !self.bar.is_hidden() {
            self.bar.set_position(summary.bytes_in());
            self.bar.set_message(self.status_line(summary));
        }
        if let Some(last) = &self.plain {
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.elapsed() >= PLAIN_INTERVAL {
                *last = Instant::now();
                self.print(&self.status_line(summary));
            }
        }
    }
}
