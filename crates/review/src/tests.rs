//! The queue's promises, on SQLite and on PostgreSQL.

mod accounts;
mod attempts;
mod concurrency;
mod decisions;
mod delivery;
mod hashing;
mod kills;
mod maintenance;
mod place;
mod postgres;
mod queue;
mod schema;
mod secrets;
mod sessions;
mod sign_in;
mod speed;

use super::*;
use place::{Place, of_review};

/// Each test twice: on SQLite, and on PostgreSQL where its server is installed.
macro_rules! on_both {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[test] fn $name() { super::$name(&super::Place::sqlite()); })*
        }
        mod postgres {
            $(#[test] fn $name() {
                if let Some(place) = super::Place::postgres() {
                    super::$name(&place);
                }
            })*
        }
    };
}
use on_both;
