//! Rosters: CSV tables of ORIs next to a policy, as spreadsheets save them.
//!
//! An ORI that is silently skipped would get the grant of another class, so nothing is: each row has an ORI, is blank
//! or a comment, or is an error with line, column and reason (P2). A header names the column `ori`, and maybe `from`,
//! `until`, `source` and `note`, and no other: a misspelled `until` would let an entry count forever. Without a header there
//! is one column.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use csv_core::{ReadFieldResult, ReaderBuilder};

use super::ori::Ori;
use super::period::Validity;
use crate::config::{ConfigError, Document, ErrorAt, Errors, decode};

/// Field delimiters. The first row determines which one is used.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// Maximum number of wrong rows reported at once, in case the whole file is the wrong one.
const MAX_REPORTED: usize = 20;

/// The names of the columns that are read, that of the ORIs first.
const COLUMNS: [&str; 5] = ["ori", "from", "until", "source", "note"];

/// A loaded roster.
#[derive(Debug)]
pub struct Roster {
    /// Its name in errors.
    pub(crate) name: String,
    /// Its rows, each terminated by a line feed.
    pub(crate) text: String,
    /// Its entries, in order.
    pub entries: Vec<RosterEntry>,
}

/// One row of a roster.
#[derive(Debug, Clone)]
pub struct RosterEntry {
    /// The ORI.
    pub ori: Ori,
    /// Where it is in the text.
    pub span: Range<usize>,
    /// The days on which the class lists it.
    pub validity: Validity,
    /// Where the last of them is in the text.
    pub until: Option<Range<usize>>,
    /// Where it was found that the ORI is one of the class, for people.
    pub source: Option<String>,
    /// More of it, for people.
    pub note: Option<String>,
}

impl Roster {
    /// Reads a roster from the bytes of its file.
    pub fn of(path: &Path, bytes: Vec<u8>) -> Result<Self, ConfigError> {
        let name = path.display().to_string();
        let text = decode(&name, bytes)?.replace("\r\n", "\n").replace('\r', "\n");
        let entries = read(&Document { file: &name, text: &text })?;
        Ok(Self { name, text, entries })
    }

    /// Its path and text, for errors.
    pub fn document(&self) -> Document<'_> {
        Document { file: &self.name, text: &self.text }
    }
}

/// One field of a row.
struct RosterField {
    /// Unquoted and trimmed.
    text: String,
    /// Its span in the table.
    span: Range<usize>,
}

/// The layout of the rows.
#[derive(Clone, Copy)]
struct RosterLayout {
    delimiter: u8,
    /// The indices of the columns that are read, as in `COLUMNS`; the first is present.
    places: [Option<usize>; COLUMNS.len()],
    /// The number of columns in the header; `None` without one, for a single column.
    columns: Option<usize>,
}

impl RosterLayout {
    /// The index of the ORI column.
    fn column(&self) -> usize {
        self.places[0].unwrap_or(0)
    }

    /// Whether entries have dates.
    fn is_dated(&self) -> bool {
        self.places[1].is_some() || self.places[2].is_some()
    }
}

fn read(document: &Document<'_>) -> Result<Vec<RosterEntry>, ConfigError> {
    let mut layout: Option<RosterLayout> = None;
    let mut entries: Vec<RosterEntry> = Vec::new();
    let (mut errors, mut wrong_rows) = (Errors::default(), 0);
    let mut start = 0;
    for line in document.text.split_inclusive('\n') {
        let row = RosterRow { document, start, line: line.trim_end_matches('\n') };
        start += line.len();
        if row.is_blank() {
            continue;
        }
        let known = match layout {
            Some(known) => known,
            None if row.is_comment() => continue,
            None => {
                let (found, is_header) = row.layout()?;
                layout = Some(found);
                if is_header {
                    continue;
                }
                found
            }
        };
        match row.entry(known) {
            Ok(entry) => entries.extend(entry),
            Err(error) if wrong_rows < MAX_REPORTED => {
                errors.push(error);
                wrong_rows += 1;
            }
            Err(_) => break,
        }
    }
    if layout.is_some_and(|layout| layout.is_dated()) {
        errors.take(refuse_overlaps(document, &entries));
    }
    errors.finish().map(|()| entries)
}

/// Refuses an ORI that a roster with dates lists twice on one day: which of the two was meant to end?
fn refuse_overlaps(document: &Document<'_>, entries: &[RosterEntry]) -> Result<(), ConfigError> {
    let mut errors = Errors::default();
    let mut seen: HashMap<Ori, Vec<&RosterEntry>> = HashMap::new();
    for entry in entries {
        let before = seen.entry(entry.ori).or_default();
        if let Some(first) = before.iter().find(|first| first.validity.overlaps(entry.validity)) {
            let (line, _) = document.position(first.span.start);
            let message = format!("{} is listed twice for the same days", entry.ori);
            let help = format!("the first is on line {line}: take one out, or let one end before the other begins");
            errors.push(document.error(&entry.span, message).help(help));
        }
        before.push(entry);
    }
    errors.finish()
}

/// One line of a roster.
struct RosterRow<'d> {
    document: &'d Document<'d>,
    /// Its offset in the table.
    start: usize,
    line: &'d str,
}

impl RosterRow<'_> {
    fn is_blank(&self) -> bool {
        self.line.bytes().all(|byte| byte == b' ' || DELIMITERS.contains(&byte))
    }

    fn is_comment(&self) -> bool {
        self.line.trim_start_matches([' ', '"']).starts_with('#')
    }

    fn error(&self, span: &Range<usize>, message: impl Into<String>) -> ConfigError {
        self.document.error(span, message)
    }

    /// The layout of the table by its first row, and whether that is a header.
    fn layout(&self) -> Result<(RosterLayout, bool), ConfigError> {
        let mut found: Option<(RosterLayout, Vec<RosterField>)> = None;
        for delimiter in DELIMITERS {
            let Ok(fields) = self.fields(delimiter) else { continue };
            let is_more = found.as_ref().is_none_or(|(_, known)| fields.len() > known.len());
            let places = COLUMNS.map(|column| fields.iter().position(|field| is_column(field, column)));
            if places[0].is_some() && is_more {
                found = Some((RosterLayout { delimiter, places, columns: Some(fields.len()) }, fields));
            }
        }
        if let Some((layout, fields)) = found {
            let mut errors = Errors::default();
            for (place, RosterField { text, span }) in fields.iter().enumerate() {
                if layout.places.contains(&Some(place)) || text.is_empty() {
                    continue;
                }
                let name = text.to_ascii_lowercase();
                errors.push(match COLUMNS.contains(&name.as_str()) {
                    true => self.error(span, format!("two columns are called `{name}`")).help("take one of them out"),
                    false => {
                        let error = self.error(span, format!("unknown column `{text}`")).nearest(&name, COLUMNS);
                        error.or_help("call a text for people `note`, or take the column out")
                    }
                });
            }
            return errors.finish().map(|()| (layout, true));
        }
        let line = self.line.as_bytes();
        let delimiter = DELIMITERS.into_iter().find(|delimiter| line.contains(delimiter)).unwrap_or(b',');
        let fields = self.fields(delimiter)?;
        let is_table = fields.iter().filter(|field| !field.text.is_empty()).count() > 1;
        match fields.first() {
            Some(first) if is_table && parse_ori(&first.text).is_none() => {
                let error = self.error(&first.span, "no column of the header is called `ori`");
                Err(error.help("call the column of ORIs `ori`; a table without a header has one column"))
            }
            _ => Ok((RosterLayout { delimiter, places: [Some(0), None, None, None, None], columns: None }, false)),
        }
    }

    /// The entry of the row; `None` if the row is a comment.
    fn entry(&self, layout: RosterLayout) -> Result<Option<RosterEntry>, ConfigError> {
        if self.is_comment() && layout.column() == 0 {
            return Ok(None);
        }
        let fields = self.fields(layout.delimiter)?;
        let own = fields.get(layout.column());
        if self.is_comment() {
            // In a table with other columns first, a name may start with `#`.
            return match own.filter(|field| !field.text.is_empty()) {
                None => Ok(None),
                Some(field) => {
                    let error = self.error(&field.span, "the row begins with `#`, as a comment does, and has an ORI");
                    Err(error.help("take the row out, or the `#`"))
                }
            };
        }
        let mut places = fields.iter().enumerate();
        let is_extra = |place| !layout.places.contains(&Some(place));
        if let Some((place, extra)) = places.find(|(place, field)| is_extra(*place) && !field.text.is_empty()) {
            let message = match layout.columns {
                Some(columns) if place < columns => "a field in a column without a name".to_owned(),
                Some(columns) => format!("a field beyond the {columns} columns of the header"),
                None => "a second field, in a table without a header".to_owned(),
            };
            let help = "write one ORI a line; where there are more columns, a header calls theirs `ori`";
            return Err(self.error(&extra.span, message).help(help));
        }
        // A date that is left out with its delimiter would be no limit.
        let is_dated = layout.places.iter().skip(1).take(2).any(Option::is_some);
        if let Some(columns) = layout.columns.filter(|columns| is_dated && fields.len() < *columns) {
            let message = format!("the row has {} fields, and the header {columns} columns", fields.len());
            let span = self.start..self.start + self.line.len();
            return Err(self
                .error(&span, message)
                .help("write a delimiter for each column, also where it says nothing"));
        }
        match own.filter(|field| !field.text.is_empty()) {
            Some(field) => match parse_ori(&field.text) {
                Some(ori) => self.with_dates(ori, field, &fields, layout).map(Some),
                None => Err(no_ori(self.document, &field.span, &field.text)),
            },
            None => {
                let span = self.start..self.start + self.line.len();
                Err(self.error(&span, "the row has no ORI").help("write it, or take the row out"))
            }
        }
    }

    /// The entry of an ORI, with what the other columns say.
    fn with_dates(
        &self,
        ori: Ori,
        own: &RosterField,
        fields: &[RosterField],
        layout: RosterLayout,
    ) -> Result<RosterEntry, ConfigError> {
        let field = |place: Option<usize>| place.and_then(|place| fields.get(place)).filter(|f| !f.text.is_empty());
        let [_, from, until, source, note] = layout.places.map(field);
        let date = |field: Option<&'_ RosterField>| field.map(|field| (field.text.clone(), field.span.clone()));
        let (from, last) = (date(from), date(until));
        let validity = Validity::read(
            self.document,
            from.as_ref().map(|(text, span)| (text.as_str(), span.clone())),
            last.as_ref().map(|(text, span)| (text.as_str(), span.clone())),
        )?;
        let text = |field: Option<&RosterField>| field.map(|field| field.text.clone());
        let until = until.map(|field| field.span.clone());
        Ok(RosterEntry { ori, span: own.span.clone(), validity, until, source: text(source), note: text(note) })
    }

    /// The fields of the row. An unclosed quote, or one inside an unquoted field, would swallow what follows.
    fn fields(&self, delimiter: u8) -> Result<Vec<RosterField>, ConfigError> {
        let mut reader = ReaderBuilder::new().delimiter(delimiter).build();
        let mut rest = self.line.as_bytes();
        let mut at = self.start;
        let mut fields = Vec::new();
        // Unquoting never makes a field longer.
        let mut unquoted = vec![0; self.line.len() + 1];
        loop {
            let (result, taken, written) = reader.read_field(rest, &mut unquoted);
            let bytes = rest.get(..taken).unwrap_or_default();
            let raw =
                bytes.strip_suffix(&[delimiter]).filter(|_| result != ReadFieldResult::InputEmpty).unwrap_or(bytes);
            rest = rest.get(taken..).unwrap_or_default();
            let text = String::from_utf8_lossy(unquoted.get(..written).unwrap_or_default());
            let span = at..at + raw.len();
            at += taken;
            if !is_quoted_well(raw) {
                let error =
                    self.error(&span, "a quote that isn't closed on its line, or stands in the midst of a field");
                return Err(error.help("quote whole fields, and write a quote in one as two"));
            }
            fields.push(RosterField { text: text.trim_matches([' ', '\t']).to_owned(), span });
            if result != (ReadFieldResult::Field { record_end: false }) {
                return Ok(fields);
            }
        }
    }
}

/// Whether a field has no quotes, or one at each end and only pairs between.
fn is_quoted_well(raw: &[u8]) -> bool {
    let inner = raw.strip_prefix(b"\"").and_then(|raw| raw.strip_suffix(b"\""));
    match inner {
        Some(inner) => inner.chunk_by(|a, b| a == b).filter(|run| run.contains(&b'"')).all(|run| run.len() % 2 == 0),
        None => !raw.contains(&b'"'),
    }
}

fn is_column(field: &RosterField, column: &str) -> bool {
    field.text.eq_ignore_ascii_case(column)
}

/// Parses an ORI. In a roster it may be in lower case, as spreadsheets and people write it.
fn parse_ori(text: &str) -> Option<Ori> {
    Ori::new(&text.to_ascii_uppercase())
}

/// The error for an invalid ORI. The document adds invisible characters.
pub(super) fn no_ori(document: &impl ErrorAt, span: &Range<usize>, text: &str) -> ConfigError {
    let fault = Ori::parse(text).err().map_or_else(String::new, |fault| format!(": {fault}"));
    let error = document.error_at(span, format!("`{text}` is no ORI{fault}"));
    let meant = text.trim().to_uppercase();
    match Ori::new(&meant) {
        Some(_) => error.help(format!("did you mean `{meant}`?")),
        None => error.help(
            "an ORI has 9 characters, A to Z and 0 to 9, the first a letter; in a policy, not in a file of ORIs, it may be a pattern with \
             `?`, `#` and `*`",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: impl Into<Vec<u8>>) -> Result<Vec<String>, String> {
        let roster = Roster::of(Path::new("r.csv"), bytes.into()).map_err(|error| error.to_string())?;
        for RosterEntry { ori, span, .. } in &roster.entries {
            assert!(roster.text.get(span.clone()).unwrap().to_uppercase().contains(ori.as_str()));
        }
        Ok(roster.entries.iter().map(|entry| entry.ori.to_string()).collect())
    }

    #[test]
    fn p2_every_form_that_spreadsheets_save_is_read() {
        let two = Ok(vec!["AZ0070000".to_owned(), "AZ0080000".to_owned()]);
        for text in [
            "AZ0070000\nAZ0080000\n",
            "AZ0070000\nAZ0080000",
            "AZ0070000\r\nAZ0080000\r\n",
            "AZ0070000\rAZ0080000\r",
            "AZ0070000\rAZ0080000\n",
            "AZ0070000\n\rAZ0080000\r\n\n",
            "\u{FEFF}AZ0070000\nAZ0080000\n",
            "\u{FEFF}ori,note\r\nAZ0070000,\"Tucson, PD\"\r\nAZ0080000,Nogales\r\n",
            "ORI;NOTE\r\nAZ0070000;Tucson PD\r\nAZ0080000;\r\n",
            "note\tOri\nTucson \u{E9}\tAZ0070000\nNogales\tAZ0080000\n",
            "\"ori\",\"note\"\n\"AZ0070000\",\"the \"\"old\"\" pueblo\"\n\"AZ0080000\",\"\"\n",
            "note,ori,source\n\"a, b\",AZ0070000,\"x;y\"\n,AZ0080000,\n",
            "az0070000\nAz0080000\n",
            "  AZ0070000 \n\tAZ0080000\n",
            " ori , note \n AZ0070000 , x\n\"AZ0080000\",y\n",
            "# police\n\nori\n#AZ0090000\nAZ0070000\n \t\n,,\nAZ0080000\n",
            "\"# Tucson, and others\",,\nAZ0070000,,\nAZ0080000,,\n",
            "AZ0070000;;\nAZ0080000;;\n",
            "ori,note\nAZ0070000\nAZ0080000,x,,,\n",
            "ori,note,\nAZ0070000,a,\nAZ0080000,b;c\n",
        ] {
            assert_eq!(found(text), two, "{text:?}");
        }
        let utf16: Vec<u8> =
            "\u{FEFF}ori\tnote\r\nAZ0070000\tx\r\nAZ0080000\ty\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(found(utf16), two);
        for nothing in ["", "\n\n", "# none yet\n", "ori\n", "ori,note\r\n", "\u{FEFF}"] {
            assert_eq!(found(nothing), Ok(vec![]), "{nothing:?}");
        }
    }

    #[test]
    fn p2_what_a_roster_must_not_hold_is_refused_with_its_place() {
        for (text, error) in [
            ("AZ0080000,AZ0070000\n", "1:11: a second field, in a table without a header"),
            ("AZ0080000;AZ0070000\n", "1:11: a second field, in a table without a header"),
            ("AZ0080000\nAZ0090000,Tucson\n", "2:11: a second field, in a table without a header"),
            ("AZ0080000\nAZ0090000;AZ0070000\n", "2:1: `AZ0090000;AZ0070000` is no ORI"),
            ("AZ0080000 AZ0070000\n", "1:1: `AZ0080000 AZ0070000` is no ORI"),
            ("agency,name\nAZ0080000,x\n", "1:1: no column of the header is called `ori`"),
            ("name,id\n", "1:1: no column of the header is called `ori`"),
            ("oris\nAZ0080000\n", "1:1: `oris` is no ORI"),
            ("sep=;\nori;name\n", "1:1: "),
            ("ori,from,until\nAZ0080000,2026-01-01\n", "2:1: the row has 2 fields, and the header 3 columns"),
            ("ori,form,until\n", "1:5: unknown column `form`; did you mean `from`?"),
            ("ORI;From;Untill\n", "1:10: unknown column `Untill`; did you mean `until`?"),
            ("agency,ori\n", "1:1: unknown column `agency`; call a text for people `note`, or take the column out"),
            (
                "ori,agency,unitl\n",
                "1:5: unknown column `agency`; call a text for people `note`, or take the column out\nr.csv:1:12: ",
            ),
            ("ori,,note\nAZ0080000,2026-01-01,\n", "2:11: a field in a column without a name"),
            ("ori,ORI\n", "1:5: two columns are called `ori`"),
            ("ori,note\nAZ0080000,x,AZ0070000\n", "2:13: a field beyond the 2 columns of the header"),
            ("ori,note\n,Tucson\n", "2:1: the row has no ORI"),
            ("note,ori\nTucson\n", "2:1: the row has no ORI"),
            ("note,ori\n#1 precinct,AZ0080000\n", "2:13: the row begins with `#`, as a comment does, and has an ORI"),
            ("ori,note\nAZ0080000,\"x\nAZ0070000,y\n", "2:11: a quote that isn't closed on its line"),
            ("ori,note\nAZ0080000,x\"\nAZ0070000,y\n", "2:11: a quote that isn't closed on its line"),
            ("ori,note\nAZ0080000,\"a\"b\"\n", "2:11: a quote that isn't closed on its line"),
            (
                "AZ0080000\nAZ00700\u{A0}00\n",
                "2:1: `AZ00700\u{a0}00` is no ORI: its character 8 is none of A to Z and 0 to 9 (with U+00A0 (no-break space)",
            ),
            (
                "AZ0080000\n\u{A0}\n",
                "2:1: `\u{a0}` is no ORI: its character 1 is none of A to Z and 0 to 9 (with U+00A0 (no-break space)",
            ),
            (
                "AZ0080000\nAZ0070000\u{200B}\n",
                "2:1: `AZ0070000\\u{200b}` is no ORI: its character 10 is none of A to Z and 0 to 9 (with U+200B (zero width space)",
            ),
            (
                "o\u{200B}ri\nAZ0080000\n",
                "1:1: `o\\u{200b}ri` is no ORI: its character 2 is none of A to Z and 0 to 9 (with U+200B (zero width space)",
            ),
            ("AZ0080000\nAZ??\n", "2:1: `AZ??` is no ORI"),
            ("AZ0080000\n123456789\n", "2:1: `123456789` is no ORI"),
            (
                "AZ0080000\n\u{1A}",
                "2:1: `\\u{1a}` is no ORI: its character 1 is none of A to Z and 0 to 9 (with U+001A (control character)",
            ),
            ("AZ0080000 # Tucson\n", "1:1: `AZ0080000 # Tucson` is no ORI"),
        ] {
            let told = found(text).unwrap_err();
            assert!(told.starts_with(&format!("r.csv:{error}")), "{text:?}: {told}");
        }
        assert!(
            found(b"ori,note\nAZ0080000,Caf\xE9\n".as_slice())
                .unwrap_err()
                .starts_with("r.csv:2:14: the file isn't UTF-8")
        );
    }
}
