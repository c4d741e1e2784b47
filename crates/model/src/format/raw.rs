//! A `format.toml` as its author wrote it, before paths and names are resolved.

use std::fmt;
use std::ops::Range;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::text::RawText;
use super::{EMBEDDED_ELEMENT, Syntax};
use crate::config::{ConfigError, Document, Spanned, Table};
use crate::policy::Attribute;

/// How messages of one kind are laid out: how they are recognized, and which path leads to which data element.
#[derive(Debug, Clone, Deserialize)]
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
    /// The format that this one extends: it has what that has, unless it says otherwise. Without a `root` of its own it
    /// stands in its place.
    pub(super) extends: Option<Spanned<String>>,
    /// The format, or several, in whose place this one stands.
    pub(super) replaces: Option<Spanned<Names>>,
    /// Paths of the format that this one extends, which it doesn't have: each with all below it.
    #[serde(default)]
    pub(super) remove: Vec<Spanned<String>>,
    /// `xml`, `json`, or a list of both.
    pub(super) syntax: Option<OneOrMany>,
    /// The root element, or several of which a message has one; in JSON the member that the top-level object must have.
    pub(super) root: Option<Spanned<Names>>,
    /// What else its messages have: paths of parts that must be there, `{ path = ..., is = [...] }` where one must have a
    /// certain value.
    pub(super) recognise: Option<Spanned<Vec<Spanned<RawMark>>>>,
    /// The path of the message key, below the root.
    pub(super) message_type: Option<Spanned<String>>,
    /// The message keys that its messages may have; left out: the response keys of Nlets.
    pub(super) messages: Option<Spanned<Vec<Spanned<String>>>>,
    /// The path of the ORI that the message goes to, below the root.
    pub(super) requester: Option<Spanned<String>>,
    /// Where the envelope says what rules may ask of a request: paths below the root.
    #[serde(default)]
    pub(super) attributes: RawAttributes,
    /// The path, below the root, of the notice that a value was removed because its form was not understood. It is
    /// mapped to `envelope.notice`, and is the last child of its parent.
    pub(super) notice: Option<Spanned<String>>,
    /// The name, below the root, of the notice of the law under which an answer is limited. It is mapped to
    /// `envelope.legal-notice`, and is the last child of the root, after `notice` if that is one too.
    pub(super) legal_notice: Option<Spanned<String>>,
    /// The URL, or several, that `@context` may be in JSON instead of an object: it goes out as it is.
    pub(super) context: Option<Spanned<Names>>,
    /// Paths where, in JSON, an array may be an item of an array.
    #[serde(default)]
    pub(super) nested_arrays: Vec<Spanned<String>>,
    /// Paths that may be empty with `xsi:nil="true"`.
    #[serde(default)]
    pub(super) nillable: Vec<Spanned<String>>,
    /// Prefixes and the namespaces they mean; a message may use other prefixes.
    #[serde(default)]
    pub(super) namespaces: Table<Spanned<String>>,
    /// Paths below the root, and the data element that each leads to. `@name` is an attribute, `/**` a whole subtree; a
    /// table is a prefix of the paths in it.
    #[serde(default)]
    pub(super) paths: Paths,
    /// Paths that several parts have below them, by the name of what they are together: a path that leads to `type:NAME` has
    /// them below it.
    #[serde(default)]
    pub(super) types: Table<Paths>,
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
    /// Texts that are messages themselves.
    #[serde(default)]
    pub(super) embedded: Vec<RawEmbedded>,
}

/// The JSON Schema of a format, from the type that loads it. It says what types can say; more is added to it by whoever writes
/// the schema files.
#[cfg(feature = "schema")]
pub fn table_schema(generator: schemars::SchemaGenerator) -> schemars::Schema {
    generator.into_root_schema_for::<RawFormat>()
}

impl RawFormat {
    /// The syntaxes of its messages.
    pub(super) fn syntaxes(&self) -> &[Syntax] {
        match &self.syntax {
            None => &[],
            Some(OneOrMany::One(syntax)) => std::slice::from_ref(syntax),
            Some(OneOrMany::Many(several)) => several,
        }
    }

    /// What its messages have besides the root.
    pub(super) fn marks(&self) -> &[Spanned<RawMark>] {
        self.recognise.as_ref().map_or(&[], |marks| marks.get_ref())
    }

    /// Its roots, with where each is named.
    pub(super) fn roots(&self) -> Vec<(&str, Range<usize>)> {
        let span = self.root.as_ref().map_or(0..0, Spanned::span);
        listed(&self.root).iter().map(|root| (root.as_str(), span.clone())).collect()
    }

    /// The names of the formats in whose place it stands, with where they are named. `extends` is one of them, unless the
    /// format has a root of its own.
    pub(super) fn replaced(&self) -> Vec<(&str, Range<usize>)> {
        let extended = self.extends.as_ref().filter(|_| self.root.is_none());
        let extended = extended.map(|name| (name.get_ref().as_str(), name.span()));
        let span = self.replaces.as_ref().map_or(0..0, Spanned::span);
        let replaced = listed(&self.replaces).iter().map(|name| (name.as_str(), span.clone()));
        extended.into_iter().chain(replaced).collect()
    }

    /// Maps the paths of texts that are messages: each leads to the data element of those.
    pub(super) fn map_embedded(&mut self) {
        let mapped = written_paths(&self.paths);
        let paths = self.embedded.iter().flat_map(|embedded| &embedded.paths);
        let mut entries: Vec<(Spanned<String>, Spanned<PathEntry>)> = Vec::new();
        for path in paths {
            let is_own = |own: &str| own == path.get_ref();
            if !mapped.iter().any(|own| is_own(&own.path)) && !entries.iter().any(|(own, _)| is_own(own.get_ref())) {
                let element = PathEntry::Element(EMBEDDED_ELEMENT.to_owned());
                entries.push((path.clone(), Spanned::new(path.span(), element)));
            }
        }
        self.paths.prepend(entries);
    }

    /// Checks for what every format needs, of its own or inherited.
    pub(super) fn is_complete(&self, document: &Document<'_>) -> Result<(), ConfigError> {
        let lacking = match () {
            () if self.syntaxes().is_empty() => "a format needs its `syntax`: `xml`, `json` or a list of both",
            () if !self.remove.is_empty() && self.extends.is_none() => {
                "`remove` takes paths out of the format that this one `extends`, and it extends none"
            }
            () if self.syntaxes().contains(&Syntax::Xml) && self.root.is_none() => "an XML format needs its `root`",
            () => return Ok(()),
        };
        Err(document.error(&self.name.span(), lacking))
    }
}

#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "`xml`, `json` or a list of them is wanted")]
pub(super) enum OneOrMany {
    One(Syntax),
    Many(Vec<Syntax>),
}

/// A part by which a message is recognized: its path, or a table of path and values.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(untagged))]
pub(super) enum RawMark {
    /// A part, whatever is in it.
    Part(String),
    /// A part with one of certain values.
    Value(RawMarkValue),
}

/// A part with one of these values.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawMarkValue {
    /// Its path, below the root.
    path: String,
    /// The values that it may have.
    is: Vec<String>,
}

impl RawMark {
    pub(super) fn path(&self) -> &str {
        match self {
            Self::Part(path) | Self::Value(RawMarkValue { path, .. }) => path,
        }
    }

    /// The values of which it has one; `None` if any will do.
    pub(super) fn values(&self) -> Option<&[String]> {
        match self {
            Self::Part(_) => None,
            Self::Value(value) => Some(&value.is),
        }
    }
}

impl<'de> Deserialize<'de> for RawMark {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MarkVisitor;
        impl<'de> Visitor<'de> for MarkVisitor {
            type Value = RawMark;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a path, or a table of `path` and `is`,")
            }

            fn visit_str<E>(self, path: &str) -> Result<RawMark, E> {
                Ok(RawMark::Part(path.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawMark, A::Error> {
                RawMarkValue::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(RawMark::Value)
            }
        }
        deserializer.deserialize_any(MarkVisitor)
    }
}

/// The paths of the attributes of a request, each of an element of the envelope.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawAttributes {
    /// The path of the purpose code.
    purpose: Option<Spanned<String>>,
    /// The path of the reason code.
    reason: Option<Spanned<String>>,
    /// The path of the line on which the query came.
    line: Option<Spanned<String>>,
    /// The path of the person who asks.
    user: Option<Spanned<String>>,
    /// The path of the state whose record it is: of its two letters, or of an ORI that begins with them.
    state: Option<Spanned<String>>,
}

impl RawAttributes {
    /// Each that has a path.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Attribute, &Spanned<String>)> {
        let Self { purpose, reason, line, user, state } = self;
        Attribute::ALL
            .into_iter()
            .zip([purpose, reason, line, user, state])
            .filter_map(|(own, path)| Some((own, path.as_ref()?)))
    }

    /// The same, with those of another where it has none.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            purpose: self.purpose.or(other.purpose),
            reason: self.reason.or(other.reason),
            line: self.line.or(other.line),
            user: self.user.or(other.user),
            state: self.state.or(other.state),
        }
    }

    /// The same, with each path changed or taken out.
    pub(super) fn filter_map(self, change: impl Fn(Spanned<String>) -> Option<Spanned<String>>) -> Self {
        let Self { purpose, reason, line, user, state } = self;
        let [purpose, reason, line, user, state] =
            [purpose, reason, line, user, state].map(|path| path.and_then(&change));
        Self { purpose, reason, line, user, state }
    }
}

/// Texts that are messages of a format of their own.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawEmbedded {
    /// Where they are, below the root.
    pub(super) paths: Vec<Spanned<String>>,
    /// The format, or several, of one of which each is.
    pub(super) format: Spanned<Names>,
    /// How they are encoded, if not as they are.
    pub(super) encoding: Option<RawEncoding>,
}

/// The encoding of a message in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(super) enum RawEncoding {
    /// Base64 (RFC 4648, section 4), with white space or without.
    Base64,
}

/// A part that the schema requires.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawRequired {
    /// Its path, below the root.
    pub(super) path: Spanned<String>,
    /// Its placeholder: `nil`, `empty`, or a constant.
    pub(super) when_denied: Spanned<String>,
}

/// The attributes and the member by which objects refer to one another.
#[derive(Debug, Clone, Deserialize)]
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
#[derive(Debug, Clone, Deserialize)]
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

pub(super) type Paths = Table<Spanned<PathEntry>>;

/// A complete path, from below the root.
#[derive(Debug, Clone)]
pub(super) struct WrittenPath {
    pub(super) path: String,
    /// Where its last key is.
    pub(super) span: Range<usize>,
    /// The name of its data element.
    pub(super) element: String,
}

/// All complete paths of a table, in the author's order.
pub(super) fn written_paths(paths: &Paths) -> Vec<WrittenPath> {
    let mut all = Vec::new();
    collect(paths, "", &mut all);
    all
}

fn collect(paths: &Paths, above: &str, into: &mut Vec<WrittenPath>) {
    for (path, entry) in paths {
        let whole = format!("{above}{}", path.get_ref());
        match entry.get_ref() {
            PathEntry::Below(below) => collect(below, &format!("{whole}/"), into),
            PathEntry::Element(element) => {
                into.push(WrittenPath { path: whole, span: path.span(), element: element.clone() });
            }
        }
    }
}

/// What a path leads to: a data element, or a table of paths relative to it.
#[derive(Debug, Clone)]
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
