//! Short values at one look. A sieve is made of one value that conforms to a form: place by place, the bytes that lead from
//! state to state as its own do. What passes conforms too; of what doesn't, it says nothing.

use fearless_simd::prelude::*;
use fearless_simd::{Simd, u8x32};

use super::dfa::Dfa;

/// Bytes looked at at once, and of the longest value that passes.
pub(super) const LANES: usize = 32;

/// The first bytes of a text, each in its lane; behind its end there are zeros.
#[derive(Clone, Copy)]
pub(super) struct Look<S: Simd> {
    simd: S,
    bytes: u8x32<S>,
}

impl<S: Simd> Look<S> {
    #[inline(always)]
    pub(super) fn at(simd: S, text: &[u8]) -> Self {
        let bytes = match text.first_chunk() {
            Some(bytes) => u8x32::load_array_ref(simd, bytes),
            None => u8x32::load_array(simd, whole(text)),
        };
        Self { simd, bytes }
    }

    /// Which bytes are the same in both, the first lowest.
    #[inline(always)]
    pub(super) fn same_as(self, other: Self) -> u64 {
        self.bytes.simd_eq(other.bytes).to_bitmask()
    }

    /// Which bytes are this one.
    #[inline(always)]
    pub(super) fn equal(self, byte: u8) -> u64 {
        self.bytes.simd_eq(u8x32::splat(self.simd, byte)).to_bitmask()
    }

    /// Which bytes are one from `first` to `last`.
    #[inline(always)]
    pub(super) fn among(self, first: u8, last: u8) -> u64 {
        let more = u8x32::splat(self.simd, last - first);
        (self.bytes - u8x32::splat(self.simd, first)).simd_le(more).to_bitmask()
    }
}

#[inline(never)]
fn whole(text: &[u8]) -> [u8; LANES] {
    let mut bytes = [0; LANES];
    for (to, byte) in bytes.iter_mut().zip(text) {
        *to = *byte;
    }
    bytes
}

/// The bits of the first lanes, so many or all.
#[inline(always)]
pub(super) fn lanes(count: usize) -> u64 {
    (1 << count.min(LANES)) - 1
}

/// A range of bytes for each place: the first of it, and how many follow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ranges {
    first: [u8; LANES],
    more: [u8; LANES],
}

/// What values pass. Its ranges stand among those of others, in the order in which they are asked.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sieve {
    /// The lengths that pass at all, one bit each.
    lengths: u64,
    /// Where its ranges are: a byte passes if it is in one of those of its place.
    from: usize,
    to: usize,
}

impl Sieve {
    /// The sieve of `value`, for values of at most `longest` bytes. Its ranges are put behind those of others.
    pub(super) fn new(form: &Dfa, value: &[u8], longest: usize, ranges: &mut Vec<Ranges>) -> Self {
        let mut places: Vec<Vec<(u8, u8)>> = Vec::new();
        let mut lengths = 0;
        let mut state = form.start();
        // The last state that led to itself, and by which bytes: such a state mostly goes on to.
        let mut looping = None;
        while places.len() < LANES {
            let next = match value.get(places.len()) {
                Some(byte) => form.next(state, *byte),
                None if looping.is_some() => state,
                // Longer than the value itself: the way that most bytes take.
                None => form.widest(state),
            };
            let runs = match looping.take().filter(|_| next == state) {
                Some(runs) => runs,
                None => form.runs(state, next),
            };
            if form.is_dead(next) || runs.is_empty() {
                break;
            }
            looping = (next == state).then(|| runs.clone());
            places.push(runs);
            lengths |= u64::from(form.accepts(next) == Some(true)) << places.len();
            state = next;
        }
        let from = ranges.len();
        ranges.extend(rounds(&places));
        Self { lengths: lengths & lanes(longest.saturating_add(1)), from, to: ranges.len() }
    }

    /// Whether a value passes, which is the first `length` bytes that are looked at.
    #[inline(always)]
    pub(super) fn passes<S: Simd>(&self, look: Look<S>, length: usize, ranges: &[Ranges]) -> bool {
        let Some(ranges) = ranges.get(self.from..self.to) else { return false };
        let Look { simd, bytes } = look;
        let mut conform = 0;
        for Ranges { first, more } in ranges {
            let (first, more) = (u8x32::load_array_ref(simd, first), u8x32::load_array_ref(simd, more));
            conform |= (bytes - first).simd_le(more).to_bitmask();
        }
        length < LANES && self.lengths >> length & 1 != 0 && !conform & lanes(length) == 0
    }
}

/// The ranges of all places: as many for each as that needs that has most.
fn rounds(places: &[Vec<(u8, u8)>]) -> impl Iterator<Item = Ranges> {
    let count = places.iter().map(Vec::len).max().unwrap_or(0);
    (0..count).map(move |round| {
        let mut ranges = Ranges { first: [0; LANES], more: [0; LANES] };
        for ((first, more), runs) in ranges.first.iter_mut().zip(&mut ranges.more).zip(places) {
            (*first, *more) = runs.get(round).or(runs.last()).copied().unwrap_or_default();
        }
        ranges
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use fearless_simd::{Level, dispatch};

    use super::*;
    use dmv_redact_model::catalog::Catalog;

    fn passes(sieve: &Sieve, ranges: &[Ranges], text: &[u8], length: usize) -> bool {
        dispatch!(Level::new(), simd => sieve.passes(Look::at(simd, text), length, ranges))
    }

    /// Values that conform, one byte longer each.
    fn values(form: &Dfa) -> Vec<Vec<u8>> {
        let mut values = BTreeSet::from([(form.start(), Vec::new())]);
        for _ in 0..12 {
            let longer = |(state, value): &(usize, Vec<u8>)| {
                let mut next: Vec<(usize, u8)> = (0..128).map(|byte| (form.next(*state, byte), byte)).collect();
                next.sort_unstable();
                next.dedup_by_key(|(state, _)| *state);
                let value = value.clone();
                next.into_iter().map(move |(state, byte)| (state, [&*value, &[byte]].concat()))
            };
            let mut seen = BTreeSet::new();
            let more: Vec<_> = values.iter().flat_map(longer).filter(|(state, _)| !form.is_dead(*state)).collect();
            values.extend(more.into_iter().filter(|(state, value)| seen.insert((*state, value.len()))));
        }
        values.into_iter().filter(|(state, _)| form.accepts(*state) == Some(true)).map(|(_, value)| value).collect()
    }

    #[test]
    fn p7_what_passes_conforms() {
        let catalog = Catalog::load(dmv_redact::shipped::CATALOG, &[]).unwrap();
        let patterns: BTreeSet<&str> = catalog.iter().map(|(_, element)| element.shape().declared().0).collect();
        for pattern in patterns {
            let form = Dfa::new(pattern).unwrap();
            let mut ranges = Vec::new();
            for value in values(&form) {
                let sieve = Sieve::new(&form, &value, usize::MAX, &mut ranges);
                let at = |length: usize, turn: usize| -> u8 {
                    let first = ranges.get(sieve.from + turn % (sieve.to - sieve.from)).unwrap();
                    first.first[length] + (turn as u8 % (first.more[length] + 1))
                };
                assert!(value.is_empty() || passes(&sieve, &ranges, &value, value.len()), "{pattern} {value:?}");
                // A value as long as may pass, and each byte at each of its places.
                for length in (1..LANES).filter(|length| sieve.lengths >> length & 1 != 0) {
                    let mut other: Vec<u8> = (0..length).map(|place| at(place, place + length)).collect();
                    let conforms = |value: &[u8]| form.accepts(form.walk(form.start(), value)) == Some(true);
                    assert!(passes(&sieve, &ranges, &other, length) && conforms(&other), "{pattern} {other:?}");
                    let place = length * 7 % 31 % length;
                    for byte in 0..=u8::MAX {
                        other[place] = byte;
                        assert!(!passes(&sieve, &ranges, &other, length) || conforms(&other), "{pattern} {other:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn p7_values_like_one_that_conforms_pass() {
        let form = Dfa::new(r"\d{4}-\d{2}-\d{2}|\d{2}/\d{2}/\d{4}|[A-Z][a-z]*").unwrap();
        let mut ranges = Vec::new();
        let sieve = Sieve::new(&form, b"1985-07-04", 10, &mut ranges);
        let name = Sieve::new(&form, b"Jo", 8, &mut ranges);
        for (value, is_date, is_name) in [
            ("2026-11-20", true, false),
            ("2026-11-2", false, false),
            ("2026-11-200", false, false),
            ("2026-11-2x", false, false),
            ("01/02/1985", false, false),
            ("Jordan", false, true),
            ("J", false, true),
            ("Jordanian", false, false),
            ("JO", false, false),
            ("", false, false),
        ] {
            let text = format!("{value}\"");
            assert_eq!(passes(&sieve, &ranges, text.as_bytes(), value.len()), is_date, "{value}");
            assert_eq!(passes(&name, &ranges, text.as_bytes(), value.len()), is_name, "{value}");
        }
    }
}
