//! What most of a message is, in one loop: members that the mapping names, objects and arrays of such, and values that one
//! look settles.
//!
//! Nothing is decided here that the files beside this one wouldn't decide alike. Where anything is out of the ordinary the
//! loop ends before it, with nothing of it passed, and they go on from there. What changes with every part is in the loop's
//! own hands until then: in memory it would be written and read again for each.

use fearless_simd::{Simd, dispatch};

use super::super::planted::{Planted, is_planted};
use super::super::session::Value;
use super::part::WORD;
use super::{Frame, JsonBuffers, JsonRewriter, Part, Role};
use crate::read::scan::skip_space;
use dmv_redact_model::catalog::Treatment;
use dmv_redact_model::format::{Content, Node, NodeId, Trie};
use dmv_redact_model::span::Span;
use dmv_redact_model::wide;
use dmv_redact_model::window::{Pattern, WINDOW, Window};

impl JsonRewriter<'_, '_, '_> {
    /// Reads and writes parts of the innermost object or array, and of those that open in it, as long as they are plain.
    pub(super) fn plain_parts(&mut self) {
        dispatch!(wide::level(), simd => self.plain_parts_by(simd));
    }

    #[inline(always)]
    fn plain_parts_by<S: Simd>(&mut self, simd: S) {
        let text = self.text;
        let bytes = text.as_bytes();
        let (trie, limits) = (self.trie, self.limits);
        let session = &mut *self.session;
        let out = &mut self.out;
        let JsonBuffers { frames, met, record_names, context, .. } = &mut *self.buffers;
        let mut run = out.run();
        let mut at = self.reader.position();
        let mut members = self.reader.members();
        while let Some(frame) = frames.last_mut() {
            // Behind a part, or the bracket.
            at = behind_space(bytes, at);
            let next = byte_at(bytes, at);
            if next == frame.close {
                if !frame.closes_plainly || frame.has_id || frame.record_names != record_names.len() {
                    break;
                }
                at += 1;
                let Frame { released, gap, out_start, .. } = *frame;
                frames.pop();
                let Some(around) = frames.last_mut() else { break };
                around.gap = at;
                if released || is_planted(Planted::EmptyContainer) {
                    if !is_planted(Planted::EndTag) {
                        out.copy_with(&mut run, gap, at);
                    }
                    (around.released, around.has_written) = (true, true);
                } else {
                    out.truncate_with(&mut run, out_start);
                    context.take_back(out_start);
                    session.buffers.links.take_back(out_start);
                }
                continue;
            }
            let (mut start, mut separator_end) = (at, frame.separator_end);
            if frame.has_begun {
                if next != b',' {
                    break;
                }
                separator_end = at + 1;
                start = behind_space(bytes, separator_end);
            }
            if frame.close == b']' {
                let id = frame.part.node;
                let is_plain = id.and_then(|id| trie.node(id)).is_some_and(Node::is_plain_container);
                if !is_plain || byte_at(bytes, start) != b'{' || frames.len() >= limits.depth {
                    break;
                }
                let Some(frame) = frames.last_mut() else { break };
                (frame.has_begun, frame.separator_end) = (true, separator_end);
                let out_start = frame.copy_part(out, &mut run, start, start + 1);
                at = behind_space(bytes, start + 1);
                let part = Part { start, name: None, is_escaped: false, node: id, value_start: start };
                let indent = Span::new(start + 1, at);
                let inner = Frame::new(b'}', Role::Container, part, out_start, indent, met.len(), record_names.len());
                frames.push(Frame { closes_plainly: true, ..inner });
                continue;
            }
            let Some(member) = member(simd, trie, frame, bytes, start) else { break };
            let Member { node: id, known: node, child, name_end } = member;
            let child = child as usize;
            let bit = 1 << (child % WORD);
            if child >= WORD
                || frame.met & bit != 0
                || members >= limits.members
                || name_end - start > limits.name_bytes
            {
                break;
            }
            let value_start = behind_space(bytes, name_end);
            let next = byte_at(bytes, value_start);
            match node.content {
                Content::Value(element) | Content::Fact(element) => match session.treatment(element) {
                    Some(Treatment::Full) => {
                        let inner = value_start + usize::from(next == b'"');
                        let end = match next {
                            b'"' => session
                                .fast_accept_end(simd, element, bytes, inner)
                                .filter(|end| byte_at(bytes, *end) == b'"'),
                            // Null may mean that there is no value.
                            b't' | b'f' if node.role.is_none() => literal_end(bytes, inner).filter(|end| {
                                let literal = bytes.get(..*end).unwrap_or_default();
                                session.fast_accept_end(simd, element, literal, inner) == Some(*end)
                            }),
                            _ => None,
                        };
                        let Some(end) = end else { break };
                        if let Some(role) = node.role {
                            session.note(role, Value::Plain(Span::new(inner, end).text(text)), value_start);
                        }
                        at = end + (inner - value_start);
                        frame.separator_end = separator_end;
                        session.release(element, Span::new(value_start, at));
                        if is_planted(Planted::LostValue) && frame.released {
                            frame.meet_plain(bit);
                            frame.gap = at;
                            members += 1;
                            continue;
                        }
                        let place = frame.copy_part(out, &mut run, start, at);
                        context.mark_used(node.namespace, place);
                        (frame.released, frame.has_written) = (true, true);
                    }
                    None if node.placeholder.is_none() && node.role.is_none() => {
                        let end = match next {
                            b'"' => plain_string_end(simd, bytes, value_start + 1).map(|end| end + 1),
                            _ => literal_end(bytes, value_start),
                        };
                        let Some(end) = end else { break };
                        at = end;
                        frame.separator_end = separator_end;
                        session.deny(element, Span::new(start, at));
                    }
                    _ => break,
                },
                Content::Parts => {
                    let depth = frames.len();
                    if !matches!(next, b'{' | b'[') || !node.is_plain_container() || depth >= limits.depth {
                        break;
                    }
                    let Some(frame) = frames.last_mut() else { break };
                    frame.separator_end = separator_end;
                    let out_start = frame.copy_part(out, &mut run, start, value_start + 1);
                    frame.meet_plain(bit);
                    context.mark_used(node.namespace, out_start);
                    members += 1;
                    let name = Some(Span::new(start + 1, name_end - 2));
                    let part = Part { start, name, is_escaped: false, node: Some(id), value_start };
                    at = behind_space(bytes, value_start + 1);
                    let indent = Span::new(value_start + 1, at);
                    // What ends an object or array is two behind what begins it.
                    let close = next + 2;
                    let inner =
                        Frame::new(close, Role::Container, part, out_start, indent, met.len(), record_names.len());
                    frames.push(Frame { closes_plainly: true, ..inner });
                    continue;
                }
                Content::Other => break,
            }
            frame.meet_plain(bit);
            frame.gap = at;
            members += 1;
        }
        out.give_back(run);
        self.reader.advance_to(at, members);
    }
}

impl Frame {
    /// Notes the member that has this bit in `met`.
    #[inline(always)]
    fn meet_plain(&mut self, bit: u64) {
        self.met |= bit;
        (self.has_begun, self.has_parts) = (true, true);
    }
}

/// A member that the mapping has.
struct Member<'f> {
    node: NodeId,
    known: &'f Node,
    /// Its index among the children of its parent.
    child: u32,
    /// The position after the colon.
    name_end: usize,
}

/// The member that begins at `start` of an object, looked up, if its name and the colon behind it are written without
/// escapes and spaces, and the mapping has it.
#[inline(always)]
fn member<'f, S: Simd>(simd: S, trie: &'f Trie, frame: &Frame, bytes: &[u8], start: usize) -> Option<Member<'f>> {
    let parent = trie.node(frame.part.node?)?;
    // Both windows at once: the length of a name is unpredictable, and a branch misprediction costs more.
    let ends = |from: usize| Window::at(simd, bytes, from).ends_string();
    let length = (ends(start + 1) | ends(start + 1 + WINDOW) << WINDOW).trailing_zeros() as usize;
    let end = start + 1 + length;
    // The opening quote, the closing one and the colon are part of what is compared.
    let stands = |member: &Pattern| member.length() == length + 3 && member.stands_at(simd, bytes, start);
    let (node, child, known) = trie.member_child(parent, bytes.get(start + 1..end)?, stands)?;
    Some(Member { node, known, child, name_end: end + 2 })
}

/// Where a string that goes on at `from` has its closing quote, if that is near and no escape before it.
#[inline(always)]
fn plain_string_end<S: Simd>(simd: S, bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    for _ in 0..2 {
        let ends = Window::at(simd, bytes, at).ends_string();
        if ends != 0 {
            at += ends.trailing_zeros() as usize;
            return (byte_at(bytes, at) == b'"').then_some(at);
        }
        at += WINDOW;
    }
    None
}

/// Where a literal at `from` ends, if there is one and it is followed by what ends a part.
fn literal_end(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let literals: [&[u8]; 3] = [b"false", b"true", b"null"];
    let literal = literals.into_iter().find(|literal| rest.starts_with(literal))?;
    matches!(rest.get(literal.len()), Some(b',' | b'}' | b']')).then_some(from + literal.len())
}

/// The byte at a place; zero, which stands nowhere in JSON, behind the end.
#[inline(always)]
fn byte_at(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or_default()
}

/// The first place at or after `from` that is no white space, or the end.
#[inline(always)]
fn behind_space(bytes: &[u8], from: usize) -> usize {
    if byte_at(bytes, from) > b' ' { from } else { skip_space(bytes, from) }
}
