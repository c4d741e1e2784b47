//! Where every generator takes its decisions from: the numbers that proptest drew and can shrink.
//! 0 is always the simplest choice, and what follows the last number is 0, so a shorter list is a smaller message.

pub(crate) struct Dice {
    choices: Vec<u16>,
    at: usize,
    /// A generator of numbers for when the list is spent; 0 gives zeros only.
    state: u64,
}

impl Dice {
    pub(crate) fn new(choices: &[u16]) -> Self {
        Dice { choices: choices.to_vec(), at: 0, state: 0 }
    }

    /// Decisions that depend on the seeds alone; all of them the simplest if the first seed is 0.
    pub(crate) fn seeded(seed: u16, salt: u64) -> Self {
        let state = if seed == 0 { 0 } else { u64::from(seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ salt };
        Dice { choices: Vec::new(), at: 0, state }
    }

    /// For unknown parts: salt 0 means none of them.
    pub(crate) fn junk(seed: u16, salt: u64, stream: u64) -> Self {
        Self::seeded(if salt == 0 { 0 } else { seed }, salt << 16 | stream)
    }

    pub(crate) fn next(&mut self) -> u16 {
        self.at += 1;
        if let Some(choice) = self.choices.get(self.at - 1) {
            return *choice;
        }
        if self.state == 0 {
            return 0;
        }
        // splitmix64, of which any sixteen bits will do.
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        u16::try_from(z >> 48).expect("sixteen bits")
    }

    /// One of 0..n, 0 the simplest.
    pub(crate) fn pick(&mut self, n: usize) -> usize {
        usize::from(self.next()) * n / 65536
    }

    pub(crate) fn one_of<'i, T>(&mut self, items: &'i [T]) -> &'i T {
        &items[self.pick(items.len())]
    }

    pub(crate) fn text(&mut self, texts: &[&'static str]) -> &'static str {
        texts[self.pick(texts.len())]
    }

    /// True in so many of a hundred cases; `false` is the simplest.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.pick(100) >= 100 - percent
    }
}
