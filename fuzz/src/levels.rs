//! Whatever vector instructions the processor has, the outcome is the same (P10): no laxness lives in one width alone.

use dmv_redact::Receipt;
use dmv_redact_model::width::{Width, with_width};

use crate::packs::{Asker, PACKS};
use dmv_redact_testing::dice::Dice;
use dmv_redact_testing::mutate::mutated;

const WIDTHS: [Width; 3] = [Width::Sse2, Width::Avx2, Width::Avx512];

/// The bytes as a message for one requester of every pack in turn, and as choices of a mutated fixture.
pub fn levels_agree(data: &[u8]) {
    let mut dice = Dice::reading(data);
    let pack = dice.one_of(&PACKS);
    let (asker, source, other) = pack.draw(&mut dice);
    agree(&pack.filter, asker, data);
    agree(&pack.filter, asker, &mutated(&mut dice, source, other));
}

fn agree(filter: &dmv_redact::Filter, asker: &Asker, message: &[u8]) {
    // Twice: what is kept of the first reading is compared with the second in vectors, too.
    let redact = || {
        let filter = filter.without_history();
        [(); 2].map(|()| {
            let mut out = Vec::new();
            let receipt: Receipt = filter.redact(message, &asker.setting.requester, &mut out);
            (out, serde_json::to_string(&receipt).expect("a receipt is written"))
        })
    };
    let outcomes: Vec<_> = WIDTHS.iter().filter_map(|width| Some((width, with_width(*width, redact)?))).collect();
    for pair in outcomes.windows(2) {
        let [(one, first), (other, second)] = pair else { continue };
        assert!(first == second, "{one:?} and {other:?} differ: {}", String::from_utf8_lossy(message));
    }
}
