//! The form of plain values, read off a shape's automaton: the part of it that they can reach, as a table that takes two
//! bytes at a step.

use std::collections::HashMap;

use regex_automata::dfa::{Automaton, dense};
use regex_automata::util::primitives::StateID;

use super::picture::Pictures;

/// States of the largest automaton that is followed.
const MOST_STATES: usize = 1 << 10;
const MOST_COLUMNS: usize = 64;

/// What values look like.
#[derive(Debug)]
pub(super) enum Form {
    /// One of these bytes at first, and behind it any that has a class.
    Alphabet(Box<[bool; 256]>),
    States(Box<Table>),
}

/// An automaton that takes two bytes at a step: each step waits for the one before. A state is where its row begins in
/// `pairs`, the dead one's the first and the start's the second; `states` of an odd value's last byte.
#[derive(Debug)]
pub(super) struct Table {
    /// Its values that are shown at one look.
    pub(super) pictures: Pictures,
    columns: usize,
    /// By the columns of two bytes: the next state.
    pairs: Box<[u16]>,
    /// By state: whether a value may end there; and by state and column, whether it may one byte later.
    ends: Box<[bool]>,
    ends_behind: Box<[bool]>,
}

impl Table {
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
            [last] => self.ends_behind.get(state + column(*last)) == Some(&true),
            _ => self.ends.get(state) == Some(&true),
        }
    }
}

/// The form of values of `bytes`, and which column of it each of them has, `None` where no value has the byte. Nothing for
/// an automaton that is too large.
pub(super) fn form(table: &dense::DFA<Vec<u32>>, start: StateID, bytes: &[u8]) -> Option<(Form, Vec<Option<u8>>)> {
    let states = states(table, start, bytes)?;
    let columns = Columns::new(&states, bytes)?;
    let form = columns.form(&states, bytes)?;
    Some((form, columns.of_bytes))
}

/// What follows each state by each of `bytes`, the dead state first and the start second; and whether a value may end there.
pub(super) type States = Vec<(Vec<u16>, bool)>;

/// The part of an automaton that values of `bytes` reach; `None` if that is too large.
fn states(table: &dense::DFA<Vec<u32>>, start: StateID, bytes: &[u8]) -> Option<States> {
    let mut places: HashMap<StateID, u16> = HashMap::from([(start, 1)]);
    let mut ids = vec![start];
    let mut states: States = vec![(vec![0; bytes.len()], false)];
    while let Some(id) = ids.get(states.len() - 1).copied() {
        if ids.len() > MOST_STATES || table.is_quit_state(id) {
            return None;
        }
        let mut row = Vec::with_capacity(bytes.len());
        // Bytes beside one another mostly lead to the same.
        let mut last = None;
        for byte in bytes {
            let next = table.next_state(id, *byte);
            let place = match last {
                Some((id, place)) if id == next => place,
                _ => *places.entry(next).or_insert_with(|| {
                    if leads_nowhere(table, next, bytes) {
                        return 0;
                    }
                    ids.push(next);
                    u16::try_from(ids.len()).unwrap_or_default()
                }),
            };
            last = Some((next, place));
            row.push(place);
        }
        states.push((row, ends(table, id)));
    }
    Some(states)
}

/// Whether a value may end at a state.
fn ends(table: &dense::DFA<Vec<u32>>, id: StateID) -> bool {
    table.is_match_state(table.next_eoi_state(id))
}

/// Whether no value goes through a state: the dead one, and the one that only tells, a byte late, that a value had ended
/// before that byte.
fn leads_nowhere(table: &dense::DFA<Vec<u32>>, id: StateID, bytes: &[u8]) -> bool {
    !ends(table, id) && bytes.iter().all(|byte| table.is_dead_state(table.next_state(id, *byte)))
}

/// The bytes that an automaton doesn't tell apart, as one column.
struct Columns {
    /// `None` for a byte that no value has.
    of_bytes: Vec<Option<u8>>,
    /// A byte of each.
    examples: Vec<usize>,
}

impl Columns {
    fn new(states: &States, bytes: &[u8]) -> Option<Self> {
        let mut known: HashMap<Vec<u16>, u8> = HashMap::new();
        let mut examples = Vec::new();
        let mut of_bytes: Vec<Option<u8>> = Vec::new();
        let is_as_before = |place: usize| {
            let same = |(row, _): &(Vec<u16>, bool)| row.get(place.wrapping_sub(1)) == row.get(place);
            states.iter().all(same)
        };
        for place in 0..bytes.len() {
            if let Some(last) = of_bytes.last().copied().filter(|_| is_as_before(place)) {
                of_bytes.push(last);
                continue;
            }
            let column: Vec<u16> = states.iter().filter_map(|(row, _)| row.get(place).copied()).collect();
            let is_alive = column.iter().any(|next| *next != 0);
            let number = u8::try_from(known.len()).ok()?;
            of_bytes.push(is_alive.then(|| {
                *known.entry(column).or_insert_with(|| {
                    examples.push(place);
                    number
                })
            }));
        }
        (examples.len() <= MOST_COLUMNS && u16::try_from(examples.len() * states.len()).is_ok())
            .then_some(Self { of_bytes, examples })
    }

    /// `None` for an automaton too large for its states to be counted in two bytes.
    fn form(&self, states: &States, bytes: &[u8]) -> Option<Form> {
        // The start counts among the others only if something leads back to it.
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
            return Some(Form::Alphabet(first));
        }
        let pictures = Pictures::new(states, bytes);
        let columns = self.examples.len();
        let row = columns * columns;
        u16::try_from(row * states.len()).ok()?;
        let next = |state: u16, example: &usize| {
            let next = states.get(usize::from(state)).and_then(|(row, _)| row.get(*example));
            next.copied().unwrap_or_default()
        };
        let ends_in = |state: u16| states.get(usize::from(state)).is_some_and(|(_, ends)| *ends);
        let (mut pairs, mut ends, mut ends_behind) = (Vec::new(), Vec::new(), Vec::new());
        for state in (0..).take(states.len()) {
            ends.extend(std::iter::repeat_n(ends_in(state), row));
            ends_behind.extend(self.examples.iter().map(|example| ends_in(next(state, example))));
            ends_behind.extend(std::iter::repeat_n(false, row - columns));
            for first in &self.examples {
                let between = next(state, first);
                let states = self.examples.iter().map(|second| usize::from(next(between, second)) * row);
                pairs.extend(states.filter_map(|state| u16::try_from(state).ok()));
            }
        }
        Some(Form::States(Box::new(Table {
            pictures,
            columns,
            pairs: pairs.into(),
            ends: ends.into(),
            ends_behind: ends_behind.into(),
        })))
    }
}
