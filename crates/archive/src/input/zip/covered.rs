//! Tracks which bytes of a zip belong to its entries: none belongs to two, and bytes that belong to none are reported
//! (P11).

use std::collections::BTreeMap;
use std::fs::File;
use std::io;

use super::super::read_at::read_at;
use super::{LOCAL_SIGNATURE, broken};

/// Ranges of entries, keyed by start. Adjacent ranges are joined, so entries in order take one.
#[derive(Debug, Default)]
pub(super) struct EntryRanges(BTreeMap<u64, u64>);

/// Maximum number of ranges, in about twenty megabytes.
const MAX_RANGES: usize = 1 << 19;
/// Size of a read.
const BLOCK_BYTES: usize = 1 << 16;

impl EntryRanges {
    /// Adds the bytes in `start..end`.
    ///
    /// # Errors
    /// When some of them belong to another entry.
    pub(super) fn add(&mut self, start: u64, end: u64) -> Result<(), &'static str> {
        let before = self.0.range(..=start).next_back().map(|(start, end)| (*start, *end));
        let after = self.0.range(start..).next().map(|(start, end)| (*start, *end));
        if before.is_some_and(|(_, other)| other > start) || after.is_some_and(|(other, _)| other < end) {
            return Err("it overlaps another entry");
        }
        let start = before.filter(|(_, other)| *other == start).map_or(start, |(other, _)| other);
        let end = match after.filter(|(other, _)| *other == end) {
            Some((joined, end)) => {
                self.0.remove(&joined);
                end
            }
            None => end,
        };
        self.0.insert(start, end);
        if self.0.len() > MAX_RANGES { Err("the archive's directory is in no order") } else { Ok(()) }
    }

    /// Checks that the first `length` bytes of a file all belong to entries, except zeros between them.
    ///
    /// # Errors
    /// When some don't, or can't be read.
    pub(super) fn check_gaps(&self, file: &File, length: u64) -> io::Result<()> {
        let mut from = 0;
        for (start, end) in self.0.iter().map(|(start, end)| (*start, *end)).chain([(length, length)]) {
            if let Some(what) = find_unaccounted(file, from, start)? {
                return Err(broken(what));
            }
            from = end;
        }
        Ok(())
    }
}

/// Describes what is in `from..to`, unless it is padding.
fn find_unaccounted(file: &File, mut from: u64, to: u64) -> io::Result<Option<&'static str>> {
    let mut block = vec![0; BLOCK_BYTES.min(usize::try_from(to.saturating_sub(from)).unwrap_or(BLOCK_BYTES))];
    while from < to {
        let count = (to - from).min(block.len() as u64);
        let part = block.get_mut(..usize::try_from(count).unwrap_or_default()).unwrap_or_default();
        read_at(file, part, from)?;
        if let Some(at) = part.iter().position(|byte| *byte != 0) {
            let is_entry = part.get(at..).is_some_and(|rest| rest.starts_with(&LOCAL_SIGNATURE));
            return Ok(Some(match is_entry {
                true => "the zip holds an entry that its directory doesn't list, or lists wrongly",
                false => "the zip holds bytes that belong to no entry",
            }));
        }
        from += count;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p11_no_byte_belongs_to_two_and_neighbors_are_joined() {
        let mut covered = EntryRanges::default();
        for (start, end) in [(10, 20), (30, 40), (20, 30), (0, 10), (50, 60)] {
            assert_eq!(covered.add(start, end), Ok(()), "{start}");
        }
        assert_eq!(covered.0, BTreeMap::from([(0, 40), (50, 60)]));
        for (start, end) in [(0, 10), (39, 45), (45, 51), (5, 6), (0, 100), (55, 65)] {
            assert!(covered.add(start, end).is_err(), "{start}");
        }
    }
}
