//! What a filter is made of: a policy, its rosters, formats, the catalog, from files or from bytes.

use dmv_redact::{Filter, Limits};

use crate::error::{Code, Fault};
use crate::packing::Reader;

/// Builds the filter of a packed configuration: a part's number, its name or path, its bytes, and so on. `FilterConfig.java` has
/// the same numbers.
pub fn build(packed: &[u8]) -> Result<Filter, Fault> {
    let mut parts = Reader::new(packed);
    let mut builder = Filter::builder();
    let mut limits = Limits::default();
    while !parts.is_at_end() {
        let (part, name, bytes) = (parts.byte()?, parts.required()?, parts.bytes()?);
        builder = match (part, bytes) {
            (1, None) => builder.policy_path(name),
            (1, Some(bytes)) => builder.policy_bytes(name, bytes),
            (2, Some(bytes)) => builder.roster_bytes(name, bytes),
            (3, Some(bytes)) => builder.include_bytes(name, bytes),
            (4, None) => builder.catalog_path(name),
            (4, Some(bytes)) => builder.catalog_bytes(name, bytes),
            (5, None) => builder.formats_dir(name),
            (5, Some(bytes)) => builder.format_bytes(name, bytes),
            (6, None) => builder.token_key_path(name),
            (6, Some(bytes)) => builder.token_key_bytes(bytes),
            (7, None) => builder.format(name),
            (8, None) => {
                limits.set(name)?;
                builder
            }
            (9, None) => builder.second_reading(name != "off"),
            _ => return Err(Fault::of(Code::Internal, "there is no such part of a configuration")),
        };
    }
    let filter = builder.limits(limits).build()?;
    // A filter is shared by threads whose first message mustn't wait.
    filter.warm();
    Ok(filter)
}
