//! The matrix in Markdown, for a code review: one table, then the details of the cells, then the rules.

use std::collections::HashMap;
use std::fmt::Write as _;

use dmv_redact_analysis::{ColumnHead, Matrix};
use dmv_redact_model::catalog::Sensitivity;
use dmv_redact_model::escape::escape;

/// In Markdown, with GitHub's tables.
#[must_use]
pub fn markdown(matrix: &Matrix) -> String {
    let mut text = String::new();
    // Writing to a string can't fail.
    let _ = write_markdown(matrix, &mut text);
    text
}

fn write_markdown(matrix: &Matrix, out: &mut String) -> std::fmt::Result {
    writeln!(out, "# {} {}\n", escaped(&matrix.policy.name), escaped(&matrix.policy.version))?;
    if let Some(date) = matrix.policy.date {
        writeln!(out, "As of {date}.\n")?;
    }
    if let Some(title) = &matrix.policy.title {
        writeln!(out, "{}\n", escaped(title))?;
    }
    write!(out, "| data element | DPPA |")?;
    for head in &matrix.columns {
        write!(out, " {} |", head_markdown(head))?;
    }
    writeln!(out, "\n| --- | --- |{}", " --- |".repeat(matrix.columns.len()))?;
    let mut notes: Vec<usize> = Vec::new();
    let mut note_numbers: HashMap<usize, usize> = HashMap::new();
    for row in &matrix.elements {
        let dppa = match row.dppa {
            Sensitivity::None => "",
            Sensitivity::Personal => "personal",
            Sensitivity::HighlyRestricted => "highly restricted",
        };
        write!(out, "| {} | {dppa} |", escaped(&row.element))?;
        for number in row.cells.iter() {
            let Some(cell) = matrix.cell(*number) else { continue };
            let note = *note_numbers.entry(*number).or_insert_with(|| {
                notes.push(*number);
                notes.len()
            });
            let word = if cell.summary == "never" { "-" } else { &cell.summary };
            write!(out, " {word} ({}) |", note)?;
        }
        writeln!(out)?;
    }
    writeln!(out, "\n## Why\n")?;
    for (index, number) in notes.iter().enumerate() {
        let Some(cell) = matrix.cell(*number) else { continue };
        writeln!(out, "- ({}) {}", index + 1, escaped(&cell.told))?;
        for case in &cell.cases {
            let rules: Vec<String> = case
                .rules
                .iter()
                .filter_map(|rule| matrix.rule(*rule))
                .map(|rule| format!("{} {}", rule.kind, escaped(&rule.id)))
                .collect();
            let only = if case.is_specified { "only what the instrument behind it specifies; " } else { "" };
            let by = if rules.is_empty() { "no rule permits it".to_owned() } else { rules.join(", ") };
            let condition = &case.condition;
            let space = if condition.is_empty() { "" } else { " " };
            writeln!(out, "  - {}{space}{}: {only}{by}", case.describe(), escaped(condition))?;
        }
    }
    for (index, group) in matrix.duty_groups().iter().enumerate() {
        if index == 0 {
            writeln!(out, "\n## Duties that may follow\n")?;
        }
        writeln!(out, "- {}", escaped(&group.whose.join("; ")))?;
        for rule in &group.duties {
            writeln!(out, "  - {}: {}", escaped(&rule.id), escaped(&rule.told()))?;
        }
    }
    writeln!(out, "\n## Rules\n\n| rule | | what for | basis |\n| --- | --- | --- | --- |")?;
    for rule in &matrix.rules {
        let [title, basis] = [rule.told(), rule.basis.clone().unwrap_or_default()].map(|text| escaped(&text));
        writeln!(out, "| {} | {} | {title} | {basis} |", escaped(&rule.id), rule.kind)?;
    }
    writeln!(out, "\nAn agency that no class claims gets nothing.")
}

fn head_markdown(head: &ColumnHead) -> String {
    let mut text = escaped(&head.names());
    for line in head.lines() {
        text += &format!("<br>{}", escaped(&line));
    }
    text
}

/// Escapes everything that is Markdown or HTML.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for c in escape(text).chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => {
                safe.push('\\');
                safe.push(c);
            }
            other => safe.push(other),
        }
    }
    safe
}
