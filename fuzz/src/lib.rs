//! What the fuzz targets and the soak check, on the mutations, fixtures and judges of the tests of the main crate.

mod archives;
mod history;
mod leaks;
mod levels;
mod pace;
mod packs;
mod pairs;
mod properties;
mod run;
mod second;
mod soak;
mod tally;
mod templates;

pub use archives::archives_are_accounted_for;
pub use history::history_changes_nothing;
pub use levels::levels_agree;
pub use pace::pace_is_steady;
pub use properties::{
    canary_never_survives, catalog_never_panics, format_never_panics, never_panics, output_reparses_alike,
    policy_never_panics,
};
pub use second::second_reading_accepts_nothing_else;
pub use soak::run as soak;
