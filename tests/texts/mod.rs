//! Texts that hold fields of their own: what may go out of them, what never does, and that nothing tells what went.

mod attacks;
mod errors;
mod fixtures;
mod interference;
mod layout;
mod legacy;
mod traces;
mod world;
