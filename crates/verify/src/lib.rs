//! The second reading: reads the output again before it is released, with other parsers (quick-xml, serde_json),
//! another table and other shapes, and compares it with the message that it was made of. With the first reading it
//! shares only catalog, mapping, grant and the manifest. It remembers nothing from message to message.
//!
//! NIST SP 800-53 AC-4(27) asks for redundant filters of different code bases: a fault in one is not a fault in both.

mod check;
mod comparison;
mod json;
mod links;
mod shape;
mod step;
mod table;
mod text;
mod token;
mod value;
mod xml;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use check::Check;
pub use check::VerifierState;
use comparison::Comparison;
use dmv_redact_model::catalog::Catalog;
use dmv_redact_model::config::{ConfigError, Origin};
use dmv_redact_model::format::{Formats, Syntax};
use dmv_redact_model::manifest::Manifest;
use dmv_redact_model::policy::{AttributeSet, Grant, Ori, TokenScope};
use dmv_redact_model::token::TokenKey;
use serde::de::IgnoredAny;
use shape::Shapes;
use step::Step;
use table::Table;
use text::TextLayout;
use token::Tokens;

/// The second reading, prepared once.
#[derive(Debug)]
pub struct Verifier {
    tables: Vec<Table>,
    shapes: Shapes,
    tokens: Option<(TokenKey, TokenScope)>,
    /// The names of the data elements, by index.
    elements: Vec<String>,
}

/// What an output was made of.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The message, as its bytes came.
    pub message: &'a [u8],
    /// What was released of it.
    pub manifest: &'a Manifest,
    /// For whom.
    pub requester: Option<Ori>,
}

impl Verifier {
    /// `told_apart` are the attributes of a request that decide: of no others it is read what outputs state.
    ///
    /// # Errors
    /// When a shape that a user wrote, or a pattern of a user's text mapping, is too large for the `regex` crate.
    pub fn new(catalog: &Catalog, formats: &Formats, told_apart: AttributeSet) -> Result<Self, ConfigError> {
        let mut tables = Vec::new();
        for format in formats.iter() {
            let layouts: Vec<_> = format.declared.texts.iter().map(|text| Arc::new(TextLayout::new(text))).collect();
            if format.declared.origin == Origin::Added && layouts.iter().any(|layout| layout.patterns().is_none()) {
                let what = "a pattern of a text mapping is too large, or ends in a comment";
                return Err(ConfigError::of_file("format", what));
            }
            let syntaxes = [Syntax::Xml, Syntax::Json].into_iter().filter(|syntax| format.has_syntax(*syntax));
            tables.extend(syntaxes.map(|syntax| Table::new(format, &layouts, syntax, told_apart)));
        }
        let elements = catalog.iter().map(|(_, element)| element.id().to_owned()).collect();
        Ok(Self { tables, shapes: Shapes::new(catalog)?, tokens: None, elements })
    }

    /// The same with a key of tokens. Without one a token is no value of a message.
    #[must_use]
    pub fn with_tokens(self, key: TokenKey, scope: TokenScope) -> Self {
        Self { tokens: Some((key, scope)), ..self }
    }

    /// Compiles what is otherwise compiled for the first value that needs it.
    pub fn warm(&self) {
        self.shapes.warm();
        let nodes = self.tables.iter().flat_map(|table| &table.nodes);
        nodes.flat_map(|node| &node.layouts).for_each(|layout| _ = layout.patterns());
    }

    /// The format of an output, by its root.
    ///
    /// # Errors
    /// When it is of none.
    pub fn format_of(&self, output: &[u8]) -> Result<&str, Finding> {
        let (text, syntax) = text(output)?;
        let members = serde_json::from_str::<HashMap<String, IgnoredAny>>(text).unwrap_or_default();
        let mut tags = text.split('<').skip(1).filter(|tag| !tag.starts_with(['?', '!']));
        let element = tags.next().and_then(|tag| tag.split([' ', '\t', '\r', '\n', '/', '>']).next());
        let is_root = |root: &String| match syntax {
            Syntax::Xml => element == Some(root),
            Syntax::Json => Step::new(root, false).is_some_and(|root| members.contains_key(&root.name)),
        };
        let has_root = |table: &&Table| table.syntax == syntax && table.declared.roots.iter().any(is_root);
        let mut tables = self.tables.iter().filter(has_root);
        match (tables.next(), tables.next()) {
            (None, _) => Err(Finding::of_output("it is of no known format")),
            (Some(table), None) => Ok(&table.format),
            // What tells them apart in a message may be gone.
            (Some(_), Some(_)) => Err(Finding::of_output("it can be of several formats: name one")),
        }
    }

    /// Reads `output`, of the named format, and checks it against `grant` and its source. Without a source it checks the
    /// output alone; without a grant it only reads whose it is.
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
    ) -> Result<&'n VerifierState, Finding> {
        let (text, syntax) = text(output)?;
        let table = self.tables.iter().find(|table| table.format == format && table.syntax == syntax);
        let table = table.ok_or(Finding::of_output("the format isn't written so"))?;
        let source = source.filter(|_| grant.is_some());
        let message = source.map(|source| value::message(source.message).ok_or("the message is in no known encoding"));
        let message = message.transpose().map_err(Finding::of_output)?;
        let comparison = message
            .as_deref()
            .zip(source)
            .map(|(message, source)| Comparison::new(message, source.manifest, self.tokens_for(source.requester)));
        self.read_text(text, table, grant, (comparison, 0), state)?;
        Ok(state)
    }

    /// How tokens for a requester are computed; `None` if there can't be any.
    fn tokens_for(&self, requester: Option<Ori>) -> Option<Tokens<'_>> {
        let (key, scope) = self.tokens.as_ref()?;
        let requester = match scope {
            TokenScope::Policy => None,
            TokenScope::Requester => Some(requester?),
        };
        Some(Tokens { key, requester, elements: &self.elements })
    }

    /// Reads an output that is in this many texts of others.
    fn read_text(
        &self,
        text: &str,
        table: &Table,
        grant: Option<&Grant>,
        (comparison, depth): (Option<Comparison<'_>>, usize),
        state: &mut VerifierState,
    ) -> Result<(), Finding> {
        let mut check = Check::new((self, table, depth), grant, comparison, state);
        match table.syntax {
            Syntax::Xml => xml::read(text, &mut check)?,
            Syntax::Json => json::read(text, &mut check)?,
        }
        check.end().map_err(Finding::of_output)
    }

    /// The tables of the formats of these names, or of those in their place, that have a syntax.
    fn tables_of<'v>(&'v self, names: &'v [String], syntax: Syntax) -> impl Iterator<Item = &'v Table> {
        let is_named = move |table: &&Table| {
            table.syntax == syntax && names.iter().any(|name| table.format == *name || table.replaces.contains(name))
        };
        self.tables.iter().filter(is_named)
    }
}

/// An output as text, and its syntax.
fn text(output: &[u8]) -> Result<(&str, Syntax), Finding> {
    let text =
        std::str::from_utf8(output).map_err(|error| Finding::at(error.valid_up_to(), "no UTF-8", String::new()))?;
    let is_xml = output.trim_ascii_start().starts_with(b"<");
    Ok((text, if is_xml { Syntax::Xml } else { Syntax::Json }))
}

/// Something in an output that must not be there, or not in this form. Never a value of it (P6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was found, in fixed words.
    pub what: &'static str,
    /// Where, as the format spells it; empty where the format has no name for it.
    pub path: String,
    /// Where in the output, in bytes from its start; `None` when it is about the whole.
    pub offset: Option<usize>,
}

impl Finding {
    /// A finding about the whole output.
    #[doc(hidden)]
    pub fn of_output(what: &'static str) -> Self {
        Self { what, path: String::new(), offset: None }
    }

    fn at(offset: usize, what: &'static str, path: String) -> Self {
        Self { what, path, offset: Some(offset) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.what, if self.path.is_empty() { "" } else { " at " }, self.path)?;
        self.offset.map_or(Ok(()), |offset| write!(f, ", byte {offset}"))
    }
}

impl std::error::Error for Finding {}
