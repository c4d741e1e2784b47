//! What of the counts is published. The table of totals, group by month, comes first; each month's tables share its totals, so
//! that no table gives away what another hides.

use std::collections::{BTreeMap, BTreeSet};

use super::statistics::{BEFORE, GroupCounts, Groups, OTHERS, Outcome, Statistics};
use crate::disclosures::ElementCounts;
use crate::suppression::{CountTable, PublishedTable, may_show_part};

/// A published table of one month: groups by something.
#[derive(Debug)]
pub(super) struct MonthTable {
    pub(super) heads: Vec<String>,
    pub(super) counts: PublishedTable,
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
    /// `None`: they can't be shown without giving something away.
    pub(super) outcomes: Option<MonthTable>,
    pub(super) keys: Option<MonthTable>,
    pub(super) instruments: Option<MonthTable>,
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
        let totals = CountTable::new((0..groups.names.len()).map(of_group).collect()).suppress(below, None);
        let Some(totals) = totals else {
            return Self { months: Vec::new(), totals: vec![None; groups.names.len()], total: None };
        };
        let months = statistics.months.iter().enumerate().map(|(column, (name, counts))| {
            let messages = totals.rows.iter().map(|row| row.get(column).copied().flatten()).collect();
            let total = totals.column_totals.get(column).copied().flatten();
            Month::new(name, counts, messages, total, below)
        });
        Self { months: months.collect(), totals: totals.row_totals, total: Some(totals.total) }
    }
}

impl Month {
    /// Whether more is known of it than numbers.
    pub(super) fn has_page(&self) -> bool {
        !self.name.ends_with(BEFORE)
    }

    fn new(name: &str, counts: &[GroupCounts], messages: Vec<Option<u64>>, total: Option<u64>, below: u64) -> Self {
        // Without a total there is nothing that the parts could add up to. Of what was before the log there are no parts.
        let total_of_parts = total.filter(|_| !name.ends_with(BEFORE));
        let table = |heads: Vec<String>, count: &dyn Fn(&GroupCounts, &str) -> u64| {
            total_of_parts?;
            let row = |counts| heads.iter().map(|head| count(counts, head)).collect();
            let published = CountTable::new(counts.iter().map(row).collect()).suppress(below, Some(&messages))?;
            Some(MonthTable { heads, counts: published })
        };
        let outcomes = table(Outcome::ALL.map(|outcome| outcome.name().to_owned()).to_vec(), &|counts, head| {
            let place = Outcome::ALL.iter().position(|outcome| outcome.name() == head);
            place.and_then(|place| counts.outcomes.get(place)).copied().unwrap_or_default()
        });
        let named = |own: fn(&GroupCounts) -> &BTreeMap<String, u64>| {
            let (heads, rest) = columns(counts, own);
            table(heads, &|counts, head| {
                let count = |name: &str| own(counts).get(name).copied().unwrap_or_default();
                if head == OTHERS { rest.iter().map(|name| count(name)).sum() } else { count(head) }
            })
        };
        let (keys, instruments) = (named(|counts| &counts.keys), named(|counts| &counts.instruments));
        // A count of messages with an element may be the sum of any cells: it is shown where they all are.
        let all = [&outcomes, &keys, &instruments];
        let is_open = |group: usize| {
            all.iter().all(|table| {
                let row = table.as_ref().and_then(|table| table.counts.rows.get(group));
                row.is_some_and(|row| row.iter().all(Option::is_some))
            })
        };
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
            let sum = |is_part: fn(Outcome) -> bool| {
                Outcome::ALL.iter().zip(counts.outcomes).filter(|(own, _)| is_part(**own)).map(|(_, count)| count).sum()
            };
            let (answers, in_part) = (sum(Outcome::went_out), sum(|own| own.went_out() && own != Outcome::Whole));
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
            let wholes = [&counts.outcomes[..], &[counts.messages]].concat();
            counts.duties.iter().map(|(duty, part)| (duty.clone(), share(*part, &wholes, group))).collect()
        });
        let (elements, duties) = (elements.collect(), duties.collect());
        Self { name: name.to_owned(), messages, total, outcomes, keys, instruments, elements, duties }
    }
}

/// The names of all groups' counts, in order; beyond as many as a table has columns, the rest.
fn columns(counts: &[GroupCounts], own: fn(&GroupCounts) -> &BTreeMap<String, u64>) -> (Vec<String>, Vec<String>) {
    let names: BTreeSet<&String> = counts.iter().flat_map(|counts| own(counts).keys()).collect();
    let mut heads: Vec<String> = names.into_iter().cloned().collect();
    if heads.len() <= MAX_COLUMNS {
        return (heads, Vec::new());
    }
    let total = |name: &String| counts.iter().filter_map(|counts| own(counts).get(name)).sum::<u64>();
    heads.sort_by_key(|name| (std::cmp::Reverse(total(name)), name.clone()));
    let rest = heads.split_off(MAX_COLUMNS - 1);
    heads.sort_unstable();
    heads.push(OTHERS.to_owned());
    (heads, rest)
}
