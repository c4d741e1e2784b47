//! What stands for a part that the schema requires and the grant doesn't hold.

use super::super::output::push_xml_text;
use super::super::planted::{Planted, is_planted};
use super::XmlRewriter;
use crate::format::{NamespaceId, Node, StandIn, XSI_URI};
use crate::read::xml::QualifiedName;

impl XmlRewriter<'_, '_, '_> {
    /// Writes what stands for a denied part that the schema requires.
    pub(super) fn stand_in(
        &mut self,
        name: QualifiedName,
        binding: Option<usize>,
        namespace: NamespaceId,
        node: Option<&Node>,
    ) {
        let Some(stand_in) = node.and_then(|node| node.stand_in.as_ref()) else { return };
        self.copy_space();
        let at = self.out.len();
        let qualified = name.whole.of(self.text.as_bytes());
        self.out.bytes().push(b'<');
        self.out.bytes().extend_from_slice(qualified);
        // A declaration on the denied tag itself went with it.
        let is_in_scope = binding.is_none_or(|binding| binding < self.reader.binding_count());
        if is_in_scope {
            self.buffers.declarations.mark_used(binding, at);
        } else {
            let prefix = qualified.split(|byte| *byte == b':').next().filter(|prefix| prefix.len() < qualified.len());
            let uri = self.session.parts.formats.namespaces.uri(namespace);
            push_declaration(prefix, uri, self.out.bytes());
        }
        match stand_in {
            StandIn::Empty => self.out.bytes().extend_from_slice(b"/>"),
            StandIn::Nil => {
                match self.reader.prefix_of(NamespaceId::XSI).filter(|_| is_in_scope) {
                    Some((binding, prefix)) => {
                        self.buffers.declarations.mark_used(Some(binding), at);
                        self.out.bytes().push(b' ');
                        self.copy(prefix);
                    }
                    None => {
                        let prefix: &[u8] = if qualified.starts_with(b"xsi:") { b"xsi1" } else { b"xsi" };
                        push_declaration(Some(prefix), XSI_URI, self.out.bytes());
                        self.out.bytes().push(b' ');
                        self.out.bytes().extend_from_slice(prefix);
                    }
                }
                self.out.bytes().extend_from_slice(b":nil=\"true\"/>");
            }
            StandIn::Constant(text) => {
                self.out.bytes().push(b'>');
                push_xml_text(if is_planted(Planted::StandIn) { "planted" } else { text }, self.out.bytes());
                self.out.bytes().extend_from_slice(b"</");
                self.out.bytes().extend_from_slice(qualified);
                self.out.bytes().push(b'>');
            }
        }
    }
}

fn push_declaration(prefix: Option<&[u8]>, uri: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b" xmlns");
    if let Some(prefix) = prefix {
        out.push(b':');
        out.extend_from_slice(prefix);
    }
    out.extend_from_slice(b"=\"");
    push_xml_text(uri, out);
    out.push(b'"');
}
