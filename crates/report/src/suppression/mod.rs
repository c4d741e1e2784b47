//! Cell suppression (statistical disclosure control): hides the small counts of a table that is published with its totals, and
//! as many others as it takes that no sum gives a hidden one away.
//!
//! The promise (P6): whoever knows everything shown, and that no zero is hidden, finds at least `below` + 1 consecutive values
//! possible for each hidden count. It holds for several tables that share nothing but numbers which are shown.

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

    /// Hides counts from 1 to `below` - 1, and others to protect them. Zeros and the total of all are shown. `None`: the table
    /// can't be protected, so nothing of it may be published.
    pub(crate) fn suppress(&self, below: u64) -> Option<PublishedTable> {
        let network = Network::new(self.with_margins(self.rows.clone())?, below)?;
        let mut shown = network.protect(below)?;
        let (column_totals, total) = split_total(shown.pop()?)?;
        let rows: Option<Vec<_>> = shown.into_iter().map(split_total).collect();
        let (rows, row_totals) = rows?.into_iter().unzip();
        Some(PublishedTable { rows, row_totals, column_totals, total: total? })
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
