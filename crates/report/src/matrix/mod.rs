//! The matrix of a policy in every form it is shown in, one module for each. For programs it is serialized as it is.

mod csv;
mod html;
mod markdown;
mod text;

pub use csv::csv;
pub use html::html;
pub(crate) use markdown::escaped as escape_markdown;
pub use markdown::markdown;
pub use text::text;
