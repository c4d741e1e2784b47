//! What is released and how it is written: the first reading, and the two rewriters.

mod context;
mod embedded;
mod envelope;
mod facts;
mod identity;
mod json;
mod links;
mod names;
mod outcomes;
mod output;
mod parts;
mod pass;
mod photo;
mod planted;
mod receipt;
mod recognition;
mod session;
mod tally;
mod text;
mod token;
mod treatment;
mod value;
mod variants;
mod xml;

pub use identity::FilterIdentity;
pub use receipt::{Disposition, FOUND_IMAGE, OwedDuty, Receipt};
pub use tally::ElementCounts;

pub(crate) use parts::Buffers;
pub use parts::Parts;
pub(crate) use pass::redact;
pub(crate) use pass::withhold;
#[cfg(test)]
pub(crate) use planted::at::{Fault, Noted, with as with_faults};
#[cfg(test)]
pub(crate) use planted::{Planted, with as with_planted};
pub use {
    outcomes::{Outcome, Outcomes},
    pass::outcomes,
    value::Judgement,
    variants::{VariantBuffers, of_element, of_object},
};
