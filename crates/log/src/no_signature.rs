//! In place of `signature` in a build without the feature `sign`: types that nobody can have a value of, so that the
//! code that writes and reads lines needs no condition.

/// The key that signs a log's checkpoints.
#[derive(Debug, Clone)]
pub(super) enum SigningKey {}

/// The public key of a [`SigningKey`].
#[cfg(feature = "verify")]
#[derive(Debug, Clone)]
pub(super) enum PublicKey {}

impl SigningKey {
    pub(super) fn public_digits(&self) -> String {
        match *self {}
    }

    pub(super) fn sign(&self, _: &[u8]) -> String {
        match *self {}
    }
}

#[cfg(feature = "verify")]
impl PublicKey {
    pub(super) fn has_signed(&self, _: &[u8], _: &[u8]) -> bool {
        match *self {}
    }
}
