//! Messages that were cut or damaged on their way. Nothing may panic, nothing may go out that a strict parser would
//! refuse (P2), and what does go out must be what the oracle makes of the damaged bytes (P1, P3).

use dmv_redact_testing::dice::Dice;
use dmv_redact_testing::oracle::check::redact;
use dmv_redact_testing::oracle::choices;
use dmv_redact_testing::oracle::scenario::{JSON, Need, Scenario, XML};
use dmv_redact_testing::properties::cases;
use proptest::prelude::*;

/// Bytes that mean something to one of the two syntaxes, and some that are never right.
const TELLING: &[u8] = b"<>&\"'/=![]{}:,;-?#x\\u0 \n\t@.\x00\x0B\x7F\x80\xC0\xED\xEF\xFF";

fn damaged(choices: &[u16], need: Need, change: impl Fn(&mut Dice, &mut Vec<u8>)) -> Result<(), TestCaseError> {
    let (changes, choices) = choices.split_at(choices.len().min(12));
    let Some(scenario) = Scenario::new(choices, need.releasing()) else { return Err(TestCaseError::reject("refused")) };
    let whole = scenario.message(need, u64::from(choices.len() % 3 == 0));
    let mut dice = Dice::new(changes);
    // Making a message costs more than damaging it.
    for _ in 0..4 {
        let mut message = whole.clone();
        change(&mut dice, &mut message);
        let refused = !redact(&scenario.ruled.filter, &scenario.asker, &message).releases();
        // The filter may refuse more than a DOM parser does.
        if !refused {
            scenario.check(need, &message).map_err(TestCaseError::fail)?;
        }
    }
    Ok(())
}

fn cut(dice: &mut Dice, message: &mut Vec<u8>) {
    let length = message.len();
    message.truncate(dice.pick(length + 1));
}

fn hurt(dice: &mut Dice, message: &mut Vec<u8>) {
    let at = dice.pick(message.len());
    let byte = *dice.one_of(TELLING);
    match dice.pick(4) {
        0 => message[at] = byte,
        1 => message.insert(at, byte),
        2 => drop(message.remove(at)),
        _ => message[at] ^= 1 << dice.pick(8),
    }
}

proptest! {
    #![proptest_config(cases(300))]

    /// P2: a cut XML message is withheld, wherever it is cut.
    #[test]
    fn p2_truncated_xml_is_withheld(choices in choices()) {
        damaged(&choices, XML, cut)?;
    }

    /// P2: a cut JSON message is withheld, wherever it is cut.
    #[test]
    fn p2_truncated_json_is_withheld(choices in choices()) {
        damaged(&choices, JSON, cut)?;
    }

    /// P1, P2, P3: one damaged byte in XML never makes anything go out that the oracle would not release.
    #[test]
    fn p2_damaged_xml_never_leaks(choices in choices()) {
        damaged(&choices, XML, hurt)?;
    }

    /// P1, P2, P3: one damaged byte in JSON never makes anything go out that the oracle would not release.
    #[test]
    fn p2_damaged_json_never_leaks(choices in choices()) {
        damaged(&choices, JSON, hurt)?;
    }
}
