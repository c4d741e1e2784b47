//! The pages: each file has the handlers of one part of the desk.

pub(crate) mod accounts;
pub(crate) mod decide;
pub(crate) mod duties;
mod grants_form;
pub(crate) mod password;
pub(crate) mod queue;
pub(crate) mod record;
pub(crate) mod review;
mod review_parts;
pub(crate) mod sign_in;

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use crate::failure::Failure;
use crate::form::Form;
use crate::layout::STYLE;
use crate::rights::{self, Right};
use crate::viewer::Viewer;

/// Leads to the first page that the account may see.
pub(crate) async fn home(viewer: Viewer) -> Redirect {
    Redirect::to(if viewer.may(Right::SeeReviews) { rights::REVIEWS } else { rights::ACCOUNTS })
}

/// The style sheet.
pub(crate) async fn style() -> Response {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

/// What the last step did, as its redirect names it in the address. Only these texts can be shown so.
const NOTICES: [(&str, &str); 10] = [
    ("approved", "Approved. It goes out with the next run over its source, or the next export."),
    ("half-approved", "Your approval is on record. A second person must approve it too."),
    ("denied", "Denied. Nothing of it goes out."),
    ("revoked", "The approval was taken back: it is denied. Nothing of it goes out."),
    ("reopened", "It waits for a decision again: this is the new review of the same message and request."),
    ("duty", "The duty is on record as done."),
    ("added", "The account was added."),
    ("changed", "The account was changed. Its sessions were ended."),
    ("password", "Your password was changed. Sign in with it."),
    ("signed-out", "You are signed out."),
];

/// Leads to a page that says what was done.
pub(crate) fn after(page: &str, done: &str) -> Response {
    Redirect::to(&format!("{page}?did={done}")).into_response()
}

/// What the last step did, at the top of a page.
pub(crate) fn notice(query: &Form) -> Result<Markup, Failure> {
    let done = query.optional("did")?;
    let text = NOTICES.iter().find(|(name, _)| Some(*name) == done).map(|(_, text)| *text);
    Ok(html! {
        @if let Some(text) = text { p.notice role="status" { strong { "Done: " } (text) } }
    })
}

/// What is wrong with a form, at the top of its page.
pub(crate) fn problem(text: Option<&str>) -> Markup {
    html! {
        @if let Some(text) = text { p.problem role="alert" { strong { "Not done: " } (text) } }
    }
}
