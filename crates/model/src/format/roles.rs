//! The roles of mapped paths: message key, requester, notice, required and nillable parts, texts. Each is checked
//! against `[paths]` when a format is read, because a role without a mapped path decides nothing or withholds
//! everything (P2).

use super::load::{MappingErrors, MappingPath, MappingReader, last_step};
use super::raw::{Names, RawFormat, RawRequired, listed, written_paths};
use super::step::{Step, encoded};
use super::trie::{Node, NodeId, Placeholder, Role, Target, Trie};
use super::{EMBEDDED_ELEMENT, NOTICE_ELEMENT, Syntax};
use crate::catalog::{Element, Kind, LEGAL_NOTICE_ELEMENT};
use crate::config::{ConfigError, Errors, Spanned};
use crate::names::is_xml_character;
use crate::policy::Attribute;

type Checked<T> = Result<T, ConfigError>;

/// What a value of the envelope is read for.
#[derive(Debug, Clone, Copy)]
enum EnvelopeUse {
    Role(Role),
    Attribute(Attribute),
}

impl MappingReader<'_> {
    /// Records all roles in the trie, which has all paths.
    pub(super) fn roles(&self, trie: &mut Trie, root: NodeId, raw: &RawFormat, faults: &mut MappingErrors) {
        for (path, role) in [(&raw.message_type, Role::MessageKey), (&raw.requester, Role::Requester)] {
            if let Some(path) = path {
                faults.take_for(path, self.envelope_value(trie, root, path, EnvelopeUse::Role(role), raw));
            }
        }
        if let Some(path) = &raw.notice {
            faults.take_for(path, self.notice(trie, root, path, raw));
        }
        if let Some(path) = &raw.legal_notice {
            faults.take_for(path, self.legal_notice(trie, root, path, raw));
        }
        for (attribute, path) in raw.attributes.iter() {
            faults.take_for(path, self.envelope_value(trie, root, path, EnvelopeUse::Attribute(attribute), raw));
        }
        faults.errors.take(self.messages(raw));
        for required in &raw.required {
            faults.take_for(&required.path, self.required(trie, root, required, raw));
        }
        for path in &raw.nillable {
            faults.take_for(path, self.nillable(trie, root, path, raw));
        }
        for path in &raw.nested_arrays {
            faults.take_for(path, self.nested_array(trie, root, path, raw));
        }
        if let Some(urls) = &raw.context {
            faults.errors.take(self.contexts(urls, raw));
        }
        for (layout, text) in raw.text.iter().enumerate() {
            for path in &text.paths {
                faults.take_for(path, self.assign_layout(trie, root, path, layout, raw));
            }
        }
        for (index, embedded) in raw.embedded.iter().enumerate() {
            for path in &embedded.paths {
                faults.take_for(path, self.embedded(trie, root, path, index, raw));
            }
        }
        faults.errors.take(self.unmapped_once(raw));
        faults.errors.take(self.references(raw));
    }

    /// Marks a part as nillable.
    fn nillable(&self, trie: &mut Trie, root: NodeId, path: &Spanned<String>, raw: &RawFormat) -> Checked<()> {
        let id = self.known(trie, root, path, raw)?;
        self.is_no_attribute(path)?;
        let Some(node) = trie.node_mut(id).filter(|node| !node.nillable) else {
            return Err(self.fault(path, "is named twice"));
        };
        node.nillable = true;
        Ok(())
    }

    /// Marks a part whose arrays may hold arrays.
    fn nested_array(&self, trie: &mut Trie, root: NodeId, path: &Spanned<String>, raw: &RawFormat) -> Checked<()> {
        if !raw.syntaxes().contains(&Syntax::Json) {
            return Err(self.fault(path, "can hold no array: only JSON has them"));
        }
        let id = self.known(trie, root, path, raw)?;
        let Some(node) = trie.node_mut(id).filter(|node| !node.is_nested) else {
            return Err(self.fault(path, "is named twice"));
        };
        node.is_nested = true;
        Ok(())
    }

    /// Checks the URLs of contexts.
    fn contexts(&self, urls: &Spanned<Names>, raw: &RawFormat) -> Checked<()> {
        let is_json = raw.syntaxes().contains(&Syntax::Json);
        let urls_are_urls =
            !urls.get_ref().all().is_empty() && urls.get_ref().all().iter().all(|url| url.contains(':'));
        match () {
            () if !is_json => Err(self.document.error(&urls.span(), "`context` is of JSON-LD, and the format is XML")),
            () if !urls_are_urls => Err(self.document.error(&urls.span(), "`context` names no URL")),
            () => Ok(()),
        }
    }

    /// Records the path of a value that decides about the whole message. It must be of the envelope: every requester
    /// may have it, and a shape violation withholds the message.
    fn envelope_value(
        &self,
        trie: &mut Trie,
        root: NodeId,
        path: &Spanned<String>,
        reads: EnvelopeUse,
        raw: &RawFormat,
    ) -> Checked<()> {
        let id = self.known(trie, root, path, raw)?;
        if path.get_ref().replace("/**", "").contains('*') {
            return Err(self.fault(path, "has a pattern of names: what decides about a message has one place"));
        }
        let element = self.value(trie, id, path)?;
        if !element.is_in_every_grant() {
            let what = format!("leads to `{}`: what decides about a message is of the envelope", element.id());
            return Err(self.fault(path, &what));
        }
        self.is_always_read(trie, root, path)?;
        for id in self.wrapped(trie, id).into_iter().chain([id]) {
            let Some(node) = trie.node_mut(id) else { continue };
            match (reads, node.role, node.attribute) {
                (EnvelopeUse::Role(role), None, None) => node.role = Some(role),
                (EnvelopeUse::Attribute(attribute), None, None) => node.attribute = Some(attribute),
                (EnvelopeUse::Attribute(Attribute::State), Some(Role::Requester), _) => {
                    let what = "is the path of `requester`: the destination is no state of record";
                    return Err(self.fault(path, what));
                }
                (EnvelopeUse::Attribute(_), ..) => {
                    return Err(self.fault(path, "has a role already: what states an attribute states nothing else"));
                }
                (EnvelopeUse::Role(_), ..) => {
                    return Err(self.fault(path, "has two of the roles `message-type`, `requester` and `notice`"));
                }
            }
        }
        Ok(())
    }

    /// Records where a notice is written: in a part that goes out whenever anything in it does.
    fn notice(&self, trie: &mut Trie, root: NodeId, path: &Spanned<String>, raw: &RawFormat) -> Checked<()> {
        let id = self.notice_value(trie, root, path, (NOTICE_ELEMENT, "a notice"), raw)?;
        self.envelope_value(trie, root, path, EnvelopeUse::Role(Role::Notice), raw)?;
        let container = match path.get_ref().rsplit_once('/') {
            Some((above, _)) => self.walk(trie, MappingPath { from: root, text: above, span: &path.span() })?.0,
            None => root,
        };
        match trie.node_mut(container) {
            Some(node) if node.target == Target::Container => {
                node.notice = Some(id);
                Ok(())
            }
            _ => Err(self.fault(path, "stands in a record, which a requester may be denied")),
        }
    }

    /// Records where a legal notice is written: in the root, which goes out whenever anything does.
    fn legal_notice(&self, trie: &mut Trie, root: NodeId, path: &Spanned<String>, raw: &RawFormat) -> Checked<()> {
        if path.get_ref().contains('/') {
            return Err(self.fault(path, "is below a part that may go: a legal notice is a child of the root"));
        }
        let id = self.notice_value(trie, root, path, (LEGAL_NOTICE_ELEMENT, "a legal notice"), raw)?;
        if let Some(node) = trie.node_mut(root) {
            node.legal_notice = Some(id);
        }
        Ok(())
    }

    /// The node of a notice, whose element is this one.
    fn notice_value(
        &self,
        trie: &mut Trie,
        root: NodeId,
        path: &Spanned<String>,
        (element, what): (&str, &str),
        raw: &RawFormat,
    ) -> Checked<NodeId> {
        let id = self.known(trie, root, path, raw)?;
        self.is_no_attribute(path)?;
        if path.get_ref().contains(['[', '*']) {
            return Err(self.fault(path, &format!("has a predicate or a pattern: {what} stands in any message")));
        }
        let own = self.value(trie, id, path)?;
        match own.id() == element {
            true => Ok(id),
            false => Err(self.fault(path, &format!("leads to `{}`: {what} is mapped to `{element}`", own.id()))),
        }
    }

    /// An attribute is read with its element only, so that element must not be one that some requesters are denied.
    fn is_always_read(&self, trie: &mut Trie, root: NodeId, path: &Spanned<String>) -> Checked<()> {
        let text = path.get_ref();
        let Some((above, _)) = text.rsplit_once('/').filter(|_| last_step(text).starts_with('@')) else {
            return Ok(());
        };
        let (id, _) = self.walk(trie, MappingPath { from: root, text: above, span: &path.span() })?;
        let element = match trie.node(id).map(|node| node.target) {
            Some(Target::Leaf(element) | Target::Record(element)) => self.catalog.element(element),
            _ => None,
        };
        match element.filter(|element| !element.is_envelope()) {
            Some(element) => {
                Err(self
                    .fault(path, &format!("isn't read where a requester is denied `{}`, on which it is", element.id())))
            }
            None => Ok(()),
        }
    }

    /// Checks for message keys that no message can have, or that nothing reads.
    fn messages(&self, raw: &RawFormat) -> Checked<()> {
        let Some(keys) = &raw.messages else { return Ok(()) };
        let Some(path) = &raw.message_type else {
            return Err(self
                .document
                .error(&keys.span(), "`messages` needs `message-type`, the path of the message key"));
        };
        if keys.get_ref().is_empty() {
            return Err(self.document.error(&keys.span(), "no message has any of no keys: all would be withheld"));
        }
        let mapped = written_paths(&raw.paths);
        let element =
            mapped.iter().find(|own| own.path == *path.get_ref()).and_then(|own| self.catalog.find(&own.element));
        let shape = element.and_then(|element| self.catalog.element(element)).map(Element::shape);
        let mut errors = Errors::default();
        for (index, key) in keys.get_ref().iter().enumerate() {
            let text = key.get_ref();
            if keys.get_ref().iter().take(index).any(|other| other.get_ref() == text) {
                errors.push(self.fault(key, "is named twice"));
            } else if text.is_empty() || shape.is_some_and(|shape| text.trim() != text || !shape.conforms(text)) {
                errors
                    .push(self.fault(key, "is no message key: it violates the shape of the element that has the key"));
            }
        }
        errors.finish()
    }

    /// Records the placeholder of a part.
    fn required(&self, trie: &mut Trie, root: NodeId, required: &RawRequired, raw: &RawFormat) -> Checked<()> {
        let RawRequired { path, when_denied } = required;
        let id = self.known(trie, root, path, raw)?;
        self.is_no_attribute(path)?;
        let placeholder = match when_denied.get_ref().as_str() {
            "nil" => Placeholder::Nil,
            "empty" => Placeholder::Empty,
            constant => Placeholder::Constant(constant.to_owned()),
        };
        let Some(node) = trie.node_mut(id) else { return Ok(()) };
        if node.placeholder.is_some() {
            return Err(self.fault(path, "is named twice"));
        }
        if let Some(problem) = self.placeholder_problem(node, &placeholder) {
            return Err(self.fault(when_denied, &problem));
        }
        node.placeholder = Some(placeholder);
        Ok(())
    }

    /// Why a placeholder can't replace the part at a node, if so.
    fn placeholder_problem(&self, node: &Node, placeholder: &Placeholder) -> Option<String> {
        let element = match node.target {
            Target::Leaf(element) => self.catalog.element(element)?,
            Target::Container | Target::Record(_) => {
                return match (placeholder, self.syntax) {
                    (Placeholder::Constant(_), _) => Some("can't stand for a part that holds others".to_owned()),
                    (Placeholder::Empty, Syntax::Json) => {
                        Some("is a text in JSON, and can't stand for a part that holds others; write `nil`".to_owned())
                    }
                    _ => None,
                };
            }
        };
        if element.is_envelope() {
            return Some(format!("never stands there: `{}` is of the envelope, which nobody is denied", element.id()));
        }
        let Placeholder::Constant(text) = placeholder else { return None };
        let fits = element.shape().conforms(text) && text.chars().all(is_xml_character);
        (!fits).then(|| format!("violates the shape of `{}`, for which it would stand", element.id()))
    }

    /// Adds a layout to the text at a path.
    fn assign_layout(
        &self,
        trie: &mut Trie,
        root: NodeId,
        path: &Spanned<String>,
        layout: usize,
        raw: &RawFormat,
    ) -> Checked<()> {
        let id = self.known(trie, root, path, raw)?;
        self.is_no_attribute(path)?;
        let element = self.value(trie, id, path)?;
        if element.kind() != Kind::Text || element.is_envelope() {
            return Err(
                self.fault(path, &format!("leads to `{}`, which is no text that could be laid out", element.id()))
            );
        }
        for id in self.wrapped(trie, id).into_iter().chain([id]) {
            let Some(node) = trie.node_mut(id) else { continue };
            if node.layouts.contains(&layout) {
                return Err(self.fault(path, "is named twice"));
            }
            let heading = raw.text.get(layout).map(|text| text.heading());
            let mut others = node.layouts.iter().filter_map(|other| raw.text.get(*other));
            if let Some(other) = others.find(|other| Some(other.heading()) == heading) {
                let what = format!(
                    "has the layout `{}` with the same heading: no text would be of one alone",
                    other.name.get_ref()
                );
                return Err(self.fault(path, &what));
            }
            node.layouts.push(layout);
        }
        Ok(())
    }

    /// Records that the text at a path is a message.
    fn embedded(
        &self,
        trie: &mut Trie,
        root: NodeId,
        path: &Spanned<String>,
        index: usize,
        raw: &RawFormat,
    ) -> Checked<()> {
        let id = self.known(trie, root, path, raw)?;
        self.is_no_attribute(path)?;
        if self.value(trie, id, path)?.id() != EMBEDDED_ELEMENT {
            return Err(self.fault(path, "is a message, and is mapped in [paths] as well"));
        }
        for id in self.wrapped(trie, id).into_iter().chain([id]) {
            let Some(node) = trie.node_mut(id) else { continue };
            if node.embedded.replace(index).is_some() {
                return Err(self.fault(path, "is named twice"));
            }
        }
        Ok(())
    }

    /// No path may be listed as unmapped twice.
    fn unmapped_once(&self, raw: &RawFormat) -> Checked<()> {
        for (index, path) in raw.unmapped.iter().enumerate() {
            if raw.unmapped.iter().take(index).any(|other| other == path) {
                return Err(self.fault(path, "is named twice"));
            }
        }
        Ok(())
    }

    /// An attribute or member that names objects isn't a value: it is handled first, so a mapped path to it would never
    /// be judged.
    fn references(&self, raw: &RawFormat) -> Checked<()> {
        let Some(references) = &raw.references else { return Ok(()) };
        let id = references.id.as_ref().map(|id| (id.span(), std::slice::from_ref(id.get_ref())));
        let lists = [&references.reference, &references.uri, &references.idrefs];
        let lists = lists.into_iter().filter_map(|names| Some((names.as_ref()?.span(), listed(names))));
        let attributes: Vec<_> = id.into_iter().chain(lists).collect();
        let names: Vec<_> =
            attributes.iter().flat_map(|(span, names)| names.iter().map(move |name| (span, name))).collect();
        let mapped = written_paths(&raw.paths);
        let mut errors = Errors::default();
        for (index, (span, name)) in names.iter().enumerate() {
            let problem = if !raw.syntaxes().contains(&Syntax::Xml) {
                "is an attribute, which only XML has; in JSON it is the member `json`"
            } else if names.iter().take(index).any(|(_, other)| other == name) {
                "is named twice"
            } else if mapped.iter().any(|own| last_step(&own.path).strip_prefix('@') == Some(name.as_str())) {
                "names objects, and is mapped in [paths] as well"
            } else if mapped.iter().any(|own| asks(&own.path, &format!("@{name}"))) {
                "names objects, and is asked by predicates as well"
            } else {
                continue;
            };
            errors.push(self.document.error(span, format!("`{name}` {problem}")));
        }
        if let Some(member) = &references.json {
            if !raw.syntaxes().contains(&Syntax::Json) {
                errors.push(self.fault(member, "is a member, which only JSON has"));
            } else if mapped.iter().any(|own| last_step(&own.path) == encoded(member.get_ref())) {
                errors.push(self.fault(member, "names objects, and is mapped in [paths] as well"));
            } else if mapped.iter().any(|own| asks(&own.path, &encoded(member.get_ref()))) {
                errors.push(self.fault(member, "names objects, and is asked by predicates as well"));
            }
        }
        errors.finish()
    }

    /// The node of a path that must be mapped already, or a prefix of mapped paths.
    fn known(&self, trie: &mut Trie, from: NodeId, path: &Spanned<String>, raw: &RawFormat) -> Checked<NodeId> {
        let (id, is_record) = self.walk(trie, MappingPath { from, text: path.get_ref(), span: &path.span() })?;
        let node = trie.node(id);
        let known = node.is_some_and(|node| match node.target {
            Target::Record(_) => true,
            Target::Container => node.has_children() && !is_record,
            Target::Leaf(_) => !is_record,
        });
        if known {
            return Ok(id);
        }
        let mapped = written_paths(&raw.paths);
        let error = self.fault(path, "is not mapped in [paths]");
        Err(error.nearest(path.get_ref(), mapped.iter().map(|own| own.path.as_str())))
    }

    /// The element of a node, which must be a leaf.
    fn value(&self, trie: &Trie, id: NodeId, path: &Spanned<String>) -> Checked<&Element> {
        let target = trie.node(id).map(|node| node.target);
        let element = match target {
            Some(Target::Leaf(element)) => self.catalog.element(element),
            _ => None,
        };
        element.ok_or_else(|| match target {
            Some(Target::Record(_)) => self.fault(path, "is a whole record, and no value"),
            _ => self.fault(path, "is no value: other paths go on below it"),
        })
    }

    fn is_no_attribute(&self, path: &Spanned<String>) -> Checked<()> {
        match last_step(path.get_ref()).starts_with('@') {
            true => Err(self
                .fault(path, "is an attribute, which can be neither required, nil, laid out, a message, nor a notice")),
            false => Ok(()),
        }
    }

    fn fault(&self, what: &Spanned<String>, problem: &str) -> ConfigError {
        self.document.error(&what.span(), format!("`{}` {problem}", what.get_ref()))
    }
}

/// Whether a path asks a part in a predicate.
fn asks(path: &str, part: &str) -> bool {
    let steps = path.split('/').filter_map(|step| Step::read(step).ok());
    steps.flat_map(|step| step.predicates).any(|predicate| predicate.part == part)
}
