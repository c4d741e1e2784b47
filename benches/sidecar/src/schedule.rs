//! When which message is due, and when it is over.

use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::arguments::{Arguments, Pace};

/// How long is slept at once, so that the end is seen.
const NAP: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub(crate) struct Schedule {
    begun: Instant,
    /// Seconds between two messages; `None`: at once.
    interval: Option<f64>,
    end: Option<Instant>,
    messages: u64,
    next: AtomicU64,
    is_over: AtomicBool,
}

/// A message that is due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Due {
    pub(crate) number: u64,
    pub(crate) at: Instant,
}

impl Schedule {
    pub(crate) fn new(arguments: &Arguments) -> Self {
        let begun = Instant::now();
        Self {
            begun,
            interval: match arguments.pace {
                Pace::Rate(rate) => Some(1.0 / rate),
                Pace::Closed(_) => None,
            },
            end: arguments.time.map(|time| begun + time),
            messages: arguments.messages.unwrap_or(u64::MAX),
            next: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
        }
    }

    /// Waits for the next message to be due; `None` at the end.
    pub(crate) fn next(&self) -> Option<Due> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        if number >= self.messages {
            return None;
        }
        let at = self.interval.map(|interval| self.begun + Duration::from_secs_f64(interval * number as f64));
        if self.end.is_some_and(|end| at.is_some_and(|at| at >= end)) {
            return None;
        }
        loop {
            let now = Instant::now();
            if self.is_over() {
                return None;
            }
            match at {
                Some(at) if at > now => thread::sleep((at - now).min(NAP)),
                _ => return Some(Due { number, at: at.unwrap_or(now) }),
            }
        }
    }

    /// In an open loop what was due is sent, late if need be: leaving it out would hide the wait.
    fn is_over(&self) -> bool {
        let is_late = self.interval.is_none() && self.end.is_some_and(|end| Instant::now() >= end);
        is_late || self.is_over.load(Ordering::Relaxed)
    }

    /// Whether no message is due any more: no connection is made for one then.
    pub(crate) fn is_ended(&self) -> bool {
        self.is_over() || self.end.is_some_and(|end| Instant::now() >= end)
    }

    /// Ends it when stdin ends.
    pub(crate) fn watch_stdin(&self) {
        let mut some = [0; 64];
        while std::io::stdin().read(&mut some).is_ok_and(|read| read > 0) {}
        self.is_over.store(true, Ordering::Relaxed);
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}
