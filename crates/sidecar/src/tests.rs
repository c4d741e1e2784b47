//! A sidecar in the test's own process, without sockets where they don't matter.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that can't go on has failed"
)]

mod frames;
mod http;
mod operator;
mod reload;
mod reviews;

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::answer::{Answer, Outcome};
use crate::budget::{Message, Share};
use crate::request::Head;
use crate::service::{Redact, Service};
use crate::{Events, Listen, RateLimits, Reviews, Settings, Source};
use dmv_redact::{Disposition, Filter, Reason};
use dmv_redact_log::{DisclosureLog, LogOptions};
use dmv_redact_testing::root;

/// A policy that lets one class see names, and another one nothing but the licence; it holds some for a person.
const POLICY: &str = r#"
[policy]
name = "test"
version = "1"
purposes = ["C"]
lines = ["1", "2"]

[agencies.police]
ori = ["AZ#####00"]

[agencies.federal]
ori = ["VTICE0900"]

[[permit]]
id = "police"
agencies = ["police"]
elements = ["person.name", "license"]

[[permit]]
id = "federal"
agencies = ["federal"]
elements = ["license.number"]
"#;

/// Requests state these.
const POLICE: &str = "AZ0070000";
const FEDERAL: &str = "VTICE0900";

/// How a test's sidecar differs from others.
struct Office {
    policy: &'static str,
    redact: Redact,
    rates: RateLimits,
    messages: usize,
    bytes: usize,
    refuses_gains: bool,
    has_reviews: bool,
    shadow: Option<&'static str>,
    listen: fn(&TempDir) -> Vec<Listen>,
}

impl Default for Office {
    fn default() -> Self {
        Self {
            policy: POLICY,
            redact: Filter::redact,
            rates: RateLimits::default(),
            messages: 64,
            bytes: 64 << 20,
            refuses_gains: false,
            has_reviews: false,
            shadow: None,
            listen: |_| Vec::new(),
        }
    }
}

/// A sidecar that runs.
struct Running {
    folder: TempDir,
    service: Arc<Service>,
    reloader: Arc<crate::reload::Reloader>,
    addresses: Vec<std::net::SocketAddr>,
    stop: oneshot::Sender<()>,
    log: Arc<DisclosureLog>,
    ran: JoinHandle<Result<(), String>>,
}

/// Lines that the operator would read.
static EVENTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn events() -> Events {
    Events(|line| EVENTS.lock().unwrap().push(line.to_owned()))
}

fn told(of: &str) -> bool {
    EVENTS.lock().unwrap().iter().any(|line| line.contains(of))
}

fn source(path: PathBuf) -> Source {
    let builder = Filter::builder().policy_path(path);
    Source { builder, ground: Box::new(|| Ok(String::new())) }
}

fn write_policy(folder: &TempDir, policy: &str) {
    let new = folder.path().join("policy.new");
    fs::write(&new, policy).unwrap();
    fs::rename(new, folder.path().join("policy.toml")).unwrap();
}

impl Office {
    async fn open(self) -> Running {
        self.open_in(TempDir::new().unwrap()).await
    }

    async fn open_in(self, folder: TempDir) -> Running {
        write_policy(&folder, self.policy);
        let shadow = self.shadow.map(|policy| {
            let path = folder.path().join("shadow.toml");
            fs::write(&path, policy).unwrap();
            source(path)
        });
        let reviews = match self.has_reviews {
            true => {
                let key = folder.path().join("key");
                fs::write(&key, [b'k'; 32]).unwrap();
                let keys = dmv_redact_review::Keys::read(&[key]).unwrap();
                let path = folder.path().join("queue.db");
                let store = dmv_redact_review::ReviewStore::open(path.to_str().unwrap(), keys).await.unwrap();
                Some(Reviews { store, node: "test: sidecar".to_owned(), seconds: 864_000 })
            }
            false => None,
        };
        let settings = Settings {
            listen: (self.listen)(&folder),
            tls: None,
            source: source(folder.path().join("policy.toml")),
            shadow,
            stops: folder.path().join("stops"),
            reviews,
            rates: self.rates,
            watches: false,
            refuses_gains: self.refuses_gains,
            warms: false,
            messages: self.messages,
            bytes: self.bytes,
            connections: 16,
            events: events(),
            taken: Box::new(|_| {}),
        };
        let prepared = settings.prepare().await.unwrap();
        let log = LogOptions::default().open(&folder.path().join("log"), prepared.filter()).unwrap();
        let log = Arc::new(log);
        let sidecar = prepared.with_redact(Arc::clone(&log), self.redact).unwrap();
        let (service, reloader) = (Arc::clone(sidecar.service()), Arc::clone(sidecar.reloader()));
        let addresses = sidecar.addresses().to_vec();
        let (stop, stopping) = oneshot::channel::<()>();
        let (_, reloads) = mpsc::channel(1);
        let ran = tokio::spawn(sidecar.run(
            async {
                let _ = stopping.await;
            },
            reloads,
        ));
        Running { folder, service, reloader, addresses, stop, log, ran }
    }
}

impl Running {
    /// Asks as a client does that states this head.
    async fn ask(&self, head: &str, message: &[u8]) -> Answer {
        let call = Head::of_json(head.as_bytes()).unwrap().read().unwrap();
        let mut share = Share::default();
        self.service.budget.grow(&mut share, message.len()).await.unwrap();
        self.service.call(call, Message { bytes: message.to_vec(), share }).await
    }

    /// Ends it, and gives the lines of its log.
    async fn end(self) -> (TempDir, Vec<serde_json::Value>) {
        let Self { folder, service, reloader, stop, log, ran, .. } = self;
        drop((service, reloader));
        let _ = stop.send(());
        ran.await.unwrap().unwrap();
        Arc::try_unwrap(log).expect("nobody else has the log").end().unwrap();
        let lines = log_lines(&folder);
        (folder, lines)
    }
}

fn log_lines(folder: &TempDir) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(folder.path().join("log")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A message about a person, and what nobody may see of it.
fn message() -> Vec<u8> {
    fs::read(root().join("fixtures/dr-in-state-police/message.xml")).unwrap()
}

fn head(ori: &str) -> String {
    format!(r#"{{"request":{{"requester":"{ori}","purpose":"C"}}}}"#)
}

fn is_release(answer: &Answer) -> bool {
    matches!(&answer.outcome, Outcome::Released { output, .. } if !output.is_empty())
}

fn refused(answer: &Answer) -> Option<(Disposition, Option<Reason>)> {
    match &answer.outcome {
        Outcome::Refused { disposition, reason, .. } => Some((*disposition, *reason)),
        _ => None,
    }
}

fn kinds(lines: &[serde_json::Value]) -> Vec<&str> {
    lines.iter().map(|line| line["record"].as_str().unwrap()).collect()
}
