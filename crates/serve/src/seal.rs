//! The seal of a preview: what is approved is exactly what this session was shown, and nothing that was made up or mixed up on
//! the way. Its key is of the process: after a restart, whose policy may be another, one previews again.

use std::io;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use dmv_redact_model::hex::hex;

/// Makes and checks seals.
pub(crate) struct SealKey(Hmac<Sha256>);

impl SealKey {
    /// A new one.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub(crate) fn random() -> io::Result<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
        Hmac::new_from_slice(&key).map(Self).map_err(io::Error::other)
    }

    /// The seal of these texts, in hexadecimal.
    pub(crate) fn seal(&self, texts: &[&str]) -> String {
        let mut hmac = self.0.clone();
        for text in texts {
            hmac.update(&(text.len() as u64).to_be_bytes());
            hmac.update(text.as_bytes());
        }
        hex(&hmac.finalize().into_bytes())
    }

    /// Whether a seal is that of these texts.
    pub(crate) fn fits(&self, seal: &str, texts: &[&str]) -> bool {
        self.seal(texts).as_bytes().ct_eq(seal.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_fits_its_texts_alone() {
        let (key, other) = (SealKey::random().unwrap(), SealKey::random().unwrap());
        let seal = key.seal(&["ab", "c"]);
        assert!(key.fits(&seal, &["ab", "c"]));
        for texts in [&["a", "bc"][..], &["ab", "d"], &["ab"], &["ab", "c", ""]] {
            assert!(!key.fits(&seal, texts), "{texts:?}");
        }
        assert!(!other.fits(&seal, &["ab", "c"]) && !key.fits("", &["ab", "c"]));
    }
}
