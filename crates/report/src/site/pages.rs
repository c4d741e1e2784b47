//! The pages: HTML without script, font or network, and the same numbers as CSV. maud escapes every text.

use maud::{Markup, html};

use super::chart::{Bar, bars, grouped};
use super::month_table::MonthTable;
use super::published::{ElementShares, Month, Published, Share};
use super::statistics::{BEFORE, Groups, NO_MONTH, Outcome};
use super::words::{Words, effect};
use crate::disclosures::Totals;
use crate::page::Page;
use dmv_redact_model::catalog::ElementId;
use dmv_redact_model::date::Date;
use dmv_redact_model::escape::spreadsheet_safe;

const STYLE: &str = include_str!("style.css");

/// What all pages are about.
pub(super) struct Subject<'s> {
    pub(super) words: Words<'s>,
    pub(super) groups: &'s Groups,
    pub(super) published: &'s Published,
    pub(super) totals: &'s Totals,
    /// Faults of the log: changed lines aren't counted.
    pub(super) faults: u64,
    pub(super) below: u64,
    /// What the groups that are listed separately are.
    pub(super) apart_title: &'s str,
    /// The first and the last day that were asked for.
    pub(super) period: (Option<Date>, Option<Date>),
    /// When which policy began to decide.
    pub(super) policies: &'s [(Option<String>, String)],
    pub(super) made_on: Option<Date>,
}

pub(super) const POLICY_PAGE: &str = "policy.html";

/// A page of the site, which leads to the others unless it is the first.
fn page(title: &str, is_start: bool, content: &Markup) -> String {
    let body = html! {
        @if !is_start { nav aria-label="Pages" { a href="index.html" { "All months" } " · " a href=(POLICY_PAGE) { "The policy" } } }
        (content)
    };
    Page { title, style: STYLE, script: None, body }.into_html()
}

/// A month in words.
fn month_title(name: &str) -> String {
    if let Some(month) = name.strip_suffix(BEFORE) {
        return format!("{}{BEFORE}", month_title(month));
    }
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let month = name.split_once('-').and_then(|(year, month)| {
        let place = month.parse::<usize>().ok()?.checked_sub(1)?;
        Some(format!("{} {year}", NAMES.get(place)?))
    });
    month.unwrap_or_else(|| "Without a date".to_owned())
}

/// The file of a month's page.
pub(super) fn month_file(name: &str) -> String {
    if name == NO_MONTH { "undated.html".to_owned() } else { format!("{name}.html") }
}

fn cell(count: Option<u64>) -> Markup {
    match count {
        Some(count) => html! { td.number { (grouped(count)) } },
        None => html! { td.hidden { "not shown" } },
    }
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{} times", grouped(count)) }
}

impl Subject<'_> {
    fn title(&self) -> String {
        format!("Who asked for driver and vehicle records, and what they got: {}", self.words.title())
    }

    /// The groups that asked at all, or may have.
    fn shown_groups(&self) -> impl Iterator<Item = (usize, &str)> {
        let groups = self.groups.names.iter().enumerate().map(|(at, name)| (at, name.as_str()));
        groups.filter(|(at, _)| *at < self.groups.apart || self.published.totals.get(*at) != Some(&Some(0)))
    }

    /// The groups that are listed separately.
    fn apart(&self) -> impl Iterator<Item = (usize, &str)> {
        self.groups.names.iter().enumerate().take(self.groups.apart).map(|(at, name)| (at, name.as_str()))
    }

    pub(super) fn index(&self) -> String {
        let Published { months, total, .. } = self.published;
        page(
            &self.title(),
            true,
            &html! {
                main {
                    h1 { (self.title()) }
                    (self.internal())
                p.large { (self.headline()) }
                    @if self.faults > 0 {
                        p.warning { "The log has " (grouped(self.faults)) " faults: lines were changed or are missing. Only lines that are as they \
                            were written are counted, so these numbers may be too small." }
                    }
                    @if total.is_none() {
                        p { "Too few messages are on record to publish a number without giving a small one away." }
                    } @else {
                        @if self.groups.apart > 0 { (self.apart_sections()) }
                        h2 id="months" { "All agencies, month by month" }
                        (bars("messages by month", &self.month_bars(None)))
                        (self.months_table())
                    }
                    h2 { "How to read this" }
                    (self.explanation())
                    h2 { "Which policy decided" }
                    (self.policy_history())
                    @if !months.is_empty() {
                        h2 { "The numbers for a spreadsheet" }
                        ul { @for (file, what) in FILES { li { a href=(file) { (file) } ": " (what) } } }
                        p.quiet { "An empty cell is a number that isn't shown." }
                    }
                }
                (self.footer())
            },
        )
    }

    /// Pages that hide nothing say so, or they would be published by mistake.
    fn internal(&self) -> Markup {
        html! { @if self.below < 2 { p.warning { "Not for publication: small numbers are shown, which could tell of a person." } } }
    }

    fn headline(&self) -> String {
        let period = match self.period {
            (Some(since), Some(until)) => format!("From {since} to {until} the"),
            (Some(since), None) => format!("Since {since} the"),
            (None, Some(until)) => format!("Until {until} the"),
            (None, None) => "The".to_owned(),
        };
        match self.published.total {
            Some(total) => {
                format!("{period} message switch recorded {} answers to queries, sent or held back.", grouped(total))
            }
            None => format!("{period} message switch recorded fewer answers than can be shown."),
        }
    }

    fn apart_sections(&self) -> Markup {
        html! {
            h2 id="apart" { (self.apart_title) }
            @if let Some(month) = self.published.months.iter().rfind(|month| month.name != NO_MONTH && month.has_page()) {
                p { "In " a href=(month_file(&month.name)) { (month_title(&month.name)) } ", the last month on record:" }
                ul { @for (group, name) in self.apart() { li { (self.sentence(month, group, name)) } } }
            }
            @for (group, name) in self.apart() {
                h3 { (self.words.group(name)) }
                (bars(&format!("messages for {name} by month"), &self.month_bars(Some(group))))
            }
        }
    }

    /// Newest first.
    fn month_bars(&self, group: Option<usize>) -> Vec<Bar> {
        let count = |month: &Month| group.map_or(month.total, |group| month.messages(group));
        self.published.months.iter().rev().map(|month| (month_title(&month.name), count(month))).collect()
    }

    fn months_table(&self) -> Markup {
        let groups: Vec<_> = self.shown_groups().collect();
        html! {
            div.scroll tabindex="0" role="region" aria-label="Messages by month and agency class" {
                table {
                    caption { "Messages by month and agency class. Each month leads to what they got." }
                    thead { tr {
                        th scope="col" { "Month" }
                        @for (_, name) in &groups { th scope="col" { (name) } }
                        th scope="col" { "all" }
                    } }
                    tbody {
                        @for month in self.published.months.iter().rev() {
                            tr {
                                th scope="row" {
                                    @if month.has_page() { a href=(month_file(&month.name)) { (month_title(&month.name)) } }
                                    @else { (month_title(&month.name)) }
                                }
                                @for (group, _) in &groups { (cell(month.messages(*group))) }
                                (cell(month.total))
                            }
                        }
                        tr.total {
                            th scope="row" { "all" }
                            @for (group, _) in &groups { (cell(self.published.totals.get(*group).copied().flatten())) }
                            (cell(self.published.total))
                        }
                    }
                }
            }
            dl { @for (_, name) in &groups { dt { (name) } dd { (self.words.group(name)) } } }
        }
    }

    fn explanation(&self) -> Markup {
        let Totals { superseded, dry_run_messages, imported, undated, unexplained, .. } = self.totals;
        html! {
            ul {
                li { "A message is one answer to one query. It counts once, however often it was held, approved or run again: in the month in \
                      which it went out, or else of its last record." }
                li { "An agency in several classes counts in one: one that is told apart, or else its first." }
                @if self.below > 1 {
                    li { "Numbers from 1 to " (self.below - 1) " aren't shown, for they could tell of a person. Other numbers aren't shown \
                          either where a small one would follow from them. Zeros are shown." }
                }
                @if *superseded > 0 && self.below < 2 { li { (grouped(*superseded)) " records are left out, for a later one is of the same message." } }
                @if *dry_run_messages > 0 && self.below < 2 { li { (grouped(*dry_run_messages)) " messages of trial runs are left out: nobody got them." } }
                @if *imported > 0 { li { "Messages from before this log are counted as the switch's own log of then has them." } }
                @if *undated > 0 && self.below < 2 { li { (grouped(*undated)) " messages have no date." } }
                @if *unexplained > 0 { li { "Of some messages the data elements are unknown, for the line of the log that names them is lost." } }
            }
            p { "Where finer columns would hide what an agency class that is told apart got, some columns are one." }
            h3 { "What can become of a message" }
            dl { @for (head, description) in Outcome::descriptions() { dt { (head) } dd { (description) } } }
        }
    }

    fn policy_history(&self) -> Markup {
        html! {
            p { "In plain words, for every agency class and every kind of data: " a href=(POLICY_PAGE) { "the policy" } "." }
            @if !self.policies.is_empty() {
                table {
                    caption { "Policies that decided, in order; the number in parentheses begins the digest of the policy's text" }
                    thead { tr { th scope="col" { "First in" } th scope="col" { "Policy" } } }
                    tbody { @for (date, policy) in self.policies {
                        tr { td { (date.as_deref().map_or_else(|| "not shown".to_owned(), month_title)) } td { (policy) } }
                    } }
                }
            }
        }
    }

    fn footer(&self) -> Markup {
        let identity = self.words.policy.identity();
        html! {
            footer { p.quiet {
                @if let Some(day) = self.made_on { "Made on " (day) " from" } @else { "Made from" }
                " a disclosure log in which each line is chained to the one before"
                @if self.faults == 0 { "; every line was verified" }
                ". No name, number or address of a person is in it. The words are those of policy " (identity.name) " " (identity.version) "."
            } }
        }
    }

    /// How often a group asked in a month, and what became of it.
    fn sentence(&self, month: &Month, group: usize, name: &str) -> Markup {
        html! {
            b { (self.words.group(name)) }
            @match month.messages(group) {
                Some(0) => " did not ask.",
                Some(count) => {
                    " asked " b { (times(count)) } "."
                    (listed(&month.outcomes.named_row(group), "What became of it"))
                    (listed(&month.instruments.named_row(group), "On what paper"))
                }
                None => " asked; how often isn't shown: the number is small, or a small one would follow from it.",
            }
        }
    }

    pub(super) fn month(&self, month: &Month) -> String {
        let title = format!("{}: {}", month_title(&month.name), self.words.title());
        let by_group: Vec<Bar> =
            self.shown_groups().map(|(group, name)| (name.to_owned(), month.messages(group))).collect();
        page(
            &title,
            false,
            &html! {
                main {
                    h1 { "Who asked, and what they got: " (title) }
                (self.internal())
                    ul { @for (group, name) in self.apart() { li { (self.sentence(month, group, name)) } } }
                    h2 { "By agency class" }
                    (bars("messages by agency class", &by_group))
                @if by_group.iter().any(|(_, count)| count.is_none()) { p.quiet { "Where a bar is missing, its number isn't shown: it may be a large one." } }
                    (self.table(month, &month.outcomes, "What became of the messages"))
                dl { @for (head, description) in Outcome::descriptions() {
                    @if month.outcomes.heads.iter().any(|own| own == head) { dt { (head) } dd { (description) } }
                } }
                    (self.table(month, &month.instruments, "The paper behind the queries: the claim, and who issued it"))
                    @let claims: Vec<_> = self.words.paper().collect();
                    @if !claims.is_empty() {
                        h3 { "What paper the policy takes" }
                        dl { @for (claim, title) in claims { dt { (claim) } dd { (title) } } }
                    }
                    h2 { "By kind of query" }
                    (self.table(month, &month.keys, "Message keys of the answers"))
                    @for (group, name) in self.shown_groups() {
                        @if month.messages(group) != Some(0) { (self.group_section(month, group, name)) }
                    }
                    @let common = self.words.rules(None);
                    @if !common.is_empty() { h2 { "For every agency" } (rules(&common)) }
                }
                (self.footer())
            },
        )
    }

    fn table(&self, month: &Month, table: &MonthTable, caption: &str) -> Markup {
        let groups: Vec<_> = self.shown_groups().collect();
        // A column of nothing but zeros says nothing.
        let is_empty = |column: usize| {
            let mut shown = groups.iter().filter(|(group, _)| table.shows_any(*group));
            shown.all(|(group, _)| table.cell(*group, column) == Some(0))
        };
        let columns: Vec<(usize, &String)> =
            table.heads.iter().enumerate().filter(|(column, _)| !is_empty(*column)).collect();
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
            @if !elements.is_empty() { (self.elements_table(name, elements)) }
            @if !duties.is_empty() {
                h3 { "Duties that followed (whether they were done isn't on record)" }
                ul { @for (duty, share) in duties {
                    li { (self.duty(duty)) ": " (share_text(*share, "in none", "of some messages; how many isn't shown")) }
                } }
            }
            @if !own.is_empty() { h3 { "What the policy says of them" } (rules(&own)) }
        }
    }

    fn duty<'d>(&'d self, id: &'d str) -> &'d str {
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
                    tbody { @for element in elements {
                        tr {
                            th scope="row" { (self.words.element(&element.element)) " " code.quiet { (element.element) } }
                            @for share in [element.released, element.generalised, element.removed] {
                                td.number { (share_text(share, "none", "some")) }
                            }
                        }
                    } }
                }
            }
        }
    }
}

/// Counts as a sentence after another: those that are shown, then those that aren't.
fn listed(counts: &[(&str, Option<u64>)], what: &str) -> String {
    let shown = counts.iter().filter_map(|(name, count)| Some((name, count.filter(|count| *count > 0)?)));
    let shown: Vec<String> = shown.map(|(name, count)| format!("{name} ({})", grouped(count))).collect();
    let hidden: Vec<&str> = counts.iter().filter(|(_, count)| count.is_none()).map(|(name, _)| *name).collect();
    match (shown.is_empty(), hidden.is_empty()) {
        (true, _) if hidden.len() == counts.len() => {
            format!(" {what} can't be shown without giving a small number away.")
        }
        (true, _) => format!(" {what} isn't shown: {}.", hidden.join(", ")),
        (false, true) => format!(" {what}: {}.", shown.join(", ")),
        (false, false) => format!(" {what}: {}; not shown: {}.", shown.join(", "), hidden.join(", ")),
    }
}

fn share_text(share: Share, never: &str, some: &str) -> String {
    match share {
        Share::Never => never.to_owned(),
        Share::Some => some.to_owned(),
        Share::Count(count) => grouped(count),
    }
}

fn rules(rules: &[&dmv_redact_model::policy::Rule]) -> Markup {
    html! {
        ul { @for rule in rules {
            li {
                (effect(rule)) ": " (rule.metadata.title.as_deref().unwrap_or(&rule.id))
                @if let Some(basis) = &rule.metadata.basis { span.quiet { " (" (basis) ")" } }
            }
        } }
    }
}

/// The files of numbers.
const FILES: [(&str, &str); 5] = [
    ("messages.csv", "messages by month and agency class"),
    ("outcomes.csv", "what became of them"),
    ("message-keys.csv", "by message key"),
    ("instruments.csv", "by the paper behind the query"),
    ("elements.csv", "in how many answers each data element went out, went out less precisely, and was taken out"),
];

impl Subject<'_> {
    /// The files of numbers: name and content.
    pub(super) fn files(&self) -> Vec<(&'static str, String)> {
        let number = |count: Option<u64>| count.map(|count| count.to_string()).unwrap_or_default();
        let months = || self.published.months.iter();
        let groups = || self.groups.names.iter().enumerate();
        let messages = months().flat_map(|month| {
            groups().map(move |(group, name)| vec![month.name.clone(), name.clone(), number(month.messages(group))])
        });
        let table = |of: fn(&Month) -> &MonthTable| -> Vec<Vec<String>> {
            let tables = months().filter(|month| month.has_page()).map(|month| (month, of(month)));
            let rows = tables.flat_map(|(month, table)| {
                groups().flat_map(move |(group, name)| {
                    table.heads.iter().enumerate().map(move |(column, head)| {
                        vec![month.name.clone(), name.clone(), head.clone(), number(table.cell(group, column))]
                    })
                })
            });
            rows.collect()
        };
        let share = |share: Share| match share {
            Share::Never => "0".to_owned(),
            Share::Some => String::new(),
            Share::Count(count) => count.to_string(),
        };
        let elements = months().flat_map(|month| {
            groups().zip(&month.elements).flat_map(move |((_, name), elements)| {
                elements.iter().map(move |own| {
                    let shares = [own.released, own.generalised, own.removed].map(share);
                    [vec![month.name.clone(), name.clone(), own.element.clone()], shares.to_vec()].concat()
                })
            })
        });
        let contents = [
            csv(&["month", "agency-class", "messages"], messages.collect()),
            csv(&["month", "agency-class", "outcome", "messages"], table(|month| &month.outcomes)),
            csv(&["month", "agency-class", "message-key", "messages"], table(|month| &month.keys)),
            csv(&["month", "agency-class", "instruments", "messages"], table(|month| &month.instruments)),
            csv(&["month", "agency-class", "element", "released", "generalised", "removed"], elements.collect()),
        ];
        FILES.into_iter().map(|(name, _)| name).zip(contents).collect()
    }
}

/// After RFC 4180.
fn csv(heads: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing to memory can't fail.
    let _ = table.write_record(heads);
    for row in rows {
        let _ = table.write_record(row.iter().map(|text| spreadsheet_safe(text)));
    }
    table.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}
