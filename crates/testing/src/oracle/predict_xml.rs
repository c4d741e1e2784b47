//! What must go out of an XML message: a walk over a roxmltree document that keeps what is mapped and granted.
//! The result is a tree of expanded names and raw values; insignificant white space is no part of it.

use std::collections::BTreeSet;

use roxmltree::{Document, Node};

use super::Asker;
use super::NO_VALUE;
use super::format::{Format, Place, leads};
use super::predict::{Judge, NOTICE, Prediction, Setting, admit};
use super::step::{Asked, Step};
use super::xml::{Body, Out, XSI, expanded, inner_text, name_of, text_of};

pub(crate) fn predict(setting: Setting<'_>, asker: &Asker, message: &[u8]) -> Prediction<Out> {
    let refused = |why: &str| Prediction::Refused(why.to_owned());
    let Ok(source) = str::from_utf8(message) else { return refused("not UTF-8") };
    let Ok(document) = Document::parse(source) else { return refused("not well-formed") };
    let root = document.root_element();
    let is_root = |f: &&Format| f.xml && f.root.is_some() && spelled(f, root) == f.root;
    let Some(format) = setting.formats.iter().find(is_root) else { return refused("no known format") };

    let texts =
        |path: &Option<Vec<Step>>| path.as_ref().map(|path| texts_at(format, root, &[], path)).unwrap_or_default();
    let types = texts(&format.message_type);
    let stated = format.attributes.iter();
    let stated = stated.map(|(name, path)| (name.clone(), values_at(format, root, &[], path))).collect();
    let mut walk = match admit(setting, format, asker, &types, &texts(&format.requester), &stated) {
        Ok(judge) => Walk { format, source, judge, alive: BTreeSet::new(), pointed: BTreeSet::new(), ids: Vec::new() },
        Err(prediction) => return prediction,
    };
    // References may release what other references point to: repeat until nothing is added. The last walk
    // knows which ids are pointed at; counts are those of one walk.
    loop {
        walk.judge.begin();
        walk.ids.clear();
        let before = (walk.alive.clone(), walk.pointed.clone());
        let out = walk.element(root, &mut Vec::new()).filter(|out| !out.placeholder);
        walk.alive = walk.ids.iter().cloned().collect();
        if walk.alive.len() < walk.ids.len() {
            walk.judge.open = Some("an id twice");
        }
        if before == (walk.alive.clone(), walk.pointed.clone()) || walk.judge.open.is_some() {
            let mut names = Vec::new();
            let mut out = out.map(|out| numbered(out, format, &mut names));
            if let (Some(step), true, Some(out)) = (&format.notice, walk.judge.owes_notice(), &mut out) {
                let notice = walk.notice(step, NOTICE);
                out.body.push(notice);
            }
            if let (Some(step), Some(text), Some(out)) = (&format.legal_notice, walk.judge.legal_notice(), &mut out) {
                let notice = walk.notice(step, &text);
                out.body.push(notice);
            }
            return walk.judge.finish(out);
        }
    }
}

struct Walk<'w, 's> {
    format: &'s Format,
    source: &'s str,
    judge: Judge<'w>,
    /// Ids of the objects that are released.
    alive: BTreeSet<String>,
    /// Ids that a released reference points at.
    pointed: BTreeSet<String>,
    /// Ids met on released objects in this walk.
    ids: Vec<String>,
}

impl Walk<'_, '_> {
    fn notice(&self, step: &str, text: &str) -> Out {
        Out { name: self.expand(step), attributes: vec![], body: Body::Text(text.to_owned()), placeholder: false }
    }

    fn element(&mut self, node: Node<'_, '_>, path: &mut Vec<Step>) -> Option<Out> {
        let predicates = holding(self.format, node, path);
        if let Some(step) = path.last_mut() {
            step.predicates = predicates;
        }
        let released = match self.format.place(path) {
            Place::Unknown => return None,
            Place::Text => None,
            Place::Leaf(element) => self.leaf(node, path, element),
            Place::Container => self.container(node, path),
            Place::Record(_) if self.judge.is_foreign_in_record(self.format, path, true) => None,
            Place::Record(element) if !self.judge.grants(element) => self.parts_of_denied_record(node, path),
            // An empty part of a record is what is left where something was removed.
            Place::Record(element) if !node.children().any(|c| c.is_element()) && !is_blank(&text_of(node)) => {
                self.leaf(node, path, element)
            }
            Place::Record(_) => {
                if node.children().any(|c| c.is_element()) && self.only_strangers(node, path) {
                    self.judge.open = Some("an unknown element in a text of a record");
                }
                self.container(node, path)
            }
        };
        if let Some(out) = &released
            && let Some(id) = self.reference_attribute(node, self.format.references.id.as_deref())
            && !out.placeholder
        {
            self.ids.push(id);
        }
        released.or_else(|| self.placeholder(node, path))
    }

    fn leaf(&mut self, node: Node<'_, '_>, path: &[Step], element: &str) -> Option<Out> {
        let text = text_of(node);
        // What is nil and has content is no value.
        let is_nil =
            matches!(node.attribute((XSI, "nil")), Some("true" | "1")) && !inner_text(self.source, node).is_empty();
        let is_contradictory = is_nil && matches!(self.format.place(path), Place::Leaf(_));
        let written = self.judge.value(element, if is_contradictory { "\0" } else { &text })?;
        let mut attributes = self.attributes(node, path).written;
        self.tell_attributes(node, path);
        let nil = node.attributes().find(|a| a.namespace() == Some(XSI) && a.name() == "nil" && a.value() == "true");
        if let Some(nil) = nil
            && text.is_empty()
            && self.format.is_nillable(path)
        {
            let before = node.attributes().take_while(|a| *a != nil).map(|a| expanded(a.namespace(), a.name()));
            let before: Vec<String> = before.collect();
            let at = attributes.iter().take_while(|(name, _)| before.contains(name)).count();
            attributes.insert(at, (expanded(Some(XSI), "nil"), self.source[nil.range_value()].to_owned()));
        }
        let text = written.unwrap_or_else(|| inner_text(self.source, node));
        Some(Out { name: name_of(node), attributes, body: Body::Text(text), placeholder: false })
    }

    fn container(&mut self, node: Node<'_, '_>, path: &mut Vec<Step>) -> Option<Out> {
        let mut kids = Vec::new();
        let mut telling = 0;
        for child in node.children().filter(Node::is_element) {
            let Some(name) = spelled(self.format, child) else { continue };
            if self.format.tells(path, false, &name, true).is_some() {
                // What tells goes with the rest, as it is, and gives no right: like a placeholder.
                let body = Body::Text(inner_text(self.source, child));
                kids.push(Out { name: name_of(child), attributes: vec![], body, placeholder: true });
                telling += 1;
                continue;
            }
            if is_untold(self.format, node, path, &name) {
                continue;
            }
            path.push(self.format.step(path, &name, true));
            kids.extend(self.element(child, path));
            path.pop();
        }
        let Attributes { written: mut attributes, has_content } = self.attributes(node, path);
        if kids.iter().any(|kid| !kid.placeholder) || has_content {
            (0..telling).for_each(|_| self.judge.tell());
            self.tell_attributes(node, path);
            let body = if kids.is_empty() { Body::Hollow } else { Body::Kids(kids) };
            return Some(Out { name: name_of(node), attributes, body, placeholder: false });
        }
        if !matches!(self.format.place(path), Place::Container) {
            return None;
        }
        // A reference where nothing could be granted would tell that something is there.
        if !self.judge.grants_reference(self.format, path) {
            return None;
        }
        // What has parts of its own is no mere reference.
        let mut steps = node.children().filter(Node::is_element).filter_map(|child| spelled(self.format, child));
        if steps.any(|step| self.is_known(path, &step)) {
            return None;
        }
        let (name, target, raw) = self.reference(node)?;
        self.alive.contains(&target).then(|| {
            self.pointed.insert(target);
            self.tell_attributes(node, path);
            attributes.push((name, raw));
            Out { name: name_of(node), attributes, body: Body::Hollow, placeholder: false }
        })
    }

    /// A denied record may hold a path that is mapped to another element.
    fn parts_of_denied_record(&mut self, node: Node<'_, '_>, path: &mut Vec<Step>) -> Option<Out> {
        let goes_on = self.format.mapped.iter().any(|m| m.steps.len() > path.len() && leads(&m.steps, path));
        if goes_on { self.container(node, path) } else { None }
    }

    /// Mapped and granted attributes, those that tell what the element is, and the id if a released reference points at it.
    fn attributes(&mut self, node: Node<'_, '_>, path: &[Step]) -> Attributes {
        let mut kept = Vec::new();
        let mut has_content = false;
        for attribute in node.attributes() {
            let Some(step) = self.format.spelling(attribute.namespace(), attribute.name()) else { continue };
            let name = expanded(attribute.namespace(), attribute.name());
            let raw = self.source[attribute.range_value()].to_owned();
            if raw.contains(['\n', '\r', '\t']) {
                self.judge.open = Some("white space in an attribute that a parser reads as a blank");
            }
            if self.format.tells(path, true, &step, true).is_some() {
                kept.push((name, raw));
            } else if self.format.references.id.as_ref() == Some(&step) {
                // An id alone is no content: it goes with what it names.
                if self.pointed.contains(collapsed(attribute.value())) {
                    kept.push((name, raw));
                }
            } else if let Some(element) = self.format.attribute(path, &step, true)
                && let Some(written) = self.judge.value(element, attribute.value())
            {
                kept.push((name, written.unwrap_or(raw)));
                has_content = true;
            }
        }
        Attributes { written: kept, has_content }
    }

    /// Counts the attributes that tell what an element is which goes out.
    fn tell_attributes(&mut self, node: Node<'_, '_>, path: &[Step]) {
        let names = node.attributes().filter_map(|a| self.format.spelling(a.namespace(), a.name()));
        let telling = names.filter(|name| self.format.tells(path, true, name, true).is_some()).count();
        (0..telling).for_each(|_| self.judge.tell());
    }

    /// Whether a child of this name is anything to the mapping.
    fn is_known(&self, path: &[Step], name: &str) -> bool {
        let below = [path, &[self.format.step(path, name, true)]].concat();
        self.format.tells(path, false, name, true).is_some() || !matches!(self.format.place(&below), Place::Unknown)
    }

    /// The reference that an element holds: the attribute's name, the id it means and the value as written.
    fn reference(&self, node: Node<'_, '_>) -> Option<(String, String, String)> {
        let references = &self.format.references;
        let find = |wanted: &Option<String>| {
            let wanted = wanted.as_ref()?;
            node.attributes().find(|a| self.format.spelling(a.namespace(), a.name()).as_ref() == Some(wanted))
        };
        let (attribute, target) = match (find(&references.reference), find(&references.uri)) {
            (Some(reference), _) => (reference, collapsed(reference.value())),
            (None, Some(uri)) => (uri, collapsed(uri.value()).strip_prefix('#')?),
            (None, None) => return None,
        };
        let raw = self.source[attribute.range_value()].to_owned();
        Some((expanded(attribute.namespace(), attribute.name()), target.to_owned(), raw))
    }

    fn reference_attribute(&self, node: Node<'_, '_>, wanted: Option<&str>) -> Option<String> {
        let same = |spelling: Option<String>| wanted.is_some() && spelling.as_deref() == wanted;
        let found = node.attributes().find(|a| same(self.format.spelling(a.namespace(), a.name())));
        found.map(|a| collapsed(a.value()).to_owned())
    }

    fn expand(&self, spelling: &str) -> String {
        match spelling.split_once(':') {
            Some((prefix, local)) => expanded(self.format.namespaces.get(prefix).map(String::as_str), local),
            None => expanded(None, spelling),
        }
    }

    fn placeholder(&self, node: Node<'_, '_>, path: &[Step]) -> Option<Out> {
        let (attributes, body) = match self.format.when_denied(path)? {
            "nil" => (vec![(expanded(Some(XSI), "nil"), "true".to_owned())], Body::Hollow),
            "empty" => (vec![], Body::Hollow),
            constant => (vec![], Body::Text(constant.to_owned())),
        };
        Some(Out { name: name_of(node), attributes, body, placeholder: true })
    }

    fn only_strangers(&self, node: Node<'_, '_>, path: &[Step]) -> bool {
        let mut children = node.children().filter(Node::is_element);
        children.all(|child| spelled(self.format, child).is_none_or(|name| !self.is_known(path, &name)))
    }
}

/// The attributes of an element that go out with it.
struct Attributes {
    written: Vec<(String, String)>,
    /// Whether one of them is a reason for the element to go out.
    has_content: bool,
}

/// The predicates that hold of an element.
fn holding(format: &Format, node: Node<'_, '_>, path: &[Step]) -> Vec<Asked> {
    format.fitting(path, |asked| {
        if asked.attribute {
            let is = |a: &roxmltree::Attribute<'_, '_>| {
                format.spelling(a.namespace(), a.name()).as_ref() == Some(&asked.part)
            };
            return node.attributes().find(is).map(|a| a.value().to_owned());
        }
        let is = |child: &Node<'_, '_>| child.is_element() && spelled(format, *child).as_ref() == Some(&asked.part);
        let mut children = node.children().filter(is);
        let (Some(only), None) = (children.next(), children.next()) else { return None };
        let is_nil = matches!(only.attribute((XSI, "nil")), Some("true" | "1"));
        let is_text = !only.children().any(|child| child.is_element());
        (is_text && !is_nil).then(|| text_of(only))
    })
}

/// Whether a child that is asked what the element is stands twice, or has children: then none of them goes out.
fn is_untold(format: &Format, node: Node<'_, '_>, path: &[Step], name: &str) -> bool {
    let is = |child: &Node<'_, '_>| child.is_element() && spelled(format, *child).as_deref() == Some(name);
    let asked = format.variants(path).into_iter().flatten().any(|asked| !asked.attribute && asked.part == name);
    let fits_none = path.last().is_some_and(|step| step.predicates.is_empty());
    let has_parts = |child: Node<'_, '_>| child.children().any(|part| part.is_element());
    asked && fits_none && (node.children().filter(is).count() > 1 || node.children().filter(is).any(has_parts))
}

/// A name of an object as XML Schema has it: white space around it is no part of it.
fn collapsed(value: &str) -> &str {
    value.trim_matches([' ', '\t', '\r', '\n'])
}

fn is_blank(text: &str) -> bool {
    collapsed(text).is_empty()
}

/// The same with its ids and references numbered in the order in which they come.
fn numbered(mut out: Out, format: &Format, names: &mut Vec<String>) -> Out {
    let references = &format.references;
    let links = [(&references.id, ""), (&references.reference, ""), (&references.uri, "#")];
    let spelled = |name: &str| match name.strip_prefix('{').and_then(|name| name.split_once('}')) {
        Some((uri, local)) => format.spelling(Some(uri), local),
        None => format.spelling(None, name),
    };
    for (name, value) in &mut out.attributes {
        let name = spelled(name);
        if let Some((_, mark)) = links.iter().find(|(own, _)| own.is_some() && **own == name) {
            let target = collapsed(value).trim_start_matches(mark).to_owned();
            let place = names.iter().position(|known| *known == target).unwrap_or_else(|| {
                names.push(target);
                names.len() - 1
            });
            *value = format!("{mark}id{}", place + 1);
        }
    }
    out.body = match out.body {
        Body::Kids(kids) => Body::Kids(kids.into_iter().map(|kid| numbered(kid, format, names)).collect()),
        other => other,
    };
    out
}

fn spelled(format: &Format, node: Node<'_, '_>) -> Option<String> {
    format.spelling(node.tag_name().namespace(), node.tag_name().name())
}

/// The texts at a path, in the part that is `here`.
fn texts_at(format: &Format, node: Node<'_, '_>, here: &[Step], wanted: &[Step]) -> Vec<String> {
    read_at(format, node, (here, wanted), &text_of)
}

/// The same of what states an attribute: another element in it makes it no value.
fn values_at(format: &Format, node: Node<'_, '_>, here: &[Step], wanted: &[Step]) -> Vec<String> {
    let value = |node: Node<'_, '_>| match node.children().any(|child| child.is_element()) {
        true => NO_VALUE.to_owned(),
        false => text_of(node),
    };
    read_at(format, node, (here, wanted), &value)
}

fn read_at(
    format: &Format,
    node: Node<'_, '_>,
    (here, wanted): (&[Step], &[Step]),
    read: &dyn Fn(Node<'_, '_>) -> String,
) -> Vec<String> {
    let mut here = here.to_vec();
    let predicates = holding(format, node, &here);
    if let Some(step) = here.last_mut() {
        step.predicates = predicates;
    }
    if !leads(wanted, &here) {
        return vec![];
    }
    let Some(next) = wanted.get(here.len()) else { return vec![read(node)] };
    if let Some(wanted) = next.name.strip_prefix('@') {
        let named =
            |a: &roxmltree::Attribute<'_, '_>| format.spelling(a.namespace(), a.name()).as_deref() == Some(wanted);
        return node.attributes().find(named).map(|a| a.value().to_owned()).into_iter().collect();
    }
    let children = node.children().filter(Node::is_element).filter_map(|child| Some((child, spelled(format, child)?)));
    let below = |name: &str| [here.as_slice(), &[format.step(&here, name, true)]].concat();
    children.flat_map(|(child, name)| read_at(format, child, (&below(&name), wanted), read)).collect()
}
