//! Which of two sets of agency classes gets more: what an advice must know before it moves anybody from one to the other.

use std::sync::PoisonError;

use super::columns::Outcome;
use super::comparison::direction;
use super::trees::{Tree, Trees};
use super::{Direction, MAX_CASES, Survey, SurveyError};
use crate::config::ConfigError;
use crate::policy::agency::ClassId;

impl Survey<'_> {
    /// Whether a requester of the classes `to` gets anything that one of the classes `from` doesn't, or more of it, for some
    /// purpose, message key and claims, at once or after a review.
    ///
    /// # Errors
    /// When the claims that rules ask for depend on each other in too many ways.
    pub(crate) fn gets_more(&self, from: &[ClassId], to: &[ClassId]) -> Result<bool, ConfigError> {
        let messages = self.messages();
        let places: Vec<_> =
            self.purposes().into_iter().flat_map(|purpose| messages.iter().map(move |key| (purpose, *key))).collect();
        let (old, new) = (self.columns(from, &places)?, self.columns(to, &places)?);
        let mut pairs: Vec<[Tree; 2]> = Vec::new();
        for (old, new) in old.iter().zip(&new) {
            let cells = old.cells().iter().zip(new.cells()).map(|(old, new)| [*old, *new]);
            pairs.extend(cells.filter(|[old, new]| old != new));
        }
        pairs.sort_unstable();
        pairs.dedup();
        for pair in pairs {
            if self.is_more(pair).map_err(|error| error.of(&[self.policy]))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the second cell says more than the first, for some claims.
    fn is_more(&self, [old, new]: [Tree; 2]) -> Result<bool, SurveyError> {
        let columns = self.columns.lock().unwrap_or_else(PoisonError::into_inner);
        let mut both = Trees::new();
        let none = both.leaf([Outcome::Removed; 2]);
        let tree = both.fold(none, (&columns.trees, old), &|[_, new], outcome| [outcome, new]);
        let tree = both.fold(tree, (&columns.trees, new), &|[old, _], outcome| [old, outcome]);
        let ways = both.ways(tree, MAX_CASES).filter(|_| !both.is_full());
        let ways = ways.ok_or(SurveyError::Claims(Vec::new()))?;
        Ok(ways.iter().any(|way| way.value[0] != way.value[1] && direction(way.value) != Direction::Loss))
    }
}
