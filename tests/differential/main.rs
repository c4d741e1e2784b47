//! Mutated fixtures, judged by other parsers: quick-xml, roxmltree and xml, serde_json and json-event-parser. What one of them
//! refuses is withheld; what goes out reads the same in all (P2, P3). `PROPTEST_CASES` raises the number of cases, and
//! `.ci/deep-differential` asks libxml2 and Python besides.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

#[path = "../common/cases.rs"]
mod cases;
#[path = "../common/dice.rs"]
mod dice;
#[path = "../common/edit.rs"]
mod edit;
#[path = "../common/judgement.rs"]
mod judgement;
#[path = "../common/mutate.rs"]
mod mutate;
#[path = "../common/places.rs"]
mod places;
#[path = "../common/readings_json.rs"]
mod readings_json;
#[path = "../common/readings_xml.rs"]
mod readings_xml;
#[path = "../common/settings.rs"]
#[expect(dead_code, reason = "the canary test takes each case as it is")]
mod settings;
#[path = "../common/shorten.rs"]
mod shorten;

use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::dice::Dice;
use crate::mutate::{Source, mutated};
use crate::settings::{Setting, settings};

struct World {
    settings: Vec<Setting>,
    /// For each setting, every well-formed fixture addressed to it.
    sources: Vec<Vec<Source>>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let cases = cases::cases();
    let mut settings = settings(&cases);
    // Those who get nothing have nothing to be compared.
    settings.retain(|setting| !setting.released.is_empty());
    let sources =
        |setting: &Setting| cases.iter().filter_map(|case| Source::read(case.xml, setting.addressed(case))).collect();
    World { sources: settings.iter().map(sources).collect(), settings }
});

/// A mutated message and who asks for it.
fn drawn(dice: &mut Dice<'_>, xml: bool) -> (&'static Setting, Vec<u8>) {
    let number = dice.pick(WORLD.settings.len());
    let of_syntax: Vec<&Source> = WORLD.sources[number].iter().filter(|source| source.xml == xml).collect();
    let [source, other] = [dice.pick(of_syntax.len()), dice.pick(of_syntax.len())].map(|place| of_syntax[place]);
    (&WORLD.settings[number], mutated(dice, source, other))
}

fn judged(tape: &[u8], xml: bool) -> Result<(), TestCaseError> {
    let (setting, message) = drawn(&mut Dice::reading(tape), xml);
    let (output, receipt) = setting.redact(&message);
    if receipt.disposition().releases() {
        let fault = judgement::fault(xml, &message, &output);
        let told = || {
            format!(
                "{}\n{}\n--- gave\n{}",
                setting.name,
                String::from_utf8_lossy(&message),
                String::from_utf8_lossy(&output)
            )
        };
        prop_assert!(fault.is_none(), "{}\n{}", fault.unwrap_or_default(), told());
    }
    Ok(())
}

fn cases_of(default: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|number| number.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(default), failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases_of(4000))]

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
