//! Non-interference: two messages that differ only in forbidden parts give the same bytes, so no output tells
//! anything about what was removed from it.

use dmv_redact_testing::dice::Dice;
use dmv_redact_testing::oracle::check::{parting, redact};
use dmv_redact_testing::oracle::choices;
use dmv_redact_testing::oracle::scenario::{JSON, Need, Scenario, XML, vary, write};
use dmv_redact_testing::properties::cases;
use proptest::prelude::*;

fn silent(choices: &[u16], salts: (u64, u64), need: Need) -> Result<(), TestCaseError> {
    let (changes, choices) = choices.split_at(choices.len() / 6);
    let scenario = Scenario::new(choices, need).ok_or_else(|| TestCaseError::reject("no such case"))?;
    let other = vary(&scenario.tree, &mut Dice::new(changes));
    let messages =
        [(&scenario.tree, salts.0), (&other, salts.1)].map(|(tree, salt)| write(scenario.format, tree, need, salt));
    let outcomes = messages.each_ref().map(|message| redact(&scenario.ruled.filter, &scenario.asker, message));
    if outcomes[0].output != outcomes[1].output {
        let [first, second] = messages.each_ref().map(|m| String::from_utf8_lossy(m));
        let [one, two] = outcomes.each_ref().map(|o| format!("{:?}", o.receipt.reason()));
        let part = parting(&outcomes[0].output, &outcomes[1].output);
        let report = format!("{part}\n{one} and {two}\n{first}\n--- and\n{second}");
        return Err(TestCaseError::fail(scenario.told(&report)));
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(500))]

    /// P5, P10: what is forbidden in an XML message leaves no trace in the bytes that go out.
    #[test]
    fn p5_p10_forbidden_xml_leaves_no_trace(choices in choices(), salts in (0..4u64, 0..4u64)) {
        silent(&choices, salts, XML.releasing())?;
    }

    /// P5, P10: what is forbidden in a JSON message leaves no trace in the bytes that go out.
    #[test]
    fn p5_p10_forbidden_json_leaves_no_trace(choices in choices(), salts in (0..4u64, 0..4u64)) {
        silent(&choices, salts, JSON.releasing())?;
    }
}
