//! What becomes of every data element for one set of agency classes, one purpose and one message key: for each a decision
//! tree over claims. Columns of several policies share their trees, so that what is the same in both is the same tree.

use std::collections::HashMap;
use std::sync::Arc;

use super::SurveyError;
use super::told::RuleId;
use super::trees::{Condition, Levels, Tree, Trees};
use crate::catalog::{ElementId, Treatment};
use crate::policy::agency::ClassId;
use crate::policy::rule::{ClaimSet, Effect, MessageKeyId, PurposeId, Rule};
use crate::policy::{Policy, Verdict};

/// What becomes of a data element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Outcome {
    /// It is released so.
    Released(Treatment),
    /// It would be released so, but a person must review the message first.
    Held(Treatment),
    /// It is removed.
    Removed,
}

/// What becomes of every element, by claims.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// The rules that apply if their claims are vouched for.
    pub(crate) rules: Vec<RuleId>,
    cells: Box<[Tree]>,
    /// What becomes of the whole message.
    pub(super) verdict: Tree,
}

impl Column {
    /// What becomes of an element: two that are equal say the same for every set of claims, whatever column they are of.
    pub(crate) fn cell(&self, element: ElementId) -> Option<Tree> {
        self.cells.get(element.index()).copied()
    }

    /// All of them, by the places of the elements.
    pub(crate) fn cells(&self) -> &[Tree] {
        &self.cells
    }
}

/// What a rule does to one element, and the claims it asks for.
type Action = (Doing, Condition);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Doing {
    Permit(Treatment),
    Forbid,
    Review,
}

/// The rules of one policy, by whom they are for.
#[derive(Debug)]
struct Book<'p> {
    policy: &'p Policy,
    conditions: Vec<Condition>,
    of_class: Vec<Vec<RuleId>>,
    of_everyone: Vec<RuleId>,
}

/// All columns that were asked for, and the trees they share.
#[derive(Debug)]
pub(super) struct Columns<'p> {
    books: Vec<Book<'p>>,
    /// The names of the claims, in the order in which trees ask for them.
    claims: Vec<&'p str>,
    pub(super) trees: Trees<Outcome>,
    pub(super) verdicts: Trees<Verdict>,
    known: HashMap<(usize, Vec<RuleId>), Arc<Column>>,
    known_cells: HashMap<Vec<Action>, Tree>,
    known_verdicts: HashMap<Vec<Tree>, Tree>,
}

impl<'p> Columns<'p> {
    pub(super) fn of(policies: &[&'p Policy]) -> Self {
        let mut claims: Vec<&'p str> = Vec::new();
        // Claims that stand in one rule are asked for one after the other: that keeps trees small.
        for policy in policies {
            for rule in &policy.rules {
                for name in policy.claim_names(ClaimSet(rule.requires.0 | rule.unless.0)) {
                    if !claims.contains(&name) {
                        claims.push(name);
                    }
                }
            }
        }
        let books = policies.iter().map(|policy| Book::of(policy, &claims)).collect();
        Self {
            books,
            claims,
            trees: Trees::new(),
            verdicts: Trees::new(),
            known: HashMap::new(),
            known_cells: HashMap::new(),
            known_verdicts: HashMap::new(),
        }
    }

    /// The names of the claims at these places of the trees' order.
    pub(super) fn claim_names(&self, levels: Levels) -> Vec<&'p str> {
        (0..).zip(&self.claims).filter(|(place, _)| levels & (1 << place) != 0).map(|(_, name)| *name).collect()
    }

    /// The rules of a policy that are for some of these classes, in order.
    pub(super) fn rules_for(&self, policy: usize, classes: &[ClassId]) -> Vec<RuleId> {
        let Some(book) = self.books.get(policy) else { return Vec::new() };
        if classes.is_empty() {
            return Vec::new();
        }
        let of_classes = classes.iter().filter_map(|class| book.of_class.get(usize::from(*class))).flatten();
        let mut rules: Vec<RuleId> = of_classes.chain(&book.of_everyone).copied().collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    /// The column of these rules for a purpose and a message key.
    pub(super) fn column(
        &mut self,
        policy: usize,
        rules: &[RuleId],
        purpose: Option<PurposeId>,
        message: Option<MessageKeyId>,
    ) -> Result<Arc<Column>, SurveyError> {
        let Some(book) = self.books.get(policy).map(|book| book.policy) else { return Err(SurveyError::CLAIMS) };
        let is_for = |id: &RuleId| book.rule(*id).is_some_and(|rule| rule.is_for(purpose, message));
        let key = (policy, rules.iter().copied().filter(is_for).collect::<Vec<_>>());
        if let Some(column) = self.known.get(&key) {
            return Ok(Arc::clone(column));
        }
        let column = Arc::new(self.build(policy, &key.1));
        if self.trees.is_full() || self.verdicts.is_full() {
            return Err(SurveyError::CLAIMS);
        }
        self.known.insert(key, Arc::clone(&column));
        Ok(column)
    }

    fn build(&mut self, policy: usize, rules: &[RuleId]) -> Column {
        let mut actions: Vec<Vec<Action>> = Vec::new();
        let mut reviews: Vec<Action> = Vec::new();
        if let Some(book) = self.books.get(policy) {
            actions.resize(book.policy.envelope.len(), Vec::new());
            let mut add = |element: ElementId, action: Action| {
                if let Some(own) = actions.get_mut(element.index()) {
                    own.push(action);
                }
            };
            for (rule, condition) in rules.iter().filter_map(|id| book.entry(*id)) {
                match &rule.effect {
                    Effect::Permit(elements) => elements
                        .iter()
                        .for_each(|(element, treatment)| add(*element, (Doing::Permit(*treatment), condition))),
                    Effect::Forbid(elements) => {
                        elements.iter().for_each(|element| add(*element, (Doing::Forbid, condition)));
                    }
                    Effect::Review => reviews.push((Doing::Review, condition)),
                }
            }
        }
        let cell = |mut own: Vec<Action>| {
            own.extend(&reviews);
            own.sort_unstable();
            own.dedup();
            self.cell(own)
        };
        let cells: Box<[Tree]> = actions.into_iter().map(cell).collect();
        let verdict = self.verdict(&cells);
        Column { rules: rules.to_vec(), cells, verdict }
    }

    /// What the actions make of an element: the most open permit, unless a forbid; held, if a review.
    fn cell(&mut self, actions: Vec<Action>) -> Tree {
        if let Some(tree) = self.known_cells.get(&actions) {
            return *tree;
        }
        let trees = &mut self.trees;
        let removed = trees.leaf(Outcome::Removed);
        let mut tree = removed;
        for (doing, condition) in &actions {
            let then = match *doing {
                Doing::Permit(treatment) => {
                    trees.map(tree, &|outcome: Outcome| outcome.min(Outcome::Released(treatment)))
                }
                Doing::Forbid => removed,
                Doing::Review => trees.map(tree, &|outcome| match outcome {
                    Outcome::Released(treatment) => Outcome::Held(treatment),
                    other => other,
                }),
            };
            tree = trees.choose(*condition, then, tree);
        }
        self.known_cells.insert(actions, tree);
        tree
    }

    fn verdict(&mut self, cells: &[Tree]) -> Tree {
        let mut distinct = cells.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        if let Some(tree) = self.known_verdicts.get(&distinct) {
            return *tree;
        }
        let join = |verdict: Verdict, outcome: Outcome| match outcome {
            Outcome::Released(_) => Verdict::Rewrite,
            Outcome::Held(_) => Verdict::Review,
            Outcome::Removed => verdict,
        };
        let mut tree = self.verdicts.leaf(Verdict::Nothing);
        for cell in &distinct {
            tree = self.verdicts.fold(tree, (&self.trees, *cell), &join);
        }
        self.known_verdicts.insert(distinct, tree);
        tree
    }
}

impl<'p> Book<'p> {
    fn of(policy: &'p Policy, claims: &[&str]) -> Self {
        let levels = |set: ClaimSet| {
            let place = |name: &str| claims.iter().position(|own| *own == name).unwrap_or_default();
            policy.claim_names(set).into_iter().fold(0, |levels: Levels, name| levels | 1 << place(name))
        };
        let condition = |rule: &Rule| Condition { requires: levels(rule.requires), unless: levels(rule.unless) };
        let mut of_class = vec![Vec::new(); policy.classes().len()];
        let mut of_everyone = Vec::new();
        for (id, rule) in policy.rules.iter().enumerate() {
            match &rule.classes {
                Some(classes) => classes.iter().for_each(|class| {
                    if let Some(own) = of_class.get_mut(usize::from(*class)) {
                        own.push(id);
                    }
                }),
                None => of_everyone.push(id),
            }
        }
        Self { policy, conditions: policy.rules.iter().map(condition).collect(), of_class, of_everyone }
    }

    fn entry(&self, id: RuleId) -> Option<(&'p Rule, Condition)> {
        Some((self.policy.rules.get(id)?, *self.conditions.get(id)?))
    }
}
