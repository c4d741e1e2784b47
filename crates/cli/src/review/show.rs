//! `dmv-redact review show` and `review record`: what a person sees before deciding.

use std::fmt::Write;
use std::io::Write as _;

use serde_json::{Value, json};

use super::super::desk_arguments::{DeskArguments, PolicyArguments};
use super::super::output::{TextOrJson, print_json, print_text};
use super::super::person_argument::{person, statement};
use super::super::review_arguments::{ReviewArguments, now};
use super::super::{Exit, Problem};
use super::list::to_json;
use super::{GrantArguments, at_desk, minute, safe};
use dmv_redact_desk::{ElementOutcome, Grants, ReviewView, view};
use dmv_redact_review::{Review, ReviewId, State, Verdict};

/// Show a review: who asks and why, what would go out and by which rules, and what must be done then.
///
/// With --claim and --instrument: what would go out if it were approved with these. Shows no value of the message, and takes no
/// step: nothing is recorded.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The review
    id: ReviewId,
    #[command(flatten)]
    reviews: ReviewArguments,
    #[command(flatten)]
    policy: PolicyArguments,
    #[command(flatten)]
    grants: GrantArguments,
    /// For people or for programs
    #[arg(long, value_name = "FORM", default_value = "text")]
    output: TextOrJson,
}

/// Print the message of a review as it came, whole. That somebody sees it is recorded first.
#[derive(Debug, clap::Args)]
pub(super) struct RecordArguments {
    /// The review
    id: ReviewId,
    #[command(flatten)]
    desk: DeskArguments,
    /// Who sees it
    #[arg(long, value_name = "NAME", value_parser = person)]
    by: String,
    /// Why it must be seen
    #[arg(long, value_name = "TEXT", value_parser = statement)]
    reason: String,
}

pub(super) fn show(arguments: &Arguments) -> Result<Exit, Problem> {
    let Arguments { id, reviews, policy, grants, output } = arguments;
    let (filter, given) = (policy.filter()?, grants.grants());
    let found = reviews.with_store(async |store| {
        let granted = store.get(*id).await?.as_ref().and_then(granted).filter(|_| given == Grants::default());
        view((store, &filter), *id, &granted.unwrap_or(given), now()).await
    })?;
    match output {
        TextOrJson::Json => print_json(&document(&found))?,
        TextOrJson::Text => print_text(&text(&found))?,
    }
    Ok(Exit::Released)
}

pub(super) fn record(arguments: &RecordArguments) -> Result<Exit, Problem> {
    let RecordArguments { id, desk, by, reason } = arguments;
    at_desk(desk, async |desk| {
        let original = desk.show_original(*id, reason, by).await?;
        let mut stdout = std::io::stdout().lock();
        let written = stdout.write_all(&original).and_then(|()| stdout.flush());
        written.map_err(|error| Problem::Io(format!("stdout: {error}")))?;
        Ok(Exit::Released)
    })
}

/// What was approved, unless it was denied since.
fn granted(review: &Review) -> Option<Grants> {
    let is_over = matches!(review.summary.state, State::Denied | State::Expired);
    let first = review.decisions.first().filter(|first| first.verdict == Verdict::Approved && !is_over)?;
    Grants::of_json(first.content.as_deref()?)
}

fn document(view: &ReviewView) -> Value {
    let decisions = view.review.decisions.iter().map(|decision| {
        json!({
            "verdict": decision.verdict.name(),
            "by": decision.by,
            "at": minute(decision.at),
            "expires": decision.expires.map(minute),
            "content": decision.content,
        })
    });
    let vouches = view.vouches.iter().map(|claim| {
        json!({
            "claim": claim.claim, "title": claim.title, "issuers": claim.issuers, "specifies": claim.specifies
        })
    });
    let elements = view.elements.iter().map(|line| {
        json!({
            "element": line.id, "title": line.title, "outcome": line.outcome.name(), "values": line.values,
            "rules": line.rules
        })
    });
    let rules = view
        .rules
        .iter()
        .map(|rule| json!({ "id": rule.id, "kind": rule.kind, "title": rule.title, "basis": rule.basis }));
    let duties = view.duties.iter().map(|duty| {
        json!({
            "id": duty.id, "do": duty.task, "to": duty.to,
            "due": if duty.is_before { Some("before".to_owned()) } else { duty.last_day.map(|day| day.to_string()) }
        })
    });
    json!({
        "review": to_json(&view.review.summary),
        "digest": view.review.digest.map(|digest| digest.to_string()),
        "request": view.request,
        "requester": view.requester.map(|ori| ori.to_string()),
        "agency-classes": view.agency_classes,
        "policy": { "name": view.held_by.0, "version": view.held_by.1, "is-other": view.is_other_policy },
        "vouches": vouches.collect::<Vec<_>>(),
        "decisions": decisions.collect::<Vec<_>>(),
        "disposition": view.disposition.name(),
        "detail": view.detail,
        "elements": elements.collect::<Vec<_>>(),
        "rules": rules.collect::<Vec<_>>(),
        "duties": duties.collect::<Vec<_>>(),
        "message": view.message,
    })
}

fn text(view: &ReviewView) -> String {
    let mut text = String::new();
    // Writing to a text can't fail.
    let _ = write(view, &mut text);
    text
}

fn write(view: &ReviewView, text: &mut String) -> std::fmt::Result {
    let summary = &view.review.summary;
    let people = if summary.two_people { ", two people must approve it" } else { "" };
    writeln!(text, "Review {}: {}{people}", summary.id, summary.state)?;
    writeln!(text, "  from           {} {}", safe(&summary.source), safe(&summary.message))?;
    match summary.expires {
        Some(expires) => writeln!(text, "  approved until {} UTC", minute(expires))?,
        None => writeln!(text, "  decide before  {} UTC", minute(summary.deadline))?,
    }
    writeln!(text, "  requester      {}, {}", safe(&summary.requester), view.agency_classes.join(", "))?;
    let request = &view.request;
    let stated = [
        ("purpose", &request.purpose),
        ("reason", &request.reason),
        ("line", &request.line),
        ("user", &request.user),
        ("state", &request.state),
    ];
    for (name, value) in stated.iter().filter_map(|(name, value)| Some((name, value.as_ref()?))) {
        writeln!(text, "  {name:13}  {}", safe(value))?;
    }
    for instrument in &request.instruments {
        writeln!(text, "  shows          {}", safe(&instrument.to_string()))?;
    }
    for claim in request.claims.iter().filter(|claim| !request.instruments.iter().any(|own| own.claim() == *claim)) {
        writeln!(text, "  claims         {}", safe(claim))?;
    }
    let (name, version) = &view.held_by;
    writeln!(text, "  held by        {} {}", safe(name), safe(version))?;
    if view.is_other_policy {
        writeln!(text, "  CAUTION        the policy that decides now is another one than that")?;
    }
    for decision in &view.review.decisions {
        let (verdict, by, at) = (decision.verdict.name(), safe(&decision.by), minute(decision.at));
        writeln!(text, "  {verdict:13}  by {by}, {at} UTC")?;
        match decision.content.as_deref().map(|content| (content, Grants::of_json(content))) {
            Some((_, Some(Grants { claims, instruments }))) if decision.verdict == Verdict::Approved => {
                for claim in &claims {
                    writeln!(text, "  {:13}  {}", "", safe(claim))?;
                }
                for instrument in &instruments {
                    writeln!(text, "  {:13}  {}", "", safe(&instrument.to_string()))?;
                }
            }
            Some((content, _)) => writeln!(text, "  {:13}  {}", "", safe(content))?,
            None => {}
        }
    }
    writeln!(text, "\nA reviewer may vouch for")?;
    for claim in &view.vouches {
        let paper = match claim.issuers.as_slice() {
            [] => String::new(),
            issuers => format!(" [paper of {}]", issuers.join(" or ")),
        };
        writeln!(text, "  {}{paper}  {}", claim.claim, claim.title.as_deref().map(safe).unwrap_or_default())?;
    }
    let why = view.detail.map_or_else(String::new, |why| format!(": {why}"));
    let with = if granted(&view.review).is_some() { "With what was approved" } else { "With this" };
    writeln!(text, "\n{with} the message is {}{why}", view.disposition.name())?;
    for line in &view.elements {
        let rules = match line.rules.as_slice() {
            [] if line.outcome == ElementOutcome::Removed => "no permit names it".to_owned(),
            [] => "every grant has it".to_owned(),
            rules => rules.join(", "),
        };
        writeln!(text, "  {:11}  {:40}  {:>3}  {}", line.outcome.name(), line.id, line.values, safe(&rules))?;
    }
    writeln!(text, "\nRules that apply")?;
    for rule in &view.rules {
        let title = rule.title.as_deref().map(safe).unwrap_or_default();
        let basis = rule.basis.as_deref().map(|basis| format!(" ({})", safe(basis))).unwrap_or_default();
        writeln!(text, "  {:6}  {}: {title}{basis}", rule.kind, safe(&rule.id))?;
    }
    if !view.duties.is_empty() {
        writeln!(text, "\nWhat must be done")?;
    }
    for duty in &view.duties {
        let to = duty.to.as_deref().map(|to| format!(" to {}", safe(to))).unwrap_or_default();
        let due = match duty.last_day {
            _ if duty.is_before => "before the message goes out".to_owned(),
            Some(day) => format!("by {day}"),
            None => "without a date".to_owned(),
        };
        writeln!(text, "  {}: {}{to}, {due}", safe(&duty.id), duty.task)?;
    }
    Ok(())
}
