//! Cell suppression (statistical disclosure control): hides the small counts of a table that is published with its totals, and
//! as many others as it takes that no sum gives a hidden one away.
//!
//! The promise (P6): whoever knows everything shown, and that no zero is hidden, finds at least `below` + 1 consecutive values
//! possible for each hidden count. It holds for several tables together if they share only their rows and the totals of the
//! rows are published first, as a table of one row, whose result the others are given.

mod network;
#[cfg(test)]
mod tests;

use network::Network;

/// Counts whose rows and columns add up to totals that are published with them.
#[derive(Debug, Clone)]
pub(crate) struct CountTable {
    rows: Vec<Vec<u64>>,
    columns: usize,
}

/// What may be shown of a [`CountTable`]; a hidden count is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublishedTable {
    pub(crate) rows: Vec<Vec<Option<u64>>>,
    pub(crate) row_totals: Vec<Option<u64>>,
    pub(crate) column_totals: Vec<Option<u64>>,
    pub(crate) total: u64,
}

impl CountTable {
    /// A row that is shorter than another is filled up with zeros.
    pub(crate) fn new(mut rows: Vec<Vec<u64>>) -> Self {
        let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
        rows.iter_mut().for_each(|row| row.resize(columns, 0));
        Self { rows, columns }
    }

    /// Hides counts from 1 to `below` - 1, and others to protect them. Zeros are shown. `None`: the table can't be protected,
    /// so nothing of it may be published.
    ///
    /// `row_totals` are those that an earlier table published. What is shown there is shown here. A row whose total is hidden
    /// there is hidden as a whole, zeros included: otherwise each table would bound the total in its own way, and all of them
    /// together could give it away. A reader can get the sum of such rows by subtraction, so it is protected as a row.
    pub(crate) fn suppress(&self, below: u64, row_totals: Option<&[Option<u64>]>) -> Option<PublishedTable> {
        let has_total = |row: usize| row_totals.is_none_or(|totals| totals.get(row).is_some_and(Option::is_some));
        let (mut with_total, mut without_total) = (Vec::new(), Vec::new());
        for (number, row) in self.rows.iter().enumerate() {
            if has_total(number) { with_total.push(row.clone()) } else { without_total.push(row.clone()) }
        }
        if !without_total.is_empty() {
            with_total.push(column_sums(&without_total, self.columns)?);
        }
        let network = Network::new(self.with_margins(with_total)?, below, row_totals.is_some())?;
        let mut shown = network.protect(below)?;

        let (column_totals, total) = split_total(shown.pop()?)?;
        let mut shown = shown.into_iter();
        let mut published = PublishedTable { rows: Vec::new(), row_totals: Vec::new(), column_totals, total: total? };
        for number in 0..self.rows.len() {
            let (row, row_total) =
                if has_total(number) { split_total(shown.next()?)? } else { (vec![None; self.columns], None) };
            published.rows.push(row);
            published.row_totals.push(row_total);
        }
        // Other totals than those published before would be another table's rows.
        row_totals.is_none_or(|totals| totals == published.row_totals).then_some(published)
    }

    /// The rows with a column of their totals and a row of the columns' totals. `None` if a sum overflows.
    fn with_margins(&self, mut rows: Vec<Vec<u64>>) -> Option<Vec<Vec<u64>>> {
        for row in &mut rows {
            row.push(sum(row.iter().copied())?);
        }
        rows.push(column_sums(&rows, self.columns + 1)?);
        Some(rows)
    }
}

/// Whether it may be said that a count of `part` is contained in one of `whole`.
pub(crate) fn may_show_part(part: u64, whole: u64, below: u64) -> bool {
    whole.checked_sub(part).is_some_and(|rest| !is_small(part, below) && !is_small(rest, below))
}

fn is_small(count: u64, below: u64) -> bool {
    0 < count && count < below
}

fn column_sums(rows: &[Vec<u64>], columns: usize) -> Option<Vec<u64>> {
    (0..columns).map(|column| sum(rows.iter().filter_map(|row| row.get(column).copied()))).collect()
}

fn sum(counts: impl Iterator<Item = u64>) -> Option<u64> {
    counts.into_iter().try_fold(0, u64::checked_add)
}

/// The cells of a row with its total at the end.
fn split_total(mut row: Vec<Option<u64>>) -> Option<(Vec<Option<u64>>, Option<u64>)> {
    let total = row.pop()?;
    Some((row, total))
}
