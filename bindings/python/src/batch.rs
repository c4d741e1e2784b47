//! Many messages at once, on our own threads, in ranges of about the same number of bytes.

use std::ops::Range;

use dmv_redact::{Filter, Receipt, Requester};
use rayon::prelude::*;

use crate::error::Fault;
use crate::guard::guarded;
use crate::{filter, pool};

/// Ranges for each thread: enough to balance the load at the end.
const RANGES_PER_THREAD: usize = 8;
/// Minimum bytes of a range: less isn't worth the scheduling.
const MIN_RANGE_BYTES: usize = 1 << 14;

/// The outputs and receipts of many messages, in their order.
pub(crate) fn redact(
    filter: &Filter,
    messages: &[&[u8]],
    requesters: &[&Requester],
) -> Result<Vec<(Vec<u8>, Receipt)>, Fault> {
    let done = in_ranges(
        messages.len(),
        |row| messages.get(row).map_or(0, |message| message.len()),
        |range| {
            // Outputs are mostly much shorter than their messages: allocate once the length is known.
            let mut output = Vec::new();
            let rows =
                messages.get(range.clone()).into_iter().flatten().zip(requesters.get(range).into_iter().flatten());
            let redact = |(message, requester): (&&[u8], &&Requester)| {
                let receipt = filter::redact(filter, message, requester, &mut output);
                (output.clone(), receipt)
            };
            Ok(rows.map(redact).collect::<Vec<_>>())
        },
    )?;
    Ok(done.into_iter().flatten().collect())
}

/// Works on ranges of rows, on several threads. The results are in the order of the rows.
pub(crate) fn in_ranges<T: Send>(
    rows: usize,
    bytes_of: impl Fn(usize) -> usize,
    work: impl Fn(Range<usize>) -> Result<T, Fault> + Sync,
) -> Result<Vec<T>, Fault> {
    let ranges = ranges(rows, bytes_of, pool::count());
    if let [range] = ranges.as_slice() {
        return Ok(vec![work(range.clone())?]);
    }
    let work = |range| guarded(|| work(range));
    pool::current()?.install(|| ranges.into_par_iter().with_max_len(1).map(work).collect())
}

/// Splits rows into ranges, never inside a message.
fn ranges(rows: usize, bytes_of: impl Fn(usize) -> usize, threads: usize) -> Vec<Range<usize>> {
    let total: usize = (0..rows).map(&bytes_of).sum();
    let range_bytes = (total / threads.saturating_mul(RANGES_PER_THREAD).max(1)).max(MIN_RANGE_BYTES);
    let (mut ranges, mut begin, mut bytes) = (Vec::new(), 0, 0);
    for row in 0..rows {
        bytes += bytes_of(row);
        if bytes >= range_bytes {
            ranges.push(begin..row + 1);
            (begin, bytes) = (row + 1, 0);
        }
    }
    if begin < rows || ranges.is_empty() {
        ranges.push(begin..rows);
    }
    ranges
}
