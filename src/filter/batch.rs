//! Many messages at once, on the caller's thread pool.

use rayon::prelude::*;

use super::Filter;
use crate::rewrite::Receipt;
use dmv_redact_model::policy::Requester;

/// One message of a batch and its requester.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The message, XML or JSON.
    pub message: &'a [u8],
    /// Who will receive it.
    pub requester: &'a Requester,
}

/// The result of one message of a batch.
#[derive(Debug, Clone)]
pub struct Redaction {
    /// The output to send; empty unless the receipt's disposition releases.
    pub output: Vec<u8>,
    /// The record of the message.
    pub receipt: Receipt,
}

impl Filter {
    /// Redacts messages in parallel on the current rayon thread pool, in chunks of about the same number of bytes. The
    /// results are in the order of the requests; one message never affects another.
    #[must_use]
    pub fn redact_batch(&self, requests: &[Request<'_>]) -> Vec<Redaction> {
        // Each result is written to its final slot, so that none has to be moved at the end.
        let mut results: Vec<Option<Redaction>> = Vec::new();
        results.resize_with(requests.len(), || None);
        let mut rest = results.as_mut_slice();
        let work = chunks(requests, rayon::current_num_threads()).into_iter().map(|chunk| {
            let (slots, remaining) = std::mem::take(&mut rest).split_at_mut(chunk.len());
            rest = remaining;
            (chunk, slots)
        });
        work.collect::<Vec<_>>().into_par_iter().with_max_len(1).for_each(|(chunk, slots)| {
            // Outputs are mostly much shorter than their messages: allocate once the length is known.
            let mut out = Vec::new();
            for (request, slot) in chunk.iter().zip(slots) {
                let receipt = self.redact(request.message, request.requester, &mut out);
                *slot = Some(Redaction { output: out.clone(), receipt });
            }
        });
        results.into_iter().flatten().collect()
    }
}

/// Chunks for each thread: enough to balance the load at the end.
const CHUNKS_PER_THREAD: usize = 8;
/// Minimum bytes of a chunk: less isn't worth the scheduling.
const MIN_CHUNK_BYTES: usize = 1 << 14;

/// Splits requests into chunks of about the same number of bytes, never inside a message.
fn chunks<'r, 'a>(requests: &'r [Request<'a>], threads: usize) -> Vec<&'r [Request<'a>]> {
    let total: usize = requests.iter().map(|request| request.message.len()).sum();
    let chunk_bytes = (total / (threads * CHUNKS_PER_THREAD)).max(MIN_CHUNK_BYTES);
    let mut bytes = 0;
    let split = requests.split_inclusive(|request| {
        bytes += request.message.len();
        let is_full = bytes >= chunk_bytes;
        if is_full {
            bytes = 0;
        }
        is_full
    });
    split.collect()
}
