//! Rewriting JSON in one pass: an object or array is written when it opens and taken back at its end if nothing inside
//! was released (P5).

use super::context::{CONTEXT, Context};
use super::output::{Output, is_record_name, push_json_string};
use super::planted::{Planted, is_planted};
use super::session::{Session, Value};
use super::text::Extraction;
use super::value::Judgement;
use crate::catalog::{ElementId, Treatment};
use crate::format::{Format, NamespaceId, Node, NodeId, StandIn, Target, Trie};
use crate::read::json::{JsonReader, JsonString, Scalar, ValueKind, closing, decode};
use crate::read::scan::Span;
use crate::read::{Limits, Reason, Refusal};

type Rewrite<T> = Result<T, Refusal>;

/// What the JSON rewriter remembers; reused from message to message.
#[derive(Debug, Default)]
pub(super) struct JsonBuffers {
    frames: Vec<Frame>,
    /// Which children of each open object have been met, one bit each.
    met: Vec<u64>,
    /// The names met in open records, decoded one behind the other, and where each stands there: none may stand twice.
    record_names: Vec<Span>,
    record_text: String,
    context: Context,
}

/// What stands in an open object or array, to the mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The top level: the root member and `@context`.
    Top,
    /// It is kept if something inside is.
    Container,
    /// It is part of a record that is permitted so.
    Record(ElementId, Treatment),
}

/// A member or an item, before it is known whether it stays.
#[derive(Debug, Clone, Copy)]
struct Part {
    /// Where it begins in the message: the name's opening quote, or the value.
    start: usize,
    /// Its name; an item has none.
    name: Option<JsonString>,
    /// The node that its name leads to, or that its array stands at.
    node: Option<NodeId>,
    value_start: usize,
}

/// An open object or array whose bracket has been written.
#[derive(Debug, Clone, Copy)]
struct Frame {
    is_object: bool,
    role: Role,
    part: Part,
    /// Where it begins in the output, with all that was written for it before its bracket.
    out_start: usize,
    /// Where its words of `met` and its names of `record_names` begin.
    met: usize,
    record_names: usize,
    /// In the message: behind the last value (or the bracket), and behind the comma (or the bracket).
    gap: usize,
    separator_end: usize,
    /// The white space behind the bracket.
    indent: Span,
    /// How many parts have been met, and whether one was written, so that the next needs its comma.
    parts: usize,
    has_written: bool,
    released: bool,
    /// Whether it has parts that the mapping knows: such an object is no mere reference, whatever became of them.
    has_parts: bool,
    /// Whether it has an id member, and its value if that is a plain string.
    has_id: bool,
    id: Option<Span>,
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
        buffers.context.reset(session.parts.formats.namespaces.len());
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

    /// Reads the message to its end and writes what the grant holds. Gives whether anything was released.
    pub(super) fn run(mut self) -> Rewrite<bool> {
        if self.reader.kind()? != ValueKind::Object {
            return Err(Refusal::at(Reason::FormatUnknown, 0, "the top level is not an object"));
        }
        let start = self.reader.position();
        self.copy(Span::new(0, start));
        self.open(Part { start, name: None, node: Some(NodeId::ENTRY), value_start: start }, true, Role::Top)?;
        let mut released = false;
        while let Some(frame) = self.buffers.frames.last().copied() {
            let (close, detail) = closing(frame.is_object);
            if self.reader.take(close) {
                released = self.close()?;
                continue;
            }
            if frame.parts > 0 {
                self.reader.expect(b',', detail)?;
            }
            let separator_end = self.reader.position();
            if let Some(frame) = self.buffers.frames.last_mut() {
                frame.parts += 1;
                if frame.parts > 1 {
                    frame.separator_end = separator_end;
                }
            }
            if frame.is_object { self.member()? } else { self.item(&frame)? }
        }
        let end = self.reader.position();
        self.reader.end()?;
        if !released {
            return Ok(false);
        }
        self.copy(Span::new(end, self.text.len()));
        if !is_planted(Planted::UnusedDeclaration) {
            self.buffers.context.narrow(self.text, self.out.bytes());
        }
        Ok(released)
    }

    fn member(&mut self) -> Rewrite<()> {
        self.reader.peek();
        let start = self.reader.position();
        let name = self.reader.name()?;
        let kind = self.reader.kind()?;
        let part = Part { start, name: Some(name), node: None, value_start: self.reader.position() };
        let Some(frame) = self.buffers.frames.last().copied() else { return Ok(()) };
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
        let parent = frame.part.node.and_then(|node| trie.node(node));
        let child = parent.and_then(|parent| trie.child(parent, NamespaceId::NONE, false, name_text.as_bytes()));
        if let Some((id, place)) = child
            && let Some(node) = trie.node(id)
        {
            self.first_time(frame.met, place, start)?;
            self.has_part();
            return self.value(Part { node: Some(id), ..part }, kind, Some(node), frame.role);
        }
        if name_text == CONTEXT && !self.session.format.prefixes.is_empty() {
            return self.context(part, &frame);
        }
        let references = self.session.format.references.as_ref();
        let is_id = references.and_then(|references| references.json.as_deref()) == Some(name_text);
        // An object at a leaf is a wrapped value, which is no object that could be referred to.
        let is_value = parent.is_some_and(|parent| matches!(parent.target, Target::Leaf(_) | Target::Unmapped));
        if is_id && !is_value && frame.role != Role::Top {
            return self.id(part, &frame);
        }
        if is_planted(Planted::Unmapped) {
            self.begin(&part);
            self.skip()?;
            self.copy(Span::new(part.value_start, self.reader.position()));
            self.written();
            return Ok(());
        }
        if matches!(frame.role, Role::Record(..)) && record_namespace(self.session.format, name_text).is_some() {
            let at = self.buffers.record_text.len();
            self.buffers.record_text.push_str(name_text);
            let elements = trie.elements_named(NamespaceId::NONE, name_text.as_bytes());
            if self.session.admits_in_record(elements) {
                self.buffers.record_names.push(Span::new(at, self.buffers.record_text.len()));
                self.has_part();
                return self.value(part, kind, None, frame.role);
            }
            self.buffers.record_text.truncate(at);
        }
        self.drop_unmapped()
    }

    /// An item of an array: what the array itself stands for.
    fn item(&mut self, frame: &Frame) -> Rewrite<()> {
        let kind = self.reader.kind()?;
        let start = self.reader.position();
        if kind == ValueKind::Array {
            return self.drop_unmapped();
        }
        let node = frame.part.node.and_then(|node| self.trie.node(node));
        self.value(Part { start, name: None, node: frame.part.node, value_start: start }, kind, node, frame.role)
    }

    /// A value that the mapping names, or that is part of a record (`node` is `None` then).
    fn value(&mut self, part: Part, kind: ValueKind, node: Option<&Node>, role: Role) -> Rewrite<()> {
        let target = node.map_or(Target::Container, |node| node.target);
        let permitted = match (target, role) {
            // Of a text that holds fields each has an element of its own.
            (Target::Leaf(element), _) if node.is_some_and(|node| !node.layouts.is_empty()) => {
                Some((element, self.session.grants_any_of(node).then_some(Treatment::Full)))
            }
            (Target::Leaf(element) | Target::Record(element), _) => Some((element, self.session.treatment(element))),
            (Target::Container, Role::Record(element, treatment)) if node.is_none() => Some((element, Some(treatment))),
            (Target::Container | Target::Unmapped, _) => None,
        };
        let is_record = node.is_none() || matches!(target, Target::Record(_));
        let has_role = node.is_some_and(|node| node.role.is_some());
        // What is mapped inside of a denied record to something else may be permitted.
        let goes_on = kind != ValueKind::Scalar && is_record && node.is_some_and(|node| node.goes_on);
        if let (Some((element, None)), true) = (permitted, goes_on) {
            self.session.deny(element, Span::new(part.start, part.value_start));
        } else if let (Some((element, None)), false) = (permitted, has_role) {
            self.skip()?;
            self.session.deny(element, Span::new(part.start, self.reader.position()));
            return self.removed(part, node);
        }
        let inner_role = match permitted {
            Some((element, Some(treatment))) if is_record => Role::Record(element, treatment),
            _ => Role::Container,
        };
        match kind {
            ValueKind::Scalar if target == Target::Container && node.is_some() => {
                self.reader.scalar()?;
                self.session.unmapped();
                self.removed(part, node)
            }
            ValueKind::Scalar => self.leaf(part, node, permitted),
            ValueKind::Object if is_record || node.is_some_and(Node::has_children) => self.open(part, true, inner_role),
            ValueKind::Array => self.open(part, false, inner_role),
            ValueKind::Object => {
                self.skip()?;
                self.session.unmapped();
                if let Some(role) = node.and_then(|node| node.role) {
                    self.session.note_missing(role, part.value_start);
                }
                self.removed(part, node)
            }
        }
    }

    fn leaf(
        &mut self,
        part: Part,
        node: Option<&Node>,
        permitted: Option<(ElementId, Option<Treatment>)>,
    ) -> Rewrite<()> {
        let scalar = self.reader.scalar()?;
        let end = self.reader.position();
        let may_be_null = node.is_some_and(|node| node.nillable || node.stand_in == Some(StandIn::Nil));
        let value = match scalar {
            // What the schema calls nil is an empty value.
            Scalar::Lexeme(span) if may_be_null && span.text(self.text) == "null" => Value::Plain(""),
            Scalar::Lexeme(span) => Value::Plain(span.text(self.text)),
            Scalar::String(string) if !string.escaped => Value::Plain(string.inner.text(self.text)),
            Scalar::String(string) => {
                let decoded = &mut self.session.buffers.decoded;
                decoded.clear();
                decode(string.inner.text(self.text), decoded);
                Value::Decoded
            }
        };
        if let Some(role) = node.and_then(|node| node.role) {
            self.session.note(role, value, part.value_start);
        }
        let span = Span::new(part.value_start, end);
        if let (Some((_, Some(_))), Some(node)) = (permitted, node.filter(|node| !node.layouts.is_empty())) {
            return self.text(part, node, value, span);
        }
        match permitted {
            Some((element, Some(treatment))) => match self.session.judge(element, treatment, value, span)? {
                Judgement::Release if is_planted(Planted::LostValue) && self.has_released() => {}
                Judgement::Release => {
                    self.begin(&part);
                    self.copy(span);
                    self.kept();
                    return Ok(());
                }
                Judgement::Generalise => {
                    self.begin(&part);
                    push_json_string(&self.session.buffers.written, self.out.bytes());
                    self.kept();
                    return Ok(());
                }
                Judgement::ShapeViolation | Judgement::Photo => {}
            },
            Some((element, None)) => self.session.deny(element, Span::new(part.start, end)),
            None => self.session.unmapped(),
        }
        self.removed(part, node)
    }

    /// A text that holds fields of its own.
    fn text(&mut self, part: Part, node: &Node, value: Value<'_>, span: Span) -> Rewrite<()> {
        match self.session.extract(node, value, span)? {
            Extraction::Nothing => return self.removed(part, Some(node)),
            Extraction::Whole => {
                self.begin(&part);
                self.copy(span);
            }
            Extraction::Part => {
                self.begin(&part);
                push_json_string(&self.session.buffers.written, self.out.bytes());
            }
        }
        self.kept();
        Ok(())
    }

    /// A context: the top-level one goes out, one inside is only held against the format.
    fn context(&mut self, part: Part, frame: &Frame) -> Rewrite<()> {
        let is_top = frame.role == Role::Top;
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

    /// The member that names an object, or is all there is of a reference to one.
    fn id(&mut self, part: Part, frame: &Frame) -> Rewrite<()> {
        if frame.has_id {
            return Err(Refusal::at(Reason::DuplicateName, part.start, "a name stands twice in one object"));
        }
        if let Some(frame) = self.buffers.frames.last_mut() {
            frame.has_id = true;
        }
        if self.reader.peek() != Some(b'"') {
            return self.drop_unmapped();
        }
        let Scalar::String(string) = self.reader.scalar()? else { return Ok(()) };
        if string.escaped {
            self.passed();
            return Ok(());
        }
        if let Some(frame) = self.buffers.frames.last_mut() {
            frame.id = Some(string.inner);
        }
        if self.session.buffers.links.is_known(string.inner, self.text) || is_planted(Planted::Reference) {
            self.begin(&part);
            self.copy(Span::new(part.value_start, self.reader.position()));
            self.written();
        } else {
            self.passed();
        }
        Ok(())
    }

    fn open(&mut self, part: Part, is_object: bool, role: Role) -> Rewrite<()> {
        if self.buffers.frames.len() >= self.limits.depth {
            return Err(Refusal::at(Reason::Limit, part.value_start, "values are nested too deep"));
        }
        let out_start = self.out.len();
        self.begin(&part);
        self.reader.take(if is_object { b'{' } else { b'[' });
        self.copy(Span::new(part.value_start, self.reader.position()));
        let met = self.buffers.met.len();
        if is_object {
            let children = part.node.and_then(|node| self.trie.node(node)).map_or(0, Node::child_count);
            self.buffers.met.resize(met + children.div_ceil(WORD), 0);
        }
        let inside = self.reader.position();
        self.reader.peek();
        let behind_space = self.reader.position();
        self.buffers.frames.push(Frame {
            is_object,
            role,
            part,
            out_start,
            met,
            record_names: self.buffers.record_names.len(),
            gap: inside,
            separator_end: inside,
            indent: Span::new(inside, behind_space),
            parts: 0,
            has_written: false,
            released: false,
            has_parts: false,
            has_id: false,
            id: None,
        });
        Ok(())
    }

    /// The innermost object or array has ended. Gives whether it is the top level and was released.
    fn close(&mut self) -> Rewrite<bool> {
        let Some(frame) = self.buffers.frames.pop() else { return Ok(false) };
        self.buffers.met.truncate(frame.met);
        self.unique_record_names(frame.record_names, frame.part.value_start)?;
        let end = self.reader.position();
        let node = frame.part.node.and_then(|node| self.trie.node(node));
        if let Some(role) = node.and_then(|node| node.role) {
            self.session.note_missing(role, frame.part.value_start);
        }
        // An object of which nothing but its id may go out is as good as a reference to the one that has the rest.
        let links = &mut self.session.buffers.links;
        let refers = match frame.id {
            Some(name) if frame.released => {
                links.id(frame.out_start, name, self.text);
                false
            }
            Some(name) => {
                !frame.has_parts
                    && self.session.grants_reference(node)
                    && self.session.buffers.links.reference(frame.out_start, name, self.text)
            }
            None => false,
        };
        if frame.released || refers || is_planted(Planted::EmptyContainer) {
            if !is_planted(Planted::EndTag) {
                self.copy(Span::new(frame.gap, end));
            }
            self.kept();
            return Ok(self.buffers.frames.is_empty());
        }
        self.out.truncate(frame.out_start);
        self.buffers.context.take_back(frame.out_start);
        self.session.buffers.links.take_back(frame.out_start);
        self.removed(frame.part, node)?;
        Ok(false)
    }

    /// Writes what stands before a value: separator or white space, and its name.
    fn begin(&mut self, part: &Part) {
        let Some(frame) = self.buffers.frames.last().copied() else { return };
        let at = self.out.len();
        if !frame.has_written {
            // Behind the bracket there is what stood there, whatever went.
            self.copy(frame.indent);
        } else {
            // From the comma itself: the space before it may be that of what went.
            let has_comma = !is_planted(Planted::Comma);
            self.copy(Span::new(frame.separator_end - usize::from(has_comma), part.start));
        }
        let Some(name) = part.name else { return };
        let node = part.node.and_then(|node| self.trie.node(node));
        let spelled = name.inner.text(self.text);
        let format = self.session.format;
        let mut decoded = String::new();
        let (meaning, namespace) = match node {
            Some(node) => (&*node.name, Some(node.namespace)),
            None if name.escaped => {
                decode(spelled, &mut decoded);
                (decoded.as_str(), record_namespace(format, &decoded))
            }
            None => (spelled, record_namespace(format, spelled)),
        };
        if name.escaped {
            // In the one spelling that a reader needs to know.
            push_json_string(meaning, self.out.bytes());
            self.copy(Span::new(name.inner.end() + 1, part.value_start));
        } else {
            self.copy(Span::new(part.start, part.value_start));
        }
        if let Some(namespace) = namespace {
            self.buffers.context.mark_used(namespace, at);
        }
    }

    fn has_part(&mut self) {
        if let Some(frame) = self.buffers.frames.last_mut() {
            frame.has_parts = true;
        }
    }

    fn has_released(&self) -> bool {
        self.buffers.frames.last().is_some_and(|frame| frame.released)
    }

    /// A part was written and holds something released.
    fn kept(&mut self) {
        if let Some(frame) = self.buffers.frames.last_mut() {
            frame.released = true;
        }
        self.written();
    }

    /// A part was written.
    fn written(&mut self) {
        if let Some(frame) = self.buffers.frames.last_mut() {
            frame.has_written = true;
        }
        self.passed();
    }

    /// A part lies behind.
    fn passed(&mut self) {
        let position = self.reader.position();
        if let Some(frame) = self.buffers.frames.last_mut() {
            frame.gap = position;
        }
    }

    /// A part was removed; a member that the schema requires has something stand for it.
    fn removed(&mut self, part: Part, node: Option<&Node>) -> Rewrite<()> {
        if let Some(stand_in) = node.and_then(|node| node.stand_in.as_ref()).filter(|_| part.name.is_some()) {
            self.begin(&part);
            match stand_in {
                StandIn::Nil => self.out.bytes().extend_from_slice(b"null"),
                StandIn::Empty => self.out.bytes().extend_from_slice(b"\"\""),
                StandIn::Constant(text) => push_json_string(text, self.out.bytes()),
            }
            self.written();
        } else {
            self.passed();
        }
        Ok(())
    }

    fn drop_unmapped(&mut self) -> Rewrite<()> {
        self.skip()?;
        self.session.unmapped();
        self.passed();
        Ok(())
    }

    fn skip(&mut self) -> Rewrite<()> {
        self.reader.skip_value(self.buffers.frames.len())
    }

    /// Refuses a mapped name that stands twice in one object.
    fn first_time(&mut self, met: usize, place: usize, offset: usize) -> Rewrite<()> {
        let bit = 1 << (place % WORD);
        match self.buffers.met.get_mut(met + place / WORD) {
            Some(word) if *word & bit == 0 => {
                *word |= bit;
                Ok(())
            }
            _ => Err(Refusal::at(Reason::DuplicateName, offset, "a name stands twice in one object")),
        }
    }

    /// Refuses an object of a record, which began at `from` in the list of names, if a name stands in it twice.
    fn unique_record_names(&mut self, from: usize, offset: usize) -> Rewrite<()> {
        let JsonBuffers { record_names, record_text, .. } = &mut *self.buffers;
        let Some(first) = record_names.get(from).copied() else { return Ok(()) };
        let text = record_text.as_bytes();
        let names = record_names.get_mut(from..).unwrap_or_default();
        names.sort_unstable_by(|left, right| left.of(text).cmp(right.of(text)));
        let is_twice = names.windows(2).any(|pair| matches!(pair, [left, right] if left.of(text) == right.of(text)));
        record_names.truncate(from);
        record_text.truncate(first.start());
        if is_twice {
            return Err(Refusal::at(Reason::DuplicateName, offset, "a name stands twice in one object"));
        }
        Ok(())
    }

    fn copy(&mut self, span: Span) {
        self.out.copy(span);
    }
}

/// Bits of a word of `met`.
const WORD: usize = 64;

/// The namespace of a name inside a record, if it is one of the format's; a name that could tell more than a name does is
/// none.
fn record_namespace(format: &Format, name: &str) -> Option<NamespaceId> {
    let (namespace, local) = match name.split_once(':') {
        Some((prefix, local)) => (format.prefixes.iter().find(|(own, _)| own == prefix)?.1, local),
        None if format.prefixes.is_empty() => (NamespaceId::NONE, name),
        None => return None,
    };
    is_record_name(local.as_bytes()).then_some(namespace)
}
