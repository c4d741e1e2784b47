//! The soak: mutated messages by the million, on two threads, with checks that are cheap enough for every one of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::history;
use crate::leaks::{holds_canary, is_moved};
use crate::pairs;
use crate::tally::Tally;
use crate::templates::WORLD;
use dmv_redact_testing::dice::Dice;
use dmv_redact_testing::judgement;
use dmv_redact_testing::mutate::mutated;

const THREADS: u64 = 2;
/// Every tenth output is shown to other parsers.
const JUDGED: u64 = 10;

const USAGE: &str = "soak messages|pairs|history|traffic COUNT|MINUTESm [SEED], soak save FOLDER COUNT [SEED]";

/// When a run ends.
#[derive(Clone, Copy)]
enum Until {
    Count(u64),
    Time(Instant),
}

impl Until {
    fn read(text: &str) -> Option<Self> {
        match text.strip_suffix('m') {
            Some(minutes) => Some(Self::Time(Instant::now() + Duration::from_secs(60 * minutes.parse::<u64>().ok()?))),
            None => text.parse().ok().map(Self::Count),
        }
    }

    fn is_over(self, done: u64) -> bool {
        match self {
            Self::Count(count) => done >= count.div_ceil(THREADS),
            // The clock is asked now and then.
            Self::Time(end) => done.is_multiple_of(256) && Instant::now() >= end,
        }
    }
}

/// Runs a soak as the arguments say; gives whether there was no fault.
pub fn run(arguments: &[String]) -> Result<bool, String> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let seed = |text: Option<&&str>| text.map_or(Ok(1), |text| text.parse::<u64>()).map_err(|_| USAGE.to_owned());
    let (step, until, seed): (fn(&mut Dice, &mut Tally), Until, u64) = match arguments.as_slice() {
        ["messages", until, rest @ ..] => (message, Until::read(until).ok_or(USAGE)?, seed(rest.first())?),
        ["history", until, rest @ ..] => (history::step, Until::read(until).ok_or(USAGE)?, seed(rest.first())?),
        ["traffic", until, rest @ ..] => (history::traffic_step, Until::read(until).ok_or(USAGE)?, seed(rest.first())?),
        ["pairs", until, rest @ ..] => (pairs::pair, Until::read(until).ok_or(USAGE)?, seed(rest.first())?),
        ["save", folder, count, rest @ ..] => {
            let count = count.parse().map_err(|_| USAGE.to_owned())?;
            return save(Path::new(folder), count, seed(rest.first())?)
                .map(|()| true)
                .map_err(|error| error.to_string());
        }
        _ => return Err(USAGE.to_owned()),
    };
    std::sync::LazyLock::force(&WORLD);
    // A panic is counted and told below, once.
    std::panic::set_hook(Box::new(|_| {}));
    let begun = Instant::now();
    let thread = |number: u64| {
        let mut tally = Tally::default();
        while !until.is_over(tally.messages) {
            let own = seed.wrapping_mul(1_000_003).wrapping_add(tally.messages * THREADS + number);
            step(&mut Dice::seeded(own.wrapping_mul(0x9E37_79B9)), &mut tally);
            tally.messages += 1;
        }
        tally
    };
    let mut tally = Tally::default();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|number| scope.spawn(move || thread(number))).collect();
        for thread in threads {
            match thread.join() {
                Ok(counted) => tally.add(counted),
                Err(_) => tally.fault(|| "the soak itself panicked".to_owned()),
            }
        }
    });
    let _ = std::panic::take_hook();
    let seconds = begun.elapsed().as_secs_f64();
    println!("{tally}\n{seconds:.1} s, {:.0} a second, seed {seed}", tally.messages as f64 / seconds);
    Ok(tally.faults == 0)
}

/// One mutated message.
fn message(dice: &mut Dice, tally: &mut Tally) {
    let (number, source, other) = WORLD.draw(dice, &WORLD.planted);
    let setting = &WORLD.settings[number];
    let message = mutated(dice, source, other);
    tally.bytes += message.len() as u64;
    let shown = |output: &[u8]| {
        let [message, output] = [&message, output].map(|text| String::from_utf8_lossy(text).into_owned());
        format!("{}\n{message}\n--- gave\n{output}", setting.name)
    };
    let Ok((output, receipt)) = catch_unwind(AssertUnwindSafe(|| setting.redact(&message))) else {
        return tally.fault(|| format!("a panic, or bytes where nothing may go out: {}", shown(b"")));
    };
    tally.verdict(receipt.reason().map_or(receipt.disposition().name(), |reason| reason.code()));
    // It withholds, and nothing leaks; but one of the two readings is wrong.
    if receipt.reason().is_some_and(|reason| reason.code() == "second-reading") {
        tally.fault(|| format!("the two readings part: {}", shown(b"")));
    }
    let told = serde_json::to_vec(&receipt).unwrap_or_default();
    if told.is_empty() || holds_canary(&told) {
        tally.fault(|| format!("a canary in a receipt: {}", shown(&told)));
    }
    if holds_canary(&output) {
        if is_moved(setting, source, &message, &output) {
            tally.moved += 1;
        } else {
            tally.fault(|| format!("a leak: {}", shown(&output)));
        }
    }
    if receipt.disposition().releases() && tally.messages.is_multiple_of(JUDGED) {
        tally.judged += 1;
        if let Some(fault) = judgement::fault(source.xml, &message, &output) {
            tally.fault(|| format!("{fault}: {}", shown(&output)));
        }
    }
}

/// Writes mutated messages that are let through, each beside its output, for other judges than ours.
fn save(folder: &Path, count: u64, seed: u64) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut saved = 0;
    for number in 0.. {
        let mut dice = Dice::seeded(seed.wrapping_mul(1_000_003).wrapping_add(number));
        let (place, source, other) = WORLD.draw(&mut dice, &WORLD.clean);
        let message = mutated(&mut dice, source, other);
        let (output, receipt) = WORLD.settings[place].redact(&message);
        if receipt.disposition().releases() {
            let ending = if source.xml { "xml" } else { "json" };
            std::fs::write(folder.join(format!("{saved:07}.in.{ending}")), &message)?;
            std::fs::write(folder.join(format!("{saved:07}.out.{ending}")), &output)?;
            saved += 1;
        }
        if saved == count {
            break;
        }
    }
    Ok(())
}
