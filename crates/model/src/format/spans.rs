//! A `format.toml` with the span of every path, for checking it against its schema.
//!
//! Separate from [`Declared`](super::Declared), which the message path keeps, because only the command line needs
//! spans.

use std::ops::Range;

use super::Syntax;
use super::extend::FormatFiles;
use super::raw::{RawFormat, WrittenPath, listed, written_paths};
use crate::config::{ConfigError, Document, Errors, Origin, Spanned};
use crate::policy::Attribute;

/// A path and its span in the file.
#[derive(Debug, Clone)]
pub struct SpannedPath {
    /// Complete, from below the root.
    pub path: String,
    /// Where it is, in bytes of the file.
    pub span: Range<usize>,
}

/// The content of a `format.toml`, with spans.
#[derive(Debug)]
pub struct FormatSpans {
    /// The name of the format.
    pub name: SpannedPath,
    /// How its messages are written.
    pub syntaxes: Vec<Syntax>,
    /// The roots.
    pub roots: Vec<SpannedPath>,
    /// Prefixes and their namespaces.
    pub namespaces: Vec<(String, String)>,
    /// The paths of `[paths]`, and the data element that each leads to.
    pub paths: Vec<(SpannedPath, String)>,
    /// The paths that the filter reads itself: message key, requester, attributes of the request.
    pub read: Vec<SpannedPath>,
    /// Paths of elements that may be `xsi:nil`.
    pub nillable: Vec<SpannedPath>,
    /// Paths of required parts, each with its placeholder.
    pub required: Vec<(SpannedPath, String)>,
    /// Paths that the format names as unmapped on purpose.
    pub unmapped: Vec<SpannedPath>,
    /// The attributes by which objects refer to one another.
    pub references: Vec<String>,
    /// The path of the message key.
    pub message_type: Option<String>,
    /// The path of the requester's ORI.
    pub requester: Option<String>,
    /// The attributes of the request that the envelope states, each with its path.
    pub attributes: Vec<(Attribute, String)>,
    /// The path of the notice.
    pub notice: Option<String>,
    /// The path of the legal notice.
    pub legal_notice: Option<String>,
    /// The keys that its messages may have, if it lists them.
    pub messages: Option<Vec<String>>,
    /// The parts that its messages have, each with the values it may have.
    pub marks: Vec<(String, Vec<String>)>,
    /// The text layouts: the paths of each, and all else that it says.
    pub texts: Vec<(Vec<String>, Vec<String>)>,
}

impl FormatSpans {
    /// Reads the tables of a format, with what it inherits of the others, which has the span of `extends`;
    /// [`Formats`](super::Formats) validates its names.
    pub fn read(document: &Document<'_>, others: &[Document<'_>]) -> Result<Self, ConfigError> {
        let mut errors = Errors::default();
        let others = others.iter().filter(|other| other.file != document.file);
        let all = others.chain([document]).map(|document| (*document, Origin::Added));
        let files = FormatFiles::read(all, &mut errors);
        errors.finish()?;
        let raw = files.resolved(files.0.len().saturating_sub(1))?;
        raw.as_ref().map(Self::of).ok_or_else(|| ConfigError::of_file(document.file, "can't be read as a format"))
    }

    fn of(raw: &RawFormat) -> Self {
        let paths = written_paths(&raw.paths).into_iter();
        let paths = paths.map(|WrittenPath { path, span, element }| (SpannedPath { path, span }, element)).collect();
        let mut references = Vec::new();
        if let Some(raw) = &raw.references {
            references.extend(raw.id.iter().map(|name| name.get_ref().clone()));
            references.extend([&raw.reference, &raw.uri].into_iter().flat_map(listed).cloned());
            references.extend(raw.pointers());
        }
        Self {
            name: spanned(&raw.name),
            syntaxes: raw.syntaxes().to_vec(),
            roots: raw.roots().into_iter().map(|(root, span)| SpannedPath { path: root.to_owned(), span }).collect(),
            namespaces: raw
                .namespaces
                .iter()
                .map(|(prefix, uri)| (prefix.get_ref().clone(), uri.get_ref().clone()))
                .collect(),
            paths,
            read: (raw.message_type.iter().chain(&raw.requester))
                .chain(raw.attributes.iter().map(|(_, path)| path))
                .map(spanned)
                .collect(),
            nillable: raw.nillable.iter().map(spanned).collect(),
            required: raw
                .required
                .iter()
                .map(|required| (spanned(&required.path), required.when_denied.get_ref().clone()))
                .collect(),
            unmapped: raw.unmapped.iter().map(spanned).collect(),
            references,
            message_type: raw.message_type.as_ref().map(|path| path.get_ref().clone()),
            requester: raw.requester.as_ref().map(|path| path.get_ref().clone()),
            attributes: raw.attributes.iter().map(|(own, path)| (own, path.get_ref().clone())).collect(),
            notice: raw.notice.as_ref().map(|path| path.get_ref().clone()),
            legal_notice: raw.legal_notice.as_ref().map(|path| path.get_ref().clone()),
            messages: raw.messages.as_ref().map(|keys| texts(keys.get_ref())),
            marks: raw
                .marks()
                .iter()
                .map(|mark| (mark.get_ref().path().to_owned(), mark.get_ref().values().unwrap_or_default().to_vec()))
                .collect(),
            texts: raw.text.iter().map(|text| (texts(&text.paths), text.content())).collect(),
        }
    }
}

fn texts(spanned: &[Spanned<String>]) -> Vec<String> {
    spanned.iter().map(|text| text.get_ref().clone()).collect()
}

fn spanned(text: &Spanned<String>) -> SpannedPath {
    SpannedPath { path: text.get_ref().clone(), span: text.span() }
}
