//! The frame of all work: without Python's lock, where no process forks, and with an end for a panic.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::sync::Once;

use pyo3::prelude::*;

use crate::error::Fault;
use crate::fork;

thread_local! {
    /// The file and line of the last panic.
    static PANICKED_AT: Cell<Option<String>> = const { Cell::new(None) };
}

/// Works while other threads of Python run. The work must not need Python.
pub(crate) fn work<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T, Fault> + Send) -> PyResult<T> {
    py.detach(|| fork::pass(|| guarded(work))).map_err(|fault| fault.raise(py))
}

/// A panic becomes a fault. PyO3 would make an exception of it that `except Exception` doesn't catch.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    silence_panics();
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(panicked()))
}

/// What a panic says may be anything (P6): only its place is kept, and nothing goes to stderr. The hook is this module's own: no
/// other Rust of the process is in reach of it.
fn silence_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        set_hook(Box::new(|panic| {
            let place = panic.location().map(|place| format!(" at {}:{}", place.file(), place.line()));
            let _ = PANICKED_AT.try_with(|last| last.set(place));
        }));
    });
}

fn panicked() -> Fault {
    let place = PANICKED_AT.try_with(Cell::take).ok().flatten().unwrap_or_default();
    Fault::Internal(format!("the library failed{place}: report this, with its version and the policy"))
}
