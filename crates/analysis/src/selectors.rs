//! Sets of data elements in the fewest words: a whole branch by its prefix, as rules name it, and the others one by
//! one.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};

use dmv_redact::Catalog;
use dmv_redact_model::catalog::ElementId;

/// Data elements that are reported together: for people in the fewest words, for programs by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elements {
    ids: Vec<String>,
    selectors: Vec<String>,
}

impl Elements {
    pub(crate) fn of(catalog: &Catalog, elements: &BTreeSet<ElementId>) -> Self {
        let ids = elements.iter().filter_map(|id| catalog.element(*id)).map(|element| element.id().to_owned());
        Self { ids: ids.collect(), selectors: selectors(catalog, elements) }
    }

    /// For people.
    pub(crate) fn selectors(&self) -> &[String] {
        &self.selectors
    }
}

/// Each id is exactly one element, as in the lists of a case: a prefix would include what is below it.
impl Serialize for Elements {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.ids.serialize(serializer)
    }
}

/// Follows the id of an element without what is below it: rules have no selector for that.
const ALONE: &str = " alone";

/// Ids and prefixes that name exactly these elements, in the order of the catalog.
pub fn selectors(catalog: &Catalog, elements: &BTreeSet<ElementId>) -> Vec<String> {
    let mut named = Vec::new();
    let mut done = BTreeSet::new();
    for (id, element) in catalog.iter().filter(|(id, _)| elements.contains(id)) {
        if done.contains(&id) {
            continue;
        }
        let dots = element.id().match_indices('.').map(|(at, _)| at);
        let prefixes = dots.filter_map(|end| element.id().get(..end)).chain([element.id()]);
        // The shortest prefix that names nothing else; the id itself may include what is below it.
        let whole = prefixes
            .map(|prefix| (prefix, catalog.select(prefix)))
            .find(|(_, all)| all.iter().all(|id| elements.contains(id)));
        let (name, all) = match whole {
            Some((name, all)) => (name.to_owned(), all),
            None => (format!("{}{ALONE}", element.id()), vec![id]),
        };
        named.push(name);
        done.extend(all);
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_are_named_where_they_are_whole() {
        let catalog = Catalog::load(dmv_redact::shipped::CATALOG, &[]).unwrap();
        let whole: BTreeSet<_> = ["person.address", "license"].iter().flat_map(|name| catalog.select(name)).collect();
        assert_eq!(selectors(&catalog, &whole), ["person.address", "license"]);
        let mut broken = whole;
        broken.remove(&catalog.find("person.address.street").unwrap());
        let named = selectors(&catalog, &broken);
        assert!(
            named.contains(&"license".to_owned()) && named.contains(&"person.address.city".to_owned()),
            "{named:?}"
        );
        let resolved = named.iter().flat_map(|name| match name.strip_suffix(ALONE) {
            Some(id) => catalog.find(id).into_iter().collect(),
            None => catalog.select(name),
        });
        assert_eq!(resolved.collect::<BTreeSet<_>>(), broken);
    }
}
