//! Start tags: which attributes, names of objects, references and namespace declarations go out with an element.
//!
//! A sender is free to choose prefixes and where to declare them. So names are written with the format's own prefixes,
//! all declared at the root in the format's order: neither carries information (P5).

use super::super::links::is_space;
use super::super::output::{push_xml_text, replace};
use super::super::planted::{Planted, is_planted};
use super::super::session::{SessionBuffers, Value};
use super::super::value::Judgement;
use super::{NO_VALUE, Rewrite, XmlRewriter};
use crate::read::xml::{Attribute, AttributeKind, QualifiedName, StartTag, decode};
use dmv_redact_model::format::{LinkKind, NamespaceId, Node, Target};
use dmv_redact_model::manifest::ReleasedForm;
use dmv_redact_model::span::Span;

/// How a start tag was written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct WrittenTag {
    /// A mapped and permitted attribute of it was released.
    pub(super) released: bool,
    /// An attribute of it tells what it is.
    pub(super) tells: bool,
    /// It has attributes that name objects or refer to them; and one was written that makes it a reference.
    pub(super) has_links: bool,
    pub(super) refers: bool,
    pub(super) is_nil: bool,
    /// `xsi:nil` was written.
    pub(super) has_nil: bool,
}

impl XmlRewriter<'_, '_, '_> {
    /// Writes a start tag with the attributes that may be released.
    pub(super) fn start_tag(&mut self, tag: &StartTag, node: Option<&Node>) -> Rewrite<WrittenTag> {
        self.copy_space();
        self.buffers.used.mark(tag.namespace, self.out.len());
        let mut written = WrittenTag::default();
        self.copy(Span::new(tag.span.start(), tag.name.whole.start()));
        self.name(tag.name, tag.namespace);
        if self.buffers.frames.is_empty() {
            self.declare();
        }
        for place in 0..self.reader.attributes().len() {
            let Some(attribute) = self.reader.attributes().get(place).copied() else { break };
            if let AttributeKind::Attribute { namespace, .. } = attribute.kind {
                self.attribute(&attribute, namespace, node, &mut written)?;
            }
        }
        self.copy(Span::new(tag.attributes_end, tag.span.end()));
        Ok(written)
    }

    /// Writes a name with the format's own prefix.
    pub(super) fn name(&mut self, name: QualifiedName, namespace: NamespaceId) {
        let own = self.session.format.qualifier_of(namespace);
        if name.qualifier().text(self.text) == own || is_planted(Planted::ForeignPrefix) {
            self.copy(name.whole);
        } else {
            self.out.bytes().extend_from_slice(own.as_bytes());
            self.copy(name.local());
        }
    }

    /// Writes an end tag.
    pub(super) fn end_tag(&mut self, name: QualifiedName, namespace: NamespaceId, tag: Span) {
        if is_planted(Planted::EndTag) || tag.is_empty() {
            return;
        }
        // The name in the end tag has the bytes of that in the start tag.
        let from = tag.start() + "</".len();
        self.copy(Span::new(tag.start(), from));
        self.name(name.moved_to(from), namespace);
        self.copy(Span::new(from + name.whole.len(), tag.end()));
    }

    /// Writes those declarations at the root that the message has too: a guess at what the output needs.
    fn declare(&mut self) {
        let format = self.session.format;
        let start = self.out.len();
        for own in &format.own_prefixes {
            let is_declared = self.reader.attributes().iter().any(|attribute| match attribute.kind {
                AttributeKind::Declaration { namespace, .. } => namespace == own.namespace,
                AttributeKind::Attribute { .. } => false,
            });
            if (is_declared || is_planted(Planted::UnusedDeclaration)) && !is_planted(Planted::LostDeclaration) {
                self.out.bytes().extend_from_slice(own.declaration.as_bytes());
            }
        }
        self.buffers.declared = Span::new(start, self.out.len());
    }

    /// Replaces the declarations by those that the output uses.
    pub(super) fn narrow_declarations(&mut self) {
        if is_planted(Planted::UnusedDeclaration) || is_planted(Planted::LostDeclaration) {
            return;
        }
        let Self { session, buffers, out, .. } = self;
        buffers.scratch.clear();
        for own in session.format.own_prefixes.iter().filter(|own| buffers.used.holds(own.namespace)) {
            buffers.scratch.extend_from_slice(own.declaration.as_bytes());
        }
        let (declared, narrowed) = (buffers.declared, &buffers.scratch);
        replace(out.bytes(), declared, narrowed);
    }

    /// Writes an attribute if it may be released.
    fn attribute(
        &mut self,
        attribute: &Attribute,
        namespace: NamespaceId,
        node: Option<&Node>,
        written: &mut WrittenTag,
    ) -> Rewrite<()> {
        let local = attribute.name.local().of(self.text.as_bytes());
        let child = node.and_then(|node| self.trie.child(node.id, namespace, true, local));
        let child = child.or_else(|| self.trie.anywhere(namespace, true, local));
        let child = child.and_then(|edge| self.trie.node(edge.node));
        if let Some(kind) = self.link_kind(namespace, local) {
            // What only tells what is around it is no object.
            if node.is_some_and(|node| !node.discriminates.is_empty()) {
                self.session.unmapped(attribute.span);
                return Ok(());
            }
            self.link(attribute, namespace, (kind, child), written);
            return Ok(());
        }
        if namespace == NamespaceId::XSI && local == b"nil" {
            let is_nil = matches!(attribute.value.of(self.text.as_bytes()), b"true" | b"1");
            written.is_nil |= is_nil;
            if is_nil && (node.is_some_and(|node| node.nillable) || self.refers()) {
                written.has_nil = true;
                self.write_attribute(attribute, namespace, None);
            } else if is_nil {
                self.session.unmapped(attribute.span);
            }
            return Ok(());
        }
        match child {
            Some(child) => self.mapped_attribute(attribute, namespace, child, written),
            None => {
                self.session.unmapped(attribute.span);
                if is_planted(Planted::Attribute) {
                    self.copy(attribute.span);
                }
                Ok(())
            }
        }
    }

    fn mapped_attribute(
        &mut self,
        attribute: &Attribute,
        namespace: NamespaceId,
        node: &Node,
        written: &mut WrittenTag,
    ) -> Rewrite<()> {
        let raw = attribute.value.text(self.text);
        let (mut type_namespace, mut value) = (None, Value::Plain(raw));
        if node.is_qname {
            type_namespace = self.type_name(attribute);
            value = if type_namespace.is_some() { Value::Decoded } else { NO_VALUE };
        } else if !attribute.plain {
            let decoded = &mut self.session.buffers.decoded;
            decoded.clear();
            decode(raw, decoded);
            value = Value::Decoded;
        }
        if let Some(role) = node.role {
            self.session.note(role, value, attribute.value.start());
        }
        let Target::Leaf(element) = node.target else {
            self.session.unmapped(attribute.span);
            return Ok(());
        };
        let Some(treatment) = self.session.treatment(element) else {
            self.session.deny(element, attribute.span);
            return Ok(());
        };
        let judgement = match node.discriminates.is_empty() {
            true => self.session.judge(element, treatment, value, attribute.value)?,
            false if self.session.discriminate(node, value, attribute.value) => Judgement::Release,
            false => return Ok(()),
        };
        match judgement {
            Judgement::Release => match type_namespace {
                Some(of_type) => {
                    self.session.list(element, treatment, attribute.value, ReleasedForm::TypeName);
                    self.buffers.used.mark(of_type, self.out.len());
                    let name = std::mem::take(&mut self.session.buffers.decoded);
                    self.write_attribute(attribute, namespace, Some(&name));
                    self.session.buffers.decoded = name;
                }
                None => {
                    self.session.list(element, treatment, attribute.value, ReleasedForm::Exact);
                    self.write_attribute(attribute, namespace, None);
                }
            },
            Judgement::Generalise => {
                self.session.list(element, treatment, attribute.value, ReleasedForm::Treated);
                let less = std::mem::take(&mut self.session.buffers.written);
                self.write_attribute(attribute, namespace, Some(&less));
                self.session.buffers.written = less;
            }
            Judgement::ShapeViolation | Judgement::Photo => return Ok(()),
        }
        written.tells |= !node.discriminates.is_empty();
        written.released |= node.discriminates.is_empty();
        Ok(())
    }

    /// Writes an attribute, with another value if one is given.
    fn write_attribute(&mut self, attribute: &Attribute, namespace: NamespaceId, value: Option<&str>) {
        self.buffers.used.mark(namespace, self.out.len());
        let Attribute { span, name, value: own, .. } = attribute;
        self.copy(Span::new(span.start(), name.whole.start()));
        self.name(*name, namespace);
        let Some(value) = value else {
            self.copy(Span::new(name.whole.end(), span.end()));
            return;
        };
        self.copy(Span::new(name.whole.end(), own.start()));
        push_xml_text(value, self.out.bytes());
        self.copy(Span::new(own.end(), span.end()));
    }

    /// The name of a type with the format's own prefix, which is put into `decoded`, and its namespace. `None` if its
    /// namespace isn't one of the format's.
    fn type_name(&mut self, attribute: &Attribute) -> Option<NamespaceId> {
        let value = attribute.value.text(self.text);
        let start = attribute.value.start() + value.len() - value.trim_start_matches(' ').len();
        let value = value.trim_matches(' ');
        let (prefix, local) = match value.split_once(':') {
            Some((prefix, local)) => (Some(Span::new(start, start + prefix.len())), local),
            None => (None, value),
        };
        let namespace = self.reader.namespace_of(prefix)?;
        let own = self.session.format.qualifier_of(namespace);
        let is_known = attribute.plain && (namespace == NamespaceId::NONE || !own.is_empty());
        if !is_known || !dmv_redact_model::names::is_ncname(local) {
            return None;
        }
        let decoded = &mut self.session.buffers.decoded;
        decoded.clear();
        decoded.push_str(own);
        decoded.push_str(local);
        Some(namespace)
    }

    /// Writes a link if it may be released, or records it. One that is mapped too needs the grant for its element.
    fn link(
        &mut self,
        attribute: &Attribute,
        namespace: NamespaceId,
        (kind, mapped): (LinkKind, Option<&Node>),
        written: &mut WrittenTag,
    ) {
        let element = match mapped.map(|node| node.target) {
            Some(Target::Leaf(element)) => Some(element),
            _ => None,
        };
        if let Some(element) = element.filter(|element| self.session.treatment(*element).is_none()) {
            self.session.deny(element, attribute.span);
            return;
        }
        written.has_links = true;
        let offset = attribute.value.start();
        if is_planted(Planted::Reference) {
            self.write_attribute(attribute, namespace, Some(if kind == LinkKind::Uri { "#id1" } else { "id1" }));
            written.refers |= kind != LinkKind::Id;
        } else if !self.session.buffers.links.is_writing() {
            let SessionBuffers { links, decoded, .. } = &mut *self.session.buffers;
            decoded.clear();
            decode(attribute.value.text(self.text), decoded);
            links.note(offset, kind, decoded.trim_matches(is_space));
        } else if let Some(kept) = self.session.buffers.links.kept(offset) {
            written.refers |= kept.is_reference;
            let at = self.out.len();
            let mut number = std::mem::take(&mut self.buffers.scratch);
            number.clear();
            self.session.buffers.links.write(kept, at, &mut number);
            let value = std::str::from_utf8(&number).ok().filter(|_| !is_planted(Planted::OriginalId));
            self.write_attribute(attribute, namespace, value);
            self.session.buffers.manifest.push_link(attribute.value);
            self.buffers.scratch = number;
            if let Some(element) = element {
                self.session.release_link(element, attribute.value);
            }
        }
    }

    /// Whether the start tag that was read last refers to an object that stays.
    fn refers(&self) -> bool {
        self.reader.attributes().iter().any(|attribute| match attribute.kind {
            AttributeKind::Attribute { namespace, .. } => {
                let local = attribute.name.local().of(self.text.as_bytes());
                self.link_kind(namespace, local).is_some()
                    && self.session.buffers.links.kept(attribute.value.start()).is_some_and(|kept| kept.is_reference)
            }
            AttributeKind::Declaration { .. } => false,
        })
    }

    /// The reference role of an attribute, if it has one.
    fn link_kind(&self, namespace: NamespaceId, local: &[u8]) -> Option<LinkKind> {
        self.session.format.references.as_ref()?.kind_of(namespace, local)
    }
}
