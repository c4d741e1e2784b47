//! A process that forks. Only the thread that forks goes on in the child, so a lock that another thread holds at that moment stays
//! locked there for ever. Python calls us before it forks: we wait until no thread works in the filter, and let none begin.

use std::cell::RefCell;
use std::sync::{PoisonError, RwLock, RwLockWriteGuard};

use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Those who work hold it to read, who forks to write.
static GATE: RwLock<()> = RwLock::new(());

thread_local! {
    /// While this thread forks.
    static CLOSED: RefCell<Option<RwLockWriteGuard<'static, ()>>> = const { RefCell::new(None) };
}

/// Works while no thread forks. Never within itself: who waits to fork would keep the inner one out.
pub(crate) fn pass<T>(work: impl FnOnce() -> T) -> T {
    let _passing = GATE.read().unwrap_or_else(PoisonError::into_inner);
    work()
}

#[pyfunction]
fn before_fork(py: Python<'_>) {
    py.detach(|| {
        CLOSED.with_borrow_mut(|closed| {
            if closed.is_none() {
                *closed = Some(GATE.write().unwrap_or_else(PoisonError::into_inner));
            }
        });
    });
}

#[pyfunction]
fn after_fork() {
    CLOSED.take();
}

/// Registers with `os`, where a process can fork.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let os = py.import("os")?;
    if !os.hasattr("register_at_fork")? {
        return Ok(());
    }
    let after = wrap_pyfunction!(after_fork, module)?;
    let hooks = PyDict::new(py);
    hooks.set_item("before", wrap_pyfunction!(before_fork, module)?)?;
    hooks.set_item("after_in_parent", &after)?;
    hooks.set_item("after_in_child", &after)?;
    os.call_method("register_at_fork", (), Some(&hooks))?;
    Ok(())
}
