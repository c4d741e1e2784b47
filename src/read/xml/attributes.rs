//! The attributes of a start tag: syntax, uniqueness, namespace declarations.

use std::collections::HashSet;

use fearless_simd::{Simd, dispatch};

use super::super::refusal::{Reason, Refusal};
use super::super::scan::skip_space;
use super::namespaces::{Binding, Uri, fingerprint, pack};
use super::{QualifiedName, ReadResult, XmlReader, decode, space};
use dmv_redact_model::format::NamespaceId;
use dmv_redact_model::span::Span;
use dmv_redact_model::wide;
use dmv_redact_model::window::{BLOCK, Block};

/// The kind of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeKind {
    /// An attribute.
    Attribute {
        /// Its namespace.
        namespace: NamespaceId,
        /// The index of the binding that its prefix uses.
        binding: Option<usize>,
    },
    /// A namespace declaration.
    Declaration {
        /// The index of the binding that it adds.
        binding: usize,
        /// The namespace.
        namespace: NamespaceId,
    },
}

/// An attribute or namespace declaration.
#[derive(Debug, Clone, Copy)]
pub struct Attribute {
    /// With the white space before it.
    pub span: Span,
    /// Its name as written.
    pub name: QualifiedName,
    /// Between the quotes.
    pub value: Span,
    /// Whether the raw value is the value: no reference, no white space to be normalized.
    pub plain: bool,
    /// What it is.
    pub kind: AttributeKind,
}

/// Up to this many attributes are compared pairwise; more go into a set, so that time stays linear (P8).
const PAIRWISE_MAX: usize = 32;

impl XmlReader<'_, '_> {
    /// Reads attributes from `from` on; returns where they end and whether the tag is an empty-element tag.
    pub(super) fn attribute_list(&mut self, from: usize) -> ReadResult<(usize, bool)> {
        dispatch!(wide::level(), simd => self.attribute_list_by(simd, from))
    }

    #[inline(always)]
    fn attribute_list_by<S: Simd>(&mut self, simd: S, from: usize) -> ReadResult<(usize, bool)> {
        let mut at = from;
        loop {
            let name_start = skip_space(self.bytes, at);
            match self.bytes.get(name_start) {
                Some(b'>') => {
                    self.unique_names(name_start)?;
                    return Ok((at, false));
                }
                Some(b'/') if self.bytes.get(name_start + 1) == Some(&b'>') => {
                    self.unique_names(name_start)?;
                    return Ok((at, true));
                }
                None => return Err(Refusal::at(Reason::NotWellFormedXml, name_start, "a tag is not closed")),
                Some(_) if name_start == at => {
                    return Err(Refusal::at(Reason::NotWellFormedXml, at, "white space is wanted before an attribute"));
                }
                Some(_) => {}
            }
            if self.state.attributes.len() >= self.limits.attributes {
                return Err(Refusal::at(Reason::Limit, name_start, "an element has too many attributes"));
            }
            at = self.attribute(simd, at, name_start)?;
        }
    }

    #[inline(always)]
    fn attribute<S: Simd>(&mut self, simd: S, start: usize, name_start: usize) -> ReadResult<usize> {
        let name = match self.short_name(simd, name_start) {
            Some(name) => name,
            None => self.qualified_name(name_start)?,
        };
        let equals = skip_space(self.bytes, name.whole.end());
        if self.bytes.get(equals) != Some(&b'=') {
            return Err(Refusal::at(Reason::NotWellFormedXml, equals, "an attribute has no value"));
        }
        let open = skip_space(self.bytes, equals + 1);
        let quote = match self.bytes.get(open) {
            Some(quote @ (b'"' | b'\'')) => *quote,
            _ => return Err(Refusal::at(Reason::NotWellFormedXml, open, "an attribute value is not quoted")),
        };
        let (value, plain) = self.attribute_value(simd, open + 1, quote)?;
        let whole = name.whole.of(self.bytes);
        let is_pairwise = self.state.attributes.len() < PAIRWISE_MAX;
        if is_pairwise && self.state.attributes.iter().any(|other| other.name.whole.of(self.bytes) == whole) {
            return Err(Refusal::at(Reason::NotWellFormedXml, name_start, "an attribute stands twice"));
        }
        let is_declaration = whole == b"xmlns" || whole.starts_with(b"xmlns:");
        let kind = if is_declaration {
            self.declare(name, value, plain)?
        } else {
            AttributeKind::Attribute { namespace: NamespaceId::NONE, binding: None }
        };
        let end = value.end() + 1;
        self.state.attributes.push(Attribute { span: Span::new(start, end), name, value, plain, kind });
        Ok(end)
    }

    /// Refuses a start tag with many attributes, which ends at `end`, if one occurs twice.
    fn unique_names(&self, end: usize) -> ReadResult<()> {
        let attributes = &self.state.attributes;
        let mut seen = HashSet::new();
        match attributes.len() <= PAIRWISE_MAX
            || attributes.iter().all(|other| seen.insert(other.name.whole.of(self.bytes)))
        {
            true => Ok(()),
            false => Err(Refusal::at(Reason::NotWellFormedXml, end, "an attribute stands twice")),
        }
    }

    /// Reads a value up to its closing quote (production 10).
    #[inline(always)]
    fn attribute_value<S: Simd>(&self, simd: S, start: usize, quote: u8) -> ReadResult<(Span, bool)> {
        let mut at = start;
        let mut plain = true;
        loop {
            let ends = Block::at(simd, self.bytes, at).ends_attribute(quote);
            if ends == 0 {
                at += BLOCK;
                continue;
            }
            // Past the end of the message a block has zeros, which end a value, too.
            at += ends.trailing_zeros() as usize;
            match self.bytes.get(at) {
                Some(byte) if *byte == quote => return Ok((Span::new(start, at), plain)),
                Some(b'<') => return Err(Refusal::at(Reason::NotWellFormedXml, at, "`<` in an attribute value")),
                Some(b'&') => at = self.reference(at)?,
                Some(b'\t' | b'\n' | b'\r') => at += 1,
                Some(_) => {
                    at = self.rare_character(at)?;
                    continue;
                }
                None => return Err(Refusal::at(Reason::NotWellFormedXml, at, "an attribute value is not closed")),
            }
            plain = false;
        }
    }

    /// Enters a namespace declaration (Namespaces in XML, sections 3 and 5).
    fn declare(&mut self, name: QualifiedName, value: Span, plain: bool) -> ReadResult<AttributeKind> {
        if self.state.bindings.len() >= self.limits.namespaces {
            return Err(Refusal::at(Reason::Limit, name.whole.start(), "too many namespaces are in scope"));
        }
        let is_default = name.prefix().is_none();
        let prefix = if is_default { Span::default() } else { name.local() };
        let (uri, namespace, fingerprint, is_empty) = if plain {
            let uri = value.of(self.bytes);
            let namespace = self.known.id(uri);
            (Uri::Message(value), namespace, fingerprint(namespace, uri), uri.is_empty())
        } else {
            let mut decoded = String::new();
            decode(value.text(self.text), &mut decoded);
            let uri = decoded.replace(['\t', '\n', '\r'], " ");
            let namespace = self.known.id(uri.as_bytes());
            let fingerprint = fingerprint(namespace, uri.as_bytes());
            (self.state.bindings.keep(uri.as_bytes()), namespace, fingerprint, uri.is_empty())
        };
        let fault = match prefix.of(self.bytes) {
            b"xmlns" => Some("the prefix `xmlns` is declared"),
            b"xml" => (namespace != NamespaceId::XML).then_some("the prefix `xml` is bound to another namespace"),
            _ if matches!(namespace, NamespaceId::XML | NamespaceId::XMLNS) => Some("a reserved namespace is bound"),
            _ => (is_empty && !is_default).then_some("a prefix is bound to no namespace"),
        };
        if let Some(detail) = fault {
            return Err(Refusal::at(Reason::NotWellFormedXml, name.whole.start(), detail));
        }
        let binding = self.state.bindings.len();
        let packed = pack(prefix.of(self.bytes));
        self.state.bindings.push(Binding { prefix, packed, uri, namespace, fingerprint, arena_end: 0 }, self.bytes);
        Ok(AttributeKind::Declaration { binding, namespace })
    }

    /// Resolves the prefixes of the attributes, now that all declarations of the tag are known, and refuses two with
    /// the same expanded name under different prefixes.
    pub(super) fn resolve_attributes(&mut self) -> ReadResult<()> {
        let state = &mut *self.state;
        let mut prefixed = 0;
        for attribute in &mut state.attributes {
            let AttributeKind::Attribute { .. } = attribute.kind else { continue };
            // The default namespace doesn't apply to attributes without a prefix.
            let Some(prefix) = attribute.name.prefix() else { continue };
            let Some((namespace, binding)) = state.bindings.resolve(Some(prefix), self.bytes) else {
                let start = attribute.name.whole.start();
                return Err(Refusal::at(Reason::NotWellFormedXml, start, "a prefix is bound to no namespace"));
            };
            attribute.kind = AttributeKind::Attribute { namespace, binding };
            prefixed += usize::from(binding.is_some());
        }
        if prefixed < 2 { Ok(()) } else { self.unique_expanded_names(prefixed <= PAIRWISE_MAX) }
    }

    /// Refuses a start tag in which two prefixed attributes have the same expanded name.
    fn unique_expanded_names(&self, is_pairwise: bool) -> ReadResult<()> {
        let state = &*self.state;
        let mut seen = HashSet::new();
        for (index, attribute) in state.attributes.iter().enumerate() {
            let Some((binding, local)) = self.expanded_name(attribute) else { continue };
            let is_second = if is_pairwise {
                let mut before = state.attributes.iter().take(index).filter_map(|before| self.expanded_name(before));
                before.any(|(other, name)| name == local && state.bindings.is_same(binding, other, self.bytes))
            } else {
                !seen.insert((state.bindings.uri(binding, self.bytes), local))
            };
            if is_second {
                let start = attribute.name.whole.start();
                let detail = "an attribute stands twice under two prefixes";
                return Err(Refusal::at(Reason::NotWellFormedXml, start, detail));
            }
        }
        Ok(())
    }

    /// The binding of an attribute's prefix, and its local name; `None` for one without a prefix.
    #[inline]
    fn expanded_name(&self, attribute: &Attribute) -> Option<(&Binding, &[u8])> {
        match attribute.kind {
            AttributeKind::Attribute { binding: Some(index), .. } => {
                Some((self.state.bindings.get(index)?, attribute.name.local().of(self.bytes)))
            }
            _ => None,
        }
    }

    /// The end of required white space, or a refusal.
    pub(super) fn required_space(&self, from: usize, detail: &'static str) -> ReadResult<usize> {
        space(self.bytes, from).ok_or_else(|| Refusal::at(Reason::NotWellFormedXml, from, detail))
    }
}
