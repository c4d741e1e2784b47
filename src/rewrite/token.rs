//! Tokens: keyed pseudonyms. Equal values of one element have equal tokens, for one requester or for all.

use std::fmt::Write as _;

use hmac::Mac;

use super::parts::Parts;
use super::planted::{Planted, is_planted};
use dmv_redact_model::policy::{Ori, TokenScope};
use dmv_redact_model::token::TokenKey;

/// Begins every text that is hashed: the key may serve for other things as well.
const DOMAIN: &str = "dmv-redact token 1";

/// How many bytes of the hash a token has.
const BYTES: usize = 16;

/// What the tokens of one message depend on beside element and value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tokens<'f> {
    key: &'f TokenKey,
    /// Whose they are; everybody's without one.
    requester: Option<Ori>,
}

impl<'f> Tokens<'f> {
    /// Those of a requester; `None` without a key, or if the requester isn't known.
    pub(super) fn of(parts: &'f Parts, requester: Option<Ori>) -> Option<Self> {
        let key = parts.token_key.as_ref()?;
        match parts.policy.token_scope() {
            TokenScope::Requester if is_planted(Planted::TokenScope) => Some(Self { key, requester: None }),
            TokenScope::Requester => Some(Self { key, requester: Some(requester?) }),
            TokenScope::Policy => Some(Self { key, requester: None }),
        }
    }

    /// Writes the token of an element's value, which is decoded and trimmed.
    pub(super) fn write(self, element: &str, value: &str, into: &mut String) {
        let mut hmac = self.key.hmac();
        let requester = self.requester.as_ref().map_or("", Ori::as_str);
        for part in [DOMAIN, requester, element, value] {
            // The length before each part: no two lists of parts give one text.
            hmac.update(&(part.len() as u64).to_be_bytes());
            hmac.update(part.as_bytes());
        }
        into.push_str("tk-");
        for byte in hmac.finalize().into_bytes().iter().take(BYTES) {
            // Writing to a string can't fail.
            let _ = write!(into, "{byte:02x}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn token(requester: Option<&str>, element: &str, value: &str) -> String {
        let (key, mut into) = (TokenKey::from_bytes(KEY).unwrap(), String::new());
        Tokens { key: &key, requester: requester.and_then(Ori::new) }.write(element, value, &mut into);
        into
    }

    /// Computed by another implementation:
    ///
    /// ```python
    /// import hmac
    /// parts = [b"dmv-redact token 1", b"AZ0070000", b"person.ssn", b"900-12-3456"]
    /// text = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    /// print("tk-" + hmac.new(b"0123456789abcdef0123456789abcdef", text, "sha256").hexdigest()[:32])
    /// ```
    #[test]
    fn a_token_is_the_hmac_that_the_documentation_says() {
        assert_eq!(token(Some("AZ0070000"), "person.ssn", "900-12-3456"), "tk-5c41a05b35afa382dfba8c628fa33ef0");
        assert_eq!(token(None, "person.ssn", "900-12-3456"), "tk-5c250bd0981801081f43445e76958f50");
    }

    #[test]
    fn no_two_lists_of_parts_have_one_token() {
        let own = token(None, "a.b", "c");
        assert_ne!(own, token(None, "a.", "bc"));
        assert_ne!(own, token(None, "a.bc", ""));
        assert_ne!(token(Some("AZ0070000"), "a", "b"), token(None, "AZ0070000a", "b"));
    }
}
