//! A batch in XML: the elements of the path, and the messages in the last of them. Each message gets the namespace
//! declarations that are in scope around it, and nothing else: an attribute of the elements around it, `xml:lang` too, is
//! none of the message's.

use dmv_redact::internal::read::xml::{AttributeKind, Event, StartTag, XmlReader, XmlState, decode};
use dmv_redact::internal::read::{Message, Refusal};
use dmv_redact::{Limits, Reason};
use dmv_redact_model::format::Namespaces;

use super::super::form::BatchSyntax;
use super::{BatchFrame, BatchPath};

/// Takes a message and its number; `false` if no more are wanted.
type Take<'f> = &'f mut dyn FnMut(u64, &[u8]) -> bool;

/// Bytes that inherited declarations may add to all messages together, as a multiple of the document: time and memory
/// stay linear (P8).
const MAX_GROWTH: usize = 32;

/// A namespace declaration in scope.
#[derive(Clone)]
struct Declared<'t> {
    prefix: &'t str,
    namespace: String,
    /// As it was written, with the white space before it.
    text: &'t str,
}

/// Reads a document to its end, and passes its messages on. Returns how many there are; `None` if there is no element at
/// the path.
pub(super) fn read(
    message: &Message<'_>,
    path: &BatchPath,
    limits: &Limits,
    mut take: Option<Take<'_>>,
) -> Result<Option<u64>, Refusal> {
    if path.is_top() {
        return Ok(None);
    }
    let (known, mut state) = (Namespaces::default(), XmlState::default());
    let text = message.text;
    let (mut reader, _) = XmlReader::open(text, message.encoding, limits, &known, &mut state)?;
    let steps = path.steps();
    // What was in scope outside of each element of the path that is open, and how many of them were found.
    let (mut open, mut declared, mut found) = (Vec::new(), Vec::new(), 0);
    let (mut count, mut growth, mut single) = (0, 0_usize, Vec::new());
    let mut around = Vec::new();
    loop {
        match reader.next_event()? {
            Event::Start(tag) if open.len() == steps.len() => {
                let own = own(&reader, text);
                // The innermost declaration of a prefix holds: the message's own, if it has one.
                let is_inherited = |one: &&Declared<'_>| own.iter().all(|other| other.prefix != one.prefix);
                let inherited = around.iter().filter(is_inherited).map(|one| one.text);
                let end = reader.skip_element()?;
                count += 1;
                growth = growth.saturating_add(inherited.clone().map(str::len).sum());
                if growth / MAX_GROWTH > text.len() {
                    return Err(Refusal::whole(Reason::Limit, "too much is declared around the messages of the batch"));
                }
                let Some(take) = &mut take else { continue };
                let (start, named) = (tag.span.start(), tag.name.whole.end());
                single.clear();
                single.extend_from_slice(text.get(start..named).unwrap_or_default().as_bytes());
                inherited.for_each(|one| single.extend_from_slice(one.as_bytes()));
                single.extend_from_slice(text.get(named..end).unwrap_or_default().as_bytes());
                if !take(count, &single) {
                    break;
                }
            }
            Event::Start(tag) => {
                let before = declared.len();
                declared.append(&mut own(&reader, text));
                let step = steps.get(open.len());
                if step.is_none_or(|step| !is_named(&tag, text, &declared, step.namespace.as_deref(), &step.name)) {
                    declared.truncate(before);
                    // A document with another root is no batch: it is read once, as the message that it is.
                    if open.is_empty() {
                        return Ok(None);
                    }
                    reader.skip_element()?;
                    continue;
                }
                if found > open.len() {
                    let detail = "an element around the messages of the batch stands there twice";
                    return Err(Refusal::at(Reason::DuplicateName, tag.span.start(), detail));
                }
                found += 1;
                open.push(before);
                if open.len() == steps.len() {
                    around = innermost(&declared);
                }
            }
            Event::End(_) => declared.truncate(open.pop().unwrap_or_default()),
            Event::Text(_) | Event::CData(_) | Event::CommentOrPi => {}
            Event::Done => break,
        }
    }
    Ok((found == steps.len()).then_some(count))
}

/// The declarations of the start tag that was read last.
fn own<'t>(reader: &XmlReader<'_, '_>, text: &'t str) -> Vec<Declared<'t>> {
    let declarations = reader.attributes().iter().filter(|one| matches!(one.kind, AttributeKind::Declaration { .. }));
    let declared = declarations.map(|one| {
        let mut namespace = String::new();
        decode(one.value.text(text), &mut namespace);
        let prefix = one.name.prefix().map_or("", |_| one.name.local().text(text));
        Declared { prefix, namespace: namespace.replace(['\t', '\n', '\r'], " "), text: one.span.text(text) }
    });
    declared.collect()
}

/// The innermost declaration of each prefix.
fn innermost<'t>(declared: &[Declared<'t>]) -> Vec<Declared<'t>> {
    let is_innermost =
        |index: usize, one: &Declared<'_>| declared.iter().skip(index + 1).all(|inner| inner.prefix != one.prefix);
    let innermost = declared.iter().enumerate().filter(|(index, one)| is_innermost(*index, one));
    innermost.map(|(_, one)| one.clone()).collect()
}

/// Whether an element has this name.
fn is_named(tag: &StartTag, text: &str, declared: &[Declared<'_>], namespace: Option<&str>, name: &str) -> bool {
    let prefix = tag.name.prefix().map_or("", |prefix| prefix.text(text));
    let bound = declared.iter().rev().find(|one| one.prefix == prefix).map_or("", |one| one.namespace.as_str());
    // The prefix `xml` needs no declaration, and is on no element here.
    prefix != "xml" && tag.name.local().text(text) == name && bound == namespace.unwrap_or_default()
}

/// What is written around the messages: the elements of the path, as the caller named them. Nothing of it is the
/// sender's, not even a prefix (P5); and no default namespace is declared, which a message would inherit.
pub(super) fn frame(path: &BatchPath) -> BatchFrame {
    let mut head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let mut tail = String::new();
    for (index, step) in path.steps().iter().enumerate() {
        let name = match &step.namespace {
            Some(namespace) => {
                head.push_str(&format!("<w{index}:{} xmlns:w{index}=\"{}\">", step.name, escaped(namespace)));
                format!("w{index}:{}", step.name)
            }
            None => {
                head.push_str(&format!("<{}>", step.name));
                step.name.clone()
            }
        };
        tail = format!("</{name}>{tail}");
    }
    BatchFrame { syntax: BatchSyntax::Xml, head: head.into_bytes(), tail: tail.into_bytes() }
}

fn escaped(value: &str) -> String {
    value.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
