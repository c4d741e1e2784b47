//! The matrix as one self-contained page for a browser: no other file, no font, no network.
//!
//! Without its script it is a plain table whose cells link to their details; the script adds search, folding, arrow
//! keys and a panel with the rules and their basis.

use std::collections::BTreeSet;

use maud::{Markup, html};

use crate::page::Page;
use dmv_redact_analysis::{CellManner, ColumnHead, Matrix, MatrixCell, MatrixRow};
use dmv_redact_model::catalog::Sensitivity;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// For a browser.
#[must_use]
pub fn html(matrix: &Matrix) -> String {
    let title = format!("Who gets what: {}", matrix.policy.title.as_deref().unwrap_or(&matrix.policy.name));
    let body = html! {
        header {
            h1 { (title) }
            p.quiet { "Policy " code { (matrix.policy.name) } ", version " (matrix.policy.version) (matrix.policy.as_of()) }
            p { "For every agency class what becomes of every data element, computed from the policy for every ORI, \
                 all that requests state, every message key and set of claims. An agency that no class claims gets nothing." }
        }
        (tools(matrix))
        main {
            (legend(matrix))
            div.scroll tabindex="0" role="region" aria-labelledby="caption" { (table(matrix)) }
            (duties(matrix))
            h2 id="why" { "What the cells say" }
            ol.why { @for (number, cell) in matrix.cells.iter().enumerate() { (why(matrix, number, cell)) } }
            h2 #rules { "Rules" }
            div.wide tabindex="0" role="region" aria-labelledby="rules" { (rules_table(matrix)) }
        }
        footer { p.quiet { "SHA-256 of the policy: " code { (matrix.policy.sha256) } } }
        // Only what the cell says is read aloud as it changes; the duties stay to be looked up.
        div #panel role="region" aria-label="What the cell says" tabindex="0" hidden { div aria-live="polite" {} div {} }
    };
    Page { title: &title, style: STYLE, script: Some(SCRIPT), body }.into_html()
}

fn table(matrix: &Matrix) -> Markup {
    let groups = matrix.duty_groups();
    // The lists of duties that are a column's, for the panel.
    let own = |column: usize| {
        let own = groups.iter().enumerate().filter(|(_, group)| group.columns.contains(&column));
        own.map(|(number, _)| format!("duties-{number}")).collect::<Vec<_>>().join(" ")
    };
    html! {
        table #matrix {
            caption #caption { "Data elements by agency class. Each cell leads to the rules that decide it." }
            thead { tr {
                th scope="col" { "Data element" }
                @for (column, head) in matrix.columns.iter().enumerate() { (column_head(head, &own(column))) }
            } }
            @for (group, rows) in matrix.groups() {
                tbody {
                    tr.group { th scope="rowgroup" colspan=(matrix.columns.len() + 1) {
                        button type="button" aria-expanded="true" { (group) " (" (rows.len()) ")" }
                    } }
                    @for row in rows { (matrix_row(matrix, row)) }
                }
            }
        }
    }
}

fn column_head(head: &ColumnHead, duties: &str) -> Markup {
    let names = head.names();
    let titles: Vec<&str> = head.agencies.iter().filter_map(|agency| agency.title.as_deref()).collect();
    let titles = titles.join("; ");
    let narrowed = head.lines();
    let whole = [&[names.clone()][..], &narrowed].concat().join(", ");
    let search = format!("{whole} {titles} {} {}", head.example, initials(&titles)).to_lowercase();
    html! {
        th scope="col" data-told=(whole) data-search=(search) data-duties=(duties) {
            (names)
            @for line in &narrowed { small { b { (line) } } }
            @if !titles.is_empty() { small.agency { (titles) } }
            small { "for example " code { (head.example) } }
        }
    }
}

/// The initials of words in capitals that stand together, as people call offices: `ICE` for Immigration and Customs
/// Enforcement.
fn initials(titles: &str) -> String {
    let of = |title: &str| -> String {
        let words = title.split_whitespace().filter(|word| !word.contains('.'));
        words.filter_map(|word| word.chars().next()).filter(char::is_ascii_uppercase).collect()
    };
    titles.split([';', ',', '(']).map(of).filter(|own| own.len() > 1).collect::<Vec<_>>().join(" ")
}

fn matrix_row(matrix: &Matrix, row: &MatrixRow) -> Markup {
    let search = format!("{} {}", row.element, row.title).to_lowercase();
    html! {
        tr data-search=(search) {
            th scope="row" data-element=(row.element) {
                code { (row.element) } " "
                @if row.dppa == Sensitivity::HighlyRestricted { span.restricted { "highly restricted" } }
                small { (row.title) }
            }
            @for number in row.cells.iter() {
                @if let Some(cell) = matrix.cell(*number) {
                    td class=(manner(cell.manner)) data-why=(format!("why-{number}")) {
                        a href=(format!("#why-{number}")) aria-describedby=(format!("why-{number}")) {
                            (cell.summary) sup aria-hidden="true" { (number + 1) }
                        }
                    }
                }
            }
        }
    }
}

fn why(matrix: &Matrix, number: usize, cell: &MatrixCell) -> Markup {
    html! {
        li id=(format!("why-{number}")) data-specified[cell.specified] {
            span.number { (number + 1) } b { (cell.told) }
            ul {
                @for case in &cell.cases {
                    @let condition = &case.condition;
                    li data-with=(case.with().join("|")) data-without=(case.without().join("|"))
                        data-told=(case.describe()) data-manner=(manner(case.manner())) {
                        @if cell.cases.len() > 1 {
                            (case.describe()) " " (if condition.is_empty() { "without any claim" } else { condition }) ": "
                        }
                        @if case.is_specified { "only what the instrument behind it specifies; " }
                        @if case.rules.is_empty() { "no rule permits it" }
                        @for (index, rule) in case.rules.iter().filter_map(|rule| matrix.rule(*rule)).enumerate() {
                            @if index > 0 { "; " }
                            (rule.kind) " " code { (rule.id) }
                            @if let Some(basis) = &rule.basis { " (" (basis) ")" }
                        }
                    }
                }
            }
        }
    }
}

fn duties(matrix: &Matrix) -> Markup {
    let groups = matrix.duty_groups();
    html! {
        @if !groups.is_empty() { h2 { "Duties that may follow" } }
        @for (number, group) in groups.iter().enumerate() {
            h3 { (group.whose.join("; ")) }
            ul id=(format!("duties-{number}")) {
                @for rule in &group.duties {
                    li data-with=(rule.requires.join("|")) data-without=(rule.unless.join("|")) {
                        (rule.told()) " (duty " code { (rule.id) } ")"
                    }
                }
            }
        }
    }
}

fn rules_table(matrix: &Matrix) -> Markup {
    let deciding: BTreeSet<usize> =
        matrix.cells.iter().flat_map(|cell| &cell.cases).flat_map(|case| case.rules.iter().copied()).collect();
    html! {
        table.rules {
            thead { tr { th scope="col" { "Rule" } th scope="col" { "Kind" } th scope="col" { "What for" } th scope="col" { "Basis" } } }
            tbody {
                @for (index, rule) in matrix.rules.iter().enumerate() {
                    tr {
                        th scope="row" {
                            code { (rule.id) }
                            @if !deciding.contains(&index) { small { "decides nothing" } }
                        }
                        td { (rule.kind) }
                        td { (rule.told()) }
                        td { (rule.basis.as_deref().unwrap_or("none given")) }
                    }
                }
            }
        }
    }
}

/// What needs the script is hidden until the script shows it.
fn tools(matrix: &Matrix) -> Markup {
    html! {
        div.tools role="search" hidden {
            label { "Search data elements" input #elements type="search" autocomplete="off"; }
            label { "Search agency classes" input #agencies type="search" autocomplete="off"; }
            button #fold type="button" { "Fold all" }
            button #unfold type="button" { "Unfold all" }
            p.quiet #found role="status" {}
            @if !matrix.claims.is_empty() {
                fieldset #claims {
                    legend { "What the cells say with these claims" }
                    @for claim in matrix.claims.iter().filter(|claim| !claim.is_derived()) {
                        label { input type="checkbox" value=(claim.name) data-implies=(implied(matrix, &claim.name)); code { (claim.name) }
                            @if let Some(title) = &claim.title { " " small { (title) } } }
                    }
                }
            }
        }
    }
}

/// What an instrument behind a claim may specify: its box stands for that, too.
fn implied(matrix: &Matrix, claim: &str) -> String {
    let derived = matrix.claims.iter().filter(|derived| derived.behind.iter().any(|behind| behind == claim));
    derived.map(|derived| derived.name.as_str()).collect::<Vec<_>>().join("|")
}

fn legend(matrix: &Matrix) -> Markup {
    html! {
        ul.legend aria-label="Legend" {
            li { span.full { "full" } "released as it is" }
            li { span.generalised { "year, zip5, last4, mask" } "released so" }
            li { span.claim { "claim" } "only with a claim" }
            @if matrix.cells.iter().flat_map(|cell| &cell.cases).any(|case| case.is_specified) {
                li { span.claim { "if specified" } "only what the instrument behind a claim specifies" }
            }
            li { span.held { "held" } "a person must review the message" }
            li { span.never { "never" } "never released" }
        }
    }
}

fn manner(manner: CellManner) -> &'static str {
    match manner {
        CellManner::Full => "full",
        CellManner::Generalised => "generalised",
        CellManner::Claim => "claim",
        CellManner::Held => "held",
        CellManner::Never => "never",
    }
}
