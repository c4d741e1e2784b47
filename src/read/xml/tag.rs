//! Start tags, end tags and their names, and elements that the caller has read itself.

use fearless_simd::Simd;

use super::super::refusal::{Reason, Refusal};
use super::super::scan::skip_space;
use super::{OpenElement, Phase, QualifiedName, ReadResult, StartTag, XmlReader};
use dmv_redact_model::names::{is_name_character, is_name_start, is_same};
use dmv_redact_model::span::Span;
use dmv_redact_model::window::{AsciiSet, Block};

impl XmlReader<'_, '_> {
    /// Reads the start tag that comes next. Always inlined, because returning the tag as an event costs more than
    /// reading it.
    #[inline(always)]
    pub fn start_tag(&mut self) -> ReadResult<StartTag> {
        let start = self.position;
        if self.state.open.len() >= self.limits.depth {
            return Err(Refusal::at(Reason::Limit, start, "elements are nested too deep"));
        }
        self.state.elements += 1;
        if self.state.elements > self.limits.members {
            return Err(Refusal::at(Reason::Limit, start, "there are too many elements"));
        }
        let bindings = self.state.bindings.len();
        let name = self.qualified_name(start + 1)?;
        self.state.attributes.clear();
        let name_end = name.whole.end();
        let is_bare = self.bytes.get(name_end) == Some(&b'>');
        let (attributes_end, is_empty) = if is_bare { (name_end, false) } else { self.attribute_list(name_end)? };
        let end = skip_space(self.bytes, attributes_end) + if is_empty { 2 } else { 1 };
        let (namespace, _) = self
            .state
            .bindings
            .resolve(name.prefix(), self.bytes)
            .ok_or_else(|| Refusal::at(Reason::NotWellFormedXml, start, "a prefix is bound to no namespace"))?;
        if !is_bare {
            self.resolve_attributes()?;
        }
        self.state.open.push(OpenElement { name: name.whole, bindings });
        self.position = end;
        self.phase = if is_empty { Phase::EmptyElement } else { Phase::Content };
        Ok(StartTag { span: Span::new(start, end), name, namespace, attributes_end })
    }

    /// Whether the reader is inside the root, and not in an empty-element tag.
    #[inline]
    pub fn is_in_content(&self) -> bool {
        self.phase == Phase::Content
    }

    /// The name of the innermost open element, and whether it has namespace declarations of its own.
    #[inline(always)]
    pub fn innermost(&self) -> Option<(Span, bool)> {
        let open = self.state.open.last()?;
        Some((open.name, open.bindings < self.state.bindings.len()))
    }

    /// Whether the limits allow one more element.
    #[inline(always)]
    pub fn admits_element(&self) -> bool {
        self.state.open.len() < self.limits.depth && self.state.elements < self.limits.members
    }

    /// Counts an element that the caller has read.
    #[inline(always)]
    pub fn count_element(&mut self) {
        self.state.elements += 1;
    }

    /// Enters an element whose start tag the caller has read: a bare one.
    #[inline(always)]
    pub fn enter(&mut self, name: QualifiedName) {
        self.state.elements += 1;
        self.state.open.push(OpenElement { name: name.whole, bindings: self.state.bindings.len() });
    }

    /// Leaves the innermost element, which is not the root and has no namespace declarations. The caller has read its
    /// end tag.
    #[inline(always)]
    pub fn leave(&mut self) {
        self.state.open.pop();
    }

    /// Resumes at `position`, inside the root: the caller has read the message up to there.
    #[inline(always)]
    pub fn advance_to(&mut self, position: usize) {
        self.position = position;
    }

    /// Where the reader is, in bytes from the start of the message.
    #[inline]
    pub fn position(&self) -> usize {
        self.position
    }

    /// Reads the end tag that comes next.
    #[inline]
    pub fn end_tag(&mut self) -> ReadResult<Span> {
        let start = self.position;
        let name = self.state.open.last().map(|open| open.name.of(self.bytes)).unwrap_or_default();
        let name_end = start + 2 + name.len();
        if !self.bytes.get(start + 2..name_end).is_some_and(|here| is_same(here, name)) {
            return Err(self.refuse("an end tag doesn't match its start tag"));
        }
        let is_closed = self.bytes.get(name_end) == Some(&b'>');
        let end = if is_closed { name_end } else { skip_space(self.bytes, name_end) };
        match self.bytes.get(end) {
            Some(b'>') => {}
            Some(_) if end == name_end => return Err(self.refuse("an end tag doesn't match its start tag")),
            _ => return Err(Refusal::at(Reason::NotWellFormedXml, end, "an end tag is not closed")),
        }
        self.position = end + 1;
        self.close();
        Ok(Span::new(start, end + 1))
    }

    pub(super) fn close(&mut self) {
        if let Some(open) = self.state.open.last() {
            if self.state.bindings.len() > open.bindings {
                self.state.bindings.truncate(open.bindings, self.bytes);
            }
            self.state.open.pop();
        }
        self.phase = if self.state.open.is_empty() { Phase::Epilog } else { Phase::Content };
    }

    /// A short ASCII name at `start`, as [`qualified_name`](Self::qualified_name) reads it; `None` for any other.
    #[inline(always)]
    pub(super) fn short_name<S: Simd>(&self, simd: S, start: usize) -> Option<QualifiedName> {
        let block = Block::at(simd, self.bytes, start);
        let colons = block.equal(b':');
        let length = (!(block.of(&NAME_BYTES) | colons)).trailing_zeros() as usize;
        let end = start + length;
        let colons = colons & (1_u64.checked_shl(length as u32)?.wrapping_sub(1));
        let local = match colons.count_ones() {
            0 => start,
            1 => start + colons.trailing_zeros() as usize + 1,
            _ => return None,
        };
        let begins = |at: usize| self.bytes.get(at).is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
        let is_ascii = self.bytes.get(end).is_none_or(u8::is_ascii);
        let is_name = begins(start) && begins(local) && is_ascii && length <= self.limits.name_bytes;
        is_name.then(|| QualifiedName::new(Span::new(start, end), local))
    }

    /// Reads a qualified name at `start`: one or two NCNames (Namespaces in XML, production 7).
    #[inline]
    pub(super) fn qualified_name(&self, start: usize) -> ReadResult<QualifiedName> {
        let first = self.ncname(start)?;
        let mut name = QualifiedName { whole: Span::new(start, first), local: start };
        if self.bytes.get(first) == Some(&b':') {
            name.local = first + 1;
            name.whole = Span::new(start, self.ncname(first + 1)?);
        }
        if name.whole.len() > self.limits.name_bytes {
            return Err(Refusal::at(Reason::Limit, start, "a name is too long"));
        }
        Ok(name)
    }

    /// Reads an NCName at `start` and returns its end.
    #[inline]
    pub(super) fn ncname(&self, start: usize) -> ReadResult<usize> {
        let rest = self.bytes.get(start..).unwrap_or_default();
        let mut end = start + rest.iter().position(|byte| !is_ascii_name(*byte)).unwrap_or(rest.len());
        if self.bytes.get(end).is_some_and(|byte| *byte >= 0x80) {
            end = self.wide_name_end(end);
        }
        let starts = match self.bytes.get(start) {
            Some(byte) if *byte < 0x80 => byte.is_ascii_alphabetic() || *byte == b'_',
            _ => self.text.get(start..).and_then(|rest| rest.chars().next()).is_some_and(is_name_start),
        };
        if !starts || end == start {
            return Err(Refusal::at(Reason::NotWellFormedXml, start, "a name is wanted"));
        }
        Ok(end)
    }

    /// The end of a name, from its first non-ASCII character on.
    #[cold]
    fn wide_name_end(&self, from: usize) -> usize {
        let rest = self.text.get(from..).unwrap_or_default();
        let name = rest.chars().take_while(|character| *character != ':' && is_name_character(*character));
        from + name.map(char::len_utf8).sum::<usize>()
    }
}

/// The same for a block.
const NAME_BYTES: AsciiSet = AsciiSet::of(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.");

/// The ASCII name bytes except the colon. A lookup table, because it is queried for every byte of every name.
const ASCII_NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, and a byte is below 256")]
        {
            table[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        }
        byte += 1;
    }
    table
};

#[inline]
fn is_ascii_name(byte: u8) -> bool {
    ASCII_NAME.get(usize::from(byte)) == Some(&true)
}
