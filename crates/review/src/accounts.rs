//! The accounts of the review desk: who may sign in, in which role, and their sessions.
//!
//! Passwords are hashed with argon2id, and the hash is encrypted with the keys of the queue, together with the role and all
//! else that matters of an account: who can write the database but has no key can't make a reviewer an approver, nor a
//! session. What such a person can do is to put back an earlier state of an account.

mod account;
mod attempts;
mod manage;
mod password;
mod role;
mod session;
mod sign_in;

pub use account::{Account, AccountChange};
pub use role::Role;
pub use session::Session;
pub use sign_in::{PasswordCheck, SignIn};
