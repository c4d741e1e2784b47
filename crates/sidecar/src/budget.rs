//! What messages in flight may take: so many of them, and so many bytes. Taken as bytes arrive, given back when the answer has
//! been written or its client is gone.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::answer::{Failure, FailureKind};

/// How long a message waits for its share before it is refused.
const MAX_WAIT: Duration = if cfg!(test) { Duration::from_millis(200) } else { Duration::from_secs(2) };

/// All that may be in flight.
#[derive(Debug)]
pub(crate) struct Budget {
    messages: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
}

/// The share of one message, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    _message: OwnedSemaphorePermit,
    bytes: OwnedSemaphorePermit,
}

/// A message, with its share.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) bytes: Vec<u8>,
    pub(crate) share: Share,
}

impl Budget {
    pub(crate) fn new(messages: usize, bytes: usize) -> Self {
        let semaphore = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        Self { messages: semaphore(messages), bytes: semaphore(bytes) }
    }

    /// A message begins to arrive.
    pub(crate) async fn begin(&self) -> Result<Message, Failure> {
        let message = within(Arc::clone(&self.messages).acquire_owned()).await?;
        let bytes = within(Arc::clone(&self.bytes).acquire_many_owned(0)).await?;
        Ok(Message { bytes: Vec::new(), share: Share { _message: message, bytes } })
    }

    /// Takes what so many more bytes need.
    pub(crate) async fn grow(&self, share: &mut Share, more: usize) -> Result<(), Failure> {
        let more = u32::try_from(more).map_err(|_| busy())?;
        share.bytes.merge(within(Arc::clone(&self.bytes).acquire_many_owned(more)).await?);
        Ok(())
    }

    /// Bytes that could still be taken.
    pub(crate) fn free_bytes(&self) -> usize {
        self.bytes.available_permits()
    }
}

fn busy() -> Failure {
    Failure::new(FailureKind::Busy, "too many messages are in flight")
}

async fn within<T>(acquire: impl Future<Output = Result<T, tokio::sync::AcquireError>>) -> Result<T, Failure> {
    match timeout(MAX_WAIT, acquire).await {
        Ok(Ok(permit)) => Ok(permit),
        _ => Err(busy()),
    }
}

/// One of a number of slots.
pub(crate) async fn slot(slots: &Semaphore) -> Result<SemaphorePermit<'_>, Failure> {
    slots.acquire().await.map_err(|_| Failure::internal())
}
