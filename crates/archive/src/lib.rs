//! Batch processing: message sources, outputs, and the run between them.

mod approvals;
mod batch;
mod comparison;
mod document;
mod files;
mod form;
mod input;
mod journal;
mod left_over;
mod line;
mod marker;
mod output;
mod pipeline;
mod placed;
mod reader;
mod reviews;
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

pub use approvals::Approvals;
pub use batch::{BatchRun, RunError, RunObserver, RunReport};
pub use comparison::Comparison;
pub use document::{BatchPath, BatchWrapper};
pub use files::is_private_folder;
pub use form::{ArchiveForm, Layout};
pub use journal::{StartMode, Terms};
pub use line::{LineMembers, MemberPath};
pub use reader::{Destination, Inputs, Outputs};
pub use reviews::{HeldMessage, ReviewQueue, Reviewed};
pub use state::{state_around, state_beside};
pub use summary::{Summary, Tally, VerificationCounts};
pub use walk::{FileWalk, InputRoot, SourceError, WalkEntry, real_path, refuse_overlap, roots};
pub use work::Task;
