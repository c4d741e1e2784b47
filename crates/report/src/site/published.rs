//! What of the counts is published. The table of totals, group by month, comes first; each row of a month's tables adds up to one
//! of these totals, and to nothing else.

use std::collections::BTreeMap;

use super::statistics::{BEFORE, GroupCounts, Groups, OTHER_PAPER, OTHERS, Outcome, Statistics};
use crate::disclosures::ElementCounts;
use crate::suppression::{CountTable, may_show_part};

/// A published table of one month: groups by something.
#[derive(Debug)]
pub(super) struct MonthTable {
    pub(super) heads: Vec<String>,
    /// What the last column is of, if it is of several that may be named: a reader who knows that there is one of each
    /// finds enough values possible for each.
    pub(super) others: Vec<String>,
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

/// Columns of a table: the smallest of more are one.
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
        // Each row by itself: no sum over groups is published, so that what is hidden of one hides nothing of another.
        let row = |columns: &[Column],
                   counts: &GroupCounts,
                   total: Option<u64>,
                   count: &dyn Fn(&GroupCounts, &str) -> u64| {
            let cells: Vec<u64> =
                columns.iter().map(|column| column.parts.iter().map(|part| count(counts, part)).sum()).collect();
            total?;
            let hidden = vec![None; cells.len()];
            let published = CountTable::new(vec![cells]).suppress(below);
            Some(published.and_then(|table| table.rows.into_iter().next()).unwrap_or(hidden))
        };
        // What is told apart should be told in full, if less finely.
        let finest = |levels: Vec<Vec<Column>>, count: &dyn Fn(&GroupCounts, &str) -> u64| {
            let mut table = MonthTable { heads: Vec::new(), others: Vec::new(), rows: Vec::new() };
            for columns in levels {
                let rows = counts.iter().zip(&messages).map(|(own, total)| row(&columns, own, *total, count)).collect();
                let merged = columns.last().filter(|column| column.head.starts_with('('));
                let others = merged.map(|column| column.parts.clone()).unwrap_or_default();
                let sum: u64 = counts.iter().flat_map(|own| others.iter().map(|part| count(own, part))).sum();
                let others = if sum >= below.saturating_add(others.len() as u64) { others } else { Vec::new() };
                let heads = columns.into_iter().map(|column| column.head).collect();
                table = MonthTable { heads, others, rows };
                if table.tells_all_of(apart) {
                    break;
                }
            }
            table
        };
        let outcomes = finest(outcome_levels(), &|counts, part| {
            let place = Outcome::ALL.iter().position(|outcome| outcome.name() == part);
            place.and_then(|place| counts.outcomes.get(place)).copied().unwrap_or_default()
        });
        let named = |others: &str, own: fn(&GroupCounts) -> &BTreeMap<String, u64>| {
            finest(name_levels(counts, own, (others, below)), &|counts, part| {
                own(counts).get(part).copied().unwrap_or_default()
            })
        };
        let (keys, instruments) =
            (named(OTHERS, |counts| &counts.keys), named(OTHER_PAPER, |counts| &counts.instruments));
        // A count of messages with an element may be the sum of any cells: it is shown where they all are.
        let all = [&outcomes, &keys, &instruments];
        let is_open =
            |group: usize| all.iter().all(|table| table.row(group).is_some_and(|row| row.iter().all(Option::is_some)));
        // It must give away neither itself nor what is left of any number it is a part of.
        let share = |part: u64, wholes: &[u64], group: usize| {
            let is_safe = |whole: &u64| part > *whole || may_show_part(part, *whole, below);
            match part {
                0 => Share::Never,
                _ if is_open(group) && wholes.iter().all(is_safe) => Share::Count(part),
                _ => Share::Some,
            }
        };
        // Of a group whose total is hidden nothing is said: not even what it never got.
        let of_groups = || counts.iter().zip(&messages).map(|(counts, shown)| shown.and(Some(counts))).enumerate();
        let elements = of_groups().map(|(group, counts)| {
            let Some(counts) = counts else { return Vec::new() };
            let answers = counts.sum(Outcome::went_out);
            let in_part = counts.sum(|own| own.went_out() && own != Outcome::Whole);
            let own = counts.elements.iter().map(|(element, ElementCounts { released, generalised, removed })| {
                ElementShares {
                    element: element.clone(),
                    released: share(*released, &[answers, in_part], group),
                    generalised: share(*generalised, &[answers, in_part], group),
                    removed: share(*removed, &[answers, in_part], group),
                }
            });
            own.collect()
        });
        let duties = of_groups().map(|(group, counts)| {
            let Some(counts) = counts else { return Vec::new() };
            let answers = counts.sum(Outcome::went_out);
            let refused = counts.sum(|own| !own.went_out() && own != Outcome::Held);
            let reviewed = counts.sum(|own| own.without_time() == Outcome::Approved.name());
            let wholes = [&counts.outcomes[..], &[counts.messages, answers, refused, reviewed]].concat();
            counts.duties.iter().map(|(duty, part)| (duty.clone(), share(*part, &wholes, group))).collect()
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

impl MonthTable {
    /// A group's cells; `None` if its total is hidden, and with it everything.
    pub(super) fn row(&self, group: usize) -> Option<&[Option<u64>]> {
        self.rows.get(group)?.as_deref()
    }

    /// Whether nothing is hidden of the first groups, but for those whose total is.
    fn tells_all_of(&self, groups: usize) -> bool {
        self.rows.iter().take(groups).flatten().flatten().all(Option::is_some)
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

/// Names that were counted as columns: each by itself, as far as there is room, then the rare ones as one.
fn name_levels(
    counts: &[GroupCounts],
    own: fn(&GroupCounts) -> &BTreeMap<String, u64>,
    (others, below): (&str, u64),
) -> Vec<Vec<Column>> {
    let mut totals: BTreeMap<&String, u64> = BTreeMap::new();
    for (name, count) in counts.iter().flat_map(own) {
        let total = totals.entry(name).or_default();
        *total = total.saturating_add(*count);
    }
    let mut names: Vec<(&String, u64)> = totals.into_iter().collect();
    names.sort_by_key(|(name, total)| (std::cmp::Reverse(*total), *name));
    let level = |most: usize| {
        let mut columns: Vec<Column> = names.iter().take(most).map(|(name, _)| Column::of(name)).collect();
        columns.sort_unstable_by(|one, other| one.head.cmp(&other.head));
        let mut parts: Vec<String> = names.iter().skip(most).map(|(name, _)| (*name).clone()).collect();
        // Their order must not tell which is the more frequent.
        parts.sort_unstable();
        columns.extend((!parts.is_empty()).then(|| Column { head: others.to_owned(), parts }));
        columns
    };
    let room = if names.len() > MAX_COLUMNS { MAX_COLUMNS - 1 } else { names.len() };
    let frequent = names.iter().take_while(|(_, total)| *total >= below).count();
    [room, frequent, 1].into_iter().filter(|most| *most <= room).map(level).collect()
}
