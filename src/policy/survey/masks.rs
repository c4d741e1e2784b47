//! Patterns as masks: an ORI has nine characters, so a star stands for a known number of them in each of few ways.

use crate::policy::ori::{ORI_LENGTH, OriPattern};

/// What stands in a mask where any character may.
pub(super) const ANY: u8 = b'?';

/// One character or [`ANY`] for each place of an ORI.
pub(super) type Mask = [u8; ORI_LENGTH];

/// The masks that together match what the pattern matches, each once; at most 126.
pub(super) fn masks(pattern: &OriPattern) -> Vec<Mask> {
    let mut found = Vec::new();
    fill(&tidy(pattern.symbols()), &mut Vec::new(), &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether every ORI that the first pattern matches, the second does too: each mask of the one is a case of one of the other's.
pub(crate) fn is_within(inner: &OriPattern, outer: &OriPattern) -> bool {
    let outer = masks(outer);
    let covers =
        |wide: &Mask, narrow: &Mask| wide.iter().zip(narrow).all(|(wide, narrow)| *wide == ANY || wide == narrow);
    masks(inner).iter().all(|narrow| outer.iter().any(|wide| covers(wide, narrow)))
}

/// The same pattern with one star at most between two characters, after the `?` that stand there.
fn tidy(symbols: &[u8]) -> Vec<u8> {
    let mut tidied = Vec::new();
    let mut has_star = false;
    for symbol in symbols {
        match symbol {
            b'*' => has_star = true,
            &ANY => tidied.push(ANY),
            letter => {
                if std::mem::take(&mut has_star) {
                    tidied.push(b'*');
                }
                tidied.push(*letter);
            }
        }
    }
    if has_star {
        tidied.push(b'*');
    }
    tidied
}

fn fill(symbols: &[u8], begun: &mut Vec<u8>, found: &mut Vec<Mask>) {
    let Some((symbol, rest)) = symbols.split_first() else {
        found.extend(Mask::try_from(begun.as_slice()));
        return;
    };
    let length = begun.len();
    if *symbol != b'*' {
        begun.push(*symbol);
        fill(rest, begun, found);
        begun.truncate(length);
        return;
    }
    let needed = rest.iter().filter(|symbol| **symbol != b'*').count();
    let most = ORI_LENGTH.saturating_sub(length + needed);
    for _ in 0..=most {
        fill(rest, begun, found);
        begun.push(ANY);
    }
    begun.truncate(length);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Ori;

    #[test]
    fn masks_match_what_their_pattern_matches() {
        let oris = ["AZ0070000", "VTICE0900", "A00000000", "00000000A", "AAAAAAAAA", "A7A7A7A70", "ABABABABA"];
        for text in ["AZ*", "??ICE*", "*", "*0*0*", "A*7*0", "*A*A*A*A*", "?*?*?*0", "*A?*B*", "ABABABABA", "***A"] {
            let pattern = OriPattern::new(text).unwrap();
            let masks = masks(&pattern);
            assert!(masks.len() <= 126);
            for ori in oris {
                let fits = |mask: &Mask| mask.iter().zip(ori.bytes()).all(|(own, c)| *own == ANY || *own == c);
                assert_eq!(masks.iter().any(fits), pattern.matches(Ori::new(ori).unwrap()), "{text} {ori}");
            }
        }
    }

    #[test]
    fn p8_many_stars_are_few_masks() {
        let pattern = |text: &str| masks(&OriPattern::new(text).unwrap()).len();
        assert_eq!(pattern(&"*".repeat(100_000)), 1);
        assert_eq!(pattern("*A*B*C*D*"), 126);
        assert_eq!(pattern("*?*?*?*?*"), 1);
    }
}
