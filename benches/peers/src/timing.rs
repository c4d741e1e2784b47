//! Timing by hand, for what criterion doesn't ask: one figure per size, one per message.
//!
//! Times are processor times of the thread, for on a machine that others use too the clock goes on while they run. And
//! callers measure in several rounds of which the fastest counts: everything that disturbs makes it slower.

use std::hint::black_box;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::Random;

/// How long this thread has had a processor.
pub fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}

/// Seconds per call of `work`, over about as long as `round`.
pub fn seconds_per_call(round: Duration, mut work: impl FnMut()) -> f64 {
    // Twice, for the first call allocates what the others find.
    work();
    let start = processor_time();
    work();
    let once = (processor_time() - start).max(Duration::from_nanos(1));
    let calls = u32::try_from(round.as_nanos() / once.as_nanos()).unwrap_or(u32::MAX).clamp(1, 1_000_000);
    let start = processor_time();
    (0..calls).for_each(|_| work());
    (processor_time() - start).as_secs_f64() / f64::from(calls)
}

/// Work that needs neither memory nor the filter: what the machine itself does to a figure is seen by it.
pub fn control(rounds: u32) {
    let mut random = Random::new(1);
    for _ in 0..rounds {
        black_box(random.number());
    }
}

/// A value at a fraction of a sorted list.
pub fn quantile<T: Copy>(sorted: &[T], fraction: f64) -> T {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place in a list"
    )]
    let place = (sorted.len() as f64 * fraction) as usize;
    sorted[place.min(sorted.len() - 1)]
}
