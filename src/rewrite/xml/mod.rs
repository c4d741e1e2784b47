//! Rewriting XML in one pass: a start tag is written when it is read, and taken back at its end if nothing inside was
//! released (P5).

mod leaf;
mod opening;
mod placeholder;
mod plain;
mod tag;

pub(super) use opening::Opening;

use super::links::Closing;
use super::names::UsedNamespaces;
use super::output::{Output, is_record_name};
use super::planted::{Planted, beginning, is_planted};
use super::session::{Session, Value};
use super::variants::{self, Untold, VariantBuffers};
use crate::read::encoding::UTF_8_NAME;
use crate::read::scan::is_space;
use crate::read::xml::{CDATA_END, CDATA_START, Declaration, Event, QualifiedName, StartTag, XmlReader, decode};
use crate::read::{Reason, Refusal};
use dmv_redact_model::catalog::{ElementId, Treatment};
use dmv_redact_model::format::{Edge, NamespaceId, NodeId, Target, Trie};
use dmv_redact_model::manifest::ReleasedForm;
use dmv_redact_model::span::Span;

type Rewrite<T> = Result<T, Refusal>;

/// Buffers of the XML rewriter, reused from message to message.
#[derive(Debug, Default)]
pub(super) struct XmlBuffers {
    /// The open elements, the innermost last. They are read and changed in place: to move one right after it was
    /// written field by field would stall on store forwarding.
    frames: Vec<Frame>,
    used: UsedNamespaces,
    /// Where in the output the declarations are.
    declared: Span,
    /// What replaces a part of the output.
    scratch: Vec<u8>,
    /// The parts of the message that the value read last consists of: what was between them was removed.
    pieces: Vec<Span>,
    variants: VariantBuffers,
}

/// Stands for an ambiguous value: it violates every shape.
const NO_VALUE: Value<'static> = Value::Plain("\u{0}");

/// The role of an open element in the mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// It is kept if something inside is.
    Container,
    /// It is part of a record that is permitted so.
    Record(ElementId, Treatment),
}

/// An open element whose start tag has been written.
#[derive(Debug, Clone, Copy)]
struct Frame {
    /// Its node; `None` inside a record, where the mapping names nothing.
    node: Option<NodeId>,
    role: Role,
    name: QualifiedName,
    namespace: NamespaceId,
    /// Where its content begins in the message.
    content: usize,
    /// Where it begins in the output (with the white space before it), and where its content does.
    out_start: usize,
    out_content: usize,
    /// How many values had been released before.
    values: usize,
    /// Its number among the parts of the manifest.
    part: usize,
    /// The white space before it, which stays if the element doesn't.
    space: Span,
    /// Whether something in it was released.
    released: bool,
    /// Whether it has attributes that name objects or refer to them, whether one was written that makes it a reference,
    /// and whether `xsi:nil` was.
    has_links: bool,
    refers: bool,
    has_nil: bool,
    /// Whether one of its attributes tells what it is.
    tells: bool,
    has_children: bool,
    has_text: bool,
    /// Its texts can't be adjacent.
    is_torn: bool,
    /// What is asked of it and tells nothing.
    untold: Untold,
}

/// The rewriter of one pass over one message.
pub(super) struct XmlRewriter<'m, 's, 'f> {
    text: &'m str,
    reader: XmlReader<'m, 's>,
    trie: &'f Trie,
    session: &'s mut Session<'f>,
    buffers: &'s mut XmlBuffers,
    out: Output<'m, 's>,
    /// The last run of white space before the next part that stays. What is removed takes its own along, so that no
    /// trace of it is left.
    space: Span,
}

impl<'m, 's, 'f> XmlRewriter<'m, 's, 'f> {
    pub(super) fn new(
        text: &'m str,
        reader: XmlReader<'m, 's>,
        trie: &'f Trie,
        session: &'s mut Session<'f>,
        buffers: &'s mut XmlBuffers,
        out: &'s mut Vec<u8>,
    ) -> Self {
        buffers.frames.clear();
        buffers.used.reset(session.parts.formats.namespaces.count());
        buffers.declared = Span::default();
        Self { text, reader, trie, session, buffers, out: Output::new(text.as_bytes(), out), space: Span::default() }
    }

    /// Reads the message to its end and writes what the grant permits. Returns whether anything was released.
    pub(super) fn run(mut self, opening: &Opening) -> Rewrite<bool> {
        self.xml_declaration(opening);
        self.space = opening.space;
        self.element(&opening.root)?;
        let mut released = false;
        loop {
            self.plain_parts();
            if self.reader.is_at_start_tag() {
                let tag = self.reader.start_tag()?;
                self.element(&tag)?;
                continue;
            }
            match self.reader.next_event()? {
                Event::Start(tag) => self.element(&tag)?,
                Event::Text(span) => self.loose_text(span),
                Event::CData(span) => self.loose_cdata(span),
                Event::CommentOrPi if is_planted(Planted::Comment) => self.out.bytes().extend_from_slice(b"<!-- -->"),
                Event::CommentOrPi => {}
                Event::End(span) => released |= self.end(span)?,
                Event::Done => {
                    self.copy_space();
                    if released {
                        self.narrow_declarations();
                    }
                    return Ok(released);
                }
            }
        }
    }

    /// Writes the XML declaration. The output is UTF-8, whatever the message declares.
    fn xml_declaration(&mut self, opening: &Opening) {
        let Declaration { span, encoding } = opening.declaration;
        let bytes = self.text.as_bytes();
        match encoding {
            Some(encoding) if !encoding.of(bytes).eq_ignore_ascii_case(UTF_8_NAME.as_bytes()) => {
                self.copy(Span::new(span.start(), encoding.start()));
                self.out.bytes().extend_from_slice(UTF_8_NAME.as_bytes());
                self.copy(Span::new(encoding.end(), span.end()));
            }
            _ => self.copy(span),
        }
    }

    /// An element begins.
    fn element(&mut self, tag: &StartTag) -> Rewrite<()> {
        let trie = self.trie;
        let bytes = self.text.as_bytes();
        let local = tag.name.local().of(bytes);
        let (parent, role) = match self.buffers.frames.last() {
            Some(frame) => (frame.node, frame.role),
            None => (Some(NodeId::ENTRY), Role::Container),
        };
        let mut child = parent.and_then(|parent| trie.child(parent, tag.namespace, false, local));
        if is_planted(Planted::Namespace) {
            let mut all = self.session.format.prefixes.iter();
            child = child.or_else(|| all.find_map(|(_, namespace)| trie.child(parent?, *namespace, false, local)));
        }
        if is_planted(Planted::Pattern) {
            child = child.or_else(|| trie.wild_child(parent?, tag.namespace, false, beginning(local)));
        }
        let Some(Edge { node: id, .. }) = child else {
            return self.unnamed(tag, role, local);
        };
        let id = *id;
        let around = self.buffers.frames.last().filter(|frame| !frame.untold.is_empty());
        if around.is_some_and(|frame| frame.untold.holds(parent.and_then(|id| trie.node(id)), tag.namespace, local)) {
            let end = self.reader.skip_element()?;
            self.session.unmapped(Span::new(tag.span.start(), end));
            return Ok(());
        }
        let Some(node) = trie.node(id).filter(|node| node.has_variants()) else { return self.named(tag, id) };
        let buffers = &mut self.buffers.variants;
        let (variant, untold) =
            variants::of_element(&mut self.reader, self.text, self.session.format, (trie, node), buffers)?;
        let depth = self.buffers.frames.len();
        self.named(tag, variant)?;
        if let Some(frame) = self.buffers.frames.get_mut(depth) {
            frame.untold = untold;
        }
        Ok(())
    }

    /// An element that the mapping names begins.
    fn named(&mut self, tag: &StartTag, id: NodeId) -> Rewrite<()> {
        self.child_begins();
        let Some(node) = self.trie.node(id) else { return Ok(()) };
        match node.target {
            Target::Container => self.open(tag, Some(id), Role::Container),
            Target::Leaf(element) if !node.layouts.is_empty() => match self.session.grants_any_of(Some(node)) {
                true => self.leaf(tag, node, Some((element, None))),
                false => self.denied(tag, node, element),
            },
            Target::Leaf(element) => match self.session.treatment(element) {
                None if node.role.is_none() => self.denied(tag, node, element),
                treatment => self.leaf(tag, node, Some((element, treatment))),
            },
            Target::Record(element) => match self.session.treatment(element) {
                Some(treatment) => self.open(tag, Some(id), Role::Record(element, treatment)),
                // What is mapped to another element inside it may be permitted.
                None if node.continues => {
                    self.session.deny(element, tag.span);
                    self.open(tag, Some(id), Role::Container)
                }
                None => self.denied(tag, node, element),
            },
        }
    }

    /// An element that the mapping doesn't name: part of a record, or unknown.
    fn unnamed(&mut self, tag: &StartTag, role: Role, local: &[u8]) -> Rewrite<()> {
        let is_of_format = self.session.format.has_names_of(tag.namespace);
        if matches!(role, Role::Record(..))
            && is_of_format
            && is_record_name(local)
            && self.session.admits_in_record(self.trie.elements_named(tag.namespace, local))
        {
            self.child_begins();
            return self.open(tag, None, role);
        }
        if self.buffers.frames.is_empty() {
            return Err(Refusal::at(Reason::FormatUnknown, tag.span.start(), "the root is not that of the format"));
        }
        let end = self.reader.skip_element()?;
        self.session.unmapped(Span::new(tag.span.start(), end));
        if is_planted(Planted::Unmapped) {
            self.copy(Span::new(tag.span.start(), end));
        }
        Ok(())
    }

    /// A child begins in the innermost open element: text before it is no value.
    fn child_begins(&mut self) {
        let Some(frame) = self.buffers.frames.last_mut() else { return };
        if let (Role::Record(..), false) = (frame.role, frame.has_children) {
            if frame.has_text {
                // It begins where the element's content does.
                self.session.unmapped(Span::new(frame.content, frame.content));
            }
            self.out.truncate(frame.out_content);
            self.session.buffers.decoded.clear();
            self.buffers.pieces.clear();
        }
        frame.has_children = true;
    }

    fn open(&mut self, tag: &StartTag, node: Option<NodeId>, role: Role) -> Rewrite<()> {
        let out_start = self.out.len();
        let space = self.space;
        let values = self.session.buffers.manifest.len();
        let part = self.session.buffers.manifest.open(tag.span.start());
        let written = self.start_tag(tag, node.and_then(|node| self.trie.node(node)))?;
        self.session.buffers.decoded.clear();
        self.buffers.pieces.clear();
        self.buffers.frames.push(Frame {
            node,
            role,
            name: tag.name,
            namespace: tag.namespace,
            content: tag.span.end(),
            out_start,
            out_content: self.out.len(),
            values,
            part,
            space,
            released: written.released,
            has_links: written.has_links,
            refers: written.refers,
            has_nil: written.has_nil,
            tells: written.tells,
            has_children: false,
            has_text: false,
            is_torn: false,
            untold: Untold::default(),
        });
        Ok(())
    }

    /// Text directly in an open element: a value if that is the innermost of a record, unknown otherwise.
    fn loose_text(&mut self, span: Span) {
        let plain = self.reader.text_is_plain();
        let is_blank = self.reader.text_is_blank();
        let nearest = if is_blank { span } else { nearest_space(span, self.text.as_bytes()) };
        if !nearest.is_empty() {
            self.space = nearest;
        }
        let Some(frame) = self.buffers.frames.last_mut() else { return };
        frame.has_text |= !is_blank;
        if let (Role::Record(..), false) = (frame.role, frame.has_children) {
            let decoded = &mut self.session.buffers.decoded;
            let text = span.text(self.text);
            if plain {
                decoded.push_str(text)
            } else {
                decode(text, decoded)
            }
            frame.is_torn |= self.out.len() > frame.out_content && leaf::is_torn(self.out.bytes(), text);
            self.out.copy(span);
            add_piece(&mut self.buffers.pieces, span);
        } else if !is_blank {
            if is_planted(Planted::LooseText) {
                self.out.copy(span);
            }
            self.session.unmapped(span);
        }
    }

    fn loose_cdata(&mut self, span: Span) {
        let Some(frame) = self.buffers.frames.last_mut() else { return };
        frame.has_text = true;
        if let (Role::Record(..), false) = (frame.role, frame.has_children) {
            self.session.buffers.decoded.push_str(cdata_content(span).text(self.text));
            self.copy(span);
            add_piece(&mut self.buffers.pieces, span);
        } else {
            self.session.unmapped(span);
        }
    }

    /// An open element ends. Returns whether it is the root and was released.
    fn end(&mut self, tag: Span) -> Rewrite<bool> {
        let Some(frame) = self.buffers.frames.last() else { return Ok(false) };
        let Frame { node: id, role, name, namespace, content, out_start, out_content, values, part, space, .. } =
            *frame;
        let Frame { released, refers, has_links, has_nil, has_children, is_torn, tells, .. } = *frame;
        // The text of an element of a record without children was written as a value. A blank text is dropped: nothing
        // may show whether content was removed there (P5).
        let has_no_parts = matches!(role, Role::Record(..)) && !has_children;
        let is_blank = has_no_parts && !is_torn && self.session.buffers.decoded.bytes().all(is_space);
        let is_value = has_no_parts && (!is_blank || is_planted(Planted::Shell));
        if has_no_parts && !is_value {
            self.out.truncate(out_content);
        }
        // An element that is nil but has content is ambiguous.
        let is_contradictory = has_nil && self.out.len() > out_content;
        let kept = match role {
            _ if is_contradictory => false,
            Role::Record(element, treatment) if is_value => {
                let inside = Span::new(content, tag.start());
                let value = if is_torn { NO_VALUE } else { Value::Decoded };
                self.end_of_value((element, treatment, ReleasedForm::Exact), value, out_content, inside)?
            }
            // An element with parts is no mere reference, even if all of them were removed.
            _ => released || refers && !has_children || is_planted(Planted::EmptyContainer),
        };
        let is_dropped = is_contradictory || is_value && !kept;
        self.close_links(id, name.whole.start(), kept, (is_dropped, has_children));
        self.buffers.frames.pop();
        if !kept {
            self.take_back(out_start);
            self.session.take_back(values);
            self.session.buffers.manifest.remove_from(part);
            self.space = space;
            let node = id.and_then(|node| self.trie.node(node));
            self.placeholder(name, namespace, node);
        } else if is_value {
            self.space = Span::default();
            self.end_tag(name, namespace, tag);
        } else {
            let notices = id.filter(|_| released);
            self.end_container((name, namespace), notices, out_content, tag);
        }
        if kept {
            let has_more = !is_value || released || has_links || tells;
            self.end_part(part, has_more, Span::new(content, tag.start()));
            self.buffers.frames.last_mut().into_iter().for_each(|parent| parent.released = true);
        }
        Ok(kept && self.buffers.frames.is_empty())
    }

    /// Ends a part of the manifest. One with a single value, whose name is right before it, needs no entry of its own.
    fn end_part(&mut self, part: usize, has_more: bool, content: Span) {
        let begins_at = self.buffers.pieces.first().map_or(content.end(), |piece| piece.start());
        match has_more || begins_at != content.start() {
            true => self.session.buffers.manifest.close(part),
            false => self.session.buffers.manifest.remove_from(part),
        }
    }

    /// Records the outcome of the names and references of an element that ends, and of those in it.
    fn close_links(&mut self, id: Option<NodeId>, start: usize, kept: bool, (is_dropped, has_children): (bool, bool)) {
        if self.session.buffers.links.is_writing() || self.session.buffers.links.is_empty() {
            return;
        }
        let node = id.and_then(|id| self.trie.node(id));
        // A reference to something that is denied would reveal that it exists.
        let may_refer = self.session.grants_reference(node);
        let closing = match (kept, has_children) {
            _ if is_dropped => Closing::Dropped,
            (true, _) => Closing::Object { speaks: true, may_point: may_refer },
            (false, true) => Closing::Object { speaks: false, may_point: may_refer },
            (false, false) if may_refer => Closing::Reference,
            (false, false) => Closing::Dropped,
        };
        self.session.buffers.links.close(start, closing);
    }

    /// Ends an element that stays, with the notices of a node. One that stays only for its attributes is written in one way,
    /// so that it doesn't reveal whether it had content.
    fn end_container(
        &mut self,
        (name, namespace): (QualifiedName, NamespaceId),
        notices: Option<NodeId>,
        out_content: usize,
        tag: Span,
    ) {
        if self.out.len() > out_content {
            self.notices(notices);
            self.copy_space();
            self.end_tag(name, namespace, tag);
        } else {
            self.space = Span::default();
            let is_end = |byte: &u8| matches!(byte, b'/' | b'>') || is_space(*byte);
            let start_tag = self.out.bytes().iter().rposition(|byte| !is_end(byte)).map_or(0, |at| at + 1);
            self.out.truncate(start_tag);
            self.out.bytes().push(b'>');
            self.notices(notices);
            if self.out.len() > start_tag + 1 {
                self.out.bytes().extend_from_slice(b"</");
                self.name(name, namespace);
                self.out.bytes().push(b'>');
            } else {
                self.out.truncate(start_tag);
                self.out.bytes().extend_from_slice(b"/>");
            }
        }
        self.space = Span::default();
    }

    fn take_back(&mut self, at: usize) {
        self.out.truncate(at);
        self.buffers.used.take_back(at);
        self.session.buffers.links.take_back(at);
    }

    /// Writes the white space before a part that stays.
    fn copy_space(&mut self) {
        self.copy(self.space);
        self.space = Span::default();
    }

    fn copy(&mut self, span: Span) {
        self.out.copy(span);
    }
}

/// The white space at the end of a text, or else at its start.
fn nearest_space(span: Span, message: &[u8]) -> Span {
    let bytes = span.of(message);
    match bytes.iter().rev().take_while(|byte| is_space(**byte)).count() {
        0 => {
            let leading = bytes.iter().take_while(|byte| is_space(**byte)).count();
            Span::new(span.start(), span.start() + leading)
        }
        trailing => Span::new(span.end() - trailing, span.end()),
    }
}

/// Adds what was copied to the pieces of a value.
fn add_piece(pieces: &mut Vec<Span>, span: Span) {
    match pieces.last_mut().filter(|last| last.end() == span.start()) {
        Some(last) => *last = Span::new(last.start(), span.end()),
        None => pieces.push(span),
    }
}

fn cdata_content(span: Span) -> Span {
    Span::new(span.start() + CDATA_START, span.end() - CDATA_END)
}
