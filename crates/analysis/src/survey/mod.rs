//! Exhaustive analysis of a policy over all possible requesters: the basis of `matrix`, `diff`, `check`, `explain` and
//! `test`. It isn't on the message path.
//!
//! Nothing is sampled. Three steps lead to an answer:
//!
//! 1. [`Survey::populations`]: every set of agency classes that some ORI has, each with one such ORI, computed by running
//!    all patterns in parallel over nine characters.
//! 2. [`Survey::column`]: for a population, what a request states and a message key, the outcome for every data element.
//!    What may be stated is [`Survey::stated`], the keys that rules distinguish are [`Survey::messages`].
//! 3. [`Survey::cases`]: for one cell of a column, the claims that matter: which must be vouched for, which must not be,
//!    and the element's outcome then. Every set of claims is in exactly one case.
//!
//! [`Policy::ruling`] explains one situation ([`Conditions`](dmv_redact_model::policy::Conditions)).

mod columns;
mod comparison;
mod error;
mod kinds;
mod masks;
mod order;
mod regions;
mod simple;
mod trees;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

pub use columns::{Column, Outcome};
pub use comparison::{Change, Difference, Differences, Direction, NEW, OLD, ReviewDifference, RuleDifference, compare};
pub use kinds::{KindId, Kinds};
pub use masks::{ANY, DIGIT, Mask, covering, masks};
pub use regions::Claim;
pub use trees::Tree;

use columns::Columns;
use dmv_redact_model::config::ConfigError;
use dmv_redact_model::policy::{Attributes, ClaimSet, ClassId, MessageKeyId, Ori, Period, Policy, RuleId};
use error::SurveyError;
use simple::simplified;
use trees::TreePath;

/// Maximum number of cases per cell (P8); no readable policy has as many.
const MAX_CASES: usize = 1_024;

/// All ORIs with the same agency classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Population {
    /// The classes, in order; empty for ORIs that no class claims.
    pub(crate) classes: Vec<ClassId>,
    /// One of its ORIs.
    pub(crate) example: Ori,
}

/// Claims that are vouched for, claims that are not, and the value for all sets of claims that match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case<T> {
    /// Claims that must be vouched for. These alone match the case.
    pub(crate) with: ClaimSet,
    /// Claims none of which may be vouched for.
    pub(crate) without: ClaimSet,
    pub(crate) value: T,
}

/// All populations, and the pattern claims on ORIs that no class lists.
type PopulationsAndClaims = (Vec<Population>, Vec<Claim>);

/// The survey of a policy.
#[derive(Debug)]
pub struct Survey<'p> {
    policy: &'p Policy,
    /// Computed lazily, because a single requester doesn't need it.
    populations_and_claims: OnceLock<Result<PopulationsAndClaims, SurveyError>>,
    columns: Mutex<Columns<'p>>,
}

impl<'p> Survey<'p> {
    /// Surveys a policy that decides by no date: one without dates, or as of a day.
    pub fn of(policy: &'p Policy) -> Self {
        debug_assert!(!policy.depends_on_date(), "a survey is of one day");
        Self { policy, populations_and_claims: OnceLock::new(), columns: Mutex::new(Columns::of(&[policy])) }
    }

    fn populations_and_claims(&self) -> Result<&PopulationsAndClaims, ConfigError> {
        let known = self.populations_and_claims.get_or_init(|| self.compute_populations_and_claims());
        known.as_ref().map_err(|error| error.of(&[self.policy]))
    }

    fn compute_populations_and_claims(&self) -> Result<PopulationsAndClaims, SurveyError> {
        let (regions, claims) = regions::regions_and_claims(self.policy.agencies())?;
        let populations: Vec<Population> = regions
            .into_iter()
            .map(|region| Population {
                classes: region.classes.into_iter().next().unwrap_or_default(),
                example: region.example,
            })
            .collect();
        SurveyError::check_count(populations.len(), self.policy.stated_count(), self.messages().len())?;
        Ok((populations, claims))
    }

    /// The pattern claims on ORIs that no class lists.
    ///
    /// # Errors
    /// When there are too many.
    pub(crate) fn claims(&self) -> Result<&[Claim], ConfigError> {
        Ok(&self.populations_and_claims()?.1)
    }

    /// The error for claims that depend on each other in too many ways.
    pub(crate) fn too_many_cases(&self) -> ConfigError {
        SurveyError::Claims(Vec::new()).of(&[self.policy])
    }

    pub(crate) fn policy(&self) -> &'p Policy {
        self.policy
    }

    /// Every set of classes that some ORI has; the empty set, if an ORI has it, comes first.
    ///
    /// # Errors
    /// When there are too many.
    pub(crate) fn populations(&self) -> Result<&[Population], ConfigError> {
        Ok(&self.populations_and_claims()?.0)
    }

    /// Everything that a request may state, as rules tell it apart; nothing at all comes last.
    ///
    /// # Errors
    /// When there is too much of it.
    pub(crate) fn stated(&self) -> Result<Vec<Attributes>, ConfigError> {
        let check = SurveyError::check_count(1, self.policy.stated_count(), self.messages().len());
        check.map_err(|error| error.of(&[self.policy]))?;
        Ok(self.policy.stated())
    }

    /// The message keys that rules distinguish; then [`MessageKeyId::OTHER`], and `None` where formats without a key
    /// make a difference.
    pub(crate) fn messages(&self) -> Vec<Option<MessageKeyId>> {
        messages(&[self.policy])
    }

    /// The outcomes of all data elements for a requester of these classes. Columns with the same rules are shared.
    ///
    /// # Errors
    /// When the claims of rules depend on each other in too many ways.
    pub(crate) fn column(
        &self,
        classes: &[ClassId],
        attributes: Attributes,
        message: Option<MessageKeyId>,
    ) -> Result<Arc<Column>, ConfigError> {
        let found = self.columns(classes, &[(attributes, message)])?;
        found.into_iter().next().ok_or_else(|| SurveyError::Claims(Vec::new()).of(&[self.policy]))
    }

    /// The columns of these classes for each of these attributes and message keys.
    ///
    /// # Errors
    /// When the claims of rules depend on each other in too many ways.
    pub(crate) fn columns(
        &self,
        classes: &[ClassId],
        conditions: &[(Attributes, Option<MessageKeyId>)],
    ) -> Result<Vec<Arc<Column>>, ConfigError> {
        let mut columns = self.columns.lock().unwrap_or_else(PoisonError::into_inner);
        let rules = columns.rules_for(0, classes);
        let found = conditions.iter().map(|(attributes, message)| columns.column(0, &rules, attributes, *message));
        found.collect::<Result<_, _>>().map_err(|error: SurveyError| error.of(&[self.policy]))
    }

    /// The rules for any of these classes, in order; none without a class.
    pub(crate) fn rules_for(&self, classes: &[ClassId]) -> Vec<RuleId> {
        self.columns.lock().unwrap_or_else(PoisonError::into_inner).rules_for(0, classes)
    }

    /// The kinds of data elements that rules distinguish.
    pub(crate) fn kinds(&self) -> Arc<Kinds> {
        Arc::clone(self.columns.lock().unwrap_or_else(PoisonError::into_inner).kinds())
    }

    /// The outcomes of an element by claims, the case with the fewest claims first. Every set of claims that a request
    /// can make is in exactly one.
    ///
    /// # Errors
    /// When there are too many cases to read.
    pub(crate) fn cases(&self, cell: Tree) -> Result<Vec<Case<Outcome>>, ConfigError> {
        let columns = self.columns.lock().unwrap_or_else(PoisonError::into_inner);
        self.cases_of(&columns, columns.possible_paths(&columns.trees, cell))
    }

    /// The same, simplified for people: the cases may overlap, and agree where they do.
    ///
    /// # Errors
    /// When there are too many cases to read.
    pub(crate) fn simple_cases(&self, cell: Tree) -> Result<Vec<Case<Outcome>>, ConfigError> {
        let columns = self.columns.lock().unwrap_or_else(PoisonError::into_inner);
        self.cases_of(&columns, columns.possible_paths(&columns.trees, cell).map(simplified))
    }

    fn cases_of<T>(&self, columns: &Columns<'_>, paths: Option<Vec<TreePath<T>>>) -> Result<Vec<Case<T>>, ConfigError> {
        let paths = paths.ok_or_else(|| SurveyError::Claims(Vec::new()).of(&[self.policy]))?;
        let cases = paths.into_iter().map(|path| Case {
            with: self.policy.claim_set(columns.claim_names(path.with)),
            without: self.policy.claim_set(columns.claim_names(path.without)),
            value: path.value,
        });
        Ok(cases.collect())
    }
}

fn messages(policies: &[&Policy]) -> Vec<Option<MessageKeyId>> {
    let rules = policies.iter().flat_map(|policy| policy.rules());
    let rules = rules.filter(|rule| rule.is_in_force(Period::default()));
    let mut keys: Vec<_> = rules.flat_map(|rule| rule.messages.iter().flatten().copied()).collect();
    keys.sort_unstable();
    keys.dedup();
    let may_be_absent = !keys.is_empty() && policies.iter().any(|policy| policy.key_may_be_absent());
    let absent = may_be_absent.then_some(None);
    keys.into_iter().map(Some).chain([Some(MessageKeyId::OTHER)]).chain(absent).collect()
}
