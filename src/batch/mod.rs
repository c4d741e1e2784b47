//! Many messages: where they come from, where they go, and the run in between.

mod run;
mod sink;
mod source;

pub(crate) use run::{notice, run};
pub(crate) use sink::write_whole;
pub(crate) use source::{SourceError, plan, read_file, read_message, regular_files};
