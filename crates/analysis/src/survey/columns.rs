//! The outcomes of every data element for one set of agency classes, what one request states and one message key, each a decision
//! tree over claims. Columns of several policies share their trees, so that equal outcomes are the same tree.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use super::kinds::{KindId, Kinds};
use super::trees::{Condition, Levels, Tree, TreePath, Trees};
use super::{MAX_CASES, SurveyError};
#[cfg(test)]
use dmv_redact_model::catalog::ElementId;
use dmv_redact_model::catalog::Treatment;
use dmv_redact_model::policy::ClassId;
use dmv_redact_model::policy::RuleId;
use dmv_redact_model::policy::{Attributes, ClaimSet, Effect, MessageKeyId, Period, Rule};
use dmv_redact_model::policy::{Policy, Verdict};

/// The outcome for a data element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It is released with this treatment.
    Released(Treatment),
    /// It would be released with this treatment, but a person must review the message first.
    Held(Treatment),
    /// It is removed.
    Removed,
}

/// The outcomes of every element, by claims.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// The rules that apply if their claims are vouched for.
    pub(crate) rules: Arc<[RuleId]>,
    /// By kind of element.
    cells: Box<[Tree]>,
    /// The same, with all that reviewers may vouch for, where they may.
    vouched: Option<Box<[Tree]>>,
    kinds: Arc<Kinds>,
}

impl Column {
    /// The outcomes of an element. Equal trees have equal outcomes for every set of claims, in all columns.
    #[cfg(test)]
    pub(crate) fn cell(&self, element: ElementId) -> Option<Tree> {
        self.cells.get(self.kinds.kind(element)?).copied()
    }

    /// All cells, by kind of element.
    pub(crate) fn cells(&self) -> &[Tree] {
        &self.cells
    }
}

/// What a rule does to one element, and its claim conditions.
type Action = (ActionKind, Condition);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum ActionKind {
    Permit(Treatment),
    Forbid,
    /// With the claims that the reviewer may vouch for.
    Review(Levels),
}

/// The rules of one policy, indexed by agency class.
#[derive(Debug)]
struct RuleIndex<'p> {
    policy: &'p Policy,
    /// For each rule the ids of its actions, with the kind of element; a review acts on every kind.
    actions: Vec<Vec<(Option<KindId>, u32)>>,
    of_class: Vec<Vec<RuleId>>,
    of_everyone: Vec<RuleId>,
}

/// All columns computed so far, and the trees they share.
#[derive(Debug)]
pub(super) struct Columns<'p> {
    rule_indices: Vec<RuleIndex<'p>>,
    /// The names of the claims, in the variable order of the trees.
    claims: Vec<&'p str>,
    /// The level of each claim of `specified-by`, with those of the claims behind one of which the instrument is.
    specified: Vec<(Levels, Levels)>,
    kinds: Arc<Kinds>,
    /// By action id.
    actions: Vec<Action>,
    pub(super) trees: Trees<Outcome>,
    pub(super) verdicts: Trees<Verdict>,
    /// For each policy, by rules.
    known: Vec<HashMap<Arc<[RuleId]>, Arc<Column>>>,
    /// By actions, and whether reviewers vouch.
    known_cells: HashMap<(Box<[u32]>, bool), Tree>,
    known_verdicts: HashMap<Vec<Tree>, Tree>,
}

impl<'p> Columns<'p> {
    pub(super) fn of(policies: &[&'p Policy]) -> Self {
        let mut claims: Vec<&'p str> = Vec::new();
        // Claims of one rule are adjacent in the variable order, which keeps trees small.
        for policy in policies {
            for rule in policy.rules() {
                let vouches = match rule.effect {
                    Effect::Review(claims) => claims,
                    Effect::Permit(_) | Effect::Forbid(_) | Effect::Duty(_) => ClaimSet::default(),
                };
                for name in policy.claim_names(rule.requires.union(rule.unless).union(vouches)) {
                    if !claims.contains(&name) {
                        claims.push(name);
                    }
                }
            }
        }
        let mut specified = Vec::new();
        for policy in policies {
            let is_asked = |set| policy.claim_names(set).iter().all(|name| claims.contains(name));
            let asked = policy.specified_claims().filter(|(claim, behind)| is_asked(*claim) && is_asked(*behind));
            specified
                .extend(asked.map(|(claim, behind)| (levels(policy, &claims, claim), levels(policy, &claims, behind))));
        }
        let kinds = Arc::new(Kinds::of(policies));
        let mut numbers = HashMap::new();
        let rule_indices = policies.iter().map(|policy| RuleIndex::of(policy, &claims, &kinds, &mut numbers)).collect();
        let mut actions: Vec<(u32, Action)> = numbers.into_iter().map(|(action, number)| (number, action)).collect();
        actions.sort_unstable();
        Self {
            rule_indices,
            claims,
            specified,
            kinds,
            actions: actions.into_iter().map(|(_, action)| action).collect(),
            trees: Trees::new(),
            verdicts: Trees::new(),
            known: vec![HashMap::new(); policies.len()],
            known_cells: HashMap::new(),
            known_verdicts: HashMap::new(),
        }
    }

    /// The names of the claims at these levels.
    pub(super) fn claim_names(&self, levels: Levels) -> Vec<&'p str> {
        (0..).zip(&self.claims).filter(|(level, _)| levels & (1 << level) != 0).map(|(_, name)| *name).collect()
    }

    /// Whether a request can make the claims of a path: what an instrument specifies goes with a claim that it is behind.
    fn is_possible<T>(&self, path: &TreePath<T>) -> bool {
        let mut specified = self.specified.iter().filter(|(claim, _)| path.with & claim != 0);
        specified.all(|(_, behind)| path.without & behind != *behind)
    }

    /// The paths through a tree that requests can take, those with fewer claims first. `None` if there are too many.
    pub(super) fn possible_paths<T: Copy + Eq + Hash>(&self, trees: &Trees<T>, tree: Tree) -> Option<Vec<TreePath<T>>> {
        let mut paths = trees.paths(tree, MAX_CASES)?;
        paths.retain(|path| self.is_possible(path));
        Some(paths)
    }

    /// The rules of a policy for any of these classes, in order.
    pub(super) fn rules_for(&self, policy: usize, classes: &[ClassId]) -> Vec<RuleId> {
        let Some(rule_index) = self.rule_indices.get(policy) else { return Vec::new() };
        if classes.is_empty() {
            return Vec::new();
        }
        let of_classes = classes.iter().filter_map(|class| rule_index.of_class.get(usize::from(*class))).flatten();
        let mut rules: Vec<RuleId> = of_classes.chain(&rule_index.of_everyone).copied().collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    /// The column of these rules for what a request states and a message key.
    pub(super) fn column(
        &mut self,
        policy: usize,
        rules: &[RuleId],
        attributes: &Attributes,
        message: Option<MessageKeyId>,
    ) -> Result<Arc<Column>, SurveyError> {
        let Some(surveyed) = self.rule_indices.get(policy).map(|rule_index| rule_index.policy) else {
            return Err(SurveyError::Claims(Vec::new()));
        };
        let mut own = rules.to_vec();
        own.retain(|id| surveyed.rule(*id).is_some_and(|rule| rule.is_for(attributes, message)));
        if let Some(column) = self.known.get(policy).and_then(|known| known.get(own.as_slice())) {
            return Ok(Arc::clone(column));
        }
        let own: Arc<[RuleId]> = own.into();
        let column = Arc::new(self.build(policy, Arc::clone(&own)));
        if self.trees.is_full() {
            return Err(SurveyError::Claims(own.iter().map(|id| (policy, *id)).collect()));
        }
        if let Some(known) = self.known.get_mut(policy) {
            known.insert(own, Arc::clone(&column));
        }
        Ok(column)
    }

    fn build(&mut self, policy: usize, rules: Arc<[RuleId]>) -> Column {
        let mut actions: Vec<(KindId, u32)> = Vec::new();
        let mut reviews: Vec<u32> = Vec::new();
        if let Some(rule_index) = self.rule_indices.get(policy) {
            for (kind, action) in rules.iter().filter_map(|id| rule_index.actions.get(*id)).flatten() {
                match kind {
                    Some(kind) => actions.push((*kind, *action)),
                    None => reviews.push(*action),
                }
            }
        }
        actions.sort_unstable();
        let cells = self.cells(&actions, &reviews, false);
        let vouch = |number: &u32| matches!(self.actions.get(*number as usize), Some((ActionKind::Review(claims), _)) if *claims != 0);
        let vouched = reviews.iter().any(vouch).then(|| self.cells(&actions, &reviews, true));
        Column { rules, cells, vouched, kinds: Arc::clone(&self.kinds) }
    }

    /// The cells of all kinds, with or without what reviewers may vouch for.
    fn cells(&mut self, actions: &[(KindId, u32)], reviews: &[u32], is_vouched: bool) -> Box<[Tree]> {
        // Kinds that no rule names all have the same cell.
        let mut own = reviews.to_vec();
        let mut cells = vec![self.cell(&mut own, is_vouched); self.kinds.count()];
        for actions in actions.chunk_by(|(one, _), (other, _)| one == other) {
            own.clear();
            own.extend(actions.iter().map(|(_, action)| *action).chain(reviews.iter().copied()));
            let cell = actions.first().and_then(|(kind, _)| cells.get_mut(*kind));
            let tree = self.cell(&mut own, is_vouched);
            cell.into_iter().for_each(|cell| *cell = tree);
        }
        cells.into()
    }

    /// The outcome tree of a set of actions, given by id: the most open permit, unless there is a forbid; held, if there is a
    /// review, with or without what its reviewer may vouch for.
    fn cell(&mut self, numbers: &mut Vec<u32>, is_vouched: bool) -> Tree {
        numbers.sort_unstable();
        numbers.dedup();
        let key = (numbers.as_slice().into(), is_vouched);
        if let Some(tree) = self.known_cells.get(&key) {
            return *tree;
        }
        let mut actions: Vec<Action> =
            numbers.iter().filter_map(|number| self.actions.get(*number as usize).copied()).collect();
        actions.sort_unstable();
        let trees = &mut self.trees;
        let removed = trees.leaf(Outcome::Removed);
        let mut tree = removed;
        for (action_kind, condition) in &actions {
            let then = match *action_kind {
                ActionKind::Permit(treatment) => {
                    trees.map(tree, &|outcome: Outcome| outcome.min(Outcome::Released(treatment)))
                }
                ActionKind::Forbid => removed,
                ActionKind::Review(_) => continue,
            };
            tree = trees.choose(*condition, then, tree);
        }
        let reviews = actions.iter().filter_map(|(action, condition)| match action {
            ActionKind::Review(claims) => Some((*condition, if is_vouched { *claims } else { 0 })),
            ActionKind::Permit(_) | ActionKind::Forbid => None,
        });
        let reviews: Vec<(Condition, Levels)> = reviews.collect();
        let tree = reviewed(trees, &reviews, (tree, None), &mut HashMap::new());
        self.known_cells.insert(key, tree);
        tree
    }

    /// The verdict on the whole message. Computed lazily, because it is rarely needed and can depend on all claims at
    /// once.
    pub(super) fn verdict(&mut self, column: &Column) -> Result<Tree, SurveyError> {
        // A review is also for what would be released only with what the reviewer vouches for.
        let mut distinct = [&column.cells[..], column.vouched.as_deref().unwrap_or_default()].concat();
        distinct.sort_unstable();
        distinct.dedup();
        if let Some(tree) = self.known_verdicts.get(&distinct) {
            return Ok(*tree);
        }
        // An element that is always released, without review, decides it alone.
        let always = distinct.iter().find(|tree| matches!(self.trees.value(**tree), Some(Outcome::Released(_))));
        let deciding = always.map_or(distinct.as_slice(), std::slice::from_ref);
        let mut tree = self.verdicts.leaf(Verdict::Nothing);
        for cell in deciding {
            tree = self.verdicts.fold(tree, (&self.trees, *cell), &verdict_after);
        }
        if self.verdicts.is_full() {
            return Err(SurveyError::Claims(Vec::new()));
        }
        self.known_verdicts.insert(distinct, tree);
        Ok(tree)
    }

    /// The claims with which a rule of a policy applies.
    pub(super) fn condition(&self, policy: &Policy, rule: &Rule) -> Condition {
        let [requires, unless] = [rule.requires, rule.unless].map(|set| levels(policy, &self.claims, set));
        Condition { requires, unless }
    }

    pub(super) fn kinds(&self) -> &Arc<Kinds> {
        &self.kinds
    }
}

/// Maximum number of ways in which the reviews of one cell can vouch together (P8).
const MAX_VOUCHED: usize = 1 << 12;

/// The outcome tree after these reviews, of which those before have made it one that is held, with what they vouch for.
fn reviewed(
    trees: &mut Trees<Outcome>,
    reviews: &[(Condition, Levels)],
    (tree, vouched): (Tree, Option<Levels>),
    known: &mut HashMap<(usize, Option<Levels>), Tree>,
) -> Tree {
    if let Some(tree) = known.get(&(reviews.len(), vouched)) {
        return *tree;
    }
    if known.len() >= MAX_VOUCHED {
        trees.give_up();
        return tree;
    }
    let reviewed = match (reviews, vouched) {
        ([], None) => tree,
        ([], Some(claims)) => {
            let tree = trees.with_claims(tree, claims);
            trees.map(tree, &|outcome| match outcome {
                Outcome::Released(treatment) => Outcome::Held(treatment),
                other => other,
            })
        }
        ([(condition, own), rest @ ..], _) => {
            let then = reviewed(trees, rest, (tree, Some(vouched.unwrap_or_default() | own)), known);
            let otherwise = reviewed(trees, rest, (tree, vouched), known);
            trees.choose(*condition, then, otherwise)
        }
    };
    known.insert((reviews.len(), vouched), reviewed);
    reviewed
}

/// The verdict on a message after one more element.
fn verdict_after(verdict: Verdict, outcome: Outcome) -> Verdict {
    match outcome {
        Outcome::Released(_) => Verdict::Rewrite,
        Outcome::Held(_) => Verdict::Review,
        Outcome::Removed => verdict,
    }
}

impl<'p> RuleIndex<'p> {
    fn of(policy: &'p Policy, claims: &[&str], kinds: &Kinds, numbers: &mut HashMap<Action, u32>) -> Self {
        let mut actions = Vec::with_capacity(policy.rules().len());
        for rule in policy.rules() {
            let [requires, unless] = [rule.requires, rule.unless].map(|set| levels(policy, claims, set));
            let mut own = Vec::new();
            let action_kinds = match rule.effect {
                // A review acts on every kind.
                Effect::Review(vouches) => vec![(None, ActionKind::Review(levels(policy, claims, vouches)))],
                Effect::Permit(_) | Effect::Forbid(_) | Effect::Duty(_) => action_kinds(rule, kinds),
            };
            for (kind, action_kind) in action_kinds {
                let next = numbers.len() as u32;
                let number = *numbers.entry((action_kind, Condition { requires, unless })).or_insert(next);
                own.push((kind, number));
            }
            actions.push(own);
        }
        let mut of_class = vec![Vec::new(); policy.classes().len()];
        let mut of_everyone = Vec::new();
        let in_force = policy.rules().iter().enumerate().filter(|(_, rule)| rule.is_in_force(Period::default()));
        for (id, rule) in in_force {
            match &rule.classes {
                Some(classes) => classes.iter().for_each(|class| {
                    if let Some(own) = of_class.get_mut(usize::from(*class)) {
                        own.push(id);
                    }
                }),
                None => of_everyone.push(id),
            }
        }
        Self { policy, actions, of_class, of_everyone }
    }
}

/// The levels of these claims in the variable order of the trees.
fn levels(policy: &Policy, claims: &[&str], set: ClaimSet) -> Levels {
    let mut levels = 0;
    for name in policy.claim_names(set) {
        levels |= 1 << claims.iter().position(|own| *own == name).unwrap_or_default();
    }
    levels
}

/// What a permit or a forbid does to which kinds of elements.
fn action_kinds(rule: &Rule, kinds: &Kinds) -> Vec<(Option<KindId>, ActionKind)> {
    let named = kinds.named(rule).into_iter();
    named.map(|(kind, treatment)| (Some(kind), treatment.map_or(ActionKind::Forbid, ActionKind::Permit))).collect()
}
