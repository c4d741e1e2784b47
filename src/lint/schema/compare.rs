//! A mapping beside a schema, walked together: what one has and the other lacks, and what the schema wants to be there.
//!
//! The walk goes where the mapping goes; where it doesn't, the whole part is told as one.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::finding::{Code, Finding};
use super::mapping::{Leads, Mapped, Names};
use super::outline::{Content, Name, Outline, Part};
use crate::config::{Document, nearest};
use crate::format::{FormatSpans, Syntax};

pub(crate) const PATH_NOT_IN_SCHEMA: Code =
    Code::error("path-not-in-schema", "a path of a format leads to what its schema doesn't have");
pub(crate) const VALUE_NOT_IN_SCHEMA: Code =
    Code::error("value-not-in-schema", "a path is mapped as a value, and the schema has only parts there");
pub(crate) const NOT_MAPPED: Code =
    Code::warning("not-mapped", "the schema has something that the format neither maps nor lists as unmapped");
pub(crate) const REQUIRED_DENIED: Code =
    Code::warning("required-denied", "the schema requires a part that can be denied, and nothing stands for it");
pub(crate) const REQUIRED_NOT_MAPPED: Code =
    Code::warning("required-not-mapped", "the schema requires a part that is always removed");
pub(crate) const NOT_NILLABLE: Code =
    Code::error("not-nillable", "a part is nil, or may be, where the schema doesn't allow it");

/// What a comparison is made of.
pub(super) struct Comparison<'a, O: Outline> {
    pub(super) outline: &'a O,
    pub(super) written: &'a FormatSpans,
    pub(super) names: Names<'a>,
    pub(super) syntax: Syntax,
    pub(super) document: &'a Document<'a>,
    pub(super) found: Vec<Finding>,
    /// The paths where the schema asks for what stands there.
    pub(super) wanted: BTreeSet<String>,
}

impl<O: Outline> Comparison<'_, O> {
    /// Compares all of a mapping with the schema.
    pub(super) fn run(&mut self, mapping: &Mapped) {
        let root = self.written.root.as_ref();
        let name = root.map(|root| self.names.name(&root.path));
        match self.outline.root(name.as_ref()) {
            Some(place) => self.container(&place, mapping),
            None => {
                let spelled = root.map_or("", |root| &root.path);
                let span = mapping.span.clone();
                let roots: Vec<String> = self.outline.roots().iter().map(|name| self.names.spell(name)).collect();
                self.missing(span, format!("the schema has no root `{spelled}`"), spelled, &roots);
            }
        }
    }

    fn find(&mut self, code: &'static Code, span: &Range<usize>, message: String, help: Option<String>) {
        let said = self.document.error(span, message);
        self.found.push(Finding::new(
            code,
            match help {
                Some(help) => said.help(help),
                None => said,
            },
        ));
    }

    fn missing(&mut self, span: Range<usize>, message: String, name: &str, candidates: &[String]) {
        let nearest = nearest(name, candidates.iter().map(String::as_str));
        self.find(&PATH_NOT_IN_SCHEMA, &span, message, nearest.map(|name| format!("did you mean `{name}`?")));
    }

    /// A place that the mapping leads to, whatever it leads to.
    fn place(&mut self, part: &Part<O::Place>, node: &Mapped) {
        let content = self.outline.content(&part.place);
        if let (Some(span), false) = (&node.nillable, part.is_nillable || self.syntax == Syntax::Json) {
            let message = format!("`{}` is said to be nillable, and the schema doesn't let it be nil", node.path);
            self.find(&NOT_NILLABLE, &span.clone(), message, None);
        }
        if let (Some((span, word)), false) = (&node.placeholder, part.is_nillable)
            && word == "nil"
        {
            let message = format!("nil stands for `{}`, and the schema doesn't let it be nil", node.path);
            self.find(&NOT_NILLABLE, &span.clone(), message, Some("let it be `empty`, or a constant".to_owned()));
        }
        match node.leads {
            Leads::Nowhere if node.children.is_empty() => {}
            Leads::Record { .. } => self.record(&part.place, Some(node), &node.path, &mut BTreeSet::new()),
            Leads::Value { .. } | Leads::Read => {
                if !content.has_value {
                    let message = format!("`{}` is mapped as a value, and the schema has only parts there", node.path);
                    let help = format!("map its parts, or all of it as `{}/**`", node.path);
                    self.find(&VALUE_NOT_IN_SCHEMA, &node.span, message, Some(help));
                }
                self.parts(&content, node);
            }
            Leads::On | Leads::Nowhere => {
                if content.has_value && !content.is_open && node.leads == Leads::On {
                    let what = format!("`{}` has a value of its own in the schema ({})", node.path, part.declared);
                    self.not_mapped(&node.span, &what, &node.path);
                }
                self.container(&part.place, node);
            }
        }
    }

    fn container(&mut self, place: &O::Place, node: &Mapped) {
        let content = self.outline.content(place);
        self.parts(&content, node);
        for names in &content.demands {
            self.demand(names, node, &content);
        }
    }

    /// The parts of a place, each in the mapping and in the schema.
    fn parts(&mut self, content: &Content<O::Place>, node: &Mapped) {
        for part in &content.parts {
            if self.is_known(part, node) {
                continue;
            }
            let children: Vec<&Mapped> = self.children(part, node).collect();
            if children.is_empty() {
                let spelled = self.names.spell(&part.name);
                let path = below(&node.path, &spelled);
                let what = format!("`{path}` is in the schema ({})", part.declared);
                self.not_mapped(&node.span, &what, &path);
            }
            for child in children {
                self.place(part, child);
            }
        }
        self.absent(content, node);
    }

    /// The children of a node that a part of the schema is for.
    fn children<'m>(&self, part: &Part<O::Place>, node: &'m Mapped) -> impl Iterator<Item = &'m Mapped> {
        let named = |(name, child)| part.is_named(name).then_some(child);
        node.children.iter().filter_map(named)
    }

    /// The children of a node that the schema doesn't have.
    fn absent(&mut self, content: &Content<O::Place>, node: &Mapped) {
        for (name, child) in &node.children {
            let is_allowed = if name.is_attribute { content.takes_attributes } else { content.is_open };
            if is_allowed || content.part(name).is_some() {
                continue;
            }
            let above = if node.path.is_empty() { "the root".to_owned() } else { format!("`{}`", node.path) };
            let message = format!("`{}` is not in the schema: {above} has no such part there", child.path);
            let candidates: Vec<String> = content.parts.iter().map(|part| self.names.spell(&part.name)).collect();
            self.missing(child.span.clone(), message, &self.names.spell(name), &candidates);
        }
    }

    fn not_mapped(&mut self, span: &Range<usize>, what: &str, path: &str) {
        let message = format!("{what} and mapped nowhere: it is always removed");
        let help = format!("map it in [paths], or list `{path}` in `unmapped`");
        self.find(&NOT_MAPPED, span, message, Some(help));
    }

    /// A whole record: its parts go with it, its attributes only if they are mapped.
    fn record(&mut self, place: &O::Place, node: Option<&Mapped>, path: &str, seen: &mut BTreeSet<O::Place>) {
        if !seen.insert(place.clone()) {
            return;
        }
        let content = self.outline.content(place);
        for part in &content.parts {
            if node.is_some_and(|node| self.is_known(part, node)) || self.is_reference(&part.name) {
                continue;
            }
            let child = node.and_then(|node| self.children(part, node).next());
            match (child, part.name.is_attribute) {
                (Some(child), _) if child.leads != Leads::On => self.place(part, child),
                (Some(child), false) => self.record(&part.place, Some(child), &child.path.clone(), seen),
                (None, false) => {
                    let path = below(path, &self.names.spell(&part.name));
                    self.record(&part.place, None, &path, seen);
                }
                (_, true) => {
                    let path = below(path, &self.names.spell(&part.name));
                    let span = node.map_or(0..0, |node| node.span.clone());
                    let what = format!("the attribute `{path}` is in the schema ({})", part.declared);
                    self.not_mapped(&span, &what, &path);
                }
            }
        }
        if let Some(node) = node {
            self.absent(&content, node);
        }
    }

    /// What stands in no mapping because every format has it, or because it is the wrapping of a value.
    fn is_known(&self, part: &Part<O::Place>, node: &Mapped) -> bool {
        let name = &part.name;
        let is_value = matches!(node.leads, Leads::Value { .. } | Leads::Read);
        self.is_reference(name)
            || self.syntax == Syntax::Json && (name.local.starts_with('@') || is_value && self.is_wrapping(&name.local))
    }

    fn is_reference(&self, name: &Name) -> bool {
        name.namespace == crate::format::XSI_URI
            || self.written.references.iter().any(|reference| self.names.name(&format!("@{reference}")) == *name)
    }

    /// The member that a value is wrapped in.
    fn is_wrapping(&self, name: &str) -> bool {
        let rdf = self.written.namespaces.iter().find(|(_, uri)| uri == crate::format::RDF_URI);
        rdf.is_some_and(|(prefix, _)| name.strip_prefix(prefix.as_str()) == Some(":value"))
    }

    /// One of these parts must be there wherever the container is.
    fn demand(&mut self, names: &[Name], node: &Mapped, content: &Content<O::Place>) {
        let stays = |name: &Name| {
            let is_context = self.syntax == Syntax::Json && name.local == "@context";
            is_context || node.children.get(name).is_some_and(Mapped::is_envelope)
        };
        if names.iter().any(stays) {
            return;
        }
        let standing =
            names.iter().filter_map(|name| node.children.get(name)).find(|child| child.placeholder.is_some());
        if let Some(child) = standing {
            self.wanted.insert(child.path.clone());
            return;
        }
        // A container that has nothing else goes with it.
        let stays_alone = |(name, child): (&Name, &Mapped)| !names.contains(name) && child.leads_to_values();
        if !node.path.is_empty() && !node.children.iter().any(stays_alone) {
            return;
        }
        let spelled: Vec<String> = names.iter().map(|name| format!("`{}`", self.names.spell(name))).collect();
        let above = if node.path.is_empty() { "the root".to_owned() } else { format!("`{}`", node.path) };
        let (what, is_attribute) = (spelled.join(" or "), names.iter().any(|name| name.is_attribute));
        let released = names.iter().filter_map(|name| node.children.get(name)).find(|child| child.leads_to_values());
        match released {
            Some(child) => {
                let message =
                    format!("the schema requires {what} in {above}: where it is denied, what goes out is not valid");
                let help = match is_attribute {
                    true => "nothing can stand for an attribute: let it be of the envelope, or optional".to_owned(),
                    false => {
                        format!("say what stands for it: [[required]] path = \"{}\", when-denied = ...", child.path)
                    }
                };
                self.find(&REQUIRED_DENIED, &child.span, message, Some(help));
            }
            None => {
                let declared =
                    names.first().and_then(|name| content.part(name)).map(|part| format!(" ({})", part.declared));
                let declared = declared.unwrap_or_default();
                let message = format!("the schema{declared} requires {what} in {above}, and it is always removed");
                self.find(
                    &REQUIRED_NOT_MAPPED,
                    &node.span,
                    message,
                    Some("map it, or let the schema have it optional".to_owned()),
                );
            }
        }
    }
}

fn below(path: &str, step: &str) -> String {
    if path.is_empty() { step.to_owned() } else { format!("{path}/{step}") }
}
