//! Names of objects in an output: consecutive numbers in order of appearance, each of an object that is present and
//! referred to. So neither the names nor gaps between them reveal anything (P5).

use std::collections::HashMap;
use std::mem;

use super::value::{Checked, ensure};

/// How a name is used: of an object, as its id that no other object has, or by a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Named,
    Id,
    Referred,
}

/// For each name seen so far, by number from 0, whether it has each use.
#[derive(Debug, Default)]
pub(super) struct Links(pub(super) Vec<[bool; 3]>);

impl Links {
    /// Reads a name: the next number, or one already seen.
    pub(super) fn number(&mut self, name: &str) -> Checked<usize> {
        let is_number = |digits: &&str| !digits.starts_with('0') && digits.bytes().all(|digit| digit.is_ascii_digit());
        let number = name.strip_prefix("id").filter(is_number).and_then(|digits| digits.parse::<usize>().ok());
        let number = number.map(|number| number - 1).filter(|number| *number <= self.0.len());
        let number = number.ok_or("a name of an object that isn't the next number")?;
        self.0.resize(self.0.len().max(number + 1), [false; 3]);
        Ok(number)
    }

    pub(super) fn mark(&mut self, number: usize, name_use: Use) -> Checked<()> {
        let is_used = self.0.get_mut(number).and_then(|uses| uses.get_mut(name_use as usize));
        let is_second = is_used.is_some_and(|is_used| mem::replace(is_used, true));
        ensure(!is_second || name_use != Use::Id, "an id that stands twice")
    }

    /// Whether every reference has its object, and every name its reference.
    pub(super) fn are_consistent(&self) -> bool {
        self.0.iter().all(|[is_named, is_id, is_referred_to]| (*is_named || *is_id) && *is_referred_to)
    }
}

/// The names that the message has for objects, by their hashes, each with what it is in the output and its uses there.
#[derive(Debug, Default)]
pub(super) struct Names(pub(super) HashMap<u64, (usize, [bool; 3])>);

impl Names {
    /// Whether a name of the message is `number` in the output, as everywhere else.
    pub(super) fn lead(&mut self, name: u64, number: usize) -> bool {
        self.0.entry(name).or_insert((number, [false; 3])).0 == number
    }

    /// Whether a name of the message may be `number`.
    pub(super) fn may_be(&self, name: u64, number: usize) -> bool {
        self.0.get(&name).is_none_or(|(own, _)| *own == number)
    }

    pub(super) fn mark(&mut self, name: u64, name_use: Use) {
        let used = self.0.get_mut(&name).and_then(|(_, uses)| uses.get_mut(name_use as usize));
        used.into_iter().for_each(|used| *used = true);
    }

    /// Whether every name that is referred to is that of an object.
    pub(super) fn are_consistent(&self) -> bool {
        self.0.values().all(|(_, [is_named, is_id, is_referred_to])| *is_named || *is_id || !is_referred_to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p5_names_are_the_next_numbers_and_nothing_else() {
        let mut links = Links::default();
        assert_eq!((links.number("id1"), links.number("id2"), links.number("id1")), (Ok(0), Ok(1), Ok(0)));
        for other in ["id4", "id0", "id03", "id3 ", "P3", "3", "id", "", "id+3", "ID3", "id99999999999999999999999"] {
            assert!(links.number(other).is_err(), "{other}");
        }
        links.mark(0, Use::Referred).unwrap();
        links.mark(1, Use::Referred).unwrap();
        assert!(links.mark(0, Use::Id).is_ok() && links.mark(0, Use::Id).is_err() && !links.are_consistent());
        links.mark(1, Use::Named).unwrap();
        links.mark(1, Use::Named).unwrap();
        assert!(links.are_consistent());
        assert_eq!(links.number("id3"), Ok(2));
        assert!(!links.are_consistent());
    }
}
