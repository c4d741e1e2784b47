//! Columns from Python and to Python, without a copy: the C data interface of Arrow, in capsules (`__arrow_c_array__` and
//! `__arrow_c_stream__`). Unsafe code is here alone.

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use arrow_array::ffi_stream::{ArrayStreamReader, FFI_ArrowArrayStream};
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchIterator, StructArray, make_array};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};

use crate::error::Fault;
use crate::guard::guarded;
use crate::input::wrong;

/// The chunks of a column.
pub(crate) fn import(from: &Bound<'_, PyAny>, what: &str) -> PyResult<Vec<ArrayRef>> {
    if from.hasattr("__arrow_c_stream__")? {
        stream(&from.call_method0("__arrow_c_stream__")?, what)
    } else if from.hasattr("__arrow_c_array__")? {
        Ok(vec![array(&from.call_method0("__arrow_c_array__")?, what)?])
    } else {
        Err(wrong(from, what, "an Arrow column (with `__arrow_c_array__` or `__arrow_c_stream__`)"))
    }
}

fn capsule<'a, 'py>(from: &'a Bound<'py, PyAny>, what: &str) -> PyResult<&'a Bound<'py, PyCapsule>> {
    from.cast::<PyCapsule>().map_err(|_| wrong(from, what, "a capsule"))
}

/// What an error of Arrow says may be a value (P6): none of it is told.
pub(crate) fn unreadable(what: &str) -> Fault {
    Fault::Type(format!("{what}: the column can't be read"))
}

#[expect(unsafe_code, reason = "the C data interface")]
fn array(from: &Bound<'_, PyAny>, what: &str) -> PyResult<ArrayRef> {
    let pair = from.cast::<PyTuple>().map_err(|_| wrong(from, what, "a pair of capsules"))?;
    let (schema, array): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair.extract()?;
    let schema = capsule(&schema, what)?.pointer_checked(Some(c"arrow_schema"))?.cast::<FFI_ArrowSchema>();
    let array = capsule(&array, what)?.pointer_checked(Some(c"arrow_array"))?.cast::<FFI_ArrowArray>();
    let import = || {
        // SAFETY: a capsule of this name has such a structure, by the interface; it is moved out, and what stays is marked as
        // released, which the capsule's end respects.
        let (array, schema) =
            unsafe { (FFI_ArrowArray::from_raw(array.as_ptr()), FFI_ArrowSchema::from_raw(schema.as_ptr())) };
        if array.is_released() {
            return Err(unreadable(what));
        }
        // SAFETY: who made the two vouches that they belong together, by the interface.
        unsafe { from_ffi(array, &schema) }.map(make_array).map_err(|_| unreadable(what))
    };
    guarded(import).map_err(|fault| fault.raise(from.py()))
}

#[expect(unsafe_code, reason = "the C data interface")]
fn stream(from: &Bound<'_, PyAny>, what: &str) -> PyResult<Vec<ArrayRef>> {
    let stream = capsule(from, what)?.pointer_checked(Some(c"arrow_array_stream"))?.cast::<FFI_ArrowArrayStream>();
    let import = || {
        // SAFETY: as for an array.
        let stream = unsafe { FFI_ArrowArrayStream::from_raw(stream.as_ptr()) };
        let chunks = ArrayStreamReader::try_new(stream).and_then(Iterator::collect);
        chunks.map_err(|_| unreadable(what))
    };
    guarded(import).map_err(|fault| fault.raise(from.py()))
}

fn failed(error: arrow_schema::ArrowError) -> PyErr {
    // Of our own columns: there is no value in it.
    PyTypeError::new_err(error.to_string())
}

/// The capsule of a table's type.
pub(crate) fn schema_capsule<'py>(py: Python<'py>, batch: &RecordBatch) -> PyResult<Bound<'py, PyCapsule>> {
    let schema = FFI_ArrowSchema::try_from(batch.schema().as_ref()).map_err(failed)?;
    PyCapsule::new_with_value(py, schema, c"arrow_schema")
}

/// The capsule of a table, as an array of structures.
pub(crate) fn array_capsule<'py>(py: Python<'py>, batch: &RecordBatch) -> PyResult<Bound<'py, PyCapsule>> {
    let array = FFI_ArrowArray::new(&StructArray::from(batch.clone()).into_data());
    PyCapsule::new_with_value(py, array, c"arrow_array")
}

/// The capsule of a table, as a stream of one batch.
pub(crate) fn stream_capsule<'py>(py: Python<'py>, batch: &RecordBatch) -> PyResult<Bound<'py, PyCapsule>> {
    let batches = RecordBatchIterator::new([Ok(batch.clone())], batch.schema());
    PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(Box::new(batches)), c"arrow_array_stream")
}
