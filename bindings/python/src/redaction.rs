//! What comes back of a message: an output that may go out, or none, and the receipt.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::Fault;
use crate::receipt::Receipt;

/// The output of a message and its receipt.
#[pyclass(frozen, module = "dmv_redact")]
pub(crate) struct Redaction {
    output: Mutex<Output>,
    #[pyo3(get)]
    pub(crate) receipt: Py<Receipt>,
}

/// What of it may go out.
pub(crate) enum Output {
    /// Nothing: it is held or withheld.
    Nothing,
    Released(Py<PyBytes>),
    /// It couldn't be recorded, or it is being recorded.
    NotOnRecord,
}

impl Redaction {
    /// `output` counts only where the receipt releases.
    pub(crate) fn new(py: Python<'_>, output: &[u8], receipt: dmv_redact::Receipt) -> PyResult<Self> {
        let output = match receipt.disposition().releases() {
            true => Output::Released(PyBytes::new(py, output).unbind()),
            false => Output::Nothing,
        };
        Ok(Self { output: Mutex::new(output), receipt: Py::new(py, Receipt { inner: receipt })? })
    }

    /// Held for a moment only, and never while Python runs: no process forks then.
    fn lock(&self) -> MutexGuard<'_, Output> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the output away until it is on record: whatever fails meanwhile, nothing goes out.
    pub(crate) fn take(&self) -> Result<Output, Fault> {
        match std::mem::replace(&mut *self.lock(), Output::NotOnRecord) {
            Output::NotOnRecord => {
                Err(Fault::Log("its record failed, or isn't done: nothing of it goes out".to_owned()))
            }
            output => Ok(output),
        }
    }

    pub(crate) fn give_back(&self, output: Output) {
        *self.lock() = output;
    }
}

#[pymethods]
impl Redaction {
    #[getter]
    fn output(&self, py: Python<'_>) -> Option<Py<PyBytes>> {
        match &*self.lock() {
            Output::Released(output) => Some(output.clone_ref(py)),
            Output::Nothing | Output::NotOnRecord => None,
        }
    }

    fn __repr__(&self) -> String {
        format!("<Redaction {}>", self.receipt.get().inner.disposition().name())
    }
}
