//! Bytes and texts that Python gives.

use std::path::PathBuf;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMapping, PyMemoryView, PyString};

/// Bytes that nobody can change while they are read: those of `bytes` themselves, and a copy of anything else with a buffer.
pub(crate) fn bytes<'py>(from: &Bound<'py, PyAny>, what: &str) -> PyResult<Bound<'py, PyBytes>> {
    if let Ok(own) = from.cast_exact::<PyBytes>() {
        return Ok(own.clone());
    }
    let Ok(view) = PyMemoryView::from(from) else {
        return Err(wrong(from, what, "bytes"));
    };
    Ok(view.call_method0("tobytes")?.cast_into()?)
}

pub(crate) fn text<'a>(from: &'a Bound<'_, PyAny>, what: &str) -> PyResult<&'a str> {
    from.cast::<PyString>().map_err(|_| wrong(from, what, "str"))?.to_str()
}

pub(crate) fn path(from: &Bound<'_, PyAny>, what: &str) -> PyResult<PathBuf> {
    from.extract().map_err(|_| wrong(from, what, "a path"))
}

/// Files in memory by their names.
pub(crate) fn files<'py>(from: &Bound<'py, PyAny>, what: &str) -> PyResult<Vec<(String, Bound<'py, PyBytes>)>> {
    let mapping = from.cast::<PyMapping>().map_err(|_| wrong(from, what, "a mapping of names to bytes"))?;
    let mut files = Vec::new();
    for item in mapping.items()?.iter() {
        let (name, own): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
        files.push((text(&name, what)?.to_owned(), bytes(&own, what)?));
    }
    Ok(files)
}

/// Some texts: one alone, or several.
pub(crate) fn texts(from: &Bound<'_, PyAny>, what: &str) -> PyResult<Vec<String>> {
    if let Ok(one) = from.cast::<PyString>() {
        return Ok(vec![one.to_str()?.to_owned()]);
    }
    let several = from.try_iter().map_err(|_| wrong(from, what, "str, or several"))?;
    several.map(|one| Ok(text(&one?, what)?.to_owned())).collect()
}

/// It names the type, never the value (P6).
pub(crate) fn wrong(from: &Bound<'_, PyAny>, what: &str, wanted: &str) -> PyErr {
    let own = from.get_type().name().map_or_else(|_| "something else".to_owned(), |name| name.to_string());
    PyTypeError::new_err(format!("{what}: {wanted} is wanted, not {own}"))
}
