use proptest::prelude::*;

use super::*;

fn table<const ROWS: usize, const COLUMNS: usize>(rows: [[u64; COLUMNS]; ROWS]) -> CountTable {
    CountTable::new(rows.iter().map(|row| row.to_vec()).collect())
}

fn text(counts: &[Option<u64>]) -> String {
    let text = |count: &Option<u64>| count.map_or_else(|| "*".to_owned(), |count| count.to_string());
    counts.iter().map(text).collect::<Vec<_>>().join(" ")
}

/// One line a row, its total at the end, then the totals of the columns.
fn lines(published: Option<&PublishedTable>) -> Vec<String> {
    let Some(published) = published else { return vec!["not published".to_owned()] };
    let with_total = |(row, total): (&Vec<_>, &_)| format!("{} | {}", text(row), text(&[*total]));
    let mut lines: Vec<_> = published.rows.iter().zip(&published.row_totals).map(with_total).collect();
    lines.push(format!("{} | {}", text(&published.column_totals), published.total));
    lines
}

fn suppressed(table: &CountTable, below: u64) -> Vec<String> {
    lines(table.suppress(below).as_ref())
}

#[test]
fn p6_a_small_count_is_hidden_with_the_smallest_that_protects_it() {
    assert_eq!(suppressed(&table([[3, 50, 40]]), 5), ["* 50 * | 93", "* 50 * | 93"]);
    assert_eq!(suppressed(&table([[3], [50], [40]]), 5), ["* | *", "50 | 50", "* | *", "93 | 93"]);
    // One cell of a cycle for each corner, the row and the column that cost least.
    let counts = [[3, 20, 30], [20, 60, 70], [40, 90, 100]];
    assert_eq!(suppressed(&table(counts), 5), ["* * 30 | 53", "* * 70 | 150", "40 90 100 | 230", "63 170 200 | 433"]);
}

#[test]
fn p6_small_counts_that_would_bound_each_other_are_not_enough() {
    // 2 and 3 add up to 5: each is at most 4.
    assert_eq!(suppressed(&table([[2, 3, 50, 40]]), 5), ["* * 50 * | 95", "* * 50 * | 95"]);
    // 9 and 1 add up to 10: each can be from 1 to 9, though 9 is not small.
    assert_eq!(suppressed(&table([[1, 9, 0, 40]]), 5), ["* * 0 40 | 50", "* * 0 40 | 50"]);
    // With 5 alone it would be from 1 to 5, too narrow by one.
    assert_eq!(suppressed(&table([[1, 5, 6, 40]]), 5), ["* 5 * 40 | 52", "* 5 * 40 | 52"]);
}

#[test]
fn p6_small_totals_are_hidden_like_cells() {
    let counts = [[0, 2, 0], [9, 8, 7], [30, 20, 10]];
    assert_eq!(suppressed(&table(counts), 5), ["0 * 0 | *", "9 * 7 | *", "30 20 10 | 60", "39 30 17 | 86"]);
}

#[test]
fn p6_a_table_that_can_not_be_protected_is_not_published() {
    for counts in [vec![3], vec![2, 2, 2], vec![3, 0, 0], vec![2, 4], vec![0, 90, 3, 0, 1], vec![u64::MAX, 1]] {
        let is_protected = counts == [0, 90, 3, 0, 1];
        assert_eq!(CountTable::new(vec![counts]).suppress(5).is_some(), is_protected);
    }
}

#[test]
fn without_small_counts_everything_is_shown() {
    let counts = [[0, 12, 5], [0, 0, 0], [7, 0, 9]];
    assert_eq!(suppressed(&table(counts), 5), ["0 12 5 | 17", "0 0 0 | 0", "7 0 9 | 16", "7 12 14 | 33"]);
    for below in [0, 1] {
        assert_eq!(suppressed(&table([[1, 2], [3, 0]]), below), ["1 2 | 3", "3 0 | 3", "4 2 | 6"]);
    }
    assert_eq!(suppressed(&CountTable::new(Vec::new()), 5), [" | 0"]);
    assert_eq!(suppressed(&CountTable::new(vec![Vec::new(), vec![6]]), 5), ["0 | 0", "6 | 6", "6 | 6"]);
}

#[test]
fn the_order_of_rows_and_columns_does_not_matter_without_ties() {
    let counts = [[3, 20, 31, 0], [23, 60, 77, 9], [41, 90, 107, 2]];
    let mut turned = counts;
    turned.reverse();
    turned.iter_mut().for_each(|row| row.reverse());
    let mut published = table(turned).suppress(5).unwrap();
    published.rows.iter_mut().for_each(|row| row.reverse());
    published.rows.reverse();
    published.row_totals.reverse();
    published.column_totals.reverse();
    assert_eq!(table(counts).suppress(5), Some(published));
}

#[test]
fn p8_a_large_table_is_protected() {
    let mut seed = 1u64;
    for most in [4, 12, 300] {
        let mut count = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 40) % (most + 1)
        };
        let large = CountTable::new((0..40).map(|_| (0..60).map(|_| count()).collect()).collect());
        assert!(large.suppress(11).is_some());
    }
}

/// What a reader knows of a table. A hidden count is at least `least`.
#[derive(Clone)]
struct Knowledge {
    cells: Vec<Vec<Known>>,
    row_totals: Vec<Known>,
    column_totals: Vec<Known>,
    total: u64,
}

#[derive(Clone, Copy)]
struct Known {
    least: u64,
    most: u64,
}

impl Known {
    fn is_hidden(self) -> bool {
        self.least < self.most
    }
}

impl Knowledge {
    fn of(published: &PublishedTable) -> Self {
        let total = published.total;
        let known = |count: &Option<u64>| match count {
            Some(count) => Known { least: *count, most: *count },
            None => Known { least: 1, most: total },
        };
        Self {
            cells: published.rows.iter().map(|row| row.iter().map(known).collect()).collect(),
            row_totals: published.row_totals.iter().map(known).collect(),
            column_totals: published.column_totals.iter().map(known).collect(),
            total,
        }
    }

    /// All counts: of the cells, of the rows, of the columns.
    fn counts(&mut self) -> Vec<&mut Known> {
        self.cells.iter_mut().flatten().chain(&mut self.row_totals).chain(&mut self.column_totals).collect()
    }

    fn with(&self, index: usize, count: u64) -> Self {
        let mut own = self.clone();
        *own.counts()[index] = Known { least: count, most: count };
        own
    }

    /// Whether there is such a table, by trying them all.
    fn is_possible(&self) -> bool {
        let columns = self.column_totals.len();
        self.tries_from(0, &mut vec![0; self.row_totals.len()], &mut vec![0; columns], columns)
    }

    fn tries_from(&self, cell: usize, rows: &mut [u64], columns: &mut [u64], width: usize) -> bool {
        let (row, column) = (cell / width, cell % width);
        if column == 0 && row > 0 && rows[row - 1] < self.row_totals[row - 1].least {
            return false;
        }
        if row == rows.len() {
            let mut totals = columns.iter().zip(&self.column_totals);
            return rows.iter().sum::<u64>() == self.total && totals.all(|(sum, total)| *sum >= total.least);
        }
        let Known { least, most } = self.cells[row][column];
        for count in least..=most {
            let fits_column = columns[column] + count <= self.column_totals[column].most;
            let fits_total = rows.iter().sum::<u64>() + count <= self.total;
            if rows[row] + count > self.row_totals[row].most || !fits_column || !fits_total {
                break;
            }
            rows[row] += count;
            columns[column] += count;
            let is_possible = self.tries_from(cell + 1, rows, columns, width);
            rows[row] -= count;
            columns[column] -= count;
            if is_possible {
                return true;
            }
        }
        false
    }
}

/// Whether some possible count is at least `below`, and two are at least `below` apart.
fn is_wide(total: u64, below: u64, is_possible: impl Fn(u64) -> bool) -> bool {
    let least = (0..=total).find(|count| is_possible(*count));
    least.is_some_and(|least| (least + below..=total).rev().any(is_possible))
}

fn counts(rows: usize, columns: usize) -> impl Strategy<Value = Vec<Vec<u64>>> {
    let count = prop_oneof![2 => Just(0u64), 3 => 1u64..5, 3 => 5u64..15];
    prop::collection::vec(prop::collection::vec(count, columns), rows)
}

fn shows_zeros_and_no_small_count(own: &CountTable, published: &PublishedTable, below: u64) -> bool {
    let rows = own.with_margins(own.rows.clone()).unwrap();
    let mut shown = published.rows.clone();
    shown.iter_mut().zip(&published.row_totals).for_each(|(row, total)| row.push(*total));
    shown.push([published.column_totals.as_slice(), &[Some(published.total)]].concat());
    rows.iter().flatten().zip(shown.iter().flatten()).all(|(count, shown)| match shown {
        Some(shown) => shown == count && (*count == 0 || *count >= below),
        None => *count > 0,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn p6_no_hidden_count_follows_from_what_is_shown(
        rows in (1usize..=3, 1usize..=3).prop_flat_map(|(rows, columns)| counts(rows, columns)),
        below in 2u64..=5,
    ) {
        let own = CountTable::new(rows);
        let Some(published) = own.suppress(below) else { return Ok(()) };
        prop_assert!(shows_zeros_and_no_small_count(&own, &published, below));
        prop_assert_eq!(own.suppress(below), Some(published.clone()));
        let mut known = Knowledge::of(&published);
        let hidden: Vec<bool> = known.counts().iter().map(|known| known.is_hidden()).collect();
        for index in (0..hidden.len()).filter(|index| hidden[*index]) {
            let is_possible = |count| count > 0 && known.with(index, count).is_possible();
            prop_assert!(is_wide(known.total, below, is_possible), "{:?} {:?}", own, lines(Some(&published)));
        }
    }
}
