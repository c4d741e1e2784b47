//! Rewriting XML in one pass: a start tag is written when it is met and taken back at its end if nothing inside was
//! released (P5).

use super::followers::{self, Followers};
use super::output::{Declarations, Output, is_record_name, push_xml_lines, push_xml_text};
use super::planted::{Planted, is_planted};
use super::session::{Session, Value};
use super::text::Extraction;
use super::value::Judgement;
use crate::catalog::{ElementId, Treatment};
use crate::format::{ExpandedName, NamespaceId, Namespaces, Node, NodeId, StandIn, Target, Trie, XSI_URI};
use crate::read::encoding::Encoding;
use crate::read::scan::{Span, is_space};
use crate::read::xml::{
    Attribute, AttributeKind, Bookmark, CDATA_END, CDATA_START, Declaration, Event, QualifiedName, StartTag, XmlReader,
    XmlState, decode, decode_section,
};
use crate::read::{Limits, Message, Reason, Refusal};

type Rewrite<T> = Result<T, Refusal>;

/// What the XML rewriter remembers; reused from message to message.
#[derive(Debug, Default)]
pub(super) struct XmlBuffers {
    frames: Vec<Frame>,
    declarations: Declarations,
    /// Bindings that the attributes of one tag use.
    uses: Vec<usize>,
    followers: Followers,
}

/// What stands before the content of the root: read once to recognise the format, and written from here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opening {
    declaration: Declaration,
    /// The text was transcoded, and goes out as UTF-8.
    is_transcoded: bool,
    /// The white space nearest to the root.
    space: Span,
    /// Comments and processing instructions.
    asides: u32,
    pub(super) root: StartTag,
    bookmark: Bookmark,
}

impl Opening {
    /// Reads a message up to the start tag of its root.
    pub(super) fn read(
        message: Message<'_>,
        limits: &Limits,
        known: &Namespaces,
        state: &mut XmlState,
    ) -> Rewrite<Self> {
        let (mut reader, declaration) = XmlReader::open(message.text, message.encoding, limits, known, state)?;
        let is_transcoded = message.encoding != Encoding::Utf8;
        let mut space = Span::default();
        let mut asides = 0;
        loop {
            match reader.next()? {
                Event::Start(root) => {
                    return Ok(Self { declaration, is_transcoded, space, asides, root, bookmark: reader.bookmark() });
                }
                Event::Text(span) => space = span,
                Event::Aside | Event::CData(_) | Event::End(_) | Event::Done => asides += 1,
            }
        }
    }

    /// The reader behind the root's start tag.
    pub(super) fn reader<'m, 's>(
        &self,
        text: &'m str,
        limits: &'s Limits,
        known: &'s Namespaces,
        state: &'s mut XmlState,
    ) -> XmlReader<'m, 's> {
        XmlReader::resume(text, limits, known, state, self.bookmark)
    }
}

/// What an open element is to the mapping.
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
    binding: Option<usize>,
    /// Where its content begins in the message.
    content: usize,
    /// Where it begins in the output (with the white space before it), and its content.
    out_start: usize,
    out_content: usize,
    /// The white space before it, which stays if it doesn't.
    space: Span,
    /// Whether something in it was released.
    released: bool,
    /// The reference it carries, and whether `xsi:nil`, as far as they were written.
    reference: Option<Span>,
    has_nil: bool,
    has_children: bool,
    has_text: bool,
}

/// How a start tag was written.
#[derive(Debug, Clone, Copy, Default)]
struct WrittenTag {
    /// A mapped and permitted attribute of it was released.
    released: bool,
    reference: Option<Span>,
    is_nil: bool,
    /// `xsi:nil` was written.
    has_nil: bool,
}

/// The rewriter of one pass over one message.
pub(super) struct XmlRewriter<'m, 's, 'f> {
    text: &'m str,
    reader: XmlReader<'m, 's>,
    trie: &'f Trie,
    session: &'s mut Session<'f>,
    buffers: &'s mut XmlBuffers,
    out: Output<'m, 's>,
    /// Where in the mapping the next start tag stands, if tags may be foretold.
    place: followers::Place,
    /// Whether they may, and with how many declarations in scope: those of the root.
    foretells: Option<usize>,
    /// Of the white space between two parts that stay, the run nearest to the second. What is removed in between takes
    /// its own along, so that nothing tells it was there.
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
        buffers.declarations.reset();
        Self {
            text,
            reader,
            trie,
            session,
            buffers,
            out: Output::new(text.as_bytes(), out),
            place: None,
            foretells: None,
            space: Span::default(),
        }
    }

    /// Reads the message to its end and writes what the grant holds. Gives whether anything was released.
    pub(super) fn run(mut self, opening: &Opening) -> Rewrite<bool> {
        self.xml_declaration(opening);
        self.space = opening.space;
        for _ in 0..opening.asides {
            self.session.unmapped();
        }
        self.element(&opening.root)?;
        let root = opening.root.span.of(self.text.as_bytes());
        self.foretells = self.buffers.followers.begin(root).then(|| self.reader.binding_count());
        let mut released = false;
        loop {
            if let Some((tag, id)) = self.foretold() {
                self.named(&tag, id)?;
                continue;
            }
            if self.reader.is_at_start_tag() {
                let tag = self.reader.start_tag()?;
                self.element(&tag)?;
                continue;
            }
            match self.reader.next()? {
                Event::Start(tag) => self.element(&tag)?,
                Event::Text(span) => self.loose_text(span),
                Event::CData(span) => self.loose_cdata(span),
                Event::Aside if is_planted(Planted::Comment) => self.out.bytes().extend_from_slice(b"<!-- -->"),
                Event::Aside => self.session.unmapped(),
                Event::End(span) => released |= self.end(span)?,
                Event::Done => {
                    self.copy_space();
                    if !is_planted(Planted::UnusedDeclaration) {
                        self.buffers.declarations.cut_unused(self.out.bytes());
                    }
                    return Ok(released);
                }
            }
        }
    }

    /// Writes the XML declaration; what was transcoded is UTF-8 now.
    fn xml_declaration(&mut self, opening: &Opening) {
        let Declaration { span, encoding } = opening.declaration;
        match encoding.filter(|_| opening.is_transcoded) {
            Some(encoding) => {
                self.copy(Span::new(span.start(), encoding.start()));
                self.out.bytes().extend_from_slice(Encoding::Utf8.name().as_bytes());
                self.copy(Span::new(encoding.end(), span.end()));
            }
            None => self.copy(span),
        }
    }

    /// The start tag that comes next and its node, if it is the one that followed here the last time.
    #[inline]
    fn foretold(&mut self) -> Option<(StartTag, NodeId)> {
        let (tag, model, id) = self.buffers.followers.guess(self.place)?;
        if self.foretells != Some(self.reader.binding_count()) {
            return None;
        }
        self.reader.start_tag_like(tag, model).map(|tag| (tag, id))
    }

    /// An element begins.
    fn element(&mut self, tag: &StartTag) -> Rewrite<()> {
        let trie = self.trie;
        let bytes = self.text.as_bytes();
        let local = tag.name.local().of(bytes);
        let (parent, role) = match self.buffers.frames.last() {
            Some(frame) => (frame.node.and_then(|node| trie.node(node)), frame.role),
            None => (trie.node(NodeId::ENTRY), Role::Container),
        };
        let mut child = parent.and_then(|parent| trie.child(parent, tag.namespace, false, local));
        if is_planted(Planted::Namespace) {
            let mut all = self.session.format.prefixes.iter();
            child = child.or_else(|| all.find_map(|(_, namespace)| trie.child(parent?, *namespace, false, local)));
        }
        let Some((id, _)) = child else {
            self.child_begins();
            return self.unnamed(tag, role, local);
        };
        if self.foretells == Some(self.reader.binding_count()) {
            self.buffers.followers.learn(self.place, tag, id, bytes);
        }
        self.named(tag, id)
    }

    /// An element that the mapping names begins.
    fn named(&mut self, tag: &StartTag, id: NodeId) -> Rewrite<()> {
        self.child_begins();
        let Some(node) = self.trie.node(id) else { return Ok(()) };
        self.place = followers::behind(Some(id));
        match node.target {
            Target::Container => self.open(tag, Some(id), Role::Container),
            Target::Unmapped => self.leaf(tag, node, None),
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
                // What is mapped inside of it to something else may be permitted.
                None if node.goes_on => {
                    self.session.deny(element, tag.span);
                    self.open(tag, Some(id), Role::Container)
                }
                None => self.denied(tag, node, element),
            },
        }
    }

    /// An element that the mapping doesn't name: part of a record, or unknown.
    fn unnamed(&mut self, tag: &StartTag, role: Role, local: &[u8]) -> Rewrite<()> {
        let is_of_format = self.session.format.has_namespace(tag.namespace);
        if matches!(role, Role::Record(..))
            && is_of_format
            && is_record_name(local)
            && self.session.admits_in_record(self.trie.elements_named(tag.namespace, local))
        {
            return self.open(tag, None, role);
        }
        if self.buffers.frames.is_empty() {
            return Err(Refusal::at(Reason::FormatUnknown, tag.span.start(), "the root is not that of the format"));
        }
        self.session.unmapped();
        let end = self.reader.skip_element()?;
        if is_planted(Planted::Unmapped) {
            self.copy(Span::new(tag.span.start(), end));
        }
        Ok(())
    }

    /// A child begins in the innermost open element: text before it was no value.
    fn child_begins(&mut self) {
        let Some(frame) = self.buffers.frames.last_mut() else { return };
        if let (Role::Record(..), false) = (frame.role, frame.has_children) {
            if frame.has_text {
                self.session.unmapped();
            }
            self.out.truncate(frame.out_content);
            self.session.buffers.decoded.clear();
        }
        frame.has_children = true;
    }

    fn open(&mut self, tag: &StartTag, node: Option<NodeId>, role: Role) -> Rewrite<()> {
        let out_start = self.out.len();
        let space = self.space;
        let written = self.start_tag(tag, node.and_then(|node| self.trie.node(node)))?;
        self.session.buffers.decoded.clear();
        self.place = followers::inside(node);
        self.buffers.frames.push(Frame {
            node,
            role,
            name: tag.name,
            namespace: tag.namespace,
            binding: tag.binding,
            content: tag.span.end(),
            out_start,
            out_content: self.out.len(),
            space,
            released: written.released,
            reference: written.reference,
            has_nil: written.has_nil,
            has_children: false,
            has_text: false,
        });
        Ok(())
    }

    /// Text directly in an open element: a value if that is the innermost of a record, unknown otherwise.
    fn loose_text(&mut self, span: Span) {
        let plain = self.reader.text_is_plain();
        let is_blank = self.reader.text_is_blank();
        let nearest = if is_blank { span } else { nearest_space(span, self.text.as_bytes()) };
        if nearest.len() > 0 {
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
            self.out.copy(span);
        } else if !is_blank {
            if is_planted(Planted::LooseText) {
                self.out.copy(span);
            }
            self.session.unmapped();
        }
    }

    fn loose_cdata(&mut self, span: Span) {
        let Some(frame) = self.buffers.frames.last_mut() else { return };
        frame.has_text = true;
        if let (Role::Record(..), false) = (frame.role, frame.has_children) {
            self.session.buffers.decoded.push_str(cdata_content(span).text(self.text));
            self.copy(span);
        } else {
            self.session.unmapped();
        }
    }

    /// An open element ends. Gives whether it is the root and was released.
    fn end(&mut self, tag: Span) -> Rewrite<bool> {
        let Some(frame) = self.buffers.frames.pop() else { return Ok(false) };
        self.place = followers::behind(frame.node);
        // Of an element of a record without children the text has been written, as a value.
        let is_value = matches!(frame.role, Role::Record(..)) && !frame.has_children;
        let kept = match frame.role {
            // What is nil and yet holds something can be read in two ways.
            _ if frame.has_nil && self.out.len() > frame.out_content => false,
            Role::Record(element, treatment) if is_value => {
                let inside = Span::new(frame.content, tag.start());
                self.end_of_value(element, treatment, Value::Decoded, frame.out_content, inside)?
            }
            _ => frame.released || frame.reference.is_some() || is_planted(Planted::EmptyContainer),
        };
        if let (Some(reference), true) = (frame.reference, frame.released) {
            self.session.buffers.links.make_idle(reference);
        }
        if !kept {
            self.take_back(frame.out_start);
            self.space = frame.space;
            let node = frame.node.and_then(|node| self.trie.node(node));
            self.stand_in(frame.name, frame.binding, frame.namespace, node);
        } else if is_value {
            self.space = Span::default();
            self.copy(tag);
        } else {
            self.end_container(&frame, tag);
        }
        if let (true, Some(parent)) = (kept, self.buffers.frames.last_mut()) {
            parent.released = true;
        }
        Ok(kept && self.buffers.frames.is_empty())
    }

    /// Ends an element that stays. One that stays for its attributes alone becomes an empty-element tag, so that nothing
    /// tells whether there was something in it.
    fn end_container(&mut self, frame: &Frame, tag: Span) {
        if self.out.len() > frame.out_content {
            self.copy_space();
            if !is_planted(Planted::EndTag) {
                self.copy(tag);
            }
        } else if tag.len() > 0 {
            self.out.bytes().pop();
            self.out.bytes().extend_from_slice(b"/>");
        }
        self.space = Span::default();
    }

    /// A part whose element the grant doesn't hold: passed whole.
    fn denied(&mut self, tag: &StartTag, node: &Node, element: ElementId) -> Rewrite<()> {
        let end = self.reader.skip_element()?;
        self.session.deny(element, Span::new(tag.span.start(), end));
        self.stand_in(tag.name, tag.binding, tag.namespace, Some(node));
        Ok(())
    }

    /// A leaf: its own text, joined over comments and unknown children, is one value.
    fn leaf(&mut self, tag: &StartTag, node: &Node, element: Option<(ElementId, Option<Treatment>)>) -> Rewrite<()> {
        let out_start = self.out.len();
        let space = self.space;
        let written = self.start_tag(tag, Some(node))?;
        let out_content = self.out.len();
        let (content, end) = self.leaf_content()?;
        let text = self.text;
        let value = match content {
            Content::One(span) => Value::Plain(span.text(text)),
            Content::Joined { .. } => Value::Decoded,
        };
        if let Some(role) = node.role {
            self.session.note(role, value, tag.span.end());
        }
        let inside = Span::new(tag.span.end(), end.start());
        let torn = matches!(content, Content::Joined { torn: true }) || written.is_nil && out_content < self.out.len();
        let kept = match element {
            Some(_) if !node.layouts.is_empty() && !torn => self.end_of_text(node, value, out_content, inside)?,
            Some((element, Some(treatment))) if torn => {
                // Not to be read in one way: judged as what violates every shape.
                self.session.judge(element, treatment, Value::Plain("\u{0}"), inside)? == Judgement::Release
            }
            Some((element, Some(treatment))) => self.end_of_value(element, treatment, value, out_content, inside)?,
            Some((element, None)) => {
                self.session.deny(element, Span::new(tag.span.start(), end.end()));
                false
            }
            None => {
                self.session.unmapped();
                false
            }
        };
        let is_first = self.buffers.frames.last().is_none_or(|parent| !parent.released);
        let kept = kept && (is_first || !is_planted(Planted::LostValue));
        if !kept {
            self.take_back(out_start);
            self.space = space;
            self.stand_in(tag.name, tag.binding, tag.namespace, Some(node));
            return Ok(());
        }
        self.copy(end);
        if let Some(parent) = self.buffers.frames.last_mut() {
            parent.released = true;
        }
        Ok(())
    }

    /// Copies the content of a leaf up to its end tag, whose span is given.
    fn leaf_content(&mut self) -> Rewrite<(Content, Span)> {
        let text = self.text;
        self.session.buffers.decoded.clear();
        if let Some((span, end)) = self.reader.plain_content()? {
            self.copy(span);
            return Ok((Content::One(span), end));
        }
        let mut content = Content::One(Span::default());
        let mut pieces = 0;
        loop {
            let (span, meaning, plain) = match self.reader.next()? {
                Event::Text(span) => (span, span, self.reader.text_is_plain()),
                // Of a section only the line ends can mean something else than they say.
                Event::CData(span) => {
                    let meaning = cdata_content(span);
                    (span, meaning, memchr::memchr(b'\r', meaning.of(text.as_bytes())).is_none())
                }
                Event::Start(_) => {
                    self.session.unmapped();
                    self.reader.skip_element()?;
                    continue;
                }
                Event::End(span) => return Ok((content, span)),
                Event::Aside | Event::Done => {
                    self.session.unmapped();
                    continue;
                }
            };
            pieces += 1;
            content = match content {
                Content::One(_) if pieces == 1 && plain => Content::One(meaning),
                before => {
                    let decoded = &mut self.session.buffers.decoded;
                    if let Content::One(first) = before {
                        decoded.push_str(first.text(text));
                    }
                    let piece = meaning.text(text);
                    if span == meaning {
                        decode(piece, decoded)
                    } else {
                        decode_section(piece, decoded)
                    }
                    // Two texts may meet where something between them went, and make what is no text: `]]` and `>`.
                    let torn_here = span == meaning && meets_as_section_end(self.out.bytes(), piece);
                    Content::Joined { torn: torn_here || matches!(before, Content::Joined { torn: true }) }
                }
            };
            self.copy(span);
        }
    }

    /// Judges the value whose raw text has just been written at `out_content`. Gives whether it stays.
    fn end_of_value(
        &mut self,
        element: ElementId,
        treatment: Treatment,
        value: Value<'_>,
        out_content: usize,
        span: Span,
    ) -> Rewrite<bool> {
        match self.session.judge(element, treatment, value, span)? {
            Judgement::Release => Ok(true),
            Judgement::Generalise => {
                self.out.truncate(out_content);
                push_xml_text(&self.session.buffers.written, self.out.bytes());
                Ok(true)
            }
            Judgement::ShapeViolation | Judgement::Photo => Ok(false),
        }
    }

    /// Extracts from the text whose raw form has just been written at `out_content`. Gives whether something of it stays.
    fn end_of_text(&mut self, node: &Node, value: Value<'_>, out_content: usize, span: Span) -> Rewrite<bool> {
        let extraction = self.session.extract(node, value, span)?;
        if extraction == Extraction::Part {
            self.out.truncate(out_content);
            push_xml_lines(&self.session.buffers.written, self.out.bytes());
        }
        Ok(extraction != Extraction::Nothing)
    }

    /// Writes a start tag with what its attributes leave.
    fn start_tag(&mut self, tag: &StartTag, node: Option<&Node>) -> Rewrite<WrittenTag> {
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
            let kept = is_nil && (node.is_some_and(|node| node.nillable) || self.refers());
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
        is_container && self.session.grants_any_of(node) && self.session.buffers.links.reference(at, name, self.text)
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

    /// Writes what stands for a denied part that the schema requires.
    fn stand_in(&mut self, name: QualifiedName, binding: Option<usize>, namespace: NamespaceId, node: Option<&Node>) {
        let Some(stand_in) = node.and_then(|node| node.stand_in.as_ref()) else { return };
        self.copy_space();
        let at = self.out.len();
        let qualified = name.whole.of(self.text.as_bytes());
        self.out.bytes().push(b'<');
        self.out.bytes().extend_from_slice(qualified);
        // A declaration on the denied tag itself went with it.
        let is_in_scope = binding.is_none_or(|binding| binding < self.reader.binding_count());
        if is_in_scope {
            self.buffers.declarations.mark_used(binding, at);
        } else {
            let prefix = qualified.split(|byte| *byte == b':').next().filter(|prefix| prefix.len() < qualified.len());
            let uri = self.session.parts.formats.namespaces.uri(namespace);
            push_declaration(prefix, uri, self.out.bytes());
        }
        match stand_in {
            StandIn::Empty => self.out.bytes().extend_from_slice(b"/>"),
            StandIn::Nil => {
                match self.reader.prefix_of(NamespaceId::XSI).filter(|_| is_in_scope) {
                    Some((binding, prefix)) => {
                        self.buffers.declarations.mark_used(Some(binding), at);
                        self.out.bytes().push(b' ');
                        self.copy(prefix);
                    }
                    None => {
                        let prefix: &[u8] = if qualified.starts_with(b"xsi:") { b"xsi1" } else { b"xsi" };
                        push_declaration(Some(prefix), XSI_URI, self.out.bytes());
                        self.out.bytes().push(b' ');
                        self.out.bytes().extend_from_slice(prefix);
                    }
                }
                self.out.bytes().extend_from_slice(b":nil=\"true\"/>");
            }
            StandIn::Constant(text) => {
                self.out.bytes().push(b'>');
                push_xml_text(if is_planted(Planted::StandIn) { "planted" } else { text }, self.out.bytes());
                self.out.bytes().extend_from_slice(b"</");
                self.out.bytes().extend_from_slice(qualified);
                self.out.bytes().push(b'>');
            }
        }
    }

    fn take_back(&mut self, at: usize) {
        self.out.truncate(at);
        self.buffers.declarations.take_back(at);
        self.session.buffers.links.take_back(at);
    }

    /// Writes the white space that stands before what stays.
    fn copy_space(&mut self) {
        self.copy(self.space);
        self.space = Span::default();
    }

    fn copy(&mut self, span: Span) {
        self.out.copy(span);
    }
}

/// The content of a leaf.
#[derive(Debug, Clone, Copy)]
enum Content {
    /// One text that means what it says.
    One(Span),
    /// Several, or one with references; decoded. `torn` when their raw texts can't stand side by side.
    Joined { torn: bool },
}

/// The white space at the end of a text, or else at its start.
fn nearest_space(span: Span, message: &[u8]) -> Span {
    let bytes = span.of(message);
    let count = |blank: &mut dyn Iterator<Item = &u8>| blank.take_while(|byte| is_space(**byte)).count();
    match count(&mut bytes.iter().rev()) {
        0 => Span::new(span.start(), span.start() + count(&mut bytes.iter())),
        trailing => Span::new(span.end() - trailing, span.end()),
    }
}

fn cdata_content(span: Span) -> Span {
    Span::new(span.start() + CDATA_START, span.end() - CDATA_END)
}

fn meets_as_section_end(before: &[u8], text: &str) -> bool {
    before.ends_with(b"]]") && text.starts_with('>') || before.ends_with(b"]") && text.starts_with("]>")
}

fn push_declaration(prefix: Option<&[u8]>, uri: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b" xmlns");
    if let Some(prefix) = prefix {
        out.push(b':');
        out.extend_from_slice(prefix);
    }
    out.extend_from_slice(b"=\"");
    push_xml_text(uri, out);
    out.push(b'"');
}
