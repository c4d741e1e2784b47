//! Finding the place that a name leads to with one look: a hash table over all steps of a mapping, made once. The hash
//! takes in the ends of a name, where names differ; a table of few names needs no better one.

use super::table::Name;

/// A step of the mapping.
#[derive(Debug)]
struct Step {
    from: usize,
    namespace: usize,
    is_attribute: bool,
    local: Box<str>,
    to: usize,
}

/// All steps, by place and name.
#[derive(Debug, Default)]
pub(super) struct Index {
    steps: Vec<Step>,
    /// The place of a step, from 1, where its hash leads to, or the next free slot behind; 0 is a free one.
    slots: Vec<usize>,
}

impl Index {
    pub(super) fn new<'t>(steps: impl Iterator<Item = (usize, Name<'t>, usize)>) -> Self {
        let step = |(from, name, to): (usize, Name<'_>, usize)| {
            let Name { namespace, is_attribute, local } = name;
            Step { from, namespace, is_attribute, local: local.into(), to }
        };
        let steps: Vec<Step> = steps.map(step).collect();
        // Never more than a quarter full, so that what is looked for is found at once or isn't there.
        let mut slots = vec![0; (steps.len() * 4).next_power_of_two()];
        let mask = slots.len() - 1;
        for (place, step) in steps.iter().enumerate() {
            let mut at = hash(step.from, step.namespace, &step.local) & mask;
            while slots.get(at).is_some_and(|slot| *slot != 0) {
                at = (at + 1) & mask;
            }
            if let Some(slot) = slots.get_mut(at) {
                *slot = place + 1;
            }
        }
        Self { steps, slots }
    }

    /// Where a name leads to from a place.
    pub(super) fn find(&self, from: usize, name: Name<'_>) -> Option<usize> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = hash(from, name.namespace, name.local) & mask;
        loop {
            let step = self.slots.get(at)?.checked_sub(1).and_then(|place| self.steps.get(place))?;
            if step.from == from
                && step.namespace == name.namespace
                && step.is_attribute == name.is_attribute
                && *step.local == *name.local
            {
                return Some(step.to);
            }
            at = (at + 1) & mask;
        }
    }
}

fn hash(from: usize, namespace: usize, local: &str) -> usize {
    const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
    let bytes = local.as_bytes();
    let (first, last) = match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (bytes.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)), 0),
    };
    let whole = (from << 32 ^ namespace << 16 ^ bytes.len()) as u64;
    let mixed = (first.wrapping_mul(MIX) ^ last.rotate_left(23) ^ whole).wrapping_mul(MIX);
    (mixed >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_found_from_its_place_alone() {
        let locals = ["", "a", "b", "id", "ab", "PersonGivenName", "PersonMiddleName", "personGivenName", "é"];
        let names = || {
            locals.iter().flat_map(|local| {
                [(3, false), (3, true), (4, false)].map(|(namespace, is_attribute)| Name {
                    namespace,
                    is_attribute,
                    local,
                })
            })
        };
        let steps: Vec<_> = (0..40).flat_map(|from| names().map(move |name| (from, name))).collect();
        // Every other step is known.
        let known = steps.iter().enumerate().step_by(2).map(|(to, (from, name))| (*from, *name, to));
        let index = Index::new(known);
        for (at, (from, name)) in steps.iter().enumerate() {
            assert_eq!(index.find(*from, *name), (at % 2 == 0).then_some(at), "{from} {name:?}");
        }
        assert_eq!(
            Index::new(std::iter::empty()).find(0, Name { namespace: 0, is_attribute: false, local: "a" }),
            None
        );
        assert_eq!(Index::default().find(0, Name { namespace: 0, is_attribute: false, local: "a" }), None);
    }
}
