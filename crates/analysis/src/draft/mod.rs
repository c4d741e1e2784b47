//! Drafts a `format.toml` from schemas and samples: what it guesses, it says why; the rest it asks.
//!
//! A draft maps nothing that isn't guessed, so what it doesn't know is removed until somebody has answered.

mod elements;
mod guess;
mod input;
mod known_paths;
mod mapping;
mod path_words;
#[cfg(test)]
mod tests;
mod write;

use std::fmt;
use std::path::PathBuf;

use crate::name_words::words;
use dmv_redact::Catalog;
use dmv_redact::internal::filter::read_formats;
use dmv_redact::shipped::{CATALOG, FORMATS};
use dmv_redact_model::config::{ConfigError, Document, File};
use elements::vocabulary;
use guess::Guesser;
use known_paths::KnownPaths;
use mapping::DraftMapping;
use write::Heading;

/// What to draft from.
#[derive(Debug, Default)]
pub struct DraftRequest {
    /// Schemas and samples, by path.
    pub inputs: Vec<PathBuf>,
    /// The name of the format; by default after its root, or the first input.
    pub name: Option<String>,
    /// The root, where a schema has several.
    pub root: Option<String>,
    /// Folders of formats to learn from, beside the built-in ones.
    pub formats: Vec<PathBuf>,
    /// Catalogs, beside the built-in one.
    pub catalogs: Vec<PathBuf>,
}

/// A drafted format.
#[derive(Debug)]
pub struct Draft {
    /// The `format.toml`.
    pub text: String,
    /// How many paths have a data element.
    pub guessed: usize,
    /// How many have a question.
    pub asked: usize,
    /// What keeps the draft from use or from being whole: for whoever asked for it.
    pub cautions: Vec<String>,
}

/// Why nothing was drafted.
#[derive(Debug)]
pub enum DraftError {
    /// A table can't be used, or an input can't be read or has no layout.
    Config(ConfigError),
    /// The inputs don't go together, or don't say enough.
    Usage(String),
}

impl From<ConfigError> for DraftError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl fmt::Display for DraftError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Usage(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for DraftError {}

/// Drafts a format.
///
/// # Errors
/// When an input, a catalog or a format can't be read, or the inputs are of several layouts.
pub fn draft(request: &DraftRequest) -> Result<Draft, DraftError> {
    let catalogs = request.catalogs.iter().map(|path| File::read(path)).collect::<Result<Vec<_>, _>>()?;
    let documents: Vec<Document<'_>> = catalogs.iter().map(File::document).collect();
    let catalog = Catalog::load(CATALOG, &documents)?;
    let folders = request.formats.iter().map(|folder| read_formats(folder)).collect::<Result<Vec<_>, _>>()?;
    let added = folders.concat();
    let formats: Vec<Document<'_>> = FORMATS.iter().copied().chain(added.iter().map(File::document)).collect();
    let vocabulary = vocabulary(&catalog);
    let layout = input::read(request, &|name| words(name).iter().any(|word| vocabulary.contains(word)))?;
    let guesser = Guesser::new(&catalog, KnownPaths::read(&formats)?);
    let mapping = DraftMapping::of(&layout.tree, &guesser);
    let heading = Heading::of(request, &layout, &formats)?;
    Ok(write::write(&heading, &layout.tree, &mapping, layout.cautions))
}
