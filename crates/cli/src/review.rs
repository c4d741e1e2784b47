//! `dmv-redact review`: the desk on the command line: lists reviews, shows what would go out, approves, denies, delivers, and
//! keeps the queue in order. Each step is in the disclosure log before it is taken.

mod account;
mod decide;
mod list;
mod maintain;
mod show;

use clap::{Args, Subcommand};

use super::desk_arguments::DeskArguments;
use super::review_arguments::runtime;
use super::{Exit, Problem};
use dmv_redact_desk::{Desk, Grants};
use dmv_redact_log::LogOptions;
use dmv_redact_model::escape::escape;
use dmv_redact_model::unix_time;

/// Review held messages: list, show, approve, deny, deliver.
///
/// `redact --review` fills the queue. What is approved comes back to its place when `redact --review` runs again over the same
/// inputs, or goes into a folder with `review export`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    List(list::Arguments),
    Show(show::Arguments),
    Record(show::RecordArguments),
    Approve(decide::ApproveArguments),
    Deny(decide::DenyArguments),
    Revoke(decide::RevokeArguments),
    Reopen(maintain::ReopenArguments),
    Export(decide::ExportArguments),
    Settle(maintain::SettleArguments),
    #[command(subcommand)]
    Account(account::Arguments),
    Expire(maintain::ExpireArguments),
    Purge(maintain::PurgeArguments),
    Rekey(maintain::RekeyArguments),
    Backup(maintain::BackupArguments),
}

/// What an approval grants.
#[derive(Debug, Args)]
struct GrantArguments {
    /// A claim that the reviewer vouches for, one that the policy lets them; may be given again
    #[arg(long = "claim", value_name = "NAME")]
    claims: Vec<String>,
    /// A claim with the paper behind it: claim=NAME,issuer=NAME,number=TEXT,date=YYYY-MM-DD,until=YYYY-MM-DD,specifies=ELEMENT;
    /// only the claim must be there, `specifies` may be there again. May be given again
    #[arg(long = "instrument", value_name = "KEY=VALUE,...")]
    instruments: Vec<dmv_redact::Instrument>,
}

impl GrantArguments {
    fn grants(&self) -> Grants {
        Grants { claims: self.claims.clone(), instruments: self.instruments.clone() }
    }
}

/// Does something at a desk whose queue is there, and ends its log.
fn at_desk(arguments: &DeskArguments, work: impl AsyncFnOnce(&Desk) -> Result<Exit, Problem>) -> Result<Exit, Problem> {
    arguments.must_exist()?;
    at_any_desk(arguments, work)
}

/// The same; the queue is made if it isn't there.
fn at_any_desk(
    arguments: &DeskArguments,
    work: impl AsyncFnOnce(&Desk) -> Result<Exit, Problem>,
) -> Result<Exit, Problem> {
    runtime()?.block_on(async {
        let desk = arguments.open(LogOptions::default()).await?;
        let done = work(&desk).await;
        // The first error counts.
        let ended = desk.end().await;
        let exit = done?;
        ended?;
        Ok(exit)
    })
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let done = match &arguments.verb {
        Verb::List(arguments) => list::list(arguments),
        Verb::Show(arguments) => show::show(arguments),
        Verb::Record(arguments) => show::record(arguments),
        Verb::Approve(arguments) => decide::approve(arguments),
        Verb::Deny(arguments) => decide::deny(arguments),
        Verb::Revoke(arguments) => decide::revoke(arguments),
        Verb::Reopen(arguments) => maintain::reopen(arguments),
        Verb::Export(arguments) => decide::export(arguments),
        Verb::Settle(arguments) => maintain::settle(arguments),
        Verb::Account(arguments) => account::account(arguments),
        Verb::Expire(arguments) => maintain::expire(arguments),
        Verb::Purge(arguments) => maintain::purge(arguments),
        Verb::Rekey(arguments) => maintain::rekey(arguments),
        Verb::Backup(arguments) => maintain::backup(arguments),
    };
    done.unwrap_or_else(Problem::print_error)
}

/// A time for people, to the minute, in UTC.
fn minute(seconds: i64) -> String {
    unix_time::minute(seconds).unwrap_or_default()
}

/// A text from outside, on one line.
fn safe(text: &str) -> String {
    escape(text).into_owned()
}
