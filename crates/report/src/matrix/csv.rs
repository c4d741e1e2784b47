//! The matrix as a table with one line per cell, for spreadsheets and databases.

use dmv_redact_analysis::{Matrix, word};
use dmv_redact_model::escape::spreadsheet_safe;

/// As comma-separated values, a header first.
#[must_use]
pub fn csv(matrix: &Matrix) -> String {
    let mut table = csv::Writer::from_writer(Vec::new());
    // Writing to memory can't fail.
    let _ = write_csv(matrix, &mut table);
    table.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

fn write_csv(matrix: &Matrix, table: &mut csv::Writer<Vec<u8>>) -> csv::Result<()> {
    table.write_record([
        "agencies", "example", "purposes", "reasons", "lines", "users", "states", "keys", "element", "title", "dppa",
        "summary", "told", "rules", "basis",
    ])?;
    for (index, head) in matrix.columns.iter().enumerate() {
        let stated = head.stated.each().into_iter().map(|(_, choice)| choice);
        let conditions = stated.chain([&head.messages]).map(|choice| choice.describe());
        let column: Vec<String> = [head.names(), head.example.clone()].into_iter().chain(conditions).collect();
        for row in &matrix.elements {
            let Some(cell) = row.cells.get(index).and_then(|number| matrix.cell(*number)) else { continue };
            let mut rules: Vec<usize> = cell.cases.iter().flat_map(|case| case.rules.iter().copied()).collect();
            rules.sort_unstable();
            rules.dedup();
            let rules: Vec<_> = rules.into_iter().filter_map(|rule| matrix.rule(rule)).collect();
            let ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
            let mut bases: Vec<&str> = rules.iter().filter_map(|rule| rule.basis.as_deref()).collect();
            bases.dedup();
            let own = [
                row.element.as_str(),
                &row.title,
                &word(row.dppa),
                &cell.summary,
                &cell.told,
                &ids.join(", "),
                &bases.join("; "),
            ];
            table.write_record(column.iter().map(String::as_str).chain(own).map(spreadsheet_safe))?;
        }
    }
    Ok(())
}
