//! Many messages: where they come from, where they go, and the run in between.

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

pub(crate) use form::{Form, Layout};
pub(crate) use journal::{Begin, Terms};
pub(crate) use line::Members;
pub(crate) use output::is_private_folder;
pub(crate) use reader::{Destination, Inputs, Outputs};
pub(crate) use run::{Report, Run, RunError, Watch};
pub(crate) use state::{state_around, state_beside};
pub(crate) use walk::{Found, Root, SourceError, Walk, refuse_overlap, roots};
pub(crate) use work::Task;
