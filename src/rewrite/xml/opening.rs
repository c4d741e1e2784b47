//! What precedes the content of the root, read once: it identifies the format, and is written from here.

use super::Rewrite;
use crate::read::xml::{Bookmark, Declaration, Event, StartTag, XmlReader, XmlState};
use crate::read::{Limits, Message};
use dmv_redact_model::format::Namespaces;
use dmv_redact_model::span::Span;

/// What precedes the content of the root: read once to recognize the format, and written from here.
#[derive(Debug, Clone, Copy)]
pub(in crate::rewrite) struct Opening {
    pub(super) declaration: Declaration,
    /// The white space nearest to the root.
    pub(super) space: Span,
    pub(in crate::rewrite) root: StartTag,
    bookmark: Bookmark,
}

impl Opening {
    /// Reads a message up to the start tag of its root.
    pub(in crate::rewrite) fn read(
        message: Message<'_>,
        limits: &Limits,
        known: &Namespaces,
        state: &mut XmlState,
    ) -> Rewrite<Self> {
        let (mut reader, declaration) = XmlReader::open(message.text, message.encoding, limits, known, state)?;
        let has_declaration = !declaration.span.is_empty();
        let mut space = Span::default();
        loop {
            match reader.next_event()? {
                Event::Start(root) => {
                    return Ok(Self { declaration, space, root, bookmark: reader.bookmark() });
                }
                // None at the very beginning: it may be that of a removed comment (P5).
                Event::Text(span) => space = if has_declaration { span } else { Span::default() },
                Event::CommentOrPi | Event::CData(_) | Event::End(_) | Event::Done => {}
            }
        }
    }

    /// The reader after the root's start tag.
    pub(in crate::rewrite) fn reader<'m, 's>(
        &self,
        text: &'m str,
        limits: &'s Limits,
        known: &'s Namespaces,
        state: &'s mut XmlState,
    ) -> XmlReader<'m, 's> {
        XmlReader::resume(text, limits, known, state, self.bookmark)
    }
}
