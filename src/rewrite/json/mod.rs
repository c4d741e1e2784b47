//! Rewriting JSON in one pass: an object or array is written when it opens and taken back at its end if nothing inside
//! was released (P5).

mod part;
mod plain;
mod value;

use super::context::{CONTEXT, Context};
use super::output::{Output, is_record_name};
use super::planted::{Planted, is_planted};
use super::session::Session;
use crate::read::json::{JsonReader, JsonString, Scalar, ValueKind, closing, decode};
use crate::read::{Limits, Reason, Refusal};
use dmv_redact_model::catalog::{ElementId, Treatment};
use dmv_redact_model::format::{Format, LinkKind, NamespaceId, NodeId, Target, Trie};
use dmv_redact_model::span::Span;

type Rewrite<T> = Result<T, Refusal>;

/// Buffers of the JSON rewriter, reused from message to message.
#[derive(Debug, Default)]
pub(super) struct JsonBuffers {
    /// The open objects and arrays, the innermost last. They are read and changed in place: to move one right after it
    /// was written field by field would stall on store forwarding.
    frames: Vec<Frame>,
    /// The children seen in each open object, beyond the first word, which is in its frame.
    met: Vec<u64>,
    /// The names seen in open records, decoded into one buffer, and the span of each: none may occur twice.
    record_names: Vec<Span>,
    record_text: String,
    context: Context,
}

/// The role of an open object or array in the mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Role {
    /// The top level: the root member and `@context`.
    #[default]
    Top,
    /// It is kept if something inside is.
    Container,
    /// It is part of a record that is permitted so.
    Record(ElementId, Treatment),
}

/// A member or an item, before it is known whether it stays.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    /// Where it begins in the message: the name's opening quote, or the value.
    start: usize,
    /// The span between the quotes of its name; an item has none.
    name: Option<Span>,
    is_escaped: bool,
    /// The node that its name leads to, or that of its array.
    node: Option<NodeId>,
    value_start: usize,
}

/// An open object or array whose bracket has been written.
#[derive(Debug, Clone, Copy, Default)]
struct Frame {
    /// The bracket that ends it.
    close: u8,
    role: Role,
    /// What it is in the object or array around it.
    part: Part,
    /// Where it begins in the output, including what was written for it before its bracket.
    out_start: usize,
    /// Which of its first children have been seen, one bit each; and where the words for the others begin in `met`.
    met: u64,
    met_others: usize,
    /// Where its names of `record_names` begin.
    record_names: usize,
    /// In the message: after the last value (or the bracket), and after the comma (or the bracket).
    gap: usize,
    separator_end: usize,
    /// The white space after the bracket.
    indent: Span,
    /// Whether its end needs no lookup in the mapping: it has no role and no placeholder.
    closes_plainly: bool,
    /// Whether a part has been read, and whether one was written, so that the next needs a comma.
    has_begun: bool,
    has_written: bool,
    released: bool,
    /// Whether it has mapped parts: such an object is no mere reference, even if all of them were removed.
    has_parts: bool,
    /// Whether it has an id member, and its value if that is a string; empty otherwise.
    has_id: bool,
    id: Span,
}

/// The rewriter of one pass over one message.
pub(super) struct JsonRewriter<'m, 's, 'f> {
    text: &'m str,
    reader: JsonReader<'m>,
    limits: &'m Limits,
    trie: &'f Trie,
    session: &'s mut Session<'f>,
    buffers: &'s mut JsonBuffers,
    out: Output<'m, 's>,
}

impl<'m, 's, 'f> JsonRewriter<'m, 's, 'f> {
    pub(super) fn new(
        text: &'m str,
        limits: &'m Limits,
        trie: &'f Trie,
        session: &'s mut Session<'f>,
        buffers: &'s mut JsonBuffers,
        out: &'s mut Vec<u8>,
    ) -> Self {
        buffers.frames.clear();
        buffers.met.clear();
        buffers.record_names.clear();
        buffers.record_text.clear();
        buffers.context.reset(session.parts.formats.namespaces.count());
        Self {
            text,
            reader: JsonReader::new(text.as_bytes(), limits),
            limits,
            trie,
            session,
            buffers,
            out: Output::new(text.as_bytes(), out),
        }
    }

    /// Reads the message to its end and writes what the grant permits. Returns whether anything was released.
    pub(super) fn run(mut self) -> Rewrite<bool> {
        if self.reader.kind()? != ValueKind::Object {
            return Err(Refusal::at(Reason::FormatUnknown, 0, "the top level is not an object"));
        }
        let start = self.reader.position();
        self.copy(Span::new(0, start));
        let top = Part { start, name: None, is_escaped: false, node: Some(NodeId::ENTRY), value_start: start };
        self.open(&top, true, Role::Top)?;
        let mut released = false;
        while !self.buffers.frames.is_empty() {
            self.plain_parts();
            let Some(frame) = self.buffers.frames.last_mut() else { break };
            let is_object = frame.close == b'}';
            if self.reader.take(frame.close) {
                released = self.close()?;
                continue;
            }
            if frame.has_begun {
                self.reader.expect(b',', closing(is_object).1)?;
                frame.separator_end = self.reader.position();
            }
            frame.has_begun = true;
            if is_object { self.member()? } else { self.item()? }
        }
        let end = self.reader.position();
        self.reader.end()?;
        if !released {
            return Ok(false);
        }
        self.copy(Span::new(end, self.text.len()));
        let out = self.out.bytes();
        if !is_planted(Planted::UnusedDeclaration) {
            self.buffers.context.narrow(self.text.as_bytes(), out, self.session.format);
        }
        Ok(released)
    }

    fn member(&mut self) -> Rewrite<()> {
        self.reader.peek();
        let start = self.reader.position();
        let name = self.reader.name()?;
        let kind = self.reader.kind()?;
        let JsonString { inner, escaped: is_escaped } = name;
        let part = Part { start, name: Some(inner), is_escaped, node: None, value_start: self.reader.position() };
        let spelled = name.inner.text(self.text);
        let decoded = &mut self.session.buffers.decoded;
        let name_text = if name.escaped {
            decoded.clear();
            decode(spelled, decoded);
            decoded.as_str()
        } else {
            spelled
        };
        let trie = self.trie;
        let Some(frame) = self.buffers.frames.last_mut() else { return Ok(()) };
        let parent = frame.part.node.and_then(|node| trie.node(node));
        let role = frame.role;
        if let Some((id, child)) =
            parent.and_then(|node| trie.child(node, NamespaceId::NONE, false, name_text.as_bytes()))
            && let Some(node) = trie.node(id)
        {
            let role = self.meet(child, start)?;
            return self.value(Part { node: Some(id), ..part }, kind, Some(node), role);
        }
        if name_text == CONTEXT && !self.session.format.prefixes.is_empty() {
            return self.context(part, role == Role::Top);
        }
        let references = self.session.format.references.as_ref();
        let is_id = references.and_then(|references| references.json.as_deref()) == Some(name_text);
        // An object at a leaf is a wrapped value, which nothing can refer to.
        let is_value = parent.is_some_and(|parent| matches!(parent.target, Target::Leaf(_)));
        if is_id && !is_value && role != Role::Top {
            return self.id(part);
        }
        if is_planted(Planted::Unmapped) {
            self.begin(&part);
            self.skip()?;
            self.copy(Span::new(part.value_start, self.reader.position()));
            self.written();
            return Ok(());
        }
        if matches!(role, Role::Record(..)) && record_namespace(self.session.format, name_text).is_some() {
            let at = self.buffers.record_text.len();
            self.buffers.record_text.push_str(name_text);
            let elements = trie.elements_named(NamespaceId::NONE, name_text.as_bytes());
            if self.session.admits_in_record(elements) {
                self.buffers.record_names.push(Span::new(at, self.buffers.record_text.len()));
                frame.has_parts = true;
                return self.value(part, kind, None, role);
            }
            self.buffers.record_text.truncate(at);
        }
        self.drop_unmapped()
    }

    /// An item of an array, which has the array's node.
    fn item(&mut self) -> Rewrite<()> {
        let kind = self.reader.kind()?;
        let start = self.reader.position();
        if kind == ValueKind::Array {
            return self.drop_unmapped();
        }
        let Some(Frame { part: Part { node: id, .. }, role, .. }) = self.buffers.frames.last().copied() else {
            return Ok(());
        };
        let node = id.and_then(|node| self.trie.node(node));
        self.value(Part { start, name: None, is_escaped: false, node: id, value_start: start }, kind, node, role)
    }

    /// A context: the top-level one is released, a nested one is only checked against the format.
    fn context(&mut self, part: Part, is_top: bool) -> Rewrite<()> {
        let namespaces = &self.session.parts.formats.namespaces;
        if is_top && self.buffers.context.is_copied() {
            return Err(Refusal::at(Reason::DuplicateName, part.start, "a name stands twice in one object"));
        }
        self.buffers.context.read(&mut self.reader, self.text, self.session.format, namespaces, self.limits, is_top)?;
        if is_top {
            self.begin(&part);
            let at = self.out.len();
            self.copy(Span::new(part.value_start, self.reader.position()));
            self.buffers.context.copied_to(Span::new(at, self.out.len()));
            self.written();
        } else {
            self.session.unmapped();
            self.passed();
        }
        Ok(())
    }

    /// The member that names an object, or the only member of a reference to one.
    fn id(&mut self, part: Part) -> Rewrite<()> {
        let Some(frame) = self.buffers.frames.last_mut() else { return Ok(()) };
        if frame.has_id {
            return Err(Refusal::at(Reason::DuplicateName, part.start, "a name stands twice in one object"));
        }
        frame.has_id = true;
        if self.reader.peek() != Some(b'"') {
            return self.drop_unmapped();
        }
        let Scalar::String(string) = self.reader.scalar()? else { return Ok(()) };
        if let Some(frame) = self.buffers.frames.last_mut() {
            frame.id = string.inner;
        }
        let offset = string.inner.start();
        let links = &mut self.session.buffers.links;
        if is_planted(Planted::Reference) {
            self.begin(&part);
            self.out.bytes().extend_from_slice(b"\"#id1\"");
            self.written();
        } else if !links.is_writing() {
            let mut name = String::new();
            decode(string.inner.text(self.text), &mut name);
            links.note(offset, LinkKind::Uri, &name);
            self.passed();
        } else if let Some(kept) = links.kept(offset) {
            self.begin(&part);
            let at = self.out.len();
            let out = self.out.bytes();
            out.push(b'"');
            self.session.buffers.links.write(kept, at, out);
            out.push(b'"');
            if is_planted(Planted::OriginalId) {
                out.truncate(at);
                out.extend_from_slice(self.text.as_bytes().get(offset - 1..=string.inner.end()).unwrap_or_default());
            }
            self.written();
        } else {
            self.passed();
        }
        Ok(())
    }

    fn copy(&mut self, span: Span) {
        self.out.copy(span);
    }
}

/// The namespace of a name in a record, if it is one of the format's; `None` for a name that could say more than it
/// names.
fn record_namespace(format: &Format, name: &str) -> Option<NamespaceId> {
    let (namespace, local) = match name.split_once(':') {
        Some((prefix, local)) => (format.prefixes.iter().find(|(own, _)| own == prefix)?.1, local),
        None if format.prefixes.is_empty() => (NamespaceId::NONE, name),
        None => return None,
    };
    is_record_name(local.as_bytes()).then_some(namespace)
}
