//! A text that has fields of its own: it must consist of one heading and fields that the grant permits, one per line.

use std::sync::{Arc, OnceLock};

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::meta::Regex;
use regex_automata::{Anchored, Input, PatternID, Span, util::syntax};

use super::value::{Checked, ensure};
use dmv_redact_model::catalog::ElementId;
use dmv_redact_model::format::DeclaredText;

/// A layout. Its patterns are compiled on first use; one that can't be compiled matches no text.
#[derive(Debug)]
pub(super) struct TextLayout {
    declared: Arc<DeclaredText>,
    patterns: OnceLock<Option<Patterns>>,
}

type Table = dense::DFA<Vec<u32>>;

#[derive(Debug)]
pub(super) struct Patterns {
    /// What skipped parts begin with, the heading and the fields.
    all: Table,
    /// The same, with their groups.
    groups: Regex,
    /// What follows each skipped part.
    follow: Vec<Option<Table>>,
}

/// A field of a text, or its heading.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'v> {
    /// Which of the layout's patterns it is of.
    pattern: usize,
    pub(super) element: Option<ElementId>,
    pub(super) text: &'v str,
}

impl Field<'_> {
    /// Whether another is of the same pattern and element.
    pub(super) fn is_like(&self, other: &Field<'_>) -> bool {
        (self.pattern, self.element) == (other.pattern, other.element)
    }
}

const NOT_THIS_LAYOUT: &str = "a text that isn't laid out as the mapping has it";
/// What the table of a layout may take, and its construction.
const TABLE_BYTES: usize = 4 << 20;
const BESIDE: &str = "a text beside the fields of a text mapping";

impl TextLayout {
    pub(super) fn new(declared: &Arc<DeclaredText>) -> Self {
        Self { declared: Arc::clone(declared), patterns: OnceLock::new() }
    }

    /// `None` if a pattern is too large.
    pub(super) fn patterns(&self) -> Option<&Patterns> {
        self.patterns.get_or_init(|| Patterns::new(&self.declared)).as_ref()
    }

    /// The fields of a text, from left to right, and its heading, of no element. An output has nothing beside them.
    pub(super) fn fields<'v>(&self, text: &'v str, is_output: bool) -> Checked<Vec<Field<'v>>> {
        let Patterns { all: patterns, groups: regex, follow } = self.patterns().ok_or(NOT_THIS_LAYOUT)?;
        let (mut at, mut headings, mut rows, mut all) = (0, 0, 0, Vec::new());
        let mut found = regex.create_captures();
        while at < text.len() {
            let Some((pattern, whole)) = find(patterns, text, at) else { break };
            ensure(!is_output || whole.start == at, BESIDE)?;
            at = whole.end;
            if let Some(follow) = follow.get(pattern.as_usize()) {
                let next = follow.as_ref().and_then(|follow| find(follow, text, at));
                at = next.map_or(text.len(), |(_, next)| next.start);
                ensure(!is_output, BESIDE)?;
                continue;
            }
            regex.captures(Input::new(text).span(whole).anchored(Anchored::Pattern(pattern)), &mut found);
            let index = pattern.as_usize() - follow.len();
            let field = index.checked_sub(1).and_then(|index| self.declared.fields.get(index));
            let groups = &field.unwrap_or(&self.declared.heading).groups;
            all.extend((index == 0).then_some(Field { pattern: index, element: None, text: "" }));
            let before = all.len();
            for (name, group) in regex.group_info().pattern_names(pattern).zip(found.iter()) {
                let element = groups.iter().find(|(own, _)| Some(own.as_str()) == name).map(|(_, element)| *element);
                let value = group.and_then(|group| text.get(group.range())).map(str::trim_ascii);
                let value = value.filter(|value| element.is_some() && !value.is_empty());
                all.extend(value.map(|text| Field { pattern: index, element, text }));
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

impl Patterns {
    fn new(declared: &DeclaredText) -> Option<Self> {
        let DeclaredText { skips, heading, fields, .. } = declared;
        let syntax = syntax::Config::new().unicode(false).crlf(true);
        let table = |patterns: &[&String]| {
            let config = dense::Config::new().start_kind(StartKind::Anchored);
            let config = config.dfa_size_limit(Some(TABLE_BYTES)).determinize_size_limit(Some(TABLE_BYTES));
            dense::Builder::new().configure(config).syntax(syntax).build_many(patterns).ok()
        };
        let fields = [heading].into_iter().chain(fields).map(|declared| &declared.pattern);
        let all: Vec<_> = skips.iter().map(|(from, _)| from).chain(fields).collect();
        let follow = skips.iter().map(|(_, to)| to.as_ref().map_or(Some(None), |to| table(&[to]).map(Some)));
        let groups = Regex::builder().syntax(syntax).build_many(&all).ok()?;
        Some(Self { all: table(&all)?, groups, follow: follow.collect::<Option<_>>()? })
    }
}

/// The first match from `from` on. It is tried at each place by itself: so no text takes more steps for a byte than the
/// longest match has bytes (P8).
fn find(table: &Table, text: &str, from: usize) -> Option<(PatternID, Span)> {
    (from..text.len()).find_map(|at| {
        let found = table.try_search_fwd(&Input::new(text).range(at..).anchored(Anchored::Yes)).ok()??;
        (found.offset() > at).then(|| (found.pattern(), Span { start: at, end: found.offset() }))
    })
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
            assert!(TextLayout::new(text).patterns().is_some());
        }
    }
}
