//! The first page: all months.

use maud::{Markup, html};

use super::{POLICY_PAGE, Subject, cell, month_file, month_title};
use crate::disclosures::Totals;
use crate::site::chart::{Bar, bars, grouped};
use crate::site::files::FILES;
use crate::site::published::{Month, Published};
use crate::site::statistics::{NO_MONTH, Outcome};

impl Subject<'_> {
    pub(in crate::site) fn index(&self) -> String {
        let Published { months, total, .. } = self.published;
        let content = html! {
            h1 { (self.title()) }
            (self.internal_warning())
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
        };
        self.page(&self.title(), true, &content)
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
                @let chart = bars(&format!("messages for {name} by month"), &self.month_bars(Some(group)));
                @if !chart.0.is_empty() {
                    h3 { (self.words.group(name)) }
                    (chart)
                }
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
                li { "An agency in several classes counts in one: one that is listed separately, or else its first." }
                @if self.below > 1 {
                    li { "Numbers from 1 to " (self.below - 1) " aren't shown, for they could tell of a person. Other numbers aren't shown \
                          either where a small one would follow from them. Zeros are shown." }
                }
                @if *superseded > 0 && self.below < 2 { li { (grouped(*superseded)) " records are left out, for a later one is of the same message." } }
                @if *dry_run_messages > 0 && self.below < 2 { li { (grouped(*dry_run_messages)) " messages of trial runs are left out: nobody got them." } }
                @if *imported > 0 { li { "Messages from before this log are counted as the switch's own log of then has them." } }
                @if *undated > 0 && self.below < 2 { li { (grouped(*undated)) " messages have no date." } }
                li { "Whether a duty was done is as of the day on which these pages were made." }
                @if *unexplained > 0 { li { "Of some messages the data elements are unknown, for the line of the log that names them is lost." } }
            }
            p { "Where finer columns would hide what an agency class that is listed separately got, some columns are one." }
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
                    tbody {
                        @for (month, policy) in self.policies {
                            tr { td { (month.as_deref().map_or_else(|| "not shown".to_owned(), month_title)) } td { (policy) } }
                        }
                    }
                }
            }
        }
    }
}
