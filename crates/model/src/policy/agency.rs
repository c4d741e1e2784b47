//! Lookup of an ORI's agency classes: exact ORIs first, then patterns minus `except`, else none.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use foldhash::fast::RandomState;

use super::ori::{Ori, OriPattern};
use super::period::{Period, Periods, Validity};
use super::rule::{ClassId, RuleMetadata};
use crate::date::Date;

/// Maximum number of cached pattern lookups; a stream of made-up ORIs must not exhaust memory (P8).
const MAX_CACHED_ORIS: usize = 1 << 16;

/// The id of a distinct set of agency classes, part of the key of the grant cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClassSetId(u32);

/// The classes that list ORIs exactly, each with the days on which it does.
pub(super) type Listings = HashMap<Ori, Vec<(ClassId, Validity)>>;

/// One agency class as the policy declares it.
#[derive(Debug, Clone)]
pub struct AgencyClass {
    /// Its name.
    pub name: String,
    /// Its patterns of ORIs.
    pub patterns: Vec<OriPattern>,
    /// Classes whose ORIs its patterns don't claim.
    pub except: Vec<ClassId>,
    /// What the policy says of it for people.
    pub metadata: RuleMetadata,
}

/// The agency classes of a policy, indexed for lookup.
#[derive(Debug)]
pub struct Agencies {
    classes: Vec<AgencyClass>,
    /// ORIs that are listed on every day.
    exact: HashMap<Ori, ClassSetId, RandomState>,
    /// ORIs that some class lists on some days only.
    dated: HashMap<Ori, DatedListing, RandomState>,
    sets: ClassSets,
    /// Cached pattern lookups: the set of an ORI, or `None` if no class claims it.
    pattern_cache: RwLock<HashMap<Ori, Option<ClassSetId>, RandomState>>,
}

/// The listings of an ORI that change with the date.
#[derive(Debug)]
struct DatedListing {
    entries: Vec<(ClassId, Validity)>,
    /// The sets of its periods, in order, each with the first; `None` where no class lists it, so that patterns are tried.
    sets: Vec<(Period, Option<ClassSetId>)>,
}

impl DatedListing {
    fn new(entries: Vec<(ClassId, Validity)>, periods: &Periods, sets: &ClassSets) -> Self {
        let in_period = |period| {
            let listing = entries.iter().filter(|(_, validity)| periods.in_force(*validity).contains(period));
            let listing: Vec<ClassId> = listing.map(|(class, _)| *class).collect();
            (!listing.is_empty()).then(|| sets.intern(listing))
        };
        // Between these the same classes list it.
        let ends = entries.iter().flat_map(|(_, validity)| periods.in_force(*validity).ends());
        let mut begins: Vec<Period> = ends.chain([Period::default()]).collect();
        begins.sort_unstable();
        begins.dedup();
        let mut of_periods: Vec<_> = begins.into_iter().map(|period| (period, in_period(period))).collect();
        of_periods.dedup_by(|(_, set), (_, before)| set == before);
        Self { entries, sets: of_periods }
    }

    fn at(&self, period: Period) -> Option<ClassSetId> {
        let begun = self.sets.partition_point(|(first, _)| *first <= period);
        self.sets.get(begun.checked_sub(1)?)?.1
    }
}

impl Agencies {
    pub(super) fn new(classes: Vec<AgencyClass>, listings: Listings, periods: &Periods) -> Self {
        let sets = ClassSets::default();
        let (mut exact, mut dated) = (HashMap::default(), HashMap::default());
        for (ori, entries) in listings {
            if entries.iter().all(|(_, validity)| validity.is_always()) {
                exact.insert(ori, sets.intern(entries.into_iter().map(|(class, _)| class).collect()));
            } else {
                dated.insert(ori, DatedListing::new(entries, periods, &sets));
            }
        }
        Self { classes, exact, dated, sets, pattern_cache: RwLock::default() }
    }

    /// The same on one day, as if there were no other.
    pub(super) fn as_of(&self, date: Date) -> Self {
        let always = |class| (class, Validity::default());
        let mut listings: Listings =
            self.exact.iter().map(|(ori, set)| (*ori, self.members(*set).into_iter().map(always).collect())).collect();
        for (ori, listing) in &self.dated {
            let entries = listing.entries.iter().filter(|(_, validity)| validity.contains(date));
            let entries: Vec<_> = entries.map(|(class, _)| always(*class)).collect();
            if !entries.is_empty() {
                listings.insert(*ori, entries);
            }
        }
        Self::new(self.classes.clone(), listings, &Periods::default())
    }

    /// The classes of an ORI in a period, `None` when no class claims it.
    pub(super) fn classes_of(&self, ori: Ori, period: Period) -> Option<ClassSetId> {
        if let Some(set) = self.exact.get(&ori) {
            return Some(*set);
        }
        if let Some(set) = self.dated.get(&ori).and_then(|listing| listing.at(period)) {
            return Some(set);
        }
        if let Some(known) = self.pattern_cache.read().unwrap_or_else(PoisonError::into_inner).get(&ori) {
            return *known;
        }
        let found = self.by_pattern(ori);
        let set = (!found.is_empty()).then(|| self.sets.intern(found));
        let mut pattern_cache = self.pattern_cache.write().unwrap_or_else(PoisonError::into_inner);
        if pattern_cache.len() < MAX_CACHED_ORIS {
            pattern_cache.insert(ori, set);
        }
        set
    }

    fn by_pattern(&self, ori: Ori) -> Vec<ClassId> {
        let mut claimed = Vec::new();
        for (id, class) in (0..).zip(&self.classes) {
            if class.patterns.iter().any(|pattern| pattern.matches(ori)) {
                claimed.push(id);
            }
        }
        self.after_except(&claimed)
    }

    /// Filters the classes whose patterns claim an ORI, in the policy's order: drops those that except another of them.
    pub fn after_except(&self, claimed: &[ClassId]) -> Vec<ClassId> {
        let mut members = claimed.to_vec();
        members.retain(|id| {
            let class = self.class(*id);
            class.is_some_and(|class| !class.except.iter().any(|other| claimed.binary_search(other).is_ok()))
        });
        members
    }

    /// The classes of a set, in the policy's order.
    pub(super) fn members(&self, set: ClassSetId) -> Vec<ClassId> {
        self.sets.members(set)
    }

    /// Every class, in the order of their names.
    pub fn classes(&self) -> &[AgencyClass] {
        &self.classes
    }

    pub(crate) fn class(&self, id: ClassId) -> Option<&AgencyClass> {
        self.classes.get(usize::from(id))
    }

    pub(super) fn name(&self, id: ClassId) -> &str {
        self.class(id).map_or("", |class| &class.name)
    }

    /// Every interned set of classes with its members.
    pub fn sets(&self) -> HashMap<ClassSetId, Vec<ClassId>> {
        let sets = self.sets.0.read().unwrap_or_else(PoisonError::into_inner);
        sets.numbers.iter().map(|(classes, id)| (ClassSetId(*id), classes.clone())).collect()
    }

    /// The ORIs that are exactly listed on every day, each with its set. Of a policy as of a day these are all.
    pub fn exact(&self) -> &HashMap<Ori, ClassSetId, RandomState> {
        &self.exact
    }
}

/// Interned sets of classes.
#[derive(Debug, Default)]
struct ClassSets(RwLock<ClassSetTable>);

#[derive(Debug, Default)]
struct ClassSetTable {
    numbers: HashMap<Vec<ClassId>, u32>,
    /// By set id.
    members: Vec<Vec<ClassId>>,
}

impl ClassSets {
    fn intern(&self, mut classes: Vec<ClassId>) -> ClassSetId {
        classes.sort_unstable();
        classes.dedup();
        let mut sets = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = sets.numbers.get(&classes) {
            return ClassSetId(*number);
        }
        let next = u32::try_from(sets.members.len()).unwrap_or(u32::MAX);
        sets.members.push(classes.clone());
        sets.numbers.insert(classes, next);
        ClassSetId(next)
    }

    fn members(&self, set: ClassSetId) -> Vec<ClassId> {
        let sets = self.0.read().unwrap_or_else(PoisonError::into_inner);
        sets.members.get(set.0 as usize).cloned().unwrap_or_default()
    }
}
