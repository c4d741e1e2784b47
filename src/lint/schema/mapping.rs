//! A mapping as a tree of names in one syntax, every node with its place in `format.toml`: what is compared with a schema.

use std::collections::BTreeMap;
use std::ops::Range;

use super::outline::Name;
use crate::catalog::{Catalog, Element};
use crate::format::{FormatSpans, SpannedPath, Syntax};

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Leads {
    /// To other paths.
    #[default]
    On,
    /// To a value, or a whole record, of an element; and whether the element is of the envelope, which is never denied.
    Value {
        is_envelope: bool,
    },
    Record {
        is_envelope: bool,
    },
    /// To something that the filter reads and never releases.
    Read,
    /// Nowhere, on purpose: with all below it or, where other paths go on below it, its own value alone.
    Nowhere,
}

/// One node of a mapping.
#[derive(Debug, Default)]
pub(super) struct Mapped {
    pub(super) leads: Leads,
    /// The path to it, as the format spells it.
    pub(super) path: String,
    /// Where it, or the first path through it, is written.
    pub(super) span: Range<usize>,
    pub(super) children: BTreeMap<Name, Mapped>,
    /// What stands for it where it is denied.
    pub(super) placeholder: Option<(Range<usize>, String)>,
    /// Where it is said to be nillable.
    pub(super) nillable: Option<Range<usize>>,
}

impl Mapped {
    /// Whether everything at it and below is of the envelope, and there is anything.
    pub(super) fn is_envelope(&self) -> bool {
        match self.leads {
            Leads::Value { is_envelope } | Leads::Record { is_envelope } => is_envelope,
            Leads::Read => false,
            Leads::On | Leads::Nowhere => self.leads_to_values() && self.released().all(Self::is_envelope),
        }
    }

    /// The children through which something may go out.
    fn released(&self) -> impl Iterator<Item = &Self> {
        self.children.values().filter(|child| child.leads_to_values())
    }

    /// Whether something of it may go out.
    pub(super) fn leads_to_values(&self) -> bool {
        match self.leads {
            Leads::Value { .. } | Leads::Record { .. } => true,
            Leads::Read => false,
            Leads::On | Leads::Nowhere => self.children.values().any(Self::leads_to_values),
        }
    }
}

/// Reads the steps of a format's paths as names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'w> {
    written: &'w FormatSpans,
    syntax: Syntax,
}

impl<'w> Names<'w> {
    pub(super) fn new(written: &'w FormatSpans, syntax: Syntax) -> Self {
        Self { written, syntax }
    }

    /// The name that a step means. A format that loads has no unknown prefix.
    pub(super) fn name(&self, step: &str) -> Name {
        let bare = step.strip_prefix('@').unwrap_or(step);
        match self.syntax {
            Syntax::Json => Name::element("", bare),
            Syntax::Xml => {
                let (prefix, local) = bare.split_once(':').unwrap_or(("", bare));
                let known = self.written.namespaces.iter().find(|(own, _)| own == prefix);
                let namespace = known.map_or("", |(_, uri)| uri.as_str());
                if bare.len() < step.len() {
                    Name::attribute(namespace, local)
                } else {
                    Name::element(namespace, local)
                }
            }
        }
    }

    /// A name as this format would spell it in a path; in braces the namespace that it has no prefix for.
    pub(super) fn spell(&self, name: &Name) -> String {
        let prefix = match (self.syntax, name.namespace.as_str()) {
            (Syntax::Json, _) | (_, "") => String::new(),
            (Syntax::Xml, uri) => match self.written.namespaces.iter().find(|(_, own)| own == uri) {
                Some((prefix, _)) => format!("{prefix}:"),
                None => format!("{{{uri}}}"),
            },
        };
        let at = if name.is_attribute { "@" } else { "" };
        format!("{at}{prefix}{}", name.local)
    }

    /// The whole mapping.
    pub(super) fn tree(&self, catalog: &Catalog) -> Mapped {
        let span = self.written.root.as_ref().unwrap_or(&self.written.name).span.clone();
        let mut root = Mapped { span, ..Mapped::default() };
        for (path, element) in &self.written.paths {
            let is_envelope =
                catalog.find(element).and_then(|id| catalog.element(id)).is_some_and(Element::is_envelope);
            let (node, is_record) = self.walk(&mut root, path);
            node.leads = if is_record { Leads::Record { is_envelope } } else { Leads::Value { is_envelope } };
        }
        for path in &self.written.read {
            let (node, _) = self.walk(&mut root, path);
            if node.leads == Leads::On {
                node.leads = Leads::Read;
            }
        }
        for path in &self.written.unmapped {
            self.walk(&mut root, path).0.leads = Leads::Nowhere;
        }
        for (path, word) in &self.written.required {
            self.walk(&mut root, path).0.placeholder = Some((path.span.clone(), word.clone()));
        }
        for path in &self.written.nillable {
            self.walk(&mut root, path).0.nillable = Some(path.span.clone());
        }
        root
    }

    /// The node of a path, grown where it is missing; whether the path names a record.
    fn walk<'m>(&self, root: &'m mut Mapped, path: &SpannedPath) -> (&'m mut Mapped, bool) {
        let (steps, is_record) = match path.path.strip_suffix("/**") {
            Some(steps) => (steps, true),
            None => (path.path.as_str(), false),
        };
        let mut node = root;
        for step in steps.split('/') {
            let above = node.path.clone();
            node = node.children.entry(self.name(step)).or_insert_with(|| Mapped {
                path: if above.is_empty() { step.to_owned() } else { format!("{above}/{step}") },
                span: path.span.clone(),
                ..Mapped::default()
            });
        }
        (node, is_record)
    }
}
