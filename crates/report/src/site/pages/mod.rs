//! The pages that count messages: HTML without script, font or network. The page of the policy, which has a script, is the one of
//! its [matrix](crate::matrix).

mod index;
mod month;

use maud::{Markup, html};

use super::chart::grouped;
use super::published::{Month, Published};
use super::statistics::{BEFORE, Groups, NO_MONTH};
use super::words::Words;
use crate::disclosures::Totals;
use crate::page::Page;
use dmv_redact_model::date::Date;

const STYLE: &str = include_str!("../style.css");

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

    /// A page, which leads to the others unless it is the first.
    fn page(&self, title: &str, is_start: bool, content: &Markup) -> String {
        let body = html! {
            @if !is_start { nav aria-label="Pages" { a href="index.html" { "All months" } " · " a href=(POLICY_PAGE) { "The policy" } } }
            main { (content) }
            (self.footer())
        };
        Page { title, style: STYLE, script: None, body }.into_html()
    }

    /// Pages that hide nothing say so, or they would be published by mistake.
    fn internal_warning(&self) -> Markup {
        html! { @if self.below < 2 { p.warning { "Not for publication: small numbers are shown, which could tell of a person." } } }
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
                    @if let Some((with_paper, without)) = month.paper_of_answers(group) {
                        " Of the answers that went out, " (grouped(with_paper)) " had paper behind them, and " (grouped(without)) " had none."
                    }
                }
                None => " asked; how often isn't shown: the number is small, or a small one would follow from it.",
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
