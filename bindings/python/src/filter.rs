//! The filter: made once, shared by all threads. Its methods are in `calls`, which knows what they take and give.

use dmv_redact::Requester;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The filter. For any number of threads at once.
#[pyclass(frozen, module = "dmv_redact")]
pub(crate) struct Filter {
    pub(crate) inner: dmv_redact::Filter,
    /// What it was made of, if that was bytes alone.
    pub(crate) options: Option<Py<PyDict>>,
}

/// The one call of the core.
pub(crate) fn redact(
    filter: &dmv_redact::Filter,
    message: &[u8],
    requester: &Requester,
    output: &mut Vec<u8>,
) -> dmv_redact::Receipt {
    plant(message, output);
    filter.redact(message, requester, output)
}

/// For the tests: a message that begins so makes the core panic when some of the output is written.
#[cfg(feature = "planted-panic")]
fn plant(message: &[u8], output: &mut Vec<u8>) {
    if message.starts_with(b"panic!") {
        output.extend_from_slice(message);
        assert!(message.is_empty(), "CANARY");
    }
}

#[cfg(not(feature = "planted-panic"))]
fn plant(_: &[u8], _: &mut Vec<u8>) {}
