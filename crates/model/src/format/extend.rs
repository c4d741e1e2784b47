//! A format that extends another has the other's tables, with paths added, changed and taken out; one that replaces
//! another stands in its place.
//!
//! What it inherits has the place of `extends` in its file: an error in what the two make together is told there, or at
//! the entry that causes it.

use std::ops::Range;

use super::load::is_at_or_below;
use super::raw::{PathEntry, Paths, RawEmbedded, RawFormat, RawReferences, RawRequired, WrittenPath, written_paths};
use super::text::RawText;
use super::types::expanded;
use crate::config::{ConfigError, Document, Errors, Origin, Spanned, Table};

/// A `format.toml` as it was read.
#[derive(Debug)]
pub(super) struct FormatFile<'d> {
    pub(super) document: Document<'d>,
    pub(super) origin: Origin,
    pub(super) raw: RawFormat,
}

/// All formats as they were read: each may name others.
#[derive(Debug)]
pub(super) struct FormatFiles<'d>(pub(super) Vec<FormatFile<'d>>);

/// One format that stands in the place of another.
#[derive(Debug, Clone)]
pub struct Replacement {
    /// The format that stands, and its file.
    pub format: String,
    /// The name of that file.
    pub file: String,
    /// Where the file says so, in bytes.
    pub span: Range<usize>,
    /// The format in whose place it stands, and its file.
    pub replaced: String,
    /// The name of that file.
    pub replaced_file: String,
}

/// Which format stands in whose place, by their indices, and where its file says so.
#[derive(Debug)]
pub(super) struct Instead {
    pub(super) format: usize,
    pub(super) replaced: usize,
    pub(super) span: Range<usize>,
}

impl<'d> FormatFiles<'d> {
    /// Reads files. One that has errors is left out if nothing can be made of it.
    pub(super) fn read(documents: impl IntoIterator<Item = (Document<'d>, Origin)>, errors: &mut Errors) -> Self {
        let mut files = Vec::new();
        for (document, origin) in documents {
            let mut own = Errors::default();
            let raw = document.read(&mut own);
            if raw.is_none() && own.is_empty() {
                own.push(ConfigError::of_file(document.file, "can't be read as a format"));
            }
            files.extend(raw.map(|raw| FormatFile { document, origin, raw }));
            errors.take(own.finish());
        }
        Self(files)
    }

    /// The format that another one means by a name: that of a user before one that is built in.
    fn named(&self, name: &str, by: usize) -> Option<usize> {
        self.0.iter().enumerate().rposition(|(index, file)| index != by && file.raw.name.get_ref() == name)
    }

    fn unknown(&self, by: &FormatFile<'_>, span: &Range<usize>, name: &str) -> ConfigError {
        let names = self.0.iter().map(|file| file.raw.name.get_ref().as_str());
        let others = names.filter(|other| *other != by.raw.name.get_ref());
        by.document.error(span, format!("unknown format `{name}`")).nearest(name, others)
    }

    /// A format with all that it inherits.
    ///
    /// # Errors
    /// When it extends a format that there isn't, or itself by way of others, or what the other doesn't allow.
    pub(super) fn resolved(&self, index: usize) -> Result<Option<RawFormat>, ConfigError> {
        self.resolved_by(index, &mut Vec::new())
    }

    fn resolved_by(&self, index: usize, by: &mut Vec<usize>) -> Result<Option<RawFormat>, ConfigError> {
        let Some(file) = self.0.get(index) else { return Ok(None) };
        let Some(extends) = &file.raw.extends else {
            let mut raw = file.raw.clone();
            raw.paths = expanded(&file.document, &raw.paths, &raw.types, &Table::default())?;
            raw.map_embedded();
            return Ok(Some(raw));
        };
        let name = extends.get_ref();
        by.push(index);
        let base = match self.named(name, index) {
            Some(base) if by.contains(&base) => {
                return Err(file.document.error(&extends.span(), format!("`{name}` extends this format in turn")));
            }
            Some(base) => self.resolved_by(base, by)?,
            None => return Err(self.unknown(file, &extends.span(), name)),
        };
        let Some(base) = base else { return Ok(None) };
        let mut raw = file.raw.clone();
        raw.paths = expanded(&file.document, &raw.paths, &raw.types, &base.types)?;
        let mut raw = extended(&file.document, raw, extends, base)?;
        raw.map_embedded();
        Ok(Some(raw))
    }

    /// Which formats stand in whose place.
    pub(super) fn replaced(&self, errors: &mut Errors) -> Vec<Instead> {
        let mut all: Vec<Instead> = Vec::new();
        for (index, file) in self.0.iter().enumerate() {
            for (name, span) in file.raw.replaced() {
                let extends = file.raw.extends.as_ref().is_some_and(|extends| extends.get_ref() == name);
                match self.named(name, index) {
                    Some(replaced) if leads_to(&all, index, replaced) => {
                        let message = format!("`{name}` stands in this format's place in turn");
                        errors.push(file.document.error(&span, message));
                    }
                    Some(replaced) => all.push(Instead { format: index, replaced, span }),
                    // Told where the format is resolved.
                    None if extends => {}
                    None => errors.push(self.unknown(file, &span, name)),
                }
            }
        }
        all
    }

    /// The names of the formats in whose place one stands.
    pub(super) fn replaced_by(&self, index: usize, all: &[Instead]) -> Vec<String> {
        let own = all.iter().filter(|instead| instead.format == index);
        own.filter_map(|instead| Some(self.0.get(instead.replaced)?.raw.name.get_ref().clone())).collect()
    }

    /// The names and files of two formats of which one stands in the other's place.
    pub(super) fn replacement(&self, instead: &Instead) -> Option<Replacement> {
        let (file, other) = (self.0.get(instead.format)?, self.0.get(instead.replaced)?);
        Some(Replacement {
            format: file.raw.name.get_ref().clone(),
            file: file.document.file.to_owned(),
            span: instead.span.clone(),
            replaced: other.raw.name.get_ref().clone(),
            replaced_file: other.document.file.to_owned(),
        })
    }
}

/// Whether a format stands in the end, by way of others, in the place of another.
fn leads_to(all: &[Instead], replaced: usize, format: usize) -> bool {
    let mut open = vec![replaced];
    let mut seen = Vec::new();
    while let Some(at) = open.pop() {
        if at == format {
            return true;
        }
        if !seen.contains(&at) {
            seen.push(at);
            open.extend(all.iter().filter(|instead| instead.replaced == at).map(|instead| instead.format));
        }
    }
    false
}

/// Something read from the table of another format, moved to the place where that is named.
pub(super) trait Inherited {
    fn at(self, place: &Range<usize>) -> Self;
}

impl<T> Inherited for Spanned<T> {
    fn at(self, place: &Range<usize>) -> Self {
        Self::new(place.clone(), self.into_inner())
    }
}

impl<T: Inherited> Inherited for Vec<T> {
    fn at(self, place: &Range<usize>) -> Self {
        self.into_iter().map(|item| item.at(place)).collect()
    }
}

impl<T: Inherited> Inherited for Option<T> {
    fn at(self, place: &Range<usize>) -> Self {
        self.map(|value| value.at(place))
    }
}

impl Inherited for Paths {
    fn at(self, place: &Range<usize>) -> Self {
        let mut moved = Self::default();
        moved.prepend(self.into_iter().map(|(path, entry)| {
            let entry = match entry.into_inner() {
                PathEntry::Below(below) => PathEntry::Below(below.at(place)),
                PathEntry::Element(element) => PathEntry::Element(element),
            };
            (path.at(place), Spanned::new(place.clone(), entry))
        }));
        moved
    }
}

impl Inherited for RawRequired {
    fn at(self, place: &Range<usize>) -> Self {
        Self { path: self.path.at(place), when_denied: self.when_denied.at(place) }
    }
}

impl Inherited for RawEmbedded {
    fn at(self, place: &Range<usize>) -> Self {
        let format = Spanned::new(place.clone(), self.format.into_inner());
        Self { paths: self.paths.at(place), format, encoding: self.encoding }
    }
}

impl Inherited for RawReferences {
    fn at(self, place: &Range<usize>) -> Self {
        let Self { id, reference, uri, idrefs, json } = self;
        Self {
            id: id.at(place),
            reference: reference.at(place),
            uri: uri.at(place),
            idrefs: idrefs.at(place),
            json: json.at(place),
        }
    }
}

/// Whether a path is taken out where `removed` is, with or without its `/**`: it is that, or below it.
fn is_taken_out(path: &str, removed: &str) -> bool {
    is_at_or_below(path, removed.strip_suffix("/**").unwrap_or(removed))
}

/// The format that `raw` describes, which extends `base`.
///
/// # Errors
/// When it takes out what `base` doesn't have, or binds a prefix of `base` to another namespace.
pub(super) fn extended(
    document: &Document<'_>,
    raw: RawFormat,
    extends: &Spanned<String>,
    base: RawFormat,
) -> Result<RawFormat, ConfigError> {
    let mut errors = Errors::default();
    let base_name = extends.get_ref();
    let place = extends.span();
    let own: Vec<String> = written_paths(&raw.paths).into_iter().map(|own| own.path).collect();
    let inherited = written_paths(&base.paths);
    for removed in &raw.remove {
        let all = inherited.iter().map(|inherited| &inherited.path).chain(base.unmapped.iter().map(Spanned::get_ref));
        if !all.clone().any(|path| is_taken_out(path, removed.get_ref())) {
            let message =
                format!("`{}` isn't mapped in `{base_name}`, from which it is to be taken out", removed.get_ref());
            errors.push(document.error(&removed.span(), message).nearest(removed.get_ref(), all.map(String::as_str)));
        }
    }
    // A record takes in what no path names.
    for removed in &raw.remove {
        let path = removed.get_ref();
        let records = inherited.iter().filter_map(|inherited| inherited.path.strip_suffix("/**"));
        let is_around =
            |record: &&str| is_at_or_below(path, record) && path != record && path.strip_suffix("/**") != Some(record);
        let is_gone = |record: &str| raw.remove.iter().any(|other| is_taken_out(record, other.get_ref()));
        if let Some(record) = records.filter(is_around).find(|record| !is_gone(record)) {
            let message = format!("`{path}` is in the record `{record}/**`, and would go out with it");
            let error = document.error(&removed.span(), message);
            errors.push(error.help("map it to another data element, which can be denied"));
        }
    }
    for (prefix, uri) in &raw.namespaces {
        let bound = base.namespaces.iter().find(|(other, _)| other == prefix);
        if bound.is_some_and(|(_, other)| other != uri) {
            let message = format!("prefix `{}` is bound to another namespace in `{base_name}`", prefix.get_ref());
            errors.push(document.error(&prefix.span(), message).help("choose another prefix"));
        }
    }
    errors.finish()?;
    let is_removed = {
        let removed = raw.remove.clone();
        move |path: &str| removed.iter().any(|removed| is_taken_out(path, removed.get_ref()))
    };
    let is_replaced = |path: &str| own.iter().any(|own| own == path);
    // What is taken out and mapped anew keeps what else is said of it.
    let stays = |path: &Spanned<String>| !is_removed(path.get_ref()) || is_replaced(path.get_ref());
    let mut paths = raw.paths;
    let kept = inherited.into_iter().filter(|inherited| !is_removed(&inherited.path) && !is_replaced(&inherited.path));
    paths.prepend(kept.map(|WrittenPath { path, element, .. }| {
        (Spanned::new(place.clone(), path), Spanned::new(place.clone(), PathEntry::Element(element)))
    }));
    let mut namespaces: Table<Spanned<String>> = raw.namespaces;
    let missing: Vec<_> = base
        .namespaces
        .into_iter()
        .filter(|(prefix, _)| !namespaces.iter().any(|(own, _)| own == prefix))
        .map(|(prefix, uri)| (prefix.at(&place), uri.at(&place)))
        .collect();
    namespaces.prepend(missing);
    let joined = |own: Vec<Spanned<String>>, mut base: Vec<Spanned<String>>| {
        base.retain(|path| stays(path) && !own.contains(path));
        base.at(&place).into_iter().chain(own).collect::<Vec<_>>()
    };
    let unmapped = base.unmapped.into_iter().filter(|path| !is_replaced(path.get_ref())).collect();
    let mut required = base.required;
    required.retain(|part| stays(&part.path) && !raw.required.iter().any(|own| own.path == part.path));
    let mut text: Vec<RawText> = base.text;
    text.retain(|text| !raw.text.iter().any(|own| own.name == text.name));
    text.iter_mut().for_each(|text| text.paths.retain(stays));
    text.retain(|text| !text.paths.is_empty());
    let own_embedded = |path: &Spanned<String>| {
        raw.embedded.iter().any(|embedded| embedded.paths.iter().any(|own| own.get_ref() == path.get_ref()))
    };
    let mut embedded: Vec<RawEmbedded> = base.embedded;
    embedded
        .iter_mut()
        .for_each(|embedded| embedded.paths.retain(|path| !is_removed(path.get_ref()) && !own_embedded(path)));
    embedded.retain(|embedded| !embedded.paths.is_empty());
    Ok(RawFormat {
        name: raw.name,
        extends: raw.extends,
        replaces: raw.replaces,
        remove: raw.remove,
        _title: raw._title,
        _source: raw._source,
        syntax: raw.syntax.or(base.syntax),
        root: raw.root.or(base.root.at(&place)),
        recognise: raw
            .recognise
            .or(base.recognise.map(|marks| Spanned::new(place.clone(), marks.into_inner().at(&place)))),
        message_type: raw.message_type.or(base.message_type.at(&place)),
        messages: raw.messages.or(base.messages.map(|keys| Spanned::new(place.clone(), keys.into_inner().at(&place)))),
        requester: raw.requester.or(base.requester.at(&place)),
        attributes: raw
            .attributes
            .or(base.attributes.filter_map(|path| Some(path).filter(|path| stays(path)).map(|path| path.at(&place)))),
        notice: raw.notice.or(base.notice.at(&place)),
        legal_notice: raw.legal_notice.or(base.legal_notice.at(&place)),
        context: raw.context.or(base.context.at(&place)),
        nested_arrays: joined(raw.nested_arrays, base.nested_arrays),
        nillable: joined(raw.nillable, base.nillable),
        namespaces,
        paths,
        required: required.at(&place).into_iter().chain(raw.required).collect(),
        references: raw.references.or(base.references.at(&place)),
        unmapped: joined(raw.unmapped, unmapped),
        types: {
            let mut types = raw.types;
            let own: Vec<String> = types.iter().map(|(name, _)| name.get_ref().clone()).collect();
            let inherited = base.types.into_iter().filter(|(name, _)| !own.contains(name.get_ref()));
            types.prepend(inherited.map(|(name, paths)| (name.at(&place), paths.at(&place))));
            types
        },
        text: text.at(&place).into_iter().chain(raw.text).collect(),
        embedded: embedded.at(&place).into_iter().chain(raw.embedded).collect(),
    })
}
