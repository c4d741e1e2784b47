//! The keys of the queue, and encryption with them: XChaCha20-Poly1305, a random nonce a ciphertext, bound to its place.
//!
//! The place is the review's identifier and the name of what is encrypted. A ciphertext moved to another row or name, or
//! changed, is [`ReviewError::Corrupt`], never another plaintext.

use std::fmt;
use std::path::Path;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use dmv_redact_model::hex::hex;
use dmv_redact_model::key::{self, KeyError};
use sha2::{Digest, Sha256};

use super::ReviewError;
use crate::digest::random;

/// Minimum key length in bytes.
const MIN_KEY_BYTES: usize = 32;

/// Length of a nonce in bytes. It precedes the ciphertext.
const NONCE_BYTES: usize = 24;

/// What separates a key derived here from any other use of the same file.
const KEY_LABEL: &str = "dmv-redact review key\n";
const KEY_ID_LABEL: &str = "dmv-redact review key id\n";
const PLACE_LABEL: &str = "dmv-redact review content";

/// The keys of a queue: the first encrypts, all decrypt.
///
/// To rotate: add the new key last on all nodes, then put it first on all nodes, then [`rekey`](super::ReviewStore::rekey),
/// then remove the old one.
pub struct Keys(Vec<NamedKey>);

struct NamedKey {
    /// 8 hexadecimal digits of a hash of the key, stored with each ciphertext to find its key again.
    id: String,
    cipher: XChaCha20Poly1305,
}

/// What is encrypted, and for which review. The associated data of a ciphertext.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The review's identifier. Empty for what is of the whole queue.
    pub(crate) review: &'a str,
    /// What it is, as in the column `name`.
    pub(crate) name: &'a str,
}

/// A ciphertext, with its nonce, and its key's identifier.
pub(crate) struct Sealed {
    pub(crate) key_id: String,
    pub(crate) content: Vec<u8>,
}

impl Keys {
    /// Reads the keys: each the content of a file without its final line end, of at least 32 bytes. The first encrypts.
    ///
    /// # Errors
    /// [`ReviewError::Usage`] when there is none, or a file's content is none, or two are alike; [`ReviewError::Io`] when a
    /// file can't be read.
    pub fn read(paths: &[impl AsRef<Path>]) -> Result<Self, ReviewError> {
        let mut keys = Vec::<NamedKey>::new();
        for path in paths.iter().map(AsRef::as_ref) {
            let bytes = key::read(path, MIN_KEY_BYTES).map_err(|error| match error {
                KeyError::Io(error) => ReviewError::io(path, &error),
                KeyError::Content(what) => ReviewError::Usage(format!("{}: {what}", path.display())),
            })?;
            let key = NamedKey::new(&bytes);
            if keys.iter().any(|other| other.id == key.id) {
                return Err(ReviewError::Usage(format!("{}: the key is given twice", path.display())));
            }
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(ReviewError::Usage("a queue needs a key".to_owned()));
        }
        Ok(Self(keys))
    }

    /// The identifier of the key that encrypts.
    pub(crate) fn first_id(&self) -> &str {
        self.0.first().map_or("", |key| &key.id)
    }

    /// Encrypts for a place, with the first key.
    pub(crate) fn encrypt(&self, place: Place<'_>, plaintext: &[u8]) -> Result<Sealed, ReviewError> {
        let failure = || ReviewError::Usage("the content can't be encrypted: it is too long".to_owned());
        let key = self.0.first().ok_or_else(failure)?;
        let nonce = random::<NONCE_BYTES>()?;
        let payload = Payload { msg: plaintext, aad: &place.associated_data() };
        let ciphertext = key.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| failure())?;
        Ok(Sealed { key_id: key.id.clone(), content: [nonce.as_slice(), &ciphertext].concat() })
    }

    /// Decrypts what was encrypted for this place.
    pub(crate) fn decrypt(&self, place: Place<'_>, sealed: &Sealed) -> Result<Vec<u8>, ReviewError> {
        let corrupt = |what| match place.review {
            "" => ReviewError::Corrupt(format!("{}: {what}", place.name)),
            review => ReviewError::Corrupt(format!("review {review}: {}: {what}", place.name)),
        };
        let Some(key) = self.0.iter().find(|key| key.id == sealed.key_id) else {
            return Err(corrupt("none of the keys is its key"));
        };
        let Some((nonce, ciphertext)) = sealed.content.split_first_chunk::<NONCE_BYTES>() else {
            return Err(corrupt("it can't be decrypted"));
        };
        let payload = Payload { msg: ciphertext, aad: &place.associated_data() };
        key.cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| corrupt("it can't be decrypted"))
    }
}

impl NamedKey {
    fn new(bytes: &[u8]) -> Self {
        let id = Sha256::new().chain_update(KEY_ID_LABEL).chain_update(bytes).finalize();
        let derived: [u8; 32] = Sha256::new().chain_update(KEY_LABEL).chain_update(bytes).finalize().into();
        Self { id: hex(&id).chars().take(8).collect(), cipher: XChaCha20Poly1305::new(&Key::from(derived)) }
    }
}

impl Place<'_> {
    /// Unambiguous: neither an identifier nor a name has a line end.
    fn associated_data(&self) -> Vec<u8> {
        [PLACE_LABEL, self.review, self.name].join("\n").into_bytes()
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}
