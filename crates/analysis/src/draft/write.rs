//! Writes a draft as a `format.toml` that loads: what is guessed as lines, what is asked as comments.
//!
//! Names come from outside: they are written so that TOML reads what the layout has, and no terminal is steered (P6). No
//! value of a sample is written, but for message keys and the names of kinds that tell parts apart.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::guess::Guess;
use super::input::Layout;
use super::mapping::{DraftLine, DraftMapping};
use super::{Draft, DraftError, DraftRequest};
use crate::name_words::{kebab, words};
use crate::parts::{ANY_NAME, Kind, Part, PartTree};
use crate::schema::{Name, XML_URI};
use crate::steps::step;
use crate::words::toml_string;
use dmv_redact_model::config::{ConfigError, Document};
use dmv_redact_model::escape;
use dmv_redact_model::format::{FormatSpans, RDF_URI, SpannedPath, Syntax};
use dmv_redact_model::names::is_ncname;

/// What stands at the top of a draft.
pub(super) struct Heading {
    name: String,
    sources: Vec<String>,
    /// The format that has the same root already.
    rival: Option<String>,
}

impl Heading {
    pub(super) fn of(request: &DraftRequest, layout: &Layout, formats: &[Document<'_>]) -> Result<Self, DraftError> {
        let spans =
            formats.iter().map(|format| FormatSpans::read(format, formats)).collect::<Result<Vec<_>, ConfigError>>()?;
        let is_taken = |name: &str| spans.iter().any(|format| format.name.path == name);
        let root = layout.tree.root().map_or("", |root| &root.local);
        let name = match &request.name {
            Some(name) if is_taken(name) => {
                return Err(DraftError::Usage(format!("--name: there is a format `{name}` already")));
            }
            Some(name) if !is_word(name) => {
                let what = format!("--name: `{name}` is no word: letters A to Z, digits, `-`, `_` and `.`");
                return Err(DraftError::Usage(what));
            }
            Some(name) => name.clone(),
            None => {
                let first = layout.sources.first().map_or("", |source| source.split('.').next().unwrap_or_default());
                let own = kebab(if root.is_empty() { first } else { root });
                let own = if own.is_empty() { "draft".to_owned() } else { own };
                let numbered = (2..).map(|number| format!("{own}-draft-{number}"));
                let mut free = [own.clone(), format!("{own}-draft")].into_iter().chain(numbered);
                free.find(|name| !is_taken(name)).unwrap_or(own)
            }
        };
        let rival = layout.tree.root().filter(|root| !root.local.is_empty()).and_then(|root| {
            spans
                .iter()
                .find(|format| has_root(format, root, layout.tree.syntax))
                .map(|format| format.name.path.clone())
        });
        Ok(Self { name, sources: layout.sources.clone(), rival })
    }
}

fn is_word(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// Whether a format has this root.
fn has_root(format: &FormatSpans, root: &Name, syntax: Syntax) -> bool {
    let is_root = |own: &SpannedPath| {
        if syntax == Syntax::Json {
            return own.path == root.local;
        }
        let (prefix, local) = own.path.split_once(':').unwrap_or(("", &own.path));
        let uri = format.namespaces.iter().find(|(known, _)| known == prefix).map_or("", |(_, uri)| uri);
        uri == root.namespace && local == root.local
    };
    format.syntaxes.contains(&syntax) && format.roots.iter().any(is_root)
}

/// Writes a draft.
pub(super) fn write(heading: &Heading, tree: &PartTree, mapping: &DraftMapping, mut cautions: Vec<String>) -> Draft {
    let names = Spelling::of(tree, mapping);
    let mut lines = Vec::new();
    for line in &mapping.lines {
        lines.push(WrittenLine::of(line, tree, &names));
    }
    let guessed = lines.iter().filter(|line| line.element.is_some()).count();
    let asked = lines.len() - guessed;
    if let Some(rival) = &heading.rival {
        cautions.push(format!(
            "format `{rival}` has this root already. To put this one in its place, add `replaces = \"{rival}\"`; to add paths to \
             it, write `extends = \"{rival}\"` and the paths that it lacks; to keep both, tell them apart by `recognise`"
        ));
    }
    let mut text = String::new();
    // Writing to a string can't fail.
    let _ = write_all(&mut text, heading, tree, &names, &lines, (guessed, asked), &cautions);
    Draft { text, guessed, asked, cautions }
}

fn write_all(
    text: &mut String,
    heading: &Heading,
    tree: &PartTree,
    names: &Spelling,
    lines: &[WrittenLine],
    (guessed, asked): (usize, usize),
    cautions: &[String],
) -> std::fmt::Result {
    let sources: Vec<String> = heading.sources.iter().map(|source| format!("`{}`", escape::escape(source))).collect();
    writeln!(text, "# A draft, made from {}: {guessed} guesses, {asked} questions.", sources.join(", "))?;
    writeln!(text, "#")?;
    writeln!(
        text,
        "# Read every line before you use it. A guess says why it is one. To answer a question, put a data element in the"
    )?;
    writeln!(
        text,
        "# place of the `?` (`dmv-redact elements` lists them) and take the first `#` away. What no line maps is removed."
    )?;
    for caution in cautions {
        writeln!(text, "# CAUTION: {}", escape::escape(caution))?;
    }
    writeln!(text, "\nname = {}", toml_string(&heading.name))?;
    writeln!(text, "title = {}", toml_string(&format!("Draft of {}", heading.name)))?;
    writeln!(text, "syntax = \"{}\"", if tree.syntax == Syntax::Xml { "xml" } else { "json" })?;
    write_root(text, heading, tree, names)?;
    write_roles(text, lines)?;
    if !names.namespaces.is_empty() {
        writeln!(text, "\n[namespaces]")?;
        for (prefix, uri) in &names.namespaces {
            writeln!(text, "{prefix} = {}", toml_string(uri))?;
        }
    } else if !names.unbound.is_empty() {
        let prefixes: Vec<String> =
            names.unbound.iter().map(|prefix| format!("`{}`", escape::escape(prefix))).collect();
        writeln!(
            text,
            "\n# [namespaces]   # question: which namespaces do the prefixes {} mean?",
            prefixes.join(", ")
        )?;
    }
    write_references(text, tree, names)?;
    writeln!(text, "\n[paths]")?;
    lines.iter().try_for_each(|line| line.write(text))
}

/// The root, or by what else messages are recognized.
fn write_root(text: &mut String, heading: &Heading, tree: &PartTree, names: &Spelling) -> std::fmt::Result {
    let root = tree.root().filter(|root| !root.local.is_empty());
    if let Some(root) = root {
        match names.spell(root) {
            Some(spelled) => {
                writeln!(text, "root = {}", toml_string(&spelled))?;
                return write_body(text, root, &spelled, tree, names);
            }
            None => writeln!(text, "# root = {}   # {UNWRITABLE}", toml_string(&root.local))?,
        }
    }
    let marks: Vec<String> = tree.marks.iter().filter_map(|mark| names.spell(mark)).collect();
    if !marks.is_empty() {
        let marks: Vec<String> = marks.iter().map(|mark| toml_string(mark)).collect();
        return writeln!(text, "recognise = [{}]   # every message of the list has it", marks.join(", "));
    }
    let common: Vec<String> = tree.common().iter().filter_map(|part| names.spell(&part.name)).take(3).collect();
    if !common.is_empty() {
        let common: Vec<String> = common.iter().map(|name| escape::escape(&toml_string(name)).into_owned()).collect();
        writeln!(
            text,
            "# recognise = [{}]   # question: every sample has these members: do the messages of no other format?",
            common.join(", ")
        )?;
    }
    writeln!(text, "# No root: a message is of this format only where it is named, `--format {}`.", heading.name)
}

/// By what messages in a SOAP envelope are told from others in one.
fn write_body(text: &mut String, root: &Name, envelope: &str, tree: &PartTree, names: &Spelling) -> std::fmt::Result {
    if root.local != "Envelope" || !SOAP.contains(&root.namespace.as_str()) {
        return Ok(());
    }
    let children = |part: &Part| part.children.iter().filter_map(|id| tree.part(*id)).collect::<Vec<_>>();
    let top = tree.part(PartTree::ROOT).map(children).unwrap_or_default();
    let body = top.into_iter().find(|part| part.name.local == "Body" && part.name.namespace == root.namespace);
    let Some((body, spelled)) = body.and_then(|body| Some((body, names.spell(&body.name)?))) else { return Ok(()) };
    let below =
        children(body).into_iter().filter(|part| !part.name.is_attribute).filter_map(|part| names.spell(&part.name));
    let paths: Vec<String> = below.map(|name| toml_string(&format!("{spelled}/{name}"))).collect();
    let path = match paths.as_slice() {
        [path] => path.clone(),
        _ => toml_string(&format!("{spelled}/?")),
    };
    let question = format!("question: any message may be in `{envelope}`: is this part what these alone have?");
    writeln!(text, "# recognise = [{}]   # {}", escape::escape(&path), escape::escape(&question))
}

/// The namespaces of SOAP 1.1 and 1.2.
const SOAP: [&str; 2] = ["http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"];

/// Message key and requester, where one path alone can be meant.
fn write_roles(text: &mut String, lines: &[WrittenLine]) -> std::fmt::Result {
    let is_of = |line: &WrittenLine, element: &str| line.element.as_deref() == Some(element);
    let keys = lines.iter().filter(|line| is_of(line, "envelope.message-key") && !line.is_attribute);
    let keys: Vec<&WrittenLine> = keys.collect();
    match keys.as_slice() {
        [line] => {
            writeln!(text, "message-type = {}   # {}", toml_string(&line.path), line.comment)?;
            if !line.keys.is_empty() {
                writeln!(
                    text,
                    "messages = [{}]   # those of the samples: add what else is sent",
                    line.keys.join(", ")
                )?;
            }
        }
        _ => writeln!(
            text,
            "# message-type = \"?\"   # question: which path has the message key, DR or another? without it, rules can't ask for it"
        )?,
    }
    let requesters =
        lines.iter().filter(|line| is_of(line, "envelope.ori") && line.is_of_requester && !line.is_attribute);
    let requesters: Vec<&WrittenLine> = requesters.collect();
    match requesters.as_slice() {
        [line] => writeln!(text, "requester = {}   # {}", toml_string(&line.path), line.comment),
        _ => {
            let sampled =
                lines.iter().filter(|line| is_of(line, "envelope.ori") && line.is_sampled && !line.is_attribute);
            let paths: Vec<String> = sampled.map(|line| format!("`{}`", escape::escape(&line.path))).collect();
            let may_be = if paths.is_empty() { String::new() } else { format!(" {}?", paths.join(" or ")) };
            writeln!(
                text,
                "# requester = \"?\"   # question: which path has the ORI that the message goes to?{may_be} without it, the caller must say"
            )
        }
    }
}

/// How NIEM's objects refer to one another, where the layout has names and references.
fn write_references(text: &mut String, tree: &PartTree, names: &Spelling) -> std::fmt::Result {
    if !has_references(tree) {
        return Ok(());
    }
    writeln!(text, "\n[references]")?;
    for local in ["id", "ref", "uri"] {
        if let Some(name) = link(tree, local) {
            let spelled = names.spell(name).unwrap_or_default();
            writeln!(text, "{local} = {}", toml_string(spelled.trim_start_matches('@')))?;
        }
    }
    Ok(())
}

/// The attribute of this name by which NIEM's objects refer to one another.
fn link<'t>(tree: &'t PartTree, local: &str) -> Option<&'t Name> {
    tree.links.iter().find(|name| name.local == local)
}

/// Whether objects have names, and others refer to them.
fn has_references(tree: &PartTree) -> bool {
    let refers = link(tree, "ref").is_some() || link(tree, "uri").is_some();
    tree.syntax == Syntax::Xml && link(tree, "id").is_some() && refers
}

/// A line as it is written.
struct WrittenLine {
    path: String,
    element: Option<String>,
    comment: String,
    is_attribute: bool,
    /// The message keys that samples have there, as they are written.
    keys: Vec<String>,
    /// Whether its names say that it is about the requester.
    is_of_requester: bool,
    /// Whether a path can lead to it at all.
    has_path: bool,
    /// Whether a sample has a value of it.
    is_sampled: bool,
}

impl WrittenLine {
    fn of(line: &DraftLine, tree: &PartTree, names: &Spelling) -> Self {
        let steps = tree.steps(line.part);
        let root = tree.root().filter(|root| !root.local.is_empty());
        let mut has_path = root.is_none_or(|root| names.spell(root).is_some());
        let mut path = Vec::new();
        for step in &steps {
            let spelled = if step.is_pattern { Some(ANY_NAME.to_owned()) } else { names.spell(&step.name) };
            has_path &= spelled.is_some();
            let mut spelled = spelled.unwrap_or_else(|| names.shown(&step.name));
            if let Some(kind) = &step.kind {
                let by = names.spell(&kind.by);
                has_path &= by.is_some();
                spelled.push_str(&format!("[{}='{}']", by.unwrap_or_default(), names.value(kind)));
            }
            path.push(spelled);
        }
        let mut path = path.join("/");
        if line.is_record {
            path.push_str("/**");
        }
        let is_of_pattern = steps.iter().any(|step| step.is_pattern);
        let kinds = steps.iter().filter_map(|step| step.kind.as_ref()).map(|kind| &kind.value);
        let said: Vec<String> =
            steps.iter().map(|step| &step.name.local).chain(kinds).flat_map(|name| words(name)).collect();
        let is_of_requester = said.iter().any(|word| REQUESTER.contains(&word.as_str()));
        let (element, comment) = match &line.guess {
            _ if !has_path => (None, UNWRITABLE.to_owned()),
            // A wildcard is for whoever answers.
            Guess::Element { id, .. } if is_of_pattern => (None, format!("question: `{id}`? {IN_PATTERN}")),
            Guess::Element { id, reason } => (Some(id.clone()), reason.clone()),
            Guess::Ask(question) => (None, format!("question: {question}")),
            Guess::OneOf(_) => (None, "question: which data element, or none?".to_owned()),
        };
        let is_of_kind = steps.iter().any(|step| step.kind.is_some());
        let is_attribute = steps.last().is_some_and(|step| step.name.is_attribute) && !is_of_kind;
        let comment = escape::escape(&comment).into_owned();
        let is_of_keys = element.as_deref() == Some("envelope.message-key");
        let values = tree.part(line.part).filter(|_| is_of_keys).map(|part| part.values.as_slice()).unwrap_or_default();
        let keys = values.iter().map(|value| value.trim()).filter(|value| is_key(value)).map(toml_string).collect();
        let is_sampled = tree.part(line.part).is_some_and(|part| !part.values.is_empty());
        Self { path, element, comment, is_attribute, keys, is_of_requester, has_path, is_sampled }
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        let path = toml_string(&self.path);
        match &self.element {
            Some(element) if element.starts_with(ROUTING) => {
                writeln!(text, "{path} = \"{element}\"   # {}; {TO_EVERYBODY}", self.comment)
            }
            Some(element) => writeln!(text, "{path} = \"{element}\"   # {}", self.comment),
            None if self.has_path => writeln!(text, "# {path} = \"?\"   # {}", self.comment),
            None => writeln!(text, "# {path}   # {}", self.comment),
        }
    }
}

/// Whether a value is written like a message key, so that nothing else is written (P6).
fn is_key(value: &str) -> bool {
    (2..=4).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// How the elements begin that nobody is denied.
const ROUTING: &str = "envelope.";
/// Of a path that leads to one.
const TO_EVERYBODY: &str = "goes out to everybody, and a value of another shape withholds the message";
/// Of a name that no path can lead to.
const UNWRITABLE: &str = "question: no path can lead to a part of such a name, so it is always removed: is it wanted?";
/// Of a part in one of many whose names are values.
const IN_PATTERN: &str = "it is in parts whose names are values";

/// Words for whom a message goes to.
const REQUESTER: &[&str] = &["destination", "requester", "requesting", "recipient", "receiving", "receiver", "to"];

/// How the draft spells names.
struct Spelling {
    syntax: Syntax,
    /// Prefixes and namespaces, each once.
    namespaces: Vec<(String, String)>,
    /// Prefixes of JSON names that nothing binds.
    unbound: BTreeSet<String>,
}

impl Spelling {
    fn of(tree: &PartTree, mapping: &DraftMapping) -> Self {
        let links = tree.links.iter().filter(|_| has_references(tree));
        let mut used: Vec<&Name> = tree.root().into_iter().chain(links).collect();
        for line in &mapping.lines {
            for step in tree.steps(line.part) {
                used.push(&step.name);
                used.extend(step.kind.as_ref().map(|kind| &kind.by));
            }
        }
        let types = mapping.lines.iter().flat_map(|line| tree.steps(line.part)).filter_map(|step| step.kind.as_ref());
        let types: Vec<Name> =
            types.filter_map(|kind| kind.namespace.as_deref()).map(|namespace| Name::element(namespace, "")).collect();
        used.extend(&types);
        match tree.syntax {
            Syntax::Xml => Self::of_xml(tree, &used),
            Syntax::Json => Self::of_json(tree, &used),
        }
    }

    fn of_xml(tree: &PartTree, used: &[&Name]) -> Self {
        let mut namespaces: Vec<(String, String)> = Vec::new();
        for name in used.iter().filter(|name| !name.namespace.is_empty()) {
            if is_reserved(&name.namespace) || namespaces.iter().any(|(_, uri)| *uri == name.namespace) {
                continue;
            }
            let author =
                tree.prefixes.iter().find(|(_, uri)| *uri == name.namespace).map(|(prefix, _)| prefix.as_str());
            let wanted = match author {
                Some(prefix) if is_prefix(prefix) => prefix.to_owned(),
                _ => prefix_of(&name.namespace),
            };
            let mut prefix = wanted.clone();
            let mut number = 2;
            while namespaces.iter().any(|(own, _)| *own == prefix) {
                prefix = format!("{wanted}{number}");
                number += 1;
            }
            namespaces.push((prefix, name.namespace.clone()));
        }
        Self { syntax: Syntax::Xml, namespaces, unbound: BTreeSet::new() }
    }

    /// A JSON name is its whole spelling. Its prefixes mean something where `@context` binds all of them.
    fn of_json(tree: &PartTree, used: &[&Name]) -> Self {
        let prefixes: BTreeSet<&str> =
            used.iter().filter_map(|name| name.local.split_once(':')).map(|(prefix, _)| prefix).collect();
        let bound =
            |prefix: &str| tree.prefixes.iter().find(|(own, uri)| own == prefix && is_prefix(own) && !is_reserved(uri));
        let unbound: BTreeSet<String> =
            prefixes.iter().filter(|prefix| bound(prefix).is_none()).map(|prefix| (*prefix).to_owned()).collect();
        let rdf = tree.prefixes.iter().find(|(_, uri)| uri == RDF_URI).map(|(prefix, _)| prefix.as_str());
        let needed = prefixes.into_iter().chain(rdf).collect::<BTreeSet<_>>();
        let namespaces =
            if unbound.is_empty() { needed.into_iter().filter_map(bound).cloned().collect() } else { Vec::new() };
        Self { syntax: Syntax::Json, namespaces, unbound }
    }

    /// A name as a step of a path; `None` if no path can lead to it.
    fn spell(&self, name: &Name) -> Option<String> {
        let local = step(&name.local, self.syntax)?;
        let has_prefix = self.syntax == Syntax::Json || name.namespace.is_empty() || self.prefix(name).is_some();
        has_prefix.then(|| self.with_prefix(name, &local))
    }

    /// The value of a kind as a predicate asks for it: of a type with its prefix.
    fn value(&self, kind: &Kind) -> String {
        match &kind.namespace {
            Some(namespace) => self.with_prefix(&Name::element(namespace, ""), &kind.value),
            None => kind.value.clone(),
        }
    }

    /// A name as it is shown, whether or not a path can lead to it.
    fn shown(&self, name: &Name) -> String {
        self.with_prefix(name, &name.local)
    }

    fn with_prefix(&self, name: &Name, local: &str) -> String {
        let at = if name.is_attribute { "@" } else { "" };
        let prefix = self.prefix(name).map_or(String::new(), |prefix| format!("{prefix}:"));
        format!("{at}{prefix}{local}")
    }

    fn prefix(&self, name: &Name) -> Option<&str> {
        let mut namespaces = self.namespaces.iter().filter(|_| self.syntax == Syntax::Xml);
        namespaces.find(|(_, uri)| *uri == name.namespace).map(|(prefix, _)| prefix.as_str())
    }
}

/// Whether a namespace is one that no format may name.
fn is_reserved(uri: &str) -> bool {
    matches!(uri, XML_URI | "http://www.w3.org/2000/xmlns/")
}

/// Whether a prefix can be written as a bare key of TOML, and be declared in XML.
fn is_prefix(prefix: &str) -> bool {
    is_ncname(prefix)
        && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        && !prefix.to_ascii_lowercase().starts_with("xml")
}

/// A prefix for a namespace that its author gave none: the last word of its URI.
fn prefix_of(uri: &str) -> String {
    let steps = uri.split(['/', ':', '#']).rev();
    let mut words = steps.map(kebab).filter(|word| word.len() > 1 && is_prefix(word));
    words.next().unwrap_or_else(|| "ns".to_owned())
}
