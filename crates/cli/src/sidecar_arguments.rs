//! The arguments of a sidecar: where a switch reaches it, what it may take, and who may tell it what.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Problem;
use super::desk_arguments::PolicyArguments;
use super::review_arguments::{DAY, host};
use dmv_redact::Filter;
use dmv_redact_archive::refuse_overlap;
use dmv_redact_review::ReviewStore;
use dmv_redact_sidecar::{Events, Listen, RateLimits, Reviews, Settings, TlsFiles};

/// Called with each filter that takes the place of another.
pub(super) type FilterTaken = Box<dyn Fn(&Filter) + Send + Sync>;

#[derive(Debug, Args)]
#[command(next_help_heading = "The sidecar")]
pub(super) struct SidecarArguments {
    /// Answer HTTP on this address. One that other machines reach takes --tls-cert, --tls-key and --tls-client-ca
    #[arg(long, value_name = "ADDR:PORT")]
    http: Option<SocketAddr>,
    /// Answer HTTP on a Unix socket, which those of its group can open
    #[arg(long, value_name = "PATH")]
    http_socket: Option<PathBuf>,
    /// Answer frames on a Unix socket, which those of its group can open
    #[arg(long, value_name = "PATH")]
    frames: Option<PathBuf>,
    /// Answer frames on stdin and stdout, for a switch that runs the sidecar as its child. It ends with its input
    #[arg(long)]
    stdio: bool,
    /// Take orders of the operator on a Unix socket that only its owner can open: `dmv-redact control`
    #[arg(long, value_name = "PATH")]
    control: Option<PathBuf>,
    /// Show metrics for Prometheus, /health and /ready on this address
    #[arg(long, value_name = "ADDR:PORT")]
    metrics: Option<SocketAddr>,
    /// The certificate of --http, in PEM
    #[arg(long, value_name = "FILE", requires_all = ["http", "tls_key"])]
    tls_cert: Option<PathBuf>,
    /// The key of that certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Only clients with a certificate of these authorities are answered
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_client_ca: Option<PathBuf>,
    /// Read the policy again when its files change. (SIGHUP and `control reload` do that, too)
    #[arg(long)]
    watch: bool,
    /// Refuse a policy that is read again if somebody gains anything by it
    #[arg(long)]
    refuse_gains: bool,
    /// Let a second policy decide the same messages, and only count what it would do
    #[arg(long, value_name = "POLICY")]
    shadow: Option<PathBuf>,
    /// Keep the stops of the operator in this file [default: the log's name with `.stops`]
    #[arg(long, value_name = "FILE")]
    stops: Option<PathBuf>,
    /// Tell the operator of an agency that asks for so many messages an hour
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    alarm_rate: Option<u32>,
    /// Withhold what an agency asks for beyond so many messages an hour
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_rate: Option<u32>,
    /// Take so many messages at once
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..))]
    max_messages: u32,
    /// Take so many MiB of messages at once: outputs are as much again
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=4095))]
    max_megabytes: u32,
    /// Take so many connections of each kind at once
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..))]
    max_connections: u32,
    /// Days after which a held message is denied if nobody has decided
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    review_days: u16,
    /// The name of this sidecar in the queue of reviews, for what is approved goes out in one place [default: the host name]
    #[arg(long, value_name = "NAME")]
    review_node: Option<String>,
}

impl SidecarArguments {
    /// Whether a switch can reach it.
    pub(super) fn is_wanted(&self) -> bool {
        self.http.is_some() || self.http_socket.is_some() || self.frames.is_some() || self.stdio
    }

    /// Whether stdout is the switch's.
    pub(super) fn has_stdio(&self) -> bool {
        self.stdio
    }

    /// Refuses what would be open to others, or has no effect.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let usage = |text: &str| Err(Problem::Usage(text.to_owned()));
        if !self.is_wanted() {
            let has_place = self.control.is_some() || self.metrics.is_some() || self.stops.is_some();
            let has_rate = self.alarm_rate.is_some() || self.max_rate.is_some();
            let alone = has_place || has_rate || self.shadow.is_some() || self.watch || self.refuse_gains;
            return match alone {
                true => usage("no switch can reach this sidecar: add --http, --http-socket, --frames or --stdio"),
                false => Ok(()),
            };
        }
        let is_reached = self.http.is_some_and(|address| !address.ip().to_canonical().is_loopback());
        if is_reached && self.tls_client_ca.is_none() {
            return usage(
                "--http: other machines reach this address: add --tls-cert and --tls-key, and with --tls-client-ca who may ask",
            );
        }
        Ok(())
    }

    /// The errors of its policies, if they have any, with the lines that they are in.
    pub(super) fn check_policies(&self, policy: &PolicyArguments) -> Result<(), Problem> {
        policy.filter()?;
        self.shadow.as_deref().map_or(Ok(()), |shadow| policy.filter_of(shadow).map(drop))
    }

    /// The sidecar's settings.
    pub(super) fn settings(
        &self,
        policy: &PolicyArguments,
        log: &Path,
        reviews: Option<ReviewStore>,
        (events, taken): (Events, FilterTaken),
    ) -> Result<Settings, Problem> {
        let mut listen = Vec::new();
        listen.extend(self.http.map(Listen::Http));
        listen.extend(self.http_socket.clone().map(Listen::HttpSocket));
        listen.extend(self.frames.clone().map(Listen::Frames));
        listen.extend(self.stdio.then_some(Listen::Stdio));
        listen.extend(self.control.clone().map(Listen::Control));
        listen.extend(self.metrics.map(Listen::Metrics));
        let tls = self.tls_cert.clone().zip(self.tls_key.clone());
        let stops = self.stops.clone().unwrap_or_else(|| {
            let mut name = log.as_os_str().to_owned();
            name.push(".stops");
            name.into()
        });
        // The first stop would be written over the log.
        refuse_overlap(("the file of the stops", &stops), ("the disclosure log", log))?;
        let node = self.review_node.clone().unwrap_or_else(host);
        let reviews = reviews.map(|store| Reviews {
            store,
            node: format!("{node}: sidecar"),
            seconds: i64::from(self.review_days) * DAY,
        });
        Ok(Settings {
            listen,
            tls: tls.map(|(certificate, key)| TlsFiles {
                certificate,
                key,
                client_authority: self.tls_client_ca.clone(),
            }),
            source: policy.source(None)?,
            shadow: self.shadow.as_deref().map(|shadow| policy.source(Some(shadow))).transpose()?,
            stops,
            reviews,
            rates: RateLimits { alarm: self.alarm_rate, most: self.max_rate },
            watches: self.watch,
            refuses_gains: self.refuse_gains,
            warms: true,
            messages: self.max_messages as usize,
            bytes: (self.max_megabytes as usize) << 20,
            connections: self.max_connections as usize,
            events,
            taken,
        })
    }
}
