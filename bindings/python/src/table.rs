//! A table of messages and their requests, and the table that comes of it.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::LargeBinaryBuilder;
use arrow_array::{ArrayRef, LargeBinaryArray, LargeStringArray, RecordBatch, UInt32Array, UInt64Array};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field, Schema};
use dmv_redact::internal::read::Refusal;
use dmv_redact::{Filter, Reason, Receipt, Requester};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::arrow::{array_capsule, schema_capsule, stream_capsule};
use crate::batch::in_ranges;
use crate::columns::{Bytes, Column, Lists};
use crate::error::Fault;
use crate::log::{OwnLog, io};
use crate::{filter, receipt};

/// Messages, and what their requests say: for all rows alike, and by row.
pub(crate) struct Columns<'r> {
    messages: Column<Bytes>,
    base: Option<&'r Requester>,
    requester: Option<Column<Bytes>>,
    purpose: Option<Column<Bytes>>,
    claims: Option<Column<Lists>>,
    date: Option<Column<Bytes>>,
    correlation_id: Option<Column<Bytes>>,
    ids: Option<Column<Bytes>>,
}

/// What came of one row.
struct Row<'r> {
    requester: Cow<'r, Requester>,
    receipt: Receipt,
    /// The end of its output in that of its range.
    end: usize,
    json: Option<String>,
}

/// What came of a range of rows.
struct Part<'r> {
    output: Vec<u8>,
    rows: Vec<Row<'r>>,
}

fn utf8(bytes: &[u8], refusal: Refusal) -> Result<&str, Refusal> {
    std::str::from_utf8(bytes).map_err(|_| refusal)
}

impl<'r> Columns<'r> {
    /// Reads the columns, of which each has a row for each message.
    pub(crate) fn read(
        messages: &Bound<'_, PyAny>,
        base: Option<&'r Requester>,
        [requester, purpose, claims, date, correlation_id]: [Option<&Bound<'_, PyAny>>; 5],
        ids: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let py = messages.py();
        let read = |from: Option<&Bound<'_, PyAny>>, what: &str| from.map(|from| Column::read(from, what)).transpose();
        let columns = Self {
            messages: Column::read(messages, "messages")?,
            base,
            requester: read(requester, "requester")?,
            purpose: read(purpose, "purpose")?,
            claims: claims.map(|from| Column::read(from, "claims")).transpose()?,
            date: read(date, "date")?,
            correlation_id: read(correlation_id, "correlation_id")?,
            ids: read(ids, "ids")?,
        };
        columns.check().map_err(|fault| fault.raise(py))?;
        Ok(columns)
    }

    fn check(&self) -> Result<(), Fault> {
        let Self { messages, base, requester, purpose, claims, date, correlation_id, ids } = self;
        let length = |column: &Option<Column<Bytes>>| column.as_ref().map(Column::len);
        let lengths = [
            ("requester", length(requester)),
            ("purpose", length(purpose)),
            ("claims", claims.as_ref().map(Column::len)),
            ("date", length(date)),
            ("correlation_id", length(correlation_id)),
            ("ids", length(ids)),
        ];
        for (name, length) in lengths {
            if let Some(length) = length.filter(|length| *length != messages.len()) {
                return Err(Fault::Value(format!(
                    "there are {} messages, and {name} has {length} rows",
                    messages.len()
                )));
            }
        }
        let Some(base) = base else {
            let says_nothing = lengths.iter().all(|(name, length)| *name == "ids" || length.is_none());
            return if says_nothing {
                Err(Fault::Type("a request is wanted, or columns of requests".to_owned()))
            } else {
                Ok(())
            };
        };
        for (name, is_twice) in [
            ("requester", requester.is_some() && base.ori().is_some()),
            ("date", date.is_some() && base.given_date().is_some()),
            ("correlation_id", correlation_id.is_some() && base.shared_correlation_id().is_some()),
        ] {
            if is_twice {
                return Err(Fault::Value(format!("the request states its {name}, and there is a column of it")));
            }
        }
        Ok(())
    }

    /// The request of a row. A row that can't be understood is withheld: what it leaves out could grant more (P2).
    fn requester(&self, row: usize) -> Result<Cow<'r, Requester>, Refusal> {
        let Self { requester, purpose, claims, date, correlation_id, .. } = self;
        let base = self.base.map_or_else(|| Cow::Owned(Requester::from_envelope()), Cow::Borrowed);
        if requester.is_none() && purpose.is_none() && claims.is_none() && date.is_none() && correlation_id.is_none() {
            return Ok(base);
        }
        let mut own = base.into_owned();
        if let Some(column) = requester {
            let missing = || Refusal::whole(Reason::RequesterMissing, "the row names no requester");
            let invalid = || Refusal::whole(Reason::RequesterInvalid, "the row's requester is no ORI");
            let ori = utf8(column.get(row).ok_or_else(missing)?, invalid())?;
            own = own.with_ori(ori).ok_or_else(invalid)?;
        }
        if let Some(code) = purpose.as_ref().and_then(|column| column.get(row)) {
            own = own.purpose(utf8(code, Refusal::whole(Reason::PurposeUnknown, "the row's purpose is not UTF-8"))?);
        }
        if let Some((lists, row)) = claims.as_ref().and_then(|column| column.at(row)) {
            let unknown = || Refusal::whole(Reason::ClaimUnknown, "a claim of the row is null, or not UTF-8");
            for claim in lists.get(row) {
                own = own.claim(utf8(claim.ok_or_else(unknown)?, unknown())?);
            }
        }
        if let Some(column) = date {
            let invalid = || Refusal::whole(Reason::DateInvalid, "the row has no date, written as YYYY-MM-DD");
            let date = utf8(column.get(row).ok_or_else(invalid)?, invalid())?;
            own = own.date(date).map_err(|_| invalid())?;
        }
        if let Some(id) = correlation_id.as_ref().and_then(|column| column.get(row)) {
            let invalid = || Refusal::whole(Reason::AttributeUnknown, "the row's correlation id is none");
            own = own.correlation_id(utf8(id, invalid())?).map_err(|_| invalid())?;
        }
        Ok(Cow::Owned(own))
    }

    fn part(&self, filter: &Filter, rows: Range<usize>, has_json: bool) -> Result<Part<'r>, Fault> {
        let mut part = Part { output: Vec::new(), rows: Vec::with_capacity(rows.len()) };
        let mut own = Vec::new();
        for row in rows {
            // Nothing was received: as a message without a byte, it is withheld.
            let message = self.messages.get(row).unwrap_or_default();
            let (requester, receipt) = match self.requester(row) {
                Ok(requester) => {
                    let receipt = filter::redact(filter, message, &requester, &mut own);
                    (requester, receipt)
                }
                Err(refusal) => (Cow::Owned(Requester::from_envelope()), filter.withhold(message.len(), refusal)),
            };
            if receipt.disposition().releases() {
                part.output.extend_from_slice(&own);
            }
            let json = has_json.then(|| receipt::json(&receipt)).transpose()?;
            part.rows.push(Row { requester, receipt, end: part.output.len(), json });
        }
        Ok(part)
    }

    /// Redacts all rows, records them if there is a log, and only then makes the table.
    pub(crate) fn redact(
        &self,
        filter: &Filter,
        has_json: bool,
        log: Option<(&OwnLog, &str)>,
    ) -> Result<RecordBatch, Fault> {
        let length = |row| self.messages.get(row).map_or(0, <[u8]>::len);
        let parts = in_ranges(self.messages.len(), length, |rows| self.part(filter, rows, has_json))?;
        if let Some((log, source)) = log {
            let rows: Vec<&Row<'_>> = parts.iter().flat_map(|part| &part.rows).collect();
            let id = |row: usize| match self.ids.as_ref().and_then(|ids| ids.get(row)) {
                Some(id) => std::str::from_utf8(id).map_err(|_| Fault::Value("ids: one isn't UTF-8".to_owned())),
                None => Ok(""),
            };
            let ids = (0..rows.len()).map(id).collect::<Result<Vec<&str>, Fault>>()?;
            let records = ids.iter().zip(&rows).map(|(id, row)| (source, *id, &*row.requester, &row.receipt));
            log.with(|log| log.append_identified(records).map_err(io))?;
        }
        batch(parts, has_json)
    }
}

/// The outputs of all rows, null where nothing goes out.
fn outputs(parts: &mut [Part<'_>]) -> LargeBinaryArray {
    let released: Vec<bool> = rows(parts).map(|row| row.receipt.disposition().releases()).collect();
    let lengths: Vec<usize> = parts
        .iter()
        .flat_map(|part| part.rows.iter().scan(0, |begin, row| Some(row.end - std::mem::replace(begin, row.end))))
        .collect();
    // One range is as it is; of several the bytes are put together.
    let bytes = match parts {
        [one] => std::mem::take(&mut one.output),
        several => several.iter().map(|part| part.output.as_slice()).collect::<Vec<_>>().concat(),
    };
    if lengths.is_empty() {
        return LargeBinaryBuilder::new().finish();
    }
    LargeBinaryArray::new(
        OffsetBuffer::from_lengths(lengths),
        Buffer::from_vec(bytes),
        Some(NullBuffer::from(released)),
    )
}

fn rows<'p, 'r>(parts: &'p [Part<'r>]) -> impl Iterator<Item = &'p Row<'r>> {
    parts.iter().flat_map(|part| &part.rows)
}

fn batch(mut parts: Vec<Part<'_>>, has_json: bool) -> Result<RecordBatch, Fault> {
    let output: ArrayRef = Arc::new(outputs(&mut parts));
    let receipts = || rows(&parts).map(|row| &row.receipt);
    let long = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let texts =
        |of: fn(&Receipt) -> Option<&str>| -> ArrayRef { Arc::new(receipts().map(of).collect::<LargeStringArray>()) };
    let numbers = |of: fn(&Receipt) -> u32| -> ArrayRef {
        Arc::new(receipts().map(|own| Some(of(own))).collect::<UInt32Array>())
    };
    let longs =
        |of: &dyn Fn(&Receipt) -> Option<u64>| -> ArrayRef { Arc::new(receipts().map(of).collect::<UInt64Array>()) };
    let requesters = receipts().map(Receipt::requester);
    let requesters: LargeStringArray = requesters.map(|ori| ori.map(|ori| ori.as_str().to_owned())).collect();
    let mut columns: Vec<(&str, bool, ArrayRef)> = vec![
        ("output", true, output),
        ("disposition", false, texts(|receipt| Some(receipt.disposition().name()))),
        ("reason", true, texts(|receipt| receipt.reason().map(Reason::code))),
        ("detail", true, texts(|receipt| receipt.detail())),
        ("offset", true, longs(&|receipt| receipt.offset().map(long))),
        ("format", true, texts(Receipt::format)),
        ("message_type", true, texts(Receipt::message_type)),
        ("requester", true, Arc::new(requesters)),
        ("correlation_id", true, texts(Receipt::correlation_id)),
        ("bytes_in", false, longs(&|receipt| Some(long(receipt.bytes_in())))),
        ("bytes_out", false, longs(&|receipt| Some(long(receipt.bytes_out())))),
        ("unmapped", false, numbers(Receipt::unmapped)),
        ("found_images", false, numbers(Receipt::found_images)),
        ("image_bytes", false, longs(&|receipt| Some(receipt.image_bytes()))),
    ];
    if has_json {
        let json: LargeStringArray = rows(&parts).map(|row| row.json.as_deref()).collect();
        columns.push(("receipt", false, Arc::new(json)));
    }
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, is_nullable, column)| {
            let kind: DataType = column.data_type().clone();
            Field::new(*name, kind, *is_nullable)
        })
        .collect();
    let arrays = columns.into_iter().map(|(_, _, column)| column).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(|error| Fault::Internal(error.to_string()))
}

/// The outputs and receipts of a column of messages.
#[pyclass(frozen, module = "dmv_redact")]
pub(crate) struct RedactedTable {
    pub(crate) batch: RecordBatch,
}

type Pair<'py> = (Bound<'py, PyCapsule>, Bound<'py, PyCapsule>);

#[pymethods]
impl RedactedTable {
    fn __len__(&self) -> usize {
        self.batch.num_rows()
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        schema_capsule(py, &self.batch)
    }

    /// Another type that is asked for isn't given: the interface allows it, and the caller casts.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Pair<'py>> {
        let _ = requested_schema;
        Ok((schema_capsule(py, &self.batch)?, array_capsule(py, &self.batch)?))
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        stream_capsule(py, &self.batch)
    }

    fn __repr__(&self) -> String {
        format!("<RedactedTable {} rows>", self.batch.num_rows())
    }
}
