//! The second reading: reads the output again before it is released, with other parsers (quick-xml, serde_json),
//! another table and other shapes, and compares it with the message that it was made of. With the first reading it
//! shares only catalog, mapping, grant and the manifest. It remembers nothing from message to message.
//!
//! NIST SP 800-53 AC-4(27) asks for redundant filters of different code bases: a fault in one is not a fault in both.

mod check;
mod comparison;
mod decode;
mod finding;
mod json;
mod links;
mod names;
mod shape;
mod table;
mod tags;
mod text;
mod treatment;
mod value;
mod xml;

use std::sync::{Arc, OnceLock};

pub use check::Reading;
use check::{Check, CheckScratch};
use comparison::Comparison;
use dmv_redact_model::catalog::Catalog;
use dmv_redact_model::config::{ConfigError, Origin};
use dmv_redact_model::format::{Declared, Format, Formats, Syntax};
use dmv_redact_model::manifest::Manifest;
use dmv_redact_model::policy::Grant;
pub use finding::Finding;
use shape::Shapes;
use table::Table;
use text::TextLayout;

/// What an output was made of.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The message, as its bytes came.
    pub message: &'a [u8],
    /// What was released of it.
    pub manifest: &'a Manifest,
}

/// Working memory and results of the second reading. The next message reuses it.
#[derive(Debug, Default)]
pub struct VerifierState {
    reading: Reading,
    check: CheckScratch,
    xml: xml::Scratch,
    json: json::Scratch,
}

/// What the second reading knows of one format. A table is built on first use.
#[derive(Debug)]
struct FormatTables {
    name: String,
    declared: Arc<Declared>,
    layouts: Vec<Arc<TextLayout>>,
    /// In XML and in JSON, where the format has it.
    tables: [Option<OnceLock<Table>>; 2],
}

impl FormatTables {
    fn new(format: &Format) -> Result<Self, ConfigError> {
        let declared = Arc::clone(&format.declared);
        let layouts: Vec<_> = declared.texts.iter().map(|text| Arc::new(TextLayout::new(text))).collect();
        if declared.origin == Origin::Added {
            layouts.iter().try_for_each(|layout| layout.compile_all())?;
        }
        let tables = [Syntax::Xml, Syntax::Json].map(|syntax| format.has_syntax(syntax).then(OnceLock::new));
        Ok(Self { name: format.name.clone(), declared, layouts, tables })
    }

    fn of(&self, syntax: Syntax) -> Option<&Table> {
        let [xml, json] = &self.tables;
        let table = if syntax == Syntax::Xml { xml } else { json };
        Some(table.as_ref()?.get_or_init(|| Table::new(&self.declared, &self.layouts, syntax)))
    }
}

/// The second reading, prepared once.
#[derive(Debug)]
pub struct Verifier {
    formats: Vec<FormatTables>,
    shapes: Shapes,
}

impl Verifier {
    /// # Errors
    /// When a shape that a user wrote, or a pattern of a user's text mapping, is too large for the `regex` crate.
    pub fn new(catalog: &Catalog, formats: &Formats) -> Result<Self, ConfigError> {
        let formats = formats.iter().map(FormatTables::new).collect::<Result<_, _>>()?;
        Ok(Self { formats, shapes: Shapes::new(catalog)? })
    }

    /// Builds what is otherwise built for the first output of each format.
    pub fn warm(&self) {
        self.shapes.warm();
        for tables in &self.formats {
            for syntax in [Syntax::Xml, Syntax::Json] {
                tables.of(syntax);
            }
            for layout in &tables.layouts {
                // A layout that can't be compiled matches no text, now as later.
                let _ = layout.compile_all();
            }
        }
    }

    /// The format of an output, by its root.
    ///
    /// # Errors
    /// When it is of none.
    pub fn format_of(&self, output: &[u8]) -> Result<&str, Finding> {
        let (text, syntax) = (text(output)?, syntax(output));
        let roots = match syntax {
            Syntax::Xml => xml::roots(text),
            Syntax::Json => json::roots(text),
        };
        let has_root = |tables: &&FormatTables| {
            tables.declared.root.as_ref().is_some_and(|root| roots.contains(root)) && tables.of(syntax).is_some()
        };
        let tables = self.formats.iter().find(has_root);
        Ok(&tables.ok_or(Finding::of_output("it is of no known format"))?.name)
    }

    /// Reads `output`, of the named format, and checks it against `grant` and its source. Without a source it checks the
    /// output alone; without a grant it only reads whose it is. What it returns is kept in `state`.
    ///
    /// # Errors
    /// The first thing that the grant doesn't permit, that isn't as the format has it, or that isn't the message's.
    pub fn read<'n>(
        &self,
        output: &[u8],
        format: &str,
        grant: Option<&Grant>,
        source: Option<Source<'_>>,
        state: &'n mut VerifierState,
    ) -> Result<&'n Reading, Finding> {
        let (text, syntax) = (text(output)?, syntax(output));
        let table = self.formats.iter().find(|tables| tables.name == format).and_then(|tables| tables.of(syntax));
        let table = table.ok_or(Finding::of_output("the format isn't written so"))?;
        let source = source.filter(|_| grant.is_some());
        let message = source.map(|source| decode::message(source.message).ok_or("the message is in no known encoding"));
        let message = message.transpose().map_err(Finding::of_output)?;
        let comparison = source.zip(message.as_deref());
        let comparison = comparison.map(|(source, message)| Comparison::new(message, source.manifest.entries()));
        let VerifierState { reading, check, xml, json } = state;
        let mut check = Check::new((table, &self.shapes), grant, comparison, reading, check);
        match syntax {
            Syntax::Xml => xml::read(text, &mut check, xml)?,
            Syntax::Json => json::read(text, &mut check, json)?,
        }
        check.end().map_err(|what| Finding::at(0, what))?;
        Ok(reading)
    }
}

fn text(output: &[u8]) -> Result<&str, Finding> {
    std::str::from_utf8(output).map_err(|error| Finding::at(error.valid_up_to(), "no UTF-8"))
}

fn syntax(output: &[u8]) -> Syntax {
    if output.trim_ascii_start().starts_with(b"<") { Syntax::Xml } else { Syntax::Json }
}
