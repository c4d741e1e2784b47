//! The disclosure log: the record of a message is on disk before its output may go out (P12).

use std::process;
use std::sync::{PoisonError, RwLock};

use dmv_redact_log::{Key, LogError, LogOptions, Rotation};
use pyo3::prelude::*;

use crate::error::Fault;
use crate::filter::Filter;
use crate::guard::work;
use crate::input;
use crate::redaction::{Output, Redaction};
use crate::request::{asked, requests_of};

/// A disclosure log. For any number of threads at once; one process writes a log at a time.
#[pyclass(frozen, module = "dmv_redact")]
pub(crate) struct DisclosureLog {
    log: OwnLog,
}

/// A log, and the process that has it open: a child that was forked has the same file, and would write into the parent's lines.
pub(crate) struct OwnLog {
    /// `None`: it was ended.
    log: RwLock<Option<dmv_redact_log::DisclosureLog>>,
    process: u32,
}

impl From<LogError> for Fault {
    fn from(error: LogError) -> Self {
        Self::Log(error.to_string())
    }
}

pub(crate) fn io(error: std::io::Error) -> Fault {
    Fault::Log(error.to_string())
}

fn ended() -> Fault {
    Fault::Log("the log was ended".to_owned())
}

impl OwnLog {
    /// Does something with the log, unless it was ended.
    pub(crate) fn with<T>(
        &self,
        work: impl FnOnce(&dmv_redact_log::DisclosureLog) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let log = self.log.read().unwrap_or_else(PoisonError::into_inner);
        work(log.as_ref().ok_or_else(ended)?)
    }

    fn end(&self) -> Result<(u64, String), Fault> {
        let taken = self.log.write().unwrap_or_else(PoisonError::into_inner).take();
        taken.ok_or_else(ended)?.end().map_err(io)
    }

    fn is_of_this_process(&self) -> bool {
        self.process == process::id()
    }
}

impl Drop for OwnLog {
    fn drop(&mut self) {
        if !self.is_of_this_process() {
            // A child: what the parent hasn't written is the parent's to write.
            std::mem::forget(self.log.get_mut().unwrap_or_else(PoisonError::into_inner).take());
        }
    }
}

impl DisclosureLog {
    pub(crate) fn of_this_process(&self, py: Python<'_>) -> PyResult<&OwnLog> {
        match self.log.is_of_this_process() {
            true => Ok(&self.log),
            false => {
                let text = "another process has this log open, and this one was forked from it: open another log";
                Err(Fault::Log(text.to_owned()).raise(py))
            }
        }
    }

    /// Records redactions whose outputs were taken.
    fn record(
        &self,
        py: Python<'_>,
        source: &Bound<'_, PyAny>,
        ids: &[Option<Bound<'_, PyAny>>],
        requests: &Bound<'_, PyAny>,
        redactions: &[Bound<'_, Redaction>],
    ) -> PyResult<()> {
        let source = input::text(source, "the source")?;
        let ids = ids.iter().map(|id| id.as_ref().map_or(Ok(""), |id| input::text(id, "the id")));
        let ids = ids.collect::<PyResult<Vec<&str>>>()?;
        let requests = requests_of(requests, redactions.len())?;
        let rows = ids.iter().zip(&requests).zip(redactions);
        let records = rows.map(|((id, request), redaction)| {
            (source, *id, &request.get().requester, &redaction.get().receipt.get().inner)
        });
        let records: Vec<_> = records.collect();
        let log = self.of_this_process(py)?;
        work(py, || log.with(|log| log.append_identified(records).map_err(io)))
    }
}

fn take<'py>(py: Python<'py>, one: Bound<'py, PyAny>) -> PyResult<(Bound<'py, Redaction>, Output)> {
    let redaction =
        one.cast_into::<Redaction>().map_err(|error| input::wrong(&error.into_inner(), "a redaction", "Redaction"))?;
    let output = redaction.get().take().map_err(|fault| fault.raise(py))?;
    Ok((redaction, output))
}

#[pymethods]
impl DisclosureLog {
    #[new]
    #[expect(clippy::too_many_arguments, reason = "each is named where it is called")]
    #[pyo3(signature = (path, filter, *, key=None, service=None, rotate_daily=false, rotate_after_bytes=0, dry_run=false))]
    fn new(
        py: Python<'_>,
        path: &Bound<'_, PyAny>,
        filter: &Bound<'_, Filter>,
        key: Option<&Bound<'_, PyAny>>,
        service: Option<&str>,
        rotate_daily: bool,
        rotate_after_bytes: u64,
        dry_run: bool,
    ) -> PyResult<Self> {
        let path = input::path(path, "path")?;
        let key = key.map(|key| input::path(key, "key")).transpose()?;
        let filter = &filter.get().inner;
        let log = work(py, || {
            let mut options = LogOptions::default();
            if let Some(key) = key {
                options = options.key(Key::read(&key)?);
            }
            if let Some(service) = service {
                options = options.service(service);
            }
            options = match (rotate_daily, rotate_after_bytes) {
                (false, 0) => options,
                (true, 0) => options.rotate(Rotation::daily()),
                (false, bytes) => options.rotate(Rotation::after_bytes(bytes)),
                (true, bytes) => options.rotate(Rotation::daily().or_after_bytes(bytes)),
            };
            if dry_run {
                options = options.dry_run();
            }
            Ok(options.open(&path, filter)?)
        })?;
        Ok(Self { log: OwnLog { log: RwLock::new(Some(log)), process: process::id() } })
    }

    /// Records a redaction, and syncs: when it returns, the output may go out.
    #[pyo3(signature = (source, id, request, redaction))]
    fn append(
        &self,
        py: Python<'_>,
        source: &Bound<'_, PyAny>,
        id: Option<Bound<'_, PyAny>>,
        request: &Bound<'_, PyAny>,
        redaction: &Bound<'_, Redaction>,
    ) -> PyResult<()> {
        // Before anything can fail: whatever does, nothing goes out.
        let output = redaction.get().take().map_err(|fault| fault.raise(py))?;
        self.record(py, source, &[id], asked(request)?.as_any(), std::slice::from_ref(redaction))?;
        redaction.get().give_back(output);
        Ok(())
    }

    /// Records many redactions at once, and syncs once.
    #[pyo3(signature = (source, ids, requests, redactions))]
    fn append_batch(
        &self,
        py: Python<'_>,
        source: &Bound<'_, PyAny>,
        ids: Option<&Bound<'_, PyAny>>,
        requests: &Bound<'_, PyAny>,
        redactions: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let several = redactions.try_iter().map_err(|_| input::wrong(redactions, "the redactions", "several"))?;
        // Each is taken, even where another can't be: whatever fails, nothing of any goes out.
        let (mut redactions, mut outputs, mut failed) = (Vec::new(), Vec::new(), None);
        for one in several {
            // An iterator that fails has no end: an empty queue, Ctrl-C.
            let Ok(one) = one.map_err(|error| failed = Some(error)) else { break };
            match take(py, one) {
                Ok((redaction, output)) => {
                    redactions.push(redaction);
                    outputs.push(output);
                }
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(()), Err)?;
        let ids = match ids {
            None => vec![None; redactions.len()],
            Some(ids) => {
                let several = ids.try_iter().map_err(|_| input::wrong(ids, "the ids", "several"))?;
                several.map(|id| Ok(Some(id?).filter(|id| !id.is_none()))).collect::<PyResult<Vec<_>>>()?
            }
        };
        if ids.len() != redactions.len() {
            let text = format!("there are {} redactions and {} ids", redactions.len(), ids.len());
            return Err(Fault::Value(text).raise(py));
        }
        self.record(py, source, &ids, requests, &redactions)?;
        for (redaction, output) in redactions.iter().zip(outputs) {
            redaction.get().give_back(output);
        }
        Ok(())
    }

    /// Records that another filter decides from now on.
    #[pyo3(signature = (filter))]
    fn change_filter(&self, py: Python<'_>, filter: &Bound<'_, Filter>) -> PyResult<()> {
        let (log, filter) = (self.of_this_process(py)?, &filter.get().inner);
        work(py, || log.with(|log| log.change_filter(filter).map_err(io)))
    }

    /// Records that the process ends.
    fn end(&self, py: Python<'_>) -> PyResult<(u64, String)> {
        let log = self.of_this_process(py)?;
        work(py, || log.end())
    }

    fn __enter__(own: Py<Self>) -> Py<Self> {
        own
    }

    #[pyo3(signature = (kind, error, traceback))]
    fn __exit__(
        &self,
        py: Python<'_>,
        kind: &Bound<'_, PyAny>,
        error: &Bound<'_, PyAny>,
        traceback: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let _ = (error, traceback);
        // A child that was forked within the block ends nothing of its parent's.
        if !self.log.is_of_this_process() {
            return Ok(());
        }
        let ended = work(py, || {
            let is_ended = self.log.log.read().unwrap_or_else(PoisonError::into_inner).is_none();
            if is_ended { Ok(()) } else { self.log.end().map(|_| ()) }
        });
        // What went wrong within the block is what is told.
        if kind.is_none() { ended } else { Ok(()) }
    }
}
