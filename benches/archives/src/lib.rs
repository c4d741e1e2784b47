//! Archives of messages as a state has them: made from the fixtures, each message another, the same ones in every form.

mod random;
mod template;

pub use random::Random;
pub use template::{Kind, Messages};
