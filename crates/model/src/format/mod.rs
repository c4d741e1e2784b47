//! Formats: how a message is laid out, how it is recognized, and its mapping.

mod declared;
mod extend;
mod load;
mod lookup;
mod namespace;
mod raw;
mod recognition;
mod roles;
mod spans;
mod step;
mod text;
mod trie;
mod types;
mod variants;

use std::sync::{Arc, OnceLock};

use serde::Deserialize;

pub use declared::{Declared, DeclaredPattern, DeclaredText};
pub use extend::Replacement;
pub use load::RDF_URI;
pub use lookup::Edge;
pub use namespace::{NamespaceId, Namespaces, XSI_URI};
#[cfg(feature = "schema")]
pub use raw::table_schema;
pub use recognition::{Candidates, Mark, Marks};
pub use spans::{FormatSpans, SpannedPath};
pub use step::{Predicate, Step, StepFault, decoded, encoded};
pub use text::{Column, Layout, Piece, Row, Slots, end_of_skip};
pub use trie::{Content, Node, NodeId, Placeholder, Role, Target, Trie};
pub use variants::Answers;

use crate::catalog::Catalog;
use crate::config::{ConfigError, Document, Errors, Origin, Spanned};
use crate::policy::{AttributeSet, MessageKeyId, MessageKeys};
use extend::FormatFiles;
use load::Mapping;
use raw::RawFormat;
use trie::PathStep;

/// How a message is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Syntax {
    /// XML 1.0.
    Xml,
    /// JSON (RFC 8259).
    Json,
}

/// An expanded XML name.
pub type ExpandedName = trie::PathStep;

/// The role of an attribute in references between objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// It names the object that it is on.
    Id,
    /// Its element is a reference to the object of that name.
    Reference,
    /// Either, by a URI: on an element with content it names the object; on an empty one it is a reference.
    Uri,
    /// It points to objects by their names.
    Pointers,
}

/// The attributes (XML) and the member (JSON) by which one object refers to another.
#[derive(Debug)]
pub struct References {
    pub(crate) attributes: Vec<(ExpandedName, LinkKind)>,
    /// The JSON member that names an object or refers to one.
    pub json: Option<String>,
}

impl References {
    /// The reference role of an attribute with this name, if it has one.
    pub fn kind_of(&self, namespace: NamespaceId, local: &[u8]) -> Option<LinkKind> {
        let mut attributes = self.attributes.iter();
        let found = attributes.find(|(name, _)| name.namespace == namespace && name.local.as_bytes() == local);
        found.map(|(_, kind)| *kind)
    }
}

/// The prefix of a namespace in outputs, whatever prefix the message uses (P5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnPrefix {
    /// The prefix.
    pub prefix: String,
    /// The prefix and its colon.
    pub qualifier: String,
    /// The namespace it stands for.
    pub namespace: NamespaceId,
    /// The URI of that namespace.
    pub uri: String,
    /// Its declaration, with the space before it.
    pub declaration: String,
    /// Its binding in JSON's `@context`, without the last quote.
    pub binding: String,
    /// Whether it isn't the format's, but added for `xsi:nil`.
    pub is_added: bool,
}

impl OwnPrefix {
    fn new(prefix: &str, namespace: NamespaceId, uri: &str) -> Self {
        let quoted = uri.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        let declaration = format!(" xmlns:{prefix}=\"{quoted}\"");
        let escaped = uri.replace('\\', "\\\\").replace('"', "\\\"");
        let binding = format!("\"{prefix}\":\"{escaped}");
        Self {
            prefix: prefix.to_owned(),
            qualifier: format!("{prefix}:"),
            namespace,
            uri: uri.to_owned(),
            declaration,
            binding,
            is_added: false,
        }
    }

    /// Adds one for `xsi:nil` if it is missing.
    fn with_xsi(mut all: Vec<Self>) -> Vec<Self> {
        if all.iter().all(|own| own.namespace != NamespaceId::XSI) {
            let mut prefix = "xsi".to_owned();
            while all.iter().any(|own| own.prefix == prefix) {
                prefix.push('1');
            }
            all.push(Self { is_added: true, ..Self::new(&prefix, NamespaceId::XSI, XSI_URI) });
        }
        all
    }
}

/// The index of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FormatId(usize);

/// One loaded format.
#[derive(Debug)]
pub struct Format {
    /// Its index among the formats.
    pub id: FormatId,
    /// Its name.
    pub name: String,
    /// SHA-256 of its file, as lower-case hexadecimal.
    pub sha256: String,
    /// The names of the formats in whose place it stands.
    pub replaces: Vec<String>,
    /// Whether it maps nothing but what is of the envelope.
    pub is_envelope_only: bool,
    /// Whether names without a prefix are its own.
    pub has_plain_names: bool,
    /// Whether its messages have a message key.
    pub has_message_type: bool,
    /// The attributes of the request that its messages may state.
    pub attributes: AttributeSet,
    /// The path of the notice, if the format has one.
    pub notice: Option<String>,
    /// Whether its messages have a place for a legal notice.
    pub has_legal_notice: bool,
    /// The keys its messages may have.
    messages: Vec<MessageKeyId>,
    /// Its prefixes, for `@context`.
    pub prefixes: Vec<(String, NamespaceId)>,
    /// The prefixes of the outputs, in the order in which they are declared: its own, and one for `xsi:nil`.
    pub own_prefixes: Vec<OwnPrefix>,
    /// How references between objects are written, if it has any.
    pub references: Option<References>,
    /// The mapping as its author wrote it, for the second reading.
    pub declared: Arc<Declared>,
    /// The layouts of its texts.
    pub layouts: Vec<Layout>,
    mapping: Mapping,
    /// For XML and JSON. Those of built-in formats are built lazily, by the first message that needs them.
    tries: [OnceLock<Option<Trie>>; 2],
}

impl Format {
    /// The mapping in this syntax; `None` if the format doesn't have it.
    pub fn trie(&self, syntax: Syntax) -> Option<&Trie> {
        let [xml, json] = &self.tries;
        let slot = if syntax == Syntax::Xml { xml } else { json };
        slot.get_or_init(|| self.grow(syntax)).as_ref()
    }

    /// Only built-in formats get here. Tests prove that they have no errors, so errors are discarded.
    #[cold]
    fn grow(&self, syntax: Syntax) -> Option<Trie> {
        let document = Document { file: &self.name, text: "" };
        self.mapping.grow(&document, &self.layouts, syntax).ok().flatten()
    }

    /// Builds what is otherwise built for the first message.
    fn warm(&self) {
        self.layouts.iter().for_each(Layout::warm);
        for syntax in [Syntax::Xml, Syntax::Json] {
            self.trie(syntax);
        }
    }

    /// Whether a JSON message may be a list, of which each item is judged by itself: in a format without a root, and without
    /// prefixes, for which a list has no place.
    pub fn may_be_list(&self) -> bool {
        self.declared.may_be_list()
    }

    /// Whether its messages have a root.
    pub fn is_rooted(&self) -> bool {
        !self.declared.roots.is_empty()
    }

    /// Whether more than the root tells its messages.
    pub fn is_marked(&self) -> bool {
        !self.declared.marks.is_empty()
    }

    /// Whether the format has this syntax.
    pub fn has_syntax(&self, syntax: Syntax) -> bool {
        self.mapping.has(syntax)
    }

    /// Whether a namespace is one of the format's own.
    pub fn has_namespace(&self, namespace: NamespaceId) -> bool {
        self.prefixes.iter().any(|(_, own)| *own == namespace)
    }

    /// Whether names of a namespace, or of none, are the format's.
    pub fn has_names_of(&self, namespace: NamespaceId) -> bool {
        self.has_namespace(namespace) || namespace == NamespaceId::NONE && self.has_plain_names
    }

    /// The prefix under which names of a namespace go out, with its colon; empty for no namespace.
    pub fn qualifier_of(&self, namespace: NamespaceId) -> &str {
        let own = self.own_prefixes.iter().find(|own| own.namespace == namespace);
        own.map_or("", |own| own.qualifier.as_str())
    }

    /// Whether its messages may have this key.
    pub fn has_message(&self, key: MessageKeyId) -> bool {
        self.messages.contains(&key)
    }
}

/// The notice in a message from which a permitted value was removed for its shape: the only value of `envelope.notice`.
pub const NOTICE: &str = "A PART OF THIS ANSWER WAS NOT UNDERSTOOD AND LEFT OUT. DO NOT TAKE IT FOR ABSENT.";

/// The data element of the notice.
pub const NOTICE_ELEMENT: &str = "envelope.notice";

/// The data element of a part that tells what the part around it is: the predicates of paths ask for it.
pub const DISCRIMINATOR_ELEMENT: &str = "envelope.discriminator";

/// The data element of a text that is a message of a format of its own.
pub const EMBEDDED_ELEMENT: &str = "envelope.message";

/// The response keys of Nlets (wiki sections 03 and 04), the default of formats that list none.
const NLETS_MESSAGES: [&str; 15] =
    ["DR", "DRG", "DNR", "KR", "RR", "RRG", "RNR", "RPR", "IAR", "UR", "XR", "LR", "AM", "AML", "HS"];

/// All loaded formats.
#[derive(Debug)]
pub struct Formats {
    all: Vec<Format>,
    /// By root, and one for JSON without a root.
    candidates: Vec<Candidates>,
    /// The namespaces that formats name.
    pub namespaces: Namespaces,
    messages: Vec<String>,
    /// Which formats stand in the place of others.
    pub replacements: Vec<Replacement>,
}

/// Texts that are messages themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Embedded {
    /// The names of the formats of one of which each is.
    pub formats: Vec<String>,
    /// Whether they are in base64.
    pub is_base64: bool,
}

/// Help for two formats that can't both stand.
const IN_ITS_PLACE: &str =
    "to stand in its place, a format says `replaces = \"NAME\"`, or `extends = \"NAME\"` to have its paths";
/// The same, where messages could be of either.
const BESIDE_IT: &str = "to stand beside it, both say in `recognise` what only their messages have; to stand in its place, one \
                         says `replaces = \"NAME\"`";

impl Formats {
    /// The formats that ship with the filter and, after them, those of `added`.
    ///
    /// # Errors
    /// Everything that is wrong with the formats of `added`.
    pub fn load(
        built_in: &[Document<'_>],
        added: &[Document<'_>],
        catalog: &Arc<Catalog>,
    ) -> Result<Self, ConfigError> {
        let mut formats = Self {
            all: Vec::new(),
            candidates: Vec::new(),
            namespaces: Namespaces::default(),
            messages: Vec::new(),
            replacements: Vec::new(),
        };
        let mut errors = Errors::default();
        let built_in = built_in.iter().map(|document| (*document, Origin::BuiltIn));
        let added = added.iter().map(|document| (*document, Origin::Added));
        let files = FormatFiles::read(built_in.chain(added), &mut errors);
        let instead = files.replaced(&mut errors);
        for (index, file) in files.0.iter().enumerate() {
            let Some(raw) = errors.take(files.resolved(index)).flatten() else { continue };
            if !instead.iter().any(|instead| instead.replaced == index) {
                errors.take(formats.add((&file.document, file.origin), raw, catalog));
                if let Some(format) = formats.all.last_mut() {
                    format.replaces = files.replaced_by(index, &instead);
                }
            } else if file.origin == Origin::Added {
                // It isn't used, but its errors are told all the same.
                errors.take(Format::load((&file.document, file.origin), raw, catalog, &mut formats.namespaces));
            }
        }
        for (index, file) in files.0.iter().enumerate() {
            let is_used = !instead.iter().any(|instead| instead.replaced == index);
            let named = file.raw.embedded.iter().filter(|_| is_used).flat_map(|embedded| {
                embedded.format.get_ref().all().iter().map(move |name| (name, embedded.format.span()))
            });
            let own = formats.by_name(file.raw.name.get_ref());
            for (name, span) in named {
                let error = match formats.standing_for(name) {
                    None => {
                        let error = file.document.error(&span, format!("unknown format `{name}`"));
                        error.nearest(name, formats.names())
                    }
                    // What came before the text would be decided on without the key.
                    Some(inner)
                        if own.is_some_and(|own| !own.has_message_type && !own.is_envelope_only)
                            && inner.has_message_type =>
                    {
                        let message = format!(
                            "`{name}` has a message key, and the format around it has none and maps more than its envelope"
                        );
                        let error = file.document.error(&span, message);
                        error.help("name its `message-type`, or map nothing beside the text but the envelope")
                    }
                    Some(_) => continue,
                };
                errors.push(error);
            }
        }
        errors.finish()?;
        formats.replacements = instead.iter().filter_map(|instead| files.replacement(instead)).collect();
        Ok(formats)
    }

    fn add(
        &mut self,
        (document, origin): (&Document<'_>, Origin),
        raw: RawFormat,
        catalog: &Arc<Catalog>,
    ) -> Result<(), ConfigError> {
        let mut errors = Errors::default();
        errors.take(document.word(&raw.name, "format"));
        let name = raw.name.get_ref();
        if self.all.iter().any(|other| other.name == *name) {
            let error = document.error(&raw.name.span(), format!("format `{name}` is declared twice"));
            errors.push(error.help(IN_ITS_PLACE));
        }
        let keys = raw.messages.as_ref().map(|keys| keys.get_ref().iter().map(|key| key.get_ref().clone()).collect());
        let root_span = raw.root.as_ref().map_or(raw.name.span(), Spanned::span);
        let format = errors.take(Format::load((document, origin), raw, catalog, &mut self.namespaces));
        errors.finish()?;
        let Some(mut format) = format else { return Ok(()) };
        let keys = keys.unwrap_or_else(|| NLETS_MESSAGES.map(str::to_owned).to_vec());
        format.id = FormatId(self.all.len());
        format.messages = keys.iter().filter_map(|key| self.intern_message(key)).collect();
        for syntax in [Syntax::Xml, Syntax::Json].into_iter().filter(|syntax| format.has_syntax(*syntax)) {
            let roots = format.mapping.roots(document, syntax)?;
            let roots: Vec<_> =
                roots.into_iter().map(|PathStep { namespace, local, .. }| Some((namespace, local))).collect();
            let is_marked = !format.mapping.raw().marks().is_empty();
            // Without a root and marks it is recognized only where the caller names it.
            let roots = if roots.is_empty() && is_marked { vec![None] } else { roots };
            for root in roots {
                let known = self.candidates.iter().position(|own| own.syntax == syntax && own.root == root);
                let at = known.unwrap_or(self.candidates.len());
                if known.is_none() {
                    self.candidates.push(Candidates::new(syntax, root));
                }
                let Some(candidates) = self.candidates.get_mut(at) else { continue };
                let mut others = candidates.formats.iter().filter_map(|index| self.all.get(*index));
                if let Some(other) = others.find(|other| !is_marked || !other.is_marked()) {
                    let message = format!("format `{}` has this root too: a message could be of either", other.name);
                    return Err(document.error(&root_span, message).help(BESIDE_IT));
                }
                candidates.add(self.all.len(), &format)?;
            }
        }
        self.all.push(format);
        Ok(())
    }

    fn intern_message(&mut self, key: &str) -> Option<MessageKeyId> {
        let existing = self.message(key.as_bytes());
        existing.or_else(|| {
            let next = u16::try_from(self.messages.len()).ok()?;
            self.messages.push(key.to_owned());
            Some(MessageKeyId(next))
        })
    }

    /// Builds what is otherwise built for the first message of each format.
    pub fn warm(&self) {
        self.all.iter().for_each(Format::warm);
    }

    /// The XML formats whose root element has this name.
    pub fn by_xml_root(&self, namespace: NamespaceId, local: &[u8]) -> Option<&Candidates> {
        self.by_root(Syntax::Xml, namespace, local)
    }

    /// The JSON formats whose top-level object has this member.
    pub fn by_json_root(&self, name: &[u8]) -> Option<&Candidates> {
        self.by_root(Syntax::Json, NamespaceId::NONE, name)
    }

    fn by_root(&self, syntax: Syntax, namespace: NamespaceId, local: &[u8]) -> Option<&Candidates> {
        self.candidates.iter().find(|candidates| {
            let is_root = |(own, name): &(NamespaceId, Box<str>)| *own == namespace && name.as_bytes() == local;
            candidates.syntax == syntax && candidates.root.as_ref().is_some_and(is_root)
        })
    }

    /// The JSON formats without a root that are recognized by their parts.
    pub fn without_root(&self) -> Option<&Candidates> {
        self.candidates.iter().find(|candidates| candidates.root.is_none())
    }

    /// Every group of formats of which a message can be one.
    pub fn candidates(&self) -> impl Iterator<Item = &Candidates> {
        self.candidates.iter()
    }

    /// The format at an index among all.
    pub fn at(&self, index: usize) -> Option<&Format> {
        self.all.get(index)
    }

    /// The format with this id.
    pub fn get(&self, id: FormatId) -> Option<&Format> {
        self.all.get(id.0)
    }

    /// Every format, in the order they were declared.
    pub fn iter(&self) -> impl Iterator<Item = &Format> {
        self.all.iter()
    }

    /// The format that stands for a name: that of the name, or the one in its place.
    pub fn standing_for(&self, name: &str) -> Option<&Format> {
        self.by_name(name).or_else(|| self.all.iter().find(|format| format.replaces.iter().any(|own| own == name)))
    }

    /// The format of this name.
    pub fn by_name(&self, name: &str) -> Option<&Format> {
        self.all.iter().find(|format| format.name == name)
    }

    /// The names of all formats.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|format| format.name.as_str())
    }

    /// The id of a message key.
    pub fn message(&self, key: &[u8]) -> Option<MessageKeyId> {
        let index = self.messages.iter().position(|own| own.as_bytes() == key)?;
        u16::try_from(index).ok().map(MessageKeyId)
    }

    /// The message keys that a policy's rules may name.
    pub fn keys(&self) -> MessageKeys<'_> {
        let may_be_absent = self.all.iter().any(|format| !format.has_message_type);
        MessageKeys { names: &self.messages, may_be_absent }
    }

    /// The message keys of all formats, by id.
    pub fn messages(&self) -> &[String] {
        &self.messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ships_with_the_filter_is_as_sound_as_a_format_that_a_user_adds_must_be() {
        let catalog = Arc::new(Catalog::load(crate::built_in::CATALOG, &[]).unwrap());
        for document in &crate::built_in::FORMATS {
            let format = Format::load(
                (document, Origin::Added),
                document.parse().unwrap(),
                &catalog,
                &mut Namespaces::default(),
            );
            assert!(format.is_ok(), "{format:?}");
        }
    }
}
