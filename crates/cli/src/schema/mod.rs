//! `dmv-redact schema`: the JSON Schemas of the tables that people write, for editors, and of the log's lines, for programs.
//!
//! A test generates them from the types that load the tables, and compares the committed files; the program only prints
//! files.

#[cfg(test)]
mod generate;
#[cfg(test)]
mod tests;

use clap::{Args, ValueEnum};

use dmv_redact::shipped::TABLE_SCHEMAS;
use dmv_redact_log::LOG_SCHEMA;

use super::Exit;
use super::output::print;

/// Print the JSON Schema of a table, for editors, or of the lines of a disclosure log.
///
/// An editor that knows TOML (Even Better TOML, Taplo) completes and checks a file whose first line is
/// `#:schema ./schemas/policy.schema.json`, where that is the file printed here.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Which table, or the log
    of: Subject,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Subject {
    /// Who may have what
    Policy,
    /// Data elements
    Catalog,
    /// How messages are laid out: format.toml
    Format,
    /// A message and its expected result: case.toml
    Case,
    /// What each agency class may get: matrix.toml
    Matrix,
    /// A line of a disclosure log
    Log,
}

impl Subject {
    fn schema(self) -> &'static str {
        match self {
            Self::Policy => Table::Policy.schema(),
            Self::Catalog => Table::Catalog.schema(),
            Self::Format => Table::Format.schema(),
            Self::Case => Table::Case.schema(),
            Self::Matrix => Table::Matrix.schema(),
            Self::Log => LOG_SCHEMA,
        }
    }
}

/// A table that people write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Policy,
    Catalog,
    Format,
    Case,
    Matrix,
}

impl Table {
    pub(super) const ALL: [Self; 5] = [Self::Policy, Self::Catalog, Self::Format, Self::Case, Self::Matrix];

    /// The file name of its schema.
    pub(super) fn file_name(self) -> &'static str {
        match self {
            Self::Policy => "policy.schema.json",
            Self::Catalog => "catalog.schema.json",
            Self::Format => "format.schema.json",
            Self::Case => "case.schema.json",
            Self::Matrix => "matrix.schema.json",
        }
    }

    /// Its schema.
    pub(super) fn schema(self) -> &'static str {
        let name = self.file_name();
        let schema = TABLE_SCHEMAS.iter().find(|schema| schema.file.strip_prefix("schemas/toml/") == Some(name));
        schema.map_or("", |schema| schema.text)
    }
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    match print(arguments.of.schema()) {
        Ok(()) => Exit::Released,
        Err(problem) => problem.print_error(),
    }
}
