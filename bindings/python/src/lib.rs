//! The Python interface of the filter: what `python/dmv_redact/_native.pyi` declares. A call takes what Python has, lets other
//! threads run while it works, and makes an exception of whatever goes wrong: a panic, too. Nothing that fails can be mistaken for
//! a release.
//!
//! `docs/python.md` is for its users.

mod arrow;
mod batch;
#[cfg(feature = "native-bench")]
mod bench;
mod calls;
mod columns;
mod config;
mod error;
mod filter;
mod fork;
mod guard;
mod input;
mod log;
mod pool;
mod receipt;
mod redaction;
mod request;
mod table;

use pyo3::prelude::*;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<filter::Filter>()?;
    module.add_class::<request::Request>()?;
    module.add_class::<redaction::Redaction>()?;
    module.add_class::<receipt::Receipt>()?;
    module.add_class::<receipt::ElementCounts>()?;
    module.add_class::<receipt::Duty>()?;
    module.add_class::<log::DisclosureLog>()?;
    module.add_class::<table::RedactedTable>()?;
    module.add_function(wrap_pyfunction!(pool::set_threads, module)?)?;
    module.add_function(wrap_pyfunction!(pool::threads, module)?)?;
    #[cfg(feature = "native-bench")]
    module.add_function(wrap_pyfunction!(bench::native_seconds, module)?)?;
    fork::register(module)
}
