//! One review: all that a person needs to decide, and the forms to decide it. A preview is the same page with what would go
//! out with the grants that were typed; it stores nothing, and only what it showed can be approved.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use dmv_redact_desk::{DeskError, Grants, ReviewView};
use dmv_redact_review::{Review, ReviewId, State as ReviewState};

use super::grants_form::{DAYS, Draft, Mistake};
use super::queue::is_waiting;
use super::{decide, notice, problem, review_parts as parts};
use crate::app::App;
use crate::failure::{Failure, WHY_PURGED};
use crate::form::Form;
use crate::layout::{Field, Page};
use crate::rights::{self, Right};
use crate::viewer::Viewer;
use crate::words::shown;

/// What a page of a review shows beside the review.
#[derive(Default)]
pub(super) struct Shown<'s> {
    pub(super) status: StatusCode,
    pub(super) notice: Option<Markup>,
    /// What went wrong with what was sent.
    pub(super) error: Option<&'s str>,
    /// The form of an approval, as typed.
    pub(super) draft: Option<&'s Draft>,
    pub(super) mistake: Option<&'s Mistake>,
    /// What is tried, and for how many days.
    pub(super) trial: Option<(&'s Grants, u32)>,
}

/// The review that an address names.
pub(super) fn id_of(text: &str) -> Result<ReviewId, Failure> {
    text.parse().map_err(|_| Failure::NotFound)
}

/// `GET /reviews/{id}`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    viewer: Viewer,
    query: Form,
) -> Result<Response, Failure> {
    let shown = Shown { notice: Some(notice(&query)?), ..Shown::default() };
    page(&app, &viewer, id_of(&id)?, &shown).await
}

/// `POST /reviews/{id}/preview`.
pub(crate) async fn preview(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    viewer: Viewer,
    form: Form,
) -> Result<Response, Failure> {
    let id = id_of(&id)?;
    let vouches = app.desk.view(id, &Grants::default(), app.now()).await?.vouches;
    let draft = Draft::read(&form, &vouches)?;
    let tried = draft.grants(&vouches).and_then(|grants| Ok((grants, draft.days()?)));
    let refused = Shown { status: StatusCode::BAD_REQUEST, draft: Some(&draft), ..Shown::default() };
    let (grants, days) = match &tried {
        Ok((grants, days)) => (grants, *days),
        Err(mistake) => {
            let error = Some("the form has a mistake. See the field that is marked.");
            return page(&app, &viewer, id, &Shown { error, mistake: Some(mistake), ..refused }).await;
        }
    };
    match app.desk.view(id, grants, app.now()).await {
        Ok(_) => {
            let shown = Shown { draft: Some(&draft), trial: Some((grants, days)), ..Shown::default() };
            page(&app, &viewer, id, &shown).await
        }
        Err(DeskError::Usage(text)) => page(&app, &viewer, id, &Shown { error: Some(&shown(&text)), ..refused }).await,
        Err(error) => Err(error.into()),
    }
}

/// The page of a review.
pub(super) async fn page(app: &App, viewer: &Viewer, id: ReviewId, shown: &Shown<'_>) -> Result<Response, Failure> {
    let review = app.reviews().get(id).await?.ok_or(Failure::NotFound)?;
    if review.summary.purged.is_some() {
        return Ok(framed(viewer, &review, StatusCode::OK, purged(&review, app.now())));
    }
    let state = review.summary.state;
    let approval = review
        .decisions
        .first()
        .and_then(|first| Some((first.by.as_str(), Grants::of_json(first.content.as_deref()?)?)));
    // What was approved is shown as it was approved. The second person sees it so, too, and nothing else can be tried.
    let is_approved = !matches!(state, ReviewState::Open | ReviewState::Denied | ReviewState::Expired);
    let approval = approval.filter(|_| is_approved);
    let first = approval.as_ref().filter(|_| state == ReviewState::HalfApproved);
    let trial = match (&approval, shown.trial) {
        (Some((_, grants)), _) => Some((grants, DAYS)),
        (None, trial) => trial,
    };
    let none = Grants::default();
    let view = match app.desk.view(id, trial.map_or(&none, |(grants, _)| grants), app.now()).await {
        // What was approved may be over by now.
        Err(DeskError::Usage(_)) if approval.is_some() => app.desk.view(id, &none, app.now()).await?,
        view => view?,
    };
    let with = match (first, trial) {
        (Some(_), _) => "with the first approval",
        (None, Some(_)) => "with this approval",
        (None, None) => "as the request stands",
    };
    let body = html! {
        h1 { "Review of " (crate::words::shown(&review.summary.message)) }
        @if let Some(notice) = &shown.notice { (notice) }
        (problem(shown.error))
        (parts::summary(&review.summary, app.now()))
        (parts::request(&view))
        (parts::outcome(&view, with))
        (decide::confirm(app, viewer, &view, trial, first)?)
        (parts::rules(&view.rules))
        (parts::duties(&view.duties))
        (parts::decisions(&review.decisions))
        (forms(viewer, &view, shown, first.is_some()))
    };
    let status = if shown.error.is_some() { shown.status } else { StatusCode::OK };
    Ok(framed(viewer, &view.review, status, body))
}

/// The forms below: to try an approval, to deny, to see the message.
fn forms(viewer: &Viewer, view: &ReviewView, shown: &Shown<'_>, is_half_approved: bool) -> Markup {
    let id = view.review.summary.id;
    let may_decide = viewer.may(Right::Decide) && is_waiting(&view.review.summary);
    let empty = Draft::empty();
    let draft = shown.draft.unwrap_or(&empty);
    html! {
        @if may_decide && !is_half_approved {
            h2 #approve { "Approve" }
            p { "Say what you vouch for and on what paper, then preview. Nothing is approved until you have seen what would go out." }
            form method="post" action={ (rights::REVIEWS) "/" (id) "/preview#outcome" } {
                (viewer.csrf_field())
                @if view.vouches.is_empty() { p { "The policy lets a reviewer vouch for nothing here." } }
                (draft.fields(&view.vouches, &view.elements, shown.mistake))
                button type="submit" { "Preview what would go out" }
            }
        }
        (decide::other_form(viewer, &view.review))
        @if viewer.may(Right::SeeRecords) {
            h2 { "The message itself" }
            p { "It has the data of a person. Ask for it only if you can't decide without; it is on record that you did, and why." }
            form method="post" action={ (rights::REVIEWS) "/" (id) "/record" } {
                (viewer.csrf_field())
                (Field { name: "record:reason", label: "Why you need to see it", hint: Some("1 to 500 characters, no data of the person."), error: None }.text("", 500))
                button type="submit" { "Show the message" }
            }
        }
    }
}

fn purged(review: &Review, now: i64) -> Markup {
    html! {
        h1 { "Review of " (shown(&review.summary.message)) }
        p.warning { "Its contents were purged. " (WHY_PURGED) }
        (parts::summary(&review.summary, now))
        (parts::decisions(&review.decisions))
    }
}

fn framed(viewer: &Viewer, review: &Review, status: StatusCode, body: Markup) -> Response {
    let title = format!("Review of {}", shown(&review.summary.message));
    let title = if status.is_success() { title } else { format!("Error: {title}") };
    Page { title: &title, viewer: Some(viewer), here: Some(rights::REVIEWS), body }.into_response_with(status)
}
