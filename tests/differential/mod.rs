//! Mutated fixtures, judged by other parsers: quick-xml, roxmltree and xml, serde_json and json-event-parser. What one of them
//! refuses is withheld; what goes out reads the same in all (P2, P3). `PROPTEST_CASES` raises the number of cases, and
//! `.ci/deep-differential` asks libxml2 and Python besides.

use std::sync::LazyLock;

use dmv_redact_testing::cases::cases;
use dmv_redact_testing::dice::Dice;
use dmv_redact_testing::judgement::fault;
use dmv_redact_testing::mutate::{Source, mutated};
use dmv_redact_testing::properties;
use dmv_redact_testing::settings::{Setting, settings};
use proptest::collection::vec;
use proptest::prelude::*;

struct World {
    settings: Vec<Setting>,
    /// For each setting, every well-formed fixture addressed to it.
    sources: Vec<Vec<Source>>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let cases = cases();
    let mut settings = settings(&cases);
    // Those who get nothing have nothing to be compared.
    settings.retain(|setting| !setting.released.is_empty());
    let sources =
        |setting: &Setting| cases.iter().filter_map(|case| Source::read(case.xml, setting.addressed(case))).collect();
    World { sources: settings.iter().map(sources).collect(), settings }
});

/// A mutated message and who asks for it.
fn drawn(dice: &mut Dice, xml: bool) -> (&'static Setting, Vec<u8>) {
    let number = dice.pick(WORLD.settings.len());
    let of_syntax: Vec<&Source> = WORLD.sources[number].iter().filter(|source| source.xml == xml).collect();
    let [source, other] = [dice.pick(of_syntax.len()), dice.pick(of_syntax.len())].map(|place| of_syntax[place]);
    (&WORLD.settings[number], mutated(dice, source, other))
}

fn judged(tape: &[u8], xml: bool) -> Result<(), TestCaseError> {
    let (setting, message) = drawn(&mut Dice::reading(tape), xml);
    let (output, receipt) = setting.redact(&message);
    if receipt.disposition().releases() {
        let found = fault(xml, &message, &output);
        let told = || {
            format!(
                "{}\n{}\n--- gave\n{}",
                setting.name,
                String::from_utf8_lossy(&message),
                String::from_utf8_lossy(&output)
            )
        };
        prop_assert!(found.is_none(), "{}\n{}", found.unwrap_or_default(), told());
    }
    Ok(())
}

proptest! {
    #![proptest_config(properties::cases(4000))]

    /// P2, P3: XML that another parser refuses is withheld, and what goes out all of them read alike.
    #[test]
    fn p2_p3_other_parsers_agree_on_xml(tape in vec(any::<u8>(), 8..80)) {
        judged(&tape, true)?;
    }

    /// P2, P3: JSON that another parser refuses is withheld, and what goes out all of them read alike.
    #[test]
    fn p2_p3_other_parsers_agree_on_json(tape in vec(any::<u8>(), 8..80)) {
        judged(&tape, false)?;
    }
}

/// The mutations are worth what they let through: a third at least must still be released, or nothing is compared.
#[test]
fn enough_of_the_mutations_are_let_through() {
    for xml in [true, false] {
        let mut dice = Dice::seeded(7);
        let (mut released, mut refused) = (0, 0);
        for _ in 0..1500 {
            let (setting, message) = drawn(&mut dice, xml);
            let releases = setting.redact(&message).1.disposition().releases();
            *(if releases { &mut released } else { &mut refused }) += 1;
        }
        assert!(released > 450 && refused > 300, "XML {xml}: {released} released, {refused} refused");
    }
}
