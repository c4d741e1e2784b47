//! The assembly line of a run: one thread reads, the workers redact, one thread writes in the order of the source. What is
//! on the way is bounded by weight, so memory is, whatever the source's size.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use rayon::{Scope, ThreadPool};

/// What takes the results, in order.
pub(super) trait ResultSink<T>: Send {
    /// Takes the next result. `false` ends the run: nothing more is handed over.
    fn take(&mut self, result: T) -> bool;
    /// Finishes with all that was taken, for nothing more is there just now, or enough is. `false` ends the run.
    fn flush(&mut self) -> bool;
}

/// Lets a reader hand over work and results.
pub(super) struct Feed<'f, 'scope, T> {
    scope: &'f Scope<'scope>,
    results: Sender<(u64, usize, T)>,
    room: &'scope ByteBudget,
    is_over: &'scope AtomicBool,
    next: u64,
}

impl<'scope, T: Send + 'scope> Feed<'_, 'scope, T> {
    /// Hands over work, once there is room for its weight in bytes. `false` if nothing more is wanted.
    pub(super) fn work(&mut self, weight: usize, work: impl FnOnce(u64) -> T + Send + 'scope) -> bool {
        let weight = self.room.enter(weight);
        if self.is_over() {
            self.room.leave(weight);
            return false;
        }
        let number = self.number();
        let results = self.results.clone();
        self.scope.spawn(move |_| {
            // The receiver is there as long as the scope is; if it is gone, so is the run.
            let _ = results.send((number, weight, work(number)));
        });
        true
    }

    /// Hands over what needs no work, in its turn.
    pub(super) fn result(&mut self, result: T) -> bool {
        let number = self.number();
        self.results.send((number, 0, result)).is_ok() && !self.is_over()
    }

    /// Whether the run has ended early.
    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }
}

/// Which part of the room may be taken by what isn't settled: the rest keeps reader and workers going meanwhile.
const MOST_TAKEN_SHARE: usize = 4;

/// Runs `read` on this thread, what it hands over on `workers`, and `writer` on a thread of its own, until all is written
/// or the writer ends it. `capacity` is how many bytes of work are on the way at most.
pub(super) fn run<'scope, T: Send + 'scope, W: ResultSink<T>>(
    workers: &ThreadPool,
    room: &'scope ByteBudget,
    is_over: &'scope AtomicBool,
    writer: &mut W,
    read: impl FnOnce(&mut Feed<'_, 'scope, T>),
) {
    let (results, arrived) = channel::<(u64, usize, T)>();
    thread::scope(|threads| {
        threads.spawn(move || {
            let mut waiting = BTreeMap::new();
            let (mut next, mut taken) = (0, 0);
            let mut go_on = |go: &mut dyn FnMut(&mut W) -> bool| {
                if !is_over.load(Ordering::Relaxed) && !go(writer) {
                    is_over.store(true, Ordering::Relaxed);
                }
            };
            loop {
                let (number, weight, result) = match arrived.try_recv() {
                    Ok(arrived) => arrived,
                    Err(_) => {
                        go_on(&mut W::flush);
                        room.leave(std::mem::take(&mut taken));
                        let Ok(arrived) = arrived.recv() else { break };
                        arrived
                    }
                };
                waiting.insert(number, (weight, result));
                while let Some((weight, result)) = waiting.remove(&next) {
                    next += 1;
                    taken += weight;
                    let mut result = Some(result);
                    go_on(&mut |writer| result.take().is_none_or(|result| writer.take(result)));
                }
                if taken > room.capacity / MOST_TAKEN_SHARE {
                    go_on(&mut W::flush);
                    room.leave(std::mem::take(&mut taken));
                }
            }
        });
        workers.in_place_scope(|scope| {
            let mut feed = Feed { scope, results, room, is_over, next: 0 };
            read(&mut feed);
        });
    });
}

/// How much may be on the way.
#[derive(Debug)]
pub(super) struct ByteBudget {
    capacity: usize,
    taken: Mutex<usize>,
    left: Condvar,
}

impl ByteBudget {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, taken: Mutex::new(0), left: Condvar::new() }
    }

    /// Waits until there is room. What is larger than all of it goes alone. Gives the weight to leave with.
    fn enter(&self, weight: usize) -> usize {
        let weight = weight.min(self.capacity);
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |taken: &mut usize| *taken + weight > self.capacity;
        let mut taken = self.left.wait_while(taken, is_full).unwrap_or_else(PoisonError::into_inner);
        *taken += weight;
        weight
    }

    fn leave(&self, weight: usize) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        *taken = taken.saturating_sub(weight);
        self.left.notify_one();
    }
}
