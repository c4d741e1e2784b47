//! Messages with their photos cut short, for speed: what is done to thousands of them needs no photo of 40 KB.

use crate::edit::edited;
use crate::places::layout;

/// A value is cut to about this length: an image stays one.
const MAX_VALUE_BYTES: usize = 400;

/// `None` if the text is not well-formed.
pub(crate) fn shortened(xml: bool, text: &str) -> Option<String> {
    let long = layout(xml, text)?.places.into_iter().filter(|place| place.span.len() > MAX_VALUE_BYTES);
    // A closing quote stays, and an escape (base64 has none but that of a slash) is not cut.
    let cuts = long.map(|place| {
        let near = place.span.start + MAX_VALUE_BYTES..place.span.end;
        let from = near.into_iter().find(|at| text.as_bytes()[*at] != b'/').unwrap_or(place.span.end);
        (from..(place.span.end - 1).max(from), String::new())
    });
    Some(edited(text, cuts.collect()))
}
