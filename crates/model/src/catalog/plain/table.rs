//! The form of plain values, derived from a shape's DFA: the reachable part as a table that consumes two bytes per
//! step.

use std::collections::HashMap;

use regex_automata::dfa::{Automaton, dense};
use regex_automata::util::primitives::StateID;

use super::picture::{ByteTemplates, States};

/// Limits on the size of the reachable DFA.
const MAX_STATES: usize = 1 << 10;
const MAX_COLUMNS: usize = 64;

/// The form of values.
#[derive(Debug)]
pub(super) enum ValueForm {
    /// One of these bytes first, then any bytes that have a column.
    Alphabet(Box<[bool; 256]>),
    States(Box<PairTable>),
}

/// A DFA that consumes two bytes per step, because each step has to wait for the one before (a dependency chain). A
/// state is the offset of its row in `pairs`: the dead state's is the first, the start's the second.
#[derive(Debug)]
pub(super) struct PairTable {
    /// The values that one comparison accepts.
    pub(super) templates: ByteTemplates,
    columns: usize,
    /// The next state, by state and the columns of two bytes.
    pairs: Box<[u16]>,
    /// Whether a value may end in a state; and, by state and column, whether it may end one byte later.
    ends: Box<[bool]>,
    ends_after: Box<[bool]>,
}

impl PairTable {
    #[inline(never)]
    pub(super) fn accept(&self, value: &[u8], column: impl Fn(u8) -> usize) -> bool {
        let row = self.columns * self.columns;
        let mut state = row;
        let mut pairs = value.chunks_exact(2);
        for pair in &mut pairs {
            if let [first, second] = pair {
                let at = column(*first) * self.columns + column(*second);
                state = self.pairs.get(state + at).map_or(0, |next| usize::from(*next));
            }
        }
        match pairs.remainder() {
            [last] => self.ends_after.get(state + column(*last)) == Some(&true),
            _ => self.ends.get(state) == Some(&true),
        }
    }
}

/// The form of values of `bytes`, and the column of each byte, `None` if no value has the byte. `None` for a DFA that
/// is too large.
pub(super) fn form(table: &dense::DFA<Vec<u32>>, start: StateID, bytes: &[u8]) -> Option<(ValueForm, Vec<Option<u8>>)> {
    let states = states(table, start, bytes)?;
    let columns = Columns::new(&states, bytes)?;
    let form = columns.form(&states, bytes)?;
    Some((form, columns.of_bytes))
}

/// The part of a DFA that values of `bytes` reach; `None` if that is too large.
fn states(table: &dense::DFA<Vec<u32>>, start: StateID, bytes: &[u8]) -> Option<States> {
    let mut state_numbers: HashMap<StateID, u16> = HashMap::from([(start, 1)]);
    let mut ids = vec![start];
    let mut states: States = vec![(vec![0; bytes.len()], false)];
    while let Some(id) = ids.get(states.len() - 1).copied() {
        if ids.len() > MAX_STATES || table.is_quit_state(id) {
            return None;
        }
        let mut row = Vec::with_capacity(bytes.len());
        // Adjacent bytes mostly lead to the same state.
        let mut last = None;
        for byte in bytes {
            let next = table.next_state(id, *byte);
            let index = match last {
                Some((id, index)) if id == next => index,
                _ => *state_numbers.entry(next).or_insert_with(|| {
                    if is_dead_end(table, next, bytes) {
                        return 0;
                    }
                    ids.push(next);
                    u16::try_from(ids.len()).unwrap_or_default()
                }),
            };
            last = Some((next, index));
            row.push(index);
        }
        states.push((row, ends(table, id)));
    }
    Some(states)
}

/// Whether a value may end at a state.
fn ends(table: &dense::DFA<Vec<u32>>, id: StateID) -> bool {
    table.is_match_state(table.next_eoi_state(id))
}

/// Whether no value goes through a state: the dead one, and the delayed match state that only reports, a byte late,
/// that the value had ended.
fn is_dead_end(table: &dense::DFA<Vec<u32>>, id: StateID, bytes: &[u8]) -> bool {
    !ends(table, id) && bytes.iter().all(|byte| table.is_dead_state(table.next_state(id, *byte)))
}

/// Whether every state has the same successor by a byte as by the byte before it.
fn equals_previous(states: &States, index: usize) -> bool {
    states.iter().all(|(row, _)| row.get(index.wrapping_sub(1)) == row.get(index))
}

/// The successor of a state by the byte at an index.
fn next(states: &States, state: u16, index: usize) -> u16 {
    states.get(usize::from(state)).and_then(|(row, _)| row.get(index)).copied().unwrap_or_default()
}

/// Whether a value may end in a state.
fn ends_in(states: &States, state: u16) -> bool {
    states.get(usize::from(state)).is_some_and(|(_, ends)| *ends)
}

/// Equivalence classes of bytes: those that the DFA doesn't distinguish share a column.
struct Columns {
    /// `None` for a byte that no value has.
    of_bytes: Vec<Option<u8>>,
    /// One byte of each column.
    examples: Vec<usize>,
}

impl Columns {
    fn new(states: &States, bytes: &[u8]) -> Option<Self> {
        let mut known: HashMap<Vec<u16>, u8> = HashMap::new();
        let mut examples = Vec::new();
        let mut of_bytes: Vec<Option<u8>> = Vec::new();
        for index in 0..bytes.len() {
            if let Some(last) = of_bytes.last().copied().filter(|_| equals_previous(states, index)) {
                of_bytes.push(last);
                continue;
            }
            let column: Vec<u16> = states.iter().filter_map(|(row, _)| row.get(index).copied()).collect();
            let is_alive = column.iter().any(|next| *next != 0);
            let number = u8::try_from(known.len()).ok()?;
            of_bytes.push(is_alive.then(|| {
                *known.entry(column).or_insert_with(|| {
                    examples.push(index);
                    number
                })
            }));
        }
        (examples.len() <= MAX_COLUMNS && u16::try_from(examples.len() * states.len()).is_ok())
            .then_some(Self { of_bytes, examples })
    }

    /// `None` if the DFA has too many states for 16-bit offsets.
    fn form(&self, states: &States, bytes: &[u8]) -> Option<ValueForm> {
        // The start counts as a state of its own only if something leads back to it.
        let returns = states.iter().any(|(row, _)| row.contains(&1));
        let is_alphabet = states.get(if returns { 1 } else { 2 }..).unwrap_or_default().iter().all(|(row, ends)| {
            let mut columns = row.iter().zip(&self.of_bytes);
            *ends && columns.all(|(next, column)| column.is_none() || *next != 0)
        });
        if is_alphabet {
            let mut first = Box::new([false; 256]);
            let starts = states.get(1).map_or(&[][..], |(row, _)| row);
            for (byte, next) in bytes.iter().zip(starts) {
                if let Some(slot) = first.get_mut(usize::from(*byte)) {
                    *slot = *next != 0;
                }
            }
            return Some(ValueForm::Alphabet(first));
        }
        let templates = ByteTemplates::new(states, bytes);
        let columns = self.examples.len();
        let row = columns * columns;
        u16::try_from(row * states.len()).ok()?;
        let (mut pairs, mut ends, mut ends_after) = (Vec::new(), Vec::new(), Vec::new());
        for state in (0..).take(states.len()) {
            ends.extend(std::iter::repeat_n(ends_in(states, state), row));
            ends_after.extend(self.examples.iter().map(|example| ends_in(states, next(states, state, *example))));
            ends_after.extend(std::iter::repeat_n(false, row - columns));
            for first in &self.examples {
                let between = next(states, state, *first);
                let rows = self.examples.iter().map(|second| usize::from(next(states, between, *second)) * row);
                pairs.extend(rows.filter_map(|row| u16::try_from(row).ok()));
            }
        }
        Some(ValueForm::States(Box::new(PairTable {
            templates,
            columns,
            pairs: pairs.into(),
            ends: ends.into(),
            ends_after: ends_after.into(),
        })))
    }
}
