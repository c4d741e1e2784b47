//! The form of a value as a table: the quick way to judge a value of ASCII, which nearly all are. It is made from the same
//! pattern as the regular expression beside it, which judges all other values, and says the same; the tests prove it for
//! every shape that ships with the filter.

use std::collections::HashMap;

use super::positions::{Bytes, Positions, groups};

/// Bytes looked at in one step where a state leads to itself.
const STEP: usize = 16;

/// Every visible ASCII character, and the white space that may stand in a value.
const VISIBLE: Bytes = ((1 << 0x7F) - (1 << 0x20)) | (1 << b'\t') | (1 << b'\r') | (1 << b'\n');

/// The state from which nothing conforms any more, that of all values that aren't ASCII, and that before the first byte.
const DEAD: u8 = 0;
const OTHER: u8 = 1;
const START: u8 = 2;

/// What a state is followed by at each byte.
type Row = [u8; 256];

/// A pattern as a table.
#[derive(Debug)]
pub(super) struct Form {
    rows: Vec<Row>,
    /// Whether a value may end in a state; `None` where only the regular expression can tell.
    accepts: Vec<Option<bool>>,
}

impl Form {
    /// `None` when the pattern is too large for a table, or says more than one can.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        let positions = Positions::new(pattern)?;
        let groups = groups(&positions.reads, VISIBLE);
        let group_of = |byte: u8| groups.iter().position(|group| group >> byte & 1 != 0);
        let group_of: Vec<usize> = (0..128).filter_map(group_of).collect();
        let accepts = |places: &[usize]| places.iter().any(|place| positions.last.contains(place));
        // A state is what was read last; at the start nothing was.
        let mut states = vec![Vec::new(); 3];
        let mut known: HashMap<Vec<usize>, u8> = HashMap::from([(Vec::new(), DEAD)]);
        let mut form =
            Self { rows: vec![row(DEAD), [OTHER; 256]], accepts: vec![Some(false), None, Some(positions.is_nullable)] };
        let mut at = usize::from(START);
        while let Some(state) = states.get(at) {
            let mut next: Vec<usize> = match at == usize::from(START) {
                true => positions.first.clone(),
                false => state.iter().filter_map(|place| positions.follow.get(*place)).flatten().copied().collect(),
            };
            next.sort_unstable();
            next.dedup();
            let mut to = Vec::with_capacity(groups.len());
            for group in &groups {
                let reads =
                    |place: &&usize| positions.reads.get(**place).is_some_and(|bytes| bytes & VISIBLE & group != 0);
                let places: Vec<usize> = next.iter().filter(reads).copied().collect();
                to.push(match known.get(&places) {
                    Some(state) => *state,
                    None => {
                        let state = u8::try_from(states.len()).ok()?;
                        form.accepts.push(Some(accepts(&places)));
                        states.push(places.clone());
                        known.insert(places, state);
                        state
                    }
                });
            }
            let mut row = row(DEAD);
            for (slot, group) in row.iter_mut().zip(&group_of) {
                *slot = to.get(*group).copied().unwrap_or(OTHER);
            }
            form.rows.push(row);
            at += 1;
        }
        Some(form)
    }

    /// Whether a value of ASCII conforms, and holds nothing invisible; `None` when it isn't ASCII.
    pub(super) fn conforms(&self, value: &str) -> Option<bool> {
        let mut state = START;
        let mut steps = value.as_bytes().chunks_exact(STEP);
        for step in &mut steps {
            let row = self.rows.get(usize::from(state))?;
            if !step.iter().fold(true, |stays, byte| stays & (to(row, *byte) == state)) {
                state = self.walk(state, step);
            }
        }
        state = self.walk(state, steps.remainder());
        self.accepts.get(usize::from(state)).copied().flatten()
    }

    fn walk(&self, state: u8, bytes: &[u8]) -> u8 {
        bytes.iter().fold(state, |state, byte| self.rows.get(usize::from(state)).map_or(OTHER, |row| to(row, *byte)))
    }
}

/// A row that leads to one state from all of ASCII.
fn row(state: u8) -> Row {
    let mut row = [OTHER; 256];
    row.iter_mut().take(128).for_each(|to| *to = state);
    row
}

fn to(row: &Row, byte: u8) -> u8 {
    row.get(usize::from(byte)).copied().unwrap_or(OTHER)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use regex::bytes::Regex;

    use super::*;
    use crate::catalog::Catalog;

    /// A text that leads to each state that can be reached from the start.
    fn ways(form: &Form) -> BTreeMap<u8, String> {
        let mut ways = BTreeMap::from([(START, String::new())]);
        let mut open = vec![START];
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
    fn witnesses(form: &Form, states: &BTreeSet<u8>) -> Vec<String> {
        let ends = |text: &str| -> Vec<bool> {
            let end =
                |state: &u8| form.accepts.get(usize::from(form.walk(*state, text.as_bytes()))) == Some(&Some(true));
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
        let form = Form::new(pattern).unwrap();
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
            assert!(Form::new(pattern).is_none(), "{pattern}");
        }
        assert_eq!(Form::new("(?u:[a-zé])").unwrap().conforms("é"), None);
    }
}
