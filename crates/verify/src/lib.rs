//! The second reading: reads the output again before it is released, with other parsers (quick-xml, serde_json),
//! another table and other shapes. With the first reading it shares only catalog, mapping, grant and `wide`.
//!
//! NIST SP 800-53 AC-4(27) asks for redundant filters of different code bases: a fault in one is not a fault in both.

mod borrowed;
mod dfa;
mod frame;
mod glushkov;
mod index;
mod json;
mod links;
mod numbers;
mod reading;
mod sieve;
mod table;
mod tags;
mod text;
mod texts;
mod value;
mod xml;

use std::sync::{Arc, OnceLock};

use dmv_redact_model::catalog::Catalog;
use dmv_redact_model::config::{ConfigError, Origin};
use dmv_redact_model::format::{Declared, Format, Formats, Syntax};
use dmv_redact_model::policy::Grant;
use frame::{Frames, Kind};

pub use reading::Finding;
pub use reading::Reading;
use reading::Rules;
use table::Table;
use text::TextLayout;
use value::Values;

/// Working memory and results of the second reading. The next message reuses it.
#[derive(Debug, Default)]
pub struct VerifierState {
    reading: Reading,
    xml: xml::Scratch,
    json: json::Scratch,
    frames: Frames,
}

impl VerifierState {
    /// How many outputs a frame has fitted.
    #[doc(hidden)]
    #[must_use]
    pub fn frames_fitted(&self) -> usize {
        self.frames.fitted()
    }
}

/// What the second reading knows of one format. A table is built on first use.
#[derive(Debug)]
struct FormatTables {
    name: String,
    declared: Arc<Declared>,
    layouts: Vec<Arc<TextLayout>>,
    /// Of the syntaxes that the format has.
    xml: Option<OnceLock<Table>>,
    json: Option<OnceLock<Table>>,
}

impl FormatTables {
    fn new(format: &Format) -> Result<Self, ConfigError> {
        let declared = Arc::clone(&format.declared);
        let layouts: Vec<_> = declared.texts.iter().map(|text| Arc::new(TextLayout::new(text))).collect();
        if declared.origin == Origin::Added {
            layouts.iter().try_for_each(|layout| layout.compile_all())?;
        }
        let [xml, json] = [Syntax::Xml, Syntax::Json].map(|syntax| format.has_syntax(syntax).then(OnceLock::new));
        Ok(Self { name: format.name.clone(), declared, layouts, xml, json })
    }

    /// Whether an output has the root of the format.
    fn recognize(&self, text: &str, syntax: Syntax) -> bool {
        self.of(syntax).is_some_and(|table| match syntax {
            Syntax::Xml => xml::has_root(text, table),
            Syntax::Json => json::has_root(text, table),
        })
    }

    fn of(&self, syntax: Syntax) -> Option<&Table> {
        let slot = match syntax {
            Syntax::Xml => self.xml.as_ref()?,
            Syntax::Json => self.json.as_ref()?,
        };
        Some(slot.get_or_init(|| Table::new(&self.declared, &self.layouts, syntax)))
    }
}

/// The second reading, prepared once.
#[derive(Debug)]
pub struct Verifier {
    formats: Vec<FormatTables>,
    values: Values,
}

impl Verifier {
    /// # Errors
    /// When a shape that a user wrote, or a pattern of a user's text mapping, is too large for the `regex` crate.
    pub fn new(catalog: &Catalog, formats: &Formats) -> Result<Self, ConfigError> {
        let formats = formats.iter().map(FormatTables::new).collect::<Result<_, _>>()?;
        Ok(Self { formats, values: Values::new(catalog)? })
    }

    /// Builds what is otherwise built for the first output of each format.
    pub fn warm(&self) {
        self.values.warm();
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
        let text = text(output)?;
        let syntax = syntax(output);
        let tables = self.formats.iter().find(|tables| tables.recognize(text, syntax));
        Ok(&tables.ok_or(Finding::of_output("it is of no known format"))?.name)
    }

    /// Reads `output`, of the named format, and checks it against `grant`; without a grant, it only reads whose it is.
    /// Returns what it contains, which is kept in `state`.
    ///
    /// # Errors
    /// The first thing that the grant doesn't permit, or that isn't as the format has it.
    pub fn read<'n>(
        &self,
        output: &[u8],
        format: &str,
        grant: Option<&Arc<Grant>>,
        state: &'n mut VerifierState,
    ) -> Result<&'n Reading, Finding> {
        let syntax = syntax(output);
        let mut formats = self.formats.iter().enumerate();
        let table = formats.find(|(_, tables)| tables.name == format);
        let table = table.and_then(|(format, tables)| Some((format, tables.of(syntax)?)));
        let (format, table) = table.ok_or(Finding::of_output("the format isn't written so"))?;
        let rules = Rules { table, values: &self.values, grant: grant.map(AsRef::as_ref) };
        let VerifierState { reading, xml, json, frames } = state;
        let kind = grant.map(|grant| Kind { format, syntax, grant });
        if kind.as_ref().is_some_and(|kind| frames.fit(output, kind, &rules, reading)) {
            return Ok(reading);
        }
        let text = text(output)?;
        reading.reset(self.values.len());
        match syntax {
            Syntax::Xml => xml::read(text, &rules, reading, xml)?,
            Syntax::Json => json::read(text, &rules, reading, json)?,
        }
        if !reading.links.are_consistent() {
            return Err(Finding::at(0, "a reference without its object, or an id without a reference"));
        }
        if let Some(kind) = kind {
            frames.make(text, &kind, &rules, reading);
        }
        Ok(reading)
    }
}

fn text(output: &[u8]) -> Result<&str, Finding> {
    std::str::from_utf8(output).map_err(|error| Finding::at(error.valid_up_to(), "no UTF-8"))
}

fn syntax(output: &[u8]) -> Syntax {
    if output.trim_ascii_start().starts_with(b"<") { Syntax::Xml } else { Syntax::Json }
}
