//! Random mutations of message, output and manifest of sound redactions: the verifier refuses each, unless the manifest
//! says the same as before.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::messages::{filter_of, fixtures};
use super::places::is_copied;
use super::sound::{Sound, first_reading, groups, says};
use super::*;
use dmv_redact_model::catalog::{ElementId, Treatment};
use dmv_redact_model::manifest::{ReleasedForm, ReleasedPart, ReleasedValue};
use dmv_redact_model::span::Span;
use dmv_redact_verify::Source;

/// Mutations of each message for each requester.
const MUTATIONS: usize = 120;

/// What the verifier reads.
#[derive(Clone, PartialEq)]
struct Triple {
    message: Vec<u8>,
    output: Vec<u8>,
    entries: Vec<ReleasedValue>,
    parts: Vec<ReleasedPart>,
    links: Vec<Span>,
}

impl Triple {
    fn manifest(&self) -> Manifest {
        let mut manifest = Manifest::default();
        self.entries.iter().for_each(|entry| manifest.push(*entry));
        self.parts.iter().for_each(|part| manifest.push_part(*part));
        self.links.iter().for_each(|link| manifest.push_link(*link));
        manifest
    }
}

/// What became of a mutation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Refused,
    /// The manifest says the same values as before, or their results are the same.
    Equivalent,
    /// The output is right. What differs is the source of a treated value, in what the treatment leaves out, or the source
    /// of a text, beside the fields that are released.
    SameResults,
    Missed,
}

#[test]
fn p4_a_mutated_output_manifest_or_message_is_refused() {
    let mut counts: BTreeMap<&str, BTreeMap<Verdict, usize>> = BTreeMap::new();
    let mut seed = 11;
    let mut missed = Vec::new();
    for (filter, sounds) in sounds() {
        let mut state = VerifierState::default();
        for index in 0..sounds.len() {
            let sound = &sounds[index];
            let own = Triple {
                message: sound.message.clone(),
                output: sound.output.clone(),
                entries: sound.entries().to_vec(),
                parts: sound.manifest.parts().to_vec(),
                links: sound.manifest.links().to_vec(),
            };
            assert!(is_accepted(&filter, sound, &own, &mut state), "{}", sound.name);
            for _ in 0..MUTATIONS {
                let Some((name, mutated)) = mutate(sound, &sounds, &own, &mut seed).filter(|(_, other)| *other != own)
                else {
                    continue;
                };
                let verdict = match is_accepted(&filter, sound, &mutated, &mut state) {
                    false => Verdict::Refused,
                    true => verdict(&filter, sound, &own, &mutated),
                };
                *counts.entry(name).or_default().entry(verdict).or_default() += 1;
                let is_known = match verdict {
                    Verdict::Refused => true,
                    Verdict::Equivalent => !name.starts_with("part: "),
                    Verdict::SameResults => !name.starts_with("output: "),
                    Verdict::Missed => false,
                };
                if !is_known {
                    missed.push(format!("{name} {} {verdict:?} {:?}", sound.name, first_difference(&own, &mutated)));
                }
            }
        }
    }
    for (name, verdicts) in &counts {
        eprintln!("{name} | {verdicts:?}");
    }
    let tried: usize = counts.values().flat_map(BTreeMap::values).sum();
    eprintln!("tried {tried}, missed {}", missed.len());
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    assert!(tried > 10_000, "{tried}");
}

/// All messages for several requesters each, by filter.
fn sounds() -> Vec<(Filter, Vec<Sound>)> {
    let oris = ["AZ0070000", "VTICE0900", "NVDMV0000", "XAOLN0000"];
    let requesters = oris.map(|ori| Requester::new(ori).unwrap());
    let requesters = requesters.iter().flat_map(|own| [own.clone().purpose("C"), own.clone().purpose("E")]);
    let requesters: Vec<_> = requesters.chain([Requester::from_envelope()]).collect();
    let mut all: Vec<(Filter, Vec<Sound>)> = Vec::new();
    for policy in [None, Some("example-state")] {
        let filter = filter_of(policy);
        let mut sounds: Vec<Sound> = Vec::new();
        for fixture in fixtures() {
            for requester in std::iter::once(&fixture.requester).chain(&requesters) {
                let sound = Sound::of(&filter, &fixture.name, &fixture.message, requester);
                sounds.extend(sound.filter(|sound| sounds.last().is_none_or(|last| last.output != sound.output)));
            }
        }
        all.push((filter, sounds));
    }
    // The first group has the templates.
    let templates = ["XML", "JSON"].into_iter().filter_map(|syntax| groups(syntax).into_iter().next());
    all.extend(templates.map(|group| (group.filter, group.sounds)));
    all
}

fn is_accepted(filter: &Filter, sound: &Sound, triple: &Triple, state: &mut VerifierState) -> bool {
    let manifest = triple.manifest();
    let requester = sound.receipt.requester();
    let source = Source { message: triple.message.as_slice(), manifest: &manifest, requester };
    let (format, grant) = (sound.receipt.format().unwrap(), sound.receipt.grant().unwrap());
    filter.verifier.read(&triple.output, format, Some(grant), Some(source), state).is_ok()
}

/// Where two differ first: in the message, the output, and the entries of the manifest.
fn first_difference(own: &Triple, other: &Triple) -> (Option<usize>, Option<usize>, Option<usize>) {
    let differs = |own: &[u8], other: &[u8]| own.iter().zip(other).position(|(own, other)| own != other);
    let entry = own.entries.iter().zip(&other.entries).position(|(own, other)| own != other);
    (differs(&own.message, &other.message), differs(&own.output, &other.output), entry)
}

/// What is to be said of a mutation that was accepted.
fn verdict(filter: &Filter, sound: &Sound, own: &Triple, mutated: &Triple) -> Verdict {
    let manifest = mutated.manifest();
    if mutated.output != own.output {
        return Verdict::Missed;
    }
    let is_equivalent = says(&mutated.message, &manifest) == says(&own.message, &sound.manifest)
        || first_reading(filter, &mutated.message, &sound.requester).1 == own.output && mutated.entries == own.entries
        || mutated.message == own.message && sound.is_right(filter, &manifest);
    // The treatment of a text with fields is no one's: each field has its own.
    let treatment = |value: &ReleasedValue| (value.form != ReleasedForm::Text).then_some(value.treatment);
    let has_same_results = own.entries.len() == mutated.entries.len()
        && own.entries.iter().zip(&mutated.entries).all(|(before, after)| {
            (before.element, treatment(before), before.form) == (after.element, treatment(after), after.form)
                && (!is_copied(before) || before.span.of(&own.message) == after.span.of(&mutated.message))
        });
    match (is_equivalent, has_same_results) {
        (true, _) => Verdict::Equivalent,
        (false, true) => Verdict::SameResults,
        (false, false) => Verdict::Missed,
    }
}

/// The places of the values of an output.
fn values(sound: &Sound) -> Vec<Span> {
    static XML: LazyLock<Regex> = LazyLock::new(|| Regex::new("(?s)>([^<>]*[^<>\\s][^<>]*)</").unwrap());
    static JSON: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"[:,\[]\s*("(?:[^"\\]|\\.)*"|[0-9.]+)\s*[,}\]]"#).unwrap());
    let regex = if sound.syntax() == "XML" { &XML } else { &JSON };
    let found = regex.captures_iter(&sound.output).filter_map(|found| found.get(1));
    found.map(|found| Span::new(found.start(), found.end())).collect()
}

/// Another letter or digit than this.
fn other_character(byte: u8, seed: &mut u64) -> u8 {
    let other = if byte.is_ascii_digit() { b'0' + (roll(seed) % 10) as u8 } else { b'A' + (roll(seed) % 26) as u8 };
    if other == byte { if byte.is_ascii_digit() { b'0' + (byte - b'0' + 1) % 10 } else { b'!' } } else { other }
}

fn one<T: Copy>(of: &[T], seed: &mut u64) -> Option<T> {
    of.get(roll(seed) % of.len().max(1)).copied()
}

/// A letter or digit in a range.
fn character_in(bytes: &[u8], range: Span, seed: &mut u64) -> Option<usize> {
    let places: Vec<_> = (range.start()..range.end()).filter(|at| bytes[*at].is_ascii_alphanumeric()).collect();
    one(&places, seed)
}

fn mutate(sound: &Sound, sounds: &[Sound], own: &Triple, seed: &mut u64) -> Option<(&'static str, Triple)> {
    let mut triple = own.clone();
    let Triple { message, output, entries, parts, links } = &mut triple;
    let places = values(sound);
    let index = roll(seed) % entries.len();
    let at = entries[index].span;
    let name = match roll(seed) % 18 {
        0..3 => {
            let at = character_in(output, one(&places, seed)?, seed)?;
            match roll(seed) % 3 {
                0 => {
                    output.remove(at);
                    "output: character removed"
                }
                1 => {
                    output.insert(at, other_character(b'A', seed));
                    "output: character added"
                }
                _ => {
                    output[at] = other_character(output[at], seed);
                    "output: character changed"
                }
            }
        }
        3..5 => {
            let (first, second) = (one(&places, seed)?, one(&places, seed)?);
            let (first, second) = if first.start() < second.start() { (first, second) } else { (second, first) };
            if first == second {
                return None;
            }
            let [one, two] = [first, second].map(|place| place.of(&own.output).to_vec());
            output.splice(second.start()..second.end(), one);
            output.splice(first.start()..first.end(), two);
            "output: values exchanged"
        }
        5 => {
            entries.remove(index);
            "manifest: entry dropped"
        }
        6 => {
            let entry = entries[index];
            entries.insert(roll(seed) % (entries.len() + 1), entry);
            "manifest: entry doubled"
        }
        7 => {
            let other = roll(seed) % entries.len();
            entries.swap(index, other);
            "manifest: entries exchanged"
        }
        8 => {
            let other = roll(seed) % entries.len();
            let other_span = entries[other].span;
            entries[other].span = at;
            entries[index].span = other_span;
            "manifest: spans exchanged"
        }
        9..11 => {
            let (start, end) = [(-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, 1)][roll(seed) % 6];
            let (start, end) = (at.start() as isize + start, at.end() as isize + end);
            if start < 0 || end < start {
                return None;
            }
            entries[index].span = Span::new(start as usize, end as usize);
            "manifest: span shifted"
        }
        11 => match roll(seed) % 3 {
            0 => {
                entries[index].element = ElementId::at(roll(seed) % 100)?;
                "manifest: another element"
            }
            1 => {
                entries[index].treatment = one(&Treatment::ALL, seed)?;
                "manifest: another treatment"
            }
            _ => {
                let all = [
                    ReleasedForm::Exact,
                    ReleasedForm::Continued,
                    ReleasedForm::Treated,
                    ReleasedForm::TypeName,
                    ReleasedForm::Link,
                    ReleasedForm::Text,
                    ReleasedForm::Field,
                    ReleasedForm::Notice,
                ];
                entries[index].form = one(&all, seed)?;
                "manifest: another form"
            }
        },
        12 => {
            message.clone_from(&sounds[roll(seed) % sounds.len()].message);
            "message: another"
        }
        13 => {
            let other = &sounds[roll(seed) % sounds.len()];
            *entries = other.entries().to_vec();
            (*parts, *links) = (other.manifest.parts().to_vec(), other.manifest.links().to_vec());
            "manifest: another"
        }
        14 => {
            let at = character_in(message, at, seed)?;
            message[at] = other_character(message[at], seed);
            "message: character of a released value changed"
        }
        15 => {
            let index = roll(seed) % parts.len();
            let part = &mut parts[index];
            let of = match roll(seed) % 3 {
                0 => &mut part.start,
                1 => &mut part.first,
                _ => &mut part.end,
            };
            match roll(seed) % 4 {
                0 => *of += 1,
                1 => *of = of.checked_sub(1)?,
                2 => parts.insert(index, parts[index]),
                // One with a single value needn't be a part.
                _ => {
                    parts.remove(index);
                    return Some(("manifest: part dropped", triple));
                }
            }
            "part: changed"
        }
        16 => {
            let index = roll(seed) % links.len().max(1);
            let link = *links.get(index)?;
            match roll(seed) % 3 {
                0 => links[index] = Span::new(link.start() + 1, link.end()),
                1 => drop(links.remove(index)),
                _ => links.insert(index, link),
            }
            "part: link changed"
        }
        _ => {
            let at = roll(seed) % message.len();
            match roll(seed) % 3 {
                0 => drop(message.remove(at)),
                1 => message.insert(at, b'A'),
                _ => message[at] = other_character(message[at], seed),
            }
            "message: byte anywhere changed"
        }
    };
    Some((name, triple))
}
