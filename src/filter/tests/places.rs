//! Faults at single values: each is planted at every value of many messages, whichever path releases it, cold and warm.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::sound::{Outcome, Sound, Table, groups, table_text};
use super::*;
use crate::rewrite::Fault;
use dmv_redact_model::catalog::{ElementId, Treatment};
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
        Outcome::Fewer => false,
        Outcome::Missed => TEXT_GAPS.contains(&name),
    }
}

/// What the second reading of a text with fields doesn't compare with the message yet.
const TEXT_GAPS: [&str; 3] = ["field of another text: output", "field cut: output", "fields swapped: output"];

#[test]
fn p2_every_fault_at_a_value_of_xml_is_caught() {
    are_caught("XML");
}

#[test]
fn p2_every_fault_at_a_value_of_json_is_caught() {
    are_caught("JSON");
}

fn are_caught(syntax: &'static str) {
    let mut table = Table::new();
    let mut missed = Vec::new();
    for group in groups(syntax) {
        let warm = group.warm();
        for sound in &group.sounds {
            let mut seen: Vec<(&str, usize)> = Vec::new();
            for (index, value) in sound.entries().iter().enumerate() {
                let path = sound.path(value);
                let of_path = seen.iter().filter(|(own, _)| *own == path).count();
                if of_path >= VALUES || value.span.is_empty() {
                    continue;
                }
                seen.push((path, index));
                for (name, faults) in faults_at(sound, index) {
                    for (temperature, filter) in [("cold", &group.filter.without_history()), ("warm", &warm)] {
                        let outcome = sound.with(filter, &faults);
                        let cell = table.entry((name, syntax, path, temperature)).or_default();
                        *cell.entry(outcome).or_default() += 1;
                        if !is_expected(name, outcome) {
                            let (_, out, _) = crate::rewrite::with_faults(&faults, || {
                                sound::first_reading(filter, &sound.message, &sound.requester)
                            })
                            .0;
                            let out = String::from_utf8_lossy(&out[..out.len().min(3000)]).into_owned();
                            missed.push(format!("{name} {path} {temperature} {}: {outcome:?} {faults:?}\n{out}", sound.name));
                        }
                    }
                }
            }
        }
    }
    eprintln!("{}", table_text(&table));
    assert!(missed.is_empty(), "{}: {}", missed.len(), missed.join("\n"));
}

/// The faults that are planted at a value.
pub(super) fn faults_at(sound: &Sound, index: usize) -> Vec<Named> {
    let entries = sound.entries();
    let value = entries[index];
    let at = value.span;
    let is_copied = is_copied(&value);
    let mut all: Vec<Named> = Vec::new();
    let mut both = |names: [&'static str; 3], moves: &[(Span, Span)]| {
        let copied: Vec<_> = moves.iter().map(|(from, to)| Fault::Copied(*from, *to)).collect();
        let listed: Vec<_> = moves.iter().map(|(from, to)| Fault::Listed(*from, *to)).collect();
        let [output, manifest, together] = names;
        if is_copied {
            all.push((together, [copied.clone(), listed.clone()].concat()));
            all.push((output, copied));
        }
        all.push((manifest, listed));
    };
    let names = ["wrong offset: output", "wrong offset: manifest", "wrong offset: both"];
    let length = sound.message.len();
    for (start, end) in [(-1, -1), (1, 1), (0, 1), (0, -1), (-1, 0), (1, 0), (-9, -9), (9, 9), (-64, -64)] {
        let (start, end) = (at.start() as isize + start, at.end() as isize + end);
        if 0 <= start && start < end && end as usize <= length {
            both(names, &[(at, Span::new(start as usize, end as usize))]);
        }
    }
    let is_same = |other: &&ReleasedValue| other.element == value.element && other.form == value.form && other.span != at;
    let is_other = |other: &&ReleasedValue| other.element != value.element && other.form == value.form;
    let later = &entries[index + 1..];
    if let Some(other) = later.iter().find(is_same) {
        let swap = [(at, other.span), (other.span, at)];
        both(["values of one element swapped: output", "values of one element swapped: manifest", "values of one element swapped: both"], &swap);
        both(["value twice: output", "value twice: manifest", "value twice: both"], &swap[..1]);
        both(["value twice: output", "value twice: manifest", "value twice: both"], &swap[1..]);
        if let (Some(first), Some(second)) = (sound.written(at), sound.written(other.span)) {
            let swap = vec![Fault::Written(at, second.to_owned()), Fault::Written(other.span, first.to_owned())];
            all.push(("results swapped: output", swap.clone()));
            let listed = vec![Fault::Listed(at, other.span), Fault::Listed(other.span, at)];
            all.push(("results swapped: both", [swap, listed].concat()));
        }
    }
    if let Some(other) = later.iter().find(is_other) {
        let swap = [(at, other.span), (other.span, at)];
        let mut both = |names: [&'static str; 3], moves: &[(Span, Span)]| {
            let copied: Vec<_> = moves.iter().map(|(from, to)| Fault::Copied(*from, *to)).collect();
            let listed: Vec<_> = moves.iter().map(|(from, to)| Fault::Listed(*from, *to)).collect();
            let [output, manifest, together] = names;
            if is_copied {
                all.push((together, [copied.clone(), listed.clone()].concat()));
                all.push((output, copied));
            }
            all.push((manifest, listed));
        };
        both(["values of two elements swapped: output", "values of two elements swapped: manifest", "values of two elements swapped: both"], &swap);
    }
    for place in between(sound, index) {
        if is_copied {
            all.push(("value between its neighbors: output", vec![Fault::Copied(at, place)]));
            all.push(("value between its neighbors: both", vec![Fault::Copied(at, place), Fault::Listed(at, place)]));
        }
        all.push(("value between its neighbors: manifest", vec![Fault::Listed(at, place)]));
    }
    if let Some(sibling) = &sound.sibling
        && let Some(before) = sibling.entries().get(index)
        && is_copied
    {
        all.push(("stale value: output", vec![Fault::Stale(at, before.span.of(&sibling.message).to_vec())]));
        all.push(("stale value: both", vec![Fault::Stale(at, before.span.of(&sibling.message).to_vec()), Fault::Listed(at, before.span)]));
        all.push(("stale value: manifest", vec![Fault::Listed(at, before.span)]));
    }
    if is_copied {
        all.push(("stale value: output", vec![Fault::Stale(at, other_last(at.of(&sound.message)))]));
    }
    if let Some(written) = sound.written(at) {
        all.extend(others_of_result(written, &value).into_iter().map(|(name, other)| (name, vec![Fault::Written(at, other)])));
    }
    all.push(("entry lost", vec![Fault::Lost(at)]));
    all.push(("entry lost, and not counted", vec![Fault::Lost(at), Fault::Uncounted(value.element)]));
    all.push(("entry doubled", vec![Fault::Doubled(at)]));
    all.push(("entry doubled, and counted twice", vec![Fault::Doubled(at), Fault::CountedTwice(value.element)]));
    all.push(("entry after the next", vec![Fault::Late(at)]));
    let other = entries.iter().find(|other| other.element != value.element).map_or(ElementId::at(0), |other| Some(other.element));
    all.extend(other.map(|other| ("entry of another element", vec![Fault::OfElement(at, other)])));
    let other = if value.treatment == Treatment::Full { Treatment::Year } else { Treatment::Full };
    all.push(("entry of another treatment", vec![Fault::WithTreatment(at, other)]));
    all.push(("value counted twice", vec![Fault::CountedTwice(value.element)]));
    all.push(("value not counted", vec![Fault::Uncounted(value.element)]));
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
    let other = String::from_utf8(other_last(written.as_bytes())).unwrap();
    match value.form {
        ReleasedForm::Treated if value.treatment == Treatment::Mask => Vec::new(),
        ReleasedForm::Treated => vec![("result of another value: output", other)],
        ReleasedForm::Text => {
            let lines: Vec<_> = written.split_inclusive('\n').collect();
            let mut others = Vec::new();
            for (index, line) in lines.iter().enumerate() {
                let with = |line: &str| [&lines[..index], &[line], &lines[index + 1..]].concat().concat();
                let text = line.trim_end_matches('\n');
                let end = &line[text.len()..];
                let other = String::from_utf8(other_last(text.as_bytes())).unwrap();
                others.push(("field of another text: output", with(&format!("{other}{end}"))));
                if let Some(last) = text.rfind(|last: char| last.is_ascii_alphanumeric()) {
                    others.push(("field cut: output", with(&format!("{}{}{end}", &text[..last], &text[last + 1..]))));
                }
            }
            if let [before @ .., last] = lines.as_slice()
                && !before.is_empty()
            {
                others.push(("field lost: output", before.concat().trim_end_matches('\n').to_owned()));
                others.push(("field doubled: output", format!("{written}\n{last}")));
                let swapped: Vec<_> = std::iter::once(*last).chain(before.iter().copied()).map(|line| line.trim_end_matches('\n')).collect();
                others.push(("fields swapped: output", swapped.join("\n")));
            }
            others
        }
        _ => Vec::new(),
    }
}

/// Places of other values in the message, after the entry before and before the entry after.
pub(super) fn between(sound: &Sound, index: usize) -> Vec<Span> {
    static XML: LazyLock<Regex> = LazyLock::new(|| Regex::new(">([^<>&]*[^<>&\\s][^<>&]*)</").unwrap());
    static JSON: LazyLock<Regex> = LazyLock::new(|| Regex::new("[:,\\[]\\s*(\"[^\"\\\\]*\"|[0-9]+)\\s*[,}\\]]").unwrap());
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
