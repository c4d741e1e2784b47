//! Why a request got no answer of its own: each a page in plain words with its status, and never a value of a message (P6).

use axum::http::header::{CONNECTION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;

use dmv_redact_desk::DeskError;
use dmv_redact_review::ReviewError;

use crate::layout::Page;
use crate::rights;

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The request isn't one that a page of the desk sends; the text says how.
    BadRequest(&'static str),
    /// The request comes from another site, or from a page of an earlier session.
    Forged,
    /// Nobody is signed in: to be asked to.
    SignedOut,
    /// Nobody is signed in any more, and what was sent is lost.
    SessionOver,
    /// The reverse proxy doesn't name an account that there is.
    UnknownToProxy,
    /// The account's role doesn't have the right, or the step isn't this person's to take; the text says why.
    Forbidden(&'static str),
    /// There is no such page or review.
    NotFound,
    /// The page is there, and can't be asked this way.
    WrongMethod,
    /// The client took too long to send its request.
    TooSlow,
    /// Somebody else was first, or the review has changed; the text says how.
    Conflict(String),
    /// What was asked for is gone for good.
    Gone,
    /// The request is too large.
    TooLarge,
    /// Too many requests from one address, or too many wrong passwords: wait so many seconds.
    TooMany(u64),
    /// Something that the desk needs doesn't answer. The text is for the operator's log alone.
    Unavailable(String),
    /// An error of the program itself. The text is for the operator's log alone.
    Internal(String),
}

pub(crate) const NO_RIGHT: &str = "Your account's role doesn't have the right to do this.";

impl Failure {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::SignedOut => StatusCode::SEE_OTHER,
            Self::Forged | Self::SessionOver | Self::UnknownToProxy | Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Gone => StatusCode::GONE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What the operator reads in the log, beyond the status.
    pub(crate) fn detail(&self) -> Option<&str> {
        match self {
            Self::Unavailable(detail) | Self::Internal(detail) => Some(detail),
            _ => None,
        }
    }

    /// A heading, and what to do.
    fn heading_and_text(&self) -> (&'static str, &str) {
        match self {
            Self::BadRequest(what) => ("The request can't be read", what),
            Self::Forged => (
                "This wasn't sent from a page of the desk",
                "Nothing was changed. Perhaps the page was of an earlier session: open it again and repeat what you did.",
            ),
            Self::SignedOut | Self::SessionOver => {
                ("Your session is over", "Nothing was changed. Sign in again and repeat what you did.")
            }
            Self::UnknownToProxy => (
                "You have no account here",
                "Your organization's sign-in didn't name an account of the desk. Ask an administrator for one.",
            ),
            Self::Forbidden(why) => ("You may not do this", why),
            Self::NotFound => {
                ("There is no such page", "Perhaps the address is misspelled, or the review isn't there.")
            }
            Self::WrongMethod => ("This page can't be asked that way", "Go back to the queue and start from there."),
            Self::TooSlow => ("The request took too long to arrive", "Nothing was changed. Try again."),
            Self::Conflict(what) => ("This can't be done any more", what),
            Self::Gone => ("Its contents were purged", WHY_PURGED),
            Self::TooLarge => ("The request is too large", "Nothing was changed. Shorten what you wrote."),
            Self::TooMany(_) => ("Too many requests", "Wait a little, then try again."),
            Self::Unavailable(_) => (
                "The desk can't work now",
                "Its database or its log doesn't answer. Nothing goes out unrecorded. Try again in a while.",
            ),
            Self::Internal(_) => ("An error of the desk itself", "Tell whoever operates it, with the time."),
        }
    }
}

/// Why there is nothing to see of a review but its decisions.
pub(crate) const WHY_PURGED: &str =
    "The time for which messages are kept is over, or what the clock denied was opened again as another review.";

impl From<ReviewError> for Failure {
    fn from(error: ReviewError) -> Self {
        match error {
            ReviewError::NotFound(_) => Self::NotFound,
            ReviewError::Conflict { state, .. } => Self::Conflict(format!("The review is {state}.")),
            ReviewError::Refused { why, .. } => Self::Conflict(format!("The desk refused it: {why}.")),
            ReviewError::Purged(_) => Self::Gone,
            ReviewError::Usage(_) => Self::BadRequest("Something in the form can't be taken as it is."),
            error => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<DeskError> for Failure {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Review(error) => error.into(),
            DeskError::Usage(_) => Self::BadRequest("Something in the form can't be taken as it is."),
            error => Self::Unavailable(error.to_string()),
        }
    }
}

/// What the operator's log has of a failed request.
#[derive(Clone)]
pub(crate) struct Detail(pub(crate) String);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        if self == Self::SignedOut {
            return Redirect::to(rights::SIGN_IN).into_response();
        }
        let (heading, text) = self.heading_and_text();
        let body = html! {
            h1 { (heading) }
            p { (text) }
            p { a href=(rights::HOME) { "To the start page of the desk" } }
        };
        let mut response = Page { title: heading, viewer: None, here: None, body }.into_response_with(self.status());
        if let Self::TooMany(seconds) = self {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
            // Or the next one costs less than this one.
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(detail) = self.detail() {
            response.extensions_mut().insert(Detail(detail.to_owned()));
        }
        response
    }
}
