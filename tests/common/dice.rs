//! Choices, from a tape of bytes or from a seed: a fuzzer steers the tape and a property test shrinks it, the soak runs
//! on seeds. Stands alone so that all of them mutate messages with the same code.

/// A source of choices that always gives the same ones again.
pub(crate) struct Dice<'t> {
    tape: &'t [u8],
    state: u64,
}

impl<'t> Dice<'t> {
    pub(crate) fn seeded(seed: u64) -> Dice<'static> {
        Dice { tape: &[], state: seed }
    }

    /// Takes choices from the tape as long as it lasts, two bytes each.
    pub(crate) fn reading(tape: &'t [u8]) -> Self {
        let state =
            tape.iter().fold(tape.len() as u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
        Self { tape, state }
    }

    /// A number below `bound`, 0 if that is 0.
    pub(crate) fn pick(&mut self, bound: usize) -> usize {
        let number = match self.tape {
            [low, high, rest @ ..] => {
                self.tape = rest;
                u64::from(u16::from_le_bytes([*low, *high]))
            }
            _ => self.next(),
        };
        (number % (bound.max(1) as u64)) as usize
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.pick(100) < percent
    }

    pub(crate) fn one_of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.pick(choices.len())]
    }

    /// SplitMix64 (Steele, Lea and Flood, 2014): small, fast, and good enough to mutate by.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
