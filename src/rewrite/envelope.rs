//! Reads the envelope ahead of the pass where a message has its body first: the grant depends on the message key and
//! the requester. It reads no further than to both, and skips everything that leads to neither.
//!
//! It decides nothing for good: the pass reads the whole envelope, and refuses a message that contradicts itself.

use fearless_simd::Simd;

use super::facts::Facts;
use super::parts::Parts;
use super::variants::{self, VariantBuffers};
use crate::read::json::{self, Actions, Place, Scalar, Step, ValueKind, walk};
use crate::read::xml::{self, AttributeKind, Event, XmlReader, XmlState};
use crate::read::{Message, Refusal};
use dmv_redact_model::format::{Format, NamespaceId, Node, NodeId, Role, Syntax, Trie};
use dmv_redact_model::span::Span;
use dmv_redact_model::window::Block;

/// Buffers, reused from message to message.
#[derive(Debug, Default)]
pub(super) struct EnvelopeBuffers {
    xml: XmlState,
    /// The nodes of the open parts, and whether each is a JSON array.
    open: Vec<(NodeId, bool)>,
    decoded: String,
    variants: VariantBuffers,
}

/// What the envelope says, as far as needed. An ill-formed message ends it early: the pass will refuse that.
pub(super) fn read<'a>(
    message: Message<'a>,
    parts: &'a Parts,
    format: &'a Format,
    needs_requester: bool,
    buffers: &mut EnvelopeBuffers,
) -> Facts {
    buffers.open.clear();
    let mut scan = Scan { message, parts, format, needs_requester, facts: Facts::default() };
    let Some(trie) = format.trie(message.syntax) else { return scan.facts };
    // Whatever ends the scan early ends the pass as well.
    match message.syntax {
        Syntax::Xml => drop(scan.xml(trie, buffers)),
        Syntax::Json => {
            let EnvelopeBuffers { open, decoded, variants, .. } = buffers;
            let mut json = JsonScan { scan: &mut scan, trie, open, decoded, variants };
            let (bytes, limits) = (message.text.as_bytes(), &parts.limits);
            drop(walk(bytes, limits, &mut json));
        }
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

    fn xml(
        &mut self,
        trie: &Trie,
        EnvelopeBuffers { xml: state, open, decoded, variants: asked }: &mut EnvelopeBuffers,
    ) -> Result<(), Refusal> {
        let Self { message, parts, format, .. } = *self;
        let namespaces = &parts.formats.namespaces;
        let (mut reader, _) = XmlReader::open(message.text, message.encoding, &parts.limits, namespaces, state)?;
        open.push((NodeId::ENTRY, false));
        while !self.is_complete() {
            match reader.next_event()? {
                Event::Start(tag) => {
                    let local = tag.name.local().of(message.text.as_bytes());
                    let child = open.last().and_then(|(parent, _)| trie.child(*parent, tag.namespace, false, local));
                    let mut found = child.and_then(|edge| leading(trie, edge.node));
                    if let Some((_, node)) = found.filter(|(_, node)| node.has_variants()) {
                        let (variant, _) =
                            variants::of_element(&mut reader, message.text, format, (trie, node), asked)?;
                        found = leading(trie, variant);
                    }
                    let Some((id, node)) = found else {
                        reader.skip_element()?;
                        continue;
                    };
                    self.attributes(&reader, trie, id, decoded);
                    match node.role {
                        Some(role) => self.element(&mut reader, role, decoded)?,
                        None => open.push((id, false)),
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
    fn attributes(&mut self, reader: &XmlReader<'_, '_>, trie: &Trie, id: NodeId, value: &mut String) {
        for attribute in reader.attributes() {
            let AttributeKind::Attribute { namespace, .. } = attribute.kind else { continue };
            let local = attribute.name.local().of(self.message.text.as_bytes());
            let child = trie.child(id, namespace, true, local).and_then(|edge| trie.node(edge.node));
            if let Some(role) = child.and_then(|child| child.role) {
                value.clear();
                xml::decode(attribute.value.text(self.message.text), value);
                self.note(role, value);
            }
        }
    }

    /// The text of an element with a role, whose start tag was read last.
    fn element(&mut self, reader: &mut XmlReader<'_, '_>, role: Role, value: &mut String) -> Result<(), Refusal> {
        value.clear();
        reader.text_content(value)?;
        self.note(role, value);
        Ok(())
    }
}

/// The actions of the scan on JSON.
struct JsonScan<'s, 'a> {
    scan: &'s mut Scan<'a>,
    trie: &'a Trie,
    open: &'s mut Vec<(NodeId, bool)>,
    decoded: &'s mut String,
    variants: &'s mut VariantBuffers,
}

impl Actions for JsonScan<'_, '_> {
    type Part = NodeId;

    #[inline(always)]
    fn part<S: Simd>(&mut self, _: S, place: &Place, _: Block<S>) -> Result<Step<NodeId>, Refusal> {
        let (around, is_item) = self.open.last().copied().unwrap_or((NodeId::ENTRY, false));
        let text = self.scan.message.text;
        let found = match place.name {
            Some(name) => {
                let name = json::meaning(name, text, self.decoded);
                let edge = self.trie.child(around, NamespaceId::NONE, false, name.as_bytes());
                edge.and_then(|edge| leading(self.trie, edge.node))
            }
            // An item is what its array is, and the document is above its root.
            None if place.kind == ValueKind::Array && is_item => None,
            None => leading(self.trie, around),
        };
        let found = match found.filter(|(_, node)| node.has_variants() && place.kind == ValueKind::Object) {
            Some((_, node)) => {
                let limits = &self.scan.parts.limits;
                let of_trie = (self.trie, node);
                let (variant, _) = variants::of_object(text, limits, of_trie, place.value_start, self.variants)?;
                leading(self.trie, variant)
            }
            None => found,
        };
        Ok(match found {
            None => Step::Skip(around),
            Some((id, _)) if place.kind != ValueKind::Scalar => Step::Enter(id),
            Some((id, node)) if node.role.is_some() => Step::Value(id),
            Some((id, _)) => Step::Skip(id),
        })
    }

    fn value(&mut self, _: &Place, id: NodeId, scalar: Scalar, _: usize) -> Result<(), Refusal> {
        let text = self.scan.message.text;
        if let Some(role) = self.trie.node(id).and_then(|node| node.role) {
            match scalar {
                Scalar::Lexeme(span) => self.scan.note(role, span.text(text)),
                Scalar::String(string) => self.scan.note(role, json::meaning(string, text, self.decoded)),
            }
        }
        Ok(())
    }

    fn skipped(&mut self, _: &Place, _: NodeId, _: usize) -> Result<(), Refusal> {
        Ok(())
    }

    fn open(&mut self, place: &Place, id: NodeId, _: Span) -> Result<(), Refusal> {
        self.open.push((id, place.kind == ValueKind::Array));
        Ok(())
    }

    fn close(&mut self, _: usize, _: usize) -> Result<(), Refusal> {
        self.open.pop();
        Ok(())
    }

    #[inline(always)]
    fn is_done(&self) -> bool {
        self.scan.is_complete()
    }
}
