//! Pairs of messages that differ only in forbidden parts: the same bytes must go out of both, with the same verdict, or the
//! output tells something of what was removed from it (P5, P10).

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::tally::Tally;
use crate::templates::{WORLD, may_hold_canary};
use dmv_redact_testing::dice::Dice;
use dmv_redact_testing::edit::{Edit, edited};
use dmv_redact_testing::mutate::Source;
use dmv_redact_testing::plant::{TRICKS, dressed, put_in, unknown_attributes, unknown_parts};
use dmv_redact_testing::settings::Setting;

/// Two variants of one message, both let through or both refused, and alike.
pub(crate) fn pair(dice: &mut Dice, tally: &mut Tally) {
    let (number, source, _) = WORLD.draw(dice, &WORLD.clean);
    let setting = &WORLD.settings[number];
    let messages = [varied(dice, setting, source), varied(dice, setting, source)];
    tally.bytes += messages.iter().map(|message| message.len() as u64).sum::<u64>();
    let redact = |message: &String| catch_unwind(AssertUnwindSafe(|| setting.redact(message.as_bytes()))).ok();
    let shown = || format!("{}\n{}\n--- and\n{}", setting.name, messages[0], messages[1]);
    let [Some(one), Some(two)] = messages.each_ref().map(redact) else {
        return tally.fault(|| format!("a panic, or bytes where nothing may go out: {}", shown()));
    };
    tally.verdict(one.1.reason().map_or("let through", |reason| reason.code()));
    // `released` and `redacted` tell apart whether something went: that is for the record, not for the requester.
    let is_same = one.0 == two.0
        && one.1.reason() == two.1.reason()
        && one.1.disposition().releases() == two.1.disposition().releases();
    if !is_same {
        let outputs = [&one.0, &two.0].map(|text| String::from_utf8_lossy(text).into_owned());
        tally.fault(|| format!("they part: {}\n--- gave\n{}\n--- and\n{}", shown(), outputs[0], outputs[1]));
    }
}

/// The message with other forbidden values, and with unknown parts put in.
fn varied(dice: &mut Dice, setting: &Setting, source: &Source) -> String {
    let mut edits: Vec<Edit> = Vec::new();
    for place in source.layout.places.iter().filter(|place| may_hold_canary(setting, place)) {
        if dice.chance(50) {
            let value = value(dice);
            edits.push((place.span.clone(), dressed(&place.kind, dice.pick(TRICKS), &value)));
        }
    }
    for (gap, path) in &source.layout.gaps {
        if dice.chance(8) && !path.contains("@context") {
            let word = value(dice);
            let parts = unknown_parts(source.xml, &word);
            let part = dice.pick(parts.len());
            edits.push(put_in(source.xml, &source.text, *gap, &parts[part]));
        }
    }
    for tag in &source.layout.tags {
        if dice.chance(4) {
            let word = value(dice);
            edits.push((*tag..*tag, dice.one_of(&unknown_attributes(&word)).clone()));
        }
    }
    edited(&source.text, edits)
}

/// A word of some length; it may be a name as well, and escaped must not exceed the limit of those.
fn value(dice: &mut Dice) -> String {
    let letters = 1 + if dice.chance(5) { dice.pick(90) } else { dice.pick(20) };
    // No name may begin as `xml` does.
    "Q".chars().chain((0..letters).map(|_| char::from(b'A' + dice.pick(26) as u8))).collect()
}
