//! Values of few forms, such as dates and numbers with fixed parts, as byte templates: here a digit, there a hyphen.
//! One SIMD comparison matches a value with a template.
//!
//! A bounded search collects a shape's templates. Values that match none are left to the shape's table.

use std::collections::VecDeque;

use fearless_simd::Simd;

use crate::window::{WINDOW, Window};

/// Maximum number of templates of one shape.
const MAX_TEMPLATES: usize = 48;
/// Maximum number of steps of the search.
const MAX_STEPS: usize = 256;

/// One form: the allowed bytes at each position of a value.
#[derive(Debug, Clone, Copy, Default)]
struct ByteTemplate {
    length: usize,
    /// Positions of any digit, and of any capital letter; the first byte lowest.
    digits: u64,
    capitals: u64,
    /// The required bytes at all other positions.
    others: [u8; WINDOW],
}

/// The successors of each state by each of `bytes`, and whether a value may end there. The dead state is first, the
/// start second.
pub(super) type States = Vec<(Vec<u16>, bool)>;

/// The templates of one shape, by the length of values.
#[derive(Debug)]
pub(super) struct ByteTemplates([Vec<ByteTemplate>; WINDOW + 1]);

impl ByteTemplates {
    /// The templates of values that a DFA over `bytes` accepts.
    pub(super) fn new(states: &States, bytes: &[u8]) -> Self {
        let mut search = TemplateSearch { states, bytes, open: VecDeque::new(), steps: MAX_STEPS, found: Vec::new() };
        // The start is the second state.
        search.open(1, ByteTemplate::default());
        while let Some((state, template)) = search.open.pop_front() {
            search.steps -= 1;
            search.expand(state, template);
        }
        let mut templates = Self(std::array::from_fn(|_| Vec::new()));
        for template in search.found {
            if let Some(of_length) = templates.0.get_mut(template.length) {
                of_length.push(template);
            }
        }
        templates
    }

    /// Whether the value of `length` bytes at `from` matches a template. The bits mark its digits and capital letters.
    #[inline(always)]
    pub(super) fn matches<S: Simd>(&self, window: Window<S>, length: usize, digits: u64, capitals: u64) -> bool {
        // Templates are of one window at most.
        let inside = (1_u64 << length) - 1;
        // A loop instead of `any`, because closures don't inherit `target_feature`.
        for template in self.0.get(length).map_or(&[][..], Vec::as_slice) {
            let others = window.equal_to(&template.others);
            let right = others | digits & template.digits | capitals & template.capitals;
            if right & inside == inside {
                return true;
            }
        }
        false
    }
}

/// Breadth-first search for templates through a DFA.
struct TemplateSearch<'a> {
    states: &'a States,
    bytes: &'a [u8],
    /// The queue of states, each with the template that leads there.
    open: VecDeque<(u16, ByteTemplate)>,
    /// Steps left.
    steps: usize,
    found: Vec<ByteTemplate>,
}

impl TemplateSearch<'_> {
    /// Queues a state, if the search has enough steps left to reach it.
    fn open(&mut self, state: u16, template: ByteTemplate) {
        if self.open.len() < self.steps {
            self.open.push_back((state, template));
        }
    }

    fn expand(&mut self, state: u16, template: ByteTemplate) {
        let Some((row, ends)) = self.states.get(usize::from(state)) else { return };
        if *ends && template.length > 0 && self.found.len() < MAX_TEMPLATES {
            self.found.push(template);
        }
        if template.length >= WINDOW || self.found.len() >= MAX_TEMPLATES || self.open.len() >= self.steps {
            return;
        }
        let digit = self.common_successor(row, u8::is_ascii_digit);
        let capital = self.common_successor(row, u8::is_ascii_uppercase);
        let here = 1 << template.length;
        let longer = ByteTemplate { length: template.length + 1, ..template };
        let with_digit = ByteTemplate { digits: template.digits | here, ..longer };
        let with_capital = ByteTemplate { capitals: template.capitals | here, ..longer };
        match (digit, capital) {
            (Some(digit), Some(capital)) if digit == capital => {
                self.open(digit, ByteTemplate { capitals: with_capital.capitals, ..with_digit });
            }
            _ => {
                for (next, template) in [(digit, with_digit), (capital, with_capital)] {
                    if let Some(next) = next {
                        self.open(next, template);
                    }
                }
            }
        }
        for (byte, next) in self.bytes.iter().zip(row) {
            let is_covered = digit.is_some() && byte.is_ascii_digit() || capital.is_some() && byte.is_ascii_uppercase();
            if *next != 0 && !is_covered {
                let mut with_byte = longer;
                if let Some(other) = with_byte.others.get_mut(template.length) {
                    *other = *byte;
                }
                self.open(*next, with_byte);
            }
        }
    }

    /// The state that all bytes of a kind lead to, if it is the same.
    fn common_successor(&self, row: &[u16], is_of_kind: impl Fn(&u8) -> bool) -> Option<u16> {
        let mut all = self.bytes.iter().zip(row).filter(|(byte, _)| is_of_kind(byte)).map(|(_, next)| *next);
        let first = all.next().filter(|next| *next != 0)?;
        all.all(|next| next == first).then_some(first)
    }
}
