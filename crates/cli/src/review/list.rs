//! `dmv-redact review list`.

use std::fmt::Write;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::{Value, json};

use super::super::output::{TextOrJson, print_json, print_text};
use super::super::review_arguments::ReviewArguments;
use super::super::{Exit, Problem};
use super::{minute, safe};
use dmv_redact_review::{Filter, ReviewSummary, State};

/// List reviews, those first that must be decided first. Shows nothing of the messages.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    reviews: ReviewArguments,
    /// List only reviews in this state; may be given again [default: all that aren't over]
    #[arg(long = "state", value_name = "STATE", value_parser = state())]
    states: Vec<State>,
    /// List only those for this ORI
    #[arg(long, value_name = "ORI")]
    requester: Option<String>,
    /// List so many at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// For people or for programs
    #[arg(long, value_name = "FORM", default_value = "text")]
    output: TextOrJson,
}

fn state() -> impl TypedValueParser<Value = State> {
    PossibleValuesParser::new(State::ALL.map(State::name))
        .try_map(|name| State::of_name(&name).ok_or("no state has this name"))
}

pub(super) fn list(arguments: &Arguments) -> Result<Exit, Problem> {
    let Arguments { reviews, states, requester, limit, output } = arguments;
    let states = match states.as_slice() {
        [] => State::ALL.into_iter().filter(|state| !state.is_final()).collect(),
        states => states.to_vec(),
    };
    let filter = Filter { states, requester: requester.clone(), limit: *limit, ..Filter::default() };
    let reviews = reviews.with_store(async |store| store.list(&filter).await)?;
    match output {
        TextOrJson::Json => print_json(&json!({ "reviews": reviews.iter().map(to_json).collect::<Vec<_>>() }))?,
        TextOrJson::Text => print_text(&table(&reviews, *limit))?,
    }
    Ok(Exit::Released)
}

pub(super) fn to_json(review: &ReviewSummary) -> Value {
    let delivery = review.delivery.as_ref();
    json!({
        "review": review.id.to_string(),
        "state": review.state.name(),
        "source": review.source,
        "id": review.message,
        "requester": review.requester,
        "message-key": review.message_key,
        "bytes": review.bytes,
        "people": if review.two_people { 2 } else { 1 },
        "added": minute(review.added),
        "deadline": minute(review.deadline),
        "expires": review.expires.map(minute),
        "closed": review.closed.map(minute),
        "delivered-by": delivery.map(|delivery| delivery.node.clone()),
        "purged": review.purged.map(minute),
    })
}

fn table(reviews: &[ReviewSummary], limit: u32) -> String {
    if reviews.is_empty() {
        return "no review\n".to_owned();
    }
    let mut text = format!(
        "{:32}  {:13}  {:9}  {:4}  {:16}  where it came from\n",
        "review", "state", "requester", "key", "decide before"
    );
    for review in reviews {
        let key = review.message_key.as_deref().unwrap_or("-");
        let people = if review.two_people { " (two people)" } else { "" };
        // Writing to a text can't fail.
        let _ = writeln!(
            text,
            "{}  {:13}  {:9}  {:4}  {}  {} {}{people}",
            review.id,
            review.state,
            safe(&review.requester),
            safe(key),
            minute(review.deadline),
            safe(&review.source),
            safe(&review.message),
        );
    }
    if reviews.len() >= usize::try_from(limit).unwrap_or(usize::MAX) {
        text += "there may be more: --limit\n";
    }
    text
}
