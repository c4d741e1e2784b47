//! The queue of held messages: reviews, from their arrival to their decision and delivery, in SQLite or PostgreSQL.
//!
//! A message that the policy holds waits here until a person approves or denies it, or its deadline denies it. Originals,
//! details and what was decided are encrypted at rest; the queue itself can be listed without a key's work. Nothing here
//! writes the disclosure log or sends a message: the caller does, in this order (P12):
//!
//! 1. [`ReviewStore::add`] when a message is held;
//! 2. [`ReviewStore::decide`] when a person has decided;
//! 3. [`ReviewStore::begin_delivery`], which one node wins; then the record in the log; then the message goes out; then
//!    [`ReviewStore::delivered`]. A delivery that begins and doesn't end stays [`State::Delivering`], until somebody has
//!    looked at the log and calls `delivered` or [`ReviewStore::abandon_delivery`]. So nothing goes out twice, and nothing
//!    approved is lost (P11).
//!
//! The people who decide have accounts here as well, each with a [`Role`]: [`ReviewStore::sign_in`] begins a [`Session`],
//! and [`ReviewStore::session`] says whose a token is. Whether the role may do something is for the caller to ask.
//!
//! Times are Unix seconds, and the caller gives them: nothing here reads a clock. A deadline of 100 is over at 100.
//!
//! ```
//! use dmv_redact_review::{Added, BlockingReviews, Filter, Keys, NewReview, State};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let (key, database) = (folder.path().join("key"), folder.path().join("reviews.db"));
//! # std::fs::write(&key, "0123456789abcdef0123456789abcdef")?;
//! # let database = database.to_str().ok_or("not UTF-8")?;
//! let reviews = BlockingReviews::open(database, Keys::read(&[key])?)?;
//! let review = NewReview {
//!     source: "line-1",
//!     id: "000000001",
//!     original: b"{}",
//!     requester: "OH0250000",
//!     message_key: Some("DR"),
//!     details: r#"{"rules":["photo-needs-warrant"]}"#,
//!     deadline: 1_900_086_400,
//!     two_people: false,
//! };
//! let Added::New(id) = reviews.add(&review, 1_900_000_000)? else { return Err("it waits already".into()) };
//! let open = reviews.list(&Filter { states: vec![State::Open], ..Filter::default() })?;
//! assert_eq!(open.first().map(|review| review.id), Some(id));
//! # Ok(())
//! # }
//! ```

mod accounts;
mod blocking;
mod database;
mod decide;
mod delivery;
mod digest;
mod error;
mod hashing;
mod keys;
mod list;
mod maintenance;
mod review;
mod schema;
mod store;
#[cfg(test)]
mod tests;

pub use accounts::{Account, AccountChange, PasswordCheck, Role, Session, SignIn};
pub use blocking::BlockingReviews;
pub use decide::{Decision, DecisionKind};
pub use digest::{ContentDigest, ReviewId};
pub use error::ReviewError;
pub use keys::Keys;
pub use list::{Cursor, Filter};
pub use review::{Added, Decided, Delivery, NewReview, Review, ReviewSummary, State, Verdict};
pub use store::ReviewStore;
