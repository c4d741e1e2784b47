//! The matrix for a terminal of a hundred columns: as many columns side by side as fit, the rest below.

use std::collections::HashMap;
use std::fmt::{self, Write as _};

use dmv_redact_analysis::{ColumnHead, Matrix, MatrixCell};

/// The assumed width of the terminal.
const WIDTH: usize = 100;
/// The width limits of a column.
const MAX_COLUMN: usize = 18;
const MIN_COLUMN: usize = 9;

/// As plain text.
#[must_use]
pub fn text(matrix: &Matrix) -> String {
    let mut text = String::new();
    // Writing to a string can't fail.
    let _ = write_text(matrix, &mut text);
    text
}

fn write_text(matrix: &Matrix, f: &mut String) -> fmt::Result {
    writeln!(f, "{}, version {}{}", matrix.policy.name, matrix.policy.version, matrix.policy.as_of())?;
    if let Some(title) = &matrix.policy.title {
        writeln!(f, "{title}")?;
    }
    writeln!(f, "\nfull: released as it is     year, zip5, last4, mask: released so     -: never released")?;
    writeln!(f, "claim: only with a claim    held: a person must review the message   (n): see below")?;
    if matrix.cells.iter().flat_map(|cell| &cell.cases).any(|case| case.is_specified) {
        writeln!(f, "if specified: only what the instrument behind a claim specifies")?;
    }
    let label_width = matrix.elements.iter().map(|row| label(&row.element, row.group()).chars().count()).max();
    let label_width = label_width.unwrap_or(0) + 1;
    let heads: Vec<Vec<String>> =
        matrix.columns.iter().enumerate().map(|(column, head)| head_lines(head, widest_cell(matrix, column))).collect();
    let mut notes = Notes::default();
    let mut begin = 0;
    while begin < heads.len() {
        let count = fitting(heads.iter().skip(begin), WIDTH.saturating_sub(label_width));
        let heads: Vec<&[String]> = heads.iter().skip(begin).take(count).map(Vec::as_slice).collect();
        writeln!(f)?;
        Block { matrix, begin, heads, label_width }.write(&mut notes, f)?;
        begin += count;
    }
    notes.write(f)?;
    for group in matrix.duty_groups() {
        writeln!(f)?;
        write_wrapped(f, "", &format!("Duties that may follow for {}:", group.whose.join("; ")))?;
        for rule in group.duties {
            write_wrapped(f, "  - ", &format!("{}: {}", rule.id, rule.told()))?;
        }
    }
    writeln!(f, "\nAn agency that no class claims gets nothing. What is not named here is removed.")
}

/// The name of an element below that of its group.
fn label(element: &str, group: &str) -> String {
    match element.strip_prefix(group).and_then(|rest| rest.strip_prefix('.')) {
        Some(rest) => format!("  {rest}"),
        None => format!("  {element}"),
    }
}

/// How many columns fit into a width, at least one.
fn fitting<'h>(heads: impl Iterator<Item = &'h Vec<String>>, width: usize) -> usize {
    let mut total = 0;
    let mut count = 0;
    for head in heads {
        total += column_width(head);
        if total > width {
            break;
        }
        count += 1;
    }
    count.max(1)
}

fn column_width(head: &[String]) -> usize {
    head.iter().map(|line| line.chars().count()).max().unwrap_or(0) + 2
}

/// Columns side by side.
struct Block<'m> {
    matrix: &'m Matrix,
    /// The number of its first column.
    begin: usize,
    /// The lines above each column.
    heads: Vec<&'m [String]>,
    label_width: usize,
}

impl<'m> Block<'m> {
    fn write(&self, notes: &mut Notes<'m>, f: &mut String) -> fmt::Result {
        let depth = self.heads.iter().map(|head| head.len()).max().unwrap_or(0);
        for line in 0..depth {
            let mut text = " ".repeat(self.label_width);
            for head in &self.heads {
                let own = head.get(line).map_or("", String::as_str);
                pad(&mut text, own, column_width(head));
            }
            writeln!(f, "{}", text.trim_end())?;
        }
        for (group, rows) in self.matrix.groups() {
            writeln!(f, "{group}")?;
            for row in rows {
                let mut text = String::new();
                pad(&mut text, &label(&row.element, group), self.label_width);
                for (head, cell) in self.heads.iter().zip(row.cells.iter().skip(self.begin)) {
                    let Some(cell) = self.matrix.cell(*cell) else { continue };
                    let mut word = if cell.summary == "never" { "-" } else { &cell.summary }.to_owned();
                    if cell.cases.len() > 1 {
                        let _ = write!(word, " ({})", notes.number(&cell.told));
                    }
                    pad(&mut text, &word, column_width(head));
                }
                writeln!(f, "{}", text.trim_end())?;
            }
        }
        Ok(())
    }
}

/// The notes below the matrix, numbered from one in the order in which cells refer to them.
#[derive(Default)]
struct Notes<'m> {
    texts: Vec<&'m str>,
    numbers: HashMap<&'m str, usize>,
}

impl<'m> Notes<'m> {
    fn number(&mut self, text: &'m str) -> usize {
        *self.numbers.entry(text).or_insert_with(|| {
            self.texts.push(text);
            self.texts.len()
        })
    }

    fn write(&self, f: &mut String) -> fmt::Result {
        if !self.texts.is_empty() {
            writeln!(f)?;
        }
        for (index, note) in self.texts.iter().enumerate() {
            write_wrapped(f, &format!("({}) ", index + 1), note)?;
        }
        Ok(())
    }
}

/// A text after a mark; the lines below begin where it does.
fn write_wrapped(f: &mut String, before: &str, text: &str) -> fmt::Result {
    for (at, line) in wrapped(text, WIDTH.saturating_sub(before.len())).iter().enumerate() {
        let mark = if at == 0 { before } else { "" };
        writeln!(f, "{mark:width$}{line}", width = before.len())?;
    }
    Ok(())
}

/// The width of the widest cell of a column, with the number of a note.
fn widest_cell(matrix: &Matrix, column: usize) -> usize {
    let cells = matrix.elements.iter().filter_map(|row| matrix.cell(*row.cells.get(column)?));
    let number = matrix.cells.len().to_string().len() + 3;
    let width = |cell: &MatrixCell| match cell.cases.len() {
        0 | 1 => cell.summary.len(),
        _ => cell.summary.len() + number,
    };
    cells.map(width).max().unwrap_or(0)
}

/// The lines above a column at least so wide: its agency classes, then what requests state and message keys, if they make a
/// difference.
fn head_lines(head: &ColumnHead, min_width: usize) -> Vec<String> {
    let longest = head.agencies.iter().map(|agency| agency.name.chars().count() + 2).max().unwrap_or(0);
    let width = longest.clamp(MIN_COLUMN, MAX_COLUMN).max(min_width);
    let mut lines = wrapped(&head.names(), width);
    for line in head.lines() {
        lines.extend(wrapped(&line, width.max(14)));
    }
    lines.first_mut().into_iter().for_each(|first| pad_to(first, min_width.max(MIN_COLUMN)));
    lines
}

fn pad(text: &mut String, word: &str, width: usize) {
    text.push_str(word);
    // Words stay apart, however long one is.
    let free = width.saturating_sub(word.chars().count()).max(1);
    text.push_str(&" ".repeat(free));
}

fn pad_to(text: &mut String, width: usize) {
    let free = width.saturating_sub(text.chars().count());
    text.push_str(&" ".repeat(free));
}

/// Wraps at spaces; a word that is too long is split.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word: Vec<char> = word.chars().collect();
        while !word.is_empty() {
            let part: Vec<char> = word.drain(..word.len().min(width)).collect();
            let part: String = part.into_iter().collect();
            match lines.last_mut() {
                Some(line) if line.is_empty() => *line = part,
                Some(line) if line.chars().count() + 1 + part.chars().count() <= width => {
                    line.push(' ');
                    line.push_str(&part);
                }
                _ => lines.push(part),
            }
        }
    }
    lines
}
