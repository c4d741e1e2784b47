//! The pipeline of a run: one thread reads, the workers redact, one thread writes in the order of the source. A byte
//! budget bounds what is in flight, so memory doesn't grow with the source (P8).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use rayon::{Scope, ThreadPool};

/// Takes the results, in order.
pub(super) trait ResultSink<T>: Send {
    /// Takes the next result. `false` ends the run.
    fn take(&mut self, result: T) -> bool;
    /// Flushes what was taken, because no more results are ready or enough are held. `false` ends the run.
    fn flush(&mut self) -> bool;
}

/// The reader's handle for submitting work and results.
pub(super) struct Feed<'f, 'scope, T> {
    scope: &'f Scope<'scope>,
    results: Sender<(u64, usize, T)>,
    budget: &'scope ByteBudget,
    is_over: &'scope AtomicBool,
    next: u64,
}

impl<'scope, T: Send + 'scope> Feed<'_, 'scope, T> {
    /// Submits work once the budget has `weight` bytes free. `false` if the run has ended.
    pub(super) fn work(&mut self, weight: usize, work: impl FnOnce(u64) -> T + Send + 'scope) -> bool {
        let weight = self.budget.acquire(weight);
        if self.is_over() {
            self.budget.release(weight);
            return false;
        }
        let number = self.number();
        let results = self.results.clone();
        self.scope.spawn(move |_| {
            // The receiver lives as long as the scope; if it is gone, the run has ended.
            let _ = results.send((number, weight, work(number)));
        });
        true
    }

    /// Submits a result that needs no work, in its turn.
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

/// The share of the budget that unflushed results may hold: the rest keeps reader and workers busy meanwhile.
const FLUSH_SHARE: usize = 4;

/// Runs `read` on this thread, its work on `workers`, and `writer` on its own thread, until everything is written or
/// the writer ends the run. `budget` bounds the bytes in flight.
pub(super) fn run<'scope, T: Send + 'scope, W: ResultSink<T>>(
    workers: &ThreadPool,
    budget: &'scope ByteBudget,
    is_over: &'scope AtomicBool,
    writer: &mut W,
    read: impl FnOnce(&mut Feed<'_, 'scope, T>),
) {
    let (results, arrived) = channel::<(u64, usize, T)>();
    thread::scope(|threads| {
        threads.spawn(move || write_in_order(&arrived, budget, is_over, writer));
        workers.in_place_scope(|scope| {
            let mut feed = Feed { scope, results, budget, is_over, next: 0 };
            read(&mut feed);
        });
    });
}

/// Writes results in the order of their numbers until no more arrive. After the writer has ended the run, results are
/// only received, so that their weight is released.
fn write_in_order<T, W: ResultSink<T>>(
    arrived: &Receiver<(u64, usize, T)>,
    budget: &ByteBudget,
    is_over: &AtomicBool,
    writer: &mut W,
) {
    let mut waiting = BTreeMap::new();
    let (mut next, mut held) = (0, 0);
    loop {
        let (number, weight, result) = match arrived.try_recv() {
            Ok(arrived) => arrived,
            Err(_) => {
                flush(writer, is_over);
                budget.release(std::mem::take(&mut held));
                let Ok(arrived) = arrived.recv() else { break };
                arrived
            }
        };
        waiting.insert(number, (weight, result));
        while let Some((weight, result)) = waiting.remove(&next) {
            next += 1;
            held += weight;
            if !is_over.load(Ordering::Relaxed) && !writer.take(result) {
                is_over.store(true, Ordering::Relaxed);
            }
        }
        if held > budget.capacity / FLUSH_SHARE {
            flush(writer, is_over);
            budget.release(std::mem::take(&mut held));
        }
    }
}

fn flush<T, W: ResultSink<T>>(writer: &mut W, is_over: &AtomicBool) {
    if !is_over.load(Ordering::Relaxed) && !writer.flush() {
        is_over.store(true, Ordering::Relaxed);
    }
}

/// A semaphore that counts bytes in flight.
#[derive(Debug)]
pub(super) struct ByteBudget {
    capacity: usize,
    held: Mutex<usize>,
    freed: Condvar,
}

impl ByteBudget {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, held: Mutex::new(0), freed: Condvar::new() }
    }

    /// Blocks until `weight` bytes are free, and returns the weight to release. Work larger than the whole budget runs
    /// alone.
    fn acquire(&self, weight: usize) -> usize {
        let weight = weight.min(self.capacity);
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let held = self.freed.wait_while(held, |held| *held + weight > self.capacity);
        let mut held = held.unwrap_or_else(PoisonError::into_inner);
        *held += weight;
        weight
    }

    fn release(&self, weight: usize) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        *held = held.saturating_sub(weight);
        self.freed.notify_one();
    }
}
