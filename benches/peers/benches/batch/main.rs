//! `redact_batch` on one thread and on two: small messages, photos, and sizes mixed with one message of 4 MB at the end,
//! which is the worst place for it.
//!
//! `cargo bench --bench batch`. One thread and two take turns, and the median of the ratios counts. In the same turns
//! arithmetic that needs no memory is split alike: what that doesn't gain, the machine doesn't have to give. And processor
//! time is counted, which others' work doesn't change: as much in two threads as in one is a gain of two.

use std::fmt::Write as _;
use std::time::Instant;

use dmv_redact::{Filter, Request};
use dmv_redact_peers::Random;
use dmv_redact_peers::messages::{classes, police};
use dmv_redact_peers::report::leave;
use dmv_redact_peers::timing::{control, quantile};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

const ROUNDS: usize = 11;
const SMALL: usize = 20_000;
const PHOTOS: usize = 4_000;
const CONTROLS: usize = 2_000;
const CONTROL_ROUNDS: u32 = 50_000;

fn main() {
    // Cargo says so when it means a bench; as a test target there is nothing to do.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let pool = |threads| ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let pools = [pool(1), pool(2)];
    let requester = police();
    let mut text = "Messages per second of `redact_batch`, the median of eleven rounds in turn.\n\n\
                    | batch | messages | readings | one thread | two threads | ratio | arithmetic's ratio | by processor time |\n\
                    | --- | --- | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    let mut ratios = String::new();
    for (name, messages) in batches() {
        let requests: Vec<Request<'_>> =
            messages.iter().map(|message| Request { message, requester: &requester }).collect();
        for (readings, twice) in [("one", false), ("two", true)] {
            let filter = Filter::builder().second_reading(twice).build().unwrap();
            let done = filter.redact_batch(&requests);
            assert!(done.iter().all(|redaction| redaction.receipt.disposition().releases()), "{name}");
            drop(done);
            let (times, by_processor) = measure(&pools, || filter.redact_batch(&requests));
            let [one, two] = [0, 1].map(|place| requests.len() as f64 / median(times.iter().map(|round| round[place])));
            let ratio = median(times.iter().map(|[one, two, ..]| one / two));
            let machine = median(times.iter().map(|[.., one, two]| one / two));
            let count = requests.len();
            let _ = writeln!(
                text,
                "| {name} | {count} | {readings} | {one:.0} | {two:.0} | {ratio:.2} | {machine:.2} | {by_processor:.2} |"
            );
            let _ = writeln!(
                ratios,
                "{name}, {readings} reading{}\t{ratio:.3}\t{machine:.2}\t{by_processor:.2}",
                if twice { "s" } else { "" }
            );
        }
    }
    leave("batch.md", &text);
    leave("batch.tsv", &ratios);
}

/// Small messages, photos, and both in random order with a large one behind them.
fn batches() -> [(&'static str, Vec<Vec<u8>>); 3] {
    let mut random = Random::new(5);
    let of = |wanted: &[&str]| -> Vec<Vec<u8>> {
        let classes = classes().into_iter().filter(|class| wanted.contains(&class.name));
        classes.flat_map(|class| class.messages).collect()
    };
    let small = of(&["json-dense", "xml-dense", "json-shuffled", "xml-changing-prefixes"]);
    let photos = of(&["json-photo", "xml-photo", "json-photo-lines", "xml-photo-lines"]);
    let large = of(&["xml-4-mb"]);
    let mut some =
        |from: &[Vec<u8>], count: usize| -> Vec<Vec<u8>> { (0..count).map(|_| random.pick(from).clone()).collect() };
    let (small, photos) = (some(&small, SMALL), some(&photos, PHOTOS));
    let mut mixed = [&small[..SMALL / 4], &photos[..PHOTOS / 4]].concat();
    Random::new(6).shuffle(&mut mixed);
    mixed.extend(large);
    [("small", small), ("photos", photos), ("mixed, 4 MB at the end", mixed)]
}

/// Seconds of each round: the work on one thread and on two, then arithmetic on one and on two. Beside it what two threads
/// gain by the processor time of all rounds.
fn measure<R: Send>(pools: &[ThreadPool; 2], work: impl Fn() -> R + Sync) -> (Vec<[f64; 4]>, f64) {
    let arithmetic = || (0..CONTROLS).into_par_iter().for_each(|_| control(CONTROL_ROUNDS));
    let [single, double] = pools;
    // The first round allocates what the others find.
    pools.iter().for_each(|pool| drop(pool.install(&work)));
    let mut ticks = [0, 0];
    let mut round = |_| {
        let (one, ticks_of_one) = timed(single, &work);
        let (two, ticks_of_two) = timed(double, &work);
        ticks = [ticks[0] + ticks_of_one, ticks[1] + ticks_of_two];
        [one, two, timed(single, &arithmetic).0, timed(double, &arithmetic).0]
    };
    let times = (0..ROUNDS).map(&mut round).collect();
    (times, 2.0 * ticks[0] as f64 / ticks[1] as f64)
}

/// Seconds and processor time of some work; what it gives is dropped afterwards, for that is the caller's.
fn timed<R: Send>(pool: &ThreadPool, work: &(impl Fn() -> R + Sync)) -> (f64, u64) {
    let before = processor_ticks();
    let start = Instant::now();
    let done = pool.install(work);
    let seconds = start.elapsed().as_secs_f64();
    let ticks = processor_ticks() - before;
    drop(done);
    (seconds, ticks)
}

/// What all threads of this process used so far, in the hundredths of seconds of Linux.
fn processor_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // The fields behind the name, which may hold spaces: user and system time are the 12th and 13th.
    let fields = stat.rsplit(')').next().unwrap().split_whitespace();
    fields.skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    quantile(&values, 0.5)
}
