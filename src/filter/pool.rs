//! What is kept from message to message, so that a message allocates nothing. Threads keep apart: one that takes what
//! another has just given back would wait for its memory.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Shelves of a pool; more threads than these share some.
const SHELVES: usize = 32;

/// The number of the next thread that asks.
static NEXT_THREAD: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static SHELF: usize = NEXT_THREAD.fetch_add(1, Ordering::Relaxed) % SHELVES;
}

/// Idle things by the thread that used them last.
#[derive(Debug)]
pub(super) struct Pool<T> {
    shelves: [Shelf<T>; SHELVES],
}

/// A cache line of its own, lest two threads wait for one.
#[derive(Debug)]
#[repr(align(128))]
struct Shelf<T>(Mutex<Vec<T>>);

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { shelves: std::array::from_fn(|_| Shelf(Mutex::default())) }
    }
}

impl<T: Default> Pool<T> {
    /// One that is idle, or a new one.
    pub(super) fn take(&self) -> T {
        self.shelf(|idle| idle.pop()).flatten().unwrap_or_default()
    }

    pub(super) fn give(&self, thing: T) {
        self.shelf(|idle| idle.push(thing));
    }

    fn shelf<R>(&self, run: impl FnOnce(&mut Vec<T>) -> R) -> Option<R> {
        // A thread that is ending has no number any more.
        let shelf = self.shelves.get(SHELF.try_with(|shelf| *shelf).unwrap_or_default())?;
        Some(run(&mut shelf.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}
