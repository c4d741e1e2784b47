//! Tokens, computed a second time from the message's own value: with the key, and none of the rewriter's code.

use dmv_redact_model::catalog::ElementId;
use dmv_redact_model::policy::Ori;
use dmv_redact_model::token::TokenKey;
use hmac::Mac;

/// How the tokens of one message are computed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tokens<'a> {
    pub(super) key: &'a TokenKey,
    /// Whose they are; everybody's without one.
    pub(super) requester: Option<Ori>,
    /// The names of the data elements, by index.
    pub(super) elements: &'a [String],
}

impl Tokens<'_> {
    /// Whether `token` is that of an element's value, which is decoded.
    pub(super) fn is_of(&self, element: ElementId, value: &str, token: &str) -> bool {
        let requester = self.requester.map(|ori| ori.as_str().to_owned()).unwrap_or_default();
        let Some(element) = self.elements.get(element.index()) else { return false };
        let value = value.trim_matches([' ', '\t', '\r', '\n']);
        let mut text = Vec::new();
        for part in ["dmv-redact token 1", &requester, element, value] {
            text.extend((part.len() as u64).to_be_bytes());
            text.extend(part.bytes());
        }
        let hash = self.key.hmac().chain_update(&text).finalize().into_bytes();
        let digits = hash.iter().take(16).flat_map(|byte| [byte >> 4, byte & 15]);
        let digits = digits.filter_map(|digit| char::from_digit(digit.into(), 16));
        !value.is_empty() && "tk-".chars().chain(digits).eq(token.chars())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dmv_redact_model::catalog::Catalog;

    #[test]
    fn p4_a_token_is_of_its_value_its_element_its_requester_and_its_key() {
        let catalog = Catalog::load(dmv_redact::shipped::CATALOG, &[]).unwrap();
        let elements: Vec<String> = catalog.iter().map(|(_, element)| element.id().to_owned()).collect();
        let [ssn, name] = ["person.ssn", "person.name.given"].map(|id| catalog.find(id).unwrap());
        let [key, other] = ["0123456789abcdef", "0123456789abcdeF"]
            .map(|half| TokenKey::from_bytes(half.repeat(2).as_bytes()).unwrap());
        let tokens = Tokens { key: &key, requester: Ori::new("AZ0070000"), elements: &elements };
        // As in the rewriter's own test, from another implementation.
        let token = "tk-5c41a05b35afa382dfba8c628fa33ef0";
        assert!(tokens.is_of(ssn, "900-12-3456", token) && tokens.is_of(ssn, " 900-12-3456\n", token));
        assert!(!tokens.is_of(ssn, "900-12-3457", token));
        assert!(!tokens.is_of(name, "900-12-3456", token));
        assert!(!tokens.is_of(ssn, "900-12-3456", &token.to_uppercase()));
        assert!(!tokens.is_of(ssn, token, token));
        assert!(!Tokens { key: &other, ..tokens }.is_of(ssn, "900-12-3456", token));
        assert!(!Tokens { requester: Ori::new("AZ0080000"), ..tokens }.is_of(ssn, "900-12-3456", token));
        assert!(!Tokens { requester: None, ..tokens }.is_of(ssn, "900-12-3456", token));
    }
}
