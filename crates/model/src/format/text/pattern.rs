//! One pattern of a text mapping, checked to be safe: outside of its groups there is fixed text only, so that no value
//! can go out beside them (P1), and it has a longest match, so that time stays linear (P8).
//!
//! A separate module because it only looks at the parsed pattern, never at a message.

use std::sync::OnceLock;

use regex_automata::meta::{self, Regex};
use regex_syntax::hir::{Capture, Class, Hir, HirKind, Look};
use regex_syntax::{Parser, ParserBuilder};

/// Maximum length of a match in bytes: a failed attempt at one position costs as many steps at most (P8).
pub(super) const MAX_MATCH_BYTES: usize = 512;

const NOT_FIXED: &str = "only fixed text may stand outside the named groups: literals, white space and anchors";

/// A pattern and its named groups, in their order.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) hir: Hir,
    pub(super) groups: Vec<Group>,
    /// The fixed text after the last group, as it is output.
    pub(super) after: String,
}

/// A named group of a pattern.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: String,
    /// The fixed text before it, as it is output.
    pub(super) before: String,
    /// Its number in the pattern.
    pub(super) index: usize,
    /// Characters of its shortest and longest match.
    pub(super) min_chars: usize,
    pub(super) max_chars: usize,
    /// What it can hold.
    pub(super) matcher: GroupMatcher,
}

/// Matches whole values of a group. Compiled lazily, because few are ever used; one that can't be compiled matches
/// nothing.
#[derive(Debug)]
pub(super) struct GroupMatcher {
    hir: Hir,
    regex: OnceLock<Option<Regex>>,
}

impl GroupMatcher {
    fn new(group: &Hir) -> Self {
        let hir = Hir::concat(vec![Hir::look(Look::Start), group.clone(), Hir::look(Look::End)]);
        Self { hir, regex: OnceLock::new() }
    }

    /// Compiles it.
    pub(super) fn compile_now(&self) -> Result<(), String> {
        let regex = compile(&self.hir)?;
        self.regex.get_or_init(|| Some(regex));
        Ok(())
    }

    pub(super) fn holds(&self, value: &str) -> bool {
        let regex = self.regex.get_or_init(|| compile(&self.hir).ok());
        regex.as_ref().is_some_and(|regex| regex.is_match(value))
    }
}

impl Pattern {
    /// Parses the pattern of a heading, which goes out complete.
    pub(super) fn heading(pattern: &str) -> Result<Self, String> {
        Self::parse(pattern).map(|(pattern, _)| pattern)
    }

    /// Parses the pattern of a field, or of a row of several, of which some may be removed.
    pub(super) fn field(pattern: &str) -> Result<Self, String> {
        let (pattern, has_one_width) = Self::parse(pattern)?;
        let groups = &pattern.groups;
        if groups.is_empty() {
            return Err("it has no named group".to_owned());
        }
        if groups.len() > 1 {
            // The width of the text between two columns could reveal the length of a removed value (P5).
            if !has_one_width {
                return Err("beside several groups, fixed text must have one width".to_owned());
            }
            if let Some(group) = groups.iter().find(|group| !group.matcher.holds(&" ".repeat(group.min_chars))) {
                return Err(format!("the group `{}` can't be blank, as a removed column is", group.name));
            }
        }
        Ok(pattern)
    }

    /// The pattern, and whether its fixed text has one width.
    fn parse(pattern: &str) -> Result<(Self, bool), String> {
        let hir = bounded(pattern)?;
        let mut walk = PatternWalk { groups: Vec::new(), fixed_text: String::new(), has_one_width: true };
        let ending = match hir.kind() {
            HirKind::Concat(parts) => parts.split_last().and_then(|(last, before)| Some((before, ending(last)?))),
            _ => None,
        };
        match ending {
            // `(?:\.|$)`: an anchor may replace the final text, which is always output.
            Some((before, text)) => {
                before.iter().try_for_each(|part| walk.fixed(part))?;
                walk.fixed_text.push_str(&text);
                walk.has_one_width = false;
            }
            None => walk.fixed(&hir)?,
        }
        let PatternWalk { groups, fixed_text, has_one_width } = walk;
        Ok((Self { hir, groups, after: fixed_text }, has_one_width))
    }
}

/// Parses a pattern and checks that it never matches an empty text, and has a longest match.
pub(super) fn bounded(pattern: &str) -> Result<Hir, String> {
    let hir = parser().parse(pattern).map_err(|error| last_line(&error.to_string()))?;
    if hir.properties().minimum_len().is_none_or(|length| length == 0) {
        return Err("it must match something, and never nothing".to_owned());
    }
    match hir.properties().maximum_len() {
        Some(length) if length <= MAX_MATCH_BYTES => Ok(hir),
        Some(_) => Err(format!("its longest match exceeds {MAX_MATCH_BYTES} bytes")),
        None => Err("it has no longest match: bound its repetitions, `{0,60}`".to_owned()),
    }
}

/// The regular expression that finds the groups of a match.
pub(super) fn compile(pattern: &Hir) -> Result<Regex, String> {
    let config = meta::Config::new().hybrid(false).dfa(false);
    meta::Builder::new().configure(config).build_from_hir(pattern).map_err(|error| last_line(&error.to_string()))
}

/// The dialect: as in shapes, `\d`, `\w` and ranges are ASCII; `^` and `$` accept LF and CRLF.
fn parser() -> Parser {
    ParserBuilder::new().unicode(false).utf8(true).crlf(true).build()
}

/// The regex parser renders its errors over several lines; the last one is the message.
pub(super) fn last_line(text: &str) -> String {
    let line = text.trim().lines().next_back().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

/// The literal of an alternation whose other branch is an anchor.
fn ending(hir: &Hir) -> Option<String> {
    let HirKind::Alternation(branches) = hir.kind() else { return None };
    let [text, anchor] = branches.as_slice() else { return None };
    match (text.kind(), anchor.kind()) {
        (HirKind::Literal(text), HirKind::Look(_)) => String::from_utf8(text.0.to_vec()).ok(),
        _ => None,
    }
}

/// A walk over a pattern.
struct PatternWalk {
    groups: Vec<Group>,
    /// The fixed text since the last group, as it is output: the shortest that the pattern accepts. The sender's
    /// spacing of a field may reveal what was beside it, so it never goes out (P5).
    fixed_text: String,
    /// Whether all fixed text so far has one width.
    has_one_width: bool,
}

impl PatternWalk {
    /// Visits the fixed text outside of groups, and records the groups.
    fn fixed(&mut self, hir: &Hir) -> Result<(), String> {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Ok(()),
            HirKind::Literal(literal) => {
                self.fixed_text.push_str(&String::from_utf8_lossy(&literal.0));
                Ok(())
            }
            HirKind::Class(class) => {
                self.fixed_text.push(white_space(class).ok_or(NOT_FIXED)?);
                Ok(())
            }
            HirKind::Repetition(repetition) => {
                // Only the last match of a repeated group is captured; the others would count as fixed text.
                if holds_group(&repetition.sub) {
                    return Err("a named group can't be repeated or optional".to_owned());
                }
                self.has_one_width &= repetition.max == Some(repetition.min);
                let start = self.fixed_text.len();
                self.fixed(&repetition.sub)?;
                let once = self.fixed_text.split_off(start);
                self.fixed_text.push_str(&once.repeat(usize::try_from(repetition.min).unwrap_or_default()));
                Ok(())
            }
            HirKind::Capture(Capture { name: Some(name), index, sub }) => self.group(name, *index, sub),
            HirKind::Capture(capture) => self.fixed(&capture.sub),
            HirKind::Concat(parts) => parts.iter().try_for_each(|part| self.fixed(part)),
            HirKind::Alternation(_) => Err(NOT_FIXED.to_owned()),
        }
    }

    fn group(&mut self, name: &str, index: u32, sub: &Hir) -> Result<(), String> {
        if holds_group(sub) {
            return Err(format!("the group `{name}` holds another named group"));
        }
        let (min_chars, max_chars) = width(sub);
        self.groups.push(Group {
            name: name.to_owned(),
            before: std::mem::take(&mut self.fixed_text),
            index: usize::try_from(index).unwrap_or_default(),
            min_chars,
            max_chars,
            matcher: GroupMatcher::new(sub),
        });
        Ok(())
    }
}

fn holds_group(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Capture(capture) => capture.name.is_some() || holds_group(&capture.sub),
        HirKind::Repetition(repetition) => holds_group(&repetition.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(holds_group),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Look(_) | HirKind::Class(_) => false,
    }
}

/// The character that is output for a class of white space; `None` if the class has others.
fn white_space(class: &Class) -> Option<char> {
    let ranges: Vec<(u32, u32)> = match class {
        Class::Unicode(class) => class.iter().map(|range| (range.start().into(), range.end().into())).collect(),
        Class::Bytes(class) => class.iter().map(|range| (range.start().into(), range.end().into())).collect(),
    };
    if ranges.iter().any(|(first, last)| !matches!((first, last), (9..=13, 0..=13) | (32, 32))) {
        return None;
    }
    [' ', '\n', '\t', '\r', '\u{B}', '\u{C}']
        .into_iter()
        .find(|character| ranges.iter().any(|(first, last)| (*first..=*last).contains(&u32::from(*character))))
}

/// Characters of the shortest and longest match.
fn width(hir: &Hir) -> (usize, usize) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => (0, 0),
        HirKind::Literal(literal) => {
            let characters = String::from_utf8_lossy(&literal.0).chars().count();
            (characters, characters)
        }
        HirKind::Class(_) => (1, 1),
        HirKind::Repetition(repetition) => {
            let (min_chars, max_chars) = width(&repetition.sub);
            let max_chars = repetition.max.map_or(usize::MAX, |max| saturating_mul(max_chars, max));
            (saturating_mul(min_chars, repetition.min), max_chars)
        }
        HirKind::Capture(capture) => width(&capture.sub),
        HirKind::Concat(parts) => parts
            .iter()
            .map(width)
            .fold((0, 0), |all, part| (all.0.saturating_add(part.0), all.1.saturating_add(part.1))),
        HirKind::Alternation(parts) => {
            let (min_chars, max_chars): (Vec<_>, Vec<_>) = parts.iter().map(width).unzip();
            (min_chars.into_iter().min().unwrap_or(0), max_chars.into_iter().max().unwrap_or(0))
        }
    }
}

fn saturating_mul(characters: usize, times: u32) -> usize {
    characters.saturating_mul(usize::try_from(times).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(pattern: &str) -> String {
        Pattern::field(pattern).unwrap_err()
    }

    #[test]
    fn p1_only_fixed_text_stands_outside_of_groups() {
        for pattern in [
            r"(?m)^NAME:[ \t]{0,20}(?<name>[A-Z ,]{1,60})(?:\r?\n)?$",
            r"NAM/(?<name>(?u:[^./\s]){1,40})\.",
            r"(?:-{3} ){0,4}(?<a>X|Y{2})",
            r"(?m)NAM/(?<name>[A-Z]{1,40})(?:\.|$)",
        ] {
            assert!(Pattern::field(pattern).is_ok(), "{pattern}");
        }
        for pattern in [
            r"NAME: \w{1,3} (?<name>[A-Z]{1,60})",
            r"(?:NAME|SSN): (?<name>[A-Z]{1,60})",
            r"(?m)(?:NAME|SSN|^)(?<name>[A-Z]{1,60})",
            r"(?m)(?:NAME|^)(?<name>[A-Z]{1,60})",
            r"(?m)NAM/(?<name>[A-Z]{1,40})(?:\.|/|$)",
            r"(?i)NAME: (?<name>[A-Z]{1,60})",
            r"NAME: (\d{9} )?(?<name>[A-Z]{1,60})",
            r"NAME:(?u:\s)(?<name>[A-Z]{1,60})",
        ] {
            assert_eq!(fault(pattern), NOT_FIXED, "{pattern}");
        }
        assert_eq!(fault(r"(?:(?<d>\d),){2}"), "a named group can't be repeated or optional");
        assert_eq!(fault(r"A(?<d>\d)?"), "a named group can't be repeated or optional");
        assert_eq!(fault(r"(?<a>(?<b>X))"), "the group `a` holds another named group");
    }

    #[test]
    fn p8_every_pattern_has_a_longest_and_no_empty_match() {
        assert!(fault(r"NAME: (?<name>[A-Z]+)").starts_with("it has no longest match"));
        assert_eq!(fault(r"(?<a>X{513})"), "its longest match exceeds 512 bytes");
        assert_eq!(fault(r"^(?<a>X{0,9})$"), "it must match something, and never nothing");
        assert_eq!(fault(r"NAME: (?<name>."), "unclosed group");
    }

    #[test]
    fn p5_fixed_text_is_written_in_one_way() {
        for (pattern, before, after) in [
            (r"(?m)^NAME:[ \t]{1,20}(?<name>[A-Z ,]{1,60})(?:\r?\n)?$", "NAME: ", ""),
            (r"(?m)\bNAM/(?<name>[A-Z]{1,40})(?:\.|$)", "NAM/", "."),
            (r"(?:-{3} ){2,4}X?[\r\n]\s(?<a>X)[\t\r]", "--- --- \n ", "\t"),
        ] {
            let pattern = Pattern::field(pattern).unwrap();
            let fixed_text: Vec<&str> = pattern.groups.iter().map(|group| group.before.as_str()).collect();
            assert_eq!((fixed_text.as_slice(), pattern.after.as_str()), ([before].as_slice(), after), "{pattern:?}");
        }
    }

    #[test]
    fn p5_columns_tell_no_length_of_what_went() {
        assert!(Pattern::field(r"(?m)^(?<name>[A-Z, ]{20}) (?<ssn>[\d -]{11})").is_ok());
        assert_eq!(
            fault(r"(?<name>[A-Z, ]{20}) {1,9}(?<ssn>[\d -]{11})"),
            "beside several groups, fixed text must have one width"
        );
        assert_eq!(
            fault(r"(?m)(?<name>[A-Z, ]{20})(?<ssn>[\d -]{11})(?:\.|$)"),
            "beside several groups, fixed text must have one width"
        );
        assert_eq!(fault(r"(?<a>[A ]{2})(?<b>\d{2})"), "the group `b` can't be blank, as a removed column is");
    }
}
