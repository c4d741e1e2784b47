//! A text mapping as its author wrote it.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;

use super::super::extend::Inherited;
use crate::config::Spanned;

/// A `[[text]]` table: a layout, and the paths whose texts may have it.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(in crate::format) struct RawText {
    /// Its name in errors.
    pub(in crate::format) name: Spanned<String>,
    /// Paths below the root whose texts may have this layout.
    pub(in crate::format) paths: Vec<Spanned<String>>,
    /// A pattern that distinguishes this layout from others, at its beginning. Its groups are envelope elements.
    pub(super) recognise: Spanned<String>,
    /// The named groups of `recognise`, and the data element of each.
    #[serde(default)]
    pub(super) groups: Groups,
    /// Stretches that hold no fields.
    #[serde(default)]
    pub(super) skip: Vec<RawSkip>,
    /// Patterns of fields.
    pub(super) field: Vec<RawField>,
}

impl Inherited for RawText {
    fn at(self, place: &Range<usize>) -> Self {
        let Self { name, paths, recognise, groups, skip, field } = self;
        Self {
            name: name.at(place),
            paths: paths.at(place),
            recognise: recognise.at(place),
            groups: groups.at(place),
            skip: skip.at(place),
            field: field.at(place),
        }
    }
}

impl Inherited for RawSkip {
    fn at(self, place: &Range<usize>) -> Self {
        Self { from: self.from.at(place), to: self.to.at(place) }
    }
}

impl Inherited for RawField {
    fn at(self, place: &Range<usize>) -> Self {
        Self { pattern: self.pattern.at(place), groups: self.groups.at(place) }
    }
}

impl Inherited for Groups {
    fn at(self, place: &Range<usize>) -> Self {
        self.into_iter().map(|(name, element)| (name.at(place), element.at(place))).collect()
    }
}

impl RawText {
    /// The pattern that it is recognised by.
    pub(in crate::format) fn heading(&self) -> &str {
        self.recognise.get_ref()
    }

    /// All that it says but its name and its paths, for a comparison.
    pub(in crate::format) fn content(&self) -> Vec<String> {
        let groups = |groups: &Groups| -> String {
            groups.iter().map(|(name, element)| format!("{}={} ", name.get_ref(), element.get_ref())).collect()
        };
        let skips = self.skip.iter().map(|skip| {
            let to = skip.to.as_ref().map(Spanned::get_ref);
            format!("skip {:?} {to:?}", skip.from.get_ref())
        });
        let fields = self.field.iter().map(|field| format!("{} {}", field.pattern.get_ref(), groups(&field.groups)));
        [self.heading().to_owned(), groups(&self.groups)].into_iter().chain(skips).chain(fields).collect()
    }
}

/// A stretch of the text that holds no fields.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawSkip {
    /// A pattern of what it begins with.
    pub(super) from: Spanned<String>,
    /// A pattern of what follows it; left out: it extends to the end of the text.
    pub(super) to: Option<Spanned<String>>,
}

/// A field, or several next to each other.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawField {
    /// A regular expression: fixed text, white space, and named groups `(?<name>...)`.
    pub(super) pattern: Spanned<String>,
    /// Its named groups, and the data element of each.
    pub(super) groups: Groups,
}

/// Named groups and their data elements.
pub(super) type Groups = BTreeMap<Spanned<String>, Spanned<String>>;
