//! Finds patterns in a text in bounded time, even in a hostile text (P8).
//!
//! At each candidate position one dense DFA runs until it matches or fails: the longest match bounds the steps. A lazy
//! DFA is faster on most texts, but a text that thrashes its cache costs as many steps for each byte as the patterns
//! have states.

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::prefilter::Prefilter;
use regex_automata::util::start;
use regex_automata::{Anchored, Input, MatchKind, Span as Range};
use regex_syntax::hir::Hir;

use super::pattern::last_line;
use crate::span::Span;

/// Memory limits in bytes: for the DFA of all patterns of a layout, and for its construction. Repetitions of large
/// classes, or highly ambiguous patterns, exceed them.
const DFA_LIMIT: usize = 4 << 20;
const DETERMINIZE_LIMIT: usize = 2 << 20;

const TOO_LARGE: &str = "it matches in too many ways, or repeats too much: its table would be too large";

/// Finds several patterns; if two match at one position, the first of them wins.
#[derive(Debug)]
pub struct Finder {
    dfa: dense::DFA<Vec<u32>>,
    /// Finds literal prefixes of matches, if there are few.
    prefilter: Option<Prefilter>,
    /// By byte, whether a match may start with it.
    first: Vec<bool>,
}

impl Finder {
    pub(super) fn new(patterns: &[Hir]) -> Result<Self, String> {
        let states = thompson::Compiler::new()
            .configure(thompson::Config::new().which_captures(WhichCaptures::None).nfa_size_limit(Some(DFA_LIMIT)))
            .build_many_from_hir(patterns)
            .map_err(|error| match error.size_limit() {
                Some(_) => TOO_LARGE.to_owned(),
                None => last_line(&error.to_string()),
            })?;
        let dfa = dense::Builder::new()
            .configure(
                dense::Config::new()
                    .start_kind(StartKind::Anchored)
                    .match_kind(MatchKind::LeftmostFirst)
                    .accelerate(false)
                    .dfa_size_limit(Some(DFA_LIMIT))
                    .determinize_size_limit(Some(DETERMINIZE_LIMIT)),
            )
            .build_from_nfa(&states)
            .map_err(|error| match error.is_size_limit_exceeded() {
                true => TOO_LARGE.to_owned(),
                false => last_line(&error.to_string()),
            })?;
        let prefilter = Prefilter::from_hirs_prefix(MatchKind::LeftmostFirst, patterns);
        let first = (0..=u8::MAX).map(|byte| may_begin(&dfa, byte)).collect();
        Ok(Self { dfa, prefilter, first })
    }

    /// The first match at or after `from`: the index of its pattern, and its span.
    pub(crate) fn find(&self, text: &str, from: usize) -> Option<(usize, Span)> {
        let mut at = from;
        loop {
            at = self.candidate(text.as_bytes(), at)?;
            let input = Input::new(text).range(at..).anchored(Anchored::Yes);
            if let Ok(Some(end)) = self.dfa.try_search_fwd(&input) {
                return Some((end.pattern().as_usize(), Span::new(at, end.offset())));
            }
            at += 1;
        }
    }

    /// The first position at or after `from` where a match may start.
    fn candidate(&self, text: &[u8], from: usize) -> Option<usize> {
        match &self.prefilter {
            Some(prefilter) => prefilter.find(text, Range { start: from, end: text.len() }).map(|found| found.start),
            None => {
                let mut rest = text.get(from..)?.iter();
                let index = rest.position(|byte| self.first.get(usize::from(*byte)).copied().unwrap_or_default())?;
                Some(from + index)
            }
        }
    }
}

/// Whether a match may start with a byte, whatever precedes it.
fn may_begin(dfa: &dense::DFA<Vec<u32>>, byte: u8) -> bool {
    // One of each kind that anchors distinguish: the start of the text, a word byte, a non-word byte, both characters
    // of a line break.
    [None, Some(b'a'), Some(b' '), Some(b'\n'), Some(b'\r')].into_iter().any(|before| {
        let start = dfa.start_state(&start::Config::new().anchored(Anchored::Yes).look_behind(before));
        start.is_ok_and(|start| !dfa.is_dead_state(dfa.next_state(start, byte)))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use regex_automata::util::primitives::StateID;

    use super::super::pattern::{MAX_MATCH_BYTES, bounded};
    use super::*;
    use crate::catalog::Catalog;
    use crate::format::Formats;

    type StepCounts = HashMap<StateID, usize>;

    /// The maximum number of steps of one search at one position.
    fn max_steps(finder: &Finder) -> usize {
        let before = [None, Some(b'a'), Some(b' '), Some(b'\n'), Some(b'\r')];
        let starts = before.map(|before| {
            let config = start::Config::new().anchored(Anchored::Yes).look_behind(before);
            finder.dfa.start_state(&config).unwrap()
        });
        let mut known = StepCounts::new();
        starts.into_iter().map(|state| steps(&finder.dfa, state, &mut known)).max().unwrap()
    }

    fn steps(dfa: &dense::DFA<Vec<u32>>, state: StateID, known: &mut StepCounts) -> usize {
        if dfa.is_dead_state(state) {
            return 0;
        }
        if let Some(steps) = known.get(&state) {
            return *steps;
        }
        let next = (0..=u8::MAX).map(|byte| dfa.next_state(state, byte)).collect::<std::collections::HashSet<_>>();
        let steps_here = 1 + next.into_iter().map(|next| steps(dfa, next, known)).max().unwrap();
        known.insert(state, steps_here);
        steps_here
    }

    fn finder(patterns: &[&str]) -> Result<Finder, String> {
        let patterns: Result<Vec<_>, _> = patterns.iter().map(|pattern| bounded(pattern)).collect();
        Finder::new(&patterns?)
    }

    #[test]
    fn p8_no_pattern_is_tried_for_longer_than_its_longest_match() {
        // A match is noted one step late, and the step that fails counts too.
        let late = 2;
        for patterns in [
            ["[A-Z]{1,511}X", "B"].as_slice(),
            &["X(?:[A-Z]{1,500}Y|Z)", "X"],
            &["(?s)(?u:.){1,127}X"],
            &["(?:A|AA|AAA){1,170}B", "(?m)^A{1,400}$"],
            &["(?:\\bA){1,9}", "A{0,200}A{0,200}B"],
            &["(?:(?:a{0,9}b{0,9}c{0,9}){0,2}x?){0,9}y"],
        ] {
            assert!(max_steps(&finder(patterns).unwrap()) <= MAX_MATCH_BYTES + late, "{patterns:?}");
        }
        let formats = Formats::load(
            &crate::built_in::FORMATS,
            &[],
            &Arc::new(Catalog::load(crate::built_in::CATALOG, &[]).unwrap()),
        )
        .unwrap();
        let mut layouts = 0;
        for layout in formats.iter().flat_map(|format| &format.layouts) {
            let patterns = layout.source.patterns().unwrap();
            assert!(max_steps(&patterns.finder) <= MAX_MATCH_BYTES / 2);
            layouts += 1;
        }
        assert!(layouts > 4);
    }

    #[test]
    fn p8_patterns_that_match_in_too_many_ways_are_refused() {
        for pattern in ["(?:[AB]{0,20}A[AB]{0,20}C?){1,12}D", "[AB]{0,100}A[AB]{100}"] {
            assert!(finder(&[pattern]).is_err(), "{pattern}");
        }
        assert!(finder(&["[A-Z]{0,600}X"]).is_err());
        assert!(finder(&["[A-Z]{0,}X"]).is_err());
    }

    #[test]
    fn the_first_of_several_that_match_wins_and_the_leftmost_of_all() {
        let text = "xx AB ABC";
        for (patterns, from, pattern, found) in [
            (["ABC", "AB"], 0, 1, (3, 5)),
            (["AB", "ABC"], 4, 0, (6, 8)),
            (["ABC", "AB"], 4, 0, (6, 9)),
            (["(?:A|AB)C?", "x"], 0, 1, (0, 1)),
            (["[x ]{2}", "x"], 1, 0, (1, 3)),
            (["\\bx", "(?m)^A"], 0, 0, (0, 1)),
        ] {
            let expected = Some((pattern, Span::new(found.0, found.1)));
            assert_eq!(finder(&patterns).unwrap().find(text, from), expected, "{patterns:?}");
        }
        assert_eq!(finder(&["\\bx", "(?m)^A"]).unwrap().find(text, 1), None);
    }
}
