//! Who asks: some hundreds of agencies, a few of which ask most.

use crate::random::Random;
use crate::state::CODES;

/// Agencies of a state.
const AGENCIES: usize = 7;
const PROVINCES: [&str; 4] = ["ON", "BC", "PQ", "AB"];
/// Of a thousand requests, so many come from these; the rest from the police of the states.
const SHARES: [(Origin, usize); 6] = [
    (Origin::Bureau, 30),
    (Origin::Canadian, 10),
    (Origin::Federal, 5),
    (Origin::Immigration, 5),
    (Origin::Unknown, 4),
    (Origin::SameState, 560),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Bureau,
    Canadian,
    Federal,
    Immigration,
    Unknown,
    SameState,
}

#[derive(Debug)]
pub(crate) struct Requesters {
    /// The police of each state, its largest departments first.
    police: Vec<Vec<String>>,
    canadian: Vec<String>,
    immigration: Vec<String>,
    unknown: Vec<String>,
}

impl Requesters {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::of_message(seed, u64::MAX);
        let mut police = |code: &&str| format!("{code}{:03}{:02}00", random.between(1, 120), random.below(100));
        Self {
            police: CODES.iter().map(|code| (0..AGENCIES).map(|_| police(code)).collect()).collect(),
            canadian: PROVINCES.iter().map(police).collect(),
            immigration: CODES
                .iter()
                .take(8)
                .map(|code| format!("{code}ICE0100"))
                .chain(["VTICE0900".into()])
                .collect(),
            // Federal offices that no policy lists: letters where a county's digits would be.
            unknown: CODES.iter().take(6).map(|code| format!("{code}FBI0000")).collect(),
        }
    }

    /// The requester of a record of a state.
    pub(crate) fn draw(&self, random: &mut Random, state: usize) -> String {
        let mut at = random.below(1000);
        let origin = SHARES.iter().find(|(_, share)| at.checked_sub(*share).map(|rest| at = rest).is_none());
        let other = random.skewed(CODES.len());
        match origin.map(|(origin, _)| *origin) {
            Some(Origin::Bureau) => format!("{}OLN0000", CODES[other]),
            Some(Origin::Canadian) => random.pick(&self.canadian).clone(),
            Some(Origin::Federal) => "VADEADX00".to_owned(),
            Some(Origin::Immigration) => random.pick(&self.immigration).clone(),
            Some(Origin::Unknown) => random.pick(&self.unknown).clone(),
            Some(Origin::SameState) => self.police[state][random.skewed(AGENCIES)].clone(),
            None => self.police[other][random.skewed(AGENCIES)].clone(),
        }
    }
}
