//! A text that has fields of its own: it must consist of one heading and fields that the grant permits, one per line.

use std::sync::{Arc, OnceLock};

use regex_automata::meta::Regex;
use regex_automata::{Input, util::syntax};

use super::value::{Checked, ensure};
use dmv_redact_model::catalog::ElementId;
use dmv_redact_model::format::DeclaredText;

/// A layout. Its patterns are compiled on first use; one that can't be compiled matches no text.
#[derive(Debug)]
pub(super) struct TextLayout {
    declared: Arc<DeclaredText>,
    /// What skipped parts begin with, the heading and the fields; and what follows each skipped part.
    regexes: OnceLock<Option<(Regex, Vec<Option<Regex>>)>>,
}

const NOT_THIS_LAYOUT: &str = "a text that isn't laid out as the mapping has it";
const BESIDE: &str = "a text beside the fields of a text mapping";

impl TextLayout {
    pub(super) fn new(declared: &Arc<DeclaredText>) -> Self {
        Self { declared: Arc::clone(declared), regexes: OnceLock::new() }
    }

    /// `None` if a pattern is too large.
    pub(super) fn regexes(&self) -> Option<&(Regex, Vec<Option<Regex>>)> {
        let DeclaredText { skips, heading, fields, .. } = &*self.declared;
        let mut builder = Regex::builder();
        builder.syntax(syntax::Config::new().unicode(false).crlf(true));
        let fields = [heading].into_iter().chain(fields).map(|declared| &declared.pattern);
        let all: Vec<_> = skips.iter().map(|(from, _)| from).chain(fields).collect();
        let follow = skips.iter().map(|(_, to)| to.as_ref().map_or(Some(None), |to| builder.build(to).ok().map(Some)));
        let build = || Some((builder.build_many(&all).ok()?, follow.collect::<Option<_>>()?));
        self.regexes.get_or_init(build).as_ref()
    }

    /// The fields of a text, from left to right, and its heading, of no element. An output has nothing beside them.
    pub(super) fn fields<'v>(&self, text: &'v str, is_output: bool) -> Checked<Vec<(Option<ElementId>, &'v str)>> {
        let (regex, follow) = self.regexes().ok_or(NOT_THIS_LAYOUT)?;
        let (mut at, mut headings, mut rows, mut all) = (0, 0, 0, Vec::new());
        let mut found = regex.create_captures();
        while at < text.len() {
            regex.captures(Input::new(text).range(at..), &mut found);
            let Some((whole, pattern)) = found.get_match().zip(found.pattern()).filter(|(whole, _)| !whole.is_empty())
            else {
                break;
            };
            ensure(!is_output || whole.start() == at, BESIDE)?;
            at = whole.end();
            if let Some(follow) = follow.get(pattern.as_usize()) {
                let next = follow.as_ref().and_then(|follow| follow.find(Input::new(text).range(at..)));
                at = next.map_or(text.len(), |next| next.start());
                ensure(!is_output, BESIDE)?;
                continue;
            }
            let index = pattern.as_usize() - follow.len();
            let field = index.checked_sub(1).and_then(|index| self.declared.fields.get(index));
            let groups = &field.unwrap_or(&self.declared.heading).groups;
            all.extend((index == 0).then_some((None, "")));
            let before = all.len();
            for (name, group) in regex.group_info().pattern_names(pattern).zip(found.iter()) {
                let element = groups.iter().find(|(own, _)| Some(own.as_str()) == name).map(|(_, element)| *element);
                let value = group.and_then(|group| text.get(group.range())).map(str::trim_ascii);
                let value = value.filter(|value| element.is_some() && !value.is_empty());
                all.extend(value.map(|value| (element, value)));
            }
            headings += usize::from(index == 0);
            rows += usize::from(index > 0);
            ensure(!is_output || index == 0 || all.len() > before, "a field of a text in which nothing was released")?;
            // A match may include the line end. Only one may follow.
            if is_output && at < text.len() && text.as_bytes().get(at - 1) != Some(&b'\n') {
                ensure(text.as_bytes().get(at) == Some(&b'\n') && at + 1 < text.len(), BESIDE)?;
                at += 1;
            }
        }
        ensure(!is_output || at == text.len(), BESIDE)?;
        ensure(!is_output || headings == 1 && rows > 0, NOT_THIS_LAYOUT)?;
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dmv_redact_model::catalog::Catalog;
    use dmv_redact_model::format::Formats;

    #[test]
    fn every_layout_that_ships_with_the_filter_can_be_compiled() {
        let formats = Formats::load(
            dmv_redact::shipped::FORMATS,
            &[],
            &Arc::new(Catalog::load(dmv_redact::shipped::CATALOG, &[]).unwrap()),
        )
        .unwrap();
        let texts: Vec<_> = formats.iter().flat_map(|format| &format.declared.texts).collect();
        assert!(texts.len() > 4);
        for text in texts {
            assert!(TextLayout::new(text).regexes().is_some());
        }
    }
}
