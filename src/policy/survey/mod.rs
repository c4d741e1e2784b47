//! What a policy says of every requester there can be, without one asking: the floor that `matrix`, `diff`, `check`,
//! `explain` and `test` stand on. It isn't on the way of a message.
//!
//! Nothing is sampled. Three steps lead to an answer:
//!
//! 1. [`Survey::populations`]: every set of agency classes that some ORI has, each with one such ORI. The last question that
//!    patterns leave open, which ORIs there are, is answered by following all patterns over nine characters at once.
//! 2. [`Survey::column`]: for a population, a purpose and a message key, what becomes of every data element. The purposes
//!    that may be stated are [`Survey::purposes`], the keys that rules tell apart [`Survey::messages`]; `None` is what is left out.
//! 3. [`Survey::cases`]: for one cell of a column, the claims that make a difference: which must be vouched for, which
//!    must not be, and what becomes of the element then. Every set of claims is in exactly one case.
//!
//! Why it is so in one situation ([`Conditions`](super::Conditions)) is [`Policy::ruling`].

mod columns;
mod comparison;
mod error;
mod kinds;
mod masks;
mod metadata;
mod order;
mod regions;
mod simple;
mod trees;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

pub(crate) use columns::{Column, Outcome};
pub(crate) use comparison::{Change, Difference, Differences, Direction, NEW, OLD, compare};
pub(crate) use kinds::{KindId, Kinds};
pub(crate) use masks::{ANY, DIGIT, Mask, covering, masks};
pub(crate) use metadata::{RuleId, Ruling};
pub(crate) use regions::Claim;
pub(crate) use trees::Tree;

use super::Policy;
use super::agency::ClassId;
use super::ori::Ori;
use super::rule::{ClaimSet, MessageKeyId, PurposeId};
use crate::config::ConfigError;
use columns::Columns;
use error::SurveyError;
use simple::simplified;
use trees::{Levels, Way};

/// How many cases of one cell are reported (P8); no policy that people can read has as many.
const MAX_CASES: usize = 1_024;

/// All ORIs that have the same agency classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Population {
    /// The classes, in order; empty for the ORIs that no class claims.
    pub(crate) classes: Vec<ClassId>,
    /// One of its ORIs.
    pub(crate) example: Ori,
}

/// Some claims that are vouched for, some that are not, and what holds whatever else is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Case<T> {
    /// Claims that must be vouched for. These alone are a set of claims of the case.
    pub(crate) with: ClaimSet,
    /// Claims none of which may be.
    pub(crate) without: ClaimSet,
    pub(crate) value: T,
}

/// Who there is, and what patterns alone say of the ORIs that no class lists.
type Askers = (Vec<Population>, Vec<Claim>);

/// A policy, surveyed.
#[derive(Debug)]
pub(crate) struct Survey<'p> {
    policy: &'p Policy,
    /// Worked out when it is first asked for: a single requester needs none of it.
    askers: OnceLock<Result<Askers, SurveyError>>,
    columns: Mutex<Columns<'p>>,
}

impl<'p> Survey<'p> {
    /// Surveys a policy.
    pub(crate) fn of(policy: &'p Policy) -> Self {
        Self { policy, askers: OnceLock::new(), columns: Mutex::new(Columns::of(&[policy])) }
    }

    fn askers(&self) -> Result<&Askers, ConfigError> {
        let survey = || {
            let (regions, claims) = regions::regions_and_claims(&self.policy.agencies)?;
            let population = |region: regions::Region| Population {
                classes: region.classes.into_iter().next().unwrap_or_default(),
                example: region.example,
            };
            let populations: Vec<Population> = regions.into_iter().map(population).collect();
            SurveyError::unless_few(populations.len(), self.purposes().len(), self.messages().len())?;
            Ok((populations, claims))
        };
        self.askers.get_or_init(survey).as_ref().map_err(|error| error.of(&[self.policy]))
    }

    /// What patterns alone say of the ORIs that no class lists.
    ///
    /// # Errors
    /// When there are too many of them to go through.
    pub(crate) fn claims(&self) -> Result<&[Claim], ConfigError> {
        Ok(&self.askers()?.1)
    }

    /// Why it gives up where claims depend on each other in too many ways.
    pub(crate) fn too_many_cases(&self) -> ConfigError {
        SurveyError::Claims(Vec::new()).of(&[self.policy])
    }

    pub(crate) fn policy(&self) -> &'p Policy {
        self.policy
    }

    /// Every set of classes that some ORI has; the first is that of no class, if there is such an ORI.
    ///
    /// # Errors
    /// When there are too many of them to go through.
    pub(crate) fn populations(&self) -> Result<&[Population], ConfigError> {
        Ok(&self.askers()?.0)
    }

    /// The purposes that may be stated; at the end `None`, for none.
    pub(crate) fn purposes(&self) -> Vec<Option<PurposeId>> {
        purposes(self.policy)
    }

    /// The message keys that rules tell apart; then [`MessageKeyId::OTHER`], and `None` where formats without a key make a
    /// difference.
    pub(crate) fn messages(&self) -> Vec<Option<MessageKeyId>> {
        messages(&[self.policy])
    }

    /// What becomes of every data element for a requester of these classes. Columns of the same rules are one.
    ///
    /// # Errors
    /// When the claims that rules ask for depend on each other in too many ways.
    pub(crate) fn column(
        &self,
        classes: &[ClassId],
        purpose: Option<PurposeId>,
        message: Option<MessageKeyId>,
    ) -> Result<Arc<Column>, ConfigError> {
        let found = self.columns(classes, &[(purpose, message)])?;
        found.into_iter().next().ok_or_else(|| SurveyError::Claims(Vec::new()).of(&[self.policy]))
    }

    /// The columns of these classes for each of these purposes and message keys.
    ///
    /// # Errors
    /// When the claims that rules ask for depend on each other in too many ways.
    pub(crate) fn columns(
        &self,
        classes: &[ClassId],
        places: &[(Option<PurposeId>, Option<MessageKeyId>)],
    ) -> Result<Vec<Arc<Column>>, ConfigError> {
        let mut columns = self.columns.lock().unwrap_or_else(PoisonError::into_inner);
        let rules = columns.rules_for(0, classes);
        let column = |(purpose, message): &(_, _)| columns.column(0, &rules, *purpose, *message);
        places.iter().map(column).collect::<Result<_, _>>().map_err(|error: SurveyError| error.of(&[self.policy]))
    }

    /// The rules that are for some of these classes, in order; none if there is no class.
    pub(crate) fn rules_for(&self, classes: &[ClassId]) -> Vec<RuleId> {
        self.columns.lock().unwrap_or_else(PoisonError::into_inner).rules_for(0, classes)
    }

    /// The kinds of data elements that rules tell apart.
    pub(crate) fn kinds(&self) -> Arc<Kinds> {
        Arc::clone(self.columns.lock().unwrap_or_else(PoisonError::into_inner).kinds())
    }

    /// What becomes of an element, by claims; the case of the fewest claims first.
    ///
    /// # Errors
    /// When there are more cases than anybody could read.
    pub(crate) fn cases(&self, cell: Tree) -> Result<Vec<Case<Outcome>>, ConfigError> {
        let columns = self.columns.lock().unwrap_or_else(PoisonError::into_inner);
        self.cases_of(&columns, columns.trees.ways(cell, MAX_CASES))
    }

    /// The same in as few claims as say the same, for people: the cases may overlap, and agree where they do.
    ///
    /// # Errors
    /// When there are more cases than anybody could read.
    pub(crate) fn simple_cases(&self, cell: Tree) -> Result<Vec<Case<Outcome>>, ConfigError> {
        let columns = self.columns.lock().unwrap_or_else(PoisonError::into_inner);
        self.cases_of(&columns, columns.trees.ways(cell, MAX_CASES).map(simplified))
    }

    fn cases_of<T>(&self, columns: &Columns<'_>, ways: Option<Vec<Way<T>>>) -> Result<Vec<Case<T>>, ConfigError> {
        let ways = ways.ok_or_else(|| SurveyError::Claims(Vec::new()).of(&[self.policy]))?;
        let set = |levels: Levels| self.policy.claim_set(columns.claim_names(levels));
        let case = |way: Way<T>| Case { with: set(way.with), without: set(way.without), value: way.value };
        Ok(ways.into_iter().map(case).collect())
    }
}

fn purposes(policy: &Policy) -> Vec<Option<PurposeId>> {
    let all = u16::try_from(policy.purposes().len()).unwrap_or(u16::MAX);
    (0..all).map(|place| Some(PurposeId(place))).chain([None]).collect()
}

fn messages(policies: &[&Policy]) -> Vec<Option<MessageKeyId>> {
    let rules = policies.iter().flat_map(|policy| policy.rules());
    let mut keys: Vec<_> = rules.flat_map(|rule| rule.messages.iter().flatten().copied()).collect();
    keys.sort_unstable();
    keys.dedup();
    let may_be_absent = !keys.is_empty() && policies.iter().any(|policy| policy.key_may_be_absent);
    let absent = may_be_absent.then_some(None);
    keys.into_iter().map(Some).chain([Some(MessageKeyId::OTHER)]).chain(absent).collect()
}
