//! Messages counted by the combinations of values that occur, as text, CSV, Markdown and JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{CountedMessage, Dimension, ElementCounts, Query};
use crate::matrix::escape_markdown;
use dmv_redact_model::escape::{escape, spreadsheet_safe};

/// Rows of a table, at most (P8).
pub(super) const MAX_ROWS: usize = 100_000;

/// The rows that occur, by the values of the columns they are counted by.
#[derive(Debug)]
pub(super) struct Table {
    by: Vec<Dimension>,
    rows: BTreeMap<Vec<Option<String>>, Row>,
    is_too_large: bool,
}

/// The counts of a row.
#[derive(Debug, Default, Clone, Copy)]
struct Row {
    messages: u64,
    released: u64,
    redacted: u64,
    held: u64,
    withheld: u64,
    /// Of its element.
    element: ElementCounts,
}

type Column = (&'static str, fn(&Row) -> u64);

const MESSAGE_COLUMNS: [Column; 5] = [
    ("messages", |row| row.messages),
    ("released", |row| row.released),
    ("redacted", |row| row.redacted),
    ("held", |row| row.held),
    ("withheld", |row| row.withheld),
];

const ELEMENT_COLUMNS: [Column; 3] = [
    ("element-released", |row| row.element.released),
    ("element-generalised", |row| row.element.generalised),
    ("element-removed", |row| row.element.removed),
];

impl Table {
    pub(super) fn new(by: &[Dimension]) -> Self {
        Self { by: by.to_owned(), rows: BTreeMap::new(), is_too_large: false }
    }

    pub(super) fn is_too_large(&self) -> bool {
        self.is_too_large
    }

    /// Adds a message to the row of each combination of its values.
    pub(super) fn add(&mut self, message: &CountedMessage<'_>, query: &Query) {
        let mut keys = vec![Vec::with_capacity(self.by.len())];
        for dimension in &self.by {
            let values = dimension.values(message, query);
            if keys.len().saturating_mul(values.len()) > MAX_ROWS {
                self.is_too_large = true;
                return;
            }
            let extended = keys.iter().flat_map(|key| values.iter().map(|value| [key, &[value.clone()][..]].concat()));
            keys = extended.collect();
        }
        let mut row = Row { messages: message.messages, ..Row::default() };
        match message.record.disposition() {
            Some("released") => row.released = 1,
            Some("redacted") => row.redacted = 1,
            Some("held") => row.held = 1,
            Some("withheld") => row.withheld = 1,
            _ => {}
        }
        let element = self.by.iter().position(|dimension| *dimension == Dimension::Element);
        for key in keys {
            let name = element.and_then(|at| key.get(at)?.as_deref());
            let element = name.and_then(|name| message.elements.get(name)).copied().unwrap_or_default();
            self.add_row(key, &Row { element, ..row });
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.is_too_large |= other.is_too_large;
        for (key, row) in other.rows {
            self.add_row(key, &row);
        }
    }

    fn add_row(&mut self, key: Vec<Option<String>>, other: &Row) {
        if self.rows.len() >= MAX_ROWS && !self.rows.contains_key(&key) {
            self.is_too_large = true;
            return;
        }
        let own = self.rows.entry(key).or_default();
        own.messages = own.messages.saturating_add(other.messages);
        own.released += other.released;
        own.redacted += other.redacted;
        own.held += other.held;
        own.withheld += other.withheld;
        own.element.add(other.element);
    }

    /// The columns of counts.
    fn columns(&self) -> impl Iterator<Item = Column> + use<> {
        let has_element = self.by.contains(&Dimension::Element);
        MESSAGE_COLUMNS.into_iter().chain(ELEMENT_COLUMNS.into_iter().filter(move |_| has_element))
    }

    /// The heads of all columns.
    fn heads(&self) -> Vec<String> {
        let by = self.by.iter().map(|dimension| dimension.name());
        by.chain(self.columns().map(|(head, _)| head)).map(str::to_owned).collect()
    }

    /// The cells of each row, with values as `show` makes them safe.
    fn cells<'t>(&'t self, show: fn(Option<&str>) -> String) -> impl Iterator<Item = Vec<String>> + 't {
        self.rows.iter().map(move |(key, row)| {
            let counts = self.columns().map(|(_, count)| count(row).to_string());
            key.iter().map(|value| show(value.as_deref())).chain(counts).collect()
        })
    }

    /// After RFC 4180. A cell without a value is empty.
    pub(super) fn csv(&self) -> String {
        let rows = self.cells(|value| spreadsheet_safe(value.unwrap_or_default()));
        csv_of([self.heads()].into_iter().chain(rows))
    }

    pub(super) fn markdown(&self) -> String {
        let rule = [vec!["---"; self.by.len()], vec!["---:"; self.columns().count()]].concat().join(" | ");
        let mut text = format!("| {} |\n| {rule} |\n", self.heads().join(" | "));
        for row in self.cells(|value| escape_markdown(value.unwrap_or(NOTHING))) {
            // Writing to a string can't fail.
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        text
    }
}

/// Stands for no value. No name of a policy has parentheses.
const NOTHING: &str = "(none)";

/// Rows of cells after RFC 4180.
pub(crate) fn csv_of(rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        // Writing to memory can't fail.
        let _ = table.write_record(row);
    }
    table.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// Rows of cells as lines, aligned: the first `names` of them to the left, the counts after them to the right.
pub(super) fn aligned(rows: Vec<Vec<String>>, names: usize) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in &rows {
        widths.resize(row.len().max(widths.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(at, (cell, width))| match at < names {
            true => format!("{cell:<width$}"),
            false => format!("{cell:>width$}"),
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<Vec<String>> = [self.heads()]
            .into_iter()
            .chain(self.cells(|value| value.map_or(Cow::Borrowed(NOTHING), escape).into_owned()))
            .collect();
        f.write_str(&aligned(rows, self.by.len()))
    }
}

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows: Vec<SerializedRow<'_>> =
            self.rows.iter().map(|(key, row)| SerializedRow { table: self, key, row }).collect();
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("by", &self.by.iter().map(|dimension| dimension.name()).collect::<Vec<_>>())?;
        map.serialize_entry("rows", &rows)?;
        map.end()
    }
}

/// A row as an object: a member for each column, `null` for no value.
struct SerializedRow<'t> {
    table: &'t Table,
    key: &'t [Option<String>],
    row: &'t Row,
}

impl Serialize for SerializedRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (dimension, value) in self.table.by.iter().zip(self.key) {
            map.serialize_entry(dimension.name(), value)?;
        }
        for (head, count) in self.table.columns() {
            map.serialize_entry(head, &count(self.row))?;
        }
        map.end()
    }
}
