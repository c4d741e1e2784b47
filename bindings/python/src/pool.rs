//! The threads of a batch: our own, made when a batch first needs them, once for each process.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::{mem, process, thread};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::Fault;

struct Threads {
    /// The process that has them: a child that was forked has none.
    process: u32,
    count: usize,
    pool: Arc<ThreadPool>,
}

static THREADS: Mutex<Option<Threads>> = Mutex::new(None);

/// How many are wanted; 0: as many as there are processors.
static WANTED: AtomicUsize = AtomicUsize::new(0);

/// How many threads a batch runs on.
pub(crate) fn count() -> usize {
    match WANTED.load(Ordering::Relaxed) {
        0 => thread::available_parallelism().map_or(1, usize::from),
        count => count,
    }
}

/// The threads of this process.
pub(crate) fn current() -> Result<Arc<ThreadPool>, Fault> {
    let (process, count) = (process::id(), count());
    let mut own = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(threads) = &*own
        && (threads.process, threads.count) == (process, count)
    {
        return Ok(Arc::clone(&threads.pool));
    }
    let named = ThreadPoolBuilder::new().num_threads(count).thread_name(|number| format!("dmv-redact-{number}"));
    let pool = named.build().map_err(|error| Fault::Internal(format!("no thread can be started: {error}")))?;
    let pool = Arc::new(pool);
    match own.replace(Threads { process, count, pool: Arc::clone(&pool) }) {
        // Its threads are the parent's: to end them would take locks that one of them may hold.
        Some(before) if before.process != process => mem::forget(before),
        _ => {}
    }
    Ok(pool)
}

/// Sets how many threads a batch runs on from now on, in this process and those that are forked later. None: as many as there are
/// processors for this process.
#[pyfunction]
#[pyo3(signature = (count))]
pub(crate) fn set_threads(count: Option<usize>) -> PyResult<()> {
    if count == Some(0) {
        return Err(PyValueError::new_err("a batch needs a thread; None is as many as there are processors"));
    }
    WANTED.store(count.unwrap_or(0), Ordering::Relaxed);
    Ok(())
}

/// How many threads a batch runs on.
#[pyfunction]
pub(crate) fn threads() -> usize {
    count()
}
