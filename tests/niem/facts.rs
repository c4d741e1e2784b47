//! The table of facts, and what it says of a step.

use std::collections::BTreeMap;

use super::Step;

/// An element by its namespace and local name.
pub(super) type Element = (String, String);

/// What is in an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Content {
    Simple,
    Complex,
    /// Nothing: others substitute it.
    Abstract,
}

pub(super) struct Facts {
    /// Steps that a published model has; those from nothing say that there is such an element.
    steps: BTreeMap<Step, Content>,
    namespaces: Vec<String>,
}

impl Facts {
    pub(super) fn load() -> Self {
        let rows = |table: &'static str| table.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
        let bound: BTreeMap<(&str, &str), &str> =
            rows(include_str!("namespaces.csv")).map(|row| ((row[0], row[1]), row[2])).collect();
        let mut steps = BTreeMap::new();
        for row in rows(include_str!("facts.csv")) {
            let [release, parent, child, how, content, source] = row[..] else { panic!("{row:?}") };
            let element = |name: &str| {
                let (prefix, local) = name.split_once(':').unwrap();
                (bound[&(release, prefix)].to_owned(), local.to_owned())
            };
            let parent = (how != "element").then(|| element(parent));
            let content = match content {
                "simple" => Content::Simple,
                "complex" => Content::Complex,
                "abstract" => Content::Abstract,
                _ => panic!("{row:?}"),
            };
            assert!(["element", "direct", "derived", "substitution", "augmentation"].contains(&how), "{row:?}");
            assert!(!source.is_empty(), "{row:?}");
            assert!(steps.insert((parent, element(child)), content).is_none(), "twice: {row:?}");
        }
        Self { steps, namespaces: bound.into_values().map(str::to_owned).collect() }
    }

    /// Whether a namespace is NIEM's, of whatever release: the models of every release are under these.
    pub(super) fn is_niem(&self, namespace: &str) -> bool {
        let published = ["http://niem.gov/", "http://release.niem.gov/", "https://docs.oasis-open.org/niemopen/"];
        self.namespaces.iter().any(|known| known == namespace) || published.iter().any(|uri| namespace.starts_with(uri))
    }

    /// What is wrong with a step. Elements of ours may be anywhere in elements of ours; in one of NIEM only as its
    /// augmentation, where the model has a place for one.
    pub(super) fn fault(&self, (parent, child): &Step) -> Option<String> {
        let of_niem = parent.as_ref().filter(|parent| self.is_niem(&parent.0));
        if !self.is_niem(&child.0) {
            let parent = of_niem?;
            let is_augmentation = child.1.ends_with("Augmentation") && self.has_augmentation_point(parent, &child.1);
            return (!is_augmentation).then(|| format!("ours in NIEM's: {} in {}", shown(child), shown(parent)));
        }
        if !self.steps.contains_key(&(None, child.clone())) {
            return Some(format!("no such element: {}", shown(child)));
        }
        let parent = of_niem?;
        let is_there = self.steps.contains_key(&(Some(parent.clone()), child.clone()));
        (!is_there).then(|| format!("not there: {} in {}", shown(child), shown(parent)))
    }

    /// Whether an element has the point that an augmentation of this name substitutes.
    fn has_augmentation_point(&self, parent: &Element, augmentation: &str) -> bool {
        let point = format!("{augmentation}Point");
        self.steps.keys().any(|(holder, held)| holder.as_ref() == Some(parent) && held.1 == point)
    }

    /// Why an element holds no value of its own.
    pub(super) fn no_value(&self, element: &Element) -> Option<String> {
        self.other_content(element, Content::Simple)
    }

    /// Whether the content of an element of NIEM is of another kind in the model.
    pub(super) fn other_content(&self, element: &Element, content: Content) -> Option<String> {
        let published = *self.steps.get(&(None, element.clone()))?;
        (published != content).then(|| format!("{published:?}, not {content:?}: {}", shown(element)))
    }
}

fn shown((namespace, local): &Element) -> String {
    format!("{{{namespace}}}{local}")
}
