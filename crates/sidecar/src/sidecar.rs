//! All of it together: what listens, the policy, the record, and how it begins and ends.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use dmv_redact::Filter;
use dmv_redact_log::DisclosureLog;
use dmv_redact_model::unix_time::now;

use crate::budget::Budget;
use crate::control;
use crate::events::Events;
use crate::frames;
use crate::http::{self, Readiness, health};
use crate::ledger::{Keeper, Ledger};
use crate::listen::{DRAIN_TIME, Listener, Protocol, Socket, bind_unix};
use crate::metrics::Metrics;
use crate::notify::notify;
use crate::policies::{Current, Loaded, Source};
use crate::rates::{RateLimits, Rates};
use crate::reload::Reloader;
use crate::service::{Redact, Reviews, Service};
use crate::shadow::Shadow;
use crate::stops::{Stop, Stops};
use crate::tls::{Tls, TlsFiles};

/// Where the sidecar is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// HTTP on this address, with TLS if there is any.
    Http(SocketAddr),
    /// HTTP on a Unix socket.
    HttpSocket(PathBuf),
    /// Frames on a Unix socket.
    Frames(PathBuf),
    /// Frames on stdin and stdout. At the end of the input the sidecar ends.
    Stdio,
    /// The operator's socket.
    Control(PathBuf),
    /// What Prometheus reads, and whether it is alive and ready, on this address.
    Metrics(SocketAddr),
}

/// How a sidecar runs.
pub struct Settings {
    /// Where it is reached.
    pub listen: Vec<Listen>,
    /// TLS of [`Listen::Http`].
    pub tls: Option<TlsFiles>,
    /// The policy that decides.
    pub source: Source,
    /// A second policy that is only counted.
    pub shadow: Option<Source>,
    /// The file of the stops.
    pub stops: PathBuf,
    /// The queue for what the policy holds.
    pub reviews: Option<Reviews>,
    /// How often an agency may ask.
    pub rates: RateLimits,
    /// Whether the files of the policy are read again when they change.
    pub watches: bool,
    /// Whether a policy by which somebody gets more is refused.
    pub refuses_gains: bool,
    /// Whether all is compiled before the first message, and before another policy is taken.
    pub warms: bool,
    /// Messages in flight.
    pub messages: usize,
    /// Bytes of messages in flight.
    pub bytes: usize,
    /// Connections of each listener.
    pub connections: usize,
    /// Where what happens is told.
    pub events: Events,
    /// Told of every filter that takes the place of another.
    pub taken: Box<dyn Fn(&Filter) + Send + Sync>,
}

/// A sidecar that is ready to run.
pub struct Sidecar {
    service: Arc<Service>,
    listeners: Vec<Listener>,
    has_stdio: bool,
    watches: bool,
    reloader: Arc<Reloader>,
    ledger: JoinHandle<()>,
    metrics: Arc<Metrics>,
    events: Events,
    stopping: watch::Sender<bool>,
    failed: watch::Receiver<bool>,
    /// The addresses that it listens on: a port may have been left to the system.
    addresses: Vec<SocketAddr>,
}

/// A policy, before anything is on record.
pub struct Prepared {
    settings: Settings,
    loaded: Loaded,
    shadow: Option<Loaded>,
    stops: Stops,
    sockets: Vec<(Listen, Socket)>,
}

impl Settings {
    /// Builds the policy, reads the stops, and binds the sockets: what can be wrong is found before anything is on record. It
    /// takes a runtime of several threads.
    ///
    /// # Errors
    /// What is wrong, as a text for the operator.
    pub async fn prepare(self) -> Result<Prepared, String> {
        let loaded = self.source.load(None).map_err(|refused| refused.to_string())?;
        let shadow =
            self.shadow.as_ref().map(|shadow| shadow.load(None)).transpose().map_err(|refused| refused.to_string())?;
        if self.warms {
            loaded.filter.warm();
        }
        let stops = Stops::read(&self.stops).map_err(|error| format!("{}: {error}", self.stops.display()))?;
        stops.refuse_unknown(&loaded.filter).map_err(|fault| format!("{}: {fault}", self.stops.display()))?;
        let (most, long) = (loaded.filter.message_bytes(), self.bytes - self.bytes / 4);
        if most > long {
            return Err(format!(
                "--max-megabytes: a message may have {most} bytes, and three quarters of this are {long}: raise it, or set --limit message-bytes"
            ));
        }
        let tls = self.tls.clone().map(Tls::open).transpose()?.map(Arc::new);
        let mut sockets = Vec::new();
        for listen in &self.listen {
            if let Some(socket) = bind(listen, tls.as_ref()).await? {
                sockets.push((listen.clone(), socket));
            }
        }
        Ok(Prepared { settings: self, loaded, shadow, stops, sockets })
    }
}

async fn bind(listen: &Listen, tls: Option<&Arc<Tls>>) -> Result<Option<Socket>, String> {
    let unix = |path: &PathBuf, mode| bind_unix(path, mode).map_err(|error| format!("{}: {error}", path.display()));
    let tcp =
        async |address: &SocketAddr| TcpListener::bind(address).await.map_err(|error| format!("{address}: {error}"));
    Ok(Some(match listen {
        Listen::Http(address) => Socket::Tcp(tcp(address).await?, tls.cloned()),
        Listen::Metrics(address) => Socket::Tcp(tcp(address).await?, None),
        // Those of the group may ask; only the owner may give orders.
        Listen::HttpSocket(path) | Listen::Frames(path) => unix(path, 0o660)?,
        Listen::Control(path) => unix(path, 0o600)?,
        Listen::Stdio => return Ok(None),
    }))
}

impl Prepared {
    /// The filter that will decide: the log is opened with it.
    #[must_use]
    pub fn filter(&self) -> &Filter {
        &self.loaded.filter
    }

    /// A sidecar that puts what it does on record in this log.
    ///
    /// # Errors
    /// When there can be no thread for it.
    pub fn with_log(self, log: Arc<DisclosureLog>) -> io::Result<Sidecar> {
        self.with_redact(log, Filter::redact)
    }

    pub(crate) fn with_redact(self, log: Arc<DisclosureLog>, redact: Redact) -> io::Result<Sidecar> {
        let Self { settings, loaded, shadow, stops, sockets } = self;
        let Settings { listen, source, reviews, rates, watches, refuses_gains, warms, events, taken, .. } = settings;
        let metrics = Arc::new(Metrics::new());
        metrics.policy_time.set(now() as f64);
        let shadow = settings.shadow.zip(shadow).map(|(source, loaded)| {
            let current = Current::new(loaded);
            Arc::new(Shadow::new(source, current, Arc::clone(&metrics)))
        });
        let current = Arc::new(Current::new(loaded));
        let shown = Arc::new(Mutex::new(stops.list().to_vec()));
        metrics.stops.set(stops.list().len() as i64);
        for Stop { scope, by, .. } in stops.list() {
            events.tell("stop-holds", &[("scope", scope.to_string().into()), ("by", by.as_str().into())]);
        }
        let (failed, has_failed) = watch::channel(false);
        let keeper = Keeper {
            log,
            stops,
            shown: Arc::clone(&shown),
            rates: Rates::new(rates),
            current: Arc::clone(&current),
            metrics: Arc::clone(&metrics),
            events,
            failed,
        };
        let (ledger, thread) = Ledger::begin(keeper)?;
        let (stopping, stopped) = watch::channel(false);
        let readiness = Readiness { stopping: stopped, failed: has_failed.clone() };
        let tls = sockets.iter().find_map(|(_, socket)| match socket {
            Socket::Tcp(_, tls) => tls.clone(),
            Socket::Unix(_) => None,
        });
        let source = Arc::new(source);
        let service = Arc::new(Service {
            source: Arc::clone(&source),
            current: Arc::clone(&current),
            ledger: ledger.clone(),
            budget: Budget::new(settings.messages, settings.bytes),
            workers: Semaphore::new(thread::available_parallelism().map_or(2, usize::from)),
            reviews,
            shadow: shadow.clone(),
            metrics: Arc::clone(&metrics),
            events,
            redact,
        });
        let reloader = Arc::new(Reloader {
            source,
            current,
            shadow,
            tls,
            ledger,
            metrics: Arc::clone(&metrics),
            events,
            refuses_gains,
            warms,
            taken,
            turn: tokio::sync::Mutex::new(()),
        });
        let has_stdio = listen.contains(&Listen::Stdio);
        let addresses = sockets.iter().filter_map(|(_, socket)| match socket {
            Socket::Tcp(listener, _) => listener.local_addr().ok(),
            Socket::Unix(_) => None,
        });
        let addresses = addresses.collect();
        let listeners = sockets.into_iter().map(|(listen, socket)| {
            let requests = || http::router(Arc::clone(&service), readiness.clone());
            let (name, protocol) = match listen {
                Listen::Http(_) => ("http", Protocol::Http(requests())),
                Listen::HttpSocket(_) => ("http-socket", Protocol::Http(requests())),
                Listen::Frames(_) | Listen::Stdio => ("frames", Protocol::Frames(Arc::clone(&service))),
                Listen::Control(_) => {
                    let (reloader, shown) = (Arc::clone(&reloader), Arc::clone(&shown));
                    let control = control::router(Arc::clone(&service), reloader, shown, readiness.clone(), events);
                    ("control", Protocol::Http(control.merge(exposed(&service))))
                }
                Listen::Metrics(_) => ("metrics", Protocol::Http(exposed(&service).merge(health(readiness.clone())))),
            };
            let most = settings.connections;
            Listener { socket, protocol, name, most, metrics: Arc::clone(&metrics), events }
        });
        let listeners = listeners.collect();
        Ok(Sidecar {
            service,
            listeners,
            has_stdio,
            watches,
            reloader,
            ledger: thread,
            metrics,
            events,
            stopping,
            failed: has_failed,
            addresses,
        })
    }
}

/// The metrics.
fn exposed(service: &Arc<Service>) -> Router {
    let service = Arc::clone(service);
    let text = async move || {
        let metrics = &service.metrics;
        metrics.free_bytes.set(i64::try_from(service.budget.free_bytes()).unwrap_or(i64::MAX));
        ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], metrics.text())
    };
    Router::new().route("/metrics", get(text))
}

#[cfg(test)]
impl Sidecar {
    pub(crate) fn service(&self) -> &Arc<Service> {
        &self.service
    }

    pub(crate) fn reloader(&self) -> &Arc<Reloader> {
        &self.reloader
    }
}

impl Sidecar {
    /// The addresses that it listens on, in the order of the settings.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Answers until `stop` ends, then waits for what has begun. Each message of `reload` has the policy read again.
    ///
    /// # Errors
    /// When the disclosure log can't be written any more: nothing goes out then, and whoever supervises the process may begin
    /// it again.
    pub async fn run(self, stop: impl Future<Output = ()>, mut reload: mpsc::Receiver<()>) -> Result<(), String> {
        let Self {
            service, listeners, has_stdio, watches, reloader, ledger, metrics, events, stopping, failed, ..
        } = self;
        let stopped = stopping.subscribe();
        // Whoever asks how it is gets an answer until nothing is under way any more.
        let (ending, ended) = watch::channel(false);
        let (mut tasks, mut last_tasks) = (Vec::new(), Vec::new());
        for listener in listeners {
            match listener.name {
                "control" | "metrics" => last_tasks.push(tokio::spawn(listener.run(ended.clone()))),
                _ => tasks.push(tokio::spawn(listener.run(stopped.clone()))),
            }
        }
        if watches {
            tasks.push(tokio::spawn(Arc::clone(&reloader).watch(stopped.clone())));
        }
        let stdio = tokio::spawn(stdio(has_stdio.then(|| Arc::clone(&service)), stopped.clone()));
        let reloading = Arc::clone(&reloader);
        let reloads = tokio::spawn(async move {
            while reload.recv().await.is_some() {
                notify("RELOADING=1");
                let _ = reloading.reload().await;
                notify("READY=1");
            }
        });
        tokio::pin!(stop, stdio);
        let mut log_fails = failed.clone();
        notify("READY=1");
        let policy = service.current.get().filter.policy().clone();
        let members = [("program", env!("CARGO_PKG_VERSION").into()), ("policy", policy.name.into())];
        let more = [("version", policy.version.into()), ("sha256", policy.sha256.into())];
        events.tell("ready", &[members, more].concat());
        let is_input_over = tokio::select! {
            () = &mut stop => false,
            () = async { drop(log_fails.wait_for(|failed| *failed).await) } => false,
            _ = &mut stdio => true,
        };
        notify("STOPPING=1");
        events.tell("stopping", &[]);
        let _ = stopping.send(true);
        reloads.abort();
        let _ = reloads.await;
        for task in tasks {
            let _ = task.await;
        }
        if has_stdio && !is_input_over {
            let _ = timeout(DRAIN_TIME, stdio).await;
        }
        // What was begun and nobody waits for any more goes on record, too.
        let drained = async {
            while metrics.running.get() > 0 {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        let _ = timeout(DRAIN_TIME, drained).await;
        let _ = ending.send(true);
        for task in last_tasks {
            let _ = task.await;
        }
        // A client may hold its connection for longer: what it asks for is refused now.
        service.ledger.end().await;
        let _ = spawn_blocking(move || ledger.join()).await;
        match *failed.borrow() {
            true => Err("the disclosure log can't be written: nothing goes out".to_owned()),
            false => Ok(()),
        }
    }
}

/// Serves stdin and stdout; without a service it never ends.
async fn stdio(service: Option<Arc<Service>>, stopped: watch::Receiver<bool>) {
    match service {
        Some(service) => {
            let _ = frames::serve(&service, tokio::io::stdin(), tokio::io::stdout(), stopped).await;
        }
        None => std::future::pending().await,
    }
}

impl fmt::Debug for Sidecar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sidecar").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").finish_non_exhaustive()
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("listen", &self.listen).finish_non_exhaustive()
    }
}
