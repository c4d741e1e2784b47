//! Members and items: what each is by its name, its place in the mapping, and the grant.

use fearless_simd::Simd;

use super::super::context::{CONTEXT, is_disguised};
use super::super::planted::{Planted, beginning, is_planted};
use super::super::recognition;
use super::super::session::{SessionBuffers, Value};
use super::super::variants;
use super::{JsonBuffers, JsonRewriter, Kind, Named, Part, Rewrite, Role, record_namespace};
use crate::read::json::{JsonString, Place, Scalar, Step, ValueKind, meaning};
use crate::read::{Reason, Refusal};
use dmv_redact_model::catalog::Treatment;
use dmv_redact_model::format::{Content, Edge, LinkKind, NamespaceId, NodeId, Target};
use dmv_redact_model::span::Span;
use dmv_redact_model::window::Block;

/// Bits of a word of seen children.
pub(super) const WORD: usize = 64;

const TWICE: &str = "a name stands twice in one object";

impl<'f> JsonRewriter<'_, '_, 'f> {
    #[inline(always)]
    pub(super) fn member<S: Simd>(
        &mut self,
        place: &Place,
        name: JsonString,
        bytes: Block<S>,
    ) -> Rewrite<Step<Part<'f>>> {
        let node = self.buffers.frames.last().and_then(|frame| frame.node);
        // No closures: they would be compiled without the processor's vector instructions.
        let found = match node {
            Some(parent) if !name.escaped => {
                self.trie.child_by(parent, NamespaceId::NONE, name.inner.of(self.text.as_bytes()), bytes)
            }
            Some(parent) => self.escaped_child(parent, name),
            None => None,
        };
        match found {
            Some(edge) => {
                self.meet(edge.child, place.start)?;
                self.mapped(place, edge)
            }
            None => self.unnamed(place, name),
        }
    }

    /// Whether a member of the innermost object is asked and tells nothing.
    fn is_untold(&mut self, member: JsonString) -> bool {
        let JsonBuffers { frames, untold, name, .. } = &mut *self.buffers;
        let Some(frame) = frames.last() else { return false };
        // Those that begin later have ended.
        while untold.pop_if(|(start, _)| *start > frame.place.value_start).is_some() {}
        let own = untold.last().filter(|(start, _)| *start == frame.place.value_start);
        let node = frame.node.and_then(|node| self.trie.node(node));
        own.is_some_and(|(_, untold)| {
            untold.holds(node, NamespaceId::NONE, meaning(member, self.text, name).as_bytes())
        })
    }

    #[inline(never)]
    fn escaped_child(&mut self, parent: NodeId, name: JsonString) -> Option<&'f Edge> {
        let name = meaning(name, self.text, &mut self.buffers.name);
        self.trie.exact_child(parent, NamespaceId::NONE, false, name.as_bytes())
    }

    /// An item of an array, which is what its array is.
    #[inline(never)]
    pub(super) fn item(&mut self, place: &Place) -> Rewrite<Step<Part<'f>>> {
        let (node, role) = self.buffers.frames.last().map_or((None, Role::Top), |frame| (frame.node, frame.role));
        match node.and_then(|id| Some((id, self.trie.node(id)?))) {
            Some((_, node)) if place.kind == ValueKind::Array && !node.is_nested => {
                Ok(skip(Named::None, Kind::Unmapped))
            }
            None if place.kind == ValueKind::Array => Ok(skip(Named::None, Kind::Unmapped)),
            Some((id, node)) => self.by_content(place, Named::Node(id), node.content, node.role.is_some()),
            None => Ok(of_record(place, role)),
        }
    }

    /// A member that the mapping names.
    #[inline(always)]
    fn mapped(&mut self, place: &Place, edge: &'f Edge) -> Rewrite<Step<Part<'f>>> {
        self.by_content(place, Named::Member(edge), edge.content, edge.has_role)
    }

    #[inline(always)]
    fn by_content(
        &mut self,
        place: &Place,
        named: Named<'f>,
        content: Content,
        has_role: bool,
    ) -> Rewrite<Step<Part<'f>>> {
        Ok(match content {
            Content::Value(element) | Content::Fact(element) if place.kind == ValueKind::Scalar => {
                match self.session.treatment(element) {
                    Some(Treatment::Full) => value(named, Kind::Plain(element)),
                    None if !has_role => skip(named, Kind::Denied(element)),
                    treatment => value(named, Kind::Leaf(element, treatment)),
                }
            }
            Content::Parts if place.kind != ValueKind::Scalar => enter(named, Role::Container),
            _ => return self.mapped_otherwise(place, named),
        })
    }

    #[inline(never)]
    fn mapped_otherwise(&mut self, place: &Place, mut named: Named<'f>) -> Rewrite<Step<Part<'f>>> {
        let Some(mut node) = named.node().and_then(|id| self.trie.node(id)) else {
            return Ok(skip(named, Kind::Unmapped));
        };
        if place.name.is_some_and(|name| self.is_untold(name)) {
            return Ok(skip(Named::None, Kind::Unmapped));
        }
        if place.kind == ValueKind::Object && node.has_variants() {
            let buffers = &mut self.buffers.variants;
            let (id, untold) =
                variants::of_object(self.text, self.limits, (self.trie, node), place.value_start, buffers)?;
            if let Some(variant) = self.trie.node(id).filter(|_| id != node.id) {
                (node, named) = (variant, Named::Node(id));
            }
            if !untold.is_empty() {
                self.buffers.untold.push((place.value_start, untold));
            }
        }
        let permitted = match node.target {
            // In a text with fields, each field has an element of its own.
            Target::Leaf(element) if !node.layouts.is_empty() => {
                Some((element, self.session.grants_any_of(Some(node)).then_some(Treatment::Full)))
            }
            Target::Leaf(element) | Target::Record(element) => Some((element, self.session.treatment(element))),
            Target::Container => None,
        };
        let is_record = matches!(node.target, Target::Record(_));
        // What is mapped to another element inside a denied record may be permitted.
        let goes_on = place.kind == ValueKind::Object && is_record && node.continues;
        // Each item of a denied list is denied and counted by itself.
        let is_list = place.kind == ValueKind::Array;
        if let (Some((element, None)), true) = (permitted, goes_on) {
            self.session.deny(element, Span::new(place.start, place.value_start));
        } else if let (Some((element, None)), false) = (permitted, node.role.is_some() || is_list) {
            return Ok(skip(named, Kind::Denied(element)));
        }
        let inner_role = match permitted {
            Some((element, Some(treatment))) if is_record => Role::Record(element, treatment),
            _ => Role::Container,
        };
        Ok(match place.kind {
            ValueKind::Scalar => match permitted {
                Some((element, treatment)) => value(named, Kind::Leaf(element, treatment)),
                None => skip(named, Kind::Unmapped),
            },
            ValueKind::Object if !is_record && !node.has_children() => {
                if let Some(role) = node.role {
                    self.session.note_missing(role, place.value_start);
                }
                skip(named, Kind::Unmapped)
            }
            ValueKind::Object | ValueKind::Array => enter(named, inner_role),
        })
    }

    /// A member that the mapping doesn't name here.
    #[inline(never)]
    fn unnamed(&mut self, place: &Place, name: JsonString) -> Rewrite<Step<Part<'f>>> {
        let trie = self.trie;
        let JsonBuffers { frames, record_names, name: decoded, .. } = &mut *self.buffers;
        let name_text = meaning(name, self.text, decoded);
        let Some(frame) = frames.last_mut() else { return Ok(skip(Named::None, Kind::Unmapped)) };
        let role = frame.role;
        if name_text == CONTEXT && self.session.format.declared.has_context() {
            let is_top = role == Role::Top;
            return self.context(place, is_top);
        }
        if is_disguised(name_text, self.session.format) {
            let detail = "a name of the format in a spelling of JSON-LD that the format doesn't have";
            return Err(Refusal::at(Reason::Context, place.start, detail));
        }
        let parts = self.session.parts;
        if role == Role::Top && !self.session.is_named && parts.formats.by_json_root(name_text.as_bytes()).is_some() {
            return Err(recognition::ambiguous());
        }
        let references = self.session.format.references.as_ref();
        let is_id = references.and_then(|references| references.json.as_deref()) == Some(name_text);
        // An object at a leaf is a wrapped value, which nothing can refer to.
        let parent = frame.node.and_then(|node| trie.node(node));
        let is_value = parent.is_some_and(|parent| matches!(parent.target, Target::Leaf(_)));
        if is_id && !is_value && role != Role::Top {
            if std::mem::replace(&mut frame.has_id, true) {
                return Err(Refusal::at(Reason::DuplicateName, place.start, TWICE));
            }
            return Ok(match place.first {
                b'"' => Step::Value(Part { named: Named::None, kind: Kind::Id }),
                _ => skip(Named::None, Kind::Unmapped),
            });
        }
        let name = if is_planted(Planted::Pattern) { beginning(name_text.as_bytes()) } else { name_text.as_bytes() };
        let wild = parent.and_then(|parent| trie.wild_child(parent.id, NamespaceId::NONE, false, name));
        let wild = wild.or_else(|| trie.anywhere(NamespaceId::NONE, false, name).filter(|_| role != Role::Top));
        if let Some(edge) = wild {
            record_names.push(name_text);
            frame.has_parts = true;
            return self.mapped(place, edge);
        }
        if matches!(role, Role::Record(..)) && record_namespace(self.session.format, name_text).is_some() {
            let elements = trie.elements_named(NamespaceId::NONE, name_text.as_bytes());
            if self.session.admits_in_record(elements) {
                record_names.push(name_text);
                frame.has_parts = true;
                return Ok(of_record(place, role));
            }
        }
        Ok(skip(Named::None, Kind::Unmapped))
    }

    /// Records a member that the mapping names, and refuses one that occurs twice in its object.
    #[inline(always)]
    fn meet(&mut self, child: u32, offset: usize) -> Rewrite<()> {
        let JsonBuffers { frames, seen, .. } = &mut *self.buffers;
        let child = child as usize;
        let bit = 1 << (child % WORD);
        if let Some(frame) = frames.last_mut()
            && let Some(word) = match child / WORD {
                0 => Some(&mut frame.seen),
                other => seen.get_mut(frame.seen_others + other - 1),
            }
            && *word & bit == 0
        {
            if frame.role == Role::Top && frame.has_parts && self.session.format.is_rooted() {
                return Err(recognition::ambiguous());
            }
            *word |= bit;
            frame.has_parts = true;
            return Ok(());
        }
        Err(Refusal::at(Reason::DuplicateName, offset, TWICE))
    }

    /// A context: the top-level one is released, a nested one is only checked against the format.
    fn context(&mut self, place: &Place, is_top: bool) -> Rewrite<Step<Part<'f>>> {
        if is_top && self.buffers.context.is_copied() {
            return Err(Refusal::at(Reason::DuplicateName, place.start, TWICE));
        }
        if place.first == b'"' && !self.session.format.declared.contexts.is_empty() {
            return Ok(value(Named::None, Kind::ContextUrl { is_top }));
        }
        self.buffers.context.open(is_top, place)?;
        Ok(enter(Named::None, Role::Context { is_top }))
    }

    /// A member of a context.
    #[inline(never)]
    pub(super) fn binding(&mut self, place: &Place) -> Rewrite<Step<Part<'f>>> {
        self.buffers.context.check_binding(place, self.limits)?;
        Ok(Step::Value(Part { named: Named::None, kind: Kind::Binding }))
    }

    /// The value of a member of a context.
    pub(super) fn bind(&mut self, place: &Place, scalar: Scalar, end: usize) -> Rewrite<()> {
        let namespaces = &self.session.parts.formats.namespaces;
        self.buffers.context.bind(place, scalar, end, self.text, self.session.format, namespaces)
    }

    /// A context that is a URL.
    pub(super) fn context_url(&mut self, place: &Place, scalar: Scalar, end: usize, is_top: bool) -> Rewrite<()> {
        let Scalar::String(string) = scalar else { return Ok(()) };
        let SessionBuffers { decoded, .. } = &mut *self.session.buffers;
        let url = meaning(string, self.text, decoded);
        self.buffers.context.check_url(url, place.value_start, self.session.format)?;
        if !is_top {
            self.session.unmapped(Span::new(place.start, end));
            return Ok(());
        }
        self.begin(place, Named::None, place.value_start);
        self.copy(Span::new(place.value_start, end));
        self.buffers.context.is_url();
        self.written();
        Ok(())
    }

    /// The member that names an object, or the only member of a reference to one.
    pub(super) fn id(&mut self, place: &Place, scalar: Scalar) -> Rewrite<()> {
        let Scalar::String(string) = scalar else { return Ok(()) };
        if let Some(frame) = self.buffers.frames.last_mut() {
            frame.id = string.inner;
        }
        let offset = string.inner.start();
        let links = &mut self.session.buffers.links;
        if is_planted(Planted::Reference) {
            self.begin(place, Named::None, place.value_start);
            self.out.bytes().extend_from_slice(b"\"#id1\"");
            self.written();
        } else if !links.is_writing() {
            let SessionBuffers { links, decoded, .. } = &mut *self.session.buffers;
            links.note(offset, LinkKind::Uri, meaning(string, self.text, decoded));
        } else if let Some(kept) = links.kept(offset) {
            self.begin(place, Named::None, place.value_start);
            let at = self.out.len();
            let out = self.out.bytes();
            out.push(b'"');
            self.session.buffers.links.write(kept, at, out);
            out.push(b'"');
            self.session.buffers.manifest.push_link(Span::new(offset - 1, string.inner.end() + 1));
            if is_planted(Planted::OriginalId) {
                out.truncate(at);
                out.extend_from_slice(self.text.as_bytes().get(offset - 1..=string.inner.end()).unwrap_or_default());
            }
            self.written();
        }
        Ok(())
    }

    /// Reads a value that the fast path of its shape accepts, and writes it. Returns its end.
    #[inline(always)]
    pub(super) fn accept_plain<S: Simd>(&mut self, simd: S, place: &Place, part: Part<'f>) -> Option<usize> {
        let Part { named: Named::Member(edge), kind: Kind::Plain(element) } = part else { return None };
        let bytes = self.text.as_bytes();
        if place.name.is_some_and(|name| name.escaped) {
            return None;
        }
        let start = place.value_start;
        // The end of a value first, by its bytes alone: what follows needn't wait for the shape.
        let (inner, end, block) = match place.first {
            b'"' => {
                let block = Block::at(simd, bytes, start + 1);
                let end = start + 1 + block.ends_string().trailing_zeros() as usize;
                (Span::new(start + 1, end), end + 1, block)
            }
            b'1'..=b'9' => {
                let block = Block::at(simd, bytes, start);
                let end = start + block.leading_digits();
                (Span::new(start, end), end, block)
            }
            _ => return None,
        };
        let is_whole = match (place.first, bytes.get(inner.end())) {
            (b'"', next) => next == Some(&b'"'),
            (_, next) => matches!(next, Some(b',' | b'}' | b']' | b' ' | b'\r' | b'\n')),
        };
        if !is_whole || !self.session.fast_accepts(element, block, inner.of(bytes)) {
            return None;
        }
        if edge.has_role {
            self.note(edge.node, inner, start);
        }
        self.session.release(element, Span::new(start, end));
        let frame = self.buffers.frames.last_mut()?;
        if is_planted(Planted::LostValue) && frame.released {
            return Some(end);
        }
        let at = frame.copy_part(&mut self.out, place, end);
        (frame.released, frame.has_written) = (true, true);
        self.buffers.context.mark_used(edge.namespace, at);
        Some(end)
    }

    #[inline(never)]
    fn note(&mut self, node: NodeId, value: Span, offset: usize) {
        if let Some(role) = self.trie.node(node).and_then(|node| node.role) {
            self.session.note(role, Value::Plain(value.text(self.text)), offset);
        }
    }
}

#[inline(always)]
fn value(named: Named<'_>, kind: Kind) -> Step<Part<'_>> {
    Step::Value(Part { named, kind })
}

#[inline(always)]
fn skip(named: Named<'_>, kind: Kind) -> Step<Part<'_>> {
    Step::Skip(Part { named, kind })
}

#[inline(always)]
fn enter(named: Named<'_>, role: Role) -> Step<Part<'_>> {
    Step::Enter(Part { named, kind: Kind::Container(role) })
}

/// Part of a record, where the mapping names nothing.
fn of_record<'f>(place: &Place, role: Role) -> Step<Part<'f>> {
    match (role, place.kind) {
        (Role::Record(element, treatment), ValueKind::Scalar) => {
            Step::Value(Part { named: Named::None, kind: Kind::Leaf(element, Some(treatment)) })
        }
        (Role::Record(..), _) => enter(Named::None, role),
        _ => skip(Named::None, Kind::Unmapped),
    }
}
