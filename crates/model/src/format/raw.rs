//! A `format.toml` as its author wrote it, before paths and names are resolved.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::Syntax;
use super::text::RawText;
use crate::config::Spanned;

/// How messages of one kind are laid out: how they are recognized, and which path leads to which data element.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawFormat {
    /// Its name, for `--format`.
    pub(super) name: Spanned<String>,
    /// What it is, for people.
    #[serde(rename = "title")]
    pub(super) _title: Option<String>,
    /// Where the layout comes from.
    #[serde(rename = "source")]
    pub(super) _source: Option<String>,
    /// `xml`, `json`, or a list of both.
    pub(super) syntax: OneOrMany,
    /// The root element; in JSON the member that the top-level object must have.
    pub(super) root: Option<Spanned<String>>,
    /// The path of the message key, below the root.
    pub(super) message_type: Option<Spanned<String>>,
    /// The message keys that its messages may have; left out: the response keys of Nlets.
    pub(super) messages: Option<Spanned<Vec<Spanned<String>>>>,
    /// The path of the ORI that the message goes to, below the root.
    pub(super) requester: Option<Spanned<String>>,
    /// The path, below the root, of the notice that a value was removed because its form was not understood. It is
    /// mapped to `envelope.notice`, and is the last child of its parent.
    pub(super) notice: Option<Spanned<String>>,
    /// Paths that may be empty with `xsi:nil="true"`.
    #[serde(default)]
    pub(super) nillable: Vec<Spanned<String>>,
    /// Prefixes and the namespaces they mean; a message may use other prefixes.
    #[serde(default)]
    pub(super) namespaces: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Paths below the root, and the data element that each leads to. `@name` is an attribute, `/**` a whole subtree; a
    /// table is a prefix of the paths in it.
    pub(super) paths: Paths,
    /// Placeholders for parts that the schema requires and the policy denies.
    #[serde(default)]
    pub(super) required: Vec<RawRequired>,
    /// How objects refer to one another.
    pub(super) references: Option<RawReferences>,
    /// Paths that the schema has and that are mapped nowhere on purpose: each with all below it or, where other paths go
    /// on below it, its own value alone.
    #[serde(default)]
    pub(super) unmapped: Vec<Spanned<String>>,
    /// The layout of a text with fields of its own.
    #[serde(default)]
    pub(super) text: Vec<RawText>,
}

/// The JSON Schema of a format, from the type that loads it. It says what types can say; more is added to it by whoever writes
/// the schema files.
#[cfg(feature = "schema")]
pub fn table_schema(generator: schemars::SchemaGenerator) -> schemars::Schema {
    generator.into_root_schema_for::<RawFormat>()
}

impl RawFormat {
    /// Its prefixes and namespaces in the author's order, which is the order in every output.
    pub(super) fn namespaces_as_written(&self) -> Vec<(&str, &str)> {
        let mut all: Vec<_> = self.namespaces.iter().collect();
        all.sort_by_key(|(prefix, _)| prefix.span().start);
        all.into_iter().map(|(prefix, uri)| (prefix.get_ref().as_str(), uri.get_ref().as_str())).collect()
    }

    /// The syntaxes of its messages.
    pub(super) fn syntaxes(&self) -> &[Syntax] {
        match &self.syntax {
            OneOrMany::One(syntax) => std::slice::from_ref(syntax),
            OneOrMany::Many(several) => several,
        }
    }
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "`xml`, `json` or a list of them is wanted")]
pub(super) enum OneOrMany {
    One(Syntax),
    Many(Vec<Syntax>),
}

/// A part that the schema requires.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawRequired {
    /// Its path, below the root.
    pub(super) path: Spanned<String>,
    /// Its placeholder: `nil`, `empty`, or a constant.
    pub(super) when_denied: Spanned<String>,
}

/// The attributes and the member by which objects refer to one another.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawReferences {
    /// The attribute that names an object.
    pub(super) id: Option<Spanned<String>>,
    /// The attribute, or several, by which an element refers to an object of that name.
    #[serde(rename = "ref")]
    pub(super) reference: Option<Spanned<Names>>,
    /// The attribute, or several, that names an object by a URI: a fragment, `#name`, or any other. An element with
    /// nothing else refers to it.
    pub(super) uri: Option<Spanned<Names>>,
    /// Attributes that point to objects by one name, or several with spaces between them (IDREF, IDREFS). Left out: those of
    /// NIEM (`metadata`, `relationshipMetadata`, `linkMetadata`) in the namespace of `id`.
    pub(super) idrefs: Option<Spanned<Names>>,
    /// The member that names an object, or refers to one, in JSON.
    pub(super) json: Option<Spanned<String>>,
}

/// One name, or a list of names.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "a name or a list of names is wanted")]
pub(super) enum Names {
    One(String),
    Several(Vec<String>),
}

impl Names {
    pub(super) fn all(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }
}

/// The listed names, if any.
pub(super) fn listed(names: &Option<Spanned<Names>>) -> &[String] {
    names.as_ref().map_or(&[], |names| names.get_ref().all())
}

/// The attributes of NIEM that point to objects, without their prefix.
const NIEM_IDREFS: [&str; 3] = ["metadata", "relationshipMetadata", "linkMetadata"];

impl RawReferences {
    /// The names of the attributes that point to objects, as the format spells them.
    pub(super) fn pointers(&self) -> Vec<String> {
        match (&self.idrefs, &self.id) {
            (Some(names), _) => names.get_ref().all().to_vec(),
            (None, Some(id)) => {
                let prefix = id.get_ref().split_once(':').map(|(prefix, _)| prefix);
                prefix.iter().flat_map(|prefix| NIEM_IDREFS.map(|local| format!("{prefix}:{local}"))).collect()
            }
            (None, None) => Vec::new(),
        }
    }
}

pub(super) type Paths = BTreeMap<Spanned<String>, Spanned<PathEntry>>;

/// What a path leads to: a data element, or a table of paths relative to it.
#[derive(Debug)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(untagged))]
pub(super) enum PathEntry {
    Element(String),
    Below(Paths),
}

impl<'de> Deserialize<'de> for PathEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntryVisitor;
        impl<'de> Visitor<'de> for EntryVisitor {
            type Value = PathEntry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a data element or a table of paths")
            }

            fn visit_str<E>(self, text: &str) -> Result<PathEntry, E> {
                Ok(PathEntry::Element(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<PathEntry, A::Error> {
                Paths::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(PathEntry::Below)
            }
        }
        deserializer.deserialize_any(EntryVisitor)
    }
}
