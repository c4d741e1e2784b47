//! Signatures of a log's checkpoints. The key of its hashes ([`Key`](super::Key)) is one secret for writer and
//! verifier, so whoever verifies with it could forge. A signature is made with a key that the writer alone has, and
//! checked with its public key.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use ed25519_dalek::Signer;
use ed25519_dalek::pkcs8::DecodePrivateKey;

use super::LogError;
use dmv_redact_model::hex::hex;

/// The key that signs a log's checkpoints, Ed25519.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

/// The public key of a [`SigningKey`]: it checks signatures, and can't make any.
#[cfg(feature = "verify")]
#[derive(Clone)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

/// Maximum bytes of a key's file: a longer one is no key.
const MAX_FILE_BYTES: u64 = 1 << 16;

impl SigningKey {
    /// Reads the key as `openssl genpkey -algorithm ed25519` writes it: PKCS#8 in PEM, not encrypted.
    ///
    /// # Errors
    /// When the file can't be read, or is no such key.
    pub fn read(path: &Path) -> Result<Self, LogError> {
        let text = read(path)?;
        ed25519_dalek::SigningKey::from_pkcs8_pem(&text).map(Self).map_err(|_| {
            let what = match label(&text) {
                Some("ENCRYPTED PRIVATE KEY") => "the key is encrypted: write it without a pass phrase",
                Some("PUBLIC KEY") => "it is a public key: the private one signs",
                _ => "it is no private key as `openssl genpkey -algorithm ed25519` writes it",
            };
            unusable(path, what)
        })
    }

    /// The digits of its public key.
    pub(super) fn public_digits(&self) -> String {
        hex(self.0.verifying_key().as_bytes())
    }

    /// The digits of the signature of what a line says.
    pub(super) fn sign(&self, content: &[u8]) -> String {
        hex(&self.0.sign(content).to_bytes())
    }
}

#[cfg(feature = "verify")]
impl PublicKey {
    /// Reads the key as `openssl pkey -pubout` writes it: SubjectPublicKeyInfo in PEM.
    ///
    /// # Errors
    /// When the file can't be read, or is no such key.
    pub fn read(path: &Path) -> Result<Self, LogError> {
        use ed25519_dalek::pkcs8::DecodePublicKey;
        let text = read(path)?;
        let key = ed25519_dalek::VerifyingKey::from_public_key_pem(&text).map_err(|_| {
            let what = match label(&text) {
                Some("PRIVATE KEY" | "ENCRYPTED PRIVATE KEY") => {
                    "it is a private key: `openssl pkey -pubout` writes its public key, which is enough to verify"
                }
                _ => "it is no Ed25519 public key as `openssl pkey -pubout` writes it",
            };
            unusable(path, what)
        })?;
        // Signatures that fit such a key can be made without a private one.
        if key.is_weak() {
            return Err(unusable(path, "the key is weak: anyone could sign for it"));
        }
        Ok(Self(key))
    }

    /// Whether these digits are its signature of what a line says.
    pub(super) fn has_signed(&self, content: &[u8], digits: &[u8]) -> bool {
        let signature = bytes_of(digits).map(|bytes| ed25519_dalek::Signature::from_bytes(&bytes));
        signature.is_some_and(|signature| self.0.verify_strict(content, &signature).is_ok())
    }
}

/// The bytes of a signature's digits; `None` if they are none, or capitals: a signature has one spelling.
#[cfg(feature = "verify")]
fn bytes_of(digits: &[u8]) -> Option<[u8; ed25519_dalek::SIGNATURE_LENGTH]> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = digits.as_chunks();
    let bytes: Option<Vec<u8>> = pairs.iter().map(|[high, low]| Some(value(*high)? << 4 | value(*low)?)).collect();
    bytes?.try_into().ok().filter(|_| rest.is_empty())
}

/// Reads a key's file.
fn read(path: &Path) -> Result<String, LogError> {
    let mut content = Vec::new();
    let file = File::open(path).map_err(|error| LogError::io(path, &error))?;
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut content).map_err(|error| LogError::io(path, &error))?;
    if content.len() as u64 > MAX_FILE_BYTES {
        return Err(unusable(path, "it is too long to be a key"));
    }
    String::from_utf8(content).map_err(|_| unusable(path, "it is no key in PEM"))
}

/// What a text in PEM says that it is.
fn label(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    rest.split_once("-----").map(|(label, _)| label)
}

fn unusable(path: &Path, what: &str) -> LogError {
    LogError::Usage(format!("{}: {what}", path.display()))
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

#[cfg(feature = "verify")]
impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey")
    }
}
