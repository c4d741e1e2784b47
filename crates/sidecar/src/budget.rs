//! What messages in flight may take: so many that are decided at once, and so many bytes. Bytes are taken as they arrive, and
//! given back when the answer has been written or its client is gone.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::failure::{Failure, FailureKind};

/// How long a message waits for its share before it is refused.
const MAX_WAIT: Duration = if cfg!(test) { Duration::from_millis(200) } else { Duration::from_secs(2) };

/// Bytes up to which a message is short. Most are, and long ones that come slowly must not keep them waiting.
const SHORT: usize = 64 << 10;

/// All that may be in flight.
#[derive(Debug)]
pub(crate) struct Budget {
    messages: Semaphore,
    /// For the first bytes of each message: a quarter of all.
    short: Arc<Semaphore>,
    /// For what is beyond them.
    long: Arc<Semaphore>,
}

/// The share of one message, given back when it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Share {
    bytes: usize,
    short: Option<OwnedSemaphorePermit>,
    long: Option<OwnedSemaphorePermit>,
}

/// A message, with its share.
#[derive(Debug, Default)]
pub(crate) struct Message {
    pub(crate) bytes: Vec<u8>,
    pub(crate) share: Share,
}

impl Budget {
    pub(crate) fn new(messages: usize, bytes: usize) -> Self {
        let semaphore = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        let short = bytes / 4;
        Self {
            messages: Semaphore::new(messages.min(Semaphore::MAX_PERMITS)),
            short: semaphore(short),
            long: semaphore(bytes - short),
        }
    }

    /// A whole message is decided, until what this gives is dropped.
    pub(crate) async fn begin(&self) -> Result<SemaphorePermit<'_>, Failure> {
        within(self.messages.acquire()).await
    }

    /// Takes what so many more bytes need.
    pub(crate) async fn grow(&self, share: &mut Share, more: usize) -> Result<(), Failure> {
        let of_short = SHORT.saturating_sub(share.bytes).min(more);
        take(&self.short, &mut share.short, of_short).await?;
        take(&self.long, &mut share.long, more - of_short).await?;
        share.bytes += more;
        Ok(())
    }

    /// Bytes that could still be taken.
    pub(crate) fn free_bytes(&self) -> usize {
        self.short.available_permits() + self.long.available_permits()
    }
}

async fn take(of: &Arc<Semaphore>, into: &mut Option<OwnedSemaphorePermit>, bytes: usize) -> Result<(), Failure> {
    if bytes == 0 {
        return Ok(());
    }
    let taken = within(Arc::clone(of).acquire_many_owned(u32::try_from(bytes).map_err(|_| busy())?)).await?;
    match into {
        Some(own) => own.merge(taken),
        None => *into = Some(taken),
    }
    Ok(())
}

fn busy() -> Failure {
    Failure::new(FailureKind::Busy, "too many messages are in flight")
}

async fn within<T>(acquire: impl Future<Output = Result<T, AcquireError>>) -> Result<T, Failure> {
    match timeout(MAX_WAIT, acquire).await {
        Ok(Ok(permit)) => Ok(permit),
        _ => Err(busy()),
    }
}

/// One of a number of slots.
pub(crate) async fn slot(slots: &Semaphore) -> Result<SemaphorePermit<'_>, Failure> {
    slots.acquire().await.map_err(|_| Failure::internal())
}
