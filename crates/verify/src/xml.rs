//! The second reading of XML, on quick-xml.

use std::borrow::Cow;

use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesText, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};

use super::index::{Name, NamespaceNumber};
use super::links::Number;
use super::reading::{Finding, Reading, Record, Rules, ValueOutcome};
use super::reading::{Judged, Stands};
use super::table::{LinkKind, NO_NAMESPACE, Table, TableNode, XSI};
use super::tags::{Tag, Tags, XmlToken};
use super::texts::{Checkpoint, StringSet};

/// The state of a prefix that an output may have.
#[derive(Debug, Clone, Copy, Default)]
struct PrefixState {
    is_declared: bool,
    is_used: bool,
}

/// An open element.
#[derive(Debug)]
struct OpenElement {
    /// The range of its name in its start tag.
    name: (usize, usize),
    node: Option<usize>,
    record: Record,
    has_children: bool,
    /// Something in it, or an attribute of it, was released.
    is_released: bool,
    is_nil: bool,
    /// It has an attribute that makes it a reference; one that may be a name as well; one that points to others.
    is_reference: bool,
    uri: Option<Number>,
    has_pointers: bool,
}

/// Scratch memory of a walk, reused by the next message.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    open: Vec<OpenElement>,
    /// The prefixes that the table permits in an output.
    prefixes: Vec<PrefixState>,
    /// The attributes of one tag.
    attributes: StringSet<NamespaceNumber>,
    /// A text that came in several pieces.
    joined: String,
}

/// The text since the last tag. Text before a child is blank, and discarded.
#[derive(Clone, Copy)]
enum PendingText<'t> {
    None,
    Piece(&'t str),
    /// It is in `Scratch::joined`.
    Joined,
}

struct Walk<'t, 'r, 'a> {
    document: &'t str,
    rules: &'r Rules<'a>,
    reading: &'r mut Reading,
    scratch: &'r mut Scratch,
    text: PendingText<'t>,
    has_root: bool,
}

type Checked<T> = Result<T, &'static str>;

const NO_XML: &str = "no well-formed XML";
const ILL_FORMED: &str = "an attribute that is not well-formed";
const TWICE: &str = "an attribute that stands twice";

/// Reads an output to its end.
pub(super) fn read(text: &str, rules: &Rules<'_>, reading: &mut Reading, scratch: &mut Scratch) -> Result<(), Finding> {
    scratch.open.clear();
    scratch.prefixes.clear();
    scratch.prefixes.resize(rules.table.declarations().count(), PrefixState::default());
    let mut walk = Walk { document: text, rules, reading, scratch, text: PendingText::None, has_root: false };
    let mut tags = Tags::new(text);
    let start = tags.at();
    // Searched for once: most documents have none.
    let has_returns = memchr::memchr(b'\r', text.as_bytes()).is_some();
    loop {
        let at = tags.at();
        let checked = match tags.next() {
            Ok(XmlToken::Start(tag)) => {
                let name = (at + 1, at + 1 + tag.name().len());
                walk.start(tag, name).and_then(|()| if tag.is_empty { walk.end() } else { Ok(()) })
            }
            Ok(XmlToken::End) => match tags.end(walk.name(text)) {
                Ok(()) => walk.end(),
                Err(_) => Err(NO_XML),
            },
            Ok(XmlToken::Text(text)) => walk.text(if has_returns { content(text) } else { Cow::Borrowed(text) }),
            Ok(XmlToken::Eof) if walk.scratch.open.is_empty() && walk.has_root => {
                match walk.scratch.prefixes.iter().any(|prefix| prefix.is_declared && !prefix.is_used) {
                    true => Err("a namespace declaration that nothing uses"),
                    false => return Ok(()),
                }
            }
            Ok(XmlToken::Eof) => Err("an element that isn't closed"),
            Ok(XmlToken::Rare(event)) => walk.event(&event, at == start),
            Err(_) => Err(NO_XML),
        };
        checked.map_err(|what| Finding::at(at, what).with_path(walk.path()))?;
    }
}

/// Whether a document has the table's root.
pub(super) fn has_root(text: &str, table: &Table) -> bool {
    let mut reader = NsReader::from_str(text);
    loop {
        match reader.read_resolved_event() {
            Ok((namespace, Event::Start(tag) | Event::Empty(tag))) => {
                let uri = match namespace {
                    ResolveResult::Bound(uri) => uri.into_inner(),
                    ResolveResult::Unbound | ResolveResult::Unknown(_) => "",
                };
                let local = tag.local_name().into_inner();
                return table.child(0, Name { namespace: table.namespace(uri), is_attribute: false, local }).is_some();
            }
            Ok((_, Event::Eof)) | Err(_) => return false,
            Ok(_) => {}
        }
    }
}

impl<'t> Walk<'t, '_, '_> {
    /// The name of the innermost open element. The last end tag closes the root, so an empty name is no element's.
    fn name(&self, text: &'t str) -> &'t str {
        let name = self.scratch.open.last().and_then(|open| text.get(open.name.0..open.name.1));
        name.unwrap_or_default()
    }

    #[inline(never)]
    fn event(&mut self, event: &Event<'t>, is_first: bool) -> Checked<()> {
        match event {
            Event::CData(text) => {
                // Appended even if the text is empty: a piece ends where a tag begins.
                let text = text.xml10_content();
                if self.is_inside(&text)? {
                    self.join(&text);
                }
                Ok(())
            }
            Event::GeneralRef(reference) => {
                let character = match &**reference {
                    "lt" => '<',
                    "gt" => '>',
                    "amp" => '&',
                    "apos" => '\'',
                    "quot" => '"',
                    _ => match reference.resolve_char_ref() {
                        Ok(Some(character)) => character,
                        _ => return Err("a reference to something undeclared"),
                    },
                };
                if self.scratch.open.is_empty() {
                    return Err("a text outside the root");
                }
                self.join(character.encode_utf8(&mut [0; 4]));
                Ok(())
            }
            Event::Decl(declaration) if is_first => {
                let is_utf8 =
                    declaration.encoding().is_none_or(|name| name.is_ok_and(|n| n.eq_ignore_ascii_case("UTF-8")));
                if is_utf8 { Ok(()) } else { Err("an encoding that is not UTF-8") }
            }
            Event::Decl(_) => Err("an XML declaration that isn't at the start"),
            Event::Comment(_) => Err("a comment"),
            Event::PI(_) => Err("a processing instruction"),
            Event::DocType(_) => Err("a document type declaration"),
            Event::Start(_) | Event::Empty(_) | Event::End(_) | Event::Text(_) | Event::Eof => Err(NO_XML),
        }
    }

    /// Whether a text is inside the root. Outside there may be none.
    fn is_inside(&self, text: &str) -> Checked<bool> {
        match self.scratch.open.is_empty() {
            true if is_blank(text) => Ok(false),
            true => Err("a text outside the root"),
            false => Ok(true),
        }
    }

    fn text(&mut self, text: Cow<'t, str>) -> Checked<()> {
        if !self.is_inside(&text)? {
            return Ok(());
        }
        match (self.text, text) {
            (PendingText::None, Cow::Borrowed(text)) => self.text = PendingText::Piece(text),
            (_, text) => self.join(&text),
        }
        Ok(())
    }

    /// Appends a piece to the text so far.
    fn join(&mut self, next: &str) {
        match self.text {
            PendingText::Joined => {}
            PendingText::None => self.scratch.joined.clear(),
            PendingText::Piece(text) => {
                self.scratch.joined.clear();
                self.scratch.joined.push_str(text);
            }
        }
        self.scratch.joined.push_str(next);
        self.text = PendingText::Joined;
    }

    fn start(&mut self, tag: Tag<'_>, name_range: (usize, usize)) -> Checked<()> {
        let has_attributes = tag.has_attributes() && self.declarations(tag)?;
        let (prefix, local) = split(tag.name());
        let namespace = self.resolve(prefix)?;
        let is_loose = !is_blank(borrowed(&self.text, self.scratch));
        let (parent, record) = match self.scratch.open.last_mut() {
            Some(_) if is_loose => {
                return Err("a text beside elements");
            }
            Some(open) => {
                open.has_children = true;
                (open.node, open.record)
            }
            None if self.has_root => return Err("a second root"),
            None => (Some(0), None),
        };
        self.text = PendingText::None;
        self.has_root = true;
        let table = self.rules.table;
        let name = Name { namespace, is_attribute: false, local };
        let found = parent.and_then(|parent| table.child(parent, name)).and_then(|at| Some((at, table.get(at)?)));
        let (node, record) = match found {
            Some((at, node)) => (Some(at), self.rules.record(node, record)),
            None if record.is_some()
                && table.is_own(namespace)
                && is_plain_name(local)
                && self.rules.admits_in_record(name) =>
            {
                (None, record)
            }
            None => return Err("an element that the mapping doesn't name"),
        };
        self.scratch.open.push(OpenElement {
            name: name_range,
            node,
            record,
            has_children: false,
            is_released: false,
            is_nil: false,
            is_reference: false,
            uri: None,
            has_pointers: false,
        });
        if has_attributes { self.attributes(tag) } else { Ok(()) }
    }

    /// Checks the namespace declarations of a tag: the root declares the format's, before all else, with its own
    /// prefixes, in its order and in one spelling; no other tag declares any. Returns whether the tag has other
    /// attributes.
    fn declarations(&mut self, tag: Tag<'_>) -> Checked<bool> {
        let table = self.rules.table;
        let is_root = !self.has_root;
        let mut rest = tag.after_name();
        for ((prefix, uri), known) in table.declarations().zip(&mut self.scratch.prefixes).filter(|_| is_root) {
            let declaration = format!(" xmlns:{prefix}=\"{}\"", escape(uri));
            if let Some(after) = rest.strip_prefix(declaration.as_str()) {
                (rest, known.is_declared) = (after, true);
            }
        }
        let mut declared = self.scratch.prefixes.iter().filter(|prefix| is_root && prefix.is_declared).count();
        let mut has_others = false;
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|_| ILL_FORMED)?;
            match (attribute.key.as_namespace_binding(), declared.checked_sub(1)) {
                (Some(_), Some(less)) => declared = less,
                (Some(_), None) => return Err("a namespace declaration that isn't the format's own"),
                (None, _) => has_others = true,
            }
        }
        Ok(has_others)
    }

    /// Judges the other attributes of a tag.
    fn attributes(&mut self, tag: Tag<'_>) -> Checked<()> {
        self.scratch.attributes.clear();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|_| ILL_FORMED)?;
            if attribute.key.as_namespace_binding().is_none() {
                let (prefix, local) = split(attribute.key.into_inner());
                let name = Name { namespace: self.resolve(prefix)?, is_attribute: true, local };
                self.scratch.attributes.push(local, name.namespace);
                self.attribute(&attribute, name)?;
            }
        }
        if self.scratch.attributes.has_duplicates(Checkpoint::default()) { Err(TWICE) } else { Ok(()) }
    }

    /// The namespace of a name by its prefix, which must be the format's own and declared.
    fn resolve(&mut self, prefix: Option<&str>) -> Checked<NamespaceNumber> {
        let Some(prefix) = prefix else { return Ok(NO_NAMESPACE) };
        let table = self.rules.table;
        let mut known = table.declarations().zip(&mut self.scratch.prefixes);
        match known.find(|((own, _), _)| *own == prefix) {
            Some(((_, uri), known)) if known.is_declared => {
                known.is_used = true;
                Ok(table.namespace(uri))
            }
            Some(_) => Err("a prefix that is bound to nothing"),
            None => Err("a prefix that isn't the format's own"),
        }
    }

    fn attribute(&mut self, attribute: &Attribute<'_>, name: Name<'_>) -> Checked<()> {
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| ILL_FORMED)?;
        let Some(open) = self.scratch.open.last_mut() else { return Ok(()) };
        let table = self.rules.table;
        if let Some(link) = table.link(&name) {
            return self.link(link, &name, &value);
        }
        if name.namespace == XSI && name.local == "nil" {
            if !matches!(&*value, "true" | "1") {
                return Err("`xsi:nil` on what isn't nil");
            }
            open.is_nil = true;
        } else {
            let node = open.node.and_then(|at| table.child(at, name)).and_then(|at| table.get(at));
            let node = node.ok_or("an attribute that the mapping doesn't name")?;
            if self.rules.judge(Some(node), None, &value, false, self.reading)? == ValueOutcome::Released {
                open.is_released = true;
            }
            if let (true, Some((prefix, _))) = (node.is_type, value.split_once(':')) {
                self.resolve(Some(prefix))?;
            }
        }
        Ok(())
    }

    /// Judges an attribute that names its element or refers to others.
    fn link(&mut self, link: LinkKind, name: &Name<'_>, value: &str) -> Checked<()> {
        let links = &mut self.reading.links;
        let Some(open) = self.scratch.open.last_mut() else { return Ok(()) };
        match link {
            LinkKind::Id => {
                let number = links.number(value)?;
                links.mark_id(number)?;
            }
            LinkKind::Reference => {
                let number = links.number(value)?;
                links.mark_referred(number);
                open.is_reference = true;
            }
            LinkKind::Uri => {
                open.uri = Some(links.number(value.strip_prefix('#').ok_or("a reference out of the message")?)?);
            }
            LinkKind::Pointers => {
                for name in value.split(' ') {
                    let number = links.number(name)?;
                    links.mark_referred(number);
                }
                open.has_pointers = true;
            }
        }
        let node = open.node.and_then(|at| self.rules.table.child(at, *name)).and_then(|at| self.rules.table.get(at));
        if let Some(element) = node.and_then(|node| node.element) {
            let (element, _) = self.rules.permitted(element).ok_or("a value that the grant doesn't hold")?;
            self.reading.count(element, false);
        }
        Ok(())
    }

    fn end(&mut self) -> Checked<()> {
        let Some(open) = self.scratch.open.pop() else { return Err("an end tag without its start") };
        let node = open.node.and_then(|at| self.rules.table.get(at));
        let checked = self.judge_element(&open, node);
        self.text = PendingText::None;
        let is_released = match checked {
            Ok(is_released) => is_released,
            Err(what) => {
                // The path of a finding is that of the enclosing element.
                self.scratch.open.push(open);
                return Err(what);
            }
        };
        if let (true, Some(parent)) = (is_released, self.scratch.open.last_mut()) {
            parent.is_released = true;
        }
        Ok(())
    }

    /// Judges an element that has ended. Returns whether it contains something released.
    fn judge_element(&mut self, open: &OpenElement, node: Option<&TableNode>) -> Checked<bool> {
        let is_released = self.judge_content(open, node)?;
        // What has content of its own has a name; what doesn't is a reference.
        let is_reference = open.is_reference || open.uri.is_some();
        match (is_released, open.uri) {
            (true, Some(number)) => self.reading.links.mark_named(number),
            (false, Some(number)) => self.reading.links.mark_referred(number),
            (_, None) => {}
        }
        if is_released && open.is_reference {
            return Err("a reference on what says something itself");
        }
        Ok(is_released || is_reference)
    }

    /// Judges the own content of an element that has ended. Returns whether there is any.
    fn judge_content(&mut self, open: &OpenElement, node: Option<&TableNode>) -> Checked<bool> {
        let text = borrowed(&self.text, self.scratch);
        let is_reference = open.is_reference || open.uri.is_some();
        if open.is_nil {
            let has_content = open.has_children || !text.is_empty();
            let may_be_nil = node.is_some_and(|node| node.nillable || node.placeholder.as_deref() == Some("nil"));
            if has_content || !may_be_nil && !is_reference {
                return Err("`xsi:nil` on what may not be nil");
            }
        }
        let is_value = node.is_some_and(TableNode::is_value);
        if is_value && open.has_children {
            return Err("an element in a value");
        }
        let is_empty = is_blank(text) && (open.is_released || is_reference);
        if is_value || open.record.is_some() && !open.has_children && !is_empty {
            let found = self.rules.judge(node, open.record, text, open.is_nil, self.reading)?;
            if let (PendingText::Piece(text), false) = (self.text, open.is_nil) {
                let stands = Stands::of(text, self.document);
                self.reading.was_judged(Judged { stands, at: open.node, record: open.record, found });
            }
            return Ok(found == ValueOutcome::Released || open.is_released);
        }
        if open.is_released || is_reference {
            if is_reference && !open.is_released && open.has_children {
                return Err("a reference on what has parts");
            }
            return if is_blank(text) { Ok(open.is_released) } else { Err("a text beside elements") };
        }
        // Nothing of it is released: it must be a placeholder.
        if open.has_children {
            return Err("a container in which nothing was released");
        }
        match self.rules.judge(node, open.record, text, open.is_nil, self.reading) {
            Ok(found) => Ok(found == ValueOutcome::Released),
            Err(_) if is_blank(text) => Err("a container in which nothing was released"),
            Err(what) => Err(what),
        }
    }

    /// The current path, in the mapping's spelling.
    fn path(&self) -> String {
        let names =
            self.scratch.open.iter().filter_map(|open| self.rules.table.get(open.node?)).map(|node| node.name.as_str());
        names.collect::<Vec<_>>().join("/")
    }
}

/// A text with its line ends normalized as XML requires.
fn content(text: &str) -> Cow<'_, str> {
    match text.contains('\r') {
        true => BytesText::from_escaped(text).xml10_content(),
        false => Cow::Borrowed(text),
    }
}

/// Splits a name into its prefix and its local part.
fn split(name: &str) -> (Option<&str>, &str) {
    let colon = name.bytes().position(|byte| byte == b':');
    match colon.and_then(|colon| Some((name.get(..colon)?, name.get(colon + 1..)?))) {
        Some((prefix, local)) => (Some(prefix), local),
        None => (None, name),
    }
}

fn borrowed<'s>(text: &'s PendingText<'_>, scratch: &'s Scratch) -> &'s str {
    match text {
        PendingText::None => "",
        PendingText::Piece(text) => text,
        PendingText::Joined => &scratch.joined,
    }
}

/// A namespace as it is written in quotes.
fn escape(uri: &str) -> String {
    uri.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// Inside a record a name says only what it names.
fn is_plain_name(local: &str) -> bool {
    (1..=64).contains(&local.len())
        && local.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}
