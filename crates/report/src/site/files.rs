//! The numbers of the pages as CSV.

use super::month_table::MonthTable;
use super::published::{Month, Share};
use super::statistics::{Groups, fate_name};
use crate::disclosures::{Fate, csv_of};
use dmv_redact_model::escape::spreadsheet_safe;

/// The files of numbers.
pub(super) const FILES: [(&str, &str); 7] = [
    ("messages.csv", "messages by month and agency class"),
    ("outcomes.csv", "what became of them"),
    ("message-keys.csv", "by message key"),
    ("instruments.csv", "by the paper behind the query"),
    ("paper.csv", "what became of messages with paper behind the query, and of those without"),
    ("elements.csv", "in how many answers each data element went out, went out less precisely, and was taken out"),
    ("duties.csv", "from how many messages each duty followed, and for how many it was done, or is overdue"),
];

/// The files of numbers: name and content.
pub(super) fn files(groups: &Groups, months: &[Month]) -> Vec<(&'static str, String)> {
    let table = |of: fn(&Month) -> &MonthTable| table_rows(groups, months, of);
    let contents = [
        csv(&["month", "agency-class", "messages"], message_rows(groups, months)),
        csv(&["month", "agency-class", "outcome", "messages"], table(|month| &month.outcomes)),
        csv(&["month", "agency-class", "message-key", "messages"], table(|month| &month.keys)),
        csv(&["month", "agency-class", "instruments", "messages"], table(|month| &month.instruments)),
        csv(&["month", "agency-class", "outcome", "with-paper", "without-paper"], paper_rows(groups, months)),
        csv(&["month", "agency-class", "element", "released", "generalised", "removed"], element_rows(groups, months)),
        csv(&["month", "agency-class", "duty", "messages", "done", "overdue", "all-done"], duty_rows(groups, months)),
    ];
    FILES.into_iter().map(|(name, _)| name).zip(contents).collect()
}

fn message_rows(groups: &Groups, months: &[Month]) -> Vec<Vec<String>> {
    let rows = months.iter().flat_map(|month| {
        let groups = groups.names.iter().enumerate();
        groups.map(|(group, name)| vec![month.name.clone(), name.clone(), number(month.messages(group))])
    });
    rows.collect()
}

fn table_rows(groups: &Groups, months: &[Month], table: fn(&Month) -> &MonthTable) -> Vec<Vec<String>> {
    let rows = months.iter().filter(|month| month.has_page()).flat_map(|month| {
        groups.names.iter().enumerate().flat_map(move |(group, name)| {
            let table = table(month);
            table.heads.iter().enumerate().map(move |(column, head)| {
                vec![month.name.clone(), name.clone(), head.clone(), number(table.cell(group, column))]
            })
        })
    });
    rows.collect()
}

fn paper_rows(groups: &Groups, months: &[Month]) -> Vec<Vec<String>> {
    let rows = months.iter().flat_map(|month| {
        groups.names.iter().zip(&month.paper).flat_map(|(name, table)| {
            Fate::ALL.into_iter().zip(table.iter().flatten()).map(|(fate, cells)| {
                let row = vec![month.name.clone(), name.clone(), fate_name(fate).to_owned()];
                row.into_iter().chain(cells.iter().map(|count| number(*count))).collect()
            })
        })
    });
    rows.collect()
}

fn element_rows(groups: &Groups, months: &[Month]) -> Vec<Vec<String>> {
    let rows = months.iter().flat_map(|month| {
        groups.names.iter().zip(&month.elements).flat_map(|(name, elements)| {
            elements.iter().map(|own| {
                let [released, generalised, removed] = [own.released, own.generalised, own.removed].map(share);
                vec![month.name.clone(), name.clone(), own.element.clone(), released, generalised, removed]
            })
        })
    });
    rows.collect()
}

fn duty_rows(groups: &Groups, months: &[Month]) -> Vec<Vec<String>> {
    let rows = months.iter().flat_map(|month| {
        groups.names.iter().zip(&month.duties).flat_map(|(name, duties)| {
            duties.iter().map(|own| {
                let [owed, done, overdue] = [own.owed, own.done, own.overdue].map(share);
                let all_done = if own.is_all_done { "yes" } else { "no" };
                vec![month.name.clone(), name.clone(), own.duty.clone(), owed, done, overdue, all_done.to_owned()]
            })
        })
    });
    rows.collect()
}

/// What isn't shown is empty.
fn number(count: Option<u64>) -> String {
    count.map(|count| count.to_string()).unwrap_or_default()
}

fn share(share: Share) -> String {
    match share {
        Share::Never => "0".to_owned(),
        Share::Some => String::new(),
        Share::Count(count) => count.to_string(),
    }
}

/// After RFC 4180.
fn csv(heads: &[&str], rows: Vec<Vec<String>>) -> String {
    let heads = heads.iter().map(|head| (*head).to_owned()).collect();
    let rows = rows.iter().map(|row| row.iter().map(|text| spreadsheet_safe(text)).collect());
    csv_of([heads].into_iter().chain(rows))
}
