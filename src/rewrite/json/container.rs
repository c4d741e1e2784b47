//! Objects and arrays that open and close, and parts that are written, taken back or replaced.

use super::super::links::Closing;
use super::super::output::{Output, push_json_string};
use super::super::planted::{Planted, is_planted};
use super::part::WORD;
use super::{Frame, JsonBuffers, JsonRewriter, Kind, Named, Part, Rewrite, Role, record_namespace};
use crate::read::json::{Place, ValueKind, meaning};
use crate::read::{Reason, Refusal};
use dmv_redact_model::format::{Node, NodeId, Placeholder};
use dmv_redact_model::span::Span;

impl<'f> JsonRewriter<'_, '_, 'f> {
    /// An object or array begins: writes it up to its bracket.
    #[inline(always)]
    pub(super) fn enter(&mut self, place: &Place, part: Part<'f>, indent: Span) -> Rewrite<()> {
        let Kind::Container(role) = part.kind else { return Ok(()) };
        let out_start = self.out.len();
        match role {
            Role::Context { is_top: false } => {}
            Role::Context { is_top: true } => self.begin(place, part.named, place.value_start),
            // With its bracket.
            _ => self.begin(place, part.named, place.value_start + 1),
        }
        let seen_others = self.buffers.seen.len();
        let (has_end, children) = match part.named {
            Named::Member(edge) => (edge.has_end, edge.children as usize),
            Named::Node(node) => self.trie.node(node).map_or((false, 0), |node| (node.has_end(), node.child_count())),
            Named::None => (false, 0),
        };
        if children > WORD && place.kind == ValueKind::Object {
            self.buffers.seen.resize(seen_others + children / WORD, 0);
        }
        let record_names = self.buffers.record_names.len();
        let manifest = &mut self.session.buffers.manifest;
        let own = match role {
            Role::Container | Role::Record(..) => manifest.open(place.start),
            Role::Top | Role::Context { .. } => manifest.parts().len(),
        };
        self.buffers.frames.push(Frame {
            part: own,
            role,
            place: *place,
            node: part.named.node(),
            out_start,
            seen: 0,
            seen_others,
            record_names,
            indent,
            has_end: role != Role::Container || has_end,
            has_written: false,
            released: false,
            has_parts: false,
            has_id: false,
            id: Span::default(),
        });
        Ok(())
    }

    /// The innermost object or array has ended, if nothing but what was released in it decides whether it stays.
    #[inline(always)]
    pub(super) fn close_plain(&mut self, gap: usize, end: usize) -> bool {
        let JsonBuffers { frames, seen, record_names, context, .. } = &mut *self.buffers;
        let Some(frame) = frames.last() else { return false };
        if frame.has_end || frame.has_id || record_names.len() > frame.record_names {
            return false;
        }
        let Frame { part, released, out_start, seen_others, .. } = *frame;
        seen.truncate(seen_others);
        frames.pop();
        if released || is_planted(Planted::EmptyContainer) {
            if !is_planted(Planted::EndTag) {
                self.out.copy(Span::new(gap, end));
            }
            self.session.buffers.manifest.close(part);
            if let Some(around) = frames.last_mut() {
                (around.released, around.has_written) = (true, true);
            }
        } else {
            self.out.truncate(out_start);
            context.take_back(out_start);
            self.session.buffers.links.take_back(out_start);
            self.session.buffers.manifest.remove_from(part);
        }
        true
    }

    #[inline(never)]
    pub(super) fn close_slowly(&mut self, gap: usize, end: usize) -> Rewrite<()> {
        let Some(frame) = self.buffers.frames.last() else { return Ok(()) };
        let Frame {
            part,
            place,
            node: id_of_node,
            role,
            out_start,
            seen_others,
            record_names,
            released,
            has_parts,
            has_written,
            id,
            ..
        } = *frame;
        if let Role::Context { is_top } = role {
            self.buffers.frames.pop();
            return self.close_context(&place, is_top, gap, end);
        }
        let value_start = place.value_start;
        self.buffers.seen.truncate(seen_others);
        if self.buffers.record_names.len() > record_names {
            self.unique_record_names(record_names, value_start)?;
        }
        let node = id_of_node.and_then(|node| self.trie.node(node));
        if let Some(role) = node.and_then(|node| node.role) {
            self.session.note_missing(role, value_start);
        }
        // An object of which only the id may be released is equivalent to a reference.
        // A part that tells what the part around it is stays with that.
        let tells = has_written && node.is_some_and(|node| !node.discriminates.is_empty());
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
        if released || refers || tells || is_planted(Planted::EmptyContainer) {
            if place.kind == ValueKind::Object && released {
                self.notices(node);
            }
            self.buffers.frames.pop();
            if !is_planted(Planted::EndTag) {
                self.copy(Span::new(gap, end));
            }
            if role == Role::Top {
                self.released = true;
            } else {
                self.session.buffers.manifest.close(part);
            }
            match tells {
                true => self.written(),
                false => self.kept(),
            }
            return Ok(());
        }
        self.buffers.frames.pop();
        if let Some(values) = self.session.buffers.manifest.parts().get(part).map(|part| part.first) {
            self.session.take_back(values);
        }
        self.session.buffers.manifest.remove_from(part);
        self.out.truncate(out_start);
        self.buffers.context.take_back(out_start);
        self.session.buffers.links.take_back(out_start);
        self.removed(&place, id_of_node);
        Ok(())
    }

    fn close_context(&mut self, place: &Place, is_top: bool, gap: usize, end: usize) -> Rewrite<()> {
        self.buffers.context.close(gap, end)?;
        if is_top {
            let at = self.out.len();
            self.copy(Span::new(place.value_start, end));
            self.buffers.context.copied_to(Span::new(at, self.out.len()));
            self.written();
        } else {
            self.session.unmapped(Span::new(place.start, end));
        }
        Ok(())
    }

    /// Writes the notices as the last members of the innermost object, which ends and stays, if the mapping has a place
    /// for them there.
    fn notices(&mut self, node: Option<&Node>) {
        let Some(around) = node else { return };
        for (node, text) in self.session.owed_notices(self.trie, around) {
            self.notice(node, &text);
        }
    }

    /// Writes a notice.
    fn notice(&mut self, node: &Node, text: &str) {
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
        push_json_string(text, out);
        self.buffers.context.mark_added(node.namespace, at);
        self.session.notice_written(node);
    }

    /// Writes a part up to `end`: separator or white space, its name, and what is of its value.
    #[inline(always)]
    pub(super) fn begin(&mut self, place: &Place, named: Named<'f>, end: usize) {
        match (place.name, named) {
            (Some(name), Named::Member(edge)) if !name.escaped => {
                let at = self.copy_part(place, end);
                self.buffers.context.mark_used(edge.namespace, at);
            }
            (None, _) => {
                self.copy_part(place, end);
            }
            (Some(_), _) => self.begin_slowly(place, named.node(), end),
        }
    }

    #[inline(never)]
    fn begin_slowly(&mut self, place: &Place, node: Option<NodeId>, end: usize) {
        let node = node.and_then(|node| self.trie.node(node));
        let Some(name) = place.name else { return };
        let mut decoded = std::mem::take(&mut self.buffers.name);
        let (name_text, namespace) = match node {
            Some(node) if node.is_wild => (meaning(name, self.text, &mut decoded), Some(node.namespace)),
            Some(node) => (&*node.name, Some(node.namespace)),
            None => {
                let name_text = meaning(name, self.text, &mut decoded);
                (name_text, record_namespace(self.session.format, name_text))
            }
        };
        let at = if name.escaped {
            let at = self.copy_part(place, place.start);
            // In one canonical spelling.
            push_json_string(name_text, self.out.bytes());
            self.copy(Span::new(name.inner.end() + 1, end));
            at
        } else {
            self.copy_part(place, end)
        };
        if let Some(namespace) = namespace {
            self.buffers.context.mark_used(namespace, at);
        }
        self.buffers.name = decoded;
    }

    /// Copies a part from what precedes it up to `end`. Returns where it begins in the output.
    #[inline(always)]
    fn copy_part(&mut self, place: &Place, end: usize) -> usize {
        match self.buffers.frames.last() {
            Some(frame) => frame.copy_part(&mut self.out, place, end),
            None => {
                let at = self.out.len();
                self.copy(Span::new(place.start, end));
                at
            }
        }
    }

    /// A part was written and holds something released.
    pub(super) fn kept(&mut self) {
        if let Some(frame) = self.buffers.frames.last_mut() {
            (frame.released, frame.has_written) = (true, true);
        }
    }

    pub(super) fn has_released(&self) -> bool {
        self.buffers.frames.last().is_some_and(|frame| frame.released)
    }

    /// A part was written.
    pub(super) fn written(&mut self) {
        if let Some(frame) = self.buffers.frames.last_mut() {
            frame.has_written = true;
        }
    }

    /// A part was removed; a member that the schema requires gets its placeholder.
    #[inline(always)]
    pub(super) fn removed(&mut self, place: &Place, node: Option<NodeId>) {
        let id = node;
        let node = node.and_then(|node| self.trie.node(node));
        if let Some(placeholder) = node.and_then(|node| node.placeholder.as_ref()).filter(|_| place.name.is_some()) {
            self.write_placeholder(place, id, placeholder);
        }
    }

    #[inline(never)]
    fn write_placeholder(&mut self, place: &Place, node: Option<NodeId>, placeholder: &Placeholder) {
        self.begin_slowly(place, node, place.value_start);
        match placeholder {
            Placeholder::Nil => self.out.bytes().extend_from_slice(b"null"),
            Placeholder::Empty => self.out.bytes().extend_from_slice(b"\"\""),
            Placeholder::Constant(text) => push_json_string(text, self.out.bytes()),
        }
        self.written();
    }

    /// Refuses an object of a record, whose names begin at `from` in the list, if a name occurs twice.
    fn unique_record_names(&mut self, from: usize, offset: usize) -> Rewrite<()> {
        match self.buffers.record_names.close(from) {
            true => Err(Refusal::at(Reason::DuplicateName, offset, "a name stands twice in one object")),
            false => Ok(()),
        }
    }
}

impl Frame {
    /// Copies a part of this object or array with what precedes it: its separator, or the white space after the bracket.
    /// Returns where it begins in the output.
    #[inline(always)]
    pub(super) fn copy_part(&self, out: &mut Output<'_, '_>, place: &Place, end: usize) -> usize {
        let at = out.len();
        // From the comma itself: the white space before it may belong to a removed part.
        let comma = place.separator_end - usize::from(!is_planted(Planted::Comma));
        // The white space after the bracket is kept, whatever was removed.
        let mut from = if self.has_written { comma } else { self.indent.start() };
        if !self.has_written && self.indent.end() != place.start {
            out.copy(self.indent);
            from = place.start;
        }
        out.copy(Span::new(from, end));
        at
    }
}
