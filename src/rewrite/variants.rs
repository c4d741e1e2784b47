//! What a part is, where one of its children or attributes tells: the predicates of its paths are answered by reading it to
//! its end first. Only parts of which the mapping asks something are read so, each as often as predicates are nested around
//! it.

use super::planted::{Planted, is_planted};
use crate::read::json::{JsonReader, Scalar, ValueKind, decode, meaning};
use crate::read::xml::{self, Attribute, AttributeKind, Event, XmlReader};
use crate::read::{Limits, Reason, Refusal};
use dmv_redact_model::format::{Answers, Format, NamespaceId, Node, NodeId, Trie};
use dmv_redact_model::span::Span;

/// Why a message is withheld in which a member stands twice that tells what the object is.
const TWICE: &str = "a name stands twice in one object";

/// Buffers, reused from part to part.
#[derive(Debug, Default)]
pub struct VariantBuffers {
    answers: Answers,
    attributes: Vec<Attribute>,
    decoded: String,
    name: String,
}

/// What of a part is asked and stands there several times, or with other parts in it, one bit for each place: that tells
/// nothing, and none of it may go out, for what stayed could tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Untold(u64);

impl Untold {
    fn add(&mut self, place: usize) {
        self.0 |= 1 << place.min(63);
    }

    /// Whether there is none.
    #[inline(always)]
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a child of a part of this node is one of these.
    pub(super) fn holds(self, node: Option<&Node>, namespace: NamespaceId, local: &[u8]) -> bool {
        let place = node.and_then(|node| node.asks(namespace, false, local));
        place.is_some_and(|place| self.0 & 1 << place.min(63) != 0)
    }
}

/// The node of the element whose start tag was read last: that of the variant that fits, or `node` itself, and what in it
/// is untold.
///
/// # Errors
/// When the element isn't well-formed.
pub fn of_element(
    reader: &mut XmlReader<'_, '_>,
    text: &str,
    format: &Format,
    (trie, node): (&Trie, &Node),
    buffers: &mut VariantBuffers,
) -> Result<(NodeId, Untold), Refusal> {
    if !node.has_variants() {
        return Ok((node.id, Untold::default()));
    }
    let VariantBuffers { answers, attributes, decoded, .. } = buffers;
    answers.begin(node);
    let lookout = reader.look_ahead(attributes);
    let mut untold = Untold::default();
    for attribute in &*attributes {
        let AttributeKind::Attribute { namespace, .. } = attribute.kind else { continue };
        let local = attribute.name.local().of(text.as_bytes());
        if let Some(place) = node.asks(namespace, true, local) {
            decoded.clear();
            let is_clear = match (namespace, local) {
                (NamespaceId::XSI, b"type") => type_name(reader, attribute, text, format, decoded),
                _ => {
                    xml::decode(attribute.value.text(text), decoded);
                    true
                }
            };
            answers.note(node, place, is_clear.then_some(told((trie, node), place, decoded)));
        }
    }
    while !reader.is_before_end_of(&lookout) {
        let Event::Start(tag) = reader.next_event()? else { continue };
        match node.asks(tag.namespace, false, tag.name.local().of(text.as_bytes())) {
            Some(place) => {
                let is_nil = reader.attributes().iter().any(|attribute| is_nil(attribute, text));
                decoded.clear();
                let is_text = reader.text_content(decoded)?;
                let is_told = is_text && !is_nil;
                let is_first = answers.note(node, place, is_told.then_some(told((trie, node), place, decoded)));
                if !is_first || !is_text {
                    untold.add(place);
                }
            }
            None => drop(reader.skip_element()?),
        }
    }
    reader.go_back(&lookout, attributes);
    Ok((answers.variant(node), untold))
}

/// The name of a type with the format's own prefix. Returns whether it is one of a namespace of the format, or of none.
fn type_name(
    reader: &XmlReader<'_, '_>,
    attribute: &Attribute,
    text: &str,
    format: &Format,
    into: &mut String,
) -> bool {
    let value = attribute.value.text(text);
    let start = attribute.value.start() + value.len() - value.trim_start_matches(' ').len();
    let value = value.trim_matches(' ');
    let (prefix, local) = match value.split_once(':') {
        Some((prefix, local)) => (Some(Span::new(start, start + prefix.len())), local),
        None => (None, value),
    };
    let Some(namespace) = reader.namespace_of(prefix) else { return false };
    let own = format.qualifier_of(namespace);
    into.push_str(own);
    into.push_str(local);
    attribute.plain && (namespace == NamespaceId::NONE || !own.is_empty())
}

/// What the part at a place says of the part around it, whose value is `value`.
#[inline(always)]
fn told<'v>((trie, node): (&'v Trie, &Node), place: usize, value: &'v str) -> &'v str {
    let first = trie.discriminator(node, place).and_then(|part| part.discriminates.first());
    first.filter(|_| is_planted(Planted::Variant)).map_or(value, |first| first)
}

/// Whether an attribute says that its element has no value.
fn is_nil(attribute: &Attribute, text: &str) -> bool {
    let is_of_xsi = matches!(attribute.kind, AttributeKind::Attribute { namespace: NamespaceId::XSI, .. });
    is_of_xsi && attribute.name.local().text(text) == "nil" && matches!(attribute.value.text(text), "true" | "1")
}

/// The node of the object that begins at `start`: that of the variant that fits, or `node` itself, and what in it is untold.
///
/// # Errors
/// When the object isn't well-formed, or a member stands twice that tells what it is.
pub fn of_object(
    text: &str,
    limits: &Limits,
    (trie, node): (&Trie, &Node),
    start: usize,
    buffers: &mut VariantBuffers,
) -> Result<(NodeId, Untold), Refusal> {
    let mut untold = Untold::default();
    if !node.has_variants() {
        return Ok((node.id, untold));
    }
    let VariantBuffers { answers, decoded, name, .. } = buffers;
    answers.begin(node);
    let mut reader = JsonReader::at(text.as_bytes(), limits, start);
    members(&mut reader, text, name, |reader, name| {
        let Some(place) = node.asks(NamespaceId::NONE, false, name.as_bytes()) else { return reader.skip_value(1) };
        let is_plain = match reader.kind()? {
            ValueKind::Object => wrapped_value(reader, text, (trie, trie.discriminator(node, place)), decoded)?,
            ValueKind::Array => match only_item(reader, text, (trie, trie.discriminator(node, place)), decoded)? {
                Some(is_plain) => is_plain,
                None => {
                    untold.add(place);
                    false
                }
            },
            ValueKind::Scalar => scalar(reader, text, decoded)?,
        };
        match answers.note(node, place, is_plain.then_some(told((trie, node), place, decoded))) {
            true => Ok(()),
            false => Err(Refusal::at(Reason::DuplicateName, reader.position(), TWICE)),
        }
    })?;
    Ok((answers.variant(node), untold))
}

/// Reads an object that wraps the value of a part that tells. Returns whether it has one.
fn wrapped_value(
    reader: &mut JsonReader<'_>,
    text: &str,
    (trie, part): (&Trie, Option<&Node>),
    value: &mut String,
) -> Result<bool, Refusal> {
    let mut found = 0;
    members(reader, text, &mut String::new(), |reader, name| {
        let below = part.and_then(|part| trie.child(part.id, NamespaceId::NONE, false, name.as_bytes()));
        if below.is_none() || reader.kind()? != ValueKind::Scalar {
            return reader.skip_value(1);
        }
        found += if scalar(reader, text, value)? { 1 } else { 2 };
        Ok(())
    })?;
    Ok(found == 1)
}

/// Reads a list, of which one item is what the list is. Returns whether that has a value; `None` if there are several.
fn only_item(
    reader: &mut JsonReader<'_>,
    text: &str,
    of_part: (&Trie, Option<&Node>),
    value: &mut String,
) -> Result<Option<bool>, Refusal> {
    reader.skip_bracket();
    let (mut count, mut is_plain) = (0, false);
    if !reader.take(b']') {
        loop {
            let kind = reader.kind()?;
            // An array in an array is no item: it goes.
            count += u32::from(kind != ValueKind::Array);
            match kind {
                ValueKind::Object if count == 1 => is_plain = wrapped_value(reader, text, of_part, value)?,
                ValueKind::Scalar if count == 1 => is_plain = scalar(reader, text, value)?,
                _ => reader.skip_value(1)?,
            }
            if !reader.take(b',') {
                break;
            }
        }
        reader.expect(b']', "a comma or the end of an array is wanted")?;
    }
    Ok((count < 2).then_some(is_plain))
}

/// Reads a scalar. Returns whether it says something, which null doesn't.
fn scalar(reader: &mut JsonReader<'_>, text: &str, value: &mut String) -> Result<bool, Refusal> {
    value.clear();
    match reader.scalar()? {
        Scalar::String(string) if string.escaped => decode(string.inner.text(text), value),
        Scalar::String(string) => value.push_str(string.inner.text(text)),
        Scalar::Lexeme(span) => {
            value.push_str(span.text(text));
            return Ok(value != "null");
        }
    }
    Ok(true)
}

/// Reads an object; the action reads the value of each member.
fn members(
    reader: &mut JsonReader<'_>,
    text: &str,
    decoded: &mut String,
    mut member: impl FnMut(&mut JsonReader<'_>, &str) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    reader.expect(b'{', "an object is wanted")?;
    if reader.take(b'}') {
        return Ok(());
    }
    loop {
        reader.peek();
        let name = reader.name()?;
        member(reader, meaning(name, text, decoded))?;
        if !reader.take(b',') {
            return reader.expect(b'}', "a comma or the end of an object is wanted");
        }
    }
}
