//! What went wrong, before it is an exception. No text repeats a value of a message (P6).

use dmv_redact::ConfigError;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};

/// What went wrong in a call, made without Python.
#[derive(Debug)]
pub(crate) enum Fault {
    /// A policy, roster, format or catalog is wrong, or can't be read.
    Config(Box<ConfigError>),
    /// What a request says is none, or isn't declared.
    Request(String),
    /// The disclosure log can't be read or written, or refuses a record.
    Log(String),
    /// The library failed by a fault of its own.
    Internal(String),
    /// Arguments that don't belong together.
    Value(String),
    /// A column of a type that can't be read.
    Type(String),
}

impl Fault {
    pub(crate) fn raise(self, py: Python<'_>) -> PyErr {
        match self {
            Self::Config(error) => config_error(py, &error).unwrap_or_else(|error| error),
            Self::Request(message) => own(py, "RequestError", &message),
            Self::Log(message) => own(py, "LogError", &message),
            Self::Internal(message) => own(py, "InternalError", &message),
            Self::Value(message) => PyValueError::new_err(message),
            Self::Type(message) => PyTypeError::new_err(message),
        }
    }
}

impl From<ConfigError> for Fault {
    fn from(error: ConfigError) -> Self {
        Self::Config(Box::new(error))
    }
}

/// A class of `dmv_redact._errors`. They are written in Python: the stable interface of 3.10 can't derive from an exception.
fn class<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyType>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module = MODULE.get_or_try_init(py, || py.import("dmv_redact._errors").map(Bound::unbind))?;
    Ok(module.bind(py).getattr(name)?.cast_into()?)
}

fn own(py: Python<'_>, name: &str, message: &str) -> PyErr {
    match class(py, name) {
        Ok(class) => PyErr::from_type(class, message.to_owned()),
        Err(error) => error,
    }
}

/// The first error of a file, which has the others.
fn config_error(py: Python<'_>, error: &ConfigError) -> PyResult<PyErr> {
    let class = class(py, "ConfigError")?;
    let make = |one: &ConfigError| -> PyResult<Bound<'_, PyAny>> {
        let fields = PyDict::new(py);
        fields.set_item("message", one.message())?;
        fields.set_item("file", Some(one.file()).filter(|file| !file.is_empty()))?;
        fields.set_item("line", one.position().map(|(line, _)| line))?;
        fields.set_item("column", one.position().map(|(_, column)| column))?;
        fields.set_item("help", one.help_text())?;
        class.call((one.to_string(),), Some(&fields))
    };
    let all = error.iter().map(make).collect::<PyResult<Vec<_>>>()?;
    let mut all = all.into_iter();
    let first = all.next().map_or_else(|| make(error), Ok)?;
    first.setattr("further", pyo3::types::PyTuple::new(py, all.collect::<Vec<_>>())?)?;
    Ok(PyErr::from_value(first))
}
