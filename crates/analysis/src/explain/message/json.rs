//! Walks a JSON message.

use super::parts::{Fate, MessageWalk, PartOutcome, PartSyntax};
use dmv_redact::internal::read::Refusal;
use dmv_redact::internal::read::json::{JsonReader, Scalar, ValueKind, closing, decode};
use dmv_redact::internal::read::scan::is_space;
use dmv_redact::internal::rewrite::is_record_name;
use dmv_redact_model::catalog::ElementId;
use dmv_redact_model::format::{NamespaceId, Node, NodeId, Placeholder, Target, Trie};

/// The member that binds prefixes in JSON-LD.
const CONTEXT: &str = "@context";

/// An open object or array.
struct OpenContainer {
    close: u8,
    part: Option<usize>,
    node: Option<NodeId>,
    /// The granted record that it is part of.
    record: Option<ElementId>,
    has_begun: bool,
}

struct JsonWalk<'w, 'a> {
    walk: &'w mut MessageWalk<'a>,
    text: &'w str,
    trie: &'w Trie,
    reader: JsonReader<'w>,
    open: Vec<OpenContainer>,
}

/// A member or an item whose value comes next.
struct PendingValue<'n> {
    syntax: PartSyntax,
    step: String,
    node: Option<(NodeId, &'n Node)>,
    record: Option<ElementId>,
}

pub(super) fn walk<'w>(text: &'w str, trie: &'w Trie, walk: &'w mut MessageWalk<'_>) -> Result<(), Refusal> {
    let inner = walk.inner;
    let limits = &inner.limits;
    let mut json = JsonWalk { walk, text, trie, reader: JsonReader::new(text.as_bytes(), limits), open: Vec::new() };
    json.reader.expect(b'{', "an object is wanted")?;
    json.open.push(OpenContainer {
        close: b'}',
        part: None,
        node: Some(NodeId::ENTRY),
        record: None,
        has_begun: false,
    });
    while let Some(open) = json.open.last_mut() {
        if json.reader.take(open.close) {
            json.open.pop();
            continue;
        }
        let is_object = open.close == b'}';
        if open.has_begun {
            json.reader.expect(b',', closing(is_object).1)?;
        }
        open.has_begun = true;
        if is_object { json.member()? } else { json.item()? }
    }
    json.reader.end()
}

impl<'w> JsonWalk<'w, '_> {
    fn parent(&self) -> Option<usize> {
        self.open.last().and_then(|open| open.part)
    }

    fn skip(&mut self) -> Result<(), Refusal> {
        self.reader.skip_value(self.open.len())
    }

    fn add(&mut self, pending: PendingValue<'_>, fate: Fate) -> usize {
        self.walk.add(self.parent(), pending.syntax, pending.step, fate)
    }

    fn unmapped(&mut self, syntax: PartSyntax) -> Result<(), Refusal> {
        self.skip()?;
        self.walk.add(self.parent(), syntax, String::new(), Fate::Unmapped);
        Ok(())
    }

    fn member(&mut self) -> Result<(), Refusal> {
        self.reader.peek();
        self.walk.at = self.reader.position();
        let mut name = String::new();
        decode(self.reader.name()?.inner.text(self.text), &mut name);
        let Some(open) = self.open.last() else { return Ok(()) };
        let (record, is_top) = (open.record, self.open.len() == 1);
        let trie = self.trie;
        let parent = open.node.and_then(|node| trie.node(node));
        let child = parent.and_then(|node| trie.child(node.id, NamespaceId::NONE, false, name.as_bytes()));
        if let Some((id, node)) = child.and_then(|edge| Some((edge.node, trie.node(edge.node)?))) {
            let step = self.walk.named(node);
            return self.value(PendingValue { syntax: PartSyntax::Member, step, node: Some((id, node)), record });
        }
        if name == CONTEXT && !self.walk.format.prefixes.is_empty() {
            if !is_top {
                return self.unmapped(PartSyntax::Member);
            }
            self.skip()?;
            self.walk.add(None, PartSyntax::Member, CONTEXT.to_owned(), Fate::Kept);
            return Ok(());
        }
        let references = self.walk.format.references.as_ref();
        let is_id = references.and_then(|references| references.json.as_deref()) == Some(name.as_str());
        let is_value = parent.is_some_and(|parent| matches!(parent.target, Target::Leaf(_)));
        if is_id && !is_value && !is_top && self.reader.kind()? == ValueKind::Scalar && self.reader.peek() == Some(b'"')
        {
            if let Scalar::String(string) = self.reader.scalar()? {
                self.walk.add(self.parent(), PartSyntax::Member, name, Fate::Link(string.inner.start()));
            }
            return Ok(());
        }
        let elements = trie.elements_named(NamespaceId::NONE, name.as_bytes());
        if record.is_some() && self.is_record_member(&name) && self.walk.admits_in_record(elements) {
            // Not even this name is reported (P6): the mapping doesn't have it here.
            return self.value(PendingValue { syntax: PartSyntax::Member, step: String::new(), node: None, record });
        }
        self.unmapped(PartSyntax::Member)
    }

    fn item(&mut self) -> Result<(), Refusal> {
        if self.reader.kind()? == ValueKind::Array {
            return self.unmapped(PartSyntax::Item);
        }
        self.walk.at = self.reader.position();
        let Some(OpenContainer { node, record, .. }) = self.open.last() else { return Ok(()) };
        let (trie, record) = (self.trie, *record);
        let node = node.and_then(|id| Some((id, trie.node(id)?)));
        self.value(PendingValue { syntax: PartSyntax::Item, step: String::new(), node, record })
    }

    /// Whether a record may contain a name that the mapping doesn't have here.
    fn is_record_member(&self, name: &str) -> bool {
        let prefixes = &self.walk.format.prefixes;
        let local = match name.split_once(':') {
            Some((prefix, local)) if prefixes.iter().any(|(own, _)| own == prefix) => Some(local),
            None if prefixes.is_empty() => Some(name),
            _ => None,
        };
        local.is_some_and(|local| is_record_name(local.as_bytes()))
    }

    fn value(&mut self, pending: PendingValue<'_>) -> Result<(), Refusal> {
        let kind = self.reader.kind()?;
        let node = pending.node.map(|(_, node)| node);
        let target = node.map_or(Target::Container, |node| node.target);
        let permitted = match (target, pending.record) {
            (Target::Leaf(element), _) if node.is_some_and(|node| !node.layouts.is_empty()) => {
                Some((element, node.is_some_and(|node| self.walk.grants_any_of(&node.elements))))
            }
            (Target::Leaf(element) | Target::Record(element), _) => {
                Some((element, self.walk.treatment(element).is_some()))
            }
            (Target::Container, Some(element)) if node.is_none() => Some((element, true)),
            (Target::Container, _) => None,
        };
        let is_record = node.is_none() || matches!(target, Target::Record(_));
        let goes_on = kind == ValueKind::Object && is_record && node.is_some_and(|node| node.continues);
        match permitted {
            // Each item of a denied list is denied and counted by itself.
            Some((element, false)) if !goes_on && kind != ValueKind::Array => {
                self.skip()?;
                self.add(pending, Fate::Value(element, PartOutcome::Denied));
                return Ok(());
            }
            _ => {}
        }
        let record = permitted.filter(|(_, is_granted)| *is_granted && is_record).map(|(element, _)| element);
        let has_children = node.is_some_and(Node::has_children);
        match kind {
            ValueKind::Scalar if target == Target::Container && node.is_some() => {
                self.reader.scalar()?;
                self.add(pending, Fate::Unmapped);
            }
            ValueKind::Scalar => return self.leaf(pending, permitted.map(|(element, _)| element)),
            ValueKind::Array => self.enter(pending, record, b']'),
            ValueKind::Object if is_record || has_children => self.enter(pending, record, b'}'),
            ValueKind::Object => {
                self.skip()?;
                self.add(pending, Fate::Unmapped);
            }
        }
        if let (Some((element, false)), true) = (permitted, goes_on) {
            // Nothing of the record itself is released, but parts that are mapped to something else may be.
            self.walk.add(self.parent(), PartSyntax::Member, String::new(), Fate::Value(element, PartOutcome::Denied));
        }
        Ok(())
    }

    fn enter(&mut self, pending: PendingValue<'_>, record: Option<ElementId>, close: u8) {
        let node = pending.node.map(|(id, _)| id);
        let part = Some(self.add(pending, Fate::Container));
        self.reader.skip_bracket();
        self.open.push(OpenContainer { close, part, node, record, has_begun: false });
    }

    fn leaf(&mut self, pending: PendingValue<'_>, element: Option<ElementId>) -> Result<(), Refusal> {
        let node = pending.node.map(|(_, node)| node);
        let may_be_null = node.is_some_and(|node| node.nillable || node.placeholder == Some(Placeholder::Nil));
        let mut value = String::new();
        let scalar = self.reader.scalar()?;
        let is_in_record = node.is_none_or(|node| matches!(node.target, Target::Record(_)));
        let is_string = matches!(scalar, Scalar::String(_));
        match scalar {
            // A null where the schema has nil is an empty value.
            Scalar::Lexeme(span) if may_be_null && span.text(self.text) == "null" => {}
            Scalar::Lexeme(span) => value.push_str(span.text(self.text)),
            Scalar::String(string) => decode(string.inner.text(self.text), &mut value),
        }
        if is_string && is_in_record && value.bytes().all(is_space) {
            // A blank part of a record is no value.
            self.add(pending, Fate::Container);
            return Ok(());
        }
        let fate = match (element, node.filter(|node| !node.layouts.is_empty())) {
            (Some(_), Some(node)) => Fate::Fields(self.walk.fields(node, &value)),
            (Some(element), None) => Fate::Value(element, self.walk.value(element, &value)),
            (None, _) => Fate::Unmapped,
        };
        self.add(pending, fate);
        Ok(())
    }
}
