//! Around everything: the security headers, the operator's log, and a handler that panics.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
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

/// What [`outer`] needs.
#[derive(Clone)]
pub(crate) struct OuterState {
    pub(crate) is_behind_tls: bool,
    pub(crate) running: Running,
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
}

fn line_of(line: &Line<'_>) -> String {
    let Line { method, route, status, start, account, detail } = line;
    let mut line = serde_json::json!({
        "method": escape(method), "route": route, "status": status, "microseconds": start.elapsed().as_micros() as u64,
        "account": escape(account)
    });
    if let (false, Some(members)) = (detail.is_empty(), line.as_object_mut()) {
        members.insert("detail".to_owned(), escape(detail).into());
    }
    line.to_string()
}

/// The line that tells the operator of something that went wrong apart from any request.
pub(crate) fn error_line(what: &str, error: &dyn std::fmt::Display) -> String {
    serde_json::json!({ "error": what, "detail": escape(&error.to_string()) }).to_string()
}
