//! The thread that owns the record: it alone writes messages to the disclosure log, and applies stops and rates. So nothing that
//! a stop covers is on record after the stop, and a message goes out only once it is on record (P12). One sync does for all
//! messages that wait.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use tokio::sync::{mpsc, oneshot, watch};

use dmv_redact::{Reason, Receipt, Requester};
use dmv_redact_log::{DisclosureLog, OperatorAction, OperatorStep};
use dmv_redact_model::unix_time::now;

use crate::events::Events;
use crate::failure::{Failure, FailureKind};
use crate::metrics::Metrics;
use crate::policies::{Current, Loaded};
use crate::rates::Rates;
use crate::stops::{Scope, Stop, Stops};

/// Records of one sync.
const MAX_RECORDS: usize = 512;

/// A message that was decided.
#[derive(Debug)]
pub(crate) struct Decided {
    pub(crate) source: String,
    /// Identifies the message in its source.
    pub(crate) id: String,
    pub(crate) requester: Requester,
    pub(crate) receipt: Receipt,
}

/// Where messages are put on record.
#[derive(Debug, Clone)]
pub(crate) struct Ledger(mpsc::Sender<Entry>);

/// Tells whoever waits.
type Done<T> = oneshot::Sender<Result<T, Failure>>;

enum Entry {
    Message(Box<Decided>, Done<Receipt>),
    Stop(Stop, Done<()>),
    Resume { scope: Scope, by: String, reason: Option<String>, done: Done<()> },
    Policy(Arc<Loaded>, Done<()>),
    End,
}

/// What the thread has.
pub(crate) struct Keeper {
    pub(crate) log: Arc<DisclosureLog>,
    pub(crate) stops: Stops,
    /// The same for whoever asks.
    pub(crate) shown: Arc<Mutex<Vec<Stop>>>,
    pub(crate) rates: Rates,
    pub(crate) current: Arc<Current>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) events: Events,
    /// True once the log can't be written: nothing goes out then.
    pub(crate) failed: watch::Sender<bool>,
}

fn no_log() -> Failure {
    Failure::new(FailureKind::Busy, "the disclosure log can't be written: nothing goes out")
}

impl Ledger {
    /// Begins the thread. It ends by [`end`](Self::end).
    pub(crate) fn begin(keeper: Keeper) -> io::Result<(Self, JoinHandle<()>)> {
        let (sender, receiver) = mpsc::channel(2 * MAX_RECORDS);
        let thread = thread::Builder::new().name("ledger".to_owned()).spawn(move || keeper.run(receiver))?;
        Ok((Self(sender), thread))
    }

    /// Puts a message on record, and gives its receipt: that of a message that is stopped, or asked for too often, is withheld.
    pub(crate) async fn message(&self, decided: Decided) -> Result<Receipt, Failure> {
        self.entry(|done| Entry::Message(Box::new(decided), done)).await
    }

    /// Stops. When this returns, nothing that the stop covers is decided to go out any more. What was on record before may still be
    /// on its way.
    pub(crate) async fn stop(&self, stop: Stop) -> Result<(), Failure> {
        self.entry(|done| Entry::Stop(stop, done)).await
    }

    /// Ends a stop.
    pub(crate) async fn resume(&self, scope: Scope, by: String, reason: Option<String>) -> Result<(), Failure> {
        self.entry(|done| Entry::Resume { scope, by, reason, done }).await
    }

    /// Puts on record that a policy decides from now on, then lets it.
    pub(crate) async fn policy(&self, loaded: Arc<Loaded>) -> Result<(), Failure> {
        self.entry(|done| Entry::Policy(loaded, done)).await
    }

    /// Ends the thread once all before is on record. Whatever comes after is refused.
    pub(crate) async fn end(&self) {
        // It may have ended.
        let _ = self.0.send(Entry::End).await;
    }

    async fn entry<T>(&self, entry: impl FnOnce(Done<T>) -> Entry) -> Result<T, Failure> {
        let (done, wait) = oneshot::channel();
        self.0.send(entry(done)).await.map_err(|_| no_log())?;
        wait.await.map_err(|_| no_log())?
    }
}

impl Keeper {
    fn run(mut self, mut entries: mpsc::Receiver<Entry>) {
        let mut next = entries.blocking_recv();
        while let Some(entry) = next.take() {
            match entry {
                Entry::Message(decided, done) => {
                    let mut waiting = vec![(decided, done)];
                    while waiting.len() < MAX_RECORDS && next.is_none() {
                        match entries.try_recv() {
                            Ok(Entry::Message(decided, done)) => waiting.push((decided, done)),
                            Ok(other) => next = Some(other),
                            Err(_) => break,
                        }
                    }
                    self.messages(waiting);
                }
                Entry::Stop(stop, done) => drop(done.send(self.stop(stop))),
                Entry::Resume { scope, by, reason, done } => {
                    drop(done.send(self.resume(&scope, &by, reason.as_deref())))
                }
                Entry::Policy(loaded, done) => drop(done.send(self.policy(loaded))),
                Entry::End => return,
            }
            if next.is_none() {
                next = entries.blocking_recv();
            }
        }
    }

    fn messages(&mut self, waiting: Vec<(Box<Decided>, Done<Receipt>)>) {
        let waiting: Vec<_> = waiting.into_iter().map(|(decided, done)| (self.judged(*decided), done)).collect();
        let begun = Instant::now();
        let written = self.append(waiting.iter().map(|(decided, _)| decided));
        self.metrics.log_seconds.observe(begun.elapsed().as_secs_f64());
        self.metrics.log_records.observe(waiting.len() as f64);
        // One that can't be a record keeps the others from theirs: each by itself then.
        let is_one_wrong = written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::InvalidInput);
        for (decided, done) in waiting {
            let own = if is_one_wrong { self.append([&decided]) } else { written.as_ref().map(|_| ()).map_err(copy) };
            let answer = match own {
                Ok(()) => {
                    self.metrics.count(&decided.receipt);
                    Ok(decided.receipt)
                }
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                    Err(Failure::invalid(format!("it can't be put on record, so nothing goes out: {error}")))
                }
                Err(error) => Err(self.fail(&error)),
            };
            // Whoever asked may be gone.
            let _ = done.send(answer);
        }
    }

    /// What becomes of it by stops and rates.
    fn judged(&mut self, decided: Decided) -> Decided {
        let Decided { requester, receipt, .. } = &decided;
        let is_stopped = self.stops.cover(requester, receipt);
        // Whoever is in no class may be anybody, with any number of ORIs, and gets nothing.
        let agency = receipt.requester().filter(|_| !receipt.requester_classes().is_empty());
        let rated = agency.map(|agency| (agency, self.rates.count(agency, now())));
        let is_over = rated.is_some_and(|(_, rated)| rated.is_over);
        if let Some((agency, Some(messages))) = rated.map(|(agency, rated)| (agency, rated.alarm)) {
            self.metrics.rate_alarms.inc();
            self.events
                .tell("agency-rate", &[("agency", agency.as_str().into()), ("messages-an-hour", messages.into())]);
        }
        let receipt = match (is_stopped, is_over) {
            (true, _) => {
                decided.receipt.stopped(Reason::Stopped, "an operator stopped what goes out to this requester")
            }
            (_, true) => decided.receipt.stopped(Reason::RateExceeded, "the agency asks more often than it may"),
            _ => decided.receipt,
        };
        Decided { receipt, ..decided }
    }

    fn append<'d>(&self, decided: impl IntoIterator<Item = &'d Decided>) -> io::Result<()> {
        let records = decided.into_iter().map(|decided| {
            let Decided { source, id, requester, receipt } = decided;
            (source.as_str(), id.as_str(), requester, receipt)
        });
        self.log.append_identified(records)
    }

    fn stop(&mut self, stop: Stop) -> Result<(), Failure> {
        // The file first: were the process killed after the record and before the file, releases would follow the record of a stop
        // that nobody ended.
        let kept = self.stops.add(stop.clone());
        self.show();
        // Whatever becomes of the record: it stops.
        self.record(OperatorAction::Stopped, &stop.scope.to_string(), &stop.by, stop.reason.as_deref())?;
        kept.map_err(|error| {
            let what =
                format!("it holds, but only until the sidecar ends: the file of the stops can't be written: {error}");
            Failure::new(FailureKind::Internal, what)
        })
    }

    fn resume(&mut self, scope: &Scope, by: &str, reason: Option<&str>) -> Result<(), Failure> {
        if !self.stops.list().iter().any(|stop| stop.scope == *scope) {
            return Err(Failure::new(FailureKind::NotFound, "there is no such stop"));
        }
        self.record(OperatorAction::Resumed, &scope.to_string(), by, reason)?;
        let removed = self.stops.remove(scope);
        self.show();
        removed.map_err(|error| {
            let what = format!("the stop holds on: the file of the stops can't be written: {error}");
            Failure::new(FailureKind::Internal, what)
        })
    }

    fn record(&self, step: OperatorAction, scope: &str, by: &str, reason: Option<&str>) -> Result<(), Failure> {
        let written = self.log.operator(&OperatorStep { step, scope, by, reason });
        written.map_err(|error| self.fail(&error))
    }

    fn policy(&mut self, loaded: Arc<Loaded>) -> Result<(), Failure> {
        self.stops.refuse_unknown(&loaded.filter).map_err(Failure::invalid)?;
        let changed = self.log.change_filter(&loaded.filter);
        changed.map_err(|error| self.fail(&error))?;
        self.current.set(loaded);
        Ok(())
    }

    fn show(&self) {
        self.metrics.stops.set(i64::try_from(self.stops.list().len()).unwrap_or(i64::MAX));
        self.stops.list().clone_into(&mut self.shown.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The log can't be written any more.
    fn fail(&self, error: &io::Error) -> Failure {
        if !self.failed.send_replace(true) {
            self.events.error("the disclosure log", &error.to_string());
        }
        no_log()
    }
}

/// An error for one more message.
fn copy(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
}
