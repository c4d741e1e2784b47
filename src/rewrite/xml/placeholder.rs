//! What the filter itself writes: placeholders of parts that the schema requires and the grant denies, and the notice
//! that a value was removed for its shape.

use super::super::output::push_xml_text;
use super::super::planted::{Planted, is_planted};
use super::XmlRewriter;
use crate::read::xml::QualifiedName;
use dmv_redact_model::format::{NOTICE, NamespaceId, Node, NodeId, Placeholder};
use dmv_redact_model::span::Span;

impl XmlRewriter<'_, '_, '_> {
    /// Writes the placeholder of a denied part that the schema requires.
    pub(super) fn placeholder(&mut self, name: QualifiedName, namespace: NamespaceId, node: Option<&Node>) {
        let Some(placeholder) = node.and_then(|node| node.placeholder.as_ref()) else { return };
        let format = self.session.format;
        self.copy_space();
        let at = self.out.len();
        self.buffers.used.mark(namespace, at);
        let qualified = self.qualified(namespace, name.local().of(self.text.as_bytes()));
        let out = self.out.bytes();
        out.push(b'<');
        out.extend_from_slice(&qualified);
        match placeholder {
            Placeholder::Empty => out.extend_from_slice(b"/>"),
            Placeholder::Nil => {
                out.push(b' ');
                out.extend_from_slice(format.qualifier_of(NamespaceId::XSI).as_bytes());
                out.extend_from_slice(b"nil=\"true\"/>");
                self.buffers.used.mark(NamespaceId::XSI, at);
            }
            Placeholder::Constant(text) => {
                out.push(b'>');
                push_xml_text(if is_planted(Planted::Placeholder) { "planted" } else { text }, out);
                out.extend_from_slice(b"</");
                out.extend_from_slice(&qualified);
                out.push(b'>');
            }
        }
    }

    /// A name with the format's own prefix.
    fn qualified(&self, namespace: NamespaceId, local: &[u8]) -> Vec<u8> {
        [self.session.format.qualifier_of(namespace).as_bytes(), local].concat()
    }

    /// Writes the notice as the last part of an element that ends with `tag` and stays, if the mapping has a place for
    /// it there.
    pub(super) fn notice(&mut self, id: Option<NodeId>, tag: Span) {
        let node = id.and_then(|id| self.trie.node(id)).and_then(|node| self.trie.node(node.notice?));
        let Some(node) = node.filter(|_| !tag.is_empty() && self.session.owes_notice()) else { return };
        let name = self.qualified(node.namespace, node.name.as_bytes());
        self.copy(self.space);
        self.buffers.used.mark(node.namespace, self.out.len());
        let parts: [&[u8]; 7] = [b"<", &name, b">", NOTICE.as_bytes(), b"</", &name, b">"];
        self.out.bytes().extend(parts.concat());
        self.session.notice_written(node);
    }
}
