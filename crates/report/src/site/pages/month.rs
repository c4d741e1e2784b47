//! The page of a month.

use maud::{Markup, html};

use super::{Subject, cell, month_title};
use crate::disclosures::Fate;
use crate::site::chart::{Bar, bars, grouped};
use crate::site::month_table::MonthTable;
use crate::site::published::{ANY_DUTY, DutyShares, ElementShares, Month, PaperTable, Share};
use crate::site::statistics::{Outcome, fate_name};
use crate::site::words::{effect, message_key};
use dmv_redact_model::catalog::ElementId;
use dmv_redact_model::policy::Rule;

impl Subject<'_> {
    pub(in crate::site) fn month(&self, month: &Month) -> String {
        let title = format!("{}: {}", month_title(&month.name), self.words.title());
        let by_group: Vec<Bar> =
            self.shown_groups().map(|(group, name)| (name.to_owned(), month.messages(group))).collect();
        let content = html! {
            h1 { "Who asked, and what they got: " (title) }
            (self.internal_warning())
            ul { @for (group, name) in self.apart() { li { (self.sentence(month, group, name)) } } }
            h2 { "By agency class" }
            (bars("messages by agency class", &by_group))
            @if by_group.iter().any(|(_, count)| count.is_none()) {
                p.quiet { "Where a bar is missing, its number isn't shown: it may be a large one." }
            }
            (self.table(month, &month.outcomes, "What became of the messages"))
            dl {
                @for (head, description) in Outcome::descriptions() {
                    @if self.columns(&month.outcomes).iter().any(|(_, own)| *own == head) { dt { (head) } dd { (description) } }
                }
            }
            (self.table(month, &month.instruments, "The paper behind the queries: the claim, and who issued it"))
            @let claims: Vec<_> = self.words.paper().collect();
            @if !claims.is_empty() {
                h3 { "What paper the policy takes" }
                dl { @for (claim, title) in claims { dt { (claim) } dd { (title) } } }
            }
            h2 { "By kind of query" }
            (self.table(month, &month.keys, "Message keys of the answers"))
            @let keys = self.columns(&month.keys).into_iter().filter_map(|(_, key)| Some((key, message_key(key)?)));
            @let keys: Vec<_> = keys.collect();
            @if !keys.is_empty() { dl { @for (key, title) in keys { dt { (key) } dd { (title) } } } }
            @for (group, name) in self.shown_groups() {
                @if month.messages(group) != Some(0) { (self.group_section(month, group, name)) }
            }
            @let common = self.words.rules(None);
            @if !common.is_empty() { h2 { "For every agency" } (rules(&common)) }
        };
        self.page(&title, false, &content)
    }

    /// The columns of a table with their places: all but those of nothing but zeros, which say nothing.
    fn columns<'t>(&self, table: &'t MonthTable) -> Vec<(usize, &'t str)> {
        let is_empty = |column: usize| {
            let mut shown = self.shown_groups().filter(|(group, _)| table.shows_any(*group));
            shown.all(|(group, _)| table.cell(group, column) == Some(0))
        };
        let columns = table.heads.iter().map(String::as_str).enumerate();
        columns.filter(|(column, _)| !is_empty(*column)).collect()
    }

    fn table(&self, month: &Month, table: &MonthTable, caption: &str) -> Markup {
        let groups: Vec<_> = self.shown_groups().collect();
        let columns = self.columns(table);
        html! {
            div.scroll tabindex="0" role="region" aria-label=(caption) {
                table {
                    caption { (caption) }
                    thead { tr {
                        th scope="col" { "Agency class" }
                        @for (_, head) in &columns { th scope="col" { (head) } }
                        th scope="col" { "all" }
                    } }
                    tbody {
                        @for (group, name) in &groups {
                            tr {
                                th scope="row" { (name) }
                                @for (column, _) in &columns { (cell(table.cell(*group, *column))) }
                                (cell(month.messages(*group)))
                            }
                        }
                    }
                }
            }
        }
    }

    fn group_section(&self, month: &Month, group: usize, name: &str) -> Markup {
        let elements = month.elements.get(group).map(Vec::as_slice).unwrap_or_default();
        let duties = month.duties.get(group).map(Vec::as_slice).unwrap_or_default();
        let own = self.words.rules(Some(name));
        html! {
            h2 id=(format!("class-{group}")) { (self.words.group(name)) }
            p { (self.sentence(month, group, name)) }
            @if let Some(table) = month.paper.get(group).and_then(Option::as_ref) { (paper_table(name, table)) }
            @if !elements.is_empty() { (self.elements_table(name, elements)) }
            @if !duties.is_empty() {
                h3 { "Duties that followed" }
                ul {
                    @for duty in duties { li { (self.duty(&duty.duty)) ": " (duty_text(duty)) } }
                }
            }
            @if !own.is_empty() { h3 { "What the policy says of them" } (rules(&own)) }
        }
    }

    fn duty<'d>(&'d self, id: &'d str) -> &'d str {
        if id == ANY_DUTY {
            return "Some duty; which isn't shown, for a small number could follow from it";
        }
        let rule = self.words.policy.rules().iter().find(|rule| rule.id == id);
        rule.and_then(|rule| rule.metadata.title.as_deref()).unwrap_or(id)
    }

    fn elements_table(&self, name: &str, elements: &[ElementShares]) -> Markup {
        let mut elements: Vec<&ElementShares> = elements.iter().collect();
        // As the catalog has them: name first. What it doesn't know comes first of all.
        elements.sort_by_key(|own| self.words.catalog.find(&own.element).map(ElementId::index));
        let caption =
            format!("What {name} got: in how many answers each kind of data stood, and from how many it was removed");
        html! {
            div.scroll tabindex="0" role="region" aria-label=(caption) {
                table {
                    caption { (caption) }
                    thead { tr {
                        th scope="col" { "Kind of data" } th scope="col" { "went out" } th scope="col" { "went out less precisely" }
                        th scope="col" { "was removed" }
                    } }
                    tbody {
                        @for element in elements {
                            tr {
                                th scope="row" { (self.words.element(&element.element)) " " code.quiet { (element.element) } }
                                @for share in [element.released, element.generalised, element.removed] {
                                    td.number { (share_text(share, "none", "some")) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn share_text(share: Share, never: &str, some: &str) -> String {
    match share {
        Share::Never => never.to_owned(),
        Share::Some => some.to_owned(),
        Share::Count(count) => grouped(count),
    }
}

fn rules(rules: &[&Rule]) -> Markup {
    html! {
        ul {
            @for rule in rules {
                li {
                    (effect(rule)) ": " (rule.metadata.title.as_deref().unwrap_or(&rule.id))
                    @if let Some(basis) = &rule.metadata.basis { span.quiet { " (" (basis) ")" } }
                }
            }
        }
    }
}

/// What became of a group's messages, with paper behind the query and without.
fn paper_table(name: &str, table: &PaperTable) -> Markup {
    let caption = format!("What became of the messages for {name} with paper behind the query, and without");
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { (caption) }
                thead { tr { th scope="col" { "Outcome" } th scope="col" { "with paper" } th scope="col" { "without" } } }
                tbody {
                    @for (fate, cells) in Fate::ALL.into_iter().zip(table) {
                        tr {
                            th scope="row" { (fate_name(fate)) }
                            @for count in cells { (cell(*count)) }
                        }
                    }
                }
            }
        }
    }
}

/// From how many messages a duty follows, and what became of it.
fn duty_text(duty: &DutyShares) -> String {
    let DutyShares { owed, done, overdue, is_all_done, .. } = duty;
    let owed = match owed {
        Share::Count(1) => "of 1 message".to_owned(),
        owed => format!("of {} messages", share_text(*owed, "no", "some")),
    };
    let done = match done {
        _ if *is_all_done => "done for all".to_owned(),
        done => format!("done for {}", share_text(*done, "none", "some")),
    };
    match overdue {
        Share::Never => format!("{owed}, {done}"),
        overdue => format!("{owed}, {done}, overdue for {}", share_text(*overdue, "none", "some")),
    }
}
