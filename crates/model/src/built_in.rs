//! What ships with the filter, for tests of this crate: the crate `dmv-redact` holds it for everyone else.

use crate::config::Document;

pub(crate) const CATALOG: Document<'_> =
    Document { file: "schemas/catalog.toml", text: include_str!("../../../schemas/catalog.toml") };

macro_rules! formats {
    ($($name:literal),*) => {
        [$(Document {
            file: concat!("schemas/", $name, "/format.toml"),
            text: include_str!(concat!("../../../schemas/", $name, "/format.toml")),
        }),*]
    };
}

pub(crate) const FORMATS: [Document<'_>; 4] = formats!["nlets-niem", "niem-6.0", "niem-5.2", "mdl"];
