//! The second reading alone: an output that says anything else than the first reading's is not accepted, whoever wrote it.

use crate::templates::WORLD;
use dmv_redact::Filter;
use dmv_redact_testing::dice::Dice;
use dmv_redact_testing::mutate::{Source, mutated};
use dmv_redact_testing::places::{Place, layout};

/// The values of an output with the paths of what they are in, sorted; `None` if another parser refuses it. The mapping
/// doesn't name each part of a record, so its own name isn't told.
fn values(xml: bool, output: &[u8]) -> Option<Vec<(String, String)>> {
    let places = layout(xml, str::from_utf8(output).ok()?)?.places;
    // A reference may be named otherwise, if it leads to the same object. A placeholder says nothing: it may be missing, or
    // stand twice.
    let is_other = |place: &Place| {
        let path = place.path.as_str();
        path.ends_with("/@id") || path.contains("structures") || path.ends_with("nil") || place.value.is_empty()
    };
    let around = |path: String| path.rsplit_once('/').map_or(String::new(), |(around, _)| around.to_owned());
    let named = places.into_iter().filter(|place| !is_other(place));
    let mut values: Vec<_> = named.map(|place| (around(place.path), place.value)).collect();
    values.sort();
    Some(values)
}

/// A message, and what somebody else made of its output; the data are the choices of the mutations, and bytes of no message.
pub fn second_reading_accepts_nothing_else(data: &[u8]) {
    let mut dice = Dice::reading(data);
    let (number, source, _) = WORLD.draw(&mut dice, &WORLD.clean);
    let setting = &WORLD.settings[number];
    let (output, receipt) = setting.redact(source.text.as_bytes());
    let accepts =
        |other: &[u8]| setting.filter.verify_against(other, source.text.as_bytes(), &setting.requester).is_ok();
    assert!(!accepts(data), "bytes of no message: {}", String::from_utf8_lossy(data));
    reads_anything(&setting.filter, data);
    if !receipt.disposition().releases() {
        return;
    }
    assert!(accepts(&output), "its own output: {}", String::from_utf8_lossy(&output));
    let Some(own) = Source::read(source.xml, output.clone()) else { return };
    let changed = mutated(&mut dice, &own, source);
    if accepts(&changed) {
        let [before, after] = [&output, &changed].map(|output| values(source.xml, output));
        let [output, changed] = [&output, &changed].map(|text| String::from_utf8_lossy(text));
        assert!(before == after, "{}\n{output}\n--- and it accepts\n{changed}", setting.name);
    }
}

/// No bytes make it panic, of whatever format they are said to be.
fn reads_anything(filter: &Filter, data: &[u8]) {
    let requester = dmv_redact::Requester::new("AZ0070000").expect("an ORI");
    let found = filter.verify(data, &requester);
    assert!(found.is_ok() || !found.unwrap_err().to_string().is_empty());
}
