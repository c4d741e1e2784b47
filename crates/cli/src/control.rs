//! `dmv-redact control`: what whoever runs a sidecar tells it.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::output::{TextOrJson, print_json, print_text};
use super::person_argument::{person, statement};
use super::review_arguments::runtime;
use super::{Exit, Problem};
use dmv_redact_model::escape::escape;
use dmv_redact_sidecar::{Order, Scope, ask};

/// Tell a running sidecar to stop what goes out, to go on, or to read its policy again
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The socket of `serve --control`
    #[arg(long, value_name = "PATH", global = true)]
    at: Option<PathBuf>,
    #[command(subcommand)]
    order: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show the policy that decides, and the stops that hold
    Status {
        /// For people or for programs
        #[arg(long, value_name = "FORM", default_value = "text")]
        output: TextOrJson,
    },
    /// Stop everything that goes out to some requesters, at once. It holds until `resume`, also when the sidecar begins again
    Stop(StopArguments),
    /// End a stop
    Resume(StopArguments),
    /// Read the policy and the certificates again
    Reload,
}

/// Whom a stop concerns, and who says so.
#[derive(Debug, Args)]
struct StopArguments {
    #[command(flatten)]
    scope: ScopeArguments,
    /// Who you are, for the record
    #[arg(long, value_name = "NAME", value_parser = person)]
    by: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", value_parser = statement)]
    reason: Option<String>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct ScopeArguments {
    /// Everybody
    #[arg(long)]
    everything: bool,
    /// An agency class of the policy
    #[arg(long, value_name = "NAME")]
    class: Option<String>,
    /// An agency
    #[arg(long, value_name = "ORI")]
    agency: Option<String>,
    /// A line, as requests state it
    #[arg(long, value_name = "CODE")]
    line: Option<String>,
}

impl StopArguments {
    fn order(&self) -> Result<Vec<u8>, Problem> {
        let ScopeArguments { class, agency, line, .. } = &self.scope;
        let scope = match (class, agency, line) {
            (Some(class), _, _) => Scope::Class(class.clone()),
            (_, Some(agency), _) => Scope::Agency(agency.clone()),
            (_, _, Some(line)) => Scope::Line(line.clone()),
            _ => Scope::Everything,
        };
        let order = Order { scope, by: self.by.clone(), reason: self.reason.clone() };
        serde_json::to_vec(&order).map_err(|error| Problem::Usage(error.to_string()))
    }
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    tell(arguments).unwrap_or_else(Problem::print_error)
}

fn tell(arguments: &Arguments) -> Result<Exit, Problem> {
    let (method, path, body) = match &arguments.order {
        What::Status { .. } => ("GET", "/v1/status", Vec::new()),
        What::Stop(stop) => ("POST", "/v1/stop", stop.order()?),
        What::Resume(stop) => ("POST", "/v1/resume", stop.order()?),
        What::Reload => ("POST", "/v1/reload", Vec::new()),
    };
    let nowhere = || Problem::Usage("which sidecar: add `--at PATH`, the socket of its `--control`".to_owned());
    let at = arguments.at.as_deref().ok_or_else(nowhere)?;
    let told = runtime()?.block_on(ask(at, method, path, body)).map_err(Problem::Io)?;
    match &arguments.order {
        What::Status { output: TextOrJson::Json } => print_json(&told)?,
        What::Status { output: TextOrJson::Text } => print_text(&status(&told))?,
        What::Stop(_) => print_text("stopped\n")?,
        What::Resume(_) => print_text("resumed\n")?,
        What::Reload => print_text(&format!("the policy is {}\n", text(&told, "/reload")))?,
    }
    Ok(Exit::Released)
}

/// A member, or nothing.
fn text<'t>(value: &'t Value, pointer: &str) -> &'t str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn status(told: &Value) -> String {
    let policy = |own: &str| {
        let member = |name: &str| escape(text(told, &format!("{own}/{name}"))).into_owned();
        format!("{} {}, sha256 {}\n", member("name"), member("version"), member("sha256"))
    };
    let is_ready = told.pointer("/is-ready").and_then(Value::as_bool) == Some(true);
    let mut shown = format!(
        "{} since {}\npolicy: {}",
        if is_ready { "ready" } else { "not ready" },
        escape(text(told, "/since")),
        policy("/policy")
    );
    if told.pointer("/shadow-policy/name").is_some() {
        shown += &format!("shadow: {}", policy("/shadow-policy"));
    }
    let stops = told.pointer("/stops").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if stops.is_empty() {
        shown += "no stop holds\n";
    }
    for stop in stops {
        let scope = serde_json::from_value::<Scope>(stop.pointer("/scope").cloned().unwrap_or_default());
        let scope = scope.map_or_else(|_| "?".to_owned(), |scope| escape(&scope.to_string()).into_owned());
        shown += &format!("stopped: {scope}, since {}, by {}", escape(text(stop, "/since")), escape(text(stop, "/by")));
        match text(stop, "/reason") {
            "" => shown.push('\n'),
            reason => shown += &format!(": {}\n", escape(reason)),
        }
    }
    shown
}
