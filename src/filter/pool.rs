//! A pool of scratch memory that is reused from message to message, so that redacting doesn't allocate. It is sharded
//! by thread: memory that another thread used last would have to move between CPU caches.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Shards of a pool; with more threads than these, some share one.
const SHARDS: usize = 32;

/// The number of the next thread that uses a pool.
static NEXT_THREAD: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static THREAD_SHARD: usize = NEXT_THREAD.fetch_add(1, Ordering::Relaxed) % SHARDS;
}

/// Idle items, by the thread that used them last.
#[derive(Debug)]
pub(super) struct Pool<T> {
    shards: [Shard<T>; SHARDS],
}

/// Aligned to a cache line to avoid false sharing.
#[derive(Debug)]
#[repr(align(128))]
struct Shard<T>(Mutex<Vec<T>>);

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| Shard(Mutex::default())) }
    }
}

impl<T: Default> Pool<T> {
    /// An idle item, or a new one.
    pub(super) fn take(&self) -> T {
        self.with_shard(|idle| idle.pop()).flatten().unwrap_or_default()
    }

    pub(super) fn put_back(&self, item: T) {
        self.with_shard(|idle| idle.push(item));
    }

    fn with_shard<R>(&self, run: impl FnOnce(&mut Vec<T>) -> R) -> Option<R> {
        // A thread that is shutting down has lost its thread-local number.
        let shard = self.shards.get(THREAD_SHARD.try_with(|shard| *shard).unwrap_or_default())?;
        Some(run(&mut shard.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}
