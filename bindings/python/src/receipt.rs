//! The receipt, field by field, and as JSON. No value of the message is in it (P6).

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::error::Fault;
use crate::guard::guarded;

/// The record of one message.
#[pyclass(frozen, module = "dmv_redact")]
pub(crate) struct Receipt {
    pub(crate) inner: dmv_redact::Receipt,
}

/// What became of the values of one data element.
#[pyclass(frozen, get_all, eq, module = "dmv_redact")]
#[derive(PartialEq, Eq)]
pub(crate) struct ElementCounts {
    released: u32,
    generalized: u32,
    removed: u32,
    shape: u32,
}

/// Something that must be done because of the outcome.
#[pyclass(frozen, get_all, eq, module = "dmv_redact")]
#[derive(PartialEq, Eq)]
pub(crate) struct Duty {
    id: String,
    task: &'static str,
    to: Option<String>,
    is_before: bool,
    last_day: Option<String>,
}

#[pymethods]
impl Receipt {
    #[getter]
    fn disposition(&self) -> &'static str {
        self.inner.disposition().name()
    }

    #[getter]
    fn releases(&self) -> bool {
        self.inner.disposition().releases()
    }

    #[getter]
    fn reason(&self) -> Option<&'static str> {
        self.inner.reason().map(dmv_redact::Reason::code)
    }

    #[getter]
    fn detail(&self) -> Option<&'static str> {
        self.inner.detail()
    }

    #[getter]
    fn offset(&self) -> Option<usize> {
        self.inner.offset()
    }

    #[getter]
    fn format(&self) -> Option<&str> {
        self.inner.format()
    }

    #[getter]
    fn message_type(&self) -> Option<&str> {
        self.inner.message_type()
    }

    #[getter]
    fn requester(&self) -> Option<String> {
        self.inner.requester().map(|ori| ori.as_str().to_owned())
    }

    #[getter]
    fn correlation_id(&self) -> Option<&str> {
        self.inner.correlation_id()
    }

    #[getter]
    fn date(&self) -> Option<String> {
        self.inner.date().map(|date| date.to_string())
    }

    #[getter]
    fn bytes_in(&self) -> usize {
        self.inner.bytes_in()
    }

    #[getter]
    fn bytes_out(&self) -> usize {
        self.inner.bytes_out()
    }

    #[getter]
    fn unmapped(&self) -> u32 {
        self.inner.unmapped()
    }

    #[getter]
    fn found_images(&self) -> u32 {
        self.inner.found_images()
    }

    #[getter]
    fn image_bytes(&self) -> u64 {
        self.inner.image_bytes()
    }

    #[getter]
    fn agency_classes(&self) -> Vec<&str> {
        self.inner.agency_classes().collect()
    }

    #[getter]
    fn rules(&self) -> Vec<&str> {
        self.inner.rules().collect()
    }

    #[getter]
    fn elements<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let elements = PyDict::new(py);
        for (id, counts) in self.inner.elements() {
            let dmv_redact::ElementCounts { released, generalised, removed, shape } = counts;
            elements
                .set_item(id, Bound::new(py, ElementCounts { released, generalized: generalised, removed, shape })?)?;
        }
        Ok(elements)
    }

    #[getter]
    fn duties(&self) -> Vec<Duty> {
        let duty = |owed: dmv_redact::OwedDuty<'_>| Duty {
            id: owed.id().to_owned(),
            task: owed.task(),
            to: owed.to().map(str::to_owned),
            is_before: owed.is_before(),
            last_day: owed.last_day().map(|day| day.to_string()),
        };
        self.inner.duties().map(duty).collect()
    }

    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        json(&self.inner).map_err(|fault| fault.raise(py))
    }

    fn __repr__(&self) -> String {
        match self.inner.reason() {
            Some(reason) => format!("<Receipt {}, {}>", self.disposition(), reason.code()),
            None => format!("<Receipt {}>", self.disposition()),
        }
    }
}

pub(crate) fn json(receipt: &dmv_redact::Receipt) -> Result<String, Fault> {
    guarded(|| serde_json::to_string(receipt).map_err(|error| Fault::Internal(error.to_string())))
}
