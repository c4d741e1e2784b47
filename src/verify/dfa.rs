//! The form of a value as a table: the quick way to judge a value of ASCII, which nearly all are. It is made from the same
//! pattern as the regular expression beside it, which judges all other values, and says the same; the tests prove it for
//! every shape that ships with the filter.

use std::collections::HashMap;

use super::glushkov::{Bytes, GlushkovNfa, groups};

/// Bytes looked at in one step where a state leads to itself, as in an image.
const STEP: usize = 64;

/// Every visible ASCII character, and the white space that may stand in a value.
const VISIBLE: Bytes = ((1 << 0x7F) - (1 << 0x20)) | (1 << b'\t') | (1 << b'\r') | (1 << b'\n');

/// States of the largest table.
const MOST: usize = 256;

/// The state from which nothing conforms any more, that of all values that aren't ASCII, and that before the first byte:
/// the first three rows.
const DEAD: u16 = 0;
const OTHER: u16 = 1;
const START: u16 = 2;

/// What stands at the end of a row: whether a value may end there, or only the regular expression can tell.
const IS_NONE: u16 = 0;
const IS_ONE: u16 = 1;
const IS_UNTOLD: u16 = 2;

/// A pattern as a table. It is kept small, for what is looked at beside a photo has left the processor's cache each time.
#[derive(Debug)]
pub(super) struct Dfa {
    /// Which column each byte has: bytes that no place of the pattern tells apart have one, and so have all beyond ASCII.
    columns: [u8; 256],
    /// Row by row what a state is followed by, which is where the next row begins; and last how it ends.
    rows: Box<[u16]>,
    width: usize,
    /// Rows that lead to themselves, and by which bytes: the first of a range, and how many follow it.
    loops: Vec<(usize, Vec<(u8, u8)>)>,
}

impl Dfa {
    /// `None` when the pattern is too large for a table, or says more than one can.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        let positions = GlushkovNfa::new(pattern)?;
        let groups = groups(&positions.reads, VISIBLE);
        let group_of = |byte: u8| groups.iter().position(|group| group.checked_shr(byte.into()).unwrap_or(0) & 1 != 0);
        let mut columns = [0; 256];
        for (byte, column) in (0..=u8::MAX).zip(&mut columns) {
            *column = u8::try_from(group_of(byte).unwrap_or(groups.len())).ok()?;
        }
        let ends = |places: &[usize]| match places.iter().any(|place| positions.last.contains(place)) {
            true => IS_ONE,
            false => IS_NONE,
        };
        // A state is what was read last; at the start nothing was.
        let mut states =
            vec![(Vec::new(), IS_NONE), (Vec::new(), IS_UNTOLD), (Vec::new(), positions.is_nullable.into())];
        let mut known: HashMap<Vec<usize>, u16> = HashMap::from([(Vec::new(), DEAD)]);
        let mut rows = Vec::new();
        let mut at = 0;
        while let Some((state, end)) = states.get(at).cloned() {
            let mut next: Vec<usize> = match u16::try_from(at) {
                Ok(OTHER) => {
                    rows.extend((0..=groups.len()).map(|_| OTHER).chain([end]));
                    at += 1;
                    continue;
                }
                Ok(START) => positions.first.clone(),
                _ => state.iter().filter_map(|place| positions.follow.get(*place)).flatten().copied().collect(),
            };
            next.sort_unstable();
            next.dedup();
            for group in &groups {
                let reads =
                    |place: &&usize| positions.reads.get(**place).is_some_and(|bytes| bytes & VISIBLE & group != 0);
                let places: Vec<usize> = next.iter().filter(reads).copied().collect();
                rows.push(match known.get(&places) {
                    Some(state) => *state,
                    None => {
                        let state = u16::try_from(states.len()).ok().filter(|_| states.len() < MOST)?;
                        states.push((places.clone(), ends(&places)));
                        known.insert(places, state);
                        state
                    }
                });
            }
            rows.extend([OTHER, end]);
            at += 1;
        }
        let width = groups.len() + 2;
        for row in rows.chunks_exact_mut(width) {
            for to in row.iter_mut().take(width - 1) {
                *to = to.checked_mul(u16::try_from(width).ok()?)?;
            }
        }
        let mut form = Self { columns, rows: rows.into(), width, loops: Vec::new() };
        form.loops = (0..at).map(|state| state * width).map(|row| (row, form.runs(row, row))).collect();
        form.loops.retain(|(_, ranges)| !ranges.is_empty());
        Some(form)
    }

    /// The bytes by which a state leads to another: the first of each range, and how many follow it.
    pub(super) fn runs(&self, row: usize, to: usize) -> Vec<(u8, u8)> {
        let mut runs: Vec<(u8, u8)> = Vec::new();
        for byte in (0..=u8::MAX).filter(|byte| self.next(row, *byte) == to) {
            match runs.last_mut() {
                Some((first, more)) if *first + *more + 1 == byte => *more += 1,
                _ => runs.push((byte, 0)),
            }
        }
        runs
    }

    /// The state that most bytes lead to, of those from which something still conforms.
    pub(super) fn widest(&self, row: usize) -> usize {
        let mut counts: Vec<(usize, usize)> = Vec::new();
        for next in (0..128).map(|byte| self.next(row, byte)).filter(|next| !self.is_dead(*next)) {
            match counts.iter_mut().find(|(_, other)| *other == next) {
                Some((count, _)) => *count += 1,
                None => counts.push((1, next)),
            }
        }
        counts.into_iter().max().map_or(usize::from(DEAD), |(_, next)| next)
    }

    /// Whether nothing that leads here conforms, or nothing can be told of it.
    pub(super) fn is_dead(&self, row: usize) -> bool {
        row <= usize::from(OTHER) * self.width
    }

    /// Whether a value of ASCII conforms, and holds nothing invisible; `None` when it isn't ASCII.
    pub(super) fn conforms(&self, value: &str) -> Option<bool> {
        let mut row = self.start();
        let (steps, rest) = value.as_bytes().as_chunks::<STEP>();
        for step in steps {
            if !self.stays(row, step) {
                row = self.walk(row, step);
            }
        }
        self.accepts(self.walk(row, rest))
    }

    /// Whether all of a step leads from a row to itself.
    fn stays(&self, row: usize, step: &[u8; STEP]) -> bool {
        let Some((_, ranges)) = self.loops.iter().find(|(own, _)| *own == row) else { return false };
        let mut stays = [false; STEP];
        for (first, more) in ranges {
            for (stays, byte) in stays.iter_mut().zip(step) {
                *stays |= byte.wrapping_sub(*first) <= *more;
            }
        }
        stays.iter().fold(true, |all, stays| all & stays)
    }

    pub(super) fn start(&self) -> usize {
        usize::from(START) * self.width
    }

    pub(super) fn walk(&self, row: usize, bytes: &[u8]) -> usize {
        bytes.iter().fold(row, |row, byte| self.next(row, *byte))
    }

    #[inline]
    pub(super) fn next(&self, row: usize, byte: u8) -> usize {
        let column = self.columns.get(usize::from(byte)).copied().map_or(0, usize::from);
        self.rows.get(row + column).copied().map_or(0, usize::from)
    }

    /// Whether a value may end in the state of a row.
    pub(super) fn accepts(&self, row: usize) -> Option<bool> {
        match self.rows.get(row + self.width - 1) {
            Some(&IS_UNTOLD) => None,
            end => Some(end == Some(&IS_ONE)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use regex::bytes::Regex;

    use super::*;
    use crate::catalog::Catalog;

    /// A text that leads to each state that can be reached from the start.
    fn ways(form: &Dfa) -> BTreeMap<usize, String> {
        let mut ways = BTreeMap::from([(form.start(), String::new())]);
        let mut open = vec![form.start()];
        while let Some(state) = open.pop() {
            let way = ways.get(&state).unwrap().clone();
            for byte in 0..128_u8 {
                let next = form.walk(state, &[byte]);
                ways.entry(next).or_insert_with(|| {
                    open.push(next);
                    format!("{way}{}", char::from(byte))
                });
            }
        }
        ways
    }

    /// Texts by which any two states that differ are told apart.
    fn witnesses(form: &Dfa, states: &BTreeSet<usize>) -> Vec<String> {
        let ends = |text: &str| -> Vec<bool> {
            let end = |state: &usize| form.accepts(form.walk(*state, text.as_bytes())) == Some(true);
            states.iter().map(end).collect()
        };
        let mut texts = vec![String::new()];
        loop {
            let told = |texts: &[String]| -> BTreeSet<Vec<bool>> {
                let ends: Vec<Vec<bool>> = texts.iter().map(|text| ends(text)).collect();
                (0..states.len()).map(|state| ends.iter().map(|end| *end.get(state).unwrap()).collect()).collect()
            };
            let count = told(&texts).len();
            let longer =
                texts.iter().flat_map(|text| (0..128_u8).map(move |byte| format!("{}{text}", char::from(byte))));
            let better = longer.collect::<Vec<_>>().into_iter().find(|text| {
                let mut more = texts.clone();
                more.push(text.clone());
                told(&more).len() > count
            });
            match better {
                Some(text) => texts.push(text),
                None => return texts,
            }
        }
    }

    /// From each state, by each byte, the table and the regular expression go the same way: with texts that tell all of
    /// the table's states apart, that settles that they are equal, unless the expression knew more states than the table.
    fn is_proven(pattern: &str) {
        let form = Dfa::new(pattern).unwrap();
        let regex = Regex::new(&format!(r"(?-u)\A(?:{pattern})\z")).unwrap();
        let is_visible = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n'));
        let ways = ways(&form);
        let witnesses = witnesses(&form, &ways.keys().copied().collect());
        for way in ways.values() {
            for byte in (0..128_u8).map(Some).chain([None]) {
                for witness in &witnesses {
                    let text: String = way.chars().chain(byte.map(char::from)).chain(witness.chars()).collect();
                    let wanted = regex.is_match(text.as_bytes()) && is_visible(&text);
                    assert_eq!(form.conforms(&text), Some(wanted), "{pattern} {text:?}");
                }
            }
        }
    }

    #[test]
    fn p7_the_table_of_each_shape_says_what_its_regular_expression_says() {
        let catalog = Catalog::load(&[]).unwrap();
        let patterns: BTreeSet<&str> = catalog.iter().map(|(_, element)| element.shape().declared().0).collect();
        assert!(patterns.len() > 40);
        for pattern in patterns {
            is_proven(pattern);
        }
    }

    #[test]
    fn p7_the_table_of_any_pattern_says_what_the_regular_expression_says() {
        for pattern in [
            "",
            "a|ab|",
            "(?:a|b)*c",
            "(?:ab){2,4}",
            "a{3,}",
            "(?:a*)*",
            "(?:a?b?){0,3}",
            "[^a-y]",
            "(?s:.*)",
            ".*",
            "(?i)ab",
            "(?:é|a)+",
            r"\w\s",
            "(a)(?:b|)",
        ] {
            is_proven(pattern);
        }
        for pattern in ["^a", r"a\b", "a{600}"] {
            assert!(Dfa::new(pattern).is_none(), "{pattern}");
        }
        assert_eq!(Dfa::new("(?u:[a-zé])").unwrap().conforms("é"), None);
    }
}
