//! What is forbidden to whom, for tokens to be planted there.

use crate::places::{Kind, Place};
use crate::settings::Setting;

/// Members and attributes by which objects name one another; what becomes of them depends on what they name.
const LINKS: [&str; 4] = ["}id", "}ref", "}uri", "/@id"];

/// Whether nothing that stands at this place is ever let through.
pub fn forbids(setting: &Setting, place: &Place) -> bool {
    let is_link = LINKS.iter().any(|end| place.path.ends_with(end)) || place.path.contains("/@context/");
    !is_link && (place.kind == Kind::Loose || !setting.released.contains(&place.path))
}
