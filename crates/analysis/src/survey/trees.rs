//! Decision trees over claims (reduced ordered decision diagrams): the value for every set of claims, without
//! enumerating all sets.
//!
//! A tree tests claims in one fixed order, and never one that makes no difference; equal subtrees are shared (hash
//! consing). So two trees are equivalent exactly if they are the same tree, and 64 claims cost no more than the rules
//! that use them. (Bryant, "Graph-Based Algorithms for Boolean Function Manipulation", 1986.) A separate module because
//! it knows nothing of policies.

use std::collections::HashMap;
use std::hash::Hash;

/// Maximum number of nodes in the trees of one survey (P8).
const MAX_NODES: usize = 1 << 18;

/// After all claims: two policies declare 128 at most.
const NO_LEVEL: u8 = u8::MAX;

/// A set of claims by their levels in the variable order.
pub(super) type Levels = u128;

/// Claims that must all be vouched for, and claims of which none may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Condition {
    pub(super) requires: Levels,
    pub(super) unless: Levels,
}

/// The id of a tree: its root node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tree(u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Node<T> {
    Leaf(T),
    Claim { level: u8, without: Tree, with: Tree },
}

/// One path through a tree: the claims that are vouched for, those that are not, and the value at its leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TreePath<T> {
    pub(super) with: Levels,
    pub(super) without: Levels,
    pub(super) value: T,
}

/// Trees with shared nodes.
#[derive(Debug)]
pub(super) struct Trees<T> {
    nodes: Vec<Node<T>>,
    known: HashMap<Node<T>, Tree>,
    is_full: bool,
}

impl<T: Copy + Eq + Hash> Trees<T> {
    pub(super) fn new() -> Self {
        Self { nodes: Vec::new(), known: HashMap::new(), is_full: false }
    }

    /// Whether the node limit was reached: then no tree is valid.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Makes every tree invalid, as when the node limit is reached.
    pub(super) fn give_up(&mut self) {
        self.is_full = true;
    }

    /// A constant tree.
    pub(super) fn leaf(&mut self, value: T) -> Tree {
        self.intern(Node::Leaf(value))
    }

    /// The value of a constant tree.
    pub(super) fn value(&self, tree: Tree) -> Option<T> {
        match self.node(tree) {
            Some(Node::Leaf(value)) => Some(value),
            _ => None,
        }
    }

    fn node(&self, tree: Tree) -> Option<Node<T>> {
        self.nodes.get(tree.0 as usize).copied()
    }

    fn intern(&mut self, node: Node<T>) -> Tree {
        if let Some(tree) = self.known.get(&node) {
            return *tree;
        }
        if self.nodes.len() >= MAX_NODES {
            self.is_full = true;
            return Tree(0);
        }
        let tree = Tree(self.nodes.len() as u32);
        self.nodes.push(node);
        self.known.insert(node, tree);
        tree
    }

    fn claim(&mut self, level: u8, without: Tree, with: Tree) -> Tree {
        if without == with { with } else { self.intern(Node::Claim { level, without, with }) }
    }

    /// The level of the first claim that a tree tests, [`NO_LEVEL`] for a constant tree.
    fn level(&self, tree: Tree) -> u8 {
        match self.node(tree) {
            Some(Node::Claim { level, .. }) => level,
            _ => NO_LEVEL,
        }
    }

    /// The cofactors of a tree for a claim at or before its first one: without and with the claim.
    fn cofactors(&self, tree: Tree, claim: u8) -> [Tree; 2] {
        match self.node(tree) {
            Some(Node::Claim { level, without, with }) if level == claim => [without, with],
            _ => [tree, tree],
        }
    }

    /// `then` where the condition holds, `otherwise` elsewhere.
    pub(super) fn choose(&mut self, condition: Condition, then: Tree, otherwise: Tree) -> Tree {
        if condition.requires & condition.unless != 0 || self.is_full {
            return otherwise;
        }
        let mut known = HashMap::new();
        self.choose_known(condition, then, otherwise, &mut known)
    }

    fn choose_known(
        &mut self,
        condition: Condition,
        then: Tree,
        otherwise: Tree,
        known: &mut HashMap<(Condition, Tree, Tree), Tree>,
    ) -> Tree {
        let asked = condition.requires | condition.unless;
        if asked == 0 || then == otherwise {
            return then;
        }
        if let Some(tree) = known.get(&(condition, then, otherwise)) {
            return *tree;
        }
        let level = (asked.trailing_zeros() as u8).min(self.level(then)).min(self.level(otherwise));
        let bit = 1 << level;
        let rest = Condition { requires: condition.requires & !bit, unless: condition.unless & !bit };
        let ([then_without, then_with], [else_without, else_with]) =
            (self.cofactors(then, level), self.cofactors(otherwise, level));
        let without = match condition.requires & bit {
            0 => self.choose_known(rest, then_without, else_without, known),
            _ => else_without,
        };
        let with = match condition.unless & bit {
            0 => self.choose_known(rest, then_with, else_with, known),
            _ => else_with,
        };
        let tree = self.claim(level, without, with);
        known.insert((condition, then, otherwise), tree);
        tree
    }

    /// The tree that has, for every set of claims, the value of `tree` for these and `vouched`.
    pub(super) fn with_claims(&mut self, tree: Tree, vouched: Levels) -> Tree {
        self.with_claims_known(tree, vouched, &mut HashMap::new())
    }

    fn with_claims_known(&mut self, tree: Tree, vouched: Levels, known: &mut HashMap<Tree, Tree>) -> Tree {
        let Some(Node::Claim { level, without, with }) = self.node(tree) else { return tree };
        if let Some(changed) = known.get(&tree) {
            return *changed;
        }
        let with = self.with_claims_known(with, vouched, known);
        let without = match vouched & (1 << level) {
            0 => self.with_claims_known(without, vouched, known),
            _ => with,
        };
        let changed = self.claim(level, without, with);
        known.insert(tree, changed);
        changed
    }

    /// Maps the values of a tree.
    pub(super) fn map(&mut self, tree: Tree, change: &impl Fn(T) -> T) -> Tree {
        self.map_known(tree, change, &mut HashMap::new())
    }

    fn map_known(&mut self, tree: Tree, change: &impl Fn(T) -> T, known: &mut HashMap<Tree, Tree>) -> Tree {
        match self.node(tree) {
            Some(Node::Leaf(value)) => self.leaf(change(value)),
            Some(Node::Claim { level, without, with }) => {
                if let Some(changed) = known.get(&tree) {
                    return *changed;
                }
                let without = self.map_known(without, change, known);
                let with = self.map_known(with, change, known);
                let changed = self.claim(level, without, with);
                known.insert(tree, changed);
                changed
            }
            None => tree,
        }
    }

    /// Combines a tree with one of `others`, value by value.
    pub(super) fn fold<U: Copy + Eq + Hash>(
        &mut self,
        tree: Tree,
        (others, other): (&Trees<U>, Tree),
        join: &impl Fn(T, U) -> T,
    ) -> Tree {
        self.fold_known(tree, (others, other), join, &mut HashMap::new())
    }

    fn fold_known<U: Copy + Eq + Hash>(
        &mut self,
        tree: Tree,
        (others, other): (&Trees<U>, Tree),
        join: &impl Fn(T, U) -> T,
        known: &mut HashMap<(Tree, Tree), Tree>,
    ) -> Tree {
        if let (Some(own), Some(value)) = (self.value(tree), others.value(other)) {
            return self.leaf(join(own, value));
        }
        if let Some(folded) = known.get(&(tree, other)) {
            return *folded;
        }
        let level = self.level(tree).min(others.level(other));
        if level == NO_LEVEL || self.is_full {
            return tree;
        }
        let ([own_without, own_with], [without, with]) = (self.cofactors(tree, level), others.cofactors(other, level));
        let without = self.fold_known(own_without, (others, without), join, known);
        let with = self.fold_known(own_with, (others, with), join, known);
        let folded = self.claim(level, without, with);
        known.insert((tree, other), folded);
        folded
    }

    /// The paths through a tree, of which every set of claims takes exactly one; those with fewer claims first. `None`
    /// if there are more than `max_paths`.
    pub(super) fn paths(&self, tree: Tree, max_paths: usize) -> Option<Vec<TreePath<T>>> {
        let mut found = Vec::new();
        let is_all = self.collect(tree, 0, 0, max_paths, &mut found);
        found.sort_by_key(|path| (path.with.count_ones(), path.without.count_ones(), path.with, path.without));
        is_all.then_some(found)
    }

    fn collect(
        &self,
        tree: Tree,
        with: Levels,
        without: Levels,
        max_paths: usize,
        found: &mut Vec<TreePath<T>>,
    ) -> bool {
        match self.node(tree) {
            Some(Node::Leaf(value)) if found.len() < max_paths => {
                found.push(TreePath { with, without, value });
                true
            }
            Some(Node::Claim { level, without: left, with: right }) => {
                let bit = 1 << level;
                self.collect(left, with, without | bit, max_paths, found)
                    && self.collect(right, with | bit, without, max_paths, found)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at<T: Copy + Eq + Hash>(trees: &Trees<T>, tree: Tree, claims: Levels) -> T {
        let paths = trees.paths(tree, usize::MAX).unwrap();
        let mut fitting = paths.iter().filter(|path| claims & path.with == path.with && claims & path.without == 0);
        let path = fitting.next().unwrap();
        assert!(fitting.next().is_none());
        path.value
    }

    #[test]
    fn a_choice_is_what_its_condition_says() {
        for (requires, unless) in [(0, 0), (1, 0), (0, 2), (5, 2), (2, 2), (6, 9)] {
            let mut trees = Trees::new();
            let [no, yes] = [false, true].map(|value| trees.leaf(value));
            let tree = trees.choose(Condition { requires, unless }, yes, no);
            for claims in 0..16 {
                let holds = claims & requires == requires && claims & unless == 0;
                assert_eq!(at(&trees, tree, claims), holds, "{requires} {unless} {claims}");
            }
        }
    }

    #[test]
    fn what_says_the_same_is_the_same_tree() {
        let mut trees = Trees::new();
        let [no, yes] = [false, true].map(|value| trees.leaf(value));
        let [first, second] = [1, 2].map(|requires| Condition { requires, unless: 0 });
        let one = trees.choose(first, yes, no);
        let one_or_two = trees.choose(second, yes, one);
        let two = trees.choose(second, yes, no);
        assert_eq!(trees.choose(first, yes, two), one_or_two);
        assert_eq!(trees.choose(Condition { requires: 3, unless: 0 }, yes, one_or_two), one_or_two);
        assert_eq!(trees.choose(Condition { requires: 0, unless: 1 }, no, yes), one);
    }

    #[test]
    fn what_is_vouched_for_holds_everywhere() {
        let mut trees = Trees::new();
        let [no, yes] = [false, true].map(|value| trees.leaf(value));
        let tree = trees.choose(Condition { requires: 6, unless: 1 }, yes, no);
        for vouched in 0..8 {
            let changed = trees.with_claims(tree, vouched);
            for claims in 0..8 {
                assert_eq!(at(&trees, changed, claims), at(&trees, tree, claims | vouched), "{vouched} {claims}");
            }
        }
    }

    #[test]
    fn sixty_four_claims_are_small_trees() {
        let mut trees = Trees::new();
        let [no, yes] = [false, true].map(|value| trees.leaf(value));
        let mut tree = no;
        for claim in 0..64 {
            tree = trees.choose(Condition { requires: 1 << claim, unless: 1 << ((claim + 1) % 64) }, yes, tree);
        }
        assert!(trees.nodes.len() < 20_000, "{}", trees.nodes.len());
        assert_eq!(trees.paths(tree, 10), None);
    }
}
