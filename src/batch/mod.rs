//! Batch processing: message sources, outputs, and the run between them.

mod container;
mod form;
mod input;
mod journal;
mod line;
mod output;
mod pipeline;
mod placed;
mod reader;
mod run;
mod state;
#[cfg(test)]
mod trees;
mod unit;
mod verification;
mod walk;
mod work;
mod writer;

pub(crate) use form::{ArchiveForm, Layout};
pub(crate) use journal::{StartMode, Terms};
pub(crate) use line::LineMembers;
pub(crate) use output::is_private_folder;
pub(crate) use reader::{Destination, Inputs, Outputs};
pub(crate) use run::{BatchRun, RunError, RunObserver, RunReport};
pub(crate) use state::{state_around, state_beside};
pub(crate) use walk::{FileWalk, InputRoot, SourceError, WalkEntry, refuse_overlap, roots};
pub(crate) use work::Task;
