//! A request as JSON, for where it is kept until a person has reviewed it.

use serde::{Deserialize, Serialize};

use super::attribute::{Attribute, Said};
use super::instrument::Instrument;
use super::requester::Requester;

/// What a request says: who asks, why, on what claims. Its date isn't in it: what is decided later is decided by a later one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct RequestText {
    /// The ORI that the caller named; `None`: the message's envelope says who asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requester: Option<String>,
    /// The purpose code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The reason code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The line on which the query came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// The person who asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The state whose record it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The claims that are vouched for, those of instruments among them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<String>,
    /// The papers behind them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instruments: Vec<Instrument>,
    /// The switch's own id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The control number of the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control_number: Option<String>,
}

impl RequestText {
    /// What a request says. `None` if it states two values of one attribute, which no policy accepts.
    #[must_use]
    pub fn of(requester: &Requester) -> Option<Self> {
        if Attribute::ALL.into_iter().any(|attribute| *requester.said(attribute) == Said::Several) {
            return None;
        }
        // In an order of their own: which was said first makes no other request.
        let (mut claims, mut instruments) = (requester.claims().to_vec(), requester.instruments().to_vec());
        claims.sort_unstable();
        instruments.sort_by_cached_key(ToString::to_string);
        let stated = |attribute| requester.stated(attribute).map(str::to_owned);
        Some(Self {
            requester: requester.ori().map(|ori| ori.to_string()),
            purpose: stated(Attribute::Purpose),
            reason: stated(Attribute::Reason),
            line: stated(Attribute::Line),
            user: stated(Attribute::User),
            state: stated(Attribute::State),
            claims,
            instruments,
            correlation_id: requester.shared_correlation_id().map(|id| id.as_ref().to_owned()),
            control_number: requester.given_control_number().map(str::to_owned),
        })
    }

    /// The request. `of` of it is this text again.
    ///
    /// # Errors
    /// When a part isn't what [`Requester`] takes.
    pub fn read(&self) -> Result<Requester, String> {
        let Self { purpose, reason, line, user, state, .. } = self;
        let mut requester = match &self.requester {
            Some(ori) => Requester::new(ori).map_err(|error| error.to_string())?,
            None => Requester::from_envelope(),
        };
        for (attribute, value) in Attribute::ALL.into_iter().zip([purpose, reason, line, user, state]) {
            requester = value.iter().fold(requester, |requester, value| requester.state(attribute, value.as_str()));
        }
        for claim in &self.claims {
            requester = requester.claim(claim);
        }
        for instrument in &self.instruments {
            requester = requester.instrument(instrument.clone());
        }
        if let Some(id) = &self.correlation_id {
            requester = requester.correlation_id(id).map_err(|error| error.to_string())?;
        }
        match &self.control_number {
            Some(number) => requester.control_number(number).map_err(|error| error.to_string()),
            None => Ok(requester),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p12_a_request_is_the_same_when_it_is_read_again() -> Result<(), Box<dyn std::error::Error>> {
        let instrument = Instrument::new("court-order").issuer("judge").number("26-1").date("2026-12-01")?;
        let requester = Requester::new("AZ0070000")?
            .purpose("C")
            .user("Doe, J")
            .claim("certified")
            .instrument(instrument.specifies("license"))
            .correlation_id("q-1")?
            .control_number("0123")?;
        let text = RequestText::of(&requester).ok_or("it has a text")?;
        let read: RequestText = serde_json::from_str(&serde_json::to_string(&text)?)?;
        assert_eq!(read.read()?, requester);
        assert_eq!(RequestText::of(&Requester::from_envelope()), Some(RequestText::default()));
        assert_eq!(RequestText::of(&Requester::new("AZ0070000")?.purpose("C").purpose("D")), None);
        Ok(())
    }
}
