//! Canaries in messages that go through the library.

use std::sync::LazyLock;

use dmv_redact::Receipt;
use dmv_redact_testing::canary::{CASES, STEM, planted};
use dmv_redact_testing::cases::Case;
use dmv_redact_testing::edit::{Edit, edited};
use dmv_redact_testing::places::layout;
use dmv_redact_testing::plant::{TRICKS, put_in, unknown_attributes, unknown_parts};
use dmv_redact_testing::search::found;
use dmv_redact_testing::settings::{Setting, settings};

/// Every case as its own folder describes it.
static OWN: LazyLock<Vec<Setting>> =
    LazyLock::new(|| CASES.iter().map(|case| Setting::of_case(case, &CASES)).collect());

fn own() -> impl Iterator<Item = (&'static Case, &'static Setting)> {
    CASES.iter().zip(OWN.iter())
}

/// Fails if a canary stands in what is told of a message.
fn is_silent(told: &str, receipt: &Receipt) {
    let written = serde_json::to_vec(receipt).unwrap();
    let how = found(&written, STEM);
    assert!(how.is_none(), "{told}: a canary in the receipt, {how:?}: {}", String::from_utf8_lossy(&written));
}

/// What a changed message gives is what the message gave, and tells nothing of the change.
fn gives_the_same(told: &str, setting: &Setting, changed: &str, clean: &(Vec<u8>, Receipt)) {
    let (output, receipt) = setting.redact(changed.as_bytes());
    is_silent(told, &receipt);
    if !clean.1.disposition().releases() {
        assert!(output.is_empty(), "{told}: let through, unlike what it was made of:\n{changed}");
        return;
    }
    let reasons = (receipt.reason(), clean.1.reason());
    assert_eq!(reasons.0, reasons.1, "{told}: another verdict at {:?} of\n{changed}", receipt.offset());
    let [one, two] = [&output, &clean.0].map(|text| String::from_utf8_lossy(text));
    // What is equal to an output that no canary was near holds none.
    let how = found(&output, STEM).filter(|_| output != clean.0);
    assert!(how.is_none(), "{told}: a canary, {how:?}, in\n{one}\n--- from\n{changed}");
    assert!(output == clean.0, "{told}: another output\n{one}\n--- instead of\n{two}\n--- from\n{changed}");
}

/// P1, P5, P6: whatever stands in a forbidden place, and however, the same comes out and nothing of it is told.
#[test]
fn p1_p5_p6_no_canary_in_a_forbidden_place_survives() {
    let mut count = 0;
    for (case, setting) in own() {
        let clean = setting.redact(&case.message);
        for trick in 0..TRICKS {
            let Some(changed) = planted(setting, case.xml, &case.message, trick) else { continue };
            gives_the_same(&format!("{}, trick {trick}", case.name), setting, &changed, &clean);
            count += changed.matches(STEM).count();
        }
    }
    assert!(count > 5000, "only {count} canaries were planted");
}

/// P1, P5, P6: the same for everybody who may ask, of every fixture.
#[test]
fn p1_p5_p6_no_canary_survives_whoever_asks() {
    for (place, setting) in settings(&CASES).iter().enumerate() {
        for (number, case) in CASES.iter().enumerate() {
            let message = setting.addressed(case);
            let clean = setting.redact(&message);
            let trick = (number + place) % TRICKS;
            if let Some(changed) = planted(setting, case.xml, &message, trick) {
                gives_the_same(
                    &format!("{} for {}, trick {trick}", case.name, setting.name),
                    setting,
                    &changed,
                    &clean,
                );
            }
        }
    }
}

/// P6: what a receipt shows of itself when it is debugged is no more than what it says.
#[test]
fn p6_no_canary_in_a_debugged_receipt() {
    for (case, setting) in own() {
        let changed = planted(setting, case.xml, &case.message, 0).unwrap_or_else(|| STEM.to_owned());
        let shown = format!("{:?}", setting.redact(changed.as_bytes()).1);
        assert!(!shown.contains(STEM), "{}: a canary in a receipt as Debug", case.name);
    }
}

/// P1, P5, P6: the same of unknown elements, members, comments, instructions, sections and texts, wherever they may stand.
#[test]
fn p1_p5_p6_no_canary_in_an_unknown_part_survives() {
    for (case, setting) in own() {
        let clean = setting.redact(&case.message);
        let Some((text, layout)) =
            str::from_utf8(&case.message).ok().and_then(|text| Some((text, layout(case.xml, text)?)))
        else {
            continue;
        };
        let check = |new: &str, edits: Vec<Edit>| {
            gives_the_same(&format!("{}, {new}", case.name), setting, &edited(text, edits), &clean);
        };
        let gaps = || layout.gaps.iter().filter(|(_, path)| !path.contains("@context"));
        for new in unknown_parts(case.xml, STEM) {
            check(&new, gaps().map(|(gap, _)| put_in(case.xml, text, *gap, &new)).collect());
        }
        for new in unknown_attributes(STEM) {
            check(&new, layout.tags.iter().map(|at| (*at..*at, new.clone())).collect());
        }
    }
}

/// P6: of a message that is broken somewhere, nothing that stands before or behind is told.
#[test]
fn p6_no_canary_of_a_broken_message_is_told() {
    for (case, setting) in own() {
        for trick in [0, 1, 3] {
            let Some(changed) = planted(setting, case.xml, &case.message, trick) else { continue };
            for broken in broken(&changed) {
                let (output, receipt) = setting.redact(&broken);
                assert!(output.is_empty(), "{}: released {}", case.name, String::from_utf8_lossy(&broken));
                is_silent(&case.name, &receipt);
            }
        }
    }
}

/// The text cut at, and damaged behind, every canary in turn.
fn broken(text: &str) -> impl Iterator<Item = Vec<u8>> {
    let spots: Vec<usize> = text.match_indices(STEM).map(|(at, _)| at + STEM.len()).collect();
    let cut = spots.clone().into_iter().map(|at| text.as_bytes()[..at].to_vec());
    let damages: [&[u8]; 4] = [b"\xFF", b"\x00", b"\xED\xA0\x80", b"\x1F"];
    let damaged = spots.into_iter().enumerate().map(move |(number, at)| {
        [&text.as_bytes()[..at], damages[number % damages.len()], &text.as_bytes()[at..]].concat()
    });
    cut.chain(damaged)
}
