//! A strict reader of XML 1.0 with namespaces, over byte spans: no DTD, one root, everything checked, skipped parts
//! too.
//!
//! It returns events and builds no tree. The sibling modules read names, references and characters.

mod attributes;
mod namespaces;
mod prolog;
mod tag;
mod text;

pub use attributes::{Attribute, AttributeKind};
use text::find_in_text;
pub use text::{decode, decode_section};

use super::encoding::Encoding;
use super::limits::Limits;
use super::refusal::{Reason, Refusal};
use super::scan::{is_space, skip_space};
use dmv_redact_model::format::{NamespaceId, Namespaces};
use dmv_redact_model::span::Span;
use namespaces::Bindings;

type ReadResult<T> = Result<T, Refusal>;

/// A qualified name: the whole of it, and where its local part begins.
#[derive(Debug, Clone, Copy, Default)]
pub struct QualifiedName {
    /// Prefix, colon and local name.
    pub whole: Span,
    local: usize,
}

impl QualifiedName {
    /// A name whose local part begins at `local`.
    pub fn new(whole: Span, local: usize) -> Self {
        Self { whole, local }
    }

    /// The local name.
    pub fn local(self) -> Span {
        Span::new(self.local, self.whole.end())
    }

    /// Its prefix with the colon; empty if it has none.
    pub fn qualifier(self) -> Span {
        Span::new(self.whole.start(), self.local)
    }

    /// Its prefix, without the colon.
    pub fn prefix(self) -> Option<Span> {
        (self.local > self.whole.start()).then(|| Span::new(self.whole.start(), self.local - 1))
    }
}

impl QualifiedName {
    /// The same name at another position.
    pub fn moved_to(self, start: usize) -> Self {
        let local = start + self.local - self.whole.start();
        Self { whole: Span::new(start, start + self.whole.len()), local }
    }
}

/// An XML declaration; empty where there is none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Declaration {
    /// Where it is.
    pub span: Span,
    /// The name of the encoding in it.
    pub encoding: Option<Span>,
}

/// A start tag or an empty-element tag.
#[derive(Debug, Clone, Copy)]
pub struct StartTag {
    /// From `<` to after `>`.
    pub span: Span,
    /// Its name as written.
    pub name: QualifiedName,
    /// The namespace of its name.
    pub namespace: NamespaceId,
    /// Where the attributes end and `>` or `/>` (with white space before it) begins.
    pub attributes_end: usize,
}

/// What comes next in the message.
#[derive(Debug, Clone, Copy)]
pub enum Event {
    /// A start tag or an empty-element tag.
    Start(StartTag),
    /// An end tag; an empty span where the start tag was an empty-element tag.
    End(Span),
    /// Character data; see [`XmlReader::text_is_plain`] and [`XmlReader::text_is_blank`].
    Text(Span),
    /// A CDATA section, with its delimiters.
    CData(Span),
    /// A comment or processing instruction.
    CommentOrPi,
    /// The end of a well-formed document.
    Done,
}

/// Bytes of `<![CDATA[` and of `]]>`.
pub const CDATA_START: usize = 9;
/// Bytes of `]]>`.
pub const CDATA_END: usize = 3;

#[derive(Debug, Clone, Copy)]
struct OpenElement {
    name: Span,
    /// How many bindings were in scope outside of it.
    bindings: usize,
}

/// The reader's state, reused from message to message so that reading doesn't allocate.
#[derive(Debug, Default)]
pub struct XmlState {
    open: Vec<OpenElement>,
    bindings: Bindings,
    attributes: Vec<Attribute>,
    text_is_plain: bool,
    text_is_blank: bool,
    /// Elements started so far.
    elements: usize,
}

/// Where the reader is in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Prolog,
    Content,
    /// After an empty-element tag, before its end event.
    EmptyElement,
    Epilog,
}

/// Where a reader stopped; the rest is in its state.
#[derive(Debug, Clone, Copy)]
pub struct Bookmark {
    position: usize,
    phase: Phase,
}

/// Where a reader looks ahead from.
#[derive(Debug)]
pub struct Lookout {
    bookmark: Bookmark,
    elements: usize,
    depth: usize,
}

/// The reader: a position in the message, and the elements open there.
#[derive(Debug)]
pub struct XmlReader<'m, 's> {
    text: &'m str,
    bytes: &'m [u8],
    position: usize,
    phase: Phase,
    limits: &'s Limits,
    known: &'s Namespaces,
    state: &'s mut XmlState,
}

impl<'m, 's> XmlReader<'m, 's> {
    /// Starts reading: skips byte order mark and XML declaration, and returns the latter, which must match the encoding
    /// that the message had.
    pub fn open(
        text: &'m str,
        encoding: Encoding,
        limits: &'s Limits,
        known: &'s Namespaces,
        state: &'s mut XmlState,
    ) -> ReadResult<(Self, Declaration)> {
        state.open.clear();
        state.bindings.reset();
        state.attributes.clear();
        state.elements = 0;
        let mut reader = Self { text, bytes: text.as_bytes(), position: 0, phase: Phase::Prolog, limits, known, state };
        let declaration = reader.declaration(encoding)?;
        Ok((reader, declaration))
    }

    /// Where this reader is, for another to resume.
    pub fn bookmark(&self) -> Bookmark {
        Bookmark { position: self.position, phase: self.phase }
    }

    /// Resumes where another reader of the same message and state stopped.
    pub fn resume(
        text: &'m str,
        limits: &'s Limits,
        known: &'s Namespaces,
        state: &'s mut XmlState,
        bookmark: Bookmark,
    ) -> Self {
        let Bookmark { position, phase } = bookmark;
        Self { text, bytes: text.as_bytes(), position, phase, limits, known, state }
    }

    /// Begins to look ahead, to the end of the element whose start tag was read last. `attributes` keeps its attributes
    /// until the reader is back.
    pub fn look_ahead(&mut self, attributes: &mut Vec<Attribute>) -> Lookout {
        attributes.clone_from(&self.state.attributes);
        Lookout { bookmark: self.bookmark(), elements: self.state.elements, depth: self.state.open.len() }
    }

    /// Whether the end of the element from which it looks ahead comes next.
    pub fn is_before_end_of(&self, lookout: &Lookout) -> bool {
        let is_inside = self.state.open.len() > lookout.depth;
        !is_inside && (self.phase == Phase::EmptyElement || self.at(self.position, b"</"))
    }

    /// Goes back to where it looked ahead from, before the end of that element was read.
    pub fn go_back(&mut self, lookout: &Lookout, attributes: &[Attribute]) {
        (self.position, self.phase) = (lookout.bookmark.position, lookout.bookmark.phase);
        self.state.elements = lookout.elements;
        self.state.attributes.clear();
        self.state.attributes.extend_from_slice(attributes);
    }

    /// Whether the raw text that was read last is its value: no reference, no carriage return. May be false for such
    /// text.
    pub fn text_is_plain(&self) -> bool {
        self.state.text_is_plain
    }

    /// Whether it is all literal white space.
    pub fn text_is_blank(&self) -> bool {
        self.state.text_is_blank
    }

    /// The attributes and namespace declarations of the start tag that was read last, in their order.
    pub fn attributes(&self) -> &[Attribute] {
        &self.state.attributes
    }

    /// The namespace of a prefix in scope here, packed as [`namespaces::pack`] packs it, if it is found fast.
    #[inline(always)]
    pub fn namespace_of_packed(&self, prefix: u64) -> Option<NamespaceId> {
        self.state.bindings.resolve_packed(prefix)
    }

    /// The namespace of a prefix in scope here, or the default without a prefix; `None` for an unbound prefix.
    pub fn namespace_of(&self, prefix: Option<Span>) -> Option<NamespaceId> {
        self.state.bindings.resolve(prefix, self.bytes).map(|(namespace, _)| namespace)
    }

    /// Whether a start tag inside the root comes next.
    #[inline]
    pub fn is_at_start_tag(&self) -> bool {
        let next = (self.bytes.get(self.position), self.bytes.get(self.position + 1));
        self.phase == Phase::Content && matches!(next, (Some(b'<'), Some(byte)) if !matches!(byte, b'/' | b'!' | b'?'))
    }

    /// What comes next.
    #[inline]
    pub fn next_event(&mut self) -> ReadResult<Event> {
        if self.phase != Phase::Content {
            return self.next_elsewhere();
        }
        if self.bytes.get(self.position) != Some(&b'<') {
            return self.character_data().map(Event::Text);
        }
        match self.bytes.get(self.position + 1) {
            Some(b'/') => self.end_tag().map(Event::End),
            Some(b'!' | b'?') => self.rare_markup(),
            _ => self.start_tag().map(Event::Start),
        }
    }

    fn next_elsewhere(&mut self) -> ReadResult<Event> {
        if self.phase == Phase::EmptyElement {
            self.close();
            return Ok(Event::End(Span::new(self.position, self.position)));
        }
        self.outside_root()
    }

    /// Skips the rest of the element whose start tag was read last, checking all of it. Returns the position after its
    /// end tag.
    pub fn skip_element(&mut self) -> ReadResult<usize> {
        if let Some((_, end)) = self.plain_content()? {
            return Ok(end.end());
        }
        let depth = self.state.open.len();
        loop {
            if let Event::End(_) = self.next_event()?
                && self.state.open.len() < depth
            {
                return Ok(self.position);
            }
        }
    }

    /// Reads the rest of the element whose start tag was read last, and adds its own text to `into`, joined over comments and
    /// children. Returns whether it has no children.
    pub fn text_content(&mut self, into: &mut String) -> ReadResult<bool> {
        let mut is_text = true;
        loop {
            match self.next_event()? {
                Event::Text(span) => decode(span.text(self.text), into),
                Event::CData(span) => {
                    let inside = Span::new(span.start() + CDATA_START, span.end() - CDATA_END);
                    decode_section(inside.text(self.text), into);
                }
                Event::Start(_) => {
                    is_text = false;
                    self.skip_element()?;
                }
                Event::CommentOrPi => {}
                Event::End(_) | Event::Done => return Ok(is_text),
            }
        }
    }

    /// Fast path for the common case: the text and the end tag of the element whose start tag was read last, if it
    /// contains one plain text only. Otherwise consumes nothing.
    #[inline]
    pub fn plain_content(&mut self) -> ReadResult<Option<(Span, Span)>> {
        if self.phase != Phase::Content {
            return Ok(None);
        }
        let start = self.position;
        let end = find_in_text(self.bytes, start);
        if !self.at(end, b"</") {
            return Ok(None);
        }
        self.position = end;
        let tag = self.end_tag()?;
        Ok(Some((Span::new(start, end), tag)))
    }

    fn rare_markup(&mut self) -> ReadResult<Event> {
        let start = self.position;
        match self.bytes.get(start + 1) {
            Some(b'?') => self.processing_instruction(),
            _ if self.at(start + 2, b"[CDATA[") => self.cdata(),
            _ if self.at(start + 2, b"--") => self.comment(),
            _ => Err(self.refuse("no markup begins so inside an element")),
        }
    }

    /// White space, comments and processing instructions before and after the root, and the root's start tag.
    fn outside_root(&mut self) -> ReadResult<Event> {
        let start = self.position;
        let end = skip_space(self.bytes, start);
        if end > start {
            self.position = end;
            self.state.text_is_plain = false;
            self.state.text_is_blank = true;
            return Ok(Event::Text(Span::new(start, end)));
        }
        match (self.bytes.get(start), self.bytes.get(start + 1)) {
            (None, _) if self.phase == Phase::Epilog => Ok(Event::Done),
            (None, _) => Err(self.refuse("there is no root element")),
            (Some(b'<'), Some(b'!')) if self.at(start + 2, b"--") => self.comment(),
            (Some(b'<'), Some(b'!')) if self.at(start + 2, b"DOCTYPE") => {
                Err(Refusal::at(Reason::Doctype, start, "a document type declaration"))
            }
            (Some(b'<'), Some(b'?')) => self.processing_instruction(),
            (Some(b'<'), _) if self.phase == Phase::Prolog => self.start_tag().map(Event::Start),
            (Some(b'<'), _) => Err(self.refuse("a second root element")),
            (Some(_), _) => Err(self.refuse("text outside the root element")),
        }
    }

    fn at(&self, place: usize, expected: &[u8]) -> bool {
        self.bytes.get(place..).is_some_and(|rest| rest.starts_with(expected))
    }

    fn refuse(&self, detail: &'static str) -> Refusal {
        Refusal::at(Reason::NotWellFormedXml, self.position, detail)
    }
}

/// The end of required white space.
fn space(bytes: &[u8], from: usize) -> Option<usize> {
    bytes.get(from).filter(|byte| is_space(**byte)).map(|_| skip_space(bytes, from))
}

#[cfg(test)]
mod tests;
