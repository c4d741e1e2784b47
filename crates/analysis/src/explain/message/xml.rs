//! Names the parts of an XML message.

use super::parts::{Fate, MessageWalk, PartSyntax};
use dmv_redact::internal::read::xml::{Attribute, AttributeKind, Event, StartTag, XmlReader, XmlState};
use dmv_redact::internal::read::{Message, Refusal};
use dmv_redact::internal::rewrite::{VariantBuffers, of_element};
use dmv_redact_model::format::{NamespaceId, Namespaces, Node, NodeId, Target, Trie};

/// An open element.
struct OpenElement {
    part: usize,
    node: Option<NodeId>,
    /// Where its content begins.
    content: usize,
}

struct XmlWalk<'w, 'a> {
    walk: &'w mut MessageWalk<'a>,
    text: &'w str,
    trie: &'w Trie,
    open: Vec<OpenElement>,
    /// Up to where the parts without a name were added.
    at: usize,
    variants: VariantBuffers,
}

pub(super) fn read(
    message: Message<'_>,
    namespaces: &Namespaces,
    trie: &Trie,
    walk: &mut MessageWalk<'_>,
) -> Result<(), Refusal> {
    let mut state = XmlState::default();
    let (mut reader, _) = XmlReader::open(message.text, message.encoding, walk.limits, namespaces, &mut state)?;
    let mut xml =
        XmlWalk { walk, text: message.text, trie, open: Vec::new(), at: 0, variants: VariantBuffers::default() };
    loop {
        match reader.next_event()? {
            Event::Start(tag) => xml.start(&tag, &mut reader)?,
            Event::End(tag) => xml.end(tag.start()),
            // What became of a text was told where it begins, and of a comment nothing is: all go.
            Event::Text(_) | Event::CData(_) | Event::CommentOrPi => {}
            Event::Done => return Ok(()),
        }
    }
}

impl<'w> XmlWalk<'w, '_> {
    fn node(&self, id: Option<NodeId>) -> Option<&'w Node> {
        id.and_then(|id| self.trie.node(id))
    }

    /// Adds the parts without a name up to `to`.
    fn unnamed(&mut self, to: usize) {
        let parent = self.open.last().map(|open| open.part);
        self.walk.unnamed(parent, (self.at, to));
        self.at = to;
    }

    fn start(&mut self, tag: &StartTag, reader: &mut XmlReader<'_, '_>) -> Result<(), Refusal> {
        self.unnamed(tag.span.start());
        let local = tag.name.local().of(self.text.as_bytes());
        let around = self.open.last().map_or(Some(NodeId::ENTRY), |open| open.node);
        let child = around.and_then(|around| self.trie.child(around, tag.namespace, false, local));
        let mut id = child.map(|edge| edge.node);
        if let Some(node) = self.node(id) {
            id = Some(of_element(reader, self.text, self.walk.format, (self.trie, node), &mut self.variants)?.0);
        }
        let node = self.node(id);
        // Not even this name is reported (P6), where the mapping doesn't have it.
        let step = node.map_or_else(String::new, |node| self.walk.spelled(tag.namespace, &node.name));
        let parent = self.open.last().map(|open| open.part);
        let part = self.walk.add(parent, PartSyntax::Element, step, tag.span.start());
        // An element without content ends with its start tag; of a record that continues, that is its head all the same.
        let is_empty = tag.span.text(self.text).ends_with("/>") && !node.is_some_and(|node| node.continues);
        let head = (tag.span.start(), tag.span.end() - usize::from(is_empty));
        if self.walk.goes(part, head, self.node(around), node) {
            self.at = reader.skip_element()?;
            return Ok(());
        }
        self.walk.denied_head(part, PartSyntax::Element, (tag.span.start(), tag.span.end()));
        for attribute in reader.attributes() {
            if let AttributeKind::Attribute { namespace, .. } = attribute.kind {
                self.attribute(part, node, attribute, namespace);
            }
        }
        self.at = tag.span.end();
        self.open.push(OpenElement { part, node: id, content: tag.span.end() });
        Ok(())
    }

    fn attribute(&mut self, element: usize, node: Option<&Node>, attribute: &Attribute, namespace: NamespaceId) {
        let local = attribute.name.local().text(self.text);
        let child = node.and_then(|node| self.trie.child(node.id, namespace, true, local.as_bytes()));
        let child = child.or_else(|| self.trie.anywhere(namespace, true, local.as_bytes()));
        let child = child.and_then(|edge| self.trie.node(edge.node));
        let references = self.walk.format.references.as_ref();
        let is_link = references.is_some_and(|references| references.kind_of(namespace, local.as_bytes()).is_some());
        let step = match child {
            Some(child) => format!("@{}", self.walk.spelled(namespace, &child.name)),
            None if is_link => format!("@{}", self.walk.spelled(namespace, local)),
            None => String::new(),
        };
        let part = self.walk.add(Some(element), PartSyntax::Attribute, step, attribute.span.start());
        if is_link {
            self.walk.set(part, Fate::Link(attribute.value.start()));
        }
        self.walk.value(part, child, (attribute.span.start(), attribute.span.end()));
        if namespace == NamespaceId::XSI && local == "nil" {
            self.walk.drop_unless_told(part);
        }
    }

    /// An element ends with a tag at `tag`.
    fn end(&mut self, tag: usize) {
        self.unnamed(tag);
        let Some(OpenElement { part, node, content }) = self.open.pop() else { return };
        let node = self.node(node);
        if node.is_none_or(|node| node.target != Target::Container) {
            self.walk.value(part, node, (content, tag));
        }
    }
}
