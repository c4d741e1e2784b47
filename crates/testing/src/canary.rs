//! Canaries: tokens that are planted wherever nothing may go out.

use std::sync::LazyLock;

use crate::cases::{Case, cases};
use crate::edit::edited;
use crate::forbidden::forbids;
use crate::places::layout;
use crate::plant::dressed;
use crate::settings::Setting;
use crate::shorten::shortened;

/// What every canary begins with. Letters only, so that most shapes would let it through.
pub const STEM: &str = "CNRYZQXJ";

/// The fixtures, with their photos cut short.
pub static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let mut cases = cases();
    for case in &mut cases {
        let short = str::from_utf8(&case.message).ok().and_then(|text| shortened(case.xml, text));
        case.message = short.map_or_else(|| case.message.clone(), String::into_bytes);
    }
    cases
});

/// A canary of its own for each place.
fn canary(number: usize) -> String {
    let letter = |place: usize| char::from(b'A' + (place % 26) as u8);
    [STEM.to_owned(), letter(number / 26).to_string(), letter(number).to_string()].concat()
}

/// The message with a canary in every forbidden place, written by the trick; `None` if it isn't well-formed.
pub fn planted(setting: &Setting, xml: bool, message: &[u8], trick: usize) -> Option<String> {
    let text = str::from_utf8(message).ok()?;
    let places = layout(xml, text)?.places.into_iter().filter(|place| forbids(setting, place)).enumerate();
    let edits = places.map(|(number, place)| (place.span, dressed(&place.kind, trick, &canary(number))));
    Some(edited(text, edits.collect()))
}
