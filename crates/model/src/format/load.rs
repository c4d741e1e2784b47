//! Reads a `format.toml` and builds tries from its mapping, one for each syntax.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};

use super::declared::Declared;
use super::namespace::{NamespaceId, Namespaces};
use super::raw::{PathEntry, Paths, RawFormat, WrittenPath, listed, written_paths};
use super::step::{Step, decoded};
use super::text::{self, Layout};
use super::trie::{Node, NodeId, PathStep, Target, Trie};
use super::{DISCRIMINATOR_ELEMENT, Format, FormatId, LinkKind, OwnPrefix, References, Syntax};
use crate::catalog::{Catalog, Element, ElementId};
use crate::config::{ConfigError, Document, Errors, Origin, Spanned, all};
use crate::hex::hex;

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
        roots.into_iter().map(|(root, span)| reader.root(root, &span)).collect()
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
            all(written.iter().map(|(name, span, kind)| Ok((names.step(&names.written(name, span)?, span)?, *kind))))?;
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
            sha256: hex(&Sha256::digest(document.text)),
            replaces: Vec::new(),
            has_message_type: raw.message_type.is_some(),
            attributes: raw.attributes.iter().map(|(attribute, _)| attribute).collect(),
            notice: raw.notice.as_ref().map(|path| path.get_ref().clone()),
            has_legal_notice: raw.legal_notice.is_some(),
            messages: Vec::new(),
            prefixes: prefixes.iter().map(|(prefix, id)| (prefix.clone(), *id)).collect(),
            own_prefixes: OwnPrefix::with_xsi(own.collect()),
            references: errors.take(mapping.references(document)).flatten(),
            is_envelope_only: declared
                .paths
                .iter()
                .all(|(_, element)| catalog.element(*element).is_some_and(Element::is_envelope)),
            has_plain_names: declared.has_plain_names(),
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

/// What begins the path of an attribute that every part may have.
const ANYWHERE: &str = "**/@";

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
///
/// A step without predicates is above those with.
pub(super) fn is_at_or_below(path: &str, above: &str) -> bool {
    let mut steps = path.split('/');
    let is_above = |above: &str, step: &str| {
        step.strip_prefix(above).is_some_and(|predicates| predicates.is_empty() || predicates.starts_with('['))
    };
    above.split('/').all(|above| steps.next().is_some_and(|step| is_above(above, step)))
}

impl MappingReader<'_> {
    fn trie(&self, raw: &RawFormat) -> Result<Trie, ConfigError> {
        let mut trie = Trie::new();
        let mut roots = Vec::new();
        for (root, span) in raw.roots() {
            self.root(root, &span)?;
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
        if let Err(node) = trie.spread_variants() {
            faults.errors.push(self.mapped_both_ways(&mut trie, &roots, raw, node));
        }
        faults.errors.take(self.discriminators(&mut trie, &roots, raw));
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

    /// A root, which has neither a pattern nor predicates.
    fn root(&self, text: &str, span: &Range<usize>) -> Result<PathStep, ConfigError> {
        let written = self.written(text, span)?;
        if written.is_attribute || !written.predicates.is_empty() || written.wildcard().is_some() {
            let error = self.document.error(span, format!("`{text}` is no root"));
            return Err(error.help("a root is a name; what else a message must have is told by `recognise`"));
        }
        self.edge(&written, span).map(|(step, _)| step)
    }

    /// The error that `node`, a part of a variant, is mapped without predicates as well.
    fn mapped_both_ways(&self, trie: &mut Trie, roots: &[NodeId], raw: &RawFormat, node: NodeId) -> ConfigError {
        let written = written_paths(&raw.paths);
        let path = written.iter().find(|written| {
            let walk = |from| self.walk(trie, MappingPath { from, text: &written.path, span: &written.span });
            roots.iter().copied().map(walk).any(|walked| walked.is_ok_and(|(own, _)| own == node))
        });
        let (name, span) = path.map_or(("a part", raw.name.span()), |path| (&*path.path, path.span.clone()));
        let error = self.document.error(&span, format!("`{name}` is mapped without its predicates as well"));
        error.help("a path without predicates is that of every such part: give it predicates, too, or take one out")
    }

    /// Checks that what predicates ask isn't mapped without them to an element that can be denied: it goes out with the part.
    fn discriminators(&self, trie: &mut Trie, roots: &[NodeId], raw: &RawFormat) -> Result<(), ConfigError> {
        let is_deniable = |node: &Node| match node.target {
            Target::Leaf(element) => self.catalog.element(element).is_some_and(|element| !element.is_envelope()),
            Target::Record(_) => true,
            Target::Container => node.has_children(),
        };
        let decides = |node: &Node| node.role.is_some() || node.attribute.is_some();
        let asked = trie.asked().filter(|node| is_deniable(node) || decides(node));
        let asked: Vec<(NodeId, bool)> = asked.map(|node| (node.id, decides(node))).collect();
        let written = written_paths(&raw.paths);
        for WrittenPath { path, span, .. } in &written {
            for from in roots {
                let Ok((own, _)) = self.walk(trie, MappingPath { from: *from, text: path, span }) else { continue };
                let Some((_, decides)) = asked.iter().find(|(node, _)| *node == own) else { continue };
                let (message, help) = match decides {
                    true => (
                        format!("`{path}` decides about the message, and is asked by predicates as well"),
                        "ask another part",
                    ),
                    false => (
                        format!("`{path}` is asked by predicates, and goes out with the part that it tells"),
                        "take it out, or map it to an element of the envelope, which nobody is denied",
                    ),
                };
                return Err(self.document.error(span, message).help(help));
            }
        }
        Ok(())
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
                PathEntry::Element(name) if whole.starts_with(ANYWHERE) => self
                    .element(name, &entry.span())
                    .and_then(|element| self.anywhere(trie, mapping_path, element))
                    .map(|()| None),
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
        if !node.discriminates.is_empty() {
            let message = format!("`{}` tells what the part around it is, and goes out with it", mapping_path.text);
            return Err(self.document.error(mapping_path.span, message).help("map what else is in that part"));
        }
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

    /// Maps an attribute that every part may have.
    fn anywhere(&self, trie: &mut Trie, mapping_path: MappingPath<'_>, element: ElementId) -> Result<(), ConfigError> {
        let name = mapping_path.text.strip_prefix("**/").unwrap_or(mapping_path.text);
        let from = trie.anywhere_or_insert();
        if name.contains(['/', '*', '[']) {
            let message = format!("`{}` is no attribute that every part could have", mapping_path.text);
            return Err(self.document.error(mapping_path.span, message).help("write `**/@name`"));
        }
        self.map(trie, MappingPath { from, text: name, span: mapping_path.span }, element)
    }

    /// Checks that a path declared unmapped is not mapped, and doesn't go out with a record.
    fn unmapped(&self, trie: &Trie, from: NodeId, path: &Spanned<String>) -> Result<(), ConfigError> {
        let text = path.get_ref();
        let mut node = Some(from);
        for step_text in text.split('/') {
            let written = self.written(step_text, &path.span())?;
            if !written.predicates.is_empty() || written.wildcard().is_some() {
                let message = format!("`{text}`: what is unmapped has a name of its own, without predicates");
                return Err(self.document.error(&path.span(), message));
            }
            let (step, _) = self.edge(&written, &path.span())?;
            let Some(parent) = node.and_then(|id| trie.node(id)) else { continue };
            let child = node.and_then(|id| trie.child_by_step(id, &step));
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
        if let Some(step) = step_with_slash(steps) {
            let error = self.document.error(mapping_path.span, format!("`{step}` is no step of a path"));
            return Err(error.help(
                "a predicate asks a child or an attribute of the part, one step: `[name='value']`; a slash in the value is \
                 written `%2F`",
            ));
        }
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
        let written = self.written(text, span)?;
        let (step, namespace) = self.edge(&written, span)?;
        let name = written.name;
        let is_type =
            written.is_attribute && name == "type" || namespace == NamespaceId::XSI && name.ends_with(":type");
        let id = match written.wildcard() {
            None => trie.child_or_insert(node, step, namespace),
            Some(_) => trie.wildcard_or_insert(node, &step, namespace).ok_or_else(|| {
                let message = format!("`{text}` allows names that another pattern there allows as well");
                self.document.error(span, message)
            })?,
        };
        if let (true, Some(node)) = (is_type, trie.node_mut(id)) {
            node.is_qname = true;
        }
        if written.predicates.is_empty() {
            return Ok(id);
        }
        let predicates = all(written.predicates.iter().map(|predicate| {
            let (part, _) = self.edge(&self.written(&predicate.part, span)?, span)?;
            Ok((part, predicate.values.clone()))
        }))?;
        for (index, (part, _)) in predicates.iter().enumerate() {
            let is_nil = part.namespace == NamespaceId::XSI && &*part.local == "nil";
            if is_nil || predicates.iter().take(index).any(|(other, _)| other == part) {
                let what = if is_nil { "asks whether it is nil" } else { "asks one part twice" };
                return Err(self.document.error(span, format!("`{text}` {what}")));
            }
        }
        let variant = trie.variant_or_insert(id, predicates.clone()).ok_or_else(|| {
            let message = format!("the predicates of `{text}` can hold where those of another path do");
            let error = self.document.error(span, message);
            error.help("of two predicates at one place, both ask one same part for different values")
        })?;
        for (written, (step, values)) in written.predicates.iter().zip(predicates) {
            let (_, namespace) = self.edge(&self.written(&written.part, span)?, span)?;
            let part = trie.child_or_insert(variant, step, namespace);
            let wrapped = self.rdf.filter(|_| self.syntax == Syntax::Json).map(wrapped_value);
            let wrapped = wrapped.map(|name| self.grow(trie, part, &name, span)).transpose()?;
            for node in [Some(part), wrapped].into_iter().flatten() {
                let Some(node) = trie.node_mut(node) else { continue };
                let is_json_type = self.syntax == Syntax::Json && written.part == "@type";
                node.is_qname = is_json_type || namespace == NamespaceId::XSI && written.part.ends_with(":type");
                node.discriminates.clone_from(&values);
                node.target = self.catalog.find(DISCRIMINATOR_ELEMENT).map_or(Target::Container, Target::Leaf);
            }
        }
        Ok(variant)
    }

    /// A step as its author wrote it.
    fn written<'t>(&self, text: &'t str, span: &Range<usize>) -> Result<Step<'t>, ConfigError> {
        let step = Step::read(text).map_err(|fault| {
            let error = self.document.error(span, format!("`{text}` is no step of a path"));
            error.or_help(if is_index(text) { hint(text) } else { fault.0 })
        })?;
        if step.name.matches('*').count() > 1 {
            let error = self.document.error(span, format!("`{text}` is no step of a path"));
            return Err(error.help(if step.name == "**" { hint(step.name) } else { "a name has one `*` at most" }));
        }
        Ok(step)
    }

    /// One step in the form of the trie, and the namespace of its name.
    fn edge(&self, written: &Step<'_>, span: &Range<usize>) -> Result<(PathStep, NamespaceId), ConfigError> {
        let step = self.step(written, span)?;
        let namespace = step.namespace;
        Ok(match self.syntax {
            Syntax::Xml => (step, namespace),
            // A member's name is its whole spelling, and an attribute is a member too.
            Syntax::Json => {
                let name = decoded(written.name).unwrap_or_default();
                (PathStep { namespace: NamespaceId::NONE, attribute: false, local: name.into() }, namespace)
            }
        })
    }

    /// One name: `prefix:local`, `local`, or either of an attribute.
    fn step(&self, written: &Step<'_>, span: &Range<usize>) -> Result<PathStep, ConfigError> {
        let name = written.name;
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
        let plain = local.replacen('*', "", 1);
        let is_name = match self.syntax {
            Syntax::Xml => crate::names::is_ncname(&local.replacen('*', "a", 1)),
            Syntax::Json => is_member_name(local, &plain),
        };
        let local = decoded(local).filter(|_| is_name).ok_or_else(|| {
            let error = self.document.error(span, format!("`{name}` is no step of a path"));
            error.or_help(hint(name))
        })?;
        if !self.prefixes.is_empty() && local.contains(':') {
            let error = self.document.error(span, format!("`{name}` is no step of a path"));
            return Err(error.help("a colon ends a prefix, which is in [namespaces]"));
        }
        Ok(PathStep { namespace, attribute: written.is_attribute, local: local.into() })
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

/// Whether `text` can be the name of a member, which is `plain` without its wildcard. An index or a step of another path
/// language is an error: as a name it would silently match nothing (P2).
fn is_member_name(text: &str, plain: &str) -> bool {
    !text.is_empty()
        && !matches!(text, "$" | "." | "..")
        && !text.contains(|character: char| character.is_control())
        && !plain.starts_with('@')
        && !plain.contains(['"', '\\', '/', '*', '[', ']'])
        && decoded(plain).is_some_and(|name| {
            !name.contains(|character: char| character.is_control() || matches!(character, '"' | '\\'))
        })
}

/// The first step that has a slash in its brackets, whole.
fn step_with_slash(path: &str) -> Option<&str> {
    let (mut start, mut is_inside, mut has_slash) = (0, false, false);
    for (at, character) in path.char_indices() {
        match character {
            '[' => is_inside = true,
            ']' if has_slash => return path.get(start..=at),
            ']' => is_inside = false,
            '/' if is_inside => has_slash = true,
            '/' => start = at + 1,
            _ => {}
        }
    }
    path.get(start..).filter(|_| has_slash)
}

/// Help for an invalid step.
fn hint(step: &str) -> &'static str {
    match step {
        "" => "a path begins below the root, without a slash, and has one slash between steps",
        "**" => "`/**` ends a path, and makes a whole record of it",
        "$" | "." | ".." => "a path begins below the root and goes down; a member of this name is written `%24`, `%2E`",
        _ if is_index(step) => "a path has no index: it leads to all items of a list",
        _ if step.contains(['"', '\'', '\\', '@', '%']) => {
            "in a name, a character with a meaning in paths is written by its code: `%40` is `@`, `%2F` a slash, `%25` `%`"
        }
        _ => "",
    }
}

/// Whether a step ends in brackets with a number, `*` or nothing in them.
fn is_index(step: &str) -> bool {
    let inside = step.strip_suffix(']').and_then(|step| step.rsplit_once('[')).map(|(_, inside)| inside);
    inside.is_some_and(|inside| inside.bytes().all(|byte| byte.is_ascii_digit() || byte == b'*'))
}

/// Whether a prefix may be declared in XML.
fn is_xml_prefix(prefix: &str) -> bool {
    crate::names::is_ncname(prefix) && !matches!(prefix, "xml" | "xmlns")
}
