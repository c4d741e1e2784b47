//! The sets of agency classes that ORIs can have, computed from the patterns, not by trying ORIs.
//!
//! A product automaton runs all masks of all classes in parallel over the nine positions of an ORI. A state is the set
//! of mask remainders after some characters; equal states are merged. A state only distinguishes the characters that
//! its masks name; all others lead to the same next state. The remainders after the ninth position are the classes that
//! claim an ORI. A separate module because two policies are compared with one automaton.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use super::SurveyError;
use super::masks::{ANY, DIGIT, Mask, admits, masks};
use dmv_redact_model::policy::{Agencies, ClassId};
use dmv_redact_model::policy::{ORI_LENGTH, Ori};

/// Maximum number of states (P8), beyond those of patterns without overlaps. The largest built-in policy needs under a
/// thousand.
const MAX_STATES: usize = 100_000;

/// Maximum number of sets of two or more classes. It doubles with each pattern that overlaps all others, and more would
/// be unreadable.
pub(super) const MAX_OVERLAPS: usize = 4_096;

/// Maximum number of states visited in the search for ORIs that no class lists.
const MAX_VISITS: usize = 4_000_000;

/// The characters that an ORI may have at a position: it starts with a letter.
fn characters(position: usize) -> &'static [u8] {
    const ALL: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const DIGITS: usize = 10;
    ALL.get(if position == 0 { DIGITS } else { 0 }..).unwrap_or_default()
}

/// A set of classes under each policy, and one ORI that has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) classes: Vec<Vec<ClassId>>,
    pub(super) example: Ori,
}

/// The classes whose patterns claim an ORI, those that remain after `except`, and such an ORI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub(crate) claimed: Vec<ClassId>,
    pub(crate) held: Vec<ClassId>,
    pub(crate) example: Ori,
}

/// Every distinct combination of classes that some ORI has under the policies, "none" included, in order.
pub(super) fn regions(policies: &[&Agencies]) -> Result<Vec<Region>, SurveyError> {
    Product::of(policies)?.regions(policies)
}

/// The regions of one policy, and its pattern claims: every distinct set of classes whose patterns claim an ORI that no
/// class lists.
pub(super) fn regions_and_claims(agencies: &Agencies) -> Result<(Vec<Region>, Vec<Claim>), SurveyError> {
    let product = Product::of(&[agencies])?;
    Ok((product.regions(&[agencies])?, product.claims(agencies)?))
}

/// A class, numbered over all policies, and the id of the remainder of one of its masks.
type Remainder = (usize, usize);

/// The remainder of a mask at one position: its next symbol, and the id of the remainder after that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Suffix {
    next: u8,
    rest: usize,
}

#[derive(Debug, Default)]
struct State {
    /// The characters that its masks name, in order, each with its next state.
    named: Vec<(u8, usize)>,
    /// The next state for all other characters.
    other: usize,
}

impl State {
    fn names(&self, character: u8) -> bool {
        self.named.binary_search_by_key(&character, |(own, _)| *own).is_ok()
    }

    fn after(&self, character: u8) -> usize {
        let index = self.named.binary_search_by_key(&character, |(own, _)| *own);
        index.ok().and_then(|index| self.named.get(index)).map_or(self.other, |(_, next)| *next)
    }
}

/// The product automaton: the states at each position, one at the first, and the classes of each end state.
#[derive(Debug)]
struct Product {
    /// The first class number of each policy, then the total number of classes.
    offsets: Vec<usize>,
    positions: Vec<Vec<State>>,
    ends: Vec<Vec<usize>>,
}

impl Product {
    fn regions(&self, policies: &[&Agencies]) -> Result<Vec<Region>, SurveyError> {
        let mut found: BTreeMap<Vec<Vec<ClassId>>, Ori> = BTreeMap::new();

        // ORIs that are listed exactly under at least one policy. Results repeat a lot, so they are merged by id first.
        let sets: Vec<HashMap<_, _>> = policies.iter().map(|agencies| agencies.sets()).collect();
        let listed: HashSet<Ori> = policies.iter().flat_map(|agencies| agencies.exact().keys().copied()).collect();
        let mut merged: HashMap<(Vec<Option<_>>, Option<usize>), Ori> = HashMap::new();
        for ori in &listed {
            let exact: Vec<_> = policies.iter().map(|agencies| agencies.exact().get(ori).copied()).collect();
            let claimed = exact.contains(&None).then(|| self.follow(*ori));
            merged.entry((exact, claimed)).and_modify(|least| *least = (*ori).min(*least)).or_insert(*ori);
        }
        for ((exact, claimed), ori) in merged {
            let mut by_pattern = claimed.map(|end| self.held(end, policies)).unwrap_or_default().into_iter();
            let mut classes = Vec::with_capacity(policies.len());
            for (set, known) in exact.iter().zip(&sets) {
                let by_pattern = by_pattern.next().unwrap_or_default();
                classes.push(set.map_or(by_pattern, |set| known.get(&set).cloned().unwrap_or_default()));
            }
            found.entry(classes).and_modify(|least| *least = ori.min(*least)).or_insert(ori);
        }

        let mut visits = 0;
        for (end, example) in self.end_examples().into_iter().enumerate() {
            let Some(example) = example else { continue };
            let classes = self.held(end, policies);
            if !found.contains_key(&classes) {
                let free = self.find_unlisted(end, example, &listed, &mut visits)?;
                found.extend(free.map(|ori| (classes, ori)));
            }
        }
        Ok(found.into_iter().map(|(classes, example)| Region { classes, example }).collect())
    }

    fn claims(&self, agencies: &Agencies) -> Result<Vec<Claim>, SurveyError> {
        let listed: HashSet<Ori> = agencies.exact().keys().copied().collect();
        let mut found: BTreeMap<Vec<ClassId>, Claim> = BTreeMap::new();
        let mut visits = 0;
        for (end, example) in self.end_examples().into_iter().enumerate() {
            let Some(example) = example else { continue };
            let numbers = self.ends.get(end).map_or(&[][..], Vec::as_slice);
            let claimed: Vec<ClassId> = numbers.iter().filter_map(|number| ClassId::try_from(*number).ok()).collect();
            if let Some(example) = self.find_unlisted(end, example, &listed, &mut visits)? {
                let held = agencies.after_except(&claimed);
                found.entry(claimed.clone()).or_insert(Claim { claimed, held, example });
            }
        }
        Ok(found.into_values().collect())
    }

    /// An unlisted ORI that leads to an end state: the example, or the result of a search.
    fn find_unlisted(
        &self,
        end: usize,
        example: Ori,
        listed: &HashSet<Ori>,
        visits: &mut usize,
    ) -> Result<Option<Ori>, SurveyError> {
        if !listed.contains(&example) {
            return Ok(Some(example));
        }
        *visits += self.positions.iter().map(Vec::len).sum::<usize>() + listed.len();
        if *visits > MAX_VISITS {
            return Err(self.overlap_error());
        }
        Ok(self.search(end, listed))
    }

    fn of(policies: &[&Agencies]) -> Result<Self, SurveyError> {
        let mut all: Vec<(usize, Mask)> = Vec::new();
        let mut offsets = vec![0];
        let mut offset = 0;
        for agencies in policies {
            for (class, number) in agencies.classes().iter().zip(offset..) {
                all.extend(class.patterns.iter().flat_map(masks).map(|mask| (number, mask)));
            }
            offset += agencies.classes().len();
            offsets.push(offset);
        }
        // Patterns without overlaps form a tree, with one state per position each.
        let max_states = all.len().saturating_mul(ORI_LENGTH).saturating_add(MAX_STATES);
        let (suffixes, begin) = suffixes(&all);
        let mut states = vec![normalize(begin)];
        let mut product = Self { offsets, positions: Vec::new(), ends: Vec::new() };
        let mut count = 0;
        for suffixes in &suffixes {
            let mut next = NextStates::default();
            let mut at_place = Vec::new();
            for remainders in states {
                at_place.push(build_state(&remainders, suffixes, &mut next));
                count += 1;
                if count + next.states.len() > max_states {
                    product.ends = next.states.into_iter().map(classes_of).collect();
                    return Err(product.overlap_error());
                }
            }
            product.positions.push(at_place);
            states = next.states;
        }
        product.ends = states.into_iter().map(classes_of).collect();
        if product.ends.iter().filter(|classes| product.is_overlap(classes)).count() > MAX_OVERLAPS {
            return Err(product.overlap_error());
        }
        Ok(product)
    }

    /// Whether several of these classes, numbered over all policies, are of one policy.
    fn is_overlap(&self, classes: &[usize]) -> bool {
        self.ranges().any(|range| classes.iter().filter(|number| range.contains(number)).count() > 1)
    }

    /// For each policy the numbers of its classes.
    fn ranges(&self) -> impl Iterator<Item = Range<usize>> {
        self.offsets.iter().zip(self.offsets.iter().skip(1)).map(|(from, to)| *from..*to)
    }

    /// The policy of a class that is numbered over all policies, and its id there.
    fn policy_and_class(&self, number: usize) -> (usize, ClassId) {
        let policy = self.offsets.partition_point(|offset| *offset <= number).saturating_sub(1);
        let class = number - self.offsets.get(policy).copied().unwrap_or(0);
        (policy, ClassId::try_from(class).unwrap_or(ClassId::MAX))
    }

    /// The error for too many overlaps. It names the classes of one policy that contribute most: a class in half of the
    /// sets doubles their number.
    fn overlap_error(&self) -> SurveyError {
        let mut counts = vec![0_usize; self.offsets.last().copied().unwrap_or(0)];
        for number in self.ends.iter().flatten() {
            counts.get_mut(*number).into_iter().for_each(|count| *count += 1);
        }
        let mut shares: Vec<(usize, (usize, ClassId))> = Vec::with_capacity(counts.len());
        for (number, count) in counts.into_iter().enumerate() {
            let share = count.min(self.ends.len().saturating_sub(count));
            shares.push((share, self.policy_and_class(number)));
        }
        // Of two policies the new one is second, and is the one to fix.
        shares.sort_by_key(|(share, (policy, class))| (Reverse(*share), Reverse(*policy), *class));
        let (greatest, policy) = shares.first().map_or((0, 0), |(share, (policy, _))| (*share, *policy));
        shares.retain(|(share, (own, _))| *own == policy && *share > 0 && share.saturating_mul(2) >= greatest);
        SurveyError::Patterns(shares.into_iter().map(|(_, class)| class).collect())
    }

    /// The end state of an ORI.
    fn follow(&self, ori: Ori) -> usize {
        let mut state = 0;
        for (states, character) in self.positions.iter().zip(ori.as_str().bytes()) {
            state = states.get(state).map_or(0, |state| state.after(character));
        }
        state
    }

    /// The classes of ORIs in an end state by patterns, under each policy.
    fn held(&self, end: usize, policies: &[&Agencies]) -> Vec<Vec<ClassId>> {
        let claimed = self.ends.get(end).map_or(&[][..], Vec::as_slice);
        let mut held = Vec::with_capacity(policies.len());
        for (agencies, range) in policies.iter().zip(self.ranges()) {
            let own = claimed.iter().filter(|number| range.contains(number));
            let own: Vec<ClassId> = own.filter_map(|number| ClassId::try_from(number - range.start).ok()).collect();
            held.push(agencies.after_except(&own));
        }
        held
    }

    /// For every end state an ORI that leads to it, if there is one: ORIs don't start with a digit.
    fn end_examples(&self) -> Vec<Option<Ori>> {
        // The text read so far, by state.
        let mut texts: Vec<Option<Mask>> = vec![Some([0; ORI_LENGTH])];
        for (at, states) in self.positions.iter().enumerate() {
            let width = self.positions.get(at + 1).map_or(self.ends.len(), Vec::len);
            let mut next = vec![None; width];
            for (state, text) in states.iter().zip(&texts) {
                let Some(text) = *text else { continue };
                let other = characters(at).iter().find(|character| !state.names(**character));
                let named = state.named.iter().filter(|(character, _)| characters(at).contains(character));
                for (character, to) in other.map(|other| (*other, state.other)).into_iter().chain(named.copied()) {
                    let mut text = text;
                    if let (Some(slot), Some(symbol)) = (next.get_mut(to), text.get_mut(at)) {
                        *symbol = character;
                        slot.get_or_insert(text);
                    }
                }
            }
            texts = next;
        }
        texts.into_iter().map(|text| Ori::new(std::str::from_utf8(&text?).ok()?)).collect()
    }

    /// An unlisted ORI that leads to an end state. It tries at most one more ORI than are listed.
    fn search(&self, end: usize, listed: &HashSet<Ori>) -> Option<Ori> {
        // The states that lead to the end state.
        let mut leads = vec![(0..self.ends.len()).map(|own| own == end).collect::<Vec<_>>()];
        for (at, states) in self.positions.iter().enumerate().rev() {
            let next = leads.last().map_or(&[][..], Vec::as_slice);
            let found = states
                .iter()
                .map(|state| characters(at).iter().any(|character| next.get(state.after(*character)) == Some(&true)));
            leads.push(found.collect());
        }
        leads.reverse();
        self.search_from(0, 0, &mut Vec::new(), &leads, listed)
    }

    fn search_from(
        &self,
        at: usize,
        state: usize,
        text: &mut Vec<u8>,
        leads: &[Vec<bool>],
        listed: &HashSet<Ori>,
    ) -> Option<Ori> {
        if !*leads.get(at)?.get(state)? {
            return None;
        }
        let Some(states) = self.positions.get(at) else {
            return Ori::new(std::str::from_utf8(text).ok()?).filter(|ori| !listed.contains(ori));
        };
        let state = states.get(state)?;
        characters(at).iter().find_map(|character| {
            text.push(*character);
            let found = self.search_from(at + 1, state.after(*character), text, leads, listed);
            text.pop();
            found
        })
    }
}

/// The possible remainders of masks at each position, and the remainder of each mask at the first.
fn suffixes(all: &[(usize, Mask)]) -> (Vec<Vec<Suffix>>, Vec<Remainder>) {
    let mut begin: Vec<Remainder> = all.iter().map(|(class, _)| (*class, 0)).collect();
    let mut positions = Vec::new();
    for position in (0..ORI_LENGTH).rev() {
        // The first is the remainder that any characters match.
        let free = Suffix { next: ANY, rest: 0 };
        let mut found = vec![free];
        let mut known = HashMap::from([(free, 0)]);
        for ((_, mask), (_, rest)) in all.iter().zip(&mut begin) {
            let suffix = Suffix { next: mask.get(position).copied().unwrap_or(ANY), rest: *rest };
            *rest = *known.entry(suffix).or_insert_with(|| {
                found.push(suffix);
                found.len() - 1
            });
        }
        positions.push(found);
    }
    positions.reverse();
    (positions, begin)
}

/// The states at the next position, as sets of remainders, numbered in the order in which they are found.
#[derive(Default)]
struct NextStates {
    states: Vec<Vec<Remainder>>,
    numbers: HashMap<Vec<Remainder>, usize>,
}

impl NextStates {
    /// The number of the state after a character.
    fn after(&mut self, character: u8, suffixes: &[(usize, Suffix)]) -> usize {
        let matching = suffixes.iter().filter(|(_, suffix)| admits(suffix.next, character));
        self.number(normalize(matching.map(|(class, suffix)| (*class, suffix.rest)).collect()))
    }

    fn number(&mut self, remainders: Vec<Remainder>) -> usize {
        if let Some(number) = self.numbers.get(&remainders) {
            return *number;
        }
        let number = self.states.len();
        self.states.push(remainders.clone());
        self.numbers.insert(remainders, number);
        number
    }
}

/// The state for a set of remainders.
fn build_state(remainders: &[Remainder], suffixes: &[Suffix], next_states: &mut NextStates) -> State {
    let next: Vec<(usize, Suffix)> =
        remainders.iter().filter_map(|(class, remainder)| Some((*class, *suffixes.get(*remainder)?))).collect();
    let mut characters: Vec<u8> = Vec::new();
    for (_, suffix) in &next {
        match suffix.next {
            ANY => {}
            DIGIT => characters.extend(b'0'..=b'9'),
            character => characters.push(character),
        }
    }
    characters.sort_unstable();
    characters.dedup();
    let named = characters.into_iter().map(|character| (character, next_states.after(character, &next))).collect();
    // `ANY` isn't a character of any ORI.
    State { named, other: next_states.after(ANY, &next) }
}

/// The distinct classes of remainders.
fn classes_of(remainders: Vec<Remainder>) -> Vec<usize> {
    let mut classes: Vec<usize> = remainders.into_iter().map(|(class, _)| class).collect();
    classes.dedup();
    classes
}

/// Normalizes a state: sorted, and only the unconditional remainder of a class that has one.
fn normalize(mut remainders: Vec<Remainder>) -> Vec<Remainder> {
    remainders.sort_unstable();
    remainders.dedup();
    // The unconditional remainder has id 0, so it comes first of its class.
    let mut unconditional = None;
    remainders.retain(|(class, remainder)| {
        if *remainder == 0 {
            unconditional = Some(*class);
        }
        *remainder == 0 || unconditional != Some(*class)
    });
    remainders
}
