//! Walks an XML message.

use super::parts::{Fate, MessageWalk, PartOutcome, PartSyntax};
use dmv_redact::internal::read::scan::is_space;
use dmv_redact::internal::read::xml::{
    AttributeKind, CDATA_END, CDATA_START, Event, StartTag, XmlReader, XmlState, decode, decode_section,
};
use dmv_redact::internal::read::{Message, Refusal};
use dmv_redact::internal::rewrite::is_record_name;
use dmv_redact_model::catalog::ElementId;
use dmv_redact_model::format::{NamespaceId, Node, NodeId, Target, Trie};

/// An open element.
struct OpenElement {
    part: usize,
    node: Option<NodeId>,
    /// The granted record that it is part of.
    record: Option<ElementId>,
    text: String,
    has_children: bool,
    is_nil: bool,
}

struct XmlWalk<'w, 'a> {
    walk: &'w mut MessageWalk<'a>,
    text: &'w str,
    trie: &'w Trie,
    open: Vec<OpenElement>,
}

pub(super) fn walk(message: Message<'_>, trie: &Trie, walk: &mut MessageWalk<'_>) -> Result<(), Refusal> {
    let inner = walk.inner;
    let (limits, namespaces) = (&inner.limits, &inner.formats.namespaces);
    let mut state = XmlState::default();
    let (mut reader, _) = XmlReader::open(message.text, message.encoding, limits, namespaces, &mut state)?;
    let mut xml = XmlWalk { walk, text: message.text, trie, open: Vec::new() };
    loop {
        match reader.next_event()? {
            Event::Start(tag) => xml.start(&tag, &mut reader)?,
            Event::End(_) => xml.end(),
            Event::Text(span) if !reader.text_is_blank() => xml.stray_text(span.text(message.text), false),
            Event::Text(_) => {}
            Event::CData(span) => {
                let inside = message.text.get(span.start() + CDATA_START..span.end() - CDATA_END);
                xml.stray_text(inside.unwrap_or_default(), true);
            }
            Event::CommentOrPi => xml.unmapped(),
            Event::Done => return Ok(()),
        }
    }
}

impl XmlWalk<'_, '_> {
    fn parent(&self) -> Option<usize> {
        self.open.last().map(|open| open.part)
    }

    fn unmapped(&mut self) {
        self.walk.add(self.parent(), PartSyntax::Element, String::new(), Fate::Unmapped);
    }

    fn start(&mut self, tag: &StartTag, reader: &mut XmlReader<'_, '_>) -> Result<(), Refusal> {
        self.walk.at = tag.span.start();
        let trie = self.trie;
        let local = tag.name.local().of(self.text.as_bytes());
        let (parent, record) = match self.open.last() {
            Some(open) => (open.node.and_then(|node| trie.node(node)), open.record),
            None => (trie.node(NodeId::ENTRY), None),
        };
        let child = parent.and_then(|parent| trie.child(parent.id, tag.namespace, false, local));
        if let Some((id, node)) = child.and_then(|edge| Some((edge.node, trie.node(edge.node)?))) {
            return self.named(tag, id, node, reader);
        }
        let is_of_record = record.is_some() && self.walk.format.has_namespace(tag.namespace) && is_record_name(local);
        let elements = trie.elements_named(tag.namespace, local);
        if is_of_record && self.walk.admits_in_record(elements) {
            self.child_begins();
            // Not even this name is reported (P6): the mapping doesn't have it here.
            self.open(None, String::new(), record, reader);
            return Ok(());
        }
        self.unmapped();
        reader.skip_element().map(|_| ())
    }

    fn named(
        &mut self,
        tag: &StartTag,
        id: NodeId,
        node: &Node,
        reader: &mut XmlReader<'_, '_>,
    ) -> Result<(), Refusal> {
        self.child_begins();
        let step = self.walk.spelled(tag.namespace, &node.name);
        match node.target {
            Target::Container => self.open(Some(id), step, None, reader),
            Target::Leaf(element) => {
                let is_granted = match node.layouts.is_empty() {
                    true => self.walk.treatment(element).is_some(),
                    false => self.walk.grants_any_of(&node.elements),
                };
                match is_granted {
                    true => self.leaf(node, step, Some(element), reader)?,
                    false => self.denied(step, element, reader)?,
                }
            }
            Target::Record(element) if self.walk.treatment(element).is_some() => {
                self.open(Some(id), step, Some(element), reader);
            }
            Target::Record(element) if node.continues => {
                self.open(Some(id), step, None, reader);
                // Nothing of the record itself is released, but parts that are mapped to something else may be.
                self.walk.add(
                    self.parent(),
                    PartSyntax::Element,
                    String::new(),
                    Fate::Value(element, PartOutcome::Denied),
                );
            }
            Target::Record(element) => self.denied(step, element, reader)?,
        }
        Ok(())
    }

    fn denied(&mut self, step: String, element: ElementId, reader: &mut XmlReader<'_, '_>) -> Result<(), Refusal> {
        self.walk.add(self.parent(), PartSyntax::Element, step, Fate::Value(element, PartOutcome::Denied));
        reader.skip_element().map(|_| ())
    }

    fn open(&mut self, node: Option<NodeId>, step: String, record: Option<ElementId>, reader: &XmlReader<'_, '_>) {
        let part = self.walk.add(self.parent(), PartSyntax::Element, step, Fate::Container);
        let is_nil = self.attributes(part, node.and_then(|node| self.trie.node(node)), reader);
        self.open.push(OpenElement { part, node, record, text: String::new(), has_children: false, is_nil });
    }

    /// Adds the attributes of the last start tag. Returns whether it says nil.
    fn attributes(&mut self, part: usize, node: Option<&Node>, reader: &XmlReader<'_, '_>) -> bool {
        let mut is_nil = false;
        for attribute in reader.attributes() {
            let AttributeKind::Attribute { namespace, .. } = attribute.kind else { continue };
            self.walk.at = attribute.span.start();
            let local = attribute.name.local().text(self.text);
            let mut value = String::new();
            decode(attribute.value.text(self.text), &mut value);
            if let Some(step) = self.link(namespace, local) {
                self.walk.add(Some(part), PartSyntax::Attribute, step, Fate::Link(attribute.value.start()));
                continue;
            }
            if namespace == NamespaceId::XSI && local == "nil" {
                is_nil |= value == "true" || value == "1";
                continue;
            }
            let child = node.and_then(|node| self.trie.child(node.id, namespace, true, local.as_bytes()));
            let child = child.and_then(|edge| self.trie.node(edge.node));
            let (step, fate) = match child.map(|child| (child, child.target)) {
                Some((child, Target::Leaf(element))) => {
                    let step = format!("@{}", self.walk.spelled(namespace, &child.name));
                    (step, Fate::Value(element, self.walk.value(element, &value)))
                }
                _ => (String::new(), Fate::Unmapped),
            };
            self.walk.add(Some(part), PartSyntax::Attribute, step, fate);
        }
        is_nil
    }

    /// The step of an attribute that names an object or refers to one.
    fn link(&self, namespace: NamespaceId, local: &str) -> Option<String> {
        let references = self.walk.format.references.as_ref()?;
        references.kind_of(namespace, local.as_bytes()).map(|_| format!("@{}", self.walk.spelled(namespace, local)))
    }

    /// A leaf: its own text, joined across everything else in it, is one value.
    fn leaf(
        &mut self,
        node: &Node,
        step: String,
        element: Option<ElementId>,
        reader: &mut XmlReader<'_, '_>,
    ) -> Result<(), Refusal> {
        let part = self.walk.add(self.parent(), PartSyntax::Element, step, Fate::Unmapped);
        let is_nil = self.attributes(part, Some(node), reader);
        let mut value = String::new();
        loop {
            match reader.next_event()? {
                Event::Text(span) => decode(span.text(self.text), &mut value),
                Event::CData(span) => {
                    let inside = self.text.get(span.start() + CDATA_START..span.end() - CDATA_END);
                    decode_section(inside.unwrap_or_default(), &mut value);
                }
                Event::Start(_) => {
                    self.walk.add(Some(part), PartSyntax::Element, String::new(), Fate::Unmapped);
                    reader.skip_element()?;
                }
                Event::CommentOrPi => {
                    self.walk.add(Some(part), PartSyntax::Element, String::new(), Fate::Unmapped);
                }
                Event::End(_) | Event::Done => break,
            }
        }
        let Some(element) = element else { return Ok(()) };
        let fate = match node.layouts.is_empty() {
            // A nil element with content can be read in two ways (P3).
            true if is_nil && !value.is_empty() => Fate::Value(element, PartOutcome::Violates),
            true => Fate::Value(element, self.walk.value(element, &value)),
            false => Fate::Fields(self.walk.fields(node, &value)),
        };
        self.walk.set(part, fate);
        Ok(())
    }

    /// Called when a child begins in the innermost open element: text before it was no value.
    fn child_begins(&mut self) {
        let Some(open) = self.open.last_mut() else { return };
        open.has_children = true;
        if !std::mem::take(&mut open.text).trim().is_empty() {
            self.unmapped();
        }
    }

    /// Text directly in an open element.
    fn stray_text(&mut self, text: &str, is_section: bool) {
        match self.open.last_mut() {
            Some(open) if open.record.is_some() && !open.has_children => match is_section {
                true => decode_section(text, &mut open.text),
                false => decode(text, &mut open.text),
            },
            _ => self.unmapped(),
        }
    }

    fn end(&mut self) {
        let Some(open) = self.open.pop() else { return };
        // The innermost element of a record is a value, if it isn't blank.
        let is_blank = open.text.bytes().all(is_space);
        if let (Some(element), false, false) = (open.record, open.has_children, is_blank) {
            let outcome = match open.is_nil && !open.text.is_empty() {
                true => PartOutcome::Violates,
                false => self.walk.value(element, &open.text),
            };
            self.walk.set(open.part, Fate::Value(element, outcome));
        }
    }
}
