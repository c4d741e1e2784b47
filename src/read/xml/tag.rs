//! Tags: names, start tags and end tags, and elements that are known before they are read.

use super::super::refusal::{Reason, Refusal};
use super::super::scan::{Span, skip_space};
use super::{OpenElement, Phase, QualifiedName, Read, StartTag, TagModel, XmlReader};
use crate::names::{is_name_character, is_name_start, is_same};

impl XmlReader<'_, '_> {
    /// Reads the start tag that comes next. In place at its caller's: a tag that is handed on as an event costs more than
    /// what it tells.
    #[inline(always)]
    pub(crate) fn start_tag(&mut self) -> Read<StartTag> {
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
        let (namespace, binding) = self
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
        Ok(StartTag { span: Span::new(start, end), name, namespace, binding, attributes_end })
    }

    /// Reads the start tag that comes next and [is known](Self::is_before) to have `bytes` bytes, a bare one that meant
    /// `model` where the same declarations were in scope. Beyond a limit nothing is passed.
    #[inline]
    pub(crate) fn start_tag_like(&mut self, bytes: usize, model: TagModel) -> Option<StartTag> {
        let start = self.position;
        let span = Span::new(start, start + bytes);
        if self.state.open.len() >= self.limits.depth || self.state.elements >= self.limits.members {
            return None;
        }
        let name = QualifiedName { whole: Span::new(start + 1, span.end() - 1), local: start + model.local };
        self.state.attributes.clear();
        self.state.elements += 1;
        self.state.open.push(OpenElement { name: name.whole, bindings: self.state.bindings.len() });
        self.position = span.end();
        let TagModel { namespace, binding, .. } = model;
        Some(StartTag { span, name, namespace, binding, attributes_end: name.whole.end() })
    }

    /// Passes the element that comes next if its start tag is `tag`, a bare one whose meaning is known, its content ends at
    /// `end`, and its end tag follows there without white space. Up to `end` the caller has read it. Gives the place behind
    /// it; otherwise nothing is passed.
    #[inline]
    pub(crate) fn leaf_like(&mut self, tag: &[u8], end: usize) -> Option<usize> {
        let name = tag.get(1..tag.len().checked_sub(1)?)?;
        let name_end = end + 2 + name.len();
        let closes = self.bytes.get(end..end + 2) == Some(b"</")
            && self.bytes.get(end + 2..name_end).is_some_and(|here| is_same(here, name))
            && self.bytes.get(name_end) == Some(&b'>')
            && self.state.open.len() < self.limits.depth
            && self.state.elements < self.limits.members;
        closes.then(|| {
            self.state.elements += 1;
            self.position = name_end + 1;
            self.position
        })
    }

    /// Whether an end tag comes next.
    #[inline]
    pub(crate) fn is_at_end_tag(&self) -> bool {
        self.phase == Phase::Content && self.bytes.get(self.position..self.position + 2) == Some(b"</")
    }

    /// Whether these bytes come next, inside the root.
    #[inline]
    pub(crate) fn is_before(&self, tag: &[u8]) -> bool {
        let here = self.bytes.get(self.position..self.position + tag.len());
        self.phase == Phase::Content && here.is_some_and(|here| is_same(here, tag))
    }

    /// Where the reader is, in bytes from the start of the message.
    #[inline]
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Reads the end tag that comes next.
    #[inline]
    pub(crate) fn end_tag(&mut self) -> Read<Span> {
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
                self.state.bindings.truncate(open.bindings);
            }
            self.state.open.pop();
        }
        self.phase = if self.state.open.is_empty() { Phase::Epilog } else { Phase::Content };
    }

    /// Reads a name at `start`: one or two NCNames (Namespaces in XML, production 7).
    #[inline]
    pub(super) fn qualified_name(&self, start: usize) -> Read<QualifiedName> {
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

    /// Reads an NCName at `start` and gives its end.
    #[inline]
    pub(super) fn ncname(&self, start: usize) -> Read<usize> {
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

    /// The end of a name from its first character beyond ASCII on.
    #[cold]
    fn wide_name_end(&self, from: usize) -> usize {
        let rest = self.text.get(from..).unwrap_or_default();
        let is_name = |character: &char| *character != ':' && is_name_character(*character);
        from + rest.chars().take_while(is_name).map(char::len_utf8).sum::<usize>()
    }
}

/// The bytes of ASCII names, colon aside: a table, for it is asked of every byte of every name.
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
