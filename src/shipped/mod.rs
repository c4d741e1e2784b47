//! What ships with the filter, compiled in: `schemas/` and `policies/`. It is embedded here, in the package that holds
//! these folders, and handed to the crates that use it. What a program doesn't use isn't in its binary.

mod policies;

use dmv_redact_model::config::Document;

pub use policies::{PACK_CASES, PACKS};

/// Files of a folder of the repository, each by its path from the root.
macro_rules! files {
    ($folder:literal, $($file:literal),* $(,)?) => {
        &[$(Document {
            file: concat!($folder, "/", $file),
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $folder, "/", $file)),
        }),*]
    };
}
use files;

/// The data elements.
pub const CATALOG: Document<'_> =
    Document { file: "schemas/catalog.toml", text: include_str!("../../schemas/catalog.toml") };

/// The default policy.
pub const BASELINE: Document<'_> =
    Document { file: "policies/baseline.toml", text: include_str!("../../policies/baseline.toml") };

/// The formats.
pub const FORMATS: &[Document<'_>] =
    files!["schemas", "nlets-niem/format.toml", "niem-6.0/format.toml", "niem-5.2/format.toml", "mdl/format.toml"];

/// The schemas of the formats, each in the folder of its format.
pub const FORMAT_SCHEMAS: &[Document<'_>] = files![
    "schemas",
    "nlets-niem/niem-core.xsd",
    "nlets-niem/nlets-core.xsd",
    "nlets-niem/nlets-hdr.xsd",
    "nlets-niem/nlets.xsd",
    "niem-6.0/exchange.xsd",
    "niem-6.0/immigration.xsd",
    "niem-6.0/justice.xsd",
    "niem-6.0/ncic.xsd",
    "niem-6.0/niem-core.xsd",
    "niem-6.0/schema.json",
    "niem-6.0/structures.xsd",
    "niem-5.2/exchange.xsd",
    "niem-5.2/immigration.xsd",
    "niem-5.2/jxdm.xsd",
    "niem-5.2/ncic.xsd",
    "niem-5.2/niem-core.xsd",
    "niem-5.2/schema.json",
    "niem-5.2/structures.xsd",
    "niem-5.2/usps.xsd",
    "mdl/schema.json",
];

/// The JSON Schemas of the tables that people write.
pub const TABLE_SCHEMAS: &[Document<'_>] = files![
    "schemas/toml",
    "case.schema.json",
    "catalog.schema.json",
    "format.schema.json",
    "matrix.schema.json",
    "policy.schema.json",
];
