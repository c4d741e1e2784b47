//! Reads the envelope ahead of the pass where a message has its body first: the grant depends on the message key and
//! the requester. It reads no further than to both, and skips everything that leads to neither. The pass reads the whole
//! envelope again, and refuses a message that contradicts itself.
//!
//! What the envelope states of the request is read here alone, to the end of the message, before the pass.

use fearless_simd::Simd;

use super::facts::Facts;
use super::parts::Parts;
use super::variants::{self, VariantBuffers};
use crate::read::json::{self, Actions, Place, Scalar, Step, ValueKind, walk};
use crate::read::xml::{self, AttributeKind, Event, XmlReader, XmlState};
use crate::read::{Message, Refusal};
use dmv_redact_model::catalog::trim;
use dmv_redact_model::format::{Format, NamespaceId, Node, NodeId, Syntax, Trie};
use dmv_redact_model::policy::{Attribute, AttributeSet, Requester};
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

/// What is read, beside the message key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) requester: bool,
    pub(super) attributes: AttributeSet,
}

/// What the envelope says, as far as needed, and what it states of the request, if it states any of the attributes. An
/// ill-formed message ends it early: the pass will refuse that.
pub(super) fn read<'a>(
    message: Message<'a>,
    parts: &'a Parts,
    format: &'a Format,
    wanted: Wanted,
    buffers: &mut EnvelopeBuffers,
) -> (Facts, Option<Requester>) {
    buffers.open.clear();
    let mut scan = Scan { message, parts, format, wanted, facts: Facts::default(), stated: None };
    let Some(trie) = format.trie(message.syntax) else { return (scan.facts, None) };
    // Whatever ends the scan early ends the pass as well.
    match message.syntax {
        Syntax::Xml => drop(scan.xml(trie, buffers)),
        Syntax::Json => {
            let EnvelopeBuffers { open, decoded, variants, .. } = buffers;
            let mut json = JsonScan { scan: &mut scan, trie, open, decoded, variants, is_said: false };
            let (bytes, limits) = (message.text.as_bytes(), &parts.limits);
            drop(walk(bytes, limits, &mut json));
        }
    }
    (scan.facts, scan.stated)
}

struct Scan<'a> {
    message: Message<'a>,
    parts: &'a Parts,
    format: &'a Format,
    wanted: Wanted,
    facts: Facts,
    stated: Option<Requester>,
}

impl Scan<'_> {
    /// A second statement may contradict the first, so attributes are read to the end.
    fn is_complete(&self) -> bool {
        let has_key = !self.format.has_message_type || self.facts.message.known().is_some();
        let has_requester = !self.wanted.requester || self.facts.requester.known().is_some();
        has_key && has_requester && self.wanted.attributes.is_empty()
    }

    /// A node, if it leads to what is wanted.
    fn leading<'t>(&self, trie: &'t Trie, id: NodeId) -> Option<(NodeId, &'t Node)> {
        let wants_attributes = !self.wanted.attributes.is_empty();
        let leads = |node: &&Node| node.leads_to_role || wants_attributes && node.leads_to_attribute;
        trie.node(id).filter(leads).map(|node| (id, node))
    }

    /// The attribute that a node states, if it is wanted.
    fn attribute_of(&self, node: &Node) -> Option<Attribute> {
        node.attribute.filter(|attribute| self.wanted.attributes.contains(*attribute))
    }

    /// Whether the value of a node is read.
    fn reads(&self, node: &Node) -> bool {
        node.role.is_some() || self.attribute_of(node).is_some()
    }

    fn note(&mut self, node: &Node, value: &str) {
        if let Some(role) = node.role {
            self.facts.note(role, value, 0, &self.parts.formats, self.format);
        }
        // A blank says nothing.
        if let Some(attribute) = self.attribute_of(node).filter(|_| !trim(value).is_empty()) {
            self.state(|stated| stated.state_of_envelope(attribute, value));
        }
    }

    /// Notes that something is in the place of an attribute that is no value: it might be read as one.
    fn note_no_value(&mut self, node: &Node) {
        if let Some(attribute) = self.attribute_of(node) {
            self.state(|stated| stated.state_no_value(attribute));
        }
    }

    fn state(&mut self, state: impl FnOnce(Requester) -> Requester) {
        self.stated = Some(state(self.stated.take().unwrap_or_default()));
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
                    let mut found = child.and_then(|edge| self.leading(trie, edge.node));
                    if let Some((_, node)) = found.filter(|(_, node)| node.has_variants()) {
                        let (variant, _) =
                            variants::of_element(&mut reader, message.text, format, (trie, node), asked)?;
                        found = self.leading(trie, variant);
                    }
                    let Some((id, node)) = found else {
                        reader.skip_element()?;
                        continue;
                    };
                    self.attributes(&reader, trie, id, decoded);
                    match self.reads(node) {
                        true => self.element(&mut reader, node, decoded)?,
                        false => open.push((id, false)),
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
            if let Some(child) = child.filter(|child| self.reads(child)) {
                value.clear();
                xml::decode(attribute.value.text(self.message.text), value);
                self.note(child, value);
            }
        }
    }

    /// The text of an element that is read, whose start tag was read last.
    fn element(&mut self, reader: &mut XmlReader<'_, '_>, node: &Node, value: &mut String) -> Result<(), Refusal> {
        value.clear();
        // The text of a role is its value whatever else is in it, as in the pass. What states an attribute has nothing else.
        match reader.text_content(value)? || node.role.is_some() {
            true => self.note(node, value),
            false => self.note_no_value(node),
        }
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
    /// Whether the object in the place of an attribute has its value, or a blank.
    is_said: bool,
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
                edge.and_then(|edge| self.scan.leading(self.trie, edge.node))
            }
            // An item is what its array is, and the document is above its root.
            None => self.scan.leading(self.trie, around),
        };
        let is_nested = is_item && place.name.is_none() && place.kind == ValueKind::Array;
        if let Some((id, node)) = found.filter(|(_, node)| is_nested && !node.is_nested) {
            self.scan.note_no_value(node);
            return Ok(Step::Skip(id));
        }
        let found = match found.filter(|(_, node)| node.has_variants() && place.kind == ValueKind::Object) {
            Some((_, node)) => {
                let limits = &self.scan.parts.limits;
                let of_trie = (self.trie, node);
                let (variant, _) = variants::of_object(text, limits, of_trie, place.value_start, self.variants)?;
                self.scan.leading(self.trie, variant)
            }
            None => found,
        };
        Ok(match found {
            None => Step::Skip(around),
            Some((id, _)) if place.kind != ValueKind::Scalar => Step::Enter(id),
            Some((id, node)) if self.scan.reads(node) => Step::Value(id),
            Some((id, _)) => Step::Skip(id),
        })
    }

    fn value(&mut self, _: &Place, id: NodeId, scalar: Scalar, _: usize) -> Result<(), Refusal> {
        let text = self.scan.message.text;
        if let Some(node) = self.trie.node(id) {
            // What stands beside the value, as an attribute of it, isn't the value.
            let around = self.open.last().and_then(|(around, _)| self.trie.node(*around));
            self.is_said |=
                around.is_none_or(|around| around.attribute.is_none() || around.attribute == node.attribute);
            match scalar {
                // A nil says nothing.
                Scalar::Lexeme(span) if node.nillable && span.text(text) == "null" => self.scan.note(node, ""),
                Scalar::Lexeme(span) => self.scan.note(node, span.text(text)),
                Scalar::String(string) => self.scan.note(node, json::meaning(string, text, self.decoded)),
            }
        }
        Ok(())
    }

    fn skipped(&mut self, _: &Place, _: NodeId, _: usize) -> Result<(), Refusal> {
        Ok(())
    }

    fn open(&mut self, place: &Place, id: NodeId, _: Span) -> Result<(), Refusal> {
        self.open.push((id, place.kind == ValueKind::Array));
        self.is_said &= place.kind == ValueKind::Array;
        Ok(())
    }

    fn close(&mut self, _: usize, _: usize) -> Result<(), Refusal> {
        // An object may wrap the value. An array of none says nothing.
        if let Some((id, false)) = self.open.pop()
            && let Some(node) = self.trie.node(id).filter(|_| !self.is_said)
        {
            self.scan.note_no_value(node);
        }
        Ok(())
    }

    #[inline(always)]
    fn is_done(&self) -> bool {
        self.scan.is_complete()
    }
}
