//! The matrix for a terminal of a hundred columns: as many columns side by side as fit, the rest below.

use std::collections::HashMap;
use std::fmt::{self, Write as _};

use dmv_redact_analysis::{ColumnHead, Matrix};

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
    writeln!(f, "{}, version {}", matrix.policy.name, matrix.policy.version)?;
    if let Some(title) = &matrix.policy.title {
        writeln!(f, "{title}")?;
    }
    writeln!(f, "\nfull: released as it is     year, zip5, last4, mask: released so     -: never released")?;
    writeln!(f, "claim: only with a claim    held: a person must review the message   (n): see below")?;
    let labels = matrix.groups();
    let label = |element: &str, group: &str| match element.strip_prefix(group).and_then(|l| l.strip_prefix('.')) {
        Some(rest) => format!("  {rest}"),
        None => format!("  {element}"),
    };
    let label_width = matrix.elements.iter().map(|row| label(&row.element, row.group()).chars().count()).max();
    let label_width = label_width.unwrap_or(0) + 1;
    let mut notes: Vec<&str> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let heads: Vec<Vec<String>> = matrix.columns.iter().map(head_lines).collect();
    let mut begin = 0;
    while begin < heads.len() {
        let width = |head: &Vec<String>| head.iter().map(|line| line.chars().count()).max().unwrap_or(0) + 2;
        let mut total = label_width;
        let fits = |head: &&Vec<String>| {
            total += width(head);
            total <= WIDTH
        };
        let count = heads.iter().skip(begin).take_while(fits).count().max(1);
        let block: Vec<&Vec<String>> = heads.iter().skip(begin).take(count).collect();
        let depth = block.iter().map(|head| head.len()).max().unwrap_or(0);
        writeln!(f)?;
        for line in 0..depth {
            let mut text = " ".repeat(label_width);
            for head in &block {
                let own = head.get(line).map_or("", String::as_str);
                pad(&mut text, own, width(head));
            }
            writeln!(f, "{}", text.trim_end())?;
        }
        for (group, rows) in &labels {
            writeln!(f, "{group}")?;
            for row in rows {
                let mut text = String::new();
                pad(&mut text, &label(&row.element, group), label_width);
                for (head, cell) in block.iter().zip(row.cells.iter().skip(begin)) {
                    let Some(cell) = matrix.cell(*cell) else { continue };
                    let mut word = if cell.summary == "never" { "-" } else { &cell.summary }.to_owned();
                    if cell.cases.len() > 1 {
                        let place = *places.entry(&cell.told).or_insert_with(|| {
                            notes.push(&cell.told);
                            notes.len() - 1
                        });
                        let _ = write!(word, " ({})", place + 1);
                    }
                    pad(&mut text, &word, width(head));
                }
                writeln!(f, "{}", text.trim_end())?;
            }
        }
        begin += count;
    }
    if !notes.is_empty() {
        writeln!(f)?;
    }
    for (place, note) in notes.iter().enumerate() {
        let indent = format!("({}) ", place + 1);
        for (at, line) in wrapped(note, WIDTH - indent.len()).iter().enumerate() {
            let before = if at == 0 { indent.clone() } else { " ".repeat(indent.len()) };
            writeln!(f, "{before}{line}")?;
        }
    }
    writeln!(f, "\nAn agency that no class claims gets nothing. What is not named here is removed.")
}

/// The lines above a column: its agency classes, then purposes and message keys if they make a difference.
fn head_lines(head: &ColumnHead) -> Vec<String> {
    let names: Vec<&str> = head.agencies.iter().map(|agency| agency.name.as_str()).collect();
    let longest = names.iter().map(|name| name.chars().count() + 2).max().unwrap_or(0);
    let width = longest.clamp(MIN_COLUMN, MAX_COLUMN);
    let mut lines = wrapped(&names.join(" + "), width);
    for (what, choice) in [("purpose", &head.purposes), ("key", &head.messages)] {
        if !choice.is_any() {
            lines.extend(wrapped(&format!("{what} {}", choice.describe()), width.max(14)));
        }
    }
    // The width of the widest cell.
    let widest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    if let (Some(first), true) = (lines.first_mut(), widest < MIN_COLUMN) {
        pad_to(first, MIN_COLUMN);
    }
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
