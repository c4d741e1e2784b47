//! P7: what is no value of an element doesn't go out in its place, through the whole filter: Social Security numbers, images,
//! encoded blobs, sentences.

use crate::world::{NINE_DIGITS, PHRASES, World, catalog, may_hold_text};

/// One a line; a line that begins with `#` says what follows.
const SSN: &str = include_str!("hostile/ssn.txt");
const BLOBS: &str = include_str!("hostile/blobs.txt");
const SENTENCES: &str = include_str!("hostile/sentences.txt");

fn lines(text: &str) -> Vec<String> {
    let lines: Vec<String> = text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
    assert!(lines.len() > 15 && lines.iter().all(|line| !line.is_empty()));
    lines
}

/// Those of `hostile` that go out as a value of an element for which `is_meant`.
fn passed(hostile: &[String], is_meant: impl Fn(&dmv_redact::Element) -> bool) -> Vec<String> {
    let world = World::new();
    let mut passed = Vec::new();
    for (_, element) in catalog().iter().filter(|(_, element)| may_hold_text(element) && is_meant(element)) {
        let lost = world.lost(element.id(), hostile);
        let out = hostile.iter().filter(|value| !lost.contains(value));
        passed.extend(out.map(|value| format!("{} lets {value:?} through", element.id())));
    }
    passed
}

#[test]
fn p7_no_social_security_number_goes_out_in_the_place_of_something_else() {
    let all = lines(SSN);
    let holds_ssn = |id: &str| matches!(id, "person.ssn" | "person.tax-id");
    let found = passed(&all, |element| !holds_ssn(element.id()) && !NINE_DIGITS.contains(&element.id()));
    assert!(found.is_empty(), "{found:#?}");
    // With its hyphens it is no number of any other kind.
    let hyphens: Vec<String> = all.iter().filter(|value| value.contains("-12-")).cloned().collect();
    let found = passed(&hyphens, |element| !holds_ssn(element.id()));
    assert!(!hyphens.is_empty() && found.is_empty(), "{found:#?}");
}

#[test]
fn p7_no_image_or_blob_goes_out_in_the_place_of_something_else() {
    let found = passed(&lines(BLOBS), |_| true);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn p7_no_sentence_goes_out_but_where_phrases_belong() {
    let found = passed(&lines(SENTENCES), |element| !PHRASES.contains(&element.id()));
    assert!(found.is_empty(), "{found:#?}");
    for id in ["license.status", "license.restriction", "history.conviction.description", "response.text"] {
        let lost = World::new().lost(id, &["SUBJECT IS ARMED AND DANGEROUS".to_owned()]);
        assert!(PHRASES.contains(&id) && lost.is_empty(), "{id}");
    }
}
