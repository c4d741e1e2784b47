//! Decision trees over claims: what holds for every set of claims, without going through all sets.
//!
//! A tree asks for one claim after another, in one order, and never for one that makes no difference; equal parts are one
//! part. So two trees say the same exactly if they are the same tree, and 64 claims are no more work than the rules that ask
//! for them. (Bryant, "Graph-Based Algorithms for Boolean Function Manipulation", 1986.) It stands alone because it knows
//! nothing of policies.

use std::collections::HashMap;
use std::hash::Hash;

/// How many parts the trees of one survey may have (P8).
const MAX_NODES: usize = 1 << 18;

/// Beyond all claims: two policies declare 128 at most.
const NO_LEVEL: u8 = u8::MAX;

/// A set of claims by their places in the order of the trees.
pub(super) type Levels = u128;

/// Claims that must all be vouched for, and claims of which none may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Condition {
    pub(super) requires: Levels,
    pub(super) unless: Levels,
}

/// One tree, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Tree(u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Node<T> {
    Leaf(T),
    Claim { level: u8, without: Tree, with: Tree },
}

/// One way through a tree: the claims it found vouched for, those it found not to be, and what holds then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way<T> {
    pub(super) with: Levels,
    pub(super) without: Levels,
    pub(super) value: T,
}

/// Trees that share their parts.
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

    /// Whether there was no room for all parts: then no tree is to be trusted.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// The tree that asks for nothing.
    pub(super) fn leaf(&mut self, value: T) -> Tree {
        self.number(Node::Leaf(value))
    }

    /// What a tree says without asking for any claim.
    pub(super) fn value(&self, tree: Tree) -> Option<T> {
        match self.node(tree) {
            Some(Node::Leaf(value)) => Some(value),
            _ => None,
        }
    }

    fn node(&self, tree: Tree) -> Option<Node<T>> {
        self.nodes.get(tree.0 as usize).copied()
    }

    fn number(&mut self, node: Node<T>) -> Tree {
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
        if without == with { with } else { self.number(Node::Claim { level, without, with }) }
    }

    /// The first claim that a tree asks for; one beyond all others if it asks for none.
    fn level(&self, tree: Tree) -> u8 {
        match self.node(tree) {
            Some(Node::Claim { level, .. }) => level,
            _ => NO_LEVEL,
        }
    }

    /// What is left of a tree when a claim, which is not beyond its first, is known not to be or to be vouched for.
    fn given(&self, tree: Tree, claim: u8) -> [Tree; 2] {
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
            (self.given(then, level), self.given(otherwise, level));
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

    /// The same tree with other values.
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

    /// A tree of these with one of others: what both say together.
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
        let ([own_without, own_with], [without, with]) = (self.given(tree, level), others.given(other, level));
        let without = self.fold_known(own_without, (others, without), join, known);
        let with = self.fold_known(own_with, (others, with), join, known);
        let folded = self.claim(level, without, with);
        known.insert((tree, other), folded);
        folded
    }

    /// The ways through a tree, of which every set of claims goes exactly one; those that need fewer claims first. `None` if
    /// there are more than `most`.
    pub(super) fn ways(&self, tree: Tree, most: usize) -> Option<Vec<Way<T>>> {
        let mut found = Vec::new();
        let is_all = self.collect(tree, 0, 0, most, &mut found);
        found.sort_by_key(|way| (way.with.count_ones(), way.without.count_ones(), way.with, way.without));
        is_all.then_some(found)
    }

    fn collect(&self, tree: Tree, with: Levels, without: Levels, most: usize, found: &mut Vec<Way<T>>) -> bool {
        match self.node(tree) {
            Some(Node::Leaf(value)) if found.len() < most => {
                found.push(Way { with, without, value });
                true
            }
            Some(Node::Claim { level, without: left, with: right }) => {
                let bit = 1 << level;
                self.collect(left, with, without | bit, most, found)
                    && self.collect(right, with | bit, without, most, found)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at<T: Copy + Eq + Hash>(trees: &Trees<T>, tree: Tree, claims: Levels) -> T {
        let ways = trees.ways(tree, usize::MAX).unwrap();
        let mut fitting = ways.iter().filter(|way| claims & way.with == way.with && claims & way.without == 0);
        let way = fitting.next().unwrap();
        assert!(fitting.next().is_none());
        way.value
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
    fn sixty_four_claims_are_small_trees() {
        let mut trees = Trees::new();
        let [no, yes] = [false, true].map(|value| trees.leaf(value));
        let mut tree = no;
        for claim in 0..64 {
            tree = trees.choose(Condition { requires: 1 << claim, unless: 1 << ((claim + 1) % 64) }, yes, tree);
        }
        assert!(trees.nodes.len() < 20_000, "{}", trees.nodes.len());
        assert_eq!(trees.ways(tree, 10), None);
    }
}
