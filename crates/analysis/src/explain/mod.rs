//! Why a requester gets what it gets: its agency classes and how it got into them, the rules, the outcome for every
//! data element and the deciding rules, and which claims would change that.
//!
//! Every answer comes from the policy's own decision, situation by situation; nothing is decided here.

mod claims;
mod duties;
mod message;
mod rules;
mod situation;
mod text;
mod who;

use std::collections::BTreeMap;

pub use message::{MessageReport, PathReport, Structure, StructureView, message_key};
use serde::Serialize;

use crate::survey::Survey;
use dmv_redact::{Filter, Instrument, Requester};
use dmv_redact_model::config::ConfigError;
use dmv_redact_model::date::Date;
use dmv_redact_model::policy::{Attribute, MessageKeyId, Ori, PolicyFiles};
use rules::ExplainedRule;
pub use situation::DecidingRule;
use situation::Situation;
use who::Who;

/// An explanation of what one requester may have.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Explanation {
    policy: String,
    version: String,
    /// The policy's file as it was named; the built-in one has its path in the sources.
    file: String,
    requester: Ori,
    purpose: Option<String>,
    /// What else the request states of itself, by attribute.
    #[serde(flatten)]
    stated: BTreeMap<&'static str, String>,
    claims: Vec<String>,
    /// The instruments behind them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    instruments: Vec<Instrument>,
    /// The date that decides, if the policy depends on one.
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<Date>,
    /// The first and the last day on which the policy is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Date>,
    #[serde(skip)]
    is_in_force: bool,
    who: Who,
    /// Message keys with different answers are separate situations.
    situations: Vec<Situation>,
}

/// Explains what `requester`, whose ORI is `ori` and which states only what the policy declares, may have of messages
/// with `key`; without one, of every message. `files` are the policy's.
///
/// # Errors
/// When the policy is too complex for the survey.
pub fn explain(
    filter: &Filter,
    files: &PolicyFiles,
    requester: &Requester,
    ori: Ori,
    key: Option<Option<MessageKeyId>>,
) -> Result<Explanation, ConfigError> {
    let policy = filter.decider();
    let survey = Survey::of(policy);
    let who = Who::of(policy, files, ori)?;
    let keys = key.map_or_else(|| survey.messages(), |key| vec![key]);
    let (date, specified) = (policy.decision_date(requester), policy.specified(requester));
    let mut situations: Vec<Situation> = Vec::new();
    for key in keys {
        let Some(asked) = policy.asked(requester, key) else { continue };
        let situation = Situation::of(filter, &survey, &who.ids, (&asked, &specified), date)?;
        match situations.iter_mut().find(|known| known.has_same_answer(&situation)) {
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
        // The purpose has a member of its own.
        stated: requester
            .statements()
            .filter(|(name, _)| *name != Attribute::Purpose.name())
            .map(|(name, value)| (name, value.to_owned()))
            .collect(),
        claims: requester.claims().to_vec(),
        instruments: requester.instruments().to_vec(),
        date: policy.date(),
        from: policy.validity().from,
        until: policy.validity().until,
        is_in_force: policy.is_in_force(requester) == Some(true),
        who,
        situations,
    })
}
