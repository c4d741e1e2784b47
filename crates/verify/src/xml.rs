//! The second reading of XML, on quick-xml.

use quick_xml::Reader;
use quick_xml::events::Event;
use quick_xml::events::attributes::Attribute;

use super::check::Check;
use super::decode::Written;
use super::finding::Finding;
use super::links::Number;
use super::names::{Name, has_duplicates, range_of};
use super::table::{LinkKind, TableNode};
use super::tags::{Tag, Tags, XmlToken};
use super::value::{Checked, Permitted, Value, is_blank};

/// An open element.
#[derive(Debug, Default)]
struct OpenElement {
    /// The range of its name in its start tag, and where its content begins.
    name: Name,
    content: usize,
    node: Option<usize>,
    record: Option<Permitted>,
    has_children: bool,
    has_text: bool,
    /// Something in it, or an attribute of it, was released.
    is_released: bool,
    is_nil: bool,
    /// It has an attribute that makes it a reference, or one that may be a name as well.
    is_reference: bool,
    uri: Option<Number>,
}

/// Scratch memory of a walk, reused by the next message.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    open: Vec<OpenElement>,
    /// The names of the attributes of one tag.
    attributes: Vec<Name>,
    decoded: String,
}

struct Walk<'t, 'r, 'a> {
    document: &'t str,
    check: &'r mut Check<'a>,
    scratch: &'r mut Scratch,
    has_root: bool,
}

const ILL_FORMED: &str = "an attribute that is not well-formed";
const OUTSIDE: &str = "a text outside the root";
const BESIDE: &str = "a text beside elements";

/// Reads an output to its end.
pub(super) fn read(document: &str, check: &mut Check<'_>, scratch: &mut Scratch) -> Result<(), Finding> {
    scratch.open.clear();
    let mut walk = Walk { document, check, scratch, has_root: false };
    let mut tags = Tags::new(document);
    let start = tags.at();
    loop {
        let at = tags.at();
        let checked = match tags.next() {
            Ok(XmlToken::Start(tag)) => {
                walk.start(tag, at, tags.at()).and_then(|()| if tag.is_empty { walk.end(tags.at()) } else { Ok(()) })
            }
            Ok(XmlToken::End) => tags.end(walk.name()).and_then(|()| walk.end(at)),
            Ok(XmlToken::Text(text)) => walk.text(is_blank(text)),
            Ok(XmlToken::Eof) if walk.scratch.open.is_empty() && walk.has_root => {
                match walk.check.declares_what_is_used() {
                    true => return Ok(()),
                    false => Err("declarations of other namespaces than are used"),
                }
            }
            Ok(XmlToken::Eof) => Err("an element that isn't closed"),
            Ok(XmlToken::Rare(event)) => walk.event(&event, at == start),
            Err(what) => Err(what),
        };
        checked.map_err(|what| Finding::at(at, what).with_path(walk.path()))?;
    }
}

/// The name of a document's root, if it has one.
pub(super) fn roots(text: &str) -> Vec<String> {
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag) | Event::Empty(tag)) => return vec![tag.name().into_inner().to_owned()],
            Ok(Event::Eof) | Err(_) => return Vec::new(),
            Ok(_) => {}
        }
    }
}

impl<'t, 'a> Walk<'t, '_, 'a> {
    /// The name of the innermost open element. The last end tag closes the root, so an empty name is no element's.
    fn name(&self) -> &'t str {
        let name = self.scratch.open.last().and_then(|open| self.document.get(open.name.0..open.name.1));
        name.unwrap_or_default()
    }

    /// The current path, in the mapping's spelling.
    fn path(&self) -> impl Iterator<Item = &str> {
        let table = self.check.table;
        self.scratch.open.iter().filter_map(|open| Some(table.get(open.node?)?.name.as_str()))
    }

    #[inline(never)]
    fn event(&mut self, event: &Event<'t>, is_first: bool) -> Checked<()> {
        match event {
            Event::CData(_) | Event::GeneralRef(_) => self.text(false),
            Event::Decl(declaration) if is_first => {
                let encoding = declaration.encoding();
                let is_utf8 = encoding.is_none_or(|name| name.is_ok_and(|name| name.eq_ignore_ascii_case("UTF-8")));
                if is_utf8 { Ok(()) } else { Err("an encoding that is not UTF-8") }
            }
            Event::Decl(_) => Err("an XML declaration that isn't at the start"),
            Event::Comment(_) => Err("a comment"),
            Event::PI(_) => Err("a processing instruction"),
            Event::DocType(_) => Err("a document type declaration"),
            _ => Err("no well-formed XML"),
        }
    }

    fn text(&mut self, is_blank: bool) -> Checked<()> {
        match self.scratch.open.last_mut() {
            _ if is_blank => Ok(()),
            Some(open) if open.has_children => Err(BESIDE),
            Some(open) => {
                open.has_text = true;
                Ok(())
            }
            None => Err(OUTSIDE),
        }
    }

    fn start(&mut self, tag: Tag<'_>, at: usize, content: usize) -> Checked<()> {
        let table = self.check.table;
        let name = tag.name();
        let rest = if self.has_root { tag.after_name() } else { self.declarations(tag) };
        let (parent, record) = match self.scratch.open.last_mut() {
            Some(open) if open.has_text => return Err(BESIDE),
            Some(open) => {
                open.has_children = true;
                (open.node, open.record)
            }
            None if self.has_root => return Err("a second root"),
            None => (Some(0), None),
        };
        self.has_root = true;
        let node = parent.and_then(|parent| table.child(parent, name));
        let record = match node.and_then(|node| table.get(node)) {
            Some(node) => {
                self.check.mark_used(node.prefix);
                self.check.record_below(node, record)
            }
            None if record.is_some() && self.check.admit(name) => record,
            None => return Err("an element that the mapping doesn't name"),
        };
        let name = (at + 1, at + 1 + name.len());
        self.scratch.open.push(OpenElement { name, content, node, record, ..OpenElement::default() });
        if rest.is_empty() { Ok(()) } else { self.attributes(tag, rest) }
    }

    /// Takes the namespace declarations of the root: the format's, before all else, with its own prefixes, in its order
    /// and in one spelling. Returns what follows them.
    fn declarations<'n>(&mut self, tag: Tag<'n>) -> &'n str {
        let mut rest = tag.after_name();
        for (index, prefix) in self.check.table.prefixes.iter().enumerate() {
            if let Some(after) = rest.strip_prefix(prefix.declaration.as_str()) {
                rest = after;
                self.check.mark_declared(index);
            }
        }
        rest
    }

    fn attributes(&mut self, tag: Tag<'_>, rest: &str) -> Checked<()> {
        self.scratch.attributes.clear();
        let mut is_released = false;
        for attribute in tag.attributes(rest) {
            let attribute = attribute.map_err(|_| ILL_FORMED)?;
            if attribute.key.as_namespace_binding().is_some() {
                return Err("a namespace declaration that isn't the format's own");
            }
            let name = attribute.key.into_inner();
            self.scratch.attributes.extend(range_of(name, self.document));
            is_released |= self.attribute(name, &attribute)?;
        }
        if let Some(open) = self.scratch.open.last_mut() {
            open.is_released = is_released;
        }
        match has_duplicates(&mut self.scratch.attributes, self.document) {
            true => Err("an attribute that stands twice"),
            false => Ok(()),
        }
    }

    /// Checks an attribute. Returns whether it is a value that was released.
    fn attribute(&mut self, name: &str, attribute: &Attribute<'_>) -> Checked<bool> {
        let Scratch { open, decoded, .. } = &mut *self.scratch;
        let Some(open) = open.last_mut() else { return Ok(false) };
        let table = self.check.table;
        let text = Written::Attribute.decode(&attribute.value, decoded).ok_or(ILL_FORMED)?;
        let node = open.node.and_then(|node| table.attribute(node, name));
        if let Some(link) = table.link(name) {
            self.check.mark_used(name.split_once(':').and_then(|(prefix, _)| table.prefix(prefix)));
            return open.link(link, text, node, self.check).map(|()| false);
        }
        if let Some(prefix) = table.nil_prefix(name) {
            self.check.mark_used(Some(prefix));
            open.is_nil = true;
            return if matches!(text, "true" | "1") { Ok(false) } else { Err("`xsi:nil` on what isn't nil") };
        }
        let node = node.ok_or("an attribute that the mapping doesn't name")?;
        self.check.mark_used(node.prefix);
        let value = Value { raw: &attribute.value, text, written: Written::Attribute, is_nil: false };
        self.check.value(Some(node), None, &value)
    }

    /// An element ends, whose content ended at `at`.
    fn end(&mut self, at: usize) -> Checked<()> {
        let Some(open) = self.scratch.open.pop() else { return Err("an end tag without its start") };
        let checked = self.element(&open, at);
        match (checked, self.scratch.open.last_mut()) {
            (Ok(is_released), Some(parent)) => parent.is_released |= is_released,
            (Ok(_), None) => {}
            (Err(what), _) => {
                // The path of a finding is that of the element.
                self.scratch.open.push(open);
                return Err(what);
            }
        }
        Ok(())
    }

    /// Checks an element that has ended. Returns whether it has a right to be there.
    fn element(&mut self, open: &OpenElement, at: usize) -> Checked<bool> {
        let node = open.node.and_then(|node| self.check.table.get(node));
        let is_released = self.content(open, node, at)?;
        // What has content of its own has a name; what doesn't is a reference.
        match open.uri {
            Some(number) if is_released => self.check.links().mark_named(number),
            Some(number) => self.check.links().mark_referred(number),
            None => {}
        }
        match is_released && open.is_reference {
            true => Err("a reference on what says something itself"),
            false => Ok(is_released || open.refers()),
        }
    }

    /// Checks the own content of an element that has ended. Returns whether there is any.
    fn content(&mut self, open: &OpenElement, node: Option<&TableNode>, at: usize) -> Checked<bool> {
        let raw = self.document.get(open.content..at).filter(|_| !open.has_children).unwrap_or_default();
        let text = Written::Content.decode(raw, &mut self.scratch.decoded);
        let text = text.ok_or("a reference to something undeclared")?;
        let (refers, is_blank) = (open.refers(), !open.has_text);
        if open.is_nil {
            let has_content = open.has_children || !text.is_empty();
            if has_content || !node.is_some_and(TableNode::may_be_nil) && !refers {
                return Err("`xsi:nil` on what may not be nil");
            }
        }
        let is_value = node.is_some_and(TableNode::is_value);
        let value = Value { raw, text, written: Written::Content, is_nil: open.is_nil };
        if is_value && open.has_children {
            return Err("an element in a value");
        }
        let has_other = open.is_released || refers;
        if is_value || open.record.is_some() && !open.has_children && !(is_blank && has_other) {
            return Ok(self.check.value(node, open.record, &value)? || open.is_released);
        }
        match has_other {
            true if !is_blank => Err(BESIDE),
            true if refers && !open.is_released && open.has_children => Err("a reference on what has parts"),
            true => Ok(open.is_released),
            // Nothing of it is released: it must be a placeholder.
            false if open.has_children => Err("a container in which nothing was released"),
            false => self.check.value(node, open.record, &value).map_err(|what| match is_blank {
                true => "a container in which nothing was released",
                false => what,
            }),
        }
    }
}

impl OpenElement {
    fn refers(&self) -> bool {
        self.is_reference || self.uri.is_some()
    }

    /// Checks an attribute that names the element or refers to others.
    fn link(&mut self, link: LinkKind, value: &str, node: Option<&TableNode>, check: &mut Check<'_>) -> Checked<()> {
        let links = check.links();
        match link {
            LinkKind::Id => {
                let number = links.number(value)?;
                links.mark_id(number)?;
            }
            LinkKind::Reference => {
                let number = links.number(value)?;
                links.mark_referred(number);
                self.is_reference = true;
            }
            LinkKind::Uri => {
                self.uri = Some(links.number(value.strip_prefix('#').ok_or("a reference out of the message")?)?);
            }
            LinkKind::Pointers => {
                for name in value.split(' ') {
                    let number = links.number(name)?;
                    links.mark_referred(number);
                }
            }
        }
        node.map_or(Ok(()), |node| check.link(node))
    }
}
