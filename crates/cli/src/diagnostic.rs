//! Draws a finding in a user's file, with its source lines.
//!
//! A module of its own because every verb shows a wrong policy alike: one line that a program can search,
//! `FILE:LINE:COLUMN: message`, then the source lines with the position marked, and what to do.

use std::fmt;
use std::io::IsTerminal;
use std::ops::Range;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents,
};

use dmv_redact::ConfigError;
use dmv_redact_model::escape::{self, escape};

/// The width of excerpts and help, in characters.
const WIDTH: usize = 100;
/// How many characters precede the position in a line that is too long.
const LEADING_CHARACTERS: usize = 40;

/// The style of a drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DrawStyle {
    /// Colors and lines, for a terminal.
    Fancy,
    /// ASCII only, for logs and programs.
    Plain,
}

impl DrawStyle {
    /// The style for an output; respects `NO_COLOR` (no-color.org) and dumb terminals.
    pub(super) fn of(output: &impl IsTerminal) -> Self {
        let is_colorless = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        if output.is_terminal() && !is_colorless && !is_dumb { Self::Fancy } else { Self::Plain }
    }
}

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Severity {
    Error,
    Warning,
    Note,
}

/// The finding to draw.
#[derive(Debug, Clone, Copy)]
pub(super) struct DrawnFinding<'f> {
    pub(super) severity: Severity,
    pub(super) file: &'f str,
    pub(super) message: &'f str,
    pub(super) help: Option<&'f str>,
    /// `None` if the finding is about the whole file.
    pub(super) place: Option<SourcePosition<'f>>,
}

/// A position in a file, with its text.
#[derive(Debug, Clone, Copy)]
pub(super) struct SourcePosition<'f> {
    /// Counted from 1.
    pub(super) line: usize,
    /// Counted from 1, in characters.
    pub(super) column: usize,
    /// The marked bytes of `text`.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) text: &'f str,
}

impl<'f> From<&'f ConfigError> for DrawnFinding<'f> {
    fn from(error: &'f ConfigError) -> Self {
        let place = error.position().zip(error.span()).zip(error.source_text());
        Self {
            severity: Severity::Error,
            file: error.file(),
            message: error.message(),
            help: error.help_text(),
            place: place.map(|(((line, column), Range { start, end }), text)| SourcePosition {
                line,
                column,
                start,
                end,
                text,
            }),
        }
    }
}

/// Draws a finding. The text doesn't end with a line break.
pub(super) fn draw(finding: &DrawnFinding<'_>, style: DrawStyle) -> String {
    let DrawnFinding { severity, file, message, help, place } = finding;
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
    let theme = match style {
        DrawStyle::Fancy => GraphicalTheme::unicode(),
        DrawStyle::Plain => GraphicalTheme::none(),
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(WIDTH)
        .with_context_lines(1)
        .without_primary_span_start()
        .without_cause_chain();
    let mut drawing = String::new();
    let excerpt = Excerpt::of(place, help.as_deref());
    // Without an excerpt the finding is still complete.
    if handler.render_report(&mut drawing, &excerpt).is_err() {
        return head;
    }
    // The drawing begins with the message's line, which is empty: `head` has the message, so that it isn't wrapped.
    let lines = drawing.split_once('\n').map_or("", |(_, lines)| lines);
    format!("{head}\n{}", lines.trim_end())
}

/// Where the line of an offset begins. Searches backwards, because a large file may have thousands of findings.
fn line_start(text: &str, offset: usize) -> usize {
    let before = text.get(..text.floor_char_boundary(offset)).unwrap_or_default();
    before.rfind('\n').map_or(0, |at| at + 1)
}

/// The shown lines: the marked one and its neighbors. Long ones are truncated, unprintable characters escaped.
#[derive(Debug)]
struct Excerpt<'f> {
    text: String,
    first_line: usize,
    /// The marked range in `text`.
    span: Range<usize>,
    help: Option<&'f str>,
}

impl<'f> Excerpt<'f> {
    fn of(place: &SourcePosition<'f>, help: Option<&'f str>) -> Self {
        let first_line = place.line.saturating_sub(1).max(1);
        let mut excerpt = Self { text: String::new(), first_line, span: 0..0, help };
        let own = line_start(place.text, place.start);
        let begin = if place.line > 1 { line_start(place.text, own.saturating_sub(1)) } else { own };
        let shown = place.text.get(begin..).unwrap_or_default().split('\n').zip(first_line..);
        let lines = shown.take(place.line + 2 - first_line);
        for (line, number) in lines {
            let line = line.strip_suffix('\r').unwrap_or(line);
            // The drawing expands tabs.
            let characters: Vec<(char, bool)> = escape::characters(line)
                .map(|(character, is_printable)| (character, is_printable || character == '\t'))
                .collect();
            if number == place.line {
                let start = place.column.saturating_sub(1).min(characters.len());
                // A range over several lines is marked to the end of its first.
                let marked = place.text.get(place.start..place.end).unwrap_or_default();
                let marked = marked.split(['\n', '\r']).next().unwrap_or_default().chars().count();
                let from = if characters.len() > WIDTH { start.saturating_sub(LEADING_CHARACTERS) } else { 0 };
                excerpt.span = excerpt.push(&characters, from, start..start + marked);
            } else {
                excerpt.push(&characters, 0, 0..0);
            }
        }
        excerpt
    }

    /// Adds a line, from a character on, truncated to the width; returns the byte range of the marked characters.
    fn push(&mut self, line: &[(char, bool)], from: usize, marked: Range<usize>) -> Range<usize> {
        if from > 0 {
            self.text.push_str(ELLIPSIS);
        }
        let (mut start, mut end) = (None, None);
        for (number, (character, is_printable)) in line.iter().enumerate().skip(from).take(WIDTH) {
            if number >= marked.start {
                start.get_or_insert(self.text.len());
            }
            if number >= marked.end {
                end.get_or_insert(self.text.len());
            }
            escape::push(&mut self.text, *character, *is_printable);
        }
        let start = start.unwrap_or(self.text.len());
        let end = end.unwrap_or(self.text.len());
        if line.len() > from + WIDTH {
            self.text.push_str(ELLIPSIS);
        }
        self.text.push('\n');
        // A position between two characters is marked at the second; the line break counts as one.
        start..end.max(start + 1)
    }
}

/// Replaces the hidden part of a line.
const ELLIPSIS: &str = "...";

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
        let place = Some(SourcePosition { line, column, start, end, text });
        draw(
            &DrawnFinding { severity: Severity::Error, file: "p.toml", message: "wrong", help, place },
            DrawStyle::Plain,
        )
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
        let finding = DrawnFinding {
            severity: Severity::Warning,
            file: "--format",
            message: "wrong",
            help: Some("so"),
            place: None,
        };
        assert_eq!(draw(&finding, DrawStyle::Plain), "--format: warning: wrong; so");
    }
}
