//! `dmv-redact review account`: the accounts of the desk, the first of which can be made only here.

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::super::desk_arguments::DeskArguments;
use super::super::output::print_text;
use super::super::person_argument::person;
use super::super::review_arguments::{ReviewArguments, now};
use super::super::{Exit, Problem, print_error};
use super::{at_any_desk, at_desk, minute, safe};
use dmv_redact_review::{Account, AccountChange, Role};

/// The accounts of the desk that `serve --desk` serves.
#[derive(Debug, Subcommand)]
pub(super) enum Arguments {
    /// List the accounts
    List {
        #[command(flatten)]
        reviews: ReviewArguments,
    },
    /// Add an account
    Add(AddArguments),
    /// Change an account: its role, its password, whether it may sign in. Its sessions end
    Change(ChangeArguments),
}

#[derive(Debug, clap::Args)]
pub(super) struct AddArguments {
    /// Its name
    #[arg(value_parser = person)]
    name: String,
    #[command(flatten)]
    desk: DeskArguments,
    /// What it may do: a reviewer decides, an approver also gives the second of two approvals, an auditor reads, an administrator
    /// manages accounts and sees no review
    #[arg(long, value_name = "ROLE", value_parser = role())]
    role: Role,
    #[command(flatten)]
    password: PasswordArguments,
    /// Who adds it
    #[arg(long, value_name = "NAME", value_parser = person)]
    by: String,
}

#[derive(Debug, clap::Args)]
#[group(id = "what", required = true, multiple = true, args = ["new_role", "password", "disable", "enable"])]
pub(super) struct ChangeArguments {
    /// Its name
    #[arg(value_parser = person)]
    name: String,
    #[command(flatten)]
    desk: DeskArguments,
    /// Another role
    #[arg(id = "new_role", long = "role", value_name = "ROLE", value_parser = role())]
    role: Option<Role>,
    #[command(flatten)]
    password: PasswordArguments,
    /// It may not sign in any more
    #[arg(long, conflicts_with = "enable")]
    disable: bool,
    /// It may sign in again
    #[arg(long)]
    enable: bool,
    /// Who changes it
    #[arg(long, value_name = "NAME", value_parser = person)]
    by: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct PasswordArguments {
    /// The password is the first line of this file; `-`: of stdin. 12 to 128 characters. An account without one is for a reverse
    /// proxy that signs people in
    #[arg(id = "password", long = "password-file", value_name = "FILE")]
    file: Option<PathBuf>,
}

fn role() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.map(Role::name))
        .try_map(|name| Role::of_name(&name).ok_or("no role has this name"))
}

impl PasswordArguments {
    fn read(&self) -> Result<Option<String>, Problem> {
        let Some(path) = &self.file else { return Ok(None) };
        let text = match path.as_os_str() == "-" {
            true => {
                if io::stdin().is_terminal() {
                    print_error("reads the password from the terminal, which shows it: type it, then Enter");
                }
                let mut line = String::new();
                io::stdin().read_line(&mut line).map(|_| line)
            }
            false => std::fs::read_to_string(path),
        };
        let text = text.map_err(|error| Problem::Io(format!("{}: {error}", path.display())))?;
        Ok(Some(text.lines().next().unwrap_or_default().to_owned()))
    }
}

pub(super) fn account(arguments: &Arguments) -> Result<Exit, Problem> {
    match arguments {
        Arguments::List { reviews } => list(reviews),
        Arguments::Add(arguments) => {
            let AddArguments { name, desk, role, password, by } = arguments;
            let password = password.read()?;
            at_any_desk(desk, async |desk| {
                desk.add_account((name, *role), password.as_deref(), by, now()).await?;
                let how = if password.is_none() { ", without a password: only a proxy can sign it in" } else { "" };
                print_text(&format!("{}: {role}{how}\n", safe(name)))?;
                Ok(Exit::Released)
            })
        }
        Arguments::Change(arguments) => {
            let ChangeArguments { name, desk, role, password, disable, enable, by } = arguments;
            let password = password.read()?;
            let is_disabled = (*disable || *enable).then_some(*disable);
            let change = AccountChange { role: *role, password: password.as_deref(), is_disabled };
            at_desk(desk, async |desk| {
                desk.change_account(name, &change, by, now()).await?;
                print_text(&format!("{}: changed\n", safe(name)))?;
                Ok(Exit::Released)
            })
        }
    }
}

fn list(reviews: &ReviewArguments) -> Result<Exit, Problem> {
    let accounts = reviews.with_store(async |store| store.accounts().await)?;
    if accounts.is_empty() {
        print_text("no account\n")?;
    }
    accounts.iter().try_for_each(|account| print_text(&line(account)))?;
    Ok(Exit::Released)
}

fn line(account: &Account) -> String {
    let last =
        account.last_sign_in.map_or_else(|| "never signed in".to_owned(), |at| format!("last {} UTC", minute(at)));
    let password = if account.has_password { "" } else { ", no password" };
    let disabled = if account.is_disabled { ", disabled" } else { "" };
    format!("{:24}  {:13}  {last}{password}{disabled}\n", safe(&account.name), account.role.name())
}
