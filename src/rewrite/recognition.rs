//! Which format a message is of, where its root alone doesn't tell: reads ahead, and looks for the parts that the formats in
//! question must have. A message that fits two of them is withheld.
//!
//! It reads only where formats share a root, or have none. The pass then reads the whole message again.

use fearless_simd::Simd;

use super::parts::Parts;
use crate::read::json::{self, Actions, Place, Scalar, Step, ValueKind, walk};
use crate::read::xml::{self, AttributeKind, CDATA_END, CDATA_START, Event, XmlReader, XmlState};
use crate::read::{Message, Reason, Refusal};
use dmv_redact_model::format::{Candidates, Format, Marks, NamespaceId, NodeId, Syntax};
use dmv_redact_model::span::Span;
use dmv_redact_model::window::Block;

/// The one format among all candidates that a message fits; `None` if it fits none.
///
/// # Errors
/// When it fits several, or isn't well-formed as far as it was read.
pub(super) fn recognize<'p>(
    parts: &'p Parts,
    message: Message<'_>,
    all: &[&'p Candidates],
) -> Result<Option<&'p Format>, Refusal> {
    let mut found = None;
    for candidates in all {
        for index in fitting(parts, message, candidates)? {
            if found.replace(index).is_some() {
                return Err(ambiguous());
            }
        }
    }
    Ok(found.and_then(|index| parts.formats.at(index)))
}

/// The refusal of a message that can be of several formats.
pub(super) fn ambiguous() -> Refusal {
    Refusal::whole(Reason::FormatAmbiguous, "the message is of several formats")
}

/// The candidates that a message fits.
fn fitting(parts: &Parts, message: Message<'_>, candidates: &Candidates) -> Result<Vec<usize>, Refusal> {
    let marks = candidates.marks();
    if marks.all.is_empty() {
        return Ok(candidates.formats().to_vec());
    }
    let mut scan = Scan { message, marks, met: vec![false; marks.all.len()] };
    match message.syntax {
        Syntax::Xml => scan.xml(parts)?,
        Syntax::Json => {
            let is_rooted = candidates.is_rooted();
            let mut scan =
                JsonScan { scan: &mut scan, is_rooted, open: Vec::new(), decoded: String::new(), list: None };
            walk(message.text.as_bytes(), &parts.limits, &mut scan)?;
        }
    }
    let met = scan.met;
    let fits = |place: usize| marks.all.iter().zip(&met).all(|(mark, met)| mark.format != place || *met);
    Ok((0..).zip(candidates.formats()).filter(|(place, _)| fits(*place)).map(|(_, index)| *index).collect())
}

struct Scan<'a> {
    message: Message<'a>,
    marks: &'a Marks,
    /// The marks that were met.
    met: Vec<bool>,
}

impl Scan<'_> {
    /// A part begins: the marks are met that want no value.
    fn note(&mut self, node: NodeId) {
        for (mark, met) in self.marks.all.iter().zip(&mut self.met) {
            *met |= mark.node == node && mark.values.is_empty();
        }
    }

    /// A part has this value.
    fn note_value(&mut self, node: NodeId, value: &str) {
        for (mark, met) in self.marks.all.iter().zip(&mut self.met) {
            *met |= Marks::is_value(mark, node, value);
        }
    }

    fn is_complete(&self) -> bool {
        self.met.iter().all(|met| *met)
    }

    fn xml(&mut self, parts: &Parts) -> Result<(), Refusal> {
        let (text, trie) = (self.message.text, &self.marks.trie);
        let namespaces = &parts.formats.namespaces;
        let mut state = XmlState::default();
        let (mut reader, _) = XmlReader::open(text, self.message.encoding, &parts.limits, namespaces, &mut state)?;
        // The open parts, each with its own text where that matters.
        let mut open = vec![(NodeId::ENTRY, None::<String>)];
        while !self.is_complete() {
            match reader.next_event()? {
                Event::Start(tag) => {
                    let local = tag.name.local().of(text.as_bytes());
                    let child = open.last().and_then(|(parent, _)| trie.child(*parent, tag.namespace, false, local));
                    // A value with other parts in it is none.
                    open.last_mut().into_iter().for_each(|(_, value)| *value = None);
                    let Some(node) = child.map(|edge| edge.node) else {
                        reader.skip_element()?;
                        continue;
                    };
                    self.note(node);
                    self.attributes(&reader, node);
                    open.push((node, self.marks.needs_value(node).then(String::new)));
                }
                Event::Text(span) => {
                    if let Some((_, Some(value))) = open.last_mut() {
                        xml::decode(span.text(text), value);
                    }
                }
                Event::CData(span) => {
                    if let Some((_, Some(value))) = open.last_mut() {
                        let inside = Span::new(span.start() + CDATA_START, span.end() - CDATA_END);
                        xml::decode_section(inside.text(text), value);
                    }
                }
                Event::End(_) => {
                    if let Some((node, Some(value))) = open.pop() {
                        self.note_value(node, &value);
                    }
                }
                Event::Done => break,
                Event::CommentOrPi => {}
            }
        }
        Ok(())
    }

    /// The attributes of the start tag that was read last.
    fn attributes(&mut self, reader: &XmlReader<'_, '_>, node: NodeId) {
        for attribute in reader.attributes() {
            let AttributeKind::Attribute { namespace, .. } = attribute.kind else { continue };
            let local = attribute.name.local().of(self.message.text.as_bytes());
            if let Some(edge) = self.marks.trie.child(node, namespace, true, local) {
                let mut value = String::new();
                xml::decode(attribute.value.text(self.message.text), &mut value);
                self.note(edge.node);
                self.note_value(edge.node, &value);
            }
        }
    }
}

/// The actions of the scan on JSON.
struct JsonScan<'s, 'a> {
    scan: &'s mut Scan<'a>,
    is_rooted: bool,
    open: Vec<OpenPart>,
    decoded: String,
    /// The list of messages, if the message is one.
    list: Option<List>,
}

/// An open object or array.
struct OpenPart {
    node: NodeId,
    is_array: bool,
    /// The nodes of its members so far: a name that leads to a mark stands there once.
    seen: Vec<NodeId>,
}

/// A list in the place of one message: each of its objects must have the marks.
struct List {
    depth: usize,
    /// The marks that every object so far had.
    met: Option<Vec<bool>>,
}

impl Actions for JsonScan<'_, '_> {
    type Part = NodeId;

    #[inline(always)]
    fn part<S: Simd>(&mut self, _: S, place: &Place, _: Block<S>) -> Result<Step<NodeId>, Refusal> {
        let Some(around) = self.open.last_mut() else {
            let is_scalar = place.kind == ValueKind::Scalar;
            return Ok(if is_scalar { Step::Skip(NodeId::ENTRY) } else { Step::Enter(NodeId::ENTRY) });
        };
        let node = match place.name {
            Some(name) => {
                let name = json::meaning(name, self.scan.message.text, &mut self.decoded);
                let edge = self.scan.marks.trie.child(around.node, NamespaceId::NONE, false, name.as_bytes());
                let Some(edge) = edge else { return Ok(Step::Skip(around.node)) };
                if around.seen.contains(&edge.node) {
                    return Err(Refusal::at(Reason::DuplicateName, place.start, "a name stands twice in one object"));
                }
                around.seen.push(edge.node);
                self.scan.note(edge.node);
                edge.node
            }
            // An item is what its array is; an array in an array is nothing.
            None if place.kind == ValueKind::Array => return Ok(Step::Skip(around.node)),
            None => around.node,
        };
        Ok(if place.kind == ValueKind::Scalar { Step::Value(node) } else { Step::Enter(node) })
    }

    fn value(&mut self, _: &Place, node: NodeId, scalar: Scalar, _: usize) -> Result<(), Refusal> {
        let text = self.scan.message.text;
        match scalar {
            Scalar::Lexeme(span) => self.scan.note_value(node, span.text(text)),
            Scalar::String(string) => self.scan.note_value(node, json::meaning(string, text, &mut self.decoded)),
        }
        Ok(())
    }

    fn skipped(&mut self, _: &Place, _: NodeId, _: usize) -> Result<(), Refusal> {
        Ok(())
    }

    fn open(&mut self, place: &Place, node: NodeId, _: Span) -> Result<(), Refusal> {
        let is_array = place.kind == ValueKind::Array;
        self.open.push(OpenPart { node, is_array, seen: Vec::new() });
        if is_array && self.open.len() == 1 + usize::from(self.is_rooted) {
            self.list = Some(List { depth: self.open.len(), met: None });
        }
        if self.is_item_of_list() {
            self.scan.met.fill(false);
        }
        Ok(())
    }

    fn close(&mut self, _: usize, _: usize) -> Result<(), Refusal> {
        if self.is_item_of_list()
            && let Some(list) = &mut self.list
        {
            let met = std::mem::take(&mut self.scan.met);
            self.scan.met = vec![false; met.len()];
            list.met = Some(match list.met.take() {
                Some(all) => all.into_iter().zip(met).map(|(all, own)| all && own).collect(),
                None => met,
            });
        }
        let depth = self.open.len();
        if let Some(list) = self.list.take_if(|list| list.depth == depth) {
            self.scan.met = list.met.unwrap_or_else(|| vec![false; self.scan.met.len()]);
        }
        self.open.pop();
        Ok(())
    }

    #[inline(always)]
    fn is_done(&self) -> bool {
        self.list.is_none() && self.scan.is_complete()
    }
}

impl JsonScan<'_, '_> {
    /// Whether the innermost part is an object of the list.
    fn is_item_of_list(&self) -> bool {
        let is_object = self.open.last().is_some_and(|part| !part.is_array);
        is_object && self.list.as_ref().is_some_and(|list| self.open.len() == list.depth + 1)
    }
}
