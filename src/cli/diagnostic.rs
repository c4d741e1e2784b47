//! A finding in a file of the user's, shown with its lines.
//!
//! It stands alone because every verb shows a wrong policy alike: one line that a program can search, `FILE:LINE:COLUMN:
//! message`, below it the lines themselves with the place marked, and what to do.

use std::fmt;
use std::io::IsTerminal;
use std::ops::Range;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents,
};

use crate::ConfigError;
use crate::escape::{self, escape};

/// How many characters of a line are shown, and how wide help may be.
const WIDTH: usize = 100;
/// How many characters stand before the place when a line is too long to be shown whole.
const BEFORE: usize = 40;

/// How a drawing is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Colours and lines, for a terminal.
    Fancy,
    /// ASCII alone, for logs and programs.
    Plain,
}

impl Manner {
    /// What suits an output; `NO_COLOR` (no-color.org) and a dumb terminal are respected.
    pub(super) fn of(output: &impl IsTerminal) -> Self {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        if output.is_terminal() && !is_set("NO_COLOR") && !is_dumb { Self::Fancy } else { Self::Plain }
    }
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Severity {
    Error,
    Warning,
    Note,
}

/// What there is to draw.
#[derive(Debug, Clone, Copy)]
pub(super) struct Finding<'f> {
    pub(super) severity: Severity,
    pub(super) file: &'f str,
    pub(super) message: &'f str,
    pub(super) help: Option<&'f str>,
    /// `None` when the finding is about the whole file.
    pub(super) place: Option<Place<'f>>,
}

/// Where in a file, and its text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'f> {
    /// Counted from 1.
    pub(super) line: usize,
    /// Counted from 1, in characters.
    pub(super) column: usize,
    /// The bytes of `text` that are meant.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) text: &'f str,
}

impl<'f> From<&'f ConfigError> for Finding<'f> {
    fn from(error: &'f ConfigError) -> Self {
        let place = error.position().zip(error.span()).zip(error.source_text());
        Self {
            severity: Severity::Error,
            file: error.file(),
            message: error.message(),
            help: error.help_text(),
            place: place.map(|(((line, column), Range { start, end }), text)| Place { line, column, start, end, text }),
        }
    }
}

/// Draws a finding. The text ends without a line break.
pub(super) fn draw(finding: &Finding<'_>, manner: Manner) -> String {
    let Finding { severity, file, message, help, place } = finding;
    let position = place.map(|place| format!("{}:{}:", place.line, place.column)).unwrap_or_default();
    let severity = match severity {
        Severity::Error => "",
        Severity::Warning => " warning:",
        Severity::Note => " note:",
    };
    let head = format!("{}:{position}{severity} {}", escape(file), escape(message));
    let help = help.map(escape);
    let Some(place) = place else {
        return match help {
            Some(help) => format!("{head}; {help}"),
            None => head,
        };
    };
    let theme = match manner {
        Manner::Fancy => GraphicalTheme::unicode(),
        Manner::Plain => GraphicalTheme::none(),
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(WIDTH)
        .with_context_lines(1)
        .without_primary_span_start()
        .without_cause_chain();
    let mut drawing = String::new();
    let excerpt = Excerpt::of(place, help.as_deref());
    // Without its lines a finding still says all that there is to say.
    if handler.render_report(&mut drawing, &excerpt).is_err() {
        return head;
    }
    // What comes first is the line of the message, which is empty: it stands in `head`, where nothing wraps it.
    let lines = drawing.split_once('\n').map_or("", |(_, lines)| lines);
    format!("{head}\n{}", lines.trim_end())
}

/// The lines that are shown: the one that is meant, and its neighbours. Long ones are cut, what can't be shown is escaped.
#[derive(Debug)]
struct Excerpt<'f> {
    text: String,
    first_line: usize,
    /// The place in `text`.
    span: Range<usize>,
    help: Option<&'f str>,
}

impl<'f> Excerpt<'f> {
    fn of(place: &Place<'f>, help: Option<&'f str>) -> Self {
        let first_line = place.line.saturating_sub(1).max(1);
        let mut excerpt = Self { text: String::new(), first_line, span: 0..0, help };
        // Found from the place backwards: a large file may have thousands of findings.
        let line_start = |end: usize| {
            let before = place.text.get(..place.text.floor_char_boundary(end)).unwrap_or_default();
            before.rfind('\n').map_or(0, |at| at + 1)
        };
        let own = line_start(place.start);
        let begin = if place.line > 1 { line_start(own.saturating_sub(1)) } else { own };
        let shown = place.text.get(begin..).unwrap_or_default().split('\n').zip(first_line..);
        let lines = shown.take(place.line + 2 - first_line);
        for (line, number) in lines {
            let line = line.strip_suffix('\r').unwrap_or(line);
            // A tab is as wide as the drawing makes it.
            let characters: Vec<(char, bool)> = escape::characters(line)
                .map(|(character, is_shown)| (character, is_shown || character == '\t'))
                .collect();
            if number == place.line {
                let start = place.column.saturating_sub(1).min(characters.len());
                // A place that goes on over further lines is marked to the end of its first.
                let meant = place.text.get(place.start..place.end).unwrap_or_default();
                let meant = meant.split(['\n', '\r']).next().unwrap_or_default().chars().count();
                let from = if characters.len() > WIDTH { start.saturating_sub(BEFORE) } else { 0 };
                excerpt.span = excerpt.push(&characters, from, start..start + meant);
            } else {
                excerpt.push(&characters, 0, 0..0);
            }
        }
        excerpt
    }

    /// Adds a line, from a character on, cut where it becomes too long; gives the bytes of the characters that are meant.
    fn push(&mut self, line: &[(char, bool)], from: usize, meant: Range<usize>) -> Range<usize> {
        if from > 0 {
            self.text.push_str(CUT);
        }
        let (mut start, mut end) = (None, None);
        for (number, (character, is_shown)) in line.iter().enumerate().skip(from).take(WIDTH) {
            if number >= meant.start {
                start.get_or_insert(self.text.len());
            }
            if number >= meant.end {
                end.get_or_insert(self.text.len());
            }
            escape::push(&mut self.text, *character, *is_shown);
        }
        let start = start.unwrap_or(self.text.len());
        let end = end.unwrap_or(self.text.len());
        if line.len() > from + WIDTH {
            self.text.push_str(CUT);
        }
        self.text.push('\n');
        // A place between two characters is marked at the second; the line break counts as one.
        start..end.max(start + 1)
    }
}

/// What stands for the part of a line that is not shown.
const CUT: &str = "...";

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Excerpt<'_> {}

impl Diagnostic for Excerpt<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(LabeledSpan::underline(self.span.clone()))))
    }
}

impl SourceCode for Excerpt<'_> {
    fn read_span<'a>(
        &'a self,
        _: &SourceSpan,
        _: usize,
        _: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let whole = SourceSpan::from(0..self.text.len());
        let lines = self.text.lines().count();
        Ok(Box::new(MietteSpanContents::new(self.text.as_bytes(), whole, self.first_line - 1, 0, lines)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnostic(text: &str, start: usize, end: usize, help: Option<&str>) -> String {
        let before = text.get(..start).unwrap();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
        let place = Some(Place { line, column, start, end, text });
        draw(&Finding { severity: Severity::Error, file: "p.toml", message: "wrong", help, place }, Manner::Plain)
    }

    #[test]
    fn the_first_line_is_for_programs_and_the_others_for_people() {
        let text = "a = 1\nid = 'über'\nb = 2\n";
        let at = text.find("'ü").unwrap();
        let told = "p.toml:2:6: wrong\n   ,----\n 1 | a = 1\n 2 | id = 'über'\n   :      ^^^^^^\n 3 | b = 2\n   `----\n  \
                    help: did you mean that?";
        assert_eq!(diagnostic(text, at, at + 7, Some("did you mean that?")), told);
    }

    #[test]
    fn lines_far_down_are_found_from_the_place() {
        let text = "ü = 1\r\n".repeat(1000) + "x = 2\n\ny = 3";
        let at = text.find('x').unwrap();
        assert!(diagnostic(&text, at, at + 1, None).contains(" 1000 | ü = 1\n 1001 | x = 2\n      : ^\n 1002 | \n"));
        assert!(
            diagnostic(&text, at + 6, at + 6, None).contains(" 1001 | x = 2\n 1002 | \n      : ^\n 1003 | y = 3\n")
        );
    }

    #[test]
    fn a_place_without_characters_is_marked_where_they_are_missing() {
        assert!(diagnostic("id\nx = 1", 2, 2, None).contains(" 1 | id\n   :   ^\n 2 | x = 1\n"));
        assert!(diagnostic("a = 1\n", 6, 6, None).contains(" 1 | a = 1\n 2 | \n   : ^\n"));
        assert!(diagnostic("", 0, 0, None).contains(" 1 | \n   : ^\n"));
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let long = format!("list = [{}]", "'abcdef', ".repeat(40));
        let told = diagnostic(&long, 208, 216, None);
        assert!(told.lines().all(|line| line.len() <= WIDTH + 12), "{told}");
        let lines: Vec<&str> = told.lines().collect();
        let (line, mark) = (lines.get(2).unwrap(), lines.get(3).unwrap());
        let at = mark.find('^').unwrap();
        assert_eq!((line.get(at..at + 8), mark.matches('^').count()), (Some("'abcdef'"), 8), "{told}");
        assert!(line.contains(" | ...") && line.ends_with("..."), "{told}");
    }

    #[test]
    fn what_is_shown_can_not_steer_a_terminal_and_goes_on_to_the_end_of_a_line_only() {
        let told = diagnostic("[a]\n\u{1b}[31m = 1\r\n\tx = 2", 4, 14, None);
        assert!(!told.contains('\u{1b}') && !told.contains('\r'), "{told}");
        assert!(told.contains(" 2 | \\u{1b}[31m = 1\n   : ^^^^^^^^^^^^^^\n 3 |     x = 2"), "{told}");
    }

    #[test]
    fn without_a_place_all_is_on_one_line() {
        let finding =
            Finding { severity: Severity::Warning, file: "--format", message: "wrong", help: Some("so"), place: None };
        assert_eq!(draw(&finding, Manner::Plain), "--format: warning: wrong; so");
    }
}
