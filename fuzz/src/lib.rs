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
mod soak;
mod tally;
mod templates;

#[path = "../../tests/common/cases.rs"]
#[allow(dead_code, reason = "the canary test needs all of it")]
mod cases;
#[path = "../../tests/common/dice.rs"]
mod dice;
#[path = "../../tests/common/edit.rs"]
mod edit;
#[path = "../../tests/common/forbidden.rs"]
mod forbidden;
#[path = "../../tests/common/judgement.rs"]
mod judgement;
#[path = "../../tests/common/mutate.rs"]
mod mutate;
#[path = "../../tests/common/places.rs"]
mod places;
#[path = "../../tests/common/plant.rs"]
mod plant;
#[path = "../../tests/common/readings_json.rs"]
mod readings_json;
#[path = "../../tests/common/readings_xml.rs"]
mod readings_xml;
#[path = "../../tests/common/search.rs"]
#[allow(dead_code, reason = "the soak searches by the million, with one automaton for all encodings")]
mod search;
#[path = "../../tests/common/settings.rs"]
#[allow(dead_code, reason = "the canary test takes each case as it is")]
mod settings;
#[path = "../../tests/common/shorten.rs"]
mod shorten;

pub use archives::archives_are_accounted_for;
pub use history::history_changes_nothing;
pub use levels::levels_agree;
pub use pace::pace_is_steady;
pub use properties::{
    canary_never_survives, catalog_never_panics, format_never_panics, never_panics, output_reparses_alike,
    policy_never_panics,
};
pub use soak::run as soak;
