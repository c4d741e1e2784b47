//! Recognition: which formats a message can be of, by its root, and by the parts that must be in it where that isn't enough.

use super::load::{MappingPath, MappingReader};
use super::namespace::NamespaceId;
use super::raw::{RawFormat, RawMark};
use super::trie::{NodeId, Trie};
use super::{Format, Syntax};
use crate::catalog::trim;
use crate::config::{ConfigError, Document, Errors, Spanned};

/// The formats with one root or, in JSON, without a root, of which a message can be.
#[derive(Debug)]
pub struct Candidates {
    pub(super) syntax: Syntax,
    /// The root; `None` for JSON formats without one.
    pub(super) root: Option<(NamespaceId, Box<str>)>,
    /// Their indices among all formats.
    pub(super) formats: Vec<usize>,
    /// What tells which of them a message is of.
    pub(super) marks: Marks,
}

/// The parts by which messages are recognized, of several formats.
#[derive(Debug)]
pub struct Marks {
    /// Leads to the nodes of the parts.
    pub trie: Trie,
    /// Each mark of each format.
    pub all: Vec<Mark>,
}

/// A part that the messages of a format have.
#[derive(Debug)]
pub struct Mark {
    /// Its node in the trie, and in JSON that of the value in the object that may wrap it.
    pub node: NodeId,
    /// See `node`.
    pub wrapped: Option<NodeId>,
    /// The format, by its place among the candidates.
    pub format: usize,
    /// The values of which it has one; none if any will do.
    pub values: Vec<String>,
}

impl Marks {
    /// Whether a value of this node matters.
    pub fn needs_value(&self, node: NodeId) -> bool {
        self.all.iter().any(|mark| mark.node == node && !mark.values.is_empty())
    }

    /// Whether a part with this node has one of the values of a mark.
    pub fn is_value(mark: &Mark, node: NodeId, value: &str) -> bool {
        (mark.node == node || mark.wrapped == Some(node)) && mark.values.iter().any(|own| own == trim(value))
    }
}

impl Candidates {
    pub(super) fn new(syntax: Syntax, root: Option<(NamespaceId, Box<str>)>) -> Self {
        Self { syntax, root, formats: Vec::new(), marks: Marks { trie: Trie::new(), all: Vec::new() } }
    }

    /// The syntax of the messages.
    pub fn syntax(&self) -> Syntax {
        self.syntax
    }

    /// Whether they have a root.
    pub fn is_rooted(&self) -> bool {
        self.root.is_some()
    }

    /// Which of the formats a message can be of: by their place among all formats.
    pub fn formats(&self) -> &[usize] {
        &self.formats
    }

    /// The marks of the formats; a format without any fits every message with the root.
    pub fn marks(&self) -> &Marks {
        &self.marks
    }

    /// Adds a format.
    pub(super) fn add(&mut self, index: usize, format: &Format) -> Result<(), ConfigError> {
        let document = Document { file: &format.name, text: "" };
        let reader = format.mapping.reader(&document, &format.layouts, self.syntax);
        let trie = &mut self.marks.trie;
        let root = match &self.root {
            Some((namespace, local)) => trie.root(*namespace, local),
            None => NodeId::ENTRY,
        };
        let place = self.formats.len();
        for mark in format.mapping.raw().marks() {
            let (node, values) = reader.mark(trie, root, mark)?;
            let wrapped = if values.is_empty() { None } else { reader.wrapped_mark(trie, node)? };
            self.marks.all.push(Mark { node, wrapped, format: place, values });
        }
        trie.gather_contents();
        self.formats.push(index);
        Ok(())
    }
}

impl MappingReader<'_> {
    /// The node of a mark, which is added, and its values.
    fn mark(
        &self,
        trie: &mut Trie,
        root: NodeId,
        mark: &Spanned<RawMark>,
    ) -> Result<(NodeId, Vec<String>), ConfigError> {
        let span = mark.span();
        let path = mark.get_ref().path();
        if path.contains('[') || path.strip_suffix("/**").unwrap_or(path).contains('*') {
            let message =
                format!("`{path}` has patterns or predicates: a part by which a message is recognized has none");
            return Err(self.document.error(&span, message).help("`{ path = ..., is = [...] }` asks for a value"));
        }
        let (node, is_record) = self.walk(trie, MappingPath { from: root, text: path, span: &span })?;
        if is_record {
            let message = format!("`{path}` is no part by which a message is recognized");
            return Err(self.document.error(&span, message).help("leave `/**` out"));
        }
        let values = mark.get_ref().values();
        if values.is_some_and(|values| values.iter().all(|value| value.trim().is_empty())) {
            return Err(self.document.error(&span, format!("`is` names no value that `{path}` may have")));
        }
        Ok((node, values.unwrap_or_default().iter().map(|value| trim(value).to_owned()).collect()))
    }

    /// The node of the value in an object that wraps the value of a mark, if the format has such objects.
    fn wrapped_mark(&self, trie: &mut Trie, node: NodeId) -> Result<Option<NodeId>, ConfigError> {
        let Some(name) = self.wrapping_member() else { return Ok(None) };
        let (wrapped, _) = self.walk(trie, MappingPath { from: node, text: &name, span: &(0..0) })?;
        Ok(Some(wrapped))
    }

    /// Finds what is wrong with the marks of a format.
    pub(super) fn check_marks(&self, raw: &RawFormat, errors: &mut Errors) {
        let mut trie = Trie::new();
        if let Some(marks) = raw.recognise.as_ref().filter(|marks| marks.get_ref().is_empty()) {
            errors.push(self.document.error(&marks.span(), "no part is named by which a message is recognized"));
        }
        for mark in raw.marks() {
            errors.take(self.mark(&mut trie, NodeId::ENTRY, mark));
        }
    }
}
