//! Values so plain that one look at each byte settles them: most of what is released.
//!
//! A table is read off the shape's own automaton. What it lets pass conforms to the shape and holds no image, field,
//! number or reference that the closer look would find; of all else it says nothing, and the closer look decides. So it
//! changes what a value costs, never what becomes of it.

use std::collections::HashMap;

use regex_automata::dfa::{Automaton, dense};
use regex_automata::util::primitives::StateID;

use super::disguise;

/// Bytes of the longest value that is settled so; longer ones may hold an encoding over several words.
const LONGEST: usize = 63;
/// A word of this many letters, digits and signs may be an encoding.
const LONGEST_WORD: usize = 15;
/// Fewer digits make no Social Security number.
const FEW_DIGITS: u32 = 8;
/// States of the largest automaton that is followed.
const MOST_STATES: usize = 1 << 10;

/// What a class says of a byte. The first three count in eight bits each: the classes of a value's bytes are added up.
const DIGIT: u32 = 1;
const SPACE: u32 = 1 << 8;
/// What the element ids of barcode text begin with.
const BARCODE: u32 = 1 << 16;
const COUNT: u32 = 0xFF;
/// Above the counts: which column of the automaton the byte has.
const COLUMN_SHIFT: u32 = 24;
const MOST_COLUMNS: usize = 64;
/// No plain value has the byte.
const STOP: u32 = 1 << 31;

/// What is known of every byte in values of one shape.
#[derive(Debug)]
pub(super) struct Plain {
    classes: [u32; 256],
    form: Form,
    longest: usize,
}

/// What values look like.
#[derive(Debug)]
enum Form {
    /// One of these bytes at first, and behind it any that has a class.
    Alphabet(Box<[bool; 256]>),
    States(Table),
}

/// An automaton that takes two bytes at a step: each step waits for the one before. A state is where its row begins in
/// `pairs`, the dead one's the first and the start's the second; `states` of an odd value's last byte.
#[derive(Debug)]
struct Table {
    columns: usize,
    /// By the columns of two bytes: the next state.
    pairs: Box<[u16]>,
    /// By state: whether a value may end there; and by state and column, whether it may one byte later.
    ends: Box<[bool]>,
    ends_behind: Box<[bool]>,
}

impl Table {
    #[inline]
    fn accept(&self, value: &[u8], column: impl Fn(u8) -> usize) -> bool {
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

impl Plain {
    /// Reads the tables off an automaton. One that is too large leaves no value plain.
    pub(super) fn new(table: &dense::DFA<Vec<u32>>, start: StateID, max_characters: usize) -> Self {
        let mut classes = [STOP; 256];
        let bytes: Vec<u8> = (0x20..0x7F).filter(|byte| is_plain(*byte)).collect();
        let form = states(table, start, &bytes).and_then(|states| {
            let columns = Columns::new(&states, &bytes)?;
            for (byte, column) in bytes.iter().zip(&columns.of_bytes) {
                if let (Some(class), Some(column)) = (classes.get_mut(usize::from(*byte)), column) {
                    let counts = match byte {
                        b'0'..=b'9' => DIGIT,
                        b' ' => SPACE,
                        b'D' => BARCODE,
                        _ => 0,
                    };
                    *class = counts | column << COLUMN_SHIFT;
                }
            }
            let form = columns.form(&states, &bytes)?;
            Some(form)
        });
        let form = form.unwrap_or_else(|| Form::Alphabet(Box::new([false; 256])));
        Self { classes, form, longest: LONGEST.min(max_characters) }
    }

    /// Where a value that begins at `from` ends, if it is plain: the place of the first byte that no plain value has, which
    /// the caller must know to end a value. `may_be_ssn` says whether the value may be a Social Security number.
    #[inline(always)]
    pub(super) fn end(&self, bytes: &[u8], from: usize, may_be_ssn: bool) -> Option<usize> {
        let rest = bytes.get(from..)?;
        let window = rest.get(..=LONGEST).unwrap_or(rest);
        let class_of = |byte: u8| self.classes.get(usize::from(byte)).copied().unwrap_or(STOP);
        let mut sum = 0_u32;
        let mut length = 0;
        for byte in window {
            let class = class_of(*byte);
            if class >= STOP {
                break;
            }
            // At most 64 are added: no count runs over.
            sum = sum.wrapping_add(class);
            length += 1;
        }
        let value = window.get(..length)?;
        let digits = sum & COUNT;
        if length > self.longest || digits > FEW_DIGITS && !may_be_ssn {
            return None;
        }
        let is_of_form = match &self.form {
            Form::Alphabet(first) => first.get(usize::from(*value.first()?)) == Some(&true),
            Form::States(states) => states.accept(value, |byte| (class_of(byte) >> COLUMN_SHIFT) as usize),
        };
        let has = |what: u32| sum & (what * COUNT) != 0;
        let is_suspect = has(SPACE)
            && (value.last() == Some(&b' ')
                || value.first() == Some(&b' ')
                || digits > 0 && disguise::holds_header(value))
            || has(BARCODE) && disguise::begins_barcode(value)
            || length > LONGEST_WORD && has_long_word(value);
        (!is_suspect && is_of_form).then_some(from + length)
    }
}

/// What a syntax, a reference, a field, a URI or padding may be written with is left to the closer look.
fn is_plain(byte: u8) -> bool {
    !br#""\<>&]/;="#.contains(&byte)
}

/// Whether a word of the value is long enough to be an encoding. Looked for from the back of each possible one: most of it
/// needn't be seen.
fn has_long_word(value: &[u8]) -> bool {
    let is_encoding = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'_');
    let mut from = 0;
    while let Some(window) = value.get(from..=from + LONGEST_WORD) {
        match window.iter().rposition(|byte| !is_encoding(byte)) {
            Some(place) => from += place + 1,
            None => return true,
        }
    }
    false
}

/// What follows each state by each of `bytes`, the dead state first and the start second; and whether a value may end there.
type States = Vec<(Vec<u16>, bool)>;

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
        for byte in bytes {
            let next = table.next_state(id, *byte);
            row.push(match table.is_dead_state(next) {
                true => 0,
                false => *places.entry(next).or_insert_with(|| {
                    ids.push(next);
                    u16::try_from(ids.len()).unwrap_or_default()
                }),
            });
        }
        states.push((row, table.is_match_state(table.next_eoi_state(id))));
    }
    Some(states)
}

/// The bytes that an automaton doesn't tell apart, as one column.
struct Columns {
    /// `None` for a byte that no value has.
    of_bytes: Vec<Option<u32>>,
    /// A byte of each.
    examples: Vec<usize>,
}

impl Columns {
    fn new(states: &States, bytes: &[u8]) -> Option<Self> {
        let mut known: HashMap<Vec<u16>, u32> = HashMap::new();
        let mut examples = Vec::new();
        let mut of_bytes = Vec::new();
        for place in 0..bytes.len() {
            let column: Vec<u16> = states.iter().filter_map(|(row, _)| row.get(place).copied()).collect();
            let is_alive = column.iter().any(|next| *next != 0);
            let number = u32::try_from(known.len()).ok()?;
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
        Some(Form::States(Table { columns, pairs: pairs.into(), ends: ends.into(), ends_behind: ends_behind.into() }))
    }
}
