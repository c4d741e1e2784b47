//! Objects and arrays that open and close, and parts that are written, skipped or taken back.

use super::super::links::Closing;
use super::super::output::{Output, Run, push_json_string};
use super::super::planted::{Planted, is_planted};
use super::{Frame, JsonBuffers, JsonRewriter, Part, Rewrite, Role, record_namespace};
use crate::read::json::decode;
use crate::read::{Reason, Refusal};
use dmv_redact_model::format::{NOTICE, Node, Placeholder};
use dmv_redact_model::span::Span;

impl JsonRewriter<'_, '_, '_> {
    /// An object or array begins, at its bracket.
    pub(super) fn open(&mut self, part: &Part, is_object: bool, role: Role) -> Rewrite<()> {
        let out_start = self.out.len();
        self.begin(part);
        self.copy(Span::new(part.value_start, part.value_start + 1));
        let node = part.node.filter(|_| is_object).and_then(|node| self.trie.node(node));
        self.enter(part, out_start, is_object, role, node.map_or(0, Node::child_count))
    }

    /// Enters an object or array whose bracket has been written; its output begins at `out_start`.
    fn enter(&mut self, part: &Part, out_start: usize, is_object: bool, role: Role, children: usize) -> Rewrite<()> {
        if self.buffers.frames.len() >= self.limits.depth {
            return Err(Refusal::at(Reason::Limit, part.value_start, "values are nested too deep"));
        }
        let inside = part.value_start + 1;
        self.reader.skip_bracket();
        let met_others = self.buffers.met.len();
        if children > WORD {
            self.buffers.met.resize(met_others + children / WORD, 0);
        }
        self.reader.peek();
        let behind_space = self.reader.position();
        let close = if is_object { b'}' } else { b']' };
        let indent = Span::new(inside, behind_space);
        let record_names = self.buffers.record_names.len();
        self.buffers.frames.push(Frame::new(close, role, *part, out_start, indent, met_others, record_names));
        Ok(())
    }

    /// The innermost object or array has ended. Returns whether it is the top level and was released.
    pub(super) fn close(&mut self) -> Rewrite<bool> {
        let Some(frame) = self.buffers.frames.last() else { return Ok(false) };
        let Frame { out_start, met_others, record_names, gap, released, has_parts, id, .. } = *frame;
        let is_object = frame.close == b'}';
        let (id_of_node, value_start) = (frame.part.node, frame.part.value_start);
        self.buffers.met.truncate(met_others);
        if self.buffers.record_names.len() > record_names {
            self.unique_record_names(record_names, value_start)?;
        }
        let end = self.reader.position();
        let node = id_of_node.and_then(|node| self.trie.node(node));
        if let Some(role) = node.and_then(|node| node.role) {
            self.session.note_missing(role, value_start);
        }
        // An object of which only the id may be released is equivalent to a reference.
        let is_reference = !id.is_empty() && !released && !has_parts;
        let refers = is_reference && self.session.buffers.links.kept(id.start()).is_some();
        if !id.is_empty() && !self.session.buffers.links.is_writing() {
            let closing = match (released, has_parts) {
                (true, _) => Closing::Object { speaks: true, may_point: true },
                (false, true) => Closing::Object { speaks: false, may_point: true },
                (false, false) if self.session.grants_reference(node) => Closing::Reference,
                (false, false) => Closing::Dropped,
            };
            self.session.buffers.links.close(value_start, closing);
        }
        if released || refers || is_planted(Planted::EmptyContainer) {
            if is_object {
                self.notice(node);
            }
            self.buffers.frames.pop();
            if !is_planted(Planted::EndTag) {
                self.copy(Span::new(gap, end));
            }
            self.kept();
            return Ok(self.buffers.frames.is_empty());
        }
        let part = self.buffers.frames.pop().map(|frame| frame.part).unwrap_or_default();
        self.out.truncate(out_start);
        self.buffers.context.take_back(out_start);
        self.session.buffers.links.take_back(out_start);
        self.removed(part, node)?;
        Ok(false)
    }

    /// Writes the notice as the last member of the innermost object, which ends and stays, if the mapping has a place
    /// for it there.
    fn notice(&mut self, node: Option<&Node>) {
        let Some(node) = node.and_then(|node| self.trie.node(node.notice?)) else { return };
        if !self.session.owes_notice() {
            return;
        }
        let at = self.out.len();
        let Some(Frame { has_written, indent, .. }) = self.buffers.frames.last().copied() else { return };
        if has_written {
            self.out.bytes().push(b',');
        }
        // It has the layout of the first member.
        self.copy(indent);
        let out = self.out.bytes();
        push_json_string(&node.name, out);
        out.push(b':');
        out.extend_from_slice(if !indent.is_empty() { b" " } else { b"" });
        push_json_string(NOTICE, out);
        self.buffers.context.mark_used(node.namespace, at);
        self.session.notice_written(node);
    }

    /// Copies the beginning of a part with what precedes it: its separator, or the white space after the bracket.
    /// Returns where it begins in the output.
    #[inline]
    pub(super) fn copy_part(&mut self, start: usize, end: usize) -> usize {
        let mut run = self.out.run();
        let at = match self.buffers.frames.last() {
            Some(frame) => frame.copy_part(&mut self.out, &mut run, start, end),
            None => self.out.len(),
        };
        self.out.give_back(run);
        at
    }

    /// Writes what precedes a value: separator or white space, and its name.
    pub(super) fn begin(&mut self, part: &Part) {
        let Some(name) = part.name else {
            self.copy_part(part.start, part.start);
            return;
        };
        let node = part.node.and_then(|node| self.trie.node(node));
        let spelled = name.text(self.text);
        let format = self.session.format;
        let mut decoded = String::new();
        let (meaning, namespace) = match node {
            Some(node) => (&*node.name, Some(node.namespace)),
            None if part.is_escaped => {
                decode(spelled, &mut decoded);
                (decoded.as_str(), record_namespace(format, &decoded))
            }
            None => (spelled, record_namespace(format, spelled)),
        };
        let at = if part.is_escaped {
            let at = self.copy_part(part.start, part.start);
            // In one canonical spelling.
            push_json_string(meaning, self.out.bytes());
            self.copy(Span::new(name.end() + 1, part.value_start));
            at
        } else {
            self.copy_part(part.start, part.value_start)
        };
        if let Some(namespace) = namespace {
            self.buffers.context.mark_used(namespace, at);
        }
    }

    /// A part was written and holds something released.
    pub(super) fn kept(&mut self) {
        let position = self.reader.position();
        if let Some(frame) = self.buffers.frames.last_mut() {
            (frame.released, frame.has_written, frame.gap) = (true, true, position);
        }
    }

    pub(super) fn has_released(&self) -> bool {
        self.buffers.frames.last().is_some_and(|frame| frame.released)
    }

    /// A part was written.
    pub(super) fn written(&mut self) {
        let position = self.reader.position();
        if let Some(frame) = self.buffers.frames.last_mut() {
            (frame.has_written, frame.gap) = (true, position);
        }
    }

    /// A part was skipped.
    pub(super) fn passed(&mut self) {
        let position = self.reader.position();
        if let Some(frame) = self.buffers.frames.last_mut() {
            frame.gap = position;
        }
    }

    /// A part was removed; a member that the schema requires gets its placeholder.
    pub(super) fn removed(&mut self, part: Part, node: Option<&Node>) -> Rewrite<()> {
        if let Some(placeholder) = node.and_then(|node| node.placeholder.as_ref()).filter(|_| part.name.is_some()) {
            self.begin(&part);
            match placeholder {
                Placeholder::Nil => self.out.bytes().extend_from_slice(b"null"),
                Placeholder::Empty => self.out.bytes().extend_from_slice(b"\"\""),
                Placeholder::Constant(text) => push_json_string(text, self.out.bytes()),
            }
            self.written();
        } else {
            self.passed();
        }
        Ok(())
    }

    pub(super) fn drop_unmapped(&mut self) -> Rewrite<()> {
        self.skip()?;
        self.session.unmapped();
        self.passed();
        Ok(())
    }

    /// Skips a value, checking all of it.
    pub(super) fn skip(&mut self) -> Rewrite<()> {
        self.reader.skip_value(self.buffers.frames.len())
    }

    /// Records a member that the mapping names, and refuses one that occurs twice in its object. Returns the object's
    /// role.
    #[inline]
    pub(super) fn meet(&mut self, child: u32, offset: usize) -> Rewrite<Role> {
        let JsonBuffers { frames, met, .. } = &mut *self.buffers;
        let child = child as usize;
        let bit = 1 << (child % WORD);
        if let Some(frame) = frames.last_mut()
            && let Some(word) = match child / WORD {
                0 => Some(&mut frame.met),
                other => met.get_mut(frame.met_others + other - 1),
            }
            && *word & bit == 0
        {
            *word |= bit;
            frame.has_parts = true;
            return Ok(frame.role);
        }
        Err(Refusal::at(Reason::DuplicateName, offset, "a name stands twice in one object"))
    }

    /// Refuses an object of a record, whose names begin at `from` in the list, if a name occurs twice.
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
}

impl Frame {
    /// An object or array of which only `indent`, the white space after its bracket, has been read.
    #[inline(always)]
    pub(super) fn new(
        close: u8,
        role: Role,
        part: Part,
        out_start: usize,
        indent: Span,
        met_others: usize,
        record_names: usize,
    ) -> Self {
        Self {
            close,
            role,
            part,
            out_start,
            met: 0,
            met_others,
            record_names,
            gap: indent.start(),
            separator_end: indent.start(),
            indent,
            closes_plainly: false,
            has_begun: false,
            has_written: false,
            released: false,
            has_parts: false,
            has_id: false,
            id: Span::default(),
        }
    }

    /// [`JsonRewriter::copy_part`] for this object or array.
    #[inline(always)]
    pub(super) fn copy_part(&self, out: &mut Output<'_, '_>, run: &mut Run, start: usize, end: usize) -> usize {
        let at = out.len_with(*run);
        let from = if self.has_written {
            // From the comma itself: the white space before it may belong to a removed part.
            self.separator_end - usize::from(!is_planted(Planted::Comma))
        } else if self.indent.end() == start {
            // The white space after the bracket is kept, whatever was removed.
            self.indent.start()
        } else {
            out.copy_with(run, self.indent.start(), self.indent.end());
            start
        };
        out.copy_with(run, from, end);
        at
    }
}

/// Bits of a word of `met`.
pub(super) const WORD: usize = 64;
