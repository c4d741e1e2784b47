//! Plain readers of XML Schema and JSON Schema: what may be where in a message, and what must.
//!
//! Apart from the lints and the drafts of formats, because both ask the same questions of a schema.

mod files;
mod json_schema;
mod outline;
#[cfg(test)]
mod tests;
mod xsd;
mod xsd_content;
mod xsd_document;

pub(crate) use files::with_imports;
pub(crate) use json_schema::JsonSchema;
pub(crate) use outline::{
    Content, LISTED, Name, Notes, SchemaModel, SchemaPart, UnsupportedConstruct, ValueType, XML_URI, is_niem_structures,
};
pub(crate) use xsd::Xsd;
pub(crate) use xsd_document::is_xml_schema;

/// The file name of every JSON Schema next to a format; every `.xsd` is XML Schema.
pub(crate) const JSON_SCHEMA: &str = "schema.json";
