//! `dmv-redact review approve`, `deny`, `revoke` and `export`: decisions, and what follows from them.

use std::path::PathBuf;

use serde_json::json;

use super::super::desk_arguments::DeskArguments;
use super::super::output::{TextOrJson, print_json, print_text};
use super::super::person_argument::{person, statement};
use super::super::review_arguments::{DAY, host, now};
use super::super::{Exit, Problem, print_error};
use super::{GrantArguments, at_desk, safe};
use dmv_redact_desk::{Desk, DeskError, Grants, MAX_APPROVAL_DAYS};
use dmv_redact_review::{ContentDigest, ReviewError, ReviewId, State};

/// Approve reviews: their messages may go out, with what is granted here and no more.
///
/// Look at each with `review show` first. An approval that the policy doesn't let a reviewer give, or by which nothing would go
/// out, is refused. Ends with status 3 if one was.
#[derive(Debug, clap::Args)]
pub(super) struct ApproveArguments {
    /// The reviews
    #[arg(required = true)]
    ids: Vec<ReviewId>,
    #[command(flatten)]
    desk: DeskArguments,
    /// Who approves
    #[arg(long, value_name = "NAME", value_parser = person)]
    by: String,
    #[command(flatten)]
    grants: GrantArguments,
    /// Days after which the approval expires if the message hasn't gone out, 30 at most
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_APPROVAL_DAYS)))]
    days: u32,
}

/// Deny reviews: their messages never go out. Ends with status 3 if one was decided already.
#[derive(Debug, clap::Args)]
pub(super) struct DenyArguments {
    /// The reviews
    #[arg(required = true)]
    ids: Vec<ReviewId>,
    #[command(flatten)]
    desk: DeskArguments,
    /// Who denies
    #[arg(long, value_name = "NAME", value_parser = person)]
    by: String,
    /// Why; it is recorded
    #[arg(long, value_name = "TEXT", value_parser = statement)]
    reason: String,
}

/// Take approvals back before their messages go out: they are denied, for good. Ends with status 3 if one isn't approved, or its
/// delivery has begun.
#[derive(Debug, clap::Args)]
pub(super) struct RevokeArguments {
    /// The reviews
    #[arg(required = true)]
    ids: Vec<ReviewId>,
    #[command(flatten)]
    desk: DeskArguments,
    /// Who takes them back
    #[arg(long, value_name = "NAME", value_parser = person)]
    by: String,
    /// Why; it is recorded
    #[arg(long, value_name = "TEXT", value_parser = statement)]
    reason: String,
}

/// Deliver what is approved into a folder, a file for each message, each once.
///
/// If it is killed, the next export into the folder goes on where it was. Ends with status 3 if the policy doesn't release a
/// message any more: it stays approved.
#[derive(Debug, clap::Args)]
pub(super) struct ExportArguments {
    #[command(flatten)]
    desk: DeskArguments,
    /// The folder
    #[arg(short = 'o', long = "output", value_name = "OUT")]
    folder: PathBuf,
    /// Deliver only messages from this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// The name of this machine in the queue [default: the host name]
    #[arg(long, value_name = "NAME")]
    review_node: Option<String>,
    /// List what was delivered, for people or for programs
    #[arg(long, value_name = "FORM", default_value = "text")]
    list: TextOrJson,
}

pub(super) fn approve(arguments: &ApproveArguments) -> Result<Exit, Problem> {
    let ApproveArguments { ids, desk, by, grants, days } = arguments;
    let grants = grants.grants();
    at_desk(desk, async |desk| {
        let decide = async |id: ReviewId| {
            let (digest, seen) = read(desk, id).await?;
            let now = now();
            let view = desk.view(id, &Grants::default(), now).await?;
            if view.is_other_policy {
                let (name, version) = (safe(&view.held_by.0), safe(&view.held_by.1));
                print_error(format!("note: review {id}: {name} {version} held it, and another policy decides now"));
            }
            desk.approve(id, &digest, &grants, (by, seen), (now + i64::from(*days) * DAY, now)).await
        };
        decide_all(ids, decide).await
    })
}

pub(super) fn deny(arguments: &DenyArguments) -> Result<Exit, Problem> {
    let DenyArguments { ids, desk, by, reason } = arguments;
    at_desk(desk, async |desk| {
        let decide = async |id: ReviewId| desk.deny(id, &read(desk, id).await?.0, reason, by, now()).await;
        decide_all(ids, decide).await
    })
}

pub(super) fn revoke(arguments: &RevokeArguments) -> Result<Exit, Problem> {
    let RevokeArguments { ids, desk, by, reason } = arguments;
    at_desk(desk, async |desk| decide_all(ids, async |id| desk.revoke(id, reason, by, now()).await).await)
}

/// The content of a review, and its state.
async fn read(desk: &Desk, id: ReviewId) -> Result<(ContentDigest, State), DeskError> {
    let review = desk.reviews().get(id).await?.ok_or(ReviewError::NotFound(id))?;
    Ok((review.digest.ok_or(ReviewError::Purged(id))?, review.summary.state))
}

/// Decides one after the other. What is refused of one is no hindrance to the others; what can't be read or recorded is.
async fn decide_all(
    ids: &[ReviewId],
    decide: impl AsyncFn(ReviewId) -> Result<State, DeskError>,
) -> Result<Exit, Problem> {
    let mut exit = Exit::Released;
    for &id in ids {
        match decide(id).await {
            Ok(state) => print_text(&format!("review {id}: {state}\n"))?,
            Err(error @ DeskError::Usage(_)) => {
                print_error(format!("review {id}: {error}"));
                exit = Exit::Refused;
            }
            Err(DeskError::Review(
                error @ (ReviewError::Conflict { .. }
                | ReviewError::Refused { .. }
                | ReviewError::NotFound(_)
                | ReviewError::Purged(_)),
            )) => {
                print_error(error);
                exit = Exit::Refused;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(exit)
}

pub(super) fn export(arguments: &ExportArguments) -> Result<Exit, Problem> {
    let ExportArguments { desk, folder, source, review_node, list } = arguments;
    let host = review_node.clone().unwrap_or_else(host);
    arguments.desk.refuse_within(folder)?;
    at_desk(desk, async |desk| {
        let (exported, leftovers) = desk.export(folder, &host, source.as_deref(), now()).await?;
        match list {
            TextOrJson::Json => {
                let files = exported.iter().map(|done| {
                    json!({
                        "review": done.review.to_string(), "source": done.source, "id": done.id, "file": done.file
                    })
                });
                print_json(&json!({ "delivered": files.collect::<Vec<_>>() }))?;
            }
            TextOrJson::Text => {
                for done in &exported {
                    print_text(&format!("{}  {} {}\n", done.file, safe(&done.source), safe(&done.id)))?;
                }
            }
        }
        for left in &leftovers {
            print_error(format!("review {}: not delivered: {}", left.review, left.why));
        }
        Ok(if leftovers.is_empty() { Exit::Released } else { Exit::Refused })
    })
}
