//! A batch in XML: the elements of the path, and the messages in the last of them. Each message gets the namespace
//! declarations that are in scope around it, and nothing else: an attribute of the elements around it, `xml:lang` too, is
//! none of the message's.

use dmv_redact::internal::read::xml::{Attribute, AttributeKind, Event, StartTag, XmlReader, XmlState, decode};
use dmv_redact::internal::read::{Message, Refusal};
use dmv_redact::{Limits, Reason};
use dmv_redact_model::format::Namespaces;

use super::super::form::BatchSyntax;
use super::path::Step;
use super::{BatchFrame, BatchPath, BatchWrapper};

/// Takes a message and its number; `false` if no more are wanted.
type Take<'f> = &'f mut dyn FnMut(u64, &[u8]) -> bool;

/// Bytes that inherited declarations may add to all messages together, as a multiple of the document: time and memory
/// stay linear (P8).
const MAX_GROWTH: usize = 32;

/// Reads a document to its end, and passes its messages on. Returns what is written around them; `None` if there is no
/// element at the path.
pub(super) fn read(
    message: &Message<'_>,
    wrapper: &BatchWrapper,
    limits: &Limits,
    mut take: Option<Take<'_>>,
) -> Result<Option<BatchFrame>, Refusal> {
    let (known, mut state) = (Namespaces::default(), XmlState::default());
    let text = message.text;
    let (mut reader, _) = XmlReader::open(text, message.encoding, limits, &known, &mut state)?;
    let mut around = Around::new(text, wrapper);
    let (mut count, mut growth, mut single) = (0, 0_usize, Vec::new());
    loop {
        match reader.next_event()? {
            Event::Start(tag) => {
                let own = declarations(reader.attributes(), text);
                if around.enter(&tag, &own, reader.attributes())? {
                    continue;
                }
                // A document with another root is no batch: it is read once, as the message that it is.
                if around.open.is_empty() {
                    return Ok(None);
                }
                let kept = around.take_kept(&tag, &own)?;
                let end = reader.skip_element()?;
                if kept {
                    let mut alone = Vec::new();
                    write_alone(text, &tag, end, innermost(&around.declared).iter().filter(not_in(&own)), &mut alone);
                    around.write(&String::from_utf8_lossy(&alone));
                    continue;
                }
                if !around.is_inside() {
                    continue;
                }
                around.has_begun = true;
                count += 1;
                let inherited: &[_] = if wrapper.inherits { &around.inherited } else { &[] };
                let inherited = inherited.iter().filter(not_in(&own));
                growth = growth.saturating_add(inherited.clone().map(|one| one.text.len()).sum());
                if growth / MAX_GROWTH > text.len() {
                    return Err(Refusal::whole(Reason::Limit, "too much is declared around the messages of the batch"));
                }
                let Some(take) = &mut take else { continue };
                single.clear();
                write_alone(text, &tag, end, inherited, &mut single);
                if !take(count, &single) {
                    return Ok(None);
                }
            }
            Event::End(_) => around.leave(),
            Event::Text(_) | Event::CData(_) | Event::CommentOrPi => {}
            Event::Done => break,
        }
    }
    Ok(around.frame())
}

/// A namespace declaration.
#[derive(Clone)]
struct Declared<'t> {
    prefix: &'t str,
    namespace: String,
    /// As it was written, with the white space before it.
    text: &'t str,
}

/// The elements around the messages. Of these only what the caller named is written: nothing is the sender's, not even a
/// prefix (P5); and no default namespace is declared, which a message would inherit.
struct Around<'t, 'w> {
    text: &'t str,
    steps: &'w [Step],
    /// What is kept, and whether it was found.
    kept: Vec<(&'w BatchPath, bool)>,
    /// What is declared in the elements that are open, and how much of it outside of each.
    declared: Vec<Declared<'t>>,
    open: Vec<usize>,
    /// How many of them were found.
    found: usize,
    /// What the messages inherit.
    inherited: Vec<Declared<'t>>,
    /// Whether a message was read, or the last of them was closed.
    has_begun: bool,
    head: String,
    tail: String,
}

impl<'t, 'w> Around<'t, 'w> {
    fn new(text: &'t str, wrapper: &'w BatchWrapper) -> Self {
        Self {
            text,
            steps: wrapper.path.steps(),
            kept: wrapper.kept.iter().map(|path| (path, false)).collect(),
            declared: Vec::new(),
            open: Vec::new(),
            found: 0,
            inherited: Vec::new(),
            has_begun: false,
            head: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(),
            tail: String::new(),
        }
    }

    /// Whether the messages are in the innermost element.
    fn is_inside(&self) -> bool {
        self.open.len() == self.steps.len()
    }

    /// Enters an element if it is the next one of the path.
    fn enter(&mut self, tag: &StartTag, own: &[Declared<'t>], attributes: &[Attribute]) -> Result<bool, Refusal> {
        let depth = self.open.len();
        let Some(step) = self.steps.get(depth).filter(|step| self.is_named(tag, own, step)) else { return Ok(false) };
        if self.found > depth {
            return Err(twice(tag));
        }
        self.found += 1;
        self.open.push(self.declared.len());
        self.declared.extend_from_slice(own);
        let mut start = format!("<{}", written(depth, step));
        if let Some(namespace) = &step.namespace {
            start.push_str(&format!(" xmlns:w{depth}=\"{}\"", escaped(namespace)));
        }
        for attribute in attributes {
            let name = attribute.name.whole.text(self.text);
            if attribute.name.prefix().is_none() && self.keeps(|last| last.name.strip_prefix('@') == Some(name)) {
                start.push_str(&format!(" {}", attribute.span.text(self.text).trim_start()));
            }
        }
        self.write(&(start + ">"));
        if self.is_inside() {
            self.inherited = innermost(&self.declared);
        }
        Ok(true)
    }

    /// Leaves the innermost element.
    fn leave(&mut self) {
        self.has_begun |= self.is_inside();
        self.declared.truncate(self.open.pop().unwrap_or_default());
        let depth = self.open.len();
        if let Some(step) = self.steps.get(depth) {
            self.write(&format!("</{}>", written(depth, step)));
        }
    }

    /// Whether an element in the innermost one is kept, which may be there once.
    fn take_kept(&mut self, tag: &StartTag, own: &[Declared<'t>]) -> Result<bool, Refusal> {
        let parent = self.steps.get(..self.open.len());
        let found = self.kept.iter().position(|(path, _)| match path.steps().split_last() {
            Some((last, around)) => Some(around) == parent && self.is_named(tag, own, last),
            None => false,
        });
        match found.and_then(|index| self.kept.get_mut(index)) {
            Some((_, true)) => Err(twice(tag)),
            Some((_, is_found)) => {
                *is_found = true;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Whether something else of the innermost element is kept; `is_it` looks at the last step of its path.
    fn keeps(&self, is_it: impl Fn(&Step) -> bool) -> bool {
        let parent = self.steps.get(..self.open.len());
        let mut lasts = self.kept.iter().filter_map(|(path, _)| path.steps().split_last());
        lasts.any(|(last, around)| Some(around) == parent && is_it(last))
    }

    fn is_named(&self, tag: &StartTag, own: &[Declared<'_>], step: &Step) -> bool {
        let prefix = tag.name.prefix().map_or("", |prefix| prefix.text(self.text));
        let mut declared = own.iter().chain(self.declared.iter().rev());
        let bound = declared.find(|one| one.prefix == prefix).map_or("", |one| one.namespace.as_str());
        // The prefix `xml` needs no declaration, and is on no element here.
        prefix != "xml"
            && tag.name.local().text(self.text) == step.name
            && bound == step.namespace.as_deref().unwrap_or_default()
    }

    fn write(&mut self, text: &str) {
        if self.has_begun { self.tail.push_str(text) } else { self.head.push_str(text) }
    }

    fn frame(self) -> Option<BatchFrame> {
        let Self { head, tail, .. } = self;
        let frame = BatchFrame { syntax: BatchSyntax::Xml, head: head.into_bytes(), tail: tail.into_bytes() };
        (self.found == self.steps.len()).then_some(frame)
    }
}

fn twice(tag: &StartTag) -> Refusal {
    let detail = "an element around the messages of the batch stands there twice";
    Refusal::at(Reason::DuplicateName, tag.span.start(), detail)
}

/// The name of an element of the path as it is written.
fn written(depth: usize, step: &Step) -> String {
    match &step.namespace {
        Some(_) => format!("w{depth}:{}", step.name),
        None => step.name.clone(),
    }
}

fn escaped(value: &str) -> String {
    value.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// The declarations of a start tag.
fn declarations<'t>(attributes: &[Attribute], text: &'t str) -> Vec<Declared<'t>> {
    let declarations = attributes.iter().filter(|one| matches!(one.kind, AttributeKind::Declaration { .. }));
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

/// Whether a declaration holds in an element that makes these itself.
fn not_in<'o>(own: &'o [Declared<'_>]) -> impl Fn(&&Declared<'_>) -> bool + Clone + 'o {
    |one| own.iter().all(|other| other.prefix != one.prefix)
}

/// Writes an element as a document of its own, with what it inherits.
fn write_alone<'d, 't: 'd>(
    text: &str,
    tag: &StartTag,
    end: usize,
    inherited: impl Iterator<Item = &'d Declared<'t>>,
    into: &mut Vec<u8>,
) {
    let (start, named) = (tag.span.start(), tag.name.whole.end());
    into.extend_from_slice(text.get(start..named).unwrap_or_default().as_bytes());
    inherited.for_each(|one| into.extend_from_slice(one.text.as_bytes()));
    into.extend_from_slice(text.get(named..end).unwrap_or_default().as_bytes());
}
