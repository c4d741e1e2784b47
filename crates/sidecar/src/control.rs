//! The operator's socket: status, stops, reload. Whoever may open it may do all of that.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::UnixStream;

use dmv_redact_model::unix_time::{now, rfc3339};

use crate::events::Events;
use crate::failure::Failure;
use crate::http::{Readiness, health};
use crate::object::Object;
use crate::reload::Reloader;
use crate::request::json_fault;
use crate::service::Service;
use crate::stops::{Scope, Stop};

/// Characters of a name or a reason.
const MAX_TEXT: usize = 500;

/// What the routes need.
#[derive(Clone)]
struct Control {
    service: Arc<Service>,
    reloader: Arc<Reloader>,
    stops: Arc<Mutex<Vec<Stop>>>,
    readiness: Readiness,
    events: Events,
    since: i64,
}

/// What an operator says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Order {
    /// Whom it concerns.
    pub scope: Scope,
    /// Who says so.
    pub by: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

pub(crate) fn router(
    service: Arc<Service>,
    reloader: Arc<Reloader>,
    stops: Arc<Mutex<Vec<Stop>>>,
    readiness: Readiness,
    events: Events,
) -> Router {
    let control = Control { service, reloader, stops, readiness: readiness.clone(), events, since: now() };
    Router::new()
        .route("/v1/status", get(status))
        .route("/v1/stop", post(stop))
        .route("/v1/resume", post(resume))
        .route("/v1/reload", post(reload))
        .with_state(control)
        .merge(health(readiness))
}

async fn status(State(control): State<Control>) -> Response {
    let loaded = control.service.current.get();
    let stops = control.stops.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let shadow = control.service.shadow.as_ref().map(|shadow| shadow.current.get().filter.policy().clone());
    told(
        StatusCode::OK,
        &json!({
            "version": env!("CARGO_PKG_VERSION"),
            "since": rfc3339(control.since),
            "is-ready": !*control.readiness.stopping.borrow() && !*control.readiness.failed.borrow(),
            "policy": loaded.filter.policy(),
            "shadow-policy": shadow,
            "stops": stops,
        }),
    )
}

async fn stop(State(control): State<Control>, body: Bytes) -> Response {
    let done = async {
        let Order { scope, by, reason } = order(&body)?;
        if let Some(fault) = scope.fault(&control.service.current.get().filter) {
            return Err(Failure::invalid(fault));
        }
        let since = rfc3339(now()).unwrap_or_default();
        tell(&control.events, "stopped", (&scope, &by, reason.as_deref()));
        control.service.ledger.stop(Stop { scope, by, reason, since }).await
    };
    answer(done.await)
}

async fn resume(State(control): State<Control>, body: Bytes) -> Response {
    let done = async {
        let Order { scope, by, reason } = order(&body)?;
        control.service.ledger.resume(scope.clone(), by.clone(), reason.clone()).await?;
        tell(&control.events, "resumed", (&scope, &by, reason.as_deref()));
        Ok(())
    };
    answer(done.await)
}

async fn reload(State(control): State<Control>) -> Response {
    match control.reloader.reload().await {
        Ok(done) => told(StatusCode::OK, &json!({ "reload": done.name() })),
        Err(refused) => {
            told(StatusCode::CONFLICT, &json!({ "error": format!("the policy so far decides on: {refused}") }))
        }
    }
}

fn tell(events: &Events, event: &str, (scope, by, reason): (&Scope, &str, Option<&str>)) {
    let members = [("scope", scope.to_string().into()), ("by", by.into())];
    events.tell(event, &members.into_iter().chain(reason.map(|reason| ("reason", reason.into()))).collect::<Vec<_>>());
}

fn order(body: &[u8]) -> Result<Order, Failure> {
    let Object(order): Object<Order> =
        serde_json::from_slice(body).map_err(|error| Failure::invalid(json_fault("the order", &error)))?;
    let is_text = |text: &str| !text.trim().is_empty() && text.chars().count() <= MAX_TEXT;
    match is_text(&order.by) && order.reason.as_deref().is_none_or(is_text) {
        true => Ok(order),
        false => Err(Failure::invalid(format!("a name or a reason has no character, or more than {MAX_TEXT}"))),
    }
}

fn told(status: StatusCode, what: &Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], format!("{what}\n")).into_response()
}

fn answer(done: Result<(), Failure>) -> Response {
    match done {
        Ok(()) => told(StatusCode::OK, &json!({})),
        Err(failure) => {
            let status = StatusCode::from_u16(failure.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            told(status, &json!({ "error": failure.text }))
        }
    }
}

/// Asks a sidecar at its control socket: a method, a path, a body. Gives the answer's JSON; `Err` has what it says is wrong, or
/// why it can't be asked.
///
/// # Errors
/// See above.
pub async fn ask(socket: &Path, method: &str, path: &str, body: Vec<u8>) -> Result<Value, String> {
    let place = socket.display();
    let stream = UnixStream::connect(socket).await;
    let stream = stream.map_err(|error| format!("{place}: no sidecar can be asked there: {error}"))?;
    let broken = |error: &dyn std::fmt::Display| format!("{place}: it doesn't answer: {error}");
    let (mut sender, connection) =
        handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
    tokio::spawn(connection);
    let request = hyper::Request::builder().method(method).uri(path).header("host", "sidecar");
    let request = request.body(Full::new(body.into())).map_err(|error| broken(&error))?;
    let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
    let is_done = response.status().is_success();
    let body = response.into_body().collect().await.map_err(|error| broken(&error))?.to_bytes();
    let told: Value = serde_json::from_slice(&body).map_err(|_| broken(&"what it says is no JSON"))?;
    match (is_done, told.get("error").and_then(Value::as_str)) {
        (true, _) => Ok(told),
        (false, error) => Err(error.unwrap_or("it refused").to_owned()),
    }
}
