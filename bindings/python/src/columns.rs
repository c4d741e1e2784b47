//! Columns of bytes, texts and lists of texts, in chunks as they came.

use std::ops::Range;

use arrow_array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, LargeBinaryArray, LargeListArray, LargeStringArray, ListArray,
    StringArray, StringViewArray,
};
use arrow_data::ArrayData;
use pyo3::prelude::*;

use crate::arrow;
use crate::error::Fault;

/// A part of a column.
pub(crate) trait Chunk: Sized {
    /// # Errors
    /// When it is of another type.
    fn new(array: &ArrayRef, what: &str) -> Result<Self, Fault>;
    fn len(&self) -> usize;
}

/// Some bytes or texts. Texts are read as bytes, for nobody has checked that they are UTF-8.
pub(crate) enum Bytes {
    Small(BinaryArray),
    Large(LargeBinaryArray),
    View(BinaryViewArray),
}

/// Some lists of texts.
pub(crate) enum Lists {
    Small(ListArray, Bytes),
    Large(LargeListArray, Bytes),
}

/// A column. Its rows are counted over all chunks.
pub(crate) struct Column<T> {
    chunks: Vec<T>,
    /// The row after the last one of each chunk.
    ends: Vec<usize>,
}

impl<T: Chunk> Column<T> {
    pub(crate) fn read(from: &Bound<'_, PyAny>, what: &str) -> PyResult<Self> {
        let mut column = Self { chunks: Vec::new(), ends: Vec::new() };
        let mut end = 0;
        for array in arrow::import(from, what)? {
            let chunk = T::new(&array, what).map_err(|fault| fault.raise(from.py()))?;
            end += chunk.len();
            column.ends.push(end);
            column.chunks.push(chunk);
        }
        Ok(column)
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.last().copied().unwrap_or_default()
    }

    /// The chunk that has a row, and the row's number there.
    pub(crate) fn at(&self, row: usize) -> Option<(&T, usize)> {
        let number = self.ends.partition_point(|end| *end <= row);
        let begin = number.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        Some((self.chunks.get(number)?, row.checked_sub(begin)?))
    }
}

impl Column<Bytes> {
    /// The bytes of a row; `None` where it is null.
    pub(crate) fn get(&self, row: usize) -> Option<&[u8]> {
        let (chunk, row) = self.at(row)?;
        chunk.get(row)
    }
}

fn is<T: Array + Clone + 'static>(array: &ArrayRef) -> Option<T> {
    array.as_any().downcast_ref::<T>().cloned()
}

impl Chunk for Bytes {
    fn new(array: &ArrayRef, what: &str) -> Result<Self, Fault> {
        let small = || is::<BinaryArray>(array).or_else(|| is::<StringArray>(array).map(BinaryArray::from));
        let large =
            || is::<LargeBinaryArray>(array).or_else(|| is::<LargeStringArray>(array).map(LargeBinaryArray::from));
        let view = || {
            is::<BinaryViewArray>(array).or_else(|| is::<StringViewArray>(array).map(StringViewArray::to_binary_view))
        };
        let own = small().map(Self::Small).or_else(|| large().map(Self::Large)).or_else(|| view().map(Self::View));
        let own = own.ok_or_else(|| {
            Fault::Type(format!("{what}: a column of bytes or texts is wanted, not {}", array.data_type()))
        })?;
        // Arrow itself believes offsets, and reads where they point to.
        own.data().validate_full().map_err(|_| arrow::unreadable(what))?;
        Ok(own)
    }

    fn len(&self) -> usize {
        match self {
            Self::Small(array) => array.len(),
            Self::Large(array) => array.len(),
            Self::View(array) => array.len(),
        }
    }
}

impl Bytes {
    fn data(&self) -> ArrayData {
        match self {
            Self::Small(array) => array.to_data(),
            Self::Large(array) => array.to_data(),
            Self::View(array) => array.to_data(),
        }
    }

    pub(crate) fn get(&self, row: usize) -> Option<&[u8]> {
        match self {
            Self::Small(array) => (row < array.len() && array.is_valid(row)).then(|| array.value(row)),
            Self::Large(array) => (row < array.len() && array.is_valid(row)).then(|| array.value(row)),
            Self::View(array) => (row < array.len() && array.is_valid(row)).then(|| array.value(row)),
        }
    }
}

impl Chunk for Lists {
    fn new(array: &ArrayRef, what: &str) -> Result<Self, Fault> {
        if let Some(lists) = is::<ListArray>(array) {
            let texts = Bytes::new(lists.values(), what)?;
            return Ok(Self::Small(lists, texts));
        }
        if let Some(lists) = is::<LargeListArray>(array) {
            let texts = Bytes::new(lists.values(), what)?;
            return Ok(Self::Large(lists, texts));
        }
        Err(Fault::Type(format!("{what}: a column of lists of texts is wanted, not {}", array.data_type())))
    }

    fn len(&self) -> usize {
        match self {
            Self::Small(lists, _) => lists.len(),
            Self::Large(lists, _) => lists.len(),
        }
    }
}

impl Lists {
    /// The texts of a row; one is `None` where it is null. A null list has none.
    pub(crate) fn get(&self, row: usize) -> impl Iterator<Item = Option<&[u8]>> {
        let (texts, range) = match self {
            Self::Small(lists, texts) => (texts, range(lists, lists.value_offsets(), row)),
            Self::Large(lists, texts) => (texts, range(lists, lists.value_offsets(), row)),
        };
        range.map(|place| texts.get(place))
    }
}

fn range<O: Copy>(lists: &impl Array, offsets: &[O], row: usize) -> Range<usize>
where
    usize: TryFrom<O>,
{
    let place = |at: usize| offsets.get(at).and_then(|offset| usize::try_from(*offset).ok()).unwrap_or_default();
    match row < lists.len() && lists.is_valid(row) {
        true => place(row)..place(row + 1),
        false => 0..0,
    }
}
