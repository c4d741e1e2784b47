//! What a token is, by docs/policy.md.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The key of tokens in all tests of the oracle.
pub const TOKEN_KEY: &[u8] = b"the key of the oracle's own tokens";

/// The token of a value; without a requester it is everybody's.
pub(crate) fn token(requester: Option<&str>, element: &str, value: &str) -> String {
    let parts = ["dmv-redact token 1", requester.unwrap_or(""), element, value];
    let text = parts.map(|part| [&(part.len() as u64).to_be_bytes()[..], part.as_bytes()].concat()).concat();
    let hash = Hmac::<Sha256>::new_from_slice(TOKEN_KEY).expect("a key").chain_update(text).finalize().into_bytes();
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("tk-{}", &digits[..32])
}
