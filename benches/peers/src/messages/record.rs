//! Records that differ: one person's text with other names, numbers and dates, as many bytes as before or nearly.

use crate::Random;

const GIVEN: [&str; 8] = ["JORDAN", "JORDANA", "ALEX", "SAM", "TAYLOR", "MORGAN", "CASEY", "ROBIN"];
const SURNAMES: [&str; 8] = ["EXAMPLE", "SAMPLE", "SPECIMEN", "PLACEHOLDER", "TESTER", "MODEL", "MUSTER", "NOBODY"];

/// `count` persons made from one.
pub(super) fn persons(person: &str, count: usize) -> Vec<String> {
    let mut random = Random::new(4);
    (0..count).map(|_| vary(person, &mut random)).collect()
}

fn vary(person: &str, random: &mut Random) -> String {
    let mut digits = |count: u32| format!("{:0width$}", random.below(10_usize.pow(count)), width = count as usize);
    let swaps = [
        ("900-12-3456", format!("900-{}-{}", digits(2), digits(4))),
        ("D08954796", format!("D{}", digits(8))),
        ("A900123456", format!("A900{}", digits(6))),
        ("1985-07-04", format!("19{}-07-1{}", 50 + random.below(50), random.below(10))),
        ("JORDAN", (*random.pick(&GIVEN)).to_owned()),
        ("EXAMPLE", (*random.pick(&SURNAMES)).to_owned()),
    ];
    swaps.iter().fold(person.to_owned(), |text, (old, new)| text.replace(old, new))
}
