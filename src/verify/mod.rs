//! The second reading: the output is read once more before it is released, on other parsers (quick-xml, serde_json), by
//! another table, with other shapes. It shares nothing with the first reading but the words of catalog, format and grant.
//!
//! NIST SP 800-53 AC-4(27) asks for redundant filters of different code bases: a fault in one is not a fault in both.

mod json;
mod reading;
mod table;
mod value;
mod xml;

use crate::catalog::{Catalog, ElementId, Treatment};
use crate::config::ConfigError;
use crate::format::{Formats, Syntax};

use reading::Rules;
pub(crate) use reading::{Fault, Reading};
use table::Table;
use value::Values;

/// What the second reading knows of one format.
#[derive(Debug)]
struct Tables {
    name: String,
    xml: Option<Table>,
    json: Option<Table>,
}

/// The second reading, made ready once.
#[derive(Debug)]
pub(crate) struct Verifier {
    formats: Vec<Tables>,
    values: Values,
    elements: usize,
}

impl Verifier {
    /// # Errors
    /// When a shape of the catalog is too large for the `regex` crate.
    pub(crate) fn new(catalog: &Catalog, formats: &Formats) -> Result<Self, ConfigError> {
        let tables = |syntax: Syntax| {
            move |format: &crate::format::Format| format.trie(syntax).map(|_| Table::new(&format.declared, syntax))
        };
        let formats = formats.iter().map(|format| Tables {
            name: format.name.clone(),
            xml: tables(Syntax::Xml)(format),
            json: tables(Syntax::Json)(format),
        });
        Ok(Self { formats: formats.collect(), values: Values::new(catalog)?, elements: catalog.len() })
    }

    /// Reads `output`, of the named format. `permitted` says how an element may be released.
    ///
    /// # Errors
    /// The first thing that the grant doesn't hold, or that is not what the format says.
    pub(crate) fn read(
        &self,
        output: &[u8],
        format: &str,
        permitted: &dyn Fn(ElementId) -> Option<Treatment>,
    ) -> Result<Reading, Fault> {
        let text = std::str::from_utf8(output).map_err(|error| Fault::at(error.valid_up_to(), "no UTF-8"))?;
        let syntax = if text.trim_start().starts_with('<') { Syntax::Xml } else { Syntax::Json };
        let tables = self.formats.iter().find(|tables| tables.name == format);
        let table = tables.and_then(|tables| match syntax {
            Syntax::Xml => tables.xml.as_ref(),
            Syntax::Json => tables.json.as_ref(),
        });
        let table = table.ok_or(Fault::at(0, "the format isn't written so"))?;
        let rules = Rules { table, values: &self.values, permitted, elements: self.elements };
        match syntax {
            Syntax::Xml => xml::read(text, &rules),
            Syntax::Json => json::read(text, &rules),
        }
    }
}
