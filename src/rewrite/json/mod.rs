//! Rewriting JSON in one pass: an object or array is written when it opens and taken back at its end if nothing inside
//! was released (P5).

mod container;
mod part;
mod value;

use fearless_simd::Simd;

use super::context::Context;
use super::names::NameList;
use super::output::{Output, is_record_name};
use super::planted::{Planted, is_planted};
use super::session::Session;
use super::variants::{Untold, VariantBuffers};
use crate::read::json::{Actions, Place, Scalar, Step, ValueKind, walk};
use crate::read::{Limits, Reason, Refusal};
use dmv_redact_model::catalog::{ElementId, Treatment};
use dmv_redact_model::format::{Edge, Format, NamespaceId, NodeId, Trie};
use dmv_redact_model::span::Span;
use dmv_redact_model::window::Block;

type Rewrite<T> = Result<T, Refusal>;

/// Buffers of the JSON rewriter, reused from message to message.
#[derive(Debug, Default)]
pub(super) struct JsonBuffers {
    /// The open objects and arrays, the innermost last.
    frames: Vec<Frame>,
    /// The children seen in each open object, beyond the first word, which is in its frame.
    seen: Vec<u64>,
    /// The names seen in open records: none may occur twice in one object.
    record_names: NameList,
    /// The meaning of a name with escapes.
    pub(super) name: String,
    context: Context,
    variants: VariantBuffers,
    /// What is asked of an object and tells nothing, by where the object begins: of those that are open or were.
    untold: Vec<(usize, Untold)>,
}

/// The role of an open object or array in the mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Role {
    /// The top level: the root member and `@context`.
    #[default]
    Top,
    /// It is kept if something inside is.
    Container,
    /// It is part of a record that is permitted so.
    Record(ElementId, Treatment),
    /// A `@context`: that of the top level, or another.
    Context { is_top: bool },
}

/// What a part is, before its value is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A value that the mapping names, or part of a record; `None` if its element isn't permitted.
    Leaf(ElementId, Option<Treatment>),
    /// The same, of an element that is permitted in full, where the value alone decides.
    Plain(ElementId),
    /// An object or array that is entered in a role.
    Container(Role),
    /// A part that the grant denies.
    Denied(ElementId),
    /// Something that the mapping has no value for, at a node or not.
    Unmapped,
    /// The member that names an object.
    Id,
    /// A `@context` that is a URL: that of the top level, or another.
    ContextUrl { is_top: bool },
    /// A member of a `@context`.
    Binding,
}

/// A part whose value is next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'f> {
    named: Named<'f>,
    kind: Kind,
}

/// The mapping's name for a part.
#[derive(Debug, Clone, Copy)]
enum Named<'f> {
    /// It has none.
    None,
    /// The edge that its name leads over.
    Member(&'f Edge),
    /// The node of its array, or one that a part of it told.
    Node(NodeId),
}

impl Named<'_> {
    #[inline(always)]
    fn node(self) -> Option<NodeId> {
        match self {
            Self::None => None,
            Self::Member(edge) => Some(edge.node),
            Self::Node(node) => Some(node),
        }
    }
}

/// An open object or array whose bracket has been written.
#[derive(Debug, Clone, Copy)]
struct Frame {
    role: Role,
    /// Where it is in the message, and its node.
    place: Place,
    node: Option<NodeId>,
    /// Where it begins in the output, including what was written for it before its bracket.
    out_start: usize,
    /// Which of its first children have been seen, one bit each; and where the words for the others begin in `seen`.
    seen: u64,
    seen_others: usize,
    /// Where its names of `record_names` begin.
    record_names: usize,
    /// The white space after the bracket.
    indent: Span,
    /// Whether its end needs a lookup in the mapping: a role, a placeholder, the notice.
    has_end: bool,
    /// Whether a part was written, so that the next needs a comma.
    has_written: bool,
    released: bool,
    /// Its number among the parts of the manifest.
    part: usize,
    /// Whether it has mapped parts: such an object is no mere reference, even if all of them were removed.
    has_parts: bool,
    /// Whether it has an id member, and its value if that is a string; empty otherwise.
    has_id: bool,
    id: Span,
}

/// The rewriter of one pass over one message.
pub(super) struct JsonRewriter<'m, 's, 'f> {
    text: &'m str,
    limits: &'m Limits,
    trie: &'f Trie,
    session: &'s mut Session<'f>,
    buffers: &'s mut JsonBuffers,
    out: Output<'m, 's>,
    /// Whether the top level was released.
    released: bool,
}

impl<'m, 's, 'f> JsonRewriter<'m, 's, 'f> {
    pub(super) fn new(
        text: &'m str,
        limits: &'m Limits,
        trie: &'f Trie,
        session: &'s mut Session<'f>,
        buffers: &'s mut JsonBuffers,
        out: &'s mut Vec<u8>,
    ) -> Self {
        buffers.frames.clear();
        buffers.seen.clear();
        buffers.record_names.clear();
        buffers.untold.clear();
        buffers.context.reset(session.parts.formats.namespaces.count());
        Self { text, limits, trie, session, buffers, out: Output::new(text.as_bytes(), out), released: false }
    }

    /// Reads the message to its end and writes what the grant permits. Returns whether anything was released.
    pub(super) fn run(mut self) -> Rewrite<bool> {
        let end = walk(self.text.as_bytes(), self.limits, &mut self)?;
        if !self.released {
            return Ok(false);
        }
        self.copy(Span::new(end, self.text.len()));
        let out = self.out.bytes();
        if !is_planted(Planted::UnusedDeclaration) {
            self.buffers.context.narrow(self.text.as_bytes(), out, self.session.format);
        }
        Ok(true)
    }

    fn copy(&mut self, span: Span) {
        self.out.copy(span);
    }
}

impl<'f> Actions for JsonRewriter<'_, '_, 'f> {
    type Part = Part<'f>;

    #[inline(always)]
    fn part<S: Simd>(&mut self, _: S, place: &Place, name: Block<S>) -> Rewrite<Step<Part<'f>>> {
        let Some(frame) = self.buffers.frames.last() else { return self.document(place) };
        if matches!(frame.role, Role::Context { .. }) {
            return self.binding(place);
        }
        match place.name {
            Some(spelled) => self.member(place, spelled, name),
            None => self.item(place),
        }
    }

    #[inline(always)]
    fn accept<S: Simd>(&mut self, simd: S, place: &Place, part: Part<'f>) -> Option<usize> {
        self.accept_plain(simd, place, part)
    }

    #[inline(never)]
    fn value(&mut self, place: &Place, part: Part<'f>, scalar: Scalar, end: usize) -> Rewrite<()> {
        match part.kind {
            Kind::Leaf(element, treatment) => self.leaf(place, part, scalar, end, (element, treatment)),
            Kind::Plain(element) => self.leaf(place, part, scalar, end, (element, Some(Treatment::Full))),
            Kind::Binding => self.bind(place, scalar, end),
            Kind::Id => self.id(place, scalar),
            Kind::ContextUrl { is_top } => self.context_url(place, scalar, end, is_top),
            Kind::Container(_) | Kind::Denied(_) | Kind::Unmapped => Ok(()),
        }
    }

    #[inline(always)]
    fn skipped(&mut self, place: &Place, part: Part<'f>, end: usize) -> Rewrite<()> {
        match part.kind {
            Kind::Denied(element) => self.session.deny(element, Span::new(place.start, end)),
            _ => self.session.unmapped(Span::new(place.start, end)),
        }
        if is_planted(Planted::Unmapped) && part.kind == Kind::Unmapped && part.named.node().is_none() {
            self.begin(place, part.named, end);
            self.written();
        } else {
            match part.named {
                Named::Member(edge) if edge.has_placeholder => self.removed(place, part.named.node()),
                Named::Node(node) => self.removed(place, Some(node)),
                _ => {}
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn open(&mut self, place: &Place, part: Part<'f>, indent: Span) -> Rewrite<()> {
        self.enter(place, part, indent)
    }

    #[inline(always)]
    fn close(&mut self, gap: usize, end: usize) -> Rewrite<()> {
        match self.close_plain(gap, end) {
            true => Ok(()),
            false => self.close_slowly(gap, end),
        }
    }
}

/// The namespace of a name in a record, if it is one of the format's; `None` for a name that could say more than it
/// names.
fn record_namespace(format: &Format, name: &str) -> Option<NamespaceId> {
    let (namespace, local) = match name.split_once(':') {
        Some((prefix, local)) => (format.prefixes.iter().find(|(own, _)| own == prefix)?.1, local),
        None if format.has_plain_names => (NamespaceId::NONE, name),
        None => return None,
    };
    is_record_name(local.as_bytes()).then_some(namespace)
}

impl<'f> JsonRewriter<'_, '_, 'f> {
    /// The whole document.
    fn document(&mut self, place: &Place) -> Rewrite<Step<Part<'f>>> {
        let may_be_list = self.session.format.may_be_list();
        if place.kind != ValueKind::Object && !(place.kind == ValueKind::Array && may_be_list) {
            return Err(Refusal::at(Reason::FormatUnknown, 0, "the top level is not an object"));
        }
        self.copy(Span::new(0, place.start));
        Ok(Step::Enter(Part { named: Named::Node(NodeId::ENTRY), kind: Kind::Container(Role::Top) }))
    }
}
