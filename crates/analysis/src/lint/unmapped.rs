//! What sample messages have and their format doesn't map: it is always removed, and nothing else tells.
//!
//! Paths and counts, to be answered and pasted into a `format.toml`; never a value (P6).

use std::fmt;

use super::schema::{MappingNode, NameResolver, PathTarget};
use super::untold::{UntoldPart, untold};
use super::{Subjects, documents, read_added_formats, read_catalogs};
use crate::parts::{ANY_NAME, Part, PartId, PartTree, add_sample, is_value_like};
use crate::schema::Name;
use crate::steps::step;
use crate::words::{plain, toml_string};
use dmv_redact::Catalog;
use dmv_redact_model::config::{ConfigError, Document};
use dmv_redact_model::format::{FormatSpans, Syntax};

/// The parts of samples that their format doesn't map.
#[derive(Debug)]
pub struct UnmappedParts {
    format: String,
    paths: Vec<UnmappedPath>,
    untold: Vec<UntoldPart>,
}

/// A path, and how often the samples have it.
#[derive(Debug)]
struct UnmappedPath {
    path: String,
    count: usize,
    /// Whether a format can have it.
    is_writable: bool,
}

/// Sorts samples by their formats, and lists what is not mapped. Added formats are asked before built-in ones.
///
/// # Errors
/// When a table or a sample can't be read, or a sample is of no format.
pub fn unmapped(subjects: &Subjects, samples: &[(String, Vec<u8>)]) -> Result<Vec<UnmappedParts>, ConfigError> {
    let catalogs = read_catalogs(subjects)?;
    let catalog = Catalog::load(dmv_redact::shipped::CATALOG, &documents(&catalogs))?;
    let added = read_added_formats(subjects)?;
    let built_in = dmv_redact::shipped::FORMATS.iter().copied();
    let formats: Vec<Document<'_>> = documents(&added).into_iter().chain(built_in).collect();
    let formats = formats.iter().map(|format| FormatSpans::read(format, &formats)).collect::<Result<Vec<_>, _>>()?;
    // The samples of one format make one list.
    let mut trees: Vec<Option<PartTree>> = formats.iter().map(|_| None).collect();
    for (file, bytes) in samples {
        let alone = add_sample(file, bytes, None)?;
        let Some(index) = formats.iter().position(|format| start(format, &alone).is_some()) else {
            let error = ConfigError::of_file(file, "is of no format: none has its root");
            return Err(error.help("`dmv-redact format draft` begins one; `--formats DIR` names yours"));
        };
        if let Some(slot) = trees.get_mut(index) {
            let tree = slot.take();
            *slot = Some(if tree.is_some() { add_sample(file, bytes, tree)? } else { alone });
        }
    }
    let found = formats.iter().zip(&trees).filter_map(|(format, tree)| {
        let tree = tree.as_ref()?;
        let (paths, untold) = (paths(format, tree, &catalog), untold(format, tree));
        Some(UnmappedParts { format: format.name.path.clone(), paths, untold })
    });
    Ok(found.collect())
}

/// Where the paths of a format begin in a sample; `None` if it is of another format.
pub(super) fn start(format: &FormatSpans, tree: &PartTree) -> Option<PartId> {
    if !format.syntaxes.contains(&tree.syntax) {
        return None;
    }
    let own = tree.root()?;
    if format.roots.is_empty() {
        // Only a format of JSON has no root.
        return own.local.is_empty().then_some(PartTree::ROOT);
    }
    let names = NameResolver::new(format, tree.syntax);
    let is_root = |name: &Name| format.roots.iter().any(|root| names.name(&root.path) == *name);
    if is_root(own) {
        return Some(PartTree::ROOT);
    }
    let members = tree.part(PartTree::ROOT).filter(|_| own.local.is_empty()).map(|part| part.children.as_slice());
    let member = members.unwrap_or_default().iter().find(|id| tree.part(**id).is_some_and(|part| is_root(&part.name)));
    member.copied()
}

fn paths(format: &FormatSpans, tree: &PartTree, catalog: &Catalog) -> Vec<UnmappedPath> {
    let names = NameResolver::new(format, tree.syntax);
    let mapping = names.tree(catalog);
    let mut search = Search { tree, names, format, found: Vec::new() };
    if let Some(part) = start(format, tree).and_then(|id| tree.part(id)) {
        search.children(part, Some(&mapping), false, ("", true));
    }
    search.found
}

struct Search<'s> {
    tree: &'s PartTree,
    names: NameResolver<'s>,
    format: &'s FormatSpans,
    found: Vec<UnmappedPath>,
}

impl Search<'_> {
    /// Searches what is in a part; in a record, only attributes and what is mapped otherwise need a path.
    fn children(
        &mut self,
        part: &Part,
        node: Option<&MappingNode>,
        in_record: bool,
        (path, is_writable): (&str, bool),
    ) {
        for child in part.children.iter().filter_map(|id| self.tree.part(*id)) {
            if self.is_reference(child) {
                continue;
            }
            let node = node.and_then(|node| node.children.get(&child.name));
            let is_value = node.is_none() && self.tree.syntax == Syntax::Json && is_value_like(&child.name.local);
            let local = step(&child.name.local, self.tree.syntax);
            let is_writable = is_writable && (is_value || local.is_some());
            let name = Name { local: local.unwrap_or_else(|| child.name.local.clone()), ..child.name.clone() };
            let spelled = if is_value { ANY_NAME.to_owned() } else { self.names.spell(&name) };
            let path = if path.is_empty() { spelled } else { format!("{path}/{spelled}") };
            self.part(child, node, in_record, (&path, is_writable));
        }
    }

    fn part(&mut self, part: &Part, node: Option<&MappingNode>, in_record: bool, (path, is_writable): (&str, bool)) {
        let is_covered = match node.map(|node| node.target) {
            Some(PathTarget::Unmapped) if node.is_some_and(|node| node.children.is_empty()) => return,
            Some(
                PathTarget::Value { .. } | PathTarget::Record { .. } | PathTarget::Internal | PathTarget::Unmapped,
            ) => true,
            Some(PathTarget::Inner) | None => in_record && !part.name.is_attribute,
        };
        let in_record = match node.map(|node| node.target) {
            Some(PathTarget::Record { .. }) => true,
            Some(PathTarget::Inner) | None => in_record,
            Some(_) => false,
        };
        let has_text = part.values.iter().any(|value| !value.trim().is_empty());
        let is_leaf = part.children.iter().all(|id| self.tree.part(*id).is_some_and(|part| part.name.is_attribute));
        if !is_covered && (is_leaf || has_text) {
            // The names of several members may be values.
            match self.found.iter_mut().find(|found| path.contains(ANY_NAME) && found.path == path) {
                Some(found) => found.count += part.count,
                None => self.found.push(UnmappedPath { path: path.to_owned(), count: part.count, is_writable }),
            }
        }
        self.children(part, node, in_record, (path, is_writable));
    }

    /// Whether an attribute is one by which objects refer to one another.
    fn is_reference(&self, part: &Part) -> bool {
        let mut references = self.format.references.iter();
        self.tree.syntax == Syntax::Xml
            && references.any(|reference| self.names.name(&format!("@{reference}")) == part.name)
    }
}

impl fmt::Display for UnmappedParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = plain(&self.format);
        for part in &self.untold {
            write!(f, "{part}")?;
        }
        if self.paths.is_empty() && !self.untold.is_empty() {
            return Ok(());
        }
        if self.paths.is_empty() {
            return writeln!(f, "Format `{format}` maps every part of the samples, or leaves it out on purpose.");
        }
        writeln!(
            f,
            "Not mapped in format `{format}`, so always removed. Answer what is wanted, and leave out the rest:"
        )?;
        for UnmappedPath { path, count, is_writable } in &self.paths {
            let times = if *count == 1 { "once".to_owned() } else { format!("{count} times") };
            let path = toml_string(path);
            match is_writable {
                true => writeln!(f, "# {path} = \"?\"   # {times}")?,
                false => writeln!(f, "# {path}   # {times}; no path can lead to a part of such a name")?,
            }
        }
        Ok(())
    }
}
