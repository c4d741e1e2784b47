//! The parts of a review's page that only tell: who asks, what would go out and why, the rules, the duties, the decisions.

use std::fmt::Display;

use maud::{Markup, html};
use serde::Deserialize;

use dmv_redact_desk::{DutyLine, Grants, ReviewView, RuleLine};
use dmv_redact_model::catalog::ENVELOPE;
use dmv_redact_review::{Decided, ReviewSummary, Verdict};

use super::queue::{is_waiting, left_mark, state_mark};
use crate::failure::Failure;
use crate::words::{bytes, counted, machine_time, moment, shown};

/// The report on a message, as it is serialized for programs: no value is in it (P6).
#[derive(Deserialize)]
struct Report {
    paths: Vec<PathLine>,
    unmapped: u32,
    caution: Option<String>,
}

#[derive(Deserialize)]
struct PathLine {
    path: String,
    element: String,
    outcome: String,
    treatment: Option<String>,
    why: Option<String>,
    count: usize,
    by: Vec<DecidingRule>,
}

#[derive(Deserialize, PartialEq, Eq)]
struct DecidingRule {
    id: String,
    kind: String,
}

/// A review in short.
pub(super) fn summary(review: &ReviewSummary, now: i64) -> Markup {
    html! {
        dl {
            dt { "State" } dd { (state_mark(review)) }
            dt { "Deadline" }
            dd {
                time datetime=(machine_time(review.deadline)) { (moment(review.deadline)) }
                @if is_waiting(review) { " (" (left_mark(now, review.deadline)) "). Then the clock denies it." }
            }
            @if let Some(expires) = review.expires { dt { "The approval expires" } dd { (moment(expires)) } }
            @if let Some(closed) = review.closed { dt { "Ended" } dd { (moment(closed)) } }
            dt { "Came" } dd { (moment(review.added)) ", " (bytes(review.bytes)) ", from " (shown(&review.source)) }
            @if let Some(purged) = review.purged { dt { "Purged" } dd { (moment(purged)) } }
        }
    }
}

/// Who asks and what for.
pub(super) fn request(view: &ReviewView) -> Markup {
    let request = &view.request;
    let said: [(&str, Option<&String>); 7] = [
        ("Purpose", request.purpose.as_ref()),
        ("Reason", request.reason.as_ref()),
        ("Line", request.line.as_ref()),
        ("Person who asks", request.user.as_ref()),
        ("State of the record", request.state.as_ref()),
        ("Id of the request", request.correlation_id.as_ref()),
        ("Control number", request.control_number.as_ref()),
    ];
    html! {
        h2 { "Who asks, and what for" }
        dl {
            dt { "Requester" }
            dd {
                @match view.requester { Some(ori) => (shown(&ori.to_string())), None => "unknown" }
                @if !view.agency_classes.is_empty() { " – " (shown(&view.agency_classes.join(", "))) }
            }
            @for (name, value) in said { @if let Some(value) = value { dt { (name) } dd { (shown(value)) } } }
            dt { "Message key" } dd { (shown(view.review.summary.message_key.as_deref().unwrap_or("none"))) }
            dt { "Claims of the request" }
            dd { @if request.claims.is_empty() { "none" } @else { (shown(&request.claims.join(", "))) } }
            @if !request.instruments.is_empty() {
                dt { "Papers of the request" }
                dd { @for own in &request.instruments { p { (shown(&own.to_string())) } } }
            }
            dt { "Held by" } dd { "policy " (shown(&view.held_by.0)) ", version " (shown(&view.held_by.1)) }
        }
        @if view.is_other_policy {
            p.warning { strong { "The policy has changed since. " } "What is told below is by the policy of today." }
        }
    }
}

/// What would become of the message, data element by data element, and path by path.
pub(super) fn outcome(view: &ReviewView, with: &str) -> Result<Markup, Failure> {
    let report = serde_json::to_value(&view.message).and_then(Report::deserialize);
    let report = report.map_err(|error| Failure::Internal(format!("the report on a message: {error}")))?;
    let releases = view.disposition.releases();
    Ok(html! {
        h2 #outcome { "What would go out " (with) }
        p {
            @if releases { strong.good { "The message would go out" } ", with what is marked so below." }
            @else {
                strong.bad { "Nothing would go out" } ", it is " (view.disposition.name())
                @if let Some(detail) = view.detail { ": " (detail) }
                ". Below is what the rules say of each part."
            }
        }
        (elements(view, &report, releases))
        @if let Some(caution) = &report.caution { p.warning { (shown(caution)) } }
        @if report.unmapped > 0 {
            p { (counted(report.unmapped as usize, "part", "parts")) " that the format doesn't name never go out." }
        }
        @if !report.paths.is_empty() { (paths(&report)) }
    })
}

/// A row of the table of data elements.
struct ElementRow<'r> {
    element: &'r str,
    outcome: &'r str,
    treatment: Option<&'r str>,
    why: Option<&'r str>,
    count: usize,
    by: &'r [DecidingRule],
}

fn elements(view: &ReviewView, report: &Report, releases: bool) -> Markup {
    let mut rows: Vec<ElementRow<'_>> = Vec::new();
    for PathLine { element, outcome, treatment, why, count, by, .. } in &report.paths {
        let (treatment, why) = (treatment.as_deref(), why.as_deref());
        let same = |row: &&mut ElementRow<'_>| {
            (row.element, row.outcome, row.treatment, row.why) == (element, outcome, treatment, why) && row.by == by
        };
        match rows.iter_mut().find(same) {
            Some(row) => row.count += count,
            None => rows.push(ElementRow { element, outcome, treatment, why, count: *count, by }),
        }
    }
    rows.sort_by_key(|row| (row.outcome == "removed", row.element));
    let title = |id: &str| view.elements.iter().find(|own| own.id == id).map_or("", |own| own.title.as_str());
    html! {
        @if rows.is_empty() { p { "Nothing can be told of its parts." } }
        @else {
            div.scroll role="region" aria-label="Data elements" tabindex="0" {
                table {
                    caption { "The data elements of this message" }
                    thead { tr { th scope="col" { "Data element" } th scope="col" { "Values" } th scope="col" { "What becomes of them" } th scope="col" { "Why" } } }
                    tbody {
                        @for row in &rows {
                            tr {
                                th scope="row" { (shown(title(row.element))) " " code.quiet { (shown(row.element)) } }
                                td.number { (row.count) }
                                td { (outcome_words(row.outcome, row.treatment, releases)) }
                                td { (why(row)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn outcome_words(outcome: &str, treatment: Option<&str>, releases: bool) -> Markup {
    let words = match (outcome, releases) {
        ("removed", _) => return html! { span.bad { "✕ stays here" } },
        (_, true) => "✓ goes out",
        (_, false) => "✓ may go out",
    };
    html! { span.good { (words) } @if let Some(treatment) = treatment { ", as " (shown(treatment)) } }
}

fn why(row: &ElementRow<'_>) -> Markup {
    html! {
        @match row.why {
            Some(why) => { (shown(why)) @if !row.by.is_empty() { ": " } }
            None if row.element.starts_with(ENVELOPE) => { "every message has it" }
            None => {}
        }
        @for (index, rule) in row.by.iter().enumerate() {
            @if index > 0 { "; " }
            (rule.kind) " " code { (shown(&rule.id)) }
        }
    }
}

fn paths(report: &Report) -> Markup {
    html! {
        details {
            summary { "Path by path, without values" }
            div.scroll role="region" aria-label="Paths" tabindex="0" {
                table {
                    caption { "The structure of this message, in the names of its format" }
                    thead { tr { th scope="col" { "Path" } th scope="col" { "Data element" } th scope="col" { "Values" } th scope="col" { "What becomes of them" } } }
                    tbody {
                        @for line in &report.paths {
                            tr {
                                th.path scope="row" { code { (shown(&line.path)) } }
                                td { code { (shown(&line.element)) } }
                                td.number { (line.count) }
                                td { (if line.outcome == "removed" { "stays here" } else { "goes out" }) @if let Some(treatment) = &line.treatment { ", as " (shown(treatment)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The rules that apply, with their law.
pub(super) fn rules(rules: &[RuleLine]) -> Markup {
    html! {
        h2 { "The rules that apply" }
        @if rules.is_empty() { p { "None." } }
        @else {
            div.scroll role="region" aria-label="Rules" tabindex="0" {
                table {
                    caption { "Rules of the policy that apply to this request" }
                    thead { tr { th scope="col" { "Rule" } th scope="col" { "Kind" } th scope="col" { "What it is for" } th scope="col" { "Law" } } }
                    tbody {
                        @for rule in rules {
                            tr {
                                th scope="row" { code { (shown(&rule.id)) } }
                                td { (rule.kind) }
                                td { (shown(rule.title.as_deref().unwrap_or("–"))) }
                                td { (shown(rule.basis.as_deref().unwrap_or("–"))) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What must be done.
pub(super) fn duties(duties: &[DutyLine]) -> Markup {
    html! {
        h2 { "Duties" }
        @if duties.is_empty() { p { "None follows." } }
        @else {
            div.scroll role="region" aria-label="Duties" tabindex="0" {
                table {
                    caption { "What must be done then" }
                    thead { tr { th scope="col" { "Duty" } th scope="col" { "What to do" } th scope="col" { "Whom it concerns" } th scope="col" { "By when" } } }
                    tbody {
                        @for duty in duties {
                            tr {
                                th scope="row" { code { (shown(&duty.id)) } }
                                td { (task_words(duty.task)) }
                                td { (shown(duty.to.as_deref().unwrap_or("–"))) }
                                td {
                                    @if duty.is_before { strong { "before it goes out" } }
                                    @else if let Some(day) = duty.last_day { (day) } @else { "see the policy" }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What must be done, in words.
pub(super) fn task_words(task: &str) -> &str {
    match task {
        "notify-subject" => "notify the person whose record it is",
        "report" => "report it",
        "collect-certificate" => "collect a certificate",
        "keep-record" => "keep the record",
        "review-afterwards" => "look at it again afterwards",
        other => other,
    }
}

/// What was decided.
pub(super) fn decisions(decisions: &[Decided]) -> Markup {
    html! {
        h2 { "Decisions so far" }
        @if decisions.is_empty() { p { "None." } }
        @else { ol { @for decided in decisions { li { (decision(decided)) } } } }
    }
}

fn decision(decided: &Decided) -> Markup {
    let by = shown(&decided.by);
    html! {
        @match decided.verdict {
            Verdict::Approved => {
                strong.good { "Approved" } " by " (by) ", " (moment(decided.at))
                @if let Some(expires) = decided.expires { "; until " (moment(expires)) }
                @if let Some(grants) = first_grants(decided) { (grants_list(&grants)) }
            }
            Verdict::Denied => {
                strong.bad { "Denied" } " by " (by) ", " (moment(decided.at))
                @if let Some(reason) = &decided.content { ": " (shown(reason)) }
            }
        }
    }
}

/// The grants of an approval.
pub(super) fn first_grants(decided: &Decided) -> Option<Grants> {
    serde_json::from_str(decided.content.as_deref()?).ok()
}

/// Grants, for people.
pub(super) fn grants_list(grants: &Grants) -> Markup {
    let line = |text: &dyn Display| shown(&text.to_string()).into_owned();
    html! {
        ul {
            @if !grants.claims.is_empty() { li { "vouched for: " (shown(&grants.claims.join(", "))) } }
            @for own in &grants.instruments { li { "paper: " (line(own)) } }
            @if grants.claims.is_empty() && grants.instruments.is_empty() { li { "nothing is vouched for" } }
        }
    }
}
