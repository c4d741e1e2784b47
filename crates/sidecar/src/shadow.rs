//! A second policy that decides and is only counted. Nothing of what it makes goes out.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use dmv_redact::{Receipt, Requester};

use crate::answer::{Answer, Outcome};
use crate::metrics::{Metrics, Shadowed, ShadowedElement};
use crate::policies::{Current, Source};

/// Messages that it decides at once. What it has no time for is counted, and not decided.
const MAX_AT_ONCE: usize = 2;

/// The second policy.
#[derive(Debug)]
pub(crate) struct Shadow {
    pub(crate) source: Source,
    pub(crate) current: Current,
    slots: Arc<Semaphore>,
    metrics: Arc<Metrics>,
}

impl Shadow {
    pub(crate) fn new(source: Source, current: Current, metrics: Arc<Metrics>) -> Self {
        Self { source, current, slots: Arc::new(Semaphore::new(MAX_AT_ONCE)), metrics }
    }

    /// Decides a message that was answered, later and elsewhere.
    pub(crate) fn compare(
        shadow: &Arc<Self>,
        answer: &Answer,
        served: Receipt,
        requester: Requester,
        message: Vec<u8>,
    ) {
        let Ok(slot) = Arc::clone(&shadow.slots).try_acquire_owned() else {
            shadow.metrics.shadow_skipped.inc();
            return;
        };
        let released = match &answer.outcome {
            Outcome::Released { output, .. } => output.clone(),
            _ => Bytes::new(),
        };
        let shadow = Arc::clone(shadow);
        // If it panics, that is seen by nobody else.
        spawn_blocking(move || {
            let mut output = Vec::new();
            let receipt = shadow.current.get().filter.redact(&message, &requester, &mut output);
            let same = if released.as_ref() == output.as_slice() { "true" } else { "false" };
            let became = Shadowed { served: served.disposition().name(), shadow: receipt.disposition().name(), same };
            shadow.metrics.shadow.get_or_create(&became).inc();
            for (element, change) in changes(&served, &receipt) {
                shadow.metrics.shadow_elements.get_or_create(&ShadowedElement { element, change }).inc();
            }
            drop(slot);
        });
    }
}

/// The data elements of which the second policy would release more values, or fewer, as they are or less precisely.
fn changes(served: &Receipt, shadow: &Receipt) -> Vec<(String, &'static str)> {
    let mut counts: BTreeMap<&str, [u32; 2]> = BTreeMap::new();
    for (at, receipt) in [served, shadow].into_iter().enumerate() {
        for (element, own) in receipt.elements() {
            if let Some(count) = counts.entry(element).or_default().get_mut(at) {
                *count = own.released + own.generalised;
            }
        }
    }
    let changed = counts.into_iter().filter(|(_, [served, shadow])| served != shadow);
    changed
        .map(|(element, [served, shadow])| (element.to_owned(), if shadow > served { "more" } else { "less" }))
        .collect()
}
