//! The sidecar over HTTP. A release is a 200 whose headers say so, with the digest of its body; no other answer has a byte of a
//! message.

use std::sync::{Arc, Weak};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, TRANSFER_ENCODING,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::timeout;

use dmv_redact::Reason;
use dmv_redact_model::policy::RequestText;

use crate::TRANSFER_TIME;
use crate::answer::{Answer, AnswerHead, Outcome};
use crate::budget::Message;
use crate::failure::{Failure, FailureKind};
use crate::object::{Object, object};
use crate::request::{Call, Head, json_fault};
use crate::service::Service;

/// A request with its message, as JSON.
const ENVELOPE: &str = "application/vnd.dmv-redact.request+json";

/// A line of JSON for each message.
const BATCH: &str = "application/x-ndjson";

/// Messages of a batch.
const MAX_BATCH: usize = 1000;

/// How often the longest message a batch may have in all.
const BATCH_MESSAGES: usize = 4;

const DISPOSITION: HeaderName = HeaderName::from_static("dmv-disposition");
const SHA256: HeaderName = HeaderName::from_static("dmv-sha256");
const CORRELATION_ID: HeaderName = HeaderName::from_static("dmv-correlation-id");
const REASON: HeaderName = HeaderName::from_static("dmv-reason");
const REVIEW: HeaderName = HeaderName::from_static("dmv-review");
const RECEIPT: HeaderName = HeaderName::from_static("dmv-receipt");

/// Whether the sidecar is fit to answer.
#[derive(Debug, Clone)]
pub(crate) struct Readiness {
    /// It ends.
    pub(crate) stopping: watch::Receiver<bool>,
    /// Its log can't be written.
    pub(crate) failed: watch::Receiver<bool>,
}

/// A request with its message.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Envelope {
    #[serde(deserialize_with = "object")]
    request: RequestText,
    date: Option<String>,
    source: Option<String>,
    receipt: bool,
    message: Option<String>,
    message_base64: Option<String>,
}

/// A line of the answer to a batch.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct BatchLine {
    #[serde(flatten)]
    head: AnswerHead,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_base64: Option<String>,
}

/// Of a response: there as long as its output isn't written.
#[derive(Debug, Clone)]
pub(crate) struct Unwritten(pub(crate) Weak<()>);

/// The routes of a switch.
pub(crate) fn router(service: Arc<Service>, readiness: Readiness) -> Router {
    Router::new()
        .route("/v1/redact", post(redact))
        .route("/v1/batch", post(batch))
        .route("/v1/explain", post(explain))
        .route("/v1/reviews/{id}/deliver", post(deliver))
        .with_state(service)
        .merge(health(readiness))
        .method_not_allowed_fallback(async || plain(StatusCode::METHOD_NOT_ALLOWED, "this path takes another method"))
        .fallback(async || plain(StatusCode::NOT_FOUND, "there is no such path"))
}

/// The routes that say how the sidecar is.
pub(crate) fn health(readiness: Readiness) -> Router {
    let is_ready = move || !*readiness.stopping.borrow() && !*readiness.failed.borrow();
    let ready = async move || match is_ready() {
        true => (StatusCode::OK, "ready\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not ready: it ends, or its log can't be written\n"),
    };
    Router::new().route("/health", get(async || "alive\n")).route("/ready", get(ready))
}

async fn redact(State(service): State<Arc<Service>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let id = id_of(&parts.headers);
    let answer = match redact_request(&service, &parts, body).await {
        Ok((call, message)) => service.call(call, message).await,
        Err(failure) => service.failed(id, failure),
    };
    answer.into_response()
}

async fn redact_request(
    service: &Service,
    parts: &axum::http::request::Parts,
    body: Body,
) -> Result<(Call, Message), Failure> {
    refuse_query(parts)?;
    let headers = &parts.headers;
    let head = Head::of_headers(headers)?;
    if is_type(headers, ENVELOPE)? {
        if head != Head::default() {
            return Err(Failure::invalid("the envelope has the request: no `dmv-` header beside it"));
        }
        let body = read(service, headers, body, 2 * service.message_bytes()).await?;
        return envelope(service, body).await;
    }
    if is_type(headers, BATCH)? {
        return Err(Failure::new(FailureKind::Type, "a batch goes to `/v1/batch`"));
    }
    Ok((head.read()?, read(service, headers, body, service.message_bytes()).await?))
}

/// Opens an envelope.
async fn envelope(service: &Service, mut body: Message) -> Result<(Call, Message), Failure> {
    // Its message is taken out of it, and is in memory twice for a moment.
    service.budget.grow(&mut body.share, body.bytes.len()).await?;
    let (call, bytes) = open(&body.bytes, service.message_bytes())?;
    body.bytes = bytes;
    Ok((call, body))
}

/// Reads an envelope, whose message may have so many bytes.
fn open(json: &[u8], most: usize) -> Result<(Call, Vec<u8>), Failure> {
    let read = serde_json::from_slice::<Object<Envelope>>(json);
    let Object(Envelope { request, date, source, receipt, message, message_base64 }) =
        read.map_err(|error| Failure::invalid(json_fault("the envelope", &error)))?;
    let bytes = match (message, message_base64) {
        (Some(text), None) => text.into_bytes(),
        (None, Some(text)) => {
            BASE64_STANDARD.decode(text).map_err(|_| Failure::invalid("`message-base64` is no base64"))?
        }
        _ => return Err(Failure::invalid("an envelope has `message` or `message-base64`, and one of them")),
    };
    let call = Head::of_message(request, date, source, receipt).read()?;
    match bytes.len() > most {
        true => Err(too_large(most)),
        false => Ok((call, bytes)),
    }
}

async fn batch(State(service): State<Arc<Service>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match batch_answer(&service, &parts, body).await {
        Ok((text, outputs)) => held(BATCH, text, outputs),
        Err(failure) => service.failed(None, failure).into_response(),
    }
}

async fn batch_answer(
    service: &Arc<Service>,
    parts: &axum::http::request::Parts,
    body: Body,
) -> Result<(Vec<u8>, Vec<Bytes>), Failure> {
    refuse_query(parts)?;
    let headers = &parts.headers;
    if !is_type(headers, BATCH)? {
        return Err(Failure::new(FailureKind::Type, format!("a batch has the content type `{BATCH}`")));
    }
    if Head::of_headers(headers)? != Head::default() {
        return Err(Failure::invalid("each line has its request: no `dmv-` header beside them"));
    }
    let body = read(service, headers, body, BATCH_MESSAGES * service.message_bytes()).await?;
    let lines: Vec<&[u8]> =
        body.bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).collect();
    if lines.len() > MAX_BATCH {
        return Err(Failure::new(FailureKind::Large, format!("a batch has at most {MAX_BATCH} messages")));
    }
    let (mut text, mut outputs) = (Vec::new(), Vec::new());
    // Some at a time: all of them would take what others need.
    for lines in lines.chunks(crate::BATCH_WINDOW) {
        let mut tasks = Vec::new();
        for line in lines {
            let (service, line) = (Arc::clone(service), line.to_vec());
            tasks.push(tokio::spawn(async move { batch_line(&service, &line).await }));
        }
        for task in tasks {
            let answer = task.await.unwrap_or_else(|_| Answer::failed(None, Failure::internal()));
            let (head, output) = answer.into_head();
            let line = match std::str::from_utf8(&output) {
                _ if output.is_empty() => BatchLine { head, output: None, output_base64: None },
                Ok(output) => BatchLine { head, output: Some(output.to_owned()), output_base64: None },
                Err(_) => BatchLine { head, output: None, output_base64: Some(BASE64_STANDARD.encode(&output)) },
            };
            serde_json::to_writer(&mut text, &line).map_err(|_| Failure::internal())?;
            text.push(b'\n');
            outputs.push(output);
        }
    }
    Ok((text, outputs))
}

async fn batch_line(service: &Arc<Service>, line: &[u8]) -> Answer {
    let read = async {
        let mut message = Message::default();
        service.budget.grow(&mut message.share, line.len()).await?;
        let (call, bytes) = open(line, service.message_bytes())?;
        Ok((call, Message { bytes, ..message }))
    };
    match read.await {
        Ok((call, message)) => service.call(call, message).await,
        Err(failure) => service.failed(None, failure),
    }
}

async fn deliver(State(service): State<Arc<Service>>, Path(id): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let read = async {
        refuse_query(&parts)?;
        let call = Head::of_headers(&parts.headers)?.of_review(&id)?.read()?;
        let message = read(&service, &parts.headers, body, 0).await?;
        Ok((call, message))
    };
    let answer = match read.await {
        Ok((call, message)) => service.call(call, message).await,
        Err(failure) => service.failed(id_of(&parts.headers), failure),
    };
    answer.into_response()
}

async fn explain(State(service): State<Arc<Service>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let explained = async {
        let (call, message) = redact_request(&service, &parts, body).await?;
        match call {
            Call::Redact(asked) => service.explain(*asked, message).await,
            Call::Deliver { .. } => Err(Failure::invalid("a review isn't explained here")),
        }
    };
    match explained.await {
        Ok(text) => held("application/json", text, Vec::new()),
        Err(failure) => service.failed(id_of(&parts.headers), failure).into_response(),
    }
}

/// A text that keeps the shares of these outputs until it is written.
struct HeldText {
    text: Vec<u8>,
    _outputs: Vec<Bytes>,
    _unwritten: Arc<()>,
}

impl AsRef<[u8]> for HeldText {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

fn held(media_type: &'static str, text: Vec<u8>, outputs: Vec<Bytes>) -> Response {
    let unwritten = Arc::new(());
    let mark = Unwritten(Arc::downgrade(&unwritten));
    let body = Bytes::from_owner(HeldText { text, _outputs: outputs, _unwritten: unwritten });
    let headers = [(CONTENT_TYPE, media_type), (CACHE_CONTROL, "no-store")];
    let mut response = (headers, Body::from(body)).into_response();
    response.extensions_mut().insert(mark);
    response
}

/// The correlation id of a request that may be wrong otherwise.
fn id_of(headers: &HeaderMap) -> Option<String> {
    Head::of_headers(headers).ok().and_then(|head| head.correlation_id())
}

fn refuse_query(parts: &axum::http::request::Parts) -> Result<(), Failure> {
    match parts.uri.query() {
        None => Ok(()),
        Some(_) => Err(Failure::invalid("a request is in headers or an envelope, and not in the path's query")),
    }
}

/// Whether the body has this type. What is encoded isn't read.
fn is_type(headers: &HeaderMap, media_type: &str) -> Result<bool, Failure> {
    if headers.contains_key(CONTENT_ENCODING) {
        return Err(Failure::new(FailureKind::Type, "a body with a content encoding isn't read"));
    }
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (own, other) = (types.next(), types.next());
    if other.is_some() {
        return Err(Failure::new(FailureKind::Type, "a request has one content type"));
    }
    let Some(own) = own else { return Ok(false) };
    let text = own.to_str().map_err(|_| Failure::new(FailureKind::Type, "the content type is none"))?;
    let before = text.split(';').next().unwrap_or_default().trim();
    Ok(before.eq_ignore_ascii_case(media_type))
}

fn too_large(most: usize) -> Failure {
    Failure::new(FailureKind::Large, format!("a body has at most {most} bytes here"))
}

/// Reads a body of so many bytes at most, and takes from the budget as it arrives.
async fn read(service: &Service, headers: &HeaderMap, mut body: Body, most: usize) -> Result<Message, Failure> {
    let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|declared| declared > most) {
        return Err(too_large(most));
    }
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let is_sound =
        codings.next().is_none_or(|own| own.as_bytes().eq_ignore_ascii_case(b"chunked")) && codings.next().is_none();
    if !is_sound {
        return Err(Failure::invalid("a body has no transfer coding, or `chunked` once"));
    }
    let reading = async {
        let mut message = Message::default();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Failure::invalid("the body ends before its end"))?;
            let Ok(data) = frame.into_data() else { continue };
            if message.bytes.len() + data.len() > most {
                return Err(too_large(most));
            }
            service.budget.grow(&mut message.share, data.len()).await?;
            message.bytes.extend_from_slice(&data);
        }
        Ok(message)
    };
    let slow = |_| Failure::new(FailureKind::Slow, "the body takes too long");
    timeout(TRANSFER_TIME, reading).await.map_err(slow)?
}

/// An answer for people alone.
fn plain(status: StatusCode, text: &str) -> Response {
    let body = serde_json::json!({ "error": text }).to_string();
    (status, [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], body).into_response()
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let Self { correlation_id, receipt, outcome } = self;
        let mut response = match outcome {
            Outcome::Released { disposition, output, sha256, unwritten } => {
                let media_type = match output.iter().find(|byte| !byte.is_ascii_whitespace()) {
                    Some(b'<') => "application/xml",
                    _ => "application/json",
                };
                let mut response = (StatusCode::OK, [(CONTENT_TYPE, media_type)], Body::from(output)).into_response();
                response.extensions_mut().insert(Unwritten(unwritten));
                insert(&mut response, DISPOSITION, disposition.name());
                insert(&mut response, SHA256, &sha256);
                response
            }
            Outcome::Refused { disposition, reason, review } => {
                let status = match reason {
                    Some(Reason::RateExceeded) => StatusCode::TOO_MANY_REQUESTS,
                    _ => StatusCode::FORBIDDEN,
                };
                let mut response = plain(status, "nothing goes out");
                insert(&mut response, DISPOSITION, disposition.name());
                insert(&mut response, REASON, reason.map_or("", Reason::code));
                if let Some(review) = review {
                    insert(&mut response, REVIEW, &review);
                }
                response
            }
            Outcome::Failed(Failure { kind, text }) => {
                let status = StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let mut response = plain(status, &text);
                if kind == FailureKind::Busy {
                    insert(&mut response, RETRY_AFTER, "1");
                }
                response
            }
        };
        insert(&mut response, CACHE_CONTROL, "no-store");
        if let Some(id) = correlation_id {
            insert(&mut response, CORRELATION_ID, &id);
        }
        if let Some(receipt) = receipt {
            insert(&mut response, RECEIPT, &ascii(receipt.get()));
        }
        response
    }
}

/// Sets a header. All of them are made here of names and digits, so none is refused.
fn insert(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// A JSON document in ASCII.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        match character.is_ascii() && !character.is_ascii_control() {
            true => text.push(character),
            false => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    text.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    text
}
