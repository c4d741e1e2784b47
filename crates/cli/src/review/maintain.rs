//! `dmv-redact review reopen`, `settle`, `expire`, `purge`, `rekey` and `backup`: what keeps the queue in order.

use std::path::PathBuf;

use super::super::desk_arguments::DeskArguments;
use super::super::output::print_text;
use super::super::person_argument::{person, statement};
use super::super::review_arguments::{DAY, ReviewArguments, now};
use super::super::{Exit, Problem};
use super::at_desk;
use dmv_redact_review::ReviewId;

/// Open again what the clock denied, because nobody decided it, or nobody delivered it, in time. It is a new review of the same
/// message and request: somebody must approve it anew. What a person denied stays denied.
#[derive(Debug, clap::Args)]
pub(super) struct ReopenArguments {
    /// The review
    id: ReviewId,
    #[command(flatten)]
    desk: DeskArguments,
    /// Who opens it again
    #[arg(long, value_name = "NAME", value_parser = person)]
    by: String,
    /// Why; it is recorded
    #[arg(long, value_name = "TEXT", value_parser = statement)]
    reason: String,
    /// Days after which it is denied if nobody has decided
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    days: u16,
}

/// End a delivery that was interrupted where nobody goes on with it, by what you found out.
///
/// A run or an export ends its own when it is started again. Of a stream, or where the machine is gone, look into its disclosure
/// log and ask the receiver.
#[derive(Debug, clap::Args)]
#[group(id = "ending", required = true, multiple = false, args = ["gone_out", "not_gone_out"])]
pub(super) struct SettleArguments {
    /// The review
    id: ReviewId,
    #[command(flatten)]
    desk: DeskArguments,
    /// The message has gone out
    #[arg(long)]
    gone_out: bool,
    /// It hasn't: it is approved again, until its approval expires
    #[arg(long)]
    not_gone_out: bool,
    /// Who found out
    #[arg(long, value_name = "NAME", value_parser = person)]
    by: String,
    /// How; it is recorded
    #[arg(long, value_name = "TEXT", value_parser = statement)]
    reason: String,
}

/// Deny what nobody decided before its deadline, and what wasn't delivered before its approval expired. The desk does so each
/// minute; without one, have it done every hour
#[derive(Debug, clap::Args)]
pub(super) struct ExpireArguments {
    #[command(flatten)]
    desk: DeskArguments,
}

/// Delete the contents of reviews that are over: message, request, grants and reasons. What the list shows stays, and what the
/// disclosure log has
#[derive(Debug, clap::Args)]
pub(super) struct PurgeArguments {
    #[command(flatten)]
    desk: DeskArguments,
    /// Of reviews that have been over for so many days
    #[arg(long, value_name = "N")]
    days: u16,
    /// Who deletes them [default: nobody, as of a timer]
    #[arg(long, value_name = "NAME", value_parser = person)]
    by: Option<String>,
}

/// Encrypt anew with the first --review-key what another one encrypted. When it says 0, the others aren't needed any more
#[derive(Debug, clap::Args)]
pub(super) struct RekeyArguments {
    #[command(flatten)]
    reviews: ReviewArguments,
}

/// Copy a SQLite queue while it is in use. The copy needs the same keys
#[derive(Debug, clap::Args)]
pub(super) struct BackupArguments {
    #[command(flatten)]
    reviews: ReviewArguments,
    /// Where nothing is yet
    file: PathBuf,
}

pub(super) fn reopen(arguments: &ReopenArguments) -> Result<Exit, Problem> {
    let ReopenArguments { id, desk, by, reason, days } = arguments;
    at_desk(desk, async |desk| {
        let now = now();
        let again = desk.reopen(*id, (reason, by), (now + i64::from(*days) * DAY, now)).await?;
        print_text(&format!("review {id}: opened again as {again}\n"))?;
        Ok(Exit::Released)
    })
}

pub(super) fn settle(arguments: &SettleArguments) -> Result<Exit, Problem> {
    let SettleArguments { id, desk, gone_out, by, reason, .. } = arguments;
    at_desk(desk, async |desk| {
        desk.settle(*id, *gone_out, (reason, by), now()).await?;
        let state = if *gone_out { "delivered" } else { "approved" };
        print_text(&format!("review {id}: {state}\n"))?;
        Ok(Exit::Released)
    })
}

pub(super) fn expire(arguments: &ExpireArguments) -> Result<Exit, Problem> {
    at_desk(&arguments.desk, async |desk| {
        let count = desk.expire(now()).await?;
        print_text(&format!("expired: {count}\n"))?;
        Ok(Exit::Released)
    })
}

pub(super) fn purge(arguments: &PurgeArguments) -> Result<Exit, Problem> {
    let PurgeArguments { desk, days, by } = arguments;
    at_desk(desk, async |desk| {
        let now = now();
        let count = desk.purge(now - i64::from(*days) * DAY, by.as_deref(), now).await?;
        print_text(&format!("purged: {count}\n"))?;
        Ok(Exit::Released)
    })
}

pub(super) fn rekey(arguments: &RekeyArguments) -> Result<Exit, Problem> {
    let count = arguments.reviews.with_store(async |store| store.rekey().await)?;
    print_text(&format!("encrypted anew: {count}\n"))?;
    Ok(Exit::Released)
}

pub(super) fn backup(arguments: &BackupArguments) -> Result<Exit, Problem> {
    arguments.reviews.with_store(async |store| store.backup(&arguments.file).await)?;
    Ok(Exit::Released)
}
