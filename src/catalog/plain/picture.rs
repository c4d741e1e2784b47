//! Values of few forms, such as dates and numbers with fixed parts, as pictures: here a digit, there a hyphen. One look
//! compares a value with a picture.
//!
//! A shape has as many pictures as are found in a few steps. What none of them shows is left to the shape's table.

use std::collections::VecDeque;

use fearless_simd::Simd;

use super::table::States;
use crate::window::{WINDOW, Window};

/// Pictures of one shape at most.
const MOST: usize = 48;
/// Steps that are taken in search of them.
const MOST_STEPS: usize = 256;

/// One form: what each byte of a value must be.
#[derive(Debug, Clone, Copy, Default)]
struct Picture {
    length: usize,
    /// Where any digit may stand, and where any capital letter; the first byte lowest.
    digits: u64,
    capitals: u64,
    /// What must stand in all other places.
    others: [u8; WINDOW],
}

/// The pictures of one shape, by the length of values.
#[derive(Debug)]
pub(super) struct Pictures([Vec<Picture>; WINDOW + 1]);

impl Pictures {
    /// The pictures of values that an automaton over `bytes` takes.
    pub(super) fn new(states: &States, bytes: &[u8]) -> Self {
        let mut search = Search { states, bytes, open: VecDeque::new(), steps: MOST_STEPS, found: Vec::new() };
        // The start is the second state.
        search.open(1, Picture::default());
        while let Some((state, picture)) = search.open.pop_front() {
            search.steps -= 1;
            search.go_on(state, picture);
        }
        let mut pictures = Self(std::array::from_fn(|_| Vec::new()));
        for picture in search.found {
            if let Some(of_length) = pictures.0.get_mut(picture.length) {
                of_length.push(picture);
            }
        }
        pictures
    }

    /// Whether the value of `length` bytes at `from`, with digits and capital letters where the bits say, is as a picture
    /// shows it.
    #[inline(always)]
    pub(super) fn show<S: Simd>(
        &self,
        simd: S,
        bytes: &[u8],
        from: usize,
        length: usize,
        digits: u64,
        capitals: u64,
    ) -> bool {
        let inside = (1_u64 << length) - 1;
        let window = Window::at(simd, bytes, from);
        // In a loop of its own: `any` may be compiled apart, for a processor that can do less.
        for picture in self.0.get(length).map_or(&[][..], Vec::as_slice) {
            let others = window.equal_to(&picture.others);
            let right = others | digits & picture.digits | capitals & picture.capitals;
            if right & inside == inside {
                return true;
            }
        }
        false
    }
}

/// The search for pictures, step by step through an automaton, the shortest first.
struct Search<'a> {
    states: &'a States,
    bytes: &'a [u8],
    /// States from which the search goes on, each with the places that led there.
    open: VecDeque<(u16, Picture)>,
    /// How many steps are left.
    steps: usize,
    found: Vec<Picture>,
}

impl Search<'_> {
    /// Takes note of a state to go on from, if the search will come so far.
    fn open(&mut self, state: u16, picture: Picture) {
        if self.open.len() < self.steps {
            self.open.push_back((state, picture));
        }
    }

    fn go_on(&mut self, state: u16, picture: Picture) {
        let Some((row, ends)) = self.states.get(usize::from(state)) else { return };
        if *ends && picture.length > 0 && self.found.len() < MOST {
            self.found.push(picture);
        }
        if picture.length >= WINDOW || self.found.len() >= MOST || self.open.len() >= self.steps {
            return;
        }
        let digit = self.common(row, u8::is_ascii_digit);
        let capital = self.common(row, u8::is_ascii_uppercase);
        let here = 1 << picture.length;
        let longer = Picture { length: picture.length + 1, ..picture };
        let with_digit = Picture { digits: picture.digits | here, ..longer };
        let with_capital = Picture { capitals: picture.capitals | here, ..longer };
        match (digit, capital) {
            (Some(digit), Some(capital)) if digit == capital => {
                self.open(digit, Picture { capitals: with_capital.capitals, ..with_digit });
            }
            _ => {
                for (next, picture) in [(digit, with_digit), (capital, with_capital)] {
                    if let Some(next) = next {
                        self.open(next, picture);
                    }
                }
            }
        }
        for (byte, next) in self.bytes.iter().zip(row) {
            let is_shown = digit.is_some() && byte.is_ascii_digit() || capital.is_some() && byte.is_ascii_uppercase();
            if *next != 0 && !is_shown {
                let mut with_byte = longer;
                if let Some(other) = with_byte.others.get_mut(picture.length) {
                    *other = *byte;
                }
                self.open(*next, with_byte);
            }
        }
    }

    /// Where all bytes of a kind lead to, if that is one place.
    fn common(&self, row: &[u16], is_of_kind: impl Fn(&u8) -> bool) -> Option<u16> {
        let mut all = self.bytes.iter().zip(row).filter(|(byte, _)| is_of_kind(byte)).map(|(_, next)| *next);
        let first = all.next().filter(|next| *next != 0)?;
        all.all(|next| next == first).then_some(first)
    }
}
