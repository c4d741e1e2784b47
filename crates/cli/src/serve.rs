//! `dmv-redact serve`: the review desk as a web application, until a signal ends it.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

use super::desk_arguments::DeskArguments;
use super::output::print_text;
use super::{Exit, Problem, print_error};
use dmv_redact_desk::Desk;
use dmv_redact_log::{Key, LogOptions};
use dmv_redact_serve::{DutyLogs, Reach, Settings, UserHeader, serve};

/// Serve the review desk: pages on which people review held messages
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Serve the review desk
    #[arg(long, required = true)]
    desk: bool,
    #[command(flatten)]
    at: DeskArguments,
    /// Name the process or machine in the log
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    #[command(flatten)]
    duties: DutyArguments,
    #[command(flatten)]
    reach: ReachArguments,
}

/// The logs that the list of duties is made of.
#[derive(Debug, Args)]
#[command(next_help_heading = "Duties")]
struct DutyArguments {
    /// List the duties of this log, too: all its files, plain or compressed. May be given again
    #[arg(long = "duties-log", value_name = "LOG")]
    logs: Vec<PathBuf>,
    /// The key of the hashes of these logs; may be given again
    #[arg(long = "duties-key", value_name = "FILE", requires = "logs")]
    keys: Vec<PathBuf>,
}

/// How the desk is reached.
#[derive(Debug, Args)]
#[command(next_help_heading = "The network")]
struct ReachArguments {
    /// Listen on this address. One that other machines reach takes --behind-tls and --host
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8642")]
    listen: SocketAddr,
    /// Answer requests for this host: as browsers name the desk, with a port if they name one. May be given again [default: the
    /// address it listens on]
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<String>,
    /// A proxy in front terminates TLS: browsers are told to come by it alone
    #[arg(long)]
    behind_tls: bool,
    /// A reverse proxy signs people in, and names the account in this header: it must take away what clients send of it
    #[arg(long, value_name = "NAME")]
    user_header: Option<UserHeader>,
    /// Believe proxies at this address: the header of --user-header, and whom they forward for. May be given again [default:
    /// this machine]
    #[arg(long = "trusted-proxy", value_name = "ADDR")]
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

pub(super) fn run(arguments: &Arguments) -> Exit {
    let done = arguments.reach.check().and_then(|()| runtime()).and_then(|runtime| {
        let done = runtime.block_on(serve_desk(arguments));
        runtime.shutdown_background();
        done
    });
    done.unwrap_or_else(Problem::print_error)
}

fn runtime() -> Result<Runtime, Problem> {
    let runtime = Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Problem::Io(format!("runtime: {error}")))
}

async fn serve_desk(arguments: &Arguments) -> Result<Exit, Problem> {
    let Arguments { at, service, duties, reach, .. } = arguments;
    let io = |error: std::io::Error| Problem::Io(format!("{}: {error}", reach.listen));
    // Before anything is on record: the address may be taken.
    let listener = TcpListener::bind(reach.listen).await.map_err(io)?;
    let address = listener.local_addr().map_err(io)?;
    let options = service.iter().fold(LogOptions::default(), |options, name| options.service(name));
    let desk = Arc::new(at.open(options).await?);
    let settings =
        Settings { duties: duties.logs(at.log_path(), at.log_key()?)?, ..Settings::new(reach.reach(address)) };
    let stop = stop_signal()?;
    for missing in duties.logs.iter().filter(|log| !log.exists()) {
        print_error(format!("note: {}: there is no such log yet: its duties aren't listed", missing.display()));
    }
    if desk.reviews().accounts().await?.is_empty() {
        print_error("note: there is no account yet: `dmv-redact review account add` makes the first");
    }
    print_text(&format!("the review desk listens on http://{address}/\n"))?;
    let served = serve(listener, Arc::clone(&desk), settings, async move { stop.notified().await }).await;
    let ended = end(desk).await;
    served.map_err(io)?;
    let (sequence, hash) = ended?;
    print_text(&format!("the disclosure log ends with {sequence}:{hash}\n"))?;
    Ok(Exit::Released)
}

/// Ends the log.
async fn end(desk: Arc<Desk>) -> Result<(u64, String), Problem> {
    let still_used = |_| Problem::Io("a request didn't end in time: the log has no end of this run".to_owned());
    Ok(Arc::try_unwrap(desk).map_err(still_used)?.end().await?)
}

/// Tells of Ctrl-C and SIGTERM. A second one stops the process immediately.
fn stop_signal() -> Result<Arc<Notify>, Problem> {
    static IS_STOPPED: AtomicBool = AtomicBool::new(false);
    let stop = Arc::new(Notify::new());
    let notify = Arc::clone(&stop);
    let watched = ctrlc::set_handler(move || match IS_STOPPED.swap(true, Ordering::Relaxed) {
        false => notify.notify_one(),
        true => std::process::exit(1),
    });
    watched.map_err(|error| Problem::Io(format!("signals can't be watched: {error}")))?;
    Ok(stop)
}
