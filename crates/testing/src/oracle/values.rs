//! Values for generated messages: for every data element some that have its shape, and a list of values that no shape
//! of text should take. Also the canaries: tokens that stand nowhere else, planted in what is forbidden.

use std::collections::BTreeMap;

use proptest::strategy::{Strategy, ValueTree};
use proptest::string::string_regex;
use proptest::test_runner::TestRunner;

use super::shape::{Verdict, judge, may_be_opaque};
use crate::catalog::{Catalog, Element, Kind};
use crate::dice::Dice;
use crate::policy::Treatment;

/// Usual values of such messages. Every person in them is invented.
const POOL: &str = "MARA|DELACROIX-OKAFOR|O'Neil|José Ångström|QUILL|1|0|72|180|5.5|-4|true|false|null|Y|N|M|F|A|C|D|M|CDL|\
    BRO|BLU|BROWN|LIC|ELG|1985-03-04|19850304|03041985|03/04/1985|03-04-1985|1985|1985-03|2026-11-22T10:15:00Z|2031|62704|\
    62704-1234|627041234|K1A 0B1|123-45-6789|123456789|D12345678|S123-4567-8901|AZ0070000|VTICE0900|ILOLN0000|\
    1FTFW1ET5DFC10312|ABC1234|7ABC 123|4.00|6.0|118 Larch St, Apt #4|SPRINGFIELD|IL|AZ|USA|US|10:15:00|101500|IN|LB|INH|\
    Corrective lenses|B/2|H N T|image/jpeg|JPEG|24|0001|00012345|MRI0000001|CTL-0001|FOPR|PC|FORD|TRUCK|2019|GRY|\
    FULL|TEMPORARY|+15555550123|mara@example.org|555-0100|A012345678|a & b|50%|\"Q\"|(none)|What? Yes!|AZ.DR.2026|\
    2026-11-22|10:15|http://example.org/1|NONE|UNK|ACTIVE|VALID|SUSPENDED|NLETS|R|S|T|12|2|3.5";

/// A picture's beginning, by which it is known (P7).
pub(crate) const JPEG: &str = "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgG";

const VIOLATING: &[&str] = &[
    "<photo>no</photo>",
    "{\"photo\":\"no\"}",
    "a\u{200B}b",
    "a\u{202E}b",
    "a\u{85}b",
    "a\u{2028}b",
    "a\u{AD}b",
    "a\u{FEFF}b",
    "one\ntwo",
    "SSN 123-45-6789 told",
    "told 123 45 6789",
    "told 123456789.",
    "]]>",
    "a\\b|c~d",
    "\u{430}\u{431}\u{432}",
    JPEG,
];

pub(crate) struct Samples {
    conforming: BTreeMap<String, Vec<String>>,
}

impl Samples {
    pub(crate) fn draw(catalog: &Catalog) -> Self {
        let mut runner = TestRunner::deterministic();
        let conforming = catalog.elements.iter().map(|(id, e)| (id.clone(), samples(e, &mut runner))).collect();
        Samples { conforming }
    }

    pub(crate) fn conforming(&self, element: &str, dice: &mut Dice) -> String {
        let samples = &self.conforming[element];
        if samples.is_empty() { String::new() } else { dice.one_of(samples).clone() }
    }
}

pub(crate) fn violating(dice: &mut Dice) -> String {
    match dice.pick(VIOLATING.len() + 1) {
        0 => "over long ".repeat(40),
        n => VIOLATING[n - 1].to_owned(),
    }
}

/// A token for a forbidden place. The third form fits where only digits do.
pub(crate) fn canary(serial: usize, dice: &mut Dice) -> String {
    let letters: String = (0..4).map(|i| char::from(b'G' + u8::try_from(serial >> (4 * i) & 0xF).unwrap())).collect();
    match dice.pick(3) {
        0 => format!("ZQ{letters}ZQ"),
        1 => format!("Zq{letters} of Zq{letters}"),
        _ => format!("{}", 987_000_000 + serial),
    }
}

fn samples(element: &Element, runner: &mut TestRunner) -> Vec<String> {
    let mut samples: Vec<String> = POOL.split('|').map(str::to_owned).collect();
    if let Some(pattern) = &element.pattern {
        // The shape's alphabet is ASCII where proptest would read all of Unicode.
        let ascii = pattern.replace(r"\d", "[0-9]").replace(r"\w", "[A-Za-z0-9_]").replace(r"\s", " ");
        if let Ok(strategy) = string_regex(&ascii) {
            samples.extend((0..40).map(|_| strategy.new_tree(runner).expect("a string of the shape").current()));
        }
    } else if element.kind == Kind::Image {
        samples = vec![JPEG.to_owned(), format!("\n{}\n  {}\n", &JPEG[..32], &JPEG[32..])];
    }
    samples.retain(|value| judge(element, Treatment::Full, value) == Verdict::Full && value.trim() == value.as_str());
    samples.retain(|value| !may_be_opaque(element, value));
    samples
}
