//! `dmv-redact serve`: the sidecar of a message switch, the review desk as a web application, or both, until a signal ends it.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use clap::Args;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
#[cfg(unix)]
use tokio::sync::mpsc;
use tokio::sync::watch;

use super::desk_arguments::{LogFileArguments, PolicyArguments};
use super::output::print_text;
use super::review_arguments::ReviewArguments;
#[cfg(unix)]
use super::sidecar_arguments::{FilterTaken, SidecarArguments};
use super::{Exit, Problem, print_error};
#[cfg(unix)]
use dmv_redact::Filter;
use dmv_redact_desk::Desk;
use dmv_redact_log::{Key, LogOptions, Rotation};
use dmv_redact_review::ReviewStore;
use dmv_redact_serve::{DutyLogs, Reach, Settings, UserHeader, serve};
#[cfg(unix)]
use dmv_redact_sidecar::Events;

/// Serve a message switch as a sidecar, the review desk as pages, or both.
///
/// The sidecar redacts what a switch sends it over HTTP or frames. The review desk has pages on which people review held
/// messages. SIGTERM ends it once what has begun is answered; SIGHUP lets a sidecar read its policy again.
#[derive(Debug, Args)]
#[command(mut_arg("review_keys", |keys| keys.required(false)))]
pub(super) struct Arguments {
    /// Serve the review desk
    #[arg(long, requires = "review_keys")]
    desk: bool,
    #[command(flatten)]
    policy: PolicyArguments,
    #[command(flatten)]
    log: LogFileArguments,
    /// Name the process or machine in the log
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Let the log go on in a new file every day (UTC)
    #[arg(long)]
    rotate_daily: bool,
    /// Let the log go on in a new file after so many MiB
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..))]
    rotate_megabytes: Option<u32>,
    #[command(flatten)]
    reviews: Option<ReviewArguments>,
    #[cfg(unix)]
    #[command(flatten)]
    sidecar: SidecarArguments,
    #[command(flatten)]
    duties: DutyArguments,
    #[command(flatten)]
    reach: ReachArguments,
}

/// The logs that the list of duties is made of.
#[derive(Debug, Args)]
#[command(next_help_heading = "The desk's duties")]
struct DutyArguments {
    /// List the duties of this log, too: all its files, plain or compressed. May be given again
    #[arg(long = "duties-log", value_name = "LOG", requires = "desk")]
    logs: Vec<PathBuf>,
    /// The key of the hashes of these logs; may be given again
    #[arg(long = "duties-key", value_name = "FILE", requires = "logs")]
    keys: Vec<PathBuf>,
}

/// How the desk is reached.
#[derive(Debug, Args)]
#[command(next_help_heading = "The desk's network")]
struct ReachArguments {
    /// Show the desk on this address. One that other machines reach takes --behind-tls and --host
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8642")]
    listen: SocketAddr,
    /// Answer requests for this host: as browsers name the desk, with a port if they name one. May be given again [default: the
    /// address it listens on]
    #[arg(long = "host", value_name = "HOST", requires = "desk")]
    hosts: Vec<String>,
    /// A proxy in front terminates TLS: browsers are told to come by it alone
    #[arg(long, requires = "desk")]
    behind_tls: bool,
    /// A reverse proxy signs people in, and names the account in this header: it must take away what clients send of it
    #[arg(long, value_name = "NAME", requires = "desk")]
    user_header: Option<UserHeader>,
    /// Believe proxies at this address: the header of --user-header, and whom they forward for. May be given again [default:
    /// this machine]
    #[arg(long = "trusted-proxy", value_name = "ADDR", requires = "desk")]
    trusted_proxies: Vec<IpAddr>,
}

impl ReachArguments {
    /// Refuses what would show the desk to others unprotected, or has no effect.
    fn check(&self) -> Result<(), Problem> {
        let usage = |text: &str| Err(Problem::Usage(text.to_owned()));
        if !self.listen.ip().to_canonical().is_loopback() {
            if !self.behind_tls {
                return usage(
                    "--listen: other machines reach this address: add --behind-tls if a proxy terminates TLS",
                );
            }
            if self.hosts.is_empty() {
                return usage("--listen: other machines reach this address: add --host, the name by which they do");
            }
        }
        if !self.trusted_proxies.is_empty() && !self.behind_tls && self.user_header.is_none() {
            return usage("--trusted-proxy has no effect without --behind-tls or --user-header");
        }
        Ok(())
    }

    /// What the desk knows of it, when it listens on this address.
    fn reach(&self, address: SocketAddr) -> Reach {
        let own = || vec![address.to_string(), format!("localhost:{}", address.port())];
        Reach {
            hosts: if self.hosts.is_empty() { own() } else { self.hosts.clone() },
            is_behind_tls: self.behind_tls,
            trusted_proxies: self.trusted_proxies.clone(),
            user_header: self.user_header.clone(),
        }
    }
}

impl DutyArguments {
    /// The logs, with the desk's own: there it is recorded that a duty was done.
    fn logs(&self, own: &Path, own_key: Option<Key>) -> Result<DutyLogs, Problem> {
        let canonical = |path: &Path| path.canonicalize().ok();
        let is_own = |path: &PathBuf| canonical(path).is_some_and(|path| Some(path) == canonical(own));
        let others = self.logs.iter().filter(|path| !is_own(path)).cloned();
        let mut keys = self.keys.iter().map(|path| Key::read(path)).collect::<Result<Vec<_>, _>>()?;
        keys.extend(own_key);
        Ok(DutyLogs { paths: others.chain([own.to_owned()]).collect(), keys })
    }
}

impl Arguments {
    /// Refuses what would be open to others, or has no effect.
    fn check(&self) -> Result<(), Problem> {
        #[cfg(unix)]
        let has_sidecar = {
            self.sidecar.check()?;
            self.sidecar.is_wanted()
        };
        #[cfg(not(unix))]
        let has_sidecar = false;
        if !self.desk && !has_sidecar {
            let what =
                "nothing to serve: add --http, --http-socket, --frames or --stdio for a switch, or --desk for people";
            return Err(Problem::Usage(what.to_owned()));
        }
        self.reach.check()
    }
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let done = arguments.check().and_then(|()| runtime()).and_then(|runtime| {
        let done = runtime.block_on(serve_all(arguments));
        runtime.shutdown_background();
        done
    });
    done.unwrap_or_else(Problem::print_error)
}

fn runtime() -> Result<Runtime, Problem> {
    let runtime = Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Problem::Io(format!("runtime: {error}")))
}

/// What tells of itself: on stdout, unless that is the switch's.
fn say(arguments: &Arguments, text: &str) -> Result<(), Problem> {
    #[cfg(unix)]
    if arguments.sidecar.has_stdio() {
        print_error(text.trim_end());
        return Ok(());
    }
    let _ = arguments;
    print_text(text)
}

/// The queue of reviews, if there is one.
async fn open_reviews(arguments: &Arguments) -> Result<Option<ReviewStore>, Problem> {
    match &arguments.reviews {
        Some(reviews) => {
            arguments.log.refuse_queue(reviews)?;
            Ok(Some(reviews.open().await?))
        }
        None => Ok(None),
    }
}

async fn serve_all(arguments: &Arguments) -> Result<Exit, Problem> {
    let Arguments { policy, log, service, reach, .. } = arguments;
    let io = |error: std::io::Error| Problem::Io(format!("{}: {error}", reach.listen));
    // Before anything is on record: an address may be taken.
    let listener = match arguments.desk {
        true => Some(TcpListener::bind(reach.listen).await.map_err(io)?),
        false => None,
    };
    let desk: Arc<OnceLock<Arc<Desk>>> = Arc::default();
    #[cfg(unix)]
    let prepared = match arguments.sidecar.is_wanted() {
        true => {
            let desk = Arc::clone(&desk);
            let taken = Box::new(move |filter: &Filter| {
                if let Some(desk) = desk.get() {
                    desk.set_filter(filter.clone());
                }
            });
            let events = (Events(print_line), taken as FilterTaken);
            let settings = arguments.sidecar.settings(policy, log.path(), open_reviews(arguments).await?, events)?;
            let prepared = settings.prepare().await.or_else(|error| {
                // A policy's own errors are shown with their lines, as everywhere.
                arguments.sidecar.check_policies(policy)?;
                Err(Problem::Usage(error))
            });
            Some(prepared?)
        }
        false => None,
    };
    #[cfg(unix)]
    let filter = match &prepared {
        Some(prepared) => prepared.filter().clone(),
        None => policy.filter()?,
    };
    #[cfg(not(unix))]
    let filter = policy.filter()?;
    let reviews = if arguments.desk { open_reviews(arguments).await? } else { None };
    let mut options = service.iter().fold(LogOptions::default(), |options, name| options.service(name));
    if arguments.rotate_daily || arguments.rotate_megabytes.is_some() {
        let rotation = if arguments.rotate_daily { Rotation::daily() } else { Rotation::default() };
        let bytes = arguments.rotate_megabytes.map(|megabytes| u64::from(megabytes) << 20);
        options = options.rotate(bytes.into_iter().fold(rotation, Rotation::or_after_bytes));
    }
    let log = Arc::new(log.open(options, &filter)?);
    #[cfg(unix)]
    let mut signals = Signals::watch(prepared.is_some())?;
    #[cfg(not(unix))]
    let signals = Signals::watch()?;
    let stopped = signals.stopped.clone();
    #[cfg(unix)]
    let sidecar = match prepared {
        Some(prepared) => {
            let sidecar = prepared.with_log(Arc::clone(&log)).map_err(|error| Problem::Io(error.to_string()))?;
            for address in sidecar.addresses() {
                say(arguments, &format!("the sidecar listens on {address}\n"))?;
            }
            Some(sidecar)
        }
        None => None,
    };
    let served_desk = async {
        let (Some(listener), Some(reviews)) = (listener, reviews) else { return Ok(()) };
        let own = Arc::new(Desk::new(reviews, Arc::clone(&log), filter));
        let _ = desk.set(Arc::clone(&own));
        serve_desk(arguments, listener, own, wait(stopped.clone())).await
    };
    #[cfg(unix)]
    let served_sidecar = async {
        let Some(sidecar) = sidecar else { return Ok(()) };
        let (stop, stopping) = (signals.stop.clone(), wait(stopped.clone()));
        let done = sidecar.run(stopping, signals.reloads.take()).await;
        // One without the other would look as if all were well.
        let _ = stop.send(true);
        done.map_err(Problem::Io)
    };
    #[cfg(unix)]
    let (desk_done, sidecar_done) = tokio::join!(served_desk, served_sidecar);
    #[cfg(not(unix))]
    let (desk_done, sidecar_done) = (served_desk.await, Ok(()));
    drop(desk);
    let ended = match Arc::try_unwrap(log) {
        Ok(log) => log.end().map_err(|error| Problem::Io(format!("the disclosure log: {error}"))),
        Err(_) => Err(Problem::Io("a request didn't end in time: the log has no end of this run".to_owned())),
    };
    desk_done?;
    sidecar_done?;
    let (sequence, hash) = ended?;
    say(arguments, &format!("the disclosure log ends with {sequence}:{hash}\n"))?;
    Ok(Exit::Released)
}

/// Prints a line for the operator. A closed stderr is no reason to stop.
#[cfg(unix)]
fn print_line(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Ends when it is told to.
async fn wait(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

async fn serve_desk(
    arguments: &Arguments,
    listener: TcpListener,
    desk: Arc<Desk>,
    stop: impl Future<Output = ()>,
) -> Result<(), Problem> {
    let Arguments { log, duties, reach, .. } = arguments;
    let io = |error: std::io::Error| Problem::Io(format!("{}: {error}", reach.listen));
    let address = listener.local_addr().map_err(io)?;
    let settings = Settings { duties: duties.logs(log.path(), log.key()?)?, ..Settings::new(reach.reach(address)) };
    for missing in duties.logs.iter().filter(|log| !log.exists()) {
        print_error(format!("note: {}: there is no such log yet: its duties aren't listed", missing.display()));
    }
    if desk.reviews().accounts().await?.is_empty() {
        print_error("note: there is no account yet: `dmv-redact review account add` makes the first");
    }
    say(arguments, &format!("the review desk listens on http://{address}/\n"))?;
    let served = serve(listener, Arc::clone(&desk), settings, stop).await;
    desk.reviews().close().await;
    served.map_err(io)
}

/// Signals of whoever runs the process.
struct Signals {
    #[cfg(unix)]
    stop: watch::Sender<bool>,
    stopped: watch::Receiver<bool>,
    #[cfg(unix)]
    reloads: Reloads,
}

/// SIGHUP, for who takes it.
#[cfg(unix)]
struct Reloads(Option<mpsc::Receiver<()>>);

#[cfg(unix)]
impl Reloads {
    fn take(&mut self) -> mpsc::Receiver<()> {
        self.0.take().unwrap_or_else(|| mpsc::channel(1).1)
    }
}

impl Signals {
    /// Tells of Ctrl-C, SIGTERM and SIGHUP, of which a second one stops the process immediately; or by SIGHUP the policy is read
    /// again.
    #[cfg(unix)]
    fn watch(reloads_at_hangup: bool) -> Result<Self, Problem> {
        use tokio::signal::unix::{SignalKind, signal};
        let watched = |kind| signal(kind).map_err(|error| Problem::Io(format!("signals can't be watched: {error}")));
        let (stop, stopped) = watch::channel(false);
        let (reload, reloads) = mpsc::channel(1);
        let (mut interrupt, mut terminate) = (watched(SignalKind::interrupt())?, watched(SignalKind::terminate())?);
        let mut hangup = watched(SignalKind::hangup())?;
        let sender = stop.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    _ = hangup.recv() => {
                        if reloads_at_hangup {
                            // One that waits is enough.
                            let _ = reload.try_send(());
                            continue;
                        }
                    }
                }
                if sender.send_replace(true) {
                    std::process::exit(1);
                }
            }
        });
        Ok(Self { stop, stopped, reloads: Reloads(Some(reloads)) })
    }

    /// Tells of Ctrl-C. A second one stops the process immediately.
    #[cfg(not(unix))]
    fn watch() -> Result<Self, Problem> {
        let (stop, stopped) = watch::channel(false);
        let watched = ctrlc::set_handler(move || {
            if stop.send_replace(true) {
                std::process::exit(1);
            }
        });
        watched.map_err(|error| Problem::Io(format!("signals can't be watched: {error}")))?;
        Ok(Self { stopped })
    }
}
