//! What an approval grants: the claims that the reviewer vouches for, and the papers behind them.

use dmv_redact::{Instrument, Requester};
use serde::{Deserialize, Serialize};

use crate::DeskError;

/// What an approval grants.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Grants {
    /// The claims that the reviewer vouches for.
    pub claims: Vec<String>,
    /// The papers behind claims. The claim of each counts as vouched for.
    pub instruments: Vec<Instrument>,
}

impl Grants {
    /// Every claim that they vouch for, each once, in order.
    #[must_use]
    pub fn all_claims(&self) -> Vec<&str> {
        let claims = self.claims.iter().map(String::as_str);
        let mut all: Vec<&str> = claims.chain(self.instruments.iter().map(Instrument::claim)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The request with what they grant.
    #[must_use]
    pub fn add_to(&self, requester: Requester) -> Requester {
        let requester = self.claims.iter().fold(requester, |requester, claim| requester.claim(claim));
        self.instruments.iter().cloned().fold(requester, Requester::instrument)
    }

    /// The text that is stored. Of two people, both must have stated the same.
    pub(crate) fn to_json(&self) -> Result<String, DeskError> {
        let mut ordered = self.clone();
        ordered.claims.sort_unstable();
        ordered.claims.dedup();
        ordered.instruments.sort_by_cached_key(ToString::to_string);
        serde_json::to_string(&ordered).map_err(|_| DeskError::Usage("the grants have no text".to_owned()))
    }

    /// The grants of a stored text: of the content of an approval. `None` if it is none.
    #[must_use]
    pub fn of_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}
