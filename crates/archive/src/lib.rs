//! Batch processing: message sources, outputs, and the run between them.

mod comparison;
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
mod summary;
#[cfg(test)]
mod trees;
mod unit;
mod verification;
mod walk;
mod work;
mod writer;

pub use comparison::Comparison;
pub use form::{ArchiveForm, Layout};
pub use journal::{StartMode, Terms};
pub use line::LineMembers;
pub use output::is_private_folder;
pub use reader::{Destination, Inputs, Outputs};
pub use run::{BatchRun, RunError, RunObserver, RunReport};
pub use state::{state_around, state_beside};
pub use summary::{Summary, Tally};
pub use walk::{FileWalk, InputRoot, SourceError, WalkEntry, refuse_overlap, roots};
pub use work::Task;
