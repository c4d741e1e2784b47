//! The form of a value as a table: the quick way to judge a value of ASCII, which nearly all are. It is made from the same
//! pattern as the regular expression beside it, which judges all other values, and says the same; the tests prove it for
//! every shape that ships with the filter.

use std::collections::HashMap;

use super::positions::{Bytes, Positions};

/// Bytes looked at in one step where a state leads to itself.
const STEP: usize = 16;

/// Every visible ASCII character, and the white space that may stand in a value.
const VISIBLE: Bytes = (1 << 0x7F) - (1 << 0x20) | 1 << b'\t' | 1 << b'\r' | 1 << b'\n';

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
            let mut row = row(DEAD);
            for (byte, to) in row.iter_mut().enumerate().take(128) {
                let reads =
                    |place: &&usize| positions.reads.get(**place).is_some_and(|bytes| bytes & VISIBLE & 1 << byte != 0);
                let places: Vec<usize> = next.iter().filter(reads).copied().collect();
                *to = match known.get(&places) {
                    Some(state) => *state,
                    None => {
                        let state = u8::try_from(states.len()).ok()?;
                        form.accepts.push(Some(accepts(&places)));
                        states.push(places.clone());
                        known.insert(places, state);
                        state
                    }
                };
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
