//! What was redacted before changes nothing (P10): messages go through one old filter and through one that remembers none,
//! and output and receipt must be the same.

use crate::packs::{Asker, PACKS};
use crate::tally::Tally;
use dmv_redact_testing::dice::Dice;

/// How many sequences one filter is used for before the comparison is with one that was really built anew.
const REBUILT: u64 = 5_000;

type Outcome = (Vec<u8>, String);

fn redact(filter: &dmv_redact::Filter, asker: &Asker, message: &[u8]) -> Outcome {
    let mut out = b"left over".to_vec();
    let receipt = filter.redact(message, &asker.setting.requester, &mut out);
    (out, serde_json::to_string(&receipt).expect("a receipt is written"))
}

/// A few messages through the old filter of one pack, each against a filter without history. Gives the first difference.
fn difference(dice: &mut Dice, mut each: impl FnMut(&[u8], &Outcome)) -> Option<String> {
    let pack = dice.one_of(&PACKS);
    for (asker, message) in pack.sequence(dice) {
        let old = redact(&pack.filter, asker, &message);
        let fresh = redact(&pack.filter.without_history(), asker, &message);
        each(&message, &old);
        if old != fresh {
            let shown = |(out, receipt): &Outcome| format!("{}\n{receipt}", String::from_utf8_lossy(out));
            return Some(format!(
                "{}\n{}\n--- old gave\n{}\n--- fresh gave\n{}",
                asker.setting.name,
                String::from_utf8_lossy(&message),
                shown(&old),
                shown(&fresh)
            ));
        }
    }
    None
}

/// The property of the fuzz target `history`.
pub fn history_changes_nothing(data: &[u8]) {
    if let Some(difference) = difference(&mut Dice::reading(data), |_, _| {}) {
        panic!("{difference}");
    }
}

/// One step of the soak.
pub(crate) fn step(dice: &mut Dice, tally: &mut Tally) {
    let steps = tally.messages;
    let mut seen = Vec::new();
    let found = difference(dice, |message, (out, _)| {
        tally.bytes += message.len() as u64;
        tally.verdict(if out.is_empty() { "withheld or held" } else { "released or redacted" });
        seen.push(message.len());
    });
    // The soak counts one message for each step.
    tally.messages += seen.len().saturating_sub(1) as u64;
    if let Some(found) = found {
        tally.fault(|| format!("history shows: {found}"));
    }
    if steps / REBUILT != tally.messages / REBUILT {
        rebuilt(dice, tally);
    }
}

/// One message against a filter built anew: nothing that is made when first used (tables, shapes) changes it either.
fn rebuilt(dice: &mut Dice, tally: &mut Tally) {
    let pack = dice.one_of(&PACKS);
    let (asker, source, _) = pack.draw(dice);
    let message = source.text.as_bytes();
    if redact(&pack.filter, asker, message) != redact(&pack.rebuilt(), asker, message) {
        tally.fault(|| format!("a filter built anew gives something else: {}\n{}", asker.setting.name, source.text));
    }
}
