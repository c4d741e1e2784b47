//! Blessing: updates the expectations of failing cases to what they got. Every change is reported before anything is
//! written. A case whose message can't be read is never blessed, and people change matrix tests by hand.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use toml_edit::{Array, DocumentMut, Item, TableLike, Value, value};

use super::atomic_write::write_atomically;
use super::found::{Case, Cases};
use super::message_case::MessageCase;
use super::outcome::CaseOutcome;
use super::redacted::{Redacted, redact, seen_elements};
use dmv_redact::{Catalog, Filter, Reason, Receipt};
use dmv_redact_model::catalog::ElementId;
use dmv_redact_model::escape::escape;

/// What blessing would change.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Blessing {
    changes: Vec<FileChange>,
    /// Failing cases that can't be blessed, and why.
    refused: Vec<(String, &'static str)>,
}

/// A file that a blessing changes.
#[derive(Debug, Clone, Serialize)]
struct FileChange {
    case: String,
    file: PathBuf,
    /// The change, in words.
    what: String,
    /// Its new content; `None` if it is removed.
    #[serde(skip)]
    content: Option<Vec<u8>>,
}

impl FileChange {
    fn new(case: &MessageCase, file: &Path, what: String, content: Option<Vec<u8>>) -> Self {
        Self { case: case.name.clone(), file: file.to_owned(), what, content }
    }
}

impl Blessing {
    /// Whether every failing case can be blessed.
    pub fn is_complete(&self) -> bool {
        self.refused.is_empty()
    }

    /// Writes the files, each atomically.
    ///
    /// # Errors
    /// When one can't be written; the text says which.
    pub fn write(&self) -> Result<(), String> {
        self.changes.iter().try_for_each(|FileChange { file, content, .. }| {
            let written = match content {
                Some(content) => write_atomically(file, content),
                None => std::fs::remove_file(file),
            };
            written.map_err(|error| format!("{}: {error}", file.display()))
        })
    }
}

impl fmt::Display for Blessing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for FileChange { case, file, what, .. } in &self.changes {
            writeln!(f, "bless {}: {}: {what}", escape(case), escape(&file.to_string_lossy()))?;
        }
        self.refused.iter().try_for_each(|(case, why)| writeln!(f, "not blessed: {}: {why}", escape(case)))
    }
}

/// What blessing the cases that have failed would change.
///
/// # Errors
/// When a file of a case can't be read; the text says which.
pub(super) fn blessing(cases: &Cases, outcomes: &[CaseOutcome]) -> Result<Blessing, String> {
    let mut blessing = Blessing::default();
    for ((test, filter), outcome) in cases.tests.iter().zip(outcomes) {
        if outcome.faults.is_empty() {
            continue;
        }
        let Case::Message(case) = test else {
            blessing.refused.push((outcome.name.clone(), "a matrix test says what people want: change it by hand"));
            continue;
        };
        let redacted = redact(case, filter)?;
        match redacted.receipt.reason().and_then(unreadable) {
            Some(why) => blessing.refused.push((case.name.clone(), why)),
            None => blessing.changes.extend(changes(case, filter, redacted)?),
        }
    }
    Ok(blessing)
}

/// Why the result for a message isn't an answer of the policy.
fn unreadable(reason: Reason) -> Option<&'static str> {
    match reason {
        Reason::NothingPermitted
        | Reason::Review
        | Reason::Shape
        | Reason::ShapeReview
        | Reason::EnvelopeShape
        | Reason::RequesterMissing
        | Reason::RequesterInvalid
        | Reason::RequesterUnknown
        | Reason::RequesterMismatch
        | Reason::RequesterSeveral
        | Reason::MessageTypeMissing
        | Reason::MessageTypeUnknown
        | Reason::MessageTypeSeveral => None,
        Reason::SecondReading => Some("the second reading found a fault of the filter"),
        _ => Some("its message can't be read"),
    }
}

fn changes(case: &MessageCase, filter: &Filter, redacted: Redacted) -> Result<Vec<FileChange>, String> {
    let Redacted { output, receipt, expected } = redacted;
    let mut changes = Vec::new();
    changes.extend(output_change(case, &receipt, output, expected.as_deref()));
    changes.extend(expectation_change(case, filter, &receipt)?);
    Ok(changes)
}

/// Writes or removes the file of the expected output.
fn output_change(
    case: &MessageCase,
    receipt: &Receipt,
    output: Vec<u8>,
    expected: Option<&[u8]>,
) -> Option<FileChange> {
    let was = expected.map_or_else(|| "there was none".to_owned(), |old| format!("was {} bytes", old.len()));
    let is_new = !case.expectation.disposition.releases();
    match (expected, receipt.disposition().releases()) {
        (Some(_), false) => Some(FileChange::new(case, &case.expected, format!("taken away, {was}"), None)),
        (Some(old), true) if old == output => None,
        (old, true) if old.is_some() || is_new => {
            let what = format!("{} bytes, {was}", output.len());
            Some(FileChange::new(case, &case.expected, what, Some(output)))
        }
        _ => None,
    }
}

/// Edits `[expect]` in the file of the case; keeps the rest as it is written.
fn expectation_change(case: &MessageCase, filter: &Filter, receipt: &Receipt) -> Result<Option<FileChange>, String> {
    let mut document = read_document(&case.file)?;
    let Some(expect) = document.get_mut("expect").and_then(Item::as_table_like_mut) else { return Ok(None) };
    let releases = receipt.disposition().releases();
    let is_new = !case.expectation.disposition.releases();
    let mut edits = Vec::new();
    let disposition = receipt.disposition().name();
    if case.expectation.disposition != receipt.disposition() {
        edits.push(format!("disposition {disposition}, was {}", case.expectation.disposition.name()));
        put(expect, "disposition", disposition.into());
    }
    if case.expectation.reason != receipt.reason() {
        match receipt.reason() {
            Some(reason) => put(expect, "reason", reason.code().into()),
            None => drop(expect.remove("reason")),
        }
        edits.push(format!("reason {}", receipt.reason().map_or("none", Reason::code)));
    }
    let [released, removed] = seen_elements(receipt, filter.catalog());
    let lists = [("released", released, &case.expectation.released), ("removed", removed, &case.expectation.removed)];
    for (name, got, old) in lists {
        match (old, releases) {
            (Some(_), false) => {
                expect.remove(name);
                edits.push(format!("no `{name}`"));
            }
            (Some(old), true) if *old != got => {
                edits.push(describe_list_change(name, old, &got, filter.catalog()));
                list(expect, name, &got, filter.catalog());
            }
            (None, true) if is_new => {
                edits.push(describe_list_change(name, &BTreeSet::new(), &got, filter.catalog()));
                list(expect, name, &got, filter.catalog());
            }
            _ => {}
        }
    }
    if edits.is_empty() {
        return Ok(None);
    }
    let content = document.to_string().into_bytes();
    Ok(Some(FileChange::new(case, &case.file, edits.join("; "), Some(content))))
}

fn read_document(file: &Path) -> Result<DocumentMut, String> {
    let text = std::fs::read_to_string(file).map_err(|error| in_file(file, &error))?;
    text.parse().map_err(|error: toml_edit::TomlError| in_file(file, &error))
}

fn in_file(file: &Path, error: &dyn fmt::Display) -> String {
    format!("{}: {error}", file.display())
}

/// The gains and losses of a list.
fn describe_list_change(name: &str, old: &BTreeSet<ElementId>, new: &BTreeSet<ElementId>, catalog: &Catalog) -> String {
    let gained = new.difference(old).map(|element| ("+", element));
    let lost = old.difference(new).map(|element| ("-", element));
    let changes: Vec<String> = gained
        .chain(lost)
        .map(|(sign, element)| format!("{sign}{}", catalog.element(*element).map_or("", |element| element.id())))
        .collect();
    format!("{name} {}", changes.join(" "))
}

/// Replaces a value and keeps the old one's white space and comment.
fn put(table: &mut dyn TableLike, key: &str, mut new: Value) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        None => drop(table.insert(key, value(new))),
    }
}

/// Replaces a list by these elements; those that stay keep their lines.
fn list(table: &mut dyn TableLike, key: &str, elements: &BTreeSet<ElementId>, catalog: &Catalog) {
    let mut ids: Vec<&str> =
        elements.iter().filter_map(|id| catalog.element(*id)).map(|element| element.id()).collect();
    ids.sort_unstable();
    let mut new = Array::new();
    let old = table.get(key).and_then(Item::as_array);
    for id in ids {
        let known = old.into_iter().flatten().find(|value| value.as_str() == Some(id));
        new.push_formatted(known.cloned().unwrap_or_else(|| on_own_line(id)));
    }
    if !new.is_empty() {
        new.set_trailing_comma(true);
        new.set_trailing("\n");
    }
    put(table, key, Value::Array(new));
}

/// An item of a list, on a line of its own.
fn on_own_line(id: &str) -> Value {
    let mut item = Value::from(id);
    item.decor_mut().set_prefix("\n  ");
    item
}
