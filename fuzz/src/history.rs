//! What was redacted before changes nothing (P10): messages go through one old filter and through one that remembers none,
//! and output and receipt must be the same.

use std::cell::RefCell;

use dmv_redact::{Filter, Requester};

use crate::packs::PACKS;
use crate::tally::Tally;
use dmv_redact_testing::dice::Dice;
use dmv_redact_traffic::{Class, Traffic};

/// How many sequences one filter is used for before the comparison is with one that was really built anew.
const REBUILT: u64 = 5_000;

type Outcome = (Vec<u8>, String);

fn redact(filter: &Filter, requester: &Requester, message: &[u8]) -> Outcome {
    let mut out = b"left over".to_vec();
    let receipt = filter.redact(message, requester, &mut out);
    (out, serde_json::to_string(&receipt).expect("a receipt is written"))
}

/// What a filter without history gives, and how that differs from what the old one gave.
fn fresh_difference(filter: &Filter, requester: &Requester, message: &[u8], old: &Outcome) -> Option<String> {
    let fresh = redact(&filter.without_history(), requester, message);
    let shown = |(out, receipt): &Outcome| format!("{}\n{receipt}", String::from_utf8_lossy(out));
    let message = String::from_utf8_lossy(message);
    let told = || format!("{message}\n--- old gave\n{}\n--- fresh gave\n{}", shown(old), shown(&fresh));
    (*old != fresh).then(told)
}

/// A few messages through the old filter of one pack, each against a filter without history. Gives the first difference.
fn difference(dice: &mut Dice, mut each: impl FnMut(&[u8], &Outcome)) -> Option<String> {
    let pack = dice.one_of(&PACKS);
    for (asker, message) in pack.sequence(dice) {
        let requester = &asker.setting.requester;
        let old = redact(&pack.filter, requester, &message);
        each(&message, &old);
        if let Some(difference) = fresh_difference(&pack.filter, requester, &message, &old) {
            return Some(format!("{}\n{difference}", asker.setting.name));
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

thread_local! {
    /// The traffic of this thread.
    static TRAFFIC: RefCell<Option<Traffic>> = const { RefCell::new(None) };
}

/// One step of the soak over traffic of fifty states: a message for one of the packs, whose filter has seen all those before.
pub(crate) fn traffic_step(dice: &mut Dice, tally: &mut Tally) {
    let message = TRAFFIC.with_borrow_mut(|traffic| {
        let traffic = traffic.get_or_insert_with(|| Traffic::new(dice.pick(usize::MAX) as u64, Class::Mixed));
        traffic.next().expect("traffic without end")
    });
    let pack = dice.one_of(&PACKS);
    let requester = pack.requester(dice, &message.ori);
    let old = redact(&pack.filter, &requester, &message.bytes);
    tally.bytes += message.bytes.len() as u64;
    tally.verdict(if old.0.is_empty() { "withheld or held" } else { "released or redacted" });
    if let Some(difference) = fresh_difference(&pack.filter, &requester, &message.bytes, &old) {
        tally.fault(|| format!("history shows: {}\n{difference}", message.ori));
    }
}

/// One message against a filter built anew: nothing that is made when first used (tables, shapes) changes it either.
fn rebuilt(dice: &mut Dice, tally: &mut Tally) {
    let pack = dice.one_of(&PACKS);
    let (asker, source, _) = pack.draw(dice);
    let message = source.text.as_bytes();
    let requester = &asker.setting.requester;
    if redact(&pack.filter, requester, message) != redact(&pack.rebuilt(), requester, message) {
        tally.fault(|| format!("a filter built anew gives something else: {}\n{}", asker.setting.name, source.text));
    }
}
