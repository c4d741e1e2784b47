//! What is released and how it is written: the filter and the two rewriters.

mod context;
mod facts;
mod filter;
mod followers;
mod json;
mod links;
mod output;
mod pass;
mod photo;
mod receipt;
mod session;
mod tally;
mod treatment;
mod value;
mod xml;

pub use filter::{Filter, FilterBuilder, Redaction, Request};
pub use receipt::{Disposition, Receipt};
pub use tally::ElementCounts;
