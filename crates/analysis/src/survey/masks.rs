//! Patterns as masks of nine characters: each pattern expands to few masks, one for each way to fill its stars.

use std::collections::{BTreeSet, HashMap};

use dmv_redact_model::policy::{ORI_LENGTH, OriPattern};

/// The mask symbol for any character.
pub const ANY: u8 = b'?';
/// The mask symbol for any digit.
pub const DIGIT: u8 = b'#';

/// One character, [`ANY`] or [`DIGIT`] for each position of an ORI.
pub type Mask = [u8; ORI_LENGTH];

/// The distinct masks that together match what the pattern matches; at most 126.
pub fn masks(pattern: &OriPattern) -> Vec<Mask> {
    let mut found = Vec::new();
    expand(&normalize(pattern.symbols()), &mut Vec::new(), &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

/// For each pattern another one that covers it, if there is one; of two equivalent ones, only the later counts as
/// covered. A mask is covered by those that generalize some of its characters to [`ANY`] or [`DIGIT`]: these are looked
/// up in a hash map, so that time is linear in the number of patterns.
pub fn covering(patterns: &[&OriPattern]) -> Vec<Option<usize>> {
    let all: Vec<Vec<Mask>> = patterns.iter().map(|pattern| masks(pattern)).collect();
    let mut owners: HashMap<Mask, Vec<usize>> = HashMap::new();
    for (index, masks) in all.iter().enumerate() {
        for mask in masks {
            owners.entry(*mask).or_default().push(index);
        }
    }
    let all_covers: Vec<BTreeSet<usize>> = all.iter().map(|masks| covers(masks, &owners)).collect();
    let mut chosen = Vec::with_capacity(all.len());
    for (inner, covers) in all_covers.iter().enumerate() {
        chosen.push(covers.iter().copied().find(|outer| {
            let is_equivalent = all_covers.get(*outer).is_some_and(|covers| covers.contains(&inner));
            *outer != inner && (*outer < inner || !is_equivalent)
        }));
    }
    chosen
}

/// The indices of patterns that cover all these masks of one pattern; it is one of them.
fn covers(masks: &[Mask], owners: &HashMap<Mask, Vec<usize>>) -> BTreeSet<usize> {
    let mut masks = masks.iter();
    let first: BTreeSet<usize> = masks.next().map(|mask| wider(mask, owners)).unwrap_or_default();
    masks.fold(first, |found, mask| if found.len() < 2 { found } else { &found & &wider(mask, owners) })
}

/// The indices of patterns with a mask that covers this one.
fn wider(mask: &Mask, owners: &HashMap<Mask, Vec<usize>>) -> BTreeSet<usize> {
    let mut wide = vec![*mask];
    for (index, symbol) in mask.iter().enumerate().filter(|(_, symbol)| **symbol != ANY) {
        let digit = symbol.is_ascii_digit().then_some(DIGIT);
        for at in 0..wide.len() {
            for wider in [ANY].into_iter().chain(digit) {
                let mut mask = wide.get(at).copied().unwrap_or(*mask);
                mask.get_mut(index).into_iter().for_each(|symbol| *symbol = wider);
                wide.push(mask);
            }
        }
    }
    wide.iter().filter_map(|mask| owners.get(mask)).flatten().copied().collect()
}

/// Whether a mask symbol matches a character, or covers another symbol.
pub(super) fn admits(symbol: u8, character: u8) -> bool {
    symbol == ANY || symbol == character || symbol == DIGIT && character.is_ascii_digit()
}

/// Normalizes a pattern: at most one star between two characters, after the `?` there.
fn normalize(symbols: &[u8]) -> Vec<u8> {
    let mut normalized = Vec::new();
    let mut has_star = false;
    for symbol in symbols {
        match symbol {
            b'*' => has_star = true,
            &ANY => normalized.push(ANY),
            letter => {
                if std::mem::take(&mut has_star) {
                    normalized.push(b'*');
                }
                normalized.push(*letter);
            }
        }
    }
    if has_star {
        normalized.push(b'*');
    }
    normalized
}

fn expand(symbols: &[u8], prefix: &mut Vec<u8>, found: &mut Vec<Mask>) {
    let Some((symbol, rest)) = symbols.split_first() else {
        found.extend(Mask::try_from(prefix.as_slice()));
        return;
    };
    let length = prefix.len();
    if *symbol != b'*' {
        prefix.push(*symbol);
        expand(rest, prefix, found);
        prefix.truncate(length);
        return;
    }
    let needed = rest.iter().filter(|symbol| **symbol != b'*').count();
    let max_fill = ORI_LENGTH.saturating_sub(length + needed);
    for _ in 0..=max_fill {
        expand(rest, prefix, found);
        prefix.push(ANY);
    }
    prefix.truncate(length);
}

#[cfg(test)]
mod tests {
    use super::*;
    use dmv_redact_model::policy::Ori;

    #[test]
    fn masks_match_what_their_pattern_matches() {
        let oris = ["AZ0070000", "VTICE0900", "A00000000", "B0000000A", "AAAAAAAAA", "A7A7A7A70", "ABABABABA"];
        for text in [
            "AZ*",
            "??ICE*",
            "*",
            "*0*0*",
            "A*7*0",
            "*A*A*A*A*",
            "?*?*?*0",
            "*A?*B*",
            "ABABABABA",
            "***A",
            "AZ###*",
            "*#*A",
            "?#*",
            "A#A#A#A##",
            "*###",
        ] {
            let pattern = OriPattern::new(text).unwrap();
            let masks = masks(&pattern);
            assert!(masks.len() <= 126);
            for ori in oris {
                let fits = masks.iter().any(|mask| mask.iter().zip(ori.bytes()).all(|(own, c)| admits(*own, c)));
                assert_eq!(fits, pattern.matches(Ori::new(ori).unwrap()), "{text} {ori}");
            }
        }
    }

    #[test]
    fn p8_many_stars_are_few_masks() {
        for (text, count) in [("*".repeat(100_000).as_str(), 1), ("*A*B*C*D*", 126), ("*?*?*?*?*", 1)] {
            assert_eq!(masks(&OriPattern::new(text).unwrap()).len(), count);
        }
    }
}
