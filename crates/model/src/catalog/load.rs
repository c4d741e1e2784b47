//! Reads the catalog from TOML: the built-in one and a state's additions.

use std::collections::HashMap;

use serde::Deserialize;

use super::shape::{ContentRules, ShapeCompiler, SsnForms};
use super::{
    Catalog, DPPA_HIGHLY_RESTRICTED, DPPA_PERSONAL, ENVELOPE, Element, ElementId, Kind, Sensitivity, is_prefix,
};
use crate::config::{ConfigError, Document, Errors, Origin, Spanned, all};

/// Data elements: what a response can say of a person, a license or a vehicle, whatever a format calls it.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawCatalog {
    /// Cross-cutting groups of elements; rules name them `group:ID`.
    #[serde(default)]
    pub(super) group: Vec<RawGroup>,
    /// Data elements.
    #[serde(default)]
    pub(super) element: Vec<RawElement>,
}

/// The JSON Schema of a catalog, from the type that loads it. It says what types can say; more is added to it by whoever writes
/// the schema files.
#[cfg(feature = "schema")]
pub fn table_schema(generator: schemars::SchemaGenerator) -> schemars::Schema {
    generator.into_root_schema_for::<RawCatalog>()
}

/// A cross-cutting group of elements.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawGroup {
    /// Its name, without `group:`.
    pub(super) id: Spanned<String>,
    /// What it is, for people.
    #[serde(rename = "title")]
    _title: String,
    /// Where it comes from: a statute, a model.
    #[serde(rename = "source")]
    _source: Option<String>,
}

/// A data element.
#[derive(Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawElement {
    /// A dotted name: lower-case letters, digits and hyphens. A prefix at a dot is a group.
    pub(super) id: Spanned<String>,
    /// Whether it amends the element of this id, which another catalog declares or is built in: what is given here holds in
    /// place of what that says; `groups` are added to its own.
    #[serde(default)]
    pub(super) amend: bool,
    /// What it is, for people.
    title: Option<String>,
    /// How the Driver's Privacy Protection Act, 18 U.S.C. 2725(3) and (4), ranks it.
    dppa: Option<Spanned<Sensitivity>>,
    /// Where it comes from: a statute, a NIEM element.
    source: Option<String>,
    /// What kind of value it has; this says which treatments it takes.
    kind: Option<Kind>,
    /// A regular expression that a released value must match whole. `\d`, `\w` and ranges are ASCII.
    shape: Option<Spanned<String>>,
    /// How many characters a released value may have.
    max_length: Option<usize>,
    /// Its values are Social Security numbers, or written like them.
    holds_ssn: Option<bool>,
    /// Its values may be nine digits without hyphens, and are no Social Security numbers: license numbers of some
    /// states.
    holds_nine_digits: Option<bool>,
    /// Its values may be phrases: remarks, statuses in words, captions of images. Left out, a text without a shape of its own may
    /// be one; an image has notes of one word beside it.
    holds_phrase: Option<bool>,
    /// The cross-cutting groups it is in, without `group:`.
    #[serde(default)]
    pub(super) groups: Vec<Spanned<String>>,
}

impl Catalog {
    /// The catalog that ships with the filter and, after it, those of `added`.
    ///
    /// # Errors
    /// Everything that is wrong with the tables of `added`.
    #[doc(hidden)]
    pub fn load(built_in: Document<'_>, added: &[Document<'_>]) -> Result<Self, ConfigError> {
        let mut catalog = CatalogReader {
            elements: Vec::new(),
            by_id: HashMap::new(),
            groups: vec![DPPA_PERSONAL.to_owned(), DPPA_HIGHLY_RESTRICTED.to_owned()],
            written: HashMap::new(),
        };
        let mut shapes = ShapeCompiler::default();
        let mut errors = Errors::default();
        let added = added.iter().map(|document| (document, Origin::Added));
        for (document, origin) in std::iter::once((&built_in, Origin::BuiltIn)).chain(added) {
            let Some(raw) = document.read::<RawCatalog>(&mut errors) else { continue };
            for group in raw.group {
                errors.take(catalog.add_group(document, group));
            }
            for element in raw.element {
                errors.take(catalog.add_element((document, origin), element, &mut shapes));
            }
        }
        errors.finish()?;
        let CatalogReader { elements, by_id, groups, .. } = catalog;
        Ok(Self { elements, by_id, groups })
    }
}

/// A catalog while its files are read.
struct CatalogReader {
    elements: Vec<Element>,
    by_id: HashMap<String, ElementId>,
    groups: Vec<String>,
    /// Each element as it is written, for amendments.
    written: HashMap<String, Written>,
}

/// An element as it is written, and who wrote its shape.
struct Written {
    raw: RawElement,
    origin: Origin,
}

impl CatalogReader {
    fn add_group(&mut self, document: &Document<'_>, raw: RawGroup) -> Result<(), ConfigError> {
        document.word(&raw.id, "group")?;
        let id = raw.id.get_ref();
        if self.groups.contains(id) {
            return Err(document.error(&raw.id.span(), format!("group `{id}` is declared twice")));
        }
        self.groups.push(raw.id.into_inner());
        Ok(())
    }

    fn add_element(
        &mut self,
        (document, origin): (&Document<'_>, Origin),
        raw: RawElement,
        shapes: &mut ShapeCompiler,
    ) -> Result<(), ConfigError> {
        let span = raw.id.span();
        let id = raw.id.get_ref().clone();
        if !is_element_id(&id) {
            let message =
                format!("`{id}` is no element id: lower-case letters, digits and hyphens, steps joined by dots");
            return Err(document.error(&span, message));
        }
        let (raw, origin) = match raw.amend {
            true => {
                let (raw, declared) = self.amended(document, raw)?;
                (raw, declared.unwrap_or(origin))
            }
            false if self.by_id.contains_key(&id) => {
                let error = document.error(&span, format!("element `{id}` is declared twice"));
                return Err(error.help("to change it, say `amend = true`"));
            }
            false => (raw, origin),
        };
        let index = match u16::try_from(self.elements.len()) {
            Ok(next) => self.by_id.get(&id).copied().unwrap_or(ElementId(next)),
            Err(_) => return Err(document.error(&span, "more than 65,536 data elements")),
        };
        let element = self.element((document, origin), &raw, shapes)?;
        match self.elements.get_mut(index.index()) {
            Some(amended) => *amended = element,
            None => self.elements.push(element),
        }
        self.by_id.insert(id.clone(), index);
        self.written.insert(id, Written { raw, origin });
        Ok(())
    }

    /// What an amendment makes of the element of its id.
    fn amended(&self, document: &Document<'_>, raw: RawElement) -> Result<(RawElement, Option<Origin>), ConfigError> {
        let span = raw.id.span();
        let id = raw.id.get_ref();
        let Some(Written { raw: base, origin }) = self.written.get(id) else {
            let error = document.error(&span, format!("`{id}` is to be amended, and is no element"));
            return Err(error.nearest(id, self.elements.iter().map(Element::id)));
        };
        if base.amend {
            return Err(document.error(&span, format!("`{id}` is amended twice")));
        }
        if let Some(dppa) = &raw.dppa {
            let message = format!("`dppa` of `{id}` can't be amended: the law ranks it");
            return Err(document.error(&dppa.span(), message));
        }
        let kinds = (base.kind.unwrap_or_default(), raw.kind.or(base.kind).unwrap_or_default());
        if is_searched_for_ssn(kinds.0) && !is_searched_for_ssn(kinds.1) && raw.holds_ssn.is_none() {
            let message = format!("as this kind, `{id}` isn't searched for Social Security numbers any more");
            return Err(document.error(&span, message).help("say so with `holds-ssn = true`, or keep its kind"));
        }
        // The pattern of a built-in element remains one that tests have proved.
        let origin = raw.shape.is_none().then_some(*origin);
        let base = base.clone();
        let merged = RawElement {
            id: raw.id,
            amend: true,
            title: raw.title.or(base.title),
            dppa: base.dppa,
            source: raw.source.or(base.source),
            kind: raw.kind.or(base.kind),
            shape: raw.shape.or(base.shape),
            max_length: raw.max_length.or(base.max_length),
            holds_ssn: raw.holds_ssn.or(base.holds_ssn),
            holds_nine_digits: raw.holds_nine_digits.or(base.holds_nine_digits),
            holds_phrase: raw.holds_phrase.or(base.holds_phrase),
            groups: base
                .groups
                .iter()
                .cloned()
                .chain(raw.groups.into_iter().filter(|own| !base.groups.contains(own)))
                .collect(),
        };
        Ok((merged, origin))
    }

    fn element(
        &self,
        (document, origin): (&Document<'_>, Origin),
        raw: &RawElement,
        shapes: &mut ShapeCompiler,
    ) -> Result<Element, ConfigError> {
        let id = raw.id.get_ref();
        let sensitivity = raw.dppa.as_ref().map(|dppa| *dppa.get_ref()).unwrap_or_default();
        let groups = self.element_groups(document, &raw.groups, sensitivity)?;
        let pattern = raw.shape.as_ref().map(|shape| (shape.get_ref().as_str(), origin));
        let envelope = is_prefix(ENVELOPE, id);
        let kind = raw.kind.unwrap_or_default();
        let shape = shapes.compile(kind, pattern, raw.max_length, raw.content_rules(envelope)).map_err(|problem| {
            let at = raw.shape.as_ref().map_or(raw.id.span(), Spanned::span);
            document
                .error(&at, format!("the shape of `{id}` can't be used: {problem}"))
                .help("a length bound goes into `max-length`, not into a counted repetition")
        })?;
        Ok(Element {
            id: id.clone(),
            title: raw.title.clone().unwrap_or_default(),
            sensitivity,
            source: raw.source.clone(),
            kind,
            shape,
            groups,
            envelope,
        })
    }

    /// The groups of an element: those that it names, and those of its sensitivity.
    fn element_groups(
        &self,
        document: &Document<'_>,
        names: &[Spanned<String>],
        sensitivity: Sensitivity,
    ) -> Result<Vec<String>, ConfigError> {
        let mut groups = all(names.iter().map(|group| {
            let name = group.get_ref();
            if !self.groups.contains(name) {
                let error = document.error(&group.span(), format!("unknown group `{name}`"));
                return Err(error.nearest(name, self.groups.iter().map(String::as_str)));
            }
            Ok(name.clone())
        }))?;
        if sensitivity != Sensitivity::None {
            groups.push(DPPA_PERSONAL.to_owned());
        }
        if sensitivity == Sensitivity::HighlyRestricted {
            groups.push(DPPA_HIGHLY_RESTRICTED.to_owned());
        }
        Ok(groups)
    }
}

impl RawElement {
    /// The keys of an amendment, those that it changes.
    pub(super) fn amended_keys(&self) -> Vec<&'static str> {
        let given = [
            ("title", self.title.is_some()),
            ("source", self.source.is_some()),
            ("kind", self.kind.is_some()),
            ("shape", self.shape.is_some()),
            ("max-length", self.max_length.is_some()),
            ("holds-ssn", self.holds_ssn.is_some()),
            ("holds-nine-digits", self.holds_nine_digits.is_some()),
            ("holds-phrase", self.holds_phrase.is_some()),
            ("groups", !self.groups.is_empty()),
        ];
        given.into_iter().filter(|(_, is_given)| *is_given).map(|(key, _)| key).collect()
    }

    /// The checks of a value's content that no pattern makes.
    fn content_rules(&self, is_envelope: bool) -> ContentRules {
        let kind = self.kind.unwrap_or_default();
        let refused_ssn = match kind {
            _ if self.holds_ssn == Some(true) || !is_searched_for_ssn(kind) => SsnForms::None,
            Kind::Image => SsnForms::Separated,
            // Control fields of many switches have nine digits.
            _ if self.holds_nine_digits == Some(true) || is_envelope => SsnForms::Separated,
            _ => SsnForms::All,
        };
        let is_free_text = matches!(kind, Kind::Text | Kind::Record) && self.shape.is_none();
        ContentRules { refused_ssn, phrase: self.holds_phrase.unwrap_or(is_free_text) }
    }
}

/// Whether values of a kind are searched for Social Security numbers: those of other kinds are too short, or dates.
fn is_searched_for_ssn(kind: Kind) -> bool {
    match kind {
        Kind::Date | Kind::PostalCode | Kind::Number => false,
        Kind::Text | Kind::Identifier | Kind::Code | Kind::Image | Kind::Record => true,
    }
}

fn is_element_id(id: &str) -> bool {
    id.split('.').all(|step| {
        step.starts_with(|first: char| first.is_ascii_lowercase())
            && step.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Catalog::load(crate::built_in::CATALOG, &[Document { file: "c.toml", text }]).unwrap_err().to_string()
    }

    fn ids<'c>(catalog: &'c Catalog, selector: &str) -> Vec<&'c str> {
        catalog.select(selector).into_iter().filter_map(|id| catalog.element(id)).map(Element::id).collect()
    }

    #[test]
    fn the_built_in_catalog_loads_and_groups_are_prefixes_at_a_dot() {
        let catalog = Catalog::load(crate::built_in::CATALOG, &[]).unwrap();
        assert!(ids(&catalog, "person.name").contains(&"person.name.given"));
        assert!(ids(&catalog, "person.nam").is_empty());
        assert!(ids(&catalog, "group:dppa-highly-restricted").contains(&"person.ssn"));
        assert!(ids(&catalog, "group:dppa-personal").contains(&"person.ssn"));
        assert!(!ids(&catalog, "group:immigration").is_empty());
    }

    #[test]
    fn every_shape_of_the_built_in_catalog_can_be_compiled() {
        let catalog = Catalog::load(crate::built_in::CATALOG, &[]).unwrap();
        let mut known = Vec::new();
        for (_, element) in catalog.iter() {
            let (pattern, _) = element.shape().declared();
            if !known.contains(&pattern) {
                assert!(element.shape().compiles(), "{}", element.id());
                known.push(pattern);
            }
        }
    }

    #[test]
    fn all_errors_are_reported_at_once() {
        let text = "[[group]]\nid = 'immigration'\ntitle = ''\n[[element]]\nid = 'X'\n[[element]]\nid = 'x.y'\n\
                    groups = ['imigration', 'none']\nkind = 'txt'\n[[element]]\nid = 5\n";
        let places: Vec<String> = error(text).lines().map(|line| line.split(": ").next().unwrap().to_owned()).collect();
        assert_eq!(places, ["c.toml:2:6", "c.toml:5:6", "c.toml:8:11", "c.toml:8:25", "c.toml:9:8", "c.toml:11:6"]);
    }

    #[test]
    fn errors_name_the_place_and_the_nearest_spelling() {
        assert_eq!(
            error("[[element]]\nid = 'person.ssn'"),
            "c.toml:2:6: element `person.ssn` is declared twice; to change it, say `amend = true`"
        );
        assert_eq!(
            error("[[element]]\nid = 'x.y'\ngroups = ['imigration']"),
            "c.toml:3:11: unknown group `imigration`; did you mean `immigration`?"
        );
        assert!(error("[[element]]\nid = 'X'").starts_with("c.toml:2:6: `X` is no element id"));
        assert!(
            error("[[element]]\nid = 'x'\nshape = 'a('")
                .starts_with("c.toml:3:9: the shape of `x` can't be used: unclosed group")
        );
        assert!(error("[[element]]\nid = 'x'\nkind = 'txt'").ends_with("did you mean `text`?"));
    }
}
