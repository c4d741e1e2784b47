//! Time is linear in the message (P8): a message with a part of it repeated sixteen times as often takes no more time a byte.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::packs::{Asker, PACKS};
use dmv_redact_testing::dice::Dice;
use dmv_redact_testing::mutate::{Source, mutated};

/// Bytes of the smaller message, about: enough that what a message costs by itself doesn't show.
const BYTES: usize = 1 << 14;
const TIMES: usize = 16;
/// How many times as long a byte may take, for caches and the clock are no part of the promise.
const FACTOR: u32 = 6;
/// A difference must show in every one of these turns: others use the machine, too.
const TURNS: usize = 6;

/// The data choose a fixture, a mutation, and what of it is repeated.
pub fn pace_is_steady(data: &[u8]) {
    let mut dice = Dice::reading(data);
    let pack = dice.one_of(&PACKS);
    let (asker, source, other) = pack.draw(&mut dice);
    let message = if dice.chance(50) { mutated(&mut dice, source, other) } else { source.text.clone().into_bytes() };
    let Some(message) = Source::read(source.xml, message) else { return };
    let (short, long) = repeated(&mut dice, &message);
    let per_byte = |time: Duration, message: &[u8]| time.as_nanos() as u64 * 1000 / message.len() as u64;
    let mut least = (u64::MAX, u64::MAX);
    for _ in 0..TURNS {
        least.0 = least.0.min(per_byte(time(asker, &short), &short));
        least.1 = least.1.min(per_byte(time(asker, &long), &long));
        if least.1 <= least.0 * u64::from(FACTOR) {
            return;
        }
    }
    let (short_pace, long_pace) = least;
    panic!(
        "{}: {} bytes take {short_pace} ps a byte, {} bytes {long_pace}\n{}",
        asker.setting.name,
        short.len(),
        long.len(),
        String::from_utf8_lossy(&short)
    );
}

/// The message with one of its parts, or some bytes of a value, many times over, and sixteen times as many.
fn repeated(dice: &mut Dice, source: &Source) -> (Vec<u8>, Vec<u8>) {
    let text = source.text.as_str();
    let (at, unit, prefix, separator) = match source.layout.places.get(dice.pick(source.layout.places.len())) {
        Some(place) if dice.chance(40) && place.span.len() > 2 => {
            let (from, to) = (place.span.start + 1, place.span.end - 1);
            let start = ceil_boundary(text, from + dice.pick(to - from));
            let end = ceil_boundary(text, start + dice.pick(40)).min(to).max(start);
            (start, text[start..end].to_owned(), "", "")
        }
        _ => {
            let part = dice.one_of(&source.layout.parts);
            match source.xml {
                true => (part.span.start, text[part.span.clone()].to_owned(), "", ""),
                // Items of a list: the value becomes one with itself as the last item.
                false => (part.value.start, text[part.value.clone()].to_owned(), "[", ","),
            }
        }
    };
    let many = |times: usize| {
        let count = (BYTES / (unit.len() + separator.len()).max(1)).max(1) * times;
        let mut message = text[..at].to_owned() + prefix;
        for _ in 0..count {
            message.push_str(&unit);
            message.push_str(separator);
        }
        message.push_str(&text[at..]);
        if !prefix.is_empty() {
            let end = at + unit.len();
            message.insert(message.len() - (text.len() - end), ']');
        }
        message.into_bytes()
    };
    (many(1), many(TIMES))
}

fn ceil_boundary(text: &str, at: usize) -> usize {
    (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}

/// Without what a filter keeps of earlier messages: one much like those before takes a fraction of the time, up to some length.
fn time(asker: &Asker, message: &[u8]) -> Duration {
    let filter = asker.setting.filter.without_history();
    let mut out = Vec::new();
    let begun = processor_time();
    let _ = filter.redact(message, &asker.setting.requester, &mut out);
    processor_time().saturating_sub(begun)
}

/// What this thread has had of a processor: others use the machine, too, and what takes longer is interrupted more often.
fn processor_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).expect("time goes forward")
}
