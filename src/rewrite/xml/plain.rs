//! What most of a message is, in one loop: elements whose bare tags were foretold, with values that one look settles, white
//! space between them, and their end tags.
//!
//! Nothing is decided here that the files beside this one wouldn't decide alike. Where anything is out of the ordinary the
//! loop ends before it, with nothing of it passed, and they go on from there. What changes with every part is in the loop's
//! own hands until then: in memory it would be written and read again for each.

use fearless_simd::{Simd, dispatch};

use super::super::followers;
use super::super::planted::{Planted, is_planted};
use super::{Frame, Role, XmlBuffers, XmlRewriter};
use crate::read::scan::{is_space, skip_space};
use dmv_redact_model::catalog::Treatment;
use dmv_redact_model::format::Content;
use dmv_redact_model::span::Span;
use dmv_redact_model::wide;
use dmv_redact_model::window::{WINDOW, Window};

impl XmlRewriter<'_, '_, '_> {
    /// Reads and writes parts of the innermost open element, and of those that open in it, as long as they are plain.
    pub(super) fn plain_parts(&mut self) {
        // The tags that are foretold mean what they did where the same declarations were in scope.
        let is_planted = is_planted(Planted::EndTag) || is_planted(Planted::EmptyContainer);
        if self.foretells == Some(self.reader.binding_count()) && self.reader.is_in_content() && !is_planted {
            dispatch!(wide::level(), simd => self.plain_parts_by(simd));
        }
    }

    #[inline(always)]
    fn plain_parts_by<S: Simd>(&mut self, simd: S) {
        let bytes = self.text.as_bytes();
        let trie = self.trie;
        let session = &mut *self.session;
        let reader = &mut self.reader;
        let out = &mut self.out;
        let XmlBuffers { frames, used, followers, .. } = &mut *self.buffers;
        let (mut place, mut space) = (self.place, self.space);
        let mut run = out.run();
        let mut at = reader.position();
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
            if byte_at(bytes, at) == b'<' && byte_at(bytes, at + 1) == b'/' {
                let Some((name, declares)) = reader.innermost() else { break };
                let name_end = at + 2 + name.len();
                let is_same = is_same(simd, bytes, at + 2, name) && byte_at(bytes, name_end) == b'>';
                let node = frame.node.and_then(|id| trie.node(id));
                let has_notice = node.is_some_and(|node| node.notice.is_some());
                let is_other = frame.role != Role::Container || frame.has_links || frame.has_nil || has_notice;
                let is_noted = match frame.released {
                    // An element that stays for its attributes alone is written otherwise.
                    true => out.len_with(run) <= frame.out_content,
                    false => node.is_some_and(|node| node.placeholder.is_some()),
                };
                if !is_same || declares || is_other || is_noted {
                    break;
                }
                let Frame { node: id, released, out_start, space: space_before, .. } = *frame;
                let depth = frames.len();
                let Some(around) = depth.checked_sub(2).and_then(|around| frames.get_mut(around)) else { break };
                if released {
                    around.released = true;
                    out.copy_with(&mut run, space.start(), space.end());
                    out.copy_with(&mut run, at, name_end + 1);
                    space = Span::default();
                } else {
                    out.truncate_with(&mut run, out_start);
                    used.take_back(out_start);
                    session.buffers.links.take_back(out_start);
                    space = space_before;
                }
                frames.pop();
                reader.leave();
                place = followers::behind(id);
                at = name_end + 1;
                continue;
            }
            let Some(guess) = followers.guess(place).filter(|guess| guess.tag.stands_at(simd, bytes, at)) else {
                break;
            };
            let Some(node) = trie.node(guess.node) else { break };
            let is_first_of_record = matches!(frame.role, Role::Record(..)) && !frame.has_children;
            if is_first_of_record || !reader.admits_element() {
                break;
            }
            let inside = at + guess.tag.length();
            match node.content {
                Content::Value(element) => match session.treatment(element) {
                    Some(Treatment::Full) if !is_planted(Planted::LostValue) => {
                        let end = session.fast_accept_end(simd, element, bytes, inside);
                        let Some(end) = end.filter(|end| guess.end_tag.stands_at(simd, bytes, *end)) else { break };
                        let behind = end + guess.end_tag.length();
                        session.release(element);
                        out.copy_with(&mut run, space.start(), space.end());
                        space = Span::default();
                        let written_at = out.len_with(run);
                        out.copy_with(&mut run, at, behind);
                        used.mark(guess.model.namespace, written_at);
                        frame.released = true;
                        let written_at = out.len_with(run) - (behind - inside);
                        session.buffers.trace.released(element, Span::new(inside, end), written_at);
                        at = behind;
                    }
                    None if node.placeholder.is_none() => {
                        let end = plain_text_end(simd, bytes, inside);
                        let Some(end) = end.filter(|end| guess.end_tag.stands_at(simd, bytes, *end)) else { break };
                        let behind = end + guess.end_tag.length();
                        session.deny(element, Span::new(at, behind));
                        session.buffers.trace.denied(element, Span::new(inside, end));
                        at = behind;
                    }
                    _ => break,
                },
                Content::Parts => {
                    let out_start = out.len_with(run);
                    out.copy_with(&mut run, space.start(), space.end());
                    used.mark(guess.model.namespace, out.len_with(run));
                    out.copy_with(&mut run, at, inside);
                    frame.has_children = true;
                    let name = guess.model.name(at, inside);
                    frames.push(Frame {
                        node: Some(guess.node),
                        role: Role::Container,
                        name,
                        namespace: guess.model.namespace,
                        content: inside,
                        out_start,
                        out_content: out.len_with(run),
                        space,
                        released: false,
                        has_links: false,
                        refers: false,
                        has_nil: false,
                        has_children: false,
                        has_text: false,
                        is_torn: false,
                    });
                    reader.enter(name);
                    space = Span::default();
                    place = followers::inside(Some(guess.node));
                    at = inside;
                    continue;
                }
                Content::Fact(_) | Content::Other => break,
            }
            frame.has_children = true;
            reader.count_element();
            place = followers::behind(Some(guess.node));
        }
        out.give_back(run);
        (self.place, self.space) = (place, space);
        reader.advance_to(at);
    }
}

/// Whether what stands at `place` is what stands in `name`, a name of the same message.
#[inline(always)]
fn is_same<S: Simd>(simd: S, bytes: &[u8], place: usize, name: Span) -> bool {
    let same =
        |from: usize| Window::at(simd, bytes, place + from).same_as(Window::at(simd, bytes, name.start() + from));
    match name.len() {
        length @ ..=WINDOW => same(0) >= length,
        length => same(0) >= WINDOW && length <= 2 * WINDOW && same(WINDOW) >= length - WINDOW,
    }
}

/// Where a text that goes on at `from` ends, if that is near and nothing in it needs a closer look.
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

/// The byte at a place; zero, which stands nowhere in XML, behind the end.
#[inline(always)]
fn byte_at(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or_default()
}
