//! Reads the `[[text]]` tables of a format.

use std::sync::Arc;

use super::super::declared::{DeclaredPattern, DeclaredText};
use super::Layout;
use super::raw::{Groups, RawText};
use super::source::{GroupedPattern, LayoutSource, Skip};
use crate::catalog::{Catalog, ElementId};
use crate::config::{ConfigError, Document, Errors, Origin, Spanned, all};

/// All layouts of a format; those that a user wrote are compiled, to find errors in them.
pub(in crate::format) fn load(
    (document, origin): (&Document<'_>, Origin),
    texts: &[RawText],
    catalog: &Catalog,
) -> Result<Vec<Layout>, ConfigError> {
    let resolver = Resolver { document, catalog };
    let mut errors = Errors::default();
    for (index, text) in texts.iter().enumerate() {
        let name = text.name.get_ref();
        errors.take(document.word(&text.name, "text mapping"));
        if texts.iter().take(index).any(|other| other.name.get_ref() == name) {
            errors.push(document.error(&text.name.span(), format!("text mapping `{name}` is declared twice")));
        }
    }
    let layouts: Vec<_> = texts.iter().filter_map(|text| errors.take(resolver.layout(text))).collect();
    if origin == Origin::Added {
        // All of them, so that every error is reported.
        let results: Vec<_> = layouts.iter().map(Layout::compile).collect();
        for fault in results.into_iter().filter_map(Result::err) {
            errors.push(fault.into_config_error(document));
        }
    }
    errors.finish()?;
    Ok(layouts)
}

/// The content of the tables for the second reading. They were validated before.
pub(in crate::format) fn declare(texts: &[RawText], catalog: &Catalog) -> Vec<Arc<DeclaredText>> {
    texts.iter().map(|text| Arc::new(declared_text(text, catalog))).collect()
}

fn declared_text(text: &RawText, catalog: &Catalog) -> DeclaredText {
    DeclaredText {
        paths: text.paths.iter().map(|path| path.get_ref().clone()).collect(),
        skips: text
            .skip
            .iter()
            .map(|skip| (skip.from.get_ref().clone(), skip.to.as_ref().map(|to| to.get_ref().clone())))
            .collect(),
        heading: declared_pattern(&text.recognise, &text.groups, catalog),
        fields: text.field.iter().map(|field| declared_pattern(&field.pattern, &field.groups, catalog)).collect(),
    }
}

fn declared_pattern(pattern: &Spanned<String>, groups: &Groups, catalog: &Catalog) -> DeclaredPattern {
    let mut declared = Vec::with_capacity(groups.len());
    for (name, id) in groups {
        declared.extend(catalog.find(id.get_ref()).map(|element| (name.get_ref().clone(), element)));
    }
    DeclaredPattern { pattern: pattern.get_ref().clone(), groups: declared }
}

struct Resolver<'a> {
    document: &'a Document<'a>,
    catalog: &'a Catalog,
}

impl Resolver<'_> {
    fn layout(&self, text: &RawText) -> Result<Layout, ConfigError> {
        let mut errors = Errors::default();
        if text.field.is_empty() {
            errors.push(self.document.error(&text.name.span(), "a text mapping needs a `[[text.field]]`"));
        }
        if text.paths.is_empty() {
            errors.push(self.document.error(&text.name.span(), "a text mapping needs its `paths`"));
        }

        let fields = text.field.iter().map(|field| self.grouped_pattern(&field.pattern, &field.groups, false));
        let fields = errors.take(all(fields)).unwrap_or_default();
        let heading = errors.take(self.grouped_pattern(&text.recognise, &text.groups, true));
        errors.finish()?;
        let Some(heading) = heading else { return Err(self.document.error(&text.name.span(), "it has no heading")) };
        Ok(Layout::new(LayoutSource {
            name: text.name.span(),
            skips: text.skip.iter().map(|skip| Skip { from: skip.from.clone(), to: skip.to.clone() }).collect(),
            heading,
            fields,
        }))
    }

    fn grouped_pattern(
        &self,
        pattern: &Spanned<String>,
        groups: &Groups,
        is_heading: bool,
    ) -> Result<GroupedPattern, ConfigError> {
        let groups = all(groups.iter().map(|(name, id)| Ok((name.clone(), self.element(id, is_heading)?))))?;
        Ok(GroupedPattern { pattern: pattern.clone(), groups: groups.into_iter().collect() })
    }

    fn element(&self, id: &Spanned<String>, is_heading: bool) -> Result<ElementId, ConfigError> {
        let name = id.get_ref();
        let Some(found) = self.catalog.find(name) else {
            let error = self.document.error(&id.span(), format!("unknown data element `{name}`"));
            return Err(error.nearest(name, self.catalog.iter().map(|(_, element)| element.id())));
        };
        // The heading always goes out, a field never without a permit (P1).
        let is_envelope = self.catalog.element(found).is_some_and(|element| element.is_envelope());
        if is_envelope != is_heading {
            let message = match is_heading {
                true => "a heading's groups are of the envelope, for it goes out whatever the grant",
                false => "a field can't be of the envelope, which every grant holds",
            };
            return Err(self.document.error(&id.span(), message));
        }
        Ok(found)
    }
}
