//! Reads the inputs of a draft: which are schemas, which are samples, and what root they have.

use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{DraftError, DraftRequest};
use crate::parts::{PartTree, add_sample, add_schema};
use crate::schema::{JsonSchema, Name, SchemaModel, UnsupportedConstruct, Xsd, is_xml_schema, with_imports};
use dmv_redact_model::config::{ConfigError, Document, File, nearest, read_bytes};
use dmv_redact_model::format::Syntax;
use dmv_redact_model::names::is_ncname;

/// What the inputs say together.
pub(super) struct Layout {
    pub(super) tree: PartTree,
    /// The inputs, as their names are shown.
    pub(super) sources: Vec<String>,
    pub(super) cautions: Vec<String>,
}

/// The inputs, sorted out.
#[derive(Default)]
struct Inputs {
    xml_schemas: Vec<File>,
    json_schemas: Vec<File>,
    samples: Vec<(String, Vec<u8>)>,
}

/// Reads the inputs; `is_known` are names of which somebody knows a word.
pub(super) fn read(request: &DraftRequest, is_known: &dyn Fn(&str) -> bool) -> Result<Layout, DraftError> {
    let mut inputs = Inputs::default();
    for path in &request.inputs {
        inputs.add(path)?;
    }
    let mut cautions = Vec::new();
    let mut tree = match (inputs.xml_schemas.as_slice(), inputs.json_schemas.as_slice()) {
        ([], []) => None,
        (_, []) => Some(inputs.of_xml_schemas(request.root.as_deref(), &mut cautions)?),
        ([], [schema]) => Some(of_json_schema(schema, request.root.as_deref(), &mut cautions)?),
        _ => {
            let what = "one schema is drafted from at a time: an XML Schema with what it imports, or one JSON Schema";
            return Err(DraftError::Usage(what.to_owned()));
        }
    };
    if tree.is_none() && request.root.is_some() {
        let what = "--root has no effect without a schema: samples have their root";
        return Err(DraftError::Usage(what.to_owned()));
    }
    for (file, bytes) in &inputs.samples {
        tree = Some(add_sample(file, bytes, tree)?);
    }
    let Some(mut tree) = tree else {
        return Err(DraftError::Usage("nothing to draft from: name a schema, or sample messages".to_owned()));
    };
    if tree.is_list && tree.root().is_some_and(|root| !root.local.is_empty()) {
        cautions.push(unrooted(&mut tree).to_owned());
    }
    if tree.part(PartTree::ROOT).is_some_and(|root| root.is_cut) {
        cautions.push("the schema has more at its root than is listed here".to_owned());
    }
    tree.collapse_values(is_known);
    tree.tell_apart(is_known);
    let sources = request.inputs.iter().map(|path| name_of(path)).collect();
    Ok(Layout { tree, sources, cautions })
}

/// Lets a list of messages be one message, if its layout allows that; says what was done.
fn unrooted(tree: &mut PartTree) -> &'static str {
    if !tree.prefixes.is_empty() {
        return "an input is a list of messages: this is drafted from its items, and takes one at a time, since in a list there \
                is no place for the prefixes of `@context`";
    }
    tree.unroot();
    "an input is a list of messages: this is drafted from its items, and has no root, so that it takes the whole list and \
     judges each item by itself"
}

/// The last step of a path.
fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

impl Inputs {
    fn add(&mut self, path: &Path) -> Result<(), DraftError> {
        let file = path.display().to_string();
        if path.is_dir() {
            let help = "name its files: the schema with the root, or sample messages";
            return Err(ConfigError::of_file(file, "is a folder").help(help).into());
        }
        let bytes = read_bytes(path)?;
        match std::str::from_utf8(&bytes) {
            Ok(text) if is_xml_schema(&Document { file: &file, text }) => self.xml_schemas.push(File::read(path)?),
            Ok(text) if is_json_schema(text) => self.json_schemas.push(File::read(path)?),
            _ => self.samples.push((file, bytes)),
        }
        Ok(())
    }

    /// The layout of an XML Schema, with the root that was named, that the samples have, or that is the only one.
    fn of_xml_schemas(&self, root: Option<&str>, cautions: &mut Vec<String>) -> Result<PartTree, DraftError> {
        let files = with_imports(self.xml_schemas.clone())?;
        let documents: Vec<Document<'_>> = files.iter().map(File::document).collect();
        let schema = Xsd::read(&documents);
        note(schema.unsupported(), cautions);
        let root = match (root, self.samples.first()) {
            (Some(root), _) => named(root, schema.roots())?,
            (None, Some((file, bytes))) => add_sample(file, bytes, None)?.root().cloned(),
            (None, None) => {
                let roots = self.xml_schemas.iter().flat_map(|file| schema.possible_roots(&file.name)).collect();
                Some(only(roots)?)
            }
        };
        let Some(root) = root else { return Err(no_root()) };
        if !is_ncname(&root.local) {
            return Err(DraftError::Usage(format!("the schema has a root `{}`, which is no name of XML", root.local)));
        }
        let Some(position) = schema.root(Some(&root)) else {
            return Err(DraftError::Usage(format!("the schema declares no element `{}`", root.local)));
        };
        let mut tree = PartTree::new(Syntax::Xml, root);
        for (prefix, uri) in schema.prefixes() {
            tree.bind(&prefix, &uri);
        }
        add_schema(&schema, position, &mut tree);
        Ok(tree)
    }
}

fn of_json_schema(file: &File, root: Option<&str>, cautions: &mut Vec<String>) -> Result<PartTree, DraftError> {
    let schema = JsonSchema::read(&file.document());
    note(schema.unsupported(), cautions);
    let root = match root {
        Some(root) => named(root, schema.roots())?,
        None => schema.root_member(),
    };
    let Some(position) = schema.root(root.as_ref()) else { return Err(no_root()) };
    let mut tree = PartTree::new(Syntax::Json, root.unwrap_or_else(|| Name::element("", "")));
    tree.is_list = schema.is_list();
    add_schema(&schema, position, &mut tree);
    Ok(tree)
}

/// The root of this name, with or without a prefix.
fn named(root: &str, roots: Vec<Name>) -> Result<Option<Name>, DraftError> {
    let local = root.rsplit(':').next().unwrap_or(root);
    let found = roots.iter().find(|name| name.local == root || name.local == local).cloned();
    if found.is_none() {
        let help = nearest(local, roots.iter().map(|name| name.local.as_str()));
        let help = help.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        return Err(DraftError::Usage(format!("--root: the schema has no root `{root}`{help}")));
    }
    Ok(found)
}

/// The one of several that it must be.
fn only(roots: Vec<Name>) -> Result<Name, DraftError> {
    match roots.as_slice() {
        [] => Err(no_root()),
        [root] => Ok(root.clone()),
        several => {
            let names: Vec<String> = several.iter().take(12).map(|name| format!("`{}`", name.local)).collect();
            let more = if several.len() > names.len() { " and others" } else { "" };
            let what = format!("a message may begin with {}{more}: name one, --root NAME", names.join(", "));
            Err(DraftError::Usage(what))
        }
    }
}

fn no_root() -> DraftError {
    DraftError::Usage("the schema declares no element that a message may begin with".to_owned())
}

/// Says what of a schema was not understood: its parts may be missing. The first of many are enough.
fn note(unsupported: &[UnsupportedConstruct], cautions: &mut Vec<String>) {
    const SHOWN: usize = 10;
    for construct in unsupported.iter().take(SHOWN) {
        cautions.push(format!("{}: not understood, so parts may be missing: {}", construct.file, construct.what));
    }
    if let Some(more) = unsupported.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        cautions.push(format!("{more} more places of the schema were not understood"));
    }
}

/// What tells a JSON Schema from a sample.
#[derive(Deserialize)]
struct SchemaHead {
    #[serde(rename = "$schema")]
    schema: Option<IgnoredAny>,
    #[serde(rename = "type")]
    kind: Option<IgnoredAny>,
    #[serde(rename = "$defs")]
    defs: Option<IgnoredAny>,
    definitions: Option<IgnoredAny>,
    properties: Option<IgnoredAny>,
}

fn is_json_schema(text: &str) -> bool {
    // A list is no schema, though a table can be read from one.
    let head = serde_json::from_str::<SchemaHead>(text).ok().filter(|_| text.trim_start().starts_with('{'));
    head.is_some_and(|head| {
        let has_definitions = head.defs.is_some() || head.definitions.is_some();
        head.schema.is_some() || head.properties.is_some() && (head.kind.is_some() || has_definitions)
    })
}
