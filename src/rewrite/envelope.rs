//! Reads the envelope ahead of the pass where a message has its body first: the grant depends on the message key and
//! the requester. It reads no further than to both, and skips everything that leads to neither.
//!
//! It decides nothing for good: the pass reads the whole envelope, and refuses a message that contradicts itself.

use super::facts::Facts;
use super::parts::Parts;
use crate::read::json::{self, JsonReader, Scalar, ValueKind, closing};
use crate::read::xml::{self, AttributeKind, CDATA_END, CDATA_START, Event, XmlReader, XmlState};
use crate::read::{Message, Refusal};
use dmv_redact_model::format::{Format, NamespaceId, Node, NodeId, Role, Syntax, Trie};
use dmv_redact_model::span::Span;

/// What the envelope says, as far as needed. An ill-formed message ends it early: the pass will refuse that.
pub(super) fn read(
    message: Message<'_>,
    parts: &Parts,
    format: &Format,
    needs_requester: bool,
    state: &mut XmlState,
) -> Facts {
    let mut scan = Scan { message, parts, format, needs_requester, facts: Facts::default() };
    if let Some(trie) = format.trie(message.syntax) {
        // Whatever ends the scan early ends the pass as well.
        let _ = match message.syntax {
            Syntax::Xml => scan.xml(trie, state),
            Syntax::Json => {
                let mut reader = JsonReader::new(message.text.as_bytes(), &parts.limits);
                scan.json(&mut reader, trie, NodeId::ENTRY, 0, false)
            }
        };
    }
    scan.facts
}

/// A node, if it leads to a role.
fn leading(trie: &Trie, id: NodeId) -> Option<(NodeId, &Node)> {
    trie.node(id).filter(|node| node.leads_to_role).map(|node| (id, node))
}

struct Scan<'a> {
    message: Message<'a>,
    parts: &'a Parts,
    format: &'a Format,
    needs_requester: bool,
    facts: Facts,
}

impl Scan<'_> {
    fn is_complete(&self) -> bool {
        let has_key = !self.format.has_message_type || self.facts.message.known().is_some();
        has_key && (!self.needs_requester || self.facts.requester.known().is_some())
    }

    fn note(&mut self, role: Role, value: &str) {
        self.facts.note(role, value, 0, &self.parts.formats, self.format);
    }

    /// Reads the value of a node that leads to a role. It calls itself as deep as the mapping goes.
    fn json(
        &mut self,
        reader: &mut JsonReader<'_>,
        trie: &Trie,
        id: NodeId,
        depth: usize,
        is_item: bool,
    ) -> Result<(), Refusal> {
        let kind = reader.kind()?;
        match (kind, trie.node(id).and_then(|node| node.role)) {
            (ValueKind::Scalar, Some(role)) => {
                let value = self.scalar_text(reader.scalar()?);
                self.note(role, &value);
                return Ok(());
            }
            (ValueKind::Scalar, None) => return reader.skip_value(depth),
            (ValueKind::Array, _) if is_item => return reader.skip_value(depth),
            (ValueKind::Array | ValueKind::Object, _) => reader.skip_bracket(),
        }
        let is_object = kind == ValueKind::Object;
        let (close, detail) = closing(is_object);
        if reader.take(close) {
            return Ok(());
        }
        loop {
            if is_object {
                let name = self.scalar_text(Scalar::String(reader.name()?));
                match trie
                    .child(id, NamespaceId::NONE, false, name.as_bytes())
                    .and_then(|edge| leading(trie, edge.node))
                {
                    Some((child, _)) => self.json(reader, trie, child, depth + 1, false)?,
                    None => reader.skip_value(depth + 1)?,
                }
            } else {
                self.json(reader, trie, id, depth + 1, true)?;
            }
            if self.is_complete() {
                return Ok(());
            }
            if !reader.take(b',') {
                return reader.expect(close, detail);
            }
        }
    }

    fn scalar_text(&self, scalar: Scalar) -> String {
        match scalar {
            Scalar::Lexeme(span) => span.text(self.message.text).to_owned(),
            Scalar::String(string) => {
                let mut text = String::new();
                json::decode(string.inner.text(self.message.text), &mut text);
                text
            }
        }
    }

    fn xml(&mut self, trie: &Trie, state: &mut XmlState) -> Result<(), Refusal> {
        let Self { message, parts, .. } = *self;
        let namespaces = &parts.formats.namespaces;
        let (mut reader, _) = XmlReader::open(message.text, message.encoding, &parts.limits, namespaces, state)?;
        let mut open = vec![NodeId::ENTRY];
        while !self.is_complete() {
            match reader.next_event()? {
                Event::Start(tag) => {
                    let local = tag.name.local().of(message.text.as_bytes());
                    let child = open.last().and_then(|parent| trie.child(*parent, tag.namespace, false, local));
                    let Some((id, node)) = child.and_then(|edge| leading(trie, edge.node)) else {
                        reader.skip_element()?;
                        continue;
                    };
                    self.attributes(&reader, trie, id);
                    match node.role {
                        Some(role) => self.element(&mut reader, role)?,
                        None => open.push(id),
                    }
                }
                Event::End(_) => drop(open.pop()),
                Event::Done => break,
                Event::Text(_) | Event::CData(_) | Event::CommentOrPi => {}
            }
        }
        Ok(())
    }

    /// The attributes of the start tag that was read last.
    fn attributes(&mut self, reader: &XmlReader<'_, '_>, trie: &Trie, id: NodeId) {
        for attribute in reader.attributes() {
            let AttributeKind::Attribute { namespace, .. } = attribute.kind else { continue };
            let local = attribute.name.local().of(self.message.text.as_bytes());
            let child = trie.child(id, namespace, true, local).and_then(|edge| trie.node(edge.node));
            if let Some(role) = child.and_then(|child| child.role) {
                let mut value = String::new();
                xml::decode(attribute.value.text(self.message.text), &mut value);
                self.note(role, &value);
            }
        }
    }

    /// The text of an element with a role, whose start tag was read last.
    fn element(&mut self, reader: &mut XmlReader<'_, '_>, role: Role) -> Result<(), Refusal> {
        let mut value = String::new();
        loop {
            match reader.next_event()? {
                Event::Text(span) => xml::decode(span.text(self.message.text), &mut value),
                Event::CData(span) => {
                    let inside = Span::new(span.start() + CDATA_START, span.end() - CDATA_END);
                    xml::decode_section(inside.text(self.message.text), &mut value);
                }
                Event::Start(_) => drop(reader.skip_element()?),
                Event::CommentOrPi => {}
                Event::End(_) | Event::Done => break,
            }
        }
        self.note(role, &value);
        Ok(())
    }
}
