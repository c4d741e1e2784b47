//! The parts of a review's page that only tell: who asks, what would go out and why, the rules, the duties, the decisions.

use std::fmt::Display;

use maud::{Markup, html};

use dmv_redact_analysis::{DecidingRule, PathReport};
use dmv_redact_desk::{DutyLine, Grants, ReviewView, RuleLine};
use dmv_redact_model::catalog::ENVELOPE;
use dmv_redact_review::{Decided, ReviewSummary, Verdict};

use super::queue::{is_waiting, left_mark, state_mark};
use crate::layout::table;
use crate::words::{bytes, counted, machine_time, moment, shown};

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
    let statements: [(&str, Option<&String>); 7] = [
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
            @for (name, value) in statements { @if let Some(value) = value { dt { (name) } dd { (shown(value)) } } }
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
pub(super) fn outcome(view: &ReviewView, with: &str) -> Markup {
    let (releases, report) = (view.disposition.releases(), &view.message);
    html! {
        h2 #outcome { "What would go out " (with) }
        p {
            @if releases { strong.good { "The message would go out" } ", with what is marked so below." }
            @else {
                strong.bad { "Nothing would go out" } ", it is " (view.disposition.name())
                @if let Some(detail) = view.detail { ": " (detail) }
                ". Below is what the rules say of each part."
            }
        }
        (elements(view, releases))
        @if let Some(caution) = report.caution() { p.warning { (shown(caution)) } }
        @if report.unmapped() > 0 {
            p { (counted(report.unmapped() as usize, "part", "parts")) " that the format doesn't name never go out." }
        }
        @if !report.paths().is_empty() { (paths(report.paths())) }
    }
}

/// What a row of the table of data elements is of.
fn row_key(path: &PathReport) -> (&str, &str, Option<&str>, Option<&str>, &[DecidingRule]) {
    (&path.element, path.outcome, path.treatment, path.why, &path.by)
}

fn elements(view: &ReviewView, releases: bool) -> Markup {
    let mut rows: Vec<PathReport> = Vec::new();
    for path in view.message.paths() {
        match rows.iter_mut().find(|row| row_key(row) == row_key(path)) {
            Some(row) => row.count += path.count,
            None => rows.push(path.clone()),
        }
    }
    rows.sort_by(|one, other| {
        (one.outcome == "removed", &one.element).cmp(&(other.outcome == "removed", &other.element))
    });
    let title = |id: &str| view.elements.iter().find(|own| own.id == id).map_or("", |own| own.title.as_str());
    html! {
        @if rows.is_empty() { p { "Nothing can be told of its parts." } }
        @else {
            (table("Data elements", "The data elements of this message", &["Data element", "Values", "What becomes of them", "Why"], html! {
                @for row in &rows {
                    tr {
                        th scope="row" { (shown(title(&row.element))) " " code.quiet { (shown(&row.element)) } }
                        td.number { (row.count) }
                        td { (outcome_words(row.outcome, row.treatment, releases)) }
                        td { (why(row)) }
                    }
                }
            }))
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

fn why(row: &PathReport) -> Markup {
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

fn paths(paths: &[PathReport]) -> Markup {
    html! {
        details {
            summary { "Path by path, without values" }
            (table("Paths", "The structure of this message, in the names of its format", &["Path", "Data element", "Values", "What becomes of them"], html! {
                @for line in paths {
                    tr {
                        th.path scope="row" { code { (shown(&line.path)) } }
                        td { code { (shown(&line.element)) } }
                        td.number { (line.count) }
                        td { (if line.outcome == "removed" { "stays here" } else { "goes out" }) @if let Some(treatment) = line.treatment { ", as " (shown(treatment)) } }
                    }
                }
            }))
        }
    }
}

/// The rules that apply, with their law.
pub(super) fn rules(rules: &[RuleLine]) -> Markup {
    html! {
        h2 { "The rules that apply" }
        @if rules.is_empty() { p { "None." } }
        @else {
            (table("Rules", "Rules of the policy that apply to this request", &["Rule", "Kind", "What it is for", "Law"], html! {
                @for rule in rules {
                    tr {
                        th scope="row" { code { (shown(&rule.id)) } }
                        td { (rule.kind) }
                        td { (shown(rule.title.as_deref().unwrap_or("–"))) }
                        td { (shown(rule.basis.as_deref().unwrap_or("–"))) }
                    }
                }
            }))
        }
    }
}

/// What must be done.
pub(super) fn duties(duties: &[DutyLine]) -> Markup {
    html! {
        h2 { "Duties" }
        @if duties.is_empty() { p { "None follows." } }
        @else {
            (table("Duties", "What must be done then", &["Duty", "What to do", "Whom it concerns", "By when"], html! {
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
            }))
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
                @if let Some(grants) = decided.content.as_deref().and_then(Grants::of_json) { (grants_list(&grants)) }
            }
            Verdict::Denied => {
                strong.bad { "Denied" } " by " (by) ", " (moment(decided.at))
                @if let Some(reason) = &decided.content { ": " (shown(reason)) }
            }
        }
    }
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
