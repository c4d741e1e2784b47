//! A mapping as a tree of names in one syntax, every node with its position in `format.toml`: compared with a schema.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::schema::Name;
use dmv_redact_model::catalog::{Catalog, Element};
use dmv_redact_model::format::{FormatSpans, SpannedPath, Step, Syntax, decoded};

/// The target of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::lint) enum PathTarget {
    /// To other paths.
    #[default]
    Inner,
    /// To a value, or a whole record, of an element; the flag says whether the element is of the envelope, which is
    /// never denied.
    Value {
        is_envelope: bool,
    },
    Record {
        is_envelope: bool,
    },
    /// To something that the filter reads and never releases.
    Internal,
    /// Unmapped on purpose: with everything below it or, where other paths continue below it, only its own value.
    Unmapped,
}

/// One node of a mapping.
#[derive(Debug, Default)]
pub(in crate::lint) struct MappingNode {
    pub(in crate::lint) target: PathTarget,
    /// The path to it, as the format spells it, without predicates.
    pub(super) path: String,
    /// The mapped paths to and through it up to here, with their predicates.
    written: BTreeSet<String>,
    /// The paths of its placeholders, with their predicates.
    pub(super) stands: BTreeSet<String>,
    /// Where it, or the first path through it, is declared.
    pub(super) span: Range<usize>,
    pub(in crate::lint) children: BTreeMap<Name, MappingNode>,
    /// Its placeholder where it is denied.
    pub(super) placeholder: Option<(Range<usize>, String)>,
    /// Where it is declared nillable.
    pub(super) nillable: Option<Range<usize>>,
}

impl MappingNode {
    /// Whether everything at it and below is of the envelope, and there is anything.
    pub(super) fn is_envelope(&self) -> bool {
        match self.target {
            PathTarget::Value { is_envelope } | PathTarget::Record { is_envelope } => is_envelope,
            PathTarget::Internal => false,
            PathTarget::Inner | PathTarget::Unmapped => {
                self.leads_to_values() && self.released().all(Self::is_envelope)
            }
        }
    }

    /// The mapped paths to it that no placeholder stands for.
    pub(super) fn unanswered(&self) -> Vec<&str> {
        let written =
            self.written.iter().filter(|path| !self.stands.contains(*path) && !self.stands.contains(&self.path));
        written.map(String::as_str).collect()
    }

    /// Whether it is left out on purpose.
    pub(super) fn is_left_out(&self) -> bool {
        self.target == PathTarget::Unmapped && !self.leads_to_values()
    }

    /// The children through which something may be released.
    fn released(&self) -> impl Iterator<Item = &Self> {
        self.children.values().filter(|child| child.leads_to_values())
    }

    /// Whether something of it may be released.
    pub(super) fn leads_to_values(&self) -> bool {
        match self.target {
            PathTarget::Value { .. } | PathTarget::Record { .. } => true,
            PathTarget::Internal => false,
            PathTarget::Inner | PathTarget::Unmapped => self.children.values().any(Self::leads_to_values),
        }
    }
}

/// Resolves the steps of a format's paths to names.
#[derive(Debug, Clone, Copy)]
pub(in crate::lint) struct NameResolver<'w> {
    spans: &'w FormatSpans,
    syntax: Syntax,
}

impl<'w> NameResolver<'w> {
    pub(in crate::lint) fn new(spans: &'w FormatSpans, syntax: Syntax) -> Self {
        Self { spans, syntax }
    }

    /// The name that a step means. A format that loads has no unknown prefix.
    pub(in crate::lint) fn name(&self, step: &str) -> Name {
        let named = step.split('[').next().unwrap_or(step);
        let decoded = decoded(named).unwrap_or_else(|| named.to_owned());
        let is_attribute = named.starts_with('@');
        let bare = if is_attribute { decoded.get(1..).unwrap_or_default() } else { &decoded };
        match self.syntax {
            Syntax::Json => Name::element("", bare),
            Syntax::Xml => {
                let (prefix, local) = bare.split_once(':').unwrap_or(("", bare));
                let known = self.spans.namespaces.iter().find(|(own, _)| own == prefix);
                let namespace = known.map_or("", |(_, uri)| uri.as_str());
                if is_attribute { Name::attribute(namespace, local) } else { Name::element(namespace, local) }
            }
        }
    }

    /// A name as this format spells it in a path; a namespace without a prefix is in braces.
    pub(in crate::lint) fn spell(&self, name: &Name) -> String {
        let prefix = match (self.syntax, name.namespace.as_str()) {
            (Syntax::Json, _) | (_, "") => String::new(),
            (Syntax::Xml, uri) => match self.spans.namespaces.iter().find(|(_, own)| own == uri) {
                Some((prefix, _)) => format!("{prefix}:"),
                None => format!("{{{uri}}}"),
            },
        };
        let at = if name.is_attribute { "@" } else { "" };
        format!("{at}{prefix}{}", name.local)
    }

    /// The whole mapping.
    pub(in crate::lint) fn tree(&self, catalog: &Catalog) -> MappingNode {
        let span = self.spans.roots.first().unwrap_or(&self.spans.name).span.clone();
        let mut root = MappingNode { span, ..MappingNode::default() };
        let of_parts = self.spans.paths.iter().filter(|(path, _)| !path.path.starts_with("**/"));
        for (path, element) in of_parts {
            let is_envelope =
                catalog.find(element).and_then(|id| catalog.element(id)).is_some_and(Element::is_envelope);
            let (node, is_record) = self.walk(&mut root, path);
            node.target =
                if is_record { PathTarget::Record { is_envelope } } else { PathTarget::Value { is_envelope } };
        }
        for (path, _) in &self.spans.paths {
            let mut written = String::new();
            let mut at = Some(&mut root);
            for step in path.path.trim_end_matches("/**").split('/') {
                written = if written.is_empty() { step.to_owned() } else { format!("{written}/{step}") };
                at = at.and_then(|node| node.children.get_mut(&self.name(step)));
                if let Some(node) = at.as_deref_mut() {
                    node.written.insert(written.clone());
                }
            }
        }
        for path in &self.spans.read {
            let (node, _) = self.walk(&mut root, path);
            if node.target == PathTarget::Inner {
                node.target = PathTarget::Internal;
            }
        }
        for path in &self.spans.unmapped {
            self.walk(&mut root, path).0.target = PathTarget::Unmapped;
        }
        for (path, word) in &self.spans.required {
            let node = self.walk(&mut root, path).0;
            node.placeholder = Some((path.span.clone(), word.clone()));
            node.stands.insert(path.path.clone());
        }
        for path in &self.spans.nillable {
            self.walk(&mut root, path).0.nillable = Some(path.span.clone());
        }
        root
    }

    /// The node of a path, created if missing; and whether the path names a record.
    fn walk<'m>(&self, root: &'m mut MappingNode, path: &SpannedPath) -> (&'m mut MappingNode, bool) {
        let (steps, is_record) = match path.path.strip_suffix("/**") {
            Some(steps) => (steps, true),
            None => (path.path.as_str(), false),
        };
        let (mut node, path_span) = (root, path.span.clone());
        for step in steps.split('/') {
            let above = node.path.clone();
            let asks = Step::read(step).map(|step| step.predicates).unwrap_or_default();
            let step = step.split('[').next().unwrap_or(step);
            node = node.children.entry(self.name(step)).or_insert_with(|| MappingNode {
                path: if above.is_empty() { step.to_owned() } else { format!("{above}/{step}") },
                span: path.span.clone(),
                ..MappingNode::default()
            });
            // What a predicate asks goes out with the part, whatever is denied.
            for asked in &asks {
                let path = format!("{}/{}", node.path, asked.part);
                let asked = node.children.entry(self.name(&asked.part)).or_insert_with(|| MappingNode {
                    path,
                    span: path_span.clone(),
                    ..MappingNode::default()
                });
                if asked.target == PathTarget::Inner {
                    asked.target = PathTarget::Value { is_envelope: true };
                }
            }
        }
        (node, is_record)
    }
}
