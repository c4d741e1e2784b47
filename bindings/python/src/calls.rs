//! What can be done with a filter.

use dmv_redact::Requester;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::batch;
use crate::config::Config;
use crate::error::Fault;
use crate::filter::{Filter, redact};
use crate::guard::work;
use crate::input;
use crate::log::DisclosureLog;
use crate::redaction::Redaction;
use crate::request::{asked, requests_of};
use crate::table::{Columns, RedactedTable};

fn build(py: Python<'_>, config: Config<'_>) -> PyResult<Filter> {
    let (builder, options) = config.done();
    let inner = work(py, || {
        let filter = builder.build()?;
        // A filter is shared by threads whose first message mustn't wait.
        filter.warm();
        Ok(filter)
    })?;
    Ok(Filter { inner, options: options.map(Bound::unbind) })
}

#[pymethods]
impl Filter {
    #[new]
    #[expect(clippy::too_many_arguments, reason = "each is named where it is called")]
    #[pyo3(signature = (*, policy=None, policy_bytes=None, policy_name="policy.toml", rosters=None, includes=None,
        catalog=None, formats=None, format=None, token_key=None, limits=None, second_reading=true))]
    fn new<'py>(
        py: Python<'py>,
        policy: Option<Bound<'py, PyAny>>,
        policy_bytes: Option<Bound<'py, PyAny>>,
        policy_name: &str,
        rosters: Option<Bound<'py, PyAny>>,
        includes: Option<Bound<'py, PyAny>>,
        catalog: Option<Bound<'py, PyAny>>,
        formats: Option<Bound<'py, PyAny>>,
        format: Option<&str>,
        token_key: Option<Bound<'py, PyAny>>,
        limits: Option<Bound<'py, PyAny>>,
        second_reading: bool,
    ) -> PyResult<Self> {
        let mut config = Config::new(py);
        config.policy(policy.as_ref(), policy_bytes.as_ref(), policy_name)?;
        config.options(rosters.as_ref(), includes.as_ref(), catalog.as_ref(), formats.as_ref(), token_key.as_ref())?;
        config.rest(format, limits.as_ref(), second_reading)?;
        build(py, config)
    }

    /// A filter from bytes alone: it reads no file, and can be pickled.
    #[classmethod]
    #[expect(clippy::too_many_arguments, reason = "each is named where it is called")]
    #[pyo3(signature = (policy, *, policy_name="policy.toml", rosters=None, includes=None, catalog=None, formats=None,
        format=None, token_key=None, limits=None, second_reading=true))]
    fn from_bytes<'py>(
        cls: &Bound<'py, PyType>,
        policy: Bound<'py, PyAny>,
        policy_name: &str,
        rosters: Option<Bound<'py, PyAny>>,
        includes: Option<Bound<'py, PyAny>>,
        catalog: Option<Bound<'py, PyAny>>,
        formats: Option<Bound<'py, PyAny>>,
        format: Option<&str>,
        token_key: Option<Bound<'py, PyAny>>,
        limits: Option<Bound<'py, PyAny>>,
        second_reading: bool,
    ) -> PyResult<Self> {
        let py = cls.py();
        let mut config = Config::new(py);
        config.policy(None, Some(&policy), policy_name)?;
        config.options(rosters.as_ref(), includes.as_ref(), catalog.as_ref(), formats.as_ref(), token_key.as_ref())?;
        config.rest(format, limits.as_ref(), second_reading)?;
        match config.reads_files() {
            false => build(py, config),
            true => Err(PyTypeError::new_err("`from_bytes` takes bytes alone, and one of its options is a path")),
        }
    }

    /// Redacts a message for a request.
    #[pyo3(signature = (message, request))]
    fn redact(&self, py: Python<'_>, message: &Bound<'_, PyAny>, request: &Bound<'_, PyAny>) -> PyResult<Redaction> {
        let message = input::bytes(message, "the message")?;
        let request = asked(request)?;
        let (bytes, requester) = (message.as_bytes(), &request.get().requester);
        let (output, receipt) = work(py, || {
            let mut output = Vec::new();
            let receipt = redact(&self.inner, bytes, requester, &mut output);
            Ok((output, receipt))
        })?;
        Redaction::new(py, &output, receipt)
    }

    /// Redacts many messages, on several threads. The results are in the order of the messages.
    #[pyo3(signature = (messages, requests))]
    fn redact_batch(
        &self,
        py: Python<'_>,
        messages: &Bound<'_, PyAny>,
        requests: &Bound<'_, PyAny>,
    ) -> PyResult<Vec<Redaction>> {
        let messages = messages.try_iter().map_err(|_| input::wrong(messages, "the messages", "several"))?;
        let messages = messages.map(|message| input::bytes(&message?, "a message")).collect::<PyResult<Vec<_>>>()?;
        let requests = requests_of(requests, messages.len())?;
        let bytes: Vec<&[u8]> = messages.iter().map(|message| message.as_bytes()).collect();
        let requesters: Vec<&Requester> = requests.iter().map(|request| &request.get().requester).collect();
        let done = work(py, || batch::redact(&self.inner, &bytes, &requesters))?;
        done.into_iter().map(|(output, receipt)| Redaction::new(py, &output, receipt)).collect()
    }

    /// Redacts a column of messages, on several threads.
    #[expect(clippy::too_many_arguments, reason = "each is named where it is called")]
    #[pyo3(signature = (messages, request=None, *, requester=None, purpose=None, claims=None, date=None,
        correlation_id=None, receipts=false, log=None, source=None, ids=None))]
    fn redact_arrow(
        &self,
        py: Python<'_>,
        messages: &Bound<'_, PyAny>,
        request: Option<&Bound<'_, PyAny>>,
        requester: Option<&Bound<'_, PyAny>>,
        purpose: Option<&Bound<'_, PyAny>>,
        claims: Option<&Bound<'_, PyAny>>,
        date: Option<&Bound<'_, PyAny>>,
        correlation_id: Option<&Bound<'_, PyAny>>,
        receipts: bool,
        log: Option<&Bound<'_, DisclosureLog>>,
        source: Option<&str>,
        ids: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<RedactedTable> {
        let base = request.map(asked).transpose()?;
        let base = base.as_ref().map(|request| &request.get().requester);
        let columns = Columns::read(messages, base, [requester, purpose, claims, date, correlation_id], ids)?;
        let log = match (log, source) {
            (Some(log), Some(source)) => Some((log.get().of_this_process(py)?, source)),
            (None, None) if ids.is_none() => None,
            _ => return Err(PyTypeError::new_err("`log` and `source` go together, and `ids` with both")),
        };
        let batch = work(py, || columns.redact(&self.inner, receipts, log))?;
        Ok(RedactedTable { batch })
    }

    /// Checks that the policy declares what a request states.
    #[pyo3(signature = (request))]
    fn check_request(&self, py: Python<'_>, request: &Bound<'_, PyAny>) -> PyResult<()> {
        let request = asked(request)?;
        let requester = &request.get().requester;
        work(py, || self.inner.check_request(requester).map_err(|error| Fault::Request(error.to_string())))
    }

    #[getter]
    fn policy_name(&self) -> &str {
        &self.inner.policy().name
    }

    #[getter]
    fn policy_version(&self) -> &str {
        &self.inner.policy().version
    }

    /// For pickle.
    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        match &self.options {
            Some(options) => Ok((PyTuple::empty(py), options.bind(py).copy()?)),
            None => {
                Err(PyTypeError::new_err("a filter that was made from files can't be pickled: use `Filter.from_bytes`"))
            }
        }
    }

    fn __copy__(own: Py<Self>) -> Py<Self> {
        own
    }

    fn __deepcopy__(own: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        own
    }

    fn __repr__(&self) -> String {
        let policy = self.inner.policy();
        format!("<Filter {} {}>", policy.name, policy.version)
    }
}
