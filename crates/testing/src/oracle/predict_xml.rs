//! What must go out of an XML message: a walk over a roxmltree document that keeps what is mapped and granted.
//! The result is a tree of expanded names and raw values; insignificant white space is no part of it.

use std::collections::BTreeSet;

use roxmltree::{Document, Node};

use super::Asker;
use super::format::{Format, Mapped, Place};
use super::predict::{Judge, NOTICE, Prediction, Setting, admit};
use super::xml::{Body, Out, XSI, expanded, inner_text, name_of, text_of};

pub(crate) fn predict(setting: Setting<'_>, asker: &Asker, message: &[u8]) -> Prediction<Out> {
    let refused = |why: &str| Prediction::Refused(why.to_owned());
    let Ok(source) = str::from_utf8(message) else { return refused("not UTF-8") };
    let Ok(document) = Document::parse(source) else { return refused("not well-formed") };
    let root = document.root_element();
    let is_root = |f: &&Format| f.xml && spelled(f, root).as_ref() == Some(&f.root);
    let Some(format) = setting.formats.iter().find(is_root) else { return refused("no known format") };

    let texts = |path: &Option<Vec<String>>| path.as_ref().map(|path| texts_at(format, root, path)).unwrap_or_default();
    let types = texts(&format.message_type);
    let mut walk = match admit(setting, format, asker, &types, &texts(&format.requester)) {
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
                let body = Body::Text(NOTICE.to_owned());
                let notice = Out { name: walk.expand(step), attributes: vec![], body, placeholder: false };
                match &mut out.body {
                    Body::Kids(kids) => kids.push(notice),
                    _ => walk.judge.refuse("no place for a notice".to_owned()),
                }
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
    fn element(&mut self, node: Node<'_, '_>, path: &mut Vec<String>) -> Option<Out> {
        let released = match self.format.place(path) {
            Place::Unknown => return None,
            Place::Text => None,
            Place::Leaf(element) => self.leaf(node, path, element),
            Place::Container => self.container(node, path),
            Place::Record(_) if self.judge.is_foreign_in_record(self.format, path) => None,
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

    fn leaf(&mut self, node: Node<'_, '_>, path: &[String], element: &str) -> Option<Out> {
        let text = text_of(node);
        let written = self.judge.value(element, &text)?;
        let mut attributes = self.attributes(node, path);
        let nil = node.attributes().find(|a| a.namespace() == Some(XSI) && a.name() == "nil" && a.value() == "true");
        if let Some(nil) = nil
            && text.is_empty()
            && self.format.nillable.iter().any(|nillable| nillable == path)
        {
            let before = node.attributes().take_while(|a| *a != nil).map(|a| expanded(a.namespace(), a.name()));
            let before: Vec<String> = before.collect();
            let at = attributes.iter().take_while(|(name, _)| before.contains(name)).count();
            attributes.insert(at, (expanded(Some(XSI), "nil"), self.source[nil.range_value()].to_owned()));
        }
        let text = written.unwrap_or_else(|| inner_text(self.source, node));
        Some(Out { name: name_of(node), attributes, body: Body::Text(text), placeholder: false })
    }

    fn container(&mut self, node: Node<'_, '_>, path: &mut Vec<String>) -> Option<Out> {
        let mut kids = Vec::new();
        for child in node.children().filter(Node::is_element) {
            let Some(step) = spelled(self.format, child) else { continue };
            path.push(step);
            kids.extend(self.element(child, path));
            path.pop();
        }
        let mut attributes = self.attributes(node, path);
        // An id alone is no content: it goes with what it names.
        let id = self.format.references.id.as_ref();
        let mapped = attributes.iter().any(|(name, _)| id.is_none_or(|id| self.expand(id) != *name));
        if kids.iter().any(|kid| !kid.placeholder) || mapped {
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
        let is_known =
            |step: String| !matches!(self.format.place(&[path.as_slice(), &[step]].concat()), Place::Unknown);
        if steps.any(is_known) {
            return None;
        }
        let (name, target, raw) = self.reference(node)?;
        self.alive.contains(&target).then(|| {
            self.pointed.insert(target);
            attributes.push((name, raw));
            Out { name: name_of(node), attributes, body: Body::Hollow, placeholder: false }
        })
    }

    /// A denied record may hold a path that is mapped to another element.
    fn parts_of_denied_record(&mut self, node: Node<'_, '_>, path: &mut Vec<String>) -> Option<Out> {
        let more = |m: &Mapped| m.steps.starts_with(path) && m.steps.len() > path.len();
        if self.format.mapped.iter().any(more) { self.container(node, path) } else { None }
    }

    /// Mapped and granted attributes, and the id if a released reference points at it.
    fn attributes(&mut self, node: Node<'_, '_>, path: &[String]) -> Vec<(String, String)> {
        let mut kept = Vec::new();
        for attribute in node.attributes() {
            let Some(step) = self.format.spelling(attribute.namespace(), attribute.name()) else { continue };
            let name = expanded(attribute.namespace(), attribute.name());
            let raw = self.source[attribute.range_value()].to_owned();
            if self.format.references.id.as_ref() == Some(&step) {
                if self.pointed.contains(collapsed(attribute.value())) {
                    kept.push((name, raw));
                }
            } else if let Some(element) = self.format.attribute(path, &step)
                && let Some(written) = self.judge.value(element, attribute.value())
            {
                kept.push((name, written.unwrap_or(raw)));
            }
        }
        kept
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

    fn placeholder(&self, node: Node<'_, '_>, path: &[String]) -> Option<Out> {
        let (attributes, body) = match self.format.when_denied(path)? {
            "nil" => (vec![(expanded(Some(XSI), "nil"), "true".to_owned())], Body::Hollow),
            "empty" => (vec![], Body::Hollow),
            constant => (vec![], Body::Text(constant.to_owned())),
        };
        Some(Out { name: name_of(node), attributes, body, placeholder: true })
    }

    fn only_strangers(&self, node: Node<'_, '_>, path: &[String]) -> bool {
        node.children().filter(Node::is_element).all(|child| {
            let below = |step| [path, &[step]].concat();
            spelled(self.format, child).is_none_or(|step| matches!(self.format.place(&below(step)), Place::Unknown))
        })
    }
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

fn texts_at(format: &Format, node: Node<'_, '_>, path: &[String]) -> Vec<String> {
    let Some((first, rest)) = path.split_first() else { return vec![text_of(node)] };
    if let Some(wanted) = first.strip_prefix('@') {
        let named =
            |a: &roxmltree::Attribute<'_, '_>| format.spelling(a.namespace(), a.name()).as_deref() == Some(wanted);
        return node.attributes().find(named).map(|a| a.value().to_owned()).into_iter().collect();
    }
    let children = node.children().filter(|c| c.is_element() && spelled(format, *c).as_ref() == Some(first));
    children.flat_map(|child| texts_at(format, child, rest)).collect()
}
