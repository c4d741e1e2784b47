//! Start tags: which attributes, ids, references and namespace declarations go out with an element.

use super::super::output::push_xml_text;
use super::super::planted::{Planted, is_planted};
use super::super::session::Value;
use super::super::value::Judgement;
use super::{Rewrite, XmlRewriter};
use crate::format::{ExpandedName, NamespaceId, Node, Target};
use crate::read::scan::Span;
use crate::read::xml::{Attribute, AttributeKind, StartTag, decode};

/// How a start tag was written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct WrittenTag {
    /// A mapped and permitted attribute of it was released.
    pub(super) released: bool,
    pub(super) reference: Option<Span>,
    pub(super) is_nil: bool,
    /// `xsi:nil` was written.
    pub(super) has_nil: bool,
}

impl XmlRewriter<'_, '_, '_> {
    /// Writes a start tag with what its attributes leave.
    pub(super) fn start_tag(&mut self, tag: &StartTag, node: Option<&Node>) -> Rewrite<WrittenTag> {
        self.copy_space();
        let at = self.out.len();
        let mut written = WrittenTag::default();
        let count = self.reader.attributes().len();
        if count == 0 {
            self.copy(tag.span);
            self.buffers.declarations.mark_used(tag.binding, at);
            return Ok(written);
        }
        let is_declaration = |attribute: &&Attribute| matches!(attribute.kind, AttributeKind::Declaration { .. });
        let declared = self.reader.attributes().iter().filter(is_declaration).count();
        self.buffers.declarations.enter(self.reader.binding_count() - declared);
        self.buffers.uses.clear();
        self.copy(Span::new(tag.span.start(), tag.name.whole.end()));
        for place in 0..count {
            let Some(attribute) = self.reader.attributes().get(place).copied() else { break };
            match attribute.kind {
                AttributeKind::Declaration { namespace, .. } => self.declaration(&attribute, namespace),
                AttributeKind::Attribute { namespace, binding } => {
                    if self.attribute(&attribute, namespace, node, &mut written)? {
                        self.buffers.uses.extend(binding);
                    }
                }
            }
        }
        self.copy(Span::new(tag.attributes_end, tag.span.end()));
        // Only now: an attribute may use a declaration that stands behind it.
        self.buffers.declarations.mark_used(tag.binding, at);
        for binding in &self.buffers.uses {
            self.buffers.declarations.mark_used(Some(*binding), at);
        }
        Ok(written)
    }

    /// Writes a namespace declaration if names that use it may go out.
    fn declaration(&mut self, attribute: &Attribute, namespace: NamespaceId) {
        let is_wanted =
            matches!(namespace, NamespaceId::NONE | NamespaceId::XSI) || self.session.format.has_namespace(namespace);
        let is_wanted = is_wanted && !is_planted(Planted::LostDeclaration);
        let at = self.out.len();
        if is_wanted {
            self.copy(attribute.span);
        }
        self.buffers.declarations.declare(is_wanted.then(|| Span::new(at, self.out.len())));
    }

    /// Writes an attribute if it may go out. Gives whether it did.
    fn attribute(
        &mut self,
        attribute: &Attribute,
        namespace: NamespaceId,
        node: Option<&Node>,
        written: &mut WrittenTag,
    ) -> Rewrite<bool> {
        let local = attribute.name.local().of(self.text.as_bytes());
        if let Some((is_id, name)) = self.link(attribute, namespace, local) {
            let goes_out = attribute.plain && self.goes_out(is_id, name, node) || is_planted(Planted::Reference);
            if goes_out {
                self.copy(attribute.span);
            }
            if goes_out && !is_id {
                written.reference = Some(name);
            }
            return Ok(goes_out);
        }
        if namespace == NamespaceId::XSI && local == b"nil" {
            let is_nil = matches!(attribute.value.of(self.text.as_bytes()), b"true" | b"1");
            written.is_nil |= is_nil;
            let is_container = node.is_some_and(|node| node.target == Target::Container);
            let kept = is_nil && (node.is_some_and(|node| node.nillable) || is_container && self.refers());
            written.has_nil |= kept;
            if kept {
                self.copy(attribute.span);
            }
            return Ok(kept);
        }
        let child = node.and_then(|node| self.trie.child(node, namespace, true, local));
        let Some(child) = child.and_then(|(id, _)| self.trie.node(id)) else {
            self.session.unmapped();
            if is_planted(Planted::Attribute) {
                self.copy(attribute.span);
            }
            return Ok(is_planted(Planted::Attribute));
        };
        self.mapped_attribute(attribute, child, written)
    }

    fn mapped_attribute(&mut self, attribute: &Attribute, node: &Node, written: &mut WrittenTag) -> Rewrite<bool> {
        let raw = attribute.value.text(self.text);
        let value = if attribute.plain {
            Value::Plain(raw)
        } else {
            let decoded = &mut self.session.buffers.decoded;
            decoded.clear();
            decode(raw, decoded);
            Value::Decoded
        };
        if let Some(role) = node.role {
            self.session.note(role, value, attribute.value.start());
        }
        let Target::Leaf(element) = node.target else {
            self.session.unmapped();
            return Ok(false);
        };
        let Some(treatment) = self.session.treatment(element) else {
            self.session.deny(element, attribute.span);
            return Ok(false);
        };
        match self.session.judge(element, treatment, value, attribute.value)? {
            Judgement::Release => self.copy(attribute.span),
            Judgement::Generalise => {
                self.copy(Span::new(attribute.span.start(), attribute.value.start()));
                push_xml_text(&self.session.buffers.written, self.out.bytes());
                self.copy(Span::new(attribute.value.end(), attribute.span.end()));
            }
            Judgement::ShapeViolation | Judgement::Photo => return Ok(false),
        }
        written.released = true;
        Ok(true)
    }

    /// Whether an id or a reference of the start tag that was read last goes out.
    fn goes_out(&mut self, is_id: bool, name: Span, node: Option<&Node>) -> bool {
        let at = self.out.len();
        if is_id {
            return self.session.buffers.links.id(at, name, self.text);
        }
        // Of what the requester may have nothing of, a reference would tell that it is there.
        let is_container = node.is_some_and(|node| node.target == Target::Container);
        is_container && self.session.grants_reference(node) && self.session.buffers.links.reference(at, name, self.text)
    }

    /// Whether the start tag that was read last refers to an object that stays.
    fn refers(&self) -> bool {
        self.reader.attributes().iter().any(|attribute| match attribute.kind {
            AttributeKind::Attribute { namespace, .. } => {
                let local = attribute.name.local().of(self.text.as_bytes());
                self.link(attribute, namespace, local)
                    .is_some_and(|(is_id, name)| !is_id && self.session.buffers.links.is_known(name, self.text))
            }
            AttributeKind::Declaration { .. } => false,
        })
    }

    /// What object an attribute names (`true`) or refers to (`false`), if it does either.
    fn link(&self, attribute: &Attribute, namespace: NamespaceId, local: &[u8]) -> Option<(bool, Span)> {
        let references = self.session.format.references.as_ref()?;
        let is = |name: &Option<ExpandedName>| {
            name.as_ref().is_some_and(|name| name.namespace == namespace && name.local.as_bytes() == local)
        };
        let value = attribute.value;
        if is(&references.id) {
            return Some((true, value));
        }
        if is(&references.reference) {
            return Some((false, value));
        }
        let is_fragment = value.of(self.text.as_bytes()).starts_with(b"#");
        (is(&references.uri) && is_fragment).then(|| (false, Span::new(value.start() + 1, value.end())))
    }
}
