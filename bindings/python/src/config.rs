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
    from_bytes: Option<Bound<'py, PyDict>>,
}

impl<'py> Config<'py> {
    pub(crate) fn new(py: Python<'py>) -> Self {
        Self { builder: dmv_redact::Filter::builder(), from_bytes: Some(PyDict::new(py)) }
    }

    pub(crate) fn done(self) -> (FilterBuilder, Option<Bound<'py, PyDict>>) {
        (self.builder, self.from_bytes)
    }

    /// Whether it takes anything from a path.
    pub(crate) fn reads_files(&self) -> bool {
        self.from_bytes.is_none()
    }

    /// What can come from memory as well as from a path.
    pub(crate) fn options(
        &mut self,
        rosters: Option<&Bound<'py, PyAny>>,
        includes: Option<&Bound<'py, PyAny>>,
        catalog: Option<&Bound<'py, PyAny>>,
        formats: Option<&Bound<'py, PyAny>>,
        token_key: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        rosters.map_or(Ok(()), |from| self.rosters(from))?;
        includes.map_or(Ok(()), |from| self.includes(from))?;
        catalog.map_or(Ok(()), |from| self.catalog(from))?;
        formats.map_or(Ok(()), |from| self.formats(from))?;
        token_key.map_or(Ok(()), |from| self.token_key(from))
    }

    pub(crate) fn rest(
        &mut self,
        format: Option<&str>,
        limits: Option<&Bound<'py, PyAny>>,
        second_reading: bool,
    ) -> PyResult<()> {
        format.map_or(Ok(()), |name| self.only_format(name))?;
        limits.map_or(Ok(()), |from| self.limits(from))?;
        self.second_reading(second_reading)
    }

    fn set(&mut self, set: impl FnOnce(FilterBuilder) -> FilterBuilder) {
        self.builder = set(std::mem::take(&mut self.builder));
    }

    fn keep(&self, name: &str, value: impl IntoPyObject<'py>) -> PyResult<()> {
        self.from_bytes.as_ref().map_or(Ok(()), |kept| kept.set_item(name, value))
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
                self.from_bytes = None;
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

    fn rosters(&mut self, from: &Bound<'py, PyAny>) -> PyResult<()> {
        self.files("rosters", from, |builder, name, bytes| builder.roster_bytes(name, bytes))
    }

    fn includes(&mut self, from: &Bound<'py, PyAny>) -> PyResult<()> {
        self.files("includes", from, |builder, name, bytes| builder.include_bytes(name, bytes))
    }

    /// A path, or files in memory.
    fn catalog(&mut self, from: &Bound<'py, PyAny>) -> PyResult<()> {
        if from.is_instance_of::<PyMapping>() {
            return self.files("catalog", from, |builder, name, bytes| builder.catalog_bytes(name, bytes));
        }
        let path = input::path(from, "catalog")?;
        self.from_bytes = None;
        self.set(|builder| builder.catalog_path(path));
        Ok(())
    }

    /// The path of a folder, or files in memory.
    fn formats(&mut self, from: &Bound<'py, PyAny>) -> PyResult<()> {
        if from.is_instance_of::<PyMapping>() {
            return self.files("formats", from, |builder, name, bytes| builder.format_bytes(name, bytes));
        }
        let path = input::path(from, "formats")?;
        self.from_bytes = None;
        self.set(|builder| builder.formats_dir(path));
        Ok(())
    }

    fn only_format(&mut self, name: &str) -> PyResult<()> {
        self.set(|builder| builder.format(name));
        self.keep("format", name)
    }

    /// The key itself, as bytes, or the path of its file.
    fn token_key(&mut self, from: &Bound<'py, PyAny>) -> PyResult<()> {
        if let Ok(key) = from.cast::<PyBytes>() {
            self.set(|builder| builder.token_key_bytes(key.as_bytes()));
            return self.keep("token_key", key);
        }
        let path = input::path(from, "token_key")?;
        self.from_bytes = None;
        self.set(|builder| builder.token_key_path(path));
        Ok(())
    }

    fn limits(&mut self, from: &Bound<'py, PyAny>) -> PyResult<()> {
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

    fn second_reading(&mut self, on: bool) -> PyResult<()> {
        self.set(|builder| builder.second_reading(on));
        self.keep("second_reading", on)
    }
}
