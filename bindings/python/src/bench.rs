//! The same work without Python, in the same build: what `bench.py` compares with.

use std::time::Instant;

use pyo3::prelude::*;

use crate::batch;
use crate::filter::{Filter, redact};
use crate::guard::work;
use crate::request::Request;

/// Seconds for so many messages: one after the other, or as a batch on several threads.
#[pyfunction]
pub(crate) fn native_seconds(
    py: Python<'_>,
    filter: &Bound<'_, Filter>,
    message: &[u8],
    request: &Bound<'_, Request>,
    count: usize,
    in_batch: bool,
) -> PyResult<f64> {
    let (filter, requester) = (&filter.get().inner, &request.get().requester);
    work(py, || {
        let (messages, requesters) = (vec![message; count], vec![requester; count]);
        let mut output = Vec::new();
        let begin = Instant::now();
        if in_batch {
            std::hint::black_box(batch::redact(filter, &messages, &requesters)?);
        } else {
            for message in messages {
                let _ = std::hint::black_box(redact(filter, message, requester, &mut output));
            }
        }
        Ok(begin.elapsed().as_secs_f64())
    })
}
