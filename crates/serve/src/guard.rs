//! What every request passes before a page is made: its host, how often it comes, who it is, what that account may do, and
//! that a form is one of the desk's own. A route that isn't in the table of rights is closed (deny by default).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;

use dmv_redact_model::policy::is_same_person;
use dmv_redact_review::SignIn;

use crate::app::App;
use crate::cookies;
use crate::failure::{Failure, NO_RIGHT};
use crate::form::Form;
use crate::outer::AccountName;
use crate::rights::{self, Right, right_of};
use crate::viewer::{CSRF, Viewer};

/// Maximum length of a form in bytes.
const MAX_BODY_BYTES: usize = 64 << 10;

/// How long a client may take to send a form.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// The address that a connection comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

impl<S: Sync> FromRequestParts<S> for Viewer {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        parts.extensions.get::<Self>().cloned().ok_or(Failure::SignedOut)
    }
}

impl<S: Sync> FromRequestParts<S> for Form {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let lost = || Failure::Internal("a handler takes a form that the guard hasn't read".to_owned());
        parts.extensions.get::<Self>().cloned().ok_or_else(lost)
    }
}

/// Lets a request through to its handler, or answers it.
pub(crate) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match admit(&app, request).await {
        Ok(Admitted { request, cookie, account }) => {
            let mut response = next.run(request).await;
            if let Some(cookie) = cookie {
                response.headers_mut().append(SET_COOKIE, cookie);
            }
            if let Some(account) = account {
                response.extensions_mut().insert(AccountName(account));
            }
            response
        }
        Err(failure) => failure.into_response(),
    }
}

struct Admitted {
    request: Request,
    /// Of a session that has just begun, because a proxy names its account.
    cookie: Option<HeaderValue>,
    account: Option<String>,
}

async fn admit(app: &App, request: Request) -> Result<Admitted, Failure> {
    let (mut parts, body) = request.into_parts();
    let Some(Peer(peer)) = parts.extensions.get().copied() else {
        return Err(Failure::Internal("a request has no peer".to_owned()));
    };
    let client = app.reach.client(peer, &parts.headers);
    if !app.rate_of_all.takes(client, Instant::now()) {
        return Err(Failure::TooMany(app.rate_of_all.wait()));
    }
    app.reach.check_host(&parts.uri, &parts.headers)?;
    let route = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned()).ok_or(Failure::NotFound)?;
    let right = right_of(&parts.method, &route).ok_or(Failure::WrongMethod)?;
    let is_post = parts.method == Method::POST;
    if is_post {
        app.reach.check_site(&parts.headers)?;
        if route == rights::SIGN_IN && !app.rate_of_sign_in.takes(client, Instant::now()) {
            return Err(Failure::TooMany(app.rate_of_sign_in.wait()));
        }
    }

    let (mut cookie, mut viewer) = (None, None);
    if right != Right::Anyone {
        let (found, new) = viewer_of(app, peer, &parts.headers).await?;
        cookie = new;
        viewer = found;
        let viewer = viewer.as_ref().ok_or(if is_post { Failure::SessionOver } else { Failure::SignedOut })?;
        if !viewer.may(right) {
            return Err(Failure::Forbidden(NO_RIGHT));
        }
    }
    let form = match is_post {
        true => read_form(&parts.headers, body).await?,
        false => Form::parse(parts.uri.query().unwrap_or_default().as_bytes())?,
    };
    if is_post {
        let expected = match &viewer {
            Some(viewer) => Some(viewer.session.csrf.as_str()),
            None => cookies::read(&parts.headers, cookies::VISIT),
        };
        check_csrf(&form, expected)?;
    }
    parts.extensions.insert(form);
    let account = viewer.as_ref().map(|viewer| viewer.name().to_owned());
    viewer.map(|viewer| parts.extensions.insert(viewer));
    Ok(Admitted { request: Request::from_parts(parts, Body::empty()), cookie, account })
}

/// Whose session a request is of, and the cookie of a session that begins with it.
async fn viewer_of(
    app: &App,
    peer: SocketAddr,
    headers: &HeaderMap,
) -> Result<(Option<Viewer>, Option<HeaderValue>), Failure> {
    let now = app.now();
    let mut found = None;
    if let Some(token) = cookies::read(headers, cookies::SESSION) {
        let session = app.reviews().session(token, now).await?;
        found = session.map(|session| Viewer { session: Arc::new(session), token: token.into() });
    }
    let Some(user) = app.reach.user(peer, headers) else { return Ok((found, None)) };
    let user = user?;
    if found.as_ref().is_some_and(|viewer| is_same_person(viewer.name(), user)) {
        return Ok((found, None));
    }
    match app.sign_in_from_proxy(user, now).await? {
        SignIn::Accepted { token, session } => {
            let cookie = cookies::set(cookies::SESSION, &token);
            Ok((Some(Viewer { session: Arc::new(session), token: token.into() }), cookie))
        }
        SignIn::Refused | SignIn::Throttled { .. } => Err(Failure::UnknownToProxy),
    }
}

async fn read_form(headers: &HeaderMap, body: Body) -> Result<Form, Failure> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Failure::BadRequest("Only the desk's own forms are taken."));
    }
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > MAX_BODY_BYTES) {
        return Err(Failure::TooLarge);
    }
    let read = tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, MAX_BODY_BYTES)).await;
    let bytes = read.map_err(|_| Failure::TooSlow)?.map_err(|error| {
        let is_too_long =
            std::error::Error::source(&error).is_some_and(|source| source.is::<http_body_util::LengthLimitError>());
        if is_too_long { Failure::TooLarge } else { Failure::BadRequest("The form didn't arrive whole.") }
    })?;
    Form::parse(&bytes)
}

fn check_csrf(form: &Form, expected: Option<&str>) -> Result<(), Failure> {
    let given = form.optional(CSRF)?.unwrap_or_default();
    let expected = expected.filter(|expected| expected.len() >= 32).ok_or(Failure::Forged)?;
    match bool::from(given.as_bytes().ct_eq(expected.as_bytes())) {
        true => Ok(()),
        false => Err(Failure::Forged),
    }
}
