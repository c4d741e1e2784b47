//! A table with its margins as a network, in which exact bounds of hidden counts are found by flow.
//!
//! Rows and columns are nodes, counts are flow along arcs: from its row to its column for an inner cell and the total, from the
//! column to the row for the other totals. What flows into a node flows out of it exactly when the sums are right. So tables
//! that agree with what is shown differ by cycles of hidden arcs, and a count can be moved as far as flow can be sent around
//! cycles through it. All capacities are integers, so each value between the bounds is possible.

use std::collections::VecDeque;

use super::is_small;

/// The counts that may move or be hidden. Zeros are shown, and the total stays as it is.
pub(super) struct Network {
    table: Vec<Vec<u64>>,
    arcs: Vec<Arc>,
    /// The arcs of each node, by their index.
    arcs_at: Vec<Vec<usize>>,
}

struct Arc {
    row: usize,
    column: usize,
    from: usize,
    to: usize,
    count: u64,
    status: Status,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Shown,
    Hidden,
    Protected,
}

/// An arc of a path, by its index, and whether its count rises.
type Step = (usize, bool);

/// What hiding it costs (the sum of the counts that are still shown), then its length.
type Cost = (u64, usize);

struct Cycle {
    cost: Cost,
    steps: Vec<Step>,
}

impl Network {
    /// Small counts are hidden. `None` if one of them can't be.
    pub(super) fn new(table: Vec<Vec<u64>>, below: u64) -> Option<Self> {
        let (height, width) = (table.len(), table.first().map_or(0, Vec::len));
        let mut arcs = Vec::new();
        let mut arcs_at = vec![Vec::new(); height + width];
        for (row, counts) in table.iter().enumerate() {
            for (column, &count) in counts.iter().enumerate() {
                let (is_column_total, is_row_total) = (row + 1 == height, column + 1 == width);
                let is_fixed = is_row_total && is_column_total;
                if is_fixed && is_small(count, below) {
                    return None;
                }
                if is_fixed || count == 0 {
                    continue;
                }
                let (from, to) =
                    if is_column_total == is_row_total { (row, height + column) } else { (height + column, row) };
                let status = if is_small(count, below) { Status::Hidden } else { Status::Shown };
                arcs_at.get_mut(from)?.push(arcs.len());
                arcs_at.get_mut(to)?.push(arcs.len());
                arcs.push(Arc { row, column, from, to, count, status });
            }
        }
        Some(Self { table, arcs, arcs_at })
    }

    /// The table without the counts that have to be hidden. `None` if hiding as many as possible doesn't protect one of them.
    pub(super) fn protect(mut self, below: u64) -> Option<Vec<Vec<Option<u64>>>> {
        // One that is protected stays so when more is hidden.
        let unprotected = |(_, arc): &(usize, &Arc)| arc.status == Status::Hidden;
        while let Some((index, _)) = self.arcs.iter().enumerate().filter(unprotected).min_by_key(|(_, arc)| arc.count) {
            self.protect_arc(index, below)?;
        }
        let mut shown: Vec<Vec<_>> =
            self.table.iter().map(|counts| counts.iter().copied().map(Some).collect()).collect();
        for arc in self.arcs.iter().filter(|arc| arc.status != Status::Shown) {
            *shown.get_mut(arc.row)?.get_mut(arc.column)? = None;
        }
        Some(shown)
    }

    /// Sends flow through the arc, up from the true counts and down from them, until both together reach `below`; counts that
    /// are shown are hidden where the flow needs them. The time is at most proportional to `below` (P8).
    fn protect_arc(&mut self, target: usize, below: u64) -> Option<()> {
        let counts: Vec<u64> = self.arcs.iter().map(|arc| arc.count).collect();
        let mut tables = [(true, counts.clone()), (false, counts)];
        let mut spread = 0;
        while spread < below {
            let missing = below - spread;
            let network = &*self;
            let cycles = |least, may_hide| {
                tables.iter().enumerate().filter_map(move |(table, (rises, counts))| {
                    Some((table, network.cheapest_cycle(counts, (target, *rises), least, may_hide)?))
                })
            };
            // Rather one cycle that is enough than several.
            let (table, cycle) = cycles(1, false)
                .next()
                .or_else(|| cycles(missing, true).min_by_key(|(_, cycle)| cycle.cost))
                .or_else(|| cycles(1, true).min_by_key(|(_, cycle)| cycle.cost))?;
            let (_, counts) = tables.get_mut(table)?;
            let rooms = cycle.steps.iter().map(|&(index, rises)| Some(room(*counts.get(index)?, rises)));
            let flow = rooms.min()??.min(missing);
            for (index, rises) in cycle.steps {
                let count = counts.get_mut(index)?;
                *count = if rises { count.checked_add(flow)? } else { count.checked_sub(flow)? };
                let status = &mut self.arcs.get_mut(index)?.status;
                *status = if *status == Status::Shown { Status::Hidden } else { *status };
            }
            spread += flow;
        }
        self.arcs.get_mut(target)?.status = Status::Protected;
        Some(())
    }

    /// The cheapest cycle (Bellman-Ford with a queue) that begins with a step and can carry a flow of `least`, through hidden
    /// counts alone unless it may hide others. The shortest among equals: this bounds how many are needed (Edmonds-Karp).
    fn cheapest_cycle(&self, counts: &[u64], first: Step, least: u64, may_hide: bool) -> Option<Cycle> {
        let (target, rises) = first;
        let Arc { from, to, .. } = self.arcs.get(target)?;
        let (start, end) = if rises { (*to, *from) } else { (*from, *to) };
        if room(*counts.get(target)?, rises) < least {
            return None;
        }
        let mut reached: Vec<Option<(Cost, usize, Step)>> = vec![None; self.arcs_at.len()];
        *reached.get_mut(start)? = Some(((0, 0), start, first));
        let cost_at = |reached: &[Option<(Cost, usize, Step)>], node: usize| Some(reached.get(node)?.as_ref()?.0);
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            let (sum, length) = cost_at(&reached, node)?;
            if cost_at(&reached, end).is_some_and(|known| (sum, length + 1) >= known) {
                continue;
            }
            for &index in self.arcs_at.get(node)? {
                let (arc, count) = (self.arcs.get(index)?, *counts.get(index)?);
                let rises = arc.from == node;
                let is_shown = arc.status == Status::Shown;
                if index == target || (is_shown && !may_hide) || room(count, rises) < least {
                    continue;
                }
                let next = if rises { arc.to } else { arc.from };
                let price = if is_shown { arc.count } else { 0 };
                let cost = (sum.saturating_add(price), length + 1);
                let is_cheaper = |node| cost_at(&reached, node).is_none_or(|known| cost < known);
                if is_cheaper(next) && is_cheaper(end) {
                    *reached.get_mut(next)? = Some((cost, node, (index, rises)));
                    queue.push_back(next);
                }
            }
        }
        let cost = cost_at(&reached, end)?;
        let (mut node, mut steps) = (end, vec![first]);
        while node != start {
            let (_, from, step) = (*reached.get(node)?)?;
            steps.push(step);
            node = from;
        }
        Some(Cycle { cost, steps })
    }
}

/// How far a count can move. It stays above zero, because zeros are shown.
fn room(count: u64, rises: bool) -> u64 {
    if rises { u64::MAX - count } else { count.saturating_sub(1) }
}
