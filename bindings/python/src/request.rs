//! Who asks, and why: what the caller itself vouches for. Never take any of it from a message.

use dmv_redact::{Instrument, Requester, RequesterError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::error::Fault;
use crate::input::{self, text, texts, wrong};

/// A request. It never changes, and is for any number of calls and threads.
#[pyclass(frozen, module = "dmv_redact")]
pub(crate) struct Request {
    pub(crate) requester: Requester,
    /// What it was made of.
    stated: Py<PyDict>,
}

impl From<RequesterError> for Fault {
    fn from(error: RequesterError) -> Self {
        Self::Request(error.to_string())
    }
}

/// A day: a text, or a `datetime.date`.
fn day(from: &Bound<'_, PyAny>) -> PyResult<String> {
    if from.is_instance_of::<PyString>() {
        return Ok(text(from, "date")?.to_owned());
    }
    let date = from.py().import("datetime")?.getattr("date")?;
    // A `datetime` is a date of some time zone: whose day it is, the caller says.
    if !from.get_type().is(&date) {
        return Err(wrong(from, "date", "str or datetime.date"));
    }
    from.call_method0("isoformat")?.extract()
}

fn stated<'py>(options: &Bound<'py, PyDict>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    Ok(options.get_item(name)?.filter(|value| !value.is_none()))
}

fn requester(options: &Bound<'_, PyDict>) -> PyResult<Requester> {
    let py = options.py();
    let refuse = |error: RequesterError| Fault::from(error).raise(py);
    let own = |name: &str| -> PyResult<Option<String>> {
        stated(options, name)?.map(|value| Ok(text(&value, name)?.to_owned())).transpose()
    };
    let several = |name: &str| -> PyResult<Vec<String>> {
        Ok(stated(options, name)?.map(|value| texts(&value, name)).transpose()?.unwrap_or_default())
    };
    let mut requester = match own("requester")? {
        Some(ori) => Requester::new(&ori).map_err(refuse)?,
        None => Requester::from_envelope(),
    };
    requester = own("purpose")?.into_iter().fold(requester, Requester::purpose);
    requester = own("reason")?.into_iter().fold(requester, Requester::reason);
    requester = own("line")?.into_iter().fold(requester, Requester::line);
    requester = own("user")?.into_iter().fold(requester, Requester::user);
    requester = own("state")?.into_iter().fold(requester, Requester::record_state);
    requester = several("claims")?.into_iter().fold(requester, Requester::claim);
    for instrument in several("instruments")? {
        let instrument = instrument.parse::<Instrument>().map_err(|error| Fault::Request(error).raise(py))?;
        requester = requester.instrument(instrument);
    }
    if let Some(date) = stated(options, "date")? {
        requester = requester.date(&day(&date)?).map_err(refuse)?;
    }
    if let Some(id) = own("correlation_id")? {
        requester = requester.correlation_id(&id).map_err(refuse)?;
    }
    if let Some(number) = own("control_number")? {
        requester = requester.control_number(&number).map_err(refuse)?;
    }
    for name in several("approved_by")? {
        requester = requester.approved_by(&name).map_err(refuse)?;
    }
    Ok(requester)
}

#[pymethods]
impl Request {
    #[new]
    #[expect(clippy::too_many_arguments, reason = "each is named where it is called")]
    #[pyo3(signature = (*, requester=None, purpose=None, reason=None, line=None, user=None, state=None, claims=None,
        instruments=None, date=None, correlation_id=None, control_number=None, approved_by=None))]
    fn new<'py>(
        py: Python<'py>,
        requester: Option<Bound<'py, PyAny>>,
        purpose: Option<Bound<'py, PyAny>>,
        reason: Option<Bound<'py, PyAny>>,
        line: Option<Bound<'py, PyAny>>,
        user: Option<Bound<'py, PyAny>>,
        state: Option<Bound<'py, PyAny>>,
        claims: Option<Bound<'py, PyAny>>,
        instruments: Option<Bound<'py, PyAny>>,
        date: Option<Bound<'py, PyAny>>,
        correlation_id: Option<Bound<'py, PyAny>>,
        control_number: Option<Bound<'py, PyAny>>,
        approved_by: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Self> {
        let options = PyDict::new(py);
        for (name, value) in [
            ("requester", requester),
            ("purpose", purpose),
            ("reason", reason),
            ("line", line),
            ("user", user),
            ("state", state),
            ("date", date),
            ("correlation_id", correlation_id),
            ("control_number", control_number),
        ] {
            if let Some(value) = value {
                options.set_item(name, value)?;
            }
        }
        for (name, value) in [("claims", claims), ("instruments", instruments), ("approved_by", approved_by)] {
            if let Some(value) = value {
                options.set_item(name, PyTuple::new(py, texts(&value, name)?)?)?;
            }
        }
        Ok(Self { requester: self::requester(&options)?, stated: options.unbind() })
    }

    /// For pickle and copy.
    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        Ok((PyTuple::empty(py), self.stated.bind(py).copy()?))
    }
}

/// The request that a caller gave.
pub(crate) fn asked<'py>(from: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Request>> {
    Ok(from.cast::<Request>().map_err(|_| input::wrong(from, "the request", "Request"))?.clone())
}

/// One request for all messages, or one for each.
pub(crate) fn requests_of<'py>(from: &Bound<'py, PyAny>, count: usize) -> PyResult<Vec<Bound<'py, Request>>> {
    if let Ok(one) = from.cast::<Request>() {
        return Ok(vec![one.clone(); count]);
    }
    let several = from.try_iter().map_err(|_| input::wrong(from, "the requests", "a Request, or several"))?;
    let requests = several.map(|request| asked(&request?)).collect::<PyResult<Vec<_>>>()?;
    match requests.len() == count {
        true => Ok(requests),
        false => {
            let text = format!("there are {count} messages and {} requests", requests.len());
            Err(Fault::Value(text).raise(from.py()))
        }
    }
}
