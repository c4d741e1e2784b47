//! Compares what two sets of agency classes get, for advice that moves an ORI from one to the other.

use std::sync::PoisonError;

use super::columns::Outcome;
use super::comparison::direction;
use super::trees::{Tree, Trees};
use super::{Direction, Survey, SurveyError};
use dmv_redact_model::config::ConfigError;
use dmv_redact_model::policy::ClassId;

impl Survey<'_> {
    /// Whether a requester of the classes `to` gets anything that one of the classes `from` doesn't, or more of it, for
    /// whatever it states, any message key and claims, directly or after a review.
    ///
    /// # Errors
    /// When the claims of rules depend on each other in too many ways.
    pub(crate) fn gets_more(&self, from: &[ClassId], to: &[ClassId]) -> Result<bool, ConfigError> {
        let messages = self.messages();
        let stated = self.stated()?.into_iter();
        let conditions: Vec<_> =
            stated.flat_map(|attributes| messages.iter().map(move |key| (attributes, *key))).collect();
        let (old, new) = (self.columns(from, &conditions)?, self.columns(to, &conditions)?);
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

    /// Whether the second cell releases more than the first, for any claims.
    fn is_more(&self, [old, new]: [Tree; 2]) -> Result<bool, SurveyError> {
        let columns = self.columns.lock().unwrap_or_else(PoisonError::into_inner);
        let mut both = Trees::new();
        let none = both.leaf([Outcome::Removed; 2]);
        let tree = both.fold(none, (&columns.trees, old), &|[_, new], outcome| [outcome, new]);
        let tree = both.fold(tree, (&columns.trees, new), &|[old, _], outcome| [old, outcome]);
        let paths = columns.possible_paths(&both, tree).filter(|_| !both.is_full());
        let paths = paths.ok_or(SurveyError::Claims(Vec::new()))?;
        Ok(paths.iter().any(|path| path.value[0] != path.value[1] && direction(path.value) != Direction::Loss))
    }
}
