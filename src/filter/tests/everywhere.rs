//! Faults of a whole message: stale buffers, swapped records, denials that are dropped, and the grant, the requester or
//! the counts of another message.

use super::messages::{filter_of, fixtures};
use super::places::{Named, is_copied};
use super::sound::{Group, Outcome, Sound, Table, first_reading, groups, says, table_text};
use super::*;
use crate::read::Reason;
use crate::rewrite::{Fault, Planted, with_faults, with_planted};
use dmv_redact_model::catalog::Treatment;
use dmv_redact_model::manifest::ReleasedForm;
use dmv_redact_model::policy::{MessageKeyId, Ori};
use dmv_redact_model::span::Span;

/// The longest record that is searched for, in values.
const MAX_RECORD: usize = 40;

#[test]
fn p10_buffers_of_the_message_before_are_caught() {
    let table = run(|group, sound| {
        // The one before, and the same layout with other values.
        let at = group.sounds.iter().position(|other| std::ptr::eq(other, sound)).unwrap_or_default();
        let before = at.checked_sub(1).and_then(|before| group.sounds.get(before));
        let same_format = group.sounds.iter().rev().find(|other| {
            !std::ptr::eq(*other, sound)
                && other.receipt.format() == sound.receipt.format()
                && other.output != sound.output
        });
        let before = before.into_iter().chain(same_format).chain(sound.sibling.as_deref());
        // Some fixtures differ only in what is removed: each is as good as the other.
        let values = |sound: &Sound| format!("{:?}", says(&sound.message, &sound.manifest));
        let before = before.filter(|before| values(before) != values(sound));
        before
            .flat_map(|before| {
                let output = Fault::OldOutput(before.output.clone());
                let manifest = Fault::OldManifest(before.manifest.clone());
                [
                    ("stale buffer: output", vec![output.clone()]),
                    ("stale buffer: manifest", vec![manifest.clone()]),
                    ("stale buffer: both", vec![output, manifest]),
                ]
            })
            .collect()
    });
    // Two messages whose released values stand at the same places have the same manifest, and one is as good as the other.
    is_caught_but(&table, &["stale buffer: manifest"], 400);
}

#[test]
fn p4_a_record_at_the_place_of_another_is_caught() {
    let table = run(|_, sound| records(sound));
    is_caught_but(&table, &[], 60);
}

#[test]
fn p1_what_the_grant_denies_is_caught() {
    let table = run(|group, sound| {
        let grant = sound.receipt.grant().cloned();
        let denied = |element| grant.as_ref().is_some_and(|grant| grant.treatment(element).is_none());
        let removed = sound.receipt.counts().iter().filter(|(_, counts)| counts.removed > 0);
        let removed = removed.map(|(element, _)| *element).filter(|element| denied(*element));
        let all = removed.flat_map(|element| {
            let permitted = Fault::Permitted(element, Treatment::Full);
            let takes = |treatment| {
                let element = group.filter.catalog().element(element);
                element.is_some_and(|element| element.kind().takes(treatment))
            };
            let mut faults = vec![
                ("denial dropped: listed", vec![permitted.clone()]),
                ("denial dropped: not listed", vec![permitted.clone(), Fault::Unlisted(element)]),
                (
                    "denial dropped: not listed, not counted",
                    vec![permitted, Fault::Unlisted(element), Fault::Uncounted(element)],
                ),
            ];
            for treatment in Treatment::ALL {
                if treatment != Treatment::Full && takes(treatment) {
                    faults.push(("denial dropped: treated", vec![Fault::Permitted(element, treatment)]));
                }
            }
            faults
        });
        all.collect()
    });
    // A value that a shape or an enclosing part would have removed anyway stays removed.
    is_caught_but(
        &table,
        &[
            "denial dropped: listed",
            "denial dropped: not listed",
            "denial dropped: not listed, not counted",
            "denial dropped: treated",
        ],
        400,
    );
}

#[test]
fn p4_another_treatment_than_the_grant_has_is_caught() {
    let table = run(|_, sound| {
        let treated = sound.entries().iter().filter(|value| value.treatment != Treatment::Full);
        let mut elements: Vec<_> = treated.map(|value| (value.element, value.treatment)).collect();
        elements.dedup();
        let all = elements.into_iter().flat_map(|(element, treatment)| {
            let in_full = Fault::Permitted(element, Treatment::Full);
            let spans = sound.entries().iter().filter(|value| value.element == element).map(|value| value.span);
            let listed = spans.map(|span| Fault::WithTreatment(span, treatment));
            vec![
                ("in full: listed so", vec![in_full.clone()]),
                ("in full: listed as treated", std::iter::once(in_full).chain(listed).collect()),
                ("masked", vec![Fault::Permitted(element, Treatment::Mask)]),
            ]
        });
        all.collect()
    });
    is_caught_but(&table, &["masked"], 40);
}

#[test]
fn p2_the_grant_of_another_request_is_caught() {
    let oris = ["AZ0070000", "NVDMV0000", "VTICE0900", "CA0194200", "XAOLN0000"].map(|ori| Ori::new(ori).unwrap());
    let table = run(|group, sound| {
        let own = sound.receipt.grant().cloned();
        let key = sound.receipt.message_type().and_then(|key| group.filter.parts.formats.message(key.as_bytes()));
        let ori = sound.receipt.requester().unwrap();
        let mut all = Vec::new();
        let mut add = |name: &'static str, grant: Option<Arc<Grant>>| {
            let grant = grant.filter(|grant| own.as_ref().is_some_and(|own| !Arc::ptr_eq(own, grant)));
            all.extend(grant.map(|grant| (name, vec![Fault::Granted(grant)])));
        };
        let policy = group.filter.decider();
        for other in oris {
            add("grant of another requester", policy.decide(other, &sound.requester, key));
        }
        for (other, _) in group.filter.messages().iter().enumerate() {
            let other = group.filter.parts.formats.message(group.filter.messages()[other].as_bytes());
            add("grant of another message key", policy.decide(ori, &sound.requester, other));
        }
        for purpose in ["C", "F", "E", "D", "J", "S", "N"] {
            let other = Requester::from_envelope().with_ori(ori.as_str()).unwrap().purpose(purpose);
            add("grant of another purpose", policy.decide(ori, &other, key));
        }
        all
    });
    is_caught_but(&table, &[], 300);
}

#[test]
fn p2_the_requester_or_message_key_of_another_message_is_caught() {
    let oris = ["AZ0070000", "NVDMV0000", "VTICE0900", "CA0194200"].map(|ori| Ori::new(ori).unwrap());
    let table = run(|group, sound| {
        let own = sound.receipt.requester().unwrap();
        let others = oris.into_iter().filter(|other| *other != own);
        let mut all: Vec<Named> =
            others.map(|other| ("requester of another message", vec![Fault::Asked(other)])).collect();
        let key = |key: &str| -> Option<MessageKeyId> { group.filter.parts.formats.message(key.as_bytes()) };
        let others =
            group.filter.messages().iter().filter(|other| Some(other.as_str()) != sound.receipt.message_type());
        if sound.receipt.message_type().is_some() {
            let others = others.filter_map(|other| key(other));
            all.extend(others.map(|other| ("message key of another message", vec![Fault::Keyed(other)])));
        }
        // The envelope of another message goes out with it.
        for (index, value) in sound.entries().iter().enumerate() {
            let element = group.filter.catalog().element(value.element);
            if element.is_some_and(|element| element.is_envelope()) && is_copied(value) {
                let own = value.span.of(&sound.message);
                let bytes = super::places::other_last(own);
                if index < 8 && bytes != own {
                    all.push(("envelope of another message", vec![Fault::Stale(value.span, bytes)]));
                }
            }
        }
        all
    });
    is_caught_but(&table, &[], 300);
}

/// A requester that no envelope names, only the caller or nobody: the output can't tell that the first reading took it for
/// another.
#[test]
fn p2_another_requester_than_the_caller_names_is_caught() {
    let filter = filter(true);
    let police = Ori::new("AZ0070000").unwrap();
    let without_requester =
        [xml(NAME).replace("<e:for>AZ0070000</e:for>", ""), json(NAME_MEMBER).replace(r#""e:for":"AZ0070000","#, "")];
    for message in without_requester {
        for (requester, fault) in [
            (Requester::new("VTICE0900").unwrap(), Fault::Asked(police)),
            (Requester::from_envelope(), Fault::OldRequester(police)),
        ] {
            let mut out = Vec::new();
            let (receipt, _) = with_faults(&[fault], || filter.redact(message.as_bytes(), &requester, &mut out));
            assert_eq!((receipt.reason(), out.len()), (Some(Reason::SecondReading), 0), "{message}");
        }
    }
}

/// A message key that the message doesn't have.
#[test]
fn p2_a_message_key_that_no_message_names_is_caught() {
    let filter = filter_of(None);
    let mut caught = 0;
    let key =
        "<[a-z0-9]+:MessageKeyCodeText>[^<]*</[a-z0-9]+:MessageKeyCodeText>|\"exch:MessageKeyCode\": *\"[A-Z]*\",";
    let key = regex::Regex::new(key).unwrap();
    for fixture in fixtures().iter().filter(|fixture| fixture.policy.is_none()) {
        let Ok(message) = std::str::from_utf8(&fixture.message) else { continue };
        let without = key.replace_all(message, "");
        let mut out = Vec::new();
        if without == message
            || !filter.redact(message.as_bytes(), &fixture.requester, &mut out).disposition().releases()
        {
            continue;
        }
        assert!(!filter.redact(without.as_bytes(), &fixture.requester, &mut out).disposition().releases());
        let old = Fault::OldKey(filter.parts.formats.message(b"DR").unwrap());
        let (receipt, _) = with_faults(&[old], || filter.redact(without.as_bytes(), &fixture.requester, &mut out));
        assert!(!receipt.disposition().releases() && out.is_empty(), "{}", fixture.name);
        caught += usize::from(receipt.reason() == Some(Reason::SecondReading));
    }
    assert!(caught > 10, "{caught}");
}

#[test]
fn p4_a_value_that_is_counted_but_lost_is_caught_in_every_message() {
    let mut caught = 0;
    for group in ["XML", "JSON"].into_iter().flat_map(groups) {
        let warm = group.warm();
        for sound in &group.sounds {
            for filter in [&group.filter.without_history(), &warm] {
                let mut out = Vec::new();
                let lost =
                    with_planted(Planted::LostValue, || filter.redact(&sound.message, &sound.requester, &mut out));
                let (_, missed, _) =
                    with_planted(Planted::LostValue, || first_reading(filter, &sound.message, &sound.requester));
                match lost.reason() {
                    Some(_) => caught += 1,
                    None => assert_eq!((&out, &missed), (&sound.output, &sound.output), "{}", sound.name),
                }
                let receipt = filter.redact(&sound.message, &sound.requester, &mut out);
                assert!(receipt.disposition().releases() && out == sound.output, "{}", sound.name);
            }
        }
    }
    assert!(caught > 150, "{caught}");
}

/// Plants the faults that `faults` has for each message, cold and warm.
#[track_caller]
fn run(faults: impl Fn(&Group, &Sound) -> Vec<Named>) -> Table {
    let mut table = Table::new();
    for syntax in ["XML", "JSON"] {
        for group in groups(syntax) {
            let warm = group.warm();
            for sound in &group.sounds {
                for (name, faults) in faults(&group, sound) {
                    let path = path(&group, sound, &faults);
                    for (temperature, filter) in [("cold", &group.filter.without_history()), ("warm", &warm)] {
                        let outcome = sound.with(filter, &faults);
                        assert!(
                            is_expected(name, outcome),
                            "{name} {temperature} {}: {outcome:?} {faults:?}",
                            sound.name
                        );
                        *table.entry((name, syntax, path, temperature)).or_default().entry(outcome).or_default() += 1;
                    }
                }
            }
        }
    }
    eprintln!("{}", table_text(&table));
    table
}

fn is_expected(name: &str, outcome: Outcome) -> bool {
    match outcome {
        Outcome::Caught | Outcome::Refused | Outcome::NoEffect => true,
        Outcome::Fewer => name == "masked",
        Outcome::SameValues | Outcome::Imprecise | Outcome::OtherValue | Outcome::Missed => false,
    }
}

/// The path that releases a value which is denied, if that is the fault.
fn path(group: &Group, sound: &Sound, faults: &[Fault]) -> &'static str {
    let Some(Fault::Permitted(..)) = faults.first() else { return "all" };
    let (_, noted) = with_faults(faults, || first_reading(&group.filter, &sound.message, &sound.requester));
    if noted.fast.len() > sound.noted.fast.len() { "fast" } else { "slow" }
}

/// Each fault has been caught at least once in both syntaxes, cold and warm, and many times in all. Only those of `may_fail`
/// had no effect somewhere.
#[track_caller]
fn is_caught_but(table: &Table, may_fail: &[&str], least: usize) {
    let mut caught = 0;
    for (key, outcomes) in table {
        caught += outcomes.get(&Outcome::Caught).copied().unwrap_or_default();
        let no_effect = outcomes.get(&Outcome::NoEffect).copied().unwrap_or_default();
        assert!(no_effect == 0 || may_fail.contains(&key.0), "{key:?} {outcomes:?}");
    }
    assert!(caught >= least, "{caught}");
}

/// The values of two records that follow each other and are alike go out one for the other.
fn records(sound: &Sound) -> Vec<Named> {
    let entries = sound.entries();
    let kinds: Vec<_> = entries.iter().map(|value| (value.element, value.form)).collect();
    let mut all = Vec::new();
    let mut start = 0;
    while start < entries.len() {
        let longest = (1..=MAX_RECORD.min((entries.len() - start) / 2)).rev();
        let Some(length) = longest
            .filter(|length| *length > 1)
            .find(|length| kinds[start..start + length] == kinds[start + length..start + 2 * length])
        else {
            start += 1;
            continue;
        };
        let pairs = (start..start + length).map(|at| (entries[at], entries[at + length]));
        let pairs: Vec<_> = pairs.filter(|(first, _)| first.form != ReleasedForm::Field).collect();
        let is_all_same =
            pairs.iter().all(|(first, second)| first.span.of(&sound.message) == second.span.of(&sound.message));
        let put = |at: Span, other: Span| match sound.written(other) {
            Some(written) => Fault::Written(at, written.to_owned()),
            None => Fault::Copied(at, other),
        };
        if !is_all_same {
            let one =
                |first: bool| pairs.iter().map(move |(a, b)| if first { (a.span, b.span) } else { (b.span, a.span) });
            let output = |first: bool| one(first).map(|(at, other)| put(at, other));
            let listed = |first: bool| one(first).map(|(at, other)| Fault::Listed(at, other));
            for first in [true, false] {
                all.push(("record twice: output", output(first).collect()));
                all.push(("record twice: both", output(first).chain(listed(first)).collect()));
            }
            all.push(("records swapped: output", output(true).chain(output(false)).collect()));
            all.push(("records swapped: manifest", listed(true).chain(listed(false)).collect()));
            all.push((
                "records swapped: both",
                output(true).chain(output(false)).chain(listed(true)).chain(listed(false)).collect(),
            ));
        }
        start += 2 * length;
    }
    all
}
