//! Faults at single values: each is planted at every value of many messages, whichever path releases it, cold and warm.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::sound::{Outcome, Sound, Table, groups, table_text};
use crate::rewrite::Fault;
use dmv_redact_model::catalog::Treatment;
use dmv_redact_model::manifest::{ReleasedForm, ReleasedValue};
use dmv_redact_model::span::Span;

/// A fault by its name, as one or several planted at once.
pub(super) type Named = (&'static str, Vec<Fault>);

/// Values of one message where each fault is planted, by path.
const VALUES: usize = 5;

/// Whether a fault may have had an outcome. `uncaught.rs` says why each of those that aren't caught can't be, or isn't yet.
fn is_expected(name: &str, outcome: Outcome) -> bool {
    match outcome {
        Outcome::Caught | Outcome::Refused | Outcome::NoEffect => true,
        Outcome::OtherValue => ["wrong offset: both", "value between its neighbors: both"].contains(&name),
        Outcome::Imprecise => ["wrong offset: manifest", "value between its neighbors: manifest"].contains(&name),
        Outcome::SameValues => name == "wrong offset: output",
        Outcome::Fewer | Outcome::Missed => false,
    }
}

/// The faults that the test below must have planted in each path, and seen caught.
const IN_EVERY_PATH: [&str; 20] = [
    "entry after the next",
    "entry doubled",
    "entry doubled, and counted twice",
    "entry lost",
    "entry lost, and not counted",
    "entry of another element",
    "entry of another treatment",
    "stale value: both",
    "stale value: manifest",
    "stale value: output",
    "value counted twice",
    "value not counted",
    "values of one element swapped: both",
    "values of one element swapped: manifest",
    "values of one element swapped: output",
    "values of two elements swapped: both",
    "values of two elements swapped: output",
    "wrong offset: both",
    "wrong offset: manifest",
    "wrong offset: output",
];

#[test]
fn p2_every_fault_at_a_value_of_xml_is_caught() {
    are_caught("XML");
}

#[test]
fn p2_every_fault_at_a_value_of_json_is_caught() {
    are_caught("JSON");
}

/// Plants every fault at some values of each message and each path, cold and warm.
#[track_caller]
fn are_caught(syntax: &'static str) {
    let mut table = Table::new();
    let mut missed = Vec::new();
    for group in groups(syntax) {
        let warm = group.warm();
        for sound in &group.sounds {
            for (index, path) in places(sound) {
                for (name, faults) in faults_at(sound, index) {
                    for (temperature, filter) in [("cold", &group.filter.without_history()), ("warm", &warm)] {
                        let outcome = sound.with(filter, &faults);
                        *table.entry((name, syntax, path, temperature)).or_default().entry(outcome).or_default() += 1;
                        if !is_expected(name, outcome) {
                            missed.push(format!("{name} {path} {temperature} {}: {outcome:?} {faults:?}", sound.name));
                        }
                    }
                }
            }
        }
    }
    eprintln!("{}", table_text(&table));
    assert!(missed.is_empty(), "{}: {}", missed.len(), missed.join("\n"));
    for name in IN_EVERY_PATH {
        for (path, temperature) in [("fast", "cold"), ("fast", "warm"), ("slow", "cold"), ("slow", "warm")] {
            let outcomes = table.get(&(name, syntax, path, temperature));
            let caught = outcomes.and_then(|outcomes| outcomes.get(&Outcome::Caught)).copied().unwrap_or_default();
            assert!(caught >= 4, "{name} {path} {temperature}: {caught}");
        }
    }
}

/// The places in the manifest of the values where faults are planted, each with the path that released it.
fn places(sound: &Sound) -> Vec<(usize, &'static str)> {
    let mut places: Vec<(usize, &str)> = Vec::new();
    for (index, value) in sound.entries().iter().enumerate() {
        let path = sound.path(value);
        if !value.span.is_empty() && places.iter().filter(|(_, own)| *own == path).count() < VALUES {
            places.push((index, path));
        }
    }
    places
}

/// The faults that are planted at a value.
fn faults_at(sound: &Sound, index: usize) -> Vec<Named> {
    let value = sound.entries()[index];
    let mut all = offsets(sound, value);
    all.extend(exchanges(sound, index));
    all.extend(neighbors(sound, index));
    all.extend(stale(sound, index));
    all.extend(entries(sound, value));
    all
}

/// Puts other parts of the message in the place of values: in the output, in the manifest, in both. The output is left out
/// where it has the result of a treatment.
fn moved(names: [&'static str; 3], value: ReleasedValue, moves: &[(Span, Span)]) -> Vec<Named> {
    let copied: Vec<_> = moves.iter().map(|(from, to)| Fault::Copied(*from, *to)).collect();
    let listed: Vec<_> = moves.iter().map(|(from, to)| Fault::Listed(*from, *to)).collect();
    let [output, manifest, both] = names;
    if !is_copied(&value) {
        return vec![(manifest, listed)];
    }
    vec![(both, [copied.clone(), listed.clone()].concat()), (output, copied), (manifest, listed)]
}

/// A few bytes earlier or later, shorter or longer.
fn offsets(sound: &Sound, value: ReleasedValue) -> Vec<Named> {
    let names = ["wrong offset: output", "wrong offset: manifest", "wrong offset: both"];
    let shifts = [(-1, -1), (1, 1), (0, 1), (0, -1), (-1, 0), (1, 0), (-9, -9), (9, 9), (-64, -64)];
    let shifted = shifts.iter().filter_map(|(start, end)| {
        let start = value.span.start().checked_add_signed(*start)?;
        let end = value.span.end().checked_add_signed(*end)?;
        (start < end && end <= sound.message.len()).then_some(Span::new(start, end))
    });
    shifted.flat_map(|other| moved(names, value, &[(value.span, other)])).collect()
}

/// Two values of the message exchange places, or one goes out at both.
fn exchanges(sound: &Sound, index: usize) -> Vec<Named> {
    let value = sound.entries()[index];
    let at = value.span;
    let mut later = sound.entries()[index + 1..].iter().filter(|other| other.form == value.form && other.span != at);
    let mut all = Vec::new();
    if let Some(other) = later.clone().find(|other| other.element == value.element) {
        let swap = [(at, other.span), (other.span, at)];
        let names = ["values of one element swapped: output", "values of one element swapped: manifest"];
        all.extend(moved([names[0], names[1], "values of one element swapped: both"], value, &swap));
        for one in swap {
            all.extend(moved(["value twice: output", "value twice: manifest", "value twice: both"], value, &[one]));
        }
        if let (Some(first), Some(second)) = (sound.written(at), sound.written(other.span)) {
            let swap = vec![Fault::Written(at, second.to_owned()), Fault::Written(other.span, first.to_owned())];
            let listed = vec![Fault::Listed(at, other.span), Fault::Listed(other.span, at)];
            all.push(("results swapped: both", [swap.clone(), listed].concat()));
            all.push(("results swapped: output", swap));
        }
    }
    if let Some(other) = later.find(|other| other.element != value.element) {
        let swap = [(at, other.span), (other.span, at)];
        let names = ["values of two elements swapped: output", "values of two elements swapped: manifest"];
        all.extend(moved([names[0], names[1], "values of two elements swapped: both"], value, &swap));
    }
    all
}

/// Another value of the message, denied or unknown, between the values that go out before and after.
fn neighbors(sound: &Sound, index: usize) -> Vec<Named> {
    let value = sound.entries()[index];
    let names = ["value between its neighbors: output", "value between its neighbors: manifest"];
    let names = [names[0], names[1], "value between its neighbors: both"];
    between(sound, index).into_iter().flat_map(|place| moved(names, value, &[(value.span, place)])).collect()
}

/// The value of another message with this layout, or its place there; another result.
fn stale(sound: &Sound, index: usize) -> Vec<Named> {
    let value = sound.entries()[index];
    let at = value.span;
    let mut all = Vec::new();
    if is_copied(&value) {
        all.push(("stale value: output", vec![Fault::Stale(at, other_last(at.of(&sound.message)))]));
        if let Some(sibling) = &sound.sibling
            && let Some(before) = sibling.entries().get(index)
        {
            let copied = Fault::Stale(at, before.span.of(&sibling.message).to_vec());
            let listed = Fault::Listed(at, before.span);
            all.push(("stale value: output", vec![copied.clone()]));
            all.push(("stale value: manifest", vec![listed.clone()]));
            all.push(("stale value: both", vec![copied, listed]));
        }
    }
    if let Some(written) = sound.written(at) {
        let others = others_of_result(written, &value).into_iter();
        all.extend(others.map(|(name, other)| (name, vec![Fault::Written(at, other)])));
    }
    all
}

/// What is wrong in the manifest or the counts alone.
fn entries(sound: &Sound, value: ReleasedValue) -> Vec<Named> {
    let (at, element) = (value.span, value.element);
    let other = if value.treatment == Treatment::Full { Treatment::Year } else { Treatment::Full };
    let mut all = vec![
        ("entry lost", vec![Fault::Lost(at)]),
        ("entry lost, and not counted", vec![Fault::Lost(at), Fault::Uncounted(element)]),
        ("entry doubled", vec![Fault::Doubled(at)]),
        ("entry doubled, and counted twice", vec![Fault::Doubled(at), Fault::CountedTwice(element)]),
        ("entry after the next", vec![Fault::Late(at)]),
        ("entry of another treatment", vec![Fault::WithTreatment(at, other)]),
        ("value counted twice", vec![Fault::CountedTwice(element)]),
        ("value not counted", vec![Fault::Uncounted(element)]),
    ];
    let other = sound.entries().iter().map(|other| other.element).find(|other| *other != element);
    all.extend(other.map(|other| ("entry of another element", vec![Fault::OfElement(at, other)])));
    all
}

/// Whether the output has a value's own bytes.
pub(super) fn is_copied(value: &ReleasedValue) -> bool {
    matches!(value.form, ReleasedForm::Exact | ReleasedForm::Continued)
}

/// The same bytes with another letter or digit at the end.
pub(super) fn other_last(bytes: &[u8]) -> Vec<u8> {
    let mut other = bytes.to_vec();
    if let Some(byte) = other.iter_mut().rev().find(|byte| byte.is_ascii_alphanumeric()) {
        *byte = match *byte {
            b'9' => b'0',
            b'Z' | b'z' => b'A',
            byte => byte + 1,
        };
    }
    other
}

/// What else a treated value, or a text with fields, could be written as.
fn others_of_result(written: &str, value: &ReleasedValue) -> Vec<(&'static str, String)> {
    match value.form {
        ReleasedForm::Treated if value.treatment == Treatment::Mask => Vec::new(),
        ReleasedForm::Treated => {
            let other = String::from_utf8(other_last(written.as_bytes())).unwrap();
            vec![("result of another value: output", other)]
        }
        ReleasedForm::Text => {
            let lines: Vec<_> = written.split_inclusive('\n').collect();
            let mut others = Vec::new();
            for (index, line) in lines.iter().enumerate() {
                let with = |line: &str| [&lines[..index], &[line], &lines[index + 1..]].concat().concat();
                let text = line.trim_end_matches('\n');
                let end = if text.len() < line.len() { "\n" } else { "" };
                let other = String::from_utf8(other_last(text.as_bytes())).unwrap();
                others.push(("field of another text: output", with(&format!("{other}{end}"))));
                if let Some((before, after)) = text.rsplit_once(|last: char| last.is_ascii_alphanumeric()) {
                    others.push(("field cut: output", with(&format!("{before}{after}{end}"))));
                }
            }
            if let [before @ .., last] = lines.as_slice()
                && !before.is_empty()
            {
                others.push(("field lost: output", before.concat().trim_end_matches('\n').to_owned()));
                others.push(("field doubled: output", format!("{written}\n{last}")));
                let swapped = std::iter::once(*last).chain(before.iter().copied());
                let swapped: Vec<_> = swapped.map(|line| line.trim_end_matches('\n')).collect();
                others.push(("fields swapped: output", swapped.join("\n")));
            }
            others
        }
        _ => Vec::new(),
    }
}

/// Places of other values in the message, after the entry before and before the entry after.
fn between(sound: &Sound, index: usize) -> Vec<Span> {
    static XML: LazyLock<Regex> = LazyLock::new(|| Regex::new(">([^<>&]*[^<>&\\s][^<>&]*)</").unwrap());
    static JSON: LazyLock<Regex> =
        LazyLock::new(|| Regex::new("[:,\\[]\\s*(\"[^\"\\\\]*\"|[0-9]+)\\s*[,}\\]]").unwrap());
    let entries = sound.entries();
    let own = entries[index].span;
    let from = index.checked_sub(1).map_or(0, |before| entries[before].span.end());
    let to = entries[index + 1..].iter().map(|after| after.span).find(|after| after.start() >= own.end());
    let to = to.map_or(sound.message.len(), Span::start);
    let regex = if sound.syntax() == "XML" { &XML } else { &JSON };
    let gap = sound.message.get(from..to).unwrap_or_default();
    let found = regex.captures_iter(gap).filter_map(|found| found.get(1));
    let places = found.map(|found| Span::new(from + found.start(), from + found.end()));
    places.filter(|place| *place != own).take(3).collect()
}
