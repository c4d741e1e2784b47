//! A value of an output, and what checks of it return.

use super::decode::Written;
use dmv_redact_model::catalog::{ElementId, Treatment};

/// What was checked, or in fixed words what was found.
pub(super) type Checked<T> = Result<T, &'static str>;

/// An element with the treatment under which it is permitted.
pub(super) type Permitted = (ElementId, Treatment);

/// A value of an output.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'v> {
    /// Its bytes.
    pub(super) raw: &'v str,
    /// What they mean.
    pub(super) text: &'v str,
    pub(super) written: Written,
    /// Whether it is written as XML's nil or JSON's null.
    pub(super) is_nil: bool,
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

pub(super) fn is_blank(text: &str) -> bool {
    text.bytes().all(is_space)
}
