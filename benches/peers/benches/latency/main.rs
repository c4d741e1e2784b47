//! How long single messages take: a million of all classes but the largest, in random order, in one thread; median, 99th
//! and 99.9th percentile, with one reading and with two.
//!
//! `cargo bench --bench latency`; a number behind `--` is another count. Arithmetic that is always the same is timed
//! between the messages: what its own tail shows is the machine's. And since on a shared machine most of the tail is
//! others' time slices, the tail is told again without the messages during which the thread lost its processor.

use std::fmt::Write as _;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::time::Instant;

use dmv_redact::Filter;
use dmv_redact_peers::Random;
use dmv_redact_peers::messages::{Class, classes};
use dmv_redact_peers::report::leave;
use dmv_redact_peers::timing::{control, quantile};

const COLUMNS: &str = "p50 | p99 | p99.9 | p99.9 ÷ p50 | undisturbed: p99.9 | p99.9 ÷ p50";
const MESSAGES: usize = 1_000_000;
/// Longer ones would make a tail of their own.
const LONGEST: usize = 1_000_000;
/// Between how many messages the control is timed, and how much it does.
const CONTROL_EVERY: usize = 10;
const CONTROL_ROUNDS: u32 = 5_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Cargo says so when it means a bench; as a test target there is nothing to do.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let count = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(MESSAGES);
    let classes: Vec<Class> = classes().into_iter().filter(|class| class.mean_length() < LONGEST).collect();
    let mut text = format!(
        "{count} messages of all classes below in random order, in one thread, each timed by itself. Microseconds; the last row \
         is arithmetic that is always the same: its tail is the machine's. Undisturbed are messages during which the thread \
         kept its processor.\n\n\
         | class | bytes | {COLUMNS} | two readings: {COLUMNS} |\n| --- | --- |{} |\n",
        " --- |".repeat(2 * COLUMNS.split('|').count()).trim_end_matches(" |")
    );
    let (one, two) = (measure(&classes, count, false), measure(&classes, count, true));
    for (place, class) in classes.iter().enumerate() {
        let name = format!("{} | {}", class.name, class.mean_length());
        line(&mut text, &name, &one.by_class[place], &two.by_class[place]);
    }
    line(&mut text, "all | ", &one.by_class.concat(), &two.by_class.concat());
    line(&mut text, "control | ", &one.control, &two.control);
    leave("latency.md", &text);
}

/// Microseconds of one message, and whether the thread lost its processor meanwhile.
type Time = (f64, bool);

/// Message by message.
struct Times {
    by_class: Vec<Vec<Time>>,
    control: Vec<Time>,
}

/// Tells how often this thread was given a processor.
struct Turns(File);

impl Turns {
    fn of_this_thread() -> Self {
        Self(File::open("/proc/thread-self/schedstat").unwrap())
    }

    fn count(&self) -> u64 {
        let mut text = [0; 96];
        let length = self.0.read_at(&mut text, 0).unwrap();
        let text = std::str::from_utf8(&text[..length]).unwrap();
        text.split_whitespace().nth(2).unwrap().parse().unwrap()
    }

    /// What some work gives, and how long it took.
    fn time<T>(&self, work: impl FnOnce() -> T) -> (T, Time) {
        let before = self.count();
        let start = Instant::now();
        let done = work();
        let time = start.elapsed();
        (done, (time.as_secs_f64() * 1e6, self.count() != before))
    }
}

fn measure(classes: &[Class], count: usize, twice: bool) -> Times {
    let filter = Filter::builder().second_reading(twice).build().unwrap();
    let mut random = Random::new(17);
    let mut times = Times { by_class: vec![Vec::new(); classes.len()], control: Vec::new() };
    let turns = Turns::of_this_thread();
    let mut out = Vec::new();
    // Each class once: what is allocated for the first message isn't what is asked here.
    for class in classes {
        assert!(filter.redact(&class.messages[0], &class.requester, &mut out).disposition().releases());
    }
    for turn in 0..count {
        let place = random.below(classes.len());
        let class = &classes[place];
        let message = random.pick(&class.messages);
        let (receipt, time) = turns.time(|| filter.redact(message, &class.requester, &mut out));
        assert!(receipt.disposition().releases());
        times.by_class[place].push(time);
        if turn % CONTROL_EVERY == 0 {
            times.control.push(turns.time(|| control(CONTROL_ROUNDS)).1);
        }
    }
    times
}

fn line(text: &mut String, name: &str, one: &[Time], two: &[Time]) {
    let _ = writeln!(text, "| {name} | {} | {} |", cells(one), cells(two));
}

fn cells(times: &[Time]) -> String {
    let sorted = |with_disturbed: bool| {
        let wanted = times.iter().filter(|(_, disturbed)| with_disturbed || !disturbed);
        let mut sorted: Vec<f64> = wanted.map(|(time, _)| *time).collect();
        sorted.sort_by(f64::total_cmp);
        sorted
    };
    let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|fraction| quantile(&sorted(true), fraction));
    let own = quantile(&sorted(false), 0.999);
    format!("{p50:.2} | {p99:.2} | {p999:.2} | {:.1} | {own:.2} | {:.1}", p999 / p50, own / p50)
}
