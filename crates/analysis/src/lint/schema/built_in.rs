//! The formats that ship with the filter, with their schemas: checked without the project's files.

use super::Sources;
use dmv_redact::shipped::{FORMAT_SCHEMAS, FORMATS};

/// The formats with their schemas.
pub(crate) fn built_in() -> impl Iterator<Item = Sources<'static>> {
    FORMATS.iter().map(|format| {
        let folder = format.file.trim_end_matches("format.toml");
        let schemas = FORMAT_SCHEMAS.iter().filter(|schema| schema.file.starts_with(folder)).copied().collect();
        Sources { format: *format, schemas }
    })
}
