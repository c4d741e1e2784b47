//! The review desk as a web application: pages made on the server, forms, no script.
//!
//! [`serve`] answers on a listener until it is told to stop. What people do is done by [`dmv_redact_desk::Desk`], which puts each
//! step on record before it is taken (P12). Here is who may do what ([`Settings`], roles, sessions), and how it looks.
//!
//! A request passes, in this order: the rate limit of its client's address, its host, the table of rights, for a form the site
//! that sent it, the session and its role, and the form's token. A route that isn't in the table is closed. Pages have no value
//! of a message, but for the one that shows a message to whoever asks for it, which is on record first (P6, P12).

mod app;
mod connections;
mod cookies;
mod duties;
mod failure;
mod form;
mod guard;
mod headers;
mod layout;
mod origin;
mod outer;
mod pages;
mod rate;
mod rights;
mod routes;
mod seal;
mod server;
mod settings;
#[cfg(test)]
mod tests;
mod viewer;
mod words;

pub use duties::DutyLogs;
pub use origin::{Reach, UserHeader};
pub use rate::Rate;
pub use server::serve;
pub use settings::Settings;
