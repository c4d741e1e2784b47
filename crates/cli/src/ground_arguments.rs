//! The arguments that name a policy's catalog and formats: shared by all verbs that need no message.

use std::path::{Path, PathBuf};

use clap::Args;
use sha2::{Digest, Sha256};

use super::Problem;
#[cfg(unix)]
use dmv_redact::internal::filter::read_formats;
use dmv_redact::{Filter, FilterBuilder};
#[cfg(unix)]
use dmv_redact_model::config::File;
use dmv_redact_model::hex::hex;

#[derive(Debug, Clone, Args)]
pub(super) struct GroundArguments {
    /// Add the formats of this folder: DIR/NAME/format.toml
    #[arg(long, value_name = "DIR")]
    formats: Vec<PathBuf>,
    /// Add the data elements of this catalog
    #[arg(long, value_name = "FILE")]
    catalog: Vec<PathBuf>,
}

impl GroundArguments {
    /// The filter that the arguments describe, without its policy.
    pub(super) fn filter(&self) -> FilterBuilder {
        let mut builder = Filter::builder();
        for catalog in &self.catalog {
            builder = builder.catalog_path(catalog);
        }
        for formats in &self.formats {
            builder = builder.formats_dir(formats);
        }
        builder
    }

    /// A digest of them, and of these other files.
    #[cfg(unix)]
    ///
    /// It is of what a filter is built from: a format by its folder's name, also by way of a link.
    pub(super) fn digest<'f>(&'f self, others: impl IntoIterator<Item = &'f Path>) -> Result<String, Problem> {
        let mut digest = Sha256::new();
        let mut part = |name: &str, text: &[u8]| {
            for bytes in [name.as_bytes(), text] {
                digest.update((bytes.len() as u64).to_le_bytes());
                digest.update(bytes);
            }
        };
        for folder in &self.formats {
            for File { name, text } in read_formats(folder)? {
                part(&name, text.as_bytes());
            }
        }
        for file in self.catalog.iter().map(PathBuf::as_path).chain(others) {
            let content = std::fs::read(file).map_err(|error| Problem::Io(format!("{}: {error}", file.display())))?;
            part(&file.to_string_lossy(), &content);
        }
        Ok(hex(&digest.finalize()))
    }
}
