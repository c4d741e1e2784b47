//! The tables of a month: what is published of each group's messages by one thing, in columns as fine as can be shown.

use std::collections::{BTreeMap, BTreeSet};

use super::published::{Limits, Publishable};
use super::statistics::{GroupCounts, NO_INSTRUMENT, OTHERS, Outcome, SOME_INSTRUMENT};
use crate::suppression::CountTable;

/// A published table of one month: groups by something.
#[derive(Debug)]
pub(super) struct MonthTable {
    pub(super) heads: Vec<String>,
    /// By group.
    rows: Vec<Option<Vec<Option<u64>>>>,
}

/// Columns of a table, at most.
const MAX_COLUMNS: usize = 60;

/// How many messages of a group are what a name says.
type CountOf = fn(&GroupCounts, &str) -> u64;
/// The counts of a group, by the names that become columns.
type Names = fn(&GroupCounts) -> &BTreeMap<String, u64>;

impl MonthTable {
    pub(super) fn of_outcomes(publishable: &Publishable<'_>, limits: Limits) -> Self {
        let levels = outcome_levels().into_iter().map(|columns| Level { columns, publishable: publishable.clone() });
        Self::finest(levels.collect(), publishable, GroupCounts::of_outcome, limits)
    }

    pub(super) fn of_keys(publishable: &Publishable<'_>, limits: Limits) -> Self {
        let level = Level::of_names(publishable, |counts| &counts.keys, limits);
        Self::finest(vec![level], publishable, GroupCounts::of_key, limits)
    }

    pub(super) fn of_instruments(publishable: &Publishable<'_>, limits: Limits) -> Self {
        let kinds = Level::of_names(publishable, |counts| &counts.instruments, limits);
        let some_or_none = Level { columns: some_or_no_instrument(publishable), publishable: publishable.clone() };
        Self::finest(vec![kinds, some_or_none], publishable, GroupCounts::of_instrument, limits)
    }

    /// A group's cells; `None` if nothing of them is shown.
    fn row(&self, group: usize) -> Option<&[Option<u64>]> {
        self.rows.get(group)?.as_deref()
    }

    /// One of them; `None` if it isn't shown.
    pub(super) fn cell(&self, group: usize, column: usize) -> Option<u64> {
        self.row(group)?.get(column).copied().flatten()
    }

    /// A group's cells, each after its head; none if nothing of them is shown.
    pub(super) fn named_row(&self, group: usize) -> Vec<(&str, Option<u64>)> {
        let cells = self.row(group).unwrap_or_default().iter().copied();
        self.heads.iter().map(String::as_str).zip(cells).collect()
    }

    /// Whether a group's cells are all shown.
    pub(super) fn is_open(&self, group: usize) -> bool {
        self.row(group).is_some_and(is_open)
    }

    /// Whether any of a group's cells is shown.
    pub(super) fn shows_any(&self, group: usize) -> bool {
        self.row(group).is_some_and(|row| row.iter().any(Option::is_some))
    }

    pub(super) fn hide_row(&mut self, group: usize) {
        if let Some(row) = self.rows.get_mut(group) {
            *row = None;
        }
    }

    /// The finest level that shows all cells of the groups that are listed separately; if there is none, the coarsest. Each row
    /// is suppressed by itself: no sum over groups is published, so nothing that is hidden of one bounds another (P6).
    fn finest(levels: Vec<Level<'_>>, publishable: &Publishable<'_>, count: CountOf, limits: Limits) -> Self {
        let mut table = Self { heads: Vec::new(), rows: vec![None; publishable.len()] };
        for (number, level) in levels.into_iter().enumerate() {
            // Whoever sees a coarser one knows that the finer one hid something.
            let below = if number > 0 && limits.hides_any() { limits.below.saturating_add(2) } else { limits.below };
            table = level.into_table(count, below);
            let is_full = table.rows.iter().zip(publishable).take(limits.separate).all(|(row, counts)| match row {
                Some(row) => is_open(row),
                None => counts.is_none(),
            });
            if is_full {
                break;
            }
        }
        table
    }
}

fn is_open(row: &[Option<u64>]) -> bool {
    row.iter().all(Option::is_some)
}

/// A column: its head, and the names of what it counts.
struct Column {
    head: String,
    parts: Vec<String>,
}

impl Column {
    fn of(name: &str) -> Self {
        Self { head: name.to_owned(), parts: vec![name.to_owned()] }
    }
}

/// Columns that a table may have, and the groups whose cells they may show.
struct Level<'g> {
    columns: Vec<Column>,
    publishable: Publishable<'g>,
}

impl<'g> Level<'g> {
    /// A column for each name that is counted. A group whose names can't be shown without giving a count away has no part in
    /// it: that a name is among the columns would be one of its counts.
    fn of_names(publishable: &Publishable<'g>, names: Names, limits: Limits) -> Self {
        let can_show_names = |counts: &&GroupCounts| {
            CountTable::new(vec![names(counts).values().copied().collect()]).suppress(limits.below).is_some()
        };
        let publishable: Publishable<'g> = publishable.iter().map(|counts| counts.filter(can_show_names)).collect();
        Self { columns: columns_of(&publishable, names), publishable }
    }

    fn into_table(self, count: CountOf, below: u64) -> MonthTable {
        let row = |counts: &GroupCounts| {
            let cell = |column: &Column| column.parts.iter().map(|part| count(counts, part)).sum();
            CountTable::new(vec![self.columns.iter().map(cell).collect()]).suppress(below)?.rows.into_iter().next()
        };
        let rows = self.publishable.iter().map(|counts| counts.and_then(row)).collect();
        MonthTable { rows, heads: self.columns.into_iter().map(|column| column.head).collect() }
    }
}

/// The outcomes as columns: each by itself, then without the time of a review, then without why nothing went out.
fn outcome_levels() -> [Vec<Column>; 3] {
    [Outcome::name, Outcome::without_time, Outcome::without_reason].map(|head| {
        let mut columns: Vec<Column> = Vec::new();
        for outcome in Outcome::ALL {
            match columns.iter_mut().find(|column| column.head == head(outcome)) {
                Some(column) => column.parts.push(outcome.name().to_owned()),
                None => {
                    columns.push(Column { head: head(outcome).to_owned(), parts: vec![outcome.name().to_owned()] });
                }
            }
        }
        columns
    })
}

/// A column for each name that is counted of a group; what there is no room for is one.
fn columns_of(publishable: &Publishable<'_>, names: Names) -> Vec<Column> {
    let names: BTreeSet<&String> = publishable.iter().flatten().flat_map(|counts| names(counts).keys()).collect();
    let room = if names.len() > MAX_COLUMNS { MAX_COLUMNS - 1 } else { names.len() };
    let mut columns: Vec<Column> = names.iter().take(room).map(|name| Column::of(name)).collect();
    let parts: Vec<String> = names.into_iter().skip(room).cloned().collect();
    columns.extend((!parts.is_empty()).then(|| Column { head: OTHERS.to_owned(), parts }));
    columns
}

/// Whether there was paper, and not which.
fn some_or_no_instrument(publishable: &Publishable<'_>) -> Vec<Column> {
    let names: BTreeSet<&String> = publishable.iter().flatten().flat_map(|counts| counts.instruments.keys()).collect();
    let parts = names.into_iter().filter(|name| *name != NO_INSTRUMENT).cloned().collect();
    vec![Column::of(NO_INSTRUMENT), Column { head: SOME_INSTRUMENT.to_owned(), parts }]
}
