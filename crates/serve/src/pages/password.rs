//! One's own account: its name and role, and its password, which takes the old one to change.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use maud::html;

use dmv_redact_desk::DeskError;
use dmv_redact_review::{AccountChange, PasswordCheck, ReviewError};

use super::sign_in::NO_PASSWORDS;
use super::{after, problem};
use crate::app::App;
use crate::cookies;
use crate::failure::Failure;
use crate::form::Form;
use crate::layout::{Field, InputAttributes, Page};
use crate::rights;
use crate::viewer::Viewer;
use crate::words::{moment, shown, time_left};

/// What is wrong with the form: the old password, or the new one.
#[derive(Default)]
struct Errors<'e> {
    old: Option<&'e str>,
    new: Option<&'e str>,
}

/// How a password must be, for whoever chooses one.
pub(super) const PASSWORD_HINT: &str =
    "12 to 128 characters, spaces too; not your name, not a row of characters, not one that everybody uses.";

/// `GET /password`.
pub(crate) async fn show(State(app): State<Arc<App>>, viewer: Viewer) -> Result<Response, Failure> {
    Ok(page(&app, &viewer, StatusCode::OK, &Errors::default()))
}

/// `POST /password`.
pub(crate) async fn submit(State(app): State<Arc<App>>, viewer: Viewer, form: Form) -> Result<Response, Failure> {
    if app.reach.user_header.is_some() {
        return Err(NO_PASSWORDS);
    }
    let (old, new, repeated) = (form.required("old")?, form.required("new")?, form.required("repeated")?);
    if new != repeated {
        let errors = Errors { new: Some("the two new passwords differ"), ..Errors::default() };
        return Ok(page(&app, &viewer, StatusCode::BAD_REQUEST, &errors));
    }
    let now = app.now();
    let wait;
    let wrong = match app.reviews().check_password(viewer.name(), old, now).await? {
        PasswordCheck::Right => None,
        PasswordCheck::Wrong => Some((StatusCode::FORBIDDEN, "it isn't your password")),
        PasswordCheck::Throttled { until } => {
            wait = format!("too many wrong passwords; wait before you try again: {}", time_left(now, until));
            Some((StatusCode::TOO_MANY_REQUESTS, wait.as_str()))
        }
    };
    if let Some((status, text)) = wrong {
        return Ok(page(&app, &viewer, status, &Errors { old: Some(text), ..Errors::default() }));
    }
    let change = AccountChange { role: None, password: Some(new), is_disabled: None };
    match app.desk.change_account(viewer.name(), &change, viewer.name(), now).await {
        Ok(()) => {
            let mut response = after(rights::SIGN_IN, "password");
            cookies::remove(cookies::SESSION).map(|cookie| response.headers_mut().append(SET_COOKIE, cookie));
            Ok(response)
        }
        Err(DeskError::Review(ReviewError::Usage(text))) => {
            let errors = Errors { new: Some(&shown(&text)), ..Errors::default() };
            Ok(page(&app, &viewer, StatusCode::BAD_REQUEST, &errors))
        }
        Err(error) => Err(error.into()),
    }
}

fn page(app: &App, viewer: &Viewer, status: StatusCode, errors: &Errors<'_>) -> Response {
    let account = &viewer.session.account;
    let password = |name, label, hint, error, autocomplete| {
        let attributes = InputAttributes { is_required: true, max_length: Some(512), autocomplete };
        Field { name, label, hint, error }.input("password", "", &attributes)
    };
    let has_error = errors.old.is_some() || errors.new.is_some();
    let body = html! {
        h1 { "Your account" }
        (problem(has_error.then_some("the password stays as it was. See the field that is marked.")))
        dl {
            dt { "Name" } dd { (shown(&account.name)) }
            dt { "Role" } dd { (account.role.name()) }
            dt { "This session began" } dd { (moment(viewer.session.since)) }
        }
        @if app.reach.user_header.is_some() {
            p { "Your organization's sign-in signs you in here: the desk has no password of yours." }
        } @else {
            h2 { "Change the password" }
            p { "All your sessions end, this one too." }
            form method="post" action=(rights::PASSWORD) {
                (viewer.csrf_field())
                (password("old", "Your password so far", None, errors.old, "current-password"))
                (password("new", "The new password", Some(PASSWORD_HINT), errors.new, "new-password"))
                (password("repeated", "The new password again", None, None, "new-password"))
                button type="submit" { "Change the password" }
            }
        }
    };
    let title = if has_error { "Error: Your account" } else { "Your account" };
    Page { title, viewer: Some(viewer), here: Some(rights::PASSWORD), body }.into_response_with(status)
}
