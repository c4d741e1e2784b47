//! Around everything: the security headers, the operator's log, and a handler that panics.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use crate::failure::{Detail, Failure};
use crate::headers::secure;
use dmv_redact_model::escape::escape;

/// Maximum number of requests at once.
const MAX_RUNNING: u32 = 256;

/// The requests that have begun and not ended.
#[derive(Clone)]
pub(crate) struct Running(Arc<Semaphore>);

impl Running {
    pub(crate) fn none() -> Self {
        Self(Arc::new(Semaphore::new(MAX_RUNNING as usize)))
    }

    /// Waits until all have ended.
    pub(crate) async fn end(&self) {
        let _ = self.0.acquire_many(MAX_RUNNING).await;
    }
}

/// The account of an answer, for the operator's log.
#[derive(Clone)]
pub(crate) struct AccountName(pub(crate) String);

/// The refusals of clients that ask too often. Their lines must not fill the disk: one a second is logged, with the number of
/// those that weren't.
#[derive(Clone, Default)]
pub(crate) struct Refusals(Arc<Mutex<LastRefusal>>);

#[derive(Default)]
struct LastRefusal {
    logged: Option<Instant>,
    left_out: u64,
}

impl Refusals {
    /// How many were left out before one that is logged at `now`; None if it is left out itself.
    fn count(&self, now: Instant) -> Option<u64> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.logged.is_some_and(|logged| now.saturating_duration_since(logged) < Duration::from_secs(1)) {
            last.left_out += 1;
            return None;
        }
        last.logged = Some(now);
        Some(mem::take(&mut last.left_out))
    }
}

/// What [`outer`] needs.
#[derive(Clone)]
pub(crate) struct OuterState {
    pub(crate) is_behind_tls: bool,
    pub(crate) running: Running,
    pub(crate) refusals: Refusals,
    pub(crate) log: fn(&str),
}

/// Runs a request as a task of its own, and logs it. A client that goes away doesn't stop it between a record in the log and
/// the step that it records (P12), and a panic ends the task, not the connection.
pub(crate) async fn outer(State(state): State<OuterState>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str).to_owned();
    let mut response = match Arc::clone(&state.running.0).try_acquire_owned() {
        Ok(slot) => {
            let work = tokio::spawn(async move {
                let response = next.run(request).await;
                drop(slot);
                response
            });
            // Without the panic's text: it may have a value of a message (P6).
            let lost = |_| Failure::Internal("a handler panicked".to_owned()).into_response();
            work.await.unwrap_or_else(lost)
        }
        Err(_) => Failure::Unavailable("too many requests at once".to_owned()).into_response(),
    };
    secure(response.headers_mut(), state.is_behind_tls);
    let is_refusal = response.status() == StatusCode::TOO_MANY_REQUESTS;
    let left_out = if is_refusal { state.refusals.count(start) } else { Some(0) };
    let Some(left_out) = left_out else { return response };
    let extensions = response.extensions();
    let account = extensions.get::<AccountName>().map_or("-", |account| &account.0);
    let detail = extensions.get::<Detail>().map_or("", |detail| &detail.0);
    (state.log)(&line_of(&Line {
        method: method.as_str(),
        route: &route,
        status: response.status().as_u16(),
        start,
        account,
        detail,
        left_out,
    }));
    response
}

/// A request, as the operator reads it. No address and no field of a form: those may have values.
struct Line<'l> {
    method: &'l str,
    route: &'l str,
    status: u16,
    start: Instant,
    account: &'l str,
    detail: &'l str,
    /// Lines before this one that weren't logged.
    left_out: u64,
}

fn line_of(line: &Line<'_>) -> String {
    let Line { method, route, status, start, account, detail, left_out } = line;
    let mut line = serde_json::json!({
        "method": escape(method), "route": route, "status": status, "microseconds": start.elapsed().as_micros() as u64,
        "account": escape(account)
    });
    if let (false, Some(members)) = (detail.is_empty(), line.as_object_mut()) {
        members.insert("detail".to_owned(), escape(detail).into());
    }
    if let (true, Some(members)) = (*left_out > 0, line.as_object_mut()) {
        members.insert("left-out".to_owned(), (*left_out).into());
    }
    line.to_string()
}

/// The line that tells the operator of something that went wrong apart from any request.
pub(crate) fn error_line(what: &str, error: &dyn std::fmt::Display) -> String {
    serde_json::json!({ "error": what, "detail": escape(&error.to_string()) }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p8_refusals_are_logged_once_a_second_and_all_are_counted() {
        let (refusals, start) = (Refusals::default(), Instant::now());
        let count = |milliseconds| refusals.count(start + Duration::from_millis(milliseconds));
        assert_eq!([count(0), count(1), count(999)], [Some(0), None, None]);
        assert_eq!([count(1000), count(5000)], [Some(2), Some(0)]);
    }
}
