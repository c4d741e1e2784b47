//! What precedes the content of the root, read once: it identifies the format, and is written from here.

use super::Rewrite;
use crate::read::encoding::Encoding;
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

/// The opening of the previous message: messages of one switch begin alike.
#[derive(Debug, Default)]
pub(in crate::rewrite) struct KnownOpening {
    /// The message up to the end of its root's start tag.
    head: Vec<u8>,
    opening: Option<Opening>,
    /// The reader's state after it.
    state: XmlState,
}

/// Maximum length of a remembered opening in bytes.
const HEAD_BYTES: usize = 4096;

impl KnownOpening {
    /// The result of [`Opening::read`] if the message begins like the previous one; the reader's state is set
    /// accordingly.
    pub(in crate::rewrite) fn recall(&self, message: Message<'_>, state: &mut XmlState) -> Option<Opening> {
        let opening = self.opening.filter(|_| message.encoding == Encoding::Utf8)?;
        message.text.as_bytes().starts_with(&self.head).then(|| {
            state.copy_from(&self.state);
            opening
        })
    }

    /// Remembers how a message began.
    pub(in crate::rewrite) fn remember(&mut self, message: Message<'_>, opening: &Opening, state: &XmlState) {
        let head = message.text.as_bytes().get(..opening.root.span.end()).unwrap_or_default();
        self.opening = None;
        if message.encoding == Encoding::Utf8 && head.len() <= HEAD_BYTES {
            self.head.clear();
            self.head.extend_from_slice(head);
            self.state.copy_from(state);
            self.opening = Some(*opening);
        }
    }
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
