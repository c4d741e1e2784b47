//! What people and programs are told about a run: counts, never values.

mod summary;

pub(crate) use summary::Summary;
