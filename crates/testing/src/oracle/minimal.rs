//! The smallest part of a message on which the filter and the oracle still differ: a report with it needs no search.

use crate::edit::edited;
use crate::places::layout;

/// The message without the parts that it still fails without.
pub(crate) fn minimal(xml: bool, message: &[u8], fails: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let Ok(mut text) = String::from_utf8(message.to_vec()) else { return message.to_vec() };
    let mut at = 1;
    while let Some(part) = layout(xml, &text).and_then(|layout| layout.parts.into_iter().nth(at)) {
        let without = |from: usize, to: usize| edited(&text, vec![(from..to, String::new())]);
        let (start, end) = (part.span.start, part.span.end);
        // In JSON with the comma on either side of it.
        let comma_before = text[..start].rfind(',').filter(|comma| text[comma + 1..start].trim().is_empty());
        let comma_after = text[end..].find(',').filter(|comma| text[end..end + comma].trim().is_empty());
        let candidates = [
            comma_before.map(|comma| without(comma, end)),
            comma_after.map(|comma| without(start, end + comma + 1)),
            Some(without(start, end)),
        ];
        let fits = |text: &String| layout(xml, text).is_some() && fails(text.as_bytes());
        match candidates.into_iter().flatten().find(fits) {
            Some(smaller) => text = smaller,
            None => at += 1,
        }
    }
    text.into_bytes()
}
