//! The data elements of a catalog, or those that a selector names: for people, programs and spreadsheets.

use std::fmt;

use serde::Serialize;

use super::words::{plain, word};
use dmv_redact::Catalog;
use dmv_redact_model::catalog::{
    DPPA_HIGHLY_RESTRICTED, DPPA_PERSONAL, Element, ElementId, GROUP_PREFIX, Kind, Sensitivity,
};
use dmv_redact_model::config;
use dmv_redact_model::escape::spreadsheet_safe;

/// Data elements, in the order of the catalog.
#[derive(Debug, Serialize)]
pub struct ElementList {
    elements: Vec<ElementRow>,
    /// Every group of the catalog, by the name that rules use.
    #[serde(skip)]
    groups: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ElementRow {
    id: String,
    kind: Kind,
    dppa: Sensitivity,
    /// Without the `group:` prefix.
    groups: Vec<String>,
    title: String,
}

impl ElementList {
    /// The whole catalog, or what the selector names: an id, a prefix of ids, or a group.
    ///
    /// # Errors
    /// When the catalog has nothing of that name; the text suggests the nearest name.
    pub fn of(catalog: &Catalog, selector: Option<&str>) -> Result<Self, String> {
        let selectors = catalog.selectors();
        let chosen: Vec<ElementId> = match selector {
            None => catalog.iter().map(|(id, _)| id).collect(),
            // A group may be declared and have no element.
            Some(name) if selectors.iter().any(|known| known == name) => catalog.select(name),
            Some(name) => return Err(unknown(name, &selectors)),
        };
        let elements = chosen.into_iter().filter_map(|id| catalog.element(id)).map(ElementRow::of).collect();
        Ok(Self { elements, groups: selectors.into_iter().filter(|name| name.starts_with(GROUP_PREFIX)).collect() })
    }

    /// As comma-separated values.
    pub fn csv(&self) -> String {
        let mut table = csv::Writer::from_writer(Vec::new());
        // Writing to memory can't fail.
        let _ = self.write_csv(&mut table);
        table.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
    }

    fn write_csv(&self, table: &mut csv::Writer<Vec<u8>>) -> csv::Result<()> {
        table.write_record(["id", "kind", "dppa", "groups", "title"])?;
        for ElementRow { id, kind, dppa, groups, title } in &self.elements {
            let cells = [id, &word(kind), &word(dppa), &groups.join(", "), title];
            table.write_record(cells.map(|cell| spreadsheet_safe(cell)))?;
        }
        Ok(())
    }
}

impl ElementRow {
    fn of(element: &Element) -> Self {
        Self {
            id: element.id().to_owned(),
            kind: element.kind(),
            dppa: element.sensitivity(),
            groups: element.groups().map(str::to_owned).collect(),
            title: element.title().to_owned(),
        }
    }

    fn columns(&self) -> [String; 5] {
        [self.id.clone(), word(self.kind), word(self.dppa), self.other_groups(), plain(&self.title)]
    }

    /// The groups that its sensitivity doesn't already imply.
    fn other_groups(&self) -> String {
        let others =
            self.groups.iter().filter(|group| ![DPPA_PERSONAL, DPPA_HIGHLY_RESTRICTED].contains(&group.as_str()));
        let others: Vec<&str> = others.map(String::as_str).collect();
        if others.is_empty() { "-".to_owned() } else { others.join(", ") }
    }
}

fn unknown(name: &str, selectors: &[String]) -> String {
    let what = if name.starts_with(GROUP_PREFIX) { "group" } else { "data element" };
    let help = match config::nearest(name, selectors.iter().map(String::as_str)) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => "`dmv-redact elements` lists all; `--catalog FILE` adds more".to_owned(),
    };
    format!("unknown {what} `{name}`; {help}")
}

/// One line per element, in columns, and how rules name them.
impl fmt::Display for ElementList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["id", "kind", "dppa", "groups", "title"].map(str::to_owned);
        let rows: Vec<[String; 5]> =
            std::iter::once(head).chain(self.elements.iter().map(ElementRow::columns)).collect();
        let [id_width, kind_width, dppa_width, group_width] = [0, 1, 2, 3]
            .map(|column| rows.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0));
        for [id, kind, dppa, groups, title] in rows.iter().filter(|_| !self.elements.is_empty()) {
            let line =
                format!("{id:id_width$}  {kind:kind_width$}  {dppa:dppa_width$}  {groups:group_width$}  {title}");
            writeln!(f, "{}", line.trim_end())?;
        }
        let (gap, count) = (if self.elements.is_empty() { "" } else { "\n" }, self.elements.len());
        let plural = if count == 1 { "" } else { "s" };
        writeln!(f, "{gap}{count} data element{plural}.")?;
        writeln!(f, "A rule names one by its id, several by what their ids begin with (`license`), or a group:")?;
        writeln!(f, "{}.", self.groups.join(", "))?;
        writeln!(f, "Every grant holds the envelope: no rule names it.")
    }
}
