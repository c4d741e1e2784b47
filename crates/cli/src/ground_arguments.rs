//! The arguments that name a policy's catalog and formats: shared by all verbs that need no message.

use std::path::PathBuf;

use clap::Args;

use dmv_redact::{Filter, FilterBuilder};

#[derive(Debug, Args)]
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
}
