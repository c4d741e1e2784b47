//! The names of a catalog with their spans, for lints.

use super::load::RawCatalog;
use crate::config::{ConfigError, Document, Spanned};

/// The names that a catalog declares.
#[derive(Debug)]
pub struct CatalogSpans {
    /// The ids of the elements, in the order of the file.
    pub elements: Vec<Spanned<String>>,
    /// Those of them that amend an element, each with the keys that it changes.
    pub amended: Vec<(Spanned<String>, Vec<&'static str>)>,
    /// The groups that each entry names, amendments among them.
    pub memberships: Vec<Membership>,
    /// The groups, in the order of the file.
    pub groups: Vec<Spanned<String>>,
}

/// The groups that an entry puts an element into.
#[derive(Debug)]
pub struct Membership {
    /// The element's id.
    pub id: String,
    /// Whether the entry amends the element.
    pub amends: bool,
    /// Without `group:`.
    pub groups: Vec<String>,
}

impl CatalogSpans {
    /// Reads a catalog's names; [`Catalog`](super::Catalog) validates them.
    pub fn read(document: &Document<'_>) -> Result<Self, ConfigError> {
        let raw: RawCatalog = document.parse()?;
        let amended = raw.element.iter().filter(|element| element.amend);
        let memberships = raw.element.iter().map(|element| Membership {
            id: element.id.get_ref().clone(),
            amends: element.amend,
            groups: element.groups.iter().map(|group| group.get_ref().clone()).collect(),
        });
        Ok(Self {
            memberships: memberships.collect(),
            amended: amended.map(|element| (element.id.clone(), element.amended_keys())).collect(),
            elements: raw.element.into_iter().map(|element| element.id).collect(),
            groups: raw.group.into_iter().map(|group| group.id).collect(),
        })
    }
}
