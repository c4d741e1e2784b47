//! The queue: reviews by deadline, fifty a page, by state and requester.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use dmv_redact_review::{Cursor, Filter, ReviewSummary, State as ReviewState};

use super::notice;
use crate::app::App;
use crate::failure::Failure;
use crate::form::Form;
use crate::layout::{Field, InputAttributes, Page, table};
use crate::rights;
use crate::viewer::Viewer;
use crate::words::{machine_time, moment, shown, time_left};

/// How many reviews a page has.
const PAGE: u32 = 50;

/// What can be listed: name, words, states.
const LISTS: [(&str, &str, &[ReviewState]); 6] = [
    ("waiting", "Waiting for a decision", &[ReviewState::Open, ReviewState::HalfApproved]),
    ("half-approved", "Waiting for the second person", &[ReviewState::HalfApproved]),
    ("approved", "Approved, not out yet", &[ReviewState::Approved, ReviewState::Delivering]),
    ("delivered", "Gone out", &[ReviewState::Delivered]),
    ("denied", "Denied or expired", &[ReviewState::Denied, ReviewState::Expired]),
    ("all", "All", &[]),
];

const HEADS: [&str; 7] = ["Message", "Requester", "Kind", "State", "Deadline", "Time left", "Came"];

/// `GET /reviews`: `list`, `requester`, and `after`, the cursor of the page before.
pub(crate) async fn show(State(app): State<Arc<App>>, viewer: Viewer, query: Form) -> Result<Response, Failure> {
    let chosen = query.optional("list")?.unwrap_or("waiting");
    let (list, words, states) = LISTS
        .into_iter()
        .find(|(name, _, _)| *name == chosen)
        .ok_or(Failure::BadRequest("There is no such list of reviews."))?;
    let requester = query.filled("requester")?.map(str::to_ascii_uppercase);
    let after = query.optional("after")?.map(cursor).transpose()?;
    let filter = Filter { states: states.to_vec(), requester: requester.clone(), after, limit: PAGE + 1 };
    let mut reviews = app.reviews().list(&filter).await?;
    let has_more = reviews.len() > PAGE as usize;
    reviews.truncate(PAGE as usize);
    let next = reviews.last().filter(|_| has_more).map(|last| address(list, requester.as_deref(), Some(last)));
    let field = |name, label| Field { name, label, hint: None, error: None };
    let requester_text = shown(requester.as_deref().unwrap_or_default());
    let body = html! {
        h1 { "Reviews" }
        (notice(&query)?)
        form.filter method="get" action=(rights::REVIEWS) role="search" aria-label="Which reviews" {
            (field("list", "Show").select(LISTS.map(|(name, words, _)| (name, words)), list))
            (field("requester", "Requester (ORI)").input("search", &requester_text, &InputAttributes { max_length: Some(16), ..InputAttributes::default() }))
            button type="submit" { "Show" }
        }
        @if reviews.is_empty() {
            p { "There are none: " (words.to_lowercase()) @if requester.is_some() { ", of this requester" } "." }
        } @else {
            (table("Reviews", &format!("{words}, the next deadline first"), &HEADS, html! { @for review in &reviews { (row(review, app.now())) } }))
        }
        @if after.is_some() || next.is_some() {
            nav.pages aria-label="Pages of this list" {
                @if after.is_some() { a href=(address(list, requester.as_deref(), None)) { "First page" } }
                @if let Some(next) = &next { a rel="next" href=(next) { "Next page" } }
            }
        }
    };
    Ok(Page { title: "Reviews", viewer: Some(&viewer), here: Some(rights::REVIEWS), body }.into_response())
}

fn row(review: &ReviewSummary, now: i64) -> Markup {
    let (source, message) = (shown(&review.source), shown(&review.message));
    html! {
        tr {
            th scope="row" { a href={ (rights::REVIEWS) "/" (review.id) } { (message) } br; span.quiet { (source) } }
            td { (shown(&review.requester)) }
            td { (shown(review.message_key.as_deref().unwrap_or("–"))) }
            td { (state_mark(review)) }
            td { time datetime=(machine_time(review.deadline)) { (moment(review.deadline)) } }
            td { @if is_waiting(review) { (left_mark(now, review.deadline)) } @else { "–" } }
            td { time datetime=(machine_time(review.added)) { (moment(review.added)) } }
        }
    }
}

/// Whether somebody must still decide.
pub(super) fn is_waiting(review: &ReviewSummary) -> bool {
    matches!(review.state, ReviewState::Open | ReviewState::HalfApproved)
}

/// How far a review is, in words; and whether it takes two people.
pub(super) fn state_mark(review: &ReviewSummary) -> Markup {
    html! {
        span.state data-state=(review.state.name()) { (state_words(review.state)) }
        @if review.two_people { " " span.mark { "two people" } }
    }
}

pub(super) fn state_words(state: ReviewState) -> &'static str {
    match state {
        ReviewState::Open => "open",
        ReviewState::HalfApproved => "approved by one of two",
        ReviewState::Approved => "approved",
        ReviewState::Delivering => "going out",
        ReviewState::Delivered => "gone out",
        ReviewState::Denied => "denied",
        ReviewState::Expired => "expired",
    }
}

/// A deadline that is less than as many seconds away is marked.
const WARNING_TIME: i64 = 4 * 3600;

/// How long it is until a deadline.
pub(super) fn left_mark(now: i64, deadline: i64) -> Markup {
    let text = time_left(now, deadline);
    html! {
        @match deadline.saturating_sub(now) {
            ..=0 => strong.soon { (text) },
            1..WARNING_TIME => strong.soon { (text) ", soon" },
            _ => (text),
        }
    }
}

/// The address of a page of the list.
fn address(list: &str, requester: Option<&str>, after: Option<&ReviewSummary>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("list", list);
    requester.map(|requester| query.append_pair("requester", requester));
    after.map(|last| query.append_pair("after", &format!("{}.{}", last.deadline, last.id)));
    format!("{}?{}", rights::REVIEWS, query.finish())
}

fn cursor(text: &str) -> Result<Cursor, Failure> {
    let parts = text.split_once('.').and_then(|(deadline, id)| Some((deadline.parse().ok()?, id.parse().ok()?)));
    let (deadline, id) = parts.ok_or(Failure::BadRequest("There is no such page of the list."))?;
    Ok(Cursor::new(deadline, id))
}
