//! What a filter is made of: a policy, its rosters, formats, the catalog, from files or from bytes.

use dmv_redact::{FilterBuilder, Limits};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyMapping};

use crate::error::Fault;
use crate::input;

/// The arguments of `Filter`.
pub(crate) struct Config<'py> {
    builder: FilterBuilder,
    /// The same from bytes, for pickle; `None` where a file is read.
    options: Option<Bound<'py, PyDict>>,
}

impl<'py> Config<'py> {
    pub(crate) fn new(py: Python<'py>) -> Self {
        Self { builder: dmv_redact::Filter::builder(), options: Some(PyDict::new(py)) }
    }

    pub(crate) fn done(self) -> (FilterBuilder, Option<Bound<'py, PyDict>>) {
        (self.builder, self.options)
    }

    fn set(&mut self, set: impl FnOnce(FilterBuilder) -> FilterBuilder) {
        self.builder = set(std::mem::take(&mut self.builder));
    }

    fn keep(&self, name: &str, value: impl IntoPyObject<'py>) -> PyResult<()> {
        self.options.as_ref().map_or(Ok(()), |options| options.set_item(name, value))
    }

    pub(crate) fn policy(
        &mut self,
        path: Option<&Bound<'py, PyAny>>,
        bytes: Option<&Bound<'py, PyAny>>,
        name: &str,
    ) -> PyResult<()> {
        match (path, bytes) {
            (Some(_), Some(_)) => {
                return Err(PyTypeError::new_err("the policy is `policy` or `policy_bytes`, not both"));
            }
            (Some(path), None) => {
                let path = input::path(path, "policy")?;
                self.options = None;
                self.set(|builder| builder.policy_path(path));
            }
            (None, Some(bytes)) => {
                let bytes = input::bytes(bytes, "policy_bytes")?;
                self.set(|builder| builder.policy_bytes(name, bytes.as_bytes()));
                self.keep("policy_bytes", bytes)?;
                self.keep("policy_name", name)?;
            }
            (None, None) => {}
        }
        Ok(())
    }

    /// Files in memory, each added to the builder.
    fn files(
        &mut self,
        name: &str,
        from: &Bound<'py, PyAny>,
        add: impl Fn(FilterBuilder, &str, &[u8]) -> FilterBuilder,
    ) -> PyResult<()> {
        let kept = PyDict::new(from.py());
        for (own, bytes) in input::files(from, name)? {
            self.set(|builder| add(builder, &own, bytes.as_bytes()));
            kept.set_item(own, bytes)?;
        }
        self.keep(name, kept)
    }

    pub(crate) fn rosters(&mut self, from: &Bound<'py, PyAny>) -> PyResult<()> {
        self.files("rosters", from, |builder, name, bytes| builder.roster_bytes(name, bytes))
    }

    pub(crate) fn includes(&mut self, from: &Bound<'py, PyAny>) -> PyResult<()> {
        self.files("includes", from, |builder, name, bytes| builder.include_bytes(name, bytes))
    }

    /// A path, or files in memory.
    pub(crate) fn catalog(&mut self, from: &Bound<'py, PyAny>) -> PyResult<()> {
        if from.is_instance_of::<PyMapping>() {
            return self.files("catalog", from, |builder, name, bytes| builder.catalog_bytes(name, bytes));
        }
        let path = input::path(from, "catalog")?;
        self.options = None;
        self.set(|builder| builder.catalog_path(path));
        Ok(())
    }

    /// The path of a folder, or files in memory.
    pub(crate) fn formats(&mut self, from: &Bound<'py, PyAny>) -> PyResult<()> {
        if from.is_instance_of::<PyMapping>() {
            return self.files("formats", from, |builder, name, bytes| builder.format_bytes(name, bytes));
        }
        let path = input::path(from, "formats")?;
        self.options = None;
        self.set(|builder| builder.formats_dir(path));
        Ok(())
    }

    pub(crate) fn only_format(&mut self, name: &str) -> PyResult<()> {
        self.set(|builder| builder.format(name));
        self.keep("format", name)
    }

    /// The key itself, as bytes, or the path of its file.
    pub(crate) fn token_key(&mut self, from: &Bound<'py, PyAny>) -> PyResult<()> {
        if let Ok(key) = from.cast::<PyBytes>() {
            self.set(|builder| builder.token_key_bytes(key.as_bytes()));
            return self.keep("token_key", key);
        }
        let path = input::path(from, "token_key")?;
        self.options = None;
        self.set(|builder| builder.token_key_path(path));
        Ok(())
    }

    pub(crate) fn limits(&mut self, from: &Bound<'py, PyAny>) -> PyResult<()> {
        let mapping =
            from.cast::<PyMapping>().map_err(|_| input::wrong(from, "limits", "a mapping of names to int"))?;
        let (mut limits, kept) = (Limits::default(), PyDict::new(from.py()));
        for item in mapping.items()?.iter() {
            let (name, number): (String, usize) =
                item.extract().map_err(|_| PyValueError::new_err("limits: names, and numbers from 0, are wanted"))?;
            limits.set(&format!("{name}={number}")).map_err(|error| Fault::from(error).raise(from.py()))?;
            kept.set_item(name, number)?;
        }
        self.set(|builder| builder.limits(limits));
        self.keep("limits", kept)
    }

    pub(crate) fn second_reading(&mut self, on: bool) -> PyResult<()> {
        self.set(|builder| builder.second_reading(on));
        self.keep("second_reading", on)
    }
}
