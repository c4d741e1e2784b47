//! The catalog: every data element the filter knows, whatever a format calls it.
//!
//! The lowest layer. Policies name elements by id, prefix or group; mappings map paths to them; all layers above use
//! [`ElementId`].

mod disguise;
mod kind;
mod load;
mod pattern;
mod plain;
mod sentence;
mod shape;
mod spans;

use std::collections::HashMap;

pub use kind::{Kind, Sensitivity, Treatment};
#[cfg(feature = "schema")]
pub use load::table_schema;
pub use shape::Shape;
pub use shape::trim;
pub use spans::{CatalogSpans, Membership};

/// The id that every grant includes: what routing needs. Its parts are `envelope.*`.
pub const ENVELOPE: &str = "envelope";
/// The prefix of a selector for a cross-cutting group.
pub const GROUP_PREFIX: &str = "group:";
/// The group of elements that are personal information; highly restricted ones are in it too.
pub const DPPA_PERSONAL: &str = "dppa-personal";
/// The group of highly restricted elements.
pub const DPPA_HIGHLY_RESTRICTED: &str = "dppa-highly-restricted";

/// The index of a data element in the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ElementId(u16);

impl ElementId {
    /// The id as an index, from 0.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The id for an index; `None` if it is too large for any catalog.
    #[doc(hidden)]
    pub fn at(index: usize) -> Option<Self> {
        u16::try_from(index).ok().map(Self)
    }
}

/// One kind of fact about a person, a license or a vehicle.
#[derive(Debug, Clone)]
pub struct Element {
    id: String,
    title: String,
    sensitivity: Sensitivity,
    source: Option<String>,
    kind: Kind,
    shape: Shape,
    groups: Vec<String>,
    envelope: bool,
}

impl Element {
    /// The dotted id, `person.birth-date` for instance.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The last step of its id, its name within its group.
    #[doc(hidden)]
    pub fn last_step(&self) -> &str {
        self.id.rsplit_once('.').map_or(&self.id, |(_, step)| step)
    }

    /// A short title for people.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// How the DPPA (18 U.S.C. 2725(3) and (4)) ranks it.
    #[must_use]
    pub fn sensitivity(&self) -> Sensitivity {
        self.sensitivity
    }

    /// Where the element comes from: a statute, a NIEM element, an Nlets page.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// The kind of its values, which determines the treatments it takes.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The shape that a released value must have.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The cross-cutting groups it is in, without the `group:` prefix.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().map(String::as_str)
    }

    /// Whether it is `envelope` or one of its parts, which no rule names.
    #[must_use]
    pub fn is_envelope(&self) -> bool {
        self.envelope
    }

    /// Whether every grant includes it: the envelope, but for the legal notice of a message, in whose place the policy's own
    /// is written.
    #[must_use]
    pub fn is_in_every_grant(&self) -> bool {
        self.envelope && self.id != LEGAL_NOTICE_ELEMENT
    }
}

/// The data element of the notice of the law under which an answer is limited: the filter alone writes it.
pub const LEGAL_NOTICE_ELEMENT: &str = "envelope.legal-notice";

/// All data elements, built-in and added, in the order they were declared.
#[derive(Debug, Clone)]
pub struct Catalog {
    elements: Vec<Element>,
    by_id: HashMap<String, ElementId>,
    groups: Vec<String>,
}

impl Catalog {
    /// How many elements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// The element at `id`; `None` for an id of another catalog.
    #[must_use]
    pub fn element(&self, id: ElementId) -> Option<&Element> {
        self.elements.get(id.index())
    }

    /// Every element with its id.
    pub fn iter(&self) -> impl Iterator<Item = (ElementId, &Element)> {
        (0..).map(ElementId).zip(&self.elements)
    }

    /// Builds what is otherwise built for the first value of each element.
    #[doc(hidden)]
    pub fn warm(&self) {
        self.elements.iter().for_each(|element| element.shape.warm());
    }

    /// The element with exactly this dotted id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<ElementId> {
        self.by_id.get(id).copied()
    }

    /// The elements that a selector matches: an id, a prefix of dotted ids at a dot, or `group:<name>`. Empty if it
    /// matches none.
    #[must_use]
    pub fn select(&self, selector: &str) -> Vec<ElementId> {
        self.iter().filter(|(_, element)| is_selected(element, selector)).map(|(id, _)| id).collect()
    }

    /// All valid selectors, for suggestions: ids, their prefixes, groups.
    #[doc(hidden)]
    pub fn selectors(&self) -> Vec<String> {
        let mut all: Vec<String> = self.groups.iter().map(|group| format!("{GROUP_PREFIX}{group}")).collect();
        for element in &self.elements {
            let dots = element.id.match_indices('.').map(|(at, _)| at);
            all.extend(dots.chain([element.id.len()]).filter_map(|end| element.id.get(..end)).map(str::to_owned));
        }
        all.sort_unstable();
        all.dedup();
        all
    }
}

fn is_selected(element: &Element, selector: &str) -> bool {
    match selector.strip_prefix(GROUP_PREFIX) {
        Some(group) => element.groups.iter().any(|own| own == group),
        None => is_prefix(selector, &element.id),
    }
}

/// Whether `prefix` is `id` itself or ends at one of its dots: `license` covers `license.status`, not `licensee`.
fn is_prefix(prefix: &str, id: &str) -> bool {
    id.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
