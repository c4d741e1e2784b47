//! Photos: a real JPEG's header, and behind it what an entropy coder leaves, as base64.

use crate::random::Random;

/// 609 bytes, up to and with the start of the scan.
const HEADER: &str = include_str!("jpeg-header.base64");
/// End of image.
const END: &str = "/9k=";
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// From 8 to 40 KB of image.
const SHORTEST: usize = 11_000;
const LONGEST: usize = 54_000;

/// So much noise that no two photos need be alike.
#[derive(Debug)]
pub(crate) struct Images {
    noise: String,
}

impl Images {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        Self { noise: (0..4 * LONGEST).map(|_| char::from(ALPHABET[random.below(64)])).collect() }
    }

    /// A photo; more of them are large than small.
    pub(crate) fn photo(&self, random: &mut Random, line: Option<(usize, &str)>) -> String {
        let size = SHORTEST + ((LONGEST - SHORTEST) as f64 * random.fraction().powf(0.75)) as usize;
        self.image(random, size, line)
    }

    pub(crate) fn signature(&self, random: &mut Random, line: Option<(usize, &str)>) -> String {
        let size = random.between(2_700, 6_000);
        self.image(random, size, line)
    }

    fn image(&self, random: &mut Random, size: usize, line: Option<(usize, &str)>) -> String {
        let size = (size - HEADER.len() - END.len()) / 4 * 4;
        let start = random.below(self.noise.len() - size);
        let image = [HEADER, &self.noise[start..start + size], END].concat();
        let Some((length, end)) = line else { return image };
        let mut lines = String::with_capacity(image.len() + image.len() / length * end.len() + 16);
        for (place, byte) in image.bytes().enumerate() {
            if place > 0 && place % length == 0 {
                lines.push_str(end);
            }
            lines.push(char::from(byte));
        }
        lines
    }
}
