//! Archives of messages as a state has them: made from the fixtures, each message another, the same ones in every form.

mod template;

pub use template::{Kind, Messages};
