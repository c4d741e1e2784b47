//! The arguments that name a policy's catalog and formats: shared by all verbs that need no message.

use std::path::{Path, PathBuf};

use clap::Args;
use sha2::{Digest, Sha256};

use super::Problem;
use super::messages::regular_files;
use dmv_redact::{Filter, FilterBuilder};
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
    pub(super) fn digest<'f>(&self, others: impl IntoIterator<Item = &'f Path>) -> Result<String, Problem> {
        digest(&self.catalog, &self.formats, others)
    }
}

/// A digest of catalogs, of all files in folders of formats, and of other files.
pub(super) fn digest<'f>(
    catalogs: &[PathBuf],
    formats: &[PathBuf],
    others: impl IntoIterator<Item = &'f Path>,
) -> Result<String, Problem> {
    let mut files = catalogs.to_vec();
    for folder in formats {
        files.append(&mut regular_files(folder)?);
    }
    files.extend(others.into_iter().map(Path::to_owned));
    let mut digest = Sha256::new();
    for file in files {
        let content = std::fs::read(&file);
        digest.update(content.map_err(|error| Problem::Io(format!("{}: {error}", file.display())))?);
        digest.update([0]);
    }
    Ok(hex(&digest.finalize()))
}
