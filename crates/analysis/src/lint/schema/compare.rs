//! Compares a mapping with a schema: what one has and the other lacks, and what the schema requires.
//!
//! The walk follows the mapping; a part that isn't mapped is reported as one.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::finding::{Code, Finding};
use super::mapping::{MappingNode, NameResolver, PathTarget};
use crate::schema::{Content, Name, SchemaModel, SchemaPart};
use crate::words::toml_string;
use dmv_redact_model::config::{Document, nearest};
use dmv_redact_model::format::{FormatSpans, SpannedPath, Syntax, XSI_URI};

pub(super) const PATH_NOT_IN_SCHEMA: Code =
    Code::error("path-not-in-schema", "a path of a format leads to what its schema doesn't have");
pub(super) const VALUE_NOT_IN_SCHEMA: Code =
    Code::error("value-not-in-schema", "a path is mapped as a value, and the schema has only parts there");
pub(super) const NOT_MAPPED: Code =
    Code::warning("not-mapped", "the schema has something that the format neither maps nor lists as unmapped");
pub(super) const REQUIRED_DENIED: Code =
    Code::warning("required-denied", "the schema requires a part that can be denied, and nothing stands for it");
pub(super) const REQUIRED_NOT_MAPPED: Code =
    Code::warning("required-not-mapped", "the schema requires a part that is always removed");
pub(super) const REQUIRED_LEFT_OUT: Code =
    Code::note("required-left-out", "the schema requires parts that the format leaves out on purpose");
pub(super) const NOT_NILLABLE: Code =
    Code::error("not-nillable", "a part is nil, or may be, where the schema doesn't allow it");

/// How deep the parts of a record are followed (P8).
const MAX_DEPTH: usize = 64;

/// The inputs and results of a comparison.
pub(super) struct Comparison<'a, O: SchemaModel> {
    pub(super) outline: &'a O,
    pub(super) spans: &'a FormatSpans,
    pub(super) names: NameResolver<'a>,
    pub(super) syntax: Syntax,
    pub(super) document: &'a Document<'a>,
    pub(super) findings: Vec<Finding>,
    /// The paths whose presence the schema requires.
    pub(super) required_paths: BTreeSet<String>,
    /// The parts that the schema requires and the format leaves out on purpose.
    pub(super) left_out: BTreeSet<String>,
}

impl<O: SchemaModel> Comparison<'_, O> {
    /// Compares all of a mapping with the schema, from one root of the format.
    pub(super) fn run(&mut self, root: Option<&SpannedPath>, mapping: &MappingNode) {
        let name = root.map(|root| self.names.name(&root.path));
        match self.outline.root(name.as_ref()) {
            Some(position) => self.container(&position, mapping),
            None => {
                let spelled = root.map_or("", |root| &root.path);
                let span = mapping.span.clone();
                let roots: Vec<String> = self.outline.roots().iter().map(|name| self.names.spell(name)).collect();
                self.missing(span, format!("the schema has no root `{spelled}`"), spelled, &roots);
            }
        }
    }

    fn find(&mut self, code: &'static Code, span: &Range<usize>, message: String, help: Option<String>) {
        let error = self.document.error(span, message);
        self.findings.push(Finding::new(
            code,
            match help {
                Some(help) => error.help(help),
                None => error,
            },
        ));
    }

    fn missing(&mut self, span: Range<usize>, message: String, name: &str, candidates: &[String]) {
        let nearest = nearest(name, candidates.iter().map(String::as_str));
        self.find(&PATH_NOT_IN_SCHEMA, &span, message, nearest.map(|name| format!("did you mean `{name}`?")));
    }

    /// Checks a mapped node against its part of the schema.
    fn check_node(&mut self, part: &SchemaPart<O::Position>, node: &MappingNode) {
        let content = self.outline.content(&part.position);
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
        match node.target {
            PathTarget::Unmapped if node.children.is_empty() => {}
            PathTarget::Record { .. } => self.record(&part.position, node),
            PathTarget::Value { .. } | PathTarget::Internal => {
                if !content.has_value {
                    let message = format!("`{}` is mapped as a value, and the schema has only parts there", node.path);
                    let help = format!("map its parts, or all of it as `{}/**`", node.path);
                    self.find(&VALUE_NOT_IN_SCHEMA, &node.span, message, Some(help));
                }
                self.parts(&content, node);
            }
            PathTarget::Inner | PathTarget::Unmapped => {
                if content.has_value && !content.is_open && node.target == PathTarget::Inner {
                    let what = format!("`{}` has a value of its own in the schema ({})", node.path, part.declared);
                    self.not_mapped(&node.span, &what, &node.path);
                }
                self.container(&part.position, node);
            }
        }
    }

    fn container(&mut self, position: &O::Position, node: &MappingNode) {
        let content = self.outline.content(position);
        self.parts(&content, node);
        for names in &content.requirements {
            self.require_one_of(names, node, &content);
        }
    }

    /// Checks the parts of a position, in the mapping and in the schema.
    fn parts(&mut self, content: &Content<O::Position>, node: &MappingNode) {
        if content.is_cut {
            self.cut(node);
        }
        for part in &content.parts {
            if self.is_known(part, node) {
                continue;
            }
            let children: Vec<&MappingNode> = self.children(part, node).collect();
            if children.is_empty() && !part.is_of_derived_type {
                let spelled = self.names.spell(&part.name);
                let path = below(&node.path, &spelled);
                let what = format!("`{path}` is in the schema ({})", part.declared);
                self.not_mapped(&node.span, &what, &path);
            }
            for child in children {
                self.check_node(part, child);
            }
        }
        self.absent(content, node);
    }

    /// Reports that the schema goes on further than it is followed.
    fn cut(&mut self, node: &MappingNode) {
        let place = if node.path.is_empty() { "the root".to_owned() } else { format!("`{}`", node.path) };
        let message = format!("this check doesn't follow the schema to the end in {place}: it goes on too far there");
        self.find(&super::NOT_UNDERSTOOD, &node.span, message, None);
    }

    /// The children of a node that match a part of the schema.
    fn children<'m>(
        &self,
        part: &SchemaPart<O::Position>,
        node: &'m MappingNode,
    ) -> impl Iterator<Item = &'m MappingNode> {
        node.children.iter().filter(|(name, _)| part.is_named(name)).map(|(_, child)| child)
    }

    /// The children of a node that the schema doesn't have.
    fn absent(&mut self, content: &Content<O::Position>, node: &MappingNode) {
        for (name, child) in &node.children {
            let is_open = if name.is_attribute { content.takes_attributes } else { content.is_open };
            let is_allowed = is_open || content.is_cut;
            // Any element may name its type.
            let is_type = name.is_attribute && name.namespace == XSI_URI && name.local == "type";
            if is_allowed || is_type || content.part(name).is_some() {
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

    /// A whole record: its parts belong to it, its attributes only if they are mapped.
    fn record(&mut self, position: &O::Position, record: &MappingNode) {
        let mut seen = BTreeSet::new();
        let mut is_cut = false;
        let mut open = vec![(position.clone(), Some(record), record.path.clone(), 0)];
        while let Some((position, node, path, depth)) = open.pop() {
            if !seen.insert(position.clone()) {
                continue;
            }
            if depth > MAX_DEPTH {
                is_cut = true;
                continue;
            }
            let content = self.outline.content(&position);
            for part in &content.parts {
                if node.is_some_and(|node| self.is_known(part, node)) || self.is_reference(&part.name) {
                    continue;
                }
                let child = node.and_then(|node| self.children(part, node).next());
                match (child, part.name.is_attribute) {
                    (Some(child), _) if child.target != PathTarget::Inner => self.check_node(part, child),
                    (Some(child), false) => {
                        open.push((part.position.clone(), Some(child), child.path.clone(), depth + 1))
                    }
                    (None, false) => {
                        let path = below(&path, &self.names.spell(&part.name));
                        open.push((part.position.clone(), None, path, depth + 1));
                    }
                    (_, true) => {
                        let path = below(&path, &self.names.spell(&part.name));
                        let span = node.map_or(0..0, |node| node.span.clone());
                        let what = format!("the attribute `{path}` is in the schema ({})", part.declared);
                        self.not_mapped(&span, &what, &path);
                    }
                }
            }
            is_cut |= content.is_cut;
            if let Some(node) = node {
                self.absent(&content, node);
            }
        }
        if is_cut {
            self.cut(record);
        }
    }

    /// What is in no mapping because every format has it, or because it wraps a value.
    fn is_known(&self, part: &SchemaPart<O::Position>, node: &MappingNode) -> bool {
        let name = &part.name;
        let is_value = matches!(node.target, PathTarget::Value { .. } | PathTarget::Internal);
        self.is_reference(name)
            || self.syntax == Syntax::Json
                && (name.local.starts_with('@') || is_value && self.is_value_wrapper(&name.local))
    }

    fn is_reference(&self, name: &Name) -> bool {
        name.is_machinery()
            || self.spans.references.iter().any(|reference| self.names.name(&format!("@{reference}")) == *name)
            || self.is_anywhere(name)
    }

    /// Whether it is an attribute that every part may have.
    fn is_anywhere(&self, name: &Name) -> bool {
        let mut paths = self.spans.paths.iter().filter_map(|(path, _)| path.path.strip_prefix("**/"));
        paths.any(|attribute| self.names.name(attribute) == *name)
    }

    /// The member that a value is wrapped in.
    fn is_value_wrapper(&self, name: &str) -> bool {
        let rdf = self.spans.namespaces.iter().find(|(_, uri)| uri == dmv_redact_model::format::RDF_URI);
        rdf.is_some_and(|(prefix, _)| name.strip_prefix(prefix.as_str()) == Some(":value"))
    }

    /// Wherever the container is present, one of these parts must be.
    fn require_one_of(&mut self, names: &[Name], node: &MappingNode, content: &Content<O::Position>) {
        // An element that only refers to another goes with its reference.
        if names.iter().all(Name::is_machinery) {
            return;
        }
        let one_stays = names.iter().any(|name| {
            let is_context = self.syntax == Syntax::Json && name.local == "@context";
            is_context || node.children.get(name).is_some_and(MappingNode::is_envelope)
        });
        if one_stays {
            return;
        }
        let standing =
            names.iter().filter_map(|name| node.children.get(name)).find(|child| child.placeholder.is_some());
        if let Some(child) = standing {
            self.required_paths.extend(child.stands.iter().cloned());
            if child.unanswered().is_empty() {
                return;
            }
        }
        // A container with nothing else is removed with it.
        let has_others = node.children.iter().any(|(name, child)| !names.contains(name) && child.leads_to_values());
        if !node.path.is_empty() && !has_others {
            return;
        }
        let spelled: Vec<String> = names.iter().map(|name| format!("`{}`", self.names.spell(name))).collect();
        let above = if node.path.is_empty() { "the root".to_owned() } else { format!("`{}`", node.path) };
        let (what, is_attribute) = (spelled.join(" or "), names.iter().any(|name| name.is_attribute));
        let released = names.iter().filter_map(|name| node.children.get(name)).find(|child| child.leads_to_values());
        let left_out = names.iter().filter_map(|name| node.children.get(name)).find(|child| child.is_left_out());
        let left_out = left_out.map(|child| child.path.clone());
        match released {
            Some(child) => {
                let message =
                    format!("the schema requires {what} in {above}: where it is denied, what goes out is not valid");
                let open: Vec<String> = child.unanswered().iter().map(|path| toml_string(path)).collect();
                let help = match (is_attribute, open.as_slice()) {
                    (true, _) => {
                        "nothing can stand for an attribute: let it be of the envelope, or optional".to_owned()
                    }
                    (false, [path]) => format!("say what stands for it: [[required]] path = {path}, when-denied = ..."),
                    (false, paths) => format!(
                        "say what stands for it, in a [[required]] with when-denied = ... for each path: {}",
                        paths.join(", ")
                    ),
                };
                self.find(&REQUIRED_DENIED, &child.span, message, Some(help));
            }
            None if left_out.is_some() => self.left_out.extend(left_out),
            None => {
                let declared =
                    names.first().and_then(|name| content.part(name)).map(|part| format!(" ({})", part.declared));
                let declared = declared.unwrap_or_default();
                let message = format!("the schema{declared} requires {what} in {above}, and it is always removed");
                self.find(
                    &REQUIRED_NOT_MAPPED,
                    &node.span,
                    message,
                    Some("map it, list it in `unmapped`, or let the schema have it optional".to_owned()),
                );
            }
        }
    }
}

fn below(path: &str, step: &str) -> String {
    if path.is_empty() { step.to_owned() } else { format!("{path}/{step}") }
}
