//! What of the counts is published. The table of totals, group by month, comes first; each row of a month's tables adds up to one
//! of these totals, and to nothing else.

use std::collections::{BTreeMap, BTreeSet};

use super::statistics::{BEFORE, GroupCounts, Groups, NO_INSTRUMENT, OTHERS, Outcome, SOME_INSTRUMENT, Statistics};
use crate::disclosures::ElementCounts;
use crate::suppression::CountTable;
use dmv_redact_model::date::Date;

/// A published table of one month: groups by something.
#[derive(Debug)]
pub(super) struct MonthTable {
    pub(super) heads: Vec<String>,
    /// By group.
    rows: Vec<Option<Vec<Option<u64>>>>,
}

/// In how many of a group's messages something was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    Never,
    /// In some; how many isn't shown.
    Some,
    Count(u64),
}

/// A data element of a group in a month.
#[derive(Debug)]
pub(super) struct ElementShares {
    pub(super) element: String,
    pub(super) released: Share,
    pub(super) generalised: Share,
    pub(super) removed: Share,
}

/// What is published of a month.
#[derive(Debug)]
pub(super) struct Month {
    pub(super) name: String,
    /// By group.
    pub(super) messages: Vec<Option<u64>>,
    pub(super) total: Option<u64>,
    pub(super) outcomes: MonthTable,
    pub(super) keys: MonthTable,
    pub(super) instruments: MonthTable,
    /// By group.
    pub(super) elements: Vec<Vec<ElementShares>>,
    pub(super) duties: Vec<Vec<(String, Share)>>,
}

/// Everything that is published.
#[derive(Debug)]
pub(super) struct Published {
    /// In their order.
    pub(super) months: Vec<Month>,
    /// By group.
    pub(super) totals: Vec<Option<u64>>,
    /// `None`: nothing can be shown.
    pub(super) total: Option<u64>,
}

/// Columns of a table, at most.
const MAX_COLUMNS: usize = 60;

impl Published {
    pub(super) fn new(groups: &Groups, statistics: &Statistics<'_>, below: u64) -> Self {
        let of_group = |group: usize| {
            statistics
                .months
                .values()
                .map(move |groups| groups.get(group).map_or(0, |counts| counts.messages))
                .collect()
        };
        let totals = CountTable::new((0..groups.names.len()).map(of_group).collect()).suppress(below);
        let Some(totals) = totals else {
            return Self { months: Vec::new(), totals: vec![None; groups.names.len()], total: None };
        };
        let months = statistics.months.iter().enumerate().map(|(column, (name, counts))| {
            let messages = totals.rows.iter().map(|row| row.get(column).copied().flatten()).collect();
            let total = totals.column_totals.get(column).copied().flatten();
            Month::new(name, counts, messages, total, (groups.apart, below))
        });
        Self { months: months.collect(), totals: totals.row_totals, total: Some(totals.total) }
    }
}

impl Published {
    /// The month of a day, if its total is shown.
    pub(super) fn month_of(&self, date: Option<Date>) -> Option<String> {
        let name = date?.month();
        self.months.iter().find(|month| month.name == name && month.total.is_some()).map(|month| month.name.clone())
    }
}

impl Month {
    /// Whether more is known of it than numbers.
    pub(super) fn has_page(&self) -> bool {
        !self.name.ends_with(BEFORE)
    }

    fn new(
        name: &str,
        counts: &[GroupCounts],
        messages: Vec<Option<u64>>,
        total: Option<u64>,
        (apart, below): (usize, u64),
    ) -> Self {
        // A total so small says nothing more: what it is made of would be hidden, and that would bound it.
        let is_large = |total: &u64| below < 2 || *total == 0 || *total >= below.saturating_mul(2);
        let told: Told<'_> =
            counts.iter().zip(&messages).map(|(own, total)| total.filter(is_large).and(Some(own))).collect();
        let outcome: Counter<'_> = &|counts, part| {
            let place = Outcome::ALL.iter().position(|outcome| outcome.name() == part);
            place.and_then(|place| counts.outcomes.get(place)).copied().unwrap_or_default()
        };
        let key: Counter<'_> = &|counts, part| counts.keys.get(part).copied().unwrap_or_default();
        let instrument: Counter<'_> = &|counts, part| counts.instruments.get(part).copied().unwrap_or_default();
        let levels = outcome_levels().into_iter().map(|columns| Level { columns, told: told.clone() }).collect();
        let outcomes = MonthTable::finest(levels, &told, outcome, (apart, below));
        let levels = vec![Level::of_names(&told, |counts| &counts.keys, below)];
        let keys = MonthTable::finest(levels, &told, key, (apart, below));
        let paper = Level { columns: paper_or_none(&told), told: told.clone() };
        let levels = vec![Level::of_names(&told, |counts| &counts.instruments, below), paper];
        let mut instruments = MonthTable::finest(levels, &told, instrument, (apart, below));
        // A policy may answer or hold with paper alone, and says so on its page: then one row bounds the other.
        for (group, counts) in told.iter().enumerate() {
            let is_open = [&outcomes, &instruments].map(|table| table.is_open(group)) == [true, true];
            let Some(counts) = counts.filter(|_| below > 1) else { continue };
            let answered = Outcome::ALL.iter().zip(counts.outcomes).filter(|(own, _)| own.went_out());
            let answered: u64 = answered.map(|(_, count)| count).sum();
            let with_paper = counts.messages.saturating_sub(instrument(counts, NO_INSTRUMENT));
            let gives_away = (1..below).contains(&with_paper.abs_diff(answered));
            if let Some(row) = instruments.rows.get_mut(group).filter(|_| with_paper > 0 && (!is_open || gives_away)) {
                *row = None;
            }
        }
        // A count of these could tell the size of a cell that they are tied to, so none is shown where any is hidden.
        let share = |part: u64| match part {
            0 => Share::Never,
            count if below < 2 => Share::Count(count),
            _ => Share::Some,
        };
        let elements = told.iter().map(|counts| {
            let own = counts.iter().flat_map(|counts| &counts.elements);
            let own = own.map(|(element, ElementCounts { released, generalised, removed })| ElementShares {
                element: element.clone(),
                released: share(*released),
                generalised: share(*generalised),
                removed: share(*removed),
            });
            own.collect()
        });
        // A duty may follow from one kind of paper, or from one outcome: where these are hidden, or are several, it isn't named.
        let has_kinds = !instruments.heads.iter().any(|head| head == SOME_INSTRUMENT);
        let may_name =
            |group: &usize| below < 2 || has_kinds && outcomes.is_open(*group) && instruments.is_open(*group);
        let duties = told.iter().enumerate().map(|(group, counts)| {
            let own = counts.iter().filter(|_| may_name(&group)).flat_map(|counts| &counts.duties);
            own.map(|(duty, part)| (duty.clone(), share(*part))).collect()
        });
        let (elements, duties) = (elements.collect(), duties.collect());
        Self { name: name.to_owned(), messages, total, outcomes, keys, instruments, elements, duties }
    }
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

/// The groups of which more is told than a total.
type Told<'g> = Vec<Option<&'g GroupCounts>>;
/// How many messages of a group are what a name says.
type Counter<'c> = &'c dyn Fn(&GroupCounts, &str) -> u64;

/// The columns of a table, and the groups that it tells of.
struct Level<'g> {
    columns: Vec<Column>,
    told: Told<'g>,
}

impl<'g> Level<'g> {
    /// A column for each name that is counted. A group whose names can't be told without giving a count away has no part in
    /// it: that a name is among the columns would be one of its counts.
    fn of_names(told: &Told<'g>, own: fn(&GroupCounts) -> &BTreeMap<String, u64>, below: u64) -> Self {
        let can_be_told = |counts: &&GroupCounts| {
            CountTable::new(vec![own(counts).values().copied().collect()]).suppress(below).is_some()
        };
        let told: Told<'g> = told.iter().map(|counts| counts.filter(can_be_told)).collect();
        Self { columns: columns_of(&told, own), told }
    }
}

impl MonthTable {
    /// A group's cells; `None` if nothing is told of it.
    pub(super) fn row(&self, group: usize) -> Option<&[Option<u64>]> {
        self.rows.get(group)?.as_deref()
    }

    /// Whether a group's cells are all shown.
    fn is_open(&self, group: usize) -> bool {
        self.row(group).is_some_and(|row| row.iter().all(Option::is_some))
    }

    /// The finest level that tells the first groups in full; if there is none, the coarsest. Each row by itself: no sum over
    /// groups is published, so nothing that is hidden of one bounds another.
    fn finest(levels: Vec<Level<'_>>, told: &Told<'_>, count: Counter<'_>, (apart, below): (usize, u64)) -> Self {
        let mut table = Self { heads: Vec::new(), rows: vec![None; told.len()] };
        for (number, level) in levels.into_iter().enumerate() {
            // Whoever sees a coarser one knows that the finer one hid something.
            let below = if number > 0 && below > 1 { below.saturating_add(2) } else { below };
            let row = |counts: &GroupCounts| {
                let cell = |column: &Column| column.parts.iter().map(|part| count(counts, part)).sum();
                CountTable::new(vec![level.columns.iter().map(cell).collect()]).suppress(below)?.rows.into_iter().next()
            };
            let rows: Vec<_> = level.told.iter().map(|counts| counts.and_then(row)).collect();
            let is_full = rows.iter().zip(told).take(apart).all(|(row, told)| match row {
                Some(row) => row.iter().all(Option::is_some),
                None => told.is_none(),
            });
            table = Self { heads: level.columns.into_iter().map(|column| column.head).collect(), rows };
            if is_full {
                break;
            }
        }
        table
    }
}

/// The outcomes as columns: each by itself, then without the time of a review, then without why nothing went out.
fn outcome_levels() -> Vec<Vec<Column>> {
    let columns = |head: fn(Outcome) -> &'static str| {
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
    };
    vec![columns(Outcome::name), columns(Outcome::without_time), columns(Outcome::without_reason)]
}

/// A column for each name that is counted of those of whom it is told; what there is no room for is one.
fn columns_of(told: &Told<'_>, own: fn(&GroupCounts) -> &BTreeMap<String, u64>) -> Vec<Column> {
    let names: BTreeSet<&String> = told.iter().flatten().flat_map(|counts| own(counts).keys()).collect();
    let room = if names.len() > MAX_COLUMNS { MAX_COLUMNS - 1 } else { names.len() };
    let mut columns: Vec<Column> = names.iter().take(room).map(|name| Column::of(name)).collect();
    let parts: Vec<String> = names.into_iter().skip(room).cloned().collect();
    columns.extend((!parts.is_empty()).then(|| Column { head: OTHERS.to_owned(), parts }));
    columns
}

/// Whether there was paper, and not which.
fn paper_or_none(told: &Told<'_>) -> Vec<Column> {
    let names: BTreeSet<&String> = told.iter().flatten().flat_map(|counts| counts.instruments.keys()).collect();
    let parts = names.into_iter().filter(|name| *name != NO_INSTRUMENT).cloned().collect();
    vec![Column::of(NO_INSTRUMENT), Column { head: SOME_INSTRUMENT.to_owned(), parts }]
}
