//! Names the parts of a JSON message.

use fearless_simd::Simd;

use super::parts::{Fate, MessageWalk, PartSyntax};
use dmv_redact::internal::read::Refusal;
use dmv_redact::internal::read::json::{Actions, Place, Scalar, Step, ValueKind, meaning, walk};
use dmv_redact::internal::rewrite::{VariantBuffers, of_object};
use dmv_redact_model::format::{NamespaceId, Node, NodeId, Target, Trie};
use dmv_redact_model::span::Span;
use dmv_redact_model::window::Block;

/// The member that binds prefixes in JSON-LD.
const CONTEXT: &str = "@context";

/// A part whose value comes next.
#[derive(Clone, Copy)]
struct Part {
    /// Its index; the document has none.
    index: Option<usize>,
    node: Option<NodeId>,
    is_link: bool,
}

struct JsonWalk<'w, 'a> {
    walk: &'w mut MessageWalk<'a>,
    text: &'w str,
    trie: &'w Trie,
    /// The open objects and arrays.
    open: Vec<Part>,
    variants: VariantBuffers,
}

pub(super) fn read<'w>(text: &'w str, trie: &'w Trie, walked: &'w mut MessageWalk<'_>) -> Result<(), Refusal> {
    let limits = walked.limits;
    walk(
        text.as_bytes(),
        limits,
        &mut JsonWalk { walk: walked, text, trie, open: Vec::new(), variants: VariantBuffers::default() },
    )
    .map(|_| ())
}

impl<'w> JsonWalk<'w, '_> {
    fn node(&self, id: Option<NodeId>) -> Option<&'w Node> {
        id.and_then(|id| self.trie.node(id))
    }

    /// The name and the node of a member.
    fn member(&self, name: &str, around: Part) -> (String, Option<NodeId>) {
        let child = around.node.and_then(|node| self.trie.child(node, NamespaceId::NONE, false, name.as_bytes()));
        let anywhere = || self.trie.anywhere(NamespaceId::NONE, false, name.as_bytes());
        let child = child.or_else(|| anywhere().filter(|_| around.index.is_some()));
        match child.and_then(|edge| Some((edge.node, self.trie.node(edge.node)?))) {
            Some((id, node)) => (self.walk.named(node), Some(id)),
            // Not even this name is reported (P6): the mapping doesn't have it here.
            None => (String::new(), None),
        }
    }

    fn is_id(&self, name: &str, around: Part) -> bool {
        let references = self.walk.format.references.as_ref();
        let is_value = self.node(around.node).is_some_and(|node| matches!(node.target, Target::Leaf(_)));
        around.index.is_some() && !is_value && references.and_then(|own| own.json.as_deref()) == Some(name)
    }
}

impl Actions for JsonWalk<'_, '_> {
    type Part = Part;

    fn part<S: Simd>(&mut self, _: S, place: &Place, _: Block<S>) -> Result<Step<Part>, Refusal> {
        let Some(around) = self.open.last().copied() else {
            return Ok(Step::Enter(Part { index: None, node: Some(NodeId::ENTRY), is_link: false }));
        };
        let parent = self.node(around.node);
        let (syntax, step, id, is_link) = match place.name {
            None => (PartSyntax::Item, String::new(), around.node, false),
            Some(spelled) => {
                let mut decoded = String::new();
                let name = meaning(spelled, self.text, &mut decoded);
                let (step, id) = self.member(name, around);
                let is_link = id.is_none() && self.is_id(name, around);
                let is_context = id.is_none() && name == CONTEXT && !self.walk.format.prefixes.is_empty();
                if is_context && around.index.is_none() {
                    let index = self.walk.add(None, PartSyntax::Member, CONTEXT.to_owned(), place.start);
                    self.walk.set(index, Fate::Kept);
                    return Ok(Step::Skip(Part { index: Some(index), node: None, is_link }));
                }
                (PartSyntax::Member, if is_link { name.to_owned() } else { step }, id, is_link)
            }
        };
        let id = match self.node(id).filter(|_| place.kind == ValueKind::Object) {
            Some(node) => {
                let (of_trie, start) = ((self.trie, node), place.value_start);
                Some(of_object(self.text, self.walk.limits, of_trie, start, &mut self.variants)?.0)
            }
            None => id,
        };
        let index = self.walk.add(around.index, syntax, step, place.start);
        let part = Part { index: Some(index), node: id, is_link };
        if place.kind == ValueKind::Scalar {
            return Ok(Step::Value(part));
        }
        let head = (place.start, place.value_start);
        if self.walk.goes(index, head, parent, self.node(id)) {
            return Ok(Step::Skip(part));
        }
        self.walk.denied_head(index, PartSyntax::Member, head);
        Ok(Step::Enter(part))
    }

    fn value(&mut self, place: &Place, part: Part, scalar: Scalar, end: usize) -> Result<(), Refusal> {
        let Some(index) = part.index else { return Ok(()) };
        match scalar {
            Scalar::String(string) if part.is_link => self.walk.set(index, Fate::Link(string.inner.start())),
            _ => self.walk.value(index, self.node(part.node), (place.start, end)),
        }
        Ok(())
    }

    fn skipped(&mut self, _: &Place, _: Part, _: usize) -> Result<(), Refusal> {
        Ok(())
    }

    fn open(&mut self, _: &Place, part: Part, _: Span) -> Result<(), Refusal> {
        self.open.push(part);
        Ok(())
    }

    fn close(&mut self, _: usize, _: usize) -> Result<(), Refusal> {
        self.open.pop();
        Ok(())
    }
}
