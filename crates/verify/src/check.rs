//! Checks one output of any syntax: each value must be where it may be, permitted, of its element's shape, and the message's.

use std::borrow::Cow;
use std::hash::BuildHasher;
use std::mem;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use foldhash::fast::RandomState;

use super::Verifier;
use super::links::{Links, Names, Use};
use super::table::{EnvelopeFact, Table, TableNode};
use super::value::{Checked, Permitted, Value, Written, ensure, in_text, is_blank, is_space};
use super::xml::ATTRIBUTE;
use super::{
    comparison::{Comparison, OTHER_LINK},
    shape::Shapes,
    text::TextLayout,
};
use dmv_redact_model::catalog::{ElementId, Treatment};
use dmv_redact_model::format::Syntax;
use dmv_redact_model::manifest::ReleasedForm;
use dmv_redact_model::policy::{Attribute, Grant, Requester};
use dmv_redact_model::span::Span;

const DENIED: &str = "a value that the grant doesn't hold";
const NOTHING: &str = "a part in which nothing was released";
const NO_TEXT: &str = "a text where the mapping has none";
const NO_MESSAGE: &str = "a text that is no message of its format";
/// How many messages may be in one another's texts.
const DEEPEST: usize = 4;
const WRONG_NIL: &str = "`xsi:nil` on what may not be nil";

/// A message as it is in a text.
fn unwrapped(text: Cow<'_, [u8]>, is_base64: bool) -> Option<Cow<'_, [u8]>> {
    if !is_base64 {
        return Some(text);
    }
    let text: Vec<u8> = text.iter().copied().filter(|byte| !is_space(*byte)).collect();
    BASE64_STANDARD.decode(text).ok().map(Cow::Owned)
}

/// An element or member that is open.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Frame {
    pub(super) node: Option<usize>,
    pub(super) is_value: bool,
    record: Option<Permitted>,
    pub(super) has_children: bool,
    /// Something in it, or an attribute of it, was released.
    pub(super) is_released: bool,
    is_nil: bool,
    is_reference: bool,
    /// Whether it tells its reader of the law.
    pub(super) has_legal_notice: bool,
    /// The number of the object that it is or refers to.
    uri: Option<usize>,
    /// The name of that object in the message.
    uri_name: Option<u64>,
    /// Where its name is in an XML document, and where its content begins.
    pub(super) name: Span,
    pub(super) content: usize,
    /// Where the names of its members or attributes begin among those noted.
    names: usize,
    /// How many values are compared at its end, once it was compared itself.
    end: Option<usize>,
}

/// Working memory and results of the second reading. The next message reuses it.
#[derive(Debug, Default)]
pub struct VerifierState {
    /// Message key and requester, each with whether the envelope states it.
    facts: [(bool, String); 2],
    /// What the envelope states of the request, if anything.
    stated: Option<Requester>,
    links: Links,
    objects: Names,
    /// For each prefix whether a name has it, and whether it is declared.
    prefixes: Vec<[bool; 2]>,
    open: Vec<Frame>,
    /// Nodes of the members and attributes of what is open; hashes of names that have no node to themselves. Equal ones count
    /// as the same.
    names: Vec<u64>,
    hasher: RandomState,
    pub(super) text: String,
}

impl VerifierState {
    /// The message key that the envelope names.
    pub fn message_key(&self) -> Option<&str> {
        self.facts[0].0.then_some(&self.facts[0].1)
    }

    /// The requester that the envelope names.
    pub fn requester(&self) -> Option<&str> {
        self.facts[1].0.then_some(&self.facts[1].1)
    }

    /// A request, with what the envelope states of it; `None` if that states nothing.
    pub fn request(&self, requester: &Requester) -> Option<Requester> {
        self.stated.as_ref().map(|stated| requester.clone().state_all_of(stated))
    }
}

pub(super) struct Check<'a> {
    verifier: &'a Verifier,
    pub(super) table: &'a Table,
    shapes: &'a Shapes,
    /// In how many texts of others the output is.
    depth: usize,
    /// What may be in it; `None` if it is read only to know whose it is.
    grant: Option<&'a Grant>,
    comparison: Option<Comparison<'a>>,
    pub(super) frame: Frame,
    pub(super) is_declaring: bool,
    pub(super) scratch: &'a mut VerifierState,
}

impl<'a> Check<'a> {
    pub(super) fn new(
        (verifier, table, depth): (&'a Verifier, &'a Table, usize),
        grant: Option<&'a Grant>,
        comparison: Option<Comparison<'a>>,
        scratch: &'a mut VerifierState,
    ) -> Self {
        scratch.facts.iter_mut().for_each(|(is_stated, _)| *is_stated = false);
        scratch.stated = None;
        scratch.links.0.clear();
        scratch.objects.0.clear();
        scratch.prefixes.clear();
        scratch.prefixes.resize(table.namespaces.len(), [false; 2]);
        scratch.open.clear();
        scratch.names.clear();
        let frame = Frame { node: Some(0), ..Frame::default() };
        let shapes = &verifier.shapes;
        Self { verifier, table, shapes, depth, grant, comparison, frame, is_declaring: false, scratch }
    }

    pub(super) fn is_top(&self) -> bool {
        self.scratch.open.is_empty()
    }

    pub(super) fn path(&self) -> String {
        let frames = self.scratch.open.iter().chain([&self.frame]);
        let names = frames.map(|frame| self.table.get(frame.node).name.as_str());
        names.filter(|name| !name.is_empty()).collect::<Vec<_>>().join("/")
    }

    fn permitted(&self, element: ElementId) -> Option<Permitted> {
        let treatment = self.grant.map_or(Some(Treatment::Full), |grant| grant.treatment(element));
        treatment.map(|treatment| (element, treatment))
    }

    /// Marks a prefix as used in a name, or as declared.
    pub(super) fn mark(&mut self, prefix: Option<usize>, is_declared: bool) {
        let marks = prefix.and_then(|prefix| self.scratch.prefixes.get_mut(prefix));
        let mark = marks.map(|[used, declared]| if is_declared { declared } else { used });
        mark.into_iter().for_each(|mark| *mark = true);
    }

    /// What the name of a member or attribute leads to, which is noted.
    #[inline(always)]
    pub(super) fn below(&mut self, is_attribute: bool, name: &str) -> Option<usize> {
        let (table, around) = (self.table, self.frame.node);
        let node = table.exact(around, is_attribute, name);
        let hash = node.map_or_else(|| self.scratch.hasher.hash_one(name), |node| node as u64);
        self.scratch.names.push(hash);
        node.or_else(|| table.otherwise(around, is_attribute, name))
    }

    /// Forgets the names after the first `length`, which must be distinct. They are sorted: a hostile output may have many.
    fn forget(&mut self, length: usize) -> Checked<()> {
        let names = self.scratch.names.get_mut(length..).unwrap_or_default();
        names.sort_unstable();
        let is_distinct = names.is_sorted_by(|one, other| one < other);
        self.scratch.names.truncate(length);
        ensure(is_distinct, "a name that stands twice in one tag or object")
    }

    pub(super) fn enter(&mut self, name: &str, node: Option<usize>) -> Checked<()> {
        ensure(!self.frame.has_legal_notice, "a part behind the legal notice, which is the last")?;
        self.frame.has_children = true;
        let (table, outer) = (self.table, self.frame.record);
        let own = table.get(node);
        let record = match own.element {
            Some(element) => self.permitted(element).filter(|_| own.is_record),
            // What isn't told what it is is no part of the record around it.
            None if own.has_variants() => None,
            None if node.is_some() => outer,
            None => {
                let is_permitted = |element| self.permitted(element) == Some((element, Treatment::Full));
                let record = outer.filter(|_| table.admits(name, is_permitted));
                Some(record.ok_or("an element or member that the mapping doesn't name")?)
            }
        };
        self.mark(if node.is_some() { own.prefix } else { table.prefix(name) }, false);
        let names = self.scratch.names.len();
        let frame = Frame { node, is_value: own.is_value(), record, names, ..Frame::default() };
        self.scratch.open.push(mem::replace(&mut self.frame, frame));
        Ok(())
    }

    /// Compares the innermost element or object, in which something was found, unless it was before.
    pub(super) fn open(&mut self, name: &str, written: Written) -> Checked<()> {
        if let (None, false, Some(comparison)) = (self.frame.end, self.is_top(), &mut self.comparison) {
            self.frame.end = Some(comparison.open(name, written)?);
        }
        Ok(())
    }

    /// The same for an array. Returns what it is closed with.
    pub(super) fn open_array(&mut self, name: &str) -> Checked<Option<usize>> {
        self.comparison.as_mut().map(|comparison| comparison.open(name, Written::Json)).transpose()
    }

    pub(super) fn close(&self, end: Option<usize>) -> Checked<()> {
        self.comparison.as_ref().zip(end).map_or(Ok(()), |(comparison, end)| comparison.close(end))
    }

    /// Closes what is open; a container has no content of its own. Returns whether it has a right to be there.
    pub(super) fn leave(&mut self, content: Option<Value<'_>>) -> Checked<bool> {
        let frame = self.frame;
        if self.scratch.names.len() > frame.names {
            self.forget(frame.names)?;
        }
        let refers = frame.is_reference || frame.uri.is_some();
        let is_released = match content {
            Some(value) => self.content(refers, value)?,
            None if frame.is_nil => return Err(WRONG_NIL),
            None if refers && !frame.is_released && frame.has_children => return Err("a reference on what has parts"),
            None if refers || frame.is_released => frame.is_released,
            // It wraps what tells what the part around it is.
            None if frame.has_children && !self.table.get(frame.node).tells.is_empty() => false,
            None => return Err(NOTHING),
        };
        self.close(self.frame.end)?;
        self.check_legal_notice(is_released)?;
        let is_legal_notice = self.table.get(frame.node).is_legal_notice;
        // What has content of its own has a name; what doesn't is a reference.
        if let Some(number) = frame.uri {
            let name_use = if is_released { Use::Named } else { Use::Referred };
            self.scratch.links.mark(number, name_use)?;
            frame.uri_name.into_iter().for_each(|name| self.scratch.objects.mark(name, name_use));
        }
        ensure(!(is_released && frame.is_reference), "a reference on what says something itself")?;
        self.frame = self.scratch.open.pop().unwrap_or_default();
        self.frame.is_released |= is_released || refers;
        self.frame.has_legal_notice |= is_legal_notice;
        Ok(is_released || refers)
    }

    /// Whether what is open tells its reader of the law, if it must.
    fn check_legal_notice(&self, is_released: bool) -> Checked<()> {
        let Frame { node, has_legal_notice, .. } = self.frame;
        let owes = is_released && self.table.get(node).takes_legal_notice;
        let owes = owes && self.grant.is_some_and(|grant| grant.legal_notice().is_some());
        ensure(has_legal_notice || !owes, "no legal notice, which the policy requires")
    }

    /// Whether what is open has content of its own, which is checked.
    fn content(&mut self, refers: bool, mut value: Value<'_>) -> Checked<bool> {
        let Frame { node, record, is_released, is_nil, is_value, .. } = self.frame;
        let node = self.table.get(node);
        let may_be_nil = node.may_be_nil();
        if value.written == Written::Json && value.raw == "null" && may_be_nil {
            (value.text, value.is_nil) = ("", true);
        }
        ensure(!is_nil || value.text.is_empty() && (may_be_nil || refers), WRONG_NIL)?;
        value.is_nil |= is_nil;
        if (is_released || refers) && !is_value {
            if is_blank(value.raw) {
                return Ok(is_released);
            }
            ensure(record.is_some(), NO_TEXT)?;
        }
        Ok(self.value(node, record, &value)? || is_released)
    }

    pub(super) fn attribute(&mut self, name: &str, raw: &str) -> Checked<()> {
        let text = Written::Attribute.decode(raw, &mut String::new()).ok_or(ATTRIBUTE)?;
        let (table, declared) = (self.table, &self.table.declared);
        let node = table.get(self.below(true, name));
        let links = &mut self.scratch.links;
        let is_one_of = |names: &[String]| names.iter().any(|own| own.trim_start_matches('@') == name);
        let mut mark = |name: &str, name_use| links.number(name).and_then(|number| links.mark(number, name_use));
        let mut name_use = Some(Use::Referred);
        if is_one_of(declared.id.as_slice()) {
            name_use = Some(Use::Id);
            mark(&text, Use::Id)?;
        } else if is_one_of(&declared.references) {
            mark(&text, Use::Referred)?;
            self.frame.is_reference = true;
        } else if is_one_of(&declared.uris) {
            name_use = None;
            self.uri(&text)?;
        } else if is_one_of(&declared.pointers) {
            text.split(' ').try_for_each(|name| mark(name, Use::Referred))?;
        } else if table.is_xsi(name, "nil") {
            ensure(matches!(&*text, "true" | "1"), "`xsi:nil` on what isn't nil")?;
            self.frame.is_nil = true;
            self.mark(table.prefix(name), false);
            return Ok(());
        } else {
            ensure(!node.name.is_empty(), "an attribute that the mapping doesn't name")?;
            self.mark(node.prefix, false);
            let value = Value { name: Some(name), raw, text: &text, written: Written::Attribute, is_nil: false };
            self.frame.is_released |= self.value(node, None, &value)?;
            return Ok(());
        }
        self.mark(table.prefix(name), false);
        self.lead(&text, name_use, Written::Attribute)?;
        let permitted = node.element.map(|element| self.permitted(element).ok_or(DENIED)).transpose()?;
        permitted
            .zip(self.comparison.as_mut())
            .map_or(Ok(()), |(permitted, comparison)| comparison.mapped_link(permitted))
    }

    pub(super) fn uri(&mut self, uri: &str) -> Checked<()> {
        let name = uri.strip_prefix('#').ok_or("a reference out of the message")?;
        self.frame.uri = Some(self.scratch.links.number(name)?);
        Ok(())
    }

    /// Compares where a link leads, which has a use, or is a URI: each name of the message is one of the output.
    pub(super) fn lead(&mut self, text: &str, name_use: Option<Use>, written: Written) -> Checked<()> {
        let Some(comparison) = &mut self.comparison else { return Ok(()) };
        let own = comparison.link(written)?;
        let VerifierState { links, objects, hasher, .. } = &mut *self.scratch;
        let Some(name_use) = name_use else {
            // XML collapses white space around a URI; in JSON it would be part of it.
            let own = if written == Written::Json { &*own } else { own.trim() };
            let own = hasher.hash_one(own.strip_prefix('#').ok_or(own));
            self.frame.uri_name = Some(own);
            return ensure(objects.lead(own, links.number(text.trim_start_matches('#'))?), OTHER_LINK);
        };
        // An id is a fragment of the message's own URI.
        let id = |name: &str| hasher.hash_one(Ok::<&str, &str>(name));
        let is_one = own.split_ascii_whitespace().nth(1).is_none();
        for name in text.split(' ') {
            let number = links.number(name)?;
            let mut names = own.split_ascii_whitespace().map(id);
            // Of several, some may be of objects that are removed.
            let is_same = match names.next() {
                Some(own) if is_one => {
                    let is_same = objects.lead(own, number);
                    objects.mark(own, name_use);
                    is_same
                }
                first => first.into_iter().chain(names).any(|own| objects.may_be(own, number)),
            };
            ensure(is_same, OTHER_LINK)?;
        }
        Ok(())
    }

    /// Whether a value was released. Otherwise it is a placeholder.
    fn value(&mut self, node: &TableNode, record: Option<Permitted>, value: &Value<'_>) -> Checked<bool> {
        match node.fact {
            None => {}
            Some(EnvelopeFact::Stated(attribute)) => self.state(attribute, value.text),
            Some(EnvelopeFact::Named(fact)) => {
                if let Some((is_stated, text)) = self.scratch.facts.get_mut(fact) {
                    ensure(
                        !mem::replace(is_stated, true) || text == value.text,
                        "an envelope that contradicts itself",
                    )?;
                    value.text.clone_into(text);
                }
            }
        }
        let is_placeholder = node.is_placeholder(value.text, value.is_nil);
        let before = if is_placeholder { Some((self.comparison, self.frame.end)) } else { None };
        if let Some((Some(comparison), _)) = before {
            // Where the part around it has no value left, what the next one has isn't its own.
            let around = self.scratch.open.iter().rev().find_map(|frame| frame.end);
            if around.is_some_and(|end| comparison.close(end).is_ok()) {
                return Ok(false);
            }
        }
        let released = self.name_of(value).and_then(|name| self.released(node, record, &Value { name, ..*value }));
        match (released, before) {
            (Err(_), Some(before)) => {
                (self.comparison, self.frame.end) = before;
                Ok(false)
            }
            // What tells what the part around it is gives that no right to be there.
            (released, _) => released.map(|()| node.tells.is_empty()),
        }
    }

    /// Two different statements are noted as two; the policy refuses those.
    #[cold]
    #[inline(never)]
    fn state(&mut self, attribute: Attribute, text: &str) {
        if !is_blank(text) {
            let stated = self.scratch.stated.take().unwrap_or_default();
            self.scratch.stated = Some(stated.state_of_envelope(attribute, text));
        }
    }

    /// Compares what has a value of its own where the manifest has it as a part. Otherwise its name is still to be compared.
    fn name_of<'v>(&mut self, value: &Value<'v>) -> Checked<Option<&'v str>> {
        if value.written == Written::Attribute {
            return Ok(value.name);
        }
        let is_part = |name| self.comparison.is_some_and(|comparison| comparison.is_next_part(name, value.written));
        if let (None, Some(name)) = (self.frame.end, value.name.filter(|name| is_part(name))) {
            self.open(name, value.written)?;
        }
        Ok(value.name.filter(|_| self.frame.end.is_none()))
    }

    fn released(&mut self, node: &TableNode, record: Option<Permitted>, value: &Value<'_>) -> Checked<()> {
        let permitted = match node.element.filter(|_| !node.is_record) {
            // One of the layouts must account for all of a text that has fields of its own.
            Some(element) if !node.layouts.is_empty() => {
                let mut read = Err(NO_TEXT);
                for layout in &node.layouts {
                    read = read.or_else(|_| self.text(layout, element, value));
                }
                return read;
            }
            Some(element) if node.embedded.is_some() => return self.embedded(node, element, value),
            Some(element) if node.is_legal_notice => return self.legal_notice(element, value),
            Some(element) if !node.tells.is_empty() => {
                let text = value.text.trim_matches([' ', '\t', '\r', '\n']);
                let tells = node.tells.iter().any(|own| own == text);
                ensure(tells, "a part that tells something else than what is around it")?;
                (element, Treatment::Full)
            }
            Some(element) => self.permitted(element).ok_or(DENIED)?,
            None if is_blank(value.text) => return Err(NOTHING),
            None => record.ok_or(NO_TEXT)?,
        };
        // What tells is one of the mapping's own values.
        if node.tells.is_empty() {
            self.allow(permitted, value.text)?;
        }
        if let Some(comparison) = &mut self.comparison {
            comparison.value(permitted, value, node)?;
        }
        if node.is_type
            && let Some((prefix, _)) = value.text.split_once(':')
        {
            let prefix = self.table.own_prefix(prefix);
            self.mark(Some(prefix.ok_or("a name of a type with a prefix that isn't the format's own")?), false);
        }
        Ok(())
    }

    /// The notice of the law, which is the policy's: that of the message doesn't go out.
    fn legal_notice(&mut self, element: ElementId, value: &Value<'_>) -> Checked<()> {
        let Some(grant) = self.grant else { return Ok(()) };
        ensure(!value.is_nil && grant.legal_notice() == Some(value.text), "a legal notice that isn't the policy's")?;
        self.comparison.as_mut().map_or(Ok(()), |comparison| comparison.legal_notice(element))
    }

    fn text(&mut self, layout: &TextLayout, element: ElementId, value: &Value<'_>) -> Checked<()> {
        let mut comparison = self.comparison;
        let source = comparison
            .as_mut()
            .map(|comparison| comparison.text((element, None), value, ReleasedForm::Text))
            .transpose()?;
        let mut sources = source.iter().flat_map(|source| layout.fields(source, false).unwrap_or_default());
        for field in layout.fields(value.text, true)? {
            let Some(element) = field.element else {
                let has_heading = comparison.is_none() || sources.any(|own| own.element.is_none());
                ensure(has_heading, "a text with another heading than the message's")?;
                continue;
            };
            let permitted = self.permitted(element).ok_or(DENIED)?;
            self.allow((element, in_text(permitted.1)), field.text)?;
            if let Some(comparison) = &mut comparison {
                comparison.field(permitted, &field, &mut sources)?;
            }
        }
        self.comparison = comparison;
        Ok(())
    }

    /// A text that is a message of a format of its own: it is read as any other, and compared with that of the message.
    #[cold]
    #[inline(never)]
    fn embedded(&mut self, node: &TableNode, element: ElementId, value: &Value<'_>) -> Checked<()> {
        let declared = node.embedded.and_then(|index| self.table.declared.embedded.get(index));
        let (_, declared) = declared.ok_or(NO_TEXT)?;
        ensure(self.depth < DEEPEST, "messages in one another's texts too deep")?;
        let output = unwrapped(value.text.as_bytes().into(), declared.is_base64).ok_or(NO_MESSAGE)?;
        let output = std::str::from_utf8(&output).map_err(|_| NO_MESSAGE)?;
        let start = output.trim_start_matches('\u{FEFF}').trim_ascii_start();
        let syntax = if start.starts_with('<') { Syntax::Xml } else { Syntax::Json };
        let tokens = self.comparison.and_then(|comparison| comparison.tokens);
        let source = match &mut self.comparison {
            None => None,
            Some(comparison) => {
                let (text, manifest) = comparison.embedded(element, value)?;
                let message = unwrapped(text.as_bytes().into(), declared.is_base64).ok_or(NO_MESSAGE)?;
                // What is in base64 has an encoding of its own.
                let message = match declared.is_base64 {
                    true => super::value::message(&message).ok_or(NO_MESSAGE)?.into_owned(),
                    false => message.into_owned(),
                };
                Some((message, manifest))
            }
        };
        let mut state = VerifierState::default();
        let mut read = Err(NO_MESSAGE);
        for table in self.verifier.tables_of(&declared.formats, syntax) {
            let comparison = source.as_ref().map(|(message, manifest)| Comparison::new(message, manifest, tokens));
            let found = self.verifier.read_text(output, table, self.grant, (comparison, self.depth + 1), &mut state);
            read = found.map_err(|finding| finding.what);
            if read.is_ok() {
                break;
            }
        }
        read?;
        // What it says of itself is what the message around it says, or all that is said.
        let has_key = self.table.declared.message_type.is_some();
        for (fact, ((is_stated, text), own)) in self.scratch.facts.iter_mut().zip(&state.facts).enumerate() {
            if own.0 && !(fact == 0 && has_key) {
                ensure(!mem::replace(is_stated, true) || *text == own.1, "an envelope that contradicts itself")?;
                text.clone_from(&own.1);
            }
        }
        if let Some(inner) = state.stated {
            self.scratch.stated = Some(self.scratch.stated.take().unwrap_or_default().state_all_of(&inner));
        }
        Ok(())
    }

    fn allow(&self, permitted: Permitted, text: &str) -> Checked<()> {
        let is_allowed = self.grant.is_none() || self.shapes.allow(permitted, text);
        ensure(is_allowed, "a value that its element's shape or treatment doesn't allow")
    }

    /// What only the whole output tells.
    pub(super) fn end(mut self) -> Checked<()> {
        self.forget(0)?;
        self.check_legal_notice(self.frame.is_released)?;
        let is_declared = self.scratch.prefixes.iter().all(|[used, declared]| used == declared);
        ensure(!self.is_declaring || is_declared, "declarations of other namespaces than are used")?;
        ensure(self.scratch.links.are_consistent(), "a reference without its object, or an id without a reference")?;
        ensure(self.scratch.objects.are_consistent(), OTHER_LINK)?;
        ensure(
            self.comparison.is_none_or(Comparison::is_complete),
            "a value of the manifest that the output doesn't have",
        )
    }
}
