//! The fast path: bare tags that the mapping names, values that one window settles, white space between them, and end
//! tags, in one loop.
//!
//! Nothing is decided here that the files beside this one wouldn't decide alike (P10). The loop ends before anything
//! else, and they go on from there. What changes with every part is in locals until then: a store and a load for each
//! would cost as much as the work.

use fearless_simd::{Simd, dispatch};

use super::super::planted::{Planted, is_planted};
use super::super::variants::Untold;
use super::{Frame, Role, XmlBuffers, XmlRewriter};
use crate::read::scan::{is_space, skip_space};
use crate::read::xml::QualifiedName;
use dmv_redact_model::catalog::Treatment;
use dmv_redact_model::format::{Content, Edge, NamespaceId, NodeId, Trie};
use dmv_redact_model::span::Span;
use dmv_redact_model::wide;
use dmv_redact_model::window::{Block, WINDOW, Window};

/// A prefix in scope: most tags have that of the tag before.
#[derive(Clone, Copy)]
struct Prefix<'f> {
    packed: u64,
    namespace: NamespaceId,
    /// The format's own prefix with its colon, if the message has another.
    replacement: Option<&'f str>,
}

/// A bare start tag that the mapping names.
struct Tag<'f> {
    edge: &'f Edge,
    name: QualifiedName,
    replacement: Option<&'f str>,
}

impl<'f> XmlRewriter<'_, '_, 'f> {
    /// Reads and writes parts of the innermost open element, and of those that open in it, as long as they are plain.
    pub(super) fn plain_parts(&mut self) {
        if self.reader.is_in_content() {
            dispatch!(wide::level(), simd => self.plain_parts_by(simd));
        }
    }

    #[inline(always)]
    fn plain_parts_by<S: Simd>(&mut self, simd: S) {
        let bytes = self.text.as_bytes();
        let trie = self.trie;
        let session = &mut *self.session;
        let format = session.format;
        let reader = &mut self.reader;
        let out = &mut self.out;
        let XmlBuffers { frames, used, .. } = &mut *self.buffers;
        let mut space = self.space;
        let mut run = out.run();
        let mut at = reader.position();
        let mut prefix = None;
        while let Some(frame) = frames.last_mut() {
            if is_space(byte_at(bytes, at)) {
                let end = skip_space(bytes, at);
                // Elsewhere it may be part of a value, or of a text that says more.
                let is_between = frame.has_children || !matches!(frame.role, Role::Record(..));
                if !is_between || byte_at(bytes, end) != b'<' {
                    break;
                }
                (space, at) = (Span::new(at, end), end);
            }
            if byte_at(bytes, at) != b'<' {
                break;
            }
            if byte_at(bytes, at + 1) == b'/' {
                let Some((name, declares)) = reader.innermost() else { break };
                let name_end = at + 2 + name.len();
                let is_same = is_same(simd, bytes, at + 2, name) && byte_at(bytes, name_end) == b'>';
                let node = frame.node.and_then(|id| trie.node(id));
                let has_notice = node
                    .is_some_and(|node| node.legal_notice.is_some() || node.notice.is_some() && session.owes_notice());
                let is_other = frame.role != Role::Container || frame.has_links || frame.has_nil || has_notice;
                let needs_more = match frame.released {
                    // An element that stays for its attributes alone is written otherwise.
                    true => out.len_with(run) <= frame.out_content,
                    // What told what it is goes with it.
                    false => {
                        node.is_some_and(|node| node.placeholder.is_some())
                            || session.buffers.manifest.len() > frame.values
                    }
                };
                if !is_same || declares || is_other || needs_more {
                    break;
                }
                let Frame { released, part, out_start, space: space_before, name, namespace, .. } = *frame;
                let depth = frames.len();
                let Some(around) = depth.checked_sub(2).and_then(|around| frames.get_mut(around)) else { break };
                if released || is_planted(Planted::EmptyContainer) {
                    around.released = true;
                    session.buffers.manifest.close(part);
                    out.copy_with(&mut run, space.start(), space.end());
                    let own = format.qualifier_of(namespace);
                    if is_planted(Planted::EndTag) {
                    } else if name.qualifier().of(bytes) == own.as_bytes() || is_planted(Planted::ForeignPrefix) {
                        out.copy_with(&mut run, at, name_end + 1);
                    } else {
                        out.copy_with(&mut run, at, at + 2);
                        out.push_with(&mut run, own);
                        out.copy_with(&mut run, name_end - name.local().len(), name_end + 1);
                    }
                    space = Span::default();
                } else {
                    out.truncate_with(&mut run, out_start);
                    used.take_back(out_start);
                    session.buffers.links.take_back(out_start);
                    session.buffers.manifest.remove_from(part);
                    space = space_before;
                }
                frames.pop();
                reader.leave();
                at = name_end + 1;
                continue;
            }
            let is_first_of_record = matches!(frame.role, Role::Record(..)) && !frame.has_children;
            if is_first_of_record || !reader.admits_element() {
                break;
            }
            let resolve = |packed| {
                let namespace = reader.namespace_of_packed(packed)?;
                Some((namespace, format.qualifier_of(namespace)))
            };
            let Some(parent) = frame.node else { break };
            let Some(tag) = tag(simd, trie, parent, bytes, at, &mut prefix, resolve) else { break };
            let Tag { edge, name, replacement } = tag;
            let namespace = edge.namespace;
            let inside = name.whole.end() + 1;
            match edge.content {
                Content::Value(element) | Content::Fact(element) => match session.treatment(element) {
                    Some(Treatment::Full) => {
                        // The end of a value first, by its bytes alone: what follows needn't wait for the shape.
                        let block = Block::at(simd, bytes, inside);
                        let end = inside + block.equal(b'<').trailing_zeros() as usize;
                        let value = Span::new(inside, end);
                        if !is_end_tag(simd, bytes, end, name.whole)
                            || !session.fast_accepts(element, block, value.of(bytes))
                        {
                            break;
                        }
                        let after = end + name.whole.len() + 3;
                        if let Some(role) = trie.node(edge.node).filter(|_| edge.has_role).and_then(|node| node.role) {
                            session.note(role, super::Value::Plain(value.text(self.text)), inside);
                        }
                        session.release(element, value);
                        if is_planted(Planted::LostValue) && frame.released {
                            at = after;
                            continue;
                        }
                        out.copy_with(&mut run, space.start(), space.end());
                        space = Span::default();
                        used.mark(namespace, out.len_with(run));
                        match replacement {
                            None if is_planted(Planted::EndTag) => out.copy_with(&mut run, at, end),
                            None => out.copy_with(&mut run, at, after),
                            Some(prefix) => {
                                out.copy_with(&mut run, at, at + 1);
                                out.push_with(&mut run, prefix);
                                out.copy_with(&mut run, name.local().start(), end + 2);
                                out.push_with(&mut run, prefix);
                                out.copy_with(&mut run, after - 1 - name.local().len(), after);
                            }
                        }
                        frame.released = true;
                        at = after;
                    }
                    None if !edge.has_placeholder && !edge.has_role => {
                        let end = plain_text_end(simd, bytes, inside);
                        let Some(end) = end.filter(|end| is_end_tag(simd, bytes, *end, name.whole)) else { break };
                        let after = end + name.whole.len() + 3;
                        session.deny(element, Span::new(at, after));
                        at = after;
                    }
                    _ => break,
                },
                Content::Parts => {
                    let out_start = out.len_with(run);
                    out.copy_with(&mut run, space.start(), space.end());
                    used.mark(namespace, out.len_with(run));
                    match replacement {
                        None => out.copy_with(&mut run, at, inside),
                        Some(prefix) => {
                            out.copy_with(&mut run, at, at + 1);
                            out.push_with(&mut run, prefix);
                            out.copy_with(&mut run, name.local().start(), inside);
                        }
                    }
                    frame.has_children = true;
                    frames.push(Frame {
                        node: Some(edge.node),
                        role: Role::Container,
                        name,
                        namespace,
                        content: inside,
                        out_start,
                        out_content: out.len_with(run),
                        values: session.buffers.manifest.len(),
                        part: session.buffers.manifest.open(at),
                        space,
                        released: false,
                        has_links: false,
                        refers: false,
                        has_nil: false,
                        tells: false,
                        has_children: false,
                        has_text: false,
                        is_torn: false,
                        untold: Untold::default(),
                    });
                    reader.enter(name);
                    space = Span::default();
                    at = inside;
                    continue;
                }
                Content::Other => break,
            }
            frame.has_children = true;
            reader.count_element();
        }
        out.give_back(run);
        self.space = space;
        reader.advance_to(at);
    }
}

/// The start tag at `at`, if it is bare and the mapping names it below `parent`. A name that the mapping has needs no
/// check of its characters.
#[inline(always)]
fn tag<'f, S: Simd>(
    simd: S,
    trie: &'f Trie,
    parent: NodeId,
    bytes: &[u8],
    at: usize,
    prefix: &mut Option<Prefix<'f>>,
    resolve: impl Fn(u64) -> Option<(NamespaceId, &'f str)>,
) -> Option<Tag<'f>> {
    let start = at + 1;
    let name = Block::at(simd, bytes, start);
    let length = name.equal(b'>').trailing_zeros() as usize;
    let colon = name.equal(b':').trailing_zeros() as usize;
    let end = start + length;
    // A colon behind the name is none of it.
    let prefix_length = if colon < length { colon } else { 0 };
    let local = start + prefix_length + usize::from(prefix_length > 0);
    let packed = packed(bytes, start, prefix_length)?;
    let known = match *prefix {
        Some(known) if known.packed == packed => known,
        _ => {
            let (namespace, own) = resolve(packed)?;
            let spelled = bytes.get(start..local)?;
            let is_kept = spelled == own.as_bytes() || is_planted(Planted::ForeignPrefix);
            let replacement = (!is_kept).then_some(own);
            *prefix.insert(Prefix { packed, namespace, replacement })
        }
    };
    let local_bytes = if local == start { name } else { Block::at(simd, bytes, local) };
    let edge = trie.child_by(parent, known.namespace, bytes.get(local..end)?, local_bytes)?;
    let name = QualifiedName::new(Span::new(start, end), local);
    Some(Tag { edge, name, replacement: known.replacement })
}

/// The first `length` bytes of a name as one number, as [`XmlReader`](crate::read::xml::XmlReader) packs prefixes;
/// `None` for a longer prefix.
#[inline(always)]
fn packed(bytes: &[u8], start: usize, length: usize) -> Option<u64> {
    let word = u64::from_be_bytes(*bytes.get(start..)?.first_chunk()?);
    match length {
        0 => Some(1),
        1..8 => Some(1 << (8 * length) | word >> (64 - 8 * length)),
        _ => None,
    }
}

/// Whether the end tag of an element with this name is at `at`, without white space.
#[inline(always)]
fn is_end_tag<S: Simd>(simd: S, bytes: &[u8], at: usize, name: Span) -> bool {
    byte_at(bytes, at) == b'<'
        && byte_at(bytes, at + 1) == b'/'
        && is_same(simd, bytes, at + 2, name)
        && byte_at(bytes, at + 2 + name.len()) == b'>'
}

/// Whether the bytes at `place` are those of `name`, a name of the same message.
#[inline(always)]
fn is_same<S: Simd>(simd: S, bytes: &[u8], place: usize, name: Span) -> bool {
    let same =
        |from: usize| Window::at(simd, bytes, place + from).same_as(Window::at(simd, bytes, name.start() + from));
    match name.len() {
        length @ ..=WINDOW => same(0) >= length,
        length => same(0) >= WINDOW && length <= 2 * WINDOW && same(WINDOW) >= length - WINDOW,
    }
}

/// The end of a text that goes on at `from`, if that is near and nothing in it needs a closer check.
#[inline(always)]
fn plain_text_end<S: Simd>(simd: S, bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    for _ in 0..2 {
        let ends = Window::at(simd, bytes, at).ends_text();
        if ends != 0 {
            return Some(at + ends.trailing_zeros() as usize);
        }
        at += WINDOW;
    }
    None
}

/// The byte at a place; zero, which is nowhere in XML, after the end.
#[inline(always)]
fn byte_at(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or_default()
}
