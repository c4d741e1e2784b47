//! What the filter itself writes: placeholders of parts that the schema requires and the grant denies, the notice that a
//! value was removed for its shape, and that of the law.

use super::super::output::push_xml_text;
use super::super::planted::{Planted, is_planted};
use super::XmlRewriter;
use crate::read::xml::QualifiedName;
use dmv_redact_model::format::{NamespaceId, Node, NodeId, Placeholder};

impl XmlRewriter<'_, '_, '_> {
    /// Writes the placeholder of a denied part that the schema requires.
    pub(super) fn placeholder(&mut self, name: QualifiedName, namespace: NamespaceId, node: Option<&Node>) {
        let Some(placeholder) = node.and_then(|node| node.placeholder.as_ref()) else { return };
        let format = self.session.format;
        self.copy_space();
        let at = self.out.len();
        self.buffers.used.mark(namespace, at);
        let qualifier = format.qualifier_of(namespace).as_bytes();
        let local = name.local().of(self.text.as_bytes());
        let out = self.out.bytes();
        push_all(&[b"<", qualifier, local], out);
        match placeholder {
            Placeholder::Empty => out.extend_from_slice(b"/>"),
            Placeholder::Nil => {
                push_all(&[b" ", format.qualifier_of(NamespaceId::XSI).as_bytes(), b"nil=\"true\"/>"], out);
                self.buffers.used.mark(NamespaceId::XSI, at);
            }
            Placeholder::Constant(text) => {
                out.push(b'>');
                push_xml_text(if is_planted(Planted::Placeholder) { "planted" } else { text }, out);
                push_all(&[b"</", qualifier, local, b">"], out);
            }
        }
    }

    /// Writes the notices that stand last in an element of this node, if the mapping has a place for them there.
    pub(super) fn notices(&mut self, id: Option<NodeId>) {
        let Some(around) = id.and_then(|id| self.trie.node(id)) else { return };
        for (node, text) in self.session.owed_notices(self.trie, around) {
            self.notice(node, &text);
        }
    }

    /// Writes a notice.
    fn notice(&mut self, node: &Node, text: &str) {
        let (qualifier, name) = (self.session.format.qualifier_of(node.namespace).as_bytes(), node.name.as_bytes());
        self.copy(self.space);
        self.buffers.used.mark(node.namespace, self.out.len());
        let out = self.out.bytes();
        push_all(&[b"<", qualifier, name, b">"], out);
        push_xml_text(text, out);
        push_all(&[b"</", qualifier, name, b">"], out);
        self.session.notice_written(node);
    }
}

fn push_all(pieces: &[&[u8]], out: &mut Vec<u8>) {
    pieces.iter().for_each(|piece| out.extend_from_slice(piece));
}
