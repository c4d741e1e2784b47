//! A value's pattern as a dense DFA: the fast path for ASCII values, which nearly all are. It is built from the same
//! pattern as the regular expression, which judges all other values, and accepts the same; tests prove that for every
//! built-in shape.

use std::collections::HashMap;

use super::glushkov::{Bytes, GlushkovNfa, groups};

/// Bytes checked at once while a state loops to itself, as in an image.
const CHUNK: usize = 64;

/// Every visible ASCII character, and the white space that a value may contain.
const VISIBLE: Bytes = ((1 << 0x7F) - (1 << 0x20)) | (1 << b'\t') | (1 << b'\r') | (1 << b'\n');

/// States of the largest table.
const MAX_STATES: usize = 256;

/// The first three rows: the dead state, the state of all non-ASCII values, and the start state.
const DEAD: u16 = 0;
const NON_ASCII: u16 = 1;
const START: u16 = 2;

/// The last entry of a row: whether a value may end there, or only the regular expression can say.
const REJECT: u16 = 0;
const ACCEPT: u16 = 1;
const UNDECIDED: u16 = 2;

/// A pattern as a table. It is kept small because every photo evicts it from the processor's cache.
#[derive(Debug)]
pub(super) struct Dfa {
    /// The column of each byte: bytes that the pattern doesn't distinguish share one, and so do all non-ASCII bytes.
    columns: [u8; 256],
    /// Row by row: the transitions of a state, each as the offset of the next row; then how it ends.
    rows: Box<[u16]>,
    width: usize,
    /// Rows that loop to themselves, with their bytes as ranges: the first byte, and how many follow it.
    loops: Vec<(usize, Vec<(u8, u8)>)>,
}

impl Dfa {
    /// `None` if the pattern is too large for a table, or isn't expressible as one.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        let positions = GlushkovNfa::new(pattern)?;
        let groups = groups(&positions.reads, VISIBLE);
        let mut columns = [0; 256];
        for (byte, column) in (0..=u8::MAX).zip(&mut columns) {
            let group = groups.iter().position(|group| group.checked_shr(byte.into()).unwrap_or(0) & 1 != 0);
            *column = u8::try_from(group.unwrap_or(groups.len())).ok()?;
        }
        // A state is the position read last; at the start there is none.
        let mut states =
            vec![(Vec::new(), REJECT), (Vec::new(), UNDECIDED), (Vec::new(), positions.is_nullable.into())];
        let mut known: HashMap<Vec<usize>, u16> = HashMap::from([(Vec::new(), DEAD)]);
        let mut rows = Vec::new();
        let mut at = 0;
        while let Some((state, end)) = states.get(at).cloned() {
            let mut next: Vec<usize> = match u16::try_from(at) {
                Ok(NON_ASCII) => {
                    rows.extend((0..=groups.len()).map(|_| NON_ASCII).chain([end]));
                    at += 1;
                    continue;
                }
                Ok(START) => positions.first.clone(),
                _ => state.iter().filter_map(|position| positions.follow.get(*position)).flatten().copied().collect(),
            };
            next.sort_unstable();
            next.dedup();
            for group in &groups {
                let mut members = next.clone();
                members.retain(|position| {
                    positions.reads.get(*position).is_some_and(|bytes| bytes & VISIBLE & group != 0)
                });
                rows.push(match known.get(&members) {
                    Some(state) => *state,
                    None => {
                        let state = u16::try_from(states.len()).ok().filter(|_| states.len() < MAX_STATES)?;
                        let is_last = members.iter().any(|position| positions.last.contains(position));
                        states.push((members.clone(), if is_last { ACCEPT } else { REJECT }));
                        known.insert(members, state);
                        state
                    }
                });
            }
            rows.extend([NON_ASCII, end]);
            at += 1;
        }
        let width = groups.len() + 2;
        for row in rows.chunks_exact_mut(width) {
            for to in row.iter_mut().take(width - 1) {
                *to = to.checked_mul(u16::try_from(width).ok()?)?;
            }
        }
        let mut dfa = Self { columns, rows: rows.into(), width, loops: Vec::new() };
        dfa.loops = (0..at).map(|state| state * width).map(|row| (row, dfa.runs(row, row))).collect();
        dfa.loops.retain(|(_, ranges)| !ranges.is_empty());
        Some(dfa)
    }

    /// The bytes by which a state leads to another, as ranges: the first byte, and how many follow it.
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

    /// Of the states that aren't dead, the one that most bytes lead to.
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

    /// Whether a state is dead, or the state of non-ASCII values.
    pub(super) fn is_dead(&self, row: usize) -> bool {
        row <= usize::from(NON_ASCII) * self.width
    }

    /// Whether an ASCII value conforms and has no invisible characters; `None` if it isn't ASCII.
    pub(super) fn conforms(&self, value: &str) -> Option<bool> {
        let mut row = self.start();
        let (chunks, rest) = value.as_bytes().as_chunks::<CHUNK>();
        for chunk in chunks {
            if !self.stays(row, chunk) {
                row = self.walk(row, chunk);
            }
        }
        self.accepts(self.walk(row, rest))
    }

    /// Whether all bytes of a step loop from a row to itself.
    fn stays(&self, row: usize, chunk: &[u8; CHUNK]) -> bool {
        let Some((_, ranges)) = self.loops.iter().find(|(own, _)| *own == row) else { return false };
        let mut stays = [false; CHUNK];
        for (first, more) in ranges {
            for (stays, byte) in stays.iter_mut().zip(chunk) {
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
            Some(&UNDECIDED) => None,
            end => Some(end == Some(&ACCEPT)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use regex::bytes::Regex;

    use super::*;
    use dmv_redact_model::catalog::Catalog;

    /// For each state reachable from the start, a text that leads to it.
    fn paths(dfa: &Dfa) -> BTreeMap<usize, String> {
        let mut paths = BTreeMap::from([(dfa.start(), String::new())]);
        let mut open = vec![dfa.start()];
        while let Some(state) = open.pop() {
            let way = paths.get(&state).unwrap().clone();
            for byte in 0..128_u8 {
                let next = dfa.walk(state, &[byte]);
                paths.entry(next).or_insert_with(|| {
                    open.push(next);
                    format!("{way}{}", char::from(byte))
                });
            }
        }
        paths
    }

    /// What states accept, of some texts: each combination once.
    fn accepted(dfa: &Dfa, states: &BTreeSet<usize>, texts: &[String]) -> BTreeSet<Vec<bool>> {
        let mut accepted = BTreeSet::new();
        for state in states {
            let ends = texts.iter().map(|text| dfa.accepts(dfa.walk(*state, text.as_bytes())) == Some(true));
            accepted.insert(ends.collect());
        }
        accepted
    }

    /// Texts that distinguish any two states that differ.
    fn witnesses(dfa: &Dfa, states: &BTreeSet<usize>) -> Vec<String> {
        let mut texts = vec![String::new()];
        loop {
            let count = accepted(dfa, states, &texts).len();
            let longer =
                texts.iter().flat_map(|text| (0..128_u8).map(move |byte| format!("{}{text}", char::from(byte))));
            let better = longer.collect::<Vec<_>>().into_iter().find(|text| {
                let mut more = texts.clone();
                more.push(text.clone());
                accepted(dfa, states, &more).len() > count
            });
            match better {
                Some(text) => texts.push(text),
                None => return texts,
            }
        }
    }

    fn is_visible(text: &str) -> bool {
        text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n'))
    }

    /// From each state, by each byte, the table and the regular expression go the same way. With texts that distinguish
    /// all states of the table this proves that they are equal, unless the expression has more states than the table.
    fn assert_equivalent(pattern: &str) {
        let dfa = Dfa::new(pattern).unwrap();
        let regex = Regex::new(&format!(r"(?-u)\A(?:{pattern})\z")).unwrap();
        let paths = paths(&dfa);
        let witnesses = witnesses(&dfa, &paths.keys().copied().collect());
        for path in paths.values() {
            for byte in (0..128_u8).map(Some).chain([None]) {
                for witness in &witnesses {
                    let text: String = path.chars().chain(byte.map(char::from)).chain(witness.chars()).collect();
                    let expected = regex.is_match(text.as_bytes()) && is_visible(&text);
                    assert_eq!(dfa.conforms(&text), Some(expected), "{pattern} {text:?}");
                }
            }
        }
    }

    #[test]
    fn p7_the_table_of_each_shape_says_what_its_regular_expression_says() {
        let catalog = Catalog::load(dmv_redact::shipped::CATALOG, &[]).unwrap();
        let patterns: BTreeSet<&str> = catalog.iter().map(|(_, element)| element.shape().declared().0).collect();
        assert!(patterns.len() > 40);
        // The longest test of the suite: one pattern after another, on every core.
        let next = std::sync::Mutex::new(patterns.into_iter());
        std::thread::scope(|scope| {
            for _ in 0..std::thread::available_parallelism().unwrap().get() {
                scope.spawn(|| {
                    while let Some(pattern) = { next.lock().unwrap().next() } {
                        assert_equivalent(pattern);
                    }
                });
            }
        });
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
            assert_equivalent(pattern);
        }
        for pattern in ["^a", r"a\b", "a{600}"] {
            assert!(Dfa::new(pattern).is_none(), "{pattern}");
        }
        assert_eq!(Dfa::new("(?u:[a-zé])").unwrap().conforms("é"), None);
    }
}
