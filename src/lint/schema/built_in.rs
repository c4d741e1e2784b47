//! The schemas of the built-in formats, compiled in, so that they can be checked without the project's files.

use super::Sources;
use crate::config::Document;
use crate::format::BUILT_IN;

macro_rules! schemas {
    ($($file:literal),* $(,)?) => {
        [$(Document { file: concat!("schemas/", $file), text: include_str!(concat!("../../../schemas/", $file)) }),*]
    };
}

/// Every schema, in its format's folder.
const SCHEMAS: [Document<'_>; 18] = schemas![
    "nlets-niem/jxdm.xsd",
    "nlets-niem/niem-core.xsd",
    "nlets-niem/nlets-core.xsd",
    "nlets-niem/nlets-hdr.xsd",
    "nlets-niem/nlets.xsd",
    "niem-6.0/exchange.xsd",
    "niem-6.0/immigration.xsd",
    "niem-6.0/justice.xsd",
    "niem-6.0/niem-core.xsd",
    "niem-6.0/schema.json",
    "niem-6.0/structures.xsd",
    "niem-5.2/exchange.xsd",
    "niem-5.2/immigration.xsd",
    "niem-5.2/jxdm.xsd",
    "niem-5.2/niem-core.xsd",
    "niem-5.2/schema.json",
    "niem-5.2/structures.xsd",
    "mdl/schema.json",
];

/// The built-in formats with their schemas.
pub(crate) fn built_in() -> impl Iterator<Item = Sources<'static>> {
    BUILT_IN.iter().map(|format| {
        let folder = format.file.trim_end_matches("format.toml");
        let schemas = SCHEMAS.iter().filter(|schema| schema.file.starts_with(folder)).copied().collect();
        Sources { format: *format, schemas }
    })
}
