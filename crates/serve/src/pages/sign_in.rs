//! Signing in and out. A session begins with a new token always, so that nobody can have set it before (session fixation).

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;

use dmv_redact_model::hex::hex;
use dmv_redact_review::SignIn;

use super::{after, notice, problem};
use crate::app::App;
use crate::cookies;
use crate::failure::Failure;
use crate::form::Form;
use crate::layout::{Field, InputAttributes, Page};
use crate::rights;
use crate::viewer::{CSRF, Viewer};
use crate::words::{shown, time_left};

/// A reverse proxy signs people in.
pub(super) const NO_PASSWORDS: Failure =
    Failure::Forbidden("Your organization's sign-in signs you in here, and passwords are off.");

/// `GET /sign-in`.
pub(crate) async fn show(State(app): State<Arc<App>>, headers: HeaderMap, query: Form) -> Result<Response, Failure> {
    if app.reach.user_header.is_some() {
        return Ok(match query.optional("did")? {
            Some(_) => {
                Page { title: "Signed out", viewer: None, here: None, body: signed_out(&query)? }.into_response()
            }
            None => Redirect::to(rights::HOME).into_response(),
        });
    }
    page(&headers, StatusCode::OK, &query, "", None)
}

fn signed_out(query: &Form) -> Result<maud::Markup, Failure> {
    let notice = notice(query)?;
    Ok(html! { h1 { "Signed out" } (notice) p { a href=(rights::HOME) { "Begin again" } } })
}

/// `POST /sign-in`.
pub(crate) async fn submit(State(app): State<Arc<App>>, headers: HeaderMap, form: Form) -> Result<Response, Failure> {
    if app.reach.user_header.is_some() {
        return Err(NO_PASSWORDS);
    }
    let (name, password, now) = (form.required("name")?.trim(), form.required("password")?, app.now());
    let (status, text) = match app.sign_in(name, password, now).await? {
        SignIn::Accepted { token, .. } => {
            if let Some(before) = cookies::read(&headers, cookies::SESSION) {
                app.reviews().sign_out(before).await?;
            }
            let mut response = Redirect::to(rights::HOME).into_response();
            let cookies = [cookies::set(cookies::SESSION, &token), cookies::remove(cookies::VISIT)];
            for cookie in cookies.into_iter().flatten() {
                response.headers_mut().append(SET_COOKIE, cookie);
            }
            return Ok(response);
        }
        SignIn::Refused => (
            StatusCode::FORBIDDEN,
            "The name or the password is wrong, or the account is disabled. An administrator can help.".to_owned(),
        ),
        SignIn::Throttled { until } => (
            StatusCode::TOO_MANY_REQUESTS,
            format!("Too many wrong passwords. Wait before you try again: {}.", time_left(now, until)),
        ),
    };
    page(&headers, status, &Form::default(), name, Some(&text))
}

/// `POST /sign-out`.
pub(crate) async fn sign_out(State(app): State<Arc<App>>, viewer: Viewer) -> Result<Response, Failure> {
    app.sign_out(&viewer).await?;
    let mut response = after(rights::SIGN_IN, "signed-out");
    cookies::remove(cookies::SESSION).map(|cookie| response.headers_mut().append(SET_COOKIE, cookie));
    Ok(response)
}

fn page(
    headers: &HeaderMap,
    status: StatusCode,
    query: &Form,
    name: &str,
    error: Option<&str>,
) -> Result<Response, Failure> {
    let known = cookies::read(headers, cookies::VISIT).filter(|visit| is_visit(visit)).map(str::to_owned);
    let (visit, cookie) = match known {
        Some(visit) => (visit, None),
        None => {
            let visit = random()?;
            let cookie = cookies::set(cookies::VISIT, &visit);
            (visit, cookie)
        }
    };
    let field = |name, label, error| Field { name, label, hint: None, error };
    let shown_name = shown(name);
    let body = html! {
        h1 { "Sign in to the review desk" }
        (notice(query)?)
        (problem(error))
        form method="post" action=(rights::SIGN_IN) {
            input type="hidden" name=(CSRF) value=(visit);
            (field("name", "Your name at the desk", None).input("text", &shown_name, &InputAttributes { is_required: true, max_length: Some(128), autocomplete: "username" }))
            (field("password", "Password", error.map(|_| "see above")).input("password", "", &InputAttributes { is_required: true, max_length: Some(512), autocomplete: "current-password" }))
            button type="submit" { "Sign in" }
        }
    };
    let title = if error.is_some() { "Error: Sign in" } else { "Sign in" };
    let mut response = Page { title, viewer: None, here: None, body }.into_response_with(status);
    cookie.map(|cookie| response.headers_mut().append(SET_COOKIE, cookie));
    Ok(response)
}

fn is_visit(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// 256 random bits in hexadecimal.
fn random() -> Result<String, Failure> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Failure::Unavailable(format!("random bytes: {error}")))?;
    Ok(hex(&bytes))
}
