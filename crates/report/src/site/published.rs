//! What of the counts is published. The table of totals, group by month, comes first; each row of a month's tables adds up to one
//! of these totals, and to nothing else.

use super::month_table::MonthTable;
use super::statistics::{BEFORE, DutyCounts, GroupCounts, Groups, NO_INSTRUMENT, Outcome, SOME_INSTRUMENT, Statistics};
use crate::disclosures::ElementCounts;
use crate::suppression::CountTable;
use dmv_redact_model::date::Date;

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

/// What is published of a month.
#[derive(Debug)]
pub(super) struct Month {
    pub(super) name: String,
    /// By group.
    messages: Vec<Option<u64>>,
    pub(super) total: Option<u64>,
    pub(super) outcomes: MonthTable,
    pub(super) keys: MonthTable,
    pub(super) instruments: MonthTable,
    /// By group: what became of messages with an instrument behind the query, and without; `None` if that isn't shown, or none had
    /// any.
    pub(super) paper: Vec<Option<PaperTable>>,
    /// By group.
    pub(super) elements: Vec<Vec<ElementShares>>,
    /// By group: the duties that followed, each with the messages from which it did.
    pub(super) duties: Vec<Vec<DutyShares>>,
}

/// By [`Fate`](crate::disclosures::Fate): messages with an instrument behind the query, and without.
pub(super) type PaperTable = Vec<Vec<Option<u64>>>;

/// A data element of a group in a month.
#[derive(Debug)]
pub(super) struct ElementShares {
    pub(super) element: String,
    pub(super) released: Share,
    pub(super) generalised: Share,
    pub(super) removed: Share,
}

/// All duties of a group, where none is named. No name of a policy has parentheses.
pub(super) const ANY_DUTY: &str = "(any duty)";

/// A duty of a group in a month: the messages from which it follows, and of those for which it was done, or is overdue.
#[derive(Debug)]
pub(super) struct DutyShares {
    pub(super) duty: String,
    pub(super) owed: Share,
    pub(super) done: Share,
    pub(super) overdue: Share,
    pub(super) is_all_done: bool,
}

/// In how many of a group's messages something was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    Never,
    /// In some; how many isn't shown.
    Some,
    Count(u64),
}

/// What decides how much may be shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// How many groups, the first, are listed separately.
    pub(super) separate: usize,
    /// Counts from 1 to one less are hidden.
    pub(super) below: u64,
}

/// The counts of each group; `None` for one of which no more is shown than its total.
pub(super) type Publishable<'g> = Vec<Option<&'g GroupCounts>>;

impl Limits {
    /// Whether small counts are hidden at all.
    pub(super) fn hides_any(self) -> bool {
        self.below > 1
    }

    /// Whether more may be shown of a group's messages than their number. Of a small one not: what it is made of would be
    /// hidden, and would be bounded by it.
    fn allows_details(self, total: u64) -> bool {
        !self.hides_any() || total == 0 || total >= self.below.saturating_mul(2)
    }
}

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
        let limits = Limits { separate: groups.apart, below };
        let months = statistics.months.iter().enumerate().map(|(column, (name, counts))| {
            let messages = totals.rows.iter().map(|row| row.get(column).copied().flatten()).collect();
            let total = totals.column_totals.get(column).copied().flatten();
            Month::new(name, counts, (messages, total), limits)
        });
        Self { months: months.collect(), totals: totals.row_totals, total: Some(totals.total) }
    }

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

    /// How many messages a group had; `None` if that isn't shown.
    pub(super) fn messages(&self, group: usize) -> Option<u64> {
        self.messages.get(group).copied().flatten()
    }

    /// How many of a group's answers had an instrument behind the query, and how many had none, if both is shown.
    pub(super) fn paper_of_answers(&self, group: usize) -> Option<(u64, u64)> {
        match self.paper.get(group)?.as_ref()?.first()?.as_slice() {
            [Some(with_paper), Some(without)] if with_paper + without > 0 => Some((*with_paper, *without)),
            _ => None,
        }
    }

    /// From the counts of all groups, and from what is shown of their sums.
    fn new(
        name: &str,
        counts: &[GroupCounts],
        (messages, total): (Vec<Option<u64>>, Option<u64>),
        limits: Limits,
    ) -> Self {
        let allows_details = |total: &u64| limits.allows_details(*total);
        let publishable: Publishable<'_> =
            counts.iter().zip(&messages).map(|(own, total)| total.filter(allows_details).and(Some(own))).collect();
        let outcomes = MonthTable::of_outcomes(&publishable, limits);
        let keys = MonthTable::of_keys(&publishable, limits);
        let mut instruments = MonthTable::of_instruments(&publishable, limits);
        if limits.hides_any() {
            hide_bounding_instruments(&mut instruments, &outcomes, &publishable, limits.below);
        }
        let paper = paper_tables(&publishable, &outcomes, &instruments, limits);
        let elements = publishable.iter().map(|counts| element_shares(*counts, limits)).collect();
        let duties = duty_shares(&publishable, &outcomes, &instruments, limits);
        Self { name: name.to_owned(), messages, total, outcomes, keys, instruments, paper, elements, duties }
    }
}

/// Hides the instruments of a group that had some, where they would bound its outcomes, or these them (P6): a policy may answer or
/// hold with paper alone, and says so on its page. So both must be shown in full, and the messages with paper and those that were
/// answered must not differ by a small count.
fn hide_bounding_instruments(
    instruments: &mut MonthTable,
    outcomes: &MonthTable,
    publishable: &Publishable<'_>,
    below: u64,
) {
    for (group, counts) in publishable.iter().enumerate() {
        let Some(counts) = counts else { continue };
        let is_open = outcomes.is_open(group) && instruments.is_open(group);
        let answered = Outcome::ALL.iter().zip(counts.outcomes).filter(|(outcome, _)| outcome.went_out());
        let answered: u64 = answered.map(|(_, count)| count).sum();
        let with_paper = counts.messages.saturating_sub(counts.of_instrument(NO_INSTRUMENT));
        let gives_away = (1..below).contains(&with_paper.abs_diff(answered));
        if with_paper > 0 && (!is_open || gives_away) {
            instruments.hide_row(group);
        }
    }
}

/// Of each group what became of messages with paper and without. Its sums follow from the outcomes and the instruments of the group, so
/// all of both must be shown, and protect what is hidden here (P6).
fn paper_tables(
    publishable: &Publishable<'_>,
    outcomes: &MonthTable,
    instruments: &MonthTable,
    limits: Limits,
) -> Vec<Option<PaperTable>> {
    let of_group = |(group, counts): (usize, &Option<&GroupCounts>)| {
        let counts = counts.filter(|counts| counts.of_instrument(NO_INSTRUMENT) < counts.messages)?;
        if limits.hides_any() && !(outcomes.is_open(group) && instruments.is_open(group)) {
            return None;
        }
        let rows = counts.paper.iter().map(|row| row.to_vec()).collect();
        let table = CountTable::new(rows).suppress(limits.below)?;
        let shows_sums = table.row_totals.iter().chain(&table.column_totals).all(Option::is_some);
        shows_sums.then_some(table.rows)
    };
    publishable.iter().enumerate().map(of_group).collect()
}

impl Share {
    /// What may be shown of a count that no sum protects. Where any count is hidden this one could tell the size of a cell that it is
    /// tied to, so only whether it is zero is shown (P6).
    fn of(count: u64, limits: Limits) -> Self {
        match count {
            0 => Self::Never,
            _ if limits.hides_any() => Self::Some,
            _ => Self::Count(count),
        }
    }
}

fn element_shares(counts: Option<&GroupCounts>, limits: Limits) -> Vec<ElementShares> {
    let elements = counts.into_iter().flat_map(|counts| &counts.elements);
    let shares = elements.map(|(element, ElementCounts { released, generalised, removed })| ElementShares {
        element: element.clone(),
        released: Share::of(*released, limits),
        generalised: Share::of(*generalised, limits),
        removed: Share::of(*removed, limits),
    });
    shares.collect()
}

/// The duties of each group. A duty may follow from one kind of paper, or from one outcome, so its name could give away a count of
/// these: where any of them is hidden, or a column is of several kinds of paper, all duties are one without a name (P6).
fn duty_shares(
    publishable: &Publishable<'_>,
    outcomes: &MonthTable,
    instruments: &MonthTable,
    limits: Limits,
) -> Vec<Vec<DutyShares>> {
    let shows_kinds = !instruments.heads.iter().any(|head| head == SOME_INSTRUMENT);
    let may_name =
        |group: usize| !limits.hides_any() || shows_kinds && outcomes.is_open(group) && instruments.is_open(group);
    let of_group = |(group, counts): (usize, &Option<&GroupCounts>)| {
        let duties = counts.iter().flat_map(|counts| &counts.duties);
        match may_name(group) {
            true => duties.map(|(duty, counts)| DutyShares::of(duty, *counts, limits)).collect(),
            false => {
                let all = duties.map(|(_, counts)| *counts).reduce(DutyCounts::sum);
                all.map(|all| DutyShares::of(ANY_DUTY, all, limits)).into_iter().collect()
            }
        }
    };
    publishable.iter().enumerate().map(of_group).collect()
}

impl DutyShares {
    fn of(duty: &str, DutyCounts { owed, done, overdue }: DutyCounts, limits: Limits) -> Self {
        Self {
            duty: duty.to_owned(),
            owed: Share::of(owed, limits),
            done: Share::of(done, limits),
            overdue: Share::of(overdue, limits),
            is_all_done: owed == done,
        }
    }
}
