//! The second reading of XML, on quick-xml.

use std::borrow::Cow;

use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesText, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};

use super::frame::{Judged, Stands};
use super::links::Number;
use super::reading::{Finding, Found, Reading, Record, Rules};
use super::table::{Link, NO_NAMESPACE, Name, NamespaceNumber, Place, Table, XSI};
use super::tags::{Piece, Tag, Tags};
use super::texts::{Mark, Texts};

/// What becomes of a prefix that an output may have.
#[derive(Debug, Clone, Copy, Default)]
struct Prefix {
    is_declared: bool,
    is_used: bool,
}

/// An open element.
#[derive(Debug)]
struct Open {
    /// Where its name stands in its start tag.
    name: (usize, usize),
    place: Option<usize>,
    record: Record,
    has_children: bool,
    /// Something in it, or an attribute of it, was released.
    is_released: bool,
    is_nil: bool,
    /// It has an attribute by which it can only stand for another; one that may name it as well; one that points to others.
    refers: bool,
    uri: Option<Number>,
    points: bool,
}

/// What a walk needs room for. The next message uses it again.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    open: Vec<Open>,
    /// The prefixes that the table lets an output have.
    prefixes: Vec<Prefix>,
    /// The attributes of one tag.
    attributes: Texts<NamespaceNumber>,
    /// A text that came in several pieces.
    joined: String,
}

/// The text since the last tag. What stood before a child is blank, and forgotten.
#[derive(Clone, Copy)]
enum Text<'t> {
    None,
    Piece(&'t str),
    /// It stands in the room.
    Joined,
}

struct Walk<'t, 'r, 'a> {
    document: &'t str,
    rules: &'r Rules<'a>,
    reading: &'r mut Reading,
    room: &'r mut Scratch,
    text: Text<'t>,
    has_root: bool,
}

type Checked<T> = Result<T, &'static str>;

const NO_XML: &str = "no well-formed XML";
const ILL_FORMED: &str = "an attribute that is not well-formed";
const TWICE: &str = "an attribute that stands twice";

/// Reads an output to its end.
pub(super) fn read(text: &str, rules: &Rules<'_>, reading: &mut Reading, room: &mut Scratch) -> Result<(), Finding> {
    room.open.clear();
    room.prefixes.clear();
    room.prefixes.resize(rules.table.declarations().count(), Prefix::default());
    let mut walk = Walk { document: text, rules, reading, room, text: Text::None, has_root: false };
    let mut tags = Tags::new(text);
    let start = tags.at();
    // Looked for once, for most documents have none.
    let has_returns = memchr::memchr(b'\r', text.as_bytes()).is_some();
    loop {
        let at = tags.at();
        let checked = match tags.next() {
            Ok(Piece::Start(tag)) => {
                let name = (at + 1, at + 1 + tag.name().len());
                walk.start(tag, name).and_then(|()| if tag.is_empty { walk.end() } else { Ok(()) })
            }
            Ok(Piece::End) => match tags.end(walk.name(text)) {
                Ok(()) => walk.end(),
                Err(_) => Err(NO_XML),
            },
            Ok(Piece::Text(text)) => walk.text(if has_returns { content(text) } else { Cow::Borrowed(text) }),
            Ok(Piece::Eof) if walk.room.open.is_empty() && walk.has_root => {
                let is_unused = |prefix: &Prefix| prefix.is_declared && !prefix.is_used;
                match walk.room.prefixes.iter().any(is_unused) {
                    true => Err("a namespace declaration that nothing uses"),
                    false => return Ok(()),
                }
            }
            Ok(Piece::Eof) => Err("an element that isn't closed"),
            Ok(Piece::Rare(event)) => walk.event(&event, at == start),
            Err(_) => Err(NO_XML),
        };
        checked.map_err(|what| Finding::at(at, what).with_path(walk.path()))?;
    }
}

/// Whether the root of a document is the table's.
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
                return table.below(0, Name { namespace: table.namespace(uri), is_attribute: false, local }).is_some();
            }
            Ok((_, Event::Eof)) | Err(_) => return false,
            Ok(_) => {}
        }
    }
}

impl<'t> Walk<'t, '_, '_> {
    /// The name of the innermost open element. The last end tag closes the root, so an empty one is no element's.
    fn name(&self, text: &'t str) -> &'t str {
        let name = self.room.open.last().and_then(|open| text.get(open.name.0..open.name.1));
        name.unwrap_or_default()
    }

    #[inline(never)]
    fn event(&mut self, event: &Event<'t>, is_first: bool) -> Checked<()> {
        match event {
            Event::CData(text) => {
                // Joined to what there is, and if that is nothing: a piece ends where a tag begins.
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
                if self.room.open.is_empty() {
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

    /// Whether a text stands in the root. Outside there may be none.
    fn is_inside(&self, text: &str) -> Checked<bool> {
        match self.room.open.is_empty() {
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
            (Text::None, Cow::Borrowed(text)) => self.text = Text::Piece(text),
            (_, text) => self.join(&text),
        }
        Ok(())
    }

    /// Puts a piece behind the text so far.
    fn join(&mut self, next: &str) {
        match self.text {
            Text::Joined => {}
            Text::None => self.room.joined.clear(),
            Text::Piece(text) => {
                self.room.joined.clear();
                self.room.joined.push_str(text);
            }
        }
        self.room.joined.push_str(next);
        self.text = Text::Joined;
    }

    fn start(&mut self, tag: Tag<'_>, place_of_name: (usize, usize)) -> Checked<()> {
        let has_attributes = tag.has_attributes() && self.declarations(tag)?;
        let (prefix, local) = split(tag.name());
        let namespace = self.resolve(prefix)?;
        let is_loose = !is_blank(borrowed(&self.text, self.room));
        let (around, record) = match self.room.open.last_mut() {
            Some(_) if is_loose => {
                return Err("a text beside elements");
            }
            Some(open) => {
                open.has_children = true;
                (open.place, open.record)
            }
            None if self.has_root => return Err("a second root"),
            None => (Some(0), None),
        };
        self.text = Text::None;
        self.has_root = true;
        let table = self.rules.table;
        let name = Name { namespace, is_attribute: false, local };
        let found = around.and_then(|around| table.below(around, name)).and_then(|at| Some((at, table.get(at)?)));
        let (place, record) = match found {
            Some((at, place)) => (Some(at), self.rules.record(place, record)),
            None if record.is_some()
                && table.is_own(namespace)
                && is_plain_name(local)
                && self.rules.admits_in_record(name) =>
            {
                (None, record)
            }
            None => return Err("an element that the mapping doesn't name"),
        };
        self.room.open.push(Open {
            name: place_of_name,
            place,
            record,
            has_children: false,
            is_released: false,
            is_nil: false,
            refers: false,
            uri: None,
            points: false,
        });
        if has_attributes { self.attributes(tag) } else { Ok(()) }
    }

    /// Takes note of the namespaces that a tag declares: the root does, before all else, those of the format by its own
    /// prefixes, in its order and in one spelling; no other tag does. Whether it has other attributes.
    fn declarations(&mut self, tag: Tag<'_>) -> Checked<bool> {
        let table = self.rules.table;
        let is_root = !self.has_root;
        let mut rest = tag.rest();
        for ((prefix, uri), known) in table.declarations().zip(&mut self.room.prefixes).filter(|_| is_root) {
            let declaration = format!(" xmlns:{prefix}=\"{}\"", escape(uri));
            if let Some(behind) = rest.strip_prefix(declaration.as_str()) {
                (rest, known.is_declared) = (behind, true);
            }
        }
        let mut declared = self.room.prefixes.iter().filter(|prefix| is_root && prefix.is_declared).count();
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
        self.room.attributes.clear();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|_| ILL_FORMED)?;
            if attribute.key.as_namespace_binding().is_none() {
                let (prefix, local) = split(attribute.key.into_inner());
                let name = Name { namespace: self.resolve(prefix)?, is_attribute: true, local };
                self.room.attributes.push(local, name.namespace);
                self.attribute(&attribute, name)?;
            }
        }
        if self.room.attributes.has_twins(Mark::default()) { Err(TWICE) } else { Ok(()) }
    }

    /// The namespace of a name by its prefix, which must be the format's own and declared.
    fn resolve(&mut self, prefix: Option<&str>) -> Checked<NamespaceNumber> {
        let Some(prefix) = prefix else { return Ok(NO_NAMESPACE) };
        let table = self.rules.table;
        let mut known = table.declarations().zip(&mut self.room.prefixes);
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
        let Some(open) = self.room.open.last_mut() else { return Ok(()) };
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
            let place = open.place.and_then(|at| table.below(at, name)).and_then(|at| table.get(at));
            let place = place.ok_or("an attribute that the mapping doesn't name")?;
            if self.rules.judge(Some(place), None, &value, false, self.reading)? == Found::Released {
                open.is_released = true;
            }
            if let (true, Some((prefix, _))) = (place.is_type, value.split_once(':')) {
                self.resolve(Some(prefix))?;
            }
        }
        Ok(())
    }

    /// Judges an attribute that names its element or refers to others.
    fn link(&mut self, link: Link, name: &Name<'_>, value: &str) -> Checked<()> {
        let links = &mut self.reading.links;
        let Some(open) = self.room.open.last_mut() else { return Ok(()) };
        match link {
            Link::Id => {
                let number = links.number(value)?;
                links.is_id(number)?;
            }
            Link::Reference => {
                let number = links.number(value)?;
                links.refers_to(number);
                open.refers = true;
            }
            Link::Uri => {
                open.uri = Some(links.number(value.strip_prefix('#').ok_or("a reference out of the message")?)?);
            }
            Link::Pointers => {
                for name in value.split(' ') {
                    let number = links.number(name)?;
                    links.refers_to(number);
                }
                open.points = true;
            }
        }
        let place = open.place.and_then(|at| self.rules.table.below(at, *name)).and_then(|at| self.rules.table.get(at));
        if let Some(element) = place.and_then(|place| place.element) {
            let (element, _) = self.rules.permitted(element).ok_or("a value that the grant doesn't hold")?;
            self.reading.count(element, false);
        }
        Ok(())
    }

    fn end(&mut self) -> Checked<()> {
        let Some(open) = self.room.open.pop() else { return Err("an end tag without its start") };
        let place = open.place.and_then(|at| self.rules.table.get(at));
        let checked = self.ended(&open, place);
        self.text = Text::None;
        let is_released = match checked {
            Ok(is_released) => is_released,
            Err(what) => {
                // The path of a finding is that of the element it is in.
                self.room.open.push(open);
                return Err(what);
            }
        };
        if let (true, Some(parent)) = (is_released, self.room.open.last_mut()) {
            parent.is_released = true;
        }
        Ok(())
    }

    /// Judges an element that has ended. Gives whether it holds something released.
    fn ended(&mut self, open: &Open, place: Option<&Place>) -> Checked<bool> {
        let is_released = self.says(open, place)?;
        // What says something itself has a name; what doesn't stands for another.
        let refers = open.refers || open.uri.is_some();
        match (is_released, open.uri) {
            (true, Some(number)) => self.reading.links.names(number),
            (false, Some(number)) => self.reading.links.refers_to(number),
            (_, None) => {}
        }
        if is_released && open.refers {
            return Err("a reference on what says something itself");
        }
        Ok(is_released || refers)
    }

    /// Judges what an element that has ended says itself. Gives whether that is anything.
    fn says(&mut self, open: &Open, place: Option<&Place>) -> Checked<bool> {
        let text = borrowed(&self.text, self.room);
        let refers = open.refers || open.uri.is_some();
        if open.is_nil {
            let has_content = open.has_children || !text.is_empty();
            let may_be_nil = place.is_some_and(|place| place.nillable || place.placeholder.as_deref() == Some("nil"));
            if has_content || !may_be_nil && !refers {
                return Err("`xsi:nil` on what may not be nil");
            }
        }
        let is_value = place.is_some_and(Place::is_value);
        if is_value && open.has_children {
            return Err("an element in a value");
        }
        let is_empty = is_blank(text) && (open.is_released || refers);
        if is_value || open.record.is_some() && !open.has_children && !is_empty {
            let found = self.rules.judge(place, open.record, text, open.is_nil, self.reading)?;
            if let (Text::Piece(text), false) = (self.text, open.is_nil) {
                let stands = Stands::of(text, self.document);
                self.reading.was_judged(Judged { stands, at: open.place, record: open.record, found });
            }
            return Ok(found == Found::Released || open.is_released);
        }
        if open.is_released || refers {
            if refers && !open.is_released && open.has_children {
                return Err("a reference on what has parts");
            }
            return if is_blank(text) { Ok(open.is_released) } else { Err("a text beside elements") };
        }
        // Nothing of it is released: it must be what stands for it.
        if open.has_children {
            return Err("a container in which nothing was released");
        }
        match self.rules.judge(place, open.record, text, open.is_nil, self.reading) {
            Ok(found) => Ok(found == Found::Released),
            Err(_) if is_blank(text) => Err("a container in which nothing was released"),
            Err(what) => Err(what),
        }
    }

    /// Where the reading is, in the mapping's spelling.
    fn path(&self) -> String {
        let names =
            self.room.open.iter().filter_map(|open| self.rules.table.get(open.place?)).map(|place| place.name.as_str());
        names.collect::<Vec<_>>().join("/")
    }
}

/// A text with its line ends as XML means them.
fn content(text: &str) -> Cow<'_, str> {
    match text.contains('\r') {
        true => BytesText::from_escaped(text).xml10_content(),
        false => Cow::Borrowed(text),
    }
}

/// A name's prefix and what is behind it.
fn split(name: &str) -> (Option<&str>, &str) {
    let colon = name.bytes().position(|byte| byte == b':');
    match colon.and_then(|colon| Some((name.get(..colon)?, name.get(colon + 1..)?))) {
        Some((prefix, local)) => (Some(prefix), local),
        None => (None, name),
    }
}

fn borrowed<'s>(text: &'s Text<'_>, room: &'s Scratch) -> &'s str {
    match text {
        Text::None => "",
        Text::Piece(text) => text,
        Text::Joined => &room.joined,
    }
}

/// A namespace as it stands in quotes.
fn escape(uri: &str) -> String {
    uri.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// Inside a record a name tells what it names and nothing more.
fn is_plain_name(local: &str) -> bool {
    (1..=64).contains(&local.len())
        && local.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}
