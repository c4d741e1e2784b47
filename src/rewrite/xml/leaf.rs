//! Leaves: an element whose own text is one value, or a text that fields are extracted from.

use super::super::links::Closing;
use super::super::output::{push_xml_content, push_xml_text};
use super::super::planted::{Planted, is_planted};
use super::super::session::Value;
use super::super::value::Judgement;
use super::{NO_VALUE, Rewrite, XmlRewriter, add_piece, cdata_content};
use crate::read::xml::{Event, StartTag, decode, decode_section};
use dmv_redact_model::catalog::{ElementId, Treatment};
use dmv_redact_model::format::{Node, Target};
use dmv_redact_model::manifest::ReleasedForm;
use dmv_redact_model::span::Span;

impl XmlRewriter<'_, '_, '_> {
    /// A part whose element the grant denies: skipped whole.
    pub(super) fn denied(&mut self, tag: &StartTag, node: &Node, element: ElementId) -> Rewrite<()> {
        let end = self.reader.skip_element()?;
        self.session.deny(element, Span::new(tag.span.start(), end));
        self.placeholder(tag.name, tag.namespace, Some(node));
        Ok(())
    }

    /// A leaf: its own text, joined over comments and unknown children, is one value.
    pub(super) fn leaf(
        &mut self,
        tag: &StartTag,
        node: &Node,
        element: Option<(ElementId, Option<Treatment>)>,
    ) -> Rewrite<()> {
        let out_start = self.out.len();
        let values = self.session.buffers.manifest.len();
        let space = self.space;
        let (part, links) = {
            let manifest = &mut self.session.buffers.manifest;
            (manifest.open(tag.span.start()), manifest.links().len())
        };
        let written = self.start_tag(tag, Some(node))?;
        let has_attributes =
            self.session.buffers.manifest.len() > values || self.session.buffers.manifest.links().len() > links;
        let out_content = self.out.len();
        let (content, end) = self.leaf_content()?;
        let text = self.text;
        let value = content.value(text);
        if let Some(role) = node.role {
            self.session.note(role, value, tag.span.end());
        }
        let inside = Span::new(tag.span.end(), end.start());
        // An element that is nil but has content is ambiguous.
        let is_nil = written.is_nil && out_content < self.out.len();
        let torn = is_nil || matches!(content, Content::Joined { torn: true });
        let kept = match element {
            Some(_) if !node.layouts.is_empty() && !is_nil => self.end_of_text(node, value, out_content, inside)?,
            Some(_) if node.embedded.is_some() && !torn => {
                let stays = self.session.embedded(node, value, inside)?;
                if stays {
                    self.out.truncate(out_content);
                    push_xml_content(&self.session.buffers.written, self.out.bytes());
                }
                stays
            }
            Some((element, Some(treatment))) if !node.discriminates.is_empty() => {
                let tells = !torn && self.session.discriminate(node, value, inside);
                if tells {
                    self.list_pieces(element, treatment, ReleasedForm::Exact, inside.end());
                }
                tells
            }
            Some((element, Some(treatment))) if torn => {
                self.session.judge(element, treatment, NO_VALUE, inside)? == Judgement::Release
            }
            Some((element, Some(treatment))) => {
                let form = if written.has_nil { ReleasedForm::Nil } else { ReleasedForm::Exact };
                self.end_of_value((element, treatment, form), value, out_content, inside)?
            }
            Some((element, None)) => {
                self.session.deny(element, Span::new(tag.span.start(), end.end()));
                false
            }
            None => {
                self.session.unmapped(Span::new(tag.span.start(), end.end()));
                false
            }
        };
        let is_first = self.buffers.frames.last().is_none_or(|parent| !parent.released);
        let kept = kept && (is_first || !is_planted(Planted::LostValue));
        if written.has_links {
            self.close_links_of_leaf(tag, node, kept);
        }
        if !kept {
            self.take_back(out_start);
            if !is_planted(Planted::LostValue) {
                self.session.take_back(values);
            }
            self.session.buffers.manifest.remove_from(part);
            self.space = space;
            self.placeholder(tag.name, tag.namespace, Some(node));
            return Ok(());
        }
        self.end_part(part, has_attributes, inside);
        self.end_tag(tag.name, tag.namespace, end);
        if let Some(parent) = self.buffers.frames.last_mut() {
            parent.released |= node.discriminates.is_empty();
        }
        Ok(())
    }

    /// Records the outcome of the names and references of a leaf.
    fn close_links_of_leaf(&mut self, tag: &StartTag, node: &Node, kept: bool) {
        if self.session.buffers.links.is_writing() {
            return;
        }
        let may_point = self.session.grants_reference(Some(node));
        let closing = if kept { Closing::Object { speaks: true, may_point } } else { Closing::Dropped };
        self.session.buffers.links.close(tag.span.start(), closing);
    }

    /// Copies the content of a leaf up to its end tag, whose span is given.
    fn leaf_content(&mut self) -> Rewrite<(Content, Span)> {
        let text = self.text;
        self.session.buffers.decoded.clear();
        self.buffers.pieces.clear();
        if let Some((span, end)) = self.reader.plain_content()? {
            self.copy(span);
            self.buffers.pieces.push(span);
            return Ok((Content::One(span), end));
        }
        let mut content = Content::One(Span::default());
        let mut pieces = 0;
        loop {
            let (span, meaning, plain) = match self.reader.next_event()? {
                Event::Text(span) => (span, span, self.reader.text_is_plain()),
                // In a CDATA section, only line ends can differ from their meaning.
                Event::CData(span) => {
                    let meaning = cdata_content(span);
                    (span, meaning, memchr::memchr(b'\r', meaning.of(text.as_bytes())).is_none())
                }
                Event::Start(child) => {
                    let end = self.reader.skip_element()?;
                    self.session.unmapped(Span::new(child.span.start(), end));
                    continue;
                }
                Event::End(span) => return Ok((content, span)),
                Event::CommentOrPi | Event::Done => continue,
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
                    // Where something was removed, the texts around it become adjacent, and may form what is no text:
                    // `]]` and `>`.
                    let torn_here = span == meaning && is_torn(self.out.bytes(), piece);
                    Content::Joined { torn: torn_here || matches!(before, Content::Joined { torn: true }) }
                }
            };
            self.copy(span);
            add_piece(&mut self.buffers.pieces, span);
        }
    }

    /// Adds the value that was read last to the manifest, piece by piece, because what was between them was removed. One
    /// without any ends at `end`.
    fn list_pieces(&mut self, element: ElementId, treatment: Treatment, form: ReleasedForm, end: usize) {
        let (last, before) = match self.buffers.pieces.split_last() {
            Some((last, before)) => (*last, before),
            None => (Span::new(end, end), [].as_slice()),
        };
        for piece in before {
            self.session.list(element, treatment, *piece, ReleasedForm::Continued);
        }
        self.session.list(element, treatment, last, form);
    }

    /// Judges the value whose raw text has just been written at `out_content`. Returns whether it stays.
    pub(super) fn end_of_value(
        &mut self,
        (element, treatment, form): (ElementId, Treatment, ReleasedForm),
        value: Value<'_>,
        out_content: usize,
        span: Span,
    ) -> Rewrite<bool> {
        match self.session.judge(element, treatment, value, span)? {
            Judgement::Release => {
                self.list_pieces(element, treatment, form, span.end());
                Ok(true)
            }
            Judgement::Generalise => {
                self.session.list(element, treatment, span, ReleasedForm::Treated);
                self.out.truncate(out_content);
                push_xml_text(&self.session.buffers.written, self.out.bytes());
                Ok(true)
            }
            Judgement::ShapeViolation | Judgement::Photo => Ok(false),
        }
    }

    /// Extracts the fields of the text whose raw form has just been written at `out_content`, and replaces it by those
    /// that stay. Returns whether any does.
    fn end_of_text(&mut self, node: &Node, value: Value<'_>, out_content: usize, span: Span) -> Rewrite<bool> {
        let values = self.session.buffers.manifest.len();
        if let Target::Leaf(element) = node.target {
            self.session.list(element, Treatment::Full, span, ReleasedForm::Text);
        }
        let stays = self.session.extract(node, value, span)?;
        if !stays {
            self.session.buffers.manifest.truncate(values);
        }
        if stays {
            self.out.truncate(out_content);
            push_xml_content(&self.session.buffers.written, self.out.bytes());
        }
        Ok(stays)
    }
}

/// The content of a leaf.
#[derive(Debug, Clone, Copy)]
enum Content {
    /// One text whose raw form is its meaning.
    One(Span),
    /// Several, or one with references; decoded. `torn` if their raw texts can't be adjacent.
    Joined { torn: bool },
}

impl Content {
    /// What it means. A joined one is in the buffer of decoded text.
    fn value(self, text: &str) -> Value<'_> {
        match self {
            Self::One(span) => Value::Plain(span.text(text)),
            Self::Joined { .. } => Value::Decoded,
        }
    }
}

/// Whether two texts that become adjacent form something else: the end of a section, or one line end out of two.
pub(super) fn is_torn(before: &[u8], text: &str) -> bool {
    before.ends_with(b"]]") && text.starts_with('>')
        || before.ends_with(b"]") && text.starts_with("]>")
        || before.ends_with(b"\r") && text.starts_with('\n')
}
