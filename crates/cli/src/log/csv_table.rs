//! A CSV file that a person exported: its first line names the columns. Errors have its name and a line, never a value (P6).

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::Problem;
use dmv_redact_model::escape::escape;

/// Such a file, read row by row.
pub(super) struct CsvTable {
    path: PathBuf,
    reader: csv::Reader<File>,
    /// The names of its columns.
    pub(super) heads: Vec<String>,
    row: csv::ByteRecord,
}

impl CsvTable {
    /// Opens a file whose columns are separated by this character.
    pub(super) fn open(path: &Path, separator: u8) -> Result<Self, Problem> {
        // A line ends with its line feed alone: otherwise rows that end with both bytes are counted from the line before. Cells are
        // trimmed, and so a carriage return is none of theirs.
        let mut builder = csv::ReaderBuilder::new();
        builder.delimiter(separator).terminator(csv::Terminator::Any(b'\n')).flexible(true);
        let mut reader = builder.from_path(path).map_err(|error| unreadable(path, &error))?;
        let heads = reader.byte_headers().map_err(|error| unreadable(path, &error))?;
        let name = |head: &[u8]| String::from_utf8_lossy(head).trim_start_matches('\u{feff}').trim().to_owned();
        let heads = heads.iter().map(name).collect();
        Ok(Self { path: path.to_owned(), reader, heads, row: csv::ByteRecord::new() })
    }

    /// The file's name, escaped.
    pub(super) fn name(&self) -> String {
        escape(&self.path.to_string_lossy()).into_owned()
    }

    /// The column of this name, of which there must be one.
    pub(super) fn column(&self, wanted: &str) -> Result<usize, Problem> {
        let named =
            |count: &str| Problem::Usage(format!("{}: the table has {count} `{}`", self.name(), escape(wanted)));
        let mut places = self.heads.iter().enumerate().filter(|(_, head)| *head == wanted).map(|(place, _)| place);
        match (places.next(), places.next()) {
            (Some(place), None) => Ok(place),
            (Some(_), Some(_)) => Err(named("two columns")),
            // No suggestion: the first line of a table without heads has values (P6).
            (None, _) => Err(named("no column")),
        }
    }

    /// The next row and the line where it begins; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(u64, &csv::ByteRecord)>, Problem> {
        loop {
            let read = self.reader.read_byte_record(&mut self.row);
            if !read.map_err(|error| unreadable(&self.path, &error))? {
                return Ok(None);
            }
            if self.row.as_slice().trim_ascii().is_empty() {
                continue;
            }
            let line = self.row.position().map_or(0, csv::Position::line);
            return Ok(Some((line, &self.row)));
        }
    }
}

fn unreadable(path: &Path, error: &csv::Error) -> Problem {
    match error.kind() {
        csv::ErrorKind::Io(error) => Problem::Io(format!("{}: {error}", path.display())),
        _ => {
            let line = error.position().map_or_else(String::new, |at| format!(":{}", at.line()));
            Problem::Usage(format!("{}{line}: this is no CSV", path.display()))
        }
    }
}

/// The text of a cell, without the white space around it; `None` if it isn't UTF-8.
pub(super) fn cell(row: &csv::ByteRecord, column: usize) -> Option<&str> {
    row.get(column).and_then(|cell| std::str::from_utf8(cell).ok()).map(str::trim)
}

/// Whether a cell goes on in the next line: then a quote is missing, or else nobody can tell.
pub(super) fn goes_on(row: &csv::ByteRecord) -> bool {
    row.as_slice().contains(&b'\n')
}
