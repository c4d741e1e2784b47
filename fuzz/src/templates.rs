//! What is mutated: every well-formed fixture, addressed to every requester, with canaries in every forbidden place.

use std::sync::LazyLock;

use dmv_redact_testing::cases::{Case, cases};
use dmv_redact_testing::dice::Dice;
use dmv_redact_testing::edit::edited;
use dmv_redact_testing::forbidden::forbids;
use dmv_redact_testing::mutate::Source;
use dmv_redact_testing::places::Place;
use dmv_redact_testing::plant::{TRICKS, dressed};
use dmv_redact_testing::settings::{Setting, settings};

/// Letters only, so that most shapes would let it through.
pub(crate) const STEM: &str = "CNRYZQXJ";

/// How many times each message is planted, every time with other ways to write the canaries.
const PLANTINGS: usize = 4;

pub(crate) struct World {
    pub(crate) settings: Vec<Setting>,
    /// For each setting its messages: XML, then JSON.
    pub(crate) planted: Vec<[Vec<Source>; 2]>,
    /// The same without canaries.
    pub(crate) clean: Vec<[Vec<Source>; 2]>,
}

pub(crate) static WORLD: LazyLock<World> = LazyLock::new(|| {
    let cases = cases();
    let settings = settings(&cases);
    let clean: Vec<[Vec<Source>; 2]> = settings.iter().map(|setting| sources(setting, &cases)).collect();
    let planted = settings.iter().zip(&clean).map(|(setting, sources)| {
        sources.each_ref().map(|sources| sources.iter().flat_map(|source| plantings(setting, source)).collect())
    });
    World { planted: planted.collect(), clean, settings }
});

pub(crate) fn sources(setting: &Setting, cases: &[Case]) -> [Vec<Source>; 2] {
    [true, false].map(|xml| {
        let of_syntax = cases.iter().filter(|case| case.xml == xml);
        of_syntax.filter_map(|case| Source::read(xml, setting.addressed(case))).collect()
    })
}

/// Whether a canary may be planted at the place: for those who get nothing, in the envelope it would only hide what is
/// behind it.
pub(crate) fn may_hold_canary(setting: &Setting, place: &Place) -> bool {
    let is_envelope =
        ["NLETSMessageHeader", "MessageMetadata", "messageMetadata", "docType", "/@{http://www.nlets.org/niem/1.0}"];
    forbids(setting, place) && !is_envelope.iter().any(|part| place.path.contains(part))
}

fn plantings(setting: &Setting, source: &Source) -> Vec<Source> {
    let planted = |number: usize| {
        let mut dice = Dice::seeded(number as u64 + 7 * source.text.len() as u64);
        let places = source.layout.places.iter().filter(|place| may_hold_canary(setting, place));
        let edits = places.map(|place| {
            // The first planting holds them all plainly.
            let trick = if number == 0 { 0 } else { dice.pick(TRICKS) };
            (place.span.clone(), dressed(&place.kind, trick, STEM))
        });
        Source::read(source.xml, edited(&source.text, edits.collect()).into_bytes())
    };
    (0..PLANTINGS).filter_map(planted).collect()
}

impl World {
    /// A setting, and for it two messages of one syntax to mutate.
    pub(crate) fn draw<'w>(&self, dice: &mut Dice, from: &'w [[Vec<Source>; 2]]) -> (usize, &'w Source, &'w Source) {
        let number = dice.pick(self.settings.len());
        let sources = &from[number][usize::from(dice.chance(40))];
        let [one, other] = [dice.pick(sources.len()), dice.pick(sources.len())];
        (number, &sources[one], &sources[other])
    }
}
