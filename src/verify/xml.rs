//! The second reading of XML, on quick-xml's events.

use std::borrow::Cow;

use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, Reader, XmlVersion};

use super::reading::{Finding, Found, Reading, Record, Rules};
use super::table::{Expanded, FOREIGN, NO_NAMESPACE, Name, NamespaceNumber, Place, Table, XSI};

/// A namespace declaration in scope.
struct Declaration {
    prefix: String,
    namespace: NamespaceNumber,
    is_used: bool,
}

/// An open element.
struct Open<'t> {
    place: Option<usize>,
    record: Record,
    text: Cow<'t, str>,
    has_children: bool,
    /// Something in it, or an attribute of it, was released.
    is_released: bool,
    is_nil: bool,
    refers: bool,
    /// How many declarations are in scope outside of it.
    scope: usize,
}

struct Walk<'t, 'r, 'a> {
    rules: &'r Rules<'a>,
    reading: Reading,
    open: Vec<Open<'t>>,
    scope: Vec<Declaration>,
    has_root: bool,
}

type Checked<T> = Result<T, &'static str>;

/// Reads an output to its end.
pub(super) fn read(text: &str, rules: &Rules<'_>) -> Result<Reading, Finding> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_comments = true;
    config.expand_empty_elements = false;
    let mut walk =
        Walk { rules, reading: Reading::new(rules.elements), open: Vec::new(), scope: Vec::new(), has_root: false };
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(_) => return Err(Finding::at(at, "no well-formed XML").with_path(walk.path())),
        };
        let is_end = matches!(event, Event::Eof);
        let checked = match event {
            Event::Eof if walk.open.is_empty() && walk.has_root => Ok(()),
            Event::Eof => Err("an element that isn't closed"),
            event => walk.event(event, at),
        };
        checked.map_err(|what| Finding::at(at, what).with_path(walk.path()))?;
        if is_end {
            break;
        }
    }
    if !walk.reading.links_agree() {
        return Err(Finding::at(0, "a reference without its object, or an id without a reference"));
    }
    Ok(walk.reading)
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
    fn event(&mut self, event: Event<'t>, at: usize) -> Checked<()> {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::Empty(tag) => {
                self.start(&tag)?;
                self.end()
            }
            Event::End(_) => self.end(),
            Event::Text(text) => self.text(text.xml10_content()),
            Event::CData(text) => self.text(text.xml10_content()),
            Event::GeneralRef(reference) => {
                let character = match &*reference {
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
                self.text(Cow::Owned(character.to_string()))
            }
            Event::Decl(declaration) if at == 0 => {
                let is_utf8 =
                    declaration.encoding().is_none_or(|name| name.is_ok_and(|n| n.eq_ignore_ascii_case("UTF-8")));
                if is_utf8 { Ok(()) } else { Err("an encoding that is not UTF-8") }
            }
            Event::Decl(_) => Err("an XML declaration that isn't at the start"),
            Event::Comment(_) => Err("a comment"),
            Event::PI(_) => Err("a processing instruction"),
            Event::DocType(_) => Err("a document type declaration"),
            Event::Eof => Ok(()),
        }
    }

    fn text(&mut self, text: Cow<'t, str>) -> Checked<()> {
        match self.open.last_mut() {
            Some(open) if open.text.is_empty() => open.text = text,
            Some(open) => open.text.to_mut().push_str(&text),
            None if is_blank(&text) => {}
            None => return Err("a text outside the root"),
        }
        Ok(())
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Checked<()> {
        let scope = self.scope.len();
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|_| "an attribute that is not well-formed")?;
            match attribute.key.as_namespace_binding() {
                Some(_) => self.declare(&attribute)?,
                None => attributes.push(attribute),
            }
        }
        let (local, prefix) = tag.name().decompose();
        let local = local.into_inner();
        let namespace = self.resolve(prefix.map(|prefix| prefix.into_inner()), true)?;
        let (around, record) = match self.open.last_mut() {
            Some(open) => {
                open.has_children = true;
                if !is_blank(&open.text) {
                    return Err("a text beside elements");
                }
                (open.place, open.record)
            }
            None if self.has_root => return Err("a second root"),
            None => (Some(0), None),
        };
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
        self.open.push(Open {
            place,
            record,
            text: Cow::Borrowed(""),
            has_children: false,
            is_released: false,
            is_nil: false,
            refers: false,
            scope,
        });
        let mut names = Vec::new();
        for attribute in &attributes {
            let name = self.attribute_name(attribute)?;
            if names.contains(&name) {
                return Err("an attribute that stands twice");
            }
            names.push(name);
            self.attribute(attribute, name)?;
        }
        Ok(())
    }

    fn declare(&mut self, attribute: &Attribute<'_>) -> Checked<()> {
        let name: &str = attribute.key.into_inner();
        let prefix = name.strip_prefix("xmlns:").unwrap_or_default();
        let uri =
            attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| "an attribute that is not well-formed")?;
        if matches!(prefix, "xml" | "xmlns") || uri.is_empty() && name != "xmlns" {
            return Err("a namespace declaration that is none");
        }
        let namespace = self.rules.table.namespace(&uri);
        self.scope.push(Declaration { prefix: prefix.to_owned(), namespace, is_used: false });
        Ok(())
    }

    /// The namespace of a name by its prefix.
    fn resolve(&mut self, prefix: Option<&str>, is_element: bool) -> Checked<NamespaceNumber> {
        match prefix {
            None if !is_element => return Ok(NO_NAMESPACE),
            Some("xml") => return Ok(FOREIGN),
            _ => {}
        }
        let wanted = prefix.unwrap_or_default();
        match self.scope.iter_mut().rev().find(|declaration| declaration.prefix == wanted) {
            Some(declaration) => {
                declaration.is_used = true;
                Ok(declaration.namespace)
            }
            None if prefix.is_none() => Ok(NO_NAMESPACE),
            None => Err("a prefix that is bound to nothing"),
        }
    }

    fn attribute_name<'b>(&mut self, attribute: &Attribute<'b>) -> Checked<Name<'b>> {
        let (local, prefix) = attribute.key.decompose();
        let namespace = self.resolve(prefix.map(|prefix| prefix.into_inner()), false)?;
        Ok(Name { namespace, is_attribute: true, local: local.into_inner() })
    }

    fn attribute(&mut self, attribute: &Attribute<'_>, name: Name<'_>) -> Checked<()> {
        let value =
            attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| "an attribute that is not well-formed")?;
        let Some(open) = self.open.last_mut() else { return Ok(()) };
        let table = self.rules.table;
        let is = |own: &Option<Expanded>| own.as_ref().is_some_and(|own| own.is(&name));
        if is(&table.id) {
            self.reading.ids.insert(value.into_owned());
        } else if is(&table.reference) {
            open.refers = true;
            self.reading.references.insert(value.into_owned());
        } else if is(&table.uri) {
            open.refers = true;
            let fragment = value.strip_prefix('#').ok_or("a reference out of the message")?;
            self.reading.references.insert(fragment.to_owned());
        } else if name.namespace == XSI && name.local == "nil" {
            if !matches!(&*value, "true" | "1") {
                return Err("`xsi:nil` on what isn't nil");
            }
            open.is_nil = true;
        } else {
            let place = open.place.and_then(|at| table.below(at, name)).and_then(|at| table.get(at));
            let place = place.ok_or("an attribute that the mapping doesn't name")?;
            if self.rules.judge(Some(place), None, &value, false, &mut self.reading)? == Found::Released {
                open.is_released = true;
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Checked<()> {
        let Some(open) = self.open.pop() else { return Err("an end tag without its start") };
        let place = open.place.and_then(|at| self.rules.table.get(at));
        let checked = self.ended(&open, place);
        if checked.is_err() {
            // The path of a finding is that of the element it is in.
            let scope = open.scope;
            self.open.push(open);
            self.scope.truncate(scope);
            return checked.map(|_| ());
        }
        if self.scope.iter().skip(open.scope).any(|declaration| !declaration.is_used) {
            return Err("a namespace declaration that nothing uses");
        }
        self.scope.truncate(open.scope);
        if let (true, Some(parent)) = (checked?, self.open.last_mut()) {
            parent.is_released = true;
        }
        Ok(())
    }

    /// Judges an element that has ended. Gives whether it holds something released.
    fn ended(&mut self, open: &Open<'_>, place: Option<&Place>) -> Checked<bool> {
        let has_content = open.has_children || !open.text.is_empty();
        let may_be_nil = place.is_some_and(|place| place.nillable || place.stand_in.as_deref() == Some("nil"));
        if open.is_nil && (has_content || !may_be_nil && !open.refers) {
            return Err("`xsi:nil` on what may not be nil");
        }
        let is_value = place.is_some_and(Place::is_value);
        if is_value && open.has_children {
            return Err("an element in a value");
        }
        if is_value || open.record.is_some() && !open.has_children {
            let found = self.rules.judge(place, open.record, &open.text, open.is_nil, &mut self.reading)?;
            return Ok(found == Found::Released || open.is_released);
        }
        if open.is_released || open.refers {
            return if is_blank(&open.text) { Ok(true) } else { Err("a text beside elements") };
        }
        // Nothing of it is released: it must be what stands for it.
        if open.has_children {
            return Err("a container in which nothing was released");
        }
        match self.rules.judge(place, open.record, &open.text, open.is_nil, &mut self.reading) {
            Ok(found) => Ok(found == Found::Released),
            Err(_) if is_blank(&open.text) => Err("a container in which nothing was released"),
            Err(what) => Err(what),
        }
    }

    /// Where the reading is, in the mapping's spelling.
    fn path(&self) -> String {
        let names =
            self.open.iter().filter_map(|open| self.rules.table.get(open.place?)).map(|place| place.name.as_str());
        names.collect::<Vec<_>>().join("/")
    }
}

fn is_blank(text: &str) -> bool {
    text.chars().all(|character| matches!(character, ' ' | '\t' | '\r' | '\n'))
}

/// Inside a record a name tells what it names and nothing more.
fn is_plain_name(local: &str) -> bool {
    local.len() <= 64 && local.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}
