//! Changes to a text by the places of the text as it was: what planting and mutating have in common.

use std::ops::Range;

/// What each change replaces, and with what.
pub type Edit = (Range<usize>, String);

/// The text with all edits made; of two that overlap the later one is left out.
pub fn edited(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut whole = String::with_capacity(text.len() + 1024);
    let mut at = 0;
    for (range, new) in edits {
        if range.start >= at && text.is_char_boundary(range.start) && text.is_char_boundary(range.end) {
            whole.push_str(&text[at..range.start]);
            whole.push_str(&new);
            at = range.end;
        }
    }
    whole.push_str(&text[at..]);
    whole
}
