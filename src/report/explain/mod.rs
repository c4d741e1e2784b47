//! Why a requester gets what it gets: its agency classes and how it came to them, the rules, what becomes of every data
//! element and by which of them, and which claims would change that.
//!
//! Everything is asked of the policy's own decision, situation by situation; nothing is decided here.

mod claims;
mod message;
mod rules;
mod situation;
mod text;
mod who;

pub(crate) use message::{MessageReport, Structure, View, message_key};
use serde::Serialize;

use crate::config::ConfigError;
use crate::policy::survey::Survey;
use crate::policy::{MessageKeyId, Ori};
use crate::{Filter, Requester};
use rules::RuleTold;
use situation::Situation;
use who::Who;

/// An explanation of what one requester may have.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Explanation {
    policy: String,
    version: String,
    /// The policy's file as it was named; the built-in one has its place in the sources.
    file: String,
    requester: Ori,
    purpose: Option<String>,
    claims: Vec<String>,
    who: Who,
    /// What differs by message key is told apart.
    situations: Vec<Situation>,
}

/// Explains what `requester`, whose ORI is `ori` and whose purpose and claims the policy declares, may have of messages
/// with `key`; without one, of every message.
///
/// # Errors
/// When a table of ORIs can't be read again, or the policy is too tangled to be told.
pub(crate) fn explain(
    filter: &Filter,
    requester: &Requester,
    ori: Ori,
    key: Option<Option<MessageKeyId>>,
) -> Result<Explanation, ConfigError> {
    let policy = filter.decider();
    let survey = Survey::of(policy);
    let who = Who::of(policy, ori)?;
    let keys = key.map_or_else(|| survey.messages(), |key| vec![key]);
    let mut situations: Vec<Situation> = Vec::new();
    for key in keys {
        let Some(asked) = policy.asked(requester, key) else { continue };
        let situation = Situation::of(filter, &survey, &who.ids, &asked)?;
        match situations.iter_mut().find(|known| known.says_the_same(&situation)) {
            Some(known) => known.keys.extend(situation.keys),
            None => situations.push(situation),
        }
    }
    let identity = filter.policy();
    Ok(Explanation {
        policy: identity.name.clone(),
        version: identity.version.clone(),
        file: policy.file().to_owned(),
        requester: ori,
        purpose: requester.purpose_code().map(str::to_owned),
        claims: requester.claims().to_vec(),
        who,
        situations,
    })
}
