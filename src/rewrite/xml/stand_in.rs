//! What stands for a part that the schema requires and the grant doesn't hold.

use super::super::output::push_xml_text;
use super::super::planted::{Planted, is_planted};
use super::XmlRewriter;
use super::tag::push_prefix;
use crate::format::{NamespaceId, Node, StandIn};
use crate::read::xml::QualifiedName;

impl XmlRewriter<'_, '_, '_> {
    /// Writes what stands for a denied part that the schema requires.
    pub(super) fn stand_in(&mut self, name: QualifiedName, namespace: NamespaceId, node: Option<&Node>) {
        let Some(stand_in) = node.and_then(|node| node.stand_in.as_ref()) else { return };
        let format = self.session.format;
        self.copy_space();
        let at = self.out.len();
        self.buffers.used.mark(namespace, at);
        let mut qualified = Vec::new();
        push_prefix(format.prefix_of(namespace), &mut qualified);
        qualified.extend_from_slice(name.local().of(self.text.as_bytes()));
        let out = self.out.bytes();
        out.push(b'<');
        out.extend_from_slice(&qualified);
        match stand_in {
            StandIn::Empty => out.extend_from_slice(b"/>"),
            StandIn::Nil => {
                out.push(b' ');
                push_prefix(format.prefix_of(NamespaceId::XSI), out);
                out.extend_from_slice(b"nil=\"true\"/>");
                self.buffers.used.mark(NamespaceId::XSI, at);
            }
            StandIn::Constant(text) => {
                out.push(b'>');
                push_xml_text(if is_planted(Planted::StandIn) { "planted" } else { text }, out);
                out.extend_from_slice(b"</");
                out.extend_from_slice(&qualified);
                out.push(b'>');
            }
        }
    }
}
