//! Ways through a decision tree in as few claims as say the same: for people, who don't care that a tree asks in order.

use std::hash::Hash;

use super::trees::{Levels, Way};

/// More ways than this are told as they are.
const MOST_SIMPLIFIED: usize = 128;

/// The same ways without the claims that make no difference. Together they still cover every set of claims; they may overlap,
/// and agree where they do. Those that need fewer claims come first.
pub(super) fn simplified<T: Copy + Ord + Hash>(ways: Vec<Way<T>>) -> Vec<Way<T>> {
    if ways.len() > MOST_SIMPLIFIED {
        return ways;
    }
    let agrees = |with: Levels, without: Levels, value: T| {
        let meets = |way: &&Way<T>| way.with & without == 0 && way.without & with == 0;
        ways.iter().filter(meets).all(|way| way.value == value)
    };
    let bits = |set: Levels| (0..Levels::BITS).map(|place| 1 << place).filter(move |bit: &Levels| set & bit != 0);
    let mut found: Vec<Way<T>> = Vec::new();
    for way in &ways {
        let Way { mut with, mut without, value } = *way;
        for bit in bits(without) {
            if agrees(with, without & !bit, value) {
                without &= !bit;
            }
        }
        for bit in bits(with) {
            if agrees(with & !bit, without, value) {
                with &= !bit;
            }
        }
        let is_in = |other: &Way<T>| {
            with & other.with == other.with && without & other.without == other.without && other.value == value
        };
        if !found.iter().any(is_in) {
            found.push(Way { with, without, value });
        }
    }
    found.sort_by_key(|way| (way.with.count_ones(), way.value, way.without.count_ones(), way.with, way.without));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_difference_is_left_out() {
        // One claim or the other: the tree asks for the first, then for the second.
        let ways = vec![
            Way { with: 0, without: 3, value: false },
            Way { with: 1, without: 0, value: true },
            Way { with: 2, without: 1, value: true },
        ];
        let expected = vec![
            Way { with: 0, without: 3, value: false },
            Way { with: 1, without: 0, value: true },
            Way { with: 2, without: 0, value: true },
        ];
        assert_eq!(simplified(ways), expected);
    }
}
