//! Simplifies the paths of a decision tree to as few claims as possible, for people, who don't need the tree's order.

use std::hash::Hash;

use super::trees::{Levels, TreePath};

/// More paths than this aren't simplified.
const MAX_SIMPLIFIED: usize = 128;

/// Removes claims that make no difference. Together the paths still cover every set of claims; they may overlap, and
/// agree where they do. Paths with fewer claims come first.
pub(super) fn simplified<T: Copy + Ord + Hash>(paths: Vec<TreePath<T>>) -> Vec<TreePath<T>> {
    if paths.len() > MAX_SIMPLIFIED {
        return paths;
    }
    let mut found: Vec<TreePath<T>> = Vec::new();
    for path in &paths {
        let TreePath { mut with, mut without, value } = *path;
        for bit in bits(without) {
            if agrees(&paths, with, without & !bit, value) {
                without &= !bit;
            }
        }
        for bit in bits(with) {
            if agrees(&paths, with & !bit, without, value) {
                with &= !bit;
            }
        }
        let is_included = found.iter().any(|other| {
            with & other.with == other.with && without & other.without == other.without && other.value == value
        });
        if !is_included {
            found.push(TreePath { with, without, value });
        }
    }
    found.sort_by_key(|path| (path.with.count_ones(), path.value, path.without.count_ones(), path.with, path.without));
    found
}

/// Whether all paths that share a set of claims with these conditions lead to this value.
fn agrees<T: Copy + Eq>(paths: &[TreePath<T>], with: Levels, without: Levels, value: T) -> bool {
    let mut overlapping = paths.iter().filter(|path| path.with & without == 0 && path.without & with == 0);
    overlapping.all(|path| path.value == value)
}

/// The claims of a set, one by one.
fn bits(set: Levels) -> impl Iterator<Item = Levels> {
    (0..Levels::BITS).map(|level| 1 << level).filter(move |bit| set & bit != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_difference_is_left_out() {
        // One claim or the other: the tree tests the first, then the second.
        let paths = vec![
            TreePath { with: 0, without: 3, value: false },
            TreePath { with: 1, without: 0, value: true },
            TreePath { with: 2, without: 1, value: true },
        ];
        let expected = vec![
            TreePath { with: 0, without: 3, value: false },
            TreePath { with: 1, without: 0, value: true },
            TreePath { with: 2, without: 0, value: true },
        ];
        assert_eq!(simplified(paths), expected);
    }
}
