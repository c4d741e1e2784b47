//! Approve, deny, take back, open again. What is approved is what a preview of this session showed: its seal tells. A form is bound to the
//! content that was shown by its digest, and the second of two people confirms what the first one approved.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use dmv_redact_desk::{DeskError, Grants, ReviewView};
use dmv_redact_model::policy::is_same_person;
use dmv_redact_review::{ContentDigest, Review, ReviewId, ReviewSummary, State as ReviewState};

use super::after;
use super::grants_form::days;
use super::queue::is_waiting;
use super::review::{Shown, id_of, page};
use super::review_parts::grants_list;
use crate::app::App;
use crate::failure::Failure;
use crate::form::Form;
use crate::layout::Field;
use crate::rights::{self, Right};
use crate::viewer::Viewer;
use crate::words::{counted, shown};

const DAY: i64 = 86_400;

/// Days after which what was opened again is denied if nobody has decided.
const REOPENED_DAYS: i64 = 10;

const NOT_SECOND: &str = "The second of two people must be an approver.";
const SAME_PERSON: &str = "You were the first to approve it: the second must be somebody else.";

/// `POST /reviews/{id}/approve`.
pub(crate) async fn approve(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    viewer: Viewer,
    form: Form,
) -> Result<Response, Failure> {
    let id = id_of(&id)?;
    let (digest, grants, lasts) = (form.required("digest")?, form.required("grants")?, form.required("days")?);
    let (row, seen) = (id.to_string(), form.required("state")?);
    let sealed = [viewer.session.csrf.as_str(), &row, digest, grants, lasts, seen];
    if !app.seal_key.fits(form.required("seal")?, &sealed) {
        let text = "What was sent isn't what a preview showed. Preview it again, then approve.";
        return Err(Failure::Conflict(text.to_owned()));
    }
    let digest: ContentDigest = digest.parse()?;
    let wrong = || Failure::BadRequest("The form can't be read.");
    let grants: Grants = serde_json::from_str(grants).map_err(|_| wrong())?;
    let expires = i64::from(days(lasts).ok_or_else(wrong)?) * DAY + app.now();
    let seen = ReviewState::of_name(seen).ok_or_else(wrong)?;
    let review = app.reviews().get(id).await?.ok_or(Failure::NotFound)?;
    if seen == ReviewState::HalfApproved {
        let first = review.decisions.first().map_or("", |decided| decided.by.as_str());
        if let Some(why) = why_not_second(&viewer, first) {
            return Err(Failure::Forbidden(why));
        }
    }
    match app.desk.approve(id, &digest, &grants, (viewer.name(), seen), (expires, app.now())).await {
        Ok(ReviewState::HalfApproved) => Ok(after(&address(id), "half-approved")),
        approved => finish(&app, &viewer, &review.summary, approved.map(|_| (id, "approved"))).await,
    }
}

/// `POST /reviews/{id}/deny`.
pub(crate) async fn deny(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    viewer: Viewer,
    form: Form,
) -> Result<Response, Failure> {
    let id = id_of(&id)?;
    let digest: ContentDigest = form.required("digest")?.parse()?;
    let review = app.reviews().get(id).await?.ok_or(Failure::NotFound)?;
    let denied = app.desk.deny(id, &digest, &form.line("reason")?, viewer.name(), app.now()).await;
    finish(&app, &viewer, &review.summary, denied.map(|_| (id, "denied"))).await
}

/// `POST /reviews/{id}/revoke`: takes an approval back.
pub(crate) async fn revoke(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    viewer: Viewer,
    form: Form,
) -> Result<Response, Failure> {
    let id = id_of(&id)?;
    let review = app.reviews().get(id).await?.ok_or(Failure::NotFound)?;
    let revoked = app.desk.revoke(id, &form.line("reason")?, viewer.name(), app.now()).await;
    finish(&app, &viewer, &review.summary, revoked.map(|_| (id, "revoked"))).await
}

/// `POST /reviews/{id}/reopen`: what the clock denied waits for a decision again.
pub(crate) async fn reopen(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    viewer: Viewer,
    form: Form,
) -> Result<Response, Failure> {
    let id = id_of(&id)?;
    let review = app.reviews().get(id).await?.ok_or(Failure::NotFound)?;
    let (reason, now) = (form.line("reason")?, app.now());
    let reopened = app.desk.reopen(id, (&reason, viewer.name()), (now + REOPENED_DAYS * DAY, now)).await;
    finish(&app, &viewer, &review.summary, reopened.map(|again| (again, "reopened"))).await
}

/// Leads to the review that a step made or changed, and says what was done; or says on the page of the one it was of why
/// it wasn't.
async fn finish(
    app: &App,
    viewer: &Viewer,
    review: &ReviewSummary,
    done: Result<(ReviewId, &str), DeskError>,
) -> Result<Response, Failure> {
    match done {
        Ok((id, what)) => Ok(after(&address(id), what)),
        Err(DeskError::Usage(text)) => refused(app, viewer, review, &text).await,
        Err(error) => Err(error.into()),
    }
}

async fn refused(app: &App, viewer: &Viewer, review: &ReviewSummary, text: &str) -> Result<Response, Failure> {
    let shown = Shown { status: StatusCode::BAD_REQUEST, error: Some(&shown(text)), ..Shown::default() };
    page(app, viewer, review.id, &shown).await
}

fn address(review: ReviewId) -> String {
    format!("{}/{review}", rights::REVIEWS)
}

/// Why somebody may not be the second person; None when they may.
fn why_not_second(viewer: &Viewer, first: &str) -> Option<&'static str> {
    match () {
        () if !viewer.session.account.role.may_give_second_approval() => Some(NOT_SECOND),
        () if is_same_person(viewer.name(), first) => Some(SAME_PERSON),
        () => None,
    }
}

/// The form that approves what is shown, or why there is none.
pub(super) fn confirm(
    app: &App,
    viewer: &Viewer,
    view: &ReviewView,
    trial: Option<(&Grants, u32)>,
    first: Option<&(&str, Grants)>,
) -> Result<Markup, Failure> {
    let summary = &view.review.summary;
    let (Some((grants, lasts)), Some(digest)) = (trial, view.review.digest) else { return Ok(html! {}) };
    if !viewer.may(Right::Decide) || !is_waiting(summary) {
        return Ok(html! {});
    }
    let told = html! {
        h3 { @if first.is_some() { "Confirm the first approval" } @else { "Approve this" } }
        @if let Some((by, _)) = first { p { (shown(by)) " approved it first. Only exactly the same can be approved now:" } }
        (grants_list(grants))
    };
    if !view.disposition.releases() {
        return Ok(html! { (told) p.warning { "With this nothing would go out, so it can't be approved." } });
    }
    if let Some(why) = first.and_then(|(by, _)| why_not_second(viewer, by)) {
        return Ok(html! { (told) p.warning { (why) } });
    }
    let grants = serde_json::to_string(grants).map_err(|error| Failure::Internal(format!("grants: {error}")))?;
    let (row, digest, lasts_text) = (summary.id.to_string(), digest.to_string(), lasts.to_string());
    let seal =
        app.seal_key.seal(&[viewer.session.csrf.as_str(), &row, &digest, &grants, &lasts_text, summary.state.name()]);
    let state = summary.state.name();
    let hidden =
        [("digest", digest.as_str()), ("grants", &grants), ("days", &lasts_text), ("state", state), ("seal", &seal)];
    Ok(html! {
        (told)
        form method="post" action={ (rights::REVIEWS) "/" (row) "/approve" } {
            (viewer.csrf_field())
            @for (name, value) in hidden { input type="hidden" name=(name) value=(value); }
            @if summary.two_people && first.is_none() { p { "Then a second person, an approver, must approve the same." } }
            p { "It lasts " (counted(lasts as usize, "day", "days")) ", and goes on record with your name." }
            button type="submit" { "Approve exactly this" }
        }
    })
}

/// The form of what may be done with a review beside approving it: deny, take back, open again.
pub(super) fn other_form(viewer: &Viewer, review: &Review) -> Markup {
    let (step, title, hint, button) = match review.summary.state {
        _ if !viewer.may(Right::Decide) => return html! {},
        ReviewState::Open | ReviewState::HalfApproved => ("deny", "Deny", None, "Deny: nothing goes out"),
        ReviewState::Approved => {
            let hint = "Until it goes out. It is denied then, for good.";
            ("revoke", "Take the approval back", Some(hint), "Take back: nothing goes out")
        }
        ReviewState::Expired => {
            let hint = "The clock denied it. Opened again, it waits for a decision as if it had just come.";
            ("reopen", "Open again", Some(hint), "Open again")
        }
        ReviewState::Delivering | ReviewState::Delivered | ReviewState::Denied => return html! {},
    };
    let name = format!("{step}:reason");
    html! {
        h2 { (title) }
        @if let Some(hint) = hint { p { (hint) } }
        form method="post" action={ (rights::REVIEWS) "/" (review.summary.id) "/" (step) } {
            (viewer.csrf_field())
            @if let Some(digest) = review.digest { input type="hidden" name="digest" value=(digest); }
            (Field { name: &name, label: "Why", hint: Some("1 to 500 characters. It goes on record: no data of the person."), error: None }.text("", 500))
            button.danger[step != "reopen"] type="submit" { (button) }
        }
    }
}
