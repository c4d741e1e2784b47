//! Choices from a tape, from a list of numbers or from a seed: a fuzzer steers the tape, a property test shrinks the list,
//! the soak runs on seeds.
//!
//! The same source always gives the same choices. 0 is the simplest choice.

/// A source of choices.
#[derive(Debug, Clone)]
pub struct Dice {
    choices: Vec<u16>,
    at: usize,
    /// Where choices come from when the list is spent; `None` gives zeros.
    state: Option<u64>,
}

impl Dice {
    /// Takes these choices, then zeros: a shorter list gives a smaller message.
    pub fn new(choices: &[u16]) -> Self {
        Self { choices: choices.to_vec(), at: 0, state: None }
    }

    /// Choices that depend on the seed alone, without end.
    pub fn seeded(seed: u64) -> Self {
        Self { choices: Vec::new(), at: 0, state: Some(seed) }
    }

    /// Takes choices from the tape as long as it lasts, two bytes each. What follows depends on the tape alone.
    pub fn reading(tape: &[u8]) -> Self {
        let seed = tape.iter().fold(tape.len() as u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
        let choices = tape.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        Self { choices, at: 0, state: Some(seed) }
    }

    /// Choices that depend on seed and salt; all of them the simplest if the seed is 0.
    pub fn salted(seed: u16, salt: u64) -> Self {
        match seed {
            0 => Self::new(&[]),
            _ => Self::seeded(u64::from(seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ salt),
        }
    }

    /// Choices for unknown parts of a message; salt 0 means none of them.
    pub fn junk(seed: u16, salt: u64, stream: u64) -> Self {
        Self::salted(if salt == 0 { 0 } else { seed }, salt << 16 | stream)
    }

    /// A number below `bound`, 0 if that is 0.
    pub fn pick(&mut self, bound: usize) -> usize {
        (self.next() % (bound.max(1) as u64)) as usize
    }

    /// True in so many of a hundred cases; `false` is the simplest.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.pick(100) >= 100 - percent
    }

    /// One of the items, the first the simplest.
    pub fn one_of<'i, T>(&mut self, items: &'i [T]) -> &'i T {
        &items[self.pick(items.len())]
    }

    /// One of the texts, the first the simplest.
    pub fn text(&mut self, texts: &[&'static str]) -> &'static str {
        texts[self.pick(texts.len())]
    }

    /// Sixteen bits.
    pub fn number(&mut self) -> u16 {
        self.pick(1 << 16) as u16
    }

    fn next(&mut self) -> u64 {
        self.at += 1;
        match (self.choices.get(self.at - 1), &mut self.state) {
            (Some(choice), _) => u64::from(*choice),
            (None, Some(state)) => split_mix(state),
            (None, None) => 0,
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): small, fast, and good enough to mutate by.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
