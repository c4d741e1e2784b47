//! Reads a `format.toml` and builds tries from its mapping, one for each syntax.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::declared::Declared;
use super::namespace::{NamespaceId, Namespaces};
use super::raw::{PathEntry, Paths, RawFormat, listed};
use super::text::{self, Layout};
use super::trie::{NodeId, PathStep, Target, Trie};
use super::{Format, FormatId, LinkKind, OwnPrefix, References, Syntax};
use crate::catalog::{Catalog, ElementId};
use crate::config::{ConfigError, Document, Errors, Origin, Spanned, all};

/// The namespace of the prefix with which JSON-LD wraps values, `{"rdf:value": ...}`.
pub const RDF_URI: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

/// The source of a format's tries.
#[derive(Debug)]
pub(super) struct Mapping {
    raw: RawFormat,
    catalog: Arc<Catalog>,
    prefixes: BTreeMap<String, NamespaceId>,
    /// The prefix of wrapped values, if the format has one.
    rdf: Option<String>,
}

impl Mapping {
    /// Collects errors in its prefixes, but keeps them, so that the paths that use them cause no follow-up errors.
    pub(super) fn new(
        document: &Document<'_>,
        raw: RawFormat,
        catalog: &Arc<Catalog>,
        namespaces: &mut Namespaces,
        errors: &mut Errors,
    ) -> Self {
        let mut prefixes = BTreeMap::new();
        for (prefix, uri) in &raw.namespaces {
            let id = namespaces.intern(uri.get_ref());
            if matches!(id, NamespaceId::NONE | NamespaceId::XML | NamespaceId::XMLNS) {
                errors.push(document.error(&uri.span(), "this namespace can't be used"));
            }
            if prefixes.values().any(|other| *other == id) {
                errors.push(document.error(&uri.span(), "two prefixes for one namespace"));
            }
            if raw.syntaxes().contains(&Syntax::Xml) && !is_xml_prefix(prefix.get_ref()) {
                let message = format!("`{}` is no prefix that XML could have", prefix.get_ref());
                errors.push(document.error(&prefix.span(), message));
            }
            prefixes.insert(prefix.get_ref().clone(), id);
        }
        let rdf_id = namespaces.id(RDF_URI.as_bytes());
        let rdf = prefixes.iter().find(|(_, id)| **id == rdf_id).map(|(prefix, _)| prefix.clone());
        Self { raw, catalog: Arc::clone(catalog), prefixes, rdf }
    }

    pub(super) fn has(&self, syntax: Syntax) -> bool {
        self.raw.syntaxes().contains(&syntax)
    }

    pub(super) fn raw(&self) -> &RawFormat {
        &self.raw
    }

    pub(super) fn reader<'a>(
        &'a self,
        document: &'a Document<'a>,
        layouts: &'a [Layout],
        syntax: Syntax,
    ) -> MappingReader<'a> {
        let Self { catalog, prefixes, rdf, .. } = self;
        MappingReader { document, catalog, prefixes, rdf: rdf.as_deref(), layouts, syntax }
    }

    /// The trie for a syntax, if the format has it.
    pub(super) fn grow(
        &self,
        document: &Document<'_>,
        layouts: &[Layout],
        syntax: Syntax,
    ) -> Result<Option<Trie>, ConfigError> {
        self.has(syntax).then(|| self.reader(document, layouts, syntax).trie(&self.raw)).transpose()
    }

    /// The steps of which one begins a message of a syntax; none for JSON without a root.
    pub(super) fn roots(&self, document: &Document<'_>, syntax: Syntax) -> Result<Vec<PathStep>, ConfigError> {
        let roots = if self.has(syntax) { self.raw.roots() } else { Vec::new() };
        let reader = self.reader(document, &[], syntax);
        roots.into_iter().map(|(root, span)| reader.edge(root, &span).map(|(step, _)| step)).collect()
    }

    fn references(&self, document: &Document<'_>) -> Result<Option<References>, ConfigError> {
        let Some(references) = &self.raw.references else { return Ok(None) };
        let names = self.reader(document, &[], Syntax::Xml);
        let mut written = Vec::new();
        if let Some(name) = &references.id {
            written.push((name.get_ref().clone(), name.span(), LinkKind::Id));
        }
        for (names, kind) in [(&references.reference, LinkKind::Reference), (&references.uri, LinkKind::Uri)] {
            let span = names.as_ref().map_or(0..0, Spanned::span);
            written.extend(listed(names).iter().map(|name| (name.clone(), span.clone(), kind)));
        }
        let span = references.idrefs.as_ref().map_or(0..0, Spanned::span);
        written.extend(references.pointers().into_iter().map(|name| (name, span.clone(), LinkKind::Pointers)));
        let attributes =
            all(written.iter().map(|(name, span, kind)| names.step(name, span).map(|step| (step, *kind))))?;
        Ok(Some(References { attributes, json: references.json.as_ref().map(|name| name.get_ref().clone()) }))
    }
}

impl Format {
    pub(super) fn load(
        (document, origin): (&Document<'_>, Origin),
        raw: RawFormat,
        catalog: &Arc<Catalog>,
        namespaces: &mut Namespaces,
    ) -> Result<Self, ConfigError> {
        let mut errors = Errors::default();
        let layouts = errors.take(text::load((document, origin), &raw.text, catalog)).unwrap_or_default();
        let declared = Declared::new(&raw, origin, catalog);
        let mapping = Mapping::new(document, raw, catalog, namespaces, &mut errors);
        let Mapping { raw, prefixes, .. } = &mapping;
        let own = raw.namespaces.iter().filter_map(|(prefix, uri)| {
            let namespace = prefixes.get(prefix.get_ref()).copied()?;
            Some(OwnPrefix::new(prefix.get_ref(), namespace, uri.get_ref()))
        });
        let format = Self {
            id: FormatId::default(),
            name: raw.name.get_ref().clone(),
            replaces: Vec::new(),
            has_message_type: raw.message_type.is_some(),
            notice: raw.notice.as_ref().map(|path| path.get_ref().clone()),
            messages: Vec::new(),
            prefixes: prefixes.iter().map(|(prefix, id)| (prefix.clone(), *id)).collect(),
            own_prefixes: OwnPrefix::with_xsi(own.collect()),
            references: errors.take(mapping.references(document)).flatten(),
            declared: Arc::new(declared),
            layouts,
            tries: [Syntax::Xml, Syntax::Json].map(|_| OnceLock::new()),
            mapping,
        };
        if origin == Origin::Added {
            errors.take(format.build_tries(document));
        }
        errors.take(format.mapping.raw.is_complete(document));
        errors.finish()?;
        Ok(format)
    }

    /// Builds all its tries, which finds the errors in them.
    pub(super) fn build_tries(&self, document: &Document<'_>) -> Result<(), ConfigError> {
        let syntaxes = [Syntax::Xml, Syntax::Json].into_iter().zip(&self.tries);
        let results = syntaxes.map(|(syntax, slot)| {
            let trie = self.mapping.grow(document, &self.layouts, syntax)?;
            slot.get_or_init(|| trie);
            Ok(())
        });
        all(results).map(drop)
    }
}

/// Builds the trie of one syntax.
pub(super) struct MappingReader<'a> {
    pub(super) document: &'a Document<'a>,
    pub(super) catalog: &'a Catalog,
    prefixes: &'a BTreeMap<String, NamespaceId>,
    /// The prefix of wrapped values, if the format has one.
    rdf: Option<&'a str>,
    layouts: &'a [Layout],
    pub(super) syntax: Syntax,
}

/// A path of the mapping: its text, its span, and the node where it starts.
#[derive(Clone, Copy)]
pub(super) struct MappingPath<'a> {
    pub(super) from: NodeId,
    pub(super) text: &'a str,
    pub(super) span: &'a Range<usize>,
}

/// The errors of a mapping.
#[derive(Default)]
pub(super) struct MappingErrors {
    pub(super) errors: Errors,
    /// Paths that aren't mapped because they have errors.
    broken: Vec<String>,
}

impl MappingErrors {
    /// Records an error in the role of a path, unless the path itself has one.
    pub(super) fn take_for(&mut self, path: &Spanned<String>, result: Result<(), ConfigError>) {
        if !self.broken.iter().any(|broken| is_at_or_below(path.get_ref(), broken)) {
            self.errors.take(result);
        }
    }
}

/// Whether a path is `above`, or leads to a part below it.
pub(super) fn is_at_or_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl MappingReader<'_> {
    fn trie(&self, raw: &RawFormat) -> Result<Trie, ConfigError> {
        let mut trie = Trie::new();
        let mut roots = Vec::new();
        for (root, span) in raw.roots() {
            roots.push(self.grow(&mut trie, NodeId::ENTRY, root, &span)?);
        }
        if roots.is_empty() {
            roots.push(NodeId::ENTRY);
        }
        let mut faults = MappingErrors::default();
        self.check_marks(raw, &mut faults.errors);
        for root in &roots {
            self.paths(&mut trie, (*root, ""), &raw.paths, &mut faults);
            self.roles(&mut trie, *root, raw, &mut faults);
        }
        trie.spread_records();
        for (root, path) in roots.iter().flat_map(|root| raw.unmapped.iter().map(move |path| (*root, path))) {
            faults.take_for(path, self.unmapped(&trie, root, path));
        }
        faults.errors.finish()?;
        trie.gather_elements(self.layouts);
        trie.gather_names();
        trie.gather_contents();
        Ok(trie)
    }

    /// The member that holds a wrapped value in JSON, if the format has such.
    pub(super) fn wrapping_member(&self) -> Option<String> {
        self.rdf.filter(|_| self.syntax == Syntax::Json).map(wrapped_value)
    }

    /// The node of the wrapped form of a value.
    pub(super) fn wrapped(&self, trie: &Trie, node: NodeId) -> Option<NodeId> {
        let rdf = self.rdf.filter(|_| self.syntax == Syntax::Json)?;
        trie.member(node, &wrapped_value(rdf))
    }

    /// Maps the paths of a table below a node and its path.
    fn paths(&self, trie: &mut Trie, (from, above): (NodeId, &str), paths: &Paths, faults: &mut MappingErrors) {
        for (path, entry) in paths {
            let mapping_path = MappingPath { from, text: path.get_ref(), span: &path.span() };
            let whole = format!("{above}{}", path.get_ref());
            let mapped = match entry.get_ref() {
                PathEntry::Below(below) => self.prefix(trie, mapping_path).map(|node| Some((node, below))),
                PathEntry::Element(name) => self
                    .element(name, &entry.span())
                    .and_then(|element| self.map(trie, mapping_path, element))
                    .map(|()| None),
            };
            match mapped {
                Ok(None) => {}
                Ok(Some((node, below))) => self.paths(trie, (node, &format!("{whole}/")), below, faults),
                Err(error) => {
                    faults.errors.push(error);
                    faults.broken.push(whole);
                }
            }
        }
    }

    /// The node of a path that is a prefix of others.
    fn prefix(&self, trie: &mut Trie, mapping_path: MappingPath<'_>) -> Result<NodeId, ConfigError> {
        let (node, is_record) = self.walk(trie, mapping_path)?;
        if is_record || last_step(mapping_path.text).starts_with('@') {
            let message = format!("`{}` is a whole part, and no prefix of other paths", mapping_path.text);
            return Err(self.document.error(mapping_path.span, message));
        }
        Ok(node)
    }

    fn map(&self, trie: &mut Trie, mapping_path: MappingPath<'_>, element: ElementId) -> Result<(), ConfigError> {
        let (id, is_record) = self.walk(trie, mapping_path)?;
        let Some(node) = trie.node_mut(id) else { return Ok(()) };
        if node.target != Target::Container {
            return Err(self.document.error(mapping_path.span, format!("`{}` is mapped twice", mapping_path.text)));
        }
        if node.continues && !is_record {
            return Err(self.document.error(
                mapping_path.span,
                format!("`{}` is a value, and other paths go on below it", mapping_path.text),
            ));
        }
        node.target = if is_record { Target::Record(element) } else { Target::Leaf(element) };
        // In JSON-LD a value may be wrapped in an object so that its attributes become sibling members.
        if let (Syntax::Json, false, Some(rdf)) = (self.syntax, is_record, self.rdf) {
            let wrapped = self.grow(trie, id, &wrapped_value(rdf), mapping_path.span)?;
            if let Some(wrapped) = trie.node_mut(wrapped) {
                wrapped.target = Target::Leaf(element);
            }
        }
        Ok(())
    }

    /// Checks that a path declared unmapped is not mapped, and doesn't go out with a record.
    fn unmapped(&self, trie: &Trie, from: NodeId, path: &Spanned<String>) -> Result<(), ConfigError> {
        let text = path.get_ref();
        let mut node = Some(from);
        for step_text in text.split('/') {
            let step = self.step(step_text, &path.span())?;
            let Some(parent) = node.and_then(|id| trie.node(id)) else { continue };
            let child = match self.syntax {
                Syntax::Xml => node.and_then(|id| trie.child_by_step(id, &step)),
                Syntax::Json => node.and_then(|id| trie.member(id, step_text.strip_prefix('@').unwrap_or(step_text))),
            };
            if let (None, Target::Record(_), false) = (child, parent.target, step.attribute) {
                let message = format!("`{text}` is said to be unmapped, and goes out with the record around it");
                return Err(self.document.error(&path.span(), message));
            }
            node = child;
        }
        // Where other paths continue, the container's own value is meant.
        match node.and_then(|id| trie.node(id)).filter(|node| node.target != Target::Container) {
            Some(_) => {
                Err(self.document.error(&path.span(), format!("`{text}` is said to be unmapped, and is mapped")))
            }
            None => Ok(()),
        }
    }

    /// Follows a path and adds missing nodes; also returns whether it ends in `/**`.
    pub(super) fn walk(&self, trie: &mut Trie, mapping_path: MappingPath<'_>) -> Result<(NodeId, bool), ConfigError> {
        let (steps, is_record) = match mapping_path.text.strip_suffix("/**") {
            Some(steps) => (steps, true),
            None => (mapping_path.text, false),
        };
        let mut node = mapping_path.from;
        let mut at_attribute = false;
        for text in steps.split('/') {
            if at_attribute {
                return Err(self
                    .document
                    .error(mapping_path.span, format!("`{}` goes on below an attribute", mapping_path.text)));
            }
            at_attribute = text.starts_with('@');
            if let (false, Some(parent)) = (at_attribute, trie.node_mut(node)) {
                if matches!(parent.target, Target::Leaf(_)) {
                    let message = format!("`{}` goes on below a path that is a value", mapping_path.text);
                    return Err(self.document.error(mapping_path.span, message));
                }
                parent.continues = true;
            }
            node = self.grow(trie, node, text, mapping_path.span)?;
        }
        Ok((node, is_record))
    }

    /// The node one step below `node`.
    fn grow(&self, trie: &mut Trie, node: NodeId, text: &str, span: &Range<usize>) -> Result<NodeId, ConfigError> {
        let (step, namespace) = self.edge(text, span)?;
        let is_type = text == "@type" || namespace == NamespaceId::XSI && text.ends_with(":type");
        let id = trie.child_or_insert(node, step, namespace);
        if let (true, Some(node)) = (is_type, trie.node_mut(id)) {
            node.is_qname = true;
        }
        Ok(id)
    }

    /// One step in the form of the trie, and the namespace of its name.
    fn edge(&self, text: &str, span: &Range<usize>) -> Result<(PathStep, NamespaceId), ConfigError> {
        let step = self.step(text, span)?;
        let namespace = step.namespace;
        Ok(match self.syntax {
            Syntax::Xml => (step, namespace),
            // A member's name is its whole spelling, and an attribute is a member too.
            Syntax::Json => {
                let name = text.strip_prefix('@').unwrap_or(text);
                (PathStep { namespace: NamespaceId::NONE, attribute: false, local: name.into() }, namespace)
            }
        })
    }

    /// One step: `prefix:local`, `local`, or either after `@`.
    fn step(&self, text: &str, span: &Range<usize>) -> Result<PathStep, ConfigError> {
        let name = text.strip_prefix('@').unwrap_or(text);
        let (namespace, local) = match name.split_once(':') {
            Some((prefix, local)) if !self.prefixes.is_empty() || self.syntax == Syntax::Xml => {
                let namespace = self.prefixes.get(prefix).copied().ok_or_else(|| {
                    let error = self.document.error(span, format!("prefix `{prefix}` is not in [namespaces]"));
                    error.nearest(prefix, self.prefixes.keys().map(String::as_str))
                })?;
                (namespace, local)
            }
            _ => (NamespaceId::NONE, name),
        };
        let is_name = match self.syntax {
            Syntax::Xml => crate::names::is_ncname(local),
            Syntax::Json => is_member_name(local),
        };
        if !is_name {
            let error = self.document.error(span, format!("`{text}` is no step of a path"));
            return Err(error.or_help(hint(text)));
        }
        Ok(PathStep { namespace, attribute: text.starts_with('@'), local: local.into() })
    }

    fn element(&self, name: &str, span: &Range<usize>) -> Result<ElementId, ConfigError> {
        self.catalog.find(name).ok_or_else(|| {
            let error = self.document.error(span, format!("unknown data element `{name}`"));
            error.nearest(name, self.catalog.iter().map(|(_, element)| element.id()))
        })
    }
}

/// The name of the member that holds a wrapped value.
fn wrapped_value(rdf: &str) -> String {
    format!("{rdf}:value")
}

/// The last step of a path.
pub(super) fn last_step(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// Whether `text` can be the name of a member. A wildcard, an index or a step of another path language is an error: as
/// a name it would silently match nothing (P2).
fn is_member_name(text: &str) -> bool {
    !text.is_empty()
        && !matches!(text, "$" | "." | "..")
        && !text.contains(|character: char| character.is_control())
        && !text.contains(['"', '\\', '/', '*', '[', ']'])
}

/// Help for an invalid step.
fn hint(step: &str) -> &'static str {
    match step {
        "" => "a path begins below the root, without a slash, and has one slash between steps",
        "**" => "`/**` ends a path, and makes a whole record of it",
        "$" | "." | ".." => "a path begins below the root and goes down",
        _ if step.contains('*') => "a name has no wildcards; map each, or the whole record with `/**`",
        _ if step.contains(['[', ']']) => "a path has no index: it leads to all items of a list",
        _ => "",
    }
}

/// Whether a prefix may be declared in XML.
fn is_xml_prefix(prefix: &str) -> bool {
    crate::names::is_ncname(prefix) && !matches!(prefix, "xml" | "xmlns")
}
